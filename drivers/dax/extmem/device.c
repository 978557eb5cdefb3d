// SPDX-License-Identifier: GPL-2.0
/*
 * The life of a device of a pool. device_dax binds to it, as a rule without a
 * pgmap, with a character device whose operations are our own. It is not unbound
 * while in use.
 *
 * Who may open /dev/daxN.M is recorded in the claim. So the node has the same
 * rights after a kexec, from the moment it exists.
 */
#include <linux/cdev.h>
#include <linux/cleanup.h>
#include <linux/dax.h>
#include <linux/device.h>
#include <linux/devtmpfs.h>
#include <linux/mutex.h>
#include <linux/pagemap.h>
#include <linux/slab.h>
#include <linux/stat.h>

#include "extmem_dax.h"

const struct extmem_owner extmem_dax_root = {
	.uid = KUIDT_INIT(0),
	.gid = KGIDT_INIT(0),
	.mode = 0600,
};

/**
 * extmem_dax_init_device - prepare a device that is about to appear.
 * @dev_dax: the device
 * @claim: the claim that the former kernel's device had, or NULL. It becomes
 *         &extmem_dax.claim later, when the device has its ranges
 *
 * Context: &dax_region_ops.init.
 * Return: 0, or -ENOMEM.
 */
int extmem_dax_init_device(struct dev_dax *dev_dax, void *claim)
{
	struct extmem_dax *ed = kzalloc_obj(*ed);

	if (!ed)
		return -ENOMEM;

	ed->dev_dax = dev_dax;
	ed->pool = dev_dax->region->private;
	spin_lock_init(&ed->lock);
	mutex_init(&ed->clearing);
	mutex_init(&ed->node);
	ed->owner = extmem_dax_root;
	if (claim)
		extmem_claim_owner(claim, &ed->owner);
	dev_dax->private = ed;
	return 0;
}

/**
 * extmem_dax_devnode - tell the rights of a device's node.
 * @dev_dax: the device
 * @mode: set to the type and permissions of the node
 * @uid: set to its owner
 * @gid: set to its group
 *
 * Context: any; &dax_region_ops.devnode, and for inodes of our own.
 */
void extmem_dax_devnode(struct dev_dax *dev_dax, umode_t *mode, kuid_t *uid,
			kgid_t *gid)
{
	struct extmem_dax *ed = to_extmem_dax(dev_dax);

	spin_lock(&ed->lock);
	/* Without a file type a mode of 0 would mean 0600 to devtmpfs */
	*mode = S_IFCHR | ed->owner.mode;
	*uid = ed->owner.uid;
	*gid = ed->owner.gid;
	spin_unlock(&ed->lock);
}

/**
 * extmem_dax_uevent - tell udev what the driver core does not.
 * @dev_dax: the device
 * @env: where to
 *
 * The driver core does not say that a node is root's. udev leaves alone what it is
 * not told: an event of a former owner that it handles late would have the last
 * word.
 *
 * Context: &dax_region_ops.uevent.
 * Return: 0, or -ENOMEM.
 */
int extmem_dax_uevent(struct dev_dax *dev_dax, struct kobj_uevent_env *env)
{
	kuid_t uid;
	kgid_t gid;
	umode_t mode;
	int rc = 0;

	extmem_dax_devnode(dev_dax, &mode, &uid, &gid);
	if (uid_eq(uid, GLOBAL_ROOT_UID))
		rc = add_uevent_var(env, "DEVUID=0");
	if (!rc && gid_eq(gid, GLOBAL_ROOT_GID))
		rc = add_uevent_var(env, "DEVGID=0");
	return rc;
}

/**
 * extmem_dax_set_owner - say who a device's node is to belong to.
 * @ed: the device; extmem_dax_update_node() has to follow
 * @owner: the owner
 *
 * Context: dax_dev_rwsem held for write.
 */
void extmem_dax_set_owner(struct extmem_dax *ed, const struct extmem_owner *owner)
{
	lockdep_assert_held_write(&dax_dev_rwsem);
	guard(spinlock)(&ed->lock);
	ed->owner = *owner;
}

