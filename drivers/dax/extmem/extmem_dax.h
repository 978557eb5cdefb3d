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
 * @lock: orders new mappings against unbinding and the claim's end
 * @claim: the memory; NULL while the device's size is 0
 * @live: device_dax is bound and stays so: mappings may be made
 * @owner: the claim's, or of a device without memory root's
 * @owners: how many claims the device has had and lost
 * @pgmap: its struct pages, if it is bound and has some
 * @frozen: nobody can get a reference on any of them
 * @ram: it is, or is about to be, or some of it has stayed system RAM
 * @was_dirty: its bytes were nobody's even before
 * @clearing: they are being cleared
 *
 * It is dev_dax->private for as long as the device lives. dax_dev_rwsem, held
 * for write, guards changes of @claim and @owner.
 */
struct extmem_dax {
	spinlock_t lock;	/* of all below, where it is not fixed */
	struct extmem_claim *claim;
	bool live;
	struct extmem_owner owner;
	unsigned long owners;
	struct dev_pagemap *pgmap;
	bool frozen;
	struct extmem_dax_ram *ram;
	bool was_dirty;
	struct mutex clearing;	/* one at a time */
};

/**
 * struct extmem_dax_file - an open /dev/daxN.M
 * @dev_dax: the device
 * @owners: &extmem_dax.owners when it was opened. Who could open it for one
 *          claim may have no right to the next one
 */
struct extmem_dax_file {
	struct dev_dax *dev_dax;
	unsigned long owners;
};

static inline struct extmem_dax *to_extmem_dax(struct dev_dax *dev_dax)
{
	return dev_dax->private;
}

static inline struct extmem_pool *dev_dax_pool(struct dev_dax *dev_dax)
{
	return dev_dax->region->private;
}

static inline struct dev_dax *file_dev_dax(const struct file *file)
{
	const struct extmem_dax_file *opened = file->private_data;

	return opened->dev_dax;
}

/* Whether a file gives access to the memory; with &extmem_dax.lock held */
static inline bool extmem_dax_may_map(const struct extmem_dax *ed,
				      const struct file *file)
{
	const struct extmem_dax_file *opened = file->private_data;

	return ed->live && opened->owners == ed->owners;
}

/* ids.c */
int extmem_dax_take_id(int want);
void extmem_dax_put_id(int id);

/* claim.c */
extern const struct dax_region_ops extmem_dax_region_ops;

/* node.c */
extern const struct extmem_owner extmem_dax_root;
void extmem_dax_devnode(struct dev_dax *dev_dax, umode_t *mode, kuid_t *uid,
			kgid_t *gid);
int extmem_dax_uevent(struct dev_dax *dev_dax, struct kobj_uevent_env *env);
void extmem_dax_change_owner(struct dev_dax *dev_dax,
			     const struct extmem_owner *owner);

/* ranges.c */
bool extmem_dax_aligned(const struct extmem_claim *claim, u64 align);
int extmem_dax_sync_ranges(struct dev_dax *dev_dax,
			   const struct extmem_claim *claim);

/* restore.c */
void extmem_dax_restore(struct dax_region *dax_region);

/* device.c */
int extmem_dax_init_device(struct dev_dax *dev_dax, void *claim);
int extmem_dax_probe(struct dev_dax *dev_dax);
int extmem_dax_quiesce(struct dev_dax *dev_dax);

/* region.c */
struct dev_dax *extmem_dax_find(bool (*match)(struct dev_dax *dev_dax, u64 arg),
				u64 arg);

/* open.c */
struct file *extmem_dax_open_device(struct dev_dax *dev_dax, int flags);

/* luo.c */
#ifdef CONFIG_LIVEUPDATE
void extmem_dax_luo_init(void);
void extmem_dax_luo_exit(void);
#else
/* What the former kernel has in sessions nobody can take up. */
static inline void extmem_dax_luo_init(void)
{
	extmem_claims_finish(EXTMEM_KIND_DAX);
}

static inline void extmem_dax_luo_exit(void) { }
#endif

/* file.c */
extern const struct file_operations extmem_dax_fops;
struct extmem_claim *extmem_dax_get_claim(const struct file *file);

/* hold.c, built in */
void extmem_dax_set_front(const struct file_operations *fops,
			  struct extmem_claim *(*claim)(const struct file *file));

/* mmap.c */
int extmem_dax_mmap_prepare(struct vm_area_desc *desc);
unsigned long extmem_dax_get_unmapped_area(struct file *filp,
					   unsigned long addr,
					   unsigned long len,
					   unsigned long pgoff,
					   unsigned long flags);

/* pages.c */
bool extmem_dax_freeze_pages(struct dev_dax *dev_dax);
int extmem_dax_make_pages(struct dev_dax *dev_dax);
vm_fault_t extmem_dax_insert_page(struct vm_fault *vmf, unsigned long pfn,
				  unsigned int order);

/* memmap.c */
bool extmem_dax_wants_pages(const struct extmem_claim *claim);
extern struct device_attribute extmem_dax_memmap_attr;

/* ram.c */
int extmem_dax_lend(struct dev_dax *dev_dax);
void extmem_dax_take_back(struct dev_dax *dev_dax);
int extmem_dax_quiesce_ram(struct dev_dax *dev_dax);

/* dirty.c */
int extmem_dax_set_dirty(struct extmem_dax *ed);
void extmem_dax_undo_dirty(struct extmem_dax *ed);
int extmem_dax_clean(const struct file *file);

/* vma.c */
extern const struct vm_operations_struct extmem_dax_vm_ops;
extern const struct vm_operations_struct extmem_dax_page_vm_ops;

/* fault.c */
vm_fault_t extmem_dax_fault(struct vm_fault *vmf);
vm_fault_t extmem_dax_huge_fault(struct vm_fault *vmf, unsigned int order);
unsigned long extmem_dax_find_pfn(const struct dev_dax *dev_dax, pgoff_t pgoff,
				  unsigned long pages);

/* access.c */
int extmem_dax_access(struct vm_area_struct *vma, unsigned long addr, void *buf,
		      int len, int write);

/* pagesize.c */
unsigned long extmem_dax_pagesize(struct vm_area_struct *vma);

/* poison.c */
extern struct srcu_struct extmem_dax_faults;
int extmem_dax_watch_poison(struct dev_dax *dev_dax);

/* sysfs.c */
extern const struct attribute_group *extmem_dax_groups[];

#endif /* __EXTMEM_DAX_H__ */
