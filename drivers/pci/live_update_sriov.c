// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: PCI, virtual functions that outlive the kernel
 *
 * A virtual function is there as long as its physical function says so: by a register
 * that is not written, and by not being reset. So if a virtual function is preserved
 * its physical function is *kept*, with all of the virtual functions that it has. It
 * goes on bus mastering, for some hardware asks for that; its own DMA is blocked from
 * the freeze on.
 *
 * In the next kernel the physical function is in limbo, too, and is known to the PCI
 * core with the virtual functions that it has: they are added as if they had just been
 * enabled, but nothing is written. Those that were preserved are in limbo, the others
 * are not probed by themselves. It stays there when they have been had back: it
 * belongs to no driver, and can't be retrieved. They can be used, and preserved
 * again, like any other.
 *
 * That ends when 0 is written to its ``sriov_numvfs``: its virtual functions are
 * removed, once their users have closed them, it is stopped, reset, and any driver may
 * bind to it. It ends likewise when it is removed, when it is not as it was left, when
 * no IOMMU blocks it, and without live update.
 */
#include <linux/device.h>
#include <linux/export.h>
#include <linux/iommu_persist.h>

#include "pci.h"
#include "live_update.h"

/**
 * pci_live_is_left - did the former kernel leave a device for its virtual functions?
 * @pdev: the device
 *
 * Return: true if so, and it is still there for them
 */
bool pci_live_is_left(struct pci_dev *pdev)
{
	struct pci_live *live __free(pci_live_put) = pci_live_get(pdev);

	return live && READ_ONCE(live->kind) == VFIO_PERSIST_PARENT &&
	       READ_ONCE(live->state) == PCI_LIVE_INCOMING;
}

/**
 * pci_live_update_has_left_parent - is a device a virtual function that the former
 *	kernel had?
 * @pdev: the device
 *
 * Return: true if its physical function was left running for it
 */
bool pci_live_update_has_left_parent(struct pci_dev *pdev)
{
	return pdev->is_virtfn && pci_live_is_left(pci_physfn(pdev));
}
EXPORT_SYMBOL_GPL(pci_live_update_has_left_parent);

#ifdef CONFIG_PCI_IOV
/* Virtual functions have been added: there is no way to have more of them. */
static bool resumed;

/* Requests of devices beyond the eighth go through a bridge that knows ARI alone. */
static const char *out_of_reach(struct pci_dev *pdev)
{
	const struct vfio_persist_sriov_ser *was = pci_live_sriov_entry(pdev);
	struct pci_dev *bridge = pdev->bus->self;

	if (was && (was->control & PCI_SRIOV_CTRL_ARI) && !(bridge && bridge->ari_enabled))
		return "it was used with ARI, which this kernel does not use";
	return resumed ? "it was found too late" : NULL;
}

/**
 * pci_live_update_has_vfs - has a physical function virtual functions that run?
 * @pdev: the physical function, just found
 *
 * If they can't go on it is stopped, and they with it.
 *
 * Context: may sleep.
 * Return: true if nothing of its SR-IOV capability may be written.
 */
bool pci_live_update_has_vfs(struct pci_dev *pdev)
{
	const char *why;

	if (!pci_live_is_left(pdev) || !pci_live_entry(pdev))
		return false;
	why = out_of_reach(pdev);
	if (why)
		pci_live_stop(pdev, why);
	return !why;
}

/* What the PCI core thinks of their addresses is what the registers say. */
static bool is_placed(struct pci_dev *pdev, const struct vfio_persist_sriov_ser *is, int i)
{
	struct resource *res = &pdev->resource[PCI_IOV_RESOURCES + i];
	struct pci_bus_region region;
	u64 bar = is->bar[i] & PCI_BASE_ADDRESS_MEM_MASK;

	if (!res->flags)
		return true;
	if (!res->parent)
		return false;
	if (res->flags & IORESOURCE_MEM_64)
		bar |= (u64)is->bar[i + 1] << 32;
	pcibios_resource_to_bus(pdev->bus, &region, res);
	return region.start == bar;
}

