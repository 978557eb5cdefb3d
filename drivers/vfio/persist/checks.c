// SPDX-License-Identifier: GPL-2.0
/*
 * What can't go on over a kexec is refused while guests run, by name and rule.
 */
#define pr_fmt(fmt) "vfio-persist: " fmt

#include <linux/iommu.h>
#include <linux/iommu_persist.h>
#include <linux/pci_live_update.h>
#include <linux/vfio_pci_core.h>

#include "../vfio.h"
#include "persist.h"

struct rule {
	bool (*broken)(struct vfio_device_file *df, struct pci_dev *pdev);
	int err;
	const char *text;
};

static bool by_group(struct vfio_device_file *df, struct pci_dev *pdev)
{
	return df->group;
}

static bool not_bound(struct vfio_device_file *df, struct pci_dev *pdev)
{
	return !df->access_granted;
}

static bool not_attached(struct vfio_device_file *df, struct pci_dev *pdev)
{
	return !df->device->iommufd_attached;
}

static bool is_gone(struct vfio_device_file *df, struct pci_dev *pdev)
{
	return !pci_device_is_present(pdev);
}

static int is_other(struct device *dev, void *data)
{
	return dev != data;
}

static bool shares_group(struct vfio_device_file *df, struct pci_dev *pdev)
{
	struct iommu_group *group = iommu_group_get(&pdev->dev);
	int others = !group || iommu_group_for_each_dev(group, &pdev->dev, is_other);

	iommu_group_put(group);
	return others;
}

/* That knows virtual functions it has not enabled itself, or nobody knows them. */
static bool foreign_parent(struct vfio_device_file *df, struct pci_dev *pdev)
{
	return pdev->is_virtfn && !pci_live_update_has_left_parent(pdev) &&
	       !container_of(df->device, struct vfio_pci_core_device,
			     vdev)->sriov_pf_core_dev;
}

static bool linked_parent(struct vfio_device_file *df, struct pci_dev *pdev)
{
	struct pci_dev *pf = pci_physfn(pdev);
	int pos = pci_find_ext_capability(pf, PCI_EXT_CAP_ID_SRIOV);
	u8 link;

	if (!pdev->is_virtfn)
		return false;
	pci_read_config_byte(pf, pos + PCI_SRIOV_FUNC_LINK, &link);
	if (pci_pcie_type(pf) == PCI_EXP_TYPE_RC_END)
		link = PCI_DEVFN(PCI_SLOT(pf->devfn), link);
	return link != pf->devfn;
}

static bool has_virtual(struct vfio_device_file *df, struct pci_dev *pdev)
{
	return pci_num_vf(pdev);
}

static bool no_reset(struct vfio_device_file *df, struct pci_dev *pdev)
{
	return !container_of(df->device, struct vfio_pci_core_device, vdev)->reset_works;
}

static bool asleep(struct vfio_device_file *df, struct pci_dev *pdev)
{
	struct pci_dev *pf = pci_physfn(pdev);

	return pdev->current_state != PCI_D0 ||
	       (pf->current_state != PCI_D0 && pf->current_state != PCI_UNKNOWN);
}

static bool translates(struct vfio_device_file *df, struct pci_dev *pdev)
{
	return pdev->ats_enabled;
}

/* Requests of what is below another sort of bridge may carry the bridge's id. */
static bool odd_bridge(struct vfio_device_file *df, struct pci_dev *pdev)
{
	struct pci_dev *bridge;

	for (bridge = pci_upstream_bridge(pdev); bridge;
	     bridge = pci_upstream_bridge(bridge))
		switch (pci_is_pcie(bridge) ? pci_pcie_type(bridge) : -1) {
		case PCI_EXP_TYPE_ROOT_PORT:
		case PCI_EXP_TYPE_UPSTREAM:
		case PCI_EXP_TYPE_DOWNSTREAM:
			break;
		default:
			return true;
		}
	return false;
}

static const struct rule rules[] = {
	{ by_group, -EOPNOTSUPP, "it was opened through its group, not its own node" },
	{ not_bound, -EINVAL, "it is bound to no iommufd" },
	{ not_attached, -EINVAL, "it is attached to no page table" },
	{ is_gone, -ENODEV, "it does not answer" },
	{ shares_group, -EOPNOTSUPP, "another device is in its IOMMU group" },
	{ foreign_parent, -EOPNOTSUPP, "its physical function is not under vfio-pci" },
	{ linked_parent, -EOPNOTSUPP, "its physical function depends on another" },
	{ has_virtual, -EBUSY, "it has virtual functions" },
	{ no_reset, -EOPNOTSUPP, "it can't be reset, should nobody come for it" },
	{ asleep, -EBUSY, "it is not in power state D0" },
	{ translates, -EOPNOTSUPP, "it caches translations (ATS)" },
	{ odd_bridge, -EOPNOTSUPP, "it is below a bridge that is not PCI Express" },
};

/*
 * Context: the lock of the device's set is held, so that none of it changes before
 * the device is preserved.
 */
int vfio_persist_check(struct vfio_device_file *df)
{
	struct pci_dev *pdev = to_pci_dev(df->device->dev);
	const struct rule *rule;

	lockdep_assert_held(&df->device->dev_set->lock);
	for (rule = rules; rule < rules + ARRAY_SIZE(rules); rule++) {
		if (!rule->broken(df, pdev))
			continue;
		pci_info(pdev, "can't go on over a kexec: %s\n", rule->text);
		return rule->err;
	}
	return 0;
}

/*
 * What has to be so when a kexec begins, and need not before: files of one guest come
 * into sessions in any order. What a kexec can't wait for is refused, too.
 *
 * Context: the device is in a session.
 */
int vfio_persist_check_frozen(struct vfio_device_file *df)
{
	struct pci_dev *pdev = to_pci_dev(df->device->dev);

	if (!device_is_registered(&df->device->device)) {
		pci_err(pdev, "is being removed: close the session that it is in\n");
		return -EBUSY;
	}
	if (!iommufd_is_fixed(df->iommufd)) {
		pci_err(pdev, "is in a session, and its iommufd in none: the kexec is refused\n");
		return -EINVAL;
	}
	return 0;
}
