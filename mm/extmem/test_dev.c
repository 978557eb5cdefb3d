// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/extmem_test: raw claims for tests and fuzzers, for root alone. See
 * include/uapi/linux/extmem_test.h for what it does.
 *
 * Claims are of EXTMEM_KIND_TEST. The device keeps no list of them: they are looked
 * up in the pools, so those that were adopted are there like any others.
 */
#define pr_fmt(fmt) "extmem: " fmt

#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/init.h>
#include <linux/memory_hotplug.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/notifier.h>
#include <linux/pagemap.h>
#include <linux/pfn.h>
#include <linux/printk.h>
#include <linux/rwsem.h>
#include <linux/slab.h>
#include <linux/srcu.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include <uapi/linux/extmem_test.h>

#include "api.h"

static_assert(EXTMEM_TEST_WORDS == EXTMEM_CLAIM_DATA);
static_assert(sizeof_field(struct extmem_test_name, name) == EXTMEM_NAME_MAX + 1);
static_assert(EXTMEM_TEST_ANYWHERE == EXTMEM_ANYWHERE);

/*
 * Whoever makes a claim holds it for reading until its number is known. Whoever looks
 * for claims, changes or frees them holds it for writing.
 */
static DECLARE_RWSEM(extmem_test_lock);

/* Held by faults from looking for bad pages until the entry is there */
DEFINE_STATIC_SRCU(extmem_test_faults);

/* All open files, for memory errors */
static DEFINE_MUTEX(extmem_test_files_lock);
static LIST_HEAD(extmem_test_files);

/**
 * struct extmem_test_file - an open file.
 * @list: in extmem_test_files; extmem_test_files_lock guards it
 * @file: the file
 * @lock: guards @held
 * @held: the claim it has a reference on, or NULL
 */
struct extmem_test_file {
	struct list_head list;
	struct file *file;
	spinlock_t lock; /* @held */
	struct extmem_claim *held;
};

/* What an ioctl gets, and what it gives */
union extmem_test_arg {
	u64 id;
	u64 pa;
	struct extmem_test_make make;
	struct extmem_test_grow grow;
	struct extmem_test_cut cut;
	struct extmem_test_name name;
	struct extmem_test_set set;
	struct extmem_test_info info;
	struct extmem_test_extent extent;
	struct extmem_test_counters counters;
};

static struct extmem_pool *extmem_test_pool(u32 node)
{
	struct extmem_pool *pool = NULL;

	while ((pool = extmem_pool_next(pool)))
		if (extmem_pool_nid(pool) == node)
			return pool;
	return NULL;
}

/* The claim with the lowest id from @min on */
static struct extmem_claim *extmem_test_first(u64 min)
{
	struct extmem_claim *best = NULL, *claim;
	struct extmem_pool *pool = NULL;

	lockdep_assert_held_write(&extmem_test_lock);
	while ((pool = extmem_pool_next(pool))) {
		claim = NULL;
		while ((claim = extmem_claim_next(pool, claim, EXTMEM_KIND_TEST)))
			if (extmem_claim_id(claim) >= min &&
			    (!best || extmem_claim_id(claim) < extmem_claim_id(best)))
				best = claim;
	}
	return best;
}

static struct extmem_claim *extmem_test_find(u64 id)
{
	struct extmem_claim *claim = extmem_test_first(id);

	return claim && extmem_claim_id(claim) == id ? claim : NULL;
}

static int extmem_test_make(struct extmem_test_make *make)
{
	struct extmem_pool *pool = extmem_test_pool(make->node);
	struct extmem_claim_attr attr = {
		.kind = EXTMEM_KIND_TEST,
		.align = make->align,
		.owner.uid = GLOBAL_ROOT_UID,
		.owner.gid = GLOBAL_ROOT_GID,
		.owner.mode = 0600,
	};
	struct extmem_claim *claim;

	if (!pool)
		return -ENXIO;
	if (make->flags)
		return -EINVAL;
	memcpy(attr.data, make->word, sizeof(attr.data));
	ACQUIRE(rwsem_read_intr, lock)(&extmem_test_lock);
	if (ACQUIRE_ERR(rwsem_read_intr, &lock))
		return -EINTR;
	claim = extmem_claim_create(pool, &attr, make->start, make->size);
	if (IS_ERR(claim))
		return PTR_ERR(claim);
	make->id = extmem_claim_id(claim);
	return 0;
}

static int extmem_test_grow(struct extmem_claim *claim, union extmem_test_arg *arg)
{
	return extmem_claim_grow(claim, arg->grow.start, arg->grow.size, arg->grow.align);
}

static int extmem_test_shrink(struct extmem_claim *claim, union extmem_test_arg *arg)
{
	return extmem_claim_shrink(claim, arg->cut.size);
}

