// SPDX-License-Identifier: GPL-2.0
/*
 * Where memory errors come in, and who is told. The mm signals the processes
 * that use the page; what it can't know is that the page is bad from now on,
 * and whose page table entries have to go.
 */
#define pr_fmt(fmt) "extmem: " fmt

#include <linux/export.h>
#include <linux/notifier.h>
#include <linux/pfn.h>
#include <linux/printk.h>
#include <linux/set_memory.h>

#include "internal.h"

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

/**
 * extmem_poison_start - from now on memory errors are the pools' business.
 *
 * Context: boot, when pools have stopped coming and going.
 */
void extmem_poison_start(void)
{
	/* pairs with that in extmem_memory_failure(): pools are complete */
	smp_store_release(&started, true);
}

static void report(u64 pa, u64 id, int err)
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
	report(pa, id, err);
	blocking_notifier_call_chain(&poison_chain, 0, &pa);
	return true;
}
