// SPDX-License-Identifier: GPL-2.0
/*
 * What mmap() of a device of a pool takes and refuses, and what entries its
 * faults make. The pool needs a free aligned gigabyte.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "dax_dev.h"
#include "page_tables.h"

#define SIZE	SZ_1G

FIXTURE(dax_mmap)
{
	struct dax_dev dev;
	int fd;
};

FIXTURE_VARIANT(dax_mmap)
{
	size_t align;
};

FIXTURE_VARIANT_ADD(dax_mmap, align_4k) { .align = SZ_4K };
FIXTURE_VARIANT_ADD(dax_mmap, align_2m) { .align = SZ_2M };
FIXTURE_VARIANT_ADD(dax_mmap, align_1g) { .align = SZ_1G };

FIXTURE_SETUP(dax_mmap)
{
	ASSERT_EQ(dax_create(&self->dev, dax_region(), SIZE, variant->align), 0);
	self->fd = dax_open(&self->dev);
	ASSERT_GE(self->fd, 0);
}

FIXTURE_TEARDOWN(dax_mmap)
{
	close(self->fd);
	EXPECT_EQ(dax_destroy(&self->dev), 0);
}

/* 0 for a mapping that was made (and is gone again), else the errno. */
static int map_errno(int fd, int flags, size_t len, uint64_t off)
{
	void *p = mmap(NULL, len, PROT_READ | PROT_WRITE, flags, fd, off);

	if (p == MAP_FAILED)
		return errno;
	munmap(p, len);
	return 0;
}

TEST_F(dax_mmap, shared_whole_device)
{
	EXPECT_EQ(map_errno(self->fd, MAP_SHARED, SIZE, 0), 0);
	EXPECT_EQ(map_errno(self->fd, MAP_SHARED_VALIDATE | MAP_SYNC, SIZE, 0), 0);
}

TEST_F(dax_mmap, private_is_refused)
{
	EXPECT_EQ(map_errno(self->fd, MAP_PRIVATE, SIZE, 0), EINVAL);
	EXPECT_EQ(map_errno(self->fd, MAP_PRIVATE, variant->align, 0), EINVAL);
}

TEST_F(dax_mmap, misaligned_length_is_refused)
{
	/* mmap() rounds up to pages */
	EXPECT_EQ(map_errno(self->fd, MAP_SHARED, 1, 0),
		  variant->align == SZ_4K ? 0 : EINVAL);
}

TEST_F(dax_mmap, misaligned_address_is_refused)
{
	size_t room = 2 * SIZE + SZ_2M;
	char *hole, *p;

	hole = mmap(NULL, room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(hole, MAP_FAILED);
	p = (char *)(((uintptr_t)hole + SIZE) & ~(SIZE - 1));
	p += variant->align == SZ_4K ? 1 : SZ_4K;
	errno = 0;
	EXPECT_EQ(mmap(p, variant->align, PROT_READ, MAP_SHARED | MAP_FIXED,
		       self->fd, 0), MAP_FAILED);
	EXPECT_EQ(errno, EINVAL);
	munmap(hole, room);
}

TEST_F(dax_mmap, bad_offset_is_refused)
{
	size_t align = variant->align;

	EXPECT_EQ(map_errno(self->fd, MAP_SHARED, align, 1), EINVAL);
	if (align > SZ_4K)
		EXPECT_EQ(map_errno(self->fd, MAP_SHARED, align, SZ_4K), EINVAL);
	if (align > SZ_2M)
		EXPECT_EQ(map_errno(self->fd, MAP_SHARED, align, SZ_2M), EINVAL);
}

TEST_F(dax_mmap, past_the_end_is_refused)
{
	size_t align = variant->align;

	EXPECT_EQ(map_errno(self->fd, MAP_SHARED, SIZE + align, 0), ENXIO);
	EXPECT_EQ(map_errno(self->fd, MAP_SHARED, align, SIZE), ENXIO);
	EXPECT_EQ(map_errno(self->fd, MAP_SHARED, 2 * align, SIZE - align), ENXIO);
	EXPECT_EQ(map_errno(self->fd, MAP_SHARED, align, 1UL << 62), ENXIO);
	EXPECT_EQ(map_errno(self->fd, MAP_SHARED, align, SIZE - align), 0);
}

/* Refusals leave nothing behind that would keep the device busy. */
TEST_F(dax_mmap, refusals_leave_no_trace)
{
	int i;

	for (i = 0; i < 100; i++) {
		map_errno(self->fd, MAP_PRIVATE, SIZE, 0);
		map_errno(self->fd, MAP_SHARED, SIZE, SIZE);
	}
	EXPECT_EQ(dax_unbind(&self->dev), 0);
	EXPECT_EQ(map_errno(self->fd, MAP_SHARED, SIZE, 0), ENXIO);
	EXPECT_EQ(dax_bind(&self->dev), 0);
	EXPECT_EQ(map_errno(self->fd, MAP_SHARED, SIZE, 0), 0);
}

static void touch(char *p, size_t len, size_t step)
{
	size_t i;

	for (i = 0; i < len; i += step)
		p[i] = 1;
}

TEST_F(dax_mmap, whole_gigabyte_takes_one_entry)
{
	struct page_tables pt;
	char *p = dax_map(&self->dev, NULL, SIZE, 0);

	ASSERT_NE(p, MAP_FAILED);
	touch(p, SIZE, SZ_2M);
	ASSERT_EQ(page_tables_read(&pt, p, SIZE), 0);
	EXPECT_EQ(pt.pud, SIZE);
	EXPECT_EQ(pt.pmd, 0);
	EXPECT_EQ(pt.pte, 0);
	EXPECT_EQ(pt.uncached, 0);
	EXPECT_EQ(pt.readonly, 0);
	munmap(p, SIZE);
}

/* A read first must not leave an entry that a later write can't use. */
TEST_F(dax_mmap, read_then_write)
{
	volatile char *p = dax_map(&self->dev, NULL, SIZE, 0);

	ASSERT_NE(p, MAP_FAILED);
	EXPECT_EQ(p[SZ_2M], 0);
	p[SZ_2M] = 7;
	EXPECT_EQ(p[SZ_2M], 7);
	munmap((void *)p, SIZE);
}

TEST_F(dax_mmap, read_only_mapping)
{
	struct page_tables pt;
	volatile char *p = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, self->fd, 0);

	ASSERT_NE(p, MAP_FAILED);
	EXPECT_EQ(p[0], 0);
	ASSERT_EQ(page_tables_read(&pt, (void *)p, SIZE), 0);
	EXPECT_EQ(pt.pud, SIZE);
	EXPECT_EQ(pt.readonly, SIZE);
	munmap((void *)p, SIZE);
}

