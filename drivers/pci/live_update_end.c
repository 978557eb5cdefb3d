// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: PCI, how limbo ends
 *
 * A device leaves limbo stopped, reset, and without the former kernel's tables, in
 * this order: what its former user told it to do must not go on under the tables of
 * the next one. Bus mastering is cleared and what is under way is waited for; then it
 * is reset; then the IOMMU is told to let its tables go, and the memory that they
 * reach; then it is like any other device, and drivers may bind.
 *
 * If it can't be reset, it stays where it is: without bus mastering, behind the former
 * kernel's tables, its memory held, no driver, nobody can retrieve it. The reset is
 * tried again, after a second, then after twice as long each time, up to a minute:
 * somebody may give it another reset method, or end what is in the way.
 *
 * That is so if its session finishes and nobody has attached it, if it is not as it
 * was left, if no IOMMU could adopt its tables, and without live update in this
 * kernel. One that is removed is not reset. One that is still in limbo when this
 * kernel ends is stopped, and reset if it can be.
 */
#define pr_fmt(fmt) "PCI: live update: " fmt

#include <linux/device.h>
#include <linux/export.h>
#include <linux/iommu_persist.h>
#include <linux/jiffies.h>

#include "pci.h"
#include "live_update.h"

#define FIRST_RETRY	HZ
#define LAST_RETRY	(60 * HZ)

/* The device is locked. The gate is closed to others: see live_update_state.c */
static int reset(struct pci_dev *pdev)
{
	int rc;

	WRITE_ONCE(pdev->live_resetting, true);
	rc = pci_reset_function_locked(pdev);
	WRITE_ONCE(pdev->live_resetting, false);
	return rc;
}

/*
 * Whoever takes its driver from it has it locked, and may wait for us: then it is
 * tried again later.
 */
static bool lock_device(struct pci_dev *pdev)
{
	if (device_trylock(&pdev->dev))
		return true;
	if (READ_ONCE(pdev->dev.driver))
		return false;
	device_lock(&pdev->dev);
	return true;
}

static void retry(struct work_struct *work);

static void again_later(struct pci_live *live, int rc)
{
	if (!live->delay)
		INIT_DELAYED_WORK(&live->retry, retry);
	live->delay = live->delay ? min(2 * live->delay, LAST_RETRY) : FIRST_RETRY;
	pci_err(live->pdev, "could not be reset (%pe): it gets no driver; trying again in %lu s\n",
		ERR_PTR(rc), live->delay / HZ);
	kref_get(&live->ref);
	if (!schedule_delayed_work(&live->retry, live->delay))
		pci_live_put(live);
}

/* Like any other device from now on; its lock is held */
static void leave(struct pci_live *live)
{
	lockdep_assert_held(&live->lock);
	/* what a try that has not begun holds */
	if (live->delay && cancel_delayed_work(&live->retry))
		pci_live_put(live);
	iommu_persist_release(&live->pdev->dev);
	pci_live_let_sleep(live);
	live->is_ending = false;
	WRITE_ONCE(live->pdev->live_stopped, false);
	if (live->state != PCI_LIVE_NONE)
		pci_live_move(live, live->state, PCI_LIVE_NONE);
	pci_live_gate_open(live->pdev);
}

/**
 * pci_live_leave - a device has been stopped, and is gone soon
 * @live: its object
 */
void pci_live_leave(struct pci_live *live)
{
	guard(mutex)(&live->lock);
	leave(live);
}

/* Whether it is like any other now. The device is locked. */
static bool reset_locked(struct pci_live *live)
{
	int rc;

	guard(mutex)(&live->lock);
	/* removed meanwhile */
	if (!live->is_ending)
		return false;
	rc = reset(live->pdev);
	if (rc)
		again_later(live, rc);
	else
		leave(live);
	return !rc;
}

/* The same. The device is not locked. */
static bool try_reset(struct pci_live *live)
{
	bool done;

	if (!lock_device(live->pdev)) {
		guard(mutex)(&live->lock);
		again_later(live, -EAGAIN);
		return false;
	}
	done = reset_locked(live);
	device_unlock(&live->pdev->dev);
	return done;
}

static void attach_driver(struct pci_dev *pdev)
{
	if (device_attach(&pdev->dev) < 0)
		pci_warn(pdev, "no driver took it\n");
}

static void retry(struct work_struct *work)
{
	struct pci_live *live = container_of(to_delayed_work(work), struct pci_live, retry);

	if (READ_ONCE(live->is_ending) && try_reset(live))
		attach_driver(live->pdev);
	pci_live_put(live);
}

/**
 * pci_live_reset_and_leave - the same, of one that was stopped already
 * @live: its object; nobody can retrieve it any more
 * @is_locked: whether the caller has the device locked
 */
void pci_live_reset_and_leave(struct pci_live *live, bool is_locked)
{
	if (is_locked)
		reset_locked(live);
	else if (try_reset(live))
		attach_driver(live->pdev);
}

/*
 * From now on nobody can retrieve it. Returns whether it has to be reset: who has it
 * open has that done when he closes it. Its lock is held.
 */
static bool begin_end(struct pci_live *live, bool stays)
{
	if (live->is_ending || !stays || live->state == PCI_LIVE_OPEN)
		return false;
	live->is_ending = true;
	/* it is, but for one that was closed, and who is inside is done soon */
	if (!READ_ONCE(live->pdev->live_shut))
		pci_live_gate_close(live->pdev, HZ);
	return true;
}

/**
 * pci_live_end - no DMA, then no use of the tables, then as any other device
 * @pdev: a device that the former kernel left running, and not for its virtual functions
 * @why: for the log, or NULL
 * @stays: false if it is being removed: then it is not reset
 *
 * Context: may sleep; the device is not locked.
 */
void pci_live_end(struct pci_dev *pdev, const char *why, bool stays)
{
	struct pci_live *live __free(pci_live_put) = pci_live_get(pdev);
	bool to_reset;

	if (!live)
		return;
	scoped_guard(mutex, &live->lock) {
		switch (live->state) {
		case PCI_LIVE_INCOMING:
		case PCI_LIVE_CLAIMED:
		case PCI_LIVE_OPEN:
		case PCI_LIVE_CLOSED:
			break;
		default:
			return;
		}
		/* the first to come ends it, and whoever removes it */
		if (live->is_ending && stays)
			return;
		pci_live_stop(pdev, why);
		to_reset = begin_end(live, stays);
		if (!to_reset)
			leave(live);
	}
	if (to_reset && try_reset(live))
		attach_driver(pdev);
}

/**
 * pci_live_shut_down - this kernel ends, and nobody came for a device
 * @pdev: the device, locked
 *
 * The next kernel gets no tables for it, and may give it to a driver that lets it bus
 * master before anything else.
 */
void pci_live_shut_down(struct pci_dev *pdev)
{
	struct pci_live *live __free(pci_live_put) = pci_live_get(pdev);

	if (!live)
		return;
	guard(mutex)(&live->lock);
	if (!live->is_ending && !iommu_persist_restored(&pdev->dev))
		return;
	pci_live_stop(pdev, live->is_ending ? NULL : "nobody came for it");
	if (reset(pdev))
		pci_warn(pdev, "could not be reset\n");
}
