// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: PCI, states of a device over live updates
 *
 * A device that has to do with live updates has one object, with one state. The
 * object is there as long as the state is another than *none*, or somebody has a
 * reference to it. One mutex guards all of it.
 *
 * ========== ======================================= ================================
 * state      what it means                           which may follow
 * ========== ======================================= ================================
 * none       like any other device                   session, incoming
 * session    it is in a session, or a device that    none, frozen
 *            can't do without it is
 * frozen     a kexec has begun: nobody writes to it  session
 * incoming   the former kernel left it running; it   claimed, none
 *            is in limbo: no driver
 * claimed    its file was retrieved; vfio-pci alone  incoming, open, none
 *            may bind to it
 * open       it was bound to an iommufd, as it ran   closed, none
 * closed     who had it open has closed it           none
 * ========== ======================================= ================================
 *
 * Any other step is a fault of the kernel: it is refused with a warning.
 *
 * A device whose state lets nobody write to it (frozen, incoming, claimed), or that
 * was shut down for a kexec, has its *gate* closed. Who writes to it on behalf of
 * user space passes the gate; closing it waits for those who are inside. Outside are
 * -ESHUTDOWN, or -EBUSY if the former kernel left the device running.
 */
#include <linux/export.h>
#include <linux/pci_live_update.h>
#include <linux/pm_runtime.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/wait_bit.h>

#include "pci.h"
#include "live_update_state.h"

const char *const pci_live_state_names[PCI_LIVE_STATES] = {
	[PCI_LIVE_NONE] = "none",
	[PCI_LIVE_SESSION] = "session",
	[PCI_LIVE_FROZEN] = "frozen",
	[PCI_LIVE_INCOMING] = "incoming",
	[PCI_LIVE_CLAIMED] = "claimed",
	[PCI_LIVE_OPEN] = "open",
	[PCI_LIVE_CLOSED] = "closed",
};

/* Which states may follow */
static const u8 followers[PCI_LIVE_STATES] = {
	[PCI_LIVE_NONE] = BIT(PCI_LIVE_SESSION) | BIT(PCI_LIVE_INCOMING),
	[PCI_LIVE_SESSION] = BIT(PCI_LIVE_NONE) | BIT(PCI_LIVE_FROZEN),
	[PCI_LIVE_FROZEN] = BIT(PCI_LIVE_SESSION),
	[PCI_LIVE_INCOMING] = BIT(PCI_LIVE_CLAIMED) | BIT(PCI_LIVE_NONE),
	[PCI_LIVE_CLAIMED] = BIT(PCI_LIVE_INCOMING) | BIT(PCI_LIVE_OPEN) |
			     BIT(PCI_LIVE_NONE),
	[PCI_LIVE_OPEN] = BIT(PCI_LIVE_CLOSED) | BIT(PCI_LIVE_NONE),
	[PCI_LIVE_CLOSED] = BIT(PCI_LIVE_NONE),
};

/* Guards the list, and the pointers that devices have to what is in it */
static DEFINE_SPINLOCK(all_lock);
static LIST_HEAD(all);

/**
 * pci_live_may_move - may one state follow another?
 * @from: that one
 * @to: the one that is to follow
 *
 * Return: true if so
 */
bool pci_live_may_move(enum pci_live_state from, enum pci_live_state to)
{
	return followers[from] & BIT(to);
}

/**
 * pci_live_move - let one state follow another
 * @live: the object, its lock held, and a reference besides that of its state
 * @from: the state that it has to be in
 * @to: the next one
 *
 * Return: 0; -EBUSY if it is in another state; -EINVAL if there is no such step
 */
int pci_live_move(struct pci_live *live, enum pci_live_state from,
		  enum pci_live_state to)
{
	lockdep_assert_held(&live->lock);
	if (live->state != from)
		return -EBUSY;
	if (WARN_ON_ONCE(!pci_live_may_move(from, to)))
		return -EINVAL;
	WRITE_ONCE(live->state, to);
	if (from == PCI_LIVE_NONE)
		kref_get(&live->ref);
	if (to == PCI_LIVE_NONE)
		pci_live_put(live);
	return 0;
}

static void free_live(struct kref *ref) __releases(all_lock)
{
	struct pci_live *live = container_of(ref, struct pci_live, ref);

	list_del(&live->list);
	live->pdev->live_update = NULL;
	spin_unlock(&all_lock);
	pci_dev_put(live->pdev);
	mutex_destroy(&live->lock);
	kfree(live);
}

/**
 * pci_live_put - give a reference back
 * @live: the object, or NULL
 */
