// SPDX-License-Identifier: GPL-2.0
/*
 * extmem/memmap: whether a device has struct pages. A device that is disabled
 * gets them when it is enabled; one that is not is unbound and bound again, if
 * nobody uses it. Contents, size and identity stay, and the claim remembers the
 * form over a kexec.
 */
#include <linux/device.h>
#include <linux/kstrtox.h>
#include <linux/module.h>
#include <linux/sysfs.h>

#include "extmem_dax.h"

static enum extmem_dax_form get_form(const struct extmem_claim *claim)
{
	return extmem_claim_data(claim, EXTMEM_DAX_FORM) & ~EXTMEM_DAX_DIRTY;
}

/* What the driver is to make of the device. */
bool extmem_dax_wants_pages(const struct extmem_claim *claim)
{
	return get_form(claim) == EXTMEM_DAX_PAGES;
}

/* The device lock keeps drivers away, dax_dev_rwsem the claim where it is. */
static int set_form(struct dev_dax *dev_dax, enum extmem_dax_form form)
{
	struct extmem_dax *ed = to_extmem_dax(dev_dax);
	u64 word;

	guard(device)(&dev_dax->dev);
	guard(rwsem_write)(&dax_dev_rwsem);
	if (!ed->claim)
		return -ENODATA;
	if (get_form(ed->claim) == form)
		return 0;
	if (dev_dax->dev.driver || extmem_claim_busy(ed->claim))
		return -EBUSY;
	word = extmem_claim_data(ed->claim, EXTMEM_DAX_FORM) & EXTMEM_DAX_DIRTY;
	return extmem_claim_set_data(ed->claim, EXTMEM_DAX_FORM, word | form);
}

/* What can't be had leaves the device as it was, and bound. */
static int rebind(struct dev_dax *dev_dax, const struct device_driver *drv,
		  enum extmem_dax_form from, enum extmem_dax_form to)
{
	struct device *dev = &dev_dax->dev;
	int rc = dax_unbind(dev, drv);

	if (rc)
		return rc;
	rc = set_form(dev_dax, to);
	if (!rc) {
		rc = device_driver_attach(drv, dev);
		if (!rc)
			return 0;
		set_form(dev_dax, from);
	}
	if (device_driver_attach(drv, dev))
		dev_err(dev, "not enabled any more: %pe\n", ERR_PTR(rc));
	return rc;
}

/* The driver that is bound, which the caller puts: so it can't go. */
static const struct device_driver *get_driver(struct device *dev)
{
	const struct device_driver *drv;

	guard(device)(dev);
	drv = dev->driver;
	if (drv && !try_module_get(drv->owner))
		return ERR_PTR(-EBUSY);
	return drv;
}

static int current_form(struct dev_dax *dev_dax, enum extmem_dax_form *form)
{
	struct extmem_dax *ed = to_extmem_dax(dev_dax);

	guard(rwsem_read)(&dax_dev_rwsem);
	if (!ed->claim)
		return -ENODATA;
	*form = get_form(ed->claim);
	return 0;
}

static int convert(struct dev_dax *dev_dax, enum extmem_dax_form form)
{
	const struct device_driver *drv;
	enum extmem_dax_form from;
	int rc;

	rc = current_form(dev_dax, &from);
	if (rc || from == form)
		return rc;
	if (form == EXTMEM_DAX_PAGES && !IS_ENABLED(CONFIG_ZONE_DEVICE))
		return -EOPNOTSUPP;

	drv = get_driver(&dev_dax->dev);
	if (IS_ERR_OR_NULL(drv))
		return drv ? PTR_ERR(drv) : set_form(dev_dax, form);
	/* While it is system RAM kmem is bound */
	if (READ_ONCE(to_extmem_dax(dev_dax)->ram))
		rc = -EBUSY;
	else
		rc = rebind(dev_dax, drv, from, form);
	module_put(drv->owner);
	return rc;
}

static ssize_t memmap_show(struct device *dev, struct device_attribute *attr,
			   char *buf)
{
	enum extmem_dax_form form;

	if (current_form(to_dev_dax(dev), &form))
		return 0;
	return sysfs_emit(buf, "%d\n", form == EXTMEM_DAX_PAGES);
}

static ssize_t memmap_store(struct device *dev, struct device_attribute *attr,
			    const char *buf, size_t count)
{
	bool pages;
	int rc = kstrtobool(buf, &pages);

	if (!rc)
		rc = convert(to_dev_dax(dev),
			     pages ? EXTMEM_DAX_PAGES : EXTMEM_DAX_PFNS);
	return rc ?: count;
}

struct device_attribute extmem_dax_memmap_attr = __ATTR_RW(memmap);
