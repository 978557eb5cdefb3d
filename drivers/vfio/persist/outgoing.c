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

/*
 * A kexec that knows no hand-over would leave a device running of which the next
 * kernel has not heard.
 */
int vfio_persist_freeze(void)
{
	if (!kexec_image || !kexec_image->kho.fdt) {
		pr_err("the loaded kernel was not loaded for a hand-over: devices that are in a session would run without it knowing\n");
		return -EINVAL;
	}
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
 * pci_persist_shutdown - what is a device to do while the kernel is replaced?
 * @pdev: the device; its driver has been told to shut it down
 *
 * One that goes on gets its interrupts masked: nobody will be there to take them,
 * and the vectors they would arrive at belong to the next kernel.
 *
 * Context: the kernel's shutdown. May sleep.
 * Return: true if the device, or one below it, goes on, and bus mastering is to
 * stay as it is.
 */
bool pci_persist_shutdown(struct pci_dev *pdev)
{
	if (!frozen || !pci_persist_preserved(pdev))
		return false;
	if (!pci_is_bridge(pdev))
		vfio_persist_mask_irqs(pdev);
	return true;
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
