// SPDX-License-Identifier: GPL-2.0
/* The guest's NVMe drives, and the hotplug slots they come and go by. */
#define _GNU_SOURCE	/* O_DIRECT */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "guest.h"

#define BLOCK	0x100000

/* It is there, and then alive, some time after it was plugged in. */
static int open_drive(unsigned int nr)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/dev/nvme%un1", nr);
	while ((fd = open(path, O_RDONLY | O_DIRECT)) < 0 &&
	       (errno == ENOENT || errno == ENXIO))
		sched_yield();
	return fd;
}

static uint64_t add(uint64_t sum, const unsigned char *block, size_t len)
{
	while (len--)
		sum = (sum ^ *block++) * 0x100000001b3ULL;
	return sum;
}

/* A sum of the first @max bytes, not by the page cache: as `drive_guest FILE` says it */
int drive_sum(unsigned int nr, uint64_t max, uint64_t *bytes, uint64_t *sum)
{
	int fd = open_drive(nr);
	unsigned char *block;
	ssize_t len = -1;

	*bytes = 0;
	*sum = 0xcbf29ce484222325ULL;
	if (fd < 0)
		return -errno;
	block = aligned_alloc(4096, BLOCK);
	while (block && *bytes < max && (len = pread(fd, block, BLOCK, *bytes)) > 0) {
		*sum = add(*sum, block, len);
		*bytes += len;
	}
	len = len < 0 ? -errno : 0;
	free(block);
	close(fd);
	return len;
}

/* Whoever wants the device out waits for the slot to have no power. It gets it back by
 * itself when something is plugged in.
 */
int slot_off(unsigned int slot)
{
	char path[48];
	int fd, rc;

	snprintf(path, sizeof(path), "/sys/bus/pci/slots/%u/power", slot);
	fd = open(path, O_WRONLY);
	if (fd < 0)
		return -errno;
	rc = write(fd, "0", 1) < 0 ? -errno : 0;
	close(fd);
	return rc;
}
