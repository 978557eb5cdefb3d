// SPDX-License-Identifier: GPL-2.0
/*
 * dax_touch: for shell tests of memory errors.
 *   dax_touch read DEV OFF...     what a byte at each offset is, or the SIGBUS
 *   dax_touch spin DEV OFF CPU    say the physical address, read it for ever;
 *                                 after a SIGBUS say what it was, and end
 *   dax_touch stay DEV OFF CPU    the same, but say no address
 */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "bus_error.h"
#include "dax_dev.h"

static int say(const char *map, size_t off)
{
	const char *code = bus_error.code == BUS_MCEERR_AR ? "BUS_MCEERR_AR" :
			   bus_error.code == BUS_MCEERR_AO ? "BUS_MCEERR_AO" :
			   bus_error.code == BUS_ADRERR ? "BUS_ADRERR" : "other";

	printf("%#zx: SIGBUS %s at %#tx lsb %d\n", off, code, bus_error.addr - map,
	       bus_error.lsb);
	return 0;
}

static int read_all(const char *map, char **offs)
{
	for (; *offs; offs++) {
		size_t off = strtoul(*offs, NULL, 0);

		if (touch(map + off))
			say(map, off);
		else
			printf("%#zx: %#x\n", off, map[off] & 0xff);
	}
	return 0;
}

static int spin(const char *map, size_t off, int cpu)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
	touch_on(map + off);
	return say(map, off);
}

int main(int argc, char **argv)
{
	struct dax_dev dev = {};
	unsigned long off;
	char *map;

	if (argc < 4)
		return 2;
	snprintf(dev.name, sizeof(dev.name), "%s", argv[2]);
	map = dax_map(&dev, NULL, dax_get(&dev, "size"), 0);
	if (map == MAP_FAILED) {
		perror(dev.name);
		return 2;
	}
	bus_errors_count();
	if (!strcmp(argv[1], "read"))
		return read_all(map, argv + 3);
	off = strtoul(argv[3], NULL, 0);
	if (!strcmp(argv[1], "spin"))
		printf("%s: reading %#llx\n", dev.name, dax_get(&dev, "resource") + off);
	fflush(stdout);
	return spin(map, off, atoi(argv[4]));
}
