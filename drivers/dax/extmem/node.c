// SPDX-License-Identifier: GPL-2.0
/*
 * Who may open /dev/daxN.M. The claim says so: hence the node has the same
 * rights after a kexec, from the moment it exists.
 */
#include <linux/device.h>
#include <linux/devtmpfs.h>
#include <linux/stat.h>

#include "extmem_dax.h"

const struct extmem_owner extmem_dax_root = {
	.uid = KUIDT_INIT(0),
	.gid = KGIDT_INIT(0),
	.mode = 0600,
};

/* For devtmpfs and udev. Without a file type a mode of 0 would mean 0600. */
void extmem_dax_devnode(struct dev_dax *dev_dax, umode_t *mode, kuid_t *uid,
			kgid_t *gid)
{
	struct extmem_dax *ed = to_extmem_dax(dev_dax);

	spin_lock(&ed->lock);
	*mode = S_IFCHR | ed->owner.mode;
	*uid = ed->owner.uid;
	*gid = ed->owner.gid;
	spin_unlock(&ed->lock);
}

/*
 * The driver core does not tell udev that a node is root's, and udev leaves
 * alone what it is not told: an event of a former owner that it handles late
 * would have the last word.
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

/*
 * The device has a new owner, perhaps another name too: change its node and tell
 * udev. A node that somebody has deleted is no error.
 */
void extmem_dax_change_owner(struct dev_dax *dev_dax,
			     const struct extmem_owner *owner)
{
	struct extmem_dax *ed = to_extmem_dax(dev_dax);
	int rc;

	spin_lock(&ed->lock);
	ed->owner = *owner;
	spin_unlock(&ed->lock);

	rc = devtmpfs_change_node(&dev_dax->dev);
	if (rc && rc != -ENOENT)
		dev_warn(&dev_dax->dev, "its node keeps its rights: %pe\n",
			 ERR_PTR(rc));
	kobject_uevent(&dev_dax->dev.kobj, KOBJ_CHANGE);
}
