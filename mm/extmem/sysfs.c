// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/kernel/mm/extmem/nodeN: a pool as the administrator sees it, one value
 * a file. Documented in Documentation/ABI/testing/sysfs-kernel-mm-extmem.
 */
#include <linux/kobject.h>
#include <linux/slab.h>
#include <linux/sysfs.h>

#include "internal.h"

static struct kobject *extmem_kobj;

static struct extmem_pool *to_pool(struct kobject *kobj)
{
	return container_of(kobj, struct extmem_pool, kobj);
}

static u64 granules(unsigned long nr)
{
	return (u64)nr << EXTMEM_GRANULE_SHIFT;
}

static ssize_t total_bytes_show(struct kobject *kobj, struct kobj_attribute *attr,
				char *buf)
{
	struct extmem_pool *pool = to_pool(kobj);

	return sysfs_emit(buf, "%llu\n", granules(pool->nr_granules) + pool->held);
}

static ssize_t free_bytes_show(struct kobject *kobj, struct kobj_attribute *attr,
			       char *buf)
{
	struct extmem_pool *pool = to_pool(kobj);

	guard(mutex)(&pool->map->lock);
	return sysfs_emit(buf, "%llu\n", pool->nr_granules ?
			  granules(pool->space.nr_free) : 0);
}

static ssize_t largest_free_bytes_show(struct kobject *kobj,
				       struct kobj_attribute *attr, char *buf)
{
	struct extmem_pool *pool = to_pool(kobj);

	guard(mutex)(&pool->map->lock);
	return sysfs_emit(buf, "%llu\n", pool->nr_granules ?
			  granules(extmem_space_largest(&pool->space)) : 0);
}

static ssize_t claims_show(struct kobject *kobj, struct kobj_attribute *attr,
			   char *buf)
{
	struct extmem_pool *pool = to_pool(kobj);

	guard(mutex)(&pool->map->lock);
	return sysfs_emit(buf, "%u\n", pool->nr_claims);
}

static ssize_t dirty_bytes_show(struct kobject *kobj, struct kobj_attribute *attr,
				char *buf)
{
	struct extmem_pool *pool = to_pool(kobj);

	guard(mutex)(&pool->map->lock);
	return sysfs_emit(buf, "%llu\n", pool->nr_granules ?
			  granules(extmem_dirty_count(&pool->space)) : 0);
}

static ssize_t scrubbed_bytes_show(struct kobject *kobj,
				   struct kobj_attribute *attr, char *buf)
{
	struct extmem_pool *pool = to_pool(kobj);

	guard(mutex)(&pool->map->lock);
	return sysfs_emit(buf, "%llu\n", pool->scrub.cleared);
}

static ssize_t quarantined_bytes_show(struct kobject *kobj,
				      struct kobj_attribute *attr, char *buf)
{
	struct extmem_pool *pool = to_pool(kobj);

	guard(mutex)(&pool->map->lock);
	return sysfs_emit(buf, "%llu\n", granules(pool->nr_quarantined) + pool->held);
}

/* A line for each extent; false when the room has ended */
static bool emit_claim(const struct extmem_claim *claim, char *buf, int *len)
{
	const char *why = extmem_reason_text(extmem_claim_data(claim, 0));
	struct range extent;
	unsigned int i;

	for (i = 0; i < claim->runs.nr; i++) {
		extent = extmem_claim_extent(claim, i);
		if (!extmem_emit(buf, len, "%#llx-%#llx: %s\n", extent.start,
				 extent.end, why))
			return false;
	}
	return true;
}

static ssize_t quarantine_reasons_show(struct kobject *kobj,
				       struct kobj_attribute *attr, char *buf)
{
	struct extmem_pool *pool = to_pool(kobj);
	struct extmem_claim *claim;
	unsigned int i;
	int len = 0;

	guard(mutex)(&pool->map->lock);
	for (i = 0; i < pool->nr_notes; i++)
		if (!extmem_emit(buf, &len, "%s\n", extmem_note_text(pool, i)))
			return len;
	list_for_each_entry(claim, &pool->claims, list)
		if (extmem_claim_ser(claim)->kind == EXTMEM_KIND_QUARANTINE &&
		    !emit_claim(claim, buf, &len))
			break;
	return len;
}

