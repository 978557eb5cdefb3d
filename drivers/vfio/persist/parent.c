// SPDX-License-Identifier: GPL-2.0
/*
 * Physical functions of virtual functions that are in sessions, while this kernel is
 * still there: nobody resets them, and they stay open if they are, whoever has them
 * dies. What they have of the IOMMU goes with them when that is over.
 */
#define pr_fmt(fmt) "vfio-persist: " fmt

#include <linux/iommu_persist.h>
#include <linux/jiffies.h>
#include <linux/mutex.h>
#include <linux/pci_live_update.h>
#include <linux/slab.h>
#include <linux/vfio_pci_core.h>

#include "../vfio.h"
#include "persist.h"

/**
 * struct parent - a physical function that is kept.
 * @nr_vfs: how many of its virtual functions are in sessions
 * @parked: what its user had open, if he is gone
 */
struct parent {
	unsigned int nr_vfs;
	struct vfio_device_file *parked;
};

/* Guards what there is of any of them; taken after the lock of a set of devices */
static DEFINE_MUTEX(parent_lock);

/* What there is of it, or NULL if it is not kept */
static struct parent *find(struct pci_dev *pdev)
{
	lockdep_assert_held(&parent_lock);
	return pci_live_update_data(pdev);
}

static int make(struct pci_dev *pdev)
{
	struct parent *parent = kzalloc_obj(*parent);
	int rc = -ENOMEM;

	if (!parent)
		return rc;
	rc = iommu_persist_preserve_blocked(&pdev->dev);
	if (rc) {
		pci_info(pdev, "its virtual functions can't go on over a kexec: %pe\n",
			 ERR_PTR(rc));
		goto out_free;
	}
	rc = pci_live_update_set_data(pdev, parent);
	if (rc)
		goto out_unpreserve;
	parent->nr_vfs = 1;
	return 0;

out_unpreserve:
	iommu_persist_unpreserve(&pdev->dev);
out_free:
	kfree(parent);
	return rc;
}

static int keep(struct pci_dev *pdev)
{
	struct parent *parent;

	guard(mutex)(&parent_lock);
	/*
	 * Who removes virtual functions has it locked, and waits for their users: a
	 * kexec would wait for him.
	 */
	if (!device_trylock(&pdev->dev))
		return -EBUSY;
	device_unlock(&pdev->dev);
	parent = find(pdev);
	if (!parent)
		return make(pdev);
	parent->nr_vfs++;
	return 0;
}

/**
 * vfio_persist_lock_set - lock a set of devices, if nobody keeps it locked
 * @set: the set
 *
 * Its lock is held while memory of user space is written to, and a session must not
 * wait for that.
 *
 * Context: may sleep, for a second.
 * Return: 0, or -EBUSY
 */
int vfio_persist_lock_set(struct vfio_device_set *set)
{
	unsigned long end = jiffies + HZ;

	while (!mutex_trylock(&set->lock)) {
		if (time_after(jiffies, end))
			return -EBUSY;
		schedule_timeout_idle(1);
	}
	return 0;
}

/* A device is to be preserved: the one it is a virtual function of, if it is, stays. */
int vfio_persist_keep_parent(struct vfio_device *device)
{
	struct vfio_pci_core_device *vdev =
		container_of(device, struct vfio_pci_core_device, vdev);
	struct vfio_pci_core_device *pf = vdev->sriov_pf_core_dev;
	int rc;

	if (!vdev->pdev->is_virtfn)
		return 0;
	if (!pf)
		return keep(pci_physfn(vdev->pdev));
	/* Neither opened nor closed meanwhile */
	rc = vfio_persist_lock_set(pf->vdev.dev_set);
	if (rc)
		return rc;
	if (pf->vdev.open_count && !pf->vdev.cdev_opened) {
		pci_info(vdev->pdev,
			 "can't go on over a kexec: its physical function is open, but not by its own node\n");
		rc = -EOPNOTSUPP;
	} else {
		rc = keep(pf->pdev);
	}
	mutex_unlock(&pf->vdev.dev_set->lock);
	return rc;
}

static void close_parked(struct vfio_device_file *df)
{
	struct vfio_device *device = df->device;

	vfio_df_unbind_iommufd(df);
	vfio_device_put_registration(device);
	kfree(df);
}

/* Context: no lock of any set of devices is held. */
void vfio_persist_drop_parent(struct pci_dev *pdev)
{
	struct pci_dev *pf = pci_physfn(pdev);
	struct vfio_device_file *df;
	struct parent *parent;

	if (!pdev->is_virtfn)
		return;
	scoped_guard(mutex, &parent_lock) {
		parent = find(pf);
		if (WARN_ON_ONCE(!parent) || --parent->nr_vfs)
			return;
		pci_live_update_set_data(pf, NULL);
		iommu_persist_unpreserve(&pf->dev);
	}
	df = parent->parked;
	if (df)
		close_parked(df);
	kfree(parent);
}

/**
 * vfio_persist_park - does a device stay open, though its file is closed?
 * @df: what the file had of it
 *
 * Closing resets it, which no virtual function would outlive.
 *
 * Context: may sleep.
 * Return: true if it does: @df is closed when it has no virtual function in a session
 * any more.
 */
bool vfio_persist_park(struct vfio_device_file *df)
{
	struct vfio_device *device = df->device;
	struct parent *parent;

	if (df->group || !df->access_granted || !dev_is_pci(device->dev))
		return false;
	guard(mutex)(&device->dev_set->lock);
	guard(mutex)(&parent_lock);
	parent = find(to_pci_dev(device->dev));
	if (parent)
		parent->parked = df;
	else
		/* on its way: too late to keep it */
		device->cdev_opened = false;
	return parent;
}