static int extmem_test_split(struct extmem_claim *claim, union extmem_test_arg *arg)
{
	struct extmem_claim *tail = extmem_claim_split(claim, arg->cut.size);

	if (IS_ERR(tail))
		return PTR_ERR(tail);
	arg->cut.tail = extmem_claim_id(tail);
	return 0;
}

static int extmem_test_free(struct extmem_claim *claim, union extmem_test_arg *arg)
{
	return extmem_claim_destroy(claim);
}

static int extmem_test_set_name(struct extmem_claim *claim, union extmem_test_arg *arg)
{
	if (strnlen(arg->name.name, EXTMEM_TEST_NAME) == EXTMEM_TEST_NAME)
		return -ENAMETOOLONG;
	return extmem_claim_set_name(claim, arg->name.name);
}

static int extmem_test_word(struct extmem_claim *claim, union extmem_test_arg *arg)
{
	if (arg->set.which >= EXTMEM_CLAIM_DATA)
		return -EINVAL;
	return extmem_claim_set_data(claim, arg->set.which, arg->set.value);
}

static int extmem_test_persist(struct extmem_claim *claim, union extmem_test_arg *arg)
{
	if (arg->set.which || arg->set.value > 1)
		return -EINVAL;
	return extmem_claim_set_persist(claim, arg->set.value);
}

static int extmem_test_preserve(struct extmem_claim *claim, union extmem_test_arg *arg)
{
	if (arg->set.which || arg->set.value > 1)
		return -EINVAL;
	if (arg->set.value)
		return extmem_claim_preserve(claim);
	if (extmem_claim_session(claim) != EXTMEM_SESSION_OUTGOING)
		return -EINVAL;
	extmem_claim_unpreserve(claim);
	return 0;
}

static int extmem_test_finish(struct extmem_claim *claim, union extmem_test_arg *arg)
{
	if (extmem_claim_session(claim) != EXTMEM_SESSION_INCOMING)
		return -EINVAL;
	extmem_claim_finish(arg->id);
	return 0;
}

static u32 extmem_test_flags(const struct extmem_claim *claim)
{
	enum extmem_session session = extmem_claim_session(claim);

	return (extmem_claim_persist(claim) ? EXTMEM_TEST_PERSISTS : 0) |
	       (extmem_claim_busy(claim) ? EXTMEM_TEST_BUSY : 0) |
	       (session == EXTMEM_SESSION_OUTGOING ? EXTMEM_TEST_PRESERVED : 0) |
	       (session == EXTMEM_SESSION_INCOMING ? EXTMEM_TEST_DUE : 0);
}

static int extmem_test_next(struct extmem_test_info *info)
{
	struct extmem_claim *claim;
	unsigned int i;

	claim = info->id == U64_MAX ? NULL : extmem_test_first(info->id + 1);
	if (!claim)
		return -ENOENT;
	*info = (struct extmem_test_info) {
		.id = extmem_claim_id(claim),
		.node = extmem_pool_nid(claim->pool),
		.flags = extmem_test_flags(claim),
		.size = extmem_claim_size(claim),
		.nr_extents = extmem_claim_nr_extents(claim),
	};
	for (i = 0; i < EXTMEM_CLAIM_DATA; i++)
		info->word[i] = extmem_claim_data(claim, i);
	memcpy(info->uuid, extmem_claim_uuid(claim), sizeof(info->uuid));
	extmem_claim_name(claim, info->name);
	return 0;
}

static int extmem_test_extent(struct extmem_claim *claim, union extmem_test_arg *arg)
{
	struct range extent;

	if (arg->extent.index >= extmem_claim_nr_extents(claim))
		return -EINVAL;
	extent = extmem_claim_extent(claim, arg->extent.index);
	arg->extent.start = extent.start;
	arg->extent.size = range_len(&extent);
	return 0;
}

/* The file lets go of what it had, and takes a claim, or none */
static void extmem_test_swap(struct extmem_test_file *tf, struct extmem_claim *claim)
{
	struct extmem_claim *old;

	spin_lock(&tf->lock);
	old = tf->held;
	tf->held = claim;
	spin_unlock(&tf->lock);
	if (old)
		extmem_claim_put(old);
}

static int extmem_test_hold(struct extmem_test_file *tf, u64 id)
{
	struct extmem_claim *claim = id ? extmem_test_find(id) : NULL;

	if (id && !claim)
		return -ENOENT;
	if (claim && !extmem_claim_get(claim))
		return -EBUSY;
	extmem_test_swap(tf, claim);
	return 0;
}

