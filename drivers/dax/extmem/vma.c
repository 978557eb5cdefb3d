// SPDX-License-Identifier: GPL-2.0
/*
 * Every VMA holds one reference on the claim, from its first insertion
 * (->mapped) or copy (->open: fork, split, move) to its end (->close). VMAs of
 * VM_PFNMAP or VM_DONTEXPAND are never merged, so the count is exact;
 * vm_private_data says who holds one, since ->close also comes after a ->mapped
 * that failed.
 */
#include "extmem_dax.h"

/*
 * A mapping without pages must not begin on a device that has some by now, nor
 * the other way round.
 */
static int take_reference(const struct file *file, bool pages,
			  void **private_data)
{
	struct extmem_dax *ed = to_extmem_dax(file_dev_dax(file));
	int rc = -ENXIO;

	*private_data = NULL;
	spin_lock(&ed->lock);
	if (extmem_dax_may_map(ed, file) && !!ed->pgmap == pages &&
	    extmem_claim_get(ed->claim)) {
		*private_data = ed->claim;
		rc = 0;
	}
	spin_unlock(&ed->lock);
	return rc;
}

static int extmem_dax_mapped(unsigned long start, unsigned long end,
			     pgoff_t pgoff, const struct file *file,
			     void **private_data)
{
	return take_reference(file, false, private_data);
}

static int extmem_dax_mapped_pages(unsigned long start, unsigned long end,
				   pgoff_t pgoff, const struct file *file,
				   void **private_data)
{
	return take_reference(file, true, private_data);
}

static void extmem_dax_vma_open(struct vm_area_struct *vma)
{
	struct extmem_claim *claim = vma->vm_private_data;

	/* The VMA it was copied from has a reference: this can't fail. */
	if (claim && WARN_ON_ONCE(!extmem_claim_get(claim)))
		vma->vm_private_data = NULL;
}

static void extmem_dax_vma_close(struct vm_area_struct *vma)
{
	struct extmem_claim *claim = vma->vm_private_data;

	if (claim)
		extmem_claim_put(claim);
}

static int extmem_dax_may_split(struct vm_area_struct *vma, unsigned long addr)
{
	struct dev_dax *dev_dax = file_dev_dax(vma->vm_file);

	return IS_ALIGNED(addr, dev_dax->align) ? 0 : -EINVAL;
}

const struct vm_operations_struct extmem_dax_vm_ops = {
	.mapped = extmem_dax_mapped,
	.open = extmem_dax_vma_open,
	.close = extmem_dax_vma_close,
	.may_split = extmem_dax_may_split,
	.access = extmem_dax_access,
	.pagesize = extmem_dax_pagesize,
	.fault = extmem_dax_fault,
	.huge_fault = extmem_dax_huge_fault,
};

const struct vm_operations_struct extmem_dax_page_vm_ops = {
	.mapped = extmem_dax_mapped_pages,
	.open = extmem_dax_vma_open,
	.close = extmem_dax_vma_close,
	.may_split = extmem_dax_may_split,
	.pagesize = extmem_dax_pagesize,
	.fault = extmem_dax_fault,
	.huge_fault = extmem_dax_huge_fault,
};
