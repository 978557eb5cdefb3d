// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: PCI, devices that outlive the kernel
 *
 * A device in a live update session goes on with its DMA while the kernel is replaced.
 * What the PCI core has to know of that is here, and built in, for a device has to be
 * left alone before any module is loaded. Who preserves devices, and takes them over,
 * is VFIO, which may be a module; nothing here calls it.
 *
 * *Found*: before anything is written to a device, it is compared with the record.
 * One that the former kernel left running and that is what the record says is
 * *incoming*; one that is not is stopped. Of an incoming device, and of the bridges
 * above one, no configuration is written: sizes of BARs and what windows there are
 * come from the record; payload and read request sizes, extended tags, relaxed
 * ordering, ASPM, ATS and the like stay what they are, and its addresses can't be moved.
 *
 * *Limbo*: no driver binds to an incoming device, whatever ``driver_override`` or
 * ``new_id`` say; when its file has been retrieved, vfio-pci does. It is awake, bus
 * mastering, its interrupts are masked, its translation is what it was. Nobody
 * writes to it through sysfs, or resets it: -EBUSY.
 *
 * *Settled*: when addresses have been given out and IOMMUs are on, each incoming
 * device is looked at again: what has lost its place, or has no tables, is stopped
 * and reset. One that is found later is looked at before drivers bind.
 *
 * *Shut down*: a device that goes on keeps bus mastering, and so do the bridges above
 * it. Any other loses it, and can't have it back: setting it, resets, and writes by
 * user space are -ESHUTDOWN from then on.
 */
#include <linux/device.h>
#include <linux/export.h>
#include <linux/iommu_persist.h>
#include <linux/kexec.h>
#include <linux/liveupdate.h>

#include "pci.h"
#include "live_update.h"

/* The driver that takes devices over */
#define TAKER	"vfio-pci"

/* Devices found from now on are settled as they are added. */
static bool settled;

/* Where the PCI core knows of no virtual functions theirs would go on for ever. */
static const char *cant_go_on(const struct vfio_persist_dev_ser *was, struct pci_dev *pdev)
{
	const char *why = pci_live_differs(was, pdev);

	if (why || was->kind != VFIO_PERSIST_PARENT)
		return why;
	if (!IS_ENABLED(CONFIG_PCI_IOV))
		return "this kernel knows no virtual functions";
	return pci_live_sriov_differs(pci_live_sriov_entry(pdev), pdev);
}

static void stop_found(struct pci_dev *pdev, const char *why)
{
	pci_live_mask_irqs(pdev);
	WRITE_ONCE(pdev->live_stopped, true);
	pci_live_stop(pdev, why);
}

/* It may run, and nobody knows what it is doing. */
static void distrust(struct pci_dev *pdev)
{
	if (!pci_is_bridge(pdev) &&
	    (pci_live_is_master(pdev) || pci_live_vfs_enabled(pdev)))
		stop_found(pdev, "the record can't be relied on");
}

/**
 * pci_live_update_found - look at a device that was just found.
 * @pdev: the device, known to nobody else yet; its ids, class and header type are known
 *
 * Stops it if it is not what the record says; below a bridge that is not, everything
 * the record names.
 *
 * Context: may sleep. Before anything is written to the device.
 */
void pci_live_update_found(struct pci_dev *pdev)
{
	const struct vfio_persist_dev_ser *was = pci_live_entry(pdev);
	const char *why;
	bool known;

	if (pci_live_record_damaged(&known)) {
		if (was || !known)
			distrust(pdev);
		return;
	}
	if (!was)
		return;
	why = cant_go_on(was, pdev);
	if (why && was->kind == VFIO_PERSIST_BRIDGE) {
		pci_err(pdev, "above a device that was left running: %s\n", why);
		pci_live_distrust_record();
		return;
	}
	if (why) {
		stop_found(pdev, why);
		return;
	}
	WRITE_ONCE(pdev->live_incoming, true);
	/* its addresses are not written to, so it can go on decoding them */
	pdev->live_mmio_always_on = pdev->mmio_always_on;
	pdev->mmio_always_on = 1;
	if (was->kind != VFIO_PERSIST_BRIDGE)
		pci_live_mask_irqs(pdev);
}