void pci_live_put(struct pci_live *live)
{
	if (live)
		kref_put_lock(&live->ref, free_live, &all_lock);
}

/**
 * pci_live_get - the object of a device
 * @pdev: the device
 *
 * Return: a reference, or NULL if it has none
 */
struct pci_live *pci_live_get(struct pci_dev *pdev)
{
	guard(spinlock)(&all_lock);
	if (pdev->live_update)
		kref_get(&pdev->live_update->ref);
	return pdev->live_update;
}

/**
 * pci_live_create - the object of a device, a new one if it has none
 * @pdev: the device
 *
 * Return: a reference, or NULL if there is no memory
 */
struct pci_live *pci_live_create(struct pci_dev *pdev)
{
	struct pci_live *live = pci_live_get(pdev), *fresh;

	if (live)
		return live;
	fresh = kzalloc_obj(*fresh);
	if (!fresh)
		return NULL;
	kref_init(&fresh->ref);
	mutex_init(&fresh->lock);
	fresh->pdev = pdev;
	scoped_guard(spinlock, &all_lock) {
		live = pdev->live_update;
		if (live) {
			kref_get(&live->ref);
		} else {
			pci_dev_get(pdev);
			pdev->live_update = fresh;
			list_add_tail(&fresh->list, &all);
		}
	}
	if (!live)
		return fresh;
	kfree(fresh);
	return live;
}

/**
 * pci_live_next - go through all objects
 * @live: NULL, or the one before, of which the reference is given back
 *
 * Those that come and go meanwhile may be seen or not.
 *
 * Return: a reference to the next one, or NULL if there are no more
 */
struct pci_live *pci_live_next(struct pci_live *live)
{
	struct list_head *at;
	struct pci_live *next = NULL;

	scoped_guard(spinlock, &all_lock) {
		/* it is in the list as long as there is a reference */
		at = live ? live->list.next : all.next;
		if (at != &all) {
			next = list_entry(at, struct pci_live, list);
			kref_get(&next->ref);
		}
	}
	pci_live_put(live);
	return next;
}

/**
 * pci_live_state - the state of a device
 * @pdev: the device
 *
 * Context: any. Without the object's lock it may be another by the time of return.
 * Return: the state
 */
enum pci_live_state pci_live_state(struct pci_dev *pdev)
{
	guard(spinlock)(&all_lock);
	return pdev->live_update ? READ_ONCE(pdev->live_update->state) : PCI_LIVE_NONE;
}

/**
 * pci_live_wake - keep a device from sleeping
 * @live: its object, its lock held
 */
void pci_live_wake(struct pci_live *live)
{
	if (!live->is_awake)
		pm_runtime_get_noresume(&live->pdev->dev);
	live->is_awake = true;
}

/**
 * pci_live_let_sleep - the end of pci_live_wake()
 * @live: its object, its lock held
 */
void pci_live_let_sleep(struct pci_live *live)
{
	if (live->is_awake)
		pm_runtime_put(&live->pdev->dev);
	live->is_awake = false;
}

/*
 * The gate: how many are inside, and INT_MIN besides if nobody may go in. What
 * pci_user_write_config_*() writes has the PCI lock as its gate: there is_shut counts,
 * which is set when those inside have left.
 */

/**
 * pci_live_gate_error - what those get who stand outside
 * @pdev: the device
 *
 * Context: any.
 * Return: -EBUSY for a device that the former kernel left running, else -ESHUTDOWN
 */
int pci_live_gate_error(struct pci_dev *pdev)
{
	return READ_ONCE(pdev->live_incoming) || READ_ONCE(pdev->live_stopped) ?
	       -EBUSY : -ESHUTDOWN;
}

/**
 * pci_live_gate_close - let nobody write to a device any more
 * @pdev: the device
 * @timeout: how long to wait for those who do, in jiffies
 *
 * Context: may sleep.
 * Return: false if somebody is still inside: the gate is open again then
 */
bool pci_live_gate_close(struct pci_dev *pdev, unsigned long timeout)
{
	if (atomic_read(&pdev->live_gate) >= 0)
		atomic_add(INT_MIN, &pdev->live_gate);
	if (!wait_var_event_timeout(&pdev->live_gate,
				    atomic_read(&pdev->live_gate) == INT_MIN, timeout)) {
		pci_live_gate_open(pdev);
		return false;
	}
	WRITE_ONCE(pdev->live_shut, true);
	/* who has seen it open writes under this lock, and has written now */
	raw_spin_lock_irq(&pci_lock);
	raw_spin_unlock_irq(&pci_lock);
	return true;
}

