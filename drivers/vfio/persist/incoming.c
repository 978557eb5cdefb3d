// SPDX-License-Identifier: GPL-2.0
/*
 * What the former kernel left running: its record is read when the first PCI device
 * is met, and each device it names is held against it before anything is written
 * to that device. What does not fit is stopped.
 */
#define pr_fmt(fmt) "vfio-persist: " fmt

#include <linux/io.h>
#include <linux/kexec_handover.h>
#include <linux/mutex.h>
#include <linux/slab.h>

#include "persist.h"

static DEFINE_MUTEX(lock);
static bool was_read;
/* There was something, and it can't be relied on */
static bool damaged;
static struct vfio_persist_ser *incoming;

const char *vfio_persist_what_is_wrong(const struct vfio_persist_ser *ser, size_t size)
{
	if (size < sizeof(*ser) || ser->magic != VFIO_PERSIST_MAGIC)
		return "it is no such record";
	if (ser->version != VFIO_PERSIST_VERSION)
		return "its version is not known here";
	if (!(ser->flags & VFIO_PERSIST_SEALED))
		return "it was not sealed";
	if (ser->nr > (size - sizeof(*ser)) / sizeof(struct vfio_persist_dev_ser))
		return "it is cut short";
	if (ser->crc != vfio_persist_crc(ser))
		return "its checksum is wrong";
	return NULL;
}

/* A copy is kept; the record's memory is the kernel's again. */
static void read_record(void)
{
	struct vfio_persist_ser *ser;
	const char *wrong;
	phys_addr_t phys;
	size_t size;
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
	wrong = vfio_persist_what_is_wrong(ser, size);
	if (wrong)
		pr_err("the record of devices left running: %s\n", wrong);
	else
		incoming = kmemdup(ser, size, GFP_KERNEL);
	damaged = !incoming;
	kho_restore_free(ser);
}

static void read_once(void)
{
	if (was_read)
		return;
	was_read = true;
	read_record();
}

static struct vfio_persist_dev_ser *entry(u32 i)
{
	return (struct vfio_persist_dev_ser *)(incoming + 1) + i;
}

/* The device's own entry, or that of its virtual functions */
static struct vfio_persist_dev_ser *find_sort(struct pci_dev *pdev, bool sriov)
{
	struct vfio_persist_dev_ser *ser;
	bool is_sriov;
	u32 i;

	for (i = 0; incoming && i < incoming->nr; i++) {
		ser = entry(i);
		is_sriov = ser->kind == VFIO_PERSIST_SRIOV;
		if (ser->kind && is_sriov == sriov &&
		    ser->segment == pci_domain_nr(pdev->bus) &&
		    ser->rid == pci_dev_id(pdev))
			return ser;
	}
	return NULL;
}

static struct vfio_persist_dev_ser *find(struct pci_dev *pdev)
{
	return find_sort(pdev, false);
}

static const struct vfio_persist_sriov_ser *find_sriov(struct pci_dev *pdev)
{
	return (struct vfio_persist_sriov_ser *)find_sort(pdev, true);
}

/* A bridge stays as long as one of those does that run below it. */
static bool any_runs(void)
{
	u32 i;

	for (i = 0; incoming && i < incoming->nr; i++)
		if (entry(i)->kind == VFIO_PERSIST_DEVICE ||
		    entry(i)->kind == VFIO_PERSIST_PARENT)
			return true;
	return false;
}

/* The entry of a device that still runs, or NULL */
const struct vfio_persist_dev_ser *vfio_persist_find(struct pci_dev *pdev)
{
	guard(mutex)(&lock);
	read_once();
	return find(pdev);
}

/* It is like any other now. */
void vfio_persist_done(struct pci_dev *pdev)
{
	struct vfio_persist_dev_ser *ser;

	guard(mutex)(&lock);
	ser = find(pdev);
	if (ser)
		ser->kind = 0;
	ser = find_sort(pdev, true);
	if (ser)
		ser->kind = 0;
}

/*
 * No DMA from now on, nor of virtual functions that nobody knows of, and no entry. What
 * it has begun is over when this returns.
 */
void vfio_persist_stop(struct pci_dev *pdev, const char *why)
{
	if (!pci_num_vf(pdev))
		vfio_persist_disable_vfs(pdev);
	pci_clear_master(pdev);
	pci_wait_for_pending_transaction(pdev);
	if (why)
		pci_err(pdev, "left running by the former kernel, stopped: %s\n", why);
	vfio_persist_done(pdev);
}

