// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/kernel/mm/extmem/nodeN: a pool as the administrator sees it, one value
 * or one list a file; and beside it what this kernel and the map in use know of each other.
 * Documented in Documentation/ABI/testing/sysfs-kernel-mm-extmem.
 */
#include <linux/bitmap.h>
#include <linux/kexec_handover.h>
#include <linux/kho/abi/extmem_image.h>
#include <linux/kho/abi/kexec_handover.h>
#include <linux/kobject.h>
#include <linux/slab.h>
#include <linux/sysfs.h>

#include "api.h"

/*
 * Which hand-over maps this kernel can read, written where it can be found in its
 * image before it runs: see include/linux/kho/abi/extmem_image.h.
 */
static_assert(sizeof(EXTMEM_IMAGE_MAGIC) == 16);
static_assert(sizeof(KHO_FDT_COMPATIBLE) <=
	      sizeof_field(struct extmem_image_ser, handover));

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

static struct kobject *extmem_kobj;

/**
 * struct extmem_list - the part of a list that somebody reads.
 * @buf: where it goes
 * @room: bytes left there
 * @len: bytes there so far
 * @skip: bytes of the list that come before the part
 *
 * A list may be longer than a page, so it is a binary attribute: each read walks
 * the list from its beginning and leaves out what was read before. A list that
 * changes between two reads may be read wrong at the place where they meet.
 */
struct extmem_list {
	char *buf;
	size_t room;
	size_t len;
	loff_t skip;
};

/**
 * extmem_list_add - add a line to a list.
 * @list: the list
 * @fmt: the line, with its newline; cut off after 255 bytes
 *
 * Return: true if there is room for more.
 */
static __printf(2, 3) bool extmem_list_add(struct extmem_list *list, const char *fmt, ...)
{
	char line[256];
	va_list args;
	size_t n;

	va_start(args, fmt);
	n = vscnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	if (n == sizeof(line) - 1)
		line[n - 1] = '\n';
	if (list->skip >= n) {
		list->skip -= n;
		return true;
	}
	n = min(n - (size_t)list->skip, list->room);
	memcpy(list->buf + list->len, line + list->skip, n);
	list->skip = 0;
	list->room -= n;
	list->len += n;
	return list->room;
}

/* A line for each bad, or retired, page of a granule; false when the room has ended */
static bool extmem_list_granule(struct extmem_list *list, const unsigned long *pages,
				u64 granule)
{
	unsigned int page;
	u64 offset;

	for_each_set_bit(page, pages, EXTMEM_POISON_PAGES) {
		offset = (u64)page << EXTMEM_SER_PAGE_SHIFT;
		if (!extmem_list_add(list, "%#llx: granule %#llx offset %#llx\n",
				     granule + offset, granule, offset))
			return false;
	}
	return true;
}

/**
 * extmem_poison_list - list a pool's bad, or retired, pages by ascending address.
 * @pool: the pool, its map locked
 * @retired: list those that are retired
 * @buf: where to put some of the list
 * @off: where in the list that begins, in bytes
 * @size: how many bytes
 *
 * Return: how many there are, 0 at the end of the list.
 */
ssize_t extmem_poison_list(const struct extmem_pool *pool, bool retired, char *buf,
			   loff_t off, size_t size)
{
	struct extmem_list list = { .buf = buf, .room = size, .skip = off };
	struct extmem_poison *poison;
	unsigned long index;

	xa_for_each(&pool->map->poison, index, poison)
		if (poison->pool == pool &&
		    !extmem_list_granule(&list, retired ? poison->retired : poison->bad,
					 (u64)index << EXTMEM_GRANULE_SHIFT))
			break;
	return list.len;
}

static struct extmem_pool *extmem_sysfs_pool(struct kobject *kobj)
{
	return container_of(kobj, struct extmem_pool, kobj);
}

static u64 extmem_sysfs_bytes(unsigned long nr)
{
	return (u64)nr << EXTMEM_GRANULE_SHIFT;
}

static ssize_t total_bytes_show(struct kobject *kobj, struct kobj_attribute *attr,
				char *buf)
{
	struct extmem_pool *pool = extmem_sysfs_pool(kobj);

	return sysfs_emit(buf, "%llu\n",
			  extmem_sysfs_bytes(pool->nr_granules) + pool->stray);
}

static ssize_t free_bytes_show(struct kobject *kobj, struct kobj_attribute *attr,
			       char *buf)
{
	struct extmem_pool *pool = extmem_sysfs_pool(kobj);

	guard(mutex)(&pool->map->lock);
	return sysfs_emit(buf, "%llu\n", pool->nr_granules ?
			  extmem_sysfs_bytes(pool->space.nr_free) : 0);
}

