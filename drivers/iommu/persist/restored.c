// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: extmem, restored devices
 *
 * A device that the previous kernel left running is *restored*: its group has a domain
 * of its own sort, which maps nothing anyone could change and only says that the unit
 * translates for the device by the previous kernel's tables. Nothing of this kernel
 * touches those: not the set-up of default domains, nor taking or giving up the
 * ownership of its DMA, nor blocking it. No driver that uses the DMA API binds.
 *
 * That ends in one of three ways. A domain of iommufd is attached, and takes over: it
 * has been mapped in full by then, and its entry replaces the previous kernel's by one
 * write. Or the domain inherits the table as it is, see vtd_inherit.c. If anything fails
 * before, the former entry is still in place. Or nobody wants the device:
 * iommu_persist_release(), and it is as if it had been off.
 *
 * A device may be *blocked* as well: it was left bus mastering for another's sake, as a
 * physical function is, and has no entry; or some of what it reaches was not there any
 * more; or it was not there itself when drivers began to look. Nothing gives it an
 * entry, until it is released or attached.
 *
 * In each case the tables of the previous kernel, its domain id, and the references on
 * the memory that they map go only after the caches are flushed of them: there is no
 * instant at which a device reaches memory by tables that are free.
 */
#define pr_fmt(fmt) "iommu-persist: " fmt

#include <linux/export.h>
#include <linux/pci.h>
#include <linux/slab.h>

#include "unit.h"

/*
 * Held by whoever changes what is in the list, or takes from it; nests in the mutex of
 * the device's group. The lock is for looking, and is innermost.
 */
DEFINE_MUTEX(iop_restored_mutex);
static DEFINE_SPINLOCK(iop_restored_lock);
static LIST_HEAD(iop_restored_devices);

/**
 * iop_restored_at - the restored device at a place.
 * @place: the place
 *
 * Context: any in which the device can't be attached or released meanwhile.
 * Return: the device, or NULL.
 */
struct iop_restored *iop_restored_at(const struct iop_place *place)
{
	struct iop_restored *r;

	if (list_empty_careful(&iop_restored_devices))
		return NULL;
	guard(spinlock)(&iop_restored_lock);
	list_for_each_entry(r, &iop_restored_devices, list)
		if (r->place.unit == place->unit && r->place.rid == place->rid)
			return r;
	return NULL;
}

static struct iop_restored *iop_restored_find(struct device *dev)
{
	struct iop_place place;

	return iop_ops_of(dev, &place) ? iop_restored_at(&place) : NULL;
}

/**
 * iop_restored_add - remember a device that was left running, or blocked.
 * @r: the device
 *
 * Context: boot.
 */
void iop_restored_add(struct iop_restored *r)
{
	guard(spinlock)(&iop_restored_lock);
	list_add_tail(&r->list, &iop_restored_devices);
}

/* The unit has been flushed of what it had for the device */
static void iop_restored_leave(struct iop_restored *r)
{
	if (r->tag)
		iop_tag_leave(r->tag);
	r->tag = NULL;
}

static void iop_restored_forget(struct iop_restored *r)
{
	scoped_guard(spinlock, &iop_restored_lock)
		list_del(&r->list);
	iop_restored_leave(r);
	r->ops->forget(r);
}

/**
 * iop_restored_drop - a unit could not be adopted after all.
 * @unit: the unit
 *
 * Its devices' memory stays held: nobody knows what they are doing.
 *
 * Context: boot.
 */
void iop_restored_drop(const struct iommu_device *unit)
{
	struct iop_restored *r, *next;

	guard(mutex)(&iop_restored_mutex);
	guard(spinlock)(&iop_restored_lock);
	list_for_each_entry_safe(r, next, &iop_restored_devices, list) {
		if (r->place.unit != unit)
			continue;
		list_del(&r->list);
		kfree(r);
	}
}

/**
 * iommu_persist_restored - was a device left running, and is it still?
 * @dev: the device
 *
 * Context: any in which the device can't be attached or released meanwhile.
 * Return: true if the previous kernel's tables translate for it, or it is blocked.
 */
bool iommu_persist_restored(struct device *dev)
{
	return iop_restored_find(dev);
}
EXPORT_SYMBOL_GPL(iommu_persist_restored);

static int iop_restored_attach(struct iommu_domain *domain, struct device *dev,
			       struct iommu_domain *old)
{
	/* There is no way back from another domain */
	return iop_restored_find(dev) ? 0 : -EBUSY;
}

struct iommu_domain iommu_persist_restored_domain = {
	.type = IOMMU_DOMAIN_PLATFORM,
	.ops = &(const struct iommu_domain_ops) {
		.attach_dev = iop_restored_attach,
	},
};

/**
 * iommu_persist_take_over - a domain replaces what translates for a device.
 * @domain: the domain, mapped; all about attaching it is done but for the device's entry
 * @dev: the device; nothing happens if it is not restored
 *
 * Context: may sleep, under the device's group's mutex. Can't fail.
 */
void iommu_persist_take_over(struct iommu_domain *domain, struct device *dev)
{
	struct iop_restored *r;

	guard(mutex)(&iop_restored_mutex);
	r = iop_restored_find(dev);
	if (!r)
		return;
	r->ops->take_over(r, domain, dev);
	dev_info(dev, "taken over from the former kernel\n");
	iop_restored_forget(r);
}

static void iop_restored_block(struct iop_restored *r)
{
	r->ops->block(r, NULL);
	iop_restored_leave(r);
}

