/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __EXTMEM_DAX_H__
#define __EXTMEM_DAX_H__

#include <linux/extmem.h>
#include <linux/fs.h>
#include <linux/kho/abi/extmem.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>

#include "../bus.h"
#include "../dax-private.h"
#include "../region-ops.h"

/**
 * struct extmem_dax - what a device of a pool has beyond a dev_dax
 * @dev_dax: the device. Fixed
 * @pool: its region's pool. Fixed
 * @lock: orders new mappings against unbinding and the claim's end
 * @claim: the memory; NULL while the device's size is 0. Changed with
 *         dax_dev_rwsem for write and @lock held; either is enough to read it. It
 *         stays as it is while a driver is bound, and while dev_dax->growing is set
 * @live: device_dax is bound and stays so: mappings may be made. @lock
 * @owner: the claim's, or of a device without memory root's. Changed with
 *         dax_dev_rwsem for write (in @init nobody else has the device yet) and
 *         @lock held; read with @lock held
 * @owners: how often its bytes have become nobody's: it lost a claim, or was lent as
 *          RAM. With @lock held
 * @reused: it has lost a claim: what it has next may be another owner's. Never
 *          cleared. With @lock held
 * @pgmap: its struct pages, if it is bound and has some. Changed by probe and the
 *         end of unbinding, with the device's lock held and @live false. So it
 *         stays as it is for whoever has @lock held and sees @live
 * @frozen: nobody can get a reference on any of its pages. Changed by quiesce,
 *          with dax_unbind_lock held, and by the unbinding that follows
 * @ram: it is, or is about to be, or some of it has stayed system RAM. Changed
 *       with the device's lock and @lock held. It stays as it is while a driver is
 *       bound, so who unbinds reads it without
 * @was_dirty: its bytes were nobody's even before. The device's lock
 * @clearing: held by the one who clears them
 * @node: held by the one who makes the rights of the node those of @owner. Inside
 *        dax_dev_rwsem, if that is held
 *
 * It is dev_dax->private for as long as the device lives.
 */
struct extmem_dax {
	struct dev_dax *dev_dax;
	struct extmem_pool *pool;
	spinlock_t lock;	/* of what says so above */
	struct extmem_claim *claim;
	bool live;
	struct extmem_owner owner;
	unsigned long owners;
	bool reused;
	struct dev_pagemap *pgmap;
	bool frozen;
	struct extmem_dax_ram *ram;
	bool was_dirty;
	struct mutex clearing;	/* one at a time */
	struct mutex node;	/* one at a time */
};

/**
 * struct extmem_dax_file - an open /dev/daxN.M
 * @ed: the device
 * @owners: &extmem_dax.owners when it was opened. Who could open it for one
 *          claim may have no right to the next one
 *
 * Both are fixed from open() on, and need no lock.
 */
struct extmem_dax_file {
	struct extmem_dax *ed;
	unsigned long owners;
};

static inline struct extmem_dax *to_extmem_dax(struct dev_dax *dev_dax)
{
	return dev_dax->private;
}

static inline struct extmem_dax *extmem_dax_of_file(const struct file *file)
{
	const struct extmem_dax_file *opened = file->private_data;

	return opened->ed;
}

/* Whether a file gives access to the memory; with &extmem_dax.lock held */
static inline bool extmem_dax_may_map(const struct extmem_dax *ed,
				      const struct file *file)
{
	const struct extmem_dax_file *opened = file->private_data;

	lockdep_assert_held(&ed->lock);
	return ed->live && opened->owners == ed->owners;
}

/* region.c */
int __init extmem_dax_add_regions(void);
void extmem_dax_remove_regions(void);

/* claim.c */
int extmem_dax_alloc(struct dev_dax *dev_dax, u64 start, u64 size);
int extmem_dax_free(struct dev_dax *dev_dax, u64 size);
int extmem_dax_set_align(struct dev_dax *dev_dax);
void extmem_dax_restore(struct dax_region *dax_region);
struct dev_dax *extmem_dax_find_restored(u64 id);
void extmem_dax_forget_restored(void);

/* device.c */
extern const struct extmem_owner extmem_dax_root;
int extmem_dax_init_device(struct dev_dax *dev_dax, void *claim);
void extmem_dax_devnode(struct dev_dax *dev_dax, umode_t *mode, kuid_t *uid,
			kgid_t *gid);
int extmem_dax_uevent(struct dev_dax *dev_dax, struct kobj_uevent_env *env);
void extmem_dax_set_owner(struct extmem_dax *ed, const struct extmem_owner *owner);
void extmem_dax_update_node(struct extmem_dax *ed);
int extmem_dax_probe(struct dev_dax *dev_dax);
int extmem_dax_quiesce(struct dev_dax *dev_dax);

/* form.c */
int extmem_dax_set_dirty(struct extmem_dax *ed);
void extmem_dax_undo_dirty(struct extmem_dax *ed);
bool extmem_dax_needs_clearing(struct extmem_dax *ed);
int extmem_dax_clear_claim(struct extmem_dax *ed, struct extmem_claim *claim);
bool extmem_dax_wants_pages(const struct extmem_claim *claim);
extern struct device_attribute extmem_dax_memmap_attr;

/* pages.c */
bool extmem_dax_freeze_pages(struct extmem_dax *ed);
bool extmem_dax_can_have_pages(const struct extmem_dax *ed);
int extmem_dax_make_pages(struct extmem_dax *ed);
vm_fault_t extmem_dax_insert_page(struct vm_fault *vmf, unsigned long pfn,
				  unsigned int order);

/* ram.c */
int extmem_dax_lend(struct dev_dax *dev_dax);
void extmem_dax_take_back(struct dev_dax *dev_dax);
int extmem_dax_quiesce_ram(struct extmem_dax *ed);

/* poison.c */
extern struct srcu_struct extmem_dax_faults;
int extmem_dax_watch_poison(struct dev_dax *dev_dax);

/* vma.c */
extern const struct vm_operations_struct extmem_dax_vm_ops;
extern const struct vm_operations_struct extmem_dax_page_vm_ops;

/* file.c */
extern const struct file_operations extmem_dax_fops;
struct extmem_claim *extmem_dax_get_claim(const struct file *file);

/* hold.c, built in */
void extmem_dax_set_front(const struct file_operations *fops,
			  struct extmem_claim *(*claim)(const struct file *file));

/* sysfs.c */
extern const struct attribute_group *extmem_dax_groups[];

/* open.c: its file system, in which inodes have the rights of the device's owner */
#define EXTMEM_DAX_FS	"extmem_dax"
struct file *extmem_dax_open_device(struct dev_dax *dev_dax, int flags);

/* luo.c */
#ifdef CONFIG_LIVEUPDATE
void extmem_dax_luo_init(void);
void extmem_dax_luo_exit(void);
#else
/* Nobody can take up sessions of the former kernel: what is in them ends here. */
static inline void extmem_dax_luo_init(void)
{
	extmem_claims_finish(EXTMEM_KIND_DAX);
}

static inline void extmem_dax_luo_exit(void) { }
#endif

#endif /* __EXTMEM_DAX_H__ */
