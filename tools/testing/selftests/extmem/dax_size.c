// SPDX-License-Identifier: GPL-2.0
/*
 * Creating, resizing and destroying devices of a pool: what is refused, that
 * refusals change nothing, what a new device reads. Needs a pool of at least
 * 2 GiB that nobody else uses.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "dax_dev.h"

#define PIECE	(2 * SZ_2M)

FIXTURE(dax_size)
{
	int region;
	long long free;
	struct dax_dev dev;
};

FIXTURE_SETUP(dax_size)
{
	self->region = dax_region();
	self->free = dax_region_available(self->region);
	ASSERT_GE(self->free, 2 * SZ_1G);
	ASSERT_EQ(dax_new(&self->dev, self->region), 0);
}

FIXTURE_TEARDOWN(dax_size)
{
	EXPECT_EQ(dax_destroy(&self->dev), 0);
	EXPECT_EQ(dax_region_available(self->region), self->free);
}

static int read_uuid(const struct dax_dev *dev, char *uuid, size_t size)
{
	char path[128];
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "/sys/bus/dax/devices/%s/extmem/uuid",
		 dev->name);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return -errno;
	len = read(fd, uuid, size - 1);
	close(fd);
	if (len < 0)
		return -errno;
	uuid[len] = '\0';
	return 0;
}

/* A node of one's own for a device, as jailers make it */
static int make_node(const char *node, const struct dax_dev *dev)
{
	struct stat st;
	char path[64];

	snprintf(path, sizeof(path), "/dev/%s", dev->name);
	if (stat(path, &st))
		return -errno;
	unlink(node);
	return mknod(node, S_IFCHR | 0666, st.st_rdev) ? -errno : 0;
}

/* What a process of its own does as a user, which ends with that. */
static int as_user(uid_t uid, int (*act)(const struct dax_dev *dev),
		   const struct dax_dev *dev)
{
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(setuid(uid) || act(dev) ? 1 : 0);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -errno;
	return status;
}

static int align_to_4k(const struct dax_dev *dev)
{
	return dax_set_align(dev, SZ_4K);
}

static int read_seed(const struct dax_dev *dev)
{
	struct dax_dev seed;

	return dax_seed(&seed, dev->region);
}

static bool all_bytes_are(const char *p, size_t len, char val)
{
	return p[0] == val && !memcmp(p, p + 1, len - 1);
}

TEST_F(dax_size, memory_is_accounted)
{
	ASSERT_EQ(dax_set_size(&self->dev, PIECE), 0);
	EXPECT_EQ(dax_get(&self->dev, "size"), PIECE);
	EXPECT_EQ(dax_region_available(self->region), self->free - PIECE);
	ASSERT_EQ(dax_set_size(&self->dev, 2 * PIECE), 0);
	EXPECT_EQ(dax_region_available(self->region), self->free - 2 * PIECE);
	ASSERT_EQ(dax_set_size(&self->dev, SZ_2M), 0);
	EXPECT_EQ(dax_get(&self->dev, "size"), SZ_2M);
	EXPECT_EQ(dax_region_available(self->region), self->free - SZ_2M);
	ASSERT_EQ(dax_set_size(&self->dev, 0), 0);
	EXPECT_EQ(dax_region_available(self->region), self->free);
}

TEST_F(dax_size, bad_sizes_are_refused)
{
	EXPECT_EQ(dax_set_size(&self->dev, SZ_4K), -EINVAL);
	EXPECT_EQ(dax_set_size(&self->dev, SZ_2M + SZ_4K), -EINVAL);
	EXPECT_EQ(dax_set_size(&self->dev, 3), -EINVAL);
	EXPECT_EQ(dax_set_align(&self->dev, 3 * SZ_4K), -EINVAL);
	EXPECT_EQ(dax_set_align(&self->dev, SZ_1G), 0);
	EXPECT_EQ(dax_set_size(&self->dev, SZ_2M), -EINVAL);
	EXPECT_EQ(dax_get(&self->dev, "size"), 0);
	EXPECT_EQ(dax_region_available(self->region), self->free);
}

