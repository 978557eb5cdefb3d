/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Third layer: the record as it is handed over, to the next kernel and from the one
 * before.
 */
#ifndef _PCI_LIVE_UPDATE_HANDOVER_H
#define _PCI_LIVE_UPDATE_HANDOVER_H

#include "live_update_state.h"

/* live_update_incoming.c: what the former kernel left */
bool pci_live_record_damaged(bool *known);
void pci_live_distrust_record(void);
const struct vfio_persist_dev_ser *pci_live_entry(struct pci_dev *pdev);
const struct vfio_persist_sriov_ser *pci_live_sriov_entry(struct pci_dev *pdev);
void pci_live_done(u32 segment, u16 rid);
bool pci_live_any_runs(void);

/* live_update_outgoing.c: what this kernel leaves */
int pci_live_keep(struct pci_dev *pdev);
void pci_live_drop(struct pci_dev *pdev);
int pci_live_freeze(struct pci_dev *pdev);
void pci_live_thaw(struct pci_dev *pdev);
bool pci_live_is_kept(struct pci_dev *pdev);
const struct vfio_persist_ser *pci_live_outgoing(void);

#endif /* _PCI_LIVE_UPDATE_HANDOVER_H */
