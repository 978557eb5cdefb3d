// SPDX-License-Identifier: GPL-2.0
/* /sys/bus/dax/devices/daxN.M/extmem/: the claim behind a device. */
#include <linux/device.h>
#include <linux/sysfs.h>

#include "extmem_dax.h"

static ssize_t uuid_show(struct device *dev, struct device_attribute *attr,
			 char *buf)
{
	struct extmem_dax *ed = to_extmem_dax(to_dev_dax(dev));
	uuid_t uuid = {};

	spin_lock(&ed->lock);
	if (ed->claim)
		uuid = *extmem_claim_uuid(ed->claim);
	spin_unlock(&ed->lock);

	/* a device of size 0 has none */
	return uuid_is_null(&uuid) ? 0 : sysfs_emit(buf, "%pUb\n", &uuid);
}
static DEVICE_ATTR_RO(uuid);

static ssize_t extents_show(struct device *dev, struct device_attribute *attr,
			    char *buf)
{
	struct extmem_dax *ed = to_extmem_dax(to_dev_dax(dev));
	unsigned int extents = 0;

	spin_lock(&ed->lock);
	if (ed->claim)
		extents = extmem_claim_nr_extents(ed->claim);
	spin_unlock(&ed->lock);

	return sysfs_emit(buf, "%u\n", extents);
}
static DEVICE_ATTR_RO(extents);

static struct attribute *extmem_dax_attributes[] = {
	&dev_attr_uuid.attr,
	&dev_attr_extents.attr,
	NULL,
};

const struct attribute_group extmem_dax_attribute_group = {
	.name = "extmem",
	.attrs = extmem_dax_attributes,
};