TEST_F(dax_size, too_much_is_refused_and_changes_nothing)
{
	char before[64], after[64];

	EXPECT_EQ(dax_set_size(&self->dev, self->free + SZ_2M), -ENOSPC);
	EXPECT_EQ(dax_get(&self->dev, "size"), 0);
	ASSERT_EQ(dax_set_size(&self->dev, PIECE), 0);
	ASSERT_EQ(read_uuid(&self->dev, before, sizeof(before)), 0);
	EXPECT_EQ(dax_set_size(&self->dev, self->free + SZ_2M), -ENOSPC);
	EXPECT_EQ(dax_set_size(&self->dev, 1UL << 60), -ENOSPC);
	EXPECT_EQ(dax_get(&self->dev, "size"), PIECE);
	ASSERT_EQ(read_uuid(&self->dev, after, sizeof(after)), 0);
	EXPECT_STREQ(before, after);
	EXPECT_EQ(dax_region_available(self->region), self->free - PIECE);
}

TEST_F(dax_size, all_of_the_pool)
{
	struct dax_dev other;

	ASSERT_EQ(dax_set_size(&self->dev, self->free), 0);
	EXPECT_EQ(dax_region_available(self->region), 0);
	EXPECT_EQ(dax_new(&other, self->region), -ENOSPC);
}

/* A shell sets the alignment and ends, somebody reads "seed": what was set holds. */
TEST_F(dax_size, who_reads_the_seed_changes_nothing)
{
	ASSERT_EQ(as_user(0, align_to_4k, &self->dev), 0);
	ASSERT_EQ(as_user(65534, read_seed, &self->dev), 0);
	EXPECT_EQ(dax_get(&self->dev, "align"), SZ_4K);
	ASSERT_EQ(as_user(0, read_seed, &self->dev), 0);
	EXPECT_EQ(dax_get(&self->dev, "align"), SZ_4K);
	ASSERT_EQ(dax_set_size(&self->dev, SZ_2M), 0);
	EXPECT_EQ(dax_get(&self->dev, "align"), SZ_4K);
}

/* The same device is in nobody's way, who may be after another alignment. */
TEST_F(dax_size, the_next_one_gets_another_device)
{
	struct dax_dev other;

	ASSERT_EQ(as_user(0, align_to_4k, &self->dev), 0);
	ASSERT_EQ(dax_new_seed(&other, self->region), 0);
	EXPECT_STRNE(other.name, self->dev.name);
	EXPECT_EQ(dax_get(&other, "align"), SZ_2M);
	EXPECT_EQ(dax_get(&self->dev, "align"), SZ_4K);
	EXPECT_EQ(dax_delete(&other), 0);
}

/* A gigabyte in sum is no gigabyte. */
TEST_F(dax_size, alignment_needs_aligned_room)
{
	ASSERT_EQ(dax_set_size(&self->dev, SZ_2M), 0);
	EXPECT_EQ(dax_set_align(&self->dev, SZ_1G), -EINVAL);
	EXPECT_EQ(dax_get(&self->dev, "align"), SZ_2M);
	EXPECT_EQ(dax_set_align(&self->dev, SZ_4K), 0);
	EXPECT_EQ(dax_get(&self->dev, "align"), SZ_4K);
	ASSERT_EQ(dax_set_size(&self->dev, 0), 0);
	ASSERT_EQ(dax_set_align(&self->dev, SZ_1G), 0);
	ASSERT_EQ(dax_set_size(&self->dev, SZ_1G), 0);
	EXPECT_EQ(dax_get(&self->dev, "resource") % SZ_1G, 0);
}

