// SPDX-License-Identifier: GPL-2.0
/*
 * Where memory errors come in, and who is told; and where pages are retired. The mm
 * signals the processes that use a bad page; what it can't know is that the page is
 * bad from now on, and whose page table entries have to go.
 */
#define pr_fmt(fmt) "extmem: " fmt

#include <linux/export.h>
#include <linux/notifier.h>
#include <linux/pfn.h>
#include <linux/printk.h>
#include <linux/set_memory.h>

#include <trace/events/extmem.h>

#include <asm/tlbflush.h>

#include "api.h"

static BLOCKING_NOTIFIER_HEAD(poison_chain);
static bool started;

/**
 * extmem_poisoned - whether memory has a page that must not be used.
 * @start: physical address of the memory
 * @size: bytes, not 0
 *
 * While there are no memory errors this costs one read. Who is about to make
 * memory accessible asks this inside a section that the error can wait for, see
 * extmem_poison_register().
 *
 * Context: any, no locks needed.
 * Return: true if a page of it has had a memory error.
 */
bool extmem_poisoned(u64 start, u64 size)
{
	return extmem_map_poisoned(&extmem_map, start, size);
}
EXPORT_SYMBOL_GPL(extmem_poisoned);

/**
 * extmem_poison_register - be told of memory errors.
 * @nb: called with a pointer to the page's physical address (u64), in process
 *      context, after extmem_poisoned() has begun to tell of the page. Makes
 *      sure that nobody who asked before still gives access to it, and takes
 *      away what access there is
 *
 * Context: may sleep.
 * Return: 0.
 */
int extmem_poison_register(struct notifier_block *nb)
{
	return blocking_notifier_chain_register(&poison_chain, nb);
}
EXPORT_SYMBOL_GPL(extmem_poison_register);

/**
 * extmem_poison_unregister - end what extmem_poison_register() began.
 * @nb: not called any more on return
 *
 * Context: may sleep.
 */
void extmem_poison_unregister(struct notifier_block *nb)
{
	blocking_notifier_chain_unregister(&poison_chain, nb);
}
EXPORT_SYMBOL_GPL(extmem_poison_unregister);

/**
 * extmem_poison_hide - take bad pages off the direct map.
 * @start: physical address of memory that has just come to be there
 * @size: bytes, not 0
 *
 * Nobody reads them, but the processor may, by speculation. A page that goes bad
 * later is taken off by who reports it.
 *
 * Context: may sleep. The memory stays in the direct map meanwhile.
 */
void extmem_poison_hide(u64 start, u64 size)
{
	struct extmem_poison *poison;
	unsigned long index, page;

	xa_for_each_range(&extmem_map.poison, index, poison,
			  start >> EXTMEM_GRANULE_SHIFT,
			  (start + size - 1) >> EXTMEM_GRANULE_SHIFT)
		for_each_set_bit(page, poison->bad, EXTMEM_POISON_PAGES)
			set_mce_nospec(PHYS_PFN((u64)index << EXTMEM_GRANULE_SHIFT) + page);
}
EXPORT_SYMBOL_GPL(extmem_poison_hide);

static struct extmem_pool *extmem_poison_pool(struct extmem_map *map, u64 granule,
					      struct extmem_run *run)
{
	struct extmem_pool *pool;

	list_for_each_entry(pool, &map->pools, list)
		if (pool->nr_granules &&
		    extmem_pool_run(pool, granule, EXTMEM_GRANULE, run))
			return pool;
	return NULL;
}

/* The claim that has a granule: its id, or 0 */
static u64 extmem_poison_owner(const struct extmem_pool *pool, unsigned long bit)
{
	struct extmem_claim *claim;
	unsigned int i;

	list_for_each_entry(claim, &pool->claims, list)
		for (i = 0; i < claim->runs.nr; i++)
			if (bit - claim->runs.run[i].first < claim->runs.run[i].nr)
				return claim->rec.claim->id;
	return 0;
}

/**
 * extmem_retired - whether memory has a page that must not get another owner.
 * @start: physical address of the memory
 * @size: bytes, not 0
 *
 * Context: any, no locks needed.
 * Return: true if a granule that has some of it has a retired page.
 */
bool extmem_retired(u64 start, u64 size)
{
	return extmem_map_retired(&extmem_map, start, size);
}
EXPORT_SYMBOL_GPL(extmem_retired);

/* For the next kernel, too */
static int extmem_poison_record(struct extmem_poison *poison, u64 granule,
				unsigned long bit)
{
	struct extmem_pool *pool = poison->pool;
	int err, taken;

	err = extmem_poison_write(poison, granule);
	taken = extmem_poison_take(poison, bit);
	extmem_pool_update(pool);
	return err ?: taken;
}