static void fix_addresses(struct pci_dev *pdev)
{
	int i;

	for (i = 0; i <= PCI_ROM_RESOURCE; i++)
		if (pdev->resource[i].flags)
			pdev->resource[i].flags |= IORESOURCE_PCI_FIXED;
}

/*
 * What was stopped at once can be reset, and its tables be let go, only when IOMMUs are
 * set up: until then no driver is to let it bus master again.
 */
static bool keep_in_limbo(struct pci_dev *pdev)
{
	const struct vfio_persist_dev_ser *was = pci_live_entry(pdev);
	struct pci_live *live __free(pci_live_put) = pci_live_create(pdev);

	if (!live)
		return false;
	guard(mutex)(&live->lock);
	if (pci_live_move(live, PCI_LIVE_NONE, PCI_LIVE_INCOMING))
		return false;
	/* what was stopped is in the record no more, and its virtual functions are off */
	live->kind = was ? was->kind : VFIO_PERSIST_DEVICE;
	pci_live_gate_close(pdev, 0);
	pci_live_wake(live);
	return true;
}

/**
 * pci_live_update_added - a device has become one of the driver core's
 * @pdev: the device; its addresses were read, no driver can bind to it yet
 *
 * Keeps one that the former kernel left running in limbo.
 *
 * Context: may sleep.
 */
void pci_live_update_added(struct pci_dev *pdev)
{
	if (!pdev->live_incoming && !pdev->live_stopped)
		return;
	if (pdev->live_incoming)
		fix_addresses(pdev);
	if (pci_is_bridge(pdev))
		return;
	if (!keep_in_limbo(pdev))
		pci_live_stop(pdev, "no memory to keep track of it");
	else if (pdev->live_incoming)
		pci_info(pdev, "left running by the former kernel\n");
}

/**
 * pci_live_update_incoming - did the former kernel leave a device running?
 * @pdev: the device
 *
 * Context: any.
 * Return: true if it did, and it still runs as it was left; or if that is so of a
 * device and this is a bridge above it. Its configuration is not to be written then.
 */
bool pci_live_update_incoming(struct pci_dev *pdev)
{
	return READ_ONCE(pdev->live_incoming) &&
	       (!pci_is_bridge(pdev) || pci_live_any_runs());
}
EXPORT_SYMBOL_GPL(pci_live_update_incoming);

/**
 * pci_live_update_sizes - what the registers of addresses would read as
 * @pdev: the device
 * @count: how many registers
 * @pos: the first one
 * @sizes: set to what they would read as if all ones were written to them
 *
 * Context: may sleep.
 * Return: false if the former kernel did not leave it running: then nothing is set
 */
bool pci_live_update_sizes(struct pci_dev *pdev, int count, unsigned int pos, u32 *sizes)
{
	const struct vfio_persist_dev_ser *was;
	const struct vfio_persist_sriov_ser *sriov;
	const u32 *from;

	if (!pci_live_update_incoming(pdev))
		return false;
	was = pci_live_entry(pdev);
	if (WARN_ON_ONCE(!was))
		return false;
	sriov = pci_live_sriov_entry(pdev);
	if (pos == PCI_BASE_ADDRESS_0 && count <= PCI_STD_NUM_BARS)
		from = was->bar_mask;
	else if (pos <= PCI_ROM_ADDRESS1 && count == 1)
		from = &was->rom_mask;
	else if (sriov && count <= PCI_SRIOV_NUM_BARS)
		from = sriov->bar_mask;
	else
		return false;
	memcpy(sizes, from, count * sizeof(*sizes));
	return true;
}

/**
 * pci_live_update_windows - which windows a bridge has
 * @bridge: the bridge; set to what it has
 *
 * Context: may sleep.
 * Return: false if there is no device that still runs below it: then nothing is set
 */
bool pci_live_update_windows(struct pci_dev *bridge)
{
	const struct vfio_persist_dev_ser *was;

	if (!pci_live_update_incoming(bridge))
		return false;
	was = pci_live_entry(bridge);
	if (WARN_ON_ONCE(!was))
		return false;
	bridge->io_window = !!(was->flags & VFIO_PERSIST_IO_WINDOW);
	bridge->pref_window = !!(was->flags & VFIO_PERSIST_PREF_WINDOW);
	bridge->pref_64_window = !!(was->flags & VFIO_PERSIST_PREF_64);
	return true;
}

