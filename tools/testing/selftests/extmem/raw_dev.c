// SPDX-License-Identifier: GPL-2.0
/*
 * The test device: what its calls do, and that bad input does nothing. Two nodes have
 * a pool of one range.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "bus_error.h"
#include "raw.h"

#define ANY	EXTMEM_TEST_ANYWHERE
#define G	RAW_GRANULE

FIXTURE(raw) {
	int fd;
	struct extmem_test_counters was;
};

FIXTURE_SETUP(raw)
{
	self->fd = open(RAW_DEVICE, O_RDWR);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, raw_counters(self->fd, 0, &self->was));
	ASSERT_EQ(0, self->was.claims);
}

static void free_all(int fd)
{
	struct extmem_test_info info = {};

	while (!raw_next(fd, info.id, &info))
		raw_free(fd, info.id);
}

FIXTURE_TEARDOWN(raw)
{
	struct extmem_test_counters now;

	free_all(self->fd);
	ASSERT_EQ(0, raw_counters(self->fd, 0, &now));
	EXPECT_EQ(0, now.claims);
	EXPECT_EQ(now.total, now.free + now.quarantined);
	EXPECT_EQ(0, now.references);
	close(self->fd);
}

static uint64_t make(int fd, uint64_t start, uint64_t granules)
{
	uint64_t id = 0;
	int err = raw_make(fd, 0, start, granules * G, G, &id);

	return err ? 0 : id;
}

static uint64_t size_of(int fd, uint64_t id)
{
	struct extmem_test_info info;

	return raw_info(fd, id, &info) ? 0 : info.size;
}

static uint64_t free_bytes(int fd)
{
	struct extmem_test_counters now;

	return raw_counters(fd, 0, &now) ? ~0UL : now.free;
}

TEST_F(raw, a_claim_from_its_making_to_its_end)
{
	struct extmem_test_extent extent;
	struct extmem_test_info info;
	uint64_t id = make(self->fd, ANY, 4), tail;

	ASSERT_NE(0, id);
	EXPECT_EQ(self->was.free - 4 * G, free_bytes(self->fd));
	EXPECT_EQ(0, raw_grow(self->fd, id, ANY, 2 * G, G));
	EXPECT_EQ(6 * G, size_of(self->fd, id));
	EXPECT_EQ(0, raw_shrink(self->fd, id, 5 * G));
	EXPECT_EQ(5 * G, size_of(self->fd, id));
	EXPECT_EQ(0, raw_word(self->fd, id, 3, 0x1234567890));
	EXPECT_EQ(0, raw_split(self->fd, id, 2 * G, &tail));
	EXPECT_EQ(2 * G, size_of(self->fd, id));
	ASSERT_EQ(0, raw_info(self->fd, tail, &info));
	EXPECT_EQ(3 * G, info.size);
	EXPECT_EQ(0x1234567890, info.word[3]);
	EXPECT_EQ(EXTMEM_TEST_PERSISTS, info.flags);
	EXPECT_EQ(0, raw_extent(self->fd, tail, 0, &extent));
	EXPECT_LE(self->was.start, extent.start);
	EXPECT_GE(self->was.end, extent.start + extent.size - 1);
	EXPECT_EQ(self->was.free - 5 * G, free_bytes(self->fd));
	EXPECT_EQ(0, raw_free(self->fd, id));
	EXPECT_EQ(-ENOENT, raw_free(self->fd, id));
	EXPECT_EQ(0, raw_free(self->fd, tail));
	EXPECT_EQ(self->was.free, free_bytes(self->fd));
}

/* Enough extents to need several records, cut at each of them and in between */
TEST_F(raw, a_long_claim_is_split_anywhere)
{
	uint64_t start = self->was.start, id, tail, cut;
	unsigned int i, nr = 40;
	struct extmem_test_extent extent;
	struct extmem_test_info info;

	for (cut = 1; cut < 2 * nr; cut += 1 + cut % 3) {
		id = make(self->fd, start, 2);
		ASSERT_NE(0, id);
		for (i = 1; i < nr; i++)
			ASSERT_EQ(0, raw_grow(self->fd, id, start + i * 3 * G, 2 * G, G));
		ASSERT_EQ(0, raw_split(self->fd, id, cut * G, &tail));
		EXPECT_EQ(cut * G, size_of(self->fd, id));
		ASSERT_EQ(0, raw_info(self->fd, tail, &info));
		EXPECT_EQ((2 * nr - cut) * G, info.size);
		EXPECT_EQ(nr - cut / 2, info.nr_extents);
		ASSERT_EQ(0, raw_extent(self->fd, tail, 0, &extent));
		EXPECT_EQ(start + (cut / 2 * 3 + cut % 2) * G, extent.start);
		ASSERT_EQ(0, raw_free(self->fd, id));
		ASSERT_EQ(0, raw_free(self->fd, tail));
	}
}