/**
 * iommu_persist_detach - a device is about to leave a domain.
 * @tag: the domain's record, or NULL
 *
 * If the domain has inherited its table, and others of the devices that the previous
 * kernel left running by it have not been taken over, they are blocked first: the domain
 * may change its table when it has no device, without the unit being told.
 *
 * Context: may sleep, under the device's group's mutex.
 */
void iommu_persist_detach(struct iop_tag *tag)
{
	struct iop_restored *r;

	if (!tag || list_empty_careful(&iop_restored_devices))
		return;
	guard(mutex)(&iop_restored_mutex);
	/* The heir could not be attached: all goes on by the table as before */
	if (tag->has_heir)
		return;
	/* Entries come and go under the mutex alone */
	list_for_each_entry(r, &iop_restored_devices, list) {
		if (r->tag != tag)
			continue;
		pr_warn("%04x:%02x:%02x.%d loses its DMA: the page table that it shares is given up\n",
			r->place.segment, PCI_BUS_NUM(r->place.rid),
			PCI_SLOT(r->place.rid), PCI_FUNC(r->place.rid));
		iop_restored_block(r);
	}
}

/* Devices of one table on several units: each has its own cache to be flushed */
static bool iop_restored_on_one_unit(const struct iop_restored *one)
{
	const struct iop_restored *r;

	list_for_each_entry(r, &iop_restored_devices, list)
		if (r->tag == one->tag && r->place.unit != one->place.unit)
			return false;
	return true;
}

/**
 * iommu_persist_inherit - have a domain take over a restored device's table as it is.
 * @domain: a new domain, which maps nothing, and is attached to nothing
 * @dev: the device
 * @tags: page tables of the previous kernel that map just what the domain is to
 * @nr: how many
 * @heir: set to what iommu_persist_inherited() is to be told
 *
 * The caller then attaches the domain to the device, changing nothing of what it maps
 * until iommu_persist_inherited().
 *
 * Context: may sleep.
 * Return: 0, or -ENOENT if it has to be mapped as any other.
 */
int iommu_persist_inherit(struct iommu_domain *domain, struct device *dev, const u16 *tags,
			  unsigned int nr, struct iommu_persist_heir *heir)
{
	struct iop_restored *r;
	unsigned int i;

	guard(mutex)(&iop_restored_mutex);
	r = iop_restored_find(dev);
	if (!r || !r->tag || !r->tag->is_former || r->tag->has_heir ||
	    !iop_restored_on_one_unit(r))
		return -ENOENT;
	for (i = 0; i < nr; i++)
		if (tags[i] == r->tag->tag) {
			heir->ops = r->ops;
			return r->ops->inherit(r, domain, heir);
		}
	return -ENOENT;
}
EXPORT_SYMBOL_GPL(iommu_persist_inherit);

/**
 * iommu_persist_inherited - a domain that was to inherit a table is attached, or not.
 * @domain: the domain
 * @heir: what iommu_persist_inherit() set
 * @attached: if not the domain is as before, and the table the previous kernel's
 *
 * Context: may sleep.
 */
void iommu_persist_inherited(struct iommu_domain *domain, struct iommu_persist_heir *heir,
			     bool attached)
{
	guard(mutex)(&iop_restored_mutex);
	heir->ops->inherited(domain, heir, attached);
}
EXPORT_SYMBOL_GPL(iommu_persist_inherited);

/**
 * iommu_persist_release - nobody wants a restored device.
 * @dev: the device, which the caller has stopped
 *
 * All DMA that it does all the same is blocked; then it gets its group's default
 * domain, and is like any other device.
 *
 * Context: may sleep.
 * Return: 0, or -ENODEV if it is not restored.
 */
int iommu_persist_release(struct device *dev)
{
	return iommu_group_stop_restored(dev) ? 0 : -ENODEV;
}
EXPORT_SYMBOL_GPL(iommu_persist_release);

/**
 * iommu_persist_gone - a device is about to be gone.
 * @dev: the device
 *
 * Context: may sleep.
 */
void iommu_persist_gone(struct device *dev)
{
	iommu_persist_unpreserve(dev);
	iommu_persist_release(dev);
}

/**
 * iommu_persist_block - stop translating for a restored device.
 * @dev: the device
 *
 * Context: may sleep, under its group's mutex.
 * Return: false if it is not restored.
 */
bool iommu_persist_block(struct device *dev)
{
	struct iop_restored *r;

	guard(mutex)(&iop_restored_mutex);
	r = iop_restored_find(dev);
	if (!r)
		return false;
	r->ops->block(r, dev);
	iop_restored_forget(r);
	return true;
}

static void iop_restored_check_there(struct iop_restored *r)
{
	struct pci_dev *pdev;

	pdev = pci_get_domain_bus_and_slot(r->place.segment, PCI_BUS_NUM(r->place.rid),
					   r->place.rid & 0xff);
	if (pdev && !iop_pretended("absent")) {
		pci_dev_put(pdev);
		return;
	}
	pci_dev_put(pdev);
	pr_warn("%04x:%02x:%02x.%d was left running, and is not there: its DMA is blocked\n",
		r->place.segment, PCI_BUS_NUM(r->place.rid), PCI_SLOT(r->place.rid),
		PCI_FUNC(r->place.rid));
	iop_restored_block(r);
}

/*
 * One that is not there by now is not waited for: its entry is cleared, and the unit
 * flushed, before what it used is let go. If it comes all the same it is found blocked.
 */
static int __init iop_restored_settle(void)
{
	struct iop_restored *r;

	guard(mutex)(&iop_restored_mutex);
	if (iop_undone("absent"))
		return 0;
	list_for_each_entry(r, &iop_restored_devices, list)
		if (r->tag)
			iop_restored_check_there(r);
	return 0;
}
late_initcall_sync(iop_restored_settle);