TEST_F(dax_size, uuid_is_the_memorys)
{
	char uuid[64], same[64], other[64];

	ASSERT_EQ(dax_set_size(&self->dev, PIECE), 0);
	ASSERT_EQ(read_uuid(&self->dev, uuid, sizeof(uuid)), 0);
	EXPECT_EQ(strlen(uuid), 37);
	ASSERT_EQ(dax_set_size(&self->dev, 2 * PIECE), 0);
	ASSERT_EQ(dax_set_size(&self->dev, SZ_2M), 0);
	ASSERT_EQ(read_uuid(&self->dev, same, sizeof(same)), 0);
	EXPECT_STREQ(uuid, same);
	ASSERT_EQ(dax_set_size(&self->dev, 0), 0);
	ASSERT_EQ(dax_set_size(&self->dev, PIECE), 0);
	ASSERT_EQ(read_uuid(&self->dev, other, sizeof(other)), 0);
	EXPECT_STRNE(uuid, other);
}

/* Dirty memory, its owner gone, reads zero under the next. */
TEST_F(dax_size, new_memory_reads_zero)
{
	unsigned long start;
	char *p;

	ASSERT_EQ(dax_set_size(&self->dev, PIECE), 0);
	ASSERT_EQ(dax_bind(&self->dev), 0);
	start = dax_get(&self->dev, "resource");
	p = dax_map(&self->dev, NULL, PIECE, 0);
	ASSERT_NE(p, MAP_FAILED);
	memset(p, 0xa5, PIECE);
	munmap(p, PIECE);
	ASSERT_EQ(dax_unbind(&self->dev), 0);
	ASSERT_EQ(dax_set_size(&self->dev, 0), 0);

	ASSERT_EQ(dax_add_range(&self->dev, start, PIECE), 0);
	ASSERT_EQ(dax_get(&self->dev, "resource"), start);
	ASSERT_EQ(dax_bind(&self->dev), 0);
	p = dax_map(&self->dev, NULL, PIECE, 0);
	ASSERT_NE(p, MAP_FAILED);
	EXPECT_TRUE(all_bytes_are(p, PIECE, 0));
	munmap(p, PIECE);
}

/* What a device grows by reads zero, what it had stays. */
TEST_F(dax_size, shrink_and_grow)
{
	char *p;

	ASSERT_EQ(dax_set_size(&self->dev, 2 * PIECE), 0);
	ASSERT_EQ(dax_bind(&self->dev), 0);
	p = dax_map(&self->dev, NULL, 2 * PIECE, 0);
	ASSERT_NE(p, MAP_FAILED);
	memset(p, 0x3c, 2 * PIECE);
	munmap(p, 2 * PIECE);
	ASSERT_EQ(dax_unbind(&self->dev), 0);
	ASSERT_EQ(dax_set_size(&self->dev, PIECE), 0);
	ASSERT_EQ(dax_set_size(&self->dev, 2 * PIECE), 0);
	ASSERT_EQ(dax_bind(&self->dev), 0);
	p = dax_map(&self->dev, NULL, 2 * PIECE, 0);
	ASSERT_NE(p, MAP_FAILED);
	EXPECT_TRUE(all_bytes_are(p, PIECE, 0x3c));
	EXPECT_TRUE(all_bytes_are(p + PIECE, PIECE, 0));
	munmap(p, 2 * PIECE);
}

/* Where the pool has 8 * PIECE contiguous bytes to play with. */
static unsigned long find_room(struct dax_dev *dev)
{
	unsigned long start = 0;

	if (!dax_set_size(dev, 8 * PIECE) &&
	    dax_get(dev, "extmem/extents") == 1)
		start = dax_get(dev, "resource");
	dax_set_size(dev, 0);
	return start;
}

