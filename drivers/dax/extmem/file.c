// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/daxN.M: open it, map it. mmap() fails with
 *
 *   EINVAL  private, or address, length or offset not a multiple of "align"
 *   ENXIO   beyond the end of the device (as mmap(2) has it), or disabled, or
 *           opened when the device had other memory, whose owner may be another
 */
#include <linux/cdev.h>
#include <linux/cleanup.h>
#include <linux/dax.h>
#include <linux/mman.h>
#include <linux/module.h>
#include <linux/pagemap.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "extmem_dax.h"

/* The cdev's parent is the device, see extmem_dax_add_cdev(). */
static struct extmem_dax *extmem_dax_of_inode(const struct inode *inode)
{
	return to_extmem_dax(to_dev_dax(kobj_to_dev(inode->i_cdev->kobj.parent)));
}

/**
 * extmem_dax_get_claim - take a reference on what a file gives access to.
 * @file: an open file of a device
 *
 * Context: any, see extmem_file_claim().
 * Return: the claim, to be given back by extmem_claim_put(); -ENXIO if the device
 * is disabled, or had other memory when it was opened.
 */
struct extmem_claim *extmem_dax_get_claim(const struct file *file)
{
	struct extmem_dax *ed = extmem_dax_of_file(file);
	struct extmem_claim *claim = ERR_PTR(-ENXIO);

	spin_lock(&ed->lock);
	if (extmem_dax_may_map(ed, file) && extmem_claim_get(ed->claim))
		claim = ed->claim;
	spin_unlock(&ed->lock);
	return claim;
}

/* Before @file, just opened, gives access to anything. */
static int extmem_dax_clean(const struct file *file)
{
	struct extmem_dax *ed = extmem_dax_of_file(file);
	struct extmem_claim *claim;
	int rc;

	if (!extmem_dax_needs_clearing(ed))
		return 0;
	claim = extmem_dax_get_claim(file);
	if (IS_ERR(claim))
		return PTR_ERR(claim);
	rc = extmem_dax_clear_claim(ed, claim);
	extmem_claim_put(claim);
	return rc;
}

/*
 * A node that somebody has made, in a container say, has rights that do not follow the
 * device's owner. It is good for the first claim's memory alone.
 */
static bool extmem_dax_node_follows(const struct inode *inode)
{
	const char *fs = inode->i_sb->s_type->name;

	return !IS_ENABLED(CONFIG_DEVTMPFS) || !strcmp(fs, "devtmpfs") ||
	       !strcmp(fs, EXTMEM_DAX_FS);
}

static int extmem_dax_open(struct inode *inode, struct file *filp)
{
	struct extmem_dax *ed = extmem_dax_of_inode(inode);
	struct extmem_dax_file *file = kmalloc_obj(*file);
	bool reused;
	int rc;

	if (!file)
		return -ENOMEM;
	file->ed = ed;
	scoped_guard(spinlock, &ed->lock) {
		file->owners = ed->owners;
		reused = ed->reused;
	}
	if (reused && !extmem_dax_node_follows(inode)) {
		kfree(file);
		return -ENXIO;
	}

	/* One mapping for all nodes of the device, for kill_dev_dax(). */
	filp->f_mapping = dax_inode(ed->dev_dax->dax_dev)->i_mapping;
	filp->f_wb_err = filemap_sample_wb_err(filp->f_mapping);
	filp->private_data = file;

	rc = extmem_dax_clean(filp);
	if (rc)
		kfree(file);
	return rc;
}

static int extmem_dax_release(struct inode *inode, struct file *filp)
{
	kfree(filp->private_data);
	return 0;
}

/* The device's size as long as the file may map it, else 0. */
static u64 extmem_dax_file_size(const struct file *file)
{
	struct extmem_dax *ed = extmem_dax_of_file(file);
	u64 size = 0;

	spin_lock(&ed->lock);
	if (extmem_dax_may_map(ed, file))
		size = extmem_claim_size(ed->claim);
	spin_unlock(&ed->lock);
	return size;
}

/*
 * Who wants to know the size of what is to be mapped asks for SEEK_END, as for a
 * block device's. -ENXIO as mmap() has it.
 */
static loff_t extmem_dax_llseek(struct file *filp, loff_t offset, int whence)
{
	u64 size = extmem_dax_file_size(filp);

	return size ? fixed_size_llseek(filp, offset, whence, size) : -ENXIO;
}

