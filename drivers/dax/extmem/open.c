// SPDX-License-Identifier: GPL-2.0
/*
 * Opening a device without a node: the caller may see another /dev, or none. The
 * inode is that of a device node all the same, so that all goes the way of
 * open(2) from there on. It is in a file system of its own, that nobody can mount
 * and that is there only as long as one of its files is.
 *
 * Who may open it anew, by /proc/PID/fd, is who may open the device: its rights are
 * those of the claim's owner whenever they are asked for.
 */
#include <linux/dcache.h>
#include <linux/file.h>
#include <linux/mm.h>
#include <linux/mount.h>
#include <linux/pseudo_fs.h>
#include <linux/slab.h>
#include <linux/stat.h>

#include "extmem_dax.h"

#define EXTMEM_DAX_MAGIC	0x65787464

/* What /proc/PID/fd and maps say: nothing that had to be asked in another way. */
static char *extmem_dax_dname(struct dentry *dentry, char *buf, int len)
{
	static const char dir[] = "/dev/";
	size_t skip = sizeof(dir) - 1, name = dentry->d_name.len + 1;

	if (len < 0 || skip + name > len)
		return ERR_PTR(-ENAMETOOLONG);
	buf += len - skip - name;
	memcpy(buf, dir, skip);
	memcpy(buf + skip, dentry->d_name.name, name);
	return buf;
}

static const struct dentry_operations extmem_dax_dops = {
	.d_dname = extmem_dax_dname,
};

/* The inode has a reference on its device, for its rights. */
static void extmem_dax_evict_inode(struct inode *inode)
{
	struct dev_dax *dev_dax = inode->i_private;

	truncate_inode_pages_final(&inode->i_data);
	clear_inode(inode);
	if (dev_dax)
		put_device(&dev_dax->dev);
}

static const struct super_operations extmem_dax_super_ops = {
	.statfs = simple_statfs,
	.evict_inode = extmem_dax_evict_inode,
};

/* There is nothing in it but our devices, which may be opened by /proc/PID/fd. */
static int extmem_dax_init_fs_context(struct fs_context *fc)
{
	struct pseudo_fs_context *ctx = init_pseudo(fc, EXTMEM_DAX_MAGIC);

	if (!ctx)
		return -ENOMEM;
	ctx->ops = &extmem_dax_super_ops;
	ctx->dops = &extmem_dax_dops;
	fc->s_iflags &= ~SB_I_NODEV;
	return 0;
}

static struct file_system_type extmem_dax_fs = {
	.name = EXTMEM_DAX_FS,
	.owner = THIS_MODULE,
	.init_fs_context = extmem_dax_init_fs_context,
	.kill_sb = kill_anon_super,
};

/* Make the inode's rights what those of the device's owner are by now. */
static void extmem_dax_update_inode(struct inode *inode)
{
	umode_t mode;
	kuid_t uid;
	kgid_t gid;

	extmem_dax_devnode(inode->i_private, &mode, &uid, &gid);
	WRITE_ONCE(inode->i_mode, mode);
	WRITE_ONCE(inode->i_uid, uid);
	WRITE_ONCE(inode->i_gid, gid);
}

static int extmem_dax_permission(struct mnt_idmap *idmap, struct inode *inode,
				 int mask)
{
	/* Nobody holds a reference on the inode, and so on the device */
	if (mask & MAY_NOT_BLOCK)
		return -ECHILD;
	extmem_dax_update_inode(inode);
	return generic_permission(idmap, inode, mask);
}

static int extmem_dax_getattr(struct mnt_idmap *idmap, const struct path *path,
			      struct kstat *stat, u32 request_mask,
			      unsigned int query_flags)
{
	struct inode *inode = d_inode(path->dentry);

	extmem_dax_update_inode(inode);
	generic_fillattr(idmap, request_mask, inode, stat);
	return 0;
}

/* They are changed where the claim's are, in sysfs. */
static int extmem_dax_setattr(struct mnt_idmap *idmap, struct dentry *dentry,
			      struct iattr *attr)
{
	return -EPERM;
}

static const struct inode_operations extmem_dax_iops = {
	.permission = extmem_dax_permission,
	.getattr = extmem_dax_getattr,
	.setattr = extmem_dax_setattr,
};

static struct inode *extmem_dax_make_inode(struct super_block *sb,
					   struct dev_dax *dev_dax)
{
	struct inode *inode = new_inode(sb);
	umode_t mode;

	if (!inode)
		return NULL;
	get_device(&dev_dax->dev);
	inode->i_private = dev_dax;
	inode->i_op = &extmem_dax_iops;
	inode->i_ino = get_next_ino();
	simple_inode_init_ts(inode);
	extmem_dax_devnode(dev_dax, &mode, &inode->i_uid, &inode->i_gid);
	init_special_inode(inode, mode, dev_dax->dev.devt);
	return inode;
}

static struct dentry *extmem_dax_make_dentry(struct dentry *root,
					     struct dev_dax *dev_dax)
{
	struct dentry *dentry = d_alloc_name(root, dev_name(&dev_dax->dev));
	struct inode *inode;

	if (!dentry)
		return NULL;
	inode = extmem_dax_make_inode(root->d_sb, dev_dax);
	if (!inode) {
		dput(dentry);
		return NULL;
	}
	d_instantiate(dentry, inode);
	return dentry;
}

static struct file *extmem_dax_open_in(struct vfsmount *mnt, struct dev_dax *dev_dax,
				       int flags)
{
	struct path path = {
		.mnt = mnt,
		.dentry = extmem_dax_make_dentry(mnt->mnt_root, dev_dax),
	};
	struct file *file;

	if (!path.dentry)
		return ERR_PTR(-ENOMEM);
	file = dentry_open(&path, flags, current_cred());
	dput(path.dentry);
	return file;
}

/**
 * extmem_dax_open_device - open a device without its node.
 * @dev_dax: the device, on which the caller has a reference
 * @flags: as of open(2); permissions are not checked
 *
 * Context: no locks; sleeps for as long as clearing dirty memory takes.
 * Return: the file; -ENXIO if the device is disabled, or another error.
 */
struct file *extmem_dax_open_device(struct dev_dax *dev_dax, int flags)
{
	static struct vfsmount *mnt;
	static int count;
	struct file *file;
	int rc;

	rc = simple_pin_fs(&extmem_dax_fs, &mnt, &count);
	if (rc)
		return ERR_PTR(rc);
	file = extmem_dax_open_in(mnt, dev_dax, flags);
	simple_release_fs(&mnt, &count);
	return file;
}
