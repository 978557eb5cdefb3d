// SPDX-License-Identifier: GPL-2.0
/*
 * Extended memory read and written by the kernel, on behalf of somebody who may:
 * through a window on one page, since nothing maps a pool.
 */
#include <linux/extmem.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

/* A memory error that nobody knows of yet must not end the kernel. */
static int copy(void *mem, void *buf, size_t len, bool write)
{
	if (!write)
		return copy_mc_to_kernel(buf, mem, len) ? -EHWPOISON : 0;
	memcpy(mem, buf, len);
	return 0;
}

/**
 * extmem_copy - read or write a piece of a page of extended memory.
 * @pa: physical address; the caller has a reference on the claim
 * @buf: bytes to write, or where to put what is read
 * @len: how many; they do not cross a page
 * @write: write, don't read
 *
 * Context: may sleep.
 * Return: 0; -EHWPOISON if the page has had a memory error; -EINVAL if the bytes
 * cross a page; -ENOMEM for want of address space or page tables.
 */
int extmem_copy(u64 pa, void *buf, size_t len, bool write)
{
	struct vm_struct *area;
	unsigned long addr;
	int err;

	if (len > PAGE_SIZE - offset_in_page(pa))
		return -EINVAL;
	if (extmem_poisoned(PAGE_ALIGN_DOWN(pa), PAGE_SIZE))
		return -EHWPOISON;

	area = get_vm_area(PAGE_SIZE, VM_IOREMAP);
	if (!area)
		return -ENOMEM;
	addr = (unsigned long)area->addr;
	err = vmap_page_range(addr, addr + PAGE_SIZE, PAGE_ALIGN_DOWN(pa),
			      PAGE_KERNEL);
	if (!err)
		err = copy(area->addr + offset_in_page(pa), buf, len, write);
	free_vm_area(area);
	return err;
}
EXPORT_SYMBOL_GPL(extmem_copy);
