// SPDX-License-Identifier: GPL-2.0
/*
 * What the former kernel left running: its record is read when the first PCI device
 * is met, before anything is written to one.
 */
#define pr_fmt(fmt) "PCI: live update: " fmt

#include <linux/atomic.h>
#include <linux/io.h>
#include <linux/kexec_handover.h>
#include <linux/mutex.h>
#include <linux/slab.h>

#include "live_update_handover.h"

/* Guards all of this */
static DEFINE_MUTEX(incoming_lock);
static bool was_read;
/* There was something, and it can't be relied on */
static bool damaged;
static struct vfio_persist_ser *incoming;
/* Entries of devices, and physical functions, that still run; read without the lock */
static atomic_t nr_running;

static struct vfio_persist_dev_ser *entry(u32 i)
{
	return (struct vfio_persist_dev_ser *)(incoming + 1) + i;
}

static bool runs(const struct vfio_persist_dev_ser *ser)
{
	return ser->kind == VFIO_PERSIST_DEVICE || ser->kind == VFIO_PERSIST_PARENT;
}

/* A copy is kept; the record's memory is the kernel's again. */
static void read_record(void)
{
	struct vfio_persist_ser *ser;
	const char *fault;
	phys_addr_t phys;
	size_t size;
	u32 i;
	int rc;

	rc = kho_retrieve_subtree(VFIO_PERSIST_SUBTREE, &phys, &size);
	if (rc == -ENOENT)
		return;
	damaged = true;
	if (rc) {
		pr_err("no record of devices left running can be had: %pe\n", ERR_PTR(rc));
		return;
	}
	ser = phys_to_virt(phys);
	fault = pci_live_record_fault(ser, size);
	if (fault)
		pr_err("the record of devices left running: %s\n", fault);
	else
		incoming = kmemdup(ser, size, GFP_KERNEL);
	damaged = !incoming;
	kho_restore_free(ser);
	for (i = 0; incoming && i < incoming->nr; i++)
		if (runs(entry(i)))
			atomic_inc(&nr_running);
}

static void read_once(void)
{
	lockdep_assert_held(&incoming_lock);
	if (was_read)
		return;
	was_read = true;
	read_record();
}

static struct vfio_persist_dev_ser *find(u32 segment, u16 rid, bool sriov)
{
	struct vfio_persist_dev_ser *ser;
	bool is_sriov;
	u32 i;

	for (i = 0; incoming && i < incoming->nr; i++) {
		ser = entry(i);
		is_sriov = ser->kind == VFIO_PERSIST_SRIOV;
		if (ser->kind && is_sriov == sriov && ser->segment == segment && ser->rid == rid)
			return ser;
	}
	return NULL;
}

/**
 * pci_live_record_damaged - is there a record that can't be relied on?
 * @known: set to whether it names devices all the same
 *
 * Return: true if so
 */
bool pci_live_record_damaged(bool *known)
{
	guard(mutex)(&incoming_lock);
	read_once();
	*known = incoming;
	return damaged;
}

/**
 * pci_live_distrust_record - something in the record is not so
 */
void pci_live_distrust_record(void)
{
	guard(mutex)(&incoming_lock);
	damaged = true;
}

/**
 * pci_live_entry - what the record says of a device
 * @pdev: the device, or a bridge
 *
 * Return: its entry, which stays; NULL if it has none, or is like any other by now
 */
const struct vfio_persist_dev_ser *pci_live_entry(struct pci_dev *pdev)
{
	guard(mutex)(&incoming_lock);
	read_once();
	return find(pci_domain_nr(pdev->bus), pci_dev_id(pdev), false);
}

/**
 * pci_live_sriov_entry - what the record says of a device's virtual functions
 * @pdev: the physical function
 *
 * Return: its entry, or NULL
 */
const struct vfio_persist_sriov_ser *pci_live_sriov_entry(struct pci_dev *pdev)
{
	guard(mutex)(&incoming_lock);
	read_once();
	return (void *)find(pci_domain_nr(pdev->bus), pci_dev_id(pdev), true);
}

/**
 * pci_live_done - a device is like any other now, or was never found
 * @segment: its PCI segment
 * @rid: its requester id
 */
void pci_live_done(u32 segment, u16 rid)
{
	struct vfio_persist_dev_ser *ser;

	guard(mutex)(&incoming_lock);
	ser = find(segment, rid, false);
	if (ser) {
		if (runs(ser))
			atomic_dec(&nr_running);
		ser->kind = 0;
	}
	ser = find(segment, rid, true);
	if (ser)
		ser->kind = 0;
}

/**
 * pci_live_any_runs - does anything still run as the former kernel left it?
 *
 * Context: any, once the first device was found.
 * Return: true if so: bridges stay as they are until then
 */
bool pci_live_any_runs(void)
{
	return atomic_read(&nr_running);
}
