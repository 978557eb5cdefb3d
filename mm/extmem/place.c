// SPDX-License-Identifier: GPL-2.0
/*
 * Early boot: what is known of each node, finding memory on it and taking that
 * out of memblock.
 */
#define pr_fmt(fmt) "extmem: " fmt

#include <linux/extmem_arch.h>
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
	boot_pools[nid].named = true;
	boot_pools[nid].percent = percent;
	boot_pools[nid].ram = extmem_node_size(nid);
}

/**
 * extmem_spare_size - what the kernel can do without.
 *
 * Return: bytes; the rest is in use, or kept whatever is asked for.
 */
u64 __init extmem_spare_size(void)
{
	u64 used = memblock_reserved_size() + KEEP_SIZE;
	u64 size = memblock_phys_mem_size();

	return size > used ? size - used : 0;
}

/* What a pool can have of free memory: it starts on 1 GiB and is of granules */
static u64 __init trim(phys_addr_t *start, phys_addr_t *end)
{
	*start = ALIGN(*start, SZ_1G);
	*end = ALIGN_DOWN(*end, EXTMEM_GRANULE);
	return *start < *end ? *end - *start : 0;
}

/* The free memory that suits @want best: just enough of it, or else the most */
static bool __init find_free(int nid, u64 want, struct range *best)
{
	phys_addr_t start, end;
	u64 best_len = 0;
	u64 i;

	for_each_free_mem_range(i, nid, MEMBLOCK_NONE, &start, &end, NULL) {
		u64 len = trim(&start, &end);

		if (!len)
			continue;
		if (best_len < want ? len >= best_len : len >= want && len <= best_len) {
			*best = DEFINE_RANGE(start, end - 1);
			best_len = len;
		}
	}
	return best_len;
}

/* Put a length among the longest, which are in descending order */
static void __init keep_longest(u64 *longest, u64 len)
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
		keep_longest(longest, trim(&start, &end));
	for (i = 0; i < EXTMEM_POOL_RANGES; i++)
		room += longest[i];
	return room;
}

static u64 __init overlap(const struct range *range, phys_addr_t start, phys_addr_t end)
{
	u64 from = max_t(u64, range->start, start);
	u64 to = min_t(u64, range->end + 1, end);

	return from < to ? to - from : 0;
}

/* How much of a range is memory, of a node or of any */
static u64 __init memory_in(const struct range *range, int nid)
{
	struct memblock_region *reg;
	u64 bytes = 0;

	for_each_mem_region(reg)
		if (nid == NUMA_NO_NODE || memblock_get_region_node(reg) == nid)
			bytes += overlap(range, reg->base, reg->base + reg->size);
	return bytes;
}

static u64 __init free_in(const struct range *range, int nid)
{
	phys_addr_t start, end;
	u64 bytes = 0;
	u64 i;

	for_each_free_mem_range(i, nid, MEMBLOCK_NONE, &start, &end, NULL)
		bytes += overlap(range, start, end);
	return bytes;
}

static bool __init is_reserved(const struct range *range)
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

	if (extmem_boot_pool(nid)->nr_ranges == EXTMEM_POOL_RANGES)
		return "a node can't have more than 8 ranges";
	if (is_reserved(range))
		return "an entry before this one took memory there";
	if (memory_in(range, NUMA_NO_NODE) < size)
		return "the memory at that address is not RAM, or not all of it is";
	if (memory_in(range, nid) < size)
		return "the memory at that address is not of that node";
	if (free_in(range, nid) < size)
		return "the memory at that address is in use";
	return NULL;
}

static int __init cmp_range(const void *a, const void *b)
{
	return cmp_int(((const struct range *)a)->start,
		       ((const struct range *)b)->start);
}

static bool __init take(int nid, const struct range *range)
{
	struct extmem_boot_pool *pool = extmem_boot_pool(nid);

	if (memblock_remove(range->start, range_len(range)))
		return false;
	extmem_arch_protect(range);
	pool->range[pool->nr_ranges++] = *range;
	sort(pool->range, pool->nr_ranges, sizeof(*pool->range), cmp_range, NULL);
	pr_info("node %d: reserved %#llx-%#llx, %llu MiB\n", nid, range->start,
		range->end, MiB(range_len(range)));
	return true;
}

/**
 * extmem_place_at - reserve memory at an address.
 * @nid: the node
 * @range: the memory, which extmem_place_fault() has nothing against
 */
void __init extmem_place_at(int nid, const struct range *range)
{
	if (!take(nid, range))
		pr_warn("node %d: no memory to reserve %#llx-%#llx\n", nid,
			range->start, range->end);
}

/* Reserve one range on a node, as high as can be; returns its size */
static u64 __init place_range(int nid, u64 want)
{
	struct range range;
	u64 size;

	if (!find_free(nid, want, &range))
		return 0;
	size = min(want, range_len(&range));
	range.start = ALIGN_DOWN(range.end + 1 - size, SZ_1G);
	range.end = range.start + size - 1;
	return take(nid, &range) ? size : 0;
}

/**
 * extmem_place - reserve memory of a node wherever there is some.
 * @nid: the node, which nothing was reserved on
 * @want: bytes
 *
 * Return: the bytes that were not to be had.
 */
u64 __init extmem_place(int nid, u64 want)
{
	u64 left = want, got;

	while (left && extmem_boot_pool(nid)->nr_ranges < EXTMEM_POOL_RANGES) {
		got = place_range(nid, left);
		if (!got)
			break;
		left -= got;
	}
	if (left)
		pr_warn("node %d: only %llu of %llu MiB reserved: what else is free does not start on 1 GiB, the rest is in use\n",
			nid, MiB(want - left), MiB(want));
	return left;
}
