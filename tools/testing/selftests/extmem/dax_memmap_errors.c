// SPDX-License-Identifier: GPL-2.0
/*
 * A conversion that fails halfway, to a device with struct pages or to system RAM:
 * there is memory for some of the pages, but not for all. The device is of all its
 * region has, so the region should be large beside what is left to the kernel.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "dax_dev.h"

#define MEMMAP	"extmem/memmap"
#define SAMPLE	(4 * SZ_2M)
#define RESERVE	"/proc/sys/vm/min_free_kbytes"

/* Bytes that are free for the kernel itself: not in areas for movable memory alone */
static long long unmovable(void)
{
	char line[128];
	long long kib, free = 0;
	FILE *f = fopen("/proc/meminfo", "r");

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "MemFree: %lld kB", &kib) == 1)
			free += kib;
		if (sscanf(line, "CmaFree: %lld kB", &kib) == 1)
			free -= kib;
	}
	if (f)
		fclose(f);
	return free * 1024;
}

static void put(const char *path, const char *val)
{
	FILE *f = fopen(path, "w");

	if (!f || fputs(val, f) < 0 || fclose(f))
		perror(path);
}

static char reserve[32];	/* what RESERVE was */

static void reserve_little(void)
{
	FILE *f = fopen(RESERVE, "r");

	if (!f || !fgets(reserve, sizeof(reserve), f))
		perror(RESERVE);
	if (f)
		fclose(f);
	put(RESERVE, "8192");
}

/*
 * Memory for whoever else asks for some just then: the OOM killer takes it from this
 * process. It is of the kernel's own, in pipes.
 */
static void give_way(void)
{
	static const char page[4096];
	int i, ends[2];

	put("/proc/self/oom_score_adj", "1000");
	for (i = 0; i < 8 && !pipe2(ends, O_NONBLOCK); i++) {
		fcntl(ends[1], F_SETPIPE_SZ, 1 << 20);
		while (write(ends[1], page, sizeof(page)) > 0)
			;
	}
	pause();
	_exit(0);
}

/*
 * A child that takes memory until @left bytes are there for the kernel. Page cache is
 * dropped before, and the reserve made small: else nobody knows how much more it can have.
 */
static pid_t take_memory(long long left)
{
	int ready[2];
	pid_t child;
	char c;

	if (pipe(ready))
		return -1;
	reserve_little();
	put("/proc/sys/vm/drop_caches", "3");
	child = fork();
	if (!child) {
		if (!fork()) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			give_way();
		}
		while (unmovable() > left) {
			char *p = mmap(NULL, SZ_2M, PROT_READ | PROT_WRITE,
				       MAP_PRIVATE | MAP_ANONYMOUS |
				       MAP_POPULATE | MAP_LOCKED, -1, 0);

			if (p == MAP_FAILED)
				break;
		}
		write(ready[1], "", 1);
		pause();
		_exit(0);
	}
	read(ready[0], &c, 1);
	close(ready[0]);
	close(ready[1]);
	return child;
}

static void give_memory_back(pid_t child)
{
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	put(RESERVE, reserve);
}

/* Several extents for it: of small devices in a row every other one goes. */
static int make_holes(struct dax_dev *small, int nr)
{
	int i, rc = 0;

	for (i = 0; !rc && i < nr; i++)
		rc = dax_create(&small[i], dax_region(), SZ_2M, SZ_2M);
	for (i = 0; !rc && i < nr; i += 2)
		rc = dax_destroy(&small[i]);
	return rc;
}