/**
 * extmem_dax_update_node - give a device's node to its owner, and tell udev.
 * @ed: the device
 *
 * For a new name too, which udev makes links of.
 *
 * Each asks anew who the owner is, and one at a time: when the last of those returns
 * who have changed it, the node is the last owner's, whoever comes first.
 *
 * Context: waits for devtmpfs. A claim's end is over only when its owner has lost the
 * node, so there dax_dev_rwsem is held meanwhile. While the claim stays nobody waits
 * with it.
 */
void extmem_dax_update_node(struct extmem_dax *ed)
{
	struct device *dev = &ed->dev_dax->dev;
	int rc;

	guard(mutex)(&ed->node);
	/* A node that somebody has deleted is no error */
	rc = devtmpfs_change_node(dev);
	if (rc && rc != -ENOENT)
		dev_warn(dev, "its node keeps its rights: %pe\n", ERR_PTR(rc));
	kobject_uevent(&dev->kobj, KOBJ_CHANGE);
}

static void extmem_dax_del_cdev(void *cdev)
{
	cdev_del(cdev);
}

/*
 * A fresh cdev each time: files opened before the device was last disabled
 * hold on to theirs.
 */
static int extmem_dax_add_cdev(struct dev_dax *dev_dax)
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
	return devm_add_action_or_reset(dev, extmem_dax_del_cdev, cdev);
}

static void extmem_dax_set_live(struct extmem_dax *ed, bool live)
{
	spin_lock(&ed->lock);
	ed->live = live;
	spin_unlock(&ed->lock);
}

static void extmem_dax_stop_device(void *data)
{
	struct extmem_dax *ed = data;

	extmem_dax_set_live(ed, false);
	kill_dev_dax(ed->dev_dax);
}

static const struct address_space_operations extmem_dax_aops = {
	.dirty_folio = noop_dirty_folio,
};

/*
 * To the mm, S_DAX says that huge entries have pages behind them: it looks for
 * them when it zaps or splits one.
 */
static void extmem_dax_set_inode(struct inode *inode, bool pages)
{
	inode->i_mapping->a_ops = &extmem_dax_aops;
	inode_lock(inode);
	inode_set_flags(inode, pages ? S_DAX : 0, S_DAX);
	inode_unlock(inode);
}

/**
 * extmem_dax_probe - bind device_dax to a device.
 * @dev_dax: the device
 *
 * Context: &dax_region_ops.probe.
 * Return: 0; -ENXIO if it has no memory, -EBUSY if some of that has stayed system
 * RAM, or another error.
 */
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
	rc = pages ? extmem_dax_make_pages(ed) : 0;
	if (rc)
		return rc;
	extmem_dax_set_inode(dax_inode(dev_dax->dax_dev), pages);

	rc = extmem_dax_watch_poison(dev_dax);
	if (rc)
		return rc;

	rc = extmem_dax_add_cdev(dev_dax);
	if (rc)
		return rc;

	run_dax(dev_dax->dax_dev);
	extmem_dax_set_live(ed, true);
	return devm_add_action_or_reset(&dev_dax->dev, extmem_dax_stop_device, ed);
}

/* No new mapping from here on, or -EBUSY. */
static int extmem_dax_stop_mappings(struct extmem_dax *ed, bool *was_live)
{
	guard(spinlock)(&ed->lock);
	if (ed->claim && extmem_claim_busy(ed->claim))
		return -EBUSY;
	*was_live = ed->live;
	ed->live = false;
	return 0;
}

/**
 * extmem_dax_quiesce - let no use of a device begin any more.
 * @dev_dax: the device, bound
 *
 * Context: &dax_region_ops.quiesce.
 * Return: 0, or -EBUSY if it is in use; then it stays as it was.
 */
int extmem_dax_quiesce(struct dev_dax *dev_dax)
{
	struct extmem_dax *ed = to_extmem_dax(dev_dax);
	bool was_live;
	int rc;

	if (ed->ram)
		return extmem_dax_quiesce_ram(ed);
	rc = extmem_dax_stop_mappings(ed, &was_live);
	if (rc || extmem_dax_freeze_pages(ed))
		return rc;
	extmem_dax_set_live(ed, was_live);
	return -EBUSY;
}
