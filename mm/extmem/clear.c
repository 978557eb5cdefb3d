// SPDX-License-Identifier: GPL-2.0
/*
 * Clearing extended memory. It is not in the direct map: a window in vmalloc
 * space is opened on it for as long as it takes, with huge entries where they
 * fit. The stores pass the caches by.
 */
#include <linux/extmem_arch.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/vmalloc.h>

#include "internal.h"

/* What a window shows at most: beyond this, opening one costs next to nothing */
#define WINDOW_SIZE	SZ_1G

static int clear_step(struct extmem_map *map, phys_addr_t pa, void *mem)
{
	if (extmem_map_poisoned(map, pa, EXTMEM_GRANULE))
		return -EHWPOISON;

	extmem_arch_clear(mem, EXTMEM_GRANULE);
	cond_resched();
	if (READ_ONCE(map->frozen))
		return -ESHUTDOWN;
	return fatal_signal_pending(current) ? -EINTR : 0;
}

static int clear_window(struct extmem_map *map, phys_addr_t pa, u64 bytes)
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
		err = clear_step(map, pa + off, area->addr + off);
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
		int err = clear_window(map, pa, step);

		if (err)
			return err;
		pa += step;
		bytes -= step;
	}
	return 0;
}

/**
 * extmem_clear_begin - drop the lock while memory is being cleared.
 * @pool: whose memory; its map is locked, not frozen, and need not be up to date
 *
 * From here on a freeze waits. Once frozen it is too late: the map may be sealed
 * as soon as the lock is dropped.
 */
void extmem_clear_begin(struct extmem_pool *pool)
{
	extmem_pool_update(pool);
	pool->map->inflight++;
	mutex_unlock(&pool->map->lock);
}

/**
 * extmem_clear_end - take the lock again.
 * @pool: as for extmem_clear_begin(); its map may be frozen by now
 *
 * A freeze that waits goes on as soon as the lock is dropped again: by then the
 * map must be up to date.
 */
void extmem_clear_end(struct extmem_pool *pool)
{
	struct extmem_map *map = pool->map;

	mutex_lock(&map->lock);
	if (!--map->inflight)
		wake_up_all(&map->idle);
}