/* Memory that has a struct page is the mm's to retire */
static int extmem_test_poison(u64 pa)
{
	unsigned long pfn = PHYS_PFN(pa);

	if (!PAGE_ALIGNED(pa))
		return -EINVAL;
	if (!extmem_overlaps(pa, PAGE_SIZE))
		return -ENXIO;
	if (extmem_paged(pfn) || pfn_to_online_page(pfn))
		return -EBUSY;
	return extmem_memory_failure(pfn) ? 0 : -ENXIO;
}

static u64 extmem_test_references(const struct extmem_pool *pool)
{
	const struct extmem_claim *claim;
	u64 nr = 0;

	list_for_each_entry(claim, &pool->claims, list)
		if (claim->rec.claim->kind == EXTMEM_KIND_TEST)
			nr += atomic_read(&claim->users);
	return nr;
}

static u64 extmem_test_bytes(unsigned long granules)
{
	return (u64)granules << EXTMEM_GRANULE_SHIFT;
}

static int extmem_test_counters(struct extmem_test_counters *counters)
{
	struct extmem_pool *pool = extmem_test_pool(counters->node);
	struct range span;

	if (!pool)
		return -ENXIO;
	span = extmem_pool_span(pool);
	guard(mutex)(&extmem_map.lock);
	*counters = (struct extmem_test_counters) {
		.node = counters->node,
		.nr_ranges = pool->nr_ranges,
		.start = span.start,
		.end = span.end,
		.total = extmem_test_bytes(pool->nr_granules),
		.free = extmem_test_bytes(pool->space.nr_free),
		.dirty = extmem_test_bytes(extmem_dirty_count(&pool->space)),
		.quarantined = extmem_test_bytes(pool->nr_quarantined),
		.poisoned = (u64)pool->nr_poisoned << EXTMEM_SER_PAGE_SHIFT,
		.claims = pool->nr_claims,
		.references = extmem_test_references(pool),
		.map_bytes = extmem_map_bytes(&extmem_map),
		.records = extmem_map.claim_table.nr_records,
		.generation = extmem_map.ser->generation,
	};
	return 0;
}

/* What is done to a claim; its id comes first in what is passed */
static const struct {
	unsigned int cmd;
	int (*fn)(struct extmem_claim *claim, union extmem_test_arg *arg);
} extmem_test_ops[] = {
	{ EXTMEM_TEST_GROW, extmem_test_grow },
	{ EXTMEM_TEST_SHRINK, extmem_test_shrink },
	{ EXTMEM_TEST_SPLIT, extmem_test_split },
	{ EXTMEM_TEST_FREE, extmem_test_free },
	{ EXTMEM_TEST_SET_NAME, extmem_test_set_name },
	{ EXTMEM_TEST_WORD, extmem_test_word },
	{ EXTMEM_TEST_PERSIST, extmem_test_persist },
	{ EXTMEM_TEST_PRESERVE, extmem_test_preserve },
	{ EXTMEM_TEST_FINISH, extmem_test_finish },
	{ EXTMEM_TEST_EXTENT, extmem_test_extent },
};

static int extmem_test_change(unsigned int cmd, union extmem_test_arg *arg)
{
	struct extmem_claim *claim = extmem_test_find(arg->id);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(extmem_test_ops); i++)
		if (extmem_test_ops[i].cmd == cmd)
			return claim ? extmem_test_ops[i].fn(claim, arg) : -ENOENT;
	return -ENOTTY;
}

static int extmem_test_do(struct extmem_test_file *tf, unsigned int cmd,
			  union extmem_test_arg *arg)
{
	switch (cmd) {
	case EXTMEM_TEST_MAKE:
		return extmem_test_make(&arg->make);
	case EXTMEM_TEST_POISON:
		return extmem_test_poison(arg->pa);
	case EXTMEM_TEST_COUNTERS:
		return extmem_test_counters(&arg->counters);
	}
	ACQUIRE(rwsem_write_kill, lock)(&extmem_test_lock);
	if (ACQUIRE_ERR(rwsem_write_kill, &lock))
		return -EINTR;
	switch (cmd) {
	case EXTMEM_TEST_HOLD:
		return extmem_test_hold(tf, arg->id);
	case EXTMEM_TEST_NEXT:
		return extmem_test_next(&arg->info);
	}
	return extmem_test_change(cmd, arg);
}

static long extmem_test_ioctl(struct file *file, unsigned int cmd, unsigned long addr)
{
	void __user *uarg = (void __user *)addr;
	union extmem_test_arg arg = {};
	size_t size = _IOC_SIZE(cmd);
	int err;

	if (_IOC_TYPE(cmd) != EXTMEM_TEST_TYPE || size > sizeof(arg) ||
	    !(_IOC_DIR(cmd) & _IOC_WRITE))
		return -ENOTTY;
	/* What can't be told is not done; this leaves there what is about to be read */
	if ((_IOC_DIR(cmd) & _IOC_READ) && fault_in_safe_writeable(uarg, size))
		return -EFAULT;
	if (copy_from_user(&arg, uarg, size))
		return -EFAULT;
	err = extmem_test_do(file->private_data, cmd, &arg);
	if (!err && (_IOC_DIR(cmd) & _IOC_READ) && copy_to_user(uarg, &arg, size))
		err = -EFAULT;
	return err;
}

