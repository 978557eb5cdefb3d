// SPDX-License-Identifier: GPL-2.0
/*
 * Which devices go on, and all that takes memory or can be refused about it, while
 * guests run. What a unit's tables look like is up to its maker's operations.
 */
#define pr_fmt(fmt) "iommu-persist: " fmt

#include <linux/export.h>
#include <linux/kexec.h>
#include <linux/pci.h>
#include <linux/reboot.h>
#include <linux/slab.h>

#include "../iommu-priv.h"
#include "unit.h"

/* Operations are added at boot, one at a time, and never go */
static LIST_HEAD(iop_all_ops);

LIST_HEAD(iop_preserved);
/* The list, and all that was made for what is in it */
static DEFINE_MUTEX(iop_preserve_lock);

/* What iommufd, which may be a module, knows of its domains */
static const struct iommu_persist_user *iop_user;

/**
 * iop_ops_register - there is a maker whose units can be kept on.
 * @ops: how
 *
 * Context: boot, before units are found.
 */
void iop_ops_register(struct iop_ops *ops)
{
	list_add_tail(&ops->list, &iop_all_ops);
}

/**
 * iop_ops_of - how the unit of a device is kept on.
 * @dev: the device
 * @place: set to where it is
 *
 * Context: any.
 * Return: its unit's operations, or NULL if it has none.
 */
const struct iop_ops *iop_ops_of(struct device *dev, struct iop_place *place)
{
	const struct iop_ops *ops;

	list_for_each_entry(ops, &iop_all_ops, list)
		if (ops->place(dev, place))
			return ops;
	return NULL;
}

/**
 * iommu_persist_register_user - iommufd is there.
 * @user: how to ask it; NULL if it is about to go
 *
 * Context: may sleep. No device is attached to a domain of iommufd while it goes.
 */
void iommu_persist_register_user(const struct iommu_persist_user *user)
{
	guard(mutex)(&iop_preserve_lock);
	iop_user = user;
}
EXPORT_SYMBOL_GPL(iommu_persist_register_user);

static struct iop_preserved *iop_preserved_find(const struct device *dev)
{
	struct iop_preserved *p;

	list_for_each_entry(p, &iop_preserved, list)
		if (p->dev == dev)
			return p;
	return NULL;
}

static int iop_reserve_records(const struct iop_ops *ops, unsigned int nr_claims)
{
	unsigned int nr = 2 * ops->nr_units() + iop_lost_count() + 1 + nr_claims;
	const struct iop_preserved *p;

	list_for_each_entry(p, &iop_preserved, list)
		nr += 1 + (p->tag ? p->tag->nr_claims : 0);
	return iop_book_reserve(nr);
}

static struct iop_preserved *iop_preserved_create(const struct iop_ops *ops,
						  struct device *dev,
						  const struct iop_place *place,
						  struct iop_tag *tag)
{
	struct iop_preserved *p = ops->preserve(dev, tag);

	if (IS_ERR(p))
		return p;
	p->dev = dev;
	p->ops = ops;
	p->place = *place;
	p->tag = tag;
	list_add_tail(&p->list, &iop_preserved);
	return p;
}

/* Pages of a book that nothing is to be written into */
static void iop_preserve_trim(void)
{
	if (list_empty(&iop_preserved) && !iop_lost_count())
		iop_book_free();
	iop_trim();
}

static void iop_preserved_destroy(struct iop_preserved *p)
{
	struct iop_tag *tag = p->tag;

	list_del(&p->list);
	p->ops->unpreserve(p);
	if (tag)
		iop_tag_unpreserve(tag);
	iop_preserve_trim();
}

static const struct iop_ops *iop_check_device(struct device *dev, struct iop_place *place)
{
	const struct iop_ops *ops = iop_ops_of(dev, place);
	int err;

	if (!ops) {
		/* There is always one maker at least */
		ops = list_first_entry(&iop_all_ops, struct iop_ops, list);
		dev_err(dev, "can't go on over a kexec: it is not behind %s\n", ops->name);
		return ERR_PTR(-EOPNOTSUPP);
	}
	if (iommu_group_has_pasids(dev) || iop_pretended("pasids")) {
		dev_err(dev, "can't go on over a kexec: it has PASIDs attached\n");
		return ERR_PTR(-EOPNOTSUPP);
	}
	err = ops->check(dev);
	return err ? ERR_PTR(err) : ops;
}

static int iop_preserve_attached(const struct iop_ops *ops, struct device *dev,
				 const struct iop_place *place)
{
	u64 *claims __free(kfree) = NULL;
	struct iommu_domain *domain;
	struct iop_preserved *p;
	struct iop_tag *tag;
	unsigned int nr;
	int err;

	domain = ops->domain(dev, &tag);
	if (IS_ERR(domain))
		return PTR_ERR(domain);
	if (!iop_user)
		return -EINVAL;
	err = iop_user->claims(domain, &claims, &nr);
	if (err)
		return err;
	err = iop_reserve_records(ops, nr);
	if (err)
		return err;
	err = iop_tag_preserve(tag, claims, nr);
	if (err)
		return err;
	p = iop_preserved_create(ops, dev, place, tag);
	if (IS_ERR(p))
		iop_tag_unpreserve(tag);
	return PTR_ERR_OR_ZERO(p);
}

/**
 * iommu_persist_preserve - a device is to go on over the next kexec.
 * @dev: the device, attached to a domain of iommufd
 *
 * All that can fail is done now. From now on until iommu_persist_unpreserve() or
 * the kexec the caller keeps the device attached to the domain, and what the
 * domain maps as it is.
 *
 * Context: may sleep; the device is not attached or detached meanwhile.
 * Return: 0; -EBUSY if it is preserved; -EOPNOTSUPP if its IOMMU, its place behind
 * that, or what it is attached with does not allow it; -EINVAL if it is not attached to
 * a domain of iommufd, or that maps anything but extended memory; -ENOSPC if there is no
 * room in the pool for all of the tables; -ENOMEM.
 */
