// SPDX-License-Identifier: GPL-2.0
/*
 * Opening a device without a node: the caller may see another /dev, or none. The
 * inode is that of a device node all the same, so that all goes the way of
 * open(2) from there on. It is in a file system of its own, that nobody can mount
 * and that is there only as long as one of its files is.
 */
#include <linux/dcache.h>
#include <linux/file.h>
#include <linux/mount.h>
#include <linux/pseudo_fs.h>
#include <linux/slab.h>
#include <linux/stat.h>

#include "extmem_dax.h"

#define EXTMEM_DAX_MAGIC	0x65787464

/* What /proc/PID/fd and maps say: nothing that had to be asked in another way. */
static char *dname(struct dentry *dentry, char *buf, int len)
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
	.d_dname = dname,
};

/* There is nothing in it but our devices, which may be opened by /proc/PID/fd. */
static int init_fs_context(struct fs_context *fc)
{
	struct pseudo_fs_context *ctx = init_pseudo(fc, EXTMEM_DAX_MAGIC);

	if (!ctx)
		return -ENOMEM;
	ctx->dops = &extmem_dax_dops;
	fc->s_iflags &= ~SB_I_NODEV;
	return 0;
}

static struct file_system_type extmem_dax_fs = {
	.name = "extmem_dax",
	.owner = THIS_MODULE,
	.init_fs_context = init_fs_context,
	.kill_sb = kill_anon_super,
};

/* With the rights that the device's node has. */
static struct inode *make_inode(struct super_block *sb, struct dev_dax *dev_dax)
{
	struct inode *inode = new_inode(sb);
	umode_t mode;

	if (!inode)
		return NULL;
	inode->i_ino = get_next_ino();
	simple_inode_init_ts(inode);
	extmem_dax_devnode(dev_dax, &mode, &inode->i_uid, &inode->i_gid);
	init_special_inode(inode, mode, dev_dax->dev.devt);
	return inode;
}

static struct dentry *make_dentry(struct dentry *root, struct dev_dax *dev_dax)
{
	struct dentry *dentry = d_alloc_name(root, dev_name(&dev_dax->dev));
	struct inode *inode;

	if (!dentry)
		return NULL;
	inode = make_inode(root->d_sb, dev_dax);
	if (!inode) {
		dput(dentry);
		return NULL;
	}
	d_instantiate(dentry, inode);
	return dentry;
}

static struct file *open_in(struct vfsmount *mnt, struct dev_dax *dev_dax, int flags)
{
	struct path path = {
		.mnt = mnt,
		.dentry = make_dentry(mnt->mnt_root, dev_dax),
	};
	struct file *file;

	if (!path.dentry)
		return ERR_PTR(-ENOMEM);
	file = dentry_open(&path, flags, current_cred());
	dput(path.dentry);
	return file;
}

/* As open(2) of its node, but for the permissions; -ENXIO if it is disabled. */
struct file *extmem_dax_open_device(struct dev_dax *dev_dax, int flags)
{
	static struct vfsmount *mnt;
	static int count;
	struct file *file;
	int rc;

	rc = simple_pin_fs(&extmem_dax_fs, &mnt, &count);
	if (rc)
		return ERR_PTR(rc);
	file = open_in(mnt, dev_dax, flags);
	simple_release_fs(&mnt, &count);
	return file;
}
