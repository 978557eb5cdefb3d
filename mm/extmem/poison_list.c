// SPDX-License-Identifier: GPL-2.0
/*
 * The bad pages of a pool as the administrator reads them.
 */
#include <linux/bitmap.h>

#include "internal.h"

/* A line for each bad page of a granule; false when the room has ended */
static bool emit_granule(const struct extmem_poison *poison, u64 granule, char *buf,
			 int *len)
{
	unsigned int page;
	u64 offset;

	for_each_set_bit(page, poison->bad, EXTMEM_POISON_PAGES) {
		offset = (u64)page << EXTMEM_SER_PAGE_SHIFT;
		if (!extmem_emit(buf, len, "%#llx: granule %#llx offset %#llx\n",
				 granule + offset, granule, offset))
			return false;
	}
	return true;
}

/**
 * extmem_poison_emit - list a pool's bad pages by ascending address.
 * @pool: the pool, its map locked
 * @buf: a page, for a sysfs file
 *
 * Return: bytes written.
 */
int extmem_poison_emit(const struct extmem_pool *pool, char *buf)
{
	struct extmem_poison *poison;
	unsigned long index;
	int len = 0;

	xa_for_each(&pool->map->poison, index, poison)
		if (poison->pool == pool &&
		    !emit_granule(poison, (u64)index << EXTMEM_GRANULE_SHIFT, buf, &len))
			break;
	return len;
}