static const char *resume(struct pci_dev *pdev)
{
	const char *moved = pci_live_moved(pdev);
	struct vfio_persist_sriov_ser is;
	int i, rc;

	if (moved)
		return moved;
	pci_live_fill_sriov(&is, pdev);
	for (i = 0; i < PCI_SRIOV_NUM_BARS; i++)
		if (!is_placed(pdev, &is, i))
			return "its virtual functions have no place";
	pci_vf_drivers_autoprobe(pdev, false);
	pci_lock_rescan_remove();
	rc = pci_iov_resume_vfs(pdev);
	pci_unlock_rescan_remove();
	return rc ? "its virtual functions could not be added" : NULL;
}

/* No DMA of its virtual functions, who are gone then, nor of its own. */
static void quiesce(struct pci_dev *pdev, const char *why)
{
	pci_disable_sriov(pdev);
	pci_live_stop(pdev, why);
}

/*
 * Addresses are given out, IOMMUs are not on: those see the virtual functions with
 * all other devices. What can't go on is stopped here; settling frees it.
 */
static int __init resume_all(void)
{
	struct pci_live *live = NULL;
	const char *why;

	resumed = true;
	while ((live = pci_live_next(live))) {
		if (!pci_live_is_left(live->pdev) || !pci_live_entry(live->pdev))
			continue;
		why = resume(live->pdev);
		if (!why)
			continue;
		pci_lock_rescan_remove();
		quiesce(live->pdev, why);
		pci_unlock_rescan_remove();
	}
	return 0;
}
fs_initcall_sync(resume_all);

/* They were added before there was an IOMMU that could remap interrupts. */
static int __init inherit_msi(void)
{
	struct pci_dev *pdev = NULL;

	for_each_pci_dev(pdev)
		if (pdev->is_virtfn && pci_live_is_left(pci_physfn(pdev)))
			dev_set_msi_domain(&pdev->dev,
					   dev_get_msi_domain(&pci_physfn(pdev)->dev));
	return 0;
}
device_initcall(inherit_msi);
#else
static void quiesce(struct pci_dev *pdev, const char *why)
{
	pci_live_stop(pdev, why);
}
#endif

/* Nobody preserves a virtual function of it any more. -EBUSY if somebody has. */
static int give_up(struct pci_live *live)
{
	guard(mutex)(&live->lock);
	if (live->users) {
		pci_info(live->pdev, "keeps its virtual functions: one is in a session\n");
		return -EBUSY;
	}
	live->is_ending = true;
	return 0;
}

/**
 * pci_live_stop_parent - end what was left of a physical function
 * @pdev: the device
 * @why: for the log, or NULL
 *
 * It can't go on, or nobody will ever come for its virtual functions.
 */
void pci_live_stop_parent(struct pci_dev *pdev, const char *why)
{
	struct pci_live *live __free(pci_live_put) = pci_live_get(pdev);

	if (!live || give_up(live))
		return;
	pci_lock_rescan_remove();
	quiesce(pdev, why);
	pci_unlock_rescan_remove();
	pci_live_reset_and_leave(live, false);
}

/**
 * pci_live_update_end_parent - somebody does not want virtual functions any more.
 * @pdev: the physical function
 *
 * Context: may sleep, until who uses a virtual function has closed it. The device is
 * locked.
 * Return: 0 if it is like any other device now, or will be when it can be reset; -EBUSY
 * if a virtual function is in a session.
 */
int pci_live_update_end_parent(struct pci_dev *pdev)
{
	struct pci_live *live __free(pci_live_put) = pci_live_get(pdev);

	if (!live || give_up(live))
		return -EBUSY;
	if (live->state != PCI_LIVE_INCOMING)
		return 0;
	pci_lock_rescan_remove();
	quiesce(pdev, NULL);
	pci_unlock_rescan_remove();
	pci_live_reset_and_leave(live, true);
	return 0;
}

/**
 * pci_live_removed_parent - a device is being removed.
 * @pdev: the device, whatever it is
 *
 * A physical function that nobody drives has nobody else to remove its virtual
 * functions.
 *
 * Context: may sleep, under the lock of rescanning and removing.
 */
void pci_live_removed_parent(struct pci_dev *pdev)
{
	struct pci_live *live __free(pci_live_put) = pci_live_get(pdev);

	if (!live || !pci_live_is_left(pdev))
		return;
	scoped_guard(mutex, &live->lock)
		live->is_ending = true;
	quiesce(pdev, "it is being removed");
	pci_live_leave(live);
}
