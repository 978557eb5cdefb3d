// SPDX-License-Identifier: GPL-2.0
/*
 * Boot: the resources that keep others away from extended memory, and what becomes
 * of memory that somebody else had first.
 *
 * They are made before anybody looks for memory to add: ACPI's memory devices
 * are found by a subsys_initcall, CXL and dax come later still. The map is
 * adopted by an fs_initcall, so what it will turn out to be is not known yet.
 * What the map calls a pool's has a resource of that name; what is marked
 * besides is *stray*, as it will be if the map or the pool is not adopted.
 */
#define pr_fmt(fmt) "extmem: " fmt

#include <linux/bitmap.h>
#include <linux/crash_dump.h>
#include <linux/extmem_arch.h>
#include <linux/init.h>
#include <linux/ioport.h>
#include <linux/list.h>
#include <linux/nodemask.h>
#include <linux/numa.h>
#include <linux/printk.h>
#include <linux/slab.h>

#include "boot.h"

#define STRAY_NAME	"extmem stray"

/**
 * struct extmem_busy - memory that was taken before it was known whose it is.
 * @list: in the list of all
 * @res: its resource
 * @taken: it is a pool's
 * @name: the resource's name
 */
struct extmem_busy {
	struct list_head list;
	struct resource *res;
	bool taken;
	char name[24];
};

/* Filled by a core_initcall, in no particular order; never freed: names are in use */
static LIST_HEAD(extmem_busy_list);

/* What fails may do so for want of memory: then it does not once there is some */
static struct resource * __init extmem_busy_region(u64 start, u64 end, const char *name)
{
	struct resource *res;

	res = request_mem_region_exclusive(start, end - start + 1, name);
	if (res)
		return res;
	extmem_memory_wait();
	return request_mem_region_exclusive(start, end - start + 1, name);
}

/* Of what somebody else has in part, the rest is kept from others all the same */
static bool __init extmem_busy_request(int nid, u64 start, u64 end)
{
	struct extmem_busy *busy = kzalloc_obj(*busy, EXTMEM_GFP_BOOT);
	bool left, right;
	u64 half;

	strscpy(busy->name, STRAY_NAME);
	if (nid != NUMA_NO_NODE)
		scnprintf(busy->name, sizeof(busy->name), "extmem node %d", nid);
	busy->res = extmem_busy_region(start, end, busy->name);
	if (busy->res) {
		list_add_tail(&busy->list, &extmem_busy_list);
		return true;
	}
	kfree(busy);
	half = ALIGN_DOWN((end - start + 1) / 2, EXTMEM_GRANULE);
	if (!half)
		return false;
	left = extmem_busy_request(NUMA_NO_NODE, start, start + half - 1);
	right = extmem_busy_request(NUMA_NO_NODE, start + half, end);
	return left && right;
}

/* One line a range: somebody may have a terabyte of it */
static void __init extmem_busy_add(int nid, u64 start, u64 end)
{
	if (!extmem_busy_request(nid, start, end))
		pr_err("%#llx-%#llx is in use elsewhere, or part of it\n", start, end);
}

static const char * __init extmem_busy_pool(const void *rec, void *arg)
{
	const struct extmem_pool_ser *ser = rec;
	unsigned int i;

	if (extmem_pool_fault(ser))
		return NULL;
	for (i = 0; i < ser->nr_ranges; i++) {
		u64 start = ser->ranges[i].start;
		struct range range = DEFINE_RANGE(start, start + ser->ranges[i].size - 1);

		if (extmem_arch_owns(&range))
			extmem_busy_add(ser->node, range.start, range.end);
	}
	return NULL;
}

/* The resource that begins first of those that end at @pos or later, or NULL */
static const struct resource * __init extmem_busy_next(u64 pos)
{
	const struct resource *best = NULL;
	struct extmem_busy *busy;

	list_for_each_entry(busy, &extmem_busy_list, list)
		if (busy->res->end >= pos && (!best || busy->res->start < best->start))
			best = busy->res;
	return best;
}

/* What is marked, but for what is a pool's by the map */
static void __init extmem_busy_strays(void)
{
	struct range marked;
	unsigned int i;

	for (i = 0; extmem_arch_marked(i, &marked); i++) {
		u64 pos = marked.start;

		while (pos <= marked.end) {
			const struct resource *res = extmem_busy_next(pos);

			if (!res || res->start > marked.end) {
				extmem_busy_add(NUMA_NO_NODE, pos, marked.end);
				break;
			}
			if (res->start > pos)
				extmem_busy_add(NUMA_NO_NODE, pos, res->start - 1);
			pos = res->end + 1;
		}
	}
}

