// SPDX-License-Identifier: GPL-2.0
/*
 * A kernel that is told to do without an IOMMU which the previous one left on, for
 * devices that are still running, or that can't set it up, must not turn it off under
 * them: what they then write goes to addresses that were never meant for memory. They
 * are stopped first: those of the unit, once PCI devices are known; all, before that.
 */
#define pr_fmt(fmt) "iommu-persist: " fmt

#include <linux/acpi.h>
#include <linux/crash_dump.h>
#include <linux/io.h>

#include <asm/pci-direct.h>

#include "vtd.h"

static void iop_vtd_stop(struct pci_dev *pdev)
{
	u16 command;

	pci_read_config_word(pdev, PCI_COMMAND, &command);
	if (!(command & PCI_COMMAND_MASTER))
		return;
	pci_clear_master(pdev);
	if (!pci_wait_for_pending_transaction(pdev))
		pci_err(pdev, "has DMA under way that does not end\n");
}

/* One of which firmware says nothing may be behind any */
static bool iop_vtd_is_behind(struct pci_dev *pdev, const struct intel_iommu *iommu)
{
	const struct dmar_drhd_unit *drhd = dmar_find_matched_drhd_unit(pdev);

	return !drhd || drhd->iommu == iommu;
}

/* On, and it was not this kernel that turned it on; a crash kernel does as ever. */
static bool iop_vtd_was_left_on(struct intel_iommu *iommu)
{
	u64 root = readq(iommu->reg + DMAR_RTADDR_REG) & VTD_PAGE_MASK;

	if (!(readl(iommu->reg + DMAR_GSTS_REG) & DMA_GSTS_TES))
		return false;
	return extmem_overlaps(root, VTD_PAGE_SIZE) ||
	       (iommu->root_entry && !is_kdump_kernel());
}

/**
 * iop_vtd_stop_unit - stop the devices of a unit that the previous kernel left on.
 * @iommu: the unit, about to be turned off; nothing happens if it was not left on
 *
 * Context: boot, before the first driver of a PCI device.
 */
void iop_vtd_stop_unit(struct intel_iommu *iommu)
{
	struct pci_dev *pdev = NULL;

	if (!iop_vtd_was_left_on(iommu))
		return;
	pr_warn("%s: the former kernel's devices are stopped: there is no IOMMU to go on with\n",
		iommu->name);
	for_each_pci_dev(pdev)
		if (!pdev->driver && !pci_is_bridge(pdev) && iop_vtd_is_behind(pdev, iommu))
			iop_vtd_stop(pdev);
}

#ifdef CONFIG_ACPI_MCFG
/* Virtual functions answer to no probing: they end with what makes them */
static void __init iop_vtd_stop_vfs(void __iomem *cfg)
{
	unsigned int pos = PCI_CFG_SPACE_SIZE, left = 480;
	u32 header;
	u16 ctrl;

	while (pos >= PCI_CFG_SPACE_SIZE && left--) {
		header = readl(cfg + pos);
		if (!header || header == ~0U)
			return;
		if (PCI_EXT_CAP_ID(header) == PCI_EXT_CAP_ID_SRIOV) {
			ctrl = readw(cfg + pos + PCI_SRIOV_CTRL);
			writew(ctrl & ~(PCI_SRIOV_CTRL_VFE | PCI_SRIOV_CTRL_MSE),
			       cfg + pos + PCI_SRIOV_CTRL);
			return;
		}
		pos = PCI_EXT_CAP_NEXT(header);
	}
}

static void __init iop_vtd_stop_function(void __iomem *cfg)
{
	u16 command;

	if (readw(cfg + PCI_VENDOR_ID) == 0xffff ||
	    (readb(cfg + PCI_HEADER_TYPE) & PCI_HEADER_TYPE_MASK) != PCI_HEADER_TYPE_NORMAL)
		return;
	command = readw(cfg + PCI_COMMAND);
	if (command & PCI_COMMAND_MASTER)
		writew(command & ~PCI_COMMAND_MASTER, cfg + PCI_COMMAND);
	iop_vtd_stop_vfs(cfg);
	/* The answer comes behind all that the device wrote before */
	readw(cfg + PCI_COMMAND);
}

/* A segment's buses lie one after the other, a megabyte each */
static void __init iop_vtd_stop_segment(const struct acpi_mcfg_allocation *alloc)
{
	unsigned int bus, devfn;
	void __iomem *cfg;

	for (bus = alloc->start_bus_number; bus <= alloc->end_bus_number; bus++) {
		cfg = ioremap(alloc->address + ((u64)bus << 20), SZ_1M);
		if (!cfg) {
			pr_err("devices on bus %04x:%02x can't be stopped\n",
			       alloc->pci_segment, bus);
			continue;
		}
		for (devfn = 0; devfn < 256; devfn++)
			iop_vtd_stop_function(cfg + (devfn << 12));
		iounmap(cfg);
	}
}

static bool __init iop_vtd_stop_segments(void)
{
	const struct acpi_mcfg_allocation *alloc;
	struct acpi_table_header *mcfg;
	void *end;

	if (ACPI_FAILURE(acpi_get_table(ACPI_SIG_MCFG, 0, &mcfg)))
		return false;
	end = (void *)mcfg + mcfg->length;
	for (alloc = (void *)mcfg + sizeof(struct acpi_table_mcfg); (void *)(alloc + 1) <= end;
	     alloc++)
		iop_vtd_stop_segment(alloc);
	acpi_put_table(mcfg);
	return true;
}
#else
static bool __init iop_vtd_stop_segments(void)
{
	return false;
}
#endif

static void __init iop_vtd_stop_port(u8 bus, u8 slot, u8 fn)
{
	u16 command;

	if (read_pci_config_16(bus, slot, fn, PCI_VENDOR_ID) == 0xffff ||
	    (read_pci_config_byte(bus, slot, fn, PCI_HEADER_TYPE) & PCI_HEADER_TYPE_MASK) !=
	    PCI_HEADER_TYPE_NORMAL)
		return;
	command = read_pci_config_16(bus, slot, fn, PCI_COMMAND);
	if (command & PCI_COMMAND_MASTER)
		write_pci_config_16(bus, slot, fn, PCI_COMMAND,
				    command & ~PCI_COMMAND_MASTER);
	read_pci_config_16(bus, slot, fn, PCI_COMMAND);
}

/**
 * iop_vtd_stop_early - stop all devices, before the kernel has found any.
 *
 * Those of all segments, where firmware says how these are reached; else those of the
 * first.
 *
 * Context: boot.
 */
void __init iop_vtd_stop_early(void)
{
	unsigned int bus, devfn;

	if (iop_vtd_stop_segments() || !early_pci_allowed())
		return;
	for (bus = 0; bus < 256; bus++)
		for (devfn = 0; devfn < 256; devfn++)
			iop_vtd_stop_port(bus, PCI_SLOT(devfn), PCI_FUNC(devfn));
}
