// SPDX-License-Identifier: GPL-2.0
/*
 * Which hand-over maps this kernel can read, written where it can be found in
 * its image before it runs: see include/linux/kho/abi/extmem_image.h. And which
 * features the map in use has, for comparison.
 */
#include <linux/kexec_handover.h>
#include <linux/kho/abi/extmem_image.h>
#include <linux/kho/abi/kexec_handover.h>
#include <linux/kobject.h>
#include <linux/sysfs.h>

#include "internal.h"

static_assert(sizeof(EXTMEM_IMAGE_MAGIC) == 16);
static_assert(sizeof(KHO_FDT_COMPATIBLE) <= sizeof_field(struct extmem_image_ser, handover));

/* Nothing refers to it: it is there to be looked at from outside. */
static const struct extmem_image_ser extmem_image __used __aligned(8) = {
	.magic = EXTMEM_IMAGE_MAGIC,
	.size = sizeof(extmem_image),
	.compatible = EXTMEM_COMPATIBLE,
	.handover = KHO_FDT_COMPATIBLE,
	.compat = EXTMEM_COMPAT_KNOWN,
	.ro_compat = EXTMEM_RO_COMPAT_KNOWN,
	.incompat = EXTMEM_INCOMPAT_KNOWN,
	.check = EXTMEM_IMAGE_CHECK ^ EXTMEM_COMPAT_KNOWN ^
		 EXTMEM_RO_COMPAT_KNOWN ^ EXTMEM_INCOMPAT_KNOWN,
};

static ssize_t compatible_show(struct kobject *kobj, struct kobj_attribute *attr,
			       char *buf)
{
	return sysfs_emit(buf, "%.16s\n", extmem_map.ser->compatible);
}

static ssize_t compat_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%#llx\n", extmem_map.ser->compat);
}

static ssize_t ro_compat_show(struct kobject *kobj, struct kobj_attribute *attr,
			      char *buf)
{
	return sysfs_emit(buf, "%#llx\n", extmem_map.ser->ro_compat);
}

static ssize_t incompat_show(struct kobject *kobj, struct kobj_attribute *attr,
			     char *buf)
{
	return sysfs_emit(buf, "%#llx\n", extmem_map.ser->incompat);
}

static ssize_t handover_show(struct kobject *kobj, struct kobj_attribute *attr,
			     char *buf)
{
	return sysfs_emit(buf, "%s\n", kho_is_enabled() ? KHO_FDT_COMPATIBLE : "off");
}

static struct kobj_attribute compatible_attr = __ATTR_RO(compatible);
static struct kobj_attribute compat_attr = __ATTR_RO(compat);
static struct kobj_attribute ro_compat_attr = __ATTR_RO(ro_compat);
static struct kobj_attribute incompat_attr = __ATTR_RO(incompat);
static struct kobj_attribute handover_attr = __ATTR_RO(handover);

const struct attribute * const extmem_feature_attrs[] = {
	&compatible_attr.attr,
	&compat_attr.attr,
	&ro_compat_attr.attr,
	&incompat_attr.attr,
	&handover_attr.attr,
	NULL,
};
