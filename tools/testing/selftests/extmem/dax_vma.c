// SPDX-License-Identifier: GPL-2.0
/*
 * What processes do with a mapping: fork, protect, unmap in part, move; with
 * entries of each size. The pool needs two free aligned gigabytes.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "dax_dev.h"
#include "page_tables.h"

FIXTURE(dax_vma)
{
	struct dax_dev dev;
	char *map;
	size_t half;
};

FIXTURE_VARIANT(dax_vma)
{
	size_t align;
	size_t size;
};

FIXTURE_VARIANT_ADD(dax_vma, entries_4k) {
	.align = SZ_4K,
	.size = 16 * SZ_4K,
};

FIXTURE_VARIANT_ADD(dax_vma, entries_2m) {
	.align = SZ_2M,
	.size = 4 * SZ_2M,
};

FIXTURE_VARIANT_ADD(dax_vma, entries_1g) {
	.align = SZ_1G,
	.size = 2 * SZ_1G,
};

/* A small device gets 2 MiB, of which the mapping takes a part. */
FIXTURE_SETUP(dax_vma)
{
	size_t size = variant->size < SZ_2M ? SZ_2M : variant->size;

	ASSERT_EQ(dax_create(&self->dev, dax_region(), size, variant->align), 0);
	self->half = variant->size / 2;
	self->map = dax_map(&self->dev, NULL, variant->size, 0);
	ASSERT_NE(self->map, MAP_FAILED);
	self->map[0] = 1;
	self->map[self->half] = 2;
	self->map[variant->size - 1] = 3;
}

FIXTURE_TEARDOWN(dax_vma)
{
	munmap(self->map, variant->size);
	EXPECT_EQ(dax_destroy(&self->dev), 0);
}

static bool intact(const char *p, size_t size)
{
	return peek(p) == 1 && peek(p + size / 2) == 2 &&
	       peek(p + size - 1) == 3;
}

static size_t mapped(const void *p, size_t size, size_t align)
{
	struct page_tables pt;

	if (page_tables_read(&pt, p, size))
		return -1;
	return align == SZ_1G ? pt.pud : align == SZ_2M ? pt.pmd : pt.pte;
}

static sigjmp_buf fault_env;
static int fault_signal;

static void on_fault(int sig)
{
	fault_signal = sig;
	siglongjmp(fault_env, 1);
}

/* The signal that writing a byte raises, 0 if none. */
static int write_signal(char *p, char val)
{
	struct sigaction act = { .sa_handler = on_fault }, segv, bus;

	fault_signal = 0;
	sigaction(SIGSEGV, &act, &segv);
	sigaction(SIGBUS, &act, &bus);
	if (!sigsetjmp(fault_env, 1))
		poke(p, val);
	sigaction(SIGSEGV, &segv, NULL);
	sigaction(SIGBUS, &bus, NULL);
	return fault_signal;
}

TEST_F(dax_vma, fork_shares)
{
	int status;
	pid_t child = fork();

	if (!child) {
		self->map[self->half] = 9;
		_exit(intact(self->map, variant->size) ? 1 : 0);
	}
	ASSERT_EQ(waitpid(child, &status, 0), child);
	EXPECT_EQ(status, 0);
	EXPECT_EQ(peek(self->map + self->half), 9);
}

TEST_F(dax_vma, protect_and_back)
{
	ASSERT_EQ(mprotect(self->map, variant->size, PROT_READ), 0);
	EXPECT_EQ(write_signal(self->map, 7), SIGSEGV);
	EXPECT_TRUE(intact(self->map, variant->size));
	ASSERT_EQ(mprotect(self->map, variant->size, PROT_NONE), 0);
	EXPECT_EQ(write_signal(self->map, 7), SIGSEGV);
	ASSERT_EQ(mprotect(self->map, variant->size, PROT_READ | PROT_WRITE), 0);
	EXPECT_TRUE(intact(self->map, variant->size));
	EXPECT_EQ(write_signal(self->map, 1), 0);
	EXPECT_TRUE(intact(self->map, variant->size));
}