TEST_F(dax_mmap, two_megabyte_entries)
{
	size_t len = 4 * SZ_2M;
	struct page_tables pt;
	char *p;

	if (variant->align > SZ_2M) {
		EXPECT_EQ(map_errno(self->fd, MAP_SHARED, len, SZ_2M), EINVAL);
		return;
	}
	p = dax_map(&self->dev, NULL, len, SZ_2M);
	ASSERT_NE(p, MAP_FAILED);
	touch(p, len, SZ_4K);
	ASSERT_EQ(page_tables_read(&pt, p, len), 0);
	EXPECT_EQ(pt.pmd, len);
	EXPECT_EQ(pt.uncached, 0);
	EXPECT_EQ(pt.readonly, 0);
	munmap(p, len);
}

/* 4 KiB pieces at both ends, 2 MiB entries between them. */
TEST_F(dax_mmap, four_kilobyte_entries)
{
	size_t off = SZ_2M - 3 * SZ_4K, len = SZ_2M + 5 * SZ_4K;
	struct page_tables pt;
	char *room, *p;

	if (variant->align > SZ_4K) {
		EXPECT_EQ(map_errno(self->fd, MAP_SHARED, len, off), EINVAL);
		return;
	}
	room = mmap(NULL, 4 * SZ_2M, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(room, MAP_FAILED);
	p = (char *)(((uintptr_t)room + SZ_2M - 1) & ~(SZ_2M - 1)) + off;
	ASSERT_EQ(dax_map(&self->dev, p, len, off), p);
	touch(p, len, SZ_4K);
	ASSERT_EQ(page_tables_read(&pt, p, len), 0);
	EXPECT_EQ(pt.pmd, SZ_2M);
	EXPECT_EQ(pt.pte, 5 * SZ_4K);
	EXPECT_EQ(pt.uncached, 0);
	EXPECT_EQ(pt.readonly, 0);
	munmap(room, 4 * SZ_2M);
}

/* A page written through a small mapping is seen in the large one. */
TEST_F(dax_mmap, sizes_agree_on_the_bytes)
{
	size_t off = SIZE - variant->align;
	char *whole = dax_map(&self->dev, NULL, SIZE, 0);
	char *last = dax_map(&self->dev, NULL, variant->align, off);

	ASSERT_NE(whole, MAP_FAILED);
	ASSERT_NE(last, MAP_FAILED);
	last[variant->align - 1] = 42;
	EXPECT_EQ(whole[SIZE - 1], 42);
	whole[off] = 43;
	EXPECT_EQ(last[0], variant->align == SIZE ? whole[0] : 43);
	munmap(whole, SIZE);
	munmap(last, variant->align);
}

/* A monitor that reads smaps and pagemap must not cost the huge entry. */
TEST_F(dax_mmap, proc_files_leave_entries_alone)
{
	struct page_tables pt;
	char buf[4096], *p = dax_map(&self->dev, NULL, SIZE, 0);
	int fd;

	ASSERT_NE(p, MAP_FAILED);
	touch(p, SIZE, SZ_2M);
	fd = open("/proc/self/smaps", O_RDONLY);
	ASSERT_GE(fd, 0);
	while (read(fd, buf, sizeof(buf)) > 0)
		;
	close(fd);

	fd = open("/proc/self/pagemap", O_RDONLY);
	ASSERT_GE(fd, 0);
	EXPECT_EQ(pread(fd, buf, sizeof(buf), (uintptr_t)p / SZ_4K * 8),
		  sizeof(buf));
	close(fd);

	ASSERT_EQ(page_tables_read(&pt, p, SIZE), 0);
	EXPECT_EQ(pt.pud, SIZE);
	munmap(p, SIZE);
}

TEST_F(dax_mmap, memory_type_is_write_back)
{
	unsigned long phys = dax_get(&self->dev, "resource");

	EXPECT_EQ(memtype_is_write_back(phys), 1);
	EXPECT_EQ(memtype_is_write_back(phys + SIZE - 1), 1);
}

/* No struct page, so nothing that needs one: an error, not an oops. */
TEST_F(dax_mmap, pages_can_not_be_had)
{
	char *p = dax_map(&self->dev, NULL, SIZE, 0);
	struct iovec iov = { .iov_base = p, .iov_len = SZ_4K };
	int pipefd[2];

	ASSERT_NE(p, MAP_FAILED);
	ASSERT_EQ(pipe(pipefd), 0);
	p[0] = 1;
	EXPECT_EQ(vmsplice(pipefd[1], &iov, 1, 0), -1);
	EXPECT_EQ(errno, EFAULT);
	EXPECT_EQ(write(pipefd[1], p, SZ_4K), SZ_4K);
	close(pipefd[0]);
	close(pipefd[1]);
	munmap(p, SIZE);
}

TEST_HARNESS_MAIN
