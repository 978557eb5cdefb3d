// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: VFIO, limbo
 *
 * A device that the former kernel left running is, in this one, in one of these
 * states:
 *
 * *limbo*: no driver binds to it, whatever ``driver_override`` or ``new_id`` say. It
 * is awake, bus mastering, its interrupts are masked, its translation is what it
 * was.
 *
 * *claimed*: its file has been retrieved. vfio-pci, and no other driver, is bound to
 * it; nobody has it open yet, in VFIO's sense: bound to an iommufd.
 *
 * *open*: it was bound to an iommufd. That it was not reset and goes on bus
 * mastering is all that it has beside other devices, and that its vectors are
 * signalled once when they get their eventfds. Closed, it is reset like any other.
 *
 * It leaves them when its session is finished: if nobody attached it to tables of
 * this kernel it is stopped, reset and given to normal probing, and only then are
 * the tables given back that it used. It is stopped as well, and its tables are let
 * go, when it is removed, when it is found not to be as it was left, when no IOMMU
 * could adopt its tables, when there is no live update in this kernel, or when this
 * kernel ends.
 *
 * A physical function stays in limbo for its virtual functions: see sriov.c.
 */
#define pr_fmt(fmt) "vfio-persist: " fmt

#include <linux/bitmap.h>
#include <linux/device.h>
#include <linux/iommu_persist.h>
#include <linux/list.h>
#include <linux/pm_runtime.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "persist.h"

/* As many as MSI-X can have */
#define VECTORS	(PCI_MSIX_FLAGS_QSIZE + 1)

enum state {
	IN_LIMBO,
	CLAIMED,
	OPEN,
	CLOSED,
};

struct limbo {
	struct list_head list;
	struct pci_dev *pdev;
	enum state state;
	bool parent;	/* of virtual functions: it has no file */
	bool settled;	/* nothing is wrong with it */
	bool finished;	/* its session is, or it is given up: nobody will ask any more */
	DECLARE_BITMAP(raised, VECTORS);
};

static LIST_HEAD(all);
static DEFINE_SPINLOCK(lock);

static struct limbo *find(struct pci_dev *pdev)
{
	struct limbo *limbo;

	lockdep_assert_held(&lock);
	list_for_each_entry(limbo, &all, list)
		if (limbo->pdev == pdev)
			return limbo;
	return NULL;
}

int vfio_persist_limbo_add(struct pci_dev *pdev, bool parent)
{
	struct limbo *limbo = kzalloc_obj(*limbo);

	if (!limbo)
		return -ENOMEM;
	limbo->pdev = pci_dev_get(pdev);
	limbo->state = IN_LIMBO;
	limbo->parent = parent;
	pm_runtime_get_noresume(&pdev->dev);
	guard(spinlock)(&lock);
	list_add_tail(&limbo->list, &all);
	return 0;
}

static bool move_on(struct pci_dev *pdev, enum state from, enum state to)
{
	struct limbo *limbo;

	guard(spinlock)(&lock);
	limbo = find(pdev);
	if (!limbo || limbo->state != from)
		return false;
	limbo->state = to;
	return true;
}

bool vfio_persist_is_finished(struct pci_dev *pdev)
{
	struct limbo *limbo;

	guard(spinlock)(&lock);
	limbo = find(pdev);
	return limbo && limbo->finished;
}

/* As sysfs has it. */
const char *vfio_persist_state(struct pci_dev *pdev)
{
	static const char *const names[] = {
		[IN_LIMBO] = "limbo",
		[CLAIMED] = "claimed",
		[OPEN] = "open",
		[CLOSED] = "open",
	};
	struct limbo *limbo;

	guard(spinlock)(&lock);
	limbo = find(pdev);
	return limbo && !limbo->finished ? names[limbo->state] : "none";
}

/* Who has it open keeps its vectors to be raised. */
static bool end_open(struct pci_dev *pdev)
{
	struct limbo *limbo;

	guard(spinlock)(&lock);
	limbo = find(pdev);
	if (!limbo || limbo->state != OPEN)
		return false;
	limbo->finished = true;
	return true;
}

/* Out of limbo, in whatever state. Returns that, or -ENODEV. */
int vfio_persist_take_out(struct pci_dev *pdev)
{
	struct limbo *limbo;
	int state;

	scoped_guard(spinlock, &lock) {
		limbo = find(pdev);
		if (!limbo)
			return -ENODEV;
		list_del(&limbo->list);
	}
	state = limbo->state;
	if (state == IN_LIMBO || state == CLAIMED)
		pm_runtime_put(&pdev->dev);
	pci_dev_put(pdev);
	kfree(limbo);
	return state;
}

