// SPDX-License-Identifier: GPL-2.0
/*
 * A mapping of a device. Every VMA holds one reference on the claim, from its
 * first insertion (->mapped) or copy (->open: fork, split, move) to its end
 * (->close). VMAs of VM_PFNMAP or VM_DONTEXPAND are never merged, so the count is
 * exact. vm_private_data says who holds one: ->close also comes after a ->mapped
 * that failed.
 *
 * A fault is served by the largest entry that address, offset, extent and VMA
 * allow. The mm asks for the largest order first and comes back with the next on a
 * fallback. Write-back caching comes from the memory type the pool has tracked. An
 * entry never covers a page that has had a memory error.
 */
#include <linux/dax.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/srcu.h>

#include "extmem_dax.h"

/*
 * A mapping without pages must not begin on a device that has some by now, nor
 * the other way round.
 */
static int extmem_dax_take_reference(const struct file *file, bool pages,
				     void **private_data)
{
	struct extmem_dax *ed = extmem_dax_of_file(file);
	int rc = -ENXIO;

	*private_data = NULL;
	spin_lock(&ed->lock);
	if (extmem_dax_may_map(ed, file) && !!ed->pgmap == pages &&
	    extmem_claim_get(ed->claim)) {
		*private_data = ed->claim;
		rc = 0;
	}
	spin_unlock(&ed->lock);
	return rc;
}

static int extmem_dax_mapped(unsigned long start, unsigned long end,
			     pgoff_t pgoff, const struct file *file,
			     void **private_data)
{
	return extmem_dax_take_reference(file, false, private_data);
}

static int extmem_dax_mapped_pages(unsigned long start, unsigned long end,
				   pgoff_t pgoff, const struct file *file,
				   void **private_data)
{
	return extmem_dax_take_reference(file, true, private_data);
}

static void extmem_dax_vma_open(struct vm_area_struct *vma)
{
	struct extmem_claim *claim = vma->vm_private_data;

	/* The VMA it was copied from has a reference: this can't fail. */
	if (claim && WARN_ON_ONCE(!extmem_claim_get(claim)))
		vma->vm_private_data = NULL;
}

static void extmem_dax_vma_close(struct vm_area_struct *vma)
{
	struct extmem_claim *claim = vma->vm_private_data;

	if (claim)
		extmem_claim_put(claim);
}

static int extmem_dax_may_split(struct vm_area_struct *vma, unsigned long addr)
{
	struct extmem_dax *ed = extmem_dax_of_file(vma->vm_file);

	return IS_ALIGNED(addr, ed->dev_dax->align) ? 0 : -EINVAL;
}