static bool extmem_dax_is_inside(const struct vm_area_desc *desc)
{
	u64 pages = extmem_dax_file_size(desc->file) >> PAGE_SHIFT;
	u64 len = (desc->end - desc->start) >> PAGE_SHIFT;

	return len <= pages && desc->pgoff <= pages - len;
}

static int extmem_dax_check_mapping(const struct dev_dax *dev_dax,
				    const struct vm_area_desc *desc)
{
	if (!vma_desc_test(desc, VMA_MAYSHARE_BIT))
		return -EINVAL;
	if (!IS_ALIGNED(desc->start | desc->end, dev_dax->align) ||
	    !IS_ALIGNED(desc->pgoff, dev_dax->align >> PAGE_SHIFT))
		return -EINVAL;
	if (!extmem_dax_is_inside(desc))
		return -ENXIO;
	return 0;
}

static int extmem_dax_mmap_prepare(struct vm_area_desc *desc)
{
	struct extmem_dax *ed = extmem_dax_of_file(desc->file);
	int rc = extmem_dax_check_mapping(ed->dev_dax, desc);

	if (rc)
		return rc;

	vma_desc_set_flags(desc, VMA_DONTEXPAND_BIT, VMA_DONTDUMP_BIT);
	/* If that changes before the mapping is there, ->mapped refuses it */
	if (READ_ONCE(ed->pgmap)) {
		vma_desc_set_flags(desc, VMA_HUGEPAGE_BIT);
		desc->vm_ops = &extmem_dax_page_vm_ops;
	} else {
		vma_desc_set_flags(desc, VMA_PFNMAP_BIT);
		desc->vm_ops = &extmem_dax_vm_ops;
	}
	return 0;
}

/* Bytes of @range within the device's bytes @off to @off + @len - 1. */
static u64 extmem_dax_overlap(const struct dev_dax_range *range, u64 off, u64 len)
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
static u64 extmem_dax_best_phase(struct dev_dax *dev_dax, u64 off, u64 len)
{
	u64 most = 0, phase = off;
	int i, id = dax_read_lock();

	for (i = 0; dax_alive(dev_dax->dax_dev) && i < dev_dax->nr_range; i++) {
		const struct dev_dax_range *range = &dev_dax->ranges[i];
		u64 bytes = extmem_dax_overlap(range, off, len);

		if (bytes > most) {
			most = bytes;
			phase = range->range.start - PFN_PHYS(range->pgoff) + off;
		}
	}
	dax_read_unlock(id);
	return phase;
}

static unsigned long extmem_dax_area_for(struct file *filp, unsigned long len,
					 unsigned long pgoff, unsigned long flags,
					 unsigned long size)
{
	struct dev_dax *dev_dax = extmem_dax_of_file(filp)->dev_dax;
	unsigned long addr;
	u64 phase;

	if (len < size || len + size < len)
		return -ENOMEM;

	addr = mm_get_unmapped_area(filp, 0, len + size, pgoff, flags);
	if (IS_ERR_VALUE(addr))
		return addr;
	phase = extmem_dax_best_phase(dev_dax, PFN_PHYS(pgoff), len);
	return addr + ((phase - addr) & (size - 1));
}

/*
 * Room for the largest pages the length allows, whatever the device's align,
 * which is a lower bound only.
 */
static unsigned long extmem_dax_get_unmapped_area(struct file *filp,
						  unsigned long addr,
						  unsigned long len,
						  unsigned long pgoff,
						  unsigned long flags)
{
	unsigned long area;

	if (addr || flags & MAP_FIXED)
		goto plain;

	area = extmem_dax_area_for(filp, len, pgoff, flags, PUD_SIZE);
	if (IS_ERR_VALUE(area))
		area = extmem_dax_area_for(filp, len, pgoff, flags, PMD_SIZE);
	if (!IS_ERR_VALUE(area))
		return area;
plain:
	return mm_get_unmapped_area(filp, addr, len, pgoff, flags);
}

const struct file_operations extmem_dax_fops = {
	.llseek = extmem_dax_llseek,
	.owner = THIS_MODULE,
	.open = extmem_dax_open,
	.release = extmem_dax_release,
	.get_unmapped_area = extmem_dax_get_unmapped_area,
	.mmap_prepare = extmem_dax_mmap_prepare,
	.fop_flags = FOP_MMAP_SYNC,
};
