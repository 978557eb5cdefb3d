// SPDX-License-Identifier: GPL-2.0
/*
 * For the driver that preserves devices and takes them over: VFIO.
 */
#define pr_fmt(fmt) "PCI: live update: " fmt

#include <linux/device.h>
#include <linux/export.h>
#include <linux/iommu_persist.h>
#include <linux/kexec.h>
#include <linux/pm_runtime.h>

#include "pci.h"
#include "live_update.h"

/**
 * pci_live_update_preserve - a device is to go on over the next kexec
 * @pdev: the device
 *
 * It does not sleep from then on, nor do the bridges above it.
 *
 * Context: may sleep.
 * Return: 0; -EBUSY if it is preserved, or being removed; -ENOSPC if there is no room;
 * -ENOMEM
 */
int pci_live_update_preserve(struct pci_dev *pdev)
{
	int rc = pci_live_keep(pdev);

	if (!rc)
		pm_runtime_get_noresume(&pdev->dev);
	return rc;
}
EXPORT_SYMBOL_GPL(pci_live_update_preserve);

/**
 * pci_live_update_unpreserve - a device is not to go on after all
 * @pdev: the device, of pci_live_update_preserve()
 */
void pci_live_update_unpreserve(struct pci_dev *pdev)
{
	pm_runtime_put(&pdev->dev);
	pci_live_drop(pdev);
}
EXPORT_SYMBOL_GPL(pci_live_update_unpreserve);

/* The next kernel has to hear of devices that run, and to know what to do with them. */
static int check_image(void)
{
	if (!kexec_image || !kexec_image->kho.fdt) {
		pr_err("the loaded kernel was not loaded for a hand-over: devices that are in a session would run without it knowing\n");
		return -EINVAL;
	}
	if (!kexec_image->takes_devices) {
		pr_err("the loaded kernel does not say that it takes over running devices: close the sessions that have some before it is started\n");
		return -EOPNOTSUPP;
	}
	return 0;
}

/**
 * pci_live_update_freeze - a kexec has begun that a device is to outlive
 * @pdev: the device
 *
 * Context: may sleep, for a second if somebody is writing to the device.
 * Return: 0, and nobody writes to it until pci_live_update_thaw(); -EBUSY if somebody
 * writes to it for too long, or it is being removed; -ENODEV if it does not answer;
 * -EINVAL or -EOPNOTSUPP if the kernel to be started would not know of it
 */
int pci_live_update_freeze(struct pci_dev *pdev)
{
	return check_image() ?: pci_live_freeze(pdev);
}
EXPORT_SYMBOL_GPL(pci_live_update_freeze);

/**
 * pci_live_update_thaw - that kexec has failed
 * @pdev: the device
 */
void pci_live_update_thaw(struct pci_dev *pdev)
{
	pci_live_thaw(pdev);
}
EXPORT_SYMBOL_GPL(pci_live_update_thaw);

/**
 * pci_live_update_preserved - will a device go on over a kexec?
 * @pdev: the device
 *
 * Context: any.
 * Return: true if it is in a live update session, or a bridge above one that is, or the
 * physical function of one.
 */
bool pci_live_update_preserved(struct pci_dev *pdev)
{
	return pci_live_is_kept(pdev);
}
EXPORT_SYMBOL_GPL(pci_live_update_preserved);

/* One that the former kernel left running, and that has a file */
static struct pci_live *find(u32 segment, u16 rid)
{
	struct pci_live *live = NULL;

	while ((live = pci_live_next(live)))
		if (live->kind == VFIO_PERSIST_DEVICE && live->state >= PCI_LIVE_INCOMING &&
		    pci_domain_nr(live->pdev->bus) == segment &&
		    pci_dev_id(live->pdev) == rid)
			break;
	return live;
}

static int claim(struct pci_live *live)
{
	guard(mutex)(&live->lock);
	if (live->is_ending)
		return -ENODEV;
	if (!iommu_persist_restored(&live->pdev->dev))
		return -EIO;
	return pci_live_move(live, PCI_LIVE_INCOMING, PCI_LIVE_CLAIMED);
}