/**
 * pci_live_gate_open - let them write to it again
 * @pdev: the device
 */
void pci_live_gate_open(struct pci_dev *pdev)
{
	WRITE_ONCE(pdev->live_shut, false);
	if (atomic_read(&pdev->live_gate) < 0)
		atomic_sub(INT_MIN, &pdev->live_gate);
}

/**
 * pci_live_update_begin - somebody is about to write to a device for user space
 * @pdev: the device
 *
 * What follows must not touch memory of user space: a kexec waits for it.
 *
 * Context: any.
 * Return: 0, and pci_live_update_end() has to follow; -ESHUTDOWN if the device has been
 * frozen or shut down for a kexec, -EBUSY if it was left running by the former kernel
 * and nobody has taken it over.
 */
int pci_live_update_begin(struct pci_dev *pdev)
{
	return atomic_inc_unless_negative(&pdev->live_gate) ? 0 :
	       pci_live_gate_error(pdev);
}
EXPORT_SYMBOL_GPL(pci_live_update_begin);

/**
 * pci_live_update_end - the end of pci_live_update_begin()
 * @pdev: the device
 */
void pci_live_update_end(struct pci_dev *pdev)
{
	if (atomic_dec_return(&pdev->live_gate) == INT_MIN)
		wake_up_var(&pdev->live_gate);
}
EXPORT_SYMBOL_GPL(pci_live_update_end);

/**
 * pci_live_update_is_parent - do virtual functions of a device run over a kexec?
 * @pdev: the device
 *
 * Context: any.
 * Return: true if one is in a session, or the former kernel left one running: the
 * device must not be reset.
 */
bool pci_live_update_is_parent(struct pci_dev *pdev)
{
	const struct pci_live *live;

	guard(spinlock)(&all_lock);
	live = pdev->live_update;
	return live && live->kind == VFIO_PERSIST_PARENT &&
	       (READ_ONCE(live->users) || READ_ONCE(live->state) == PCI_LIVE_INCOMING);
}
EXPORT_SYMBOL_GPL(pci_live_update_is_parent);

/**
 * pci_live_update_reset_begin - a device is about to be reset
 * @pdev: the device
 *
 * Context: any.
 * Return: as pci_live_update_begin(), but that who ends a device's limbo may go in;
 * -ENOTTY if it would take virtual functions with it that run over a kexec
 */
int pci_live_update_reset_begin(struct pci_dev *pdev)
{
	if (READ_ONCE(pdev->live_resetting)) {
		atomic_inc(&pdev->live_gate);
		return 0;
	}
	return pci_live_update_is_parent(pdev) ? -ENOTTY : pci_live_update_begin(pdev);
}

static int end_if(struct pci_dev *pdev, void *nr)
{
	if (!*(unsigned int *)nr)
		return 1;
	--*(unsigned int *)nr;
	pci_live_update_end(pdev);
	return 0;
}

static int begin_and_count(struct pci_dev *pdev, void *nr)
{
	int rc = pci_live_update_begin(pdev);

	if (!rc)
		++*(unsigned int *)nr;
	return rc;
}

struct walk {
	int (*fn)(struct pci_dev *pdev, void *data);
	void *data;
	int rc;
};

static int step(struct pci_dev *pdev, void *opaque)
{
	struct walk *walk = opaque;

	walk->rc = walk->fn(pdev, walk->data);
	return walk->rc;
}

/**
 * pci_live_update_bus_begin - all devices of a bus are about to be reset
 * @bus: the bus; those below it are meant as well
 *
 * Context: may sleep; no device comes or goes before pci_live_update_bus_end().
 * Return: as pci_live_update_begin(), for all of them or none
 */
int pci_live_update_bus_begin(struct pci_bus *bus)
{
	unsigned int nr = 0;
	struct walk walk = { .fn = begin_and_count, .data = &nr };
	struct walk back = { .fn = end_if, .data = &nr };

	pci_walk_bus(bus, step, &walk);
	if (walk.rc)
		pci_walk_bus(bus, step, &back);
	return walk.rc;
}
EXPORT_SYMBOL_GPL(pci_live_update_bus_begin);

/**
 * pci_live_update_bus_end - the end of pci_live_update_bus_begin()
 * @bus: the bus
 */
void pci_live_update_bus_end(struct pci_bus *bus)
{
	unsigned int nr = UINT_MAX;
	struct walk walk = { .fn = end_if, .data = &nr };

	pci_walk_bus(bus, step, &walk);
}
EXPORT_SYMBOL_GPL(pci_live_update_bus_end);
