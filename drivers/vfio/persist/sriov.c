// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: VFIO, virtual functions
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
#define pr_fmt(fmt) "vfio-persist: " fmt

#include <linux/delay.h>
#include <linux/iommu_persist.h>

#include "persist.h"

void vfio_persist_fill_sriov(struct vfio_persist_sriov_ser *ser, struct pci_dev *pdev)
{
	int pos = pci_find_ext_capability(pdev, PCI_EXT_CAP_ID_SRIOV), i;

	*ser = (struct vfio_persist_sriov_ser) {
		.segment = pci_domain_nr(pdev->bus),
		.rid = pci_dev_id(pdev),
		.kind = VFIO_PERSIST_SRIOV,
	};
	if (!pos)
		return;
	pci_read_config_word(pdev, pos + PCI_SRIOV_VF_DID, &ser->vf_device);
	pci_read_config_word(pdev, pos + PCI_SRIOV_NUM_VF, &ser->num_vfs);
	pci_read_config_word(pdev, pos + PCI_SRIOV_CTRL, &ser->control);
	pci_read_config_word(pdev, pos + PCI_SRIOV_VF_OFFSET, &ser->offset);
	pci_read_config_word(pdev, pos + PCI_SRIOV_VF_STRIDE, &ser->stride);
	for (i = 0; i < PCI_SRIOV_NUM_BARS; i++)
		pci_read_config_dword(pdev, pos + PCI_SRIOV_BAR + 4 * i, &ser->bar[i]);
	pci_read_config_dword(pdev, pos + PCI_SRIOV_SYS_PGSIZE, &ser->page_size);
}

/* Its virtual functions are what they were, and enabled, or why not */
const char *vfio_persist_sriov_differs(struct pci_dev *pdev,
				       const struct vfio_persist_sriov_ser *was)
{
	struct vfio_persist_sriov_ser is;

	vfio_persist_fill_sriov(&is, pdev);
	if (!was || memcmp(&is, was, sizeof(is)))
		return "its virtual functions are others";
	if (!(is.control & PCI_SRIOV_CTRL_VFE) || !is.num_vfs)
		return "it has no virtual functions";
	return NULL;
}

/* Whether they are known or not */
bool vfio_persist_vfs_enabled(struct pci_dev *pdev)
{
	int pos = pci_find_ext_capability(pdev, PCI_EXT_CAP_ID_SRIOV);
	u16 control = 0;

	if (pos)
		pci_read_config_word(pdev, pos + PCI_SRIOV_CTRL, &control);
	return control & PCI_SRIOV_CTRL_VFE;
}

/* That ends their DMA. They may take a second. */
void vfio_persist_disable_vfs(struct pci_dev *pdev)
{
	int pos = pci_find_ext_capability(pdev, PCI_EXT_CAP_ID_SRIOV);
	u16 control;

	if (!vfio_persist_vfs_enabled(pdev))
		return;
	pci_read_config_word(pdev, pos + PCI_SRIOV_CTRL, &control);
	pci_write_config_word(pdev, pos + PCI_SRIOV_CTRL, control & PCI_SRIOV_CTRL_ARI);
	ssleep(1);
}

#ifdef CONFIG_PCI_IOV
/* Virtual functions have been added: there is no way to have more of them. */
static bool resumed;

/* Requests of devices beyond the eighth go through a bridge that knows ARI alone. */
static const char *out_of_reach(struct pci_dev *pdev)
{
	struct vfio_persist_sriov_ser is;
	struct pci_dev *bridge = pdev->bus->self;

	vfio_persist_fill_sriov(&is, pdev);
	if ((is.control & PCI_SRIOV_CTRL_ARI) && !(bridge && bridge->ari_enabled))
		return "it was used with ARI, which this kernel does not use";
	return resumed ? "it was found too late" : NULL;
}

/**
 * pci_persist_has_vfs - has a physical function virtual functions that run?
 * @pdev: the physical function, just found; looked at by pci_persist_add()
 *
 * If they can't go on it is stopped, and they with it.
 *
 * Context: may sleep.
 * Return: true if nothing of its SR-IOV capability may be written, but that its
 * virtual functions decode memory.
 */
bool pci_persist_has_vfs(struct pci_dev *pdev)
{
	const char *why;

	if (!vfio_persist_is_left(pdev) || !vfio_persist_find(pdev))
		return false;
	why = out_of_reach(pdev);
	if (why)
		vfio_persist_stop(pdev, why);
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
	const char *moved = vfio_persist_moved(pdev);
	struct vfio_persist_sriov_ser is;
	int i, rc;

	if (moved)
		return moved;
	vfio_persist_fill_sriov(&is, pdev);
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
	vfio_persist_stop(pdev, why);
}

/* Addresses are given out, IOMMUs are not on: those see the virtual functions with
 * all other devices. What can't go on is stopped here; settling frees it.
 */
static int __init resume_all(void)
{
	struct pci_dev *pdev = NULL;
	const char *why;

	resumed = true;
	for_each_pci_dev(pdev) {
		if (!vfio_persist_is_left(pdev) || !vfio_persist_find(pdev))
			continue;
		why = resume(pdev);
		if (!why)
			continue;
		pci_lock_rescan_remove();
		quiesce(pdev, why);
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
		if (pdev->is_virtfn && vfio_persist_is_left(pci_physfn(pdev)))
			dev_set_msi_domain(&pdev->dev,
					   dev_get_msi_domain(&pci_physfn(pdev)->dev));
	return 0;
}
device_initcall(inherit_msi);
#else
static void quiesce(struct pci_dev *pdev, const char *why)
{
	vfio_persist_stop(pdev, why);
}
#endif

/* It can't go on, or nobody will ever come for its virtual functions. */
void vfio_persist_stop_parent(struct pci_dev *pdev, const char *why)
{
	pci_lock_rescan_remove();
	quiesce(pdev, why);
	pci_unlock_rescan_remove();
	iommu_persist_release(&pdev->dev);
	vfio_persist_take_out(pdev);
	if (pci_reset_function(pdev))
		pci_warn(pdev, "could not be reset\n");
	if (device_attach(&pdev->dev) < 0)
		pci_warn(pdev, "no driver took it\n");
}

/**
 * pci_persist_end_parent - somebody does not want virtual functions any more.
 * @pdev: the physical function, which the former kernel left running
 *
 * Context: may sleep, until who uses a virtual function has closed it. The device is
 * locked.
 * Return: 0 if it is like any other device now; -EBUSY if a virtual function is in a
 * session.
 */
int pci_persist_end_parent(struct pci_dev *pdev)
{
	int rc = vfio_persist_give_up(pdev);

	if (rc)
		return rc;
	pci_lock_rescan_remove();
	quiesce(pdev, NULL);
	pci_unlock_rescan_remove();
	iommu_persist_release(&pdev->dev);
	vfio_persist_take_out(pdev);
	if (pci_reset_function_locked(pdev))
		pci_warn(pdev, "could not be reset\n");
	return 0;
}

/**
 * pci_persist_removed - a device is being removed.
 * @pdev: the device, whatever it is
 *
 * A physical function that nobody drives has nobody else to remove its virtual
 * functions.
 *
 * Context: may sleep, under the lock of rescanning and removing.
 */
void pci_persist_removed(struct pci_dev *pdev)
{
	if (!vfio_persist_is_left(pdev))
		return;
	quiesce(pdev, "it is being removed");
	iommu_persist_release(&pdev->dev);
	vfio_persist_take_out(pdev);
}
