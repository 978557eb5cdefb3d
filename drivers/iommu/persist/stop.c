// SPDX-License-Identifier: GPL-2.0
/*
 * A kernel that is told to do without an IOMMU which a former one left on, for
 * devices that are still running, must not turn it off under them: what they then
 * write goes to addresses that were never meant for memory. They are stopped first.
 */
#define pr_fmt(fmt) "iommu-persist: " fmt

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

/**
 * iommu_persist_stop_unit - a unit is about to be turned off.
 * @iommu: the unit
 *
 * If a former kernel left it on for devices, all devices are stopped that no driver
 * of this kernel runs. Which are the unit's is not known here.
 *
 * Context: boot.
 */
void iommu_persist_stop_unit(struct intel_iommu *iommu)
{
	struct pci_dev *pdev = NULL;

	if (!(readl(iommu->reg + DMAR_GSTS_REG) & DMA_GSTS_TES) ||
	    !extmem_overlaps(readq(iommu->reg + DMAR_RTADDR_REG) & VTD_PAGE_MASK, VTD_PAGE_SIZE))
		return;
	pr_warn("the former kernel's devices are stopped: there is no IOMMU to go on with\n");
	for_each_pci_dev(pdev)
		if (!pdev->driver && !pci_is_bridge(pdev))
			stop(pdev);
}
