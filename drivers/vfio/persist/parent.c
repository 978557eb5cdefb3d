// SPDX-License-Identifier: GPL-2.0
/*
 * Physical functions of virtual functions that are in sessions, while this kernel is
 * still there: nobody resets them, and they stay open if they are, whoever has them
 * dies. What they have of the IOMMU goes with them when that is over.
 */
#define pr_fmt(fmt) "vfio-persist: " fmt

#include <linux/iommu_persist.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/vfio_pci_core.h>

#include "../vfio.h"
#include "persist.h"

/**
 * struct parent - a physical function that is kept.
 * @list: in the list of all
 * @pdev: the device
 * @nr_vfs: how many of its virtual functions are in sessions
 * @parked: what its user had open, if he is gone
 */
struct parent {
	struct list_head list;
	struct pci_dev *pdev;
	unsigned int nr_vfs;
	struct vfio_device_file *parked;
};

static LIST_HEAD(parents);
static DEFINE_MUTEX(lock);

static struct parent *find(struct pci_dev *pdev)
{
	struct parent *parent;

	lockdep_assert_held(&lock);
	list_for_each_entry(parent, &parents, list)
		if (parent->pdev == pdev)
			return parent;
	return NULL;
}

static int make(struct pci_dev *pdev)
{
	struct parent *parent = kzalloc_obj(*parent);
	int rc;

	if (!parent)
		return -ENOMEM;
	rc = iommu_persist_preserve_blocked(&pdev->dev);
	if (rc) {
		pci_info(pdev, "its virtual functions can't go on over a kexec: %pe\n",
			 ERR_PTR(rc));
		kfree(parent);
		return rc;
	}
	parent->pdev = pci_dev_get(pdev);
	parent->nr_vfs = 1;
	list_add_tail(&parent->list, &parents);
	return 0;
}

static int keep(struct pci_dev *pdev)
{
	struct parent *parent;

	guard(mutex)(&lock);
	if (vfio_persist_is_finished(pdev))
		return -EBUSY;
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

/* Virtual functions are to be removed: either that, or one is preserved. */
int vfio_persist_give_up(struct pci_dev *pdev)
{
	guard(mutex)(&lock);
	if (find(pdev)) {
		pci_info(pdev, "keeps its virtual functions: one is in a session\n");
		return -EBUSY;
	}
	vfio_persist_leave(pdev);
	return 0;
}

/* A device is to be preserved: the one it is a virtual function of, if it is, stays. */
int vfio_persist_keep_parent(struct vfio_device *device)
{
	struct vfio_pci_core_device *vdev =
		container_of(device, struct vfio_pci_core_device, vdev);
	struct vfio_pci_core_device *pf = vdev->sriov_pf_core_dev;

	if (!vdev->pdev->is_virtfn)
		return 0;
	if (!pf)
		return keep(pci_physfn(vdev->pdev));
	/* Neither opened nor closed meanwhile */
	guard(mutex)(&pf->vdev.dev_set->lock);
	if (pf->vdev.open_count && !pf->vdev.cdev_opened) {
		pci_info(vdev->pdev,
			 "can't go on over a kexec: its physical function is open, but not by its own node\n");
		return -EOPNOTSUPP;
	}
	return keep(pf->pdev);
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
	struct vfio_device_file *df;
	struct parent *parent;

	if (!pdev->is_virtfn)
		return;
	scoped_guard(mutex, &lock) {
		parent = find(pci_physfn(pdev));
		if (WARN_ON(!parent) || --parent->nr_vfs)
			return;
		list_del(&parent->list);
		iommu_persist_unpreserve(&parent->pdev->dev);
	}
	df = parent->parked;
	if (df)
		close_parked(df);
	pci_dev_put(parent->pdev);
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
	guard(mutex)(&lock);
	parent = find(to_pci_dev(device->dev));
	if (parent)
		parent->parked = df;
	else
		/* on its way: too late to keep it */
		device->cdev_opened = false;
	return parent;
}

/**
 * pci_persist_is_parent - do virtual functions of a device run over a kexec?
 * @pdev: the device
 *
 * Context: may sleep.
 * Return: true if one is in a session, or the former kernel left one running: the
 * device must not be reset.
 */
bool pci_persist_is_parent(struct pci_dev *pdev)
{
	if (vfio_persist_is_left(pdev))
		return true;
	guard(mutex)(&lock);
	return find(pdev);
}
