// SPDX-License-Identifier: GPL-2.0
/*
 * A device that is mapped cannot be unbound, resized, realigned or destroyed,
 * whoever maps it and whatever became of the mapping; and then it can.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "dax_dev.h"

#define SIZE	(8 * SZ_2M)

FIXTURE(dax_busy)
{
	struct dax_dev dev;
	char *map;
};

FIXTURE_SETUP(dax_busy)
{
	ASSERT_EQ(dax_create(&self->dev, dax_region(), SIZE, SZ_2M), 0);
	self->map = dax_map(&self->dev, NULL, SIZE, 0);
	ASSERT_NE(self->map, MAP_FAILED);
	memset(self->map, 0x5a, SZ_4K);
}

/* Each test ends without mappings: now everything goes. */
FIXTURE_TEARDOWN(dax_busy)
{
	EXPECT_EQ(dax_unbind(&self->dev), 0);
	EXPECT_EQ(dax_set_size(&self->dev, SIZE / 2), 0);
	EXPECT_EQ(dax_set_size(&self->dev, 0), 0);
	EXPECT_EQ(dax_delete(&self->dev), 0);
}

static bool all_refused(const struct dax_dev *dev)
{
	return dax_refuses_all(dev, SIZE, SZ_2M);
}

TEST_F(dax_busy, mapped)
{
	EXPECT_TRUE(all_refused(&self->dev));
	EXPECT_EQ(self->map[SZ_4K - 1], 0x5a);
	self->map[SIZE - 1] = 1;	/* a fault after the refusal */
	EXPECT_EQ(self->map[SIZE - 1], 1);
	munmap(self->map, SIZE);
}

TEST_F(dax_busy, mapped_twice)
{
	char *other = dax_map(&self->dev, NULL, SZ_2M, SZ_2M);

	ASSERT_NE(other, MAP_FAILED);
	munmap(self->map, SIZE);
	EXPECT_TRUE(all_refused(&self->dev));
	munmap(other, SZ_2M);
}

/* Neighbours in address and offset, as merging would want them. */
TEST_F(dax_busy, mapped_side_by_side)
{
	char *low = self->map;

	munmap(low, SIZE);
	ASSERT_EQ(dax_map(&self->dev, low, SZ_2M, 0), low);
	ASSERT_EQ(dax_map(&self->dev, low + SZ_2M, SZ_2M, SZ_2M), low + SZ_2M);
	EXPECT_TRUE(all_refused(&self->dev));
	munmap(low, SZ_2M);
	EXPECT_TRUE(all_refused(&self->dev));
	munmap(low + SZ_2M, SZ_2M);
}

TEST_F(dax_busy, mapped_over_itself)
{
	ASSERT_EQ(dax_map(&self->dev, self->map, SIZE, 0), self->map);
	EXPECT_TRUE(all_refused(&self->dev));
	EXPECT_EQ(self->map[0], 0x5a);
	munmap(self->map, SIZE);
}

/* Anonymous memory put over the middle leaves two pieces. */
TEST_F(dax_busy, mapped_over_by_others)
{
	char *mid = self->map + SZ_2M;

	ASSERT_EQ(mmap(mid, SZ_2M, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS |
		       MAP_FIXED, -1, 0), mid);
	munmap(self->map, SZ_2M);
	EXPECT_TRUE(all_refused(&self->dev));
	munmap(mid, SIZE - SZ_2M);
}

TEST_F(dax_busy, partly_unmapped)
{
	munmap(self->map + SZ_2M, SZ_2M);
	EXPECT_TRUE(all_refused(&self->dev));
	munmap(self->map, SZ_2M);
	EXPECT_TRUE(all_refused(&self->dev));
	munmap(self->map + 2 * SZ_2M, SIZE - 3 * SZ_2M);
	EXPECT_TRUE(all_refused(&self->dev));
	munmap(self->map + SIZE - SZ_2M, SZ_2M);
}

TEST_F(dax_busy, moved)
{
	char *to = mmap(NULL, 2 * SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
			-1, 0);

	ASSERT_NE(to, MAP_FAILED);
	to = (char *)(((unsigned long)to + SZ_2M - 1) & ~(SZ_2M - 1));
	ASSERT_EQ(mremap(self->map, SIZE, SIZE, MREMAP_MAYMOVE | MREMAP_FIXED,
			 to), to);
	EXPECT_EQ(to[0], 0x5a);
	EXPECT_TRUE(all_refused(&self->dev));
	munmap(to, SIZE);
}

