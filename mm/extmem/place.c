// SPDX-License-Identifier: GPL-2.0
/*
 * Early boot: what is known of each node, finding memory on it and taking that
 * out of memblock.
 */
#define pr_fmt(fmt) "extmem: " fmt

#include <linux/extmem_arch.h>
#include <linux/kexec_handover.h>
#include <linux/memblock.h>
#include <linux/nodemask.h>
#include <linux/numa.h>
#include <linux/printk.h>
#include <linux/sort.h>

#include "boot.h"

/* What the kernel keeps for itself, whatever is asked for */
#define KEEP_SIZE	SZ_512M

static struct extmem_boot_pool boot_pools[MAX_NUMNODES] __initdata;

/**
 * extmem_boot_pool - what was reserved on a node.
 * @nid: the node
 *
 * Return: it, without ranges if nothing was.
 */
struct extmem_boot_pool * __init extmem_boot_pool(int nid)
{
	return &boot_pools[nid];
}

/**
 * extmem_node_size - the memory of a node that is this kernel's.
 * @nid: the node
 *
 * Return: bytes, in use or not.
 */
u64 __init extmem_node_size(int nid)
{
	struct memblock_region *reg;
	u64 size = 0;

	for_each_mem_region(reg)
		if (memblock_get_region_node(reg) == nid)
			size += reg->size;
	return size;
}

/**
 * extmem_note_percent - have a percentage compared, not obeyed.
 * @nid: the node
 * @percent: of its memory; a former kernel's pool is part of that
 */
void __init extmem_note_percent(int nid, unsigned int percent)
{
	struct extmem_boot_pool *pool = &boot_pools[nid];

	pool->named = true;
	pool->percent = percent;
	pool->ram = extmem_node_size(nid);
	pool->keep = extmem_keep_share(nid, pool->ram);
}

/**
 * extmem_percent_base - what a percentage of a node's memory is of.
 * @nid: the node
 *
 * Return: bytes: its memory, but for what the command line wants for others.
 */
u64 __init extmem_percent_base(int nid)
{
	u64 size = extmem_node_size(nid);

	return size - extmem_keep_share(nid, size);
}

/**
 * extmem_spare_fault - why the kernel can't do without so much memory.
 * @size: bytes
 *
 * Return: the rule that is broken, or NULL.
 */
const char * __init extmem_spare_fault(u64 size)
{
	u64 used = memblock_reserved_size() + KEEP_SIZE, others = extmem_keep_all();
	u64 all = memblock_phys_mem_size();

	size = ALIGN(size, EXTMEM_SECTION);
	if (used > all || size > all - used)
		return "less than 512M would be left to the kernel";
	if (size > all - used - min(others, all - used))
		return "less than 512M would be left beside what other parameters ask for";
	return NULL;
}

/* Mirrored memory is for the kernel itself, hot-pluggable to be unplugged */
static bool __init extmem_is_for_others(struct memblock_region *reg)
{
	return memblock_is_mirror(reg) ||
	       (movable_node_is_enabled() && memblock_is_hotpluggable(reg));
}

static u64 __init extmem_size_for_others(int nid)
{
	struct memblock_region *reg;
	u64 size = 0;

	for_each_mem_region(reg)
		if (memblock_get_region_node(reg) == nid && extmem_is_for_others(reg))
			size += reg->size;
	return size;
}

/**
 * extmem_node_fault - why a node can't give so much memory.
 * @nid: the node
 * @size: bytes
 *
 * Return: the rule that is broken, or NULL.
 */
const char * __init extmem_node_fault(int nid, u64 size)
{
	u64 all = extmem_node_size(nid), others = extmem_size_for_others(nid);

	if (size > all)
		return "the node does not have that much memory";
	if (size > all - others)
		return "all else of the node is mirrored or hot-pluggable memory";
	if (size > all - others - min(all - others, extmem_keep_node(nid)))
		return "hugetlb_cma= or hugepages= ask for memory of that node, too";
	return NULL;
}

static u64 __init extmem_overlap(const struct range *range, phys_addr_t start, phys_addr_t end)
{
	u64 from = max_t(u64, range->start, start);
	u64 to = min_t(u64, range->end + 1, end);

	return from < to ? to - from : 0;
}

