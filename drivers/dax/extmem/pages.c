// SPDX-License-Identifier: GPL-2.0
/*
 * struct pages for a device's memory, while it is bound in the form that has
 * them: then who wants pages finds some, for direct I/O, RDMA, iommufd. As with
 * ordinary devdax a page is of the device's alignment, and most of the struct
 * pages of one share their memory.
 *
 * A page may stay pinned after it has been unmapped, and nothing in
 * memremap_pages() waits for that: the last word on whether it may go has its
 * reference count. A frozen page can be neither pinned nor mapped.
 */
#include <linux/cleanup.h>
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/page_ref.h>
#include <linux/pagemap.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "extmem_dax.h"

static unsigned long extmem_dax_nr_folios(const struct dev_pagemap *pgmap, int i)
{
	return range_len(&pgmap->ranges[i]) >> (PAGE_SHIFT + pgmap->vmemmap_shift);
}

static struct folio *extmem_dax_nth_folio(const struct dev_pagemap *pgmap, int i,
					  unsigned long n)
{
	return pfn_folio(PHYS_PFN(pgmap->ranges[i].start) +
			 (n << pgmap->vmemmap_shift));
}

static void extmem_dax_thaw_range(const struct dev_pagemap *pgmap, int i,
				  unsigned long nr)
{
	while (nr--) {
		folio_ref_unfreeze(extmem_dax_nth_folio(pgmap, i, nr), 1);
		cond_resched();
	}
}

static bool extmem_dax_freeze_range(const struct dev_pagemap *pgmap, int i)
{
	unsigned long n;

	for (n = 0; n < extmem_dax_nr_folios(pgmap, i); n++) {
		if (!folio_ref_freeze(extmem_dax_nth_folio(pgmap, i, n), 1)) {
			extmem_dax_thaw_range(pgmap, i, n);
			return false;
		}
		cond_resched();
	}
	return true;
}

/**
 * extmem_dax_freeze_pages - let nobody get a reference on a device's pages.
 * @ed: the device; it has to be unbound afterwards
 *
 * Context: dax_unbind_lock held, or the device's lock in the course of unbinding;
 * may sleep.
 * Return: true, also if it has no pages; false if somebody has a reference.
 */
bool extmem_dax_freeze_pages(struct extmem_dax *ed)
{
	int i;

	if (!ed->pgmap || ed->frozen)
		return true;

	for (i = 0; i < ed->pgmap->nr_range; i++) {
		if (extmem_dax_freeze_range(ed->pgmap, i))
			continue;
		while (i--)
			extmem_dax_thaw_range(ed->pgmap, i,
					      extmem_dax_nr_folios(ed->pgmap, i));
		return false;
	}
	ed->frozen = true;
	return true;
}

/*
 * Who unbinds without asking has to wait for pins to end, with the device's lock held.
 * The end of a module would; extmem_dax_pin_modules() keeps both where they are.
 */
static void extmem_dax_forget_pages(void *data)
{
	struct extmem_dax *ed = data;

	if (!extmem_dax_freeze_pages(ed))
		dev_warn(&ed->dev_dax->dev, "waiting for pages that are pinned\n");
	while (!extmem_dax_freeze_pages(ed))
		msleep(20);
	ed->frozen = false;
	WRITE_ONCE(ed->pgmap, NULL);
}

/* The driver's module, whose end unbinds the device, and the region's. */
static int extmem_dax_pin_modules(struct device *dev)
{
	if (!try_module_get(dev->driver->owner))
		return -ENODEV;
	if (try_module_get(THIS_MODULE))
		return 0;
	module_put(dev->driver->owner);
	return -ENODEV;
}

/* The driver is there until the device's lock, which is held, is dropped. */
static void extmem_dax_unpin_modules(void *data)
{
	struct device *dev = data;

	module_put(dev->driver->owner);
	module_put(THIS_MODULE);
}

static struct dev_pagemap *extmem_dax_alloc_pgmap(struct dev_dax *dev_dax)
{
	struct dev_pagemap *pgmap;
	int i;

