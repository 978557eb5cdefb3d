// SPDX-License-Identifier: GPL-2.0
/*
 * What extmem= asks for: take that memory away from the kernel, or recognise what
 * a former kernel took.
 *
 * This runs once nodes are known and before anything looks at memblock to make
 * zones, page structures or resources of it.
 *
 * After a kexec the pools are what they were, whatever the parameter says. Who
 * says something else there is to know that it had no effect: so what it asks for
 * is compared with the pools, once there are any.
 */
#define pr_fmt(fmt) "extmem: " fmt

#include <linux/crash_dump.h>
#include <linux/extmem_arch.h>
#include <linux/init.h>
#include <linux/io.h>
#include <linux/kexec_handover.h>
#include <linux/memblock.h>
#include <linux/minmax.h>
#include <linux/nodemask.h>
#include <linux/numa.h>
#include <linux/printk.h>
#include <linux/string.h>

#include <asm/setup.h>

#include "boot.h"

static char asked[COMMAND_LINE_SIZE] __initdata;
static bool asked_any __initdata;
static bool obeyed __initdata;

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
 * extmem_boot_obeyed - whether memory could be reserved in this boot.
 *
 * Return: false if there was, or may have been, memory of a former kernel's.
 */
bool __init extmem_boot_obeyed(void)
{
	return obeyed;
}

/* Whether the machine can do what an entry asks of a node */
static const char * __init extmem_reserve_check(const struct extmem_ask *ask, u64 size)
{
	struct range range = DEFINE_RANGE(ask->addr, ask->addr + size - 1);
	const char *rule = NULL;

	if (!node_online(ask->nid))
		return "there is no such node";
	if (!size)
		return "that is less than 128M";
	if (ask->placed)
		rule = extmem_place_fault(ask->nid, &range);
	else
		rule = extmem_node_fault(ask->nid, size);
	return rule ?: extmem_spare_fault(size);
}

static void __init extmem_reserve_node(const struct extmem_ask *ask, u64 size)
{
	struct range range = DEFINE_RANGE(ask->addr, ask->addr + size - 1);

	if (ask->placed)
		extmem_place_at(ask->nid, &range);
	else
		extmem_place(ask->nid, size);
}

static const char * __init extmem_reserve_ask(const struct extmem_ask *ask)
{
	struct extmem_boot_pool *pool = extmem_boot_pool(ask->nid);
	u64 size = ask->size;
	const char *rule;

	if (pool->named && !(pool->placed && ask->placed))
		return "the node was named before";
	if (!obeyed && ask->percent) {
		extmem_note_percent(ask->nid, ask->percent);
		return NULL;
	}
	if (ask->percent)
		size = extmem_percent(extmem_percent_base(ask->nid), ask->percent);
	rule = obeyed ? extmem_reserve_check(ask, size) : NULL;
	if (rule)
		return rule;
	pool->named = true;
	pool->placed = ask->placed;
	pool->asked += size;
	pool->pad += ALIGN(size, EXTMEM_SECTION) - size;
	if (obeyed)
		extmem_reserve_node(ask, size);
	return NULL;
}

static void __init extmem_reserve_entry(char *entry)
{
	struct extmem_ask ask;
	const char *rule;

	rule = extmem_parse_entry(entry, &ask);
	if (!rule && ask.nid != NUMA_NO_NODE)
		rule = extmem_reserve_ask(&ask);
	else if (!rule)
		rule = extmem_spread_ask(entry, &ask);
	if (rule)
		extmem_refuse(entry, rule);
}

static void __init extmem_reserve_entries(void)
{
	char *rest = asked, *entry;

	while (asked_any && (entry = strsep(&rest, ",")))
		extmem_reserve_entry(entry);
	if (obeyed)
		extmem_spread_reserve();
	else
		extmem_spread_note();
}

static const void * __init extmem_early_peek(phys_addr_t pa, size_t bytes)
{
	if (!PAGE_ALIGNED(pa) || !memblock_is_region_memory(pa, bytes))
		return NULL;
	return phys_to_virt(pa);
}

static const struct extmem_map_ops extmem_early_ops __initconst = {
	.peek = extmem_early_peek,
};