TEST_F(raw, given_ranges)
{
	uint64_t start = self->was.start, id = make(self->fd, start + 4 * G, 4), other;
	struct extmem_test_extent extent;

	ASSERT_NE(0, id);
	EXPECT_EQ(0, raw_extent(self->fd, id, 0, &extent));
	EXPECT_EQ(start + 4 * G, extent.start);
	EXPECT_EQ(4 * G, extent.size);
	EXPECT_EQ(-EBUSY, raw_make(self->fd, 0, start, 5 * G, G, &other));
	EXPECT_EQ(-EBUSY, raw_grow(self->fd, id, start + 7 * G, G, G));
	EXPECT_EQ(0, raw_grow(self->fd, id, start, G, G));
	EXPECT_EQ(-EINVAL, raw_make(self->fd, 0, start + 1, G, G, &other));
	EXPECT_EQ(-EINVAL, raw_make(self->fd, 0, start - G, G, G, &other));
	EXPECT_EQ(-EINVAL, raw_make(self->fd, 0, self->was.end + 1, G, G, &other));
	EXPECT_EQ(-EINVAL, raw_make(self->fd, 0, self->was.end + 1 - G, 2 * G, G, &other));
	EXPECT_EQ(5 * G, size_of(self->fd, id));
}

TEST_F(raw, new_memory_reads_zero_and_keeps_what_is_written)
{
	uint64_t id = make(self->fd, self->was.start, 2);
	char *p = raw_map(self->fd, id, 0, 2 * G);

	ASSERT_NE(MAP_FAILED, p);
	EXPECT_EQ(0, p[0] | p[G] | p[2 * G - 1]);
	memset(p, 0x5a, 2 * G);
	munmap(p, 2 * G);
	p = raw_map(self->fd, id, G, G);
	ASSERT_NE(MAP_FAILED, p);
	EXPECT_EQ(0x5a, p[G - 1]);
	munmap(p, G);
	ASSERT_EQ(0, raw_free(self->fd, id));
	/* the next owner's */
	id = make(self->fd, self->was.start, 2);
	p = raw_map(self->fd, id, 0, 2 * G);
	ASSERT_NE(MAP_FAILED, p);
	EXPECT_EQ(0, p[0] | p[G] | p[2 * G - 1]);
	munmap(p, 2 * G);
}

static bool refuses_all(int fd, uint64_t id)
{
	uint64_t tail;

	return raw_free(fd, id) == -EBUSY && raw_shrink(fd, id, G) == -EBUSY &&
	       raw_split(fd, id, G, &tail) == -EBUSY;
}

TEST_F(raw, references_of_files_and_mappings)
{
	uint64_t id = make(self->fd, ANY, 2);
	int other = open(RAW_DEVICE, O_RDWR);
	char *p;

	ASSERT_LE(0, other);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, G, PROT_READ, MAP_SHARED, other, 0));
	EXPECT_EQ(0, raw_hold(other, id));
	EXPECT_TRUE(refuses_all(self->fd, id));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, G, PROT_READ, MAP_PRIVATE, other, 0));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, G, PROT_READ, MAP_SHARED, other, 2 * G));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 3 * G, PROT_READ, MAP_SHARED, other, 0));
	p = mmap(NULL, 2 * G, PROT_READ, MAP_SHARED, other, 0);
	ASSERT_NE(MAP_FAILED, p);
	/* A file that is closed lets go of it; its mappings stay, here two of them */
	close(other);
	EXPECT_EQ(0, munmap(p + G / 2, G));
	EXPECT_TRUE(refuses_all(self->fd, id));
	EXPECT_EQ(0, munmap(p, G / 2));
	EXPECT_TRUE(refuses_all(self->fd, id));
	EXPECT_EQ(0, munmap(p + G / 2 + G, G / 2));
	EXPECT_EQ(0, raw_free(self->fd, id));
}