TEST_F(dax_size, two_extents_are_one_device)
{
	unsigned long start = find_room(&self->dev);
	size_t i;
	char *p;

	ASSERT_NE(start, 0);
	ASSERT_EQ(dax_add_range(&self->dev, start + 4 * PIECE, PIECE), 0);
	ASSERT_EQ(dax_add_range(&self->dev, start, PIECE), 0);
	ASSERT_EQ(dax_get(&self->dev, "extmem/extents"), 2);
	ASSERT_EQ(dax_get(&self->dev, "size"), 2 * PIECE);
	EXPECT_EQ(dax_get(&self->dev, "mapping0/start"), start + 4 * PIECE);
	EXPECT_EQ(dax_get(&self->dev, "mapping1/start"), start);
	EXPECT_EQ(dax_get(&self->dev, "mapping1/page_offset"), PIECE / SZ_4K);

	ASSERT_EQ(dax_bind(&self->dev), 0);
	p = dax_map(&self->dev, NULL, 2 * PIECE, 0);
	ASSERT_NE(p, MAP_FAILED);
	for (i = 0; i < 2 * PIECE; i += SZ_4K)
		*(size_t *)(p + i) = i + 1;
	munmap(p, 2 * PIECE);
	p = dax_map(&self->dev, NULL, SZ_2M, PIECE);
	ASSERT_NE(p, MAP_FAILED);
	EXPECT_EQ(*(size_t *)p, PIECE + 1);
	munmap(p, SZ_2M);
	p = dax_map(&self->dev, NULL, 2 * SZ_2M, PIECE - SZ_2M);
	ASSERT_NE(p, MAP_FAILED);
	for (i = 0; i < 2 * SZ_2M; i += SZ_4K)
		ASSERT_EQ(*(size_t *)(p + i), PIECE - SZ_2M + i + 1);
	munmap(p, 2 * SZ_2M);
}

/* What follows the last extent becomes part of it. */
TEST_F(dax_size, extents_join)
{
	unsigned long start = find_room(&self->dev);

	ASSERT_NE(start, 0);
	ASSERT_EQ(dax_add_range(&self->dev, start, PIECE), 0);
	ASSERT_EQ(dax_add_range(&self->dev, start + PIECE, PIECE), 0);
	EXPECT_EQ(dax_get(&self->dev, "extmem/extents"), 1);
	EXPECT_EQ(dax_get(&self->dev, "mapping0/end"), start + 2 * PIECE - 1);
	EXPECT_EQ(dax_get(&self->dev, "size"), 2 * PIECE);
}

TEST_F(dax_size, shrink_drops_whole_extents)
{
	unsigned long start = find_room(&self->dev);

	ASSERT_NE(start, 0);
	ASSERT_EQ(dax_add_range(&self->dev, start, PIECE), 0);
	ASSERT_EQ(dax_add_range(&self->dev, start + 2 * PIECE, PIECE), 0);
	ASSERT_EQ(dax_add_range(&self->dev, start + 4 * PIECE, PIECE), 0);
	ASSERT_EQ(dax_set_size(&self->dev, PIECE + SZ_2M), 0);
	EXPECT_EQ(dax_get(&self->dev, "extmem/extents"), 2);
	EXPECT_EQ(dax_get(&self->dev, "mapping1/end"),
		  start + 2 * PIECE + SZ_2M - 1);
	EXPECT_EQ(dax_region_available(self->region),
		  self->free - PIECE - SZ_2M);
}

