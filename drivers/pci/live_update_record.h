/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Lowest layer: what the record says of a device, and what the device says of itself.
 * Nothing here has a lock or a state, and nothing writes to a device.
 */
#ifndef _PCI_LIVE_UPDATE_RECORD_H
#define _PCI_LIVE_UPDATE_RECORD_H

#include <linux/kho/abi/vfio_persist.h>
#include <linux/pci.h>

/* The record in memory that is handed over, and how many entries fit */
#define PCI_LIVE_RECORD_SIZE	(8 * PAGE_SIZE)
#define PCI_LIVE_RECORD_MAX	\
	(PCI_LIVE_RECORD_SIZE / sizeof(struct vfio_persist_dev_ser) - 1)

u32 pci_live_crc(const struct vfio_persist_ser *ser);
const char *pci_live_record_fault(const struct vfio_persist_ser *ser, size_t size);

void pci_live_fill(struct vfio_persist_dev_ser *ser, struct pci_dev *pdev, u16 kind);
void pci_live_fill_sriov(struct vfio_persist_sriov_ser *ser, struct pci_dev *pdev);
const char *pci_live_differs(const struct vfio_persist_dev_ser *was, struct pci_dev *pdev);
const char *pci_live_sriov_differs(const struct vfio_persist_sriov_ser *was,
				   struct pci_dev *pdev);

/* live_update_irq.c */
void pci_live_mask_irqs(struct pci_dev *pdev);

#endif /* _PCI_LIVE_UPDATE_RECORD_H */
