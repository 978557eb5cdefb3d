/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Second layer: one object for each device that has to do with live updates, its
 * state, and the gate by which those go who write to the device.
 */
#ifndef _PCI_LIVE_UPDATE_STATE_H
#define _PCI_LIVE_UPDATE_STATE_H

#include <linux/bitmap.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/workqueue.h>

#include "live_update_record.h"

/* As many as MSI-X can have */
#define PCI_LIVE_VECTORS	(PCI_MSIX_FLAGS_QSIZE + 1)

/* See the DOC section of live_update_state.c */
enum pci_live_state {
	PCI_LIVE_NONE,
	PCI_LIVE_SESSION,
	PCI_LIVE_FROZEN,
	PCI_LIVE_INCOMING,
	PCI_LIVE_CLAIMED,
	PCI_LIVE_OPEN,
	PCI_LIVE_CLOSED,
	PCI_LIVE_STATES,
};

/**
 * struct pci_live - a device that has to do with live updates
 * @ref: who has a pointer to it; being in another state than none is one
 * @list: in the list of all; under the lock of that
 * @pdev: the device, of which this has a reference
 * @lock: guards what follows. It is taken after the device's own lock, never before
 *	it, and two of them are never held at once, but for a bridge's under a
 *	physical function's or device's: those are taken upwards.
 * @state: where it is
 * @kind: what it is in the record for, VFIO_PERSIST_DEVICE and so on
 * @users: how many devices in sessions need it: of a bridge and a physical function
 * @unbinding: how many are taking its driver from it, or removing it
 * @is_ending: nobody can retrieve it any more; it has not been reset
 * @is_sealed: @ser is what the next kernel will find; it is frozen, whatever its state
 * @is_settled: it was looked at when IOMMUs had been set up
 * @is_open: who took it over has not closed it since
 * @is_awake: the reference that keeps it from sleeping is held
 * @delay: jiffies until the next try to reset it
 * @retry: that try
 * @ser: its entry, for the next kernel
 * @sriov: its other entry, if it is a physical function
 * @raised: vectors that have been signalled by hand
 * @data: of the driver that has it preserved; under that one's lock
 */
struct pci_live {
	struct kref ref;
	struct list_head list;
	struct pci_dev *pdev;
	struct mutex lock;	/* guards what follows */
	enum pci_live_state state;
	u16 kind;
	unsigned int users;
	unsigned int unbinding;
	bool is_ending;
	bool is_sealed;
	bool is_settled;
	bool is_open;
	bool is_awake;
	unsigned long delay;
	struct delayed_work retry;
	struct vfio_persist_dev_ser ser;
	struct vfio_persist_sriov_ser sriov;
	DECLARE_BITMAP(raised, PCI_LIVE_VECTORS);
	void *data;
};

extern const char *const pci_live_state_names[PCI_LIVE_STATES];
bool pci_live_may_move(enum pci_live_state from, enum pci_live_state to);
int pci_live_move(struct pci_live *live, enum pci_live_state from,
		  enum pci_live_state to);

struct pci_live *pci_live_create(struct pci_dev *pdev);
struct pci_live *pci_live_get(struct pci_dev *pdev);
struct pci_live *pci_live_next(struct pci_live *live);
void pci_live_put(struct pci_live *live);
enum pci_live_state pci_live_state(struct pci_dev *pdev);
DEFINE_FREE(pci_live_put, struct pci_live *, pci_live_put(_T))

void pci_live_wake(struct pci_live *live);
void pci_live_let_sleep(struct pci_live *live);

int pci_live_gate_error(struct pci_dev *pdev);
bool pci_live_gate_close(struct pci_dev *pdev, unsigned long timeout);
void pci_live_gate_open(struct pci_dev *pdev);

#endif /* _PCI_LIVE_UPDATE_STATE_H */
