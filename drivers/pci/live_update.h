/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Top layer: what becomes of devices that the former kernel left running.
 */
#ifndef _PCI_LIVE_UPDATE_H
#define _PCI_LIVE_UPDATE_H

#include <linux/pci_live_update.h>

#include "live_update_handover.h"

/* live_update_stop.c */
void pci_live_stop(struct pci_dev *pdev, const char *why);
void pci_live_let_go(struct pci_dev *pdev);
bool pci_live_is_master(struct pci_dev *pdev);
bool pci_live_vfs_enabled(struct pci_dev *pdev);
const char *pci_live_moved(struct pci_dev *pdev);

/* live_update_end.c */
void pci_live_end(struct pci_dev *pdev, const char *why, bool stays);
void pci_live_leave(struct pci_live *live);
void pci_live_reset_and_leave(struct pci_live *live, bool is_locked);
void pci_live_shut_down(struct pci_dev *pdev);

/* live_update_sriov.c */
bool pci_live_is_left(struct pci_dev *pdev);
void pci_live_stop_parent(struct pci_dev *pdev, const char *why);
void pci_live_removed_parent(struct pci_dev *pdev);

/* live_update_image.c: what the next kernel says of itself */
const char *pci_live_image_lacks(const void *image, size_t size);

#endif /* _PCI_LIVE_UPDATE_H */