/**
 * pci_live_update_keeps_buses - must buses keep their numbers?
 *
 * The requester ids that are in the IOMMU's tables are made of them.
 *
 * Context: any, once a device was found.
 * Return: true if the former kernel left a device running.
 */
bool pci_live_update_keeps_buses(void)
{
	return pci_live_any_runs();
}

/**
 * pci_live_update_refuses - may a driver not bind to a device?
 * @pdev: the device
 * @drv: the driver
 *
 * Context: any.
 * Return: true if the device is in limbo, or claimed and this is not vfio-pci.
 */
bool pci_live_update_refuses(struct pci_dev *pdev, const struct device_driver *drv)
{
	struct pci_live *live __free(pci_live_put) = pci_live_get(pdev);

	if (!live)
		return false;
	if (READ_ONCE(live->is_ending) || READ_ONCE(live->state) == PCI_LIVE_INCOMING)
		return true;
	return READ_ONCE(live->state) == PCI_LIVE_CLAIMED && strcmp(drv->name, TAKER);
}

/**
 * pci_live_update_may_write - may user space write to a device's configuration?
 * @pdev: the device
 *
 * Context: any; if it is to hold until the write is done, under the PCI lock.
 * Return: 0; -ESHUTDOWN if it is frozen or shut down for a kexec; -EBUSY if the former
 * kernel left it running, or a device below it, and nobody has taken that over.
 */
int pci_live_update_may_write(struct pci_dev *pdev)
{
	if (READ_ONCE(pdev->live_shut))
		return pci_live_gate_error(pdev);
	return pci_is_bridge(pdev) && pci_live_update_incoming(pdev) ? -EBUSY : 0;
}

/**
 * pci_live_update_may_master - may a device be given bus mastering?
 * @pdev: the device
 *
 * Context: any.
 * Return: false if it has been shut down for a kexec, or has been stopped and not
 * been reset yet.
 */
bool pci_live_update_may_master(struct pci_dev *pdev)
{
	return !READ_ONCE(pdev->live_shut) || pci_is_bridge(pdev) ||
	       READ_ONCE(pdev->live_incoming);
}

/* The driver has been told: nobody lets it bus master any more, or writes to it. */
static void shut(struct pci_dev *pdev)
{
	if (!kexec_in_progress || pci_is_bridge(pdev))
		return;
	if (!READ_ONCE(pdev->live_shut) && !pci_live_gate_close(pdev, HZ)) {
		pci_warn(pdev, "is being reset or configured as the kernel goes down\n");
		WRITE_ONCE(pdev->live_shut, true);
	}
}

/**
 * pci_live_update_shutdown - what is a device to do while the kernel goes down?
 * @pdev: the device; its driver has been told to shut it down
 *
 * One that goes on gets its interrupts masked: nobody will be there to take them,
 * and the vectors they would arrive at belong to the next kernel. All that has tables
 * which are not handed over is stopped here, before the IOMMU is turned off.
 *
 * Context: the kernel's shutdown. May sleep; the device is locked.
 * Return: true if the device, or one below it, goes on, and bus mastering is to
 * stay as it is.
 */
bool pci_live_update_shutdown(struct pci_dev *pdev)
{
	struct pci_live *live __free(pci_live_put) = pci_live_get(pdev);
	bool frozen = live && READ_ONCE(live->users) && READ_ONCE(live->is_sealed);

	if (frozen) {
		if (!pci_is_bridge(pdev))
			pci_live_mask_irqs(pdev);
		return true;
	}
	pci_live_shut_down(pdev);
	/* the machine goes down, but by no kexec */
	if (live && READ_ONCE(live->state) == PCI_LIVE_SESSION && !pci_is_bridge(pdev))
		pci_live_stop(pdev, NULL);
	shut(pdev);
	return false;
}

/*
 * What goes on for the former kernel's sake has to be what it was, and to have tables.
 * Who was stopped when he was found had been told why.
 */
