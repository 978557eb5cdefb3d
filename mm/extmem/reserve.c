// SPDX-License-Identifier: GPL-2.0
/*
 * Early boot: take the memory that extmem= asks for away from the kernel, or
 * recognise what a former kernel took.
 *
 * This runs once nodes are known and before anything looks at memblock to make
 * zones, page structures or resources of it.
 */
#define pr_fmt(fmt) "extmem: " fmt

#include <linux/crash_dump.h>
#include <linux/extmem_arch.h>
#include <linux/init.h>
#include <linux/io.h>
#include <linux/kexec_handover.h>
#include <linux/memblock.h>
#include <linux/nodemask.h>
#include <linux/printk.h>
#include <linux/sort.h>
#include <linux/string.h>

#include <asm/setup.h>

#include "internal.h"
#include "boot.h"

/* What the kernel keeps for itself, whatever is asked for */
#define KEEP_SIZE	SZ_512M
#define MiB(x)		((x) >> 20)

static char asked[COMMAND_LINE_SIZE] __initdata;
static bool asked_any __initdata;
static bool obeyed __initdata;
static struct extmem_boot_pool boot_pools[MAX_NUMNODES] __initdata;

static int __init extmem_setup(char *val)
{
	if (asked_any)
		strlcat(asked, ",", sizeof(asked));
	strlcat(asked, val ?: "", sizeof(asked));
	asked_any = true;
	return 0;
}
early_param("extmem", extmem_setup);

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
 * extmem_boot_obeyed - whether memory could be reserved in this boot.
 *
 * Return: false if there was, or may have been, memory of a former kernel's.
 */
bool __init extmem_boot_obeyed(void)
{
	return obeyed;
}

static u64 __init node_size(int nid)
{
	struct memblock_region *reg;
	u64 size = 0;

	for_each_mem_region(reg)
		if (memblock_get_region_node(reg) == nid)
			size += reg->size;
	return size;
}

/* The free memory that suits @want best: just enough of it, or else the most */
static bool __init find_free(int nid, u64 want, struct range *best)
{
	phys_addr_t start, end;
	u64 best_len = 0;
	u64 i;

	for_each_free_mem_range(i, nid, MEMBLOCK_NONE, &start, &end, NULL) {
		u64 len;

		start = ALIGN(start, SZ_1G);
		end = ALIGN_DOWN(end, EXTMEM_GRANULE);
		if (start >= end)
			continue;
		len = end - start;
		if (best_len < want ? len >= best_len : len >= want && len <= best_len) {
			*best = DEFINE_RANGE(start, end - 1);
			best_len = len;
		}
	}
	return best_len;
}

/* Reserve one range on a node, as high as can be; returns its size */
static u64 __init reserve_range(int nid, u64 want, struct extmem_boot_pool *pool)
{
	struct range range;
	u64 size;

	if (!find_free(nid, want, &range))
		return 0;
	size = min(want, range_len(&range));
	range.start = ALIGN_DOWN(range.end + 1 - size, SZ_1G);
	range.end = range.start + size - 1;
	if (memblock_remove(range.start, size))
		return 0;
	extmem_arch_protect(&range);
	pool->range[pool->nr_ranges++] = range;
	pr_info("node %d: reserved %#llx-%#llx, %llu MiB\n", nid, range.start,
		range.end, MiB(size));
	return size;
}

static int __init cmp_range(const void *a, const void *b)
{
	return cmp_int(((const struct range *)a)->start,
		       ((const struct range *)b)->start);
}

static void __init reserve_node(int nid, u64 want)
{
	struct extmem_boot_pool *pool = &boot_pools[nid];
	u64 left = want, got;

	while (left && pool->nr_ranges < EXTMEM_POOL_RANGES) {
		got = reserve_range(nid, left, pool);
		if (!got)
			break;
		left -= got;
	}
	sort(pool->range, pool->nr_ranges, sizeof(*pool->range), cmp_range, NULL);
	if (left)
		pr_warn("node %d: only %llu of %llu MiB reserved: what else is free does not start on 1 GiB, the rest is in use\n",
			nid, MiB(want - left), MiB(want));
}