TEST_F(raw, a_forked_mapping_is_a_reference)
{
	uint64_t id = make(self->fd, ANY, 2);
	char *p = raw_map(self->fd, id, 0, G);
	pid_t child;

	ASSERT_NE(MAP_FAILED, p);
	child = fork();
	if (!child) {
		pause();
		_exit(0);
	}
	munmap(p, G);
	EXPECT_TRUE(refuses_all(self->fd, id));
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	EXPECT_EQ(0, raw_free(self->fd, id));
}

TEST_F(raw, names)
{
	uint64_t a = make(self->fd, ANY, 1), b = make(self->fd, ANY, 1);
	struct extmem_test_info info;
	char longest[65];

	memset(longest, 'n', 64);
	longest[64] = 0;
	EXPECT_EQ(-ENAMETOOLONG, raw_name(self->fd, a, longest));
	longest[63] = 0;
	EXPECT_EQ(0, raw_name(self->fd, a, longest));
	EXPECT_EQ(-EEXIST, raw_name(self->fd, b, longest));
	EXPECT_EQ(-EINVAL, raw_name(self->fd, b, "a/b"));
	EXPECT_EQ(0, raw_info(self->fd, a, &info));
	EXPECT_STREQ(longest, info.name);
	EXPECT_EQ(0, raw_name(self->fd, a, ""));
	EXPECT_EQ(0, raw_name(self->fd, b, longest));
}

TEST_F(raw, sessions)
{
	uint64_t id = make(self->fd, ANY, 1);
	struct extmem_test_info info;

	EXPECT_EQ(-EINVAL, raw_preserve(self->fd, id, 0));
	EXPECT_EQ(-EINVAL, raw_finish(self->fd, id));
	EXPECT_EQ(0, raw_persist(self->fd, id, 0));
	EXPECT_EQ(0, raw_preserve(self->fd, id, 1));
	EXPECT_EQ(0, raw_info(self->fd, id, &info));
	EXPECT_EQ(EXTMEM_TEST_BUSY | EXTMEM_TEST_PRESERVED, info.flags);
	EXPECT_EQ(-EBUSY, raw_preserve(self->fd, id, 1));
	EXPECT_EQ(-EBUSY, raw_free(self->fd, id));
	EXPECT_EQ(-EBUSY, raw_name(self->fd, id, "kept"));
	EXPECT_EQ(0, raw_preserve(self->fd, id, 0));
	EXPECT_EQ(0, raw_info(self->fd, id, &info));
	EXPECT_EQ(0, info.flags);
}

TEST_F(raw, a_bad_page)
{
	uint64_t id = make(self->fd, ANY, 2);
	char *p = raw_map(self->fd, id, 0, 2 * G);
	struct extmem_test_counters now;
	struct extmem_test_extent extent;

	ASSERT_NE(MAP_FAILED, p);
	p[0x5000] = 1;
	p[0x6000] = 2;
	ASSERT_EQ(0, raw_extent(self->fd, id, 0, &extent));
	EXPECT_EQ(-EINVAL, raw_poison(self->fd, extent.start + 1));
	EXPECT_EQ(-ENXIO, raw_poison(self->fd, 0));
	EXPECT_EQ(0, raw_poison(self->fd, extent.start + 0x5000));
	bus_errors_count();
	EXPECT_NE(0, touch(p + 0x5000));
	EXPECT_EQ(2, p[0x6000]);
	munmap(p, 2 * G);
	EXPECT_EQ(0, raw_free(self->fd, id));
	EXPECT_EQ(0, raw_counters(self->fd, 0, &now));
	EXPECT_EQ(self->was.poisoned + 0x1000, now.poisoned);
	EXPECT_EQ(self->was.quarantined + G, now.quarantined);
	EXPECT_EQ(self->was.free - G, now.free);
}