static const char *how_differs(const struct vfio_persist_dev_ser *was,
			       struct pci_dev *pdev)
{
	bool bridge = was->kind == VFIO_PERSIST_BRIDGE;
	struct vfio_persist_dev_ser is;

	if (pci_is_bridge(pdev) != bridge)
		return "it is another device";
	vfio_persist_fill(&is, pdev, was->kind);
	if (is.kind != was->kind || is.vendor != was->vendor ||
	    is.device != was->device || is.class != was->class)
		return "it is another device";
	if (memcmp(is.bar, was->bar, sizeof(is.bar)))
		return "its addresses are others";
	if (is.buses != was->buses)
		return "its bus numbers are others";
	if (was->kind == VFIO_PERSIST_PARENT)
		return vfio_persist_sriov_differs(pdev, find_sriov(pdev));
	return NULL;
}

static bool is_master(struct pci_dev *pdev)
{
	u16 command;

	pci_read_config_word(pdev, PCI_COMMAND, &command);
	return command & PCI_COMMAND_MASTER;
}

/*
 * What is stopped at once can be reset, and its tables be let go, only when IOMMUs are
 * set up: until then no driver is to let it bus master again.
 */
static void add_device(struct pci_dev *pdev, bool parent, const char *why)
{
	int rc;

	vfio_persist_mask_irqs(pdev);
	rc = vfio_persist_limbo_add(pdev, parent);
	if (rc && !why)
		why = "no memory to keep track of it";
	if (why)
		vfio_persist_stop(pdev, why);
	else
		pci_info(pdev, "left running by the former kernel; %s can be retrieved\n",
			 parent ? "its virtual functions' files" : "its file");
}

/* Where the PCI core knows of no virtual functions theirs would go on for ever. */
static const char *cant_be_parent(const struct vfio_persist_dev_ser *ser)
{
	if (ser->kind != VFIO_PERSIST_PARENT || IS_ENABLED(CONFIG_PCI_IOV))
		return NULL;
	return "this kernel knows no virtual functions";
}

/**
 * pci_persist_add - look at a device that was just found.
 * @pdev: the device, known to nobody else yet
 *
 * Keeps one that the former kernel left running in limbo: no driver, interrupts
 * masked, awake. Stops it if it is not what the record says; below a bridge that is
 * not, everything the record names.
 *
 * Context: may sleep.
 */
void pci_persist_add(struct pci_dev *pdev)
{
	const struct vfio_persist_dev_ser *ser = vfio_persist_find(pdev);
	const char *why;

	if (damaged) {
		if ((ser || !incoming) && !pci_is_bridge(pdev) &&
		    (is_master(pdev) || vfio_persist_vfs_enabled(pdev)))
			add_device(pdev, ser && ser->kind == VFIO_PERSIST_PARENT,
				   "the record can't be relied on");
		return;
	}
	if (!ser)
		return;
	why = how_differs(ser, pdev);
	if (why && ser->kind == VFIO_PERSIST_BRIDGE) {
		pci_err(pdev, "above a device that was left running: %s\n", why);
		damaged = true;
	} else if (ser->kind != VFIO_PERSIST_BRIDGE) {
		add_device(pdev, ser->kind == VFIO_PERSIST_PARENT, why ?: cant_be_parent(ser));
	}
}

/**
 * vfio_persist_moved - is a device still what it was, and where?
 * @pdev: the device
 *
 * Return: NULL, or in what it differs from the former kernel's record
 */
const char *vfio_persist_moved(struct pci_dev *pdev)
{
	const struct vfio_persist_dev_ser *ser = vfio_persist_find(pdev);

	return ser ? how_differs(ser, pdev) : "it is not in the record";
}

/**
 * pci_persist_incoming - did the former kernel leave a device running?
 * @pdev: the device
 *
 * Context: may sleep.
 * Return: true if it did, and it still runs as it was left; or if that is so of a
 * device and this is a bridge above it.
 */
bool pci_persist_incoming(struct pci_dev *pdev)
{
	const struct vfio_persist_dev_ser *ser;

	guard(mutex)(&lock);
	read_once();
	ser = find(pdev);
	return ser && (ser->kind != VFIO_PERSIST_BRIDGE || any_runs());
}

/**
 * pci_persist_keeps_buses - must buses keep their numbers?
 *
 * The requester ids that are in the IOMMU's tables are made of them.
 *
 * Context: may sleep.
 * Return: true if the former kernel left a device running.
 */
bool pci_persist_keeps_buses(void)
{
	guard(mutex)(&lock);
	read_once();
	return any_runs();
}
