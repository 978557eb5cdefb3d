// SPDX-License-Identifier: GPL-2.0
/*
 * Interrupts of a device that nobody drives. MSI-X stays enabled, with all vectors
 * masked: if it were off the device would raise its pin instead. What becomes due
 * then stays pending in the device. MSI is masked where it can be, and else turned
 * off; so is the pin.
 *
 * Interrupt remapping is not handed over, so what was raised between the two kernels
 * is lost but for what MSI-X kept pending. Who takes the device back therefore has
 * every vector's eventfd signalled once, when it is armed.
 */
#include "persist.h"

static void mask_msi(struct pci_dev *pdev, u8 cap)
{
	u16 ctrl;

	pci_read_config_word(pdev, cap + PCI_MSI_FLAGS, &ctrl);
	if (!(ctrl & PCI_MSI_FLAGS_ENABLE))
		return;
	if (!(ctrl & PCI_MSI_FLAGS_MASKBIT))
		pci_write_config_word(pdev, cap + PCI_MSI_FLAGS,
				      ctrl & ~PCI_MSI_FLAGS_ENABLE);
	else if (ctrl & PCI_MSI_FLAGS_64BIT)
		pci_write_config_dword(pdev, cap + PCI_MSI_MASK_64, ~0);
	else
		pci_write_config_dword(pdev, cap + PCI_MSI_MASK_32, ~0);
}

static void mask_msix(struct pci_dev *pdev, u8 cap)
{
	u16 ctrl;

	pci_read_config_word(pdev, cap + PCI_MSIX_FLAGS, &ctrl);
	if (ctrl & PCI_MSIX_FLAGS_ENABLE)
		pci_write_config_word(pdev, cap + PCI_MSIX_FLAGS,
				      ctrl | PCI_MSIX_FLAGS_MASKALL);
}

/* Works before the device is known to the rest of the kernel. */
void vfio_persist_mask_irqs(struct pci_dev *pdev)
{
	u8 msi = pci_find_capability(pdev, PCI_CAP_ID_MSI);
	u8 msix = pci_find_capability(pdev, PCI_CAP_ID_MSIX);
	u16 command;

	pci_read_config_word(pdev, PCI_COMMAND, &command);
	pci_write_config_word(pdev, PCI_COMMAND, command | PCI_COMMAND_INTX_DISABLE);
	if (msi)
		mask_msi(pdev, msi);
	if (msix)
		mask_msix(pdev, msix);
}
