// SPDX-License-Identifier: GPL-2.0
/*
 * Boot, once there are allocators: make pools of what was reserved, or take
 * over the former kernel's, and offer the map to the next one. It is sealed when
 * this kernel ends; this kernel does not hibernate.
 */
#define pr_fmt(fmt) "extmem: " fmt

#include <linux/crash_dump.h>
#include <linux/extmem_arch.h>
#include <linux/init.h>
#include <linux/ioport.h>
#include <linux/kexec_handover.h>
#include <linux/ktime.h>
#include <linux/moduleparam.h>
#include <linux/nodemask.h>
#include <linux/numa.h>
#include <linux/pgtable.h>
#include <linux/printk.h>
#include <linux/reboot.h>
#include <linux/slab.h>
#include <linux/syscore_ops.h>

#include <trace/events/extmem.h>

#include "api.h"

#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "extmem."

static bool clean;
module_param(clean, bool, 0444);
MODULE_PARM_DESC(clean, "the platform clears memory before a cold boot");

static bool direct_map;
module_param(direct_map, bool, 0444);
MODULE_PARM_DESC(direct_map, "pools are in the kernel's direct map");

/* Memory just reserved is in the direct map, a former kernel's is not */
static void __init extmem_init_reach(int nid, const struct range *range, bool mapped)
{
	int err = 0;

	if (mapped && !direct_map)
		err = extmem_arch_unmap(range);
	else if (!mapped && direct_map)
		err = extmem_arch_map(range);
	if (err)
		pr_warn("node %d: %#llx-%#llx can't be %s the direct map: %pe\n",
			nid, range->start, range->end,
			direct_map ? "in" : "taken out of", ERR_PTR(err));
	extmem_reach_add(range, err ? mapped : direct_map);
}

static void __init extmem_init_reach_reserved(void)
{
	unsigned int i;
	int nid;

	for (nid = 0; nid < MAX_NUMNODES; nid++) {
		const struct extmem_boot_pool *boot = extmem_boot_pool(nid);

		for (i = 0; i < boot->nr_ranges; i++)
			extmem_init_reach(nid, &boot->range[i], true);
	}
}

static void __init extmem_init_reach_adopted(struct extmem_map *map)
{
	struct extmem_pool *pool;
	unsigned int i;

	list_for_each_entry(pool, &map->pools, list)
		for (i = 0; i < pool->nr_ranges; i++)
			extmem_init_reach(pool->nid, &pool->range[i], false);
}

static void __init extmem_init_pools(struct extmem_map *map)
{
	bool dirty = !clean || extmem_arch_warm();
	int nid, err;

	for (nid = 0; nid < MAX_NUMNODES; nid++) {
		struct extmem_boot_pool *boot = extmem_boot_pool(nid);

		if (!boot->nr_ranges)
			continue;
		err = extmem_pool_add(map, nid, boot->range, boot->nr_ranges, dirty);
		if (err)
			pr_err("node %d: no pool, its memory stays reserved: %pe\n",
			       nid, ERR_PTR(err));
	}
}

/* The first range of any pool that begins at @pos or later, or NULL */
static const struct range * __init extmem_stray_next_range(struct extmem_map *map, u64 pos)
{
	const struct range *best = NULL;
	struct extmem_pool *pool;
	unsigned int i;

	list_for_each_entry(pool, &map->pools, list)
		for (i = 0; i < pool->nr_ranges; i++)
			if (pool->range[i].end >= pos &&
			    (!best || pool->range[i].start < best->start))
				best = &pool->range[i];
	return best;
}

static void __init extmem_stray_add(struct extmem_map *map, u64 start, u64 end,
				    const char *why)
{
	struct range range = DEFINE_RANGE(start, end);
	int nid = phys_to_target_node(start);
	struct extmem_pool *pool;

	extmem_reach_add(&range, extmem_arch_is_mapped(&range));
	pool = extmem_pool_get_empty(map, nid == NUMA_NO_NODE ? 0 : nid);
	trace_extmem_quarantine(pool->nid, start, end - start + 1, why);
	pool->stray += end - start + 1;
	extmem_note(pool, "%#llx-%#llx, %llu MiB quarantined: %s", start, end,
		    MiB(end - start + 1), why);
}

/* See extmem_keep_rest() */
static const char * __init extmem_stray_why(struct extmem_map *map, u64 start, const char *why)
{
	const struct extmem_pool *pool;
	unsigned int i;

	list_for_each_entry(pool, &map->pools, list)
		for (i = 0; i < pool->nr_ranges; i++)
			if (pool->range[i].end + 1 == start &&
			    !IS_ALIGNED(start, EXTMEM_SECTION))
				return "a pool ends in the same memory section";
	return why;
}

