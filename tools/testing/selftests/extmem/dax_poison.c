// SPDX-License-Identifier: GPL-2.0
/*
 * Memory errors in a device's memory: who is signalled, what they are told, what
 * of a mapping stays usable, and that the granule is never handed out again.
 * The pool needs two free aligned gigabytes, and loses a granule in most tests.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "bus_error.h"
#include "dax_dev.h"
#include "page_tables.h"

#define PAGES	512	/* of a granule */

/* Set for children once the error has happened and all is done about it. */
static atomic_int *done;

static void wait_until_done(void)
{
	while (!*done)
		usleep(1000);
}

static void make_done(void)
{
	done = mmap(NULL, SZ_4K, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		    -1, 0);
}

static long long pool_value(const char *file)
{
	char path[96], line[32] = "";
	int fd;

	snprintf(path, sizeof(path), "/sys/kernel/mm/extmem/node%d/%s",
		 dax_region(), file);
	fd = open(path, O_RDONLY);
	if (fd < 0 || read(fd, line, sizeof(line) - 1) < 0)
		return -1;
	close(fd);
	return strtoll(line, NULL, 0);
}

/* Whether the list of bad pages has a line that begins with this address. */
static bool listed(unsigned long phys)
{
	char path[96], line[128], word[48];
	bool found = false;
	FILE *list;

	snprintf(word, sizeof(word), "%#lx: granule %#lx ", phys, phys & -SZ_2M);
	snprintf(path, sizeof(path), "/sys/kernel/mm/extmem/node%d/poison",
		 dax_region());
	list = fopen(path, "r");
	while (list && fgets(line, sizeof(line), list))
		found |= !strncmp(line, word, strlen(word));
	if (list)
		fclose(list);
	return found;
}

FIXTURE(dax_poison)
{
	struct dax_dev dev;
	unsigned long phys;
	char *map;
	long long quarantined;
};

FIXTURE_SETUP(dax_poison)
{
	self->quarantined = pool_value("quarantined_bytes");
	ASSERT_EQ(dax_create(&self->dev, dax_region(), SZ_2M, SZ_4K), 0);
	self->phys = dax_get(&self->dev, "resource");
	self->map = dax_map(&self->dev, NULL, SZ_2M, 0);
	ASSERT_NE(self->map, MAP_FAILED);
	memset(self->map, 0x5a, SZ_2M);
	make_done();
	bus_errors_count();
}

FIXTURE_TEARDOWN(dax_poison)
{
	munmap(self->map, SZ_2M);
	EXPECT_EQ(dax_destroy(&self->dev), 0);
}

/* The page is lost, with the right words; those beside it are not. */
TEST_F(dax_poison, touched)
{
	char *bad = self->map + 7 * SZ_4K;
	int i;

	ASSERT_EQ(inject(self->phys + 7 * SZ_4K), 0);
	EXPECT_EQ(bus_error.nr, 0);
	EXPECT_EQ(touch(bad + 0x123), BUS_MCEERR_AR);
	EXPECT_EQ(bus_error.nr, 1);
	EXPECT_EQ(bus_error.addr, bad + 0x123);
	EXPECT_EQ(bus_error.lsb, 12);
	for (i = 0; i < PAGES; i++) {
		if (i == 7)
			continue;
		ASSERT_EQ(touch(self->map + i * SZ_4K), 0);
		ASSERT_EQ(self->map[i * SZ_4K + 1], 0x5a);
	}
	bad[-1] = 1;
	bad[SZ_4K] = 2;
	EXPECT_EQ(bus_error.nr, 1);
	EXPECT_EQ(touch(bad), BUS_MCEERR_AR);
	EXPECT_TRUE(listed(self->phys + 7 * SZ_4K));
	EXPECT_FALSE(listed(self->phys + 8 * SZ_4K));
}

/* While somebody has the memory it is theirs; then nobody's for ever. */
TEST_F(dax_poison, never_again)
{
	long long available = dax_region_available(dax_region());
	long long poisoned = pool_value("poisoned_bytes");
	struct dax_dev other;

	ASSERT_EQ(inject(self->phys), 0);
	ASSERT_EQ(inject(self->phys + SZ_4K), 0);
	ASSERT_EQ(inject(self->phys), 0);	/* known already */
	EXPECT_EQ(pool_value("poisoned_bytes"), poisoned + 2 * SZ_4K);
	EXPECT_EQ(pool_value("quarantined_bytes"), self->quarantined);
	EXPECT_EQ(dax_unbind(&self->dev), -EBUSY);

	munmap(self->map, SZ_2M);
	ASSERT_EQ(dax_destroy(&self->dev), 0);
	EXPECT_EQ(pool_value("quarantined_bytes"), self->quarantined + SZ_2M);
	EXPECT_EQ(dax_region_available(dax_region()), available);

	ASSERT_EQ(dax_new(&other, dax_region()), 0);
	EXPECT_EQ(dax_add_range(&other, self->phys, SZ_2M), -EBUSY);
	ASSERT_EQ(dax_delete(&other), 0);
	/* what it was is what a new one of this size would get */
	ASSERT_EQ(dax_create(&self->dev, dax_region(), SZ_2M, SZ_4K), 0);
	EXPECT_NE(dax_get(&self->dev, "resource"), self->phys);
	self->map = dax_map(&self->dev, NULL, SZ_2M, 0);
	ASSERT_NE(self->map, MAP_FAILED);
	EXPECT_EQ(touch(self->map), 0);
}

