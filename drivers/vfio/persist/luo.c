// SPDX-License-Identifier: GPL-2.0
/*
 * Files of VFIO devices in live update sessions.
 */
#define pr_fmt(fmt) "vfio-persist: " fmt

#include <linux/bitfield.h>
#include <linux/device.h>
#include <linux/iommu_persist.h>
#include <linux/kho/abi/vfio_persist.h>
#include <linux/kmod.h>
#include <linux/liveupdate.h>
#include <linux/module.h>
#include <linux/pci_live_update.h>
#include <linux/slab.h>
#include <linux/vfio.h>

#include "../vfio.h"
#include "persist.h"

static bool can_preserve(struct liveupdate_file_handler *handler, struct file *file)
{
	struct vfio_device_file *df = vfio_persist_file(file);

	return df && dev_is_pci(df->device->dev) &&
	       !strcmp(df->device->ops->name, VFIO_PERSIST_DRIVER);
}

/* One device, one place in a session */
static unsigned long get_id(struct file *file)
{
	return (unsigned long)vfio_persist_file(file)->device;
}

static struct pci_dev *device_of(struct file *file)
{
	return to_pci_dev(vfio_persist_file(file)->device->dev);
}

/**
 * struct preserved - a device that is in a session
 * @has_tables: its page tables are kept; else its iommufd came into no session before,
 *	and they are when the kexec begins
 */
struct preserved {
	bool has_tables;
};

/*
 * If its iommufd is in no session yet, what that maps may change. Then this only asks
 * whether its tables could be kept as they are now, and they are kept when the kexec
 * begins.
 */
static int preserve_tables(struct preserved *p, struct vfio_device_file *df)
{
	struct device *dev = df->device->dev;
	int rc;

	if (p->has_tables)
		return 0;
	rc = iommu_persist_preserve(dev);
	if (rc)
		return rc;
	p->has_tables = iommufd_is_fixed(df->iommufd);
	if (!p->has_tables)
		iommu_persist_unpreserve(dev);
	return 0;
}

static int preserve_device(struct preserved *p, struct vfio_device_file *df)
{
	struct pci_dev *pdev = to_pci_dev(df->device->dev);
	int rc = vfio_persist_lock_set(df->device->dev_set);

	if (rc)
		return rc;
	rc = vfio_persist_check(df) ?: pci_live_update_preserve(pdev);
	if (!rc) {
		rc = preserve_tables(p, df);
		if (rc)
			pci_live_update_unpreserve(pdev);
	}
	mutex_unlock(&df->device->dev_set->lock);
	return rc;
}

static int preserve(struct liveupdate_file_op_args *args)
{
	struct vfio_device_file *df = vfio_persist_file(args->file);
	struct pci_dev *pdev = device_of(args->file);
	struct preserved *p __free(kfree) = kzalloc_obj(*p);
	int rc;

	if (!p)
		return -ENOMEM;
	rc = vfio_persist_keep_parent(df->device);
	if (rc)
		return rc;
	rc = preserve_device(p, df);
	if (rc) {
		vfio_persist_drop_parent(pdev);
		return rc;
	}
	args->serialized_data =
		FIELD_PREP(VFIO_PERSIST_LUO_SEGMENT, pci_domain_nr(pdev->bus)) |
		FIELD_PREP(VFIO_PERSIST_LUO_RID, pci_dev_id(pdev));
	args->private_data = no_free_ptr(p);
	return 0;
}

/* Who attaches or detaches it sees it in the session until its tables are let go. */
static void unpreserve(struct liveupdate_file_op_args *args)
{
	struct preserved *p __free(kfree) = args->private_data;
	struct pci_dev *pdev = device_of(args->file);

	if (p->has_tables)
		iommu_persist_unpreserve(&pdev->dev);
	pci_live_update_unpreserve(pdev);
	vfio_persist_drop_parent(pdev);
}

static int freeze(struct liveupdate_file_op_args *args)
{
	struct vfio_device_file *df = vfio_persist_file(args->file);

	return vfio_persist_check_frozen(df) ?:
	       preserve_tables(args->private_data, df) ?:
	       pci_live_update_freeze(device_of(args->file));
}

static void unfreeze(struct liveupdate_file_op_args *args)
{
	pci_live_update_thaw(device_of(args->file));
}

static u32 segment(u64 data)
{
	return FIELD_GET(VFIO_PERSIST_LUO_SEGMENT, data);
}

static u16 rid(u64 data)
{
	return FIELD_GET(VFIO_PERSIST_LUO_RID, data);
}

static struct file *bind_and_open(struct pci_dev *pdev)
{
	int rc = device_set_driver_override(&pdev->dev, VFIO_PERSIST_DRIVER);

	if (rc)
		return ERR_PTR(rc);
	/* it may be a module that nobody has needed yet */
	if (!driver_find(VFIO_PERSIST_DRIVER, &pci_bus_type))
		request_module(VFIO_PERSIST_DRIVER);
	rc = device_attach(&pdev->dev);
	if (rc < 0)
		return ERR_PTR(rc);
	return rc ? vfio_persist_open(pdev) : ERR_PTR(-ENODEV);
}

static int retrieve(struct liveupdate_file_op_args *args)
{
	u64 data = args->serialized_data;
	struct pci_dev *pdev;
	struct file *file;

	if (data & VFIO_PERSIST_LUO_RESERVED)
		return -ENODEV;
	pdev = pci_live_update_claim(segment(data), rid(data));
	if (IS_ERR(pdev))
		return PTR_ERR(pdev);
	file = bind_and_open(pdev);
	if (IS_ERR(file))
		pci_live_update_unclaim(pdev);
	else
		args->file = file;
	pci_dev_put(pdev);
	return PTR_ERR_OR_ZERO(file);
}

static void finish(struct liveupdate_file_op_args *args)
{
	u64 data = args->serialized_data;

	if (!(data & VFIO_PERSIST_LUO_RESERVED))
		pci_live_update_finish(segment(data), rid(data));
}

static const struct liveupdate_file_ops vfio_persist_luo_ops = {
	.can_preserve = can_preserve,
	.get_id = get_id,
	.preserve = preserve,
	.unpreserve = unpreserve,
	.freeze = freeze,
	.unfreeze = unfreeze,
	.retrieve = retrieve,
	.finish = finish,
	.owner = THIS_MODULE,
};

static struct liveupdate_file_handler vfio_persist_luo_handler = {
	.ops = &vfio_persist_luo_ops,
	.compatible = VFIO_PERSIST_LUO_COMPATIBLE,
};

/**
 * vfio_persist_init - let files of devices be put into sessions
 */
void vfio_persist_init(void)
{
	int rc = liveupdate_register_file_handler(&vfio_persist_luo_handler);

	if (rc && rc != -EOPNOTSUPP)
		pr_err("no device can be put into a live update session: %pe\n",
		       ERR_PTR(rc));
}

/**
 * vfio_persist_exit - the end of vfio_persist_init()
 */
void vfio_persist_exit(void)
{
	liveupdate_unregister_file_handler(&vfio_persist_luo_handler);
}

/**
 * vfio_persist_is_fixed - is a device's translation to stay what it is?
 * @device: the VFIO device
 *
 * Context: may sleep.
 * Return: true if it is in a live update session, where tables are recorded.
 */
bool vfio_persist_is_fixed(struct vfio_device *device)
{
	return dev_is_pci(device->dev) &&
	       pci_live_update_preserved(to_pci_dev(device->dev));
}

MODULE_ALIAS("liveupdate-" VFIO_PERSIST_LUO_COMPATIBLE);