static void __init extmem_early_range(u32 nid, const struct range *range)
{
	s64 rest;

	if (!extmem_arch_owns(range)) {
		pr_err("node %u: %#llx-%#llx, %llu MiB of a pool of the previous kernel are lost: they are not marked as its\n",
		       nid, range->start, range->end, MiB(range_len(range)));
		return;
	}
	extmem_arch_adopted(range);
	rest = extmem_keep_rest(range->end + 1);
	if (rest > 0)
		pr_warn("node %u: %llu MiB behind %#llx are kept from everyone: the pool before them ends in the same memory section\n",
			nid, MiB(rest), range->end);
	else if (rest < 0)
		pr_err("node %u: RAM behind %#llx is in use, in the memory section that the pool before it ends in: move what is in the pool elsewhere and boot cold\n",
		       nid, range->end);
}

static const char * __init extmem_early_pool(const void *rec, void *arg)
{
	const struct extmem_pool_ser *ser = rec;
	unsigned int i;

	if (extmem_pool_fault(ser))
		return NULL;	/* said again, aloud, when the map is adopted */
	for (i = 0; i < ser->nr_ranges; i++) {
		u64 start = ser->ranges[i].start;
		struct range range = DEFINE_RANGE(start, start + ser->ranges[i].size - 1);

		extmem_early_range(ser->node, &range);
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

static bool __init extmem_marked_any(void)
{
	struct range range;

	return extmem_arch_marked(0, &range);
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
	struct range doubtful;
	size_t size;

	if (is_kdump_kernel())
		return;
	root = extmem_handover(&size, extmem_early_peek);
	if (root && !extmem_root_fault(root, size))
		extmem_walk_pools(&extmem_early_ops, root, extmem_early_pool, NULL);
	extmem_keep_init();
	if (asked_any && !extmem_marked_any() && extmem_arch_doubtful(&doubtful)) {
		pr_warn("%#llx-%#llx is reserved, by firmware or by a kernel before a kexec_load(): it stays so, and extmem= is not obeyed before a cold boot\n",
			doubtful.start, doubtful.end);
		return;
	}
	obeyed = !root && !extmem_marked_any() && !is_kho_boot();
	if (asked_any && !obeyed)
		pr_info("extmem= is not obeyed, only compared: a former kernel may have left memory in use\n");
	extmem_reserve_entries();
}

static u64 __init extmem_compare_size(struct extmem_map *map, int nid)
{
	struct extmem_pool *pool = extmem_pool_find(map, nid);

	return pool ? extmem_pool_size(pool) + pool->stray : 0;
}

/*
 * The memory a percentage is of can differ by what firmware took in each boot,
 * and the end of a range is moved up to that of a memory section.
 */
static bool __init extmem_compare_differs(const struct extmem_boot_pool *boot, u64 asked, u64 size)
{
	u64 slack = boot->percent ? (boot->ram + size) / 100 + EXTMEM_SECTION : 0;

	if (size > asked)
		slack = max(slack, boot->pad);
	return max(asked, size) - min(asked, size) > slack;
}

/**
 * extmem_compare - compare the pools with extmem=, and log the differences.
 * @map: the map, not published yet
 */
void __init extmem_compare(struct extmem_map *map)
{
	u64 spread = extmem_spread_bytes(), rest = 0;
	int nid;

	for (nid = 0; nid < MAX_NUMNODES; nid++) {
		const struct extmem_boot_pool *boot = extmem_boot_pool(nid);
		u64 asked = boot->asked, size = extmem_compare_size(map, nid);

		if (spread && !boot->named) {
			rest += size;
			continue;
		}
		if (boot->percent)
			asked = extmem_percent(boot->ram - boot->keep + size,
					       boot->percent);
		if (extmem_compare_differs(boot, asked, size))
			pr_info("node %d: extmem= says %llu MiB, the pool has %llu MiB\n",
				nid, MiB(asked), MiB(size));
	}
	if (rest < spread || rest > ALIGN(spread, EXTMEM_SECTION))
		pr_info("extmem= says %llu MiB over all other nodes, their pools have %llu MiB\n",
			MiB(spread), MiB(rest));
}