	pgmap = devm_kzalloc(&dev_dax->dev,
			     struct_size(pgmap, ranges, dev_dax->nr_range),
			     GFP_KERNEL);
	if (!pgmap)
		return NULL;

	pgmap->type = MEMORY_DEVICE_GENERIC;
	pgmap->vmemmap_shift = ilog2(dev_dax->align) - PAGE_SHIFT;
	pgmap->nr_range = dev_dax->nr_range;
	for (i = 0; i < dev_dax->nr_range; i++)
		pgmap->ranges[i] = dev_dax->ranges[i].range;
	return pgmap;
}

/**
 * extmem_dax_can_have_pages - whether there can be struct pages for a device.
 * @ed: the device, which has a claim and no driver, or is being probed
 *
 * Context: the device's lock is held.
 * Return: true if there can; false if pools are in the direct map, as the log says.
 */
bool extmem_dax_can_have_pages(const struct extmem_dax *ed)
{
	device_lock_assert(&ed->dev_dax->dev);
	/* They would take it off the direct map when they go */
	if (extmem_unmapped(extmem_claim_extent(ed->claim, 0).start))
		return true;
	dev_warn(&ed->dev_dax->dev, "no struct pages with extmem.direct_map=1\n");
	return false;
}

/**
 * extmem_dax_make_pages - make a device's struct pages, until it is unbound.
 * @ed: the device
 *
 * Context: probe, with the device's lock held; may sleep.
 * Return: 0; -EOPNOTSUPP if pools are in the direct map, or another error.
 */
int extmem_dax_make_pages(struct extmem_dax *ed)
{
	struct device *dev = &ed->dev_dax->dev;
	struct dev_pagemap *pgmap;
	void *addr;
	int i, rc;

	if (!extmem_dax_can_have_pages(ed))
		return -EOPNOTSUPP;
	pgmap = extmem_dax_alloc_pgmap(ed->dev_dax);
	if (!pgmap)
		return -ENOMEM;

	rc = extmem_dax_pin_modules(dev);
	if (rc)
		return rc;
	rc = devm_add_action_or_reset(dev, extmem_dax_unpin_modules, dev);
	if (rc)
		return rc;
	addr = devm_memremap_pages(dev, pgmap);
	if (IS_ERR(addr))
		return PTR_ERR(addr);

	for (i = 0; i < pgmap->nr_range; i++)
		extmem_poison_hide(pgmap->ranges[i].start,
				   range_len(&pgmap->ranges[i]));
	WRITE_ONCE(ed->pgmap, pgmap);
	return devm_add_action_or_reset(dev, extmem_dax_forget_pages, ed);
}

/* What get_user_pages() looks at, and who marks a page dirty. */
static void extmem_dax_set_mapping(struct vm_fault *vmf, struct folio *folio,
				   unsigned long size)
{
	if (folio->mapping)
		return;
	folio->mapping = vmf->vma->vm_file->f_mapping;
	folio->index = linear_page_index(vmf->vma,
					 ALIGN_DOWN(vmf->address, size));
}

/**
 * extmem_dax_insert_page - map a device's page where a fault is.
 * @vmf: the fault
 * @pfn: the page
 * @order: of the page, and of the entry that maps it
 *
 * Context: a fault, with extmem_dax_faults held.
 * Return: what the fault returns.
 */
vm_fault_t extmem_dax_insert_page(struct vm_fault *vmf, unsigned long pfn,
				  unsigned int order)
{
	bool write = vmf->flags & FAULT_FLAG_WRITE;
	struct folio *folio = pfn_folio(pfn);

	extmem_dax_set_mapping(vmf, folio, PAGE_SIZE << order);
	if (order == PMD_ORDER)
		return vmf_insert_folio_pmd(vmf, folio, write);
	if (IS_ENABLED(CONFIG_HAVE_ARCH_TRANSPARENT_HUGEPAGE_PUD) &&
	    order == PUD_ORDER)
		return vmf_insert_folio_pud(vmf, folio, write);
	if (order)
		return VM_FAULT_SIGBUS;
	return vmf_insert_page_mkwrite(vmf, &folio->page, write);
}
