// SPDX-License-Identifier: GPL-2.0
/*
 * System calls on a mapping: those that change 4 KiB of what one big entry maps,
 * those that advise, those that look at other processes, and those that want
 * pages, which there are none of. The pool needs a free aligned gigabyte;
 * EXTMEM_DISK is a folder on a disk, for direct I/O.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/io_uring.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "bus_error.h"
#include "dax_dev.h"
#include "page_tables.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE	25
#endif

#define THP	"/sys/kernel/mm/transparent_hugepage/enabled"

/* A device of which one entry maps all, or a part that is big enough. */
FIXTURE(dax_semantics)
{
	struct dax_dev dev;
	size_t size;
	char *map;
	char *mid;	/* a page in the middle of an entry */
};

FIXTURE_VARIANT(dax_semantics)
{
	size_t entry;
};

FIXTURE_VARIANT_ADD(dax_semantics, of_2m) { .entry = SZ_2M, };
FIXTURE_VARIANT_ADD(dax_semantics, of_1g) { .entry = SZ_1G, };

FIXTURE_SETUP(dax_semantics)
{
	self->size = variant->entry;
	ASSERT_EQ(dax_create(&self->dev, dax_region(), self->size, SZ_4K), 0);
	self->map = dax_map(&self->dev, NULL, self->size, 0);
	ASSERT_NE(self->map, MAP_FAILED);
	self->mid = self->map + self->size / 2;
	self->map[0] = 1;
	self->mid[-1] = 2;
	self->mid[0] = 3;
	self->mid[SZ_4K] = 4;
	self->map[self->size - 1] = 5;
}

FIXTURE_TEARDOWN(dax_semantics)
{
	munmap(self->map, self->size);
	EXPECT_EQ(dax_destroy(&self->dev), 0);
}

/* All but the page in the middle. */
static bool rest_intact(const char *map, size_t size)
{
	const char *mid = map + size / 2;

	return peek(map) == 1 && peek(mid - 1) == 2 && peek(mid + SZ_4K) == 4 &&
	       peek(map + size - 1) == 5;
}

static bool intact(const char *map, size_t size)
{
	return rest_intact(map, size) && peek(map + size / 2) == 3;
}

static size_t mapped(const char *map, size_t size, size_t entry)
{
	struct page_tables pt;

	if (page_tables_read(&pt, map, size))
		return -1;
	return entry == SZ_1G ? pt.pud : entry == SZ_2M ? pt.pmd : pt.pte;
}

/* How big it is, as of a block device; there is nothing to read or write there. */
TEST_F(dax_semantics, seek)
{
	int fd = dax_open(&self->dev);

	ASSERT_GE(fd, 0);
	EXPECT_EQ(lseek(fd, 0, SEEK_END), self->size);
	EXPECT_EQ(lseek(fd, -SZ_4K, SEEK_END), self->size - SZ_4K);
	EXPECT_EQ(lseek(fd, SZ_4K, SEEK_CUR), self->size);
	EXPECT_EQ(lseek(fd, 1, SEEK_CUR), -1);
	EXPECT_EQ(errno, EINVAL);
	EXPECT_EQ(lseek(fd, SZ_4K, SEEK_SET), SZ_4K);
	EXPECT_EQ(lseek(fd, -1, SEEK_SET), -1);
	EXPECT_EQ(errno, EINVAL);

	/* a file that gives no access to the memory has no size either */
	ASSERT_EQ(munmap(self->map, self->size), 0);
	ASSERT_EQ(dax_unbind(&self->dev), 0);
	EXPECT_EQ(lseek(fd, 0, SEEK_END), -1);
	EXPECT_EQ(errno, ENXIO);
	ASSERT_EQ(dax_bind(&self->dev), 0);
	EXPECT_EQ(lseek(fd, 0, SEEK_END), self->size);
	close(fd);
	self->map = dax_map(&self->dev, NULL, self->size, 0);
	ASSERT_NE(self->map, MAP_FAILED);
}

