// SPDX-License-Identifier: GPL-2.0
/*
 * Bytes of a mapping for those who may look into the process: ptrace and
 * /proc/PID/mem, so that gdb reads a guest's memory in its monitor. The VMA holds
 * a reference on the claim, and can't go away meanwhile. No page gets mapped.
 */
#include <linux/dax.h>
#include <linux/pagemap.h>
#include <linux/srcu.h>

#include "extmem_dax.h"

static int copy(struct vm_area_struct *vma, unsigned long addr, void *buf,
		int len, int write)
{
	struct dev_dax *dev_dax = file_dev_dax(vma->vm_file);
	unsigned long pfn;

	if (!dax_alive(dev_dax->dax_dev))
		return -EFAULT;
	pfn = extmem_dax_find_pfn(dev_dax, linear_page_index(vma, addr), 1);
	if (!pfn)
		return -EFAULT;
	return extmem_copy(PFN_PHYS(pfn) + offset_in_page(addr), buf, len, write);
}

/*
 * As the process itself could do it: no breakpoints in memory that is mapped
 * read-only, for others would meet them. Returns how far it went, up to a page.
 */
int extmem_dax_access(struct vm_area_struct *vma, unsigned long addr, void *buf,
		      int len, int write)
{
	int id, rc;

	if (!(vma->vm_flags & (write ? VM_WRITE : VM_READ)))
		return -EFAULT;

	len = min_t(unsigned long, len, PAGE_SIZE - offset_in_page(addr));
	guard(srcu)(&extmem_dax_faults);
	id = dax_read_lock();
	rc = copy(vma, addr, buf, len, write);
	dax_read_unlock(id);
	return rc ?: len;
}
