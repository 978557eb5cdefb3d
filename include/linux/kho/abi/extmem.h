/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_KHO_ABI_EXTMEM_H
#define _LINUX_KHO_ABI_EXTMEM_H

#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/stddef.h>
#include <linux/types.h>

/**
 * DOC: extmem hand-over map
 *
 * What a kernel tells the next one about its extended memory: a tree of
 * KHO-preserved 4 KiB pages whose root is the KHO subtree ``extmem``::
 *
 *   struct extmem_map_ser        the root, one page
 *     pools  -> page -> page ... records of struct extmem_pool_ser
 *     claims -> page -> page ... records of struct extmem_claim_ser,
 *                                struct extmem_more_ser and
 *                                struct extmem_poison_ser
 *   struct extmem_pool_ser
 *     alloc, dirty               bitmaps, physically contiguous
 *
 * The map is kept current by every change; a kexec only *seals* it. It holds
 * physical addresses and integers of fixed width, all little endian, no kernel
 * pointers. Everything that is followed is covered by a checksum that can be
 * verified before it is followed: the root and each page head by a CRC-32C,
 * each record by a CRC-32C of its own, the bitmaps by a sum (see
 * &extmem_pool_ser.alloc_sum) that changes in time proportional to the words
 * changed. kho_block_set is not used for the tables because it follows the
 * links of its pages without looking at them first.
 *
 * Every CRC is the last field of what it covers and is computed, from the seed
 * EXTMEM_CRC_SEED, over all bytes before it.
 *
 * Versions. &extmem_map_ser.compatible changes only when nothing can be read
 * any more. Else features announce themselves by a bit:
 *
 * - unknown bits in *compat* are ignored, and handed on;
 * - unknown bits in *ro_compat*: existing claims live on and may be given up,
 *   but none is made or grown;
 * - unknown bits in *incompat*: the whole map is quarantined.
 */

#define EXTMEM_KHO_NODE		"extmem"
#define EXTMEM_COMPATIBLE	"extmem-v1"

#define EXTMEM_CRC_SEED		0xffffffffu

/** EXTMEM_MAP_PAGE - size of every page of the map, in bytes. */
#define EXTMEM_MAP_PAGE		4096
/** EXTMEM_RECORD - size of every record, in bytes. */
#define EXTMEM_RECORD		256
/** EXTMEM_SER_GRANULE_SHIFT - log2 of the bytes an allocation bit stands for. */
#define EXTMEM_SER_GRANULE_SHIFT	21
/** EXTMEM_SER_DIRTY_SHIFT - log2 of the bytes a dirty bit stands for. */
#define EXTMEM_SER_DIRTY_SHIFT	22
/** EXTMEM_SER_PAGE_SHIFT - log2 of the bytes a bit of a poison record stands for. */
#define EXTMEM_SER_PAGE_SHIFT	12

/** EXTMEM_MAP_POOLS - pools a map has at most. */
#define EXTMEM_MAP_POOLS	1024

/**
 * EXTMEM_COMPAT_RETIRED - a *compat* feature: some page has been retired.
 *
 * See &extmem_poison_ser.retired. Set with the first such page, and for good. A
 * kernel that does not know it lets the memory get another owner.
 */
#define EXTMEM_COMPAT_RETIRED	BIT_ULL(0)

/* Feature words as this kernel knows them. */
#define EXTMEM_COMPAT_KNOWN	EXTMEM_COMPAT_RETIRED
#define EXTMEM_RO_COMPAT_KNOWN	0ULL
#define EXTMEM_INCOMPAT_KNOWN	0ULL

/**
 * struct extmem_map_ser - the root of the map.
 * @compatible: EXTMEM_COMPATIBLE, padded with zeros
 * @header_size: bytes of this structure as its writer knew it, @crc included
 * @record_size: EXTMEM_RECORD
 * @granule_shift: EXTMEM_SER_GRANULE_SHIFT
 * @dirty_shift: EXTMEM_SER_DIRTY_SHIFT
 * @compat: features a reader may ignore
 * @ro_compat: features a reader must know to make or grow claims
 * @incompat: features a reader must know to read on
 * @generation: how many kernels wrote this map, the writer included
 * @sealed: 1 once the writer has stopped changing it for good, else 0: its last
 *          change may be half made, and what that was about fails its checksum
 * @nr_pools: pool records in use, at most EXTMEM_MAP_POOLS
 * @next_id: the id the next claim gets; never goes back
 * @nr_records: records in use in pages of claims, of whatever type
 * @pools: physical address of the first page of pool records
 * @claims: physical address of the first page of claim records, or 0
 * @pool_pages: pages of pool records, each with one in use at least
 * @claim_pages: pages of claim records, likewise
 * @reserved: zero
 * @crc: checksum
 */