TEST_F(dax_semantics, populate_and_lock)
{
	int fd = dax_open(&self->dev);
	char *p;

	ASSERT_GE(fd, 0);
	ASSERT_EQ(mlockall(MCL_CURRENT | MCL_FUTURE), 0);
	p = mmap(NULL, self->size, PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_POPULATE, fd, 0);
	close(fd);
	ASSERT_NE(p, MAP_FAILED);
	EXPECT_TRUE(intact(p, self->size));
	EXPECT_EQ(mlock(p, self->size), 0);
	EXPECT_EQ(mlock2(p, SZ_4K, MLOCK_ONFAULT), 0);
	EXPECT_EQ(munlock(p, self->size), 0);
	ASSERT_EQ(munlockall(), 0);
	EXPECT_TRUE(intact(p, self->size));
	EXPECT_EQ(mapped(p, self->size, variant->entry), self->size);
	munmap(p, self->size);
}

struct advice {
	int advice;
	int err;
	const char *name;
};

#define ADVICE(advice, err)	{ advice, err, #advice }

/* What QEMU says about its RAM, and what would take the memory away. */
static const struct advice advices[] = {
	ADVICE(MADV_NORMAL, 0),
	ADVICE(MADV_RANDOM, 0),
	ADVICE(MADV_SEQUENTIAL, 0),
	ADVICE(MADV_WILLNEED, 0),
	ADVICE(MADV_HUGEPAGE, 0),
	ADVICE(MADV_MERGEABLE, 0),
	ADVICE(MADV_UNMERGEABLE, 0),
	ADVICE(MADV_DONTFORK, 0),
	ADVICE(MADV_DOFORK, EINVAL),
	ADVICE(MADV_DONTDUMP, 0),
	ADVICE(MADV_DODUMP, EINVAL),
	ADVICE(MADV_DONTNEED, EINVAL),
	ADVICE(MADV_FREE, EINVAL),
	ADVICE(MADV_COLD, EINVAL),
	ADVICE(MADV_PAGEOUT, EINVAL),
	ADVICE(MADV_WIPEONFORK, EINVAL),
	ADVICE(MADV_POPULATE_READ, EINVAL),
	ADVICE(MADV_POPULATE_WRITE, EINVAL),
	ADVICE(MADV_COLLAPSE, EINVAL),
	ADVICE(MADV_REMOVE, ENODEV),
	ADVICE(MADV_HWPOISON, EFAULT),
};

TEST_F(dax_semantics, advise)
{
	const struct advice *a;
	int err;

	for (a = advices; a < advices + sizeof(advices) / sizeof(*a); a++) {
		err = madvise(self->mid, SZ_4K, a->advice) ? errno : 0;
		EXPECT_EQ(err, a->err) {
			TH_LOG("%s", a->name);
		}
		EXPECT_TRUE(intact(self->map, self->size)) {
			TH_LOG("after %s", a->name);
		}
	}
}

/* Nobody said anything about a page's neighbours. */
TEST_F(dax_semantics, protect_a_page)
{
	bus_errors_count();
	ASSERT_EQ(mprotect(self->mid, SZ_4K, PROT_NONE), 0);
	EXPECT_TRUE(rest_intact(self->map, self->size));
	ASSERT_EQ(mprotect(self->mid, SZ_4K, PROT_READ), 0);
	EXPECT_TRUE(intact(self->map, self->size));
	self->mid[-1] = 2;
	self->mid[SZ_4K] = 4;
	ASSERT_EQ(mprotect(self->mid, SZ_4K, PROT_READ | PROT_WRITE), 0);
	poke(self->mid, 3);
	EXPECT_TRUE(intact(self->map, self->size));
	EXPECT_EQ(bus_error.nr, 0);
}