/* Memory that was reserved by a former kernel and is in no pool */
static void __init extmem_stray_add_all(struct extmem_map *map, const char *why)
{
	struct range marked;
	unsigned int i;

	for (i = 0; extmem_arch_marked(i, &marked); i++) {
		u64 pos = marked.start;

		while (pos <= marked.end) {
			const struct range *range = extmem_stray_next_range(map, pos);

			if (!range || range->start > marked.end) {
				extmem_stray_add(map, pos, marked.end,
						 extmem_stray_why(map, pos, why));
				break;
			}
			if (range->start > pos)
				extmem_stray_add(map, pos, range->start - 1,
						 extmem_stray_why(map, pos, why));
			pos = range->end + 1;
		}
	}
}

static void __init extmem_init_take_over(struct extmem_map *map)
{
	const char *fault = "no hand-over map came with it (kexec without KHO?)";
	const struct extmem_map_ser *root;
	struct extmem_pool *pool;
	ktime_t start = ktime_get();
	unsigned int claims = 0;
	size_t size;

	root = extmem_handover(&size, map->ops->peek);
	if (root) {
		if (!extmem_root_fault(root, size) && !root->sealed)
			pr_warn("the hand-over map is not sealed: a change may be half made\n");
		fault = extmem_adopt(map, root, size);
		if (fault)
			pr_err("not all pools of the previous kernel are there: %s\n", fault);
		fault = fault ?: "the hand-over map does not know it";
		list_for_each_entry(pool, &map->pools, list)
			claims += pool->nr_claims;
		pr_info("adopted %u pools with %u claims, generation %llu, in %lld us\n",
			map->ser->nr_pools, claims, map->ser->generation,
			ktime_us_delta(ktime_get(), start));
	}
	if (!extmem_boot_obeyed())
		extmem_stray_add_all(map, fault);
}

/* It is ordinary memory to the caches */
static int __init extmem_track(const struct range *range)
{
	pgprot_t prot = PAGE_KERNEL;

	return pfnmap_track(PHYS_PFN(range->start), range_len(range), &prot);
}

static void __init extmem_init_resources(struct extmem_pool *pool)
{
	unsigned int i;

	for (i = 0; i < pool->nr_ranges; i++) {
		int err;

		pool->res[i] = extmem_busy_take(&pool->range[i]);
		err = pool->res[i] ? extmem_track(&pool->range[i]) : -EBUSY;
		/* Only others' mappings ask what is tracked, see lookup_memtype() */
		if (err == -ENOMEM) {
			extmem_note(pool, "%#llx-%#llx: no memory to track its type",
				    pool->range[i].start, pool->range[i].end);
		} else if (err) {
			extmem_write_off(pool, &pool->range[i]);
			continue;
		}
		trace_extmem_reserve(pool->nid, pool->range[i].start,
				     range_len(&pool->range[i]));
	}
}

/*
 * No page of a pool has a struct page, and pfn_valid() must not say so: who asks
 * it goes on to the direct map.
 */
static void __init extmem_check_edges(struct extmem_pool *pool)
{
	unsigned int i;

	for (i = 0; i < pool->nr_ranges; i++)
		if (pfn_valid(PHYS_PFN(pool->range[i].start)) ||
		    pfn_valid(PHYS_PFN(pool->range[i].end)))
			extmem_note(pool, "%#llx-%#llx is in a section with RAM: boot cold",
				    pool->range[i].start, pool->range[i].end);
}

/*
 * Before devices are shut down. A notifier that fails, as that of a watchdog which
 * can't be stopped, ends the chain: then this does not happen.
 */
static int extmem_reboot(struct notifier_block *nb, unsigned long action, void *data)
{
	extmem_map_freeze(&extmem_map);
	return NOTIFY_DONE;
}

/* After whoever may still want to give claims up */
static struct notifier_block extmem_reboot_nb = {
	.notifier_call = extmem_reboot,
	.priority = INT_MIN,
};

/*
 * Always called, with the devices shut down and the other CPUs still running. No
 * kexec fails after this, nor after the notifiers: so nothing has to thaw the map.
 */
static void extmem_shutdown(void *data)
{
	if (!extmem_map_freeze(&extmem_map))
		pr_err("the hand-over map is not sealed: it is in use\n");
}

static const struct syscore_ops extmem_syscore_ops = {
	.shutdown = extmem_shutdown,
};

