// SPDX-License-Identifier: GPL-2.0
/*
 * A device that is to go on: from the moment it is preserved until the kernel is
 * gone. All that may fail, fails when it is preserved.
 */
#define pr_fmt(fmt) "vfio-persist: " fmt

#include <linux/iommu_persist.h>
#include <linux/kexec.h>
#include <linux/pm_runtime.h>
#include <linux/vfio.h>

#include "persist.h"

/* Only now, and only until a kexec fails */
static bool frozen;

int vfio_persist_preserve(struct pci_dev *pdev)
{
	int rc = vfio_persist_record(pdev);

	if (rc)
		return rc;
	rc = iommu_persist_preserve(&pdev->dev);
	if (rc) {
		vfio_persist_unrecord(pdev);
		return rc;
	}
	/* it is not to sleep, nor are the bridges above it */
	pm_runtime_get_noresume(&pdev->dev);
	return 0;
}

void vfio_persist_unpreserve(struct pci_dev *pdev)
{
	pm_runtime_put(&pdev->dev);
	iommu_persist_unpreserve(&pdev->dev);
	vfio_persist_unrecord(pdev);
}

/* The next kernel has to hear of devices that run, and to know what to do with them. */
static int check_image(void)
{
	if (!kexec_image || !kexec_image->kho.fdt) {
		pr_err("the loaded kernel was not loaded for a hand-over: devices that are in a session would run without it knowing\n");
		return -EINVAL;
	}
	if (!kexec_image->takes_devices) {
		pr_err("the loaded kernel does not say that it takes over running devices: close the sessions that have some before it is started\n");
		return -EOPNOTSUPP;
	}
	return 0;
}

/* One that its driver is being taken from is locked: the kexec would wait for good. */
static int check_there(struct vfio_device *device)
{
	struct pci_dev *pdev = to_pci_dev(device->dev);

	if (!device_is_registered(&device->device)) {
		pci_err(pdev, "is being removed: close the session that it is in\n");
		return -EBUSY;
	}
	if (!pci_device_is_present(pdev)) {
		pci_err(pdev, "does not answer: close the session that it is in\n");
		return -ENODEV;
	}
	return 0;
}

int vfio_persist_freeze(struct vfio_device *device)
{
	int rc = check_image() ?: check_there(device);

	if (rc)
		return rc;
	vfio_persist_seal();
	frozen = true;
	return 0;
}

void vfio_persist_unfreeze(void)
{
	frozen = false;
	vfio_persist_unseal();
}

/**
 * pci_persist_shutdown - what is a device to do while the kernel goes down?
 * @pdev: the device; its driver has been told to shut it down
 *
 * One that goes on gets its interrupts masked: nobody will be there to take them,
 * and the vectors they would arrive at belong to the next kernel. All that has tables
 * which are not handed over is stopped here, before the IOMMU is turned off.
 *
 * Context: the kernel's shutdown. May sleep; the device is locked.
 * Return: true if the device, or one below it, goes on, and bus mastering is to
 * stay as it is.
 */
bool pci_persist_shutdown(struct pci_dev *pdev)
{
	bool preserved = pci_persist_preserved(pdev);

	if (!preserved)
		vfio_persist_limbo_shutdown(pdev);
	if (!preserved || pci_is_bridge(pdev))
		return preserved && frozen;
	/* the machine goes down, but by no kexec */
	if (!frozen)
		vfio_persist_stop(pdev, NULL);
	else
		vfio_persist_mask_irqs(pdev);
	return frozen;
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
	return dev_is_pci(device->dev) && pci_persist_preserved(to_pci_dev(device->dev));
}
