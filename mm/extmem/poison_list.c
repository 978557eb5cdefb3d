// SPDX-License-Identifier: GPL-2.0
/*
 * The bad pages of a pool as the administrator reads them.
 */
#include <linux/bitmap.h>
#include <linux/sysfs.h>

#include "internal.h"

#define MORE	"...\n"

/* A line for each bad page of a granule, or MORE where the room ends */
static int emit_granule(const struct extmem_poison *poison, u64 granule, char *buf,
			int len, bool *full)
{
	char line[80];
	unsigned int page;

	for_each_set_bit(page, poison->bad, EXTMEM_POISON_PAGES) {
		u64 offset = (u64)page << EXTMEM_SER_PAGE_SHIFT;
		int n = scnprintf(line, sizeof(line), "%#llx: granule %#llx offset %#llx\n",
				  granule + offset, granule, offset);

		*full = len + n + strlen(MORE) >= PAGE_SIZE;
		len += sysfs_emit_at(buf, len, "%s", *full ? MORE : line);
		if (*full)
			break;
	}
	return len;
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
	bool full = false;
	int len = 0;

	xa_for_each(&pool->map->poison, index, poison) {
		if (full)
			break;
		if (poison->pool == pool)
			len = emit_granule(poison, (u64)index << EXTMEM_GRANULE_SHIFT,
					   buf, len, &full);
	}
	return len;
}
