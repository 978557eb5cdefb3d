// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: extmem, memory errors
 *
 * A memory error costs the 4 KiB page it hits, and the granule around it. The
 * page is *poisoned* for good: nobody maps it any more, in this kernel or a
 * later one. The granule stays with the claim that has it, whose owner goes on
 * using all its other pages. When the claim gives it up it does not become free
 * but goes into quarantine; a granule that is free already goes there at once.
 * So it is neither handed out again nor cleared.
 *
 * A page that is about to fail, as its corrected errors tell, is *retired*. Its
 * owner keeps it and goes on using it: nothing is lost. But it is nobody's
 * afterwards: the granule goes into quarantine as one with a bad page does.
 *
 * Each granule with a bad or retired page has a record in the map,
 * &extmem_poison_ser.
 * Faults ask extmem_poisoned() without a lock: it reads one counter while
 * nothing is poisoned, else an xarray of granules to which entries are only
 * ever added.
 */
#include <linux/bitmap.h>
#include <linux/slab.h>

#include "pool.h"

static unsigned long extmem_poison_granule_index(u64 pa)
{
	return pa >> EXTMEM_GRANULE_SHIFT;
}

static u64 extmem_poison_granule_start(u64 index)
{
	return index << EXTMEM_GRANULE_SHIFT;
}

static unsigned int extmem_poison_page_index(u64 pa)
{
	return (pa % EXTMEM_GRANULE) >> EXTMEM_SER_PAGE_SHIFT;
}

/* Whether a granule has a bad page among those from @start to @last */
static bool extmem_poison_any_bad(const struct extmem_poison *poison,
				  u64 granule, u64 start, u64 last)
{
	unsigned int from = 0, to = EXTMEM_POISON_PAGES - 1;

	if (start > granule)
		from = extmem_poison_page_index(start);
	if (last < granule + EXTMEM_GRANULE - 1)
		to = extmem_poison_page_index(last);
	return find_next_bit(poison->bad, to + 1, from) <= to;
}

/**
 * extmem_map_poisoned - whether memory has a bad page.
 * @map: the map; need not be locked
 * @start: physical address of the memory
 * @size: bytes, not 0
 *
 * Return: true if any byte of it is in a page that has had a memory error.
 */
bool extmem_map_poisoned(struct extmem_map *map, u64 start, u64 size)
{
	u64 last = start + size - 1;
	struct extmem_poison *poison;
	unsigned long index;

	if (likely(!READ_ONCE(map->nr_poisoned)))
		return false;
	xa_for_each_range(&map->poison, index, poison,
			  extmem_poison_granule_index(start),
			  extmem_poison_granule_index(last))
		if (extmem_poison_any_bad(poison,
					  extmem_poison_granule_start(index),
					  start, last))
			return true;
	return false;
}

/**
 * extmem_map_retired - whether memory has a retired page.
 * @map: the map; need not be locked
 * @start: physical address of the memory
 * @size: bytes, not 0
 *
 * Return: true if any granule that has a byte of it has a retired page.
 */
bool extmem_map_retired(struct extmem_map *map, u64 start, u64 size)
{
	struct extmem_poison *poison;
	unsigned long index;

	xa_for_each_range(&map->poison, index, poison,
			  extmem_poison_granule_index(start),
			  extmem_poison_granule_index(start + size - 1))
		if (!bitmap_empty(poison->retired, EXTMEM_POISON_PAGES))
			return true;
	return false;
}

/**
 * extmem_poison_any - whether any of some granules has a bad or retired page.
 * @pool: their pool; its map need not be locked
 * @runs: the granules
 *
 * Return: true if one has.
 */
bool extmem_poison_any(const struct extmem_pool *pool, const struct extmem_runs *runs)
{
	unsigned long start, last;
	unsigned int i;

	for (i = 0; i < runs->nr; i++) {
		start = extmem_poison_granule_index(extmem_pool_phys(pool, runs->run[i].first));
		last = start + runs->run[i].nr - 1;
		if (xa_find(&pool->map->poison, &start, last, XA_PRESENT))
			return true;
	}
	return false;
}