TEST_F(dax_semantics, unmap_a_page)
{
	unsigned char vec;

	ASSERT_EQ(munmap(self->mid, SZ_4K), 0);
	EXPECT_TRUE(rest_intact(self->map, self->size));
	EXPECT_EQ(mincore(self->mid, SZ_4K, &vec), -1);
	EXPECT_EQ(errno, ENOMEM);
	ASSERT_EQ(dax_map(&self->dev, self->mid, SZ_4K, self->size / 2), self->mid);
	EXPECT_TRUE(intact(self->map, self->size));
}

TEST_F(dax_semantics, move_a_page)
{
	char *to = mmap(NULL, SZ_4K, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_EQ(mremap(self->mid, SZ_4K, SZ_4K, MREMAP_MAYMOVE | MREMAP_FIXED, to),
		  to);
	EXPECT_EQ(peek(to), 3);
	EXPECT_TRUE(rest_intact(self->map, self->size));
	EXPECT_EQ(mremap(to, SZ_4K, 2 * SZ_4K, MREMAP_MAYMOVE), MAP_FAILED);
	EXPECT_EQ(errno, EFAULT);
	poke(to, 7);
	munmap(to, SZ_4K);
	ASSERT_EQ(dax_map(&self->dev, self->mid, SZ_4K, self->size / 2), self->mid);
	EXPECT_EQ(peek(self->mid), 7);
}

/* The value in kB of a line of smaps, for the mapping at @addr. */
static long smaps_kb(const void *addr, const char *key)
{
	unsigned long start, end;
	bool inside = false;
	char line[256];
	long kb = -1;
	FILE *file = fopen("/proc/self/smaps", "r");

	while (file && kb < 0 && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			inside = start == (uintptr_t)addr;
		else if (inside && !strncmp(line, key, strlen(key)))
			kb = strtol(line + strlen(key) + 1, NULL, 10);
	}
	if (file)
		fclose(file);
	return kb;
}

/* Of a part, what the part has: it does not begin where big pages do. */
TEST_F(dax_semantics, smaps_has_page_sizes)
{
	char *p;

	EXPECT_EQ(smaps_kb(self->map, "KernelPageSize"), variant->entry >> 10);
	EXPECT_EQ(smaps_kb(self->map, "MMUPageSize"), variant->entry >> 10);
	EXPECT_EQ(smaps_kb(self->map, "Rss"), 0);
	p = dax_map(&self->dev, NULL, self->size - SZ_4K, SZ_4K);
	ASSERT_NE(p, MAP_FAILED);
	poke(p + self->size - 2 * SZ_4K, 5);
	EXPECT_EQ(smaps_kb(p, "KernelPageSize"),
		  (variant->entry == SZ_1G ? SZ_2M : SZ_4K) >> 10);
	munmap(p, self->size - SZ_4K);
	EXPECT_EQ(mapped(self->map, self->size, variant->entry), self->size);
}

#define PM_PRESENT	0x8000000000000000ULL
#define PM_FRAME	0x007fffffffffffffULL

static uint64_t pagemap_entry(int fd, const char *p)
{
	uint64_t entry = 1;

	pread(fd, &entry, sizeof(entry), (uintptr_t)p / SZ_4K * sizeof(entry));
	return entry;
}

/* What is mapped is resident, and has the page frames of the device. */
TEST_F(dax_semantics, mincore_and_pagemap)
{
	uint64_t frame = dax_get(&self->dev, "resource") / SZ_4K;
	size_t i, pages = self->size / SZ_4K;
	int fd = open("/proc/self/pagemap", O_RDONLY);
	char *fresh = dax_map(&self->dev, NULL, self->size, 0);
	unsigned char vec[2] = {};
	size_t wrong = 0;

	ASSERT_GE(fd, 0);
	ASSERT_NE(fresh, MAP_FAILED);
	EXPECT_EQ(mincore(self->mid, 2 * SZ_4K, vec), 0);
	EXPECT_EQ(vec[0] & vec[1] & 1, 1);
	for (i = 0; i < pages; i += i < pages - 3 ? 3 : 1) {
		uint64_t entry = pagemap_entry(fd, self->map + i * SZ_4K);

		wrong += !(entry & PM_PRESENT) || (entry & PM_FRAME) != frame + i;
	}
	EXPECT_EQ(wrong, 0);

	/* What was never touched is not there yet */
	EXPECT_EQ(mincore(fresh, SZ_4K, vec), 0);
	EXPECT_EQ(vec[0] & 1, 0);
	EXPECT_EQ(pagemap_entry(fd, fresh) & (PM_PRESENT | PM_FRAME), 0);
	poke(fresh + self->size / 2, 3);
	EXPECT_EQ(pagemap_entry(fd, fresh) & (PM_PRESENT | PM_FRAME),
		  PM_PRESENT | frame);

	/* Nor is a page that is protected from its own process any less there */
	ASSERT_EQ(mprotect(self->mid, SZ_4K, PROT_READ), 0);
	peek(self->mid);
	EXPECT_EQ(pagemap_entry(fd, self->mid) & (PM_PRESENT | PM_FRAME),
		  PM_PRESENT | (frame + pages / 2));
	close(fd);
	munmap(fresh, self->size);
}

/* Physical addresses are for the administrator alone. */
TEST_F(dax_semantics, pagemap_of_a_user)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		uint64_t entry;
		int fd;

		peek(self->mid);
		if (setresuid(65534, 65534, 65534) ||
		    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0))
			_exit(2);
		fd = open("/proc/self/pagemap", O_RDONLY);
		entry = pagemap_entry(fd, self->mid);
		_exit(fd < 0 || !(entry & PM_PRESENT) || entry & PM_FRAME);
	}
	ASSERT_EQ(waitpid(pid, &status, 0), pid);
	EXPECT_EQ(status, 0);
}

