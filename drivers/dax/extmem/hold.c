// SPDX-License-Identifier: GPL-2.0
/*
 * From an open /dev/daxN.M to the claim behind it, for those whose use outlives
 * the mapping or needs none. They are in the kernel when the front-end is a
 * module, so this part of it always is.
 */
#include <linux/export.h>
#include <linux/mm.h>
#include <linux/sched.h>

#include "extmem_dax.h"

/*
 * Whoever has a file with these operations has pinned the module that they and
 * the function belong to.
 */
static const struct file_operations *extmem_dax_front_fops;	/* acquire, release */
static struct extmem_claim *(*extmem_dax_front_claim)(const struct file *file);

/**
 * extmem_dax_set_front - say how to know a device's file, and find its claim.
 * @fops: what its files have in common; NULL when there are none any more
 * @claim: takes the reference, see extmem_file_claim()
 *
 * Context: the module's init and exit.
 */
void extmem_dax_set_front(const struct file_operations *fops,
			  struct extmem_claim *(*claim)(const struct file *file))
{
	WRITE_ONCE(extmem_dax_front_claim, claim);
	/* Who sees the operations sees the function, in extmem_file_claim() */
	smp_store_release(&extmem_dax_front_fops, fops);
}
EXPORT_SYMBOL_FOR_MODULES(extmem_dax_set_front, "extmem_dax");

/**
 * extmem_is_file - whether a file is a device of extended memory.
 * @file: any open file, or NULL
 *
 * Context: any.
 * Return: true if it is.
 */
bool extmem_is_file(const struct file *file)
{
	/* Paired with extmem_dax_set_front() */
	return file && file->f_op == smp_load_acquire(&extmem_dax_front_fops);
}

/**
 * extmem_file_claim - take a reference on the claim behind a file.
 * @file: any open file, or NULL
 * @write: the memory is to be written
 *
 * Context: any.
 * Return: the claim, to be given back by extmem_claim_put(); NULL if @file is
 * not a device of extended memory. -EACCES if it was not opened for that;
 * -ENXIO if the device is disabled, or was opened when it had other memory,
 * whose owner may be another.
 */
struct extmem_claim *extmem_file_claim(struct file *file, bool write)
{
	if (!extmem_is_file(file))
		return NULL;
	if (!(file->f_mode & FMODE_READ) || (write && !(file->f_mode & FMODE_WRITE)))
		return ERR_PTR(-EACCES);
	return READ_ONCE(extmem_dax_front_claim)(file);
}
EXPORT_SYMBOL_GPL(extmem_file_claim);

static u64 extmem_dax_file_offset(const struct vm_area_struct *vma, unsigned long addr)
{
	return addr - vma->vm_start + ((u64)vma->vm_pgoff << PAGE_SHIFT);
}

/* Whether @vma, and what follows it up to @end, is one piece of one file. */
static bool extmem_dax_is_one_piece(struct mm_struct *mm, struct vm_area_struct *vma,
				    unsigned long end, vm_flags_t want)
{
	struct file *file = vma->vm_file;
	unsigned long addr = vma->vm_end;
	u64 offset = extmem_dax_file_offset(vma, addr);

	while ((vma->vm_flags & want) == want) {
		if (addr >= end)
			return true;
		vma = vma_lookup(mm, addr);
		if (!vma || vma->vm_file != file ||
		    extmem_dax_file_offset(vma, addr) != offset)
			return false;
		offset += vma->vm_end - addr;
		addr = vma->vm_end;
	}
	return false;
}

/**
 * extmem_user_claim - take a reference on the claim mapped at an address.
 * @addr: where, in the current process
 * @len: bytes
 * @write: the memory is to be written
 * @offset: set to the byte of the claim that is mapped at @addr
 *
 * Context: may sleep, takes the mmap lock.
 * Return: the claim, to be given back by extmem_claim_put(); NULL if it isn't
 * extended memory without struct pages, or not all of one claim and in order, or not
 * to be written. Errors as of extmem_file_claim().
 */
struct extmem_claim *extmem_user_claim(unsigned long addr, unsigned long len,
				       bool write, u64 *offset)
{
	/* What has pages is pinned like other memory */
	vm_flags_t want = VM_PFNMAP | VM_READ | (write ? VM_WRITE : 0);
	struct mm_struct *mm = current->mm;
	struct extmem_claim *claim = NULL;
	struct vm_area_struct *vma;

	if (!mm || !len || addr + len < addr)
		return NULL;
	addr = untagged_addr(addr);
	guard(mmap_read_lock)(mm);
	vma = vma_lookup(mm, addr);
	if (vma && extmem_dax_is_one_piece(mm, vma, addr + len, want))
		claim = extmem_file_claim(vma->vm_file, false);
	if (!IS_ERR_OR_NULL(claim))
		*offset = extmem_dax_file_offset(vma, addr);
	return claim;
}
EXPORT_SYMBOL_GPL(extmem_user_claim);