static void __init extmem_busy_reserved(void)
{
	unsigned int i;
	int nid;

	for (nid = 0; nid < MAX_NUMNODES; nid++) {
		const struct extmem_boot_pool *boot = extmem_boot_pool(nid);

		for (i = 0; i < boot->nr_ranges; i++)
			extmem_busy_add(nid, boot->range[i].start, boot->range[i].end);
	}
}

static int __init extmem_busy_init(void)
{
	const struct extmem_map_ser *root;
	size_t size;

	extmem_busy_reserved();
	root = extmem_handover(&size, extmem_kho_ops.peek);
	if (root && !extmem_root_fault(root, size))
		extmem_walk_pools(&extmem_kho_ops, root, extmem_busy_pool, NULL);
	extmem_busy_strays();
	return 0;
}
core_initcall(extmem_busy_init);

/**
 * extmem_busy_take - the resource of a pool's range.
 * @range: the range
 *
 * Return: it, which is the pool's for good; NULL if somebody else was there first.
 */
struct resource * __init extmem_busy_take(const struct range *range)
{
	struct extmem_busy *busy;

	list_for_each_entry(busy, &extmem_busy_list, list)
		if (busy->res->start == range->start && busy->res->end == range->end) {
			busy->taken = true;
			return busy->res;
		}
	return NULL;
}

/**
 * extmem_busy_end - what no pool has taken by now is stray.
 */
void __init extmem_busy_end(void)
{
	struct extmem_busy *busy;

	list_for_each_entry(busy, &extmem_busy_list, list)
		if (!busy->taken)
			strscpy(busy->name, STRAY_NAME);
}

/*
 * What somebody else had first. Who knows what they wrote: it is nobody's any more.
 * The map says so, or else the next kernel would take what is there for what the
 * claims' owners left.
 */

/* Give up a claim that has some of @range; its granules are added to @runs */
static int __init extmem_busy_forget_claim(struct extmem_claim *claim,
					   const struct range *range,
					   struct extmem_runs *runs)
{
	bool hit = false;
	unsigned int i;
	int err = 0;

	for (i = 0; i < claim->runs.nr; i++) {
		struct range extent = extmem_claim_extent(claim, i);

		hit |= range_overlaps(&extent, range);
	}
	if (!hit || claim->rec.claim->kind == EXTMEM_KIND_QUARANTINE)
		return 0;
	for (i = 0; i < claim->runs.nr && !err; i++)
		err = extmem_runs_add(runs, claim->runs.run[i].first,
				      claim->runs.run[i].nr);
	extmem_note(claim->pool, "claim %llu: quarantined: %s", extmem_claim_id(claim),
		    extmem_reason_text(EXTMEM_REASON_ELSEWHERE));
	claim->pool->nr_claims--;
	extmem_claim_free(claim);
	return err;
}

/* Take what is free of some granules; what was taken is added to @runs */
static int __init extmem_busy_take_free(struct extmem_pool *pool,
					const struct extmem_run *all,
					struct extmem_runs *runs)
{
	unsigned long bit = all->first, end = all->first + all->nr, first;
	int err = 0;

	for (;;) {
		first = find_next_zero_bit(pool->space.alloc, end, bit);
		if (first >= end)
			return err;
		bit = find_next_bit(pool->space.alloc, end, first);
		extmem_space_mark(&pool->space, first, bit - first, true);
		extmem_dirty_settle(&pool->space, first, bit - first);
		err = err ?: extmem_runs_add(runs, first, bit - first);
	}
}

/**
 * extmem_write_off - quarantine a range of which somebody else has some.
 * @pool: the pool, just adopted or made; its map is not published yet
 * @range: one of its ranges
 *
 * Claims on it go with all they have, elsewhere, too. What there is no memory
 * to record is taken and in no claim: the next kernel quarantines that.
 */
void __init extmem_write_off(struct extmem_pool *pool, const struct range *range)
{
	struct extmem_claim *claim, *next;
	struct extmem_runs runs = {};
	struct extmem_run all;
	int err = 0;

	extmem_note(pool, "%#llx-%#llx is in use elsewhere: nothing of it is used",
		    range->start, range->end);
	if (!pool->nr_granules ||
	    !extmem_pool_run(pool, range->start, range_len(range), &all))
		return;
	list_for_each_entry_safe(claim, next, &pool->claims, list)
		err = extmem_busy_forget_claim(claim, range, &runs) ?: err;
	err = extmem_busy_take_free(pool, &all, &runs) ?: err;
	err = extmem_quarantine(pool, &runs, EXTMEM_REASON_ELSEWHERE) ?: err;
	if (err)
		extmem_note(pool, "no memory to record that: %pe", ERR_PTR(err));
	extmem_runs_free(&runs);
	extmem_pool_update(pool);
}