/* Did the former kernel leave it for its virtual functions' sake? */
bool vfio_persist_is_left(struct pci_dev *pdev)
{
	struct limbo *limbo;

	guard(spinlock)(&lock);
	limbo = find(pdev);
	return limbo && limbo->parent;
}

/* Its virtual functions are being removed: it is too late to preserve one. */
void vfio_persist_leave(struct pci_dev *pdev)
{
	struct limbo *limbo;

	guard(spinlock)(&lock);
	limbo = find(pdev);
	if (limbo)
		limbo->finished = true;
}

/* One whose file has not been retrieved yet, with a reference, or NULL */
struct pci_dev *vfio_persist_limbo_get(u32 segment, u16 rid)
{
	struct limbo *limbo;

	guard(spinlock)(&lock);
	list_for_each_entry(limbo, &all, list)
		if (!limbo->parent && pci_domain_nr(limbo->pdev->bus) == segment &&
		    pci_dev_id(limbo->pdev) == rid)
			return pci_dev_get(limbo->pdev);
	return NULL;
}

/* From now on vfio-pci may bind to it. */
int vfio_persist_claim(struct pci_dev *pdev)
{
	if (!iommu_persist_restored(&pdev->dev))
		return -EIO;
	return move_on(pdev, IN_LIMBO, CLAIMED) ? 0 : -EBUSY;
}

void vfio_persist_unclaim(struct pci_dev *pdev)
{
	move_on(pdev, CLAIMED, IN_LIMBO);
}

/**
 * pci_persist_refuses - may a driver not bind to a device?
 * @pdev: the device
 * @drv: the driver
 *
 * Context: any.
 * Return: true if the device is in limbo, or claimed and this is not vfio-pci.
 */
bool pci_persist_refuses(struct pci_dev *pdev, const struct device_driver *drv)
{
	struct limbo *limbo;

	guard(spinlock)(&lock);
	limbo = find(pdev);
	if (!limbo || limbo->state == OPEN || limbo->state == CLOSED)
		return false;
	return limbo->state == IN_LIMBO || strcmp(drv->name, VFIO_PERSIST_DRIVER);
}

/**
 * vfio_persist_is_live - is this the first time that a device is opened which the
 *	former kernel left running?
 * @pdev: the device
 *
 * Context: any.
 * Return: true if so: it is not to be reset, and to keep bus mastering.
 */
bool vfio_persist_is_live(struct pci_dev *pdev)
{
	struct limbo *limbo;

	guard(spinlock)(&lock);
	limbo = find(pdev);
	return limbo && limbo->state == CLAIMED;
}

/**
 * vfio_persist_take_over - what there is instead of a reset
 * @pdev: the device, live and enabled
 *
 * Enabling a device lets it use its interrupt pin. Nobody listens there yet.
 *
 * Return: 0 if the device can be reset when it is closed, -ENOTTY if it can't.
 */
int vfio_persist_take_over(struct pci_dev *pdev)
{
	pci_intx(pdev, 0);
	return pdev->reset_methods[0] ? 0 : -ENOTTY;
}

/**
 * vfio_persist_forget_master - let the saved state be that of a device at rest.
 * @pdev: the device, whose state was just saved as it runs
 *
 * It is what the device is given when it is closed, after its reset.
 */
void vfio_persist_forget_master(struct pci_dev *pdev)
{
	pdev->saved_config_space[PCI_COMMAND / 4] &= ~PCI_COMMAND_MASTER;
}

/**
 * vfio_persist_opened - a live device has been opened.
 * @pdev: the device
 *
 * From now on VFIO keeps it awake, not limbo.
 */
void vfio_persist_opened(struct pci_dev *pdev)
{
	if (move_on(pdev, CLAIMED, OPEN))
		pm_runtime_put(&pdev->dev);
}

/**
 * vfio_persist_closed - a device is being closed.
 * @pdev: the device, whatever it was
 *
 * It has just been stopped, and will be reset. Tables that it still uses are let go
 * when its session is finished.
 */
void vfio_persist_closed(struct pci_dev *pdev)
{
	if (!move_on(pdev, OPEN, CLOSED))
		return;
	if (vfio_persist_is_finished(pdev))
		vfio_persist_take_out(pdev);
}

/**
 * vfio_persist_raise - is an interrupt to be raised by hand?
 * @pdev: the device
 * @vector: the vector of MSI or MSI-X that has just got an eventfd
 *
 * Return: true for each vector of a device that was taken over, once.
 */