TEST_F(dax_busy, protections_split_it)
{
	mprotect(self->map + SZ_2M, SZ_2M, PROT_READ);
	EXPECT_TRUE(all_refused(&self->dev));
	mprotect(self->map + SZ_2M, SZ_2M, PROT_READ | PROT_WRITE);
	EXPECT_TRUE(all_refused(&self->dev));
	munmap(self->map, SIZE);
}

TEST_F(dax_busy, child_has_it)
{
	pid_t child = fork();

	if (!child) {
		pause();
		_exit(0);
	}
	ASSERT_GT(child, 0);
	munmap(self->map, SIZE);
	EXPECT_TRUE(all_refused(&self->dev));
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

TEST_F(dax_busy, grandchild_execs)
{
	pid_t child = fork();

	if (!child) {
		execl("/bin/true", "true", NULL);
		_exit(1);
	}
	waitpid(child, NULL, 0);
	EXPECT_TRUE(all_refused(&self->dev));
	munmap(self->map, SIZE);
}

/* An open file alone does not hold the device, and does not outlive it. */
/* Other memory may have another owner, who need not have opened it. */
TEST_F(dax_busy, open_file_is_for_one_owner)
{
	int fd = dax_open(&self->dev), later;

	ASSERT_GE(fd, 0);
	munmap(self->map, SIZE);
	ASSERT_EQ(dax_unbind(&self->dev), 0);
	ASSERT_EQ(dax_set_size(&self->dev, 0), 0);
	ASSERT_EQ(dax_set_size(&self->dev, SIZE), 0);
	ASSERT_EQ(dax_bind(&self->dev), 0);
	EXPECT_EQ(mmap(NULL, SIZE, PROT_READ, MAP_SHARED, fd, 0), MAP_FAILED);
	EXPECT_EQ(errno, ENXIO);

	later = dax_open(&self->dev);
	ASSERT_GE(later, 0);
	self->map = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, later, 0);
	ASSERT_NE(self->map, MAP_FAILED);
	EXPECT_EQ(self->map[0], 0);
	munmap(self->map, SIZE);
	close(later);
	close(fd);
}

TEST_F(dax_busy, open_file_is_no_use)
{
	int fd = dax_open(&self->dev);

	ASSERT_GE(fd, 0);
	munmap(self->map, SIZE);
	ASSERT_EQ(dax_unbind(&self->dev), 0);
	EXPECT_EQ(mmap(NULL, SIZE, PROT_READ, MAP_SHARED, fd, 0), MAP_FAILED);
	EXPECT_EQ(errno, ENXIO);

	ASSERT_EQ(dax_bind(&self->dev), 0);
	self->map = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, fd, 0);
	ASSERT_NE(self->map, MAP_FAILED);
	EXPECT_EQ(self->map[0], 0x5a);
	close(fd);
	EXPECT_TRUE(all_refused(&self->dev));
	munmap(self->map, SIZE);
}

struct race {
	struct dax_dev *dev;
	atomic_bool stop;
	unsigned long mapped;
	unsigned long refused;
	int odd;
};

/* Whatever mmap() grants can be used: a SIGBUS would kill the test. */
static void *map_loop(void *arg)
{
	struct race *race = arg;

	while (!race->stop) {
		char *p = dax_map(race->dev, NULL, SZ_2M, 0);

		if (p != MAP_FAILED) {
			p[0]++;
			munmap(p, SZ_2M);
			race->mapped++;
		} else if (errno == ENXIO || errno == ENODEV) {
			race->refused++;
		} else {
			race->odd = errno;
		}
	}
	return NULL;
}

TEST_F(dax_busy, mapping_races_with_unbinding)
{
	struct race race = { .dev = &self->dev };
	time_t end = time(NULL) + 4;
	unsigned long busy = 0, unbound = 0;
	pthread_t thread;

	munmap(self->map, SIZE);
	ASSERT_EQ(pthread_create(&thread, NULL, map_loop, &race), 0);
	while (time(NULL) < end) {
		int rc = dax_unbind(&self->dev);

		if (!rc) {
			unbound++;
			ASSERT_EQ(dax_bind(&self->dev), 0);
		} else {
			ASSERT_EQ(rc, -EBUSY);
			busy++;
		}
	}
	race.stop = true;
	pthread_join(thread, NULL);
	TH_LOG("mapped %lu, refused %lu; unbound %lu, busy %lu", race.mapped,
	       race.refused, unbound, busy);
	EXPECT_EQ(race.odd, 0);
	EXPECT_GT(race.mapped, 0);
	EXPECT_GT(unbound, 0);
}

TEST_HARNESS_MAIN
