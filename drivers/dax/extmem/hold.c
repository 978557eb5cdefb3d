// SPDX-License-Identifier: GPL-2.0
/*
 * From an open /dev/daxN.M to the claim behind it, for those whose use outlives
 * the mapping or needs none. They are in the kernel when the front-end is a
 * module, so this part of it always is.
 */
#include <linux/export.h>

#include "extmem_dax.h"

/*
 * Whoever has a file with these operations has pinned the module that they and
 * the function belong to.
 */
static const struct file_operations *front_fops;
static struct extmem_claim *(*front_claim)(const struct file *file);

void extmem_dax_set_front(const struct file_operations *fops,
			  struct extmem_claim *(*claim)(const struct file *file))
{
	WRITE_ONCE(front_claim, claim);
	smp_store_release(&front_fops, fops);
}
EXPORT_SYMBOL_FOR_MODULES(extmem_dax_set_front, "extmem_dax");

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
	if (!file || file->f_op != smp_load_acquire(&front_fops))
		return NULL;
	if (!(file->f_mode & FMODE_READ) || (write && !(file->f_mode & FMODE_WRITE)))
		return ERR_PTR(-EACCES);
	return READ_ONCE(front_claim)(file);
}
EXPORT_SYMBOL_GPL(extmem_file_claim);
