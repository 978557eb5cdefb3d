// SPDX-License-Identifier: GPL-2.0
/*
 * phys_look: what user space gets to know of memory by its physical address.
 *
 *   phys_look devmem ADDR          read, write and map a page of it
 *   phys_look pages ADDR SIZE      how many of its pages /proc/kpagecount,
 *                                  kpageflags and kpagecgroup know something of
 *   phys_look iommu-off ADDR       turn off the VT-d unit whose registers are there
 */
#define _FILE_OFFSET_BITS 64
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE	4096UL

static void say(const char *what, bool done)
{
	printf("%s: %s\n", what, done ? "done" : strerror(errno));
}

static int devmem(off_t addr)
{
	int fd = open("/dev/mem", O_RDWR);
	uint64_t word = 0;
	void *p;

	if (fd < 0)
		err(2, "/dev/mem");
	say("read", pread(fd, &word, sizeof(word), addr) == sizeof(word));
	say("write", pwrite(fd, &word, sizeof(word), addr) == sizeof(word));
	p = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, addr);
	say("mmap", p != MAP_FAILED);
	p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, addr);
	say("private mmap", p != MAP_FAILED);
	return 0;
}

/* What the unit is told is all that it says of itself, but for translation; the bits
 * that are no state but orders are left out.
 */
static int iommu_off(off_t addr)
{
	int fd = open("/dev/mem", O_RDWR | O_SYNC);
	uint32_t *regs;

	if (fd < 0)
		err(2, "/dev/mem");
	regs = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, addr);
	if (regs == MAP_FAILED)
		err(2, "mmap");
	__atomic_store_n(regs + 6, regs[7] & 0x06ffffff, __ATOMIC_SEQ_CST);
	say("off", !(__atomic_load_n(regs + 7, __ATOMIC_SEQ_CST) >> 31));
	return 0;
}

static void count(const char *file, uint64_t addr, uint64_t size)
{
	uint64_t end = (addr + size) / PAGE, pfn, known = 0;
	int fd = open(file, O_RDONLY);
	uint64_t val[512];
	ssize_t got, i;

	if (fd < 0)
		err(2, "%s", file);
	for (pfn = addr / PAGE; pfn < end; pfn += 512) {
		uint64_t want = end - pfn < 512 ? end - pfn : 512;

		got = pread(fd, val, want * 8, pfn * 8);
		if (got < 0)
			err(2, "%s", file);
		for (i = 0; i < got / 8; i++)
			known += val[i] != 0;
	}
	printf("%s: %s\n", strrchr(file, '/') + 1, known ? "some" : "none");
	close(fd);
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "devmem"))
		return devmem(strtoull(argv[2], NULL, 0));
	if (argc == 3 && !strcmp(argv[1], "iommu-off"))
		return iommu_off(strtoull(argv[2], NULL, 0));
	if (argc == 4 && !strcmp(argv[1], "pages")) {
		uint64_t addr = strtoull(argv[2], NULL, 0);
		uint64_t size = strtoull(argv[3], NULL, 0);

		count("/proc/kpagecount", addr, size);
		count("/proc/kpageflags", addr, size);
		count("/proc/kpagecgroup", addr, size);
		return 0;
	}
	fprintf(stderr, "usage: phys_look devmem ADDR | iommu-off ADDR | pages ADDR SIZE\n");
	return 2;
}