/* How much of a range is memory, of a node or of any */
static u64 __init extmem_memory_in(const struct range *range, int nid)
{
	struct memblock_region *reg;
	u64 bytes = 0;

	for_each_mem_region(reg)
		if (nid == NUMA_NO_NODE || memblock_get_region_node(reg) == nid)
			bytes += extmem_overlap(range, reg->base, reg->base + reg->size);
	return bytes;
}

static u64 __init extmem_free_in(const struct range *range, int nid)
{
	phys_addr_t start, end;
	u64 bytes = 0;
	u64 i;

	for_each_free_mem_range(i, nid, MEMBLOCK_NONE, &start, &end, NULL)
		bytes += extmem_overlap(range, start, end);
	return bytes;
}

/* What is left of the memory section that memory up to @end is in */
static struct range __init extmem_rest_of_section(u64 end)
{
	return (struct range){ end, ALIGN(end, EXTMEM_SECTION) - 1 };
}

/*
 * There are struct pages for whole sections. Where one has RAM in it,
 * pfn_valid() is true for all of the section, and a pool's pages there would
 * be taken for what they are not: so no range ends in the middle of a section
 * that goes on with RAM.
 */
static bool __init extmem_is_edge(u64 end)
{
	struct range rest = extmem_rest_of_section(end);

	return !extmem_memory_in(&rest, NUMA_NO_NODE);
}

static u64 __init extmem_for_others_in(const struct range *range)
{
	struct memblock_region *reg;
	u64 bytes = 0;

	for_each_mem_region(reg)
		if (extmem_is_for_others(reg))
			bytes += extmem_overlap(range, reg->base, reg->base + reg->size);
	return bytes;
}

/* What a pool can have of free memory: from 1 GiB to the end of a section */
static u64 __init extmem_trim_free(phys_addr_t *start, phys_addr_t *end)
{
	struct range range = { *start, *end - 1 };

	if (extmem_for_others_in(&range))
		return 0;
	*start = ALIGN(*start, SZ_1G);
	*end = ALIGN_DOWN(*end, EXTMEM_GRANULE);
	if (!extmem_is_edge(*end))
		*end = ALIGN_DOWN(*end, EXTMEM_SECTION);
	return *start < *end ? *end - *start : 0;
}

/*
 * How well free memory serves a request: best is all that is wanted, and not
 * from below 4 GiB, which some devices and the crash kernel can't do without.
 */
static unsigned int __init extmem_rank_free(u64 start, u64 len, u64 want)
{
	return 2 * (len >= want) + (start >= SZ_4G);
}

/*
 * The free memory that suits @want best, in multiples of @unit: just enough of
 * it, or else the most. Returns its length; @best is as it was if that is 0.
 */
static u64 __init extmem_find_free(int nid, u64 want, u64 unit, struct range *best)
{
	unsigned int best_rank = 0;
	phys_addr_t start, end;
	u64 best_len = 0;
	u64 i;

	for_each_free_mem_range(i, nid, MEMBLOCK_NONE, &start, &end, NULL) {
		u64 len = ALIGN_DOWN(extmem_trim_free(&start, &end), unit);
		unsigned int now = extmem_rank_free(start, len, want);

		if (!len || (best_len && now < best_rank))
			continue;
		if (best_len && now == best_rank &&
		    (len >= want ? len > best_len : len < best_len))
			continue;
		*best = DEFINE_RANGE(start, start + len - 1);
		best_len = len;
		best_rank = now;
	}
	return best_len;
}

/* Put a length among the longest, which are in descending order */
static void __init extmem_keep_longest(u64 *longest, u64 len)
{
	unsigned int i;

	for (i = 0; i < EXTMEM_POOL_RANGES; i++)
		if (len > longest[i])
			swap(len, longest[i]);
}

/**
 * extmem_node_room - the most extmem_place() can take of a node.
 * @nid: the node
 *
 * Return: bytes.
 */
u64 __init extmem_node_room(int nid)
{
	u64 longest[EXTMEM_POOL_RANGES] = {};
	phys_addr_t start, end;
	u64 room = 0;
	u64 i;

	for_each_free_mem_range(i, nid, MEMBLOCK_NONE, &start, &end, NULL)
		extmem_keep_longest(longest, extmem_trim_free(&start, &end));
	for (i = 0; i < EXTMEM_POOL_RANGES; i++)
		room += longest[i];
	return room;
}