struct extmem_map_ser {
	char compatible[16];
	u32 header_size;
	u32 record_size;
	u32 granule_shift;
	u32 dirty_shift;
	u64 compat;
	u64 ro_compat;
	u64 incompat;
	u64 generation;
	u32 sealed;
	u32 nr_pools;
	u64 next_id;
	u64 nr_records;
	u64 pools;
	u64 claims;
	u32 pool_pages;
	u32 claim_pages;
	u8 reserved[12];
	u32 crc;
} __packed;
static_assert(sizeof(struct extmem_map_ser) == 128);
static_assert(offsetof(struct extmem_map_ser, generation) == 56);
static_assert(offsetof(struct extmem_map_ser, claims) == 96);

/* What a page of records holds. */
#define EXTMEM_PAGE_POOLS	0x6c6f6f70u	/* "pool" */
#define EXTMEM_PAGE_CLAIMS	0x6d616c63u	/* "clam" */

/**
 * struct extmem_page_ser - the head of a page of records.
 * @next: physical address of the next page of this table, or 0
 * @self: physical address of this page
 * @type: EXTMEM_PAGE_POOLS or EXTMEM_PAGE_CLAIMS
 * @reserved: zero
 * @crc: checksum of this head
 *
 * EXTMEM_PAGE_RECORDS records follow at offset EXTMEM_RECORD. A record all of
 * whose bytes are zero is free.
 */
struct extmem_page_ser {
	u64 next;
	u64 self;
	u32 type;
	u32 reserved[2];
	u32 crc;
} __packed;
static_assert(sizeof(struct extmem_page_ser) == 32);
#define EXTMEM_PAGE_RECORDS	(EXTMEM_MAP_PAGE / EXTMEM_RECORD - 1)

/**
 * struct extmem_extent_ser - a run of granules.
 * @start: physical address, a multiple of the granule
 * @size: bytes, a multiple of the granule, not 0
 */
struct extmem_extent_ser {
	u64 start;
	u64 size;
} __packed;

/* What a record is. */
#define EXTMEM_REC_FREE		0u
#define EXTMEM_REC_POOL		1u
#define EXTMEM_REC_CLAIM	2u
#define EXTMEM_REC_MORE		3u
#define EXTMEM_REC_POISON	4u

#define EXTMEM_POOL_RANGES	8

/**
 * struct extmem_pool_ser - a pool: the extended memory of one node.
 * @type: EXTMEM_REC_POOL
 * @node: NUMA node
 * @nr_ranges: entries of @ranges in use
 * @reserved0: zero
 * @alloc: physical address of the allocation bitmap: a bit for every granule,
 *         set while it belongs to a claim
 * @dirty: physical address of the dirty bitmap: a bit for every
 *         1 << EXTMEM_SER_DIRTY_SHIFT bytes, set while a free granule in them
 *         may hold a former owner's data
 * @alloc_bytes: bytes of the allocation bitmap, a multiple of 64
 * @dirty_bytes: bytes of the dirty bitmap, half of @alloc_bytes
 * @alloc_sum: over the 64-bit words w[i] of the allocation bitmap, the sum
 *             modulo 2^64 of mix(w[i], i), see extmem_word_sum()
 * @dirty_sum: the same for the dirty bitmap
 * @ranges: the pool's memory by ascending address; starts are multiples of
 *          1 GiB. Bit numbers run through the ranges: the first begins at 0,
 *          each other one 512 bits past the next multiple of 512 after the end
 *          of the one before. Bits that stand for no memory are set in the
 *          allocation bitmap and clear in the dirty one.
 * @reserved: zero
 * @crc: checksum
 */
struct extmem_pool_ser {
	u32 type;
	u32 node;
	u32 nr_ranges;
	u32 reserved0;
	u64 alloc;
	u64 dirty;
	u64 alloc_bytes;
	u64 dirty_bytes;
	u64 alloc_sum;
	u64 dirty_sum;
	struct extmem_extent_ser ranges[EXTMEM_POOL_RANGES];
	u8 reserved[60];
	u32 crc;
} __packed;
static_assert(sizeof(struct extmem_pool_ser) == EXTMEM_RECORD);
static_assert(offsetof(struct extmem_pool_ser, ranges) == 64);

