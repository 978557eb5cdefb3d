// SPDX-License-Identifier: GPL-2.0
/*
 * What goes on running, for the next kernel. The record's memory is there from the
 * first device preserved on, so that freezing needs none and can't fail for want of
 * it. A device has an entry, and so has each bridge above it, however many devices
 * are below; a physical function has two. Each entry is made once a kexec, when the
 * first device that needs it is frozen: nothing is read from a device twice.
 */
#define pr_fmt(fmt) "PCI: live update: " fmt

#include <linux/jiffies.h>
#include <linux/kexec_handover.h>
#include <linux/mutex.h>

#include "pci.h"
#include "live_update_handover.h"

/* How long a kexec waits for who resets or configures a device that is to go on */
#define PATIENCE	HZ

/*
 * Guards the record, and who is needed by how many; taken before the lock of any
 * object.
 */
static DEFINE_MUTEX(outgoing_lock);
static struct vfio_persist_ser *record;
static unsigned int nr_entries;

static int make_record(void)
{
	int rc;

	if (record)
		return 0;
	record = kho_alloc_preserve(PCI_LIVE_RECORD_SIZE);
	if (IS_ERR(record)) {
		rc = PTR_ERR(record);
		record = NULL;
		return rc;
	}
	record->magic = VFIO_PERSIST_MAGIC;
	record->version = VFIO_PERSIST_VERSION;
	rc = kho_add_subtree(VFIO_PERSIST_SUBTREE, record, PCI_LIVE_RECORD_SIZE);
	if (rc) {
		kho_unpreserve_free(record);
		record = NULL;
	}
	return rc;
}

static void drop_record(void)
{
	if (!record || nr_entries)
		return;
	kho_remove_subtree(record);
	kho_unpreserve_free(record);
	record = NULL;
}

static unsigned int entries_of(u16 kind)
{
	return kind == VFIO_PERSIST_PARENT ? 2 : 1;
}

/* A physical function that the former kernel left stays in limbo, and is needed. */
static int use(struct pci_dev *pdev, u16 kind)
{
	struct pci_live *live __free(pci_live_put) = pci_live_create(pdev);
	int rc = 0;

	if (!live)
		return -ENOMEM;
	guard(mutex)(&live->lock);
	if (live->unbinding || (live->is_ending && live->state != PCI_LIVE_NONE))
		return -EBUSY;
	if (live->users && (kind == VFIO_PERSIST_DEVICE || live->kind != kind))
		return -EBUSY;
	if (!live->users && nr_entries + entries_of(kind) > PCI_LIVE_RECORD_MAX)
		return -ENOSPC;
	if (!live->users && !(kind == VFIO_PERSIST_PARENT && live->state == PCI_LIVE_INCOMING))
		rc = pci_live_move(live, PCI_LIVE_NONE, PCI_LIVE_SESSION);
	if (rc)
		return rc;
	live->kind = kind;
	if (!live->users++)
		nr_entries += entries_of(kind);
	return 0;
}

static void unuse(struct pci_dev *pdev)
{
	struct pci_live *live __free(pci_live_put) = pci_live_get(pdev);

	if (WARN_ON_ONCE(!live))
		return;
	guard(mutex)(&live->lock);
	if (WARN_ON_ONCE(!live->users) || --live->users)
		return;
	nr_entries -= entries_of(live->kind);
	if (live->state == PCI_LIVE_SESSION)
		pci_live_move(live, PCI_LIVE_SESSION, PCI_LIVE_NONE);
}

/*
 * What a device can't do without, one after the other: its physical function, and the
 * bridges. NULL if there is no more.
 */
static struct pci_dev *next(struct pci_dev *pdev, u16 *kind)
{
	if (*kind == VFIO_PERSIST_DEVICE && pdev->is_virtfn) {
		*kind = VFIO_PERSIST_PARENT;
		return pci_physfn(pdev);
	}
	*kind = VFIO_PERSIST_BRIDGE;
	return pci_upstream_bridge(pdev);
}

/* The device, and so on, the first @nr of them */
static void unuse_path(struct pci_dev *pdev, unsigned int nr)
{
	u16 kind = VFIO_PERSIST_DEVICE;

	for (; pdev && nr--; pdev = next(pdev, &kind))
		unuse(pdev);
}

/**
 * pci_live_keep - a device is to go on over the next kexec
 * @pdev: the device
 *
 * It is in the record from now on with all that it can't do without, or nothing is.
 *
 * Return: 0; -EBUSY if it is there, or being removed; -ENOSPC if there is no room;
 * -ENOMEM
 */
int pci_live_keep(struct pci_dev *pdev)
{
	u16 kind = VFIO_PERSIST_DEVICE;
	struct pci_dev *at;
	unsigned int nr = 0;
	int rc;

	guard(mutex)(&outgoing_lock);
	rc = make_record();
	for (at = pdev; at && !rc; at = next(at, &kind)) {
		rc = use(at, kind);
		if (!rc)
			nr++;
	}
	if (rc) {
		unuse_path(pdev, nr);
		drop_record();
	}
	return rc;
}

