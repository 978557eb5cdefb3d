// SPDX-License-Identifier: GPL-2.0
/*
 * Extended memory cleared, and read or written by the kernel. It is not in the
 * direct map: a window in vmalloc space is opened on it, with huge entries where
 * they fit. The stores that clear pass the caches by.
 *
 * A window is far larger than what is shown in it at a time. Each piece is shown at
 * an address that no CPU has an entry of its TLB for, since the last flush or ever,
 * and is taken out of the page tables afterwards without a flush: only when the
 * window's end is reached all of it is flushed at once, and begun anew. So other
 * CPUs are interrupted once in many gigabytes.
 *
 * An entry that is left in a TLB leads to memory that may have an owner by then.
 * The kernel does not use it: nothing has the address, and before something else is
 * shown there it is flushed. A CPU could only follow it in speculation, and then at
 * memory that ordinary kernels have in their direct map for good. It is mapped
 * write-back, as it is for whoever has it. The one thing not even speculation may
 * touch is a page with a memory error. extmem_memory_failure() records one and then
 * flushes all TLBs, and a piece in which one is recorded by the time it is hidden
 * is flushed as it is hidden: whichever comes last finds the other done.
 */
#include <linux/export.h>
#include <linux/extmem_arch.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include <asm/tlbflush.h>

#include "pool.h"

/*
 * How large a window is at most: such that those of all nodes leave others their
 * address space. KASAN keeps a byte for eight of a window, and makes do with a small
 * one.
 */
static unsigned long extmem_window_max(void)
{
	unsigned long share = VMALLOC_TOTAL / 64 / nr_node_ids;

	if (IS_ENABLED(CONFIG_KASAN_VMALLOC))
		return SZ_128M;
	return clamp(ALIGN_DOWN(share, EXTMEM_PIECE), SZ_128M, 16UL * SZ_1G);
}

/**
 * extmem_window_open - get address space to show extended memory in.
 * @win: the window, closed
 * @bytes: how much is going to be shown in all
 *
 * Context: may sleep.
 * Return: 0, or -ENOMEM if there is not even room for a piece.
 */
int extmem_window_open(struct extmem_window *win, u64 bytes)
{
	unsigned long size = clamp_t(u64, bytes, EXTMEM_GRANULE, extmem_window_max());

	win->pos = 0;
	for (;;) {
		win->area = get_vm_area(size, VM_IOREMAP);
		if (win->area)
			return 0;
		if (size <= EXTMEM_PIECE)
			return -ENOMEM;
		size = max_t(unsigned long, size / 2, EXTMEM_PIECE);
	}
}

/**
 * extmem_window_close - give the address space back.
 * @win: the window, open or not
 *
 * Context: may sleep.
 */
void extmem_window_close(struct extmem_window *win)
{
	if (win->area)
		free_vm_area(win->area);
	win->area = NULL;
}

static int extmem_window_show(struct extmem_window *win, phys_addr_t pa, u64 bytes)
{
	unsigned long addr = (unsigned long)win->area->addr;
	unsigned long size = get_vm_area_size(win->area);

	if (win->pos + bytes > size) {
		flush_tlb_kernel_range(addr, addr + size);
		win->pos = 0;
	}
	addr += win->pos;
	return vmap_page_range(addr, addr + bytes, pa, PAGE_KERNEL);
}

/* Nothing is shown at the same address again before it was flushed */
static void extmem_window_hide(struct extmem_map *map, struct extmem_window *win,
			       phys_addr_t pa, u64 bytes)
{
	unsigned long addr = (unsigned long)win->area->addr + win->pos;

	vunmap_range_noflush(addr, addr + bytes);
	if (extmem_map_poisoned(map, pa, bytes))
		flush_tlb_kernel_range(addr, addr + bytes);
	win->pos += bytes;
}

static int extmem_clear_granule(struct extmem_map *map, phys_addr_t pa, void *mem,
				const int *stop)
{
	int err = READ_ONCE(*stop);

	if (err)
		return err;
	if (extmem_map_poisoned(map, pa, EXTMEM_GRANULE))
		return -EHWPOISON;

	extmem_arch_clear(mem, EXTMEM_GRANULE);
	cond_resched();
	if (READ_ONCE(map->frozen))
		return -ESHUTDOWN;
	return fatal_signal_pending(current) ? -EINTR : 0;
}

/**
 * extmem_clear_piece - clear some memory of a pool.
 * @map: the map; clearing ends early when it is frozen
 * @win: where to show it, open and nobody else's
 * @pa: where, a multiple of the granule
 * @bytes: how much, a multiple of the granule, at most EXTMEM_PIECE
 * @stop: an error once somebody else has met one: it ends then, with this error
 *
 * Context: may sleep; no lock needed, the memory is the caller's.
 * Return: 0; -ENOMEM for want of page tables; -EINTR on a fatal signal; -ESHUTDOWN
 * if the map was frozen; -EHWPOISON if part of it has had a memory error.
 */
int extmem_clear_piece(struct extmem_map *map, struct extmem_window *win,
		       phys_addr_t pa, u64 bytes, const int *stop)
{
	int err = extmem_window_show(win, pa, bytes);
	void *mem = win->area->addr + win->pos;
	u64 off;

	for (off = 0; !err && off < bytes; off += EXTMEM_GRANULE)
		err = extmem_clear_granule(map, pa + off, mem + off, stop);
	extmem_window_hide(map, win, pa, bytes);
	return err;
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