TEST(not_enough_memory)
{
	long long pages = vmstat_get("nr_memmap_pages"), size, memmap;
	struct dax_dev dev, small[8];
	pid_t child;
	char *map;
	int i;

	ASSERT_EQ(make_holes(small, 8), 0);
	size = dax_region_available(dax_region());
	ASSERT_EQ(dax_create(&dev, dax_region(), size, SZ_4K), 0);
	EXPECT_GE(dax_get(&dev, "extmem/extents"), 4);
	map = dax_map(&dev, NULL, SAMPLE, size - SAMPLE);
	ASSERT_NE(map, MAP_FAILED);
	fill_words(map, SAMPLE, 12);
	munmap(map, SAMPLE);

	memmap = size / SZ_4K * 64;
	child = take_memory(memmap / 2);
	ASSERT_GT(child, 0);
	TH_LOG("%lld MiB of struct pages, %lld free", memmap >> 20, unmovable() >> 20);
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(dax_set(&dev, MEMMAP, "1"), -ENOMEM);
		EXPECT_EQ(dax_get(&dev, MEMMAP), 0);
		EXPECT_EQ(vmstat_get("nr_memmap_pages"), pages);
		ASSERT_TRUE(dax_bound(&dev));
	}
	map = dax_map(&dev, NULL, SAMPLE, size - SAMPLE);
	ASSERT_NE(map, MAP_FAILED);
	EXPECT_TRUE(has_words(map, SAMPLE, 12));
	munmap(map, SAMPLE);

	/* told beforehand it stays disabled, and can be had without */
	ASSERT_EQ(dax_unbind(&dev), 0);
	EXPECT_EQ(dax_set(&dev, MEMMAP, "1"), 0);
	EXPECT_EQ(dax_bind(&dev), -ENOMEM);
	EXPECT_FALSE(dax_bound(&dev));
	EXPECT_EQ(dax_set(&dev, MEMMAP, "0"), 0);
	EXPECT_EQ(dax_bind(&dev), 0);
	give_memory_back(child);

	EXPECT_EQ(dax_set(&dev, MEMMAP, "1"), 0);
	/* what shares a section with RAM has had its own since boot */
	EXPECT_GE(vmstat_get("nr_memmap_pages") - pages, memmap / SZ_4K * 7 / 8);
	map = dax_map(&dev, NULL, SAMPLE, size - SAMPLE);
	ASSERT_NE(map, MAP_FAILED);
	EXPECT_TRUE(has_words(map, SAMPLE, 12));
	munmap(map, SAMPLE);
	EXPECT_EQ(dax_destroy(&dev), 0);
	EXPECT_EQ(vmstat_get("nr_memmap_pages"), pages);
	for (i = 1; i < 8; i += 2)
		EXPECT_EQ(dax_destroy(&small[i]), 0);
}

/* As daxctl gives a device to kmem; the kernel does not say how that went. */
static bool kmem_takes(const struct dax_dev *dev)
{
	char path[128], to[128] = "";
	FILE *f = fopen("/sys/bus/dax/drivers/kmem/new_id", "w");

	if (!f)
		return false;
	fprintf(f, "%s", dev->name);
	fclose(f);
	snprintf(path, sizeof(path), "/sys/bus/dax/devices/%s/driver", dev->name);
	if (readlink(path, to, sizeof(to) - 1) > 0)
		return strstr(to, "kmem");
	f = fopen("/sys/bus/dax/drivers/kmem/remove_id", "w");
	if (f) {
		fprintf(f, "%s", dev->name);
		fclose(f);
	}
	return false;
}

TEST(not_enough_memory_for_system_ram)
{
	long long pages = vmstat_get("nr_memmap_pages"), size;
	struct dax_dev dev;
	pid_t child;
	char *map;
	int i;

	/* the kernel has part of one gigabyte: one less is whole than there are in all */
	size = (dax_region_available(dax_region()) / SZ_1G - 1) * SZ_1G;
	ASSERT_EQ(dax_create(&dev, dax_region(), size, SZ_1G), 0);
	map = dax_map(&dev, NULL, SZ_1G, size - SZ_1G);
	ASSERT_NE(map, MAP_FAILED);
	fill_words(map, SAMPLE, 13);
	munmap(map, SZ_1G);

	child = take_memory(size / SZ_4K * 64 / 2);
	ASSERT_GT(child, 0);
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(dax_unbind(&dev), 0);
		EXPECT_FALSE(kmem_takes(&dev));
		EXPECT_EQ(vmstat_get("nr_memmap_pages"), pages);
		ASSERT_EQ(dax_bind(&dev), 0);
	}
	give_memory_back(child);

	map = dax_map(&dev, NULL, SZ_1G, size - SZ_1G);
	ASSERT_NE(map, MAP_FAILED);
	EXPECT_TRUE(has_words(map, SAMPLE, 13));
	munmap(map, SZ_1G);
	EXPECT_EQ(dax_destroy(&dev), 0);
}

TEST_HARNESS_MAIN
