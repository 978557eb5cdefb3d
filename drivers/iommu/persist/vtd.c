// SPDX-License-Identifier: GPL-2.0
/*
 * Intel VT-d: the operations by which its units are kept on, and what its driver calls.
 */
#include "vtd.h"

static bool iop_vtd_place(struct device *dev, struct iop_place *place)
{
	const struct device_domain_info *info = iop_vtd_info(dev);

	if (!info)
		return false;
	place->unit = &info->iommu->iommu;
	place->segment = info->segment;
	place->rid = PCI_DEVID(info->bus, info->devfn);
	return true;
}

static unsigned int iop_vtd_nr_units(void)
{
	const struct dmar_drhd_unit *drhd;
	unsigned int nr = 0;

	guard(rcu)();
	for_each_drhd_unit(drhd)
		nr++;
	return nr;
}

struct iop_ops iop_vtd_ops = {
	.name = "Intel VT-d",
	.place = iop_vtd_place,
	.nr_units = iop_vtd_nr_units,
	.ready = iop_vtd_ready,
	.unready = iop_vtd_unready,
	.check = iop_vtd_check,
	.domain = iop_vtd_domain,
	.preserve = iop_vtd_preserve,
	.unpreserve = iop_vtd_unpreserve,
	.freeze_unit = iop_vtd_freeze_unit,
	.adopt_unit = iop_vtd_adopt_unit,
	.keep_unit = iop_vtd_keep_unit,
	.take_over = iop_vtd_take_over,
	.block = iop_vtd_block,
	.inherit = iop_vtd_inherit,
	.inherited = iop_vtd_inherited,
	.forget = iop_vtd_forget,
};

/**
 * iommu_persist_freeze_unit - leave a unit on for the next kernel.
 * @iommu: the unit
 *
 * Context: kexec, nothing else runs.
 * Return: false if no device goes on, and the unit is to be turned off.
 */
bool iommu_persist_freeze_unit(struct intel_iommu *iommu)
{
	return iop_freeze_unit(&iop_vtd_ops, &iommu->iommu);
}

/**
 * iommu_persist_adopt_unit - go on with what the previous kernel left.
 * @iommu: a unit whose translation is on
 *
 * Context: boot.
 * Return: 0 if the unit has its root table; -ENOENT if what it has is nothing of a
 * previous kernel's that is to go on; another error if it is, but can't, or leads
 * nowhere: it has to be given an empty root table, with translation on.
 */
int iommu_persist_adopt_unit(struct intel_iommu *iommu)
{
	u64 root = readq(iommu->reg + DMAR_RTADDR_REG) & VTD_PAGE_MASK;
	int err;

	if (!extmem_overlaps(root, VTD_PAGE_SIZE))
		return -ENOENT;
	err = iop_adopt_unit(&iop_vtd_ops, &iommu->iommu);
	if (err == -ENODATA)
		pr_err("iommu-persist: %s was left on, but there is no sound book: all its DMA is blocked\n",
		       iommu->name);
	return err;
}

/**
 * iommu_persist_adopt_end - all units have root tables of this kernel, or are off.
 *
 * Context: boot.
 */
void iommu_persist_adopt_end(void)
{
	struct dmar_drhd_unit *drhd;
	struct intel_iommu *iommu;

	scoped_guard(rcu) {
		for_each_iommu(iommu, drhd) {
			iop_unit_seen(iommu->reg_phys);
			iop_vtd_keep_gap_table(iommu);
		}
	}
	iop_adopt_end(&iop_vtd_ops);
}

/**
 * iommu_persist_abandon - units can't be set up: all will be turned off, and freed.
 *
 * Devices are stopped before. What a unit was adopted with is no memory to be freed:
 * it stays as it is, and held, until the next kernel.
 *
 * Context: boot, before this kernel has turned any unit on; dmar_global_lock is held.
 */
void iommu_persist_abandon(void)
{
	struct dmar_drhd_unit *drhd;
	struct intel_iommu *iommu;

	for_each_active_iommu(iommu, drhd) {
		iop_vtd_stop_unit(iommu);
		if (!iommu->root_entry ||
		    !extmem_overlaps(virt_to_phys(iommu->root_entry), VTD_PAGE_SIZE))
			continue;
		iop_restored_drop(&iommu->iommu);
		ida_destroy(&iommu->domain_ida);
		iommu->root_entry = NULL;
	}
	iommu_persist_adopt_end();
}

/**
 * iommu_persist_stop_unit - a unit is about to be turned off.
 * @iommu: the unit
 *
 * If the previous kernel left it on for devices, all its devices are stopped that no
 * driver of this kernel runs.
 *
 * Context: boot.
 */
void iommu_persist_stop_unit(struct intel_iommu *iommu)
{
	iop_vtd_stop_unit(iommu);
}

/**
 * iommu_persist_running - is a device running by the previous kernel's tables?
 * @iommu: its unit
 * @rid: its requester id
 *
 * For those who have to know before the device has an IOMMU.
 *
 * Context: any in which the device can't be attached or released meanwhile.
 * Return: true if so, or if it is blocked.
 */
bool iommu_persist_running(struct intel_iommu *iommu, u16 rid)
{
	const struct iop_place place = { .unit = &iommu->iommu, .rid = rid };

	return iop_restored_at(&place);
}

static int __init iop_vtd_init(void)
{
	iop_ops_register(&iop_vtd_ops);
	return 0;
}
core_initcall(iop_vtd_init);
