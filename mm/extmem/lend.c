// SPDX-License-Identifier: GPL-2.0
/*
 * Memory that a claim's owner lends to the page allocator. What is done so that
 * nobody sees the bytes that the next owner of the memory left there is the
 * claim's owner's business; here is what it takes.
 */
#include <linux/export.h>
#include <linux/ioport.h>
#include <linux/mm.h>

#include "pool.h"

/* Busy resources have no room for others below them, as memory hotplug makes them */
static void extmem_lend_set_busy(struct extmem_pool *pool, bool busy)
{
	unsigned int i;

	for (i = 0; i < pool->nr_ranges; i++) {
		struct resource *res = pool->res[i];

		if (!res)
			continue;
		if (busy)
			res->flags |= IORESOURCE_BUSY;
		else
			res->flags &= ~IORESOURCE_BUSY;
	}
}

/**
 * extmem_lend_begin - let others request memory of a pool as a resource.
 * @pool: the pool, to whose memory nobody else has a right to lay claim
 *
 * Context: may sleep. Ended by extmem_lend_end(); calls nest.
 */
void extmem_lend_begin(struct extmem_pool *pool)
{
	guard(mutex)(&pool->map->lock);
	if (!pool->nr_lent++)
		extmem_lend_set_busy(pool, false);
}
EXPORT_SYMBOL_GPL(extmem_lend_begin);

/**
 * extmem_lend_end - what was lent has come back.
 * @pool: the pool
 *
 * Context: may sleep.
 */
void extmem_lend_end(struct extmem_pool *pool)
{
	guard(mutex)(&pool->map->lock);
	if (!--pool->nr_lent)
		extmem_lend_set_busy(pool, true);
}
EXPORT_SYMBOL_GPL(extmem_lend_end);

/* The good pages of a granule that has bad ones */
static int extmem_clear_good_pages(struct extmem_map *map, phys_addr_t pa)
{
	u64 off;
	int err;

	for (off = 0; off < EXTMEM_GRANULE; off += PAGE_SIZE) {
		if (extmem_map_poisoned(map, pa + off, PAGE_SIZE))
			continue;
		err = extmem_copy(pa + off, page_address(ZERO_PAGE(0)), PAGE_SIZE,
				  true);
		if (err && err != -EHWPOISON)
			return err;
	}
	return 0;
}

static int extmem_clear_granules(struct extmem_map *map, phys_addr_t pa, u64 bytes)
{
	int err = 0;

	for (; bytes && !err; pa += EXTMEM_GRANULE, bytes -= EXTMEM_GRANULE) {
		err = map->ops->clear(map, pa, EXTMEM_GRANULE);
		if (err == -EHWPOISON)
			err = extmem_clear_good_pages(map, pa);
	}
	return err;
}

/**
 * extmem_claim_clear - clear a claim's memory, but for pages with memory errors.
 * @claim: the claim, which the caller has a reference on
 *
 * Context: may sleep, long.
 * Return: 0; -ENOMEM for want of address space or page tables; -EINTR on a
 * fatal signal; -ESHUTDOWN once the map is frozen. Part of it is cleared then.
 */
int extmem_claim_clear(struct extmem_claim *claim)
{
	struct extmem_map *map = claim->pool->map;
	unsigned int i;
	int err = 0;

	for (i = 0; i < claim->runs.nr && !err; i++) {
		struct range range = extmem_claim_extent(claim, i);

		err = map->ops->clear(map, range.start, range_len(&range));
		if (err == -EHWPOISON)
			err = extmem_clear_granules(map, range.start,
						    range_len(&range));
	}
	return err;
}
EXPORT_SYMBOL_GPL(extmem_claim_clear);