static u64 __init spare_size(void)
{
	u64 used = memblock_reserved_size() + KEEP_SIZE;
	u64 size = memblock_phys_mem_size();

	return size > used ? size - used : 0;
}

/* Whether the machine can do what an entry asks for */
static const char * __init check_entry(int nid, u64 size)
{
	if (!node_online(nid))
		return "there is no such node";
	if (boot_pools[nid].asked)
		return "the node was named before";
	if (size > node_size(nid))
		return "the node does not have that much memory";
	if (size > spare_size())
		return "less than 512M would be left to the kernel";
	return NULL;
}

static void __init do_entry(const char *entry)
{
	const char *rule;
	u64 size = 0;
	int nid = 0;

	rule = extmem_parse_entry(entry, &nid, &size);
	if (!rule && obeyed)
		rule = check_entry(nid, size);
	if (rule) {
		pr_err("\"%s\" refused: %s\n", entry, rule);
		return;
	}
	boot_pools[nid].asked = size;
	if (obeyed)
		reserve_node(nid, size);
}

static void __init do_entries(void)
{
	char *rest = asked, *entry;

	while (asked_any && (entry = strsep(&rest, ",")))
		do_entry(entry);
}

static const void * __init early_peek(phys_addr_t pa, size_t bytes)
{
	if (!PAGE_ALIGNED(pa) || !memblock_is_region_memory(pa, bytes))
		return NULL;
	return phys_to_virt(pa);
}

static const struct extmem_map_ops early_ops __initconst = {
	.peek = early_peek,
};

static const char * __init early_pool(const void *rec, void *arg)
{
	const struct extmem_pool_ser *ser = rec;
	unsigned int i;

	if (extmem_pool_fault(ser))
		return NULL;	/* said again, aloud, when the map is adopted */
	for (i = 0; i < ser->nr_ranges; i++) {
		u64 start = ser->ranges[i].start;
		struct range range = DEFINE_RANGE(start, start + ser->ranges[i].size - 1);

		if (extmem_arch_owns(&range))
			extmem_arch_adopted(&range);
	}
	return NULL;
}

/**
 * extmem_handover - find the former kernel's map.
 * @size: bytes that were handed over
 * @peek: how to look at pages now
 *
 * Return: the root page, not checked, or NULL if there is none.
 */
const struct extmem_map_ser * __init
extmem_handover(size_t *size, const void *(*peek)(phys_addr_t pa, size_t bytes))
{
	phys_addr_t pa;

	if (is_kdump_kernel() || kho_retrieve_subtree(EXTMEM_KHO_NODE, &pa, size))
		return NULL;
	return peek(pa, EXTMEM_MAP_PAGE);
}

static bool __init held_any(void)
{
	struct range range;

	return extmem_arch_held(0, &range);
}

/**
 * extmem_reserve - reserve extended memory.
 *
 * A crash kernel has nothing to do with any of it. Where a former kernel left
 * extended memory or handed anything over, extmem= is not obeyed: free memory
 * can't be told from preserved memory yet.
 *
 * Context: early boot, after the nodes are known and before free_area_init().
 */
void __init extmem_reserve(void)
{
	const struct extmem_map_ser *root;
	size_t size;

	if (is_kdump_kernel())
		return;
	root = extmem_handover(&size, early_peek);
	if (root && !extmem_root_fault(root, size))
		extmem_walk_pools(&early_ops, root, early_pool, NULL);
	obeyed = !root && !held_any() && !is_kho_boot();
	if (asked_any && !obeyed)
		pr_info("extmem= is not obeyed, only compared: a former kernel may have left memory in use\n");
	do_entries();
}
