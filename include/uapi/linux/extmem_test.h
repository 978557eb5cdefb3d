/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
#ifndef _UAPI_LINUX_EXTMEM_TEST_H
#define _UAPI_LINUX_EXTMEM_TEST_H

#include <linux/ioctl.h>
#include <linux/types.h>

/*
 * /dev/extmem_test (CONFIG_EXTMEM_TEST): raw claims on pools of extended memory, for
 * tests and fuzzers. It is no stable interface. Sizes, offsets and addresses are in
 * bytes.
 *
 * A claim made here is of a kind of its own, and only such claims are seen here. It
 * outlives the file it was made through, and the kernel; it ends by
 * EXTMEM_TEST_FREE. Its number, the id, is never given twice.
 *
 * An ioctl that fails changes nothing.
 */

#define EXTMEM_TEST_WORDS	4
#define EXTMEM_TEST_NAME	64
#define EXTMEM_TEST_ANYWHERE	(~0ULL)

/**
 * struct extmem_test_make - a new claim.
 * @node: of which pool
 * @flags: 0
 * @start: the physical address it must have, or EXTMEM_TEST_ANYWHERE
 * @size: how much
 * @align: of its extents: 2 MiB or 1 GiB
 * @word: words of its owner's
 * @id: set to its id
 */
struct extmem_test_make {
	__u32 node;
	__u32 flags;
	__u64 start;
	__u64 size;
	__u64 align;
	__u64 word[EXTMEM_TEST_WORDS];
	__u64 id;
};

/**
 * struct extmem_test_grow - more memory for a claim.
 * @id: the claim
 * @start: the physical address of the new memory, or EXTMEM_TEST_ANYWHERE
 * @size: how much
 * @align: 2 MiB or 1 GiB
 */
struct extmem_test_grow {
	__u64 id;
	__u64 start;
	__u64 size;
	__u64 align;
};

/**
 * struct extmem_test_cut - a claim's end comes off.
 * @id: the claim
 * @size: what is left of it
 * @tail: EXTMEM_TEST_SPLIT sets it to the id of the claim that has the rest
 */
struct extmem_test_cut {
	__u64 id;
	__u64 size;
	__u64 tail;
};

/**
 * struct extmem_test_name - a claim's name.
 * @id: the claim
 * @name: its name, or the empty string; with a zero at the end
 */
struct extmem_test_name {
	__u64 id;
	char name[EXTMEM_TEST_NAME];
};

/**
 * struct extmem_test_set - something else that is changed of a claim.
 * @id: the claim
 * @which: for EXTMEM_TEST_WORD the number of the word, else 0
 * @value: the word; or 0 or 1
 */
struct extmem_test_set {
	__u64 id;
	__u64 which;
	__u64 value;
};

/* Flags of a claim */
#define EXTMEM_TEST_PERSISTS	(1U << 0)	/* the next kernel is to have it */
#define EXTMEM_TEST_BUSY	(1U << 1)	/* it has references */
#define EXTMEM_TEST_PRESERVED	(1U << 2)	/* promised to the next kernel */
#define EXTMEM_TEST_DUE		(1U << 3)	/* promised by the former kernel */

/**
 * struct extmem_test_info - a claim.
 * @id: EXTMEM_TEST_NEXT looks for the lowest id above this one, and sets it
 * @node: of which pool it is
 * @flags: EXTMEM_TEST_PERSISTS and so on
 * @size: how much it has
 * @nr_extents: in how many pieces
 * @word: words of its owner's
 * @uuid: given when it was made
 * @name: its name, or the empty string
 */
struct extmem_test_info {
	__u64 id;
	__u32 node;
	__u32 flags;
	__u64 size;
	__u64 nr_extents;
	__u64 word[EXTMEM_TEST_WORDS];
	__u8 uuid[16];
	char name[EXTMEM_TEST_NAME];
};

/**
 * struct extmem_test_extent - a piece of a claim.
 * @id: the claim
 * @index: which piece, from 0 on
 * @start: set to its physical address
 * @size: set to its size
 */
struct extmem_test_extent {
	__u64 id;
	__u64 index;
	__u64 start;
	__u64 size;
};

/**
 * struct extmem_test_counters - what is counted of a pool, or of all.
 * @node: the pool
 * @nr_ranges: its ranges
 * @start: the physical address of its first byte
 * @end: that of its last
 * @total: its size
 * @free: free memory, dirty or not
 * @dirty: free memory that may hold a former owner's bytes; whole 4 MiB count
 * @quarantined: memory out of everyone's hands
 * @poisoned: bad pages, in bytes
 * @claims: claims of all kinds but those of the quarantine
 * @references: on claims of this kind
 * @map_bytes: memory the hand-over map takes, of all pools
 * @records: claim records in it
 * @generation: how many kernels have had it
 */
struct extmem_test_counters {
	__u32 node;
	__u32 nr_ranges;
	__u64 start;
	__u64 end;
	__u64 total;
	__u64 free;
	__u64 dirty;
	__u64 quarantined;
	__u64 poisoned;
	__u64 claims;
	__u64 references;
	__u64 map_bytes;
	__u64 records;
	__u64 generation;
};

#define EXTMEM_TEST_TYPE	0xed

#define EXTMEM_TEST_MAKE	_IOWR(EXTMEM_TEST_TYPE, 0, struct extmem_test_make)
#define EXTMEM_TEST_GROW	_IOW(EXTMEM_TEST_TYPE, 1, struct extmem_test_grow)
#define EXTMEM_TEST_SHRINK	_IOW(EXTMEM_TEST_TYPE, 2, struct extmem_test_cut)
#define EXTMEM_TEST_SPLIT	_IOWR(EXTMEM_TEST_TYPE, 3, struct extmem_test_cut)
#define EXTMEM_TEST_FREE	_IOW(EXTMEM_TEST_TYPE, 4, __u64)
#define EXTMEM_TEST_SET_NAME	_IOW(EXTMEM_TEST_TYPE, 5, struct extmem_test_name)
#define EXTMEM_TEST_WORD	_IOW(EXTMEM_TEST_TYPE, 6, struct extmem_test_set)
#define EXTMEM_TEST_PERSIST	_IOW(EXTMEM_TEST_TYPE, 7, struct extmem_test_set)
#define EXTMEM_TEST_PRESERVE	_IOW(EXTMEM_TEST_TYPE, 8, struct extmem_test_set)
#define EXTMEM_TEST_FINISH	_IOW(EXTMEM_TEST_TYPE, 9, __u64)
/* The file takes a reference on a claim; mmap() is of that claim. 0: on none */
#define EXTMEM_TEST_HOLD	_IOW(EXTMEM_TEST_TYPE, 10, __u64)
/* Acts on a memory error in the page at this physical address */
#define EXTMEM_TEST_POISON	_IOW(EXTMEM_TEST_TYPE, 11, __u64)
#define EXTMEM_TEST_NEXT	_IOWR(EXTMEM_TEST_TYPE, 12, struct extmem_test_info)
#define EXTMEM_TEST_EXTENT	_IOWR(EXTMEM_TEST_TYPE, 13, struct extmem_test_extent)
#define EXTMEM_TEST_COUNTERS	_IOWR(EXTMEM_TEST_TYPE, 14, struct extmem_test_counters)

#endif /* _UAPI_LINUX_EXTMEM_TEST_H */
