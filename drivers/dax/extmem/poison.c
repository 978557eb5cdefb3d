// SPDX-License-Identifier: GPL-2.0
/*
 * Memory errors in a device's memory. From then on a fault on the page is
 * answered by SIGBUS; what is mapped is unmapped, by whole entries, and comes
 * back by faults around the page. The mm signals whoever maps the page and has
 * to know at once: it finds them through our struct pfn_address_space.
 */
#include <linux/dax.h>
#include <linux/device.h>
#include <linux/memory-failure.h>
#include <linux/notifier.h>
#include <linux/slab.h>
#include <linux/srcu.h>

#include "extmem_dax.h"

/* Held by faults from looking for bad pages until the entry is there. */
DEFINE_SRCU(extmem_dax_faults);

/**
 * struct extmem_dax_poison - a bound device, waiting for memory errors
 * @dev_dax: the device
 * @nb: on extmem's list of those who give access to its memory
 * @nr: entries of @space
 * @space: for each of its extents, for the mm
 *
 * All is fixed while the device is bound, and needs no lock.
 */
struct extmem_dax_poison {
	struct dev_dax *dev_dax;
	struct notifier_block nb;
	unsigned int nr;
	struct pfn_address_space space[] __counted_by(nr);
};

static int extmem_dax_find_pgoff(const struct dev_dax *dev_dax, unsigned long pfn,
				 pgoff_t *pgoff)
{
	int i;

	for (i = 0; i < dev_dax->nr_range; i++) {
		const struct dev_dax_range *range = &dev_dax->ranges[i];

		if (PFN_PHYS(pfn) < range->range.start ||
		    PFN_PHYS(pfn) > range->range.end)
			continue;
		*pgoff = range->pgoff + pfn - PHYS_PFN(range->range.start);
		return 0;
	}
	return -ENOENT;
}

/* The mm asks whether a mapping has the page. */
static int extmem_dax_pfn_to_vma_pgoff(struct vm_area_struct *vma, unsigned long pfn,
				       pgoff_t *pgoff)
{
	struct extmem_dax *ed = extmem_dax_of_file(vma->vm_file);
	int rc = extmem_dax_find_pgoff(ed->dev_dax, pfn, pgoff);

	if (!rc && (*pgoff < vma->vm_pgoff ||
		    *pgoff - vma->vm_pgoff >= vma_pages(vma)))
		rc = -ENOENT;
	return rc;
}

static int extmem_dax_unmap_page(struct notifier_block *nb, unsigned long action,
				 void *data)
{
	struct extmem_dax_poison *poison =
		container_of(nb, struct extmem_dax_poison, nb);
	struct dev_dax *dev_dax = poison->dev_dax;
	u64 pa = *(u64 *)data;
	pgoff_t pgoff;

	if (extmem_dax_find_pgoff(dev_dax, PHYS_PFN(pa), &pgoff))
		return NOTIFY_OK;

	/* Faults that began earlier may not have seen that the page is bad. */
	synchronize_srcu(&extmem_dax_faults);
	unmap_mapping_range(dax_inode(dev_dax->dax_dev)->i_mapping,
			    PFN_PHYS(pgoff), PAGE_SIZE, 1);
	return NOTIFY_OK;
}

static void extmem_dax_unwatch_poison(void *data)
{
	struct extmem_dax_poison *poison = data;

	for (; poison->nr; poison->nr--)
		unregister_pfn_address_space(&poison->space[poison->nr - 1]);
	extmem_poison_unregister(&poison->nb);
	kvfree(poison);
}

static int extmem_dax_add_space(struct extmem_dax_poison *poison, struct range range)
{
	struct pfn_address_space *space;
	int rc;

	poison->nr++;
	space = &poison->space[poison->nr - 1];
	space->node.start = PHYS_PFN(range.start);
	space->node.last = PHYS_PFN(range.end);
	space->mapping = dax_inode(poison->dev_dax->dax_dev)->i_mapping;
	space->pfn_to_vma_pgoff = extmem_dax_pfn_to_vma_pgoff;
	rc = register_pfn_address_space(space);
	if (rc)
		poison->nr--;
	return rc;
}

/**
 * extmem_dax_watch_poison - hear of memory errors until a device is unbound.
 * @dev_dax: the device
 *
 * Context: probe, with the device's lock held; may sleep.
 * Return: 0, or an error.
 */
int extmem_dax_watch_poison(struct dev_dax *dev_dax)
{
	struct device *dev = &dev_dax->dev;
	struct extmem_dax_poison *poison;
	int i, rc = 0;

	if (!IS_ENABLED(CONFIG_MEMORY_FAILURE))
		return 0;

	/* 64 bytes an extent: more than kmalloc() has if there are many */
	poison = kvzalloc(struct_size(poison, space, dev_dax->nr_range), GFP_KERNEL);
	if (!poison)
		return -ENOMEM;

	poison->dev_dax = dev_dax;
	poison->nb.notifier_call = extmem_dax_unmap_page;
	extmem_poison_register(&poison->nb);
	for (i = 0; !rc && i < dev_dax->nr_range; i++)
		rc = extmem_dax_add_space(poison, dev_dax->ranges[i].range);
	if (rc) {
		extmem_dax_unwatch_poison(poison);
		return rc;
	}
	return devm_add_action_or_reset(dev, extmem_dax_unwatch_poison, poison);
}