bool vfio_persist_raise(struct pci_dev *pdev, unsigned int vector)
{
	struct limbo *limbo;

	guard(spinlock)(&lock);
	limbo = find(pdev);
	return limbo && limbo->state == OPEN && vector < VECTORS &&
	       !__test_and_set_bit(vector, limbo->raised);
}

/* Who has it open has it reset when it is closed. */
static bool is_open(struct pci_dev *pdev)
{
	struct limbo *limbo;

	guard(spinlock)(&lock);
	limbo = find(pdev);
	return limbo && (limbo->state == OPEN || limbo->state == CLOSED);
}

/*
 * What it was told to do by its former user must not go on under the next one's
 * tables. Whoever takes vfio-pci from it has it locked, and may wait for us.
 */
static void reset_idle(struct pci_dev *pdev)
{
	int rc = pdev->dev.driver ? pci_try_reset_function(pdev) :
				    pci_reset_function(pdev);

	if (rc)
		pci_warn(pdev, "could not be reset: %pe\n", ERR_PTR(rc));
}

/* No DMA, then no use of the tables, then as any other device */
static void stop(struct pci_dev *pdev, const char *why, bool stays)
{
	int state;

	if (vfio_persist_is_left(pdev)) {
		vfio_persist_stop_parent(pdev, why);
		return;
	}
	vfio_persist_stop(pdev, why);
	if (stays && !is_open(pdev))
		reset_idle(pdev);
	iommu_persist_release(&pdev->dev);
	state = vfio_persist_take_out(pdev);
	if (stays && state == IN_LIMBO && device_attach(&pdev->dev) < 0)
		pci_warn(pdev, "no driver took it\n");
}

/*
 * This kernel ends, and nobody came. The next one gets no tables for it, and may give
 * it to a driver that lets it bus master before anything else.
 */
void vfio_persist_limbo_shutdown(struct pci_dev *pdev)
{
	if (!iommu_persist_restored(&pdev->dev))
		return;
	vfio_persist_stop(pdev, "nobody came for it");
	if (pci_reset_function_locked(pdev))
		pci_warn(pdev, "could not be reset\n");
}

/* Its session is finished. Who attached it to tables of this kernel keeps it. */
void vfio_persist_limbo_end(struct pci_dev *pdev)
{
	if (iommu_persist_restored(&pdev->dev)) {
		pci_info(pdev, "nobody took it over: stopped\n");
		stop(pdev, NULL, true);
		return;
	}
	vfio_persist_done(pdev);
	if (!end_open(pdev))
		vfio_persist_take_out(pdev);
}

/* One that may go with another: so the list is looked through from its start. */
static struct pci_dev *next_one(bool any)
{
	struct limbo *limbo;

	guard(spinlock)(&lock);
	list_for_each_entry(limbo, &all, list)
		if (any || !limbo->settled) {
			limbo->settled = true;
			return pci_dev_get(limbo->pdev);
		}
	return NULL;
}

/**
 * pci_persist_stop_all - stop every device that is still as the former kernel left it.
 * @why: for the log
 *
 * Context: may sleep.
 */
void pci_persist_stop_all(const char *why)
{
	struct pci_dev *pdev;

	while ((pdev = next_one(true))) {
		stop(pdev, why, true);
		pci_dev_put(pdev);
	}
}

static int gone(struct notifier_block *nb, unsigned long action, void *data)
{
	struct pci_dev *pdev = to_pci_dev((struct device *)data);

	if (action != BUS_NOTIFY_DEL_DEVICE || !vfio_persist_find(pdev) ||
	    pci_is_bridge(pdev))
		return NOTIFY_DONE;
	stop(pdev, "it is being removed", false);
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

static const char *what_is_wrong(struct pci_dev *pdev)
{
	const char *wrong = vfio_persist_moved(pdev);

	if (wrong)
		return wrong;
	return iommu_persist_restored(&pdev->dev) ? NULL :
	       "no IOMMU has adopted its tables";
}

/* Addresses are given out, IOMMUs are on: nothing more will be done to it. */
static int __init settle(void)
{
	struct pci_dev *pdev;
	const char *wrong;

	while ((pdev = next_one(false))) {
		wrong = what_is_wrong(pdev);
		/* who was stopped when he was found had been told why */
		if (wrong)
			stop(pdev, vfio_persist_find(pdev) ? wrong : NULL, true);
		pci_dev_put(pdev);
	}
	return 0;
}
device_initcall(settle);
