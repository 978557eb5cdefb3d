// SPDX-License-Identifier: GPL-2.0
/*
 * Files of VFIO devices in live update sessions.
 */
#define pr_fmt(fmt) "vfio-persist: " fmt

#include <linux/bitfield.h>
#include <linux/device.h>
#include <linux/init.h>
#include <linux/liveupdate.h>
#include <linux/module.h>
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

static int preserve(struct liveupdate_file_op_args *args)
{
	struct vfio_device_file *df = vfio_persist_file(args->file);
	struct pci_dev *pdev = device_of(args->file);
	int rc;

	rc = vfio_persist_keep_parent(df->device);
	if (rc)
		return rc;
	scoped_guard(mutex, &df->device->dev_set->lock) {
		rc = vfio_persist_check(df);
		if (!rc)
			rc = vfio_persist_preserve(pdev);
	}
	if (rc) {
		vfio_persist_drop_parent(pdev);
		return rc;
	}
	args->serialized_data =
		FIELD_PREP(VFIO_PERSIST_LUO_SEGMENT, pci_domain_nr(pdev->bus)) |
		FIELD_PREP(VFIO_PERSIST_LUO_RID, pci_dev_id(pdev));
	return 0;
}

static void unpreserve(struct liveupdate_file_op_args *args)
{
	struct vfio_device_file *df = vfio_persist_file(args->file);

	scoped_guard(mutex, &df->device->dev_set->lock)
		vfio_persist_unpreserve(device_of(args->file));
	vfio_persist_drop_parent(device_of(args->file));
}

static int freeze(struct liveupdate_file_op_args *args)
{
	return vfio_persist_freeze(vfio_persist_file(args->file)->device);
}

static void unfreeze(struct liveupdate_file_op_args *args)
{
	vfio_persist_unfreeze();
}

static struct pci_dev *find(u64 data)
{
	if (data & VFIO_PERSIST_LUO_RESERVED)
		return NULL;
	return vfio_persist_limbo_get(FIELD_GET(VFIO_PERSIST_LUO_SEGMENT, data),
				      FIELD_GET(VFIO_PERSIST_LUO_RID, data));
}

static struct file *bind_and_open(struct pci_dev *pdev)
{
	int rc = device_set_driver_override(&pdev->dev, VFIO_PERSIST_DRIVER);

	if (rc)
		return ERR_PTR(rc);
	rc = device_attach(&pdev->dev);
	if (rc < 0)
		return ERR_PTR(rc);
	return rc ? vfio_persist_open(pdev) : ERR_PTR(-ENODEV);
}

static int retrieve(struct liveupdate_file_op_args *args)
{
	struct pci_dev *pdev = find(args->serialized_data);
	struct file *file;
	int rc;

	if (!pdev)
		return -ENODEV;
	rc = vfio_persist_claim(pdev);
	if (!rc) {
		file = bind_and_open(pdev);
		rc = PTR_ERR_OR_ZERO(file);
		if (rc)
			vfio_persist_unclaim(pdev);
		else
			args->file = file;
	}
	pci_dev_put(pdev);
	return rc;
}

static void finish(struct liveupdate_file_op_args *args)
{
	struct pci_dev *pdev = find(args->serialized_data);

	if (!pdev)
		return;
	vfio_persist_limbo_end(pdev);
	pci_dev_put(pdev);
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

/* With live update off nobody will come for what the former kernel left. */
static int __init vfio_persist_luo_init(void)
{
	int rc = liveupdate_register_file_handler(&vfio_persist_luo_handler);

	if (!rc)
		return 0;
	pci_persist_stop_all("there is no live update in this kernel");
	return rc == -EOPNOTSUPP ? 0 : rc;
}
late_initcall(vfio_persist_luo_init);