/**
 * extmem_poison_get - the poison of a granule, if need be new and without pages.
 * @pool: the granule's pool; its map is locked or not published yet
 * @pa: an address in the granule
 *
 * Context: may sleep.
 * Return: the poison.
 */
struct extmem_poison *extmem_poison_get(struct extmem_pool *pool, u64 pa)
{
	struct extmem_map *map = pool->map;
	unsigned long index = extmem_poison_granule_index(pa);
	struct extmem_poison *poison = xa_load(&map->poison, index);

	if (poison)
		return poison;
	/* To forget a bad page is no way out */
	poison = kzalloc_obj(*poison, GFP_KERNEL | __GFP_NOFAIL);
	poison->pool = pool;
	xa_store(&map->poison, index, poison, GFP_KERNEL | __GFP_NOFAIL);
	return poison;
}

/**
 * extmem_poison_set - a page of a granule is bad.
 * @poison: the granule's poison
 * @page: which page of the granule
 *
 * Return: false if it was known.
 */
bool extmem_poison_set(struct extmem_poison *poison, unsigned int page)
{
	struct extmem_map *map = poison->pool->map;

	if (test_and_set_bit(page, poison->bad))
		return false;
	poison->pool->nr_poisoned++;
	WRITE_ONCE(map->nr_poisoned, map->nr_poisoned + 1);
	return true;
}

/**
 * extmem_poison_retire - a page of a granule is retired.
 * @poison: the granule's poison
 * @page: which page of the granule
 *
 * Return: false if it was known, or is bad already.
 */
bool extmem_poison_retire(struct extmem_poison *poison, unsigned int page)
{
	if (test_bit(page, poison->bad) || test_and_set_bit(page, poison->retired))
		return false;
	poison->pool->nr_retired++;
	return true;
}

/**
 * extmem_poison_reason - why a granule is not to be used.
 * @poison: the granule's poison
 *
 * Return: the reason; bad pages count for more than retired ones.
 */
enum extmem_reason extmem_poison_reason(const struct extmem_poison *poison)
{
	return bitmap_empty(poison->bad, EXTMEM_POISON_PAGES) ?
	       EXTMEM_REASON_RETIRED : EXTMEM_REASON_POISON;
}

/**
 * extmem_poison_write - write a granule's record.
 * @poison: the granule's poison
 * @start: the granule's physical address
 *
 * Context: the map is locked or not published yet, and its root
 * to be updated afterwards.
 * Return: 0 or -ENOMEM.
 */
int extmem_poison_write(struct extmem_poison *poison, u64 start)
{
	struct extmem_map *map = poison->pool->map;
	struct extmem_poison_ser *ser;
	int err;

	if (!poison->rec.ser) {
		err = extmem_rec_alloc(map, &map->claim_table, &poison->rec);
		if (err)
			return err;
	}
	ser = poison->rec.ser;
	ser->type = EXTMEM_REC_POISON;
	ser->node = poison->pool->nid;
	ser->start = start;
	bitmap_to_arr64(ser->bad, poison->bad, EXTMEM_POISON_PAGES);
	bitmap_to_arr64(ser->retired, poison->retired, EXTMEM_POISON_PAGES);
	extmem_crc_set(ser, EXTMEM_RECORD);
	if (!bitmap_empty(poison->retired, EXTMEM_POISON_PAGES))
		map->ser->compat |= EXTMEM_COMPAT_RETIRED;
	return 0;
}

/**
 * extmem_poison_free - forget all bad pages.
 * @map: the map, whose records are about to be freed; only the self-tests ever
 *       do this with any
 */
void extmem_poison_free(struct extmem_map *map)
{
	struct extmem_poison *poison;
	unsigned long index;

	xa_for_each(&map->poison, index, poison)
		kfree(poison);
	xa_destroy(&map->poison);
	map->nr_poisoned = 0;
}