/* Calls that must fail, whatever the claim */
static const struct {
	uint64_t size;
	uint64_t align;
	int err;
} bad_sizes[] = {
	{ 0, G, -EINVAL },
	{ 1, G, -EINVAL },
	{ G - 1, G, -EINVAL },
	{ G + 1, G, -EINVAL },
	{ ~0UL, G, -EINVAL },
	{ -G, G, -ENOSPC },
	{ 1UL << 63, G, -ENOSPC },
	{ 1UL << 62, RAW_GIG, -ENOSPC },
	{ G, 0, -EINVAL },
	{ G, 1, -EINVAL },
	{ G, 4096, -EINVAL },
	{ G, RAW_GIG, -EINVAL },
	{ G, ~0UL, -EINVAL },
	{ RAW_GIG, 2 * RAW_GIG, -EINVAL },
};

TEST_F(raw, bad_input_changes_nothing)
{
	uint64_t id = make(self->fd, ANY, 2), other, i;
	struct extmem_test_counters before, now;
	struct extmem_test_info was, is;
	struct extmem_test_make flags = { .flags = 1, .start = ANY, .size = G, .align = G };

	EXPECT_EQ(0, raw_counters(self->fd, 0, &before));
	EXPECT_EQ(0, raw_info(self->fd, id, &was));
	for (i = 0; i < sizeof(bad_sizes) / sizeof(*bad_sizes); i++) {
		EXPECT_EQ(bad_sizes[i].err, raw_make(self->fd, 0, ANY, bad_sizes[i].size,
						     bad_sizes[i].align, &other)) {
			TH_LOG("size %#lx align %#lx", bad_sizes[i].size, bad_sizes[i].align);
		}
		EXPECT_EQ(bad_sizes[i].err, raw_grow(self->fd, id, ANY, bad_sizes[i].size,
						     bad_sizes[i].align));
	}
	EXPECT_EQ(-ENXIO, raw_make(self->fd, 77, ANY, G, G, &other));
	EXPECT_EQ(-ENXIO, raw_make(self->fd, -1, ANY, G, G, &other));
	EXPECT_EQ(-EINVAL, raw_make(self->fd, 0, -G, 2 * G, G, &other));
	EXPECT_EQ(-1, ioctl(self->fd, EXTMEM_TEST_MAKE, &flags));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-ENOENT, raw_grow(self->fd, id + 1, ANY, G, G));
	EXPECT_EQ(-ENOENT, raw_free(self->fd, 0));
	EXPECT_EQ(-ENOENT, raw_free(self->fd, ~0UL));
	EXPECT_EQ(-ENOENT, raw_hold(self->fd, id + 1));
	EXPECT_EQ(-ENOENT, raw_next(self->fd, ~0UL, &is));
	EXPECT_EQ(-EINVAL, raw_shrink(self->fd, id, 0));
	EXPECT_EQ(-EINVAL, raw_shrink(self->fd, id, 3 * G));
	EXPECT_EQ(-EINVAL, raw_shrink(self->fd, id, G + 1));
	EXPECT_EQ(-EINVAL, raw_split(self->fd, id, 2 * G, &other));
	EXPECT_EQ(-EINVAL, raw_split(self->fd, id, 0, &other));
	EXPECT_EQ(-EINVAL, raw_word(self->fd, id, 4, 0));
	EXPECT_EQ(-EINVAL, raw_word(self->fd, id, ~0UL, 0));
	EXPECT_EQ(-EINVAL, raw_persist(self->fd, id, 2));
	EXPECT_EQ(-EINVAL, raw_preserve(self->fd, id, 2));
	EXPECT_EQ(-1, ioctl(self->fd, _IO(EXTMEM_TEST_TYPE, 0), &id));
	EXPECT_EQ(ENOTTY, errno);
	EXPECT_EQ(-1, ioctl(self->fd, _IOW(EXTMEM_TEST_TYPE, 63, uint64_t), &id));
	EXPECT_EQ(ENOTTY, errno);
	EXPECT_EQ(-1, ioctl(self->fd, _IOWR(EXTMEM_TEST_TYPE, 0, char[4000]), &id));
	EXPECT_EQ(ENOTTY, errno);
	EXPECT_EQ(-1, ioctl(self->fd, EXTMEM_TEST_FREE, NULL));
	EXPECT_EQ(EFAULT, errno);

	EXPECT_EQ(0, raw_info(self->fd, id, &is));
	EXPECT_EQ(0, memcmp(&was, &is, sizeof(was)));
	EXPECT_EQ(0, raw_counters(self->fd, 0, &now));
	now.dirty = before.dirty;
	EXPECT_EQ(0, memcmp(&before, &now, sizeof(now)));
}