int iommu_persist_preserve(struct device *dev)
{
	const struct iop_ops *ops;
	struct iop_place place;
	int err;

	ops = iop_check_device(dev, &place);
	if (IS_ERR(ops))
		return PTR_ERR(ops);
	guard(mutex)(&iop_preserve_lock);
	if (iop_preserved_find(dev))
		return -EBUSY;
	err = iop_preserve_attached(ops, dev, &place);
	if (err == -ENOSPC)
		dev_err(dev, "can't go on over a kexec: no room for its page table in extended memory\n");
	if (err)
		iop_preserve_trim();
	return err;
}
EXPORT_SYMBOL_GPL(iommu_persist_preserve);

/**
 * iommu_persist_preserve_blocked - a device is to be blocked over the next kexec.
 * @dev: the device, whatever it is attached to
 *
 * It is one that has to go on bus mastering for another's sake. From the kexec until
 * iommu_persist_release(), in the next kernel, its own DMA reaches nothing, and it
 * belongs to no driver that uses the DMA API. Undone by iommu_persist_unpreserve().
 *
 * Context: may sleep.
 * Return: 0; -EBUSY if it is preserved; -EOPNOTSUPP if its IOMMU, or its place
 * behind that, does not allow it; -ENOSPC; -ENOMEM.
 */
int iommu_persist_preserve_blocked(struct device *dev)
{
	const struct iop_ops *ops;
	struct iop_place place;
	struct iop_preserved *p;
	int err;

	ops = iop_check_device(dev, &place);
	if (IS_ERR(ops))
		return PTR_ERR(ops);
	guard(mutex)(&iop_preserve_lock);
	if (iop_preserved_find(dev))
		return -EBUSY;
	err = iop_reserve_records(ops, 0);
	if (!err) {
		p = iop_preserved_create(ops, dev, &place, NULL);
		err = PTR_ERR_OR_ZERO(p);
	}
	if (err)
		iop_preserve_trim();
	return err;
}
EXPORT_SYMBOL_GPL(iommu_persist_preserve_blocked);

/**
 * iommu_persist_unpreserve - a device is not to go on after all.
 * @dev: the device, preserved by iommu_persist_preserve()
 *
 * Context: may sleep.
 */
void iommu_persist_unpreserve(struct device *dev)
{
	struct iop_preserved *p;

	guard(mutex)(&iop_preserve_lock);
	p = iop_preserved_find(dev);
	if (p)
		iop_preserved_destroy(p);
}
EXPORT_SYMBOL_GPL(iommu_persist_unpreserve);

/*
 * User space may still take a claim out of its session, or have it not persist. From
 * here on it can't; extmem seals its map after that.
 */
static int iop_reboot(struct notifier_block *nb, unsigned long action, void *data)
{
	struct iop_preserved *p;

	if (!kexec_in_progress)
		return NOTIFY_DONE;
	guard(mutex)(&iop_preserve_lock);
	list_for_each_entry(p, &iop_preserved, list)
		if (p->tag)
			iop_tag_promise(p->tag);
	iop_lost_promise();
	return NOTIFY_DONE;
}

static struct notifier_block iop_reboot_nb = {
	.notifier_call = iop_reboot,
};

static int __init iop_watch_reboot(void)
{
	return register_reboot_notifier(&iop_reboot_nb);
}
late_initcall(iop_watch_reboot);

/* Devices of one domain share its claims, which stand in the book once */
static bool iop_is_first_of_tag(const struct iop_preserved *one)
{
	const struct iop_preserved *p;

	list_for_each_entry(p, &iop_preserved, list)
		if (p->tag == one->tag)
			return p == one;
	return false;
}

static void iop_record_claims(void)
{
	const struct iop_tag_claim *c;
	struct iop_preserved *p;

	list_for_each_entry(p, &iop_preserved, list) {
		if (!p->tag || !iop_is_first_of_tag(p))
			continue;
		for (c = p->tag->claims; c < p->tag->claims + p->tag->nr_claims; c++) {
			union extmem_iommu_rec_ser rec = {};

			rec.claim.type = EXTMEM_IOMMU_REC_CLAIM;
			rec.claim.tag = p->tag->tag;
			rec.claim.flags = c->is_due ? EXTMEM_IOMMU_CLAIM_DUE : 0;
			rec.claim.id = extmem_claim_id(c->claim);
			iop_book_add(&rec);
		}
	}
}

static bool iop_frozen;

/**
 * iop_freeze_unit - leave a unit on for the next kernel.
 * @ops: its maker's
 * @unit: the unit
 *
 * As long as any device goes on, every unit that is on is left on: those that serve
 * none lead nowhere. So none is turned off under a device that has not heard yet that
 * it lost bus mastering.
 *
 * Context: kexec, nothing else runs.
 * Return: false if no device goes on, and the unit is to be turned off.
 */
bool iop_freeze_unit(const struct iop_ops *ops, struct iommu_device *unit)
{
	if (list_empty(&iop_preserved) && !iop_lost_count())
		return false;
	if (!iop_frozen) {
		iop_book_begin();
		iop_lost_record();
		iop_record_claims();
	}
	iop_frozen = true;
	ops->freeze_unit(unit);
	return true;
}

/**
 * iommu_persist_freeze_end - all units are frozen, or turned off.
 *
 * Context: kexec, nothing else runs.
 */
void iommu_persist_freeze_end(void)
{
	if (iop_frozen)
		iop_seal();
}