#define EXTMEM_CLAIM_EXTENTS	4
#define EXTMEM_MORE_EXTENTS	14
#define EXTMEM_NAME_SIZE	64

/** EXTMEM_CLAIM_TRANSIENT - the next kernel frees this claim as dirty memory. */
#define EXTMEM_CLAIM_TRANSIENT	BIT(0)
/**
 * EXTMEM_CLAIM_SPARED - as EXTMEM_CLAIM_TRANSIENT, but the next kernel keeps it.
 *
 * Only together with &extmem_claim_ser.preserved, and for as long. The kernel that
 * takes it over puts EXTMEM_CLAIM_TRANSIENT back.
 */
#define EXTMEM_CLAIM_SPARED	BIT(1)

/**
 * struct extmem_claim_ser - a claim and its first extents.
 * @type: EXTMEM_REC_CLAIM
 * @kind: its owner, enum extmem_kind
 * @id: unique among all claims this map ever had
 * @node: NUMA node of its pool
 * @nr_extents: all its extents, here and in continuation records
 * @size: sum of their sizes in bytes
 * @uuid: given at creation, never changes
 * @data: words of its owner
 * @name: unique among all claims, padded with zeros; all zero for none. The
 *        rules are in mm/extmem/attributes.c
 * @extents: the first EXTMEM_CLAIM_EXTENTS extents, in the owner's order
 * @flags: EXTMEM_CLAIM_*
 * @uid: who owns what user space sees of it, in the initial user namespace
 * @gid: the group that does
 * @mode: its permissions, 0 to 0777
 * @preserved: 0, or the generation of the kernel that has it in a live update
 *             session for the next one. A reader whose former kernel it is keeps
 *             the claim as it is until that session is finished; any reader
 *             clears it
 * @reserved: zero
 * @crc: checksum
 */
struct extmem_claim_ser {
	u32 type;
	u32 kind;
	u64 id;
	u32 node;
	u32 nr_extents;
	u64 size;
	u8 uuid[16];
	u64 data[4];
	char name[EXTMEM_NAME_SIZE];
	struct extmem_extent_ser extents[EXTMEM_CLAIM_EXTENTS];
	u32 flags;
	u32 uid;
	u32 gid;
	u32 mode;
	u64 preserved;
	u8 reserved[20];
	u32 crc;
} __packed;
static_assert(sizeof(struct extmem_claim_ser) == EXTMEM_RECORD);
static_assert(offsetof(struct extmem_claim_ser, data) == 48);
static_assert(offsetof(struct extmem_claim_ser, name) == 80);
static_assert(offsetof(struct extmem_claim_ser, extents) == 144);
static_assert(offsetof(struct extmem_claim_ser, mode) == 220);
static_assert(offsetof(struct extmem_claim_ser, preserved) == 224);

/* The words of a claim of EXTMEM_KIND_DAX, extmem_claim_ser.data. */
#define EXTMEM_DAX_ID		0	/* M of /dev/daxN.M */
#define EXTMEM_DAX_ALIGN	1	/* its "align", in bytes */
#define EXTMEM_DAX_FORM		2	/* enum extmem_dax_form, EXTMEM_DAX_DIRTY */

/**
 * enum extmem_dax_form - what the next kernel is to make of a dax device.
 * @EXTMEM_DAX_PFNS: no struct pages
 * @EXTMEM_DAX_PAGES: struct pages, made anew; a kernel that does not know how
 *                    may do without, the contents are the same
 *
 * A claim in a form that a kernel does not know stays without a device there.
 */
enum extmem_dax_form {
	EXTMEM_DAX_PFNS = 0,
	EXTMEM_DAX_PAGES = 1,
};

/**
 * EXTMEM_DAX_DIRTY - a bit beside the form: whoever has the claim has never seen
 * the bytes that its memory holds.
 *
 * It is, or has been, system RAM. It has to be cleared before anyone gets access.
 */
#define EXTMEM_DAX_DIRTY	BIT(1)

/**
 * struct extmem_more_ser - further extents of a claim.
 * @type: EXTMEM_REC_MORE
 * @first: which of the claim's extents comes first here: EXTMEM_CLAIM_EXTENTS
 *         plus a multiple of EXTMEM_MORE_EXTENTS
 * @id: id of the claim
 * @extents: the extents
 * @reserved: zero
 * @crc: checksum
 */
