// SPDX-License-Identifier: GPL-2.0
/*
 * Faults: the largest entry that address, offset, extent and VMA allow. The mm
 * asks for the largest order first and comes back with the next on a fallback.
 * Write-back caching comes from the memory type the pool has tracked. An entry
 * never covers a page that has had a memory error.
 */
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/srcu.h>

#include "extmem_dax.h"

/* The range that @pgoff of the device is in; they are sorted by pgoff. */
static const struct dev_dax_range *find_range(const struct dev_dax *dev_dax,
					      pgoff_t pgoff)
{
	int low = 0, high = dev_dax->nr_range - 1;

	while (low < high) {
		int mid = high - (high - low) / 2;

		if (dev_dax->ranges[mid].pgoff <= pgoff)
			low = mid;
		else
			high = mid - 1;
	}
	return low == high ? &dev_dax->ranges[low] : NULL;
}

/* First pfn of the aligned, contiguous @pages at @pgoff, 0 if they are not. */
unsigned long extmem_dax_find_pfn(const struct dev_dax *dev_dax, pgoff_t pgoff,
				  unsigned long pages)
{
	const struct dev_dax_range *range = find_range(dev_dax, pgoff);
	unsigned long skip, len, pfn;

	if (!range || pgoff < range->pgoff)
		return 0;

	skip = pgoff - range->pgoff;
	len = PHYS_PFN(range_len(&range->range));
	pfn = PHYS_PFN(range->range.start) + skip;
	if (skip >= len || len - skip < pages || !IS_ALIGNED(pfn, pages))
		return 0;
	return pfn;
}

static vm_fault_t insert(struct vm_fault *vmf, unsigned long pfn,
			 unsigned int order)
{
	bool write = vmf->flags & FAULT_FLAG_WRITE;

	if (order == PMD_ORDER)
		return vmf_insert_pfn_pmd(vmf, pfn, write);
	if (IS_ENABLED(CONFIG_HAVE_ARCH_TRANSPARENT_HUGEPAGE_PUD) &&
	    order == PUD_ORDER)
		return vmf_insert_pfn_pud(vmf, pfn, write);
	if (order)
		return VM_FAULT_FALLBACK;
	return vmf_insert_pfn(vmf->vma, vmf->address & PAGE_MASK, pfn);
}

/*
 * Without pages an entry may be of any size; else it is a page, and those are of
 * the device's alignment. A bad page costs all that shares its struct page.
 */
static bool has_pages(const struct vm_fault *vmf)
{
	return !(vmf->vma->vm_flags & VM_PFNMAP);
}

static vm_fault_t map_entry(struct dev_dax *dev_dax, struct vm_fault *vmf,
			    unsigned int order)
{
	unsigned long size = PAGE_SIZE << order;
	unsigned long addr = ALIGN_DOWN(vmf->address, size);
	unsigned long pfn;

	if (has_pages(vmf) && size != dev_dax->align)
		return order ? VM_FAULT_FALLBACK : VM_FAULT_SIGBUS;
	if (addr < vmf->vma->vm_start || addr + size > vmf->vma->vm_end)
		return VM_FAULT_FALLBACK;

	pfn = extmem_dax_find_pfn(dev_dax, linear_page_index(vmf->vma, addr),
				  1UL << order);
	if (!pfn)
		return order ? VM_FAULT_FALLBACK : VM_FAULT_SIGBUS;
	if (extmem_poisoned(PFN_PHYS(pfn), size))
		return order && !has_pages(vmf) ? VM_FAULT_FALLBACK :
						  VM_FAULT_HWPOISON;
	return has_pages(vmf) ? extmem_dax_insert_page(vmf, pfn, order) :
				insert(vmf, pfn, order);
}

/*
 * The VMA's reference on the claim keeps the device bound and its extents as
 * they are, so there is nothing to lock here but for memory errors.
 */
vm_fault_t extmem_dax_huge_fault(struct vm_fault *vmf, unsigned int order)
{
	guard(srcu)(&extmem_dax_faults);
	return map_entry(file_dev_dax(vmf->vma->vm_file), vmf, order);
}

vm_fault_t extmem_dax_fault(struct vm_fault *vmf)
{
	return extmem_dax_huge_fault(vmf, 0);
}