static struct syscore extmem_syscore = {
	.ops = &extmem_syscore_ops,
};

static void __init extmem_init_offer(struct extmem_map *map)
{
	int err;

	register_syscore(&extmem_syscore);
	err = register_reboot_notifier(&extmem_reboot_nb);
	if (!err && kho_is_enabled())
		err = kho_add_subtree(EXTMEM_KHO_NODE, map->ser, sizeof(*map->ser));
	if (err)
		pr_err("the pools can't be handed over: %pe\n", ERR_PTR(err));
	else if (!kho_is_enabled())
		pr_warn("KHO is off: a kexec keeps the memory reserved but loses what is in it\n");
}

/**
 * extmem_active - whether there are pools, which hibernation would lose.
 *
 * An image has the pages of ordinary memory, and nothing of extended memory. A
 * kernel that came back from it would take whatever is there after a cold boot for
 * what its claims hold, and for memory that it cleared itself. So there is no
 * hibernation with pools, be they in use or not, neither to an image nor from one.
 * Pools come and go at boot alone, long before anybody may ask.
 *
 * Context: any; from fs_initcall on.
 * Return: true if there are.
 */
bool extmem_active(void)
{
	if (!extmem_pool_next(NULL))
		return false;
	pr_info_once("no hibernation: an image would not have what is in the pools\n");
	return true;
}

/* A crash kernel has no pools, and keeps others from the crashed kernel's */
static int __init extmem_init_crash(void)
{
	struct range marked;
	u64 size = 0;
	unsigned int i;

	for (i = 0; extmem_arch_marked(i, &marked); i++) {
		extmem_reach_add(&marked, false);
		size += range_len(&marked);
	}
	if (size)
		pr_info("crash kernel: %llu MiB of the crashed kernel's pools left alone\n",
			MiB(size));
	return 0;
}

/**
 * extmem_map_exit - free a map and all in it.
 * @map: the map, not published; boot does this only to one without pools
 */
void extmem_map_exit(struct extmem_map *map)
{
	struct extmem_claim *claim, *next_claim;
	struct extmem_pool *pool, *next;

	extmem_poison_free(map);
	list_for_each_entry_safe(pool, next, &map->pools, list) {
		list_for_each_entry_safe(claim, next_claim, &pool->claims, list)
			extmem_claim_free(claim);
		extmem_pool_free(pool);
	}
	extmem_map_free(map);
}

/*
 * Without a map nobody can have the memory, and what a former kernel handed over is
 * lost. Memory alone is no reason for that: wait until there is some.
 */
static int __init extmem_init_map(struct extmem_map *map)
{
	const struct extmem_map_ops *ops = kho_is_enabled() ? &extmem_kho_ops :
							      &extmem_plain_ops;
	int err = extmem_map_init(map, ops);

	if (!err)
		return 0;
	extmem_memory_wait();
	return extmem_map_init(map, ops);
}

/* Reserved, and out of the kernel's reach, as pools would be */
static void __init extmem_init_reserved(void)
{
	struct range marked;
	unsigned int i;

	for (i = 0; extmem_arch_marked(i, &marked); i++)
		extmem_reach_add(&marked, extmem_arch_is_mapped(&marked));
	extmem_init_reach_reserved();
	extmem_busy_end();
}

/* An fs_initcall as KHO's own is, and linked after it */
static int __init extmem_init(void)
{
	struct extmem_map *map = &extmem_map;
	struct extmem_pool *pool;
	int err;

	if (is_kdump_kernel())
		return extmem_init_crash();
	err = extmem_init_map(map);
	if (err) {
		pr_err("no pools, their memory stays reserved: no hand-over map: %pe\n",
		       ERR_PTR(err));
		extmem_init_reserved();
		return err;
	}
	extmem_init_take_over(map);
	extmem_init_reach_adopted(map);
	extmem_init_reach_reserved();
	extmem_init_pools(map);
	if (list_empty(&map->pools)) {
		extmem_compare(map);
		extmem_map_exit(map);
		return 0;
	}
	extmem_compare(map);
	list_for_each_entry(pool, &map->pools, list) {
		extmem_init_resources(pool);
		extmem_check_edges(pool);
		err = extmem_sysfs_add(pool);
		if (err)
			pr_err("node %d: not in sysfs: %pe\n", pool->nid, ERR_PTR(err));
	}
	extmem_busy_end();
	extmem_poison_start();
	extmem_init_offer(map);
	return 0;
}
fs_initcall(extmem_init);
