// SPDX-License-Identifier: GPL-2.0
/*
 * dax_tool: for shell tests that need a device made, mapped, filled or checked.
 */
#define _GNU_SOURCE	/* O_DIRECT */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "dax_dev.h"

static int help(void)
{
	fprintf(stderr,
		"usage: dax_tool create  REGION SIZE ALIGN   print the name of a new device\n"
		"       dax_tool resize  DEV SIZE\n"
		"       dax_tool destroy DEV\n"
		"       dax_tool hold  DEV        map it, say so, stay until killed\n"
		"       dax_tool fill  DEV SEED   write a pattern\n"
		"       dax_tool check DEV SEED   exit 1 if it is not there\n"
		"       dax_tool direct DEV FILE  write it to a file, past the page cache\n"
		"       dax_tool zero  DEV        exit 1 if not all bytes are zero\n"
		"       dax_tool late  DEV        open it, say so, map it after a line of input\n"
		"       dax_tool keep  BYTES      put a page of memory into a pipe, print which of\n"
		"                                 the blocks of BYTES it is in, stay until killed\n"
		"DEV is a name like dax0.1\n");
	return 2;
}

static void quit(int sig)
{
	_exit(0);
}

static int hold(void)
{
	signal(SIGTERM, quit);
	printf("mapped\n");
	fflush(stdout);
	pause();
	return 0;
}

/* A page that can't be moved, in memory that is meant to be */
static int keep(uint64_t block_size)
{
	struct iovec iov = { .iov_len = SZ_4K };
	uint64_t entry = 0;
	int fd[2], map = open("/proc/self/pagemap", O_RDONLY);

	iov.iov_base = mmap(NULL, SZ_4K, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (map < 0 || iov.iov_base == MAP_FAILED || pipe(fd) ||
	    vmsplice(fd[1], &iov, 1, 0) != SZ_4K ||
	    pread(map, &entry, sizeof(entry),
		  (uintptr_t)iov.iov_base / SZ_4K * sizeof(entry)) != sizeof(entry)) {
		perror("keep");
		return 1;
	}
	/* the lower 55 bits are the page's frame */
	printf("%llu\n", (entry << 9 >> 9) * (unsigned long long)SZ_4K / block_size);
	fflush(stdout);
	pause();
	return 0;
}

static int fill(char *p, size_t size, uint64_t seed)
{
	size_t off;

	for (off = 0; off < size; off += SZ_4K)
		*(uint64_t *)(p + off) = dax_word(seed, off);
	return 0;
}

static int check(const char *p, size_t size, uint64_t seed)
{
	size_t bad = dax_bad_pages(p, size, seed);

	if (bad)
		printf("%zu of %zu pages differ\n", bad, size / SZ_4K);
	return bad > 0;
}

/* Needs pages: without them it is EFAULT. */
static int direct(const char *p, size_t size, const char *file)
{
	int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_DIRECT, 0600);

	if (fd >= 0 && write(fd, p, size) == size && !close(fd))
		return 0;
	printf("%s: %s\n", file, strerror(errno));
	return 1;
}

static int is_zero(const char *p, size_t size)
{
	size_t off;

	for (off = 0; off < size && !*(uint64_t *)(p + off); off += 8)
		;
	if (off < size)
		printf("not zero at %#zx\n", off);
	return off < size;
}

/* What has become of it meanwhile? */
static int late(const struct dax_dev *dev)
{
	int fd = dax_open(dev);

	puts(fd < 0 ? strerror(-fd) : "open");
	fflush(stdout);
	getchar();
	if (mmap(NULL, dax_get(dev, "size"), PROT_READ, MAP_SHARED, fd, 0) ==
	    MAP_FAILED)
		puts(strerror(errno));
	else
		puts("mapped");
	return 0;
}

static int done(const char *what, int rc)
{
	if (rc)
		fprintf(stderr, "dax_tool: %s: %s\n", what, strerror(-rc));
	return rc ? 1 : 0;
}

static int create(const char *region, const char *size, const char *align)
{
	struct dax_dev dev;
	int rc;

	rc = dax_create(&dev, atoi(region), strtoull(size, NULL, 0), strtoull(align, NULL, 0));
	if (!rc)
		puts(dev.name);
	return done(size, rc);
}

static int resize(const struct dax_dev *dev, const char *size)
{
	int rc = dax_unbind(dev);

	if (!rc)
		rc = dax_set_size(dev, strtoull(size, NULL, 0));
	if (!rc)
		rc = dax_bind(dev);
	return done(dev->name, rc);
}

int main(int argc, char **argv)
{
	struct dax_dev dev = {};
	uint64_t seed;
	size_t size;
	char *p;

	if (argc < 3)
		return help();
	if (!strcmp(argv[1], "create") && argc == 5)
		return create(argv[2], argv[3], argv[4]);
	if (!strcmp(argv[1], "keep"))
		return keep(strtoull(argv[2], NULL, 0));
	strncpy(dev.name, argv[2], sizeof(dev.name) - 1);
	if (sscanf(dev.name, "dax%d.", &dev.region) != 1)
		return help();
	if (!strcmp(argv[1], "resize") && argc == 4)
		return resize(&dev, argv[3]);
	if (!strcmp(argv[1], "destroy"))
		return done(dev.name, dax_destroy(&dev));
	if (!strcmp(argv[1], "late"))
		return late(&dev);
	seed = argc > 3 ? strtoull(argv[3], NULL, 0) : 0;
	size = dax_get(&dev, "size");
	p = dax_map(&dev, NULL, size, 0);
	if (p == MAP_FAILED) {
		fprintf(stderr, "dax_tool: %s: %s\n", dev.name, strerror(errno));
		return 2;
	}

	if (!strcmp(argv[1], "hold"))
		return hold();
	if (!strcmp(argv[1], "fill"))
		return fill(p, size, seed);
	if (!strcmp(argv[1], "check"))
		return check(p, size, seed);
	if (!strcmp(argv[1], "direct") && argc == 4)
		return direct(p, size, argv[3]);
	if (!strcmp(argv[1], "zero"))
		return is_zero(p, size);
	return help();
}