/**
 * pci_live_update_claim - somebody takes a device over
 * @segment: its PCI segment
 * @rid: its requester id
 *
 * From now on vfio-pci may bind to it.
 *
 * Context: may sleep.
 * Return: the device, with a reference; -ENODEV if the former kernel did not leave it
 * running, or it was stopped; -EIO if it has no tables; -EBUSY if somebody has it
 */
struct pci_dev *pci_live_update_claim(u32 segment, u16 rid)
{
	struct pci_live *live __free(pci_live_put) = find(segment, rid);
	int rc = live ? claim(live) : -ENODEV;

	return rc ? ERR_PTR(rc) : pci_dev_get(live->pdev);
}
EXPORT_SYMBOL_GPL(pci_live_update_claim);

/**
 * pci_live_update_unclaim - it could not be taken over after all
 * @pdev: the device, of pci_live_update_claim()
 */
void pci_live_update_unclaim(struct pci_dev *pdev)
{
	struct pci_live *live __free(pci_live_put) = pci_live_get(pdev);

	if (!live)
		return;
	guard(mutex)(&live->lock);
	if (!live->is_ending)
		pci_live_move(live, PCI_LIVE_CLAIMED, PCI_LIVE_INCOMING);
}
EXPORT_SYMBOL_GPL(pci_live_update_unclaim);

/* Who attached it to tables of this kernel keeps it, with vectors to be raised. */
static void keep_for_user(struct pci_live *live)
{
	guard(mutex)(&live->lock);
	pci_live_let_go(live->pdev);
	if (!live->is_ending)
		pci_live_move(live, live->state, PCI_LIVE_NONE);
}

/**
 * pci_live_update_finish - the session that a device came in is finished
 * @segment: its PCI segment
 * @rid: its requester id
 *
 * If nobody has attached it to tables of this kernel it is stopped and reset, and like
 * any other.
 *
 * Context: may sleep.
 */
void pci_live_update_finish(u32 segment, u16 rid)
{
	struct pci_live *live __free(pci_live_put) = find(segment, rid);

	if (!live) {
		/* it was never found: nothing above it has to stay as it is */
		pci_live_done(segment, rid);
	} else if (iommu_persist_restored(&live->pdev->dev)) {
		pci_info(live->pdev, "nobody took it over: stopped\n");
		pci_live_end(live->pdev, NULL, true);
	} else {
		keep_for_user(live);
	}
}
EXPORT_SYMBOL_GPL(pci_live_update_finish);

/**
 * pci_live_update_open - a device is about to be opened by its user
 * @pdev: the device
 *
 * Context: may sleep; it is not opened by another, nor closed, meanwhile.
 * Return: 1 if the former kernel left it running, and this is the first time: it is not
 * to be reset, and to keep bus mastering; 0 for any other device; -EBUSY if the former
 * kernel left it running and it could not be reset yet, or if virtual functions of it
 * run over a kexec; -ESHUTDOWN if it has been shut down for a kexec.
 */
int pci_live_update_open(struct pci_dev *pdev)
{
	struct pci_live *live __free(pci_live_put) = pci_live_get(pdev);

	if (pci_live_update_is_parent(pdev))
		return -EBUSY;
	if (!live)
		return READ_ONCE(pdev->live_shut) ? -ESHUTDOWN : 0;
	guard(mutex)(&live->lock);
	if (live->is_ending)
		return -EBUSY;
	if (live->state == PCI_LIVE_CLAIMED)
		return 1;
	return READ_ONCE(pdev->live_shut) ? pci_live_gate_error(pdev) : 0;
}
EXPORT_SYMBOL_GPL(pci_live_update_open);

/**
 * pci_live_update_take_over - what there is instead of a reset
 * @pdev: the device, enabled
 *
 * Enabling a device lets it use its interrupt pin. Nobody listens there yet.
 *
 * Return: 0 if the device can be reset when it is closed, -ENOTTY if it can't.
 */