/* As CRIU asks: one piece, and the entry is as it was. */
TEST_F(dax_semantics, pagemap_scan)
{
	struct page_region region[2] = {};
	struct pm_scan_arg scan = {
		.size = sizeof(scan),
		.start = (uintptr_t)self->map,
		.end = (uintptr_t)self->map + self->size,
		.vec = (uintptr_t)region,
		.vec_len = 2,
		.category_mask = PAGE_IS_PRESENT,
		.return_mask = PAGE_IS_PRESENT | PAGE_IS_HUGE | PAGE_IS_FILE,
	};
	int fd = open("/proc/self/pagemap", O_RDONLY);

	ASSERT_GE(fd, 0);
	EXPECT_EQ(ioctl(fd, PAGEMAP_SCAN, &scan), 1);
	EXPECT_EQ(region[0].start, scan.start);
	EXPECT_EQ(region[0].end, scan.end);
	EXPECT_EQ(region[0].categories, PAGE_IS_PRESENT | PAGE_IS_HUGE);
	EXPECT_EQ(scan.walk_end, scan.end);

	/* Part of an entry, and no more than was asked for */
	scan.start += self->size / 2;
	scan.max_pages = 3;
	EXPECT_EQ(ioctl(fd, PAGEMAP_SCAN, &scan), 1);
	EXPECT_EQ(region[0].start, scan.start);
	EXPECT_EQ(region[0].end, scan.start + 3 * SZ_4K);
	EXPECT_EQ(scan.walk_end, region[0].end);

	/* Write protection, which such memory does not have, is for others */
	scan.flags = PM_SCAN_WP_MATCHING;
	scan.category_mask = PAGE_IS_WRITTEN;
	EXPECT_EQ(ioctl(fd, PAGEMAP_SCAN, &scan), 0);
	close(fd);
	EXPECT_EQ(mapped(self->map, self->size, variant->entry), self->size);
	EXPECT_TRUE(intact(self->map, self->size));
}

