// SPDX-License-Identifier: GPL-2.0
/*
 * Memory that is not the kernel's to look at: pools, and what a former kernel
 * reserved that is in no pool. Those who would look by physical address ask
 * here. Boot fills the list, and nothing leaves it.
 */
#include <kunit/static_stub.h>

#include <linux/export.h>
#include <linux/memory_hotplug.h>
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/pfn.h>
#include <linux/rculist.h>
#include <linux/slab.h>

#include "pool.h"

/**
 * struct extmem_reach - memory out of reach.
 * @list: in the list of all
 * @range: the memory
 * @mapped: it is in the direct map all the same
 *
 * Nothing changes once it is in the list; boot adds to that, one at a time, and
 * readers are in an RCU section.
 */
struct extmem_reach {
	struct list_head list;
	struct range range;
	bool mapped;
};

static LIST_HEAD(out_of_reach);

/**
 * extmem_reach_add - keep the kernel's hands off some memory.
 * @range: the memory
 * @mapped: it is in the direct map
 *
 * Context: boot, one at a time.
 */
void __init extmem_reach_add(const struct range *range, bool mapped)
{
	struct extmem_reach *reach = kzalloc_obj(*reach, EXTMEM_GFP_BOOT);

	reach->range = *range;
	reach->mapped = mapped;
	list_add_tail_rcu(&reach->list, &out_of_reach);
}

/**
 * extmem_overlaps - whether any of some memory is extended memory.
 * @start: physical address of its first byte
 * @size: bytes
 *
 * Extended memory counts whether it is in a pool or in quarantine since boot.
 *
 * Context: any.
 * Return: true if any of it is.
 */
bool extmem_overlaps(u64 start, u64 size)
{
	const struct extmem_reach *reach;

	guard(rcu)();
	list_for_each_entry_rcu(reach, &out_of_reach, list)
		if (size && start <= reach->range.end &&
		    start + (size - 1) >= reach->range.start)
			return true;
	return false;
}
EXPORT_SYMBOL_GPL(extmem_overlaps);

/* Who made pages of it has put it into the direct map */
static bool extmem_reach_has_page(u64 pa)
{
	struct dev_pagemap *pgmap;

	if (pfn_to_online_page(PHYS_PFN(pa)))
		return true;
	pgmap = get_dev_pagemap(PHYS_PFN(pa));
	put_dev_pagemap(pgmap);
	return pgmap;
}

/**
 * extmem_unmapped - whether a page is extended memory outside the direct map.
 * @pa: a physical address in the page
 *
 * Context: any.
 * Return: true if it is; false for other memory, with extmem.direct_map=1, and
 * while it has a struct page.
 */
bool extmem_unmapped(u64 pa)
{
	const struct extmem_reach *reach;

	KUNIT_STATIC_STUB_REDIRECT(extmem_unmapped, pa);
	guard(rcu)();
	list_for_each_entry_rcu(reach, &out_of_reach, list)
		if (range_contains(&reach->range, &(struct range){ pa, pa }))
			return !reach->mapped && !extmem_reach_has_page(pa);
	return false;
}
EXPORT_SYMBOL_GPL(extmem_unmapped);

/**
 * extmem_paged - whether a page frame is extended memory that has a struct page.
 * @pfn: the page frame, which somebody uses
 *
 * Its owner gave it one for as long as it is in use; who got it as a page has
 * pinned it.
 *
 * Context: any.
 * Return: true if it is.
 */
bool extmem_paged(unsigned long pfn)
{
	return extmem_overlaps(PFN_PHYS(pfn), PAGE_SIZE) && pfn_valid(pfn) &&
	       is_zone_device_page(pfn_to_page(pfn));
}
EXPORT_SYMBOL_GPL(extmem_paged);
