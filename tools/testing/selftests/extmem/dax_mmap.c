// SPDX-License-Identifier: GPL-2.0
/*
 * What mmap() of a device of a pool takes and refuses, and what entries its
 * faults make. The pool needs a free aligned gigabyte. Devices are as small,
 * and as few, as will do: each has to be cleared.
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

/* Refusals, for each alignment; the size is twice as much if that is little. */
FIXTURE(dax_mmap)
{
	struct dax_dev dev;
	size_t size;
	int fd;
};

FIXTURE_VARIANT(dax_mmap)
{
	size_t align;
};

FIXTURE_VARIANT_ADD(dax_mmap, align_4k) { .align = SZ_4K, };
FIXTURE_VARIANT_ADD(dax_mmap, align_2m) { .align = SZ_2M, };
FIXTURE_VARIANT_ADD(dax_mmap, align_1g) { .align = SZ_1G, };

FIXTURE_SETUP(dax_mmap)
{
	self->size = variant->align == SZ_1G ? SZ_1G : 2 * SZ_2M;
	ASSERT_EQ(dax_create(&self->dev, dax_region(), self->size,
			     variant->align), 0);
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

/* The same for an address that is @skew bytes off the device's alignment. */
static int map_at_errno(int fd, size_t align, size_t skew)
{
	size_t room = 3 * align;
	char *hole, *p;
	int err = 0;

	hole = mmap(NULL, room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS |
		    MAP_NORESERVE, -1, 0);
	if (hole == MAP_FAILED)
		return -errno;
	p = (char *)(((uintptr_t)hole + align - 1) & ~(align - 1)) + skew;
	if (mmap(p, align, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0) ==
	    MAP_FAILED)
		err = errno;
	munmap(hole, room);
	return err;
}

TEST_F(dax_mmap, good_and_bad_mappings)
{
	size_t align = variant->align, size = self->size;
	int fd = self->fd;

	EXPECT_EQ(map_errno(fd, MAP_SHARED, size, 0), 0);
	EXPECT_EQ(map_errno(fd, MAP_SHARED_VALIDATE | MAP_SYNC, size, 0), 0);
	EXPECT_EQ(map_errno(fd, MAP_SHARED, align, size - align), 0);
	EXPECT_EQ(map_at_errno(fd, align, 0), 0);

	EXPECT_EQ(map_errno(fd, MAP_PRIVATE, size, 0), EINVAL);
	EXPECT_EQ(map_errno(fd, MAP_PRIVATE, align, 0), EINVAL);

	/* mmap() rounds lengths up to pages */
	EXPECT_EQ(map_errno(fd, MAP_SHARED, 1, 0),
		  align == SZ_4K ? 0 : EINVAL);
	EXPECT_EQ(map_at_errno(fd, align, 1), EINVAL);
	EXPECT_EQ(map_at_errno(fd, align, SZ_4K), align == SZ_4K ? 0 : EINVAL);
	EXPECT_EQ(map_errno(fd, MAP_SHARED, align, 1), EINVAL);
	EXPECT_EQ(map_errno(fd, MAP_SHARED, align, align / 2), EINVAL);

	EXPECT_EQ(map_errno(fd, MAP_SHARED, size + align, 0), ENXIO);
	EXPECT_EQ(map_errno(fd, MAP_SHARED, align, size), ENXIO);
	EXPECT_EQ(map_errno(fd, MAP_SHARED, 2 * align, size - align), ENXIO);
	EXPECT_EQ(map_errno(fd, MAP_SHARED, align, 1UL << 62), ENXIO);
}

/* Refusals leave nothing behind that would keep the device busy. */
TEST_F(dax_mmap, refusals_leave_no_trace)
{
	int i;

	for (i = 0; i < 100; i++) {
		map_errno(self->fd, MAP_PRIVATE, self->size, 0);
		map_errno(self->fd, MAP_SHARED, self->size, self->size);
	}
	EXPECT_EQ(dax_unbind(&self->dev), 0);
	EXPECT_EQ(map_errno(self->fd, MAP_SHARED, self->size, 0), ENXIO);
	EXPECT_EQ(dax_bind(&self->dev), 0);
	EXPECT_EQ(map_errno(self->fd, MAP_SHARED, self->size, 0), 0);
}

/*
 * Entries: @entry is what one maps when the device is mapped as a whole. The
 * alignment is 4 KiB all along: it is a lower bound, and no upper one.
 */
FIXTURE(dax_entry)
{
	struct dax_dev dev;
	size_t size;
	char *map;
};

FIXTURE_VARIANT(dax_entry)
{
	size_t entry;
};

FIXTURE_VARIANT_ADD(dax_entry, of_2m) { .entry = SZ_2M, };
FIXTURE_VARIANT_ADD(dax_entry, of_1g) { .entry = SZ_1G, };

FIXTURE_SETUP(dax_entry)
{
	self->size = variant->entry == SZ_1G ? SZ_1G : 8 * SZ_2M;
	ASSERT_EQ(dax_create(&self->dev, dax_region(), self->size, SZ_4K), 0);
	self->map = dax_map(&self->dev, NULL, self->size, 0);
	ASSERT_NE(self->map, MAP_FAILED);
}

FIXTURE_TEARDOWN(dax_entry)
{
	munmap(self->map, self->size);
	EXPECT_EQ(dax_destroy(&self->dev), 0);
}

static void touch(char *p, size_t len, size_t step)
{
	size_t i;

	for (i = 0; i < len; i += step)
		p[i] = 1;
}

static size_t mapped(const void *p, size_t size, size_t entry)
{
	struct page_tables pt;

	if (page_tables_read(&pt, p, size))
		return 0;
	return entry == SZ_1G ? pt.pud : pt.pmd;
}

TEST_F(dax_entry, largest_and_write_back)
{
	unsigned long phys = dax_get(&self->dev, "resource");
	struct page_tables pt;

	touch(self->map, self->size, SZ_2M);
	ASSERT_EQ(page_tables_read(&pt, self->map, self->size), 0);
	EXPECT_EQ(pt.pud, variant->entry == SZ_1G ? self->size : 0);
	EXPECT_EQ(pt.pmd, variant->entry == SZ_2M ? self->size : 0);
	EXPECT_EQ(pt.pte, 0);
	EXPECT_EQ(pt.uncached, 0);
	EXPECT_EQ(pt.readonly, 0);
	EXPECT_EQ(memtype_is_write_back(phys), 1);
	EXPECT_EQ(memtype_is_write_back(phys + self->size - 1), 1);
}

/* A read first must not leave an entry that a later write can't use. */
TEST_F(dax_entry, read_then_write)
{
	char *p = self->map + SZ_2M;

	EXPECT_EQ(peek(p), 0);
	EXPECT_EQ(mapped(p, SZ_2M, variant->entry), SZ_2M);
	poke(p, 7);
	EXPECT_EQ(peek(p), 7);
}

TEST_F(dax_entry, read_only)
{
	int fd = dax_open(&self->dev);
	struct page_tables pt;
	char *p;

	ASSERT_GE(fd, 0);
	p = mmap(NULL, self->size, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	ASSERT_NE(p, MAP_FAILED);
	EXPECT_EQ(peek(p), 0);
	ASSERT_EQ(page_tables_read(&pt, p, self->size), 0);
	EXPECT_EQ(pt.pud + pt.pmd, variant->entry);
	EXPECT_EQ(pt.readonly, variant->entry);
	munmap(p, self->size);
}

/* A monitor that reads smaps and pagemap must not cost the huge entry. */
TEST_F(dax_entry, proc_files_leave_it_alone)
{
	char buf[4096];
	int fd;

	touch(self->map, self->size, SZ_2M);
	fd = open("/proc/self/smaps", O_RDONLY);
	ASSERT_GE(fd, 0);
	while (read(fd, buf, sizeof(buf)) > 0)
		;
	close(fd);

	fd = open("/proc/self/pagemap", O_RDONLY);
	ASSERT_GE(fd, 0);
	EXPECT_EQ(pread(fd, buf, sizeof(buf), (uintptr_t)self->map / SZ_4K * 8),
		  sizeof(buf));
	close(fd);
	EXPECT_EQ(mapped(self->map, self->size, variant->entry), self->size);
}

/* A part of the device takes the entries that fit, and shares the bytes. */
TEST_F(dax_entry, part_in_2m_entries)
{
	size_t len = 4 * SZ_2M;
	struct page_tables pt;
	char *p = dax_map(&self->dev, NULL, len, SZ_2M);

	ASSERT_NE(p, MAP_FAILED);
	touch(p, len, SZ_4K);
	ASSERT_EQ(page_tables_read(&pt, p, len), 0);
	EXPECT_EQ(pt.pmd, len);
	EXPECT_EQ(pt.uncached, 0);
	EXPECT_EQ(pt.readonly, 0);
	EXPECT_EQ(self->map[SZ_2M - 1], 0);
	EXPECT_EQ(self->map[SZ_2M], 1);
	EXPECT_EQ(self->map[SZ_2M + len - SZ_4K], 1);
	munmap(p, len);
}

/* 4 KiB pieces at both ends, a 2 MiB entry between them. */
TEST_F(dax_entry, part_in_4k_entries)
{
	size_t off = SZ_2M - 3 * SZ_4K, len = SZ_2M + 5 * SZ_4K;
	struct page_tables pt;
	char *room, *p;

	room = mmap(NULL, 4 * SZ_2M, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
		    -1, 0);
	ASSERT_NE(room, MAP_FAILED);
	p = (char *)(((uintptr_t)room + SZ_2M - 1) & ~(SZ_2M - 1)) + off;
	ASSERT_EQ(dax_map(&self->dev, p, len, off), p);
	touch(p, len, SZ_4K);
	ASSERT_EQ(page_tables_read(&pt, p, len), 0);
	EXPECT_EQ(pt.pmd, SZ_2M);
	EXPECT_EQ(pt.pte, 5 * SZ_4K);
	EXPECT_EQ(pt.uncached, 0);
	EXPECT_EQ(pt.readonly, 0);
	EXPECT_EQ(self->map[off - SZ_4K], 0);
	EXPECT_EQ(self->map[off], 1);
	EXPECT_EQ(self->map[off + len], 0);
	munmap(room, 4 * SZ_2M);
}

/* No struct page, so nothing that needs one: an error, not an oops. */
TEST_F(dax_entry, has_no_pages)
{
	struct iovec iov = { .iov_base = self->map, .iov_len = SZ_4K };
	int pipefd[2];

	ASSERT_EQ(pipe(pipefd), 0);
	self->map[0] = 1;
	EXPECT_EQ(vmsplice(pipefd[1], &iov, 1, 0), -1);
	EXPECT_EQ(errno, EFAULT);
	EXPECT_EQ(write(pipefd[1], self->map, SZ_4K), SZ_4K);
	close(pipefd[0]);
	close(pipefd[1]);
}

TEST_HARNESS_MAIN