/* A mapping's reference keeps the claim's extents as they are */
static void extmem_test_vma_open(struct vm_area_struct *vma)
{
	/* The VMA it was copied from has a reference: this can't fail */
	WARN_ON_ONCE(!extmem_claim_get(vma->vm_private_data));
}

static void extmem_test_vma_close(struct vm_area_struct *vma)
{
	extmem_claim_put(vma->vm_private_data);
}

static vm_fault_t extmem_test_fault(struct vm_fault *vmf)
{
	unsigned long pfn, nr = 1;
	int err;

	guard(srcu)(&extmem_test_faults);
	err = extmem_claim_pfns(vmf->vma->vm_private_data, (u64)vmf->pgoff << PAGE_SHIFT,
				&pfn, &nr);
	if (err)
		return err == -EHWPOISON ? VM_FAULT_HWPOISON : VM_FAULT_SIGBUS;
	return vmf_insert_pfn(vmf->vma, vmf->address, pfn);
}

static const struct vm_operations_struct extmem_test_vm_ops = {
	.open = extmem_test_vma_open,
	.close = extmem_test_vma_close,
	.fault = extmem_test_fault,
};

static struct extmem_claim *extmem_test_held(struct extmem_test_file *tf)
{
	guard(spinlock)(&tf->lock);
	return tf->held && extmem_claim_get(tf->held) ? tf->held : NULL;
}

static int extmem_test_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct extmem_claim *claim;
	u64 pages;

	if (!(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;
	claim = extmem_test_held(file->private_data);
	if (!claim)
		return -ENXIO;
	pages = extmem_claim_size(claim) >> PAGE_SHIFT;
	if (vma_pages(vma) > pages || vma->vm_pgoff > pages - vma_pages(vma)) {
		extmem_claim_put(claim);
		return -ENXIO;
	}
	vm_flags_set(vma, VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP);
	vma->vm_private_data = claim;
	vma->vm_ops = &extmem_test_vm_ops;
	return 0;
}

static int extmem_test_open(struct inode *inode, struct file *file)
{
	struct extmem_test_file *tf;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	tf = kzalloc_obj(*tf);
	if (!tf)
		return -ENOMEM;
	spin_lock_init(&tf->lock);
	tf->file = file;
	file->private_data = tf;
	guard(mutex)(&extmem_test_files_lock);
	list_add(&tf->list, &extmem_test_files);
	return 0;
}

static int extmem_test_release(struct inode *inode, struct file *file)
{
	struct extmem_test_file *tf = file->private_data;

	scoped_guard(mutex, &extmem_test_files_lock)
		list_del(&tf->list);
	extmem_test_swap(tf, NULL);
	kfree(tf);
	return 0;
}

static const struct file_operations extmem_test_fops = {
	.owner = THIS_MODULE,
	.open = extmem_test_open,
	.release = extmem_test_release,
	.unlocked_ioctl = extmem_test_ioctl,
	.mmap = extmem_test_mmap,
	.llseek = noop_llseek,
};

/* All that is mapped goes, and comes back by faults but for the bad page */
static int extmem_test_unmap(struct notifier_block *nb, unsigned long action, void *data)
{
	struct extmem_test_file *tf;

	/* Faults that began earlier may not have seen that the page is bad */
	synchronize_srcu(&extmem_test_faults);
	guard(mutex)(&extmem_test_files_lock);
	list_for_each_entry(tf, &extmem_test_files, list)
		unmap_mapping_range(tf->file->f_mapping, 0, 0, 1);
	return NOTIFY_OK;
}

static struct notifier_block extmem_test_nb = { .notifier_call = extmem_test_unmap };

static struct miscdevice extmem_test_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "extmem_test",
	.fops = &extmem_test_fops,
	.mode = 0600,
};

static int __init extmem_test_init(void)
{
	int err;

	if (!extmem_pool_next(NULL))
		return 0;
	extmem_poison_register(&extmem_test_nb);
	err = misc_register(&extmem_test_misc);
	if (err) {
		extmem_poison_unregister(&extmem_test_nb);
		return err;
	}
	pr_notice("root can make claims by /dev/%s: not for production\n",
		  extmem_test_misc.name);
	return 0;
}
device_initcall(extmem_test_init);