TEST_F(dax_vma, protect_a_half)
{
	ASSERT_EQ(mprotect(self->map, self->half, PROT_READ), 0);
	EXPECT_EQ(write_signal(self->map, 7), SIGSEGV);
	EXPECT_EQ(write_signal(self->map + self->half, 2), 0);
	EXPECT_TRUE(intact(self->map, variant->size));
	ASSERT_EQ(mprotect(self->map, self->half, PROT_READ | PROT_WRITE), 0);
	EXPECT_EQ(write_signal(self->map, 1), 0);
	EXPECT_TRUE(intact(self->map, variant->size));
}

/* The rest keeps its bytes and its entries; the hole is one. */
TEST_F(dax_vma, unmap_a_half)
{
	size_t before = mapped(self->map + self->half, self->half, variant->align);

	ASSERT_EQ(munmap(self->map, self->half), 0);
	EXPECT_EQ(write_signal(self->map, 7), SIGSEGV);
	EXPECT_EQ(mapped(self->map + self->half, self->half, variant->align),
		  before);
	EXPECT_EQ(peek(self->map + self->half), 2);
	EXPECT_EQ(peek(self->map + variant->size - 1), 3);
}

/* No piece may be smaller than the device's align. */
TEST_F(dax_vma, misaligned_split_is_refused)
{
	size_t off = variant->align > SZ_2M ? SZ_2M : SZ_4K;

	if (variant->align == SZ_4K)
		return;
	EXPECT_EQ(munmap(self->map + off, self->half), -1);
	EXPECT_EQ(errno, EINVAL);
	EXPECT_EQ(mprotect(self->map, off, PROT_READ), -1);
	EXPECT_EQ(errno, EINVAL);
	EXPECT_TRUE(intact(self->map, variant->size));
}

/* Address space of twice the size, aligned so that entries fit, plus @skew. */
static char *find_hole(size_t size, size_t align, size_t skew)
{
	size_t len = size + 2 * SZ_1G;
	char *p = mmap(NULL, len, PROT_NONE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return p;
	munmap(p, len);
	return (char *)(((uintptr_t)p + align - 1) & ~(align - 1)) + skew;
}

TEST_F(dax_vma, move)
{
	size_t before = mapped(self->map, variant->size, variant->align);
	char *to = find_hole(variant->size, SZ_1G, 0);
	char *old = self->map;

	/* as the source lies within its gigabyte, so that entries move whole */
	to += (uintptr_t)old % SZ_1G;
	self->map = mremap(old, variant->size, variant->size,
			   MREMAP_MAYMOVE | MREMAP_FIXED, to);
	ASSERT_EQ(self->map, to);
	EXPECT_EQ(mapped(to, variant->size, variant->align), before);
	EXPECT_TRUE(intact(to, variant->size));
	EXPECT_EQ(write_signal(old, 7), SIGSEGV);
	EXPECT_EQ(write_signal(old + self->half, 7), SIGSEGV);
	EXPECT_TRUE(intact(to, variant->size));
}

/* To where the entries do not fit: they are made anew, and smaller. */
TEST_F(dax_vma, move_off_its_alignment)
{
	char *old = self->map, *to = find_hole(variant->size, SZ_1G,
			variant->align > SZ_4K ? SZ_4K : SZ_2M + SZ_4K);

	self->map = mremap(old, variant->size, variant->size,
			   MREMAP_MAYMOVE | MREMAP_FIXED, to);
	ASSERT_EQ(self->map, to);
	EXPECT_EQ(write_signal(old, 7), SIGSEGV);
	EXPECT_EQ(write_signal(old + self->half, 7), SIGSEGV);
	EXPECT_TRUE(intact(to, variant->size));
	EXPECT_EQ(write_signal(to, 1), 0);
	EXPECT_TRUE(intact(to, variant->size));
}

TEST_F(dax_vma, expand_is_refused)
{
	EXPECT_EQ(mremap(self->map, variant->size, 2 * variant->size,
			 MREMAP_MAYMOVE), MAP_FAILED);
	EXPECT_EQ(errno, EFAULT);
	EXPECT_EQ(mremap(self->map, 0, variant->size, MREMAP_MAYMOVE),
		  MAP_FAILED);
	EXPECT_TRUE(intact(self->map, variant->size));
}

TEST_F(dax_vma, shrink)
{
	ASSERT_EQ(mremap(self->map, variant->size, self->half, 0), self->map);
	EXPECT_EQ(peek(self->map), 1);
	EXPECT_EQ(write_signal(self->map + self->half, 7), SIGSEGV);
}

TEST_HARNESS_MAIN
