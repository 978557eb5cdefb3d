// SPDX-License-Identifier: GPL-2.0
/*
 * A kernel that is told to do without an IOMMU which a former one left on, for devices
 * that are still running, or that can't set it up, must not turn it off under them: what
 * they then write goes to addresses that were never meant for memory. They are stopped
 * first.
 */
#define pr_fmt(fmt) "iommu-persist: " fmt

#include <linux/crash_dump.h>
#include <linux/dmar.h>
#include <linux/idr.h>
#include <linux/io.h>
#include <linux/pci.h>

#include "../intel/iommu.h"
#include "internal.h"

static void stop(struct pci_dev *pdev)
{
	u16 command;

	pci_read_config_word(pdev, PCI_COMMAND, &command);
	if (!(command & PCI_COMMAND_MASTER))
		return;
	pci_clear_master(pdev);
	if (!pci_wait_for_pending_transaction(pdev))
		pci_err(pdev, "has DMA under way that does not end\n");
}

/* Which devices are a unit's is not known here. */
static void stop_all(void)
{
	struct pci_dev *pdev = NULL;

	pr_warn("the former kernel's devices are stopped: there is no IOMMU to go on with\n");
	for_each_pci_dev(pdev)
		if (!pdev->driver && !pci_is_bridge(pdev))
			stop(pdev);
}

/* On, and it was not this kernel that turned it on; a crash kernel does as ever. */
static bool was_left_on(struct intel_iommu *iommu)
{
	u64 root = readq(iommu->reg + DMAR_RTADDR_REG) & VTD_PAGE_MASK;

	if (!(readl(iommu->reg + DMAR_GSTS_REG) & DMA_GSTS_TES))
		return false;
	return extmem_overlaps(root, VTD_PAGE_SIZE) ||
	       (iommu->root_entry && !is_kdump_kernel());
}

/**
 * iommu_persist_stop_unit - a unit is about to be turned off.
 * @iommu: the unit
 *
 * If a former kernel left it on for devices, all devices are stopped that no driver
 * of this kernel runs.
 *
 * Context: boot.
 */
void iommu_persist_stop_unit(struct intel_iommu *iommu)
{
	if (was_left_on(iommu))
		stop_all();
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
		iommu_persist_stop_unit(iommu);
		if (!iommu->root_entry ||
		    !extmem_overlaps(virt_to_phys(iommu->root_entry), VTD_PAGE_SIZE))
			continue;
		iop_restored_drop(iommu);
		ida_destroy(&iommu->domain_ida);
		iommu->root_entry = NULL;
	}
	iommu_persist_adopt_end();
}
