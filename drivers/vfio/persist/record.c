// SPDX-License-Identifier: GPL-2.0
/*
 * The record of what goes on running, for the next kernel: made when a device is
 * preserved, so that freezing needs no memory and can't fail. A bridge has one
 * entry, however many devices are below it; a physical function has two.
 */
#define pr_fmt(fmt) "vfio-persist: " fmt

#include <linux/crc32.h>
#include <linux/kexec_handover.h>
#include <linux/mutex.h>

#include "persist.h"

#define RECORD_SIZE	(4 * PAGE_SIZE)
#define RECORD_MAX	(RECORD_SIZE / sizeof(struct vfio_persist_dev_ser) - 1)

/* What an entry is about; by the same index */
struct subject {
	struct pci_dev *pdev;
	u16 kind;
	unsigned int users;
};

static DEFINE_MUTEX(lock);
static struct vfio_persist_ser *record;
static struct subject user[RECORD_MAX];

static struct vfio_persist_dev_ser *entries(void)
{
	return (struct vfio_persist_dev_ser *)(record + 1);
}

/* The sum is over all but itself. */
u32 vfio_persist_crc(const struct vfio_persist_ser *ser)
{
	struct vfio_persist_ser head = *ser;
	u32 crc;

	head.crc = 0;
	crc = crc32_le(~0, (void *)&head, sizeof(head));
	return crc32_le(crc, (void *)(ser + 1),
			ser->nr * sizeof(struct vfio_persist_dev_ser));
}

static int make_record(void)
{
	int rc;

	if (record)
		return 0;
	record = kho_alloc_preserve(RECORD_SIZE);
	if (IS_ERR(record)) {
		rc = PTR_ERR(record);
		record = NULL;
		return rc;
	}
	record->magic = VFIO_PERSIST_MAGIC;
	record->version = VFIO_PERSIST_VERSION;
	rc = kho_add_subtree(VFIO_PERSIST_SUBTREE, record, RECORD_SIZE);
	if (rc) {
		kho_unpreserve_free(record);
		record = NULL;
	}
	return rc;
}

static void drop_record(void)
{
	if (!record || record->nr)
		return;
	kho_remove_subtree(record);
	kho_unpreserve_free(record);
	record = NULL;
}

static int find(struct pci_dev *pdev, u16 kind)
{
	u32 i;

	for (i = 0; record && i < record->nr; i++)
		if (user[i].pdev == pdev && (!kind || user[i].kind == kind))
			return i;
	return -ENOENT;
}

static int use(struct pci_dev *pdev, u16 kind)
{
	int i = find(pdev, kind);

	if (i >= 0) {
		user[i].users++;
		return 0;
	}
	if (record->nr == RECORD_MAX)
		return -ENOSPC;
	i = record->nr++;
	user[i] = (struct subject) { .pdev = pci_dev_get(pdev), .kind = kind, .users = 1 };
	vfio_persist_fill(&entries()[i], pdev, kind);
	return 0;
}

/* The last entry takes the place of one that goes. */
static void unuse(struct pci_dev *pdev, u16 kind)
{
	int i = find(pdev, kind), last;

	if (WARN_ON(i < 0) || --user[i].users)
		return;
	last = --record->nr;
	user[i] = user[last];
	entries()[i] = entries()[last];
	memset(&entries()[last], 0, sizeof(*entries()));
	pci_dev_put(pdev);
}

/*
 * What a device can't do without, one after the other: its physical function, with how
 * that has virtual functions, and the bridges. NULL if there is no more.
 */
static struct pci_dev *next(struct pci_dev *pdev, u16 *kind)
{
	if (*kind == VFIO_PERSIST_DEVICE && pdev->is_virtfn) {
		*kind = VFIO_PERSIST_PARENT;
		return pci_physfn(pdev);
	}
	if (*kind == VFIO_PERSIST_PARENT) {
		*kind = VFIO_PERSIST_SRIOV;
		return pdev;
	}
	*kind = VFIO_PERSIST_BRIDGE;
	return pci_upstream_bridge(pdev);
}

/* The device, and so on, the first @nr of them */
static void unuse_path(struct pci_dev *pdev, unsigned int nr)
{
	u16 kind = VFIO_PERSIST_DEVICE;

	for (; pdev && nr--; pdev = next(pdev, &kind))
		unuse(pdev, kind);
}

/* The device is recorded with all that it can't do without, or nothing is. */
int vfio_persist_record(struct pci_dev *pdev)
{
	u16 kind = VFIO_PERSIST_DEVICE;
	struct pci_dev *at;
	unsigned int nr = 0;
	int rc;

	guard(mutex)(&lock);
	rc = make_record();
	if (rc)
		return rc;
	for (at = pdev; at; at = next(at, &kind)) {
		rc = use(at, kind);
		if (rc) {
			unuse_path(pdev, nr);
			drop_record();
			return rc;
		}
		nr++;
	}
	return 0;
}

void vfio_persist_unrecord(struct pci_dev *pdev)
{
	guard(mutex)(&lock);
	unuse_path(pdev, UINT_MAX);
	drop_record();
}

/* What the hardware says now. A bridge has two BARs, then its bus numbers. */
void vfio_persist_fill(struct vfio_persist_dev_ser *ser, struct pci_dev *pdev, u16 kind)
{
	bool bridge = kind == VFIO_PERSIST_BRIDGE;
	int i;

	if (kind == VFIO_PERSIST_SRIOV) {
		vfio_persist_fill_sriov((struct vfio_persist_sriov_ser *)ser, pdev);
		return;
	}
	*ser = (struct vfio_persist_dev_ser) {
		.segment = pci_domain_nr(pdev->bus),
		.rid = pci_dev_id(pdev),
		.kind = kind,
		.vendor = pdev->vendor,
		.device = pdev->device,
	};
	pci_read_config_dword(pdev, PCI_CLASS_REVISION, &ser->class);
	pci_read_config_word(pdev, PCI_COMMAND, &ser->command);
	for (i = 0; i < (bridge ? 2 : PCI_STD_NUM_BARS); i++)
		pci_read_config_dword(pdev, PCI_BASE_ADDRESS_0 + 4 * i, &ser->bar[i]);
	if (!bridge)
		return;
	pci_read_config_dword(pdev, PCI_PRIMARY_BUS, &ser->buses);
	ser->buses &= 0xffffff;
}

/* All that is recorded, as it is now: nothing to allocate, nothing that can fail */
void vfio_persist_seal(void)
{
	u32 i;

	guard(mutex)(&lock);
	if (!record)
		return;
	for (i = 0; i < record->nr; i++)
		vfio_persist_fill(&entries()[i], user[i].pdev, user[i].kind);
	record->flags |= VFIO_PERSIST_SEALED;
	record->crc = vfio_persist_crc(record);
}

void vfio_persist_unseal(void)
{
	guard(mutex)(&lock);
	if (record)
		record->flags &= ~VFIO_PERSIST_SEALED;
}

/**
 * pci_persist_preserved - will a device go on over a kexec?
 * @pdev: the device
 *
 * Context: may sleep.
 * Return: true if it is in a live update session, or a bridge above one that is, or the
 * physical function of one.
 */
bool pci_persist_preserved(struct pci_dev *pdev)
{
	guard(mutex)(&lock);
	return find(pdev, 0) >= 0;
}
