// SPDX-License-Identifier: GPL-2.0
/*
 * The claim's word EXTMEM_DAX_FORM, which outlives a kexec: whether the device
 * has struct pages (extmem/memmap), and whether its bytes have to be cleared
 * before anybody sees them.
 *
 * A disabled device gets its struct pages when it is enabled. An enabled one is
 * unbound and bound again, if nobody uses it. Contents, size and identity stay.
 *
 * A device whose memory has been system RAM is dirty: it holds bytes of whoever
 * used it there. The first who opens the device clears them, so that nobody pays
 * for what nobody wants. There is no other way to the bytes.
 *
 * The form changes only while nobody has a reference on the claim; whoever changes
 * the dirty bit has one. So no two change the word at once.
 */
#include <linux/cleanup.h>
#include <linux/device.h>
#include <linux/kstrtox.h>
#include <linux/lockdep.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sysfs.h>

#include "extmem_dax.h"

static u64 extmem_dax_form_word(const struct extmem_claim *claim)
{
	return extmem_claim_data(claim, EXTMEM_DAX_FORM);
}

static int extmem_dax_set_form_word(struct extmem_claim *claim, u64 word)
{
	return extmem_claim_set_data(claim, EXTMEM_DAX_FORM, word);
}

static enum extmem_dax_form extmem_dax_form_of(const struct extmem_claim *claim)
{
	return extmem_dax_form_word(claim) & ~EXTMEM_DAX_DIRTY;
}

static bool extmem_dax_is_dirty(const struct extmem_claim *claim)
{
	return extmem_dax_form_word(claim) & EXTMEM_DAX_DIRTY;
}

static int extmem_dax_unset_dirty(struct extmem_claim *claim)
{
	return extmem_dax_set_form_word(claim, extmem_dax_form_of(claim));
}

/**
 * extmem_dax_set_dirty - record that others are about to write to the memory.
 * @ed: the device, which has a claim
 *
 * Context: the device's lock is held; may sleep.
 * Return: 0, or an error of extmem_claim_set_data(): nobody may write then.
 */
int extmem_dax_set_dirty(struct extmem_dax *ed)
{
	u64 word = extmem_dax_form_word(ed->claim);

	ed->was_dirty = word & EXTMEM_DAX_DIRTY;
	return extmem_dax_set_form_word(ed->claim, word | EXTMEM_DAX_DIRTY);
}

/**
 * extmem_dax_undo_dirty - record that they have not written to it after all.
 * @ed: the device, as extmem_dax_set_dirty() had it
 *
 * If the map is frozen, the next kernel takes the memory for written to.
 *
 * Context: the device's lock is held; may sleep.
 */
void extmem_dax_undo_dirty(struct extmem_dax *ed)
{
	if (!ed->was_dirty)
		extmem_dax_unset_dirty(ed->claim);
}

/**
 * extmem_dax_needs_clearing - whether a device's memory is dirty.
 * @ed: the device
 *
 * Context: any; takes &extmem_dax.lock.
 * Return: true if it is; false also if the device has none.
 */
bool extmem_dax_needs_clearing(struct extmem_dax *ed)
{
	guard(spinlock)(&ed->lock);
	return ed->claim && extmem_dax_is_dirty(ed->claim);
}

/**
 * extmem_dax_clear_claim - clear a device's memory, unless somebody else just did.
 * @ed: the device
 * @claim: its claim, on which the caller has a reference
 *
 * Context: no locks; sleeps for as long as clearing takes.
 * Return: 0 if the memory is clean, -EINTR if the process was killed while it
 * waited for others, or an error of extmem_claim_clear().
 */
int extmem_dax_clear_claim(struct extmem_dax *ed, struct extmem_claim *claim)
{
	int rc;

	/* Whoever comes second stops waiting when its process is killed */
	rc = mutex_lock_killable(&ed->clearing);
	if (rc)
		return rc;
	if (extmem_dax_is_dirty(claim)) {
		rc = extmem_claim_clear(claim);
		if (!rc)
			rc = extmem_dax_unset_dirty(claim);
	}
	mutex_unlock(&ed->clearing);
	return rc;
}

/**
 * extmem_dax_wants_pages - whether the driver is to make struct pages.
 * @claim: the device's claim
 *
 * Context: any.
 * Return: true if it is.
 */
bool extmem_dax_wants_pages(const struct extmem_claim *claim)
{
	return extmem_dax_form_of(claim) == EXTMEM_DAX_PAGES;
}