static int extmem_poison_page(struct extmem_map *map, u64 pa, bool retire, u64 *id)
{
	unsigned int page = pa % EXTMEM_GRANULE >> EXTMEM_SER_PAGE_SHIFT;
	u64 granule = ALIGN_DOWN(pa, EXTMEM_GRANULE);
	struct extmem_poison *poison;
	struct extmem_pool *pool;
	struct extmem_run run;
	bool news;

	guard(mutex)(&map->lock);
	pool = extmem_poison_pool(map, granule, &run);
	if (!pool)
		return -ENOENT;
	*id = extmem_poison_owner(pool, run.first);
	poison = extmem_poison_get(pool, granule);
	news = retire ? extmem_poison_retire(poison, page) :
			extmem_poison_set(poison, page);
	if (!news && poison->rec.ser)
		return -EEXIST;
	if (!retire)
		trace_extmem_poison(pool->nid, ALIGN_DOWN(pa, PAGE_SIZE), *id);
	if (map->frozen)
		return -ESHUTDOWN;
	return extmem_poison_record(poison, granule, run.first);
}

/**
 * extmem_poison_add - a page of a pool has had a memory error.
 * @map: the map
 * @pa: an address in the page
 * @id: the claim that had the page, 0 for none
 *
 * Context: may sleep.
 * Return: 0; -ENOENT if no pool has the page; -EEXIST if it was known to be
 * bad. -ENOMEM or, once the map is frozen, -ESHUTDOWN: this kernel keeps the
 * page from being used, but the next one may not know.
 */
int extmem_poison_add(struct extmem_map *map, u64 pa, u64 *id)
{
	return extmem_poison_page(map, pa, false, id);
}

/**
 * extmem_retire_add - a page of a pool must not get another owner.
 * @map: the map
 * @pa: an address in the page
 * @id: the claim that has the page, 0 for none
 *
 * Context: may sleep.
 * Return: as for extmem_poison_add(); -EEXIST also if the page is bad.
 */
int extmem_retire_add(struct extmem_map *map, u64 pa, u64 *id)
{
	return extmem_poison_page(map, pa, true, id);
}

/**
 * extmem_poison_start - from now on memory errors are the pools' business.
 *
 * Context: boot, when pools have stopped coming and going.
 */
void extmem_poison_start(void)
{
	/* pairs with those in extmem_memory_failure() and below: pools are complete */
	smp_store_release(&started, true);
}

static void extmem_poison_report(u64 pa, u64 id, int err)
{
	if (err == -EEXIST)
		return;
	if (id)
		pr_err("memory error at %#llx, of claim %llu\n", pa, id);
	else
		pr_err("memory error at %#llx, free: quarantined\n", pa);
	if (err)
		pr_err("memory error at %#llx: the next kernel will not know of it: %pe\n",
		       pa, ERR_PTR(err));
}

/**
 * extmem_memory_failure - a page has had a memory error.
 * @pfn: its page frame number
 *
 * Makes sure that it is not used any more. Signals nobody.
 *
 * Context: process context, may sleep. Takes the map's lock, then whatever
 * those take who were registered by extmem_poison_register().
 * Return: true if it was extended memory; false also before the pools are there.
 */
bool extmem_memory_failure(unsigned long pfn)
{
	u64 pa = PFN_PHYS(pfn), id = 0;
	int err;

	/* pairs with that in extmem_poison_start() */
	if (!smp_load_acquire(&started) || !extmem_overlaps(pa, PAGE_SIZE))
		return false;
	err = extmem_poison_add(&extmem_map, pa, &id);
	extmem_poison_report(pa, id, err);
	/* What the kernel has mapped of pools and unmapped again, see window.c */
	flush_tlb_all();
	blocking_notifier_call_chain(&poison_chain, 0, &pa);
	return true;
}

static void extmem_retire_report(u64 pa, u64 id, int err)
{
	if (err == -ENOENT || err == -EEXIST)
		return;
	if (id)
		pr_warn("page %#llx retired: quarantined once claim %llu gives it up\n",
			pa, id);
	else
		pr_warn("page %#llx retired, free: quarantined\n", pa);
	if (err)
		pr_err("page %#llx retired: the next kernel will not know of it: %pe\n",
		       pa, ERR_PTR(err));
}

/**
 * extmem_soft_offline - a page is about to fail: it must not get another owner.
 * @pfn: its page frame number
 *
 * Whoever has the page keeps it, and nothing is copied or unmapped: without struct
 * page nobody knows all who use it, and the bytes are still good.
 *
 * Context: process context, may sleep. Takes the map's lock.
 * Return: 0, also if that was known, or nobody has the page for good as it is
 * stray; -EBUSY before the pools are there; -ENOMEM or -ESHUTDOWN as for
 * extmem_retire_add().
 */
int extmem_soft_offline(unsigned long pfn)
{
	u64 pa = PFN_PHYS(pfn), id = 0;
	int err;

	/* pairs with that in extmem_poison_start() */
	if (!smp_load_acquire(&started))
		return -EBUSY;
	err = extmem_retire_add(&extmem_map, pa, &id);
	extmem_retire_report(pa, id, err);
	return err == -ENOENT || err == -EEXIST ? 0 : err;
}
