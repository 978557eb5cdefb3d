// SPDX-License-Identifier: GPL-2.0
/*
 * mmap() of a device: what is refused, and where a mapping goes.
 *
 *   EINVAL  private, or address, length or offset not a multiple of "align"
 *   ENXIO   beyond the end of the device (as mmap(2) has it), or disabled, or
 *           opened when the device had other memory, whose owner may be another
 */
#include <linux/dax.h>
#include <linux/mman.h>

#include "extmem_dax.h"

/* The device's size as long as the file may map it, else 0. */
static u64 live_size(const struct file *file)
{
	struct extmem_dax *ed = to_extmem_dax(file_dev_dax(file));
	u64 size = 0;

	spin_lock(&ed->lock);
	if (extmem_dax_may_map(ed, file))
		size = extmem_claim_size(ed->claim);
	spin_unlock(&ed->lock);
	return size;
}

static bool inside(const struct vm_area_desc *desc)
{
	u64 pages = live_size(desc->file) >> PAGE_SHIFT;
	u64 len = (desc->end - desc->start) >> PAGE_SHIFT;

	return len <= pages && desc->pgoff <= pages - len;
}

static int check_mapping(struct dev_dax *dev_dax,
			 const struct vm_area_desc *desc)
{
	if (!vma_desc_test(desc, VMA_MAYSHARE_BIT))
		return -EINVAL;
	if (!IS_ALIGNED(desc->start | desc->end, dev_dax->align) ||
	    !IS_ALIGNED(desc->pgoff, dev_dax->align >> PAGE_SHIFT))
		return -EINVAL;
	if (!inside(desc))
		return -ENXIO;
	return 0;
}

int extmem_dax_mmap_prepare(struct vm_area_desc *desc)
{
	struct dev_dax *dev_dax = file_dev_dax(desc->file);
	int rc = check_mapping(dev_dax, desc);

	if (rc)
		return rc;

	vma_desc_set_flags(desc, VMA_DONTEXPAND_BIT, VMA_DONTDUMP_BIT);
	if (READ_ONCE(to_extmem_dax(dev_dax)->pgmap)) {
		vma_desc_set_flags(desc, VMA_HUGEPAGE_BIT);
		desc->vm_ops = &extmem_dax_page_vm_ops;
	} else {
		vma_desc_set_flags(desc, VMA_PFNMAP_BIT);
		desc->vm_ops = &extmem_dax_vm_ops;
	}
	return 0;
}

/* Bytes of @range within the device's bytes @off to @off + @len - 1. */
static u64 overlap(const struct dev_dax_range *range, u64 off, u64 len)
{
	u64 start = max_t(u64, off, PFN_PHYS(range->pgoff));
	u64 end = min_t(u64, off + len,
			PFN_PHYS(range->pgoff) + range_len(&range->range));

	return start < end ? end - start : 0;
}

/*
 * Where the byte at @off of the device would lie if all of the mapping had the
 * layout of the extent it sees most of. Huge entries need an address that
 * agrees with the physical one.
 */
static u64 best_phase(struct dev_dax *dev_dax, u64 off, u64 len)
{
	u64 most = 0, phase = off;
	int i, id = dax_read_lock();

	for (i = 0; dax_alive(dev_dax->dax_dev) && i < dev_dax->nr_range; i++) {
		const struct dev_dax_range *range = &dev_dax->ranges[i];
		u64 bytes = overlap(range, off, len);

		if (bytes > most) {
			most = bytes;
			phase = range->range.start - PFN_PHYS(range->pgoff) + off;
		}
	}
	dax_read_unlock(id);
	return phase;
}

static unsigned long area_for(struct file *filp, unsigned long len,
			      unsigned long pgoff, unsigned long flags,
			      unsigned long size)
{
	unsigned long addr;
	u64 phase;

	if (len < size || len + size < len)
		return -ENOMEM;

	addr = mm_get_unmapped_area(filp, 0, len + size, pgoff, flags);
	if (IS_ERR_VALUE(addr))
		return addr;
	phase = best_phase(file_dev_dax(filp), PFN_PHYS(pgoff), len);
	return addr + ((phase - addr) & (size - 1));
}

/*
 * Room for the largest pages the length allows, whatever the device's align,
 * which is a lower bound only.
 */
unsigned long extmem_dax_get_unmapped_area(struct file *filp,
					   unsigned long addr,
					   unsigned long len,
					   unsigned long pgoff,
					   unsigned long flags)
{
	unsigned long area;

	if (addr || flags & MAP_FIXED)
		goto plain;

	area = area_for(filp, len, pgoff, flags, PUD_SIZE);
	if (IS_ERR_VALUE(area))
		area = area_for(filp, len, pgoff, flags, PMD_SIZE);
	if (!IS_ERR_VALUE(area))
		return area;
plain:
	return mm_get_unmapped_area(filp, addr, len, pgoff, flags);
}