/* The device's lock keeps drivers away, dax_dev_rwsem the claim where it is. */
static int extmem_dax_change_form(struct extmem_dax *ed, enum extmem_dax_form form)
{
	u64 dirty;

	device_lock_assert(&ed->dev_dax->dev);
	lockdep_assert_held_write(&dax_dev_rwsem);
	if (!ed->claim)
		return -ENODATA;
	if (extmem_dax_form_of(ed->claim) == form)
		return 0;
	if (ed->dev_dax->dev.driver || extmem_claim_busy(ed->claim))
		return -EBUSY;
	/* Else the driver would refuse the device from now on */
	if (form == EXTMEM_DAX_PAGES && !extmem_dax_can_have_pages(ed))
		return -EOPNOTSUPP;
	dirty = extmem_dax_form_word(ed->claim) & EXTMEM_DAX_DIRTY;
	return extmem_dax_set_form_word(ed->claim, form | dirty);
}

/*
 * A driver that binds or unbinds has the device's lock for as long as struct pages
 * take: a signal ends the wait for it.
 */
static int extmem_dax_set_form(struct extmem_dax *ed, enum extmem_dax_form form)
{
	int rc;

	ACQUIRE(device_intr, lock)(&ed->dev_dax->dev);
	rc = ACQUIRE_ERR(device_intr, &lock);
	if (rc)
		return rc;
	ACQUIRE(rwsem_write_kill, rwsem)(&dax_dev_rwsem);
	rc = ACQUIRE_ERR(rwsem_write_kill, &rwsem);
	return rc ?: extmem_dax_change_form(ed, form);
}

/* What was changed is undone, signal or not: else the device could not be bound. */
static void extmem_dax_restore_form(struct extmem_dax *ed, enum extmem_dax_form form)
{
	guard(device)(&ed->dev_dax->dev);
	guard(rwsem_write)(&dax_dev_rwsem);
	extmem_dax_change_form(ed, form);
}

static int extmem_dax_get_form(struct extmem_dax *ed, enum extmem_dax_form *form)
{
	guard(rwsem_read)(&dax_dev_rwsem);
	if (!ed->claim)
		return -ENODATA;
	*form = extmem_dax_form_of(ed->claim);
	return 0;
}

/* If the new form can't be had the device stays as it was, and bound. */
static int extmem_dax_rebind(struct extmem_dax *ed, const struct device_driver *drv,
			     enum extmem_dax_form from, enum extmem_dax_form to)
{
	struct device *dev = &ed->dev_dax->dev;
	int rc = dax_unbind(dev, drv);

	if (rc)
		return rc;
	rc = extmem_dax_set_form(ed, to);
	if (!rc) {
		rc = device_driver_attach(drv, dev);
		if (!rc)
			return 0;
		extmem_dax_restore_form(ed, from);
	}
	if (device_driver_attach(drv, dev))
		dev_err(dev, "not enabled any more: %pe\n", ERR_PTR(rc));
	return rc;
}

/* The driver that is bound, which can't go until the caller puts its module. */
static const struct device_driver *extmem_dax_get_driver(struct device *dev)
{
	const struct device_driver *drv;
	int rc;

	ACQUIRE(device_intr, lock)(dev);
	rc = ACQUIRE_ERR(device_intr, &lock);
	if (rc)
		return ERR_PTR(rc);
	drv = dev->driver;
	if (drv && !try_module_get(drv->owner))
		return ERR_PTR(-EBUSY);
	return drv;
}

static int extmem_dax_convert(struct extmem_dax *ed, enum extmem_dax_form form)
{
	const struct device_driver *drv;
	enum extmem_dax_form from;
	int rc;

	rc = extmem_dax_get_form(ed, &from);
	if (rc || from == form)
		return rc;
	if (form == EXTMEM_DAX_PAGES && !IS_ENABLED(CONFIG_ZONE_DEVICE))
		return -EOPNOTSUPP;

	drv = extmem_dax_get_driver(&ed->dev_dax->dev);
	if (IS_ERR_OR_NULL(drv))
		return drv ? PTR_ERR(drv) : extmem_dax_set_form(ed, form);
	/* While it is system RAM kmem is bound */
	if (READ_ONCE(ed->ram))
		rc = -EBUSY;
	else
		rc = extmem_dax_rebind(ed, drv, from, form);
	module_put(drv->owner);
	return rc;
}

static ssize_t memmap_show(struct device *dev, struct device_attribute *attr,
			   char *buf)
{
	enum extmem_dax_form form;

	if (extmem_dax_get_form(to_extmem_dax(to_dev_dax(dev)), &form))
		return 0;
	return sysfs_emit(buf, "%d\n", form == EXTMEM_DAX_PAGES);
}

static ssize_t memmap_store(struct device *dev, struct device_attribute *attr,
			    const char *buf, size_t count)
{
	bool pages;
	int rc = kstrtobool(buf, &pages);

	if (!rc)
		rc = extmem_dax_convert(to_extmem_dax(to_dev_dax(dev)),
					pages ? EXTMEM_DAX_PAGES : EXTMEM_DAX_PFNS);
	return rc ?: count;
}

struct device_attribute extmem_dax_memmap_attr = __ATTR_RW(memmap);
