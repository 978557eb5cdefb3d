// SPDX-License-Identifier: GPL-2.0
/* For tests of the IOMMU alone: write a PCI address to preserve the device. */
#include <linux/debugfs.h>
#include <linux/pci.h>

#include "unit.h"

static struct device *find(const char *name)
{
	return bus_find_device_by_name(&pci_bus_type, NULL, name);
}

static ssize_t act(const char __user *user, size_t len, int (*fn)(struct device *))
{
	char name[32] = "";
	struct device *dev;
	int rc;

	if (len >= sizeof(name) || copy_from_user(name, user, len))
		return -EINVAL;
	dev = find(strim(name));
	if (!dev)
		return -ENODEV;
	rc = fn(dev);
	put_device(dev);
	return rc ?: len;
}

static ssize_t preserve(struct file *file, const char __user *user, size_t len, loff_t *pos)
{
	return act(user, len, iommu_persist_preserve);
}

static ssize_t release(struct file *file, const char __user *user, size_t len, loff_t *pos)
{
	return act(user, len, iommu_persist_release);
}

static int undo(struct device *dev)
{
	iommu_persist_unpreserve(dev);
	return 0;
}

static ssize_t unpreserve(struct file *file, const char __user *user, size_t len, loff_t *pos)
{
	return act(user, len, undo);
}

static const struct file_operations preserve_fops = { .write = preserve };
static const struct file_operations release_fops = { .write = release };
static const struct file_operations unpreserve_fops = { .write = unpreserve };

static int __init iop_debug(void)
{
	struct dentry *dir = debugfs_create_dir("iommu_persist", NULL);

	debugfs_create_file("preserve", 0200, dir, NULL, &preserve_fops);
	debugfs_create_file("unpreserve", 0200, dir, NULL, &unpreserve_fops);
	debugfs_create_file("release", 0200, dir, NULL, &release_fops);
	return 0;
}
late_initcall(iop_debug);
