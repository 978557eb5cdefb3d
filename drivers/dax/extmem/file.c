// SPDX-License-Identifier: GPL-2.0
/* /dev/daxN.M: open it, map it. */
#include <linux/cdev.h>
#include <linux/dax.h>
#include <linux/module.h>
#include <linux/pagemap.h>
#include <linux/slab.h>

#include "extmem_dax.h"

/* The cdev's parent is the device, see add_cdev(). */
static struct dev_dax *inode_dev_dax(const struct inode *inode)
{
	return to_dev_dax(kobj_to_dev(inode->i_cdev->kobj.parent));
}

static int extmem_dax_open(struct inode *inode, struct file *filp)
{
	struct dev_dax *dev_dax = inode_dev_dax(inode);
	struct extmem_dax_file *file = kmalloc_obj(*file);
	int rc;

	if (!file)
		return -ENOMEM;
	file->dev_dax = dev_dax;
	file->owners = READ_ONCE(to_extmem_dax(dev_dax)->owners);

	/* One mapping for all nodes of the device, for kill_dev_dax(). */
	filp->f_mapping = dax_inode(dev_dax->dax_dev)->i_mapping;
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

/* A reference on what the file gives access to, see extmem_file_claim(). */
struct extmem_claim *extmem_dax_get_claim(const struct file *file)
{
	struct extmem_dax *ed = to_extmem_dax(file_dev_dax(file));
	struct extmem_claim *claim = ERR_PTR(-ENXIO);

	spin_lock(&ed->lock);
	if (extmem_dax_may_map(ed, file) && extmem_claim_get(ed->claim))
		claim = ed->claim;
	spin_unlock(&ed->lock);
	return claim;
}

const struct file_operations extmem_dax_fops = {
	.llseek = noop_llseek,
	.owner = THIS_MODULE,
	.open = extmem_dax_open,
	.release = extmem_dax_release,
	.get_unmapped_area = extmem_dax_get_unmapped_area,
	.mmap_prepare = extmem_dax_mmap_prepare,
	.fop_flags = FOP_MMAP_SYNC,
};