int pci_live_update_take_over(struct pci_dev *pdev)
{
	pci_intx(pdev, 0);
	return pdev->reset_methods[0] ? 0 : -ENOTTY;
}
EXPORT_SYMBOL_GPL(pci_live_update_take_over);

/**
 * pci_live_update_forget_master - let the saved state be that of a device at rest.
 * @pdev: the device, whose state was just saved as it runs
 *
 * It is what the device is given when it is closed, after its reset.
 */
void pci_live_update_forget_master(struct pci_dev *pdev)
{
	pdev->saved_config_space[PCI_COMMAND / 4] &= ~PCI_COMMAND_MASTER;
}
EXPORT_SYMBOL_GPL(pci_live_update_forget_master);

/**
 * pci_live_update_opened - a device has been opened, as it ran
 * @pdev: the device
 *
 * From now on its user keeps it awake, and writes to it.
 */
void pci_live_update_opened(struct pci_dev *pdev)
{
	struct pci_live *live __free(pci_live_put) = pci_live_get(pdev);

	if (!live)
		return;
	guard(mutex)(&live->lock);
	if (pci_live_move(live, PCI_LIVE_CLAIMED, PCI_LIVE_OPEN))
		return;
	/* it has vectors to be raised as long as it is open */
	kref_get(&live->ref);
	live->is_open = true;
	pci_live_let_sleep(live);
	pci_live_gate_open(pdev);
}
EXPORT_SYMBOL_GPL(pci_live_update_opened);

/**
 * pci_live_update_closed - a device is being closed.
 * @pdev: the device, whatever it was
 *
 * It has just been stopped, and will be reset. Tables that it still uses are let go
 * when its session is finished.
 */
void pci_live_update_closed(struct pci_dev *pdev)
{
	struct pci_live *live __free(pci_live_put) = pci_live_get(pdev);

	if (!live)
		return;
	guard(mutex)(&live->lock);
	if (live->state == PCI_LIVE_OPEN)
		pci_live_move(live, PCI_LIVE_OPEN, PCI_LIVE_CLOSED);
	if (!live->is_open)
		return;
	live->is_open = false;
	pci_live_put(live);
}
EXPORT_SYMBOL_GPL(pci_live_update_closed);

/**
 * pci_live_update_raise - is an interrupt to be raised by hand?
 * @pdev: the device
 * @vector: the vector of MSI or MSI-X that has just got an eventfd
 *
 * Return: true for each vector of a device that was taken over, once.
 */
bool pci_live_update_raise(struct pci_dev *pdev, unsigned int vector)
{
	struct pci_live *live __free(pci_live_put) = pci_live_get(pdev);

	if (!live || vector >= PCI_LIVE_VECTORS)
		return false;
	guard(mutex)(&live->lock);
	return live->is_open && !__test_and_set_bit(vector, live->raised);
}
EXPORT_SYMBOL_GPL(pci_live_update_raise);

/**
 * pci_live_update_data - what its driver keeps of a device
 * @pdev: the device
 *
 * Context: under a lock of the driver's.
 * Return: what pci_live_update_set_data() was given, or NULL
 */
void *pci_live_update_data(struct pci_dev *pdev)
{
	struct pci_live *live __free(pci_live_put) = pci_live_get(pdev);

	return live ? live->data : NULL;
}
EXPORT_SYMBOL_GPL(pci_live_update_data);

/**
 * pci_live_update_set_data - let a driver keep something of a device
 * @pdev: the device
 * @data: what, or NULL for nothing any more
 *
 * Context: under a lock of the driver's.
 * Return: 0, or -ENOMEM
 */
int pci_live_update_set_data(struct pci_dev *pdev, void *data)
{
	struct pci_live *live __free(pci_live_put) = pci_live_create(pdev);

	if (!live)
		return -ENOMEM;
	if (data && !live->data)
		kref_get(&live->ref);
	if (!data && live->data)
		pci_live_put(live);
	live->data = data;
	return 0;
}
EXPORT_SYMBOL_GPL(pci_live_update_set_data);
