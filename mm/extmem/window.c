// SPDX-License-Identifier: GPL-2.0
/*
 * Extended memory cleared, and read or written by the kernel. It is not in the
 * direct map: a window in vmalloc space is opened on it for as long as it takes,
 * with huge entries where they fit. The stores that clear pass the caches by.
 */
#include <linux/export.h>
#include <linux/extmem_arch.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include "pool.h"

/* What a window shows at most: beyond this, opening one costs next to nothing */
#define WINDOW_SIZE	SZ_1G

static int extmem_clear_step(struct extmem_map *map, phys_addr_t pa, void *mem)
{
	if (extmem_map_poisoned(map, pa, EXTMEM_GRANULE))
		return -EHWPOISON;

	extmem_arch_clear(mem, EXTMEM_GRANULE);
	cond_resched();
	if (READ_ONCE(map->frozen))
		return -ESHUTDOWN;
	return fatal_signal_pending(current) ? -EINTR : 0;
}

static int extmem_clear_window(struct extmem_map *map, phys_addr_t pa, u64 bytes)
{
	struct vm_struct *area = get_vm_area(bytes, VM_IOREMAP);
	unsigned long addr;
	u64 off;
	int err;

	if (!area)
		return -ENOMEM;
	addr = (unsigned long)area->addr;
	err = vmap_page_range(addr, addr + bytes, pa, PAGE_KERNEL);
	for (off = 0; !err && off < bytes; off += EXTMEM_GRANULE)
		err = extmem_clear_step(map, pa + off, area->addr + off);
	free_vm_area(area);
	return err;
}

/**
 * extmem_clear - clear memory of a pool.
 * @map: the map; clearing ends early when it is frozen
 * @pa: where, a multiple of the granule
 * @bytes: how much, a multiple of the granule
 *
 * Context: may sleep; no lock needed, the memory is the caller's.
 * Return: 0; -ENOMEM for want of address space or page tables; -EINTR on a
 * fatal signal; -ESHUTDOWN if the map was frozen; -EHWPOISON if part of it
 * has had a memory error.
 */
int extmem_clear(struct extmem_map *map, phys_addr_t pa, u64 bytes)
{
	while (bytes) {
		u64 step = min_t(u64, bytes, WINDOW_SIZE - pa % WINDOW_SIZE);
		int err = extmem_clear_window(map, pa, step);

		if (err)
			return err;
		pa += step;
		bytes -= step;
	}
	return 0;
}

/* A memory error that nobody knows of yet must not end the kernel. */
static int extmem_copy_bytes(void *mem, void *buf, size_t len, bool write)
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
	if (extmem_map_poisoned(&extmem_map, PAGE_ALIGN_DOWN(pa), PAGE_SIZE))
		return -EHWPOISON;

	area = get_vm_area(PAGE_SIZE, VM_IOREMAP);
	if (!area)
		return -ENOMEM;
	addr = (unsigned long)area->addr;
	err = vmap_page_range(addr, addr + PAGE_SIZE, PAGE_ALIGN_DOWN(pa),
			      PAGE_KERNEL);
	if (!err)
		err = extmem_copy_bytes(area->addr + offset_in_page(pa), buf,
					len, write);
	free_vm_area(area);
	return err;
}
EXPORT_SYMBOL_GPL(extmem_copy);
