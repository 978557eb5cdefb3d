// SPDX-License-Identifier: GPL-2.0
/*
 * The life of a device of a pool. device_dax binds to it, as a rule without a
 * pgmap, with a character device whose operations are our own, and not unbound
 * while in use.
 */
#include <linux/cdev.h>
#include <linux/dax.h>
#include <linux/device.h>
#include <linux/pagemap.h>
#include <linux/slab.h>

#include "extmem_dax.h"

/* A device appears; after a kexec it is that of @claim. */
int extmem_dax_init_device(struct dev_dax *dev_dax, void *claim)
{
	struct extmem_dax *ed = kzalloc_obj(*ed);

	if (!ed)
		return -ENOMEM;

	spin_lock_init(&ed->lock);
	mutex_init(&ed->clearing);
	ed->owner = extmem_dax_root;
	if (claim)
		extmem_claim_owner(claim, &ed->owner);
	dev_dax->private = ed;
	return 0;
}

static void del_cdev(void *cdev)
{
	cdev_del(cdev);
}

/*
 * A fresh cdev each time: files opened before the device was last disabled
 * hold on to theirs.
 */
static int add_cdev(struct dev_dax *dev_dax)
{
	struct device *dev = &dev_dax->dev;
	struct cdev *cdev = cdev_alloc();
	int rc;

	if (!cdev)
		return -ENOMEM;

	cdev->ops = &extmem_dax_fops;
	cdev->owner = dev->driver->owner;
	cdev_set_parent(cdev, &dev->kobj);
	rc = cdev_add(cdev, dev->devt, 1);
	if (rc) {
		/* cdev_add() takes the reference to the parent last */
		cdev->kobj.parent = NULL;
		kobject_put(&cdev->kobj);
		return rc;
	}
	return devm_add_action_or_reset(dev, del_cdev, cdev);
}

static void set_live(struct extmem_dax *ed, bool live)
{
	spin_lock(&ed->lock);
	ed->live = live;
	spin_unlock(&ed->lock);
}

static void stop_device(void *data)
{
	struct dev_dax *dev_dax = data;

	set_live(to_extmem_dax(dev_dax), false);
	kill_dev_dax(dev_dax);
}

static const struct address_space_operations extmem_dax_aops = {
	.dirty_folio = noop_dirty_folio,
};

/*
 * To the mm, S_DAX says that huge entries have pages behind them: it looks for
 * them when it zaps or splits one.
 */
static void set_inode(struct inode *inode, bool pages)
{
	inode->i_mapping->a_ops = &extmem_dax_aops;
	inode_lock(inode);
	inode_set_flags(inode, pages ? S_DAX : 0, S_DAX);
	inode_unlock(inode);
}

int extmem_dax_probe(struct dev_dax *dev_dax)
{
	struct extmem_dax *ed = to_extmem_dax(dev_dax);
	bool pages;
	int rc;

	if (!ed->claim)
		return -ENXIO;
	/* Some of it never came back */
	if (ed->ram)
		return -EBUSY;

	pages = extmem_dax_wants_pages(ed->claim);
	rc = pages ? extmem_dax_make_pages(dev_dax) : 0;
	if (rc)
		return rc;
	set_inode(dax_inode(dev_dax->dax_dev), pages);

	rc = extmem_dax_watch_poison(dev_dax);
	if (rc)
		return rc;

	rc = add_cdev(dev_dax);
	if (rc)
		return rc;

	run_dax(dev_dax->dax_dev);
	set_live(ed, true);
	return devm_add_action_or_reset(&dev_dax->dev, stop_device, dev_dax);
}

/* No new mapping from here on, or -EBUSY. */
static int stop_mappings(struct extmem_dax *ed, bool *was_live)
{
	guard(spinlock)(&ed->lock);
	if (ed->claim && extmem_claim_busy(ed->claim))
		return -EBUSY;
	*was_live = ed->live;
	ed->live = false;
	return 0;
}

int extmem_dax_quiesce(struct dev_dax *dev_dax)
{
	struct extmem_dax *ed = to_extmem_dax(dev_dax);
	bool was_live;
	int rc;

	if (ed->ram)
		return extmem_dax_quiesce_ram(dev_dax);
	rc = stop_mappings(ed, &was_live);
	if (rc || extmem_dax_freeze_pages(dev_dax))
		return rc;
	set_live(ed, was_live);
	return -EBUSY;
}