/* An id that can't be told is not given */
TEST_F(raw, no_claim_for_who_can_not_be_told)
{
	struct extmem_test_make *make = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
					     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	*make = (struct extmem_test_make) { .start = ANY, .size = G, .align = G };
	mprotect(make, 4096, PROT_READ);
	EXPECT_EQ(-1, ioctl(self->fd, EXTMEM_TEST_MAKE, make));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(self->was.free, free_bytes(self->fd));
}

/* Whatever claim comes, also those that somebody else is about to free */
static void do_something(int fd, unsigned int seed)
{
	struct extmem_test_info info = {};
	uint64_t id, tail;
	char name[16];
	char *p;

	if (raw_next(fd, random() % 400, &info) || random() % 4 == 0) {
		if (!raw_make(fd, random() % 2, ANY, (1 + random() % 3) * G, G, &id))
			raw_word(fd, id, 0, seed);
		return;
	}
	switch (random() % 8) {
	case 0:
		raw_grow(fd, info.id, ANY, G, G);
		break;
	case 1:
		raw_shrink(fd, info.id, G);
		break;
	case 2:
		raw_split(fd, info.id, G, &tail);
		break;
	case 3:
		snprintf(name, sizeof(name), "n%ld", random() % 5);
		raw_name(fd, info.id, name);
		break;
	case 4:
		p = raw_map(fd, info.id, 0, G);
		if (p == MAP_FAILED)
			break;
		p[random() % G] = 1;
		munmap(p, G);
		break;
	case 5:
		raw_preserve(fd, info.id, random() % 2);
		break;
	default:
		raw_free(fd, info.id);
	}
}

TEST_F(raw, several_at_once)
{
	struct extmem_test_info info = {};
	pid_t child[4];
	int i, k, status;

	for (i = 0; i < 4; i++) {
		child[i] = fork();
		if (child[i])
			continue;
		srandom(i);
		k = open(RAW_DEVICE, O_RDWR);
		for (status = 0; status < 400; status++)
			do_something(k, i);
		_exit(k < 0);
	}
	for (i = 0; i < 4; i++) {
		waitpid(child[i], &status, 0);
		EXPECT_EQ(0, status);
	}
	while (!raw_next(self->fd, info.id, &info)) {
		if (info.flags & EXTMEM_TEST_PRESERVED)
			EXPECT_EQ(0, raw_preserve(self->fd, info.id, 0));
		EXPECT_EQ(0, raw_free(self->fd, info.id));
	}
}

TEST(root_alone)
{
	pid_t child = fork();
	int status;

	if (!child) {
		bool node = !chmod(RAW_DEVICE, 0666);

		if (setresgid(65534, 65534, 65534) || setresuid(65534, 65534, 65534))
			_exit(2);
		_exit(node && open(RAW_DEVICE, O_RDWR) == -1 && errno == EPERM ? 0 : 1);
	}
	waitpid(child, &status, 0);
	chmod(RAW_DEVICE, 0600);
	EXPECT_EQ(0, status);
}

TEST_HARNESS_MAIN