/* A debugger sees the memory of another process, whatever is mapped of it yet. */
TEST_F(dax_semantics, ptrace)
{
	char *fresh = dax_map(&self->dev, NULL, self->size, 0);
	int status;
	pid_t pid;

	ASSERT_NE(fresh, MAP_FAILED);
	pid = fork();
	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		_exit(peek(fresh + self->size / 2 + 8));
	}
	ASSERT_EQ(waitpid(pid, &status, 0), pid);
	ASSERT_TRUE(WIFSTOPPED(status));
	errno = 0;
	EXPECT_EQ(ptrace(PTRACE_PEEKDATA, pid, fresh + self->size / 2, NULL), 3);
	EXPECT_EQ(errno, 0);
	EXPECT_EQ(ptrace(PTRACE_POKEDATA, pid, fresh + self->size / 2 + 8, 42), 0);
	EXPECT_EQ(peek(self->mid + 8), 42);
	ptrace(PTRACE_CONT, pid, NULL, NULL);
	ASSERT_EQ(waitpid(pid, &status, 0), pid);
	EXPECT_EQ(WEXITSTATUS(status), 42);
	munmap(fresh, self->size);
}

static int mem_errno(ssize_t done, size_t want)
{
	return done < 0 ? errno : done != want ? ERANGE : 0;
}

TEST_F(dax_semantics, proc_mem)
{
	int fd = open("/proc/self/mem", O_RDWR);
	char buf[3 * SZ_4K];

	ASSERT_GE(fd, 0);
	ASSERT_EQ(pread(fd, buf, sizeof(buf), (uintptr_t)self->mid - SZ_4K),
		  sizeof(buf));
	EXPECT_EQ(memcmp(buf, self->mid - SZ_4K, sizeof(buf)), 0);
	buf[SZ_4K] = 8;
	EXPECT_EQ(pwrite(fd, buf, sizeof(buf), (uintptr_t)self->mid - SZ_4K),
		  sizeof(buf));
	EXPECT_EQ(peek(self->mid), 8);
	EXPECT_EQ(peek(self->mid - 1), 2);

	/* as the process itself may, and no further */
	ASSERT_EQ(mprotect(self->mid, SZ_4K, PROT_READ), 0);
	EXPECT_EQ(mem_errno(pwrite(fd, buf, 1, (uintptr_t)self->mid), 1), EIO);
	EXPECT_EQ(mem_errno(pread(fd, buf, 1, (uintptr_t)self->mid), 1), 0);
	ASSERT_EQ(mprotect(self->mid, SZ_4K, PROT_NONE), 0);
	EXPECT_EQ(mem_errno(pread(fd, buf, 1, (uintptr_t)self->mid), 1), EIO);
	EXPECT_TRUE(rest_intact(self->map, self->size));
	close(fd);
}

static int register_buffer(void *p)
{
	struct iovec iov = { .iov_base = p, .iov_len = SZ_4K };
	struct io_uring_params params = {};
	int err, ring = syscall(SYS_io_uring_setup, 1, &params);

	if (ring < 0)
		return errno;
	err = syscall(SYS_io_uring_register, ring, IORING_REGISTER_BUFFERS, &iov, 1)
		? errno : 0;
	close(ring);
	return err;
}

TEST_F(dax_semantics, nothing_to_pin)
{
	const char *disk = getenv("EXTMEM_DISK");
	char *page = mmap(NULL, SZ_4K, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);
	char buf[16], path[256];
	struct iovec local = { .iov_base = buf, .iov_len = sizeof(buf) };
	struct iovec remote = { .iov_base = self->mid, .iov_len = sizeof(buf) };
	int fd;

	EXPECT_EQ(process_vm_readv(getpid(), &local, 1, &remote, 1, 0), -1);
	EXPECT_EQ(errno, EFAULT);
	EXPECT_EQ(process_vm_writev(getpid(), &local, 1, &remote, 1, 0), -1);
	EXPECT_EQ(errno, EFAULT);
	EXPECT_EQ(register_buffer(self->mid), EFAULT);

	ASSERT_NE(disk, NULL);
	snprintf(path, sizeof(path), "%s/direct", disk);
	fd = open(path, O_RDWR | O_CREAT | O_DIRECT, 0600);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(pwrite(fd, page, SZ_4K, 0), SZ_4K);
	EXPECT_EQ(pwrite(fd, self->mid, SZ_4K, 0), -1);
	EXPECT_EQ(errno, EFAULT);
	EXPECT_EQ(pread(fd, self->mid, SZ_4K, 0), -1);
	EXPECT_EQ(errno, EFAULT);
	close(fd);
	unlink(path);
	munmap(page, SZ_4K);
	EXPECT_TRUE(intact(self->map, self->size));
}