static bool __init extmem_is_scratch(const struct range *range)
{
	struct memblock_region *reg;

	for_each_mem_region(reg)
		if (memblock_is_kho_scratch(reg) &&
		    extmem_overlap(range, reg->base, reg->base + reg->size))
			return true;
	return false;
}

/**
 * extmem_keep_rest - keep RAM out of the section that a former kernel's range ends in.
 * @end: address of the first byte behind the range
 *
 * Such kernels let ranges end at any granule. What no one has of the rest of the
 * section is taken away from this kernel, and marked, so that no kernel after it
 * has it either.
 *
 * Return: bytes that were taken away, 0 if there is no RAM, -EBUSY if some of it
 * is in use or preserved, so that the section has struct pages, -ENOSPC if it
 * can't be marked.
 */
s64 __init extmem_keep_rest(u64 end)
{
	struct range rest = extmem_rest_of_section(end);
	u64 size = extmem_memory_in(&rest, NUMA_NO_NODE);

	if (!size)
		return 0;
	if (extmem_free_in(&rest, NUMA_NO_NODE) < size || extmem_is_scratch(&rest) ||
	    kho_preserved_overlap(rest.start, range_len(&rest)))
		return -EBUSY;
	if (!extmem_arch_protect(&rest))
		return -ENOSPC;
	return memblock_remove(rest.start, range_len(&rest)) ?: size;
}

static bool __init extmem_is_reserved(const struct range *range)
{
	unsigned int i;
	int nid;

	for (nid = 0; nid < MAX_NUMNODES; nid++) {
		const struct extmem_boot_pool *pool = extmem_boot_pool(nid);

		for (i = 0; i < pool->nr_ranges; i++)
			if (range_overlaps(&pool->range[i], range))
				return true;
	}
	return false;
}

/*
 * Move the end of a range to where it may be: up, if all memory from there to
 * the end of the section is free, in one piece and of the node; else down.
 */
static void __init extmem_move_edge(int nid, struct range *range)
{
	struct range rest = extmem_rest_of_section(range->end + 1), more;
	u64 size = extmem_memory_in(&rest, NUMA_NO_NODE);

	if (!size)
		return;
	more = (struct range){ rest.start, rest.start + size - 1 };
	if (IS_ALIGNED(size, EXTMEM_GRANULE) && extmem_free_in(&more, nid) == size)
		range->end = more.end;
	else
		range->end = ALIGN_DOWN(range->end + 1, EXTMEM_SECTION) - 1;
}

/**
 * extmem_place_fault - why some memory can't be a pool's.
 * @nid: the pool's node
 * @range: the memory, starting at a multiple of 1 GiB
 *
 * Return: the rule, or NULL if it can.
 */
const char * __init extmem_place_fault(int nid, const struct range *range)
{
	u64 size = range_len(range);
	struct range moved = *range;

	if (extmem_boot_pool(nid)->nr_ranges == EXTMEM_POOL_RANGES)
		return "a node can't have more than 8 ranges";
	if (extmem_is_reserved(range))
		return "an entry before this one took memory there";
	if (extmem_memory_in(range, NUMA_NO_NODE) < size)
		return "the memory at that address is not RAM, or not all of it is";
	if (extmem_memory_in(range, nid) < size)
		return "the memory at that address is not of that node";
	if (extmem_for_others_in(range))
		return "the memory at that address is mirrored, or hot-pluggable";
	if (extmem_free_in(range, nid) < size)
		return "the memory at that address is in use";
	extmem_move_edge(nid, &moved);
	if (moved.end < moved.start)
		return "the memory section it ends in goes on with RAM in use";
	return NULL;
}

static int __init extmem_cmp_range(const void *a, const void *b)
{
	return cmp_int(((const struct range *)a)->start,
		       ((const struct range *)b)->start);
}

