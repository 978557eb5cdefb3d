// SPDX-License-Identifier: GPL-2.0
/*
 * map-cost BACKING [FILE]: what it takes to populate 1 GiB of a kind of memory,
 * and to map and unmap it for a passed-through device, as lines "BACKING WHAT
 * NS". BACKING says how the memory is got and how large its pages are; FILE is
 * the device, where it needs one. What can't be done prints its error, with no
 * figure.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "../vfio_edu.h"

#define SZ_4K	0x1000UL
#define SZ_2M	0x200000UL
#define SZ_1G	0x40000000UL
#define IOVA	SZ_1G

#ifndef MFD_HUGE_SHIFT
#define MFD_HUGE_SHIFT	26
#endif

struct backing {
	const char *name;
	size_t page;
	unsigned int memfd;	/* flags, or NOT */
	int thp;
	size_t off;		/* from an address that suits larger pages */
};

#define NOT	~0U
#define HUGE(n)	(MFD_HUGETLB | (n) << MFD_HUGE_SHIFT)

static const struct backing backings[] = {
	{ .name = "memfd-4k", .page = SZ_4K },
	{ .name = "memfd-thp", .page = SZ_2M, .thp = 1 },
	{ .name = "hugetlb-2m", .page = SZ_2M, .memfd = HUGE(21) },
	{ .name = "hugetlb-1g", .page = SZ_1G, .memfd = HUGE(30) },
	{ .name = "devdax-2m", .page = SZ_2M, .memfd = NOT },
	{ .name = "devdax-1g", .page = SZ_1G, .memfd = NOT },
	{ .name = "extmem-4k", .page = SZ_4K, .memfd = NOT, .off = SZ_4K },
	{ .name = "extmem-2m", .page = SZ_2M, .memfd = NOT, .off = SZ_2M },
	{ .name = "extmem-1g", .page = SZ_1G, .memfd = NOT },
};

static const struct backing *backing;
static long long began;

static long long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void start(void)
{
	began = now_ns();
}

/* The end of what start() began; @rc is how it went. */
static void stop(const char *what, int rc)
{
	long long ns = now_ns() - began;

	if (rc)
		printf("%s %s %s\n", backing->name, what, strerror(-rc));
	else
		printf("%s %s %lld\n", backing->name, what, ns);
}

static const struct backing *find(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(backings) / sizeof(*backings); i++)
		if (!strcmp(backings[i].name, name))
			return &backings[i];
	return NULL;
}

static int get_file(const char *path)
{
	int fd;

	if (backing->memfd == NOT)
		return path ? open(path, O_RDWR) : -1;
	fd = memfd_create(backing->name, backing->memfd);
	if (fd >= 0 && ftruncate(fd, SZ_1G))
		return -1;
	return fd;
}

/* At an address on 1 GiB, or off it by what keeps huge pages away. */
static char *map_file(int fd)
{
	char *p = mmap(NULL, 3 * SZ_1G, PROT_NONE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return p;
	p = (char *)(((unsigned long)p + SZ_1G - 1) & ~(SZ_1G - 1));
	p = mmap(p + backing->off, SZ_1G, PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_FIXED, fd, 0);
	if (p != MAP_FAILED && backing->thp)
		madvise(p, SZ_1G, MADV_HUGEPAGE);
	return p;
}

static void populate(char *map)
{
	size_t off;

	start();
	for (off = 0; off < SZ_1G; off += backing->page)
		map[off] = 1;
	stop("populate", 0);
}

static void dma(const char *how, enum edu_iommu iommu, char *map, int fd)
{
	char what[64];
	struct edu edu;
	int rc = edu_open(&edu, iommu);

	if (rc) {
		fprintf(stderr, "map-cost: no device: %s\n", strerror(-rc));
		exit(1);
	}
	snprintf(what, sizeof(what), "%s-map", how);
	start();
	if (iommu == EDU_IOMMUFD_FILE)
		rc = edu_map_file(&edu, IOVA, fd, 0, SZ_1G);
	else
		rc = edu_map(&edu, IOVA, map, SZ_1G);
	stop(what, rc);
	if (!rc) {
		snprintf(what, sizeof(what), "%s-unmap", how);
		start();
		stop(what, edu_unmap(&edu, IOVA, SZ_1G));
	}
	edu_close(&edu);
}

int main(int argc, char **argv)
{
	char *map;
	int fd;

	backing = argc > 1 ? find(argv[1]) : NULL;
	if (!backing)
		return 2;
	fd = get_file(argv[2]);
	map = map_file(fd);
	if (fd < 0 || map == MAP_FAILED) {
		perror(backing->name);
		return 1;
	}
	populate(map);
	dma("type1", EDU_TYPE1, map, fd);
	dma("ioas", EDU_IOMMUFD, map, fd);
	dma("ioas-file", EDU_IOMMUFD_FILE, map, fd);
	return 0;
}
