// SPDX-License-Identifier: GPL-2.0
/*
 * What a PCI device has to do with live updates, for who wonders why no driver takes
 * it, or whether the next kernel has to know of it. See
 * Documentation/ABI/testing/sysfs-bus-pci-live-update.
 */
#include <linux/device.h>
#include <linux/sysfs.h>

#include "pci.h"
#include "live_update.h"

static ssize_t live_update_show(struct device *dev, struct device_attribute *attr,
				char *buf)
{
	/* by what they have been called from the first on */
	static const char *const names[PCI_LIVE_STATES] = {
		[PCI_LIVE_NONE] = "none",
		[PCI_LIVE_SESSION] = "session",
		[PCI_LIVE_FROZEN] = "session",
		[PCI_LIVE_INCOMING] = "limbo",
		[PCI_LIVE_CLAIMED] = "claimed",
		[PCI_LIVE_OPEN] = "open",
		[PCI_LIVE_CLOSED] = "open",
	};
	struct pci_dev *pdev = to_pci_dev(dev);

	return sysfs_emit(buf, "%s\n", pci_live_is_kept(pdev) ? "session" :
			  names[pci_live_state(pdev)]);
}
static DEVICE_ATTR_RO(live_update);

static struct attribute *attrs[] = {
	&dev_attr_live_update.attr,
	NULL,
};

/* Bridges only follow what is below them. */
static umode_t is_visible(struct kobject *kobj, struct attribute *attr, int n)
{
	return pci_is_bridge(to_pci_dev(kobj_to_dev(kobj))) ? 0 : attr->mode;
}

const struct attribute_group pci_live_update_attr_group = {
	.attrs = attrs,
	.is_visible = is_visible,
};
