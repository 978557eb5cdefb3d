// SPDX-License-Identifier: GPL-2.0
/*
 * Files of VFIO devices. One that is retrieved is as if its node had just been
 * opened: it is to be bound to an iommufd, and attached to page tables, by who
 * retrieved it.
 */
#include <linux/anon_inodes.h>
#include <linux/pci.h>
#include <linux/vfio_pci_core.h>

#include "../vfio.h"
#include "persist.h"

/* The device's part of a file, or NULL if it is no VFIO device's */
struct vfio_device_file *vfio_persist_file(struct file *file)
{
	return file->f_op == &vfio_device_fops ? file->private_data : NULL;
}

static struct file *open_registered(struct vfio_device *device)
{
	struct vfio_device_file *df = vfio_allocate_device_file(device);
	struct file *file;

	if (IS_ERR(df))
		return ERR_CAST(df);
	file = anon_inode_getfile_fmode("[vfio-device]", &vfio_device_fops, df, O_RDWR,
					FMODE_PREAD | FMODE_PWRITE);
	if (IS_ERR(file))
		kfree(df);
	else
		file->f_mapping = device->inode->i_mapping;
	return file;
}

/* The reference that registration is becomes the file's, which gives it back. */
struct file *vfio_persist_open(struct pci_dev *pdev)
{
	struct vfio_pci_core_device *vdev;
	struct file *file;

	guard(device)(&pdev->dev);
	if (!pdev->dev.driver || strcmp(pdev->dev.driver->name, VFIO_PERSIST_DRIVER))
		return ERR_PTR(-ENODEV);
	vdev = dev_get_drvdata(&pdev->dev);
	if (!vfio_device_try_get_registration(&vdev->vdev))
		return ERR_PTR(-ENODEV);
	file = open_registered(&vdev->vdev);
	if (IS_ERR(file))
		vfio_device_put_registration(&vdev->vdev);
	return file;
}