static ssize_t largest_free_bytes_show(struct kobject *kobj,
				       struct kobj_attribute *attr, char *buf)
{
	struct extmem_pool *pool = extmem_sysfs_pool(kobj);

	guard(mutex)(&pool->map->lock);
	return sysfs_emit(buf, "%llu\n", pool->nr_granules ?
			  extmem_sysfs_bytes(extmem_space_largest(&pool->space)) : 0);
}

static ssize_t claims_show(struct kobject *kobj, struct kobj_attribute *attr,
			   char *buf)
{
	struct extmem_pool *pool = extmem_sysfs_pool(kobj);

	guard(mutex)(&pool->map->lock);
	return sysfs_emit(buf, "%u\n", pool->nr_claims);
}

/* Claims that are neither devices nor in quarantine; the map is locked */
static unsigned int extmem_sysfs_others(const struct extmem_pool *pool, u64 *bytes)
{
	const struct extmem_claim *claim;
	unsigned int nr = 0;

	*bytes = 0;
	list_for_each_entry(claim, &pool->others, other) {
		*bytes += extmem_claim_size(claim);
		nr++;
	}
	return nr;
}

static ssize_t other_claims_show(struct kobject *kobj, struct kobj_attribute *attr,
				 char *buf)
{
	struct extmem_pool *pool = extmem_sysfs_pool(kobj);
	u64 bytes;

	guard(mutex)(&pool->map->lock);
	return sysfs_emit(buf, "%u\n", extmem_sysfs_others(pool, &bytes));
}

static ssize_t other_bytes_show(struct kobject *kobj, struct kobj_attribute *attr,
				char *buf)
{
	struct extmem_pool *pool = extmem_sysfs_pool(kobj);
	u64 bytes;

	guard(mutex)(&pool->map->lock);
	extmem_sysfs_others(pool, &bytes);
	return sysfs_emit(buf, "%llu\n", bytes);
}

static ssize_t dirty_bytes_show(struct kobject *kobj, struct kobj_attribute *attr,
				char *buf)
{
	struct extmem_pool *pool = extmem_sysfs_pool(kobj);

	guard(mutex)(&pool->map->lock);
	return sysfs_emit(buf, "%llu\n", pool->nr_granules ?
			  extmem_sysfs_bytes(extmem_dirty_count(&pool->space)) : 0);
}

static ssize_t scrubbed_bytes_show(struct kobject *kobj,
				   struct kobj_attribute *attr, char *buf)
{
	struct extmem_pool *pool = extmem_sysfs_pool(kobj);

	guard(mutex)(&pool->map->lock);
	return sysfs_emit(buf, "%llu\n", pool->scrub.cleared);
}

static ssize_t quarantined_bytes_show(struct kobject *kobj,
				      struct kobj_attribute *attr, char *buf)
{
	struct extmem_pool *pool = extmem_sysfs_pool(kobj);

	guard(mutex)(&pool->map->lock);
	return sysfs_emit(buf, "%llu\n",
			  extmem_sysfs_bytes(pool->nr_quarantined) + pool->stray);
}

/* A line for each extent; false when the room has ended */
static bool extmem_list_claim(struct extmem_list *list, const struct extmem_claim *claim)
{
	const char *why = extmem_reason_text(extmem_claim_data(claim, 0));
	struct range extent;
	unsigned int i;

	for (i = 0; i < claim->runs.nr; i++) {
		extent = extmem_claim_extent(claim, i);
		if (!extmem_list_add(list, "%#llx-%#llx: %s\n", extent.start,
				     extent.end, why))
			return false;
	}
	return true;
}

static ssize_t quarantine_reasons_read(struct file *file, struct kobject *kobj,
				       const struct bin_attribute *attr, char *buf,
				       loff_t off, size_t size)
{
	struct extmem_list list = { .buf = buf, .room = size, .skip = off };
	struct extmem_pool *pool = extmem_sysfs_pool(kobj);
	struct extmem_claim *claim;
	unsigned int i;

	guard(mutex)(&pool->map->lock);
	for (i = 0; i < pool->nr_notes; i++)
		if (!extmem_list_add(&list, "%s\n", extmem_note_text(pool, i)))
			return list.len;
	list_for_each_entry(claim, &pool->claims, list)
		if (claim->rec.claim->kind == EXTMEM_KIND_QUARANTINE &&
		    !extmem_list_claim(&list, claim))
			break;
	return list.len;
}

static ssize_t poisoned_bytes_show(struct kobject *kobj, struct kobj_attribute *attr,
				   char *buf)
{
	struct extmem_pool *pool = extmem_sysfs_pool(kobj);

	guard(mutex)(&pool->map->lock);
	return sysfs_emit(buf, "%llu\n",
			  (u64)pool->nr_poisoned << EXTMEM_SER_PAGE_SHIFT);
}