/* The range that @pgoff of the device is in; they are sorted by pgoff. */
static const struct dev_dax_range *
extmem_dax_find_range(const struct dev_dax *dev_dax, pgoff_t pgoff)
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
static unsigned long extmem_dax_find_pfn(const struct dev_dax *dev_dax,
					 pgoff_t pgoff, unsigned long pages)
{
	const struct dev_dax_range *range = extmem_dax_find_range(dev_dax, pgoff);
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

static vm_fault_t extmem_dax_insert_pfn(struct vm_fault *vmf, unsigned long pfn,
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
static bool extmem_dax_has_pages(const struct vm_fault *vmf)
{
	return !(vmf->vma->vm_flags & VM_PFNMAP);
}

static vm_fault_t extmem_dax_map_entry(const struct dev_dax *dev_dax,
				       struct vm_fault *vmf, unsigned int order)
{
	bool has_pages = extmem_dax_has_pages(vmf);
	unsigned long size = PAGE_SIZE << order;
	unsigned long addr = ALIGN_DOWN(vmf->address, size);
	unsigned long pfn;

	if (has_pages && size != dev_dax->align)
		return order ? VM_FAULT_FALLBACK : VM_FAULT_SIGBUS;
	if (addr < vmf->vma->vm_start || addr + size > vmf->vma->vm_end)
		return VM_FAULT_FALLBACK;

	pfn = extmem_dax_find_pfn(dev_dax, linear_page_index(vmf->vma, addr),
				  1UL << order);
	if (!pfn)
		return order ? VM_FAULT_FALLBACK : VM_FAULT_SIGBUS;
	if (extmem_poisoned(PFN_PHYS(pfn), size))
		return order && !has_pages ? VM_FAULT_FALLBACK : VM_FAULT_HWPOISON;
	return has_pages ? extmem_dax_insert_page(vmf, pfn, order) :
			   extmem_dax_insert_pfn(vmf, pfn, order);
}

/*
 * The VMA's reference on the claim keeps the device bound and its extents as they
 * are: only memory errors need a lock here.
 */
static vm_fault_t extmem_dax_huge_fault(struct vm_fault *vmf, unsigned int order)
{
	guard(srcu)(&extmem_dax_faults);
	return extmem_dax_map_entry(extmem_dax_of_file(vmf->vma->vm_file)->dev_dax,
				    vmf, order);
}

static vm_fault_t extmem_dax_fault(struct vm_fault *vmf)
{
	return extmem_dax_huge_fault(vmf, 0);
}

static int extmem_dax_copy(struct vm_area_struct *vma, unsigned long addr, void *buf,
			   int len, int write)
{
	struct dev_dax *dev_dax = extmem_dax_of_file(vma->vm_file)->dev_dax;
	unsigned long pfn;

	if (!dax_alive(dev_dax->dax_dev))
		return -EFAULT;
	pfn = extmem_dax_find_pfn(dev_dax, linear_page_index(vma, addr), 1);
	if (!pfn)
		return -EFAULT;
	return extmem_copy(PFN_PHYS(pfn) + offset_in_page(addr), buf, len, write);
}

/*
 * For those who may look into the process, by ptrace and /proc/PID/mem: so gdb
 * reads a guest's memory in its monitor. They may do what the process itself could:
 * no breakpoints in memory that is mapped read-only, for others would meet them.
 * The VMA's reference keeps the claim. No page gets mapped. Returns how far it
 * went, up to a page.
 */
static int extmem_dax_access(struct vm_area_struct *vma, unsigned long addr, void *buf,
			     int len, int write)
{
	int id, rc;

	if (!(vma->vm_flags & (write ? VM_WRITE : VM_READ)))
		return -EFAULT;

	len = min_t(unsigned long, len, PAGE_SIZE - offset_in_page(addr));
	guard(srcu)(&extmem_dax_faults);
	id = dax_read_lock();
	rc = extmem_dax_copy(vma, addr, buf, len, write);
	dax_read_unlock(id);
	return rc ?: len;
}

/* Whether what the VMA has of the range holds an aligned page of that size. */
static bool extmem_dax_range_fits(const struct vm_area_struct *vma,
				  const struct dev_dax_range *range, u64 size)
{
	u64 vma_off = PFN_PHYS(vma->vm_pgoff), off = PFN_PHYS(range->pgoff);
	u64 from = max(vma_off, off);
	u64 to = min(vma_off + vma->vm_end - vma->vm_start,
		     off + range_len(&range->range));
	u64 addr = vma->vm_start + from - vma_off;
	u64 pa = range->range.start + from - off;

	return from < to && IS_ALIGNED(addr - pa, size) &&
	       ALIGN(addr, size) - addr + size <= to - from;
}

static bool extmem_dax_any_fits(struct vm_area_struct *vma, u64 size)
{
	struct dev_dax *dev_dax = extmem_dax_of_file(vma->vm_file)->dev_dax;
	bool found = false;
	int i, id = dax_read_lock();

	for (i = 0; dax_alive(dev_dax->dax_dev) && i < dev_dax->nr_range; i++) {
		found = extmem_dax_range_fits(vma, &dev_dax->ranges[i], size);
		if (found)
			break;
	}
	dax_read_unlock(id);
	return found;
}

/*
 * The page size of a mapping, for /proc/PID/smaps and numa_maps: the largest that
 * faults use for any of it. The device's align is a lower bound only.
 */
static unsigned long extmem_dax_pagesize(struct vm_area_struct *vma)
{
	if (IS_ENABLED(CONFIG_HAVE_ARCH_TRANSPARENT_HUGEPAGE_PUD) &&
	    extmem_dax_any_fits(vma, PUD_SIZE))
		return PUD_SIZE;
	return extmem_dax_any_fits(vma, PMD_SIZE) ? PMD_SIZE : PAGE_SIZE;
}

const struct vm_operations_struct extmem_dax_vm_ops = {
	.mapped = extmem_dax_mapped,
	.open = extmem_dax_vma_open,
	.close = extmem_dax_vma_close,
	.may_split = extmem_dax_may_split,
	.access = extmem_dax_access,
	.pagesize = extmem_dax_pagesize,
	.fault = extmem_dax_fault,
	.huge_fault = extmem_dax_huge_fault,
};

const struct vm_operations_struct extmem_dax_page_vm_ops = {
	.mapped = extmem_dax_mapped_pages,
	.open = extmem_dax_vma_open,
	.close = extmem_dax_vma_close,
	.may_split = extmem_dax_may_split,
	.pagesize = extmem_dax_pagesize,
	.fault = extmem_dax_fault,
	.huge_fault = extmem_dax_huge_fault,
};