/**
 * pci_live_drop - a device is not to go on after all
 * @pdev: the device, kept by pci_live_keep()
 */
void pci_live_drop(struct pci_dev *pdev)
{
	guard(mutex)(&outgoing_lock);
	unuse_path(pdev, UINT_MAX);
	drop_record();
}

/**
 * pci_live_is_kept - is a device in the record for the next kernel?
 * @pdev: the device
 *
 * Return: true if it is in a session, or one is that can't do without it
 */
bool pci_live_is_kept(struct pci_dev *pdev)
{
	struct pci_live *live __free(pci_live_put) = pci_live_get(pdev);

	return live && READ_ONCE(live->users);
}

/* In the order of the list, which no reader depends on */
static void seal(void)
{
	struct vfio_persist_dev_ser *at = (void *)(record + 1);
	struct pci_live *live = NULL;

	lockdep_assert_held(&outgoing_lock);
	while ((live = pci_live_next(live))) {
		if (!live->users || !live->is_sealed)
			continue;
		*at++ = live->ser;
		if (live->kind == VFIO_PERSIST_PARENT)
			memcpy(at++, &live->sriov, sizeof(*at));
	}
	record->nr = at - (struct vfio_persist_dev_ser *)(record + 1);
	record->flags |= VFIO_PERSIST_SEALED;
	record->crc = pci_live_crc(record);
}

static void unseal(void)
{
	if (record)
		record->flags &= ~VFIO_PERSIST_SEALED;
}

/* Nobody writes to it any more, and its entry is made from what it is then. */
static int freeze_one(struct pci_live *live)
{
	struct pci_dev *pdev = live->pdev;

	guard(mutex)(&live->lock);
	if (live->is_sealed)
		return 0;
	if (live->unbinding) {
		pci_err(pdev, "is being removed: close the session that it is in\n");
		return -EBUSY;
	}
	if (!pci_live_gate_close(pdev, PATIENCE)) {
		pci_err(pdev, "is being reset or configured by its user for more than a second: the kexec is refused\n");
		return -EBUSY;
	}
	if (!pci_device_is_present(pdev)) {
		pci_err(pdev, "does not answer: close the session that it is in\n");
		pci_live_gate_open(pdev);
		return -ENODEV;
	}
	pci_live_fill(&live->ser, pdev, live->kind);
	if (live->kind == VFIO_PERSIST_PARENT)
		pci_live_fill_sriov(&live->sriov, pdev);
	live->is_sealed = true;
	if (live->state == PCI_LIVE_SESSION)
		pci_live_move(live, PCI_LIVE_SESSION, PCI_LIVE_FROZEN);
	return 0;
}

/* One in limbo keeps its gate closed. */
static void thaw_one(struct pci_live *live)
{
	guard(mutex)(&live->lock);
	if (!live->is_sealed)
		return;
	live->is_sealed = false;
	if (live->state != PCI_LIVE_FROZEN)
		return;
	pci_live_move(live, PCI_LIVE_FROZEN, PCI_LIVE_SESSION);
	pci_live_gate_open(live->pdev);
}

static int freeze_path(struct pci_dev *pdev)
{
	u16 kind = VFIO_PERSIST_DEVICE;
	int rc = 0;

	for (; pdev && !rc; pdev = next(pdev, &kind)) {
		struct pci_live *live __free(pci_live_put) = pci_live_get(pdev);

		rc = live && live->users ? freeze_one(live) : -EINVAL;
	}
	return rc;
}

static void thaw_path(struct pci_dev *pdev)
{
	u16 kind = VFIO_PERSIST_DEVICE;

	for (; pdev; pdev = next(pdev, &kind)) {
		struct pci_live *live __free(pci_live_put) = pci_live_get(pdev);

		if (live)
			thaw_one(live);
	}
}

/**
 * pci_live_freeze - a kexec has begun
 * @pdev: a device in a session
 *
 * From now on until pci_live_thaw() nobody writes to it, or to what it can't do
 * without, and the record has their entries. Those who do so now are waited for.
 *
 * Return: 0; -EBUSY if somebody is writing for too long, or removes it; -ENODEV if it
 * does not answer; -EINVAL if it is in no session
 */
int pci_live_freeze(struct pci_dev *pdev)
{
	int rc;

	guard(mutex)(&outgoing_lock);
	rc = freeze_path(pdev);
	if (rc) {
		thaw_path(pdev);
		unseal();
		return rc;
	}
	seal();
	return 0;
}

/**
 * pci_live_thaw - the kexec has failed
 * @pdev: a device that is frozen
 */
void pci_live_thaw(struct pci_dev *pdev)
{
	guard(mutex)(&outgoing_lock);
	thaw_path(pdev);
	unseal();
}

/**
 * pci_live_outgoing - the record for the next kernel
 *
 * Context: for tests.
 * Return: the record, or NULL if there is none
 */
const struct vfio_persist_ser *pci_live_outgoing(void)
{
	guard(mutex)(&outgoing_lock);
	return record;
}