static ssize_t retired_bytes_show(struct kobject *kobj, struct kobj_attribute *attr,
				  char *buf)
{
	struct extmem_pool *pool = extmem_sysfs_pool(kobj);

	guard(mutex)(&pool->map->lock);
	return sysfs_emit(buf, "%llu\n",
			  (u64)pool->nr_retired << EXTMEM_SER_PAGE_SHIFT);
}

static ssize_t poison_read(struct file *file, struct kobject *kobj,
			   const struct bin_attribute *attr, char *buf, loff_t off,
			   size_t size)
{
	struct extmem_pool *pool = extmem_sysfs_pool(kobj);

	guard(mutex)(&pool->map->lock);
	return extmem_poison_list(pool, false, buf, off, size);
}

static ssize_t retired_read(struct file *file, struct kobject *kobj,
			    const struct bin_attribute *attr, char *buf, loff_t off,
			    size_t size)
{
	struct extmem_pool *pool = extmem_sysfs_pool(kobj);

	guard(mutex)(&pool->map->lock);
	return extmem_poison_list(pool, true, buf, off, size);
}

static struct kobj_attribute total_bytes_attr = __ATTR_RO(total_bytes);
static struct kobj_attribute free_bytes_attr = __ATTR_RO(free_bytes);
static struct kobj_attribute largest_free_bytes_attr = __ATTR_RO(largest_free_bytes);
static struct kobj_attribute claims_attr = __ATTR_RO(claims);
static struct kobj_attribute other_claims_attr = __ATTR_RO(other_claims);
static struct kobj_attribute other_bytes_attr = __ATTR_RO(other_bytes);
static struct kobj_attribute dirty_bytes_attr = __ATTR_RO(dirty_bytes);
static struct kobj_attribute scrubbed_bytes_attr = __ATTR_RO(scrubbed_bytes);
static struct kobj_attribute quarantined_bytes_attr = __ATTR_RO(quarantined_bytes);
static struct kobj_attribute poisoned_bytes_attr = __ATTR_RO(poisoned_bytes);
static struct kobj_attribute retired_bytes_attr = __ATTR_RO(retired_bytes);

static struct attribute *pool_attrs[] = {
	&total_bytes_attr.attr,
	&free_bytes_attr.attr,
	&largest_free_bytes_attr.attr,
	&claims_attr.attr,
	&other_claims_attr.attr,
	&other_bytes_attr.attr,
	&dirty_bytes_attr.attr,
	&scrubbed_bytes_attr.attr,
	&quarantined_bytes_attr.attr,
	&poisoned_bytes_attr.attr,
	&retired_bytes_attr.attr,
	NULL,
};

/* Lists; of no size that is known before they are read */
static const BIN_ATTR_ADMIN_RO(quarantine_reasons, 0);
static const BIN_ATTR_ADMIN_RO(poison, 0);
static const BIN_ATTR_ADMIN_RO(retired, 0);

static const struct bin_attribute * const pool_lists[] = {
	&bin_attr_quarantine_reasons,
	&bin_attr_poison,
	&bin_attr_retired,
	NULL,
};

static const struct attribute_group pool_group = {
	.attrs = pool_attrs,
	.bin_attrs = pool_lists,
};
__ATTRIBUTE_GROUPS(pool);

static void extmem_sysfs_release(struct kobject *kobj)
{
	kfree(extmem_sysfs_pool(kobj));
}

static const struct kobj_type pool_ktype = {
	.sysfs_ops = &kobj_sysfs_ops,
	.release = extmem_sysfs_release,
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
static struct kobj_attribute map_bytes_attr = __ATTR_RO(map_bytes);
static struct kobj_attribute generation_attr = __ATTR_RO(generation);

static const struct attribute * const extmem_attrs[] = {
	&map_bytes_attr.attr,
	&generation_attr.attr,
	&compatible_attr.attr,
	&compat_attr.attr,
	&ro_compat_attr.attr,
	&incompat_attr.attr,
	&handover_attr.attr,
	NULL,
};

static int extmem_sysfs_root(void)
{
	if (extmem_kobj)
		return 0;
	extmem_kobj = kobject_create_and_add("extmem", mm_kobj);
	if (!extmem_kobj)
		return -ENOMEM;
	return sysfs_create_files(extmem_kobj, extmem_attrs);
}

/**
 * extmem_sysfs_add - show a pool in sysfs.
 * @pool: the pool, which is never freed afterwards
 *
 * Return: 0 or an error.
 */
int extmem_sysfs_add(struct extmem_pool *pool)
{
	int err = extmem_sysfs_root();

	if (err)
		return err;
	return kobject_init_and_add(&pool->kobj, &pool_ktype, extmem_kobj,
				    "node%d", pool->nid);
}