static ssize_t poisoned_bytes_show(struct kobject *kobj, struct kobj_attribute *attr,
				   char *buf)
{
	struct extmem_pool *pool = to_pool(kobj);

	guard(mutex)(&pool->map->lock);
	return sysfs_emit(buf, "%llu\n",
			  (u64)pool->nr_poisoned << EXTMEM_SER_PAGE_SHIFT);
}

static ssize_t poison_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	struct extmem_pool *pool = to_pool(kobj);

	guard(mutex)(&pool->map->lock);
	return extmem_poison_emit(pool, buf);
}

static struct kobj_attribute total_bytes_attr = __ATTR_RO(total_bytes);
static struct kobj_attribute free_bytes_attr = __ATTR_RO(free_bytes);
static struct kobj_attribute largest_free_bytes_attr = __ATTR_RO(largest_free_bytes);
static struct kobj_attribute claims_attr = __ATTR_RO(claims);
static struct kobj_attribute dirty_bytes_attr = __ATTR_RO(dirty_bytes);
static struct kobj_attribute scrubbed_bytes_attr = __ATTR_RO(scrubbed_bytes);
static struct kobj_attribute quarantined_bytes_attr = __ATTR_RO(quarantined_bytes);
static struct kobj_attribute quarantine_reasons_attr = __ATTR_RO_MODE(quarantine_reasons, 0400);
static struct kobj_attribute poisoned_bytes_attr = __ATTR_RO(poisoned_bytes);
static struct kobj_attribute poison_attr = __ATTR_RO_MODE(poison, 0400);

static struct attribute *pool_attrs[] = {
	&total_bytes_attr.attr,
	&free_bytes_attr.attr,
	&largest_free_bytes_attr.attr,
	&claims_attr.attr,
	&dirty_bytes_attr.attr,
	&scrubbed_bytes_attr.attr,
	&quarantined_bytes_attr.attr,
	&quarantine_reasons_attr.attr,
	&poisoned_bytes_attr.attr,
	&poison_attr.attr,
	NULL,
};
ATTRIBUTE_GROUPS(pool);

static void pool_release(struct kobject *kobj)
{
	kfree(to_pool(kobj));
}

static const struct kobj_type pool_ktype = {
	.sysfs_ops = &kobj_sysfs_ops,
	.release = pool_release,
	.default_groups = pool_groups,
};

static ssize_t map_bytes_show(struct kobject *kobj, struct kobj_attribute *attr,
			      char *buf)
{
	guard(mutex)(&extmem_map.lock);
	return sysfs_emit(buf, "%zu\n", extmem_map_bytes(&extmem_map));
}

static ssize_t generation_show(struct kobject *kobj, struct kobj_attribute *attr,
			       char *buf)
{
	return sysfs_emit(buf, "%llu\n", extmem_map.ser->generation);
}

static struct kobj_attribute map_bytes_attr = __ATTR_RO(map_bytes);
static struct kobj_attribute generation_attr = __ATTR_RO(generation);

static const struct attribute * const extmem_attrs[] = {
	&map_bytes_attr.attr,
	&generation_attr.attr,
	NULL,
};

static int sysfs_root(void)
{
	if (extmem_kobj)
		return 0;
	extmem_kobj = kobject_create_and_add("extmem", mm_kobj);
	if (!extmem_kobj)
		return -ENOMEM;
	return sysfs_create_files(extmem_kobj, extmem_attrs) ?:
	       sysfs_create_files(extmem_kobj, extmem_feature_attrs);
}

/**
 * extmem_sysfs_add - show a pool in sysfs.
 * @pool: the pool, which is never freed afterwards
 *
 * Return: 0 or an error.
 */
int extmem_sysfs_add(struct extmem_pool *pool)
{
	int err = sysfs_root();

	if (err)
		return err;
	return kobject_init_and_add(&pool->kobj, &pool_ktype, extmem_kobj,
				    "node%d", pool->nid);
}
