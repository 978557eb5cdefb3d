// SPDX-License-Identifier: GPL-2.0
/*
 * The end of the DMA of a device that the former kernel left running, and how to know
 * whether it is still what that one left.
 */
#include <linux/delay.h>

#include "pci.h"
#include "live_update.h"

/**
 * pci_live_is_master - may a device do DMA?
 * @pdev: the device
 *
 * Return: true if it is there and bus mastering is on
 */
bool pci_live_is_master(struct pci_dev *pdev)
{
	u16 command;

	pci_read_config_word(pdev, PCI_COMMAND, &command);
	return !PCI_POSSIBLE_ERROR(command) && (command & PCI_COMMAND_MASTER);
}

static u16 sriov_control(struct pci_dev *pdev, int pos)
{
	u16 control = 0;

	if (pos)
		pci_read_config_word(pdev, pos + PCI_SRIOV_CTRL, &control);
	return control;
}

/**
 * pci_live_vfs_enabled - has a device virtual functions, known or not?
 * @pdev: the device
 *
 * Return: true if so
 */
bool pci_live_vfs_enabled(struct pci_dev *pdev)
{
	int pos = pci_find_ext_capability(pdev, PCI_EXT_CAP_ID_SRIOV);

	return sriov_control(pdev, pos) & PCI_SRIOV_CTRL_VFE;
}

/* That ends their DMA. They may take a second. */
static void disable_vfs(struct pci_dev *pdev)
{
	int pos = pci_find_ext_capability(pdev, PCI_EXT_CAP_ID_SRIOV);
	u16 control = sriov_control(pdev, pos);

	if (!(control & PCI_SRIOV_CTRL_VFE))
		return;
	pci_write_config_word(pdev, pos + PCI_SRIOV_CTRL, control & PCI_SRIOV_CTRL_ARI);
	ssleep(1);
}

/**
 * pci_live_let_go - a device is not in the record any more
 * @pdev: the device
 *
 * This kernel may write to it, and move it, as any other.
 */
void pci_live_let_go(struct pci_dev *pdev)
{
	int i;

	pci_live_done(pci_domain_nr(pdev->bus), pci_dev_id(pdev));
	if (!pdev->live_incoming)
		return;
	WRITE_ONCE(pdev->live_incoming, false);
	pdev->mmio_always_on = pdev->live_mmio_always_on;
	/* but what is fixed by enhanced allocation */
	for (i = 0; i <= PCI_ROM_RESOURCE; i++)
		if (!(pdev->resource[i].flags & IORESOURCE_PCI_EA_BEI))
			pdev->resource[i].flags &= ~IORESOURCE_PCI_FIXED;
}

/**
 * pci_live_stop - let a device do no DMA from now on
 * @pdev: the device, and its virtual functions if nobody knows of them
 * @why: for the log, or NULL
 *
 * What it has begun is over when this returns. It is not in the record any more.
 */
void pci_live_stop(struct pci_dev *pdev, const char *why)
{
	if (!pci_num_vf(pdev))
		disable_vfs(pdev);
	pci_clear_master(pdev);
	pci_wait_for_pending_transaction(pdev);
	if (why)
		pci_err(pdev, "left running by the former kernel, stopped: %s\n", why);
	if (pdev->live_incoming)
		WRITE_ONCE(pdev->live_stopped, true);
	pci_live_let_go(pdev);
}

/* What the PCI core thinks of its addresses is what the registers say. */
static bool is_placed(struct pci_dev *pdev)
{
	struct pci_bus_region region;
	struct resource *res;
	u32 bar, high;
	int i;

	for (i = 0; i < PCI_STD_NUM_BARS; i++) {
		res = &pdev->resource[i];
		if (!(res->flags & IORESOURCE_MEM) || !resource_size(res))
			continue;
		pci_read_config_dword(pdev, PCI_BASE_ADDRESS_0 + 4 * i, &bar);
		high = 0;
		if (res->flags & IORESOURCE_MEM_64)
			pci_read_config_dword(pdev, PCI_BASE_ADDRESS_0 + 4 * i + 4, &high);
		bar &= PCI_BASE_ADDRESS_MEM_MASK;
		pcibios_resource_to_bus(pdev->bus, &region, res);
		if (!res->parent || region.start != ((u64)high << 32 | bar))
			return false;
	}
	return true;
}

/**
 * pci_live_moved - is a device still what it was, and where?
 * @pdev: the device, set up by this kernel
 *
 * Return: NULL, or in what it, or a bridge above it, differs from the former kernel's
 * record
 */
const char *pci_live_moved(struct pci_dev *pdev)
{
	const struct vfio_persist_dev_ser *was = pci_live_entry(pdev);
	const char *why = was ? pci_live_differs(was, pdev) : "it is not in the record";
	struct pci_dev *bridge;

	if (!why && was->kind == VFIO_PERSIST_PARENT)
		why = pci_live_sriov_differs(pci_live_sriov_entry(pdev), pdev);
	if (!why && !pdev->is_virtfn && !is_placed(pdev))
		why = "its addresses are taken";
	for (bridge = pci_upstream_bridge(pdev); bridge && !why;
	     bridge = pci_upstream_bridge(bridge)) {
		was = pci_live_entry(bridge);
		if (!was || pci_live_differs(was, bridge))
			why = "a bridge above it is not what it was";
	}
	return why;
}