/* Free memory: nobody to signal, but it is gone, too. */
TEST_F(dax_poison, free_memory)
{
	long long available;

	munmap(self->map, SZ_2M);
	ASSERT_EQ(dax_destroy(&self->dev), 0);
	available = dax_region_available(dax_region());
	EXPECT_EQ(inject(self->phys + 5 * SZ_4K), 0);
	EXPECT_EQ(bus_error.nr, 0);
	EXPECT_EQ(dax_region_available(dax_region()), available - SZ_2M);
	EXPECT_EQ(pool_value("quarantined_bytes"), self->quarantined + SZ_2M);
	EXPECT_TRUE(listed(self->phys + 5 * SZ_4K));
	ASSERT_EQ(dax_create(&self->dev, dax_region(), SZ_2M, SZ_4K), 0);
}

/* Who has it mapped and is the one to hit it is told at once. */
TEST_F(dax_poison, own_error)
{
	unsigned long pfn = self->phys / SZ_4K + 9;
	char word[32];
	int fd = open("/sys/kernel/debug/hwpoison/corrupt-pfn", O_WRONLY);

	ASSERT_GE(fd, 0);
	snprintf(word, sizeof(word), "%#lx", pfn);
	ASSERT_EQ(write(fd, word, strlen(word)), strlen(word));
	close(fd);
	EXPECT_EQ(bus_error.nr, 1);
	EXPECT_EQ(bus_error.code, BUS_MCEERR_AR);
	EXPECT_EQ(bus_error.lsb, 12);
	EXPECT_EQ(bus_error.addr, self->map + 9 * SZ_4K);
}

/* Two who want to know early, but map halves of the granule. */
static pid_t half(struct dax_dev *dev, size_t off, int expect_nr)
{
	int ready[2], end[2], ok;
	pid_t child;
	char *p;

	if (pipe(ready) || pipe(end))
		return -1;
	child = fork();
	if (child) {
		read(ready[0], &ok, 1);
		return child;
	}
	prctl(PR_MCE_KILL, PR_MCE_KILL_SET, PR_MCE_KILL_EARLY, 0, 0);
	p = dax_map(dev, NULL, SZ_2M / 2, off);
	bus_errors_count();
	write(ready[1], "", 1);
	wait_until_done();
	ok = bus_error.nr == expect_nr;
	if (expect_nr)
		ok &= bus_error.code == BUS_MCEERR_AO && bus_error.lsb == 12 &&
		      bus_error.addr == p + 3 * SZ_4K;
	_exit(!ok);
}

static int ended(pid_t child)
{
	int status;

	return waitpid(child, &status, 0) == child ? status : -1;
}

TEST_F(dax_poison, early)
{
	unsigned long bad = self->phys + 3 * SZ_4K;
	pid_t low, high;

	munmap(self->map, SZ_2M);
	low = half(&self->dev, 0, 1);
	high = half(&self->dev, SZ_2M / 2, 0);
	ASSERT_GT(low, 0);
	ASSERT_GT(high, 0);
	EXPECT_EQ(inject(bad), 0);
	*done = 1;
	EXPECT_EQ(ended(low), 0);
	EXPECT_EQ(ended(high), 0);
}

/* Who doesn't catch it dies of it, and only who touches. */
TEST_F(dax_poison, killed)
{
	pid_t child[2];
	int i, status;

	for (i = 0; i < 2; i++) {
		child[i] = fork();
		if (!child[i]) {
			signal(SIGBUS, SIG_DFL);
			wait_until_done();
			_exit(peek(self->map + (i ? SZ_4K : 0)) != 0x5a);
		}
	}
	EXPECT_EQ(inject(self->phys + SZ_4K), 0);
	*done = 1;
	EXPECT_EQ(ended(child[0]), 0);
	status = ended(child[1]);
	EXPECT_TRUE(WIFSIGNALED(status));
	EXPECT_EQ(WTERMSIG(status), SIGBUS);
}

/* It needs a struct page: refused, and nothing has happened. */
TEST_F(dax_poison, madvise)
{
	long long poisoned = pool_value("poisoned_bytes");

	EXPECT_EQ(madvise(self->map, SZ_4K, MADV_HWPOISON), -1);
	EXPECT_EQ(errno, EFAULT);
	EXPECT_EQ(touch(self->map), 0);
	EXPECT_EQ(pool_value("poisoned_bytes"), poisoned);
}