struct extmem_more_ser {
	u32 type;
	u32 first;
	u64 id;
	struct extmem_extent_ser extents[EXTMEM_MORE_EXTENTS];
	u8 reserved[12];
	u32 crc;
} __packed;
static_assert(sizeof(struct extmem_more_ser) == EXTMEM_RECORD);

#define EXTMEM_POISON_PAGES	512

/**
 * struct extmem_poison_ser - the bad and the retired pages of a granule.
 * @type: EXTMEM_REC_POISON
 * @node: NUMA node of its pool
 * @start: physical address of the granule
 * @bad: a bit for each 4 KiB of it, set for those that have had a memory error
 *       and must never be used again. Bit n is bit n % 64 of word n / 64.
 * @retired: likewise, set for those that are about to fail and must not get
 *           another owner; zero in maps without EXTMEM_COMPAT_RETIRED
 * @reserved: zero
 * @crc: checksum
 *
 * At least one bit of @bad or @retired is set. A granule has one record at most,
 * whoever has the granule: a claim, which may use all pages that are not bad, or
 * the quarantine (EXTMEM_REASON_POISON, EXTMEM_REASON_RETIRED). It is never free.
 */
struct extmem_poison_ser {
	u32 type;
	u32 node;
	u64 start;
	u64 bad[EXTMEM_POISON_PAGES / 64];
	u64 retired[EXTMEM_POISON_PAGES / 64];
	u8 reserved[108];
	u32 crc;
} __packed;
static_assert(sizeof(struct extmem_poison_ser) == EXTMEM_RECORD);
static_assert(offsetof(struct extmem_poison_ser, bad) == 16);
static_assert(offsetof(struct extmem_poison_ser, retired) == 80);
static_assert(EXTMEM_POISON_PAGES << EXTMEM_SER_PAGE_SHIFT == 1 << EXTMEM_SER_GRANULE_SHIFT);

/*
 * Kinds of claim whose owner is extmem itself. EXTMEM_KIND_QUARANTINE keeps
 * memory out of everyone's hands; data[0] says why.
 */
#define EXTMEM_KIND_QUARANTINE	0x71u

/**
 * enum extmem_reason - why memory is in quarantine.
 * @EXTMEM_REASON_NONE: it is not
 * @EXTMEM_REASON_ORPHAN: allocated, but no sound claim covers it
 * @EXTMEM_REASON_BOUNDS: a claim on it reaches outside its pool
 * @EXTMEM_REASON_OVERLAP: more than one claim covers it
 * @EXTMEM_REASON_EXTENTS: its claim's list of extents is not sound
 * @EXTMEM_REASON_BITMAP: the allocation bitmap is damaged, so free memory may
 *                        be somebody's
 * @EXTMEM_REASON_FREE: a claim covers it, the allocation bitmap says free
 * @EXTMEM_REASON_IDENTITY: its claim's type, kind or id can't be, or is another's
 * @EXTMEM_REASON_POISON: it has had a memory error
 * @EXTMEM_REASON_ELSEWHERE: somebody else had it in use, in some kernel
 * @EXTMEM_REASON_RETIRED: it is about to fail, see &extmem_poison_ser.retired
 */
enum extmem_reason {
	EXTMEM_REASON_NONE = 0,
	EXTMEM_REASON_ORPHAN = 1,
	EXTMEM_REASON_BOUNDS = 2,
	EXTMEM_REASON_OVERLAP = 3,
	EXTMEM_REASON_EXTENTS = 4,
	EXTMEM_REASON_BITMAP = 5,
	EXTMEM_REASON_FREE = 6,
	EXTMEM_REASON_IDENTITY = 7,
	EXTMEM_REASON_POISON = 8,
	EXTMEM_REASON_ELSEWHERE = 9,
	EXTMEM_REASON_RETIRED = 10,
};

/**
 * extmem_word_sum - a bitmap word's share of the bitmap's sum.
 * @word: the word
 * @index: its place in the bitmap
 *
 * For a given @index different words have different shares, so a change of any
 * single word is always seen, and of several but for one case in 2^64.
 *
 * Return: the share.
 */
static inline u64 extmem_word_sum(u64 word, u64 index)
{
	u64 x = word ^ (index * 0x9e3779b97f4a7c15ULL);

	x = (x ^ (x >> 32)) * 0xd6e8feb86659fd93ULL;
	return x ^ (x >> 32);
}

#endif /* _LINUX_KHO_ABI_EXTMEM_H */