TEST_F(dax_size, bad_ranges_are_refused)
{
	unsigned long start = find_room(&self->dev);

	ASSERT_NE(start, 0);
	ASSERT_EQ(dax_add_range(&self->dev, start, PIECE), 0);
	EXPECT_EQ(dax_add_range(&self->dev, start, PIECE), -EBUSY);
	EXPECT_EQ(dax_add_range(&self->dev, start + SZ_2M, PIECE), -EBUSY);
	EXPECT_EQ(dax_add_range(&self->dev, start + PIECE + SZ_4K, PIECE),
		  -EINVAL);
	EXPECT_EQ(dax_add_range(&self->dev, 0, PIECE), -EINVAL);
	EXPECT_EQ(dax_add_range(&self->dev, -PIECE, PIECE), -EINVAL);
	EXPECT_EQ(dax_add_range(&self->dev, start + PIECE, 0), -EINVAL);
	/* not dropped with success */
	EXPECT_EQ(dax_add_range(&self->dev, start + PIECE, SZ_4K), -EINVAL);
	EXPECT_EQ(dax_add_range(&self->dev, start + PIECE, PIECE + 1), -EINVAL);
	EXPECT_EQ(dax_set(&self->dev, "mapping", "200000-100000"), -EINVAL);
	EXPECT_EQ(dax_set(&self->dev, "mapping", "0-ffffffffffffffff"), -EINVAL);
	EXPECT_EQ(dax_set(&self->dev, "mapping", "200000"), -EINVAL);
	EXPECT_EQ(dax_set(&self->dev, "mapping", "200000-"), -EINVAL);
	EXPECT_EQ(dax_get(&self->dev, "size"), PIECE);
	ASSERT_EQ(dax_bind(&self->dev), 0);
	EXPECT_EQ(dax_add_range(&self->dev, start + PIECE, PIECE), -EBUSY);
	EXPECT_EQ(dax_get(&self->dev, "size"), PIECE);
}

/* Whoever has kept a node of a device that is gone has no other by it. */
TEST_F(dax_size, a_node_that_was_kept_is_dead)
{
	static const char kept[] = "/dev/shm/kept";
	int i;

	ASSERT_EQ(dax_set_size(&self->dev, SZ_2M), 0);
	ASSERT_EQ(dax_bind(&self->dev), 0);
	ASSERT_EQ(make_node(kept, &self->dev), 0);
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(dax_destroy(&self->dev), 0);
		ASSERT_EQ(dax_create(&self->dev, self->region, SZ_2M, SZ_2M), 0);
		EXPECT_EQ(open(kept, O_RDWR), -1);
		EXPECT_EQ(errno, ENXIO);
	}
	unlink(kept);
}

/*
 * One that lost all its memory keeps its number. What it gets then may be another
 * owner's: only the node that has that owner's rights opens it.
 */
TEST_F(dax_size, a_node_that_was_made_opens_no_other_owner_s_memory)
{
	static const char kept[] = "/dev/shm/kept";
	char path[64];
	int fd;

	ASSERT_EQ(dax_set_size(&self->dev, SZ_2M), 0);
	ASSERT_EQ(dax_bind(&self->dev), 0);
	snprintf(path, sizeof(path), "/dev/%s", self->dev.name);
	ASSERT_EQ(make_node(kept, &self->dev), 0);
	fd = open(kept, O_RDWR);
	EXPECT_GE(fd, 0);
	close(fd);

	ASSERT_EQ(dax_unbind(&self->dev), 0);
	ASSERT_EQ(dax_set_size(&self->dev, 0), 0);
	ASSERT_EQ(dax_set_size(&self->dev, SZ_2M), 0);
	ASSERT_EQ(dax_bind(&self->dev), 0);
	EXPECT_EQ(open(kept, O_RDWR), -1);
	EXPECT_EQ(errno, ENXIO);
	fd = open(path, O_RDWR);
	EXPECT_GE(fd, 0);
	close(fd);
	unlink(kept);
}

/* kmem gives the memory to the page allocator: not without new_id. */
TEST_F(dax_size, only_device_dax_binds)
{
	int fd = open("/sys/bus/dax/drivers/kmem/bind", O_WRONLY);

	ASSERT_EQ(dax_set_size(&self->dev, PIECE), 0);
	if (fd < 0)	/* not built in, so it can't bind either */
		return;
	EXPECT_EQ(write(fd, self->dev.name, strlen(self->dev.name)), -1);
	EXPECT_EQ(errno, ENODEV);
	close(fd);
	EXPECT_FALSE(dax_bound(&self->dev));
	EXPECT_EQ(dax_bind(&self->dev), 0);
}

TEST_HARNESS_MAIN