static void settle(struct pci_live *live)
{
	struct pci_dev *pdev = live->pdev;
	const char *why = NULL;

	scoped_guard(mutex, &live->lock) {
		if (live->is_settled || live->state != PCI_LIVE_INCOMING)
			return;
		live->is_settled = true;
	}
	if (!pdev->live_stopped) {
		why = pci_live_moved(pdev);
		if (!why && !iommu_persist_restored(&pdev->dev))
			why = "no IOMMU has adopted its tables";
		if (!why && !liveupdate_enabled())
			why = "there is no live update in this kernel";
		if (!why)
			return;
	}
	if (pci_live_is_left(pdev))
		pci_live_stop_parent(pdev, why);
	else
		pci_live_end(pdev, why, true);
}

/* Addresses are given out, IOMMUs are on: nothing more will be done to it. */
static int __init settle_all(void)
{
	struct pci_live *live = NULL;

	settled = true;
	while ((live = pci_live_next(live)))
		settle(live);
	return 0;
}
device_initcall(settle_all);

/**
 * pci_live_update_settle - a device that is found late is about to get a driver
 * @pdev: the device
 *
 * Context: may sleep.
 */
void pci_live_update_settle(struct pci_dev *pdev)
{
	struct pci_live *live __free(pci_live_put) = pci_live_get(pdev);

	if (live && READ_ONCE(settled))
		settle(live);
}

/*
 * One whose driver is being taken from it while it is frozen would be locked when it is
 * shut down, by who waits for a session that does not end.
 */
static int begin_unbinding(struct pci_live *live)
{
	guard(mutex)(&live->lock);
	if (live->is_sealed)
		return -ESHUTDOWN;
	live->unbinding++;
	return 0;
}

static void end_unbinding(struct pci_dev *pdev)
{
	struct pci_live *live __free(pci_live_put) = pci_live_get(pdev);

	guard(mutex)(&live->lock);
	live->unbinding--;
	/* that of the beginning */
	pci_live_put(live);
}

/**
 * pci_live_update_unbind - somebody takes a driver from a device, by sysfs
 * @dev: the device
 *
 * Context: may sleep, until a session that the device is in is closed.
 * Return: 0; -ESHUTDOWN if a kexec has begun that the device is to outlive; -ENOMEM
 */
int pci_live_update_unbind(struct device *dev)
{
	struct pci_dev *pdev = to_pci_dev(dev);
	struct pci_live *live = pci_live_create(pdev);
	int rc = live ? begin_unbinding(live) : -ENOMEM;

	if (rc) {
		pci_live_put(live);
		return rc;
	}
	device_release_driver(dev);
	end_unbinding(pdev);
	return 0;
}

/**
 * pci_live_update_remove_begin - a device is being removed
 * @pdev: the device; it has its driver yet
 *
 * If a kexec has begun that it is to outlive, who removes it waits here, where he is in
 * nobody's way, until that has failed.
 *
 * Context: may sleep, under the lock of rescanning and removing.
 * Return: whether pci_live_update_remove_end() has to follow
 */
bool pci_live_update_remove_begin(struct pci_dev *pdev)
{
	struct pci_live *live = pci_live_create(pdev);

	if (!live)
		return false;
	while (begin_unbinding(live))
		schedule_timeout_uninterruptible(HZ / 10);
	pci_live_removed_parent(pdev);
	return true;
}

/**
 * pci_live_update_remove_end - a device has no driver any more
 * @pdev: the device
 */
void pci_live_update_remove_end(struct pci_dev *pdev)
{
	end_unbinding(pdev);
}

static int gone(struct notifier_block *nb, unsigned long action, void *data)
{
	struct pci_dev *pdev = to_pci_dev((struct device *)data);
	struct pci_live *live = NULL;

	if (action == BUS_NOTIFY_DEL_DEVICE && !pci_is_bridge(pdev))
		live = pci_live_get(pdev);
	if (!live)
		return NOTIFY_DONE;
	pci_live_put(live);
	pci_live_end(pdev, pdev->live_incoming ? "it is being removed" : NULL, false);
	return NOTIFY_OK;
}

static struct notifier_block gone_nb = {
	.notifier_call = gone,
	/* before the IOMMU's, which takes the tables away */
	.priority = 100,
};

static int __init watch(void)
{
	return bus_register_notifier(&pci_bus_type, &gone_nb);
}
arch_initcall(watch);