static int set_thp(const char *val)
{
	int fd = open(THP, O_WRONLY), rc;

	rc = write(fd, val, strlen(val)) == strlen(val) ? 0 : -errno;
	close(fd);
	return rc;
}

/* Hosts whose other memory is to have small pages only. */
TEST_F(dax_semantics, big_entries_without_thp)
{
	char *p;

	ASSERT_EQ(set_thp("never"), 0);
	p = dax_map(&self->dev, NULL, self->size, 0);
	if (p != MAP_FAILED)
		peek(p);
	EXPECT_EQ(mapped(p, self->size, variant->entry), self->size);
	munmap(p, self->size);
	EXPECT_EQ(set_thp("madvise"), 0);
}

/* Two extents that are one device: in reverse order, with a hole between them. */
FIXTURE(dax_seam)
{
	struct dax_dev dev;
	char *map;
};

FIXTURE_SETUP(dax_seam)
{
	struct dax_dev room;
	unsigned long at;

	ASSERT_EQ(dax_create(&room, dax_region(), 3 * SZ_2M, SZ_2M), 0);
	at = dax_get(&room, "resource");
	ASSERT_EQ(dax_destroy(&room), 0);
	ASSERT_EQ(dax_new(&self->dev, dax_region()), 0);
	ASSERT_EQ(dax_add_range(&self->dev, at + 2 * SZ_2M, SZ_2M), 0);
	ASSERT_EQ(dax_add_range(&self->dev, at, SZ_2M), 0);
	ASSERT_EQ(dax_bind(&self->dev), 0);
	self->map = dax_map(&self->dev, NULL, 2 * SZ_2M, 0);
	ASSERT_NE(self->map, MAP_FAILED);
}

FIXTURE_TEARDOWN(dax_seam)
{
	munmap(self->map, 2 * SZ_2M);
	EXPECT_EQ(dax_destroy(&self->dev), 0);
}

TEST_F(dax_seam, like_contiguous)
{
	char *seam = self->map + SZ_2M, buf[2 * SZ_4K];
	int i, fd = open("/proc/self/mem", O_RDWR);
	char *part;

	ASSERT_GE(fd, 0);
	EXPECT_EQ(dax_get(&self->dev, "size"), 2 * SZ_2M);
	for (i = 0; i < 2 * SZ_2M / SZ_4K; i++)
		*(int *)(self->map + i * SZ_4K) = i;
	for (i = 0; i < 2 * SZ_2M / SZ_4K; i++)
		ASSERT_EQ(*(int *)(self->map + i * SZ_4K), i);
	memset(seam - 8, 0x5a, 16);
	ASSERT_EQ(pread(fd, buf, sizeof(buf), (uintptr_t)seam - SZ_4K), sizeof(buf));
	EXPECT_EQ(memcmp(buf, seam - SZ_4K, sizeof(buf)), 0);
	close(fd);

	part = dax_map(&self->dev, NULL, SZ_2M, SZ_2M);
	ASSERT_NE(part, MAP_FAILED);
	EXPECT_EQ(memcmp(part, seam, SZ_2M), 0);
	munmap(part, SZ_2M);
	ASSERT_EQ(munmap(seam - SZ_2M, SZ_2M), 0);
	EXPECT_EQ(peek(seam), 0x5a);
	self->map = mmap(self->map, SZ_2M, PROT_NONE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

TEST_HARNESS_MAIN
