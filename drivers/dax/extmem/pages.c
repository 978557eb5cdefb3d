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
#include <linux/page_ref.h>
#include <linux/pagemap.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "extmem_dax.h"

static unsigned long nr_folios(const struct dev_pagemap *pgmap, int i)
{
	return range_len(&pgmap->ranges[i]) >> (PAGE_SHIFT + pgmap->vmemmap_shift);
}

static struct folio *nth_folio(const struct dev_pagemap *pgmap, int i,
			       unsigned long n)
{
	return pfn_folio(PHYS_PFN(pgmap->ranges[i].start) +
			 (n << pgmap->vmemmap_shift));
}

static void thaw_range(const struct dev_pagemap *pgmap, int i, unsigned long nr)
{
	while (nr--) {
		folio_ref_unfreeze(nth_folio(pgmap, i, nr), 1);
		cond_resched();
	}
}

static bool freeze_range(const struct dev_pagemap *pgmap, int i)
{
	unsigned long n;

	for (n = 0; n < nr_folios(pgmap, i); n++) {
		if (!folio_ref_freeze(nth_folio(pgmap, i, n), 1)) {
			thaw_range(pgmap, i, n);
			return false;
		}
		cond_resched();
	}
	return true;
}

/*
 * Whether nobody but the device has a reference on any of its pages. Then nobody
 * gets one any more, and the device has to be unbound. True if it has no pages.
 */
bool extmem_dax_freeze_pages(struct dev_dax *dev_dax)
{
	struct extmem_dax *ed = to_extmem_dax(dev_dax);
	int i;

	if (!ed->pgmap || ed->frozen)
		return true;

	for (i = 0; i < ed->pgmap->nr_range; i++) {
		if (freeze_range(ed->pgmap, i))
			continue;
		while (i--)
			thaw_range(ed->pgmap, i, nr_folios(ed->pgmap, i));
		return false;
	}
	ed->frozen = true;
	return true;
}

/* Who unbinds by force, as the end of a module does, waits for pins to end. */
static void forget_pages(void *data)
{
	struct dev_dax *dev_dax = data;
	struct extmem_dax *ed = to_extmem_dax(dev_dax);

	if (!extmem_dax_freeze_pages(dev_dax))
		dev_warn(&dev_dax->dev, "waiting for pages that are pinned\n");
	while (!extmem_dax_freeze_pages(dev_dax))
		msleep(20);
	ed->frozen = false;
	WRITE_ONCE(ed->pgmap, NULL);
}

static struct dev_pagemap *alloc_pgmap(struct dev_dax *dev_dax)
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

/* Make them, until the device is unbound. The pool holds the memory already. */
int extmem_dax_make_pages(struct dev_dax *dev_dax)
{
	struct extmem_dax *ed = to_extmem_dax(dev_dax);
	struct device *dev = &dev_dax->dev;
	struct dev_pagemap *pgmap = alloc_pgmap(dev_dax);
	void *addr;
	int i;

	if (!pgmap)
		return -ENOMEM;
	/* They would take it off the direct map when they go */
	if (!extmem_unmapped(pgmap->ranges[0].start)) {
		dev_warn(dev, "no struct pages with extmem.direct_map=1\n");
		return -EOPNOTSUPP;
	}

	addr = devm_memremap_pages(dev, pgmap);
	if (IS_ERR(addr))
		return PTR_ERR(addr);

	for (i = 0; i < pgmap->nr_range; i++)
		extmem_poison_hide(pgmap->ranges[i].start,
				   range_len(&pgmap->ranges[i]));
	WRITE_ONCE(ed->pgmap, pgmap);
	return devm_add_action_or_reset(dev, forget_pages, dev_dax);
}

/* What get_user_pages() looks at, and who marks a page dirty. */
static void set_mapping(struct vm_fault *vmf, struct folio *folio,
			unsigned long size)
{
	if (folio->mapping)
		return;
	folio->mapping = vmf->vma->vm_file->f_mapping;
	folio->index = linear_page_index(vmf->vma,
					 ALIGN_DOWN(vmf->address, size));
}

/* Map a page, which is as large as an entry of @order. */
vm_fault_t extmem_dax_insert_page(struct vm_fault *vmf, unsigned long pfn,
				  unsigned int order)
{
	bool write = vmf->flags & FAULT_FLAG_WRITE;
	struct folio *folio = pfn_folio(pfn);

	set_mapping(vmf, folio, PAGE_SIZE << order);
	if (order == PMD_ORDER)
		return vmf_insert_folio_pmd(vmf, folio, write);
	if (IS_ENABLED(CONFIG_HAVE_ARCH_TRANSPARENT_HUGEPAGE_PUD) &&
	    order == PUD_ORDER)
		return vmf_insert_folio_pud(vmf, folio, write);
	if (order)
		return VM_FAULT_SIGBUS;
	return vmf_insert_page_mkwrite(vmf, &folio->page, write);
}
