// SPDX-License-Identifier: GPL-2.0
/*
 * The page size of a mapping, for /proc/PID/smaps and numa_maps: the largest that
 * faults use for any of it. The device's align is a lower bound only.
 */
#include <linux/dax.h>
#include <linux/mm.h>

#include "extmem_dax.h"

/* Whether what the VMA has of the range holds an aligned page of that size. */
static bool fits(const struct vm_area_struct *vma,
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

static bool any_fits(struct vm_area_struct *vma, u64 size)
{
	struct dev_dax *dev_dax = file_dev_dax(vma->vm_file);
	bool found = false;
	int i, id = dax_read_lock();

	for (i = 0; dax_alive(dev_dax->dax_dev) && i < dev_dax->nr_range; i++) {
		found = fits(vma, &dev_dax->ranges[i], size);
		if (found)
			break;
	}
	dax_read_unlock(id);
	return found;
}

unsigned long extmem_dax_pagesize(struct vm_area_struct *vma)
{
	if (IS_ENABLED(CONFIG_HAVE_ARCH_TRANSPARENT_HUGEPAGE_PUD) &&
	    any_fits(vma, PUD_SIZE))
		return PUD_SIZE;
	return any_fits(vma, PMD_SIZE) ? PMD_SIZE : PAGE_SIZE;
}