/* A range behind another one goes on with it: a pool has few */
static void __init extmem_add_range(struct extmem_boot_pool *pool, const struct range *range)
{
	unsigned int i;

	for (i = 0; i < pool->nr_ranges && !pool->placed; i++) {
		if (pool->range[i].end + 1 != range->start)
			continue;
		pool->range[i].end = range->end;
		return;
	}
	pool->range[pool->nr_ranges++] = *range;
	sort(pool->range, pool->nr_ranges, sizeof(*pool->range), extmem_cmp_range, NULL);
}

static bool __init extmem_take_range(int nid, const struct range *range)
{
	if (!extmem_arch_protect(range)) {
		pr_err("node %d: no room in the tables of memory to mark %#llx-%#llx\n",
		       nid, range->start, range->end);
		return false;
	}
	/* On failure the memory is marked and nobody's, until the next cold boot */
	if (memblock_remove(range->start, range_len(range))) {
		pr_err("node %d: no memory to reserve %#llx-%#llx\n", nid,
		       range->start, range->end);
		return false;
	}
	extmem_add_range(extmem_boot_pool(nid), range);
	pr_info("node %d: reserved %#llx-%#llx, %llu MiB\n", nid, range->start,
		range->end, MiB(range_len(range)));
	return true;
}

static void __init extmem_say_edge(int nid, u64 got, u64 asked)
{
	if (got != asked)
		pr_info("node %d: %llu MiB instead of %llu MiB: a range can't end in a memory section (%llu MiB) that goes on with RAM\n",
			nid, MiB(got), MiB(asked), MiB(EXTMEM_SECTION));
}

/**
 * extmem_place_at - reserve memory at an address.
 * @nid: the node
 * @range: the memory, which extmem_place_fault() has nothing against
 */
void __init extmem_place_at(int nid, const struct range *range)
{
	struct range moved = *range;

	extmem_move_edge(nid, &moved);
	if (extmem_take_range(nid, &moved))
		extmem_say_edge(nid, range_len(&moved), range_len(range));
}

/*
 * Reserve one range on a node, as high as can be; returns its size. Whole
 * gigabytes go before a piece that is longer than any of them, since only they
 * can be mapped as such. All of the free memory that is found is fit to be a
 * range, so the end of a part of it can move up to the next section.
 */
static u64 __init extmem_place_range(int nid, u64 want)
{
	u64 whole = ALIGN_DOWN(want, SZ_1G), size, end;
	struct range best, range;

	size = extmem_find_free(nid, want, EXTMEM_GRANULE, &best);
	if (size < want && whole) {
		u64 len = extmem_find_free(nid, whole, SZ_1G, &best);

		if (len) {
			size = len;
			want = whole;
		}
	}
	if (!size)
		return 0;
	size = min(want, size);
	end = best.end + 1;
	range.start = ALIGN_DOWN(end - size, SZ_1G);
	range.end = min(ALIGN(range.start + size, EXTMEM_SECTION), end) - 1;
	return extmem_take_range(nid, &range) ? range_len(&range) : 0;
}

/* Whole gigabytes of a node's ranges */
static u64 __init extmem_whole_gigs(int nid)
{
	const struct extmem_boot_pool *pool = extmem_boot_pool(nid);
	unsigned int i;
	u64 gigs = 0;

	for (i = 0; i < pool->nr_ranges; i++)
		gigs += range_len(&pool->range[i]) / SZ_1G;
	return gigs;
}

/**
 * extmem_place - reserve memory of a node wherever there is some.
 * @nid: the node, which nothing was reserved on
 * @want: bytes
 */
void __init extmem_place(int nid, u64 want)
{
	u64 had = 0, got;

	while (had < want && extmem_boot_pool(nid)->nr_ranges < EXTMEM_POOL_RANGES) {
		got = extmem_place_range(nid, want - had);
		if (!got)
			break;
		had += got;
	}
	if (had < want)
		pr_warn("node %d: only %llu of %llu MiB reserved: what else is free does not start on 1 GiB or end with a memory section, the rest is in use\n",
			nid, MiB(had), MiB(want));
	else
		extmem_say_edge(nid, had, want);
	if (extmem_whole_gigs(nid) < want / SZ_1G)
		pr_warn("node %d: %llu of %llu gigabytes are whole and can be mapped as such: no more are free in one piece\n",
			nid, extmem_whole_gigs(nid), want / SZ_1G);
}
