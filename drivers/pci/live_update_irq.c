// SPDX-License-Identifier: GPL-2.0
/*
 * Interrupts of a device that nobody drives. MSI-X stays enabled, with all vectors
 * masked: if it were off the device would raise its pin instead. What becomes due
 * then stays pending in the device. MSI is masked where it can be, and else turned
 * off; so is the pin. Registers that say so already are not written.
 *
 * What was raised between two kernels is lost but for what MSI-X kept pending. Who
 * takes the device back therefore has every vector's eventfd signalled once, when it
 * is armed.
 */
#include "live_update_record.h"

static void set_word(struct pci_dev *pdev, int pos, u16 was, u16 now)
{
	if (now != was)
		pci_write_config_word(pdev, pos, now);
}

static void mask_all(struct pci_dev *pdev, int pos)
{
	u32 mask;

	pci_read_config_dword(pdev, pos, &mask);
	if (mask != ~0U)
		pci_write_config_dword(pdev, pos, ~0U);
}

static void mask_msi(struct pci_dev *pdev, u8 cap)
{
	u16 ctrl;

	pci_read_config_word(pdev, cap + PCI_MSI_FLAGS, &ctrl);
	if (!(ctrl & PCI_MSI_FLAGS_ENABLE))
		return;
	if (!(ctrl & PCI_MSI_FLAGS_MASKBIT))
		set_word(pdev, cap + PCI_MSI_FLAGS, ctrl, ctrl & ~PCI_MSI_FLAGS_ENABLE);
	else
		mask_all(pdev, cap + (ctrl & PCI_MSI_FLAGS_64BIT ? PCI_MSI_MASK_64 :
				      PCI_MSI_MASK_32));
}

static void mask_msix(struct pci_dev *pdev, u8 cap)
{
	u16 ctrl;

	pci_read_config_word(pdev, cap + PCI_MSIX_FLAGS, &ctrl);
	if (ctrl & PCI_MSIX_FLAGS_ENABLE)
		set_word(pdev, cap + PCI_MSIX_FLAGS, ctrl, ctrl | PCI_MSIX_FLAGS_MASKALL);
}

/**
 * pci_live_mask_irqs - let a device signal nothing
 * @pdev: the device; the rest of the kernel need not know it yet
 */
void pci_live_mask_irqs(struct pci_dev *pdev)
{
	u8 msi = pci_find_capability(pdev, PCI_CAP_ID_MSI);
	u8 msix = pci_find_capability(pdev, PCI_CAP_ID_MSIX);
	u16 command;

	pci_read_config_word(pdev, PCI_COMMAND, &command);
	set_word(pdev, PCI_COMMAND, command, command | PCI_COMMAND_INTX_DISABLE);
	if (msi)
		mask_msi(pdev, msi);
	if (msix)
		mask_msix(pdev, msix);
}