/* Pages below *bad must not be readable; how many were. */
static unsigned long read_bad_pages(struct dax_dev *dev, atomic_uint *bad)
{
	unsigned long read = 0;
	unsigned int from, i;
	char *p;

	while (*bad < PAGES) {
		from = *bad;
		p = dax_map(dev, NULL, SZ_2M, 0);
		for (i = 0; i < from + 16 && i < PAGES; i++)
			if (!touch(p + i * SZ_4K) && i < from)
				read++;
		munmap(p, SZ_2M);
	}
	return read;
}

/* Faults that run while pages go bad leave no entry behind. */
TEST_F(dax_poison, races_with_faults)
{
	atomic_uint *bad = mmap(NULL, SZ_4K, PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned int i;
	pid_t child;

	munmap(self->map, SZ_2M);
	child = fork();
	if (!child)
		_exit(read_bad_pages(&self->dev, bad) > 0);
	self->map = dax_map(&self->dev, NULL, SZ_2M, 0);
	for (i = 0; i < 40; i++) {
		char *p = self->map + i * SZ_4K;

		ASSERT_EQ(touch(p), 0);
		ASSERT_EQ(inject(self->phys + i * SZ_4K), 0);
		*bad = i + 1;
		ASSERT_EQ(touch(p), BUS_MCEERR_AR);
	}
	*bad = PAGES;
	EXPECT_EQ(ended(child), 0);
}

FIXTURE(gigabyte)
{
	struct dax_dev dev;
	unsigned long phys;
	char *map;
};

FIXTURE_SETUP(gigabyte)
{
	size_t off;

	ASSERT_EQ(dax_create(&self->dev, dax_region(), SZ_1G, SZ_1G), 0);
	ASSERT_EQ(dax_unbind(&self->dev), 0);
	ASSERT_EQ(dax_set_align(&self->dev, SZ_2M), 0);
	ASSERT_EQ(dax_bind(&self->dev), 0);
	self->phys = dax_get(&self->dev, "resource");
	self->map = dax_map(&self->dev, NULL, SZ_1G, 0);
	ASSERT_NE(self->map, MAP_FAILED);
	for (off = 0; off < SZ_1G; off += SZ_4K)
		*(uint64_t *)(self->map + off) = off;
	make_done();
	bus_errors_count();
}

FIXTURE_TEARDOWN(gigabyte)
{
	munmap(self->map, SZ_1G);
	EXPECT_EQ(dax_destroy(&self->dev), 0);
}

/* Pages among those of the device from @off on that don't hold their word. */
static unsigned long lost(const char *p, size_t off, size_t len)
{
	unsigned long nr = 0;
	size_t i;

	for (i = 0; i < len; i += SZ_4K)
		nr += touch(p + i) || *(uint64_t *)(p + i) != off + i;
	return nr;
}

/* One who maps another part of the gigabyte, and wants to know early. */
static pid_t neighbour(struct dax_dev *dev, size_t off)
{
	int ready[2];
	pid_t child;
	char *p;

	if (pipe(ready))
		return -1;
	child = fork();
	if (child) {
		read(ready[0], &p, 1);
		return child;
	}
	prctl(PR_MCE_KILL, PR_MCE_KILL_SET, PR_MCE_KILL_EARLY, 0, 0);
	p = dax_map(dev, NULL, SZ_1G / 4, off);
	if (p == MAP_FAILED || lost(p, off, SZ_1G / 4))
		_exit(1);
	write(ready[1], "", 1);
	wait_until_done();
	_exit(lost(p, off, SZ_1G / 4) || bus_error.nr);
}

TEST_F(gigabyte, stays_usable)
{
	size_t bad = SZ_1G / 2 + 37 * SZ_2M + 11 * SZ_4K;
	struct page_tables pt;
	pid_t child;

	ASSERT_EQ(page_tables_read(&pt, self->map, SZ_1G), 0);
	ASSERT_EQ(pt.pud, SZ_1G);
	munmap(self->map, SZ_1G);
	child = neighbour(&self->dev, SZ_1G / 4);
	ASSERT_GT(child, 0);
	self->map = dax_map(&self->dev, NULL, SZ_1G, 0);
	self->map[0] = 0;
	ASSERT_EQ(inject(self->phys + bad), 0);
	*done = 1;
	EXPECT_EQ(ended(child), 0);
	EXPECT_EQ(bus_error.nr, 0);

	EXPECT_EQ(lost(self->map, 0, SZ_1G), 1);
	EXPECT_EQ(bus_error.nr, 1);
	EXPECT_EQ(bus_error.code, BUS_MCEERR_AR);
	EXPECT_EQ(bus_error.addr, self->map + bad);
	EXPECT_EQ(bus_error.lsb, 12);
	ASSERT_EQ(page_tables_read(&pt, self->map, SZ_1G), 0);
	EXPECT_EQ(pt.pud, 0);
	EXPECT_EQ(pt.pmd, SZ_1G - SZ_2M);
	EXPECT_EQ(pt.pte, SZ_2M - SZ_4K);
	EXPECT_EQ(pt.uncached, 0);
}

TEST_HARNESS_MAIN
