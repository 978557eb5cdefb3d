// SPDX-License-Identifier: GPL-2.0
/*
 * Taking over a pool: its record and bitmaps before its claims are read, and
 * afterwards the granules that no claim speaks for.
 */
#include <linux/bitmap.h>
#include <linux/slab.h>

#include "adopt.h"

/*
 * What one of two pools calls free may be somebody's in the other. Neither can
 * be believed; in the one that was there first sound claims live on.
 */
static bool extmem_adopt_overlaps_any(struct extmem_map *map, const struct range *range)
{
	struct extmem_pool *pool;
	bool any = false;
	unsigned int i;

	list_for_each_entry(pool, &map->pools, list)
		for (i = 0; i < pool->nr_ranges; i++) {
			if (!range_overlaps(&pool->range[i], range))
				continue;
			pool->distrust = true;
			extmem_note(pool, "another pool overlaps: unclaimed memory quarantined");
			any = true;
		}
	return any;
}

static const char *extmem_adopt_check_ranges(struct extmem_map *map,
					     const struct range *range,
					     unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		if (extmem_adopt_overlaps_any(map, &range[i]))
			return "pool record: overlaps another pool";
		if (!map->ops->owns(&range[i]))
			return "pool record: memory was never reserved for it";
	}
	return NULL;
}

static unsigned long *extmem_adopt_bits(struct extmem_map *map, u64 pa, size_t bytes)
{
	return map->ops->peek(pa, bytes) ? map->ops->adopt(pa, bytes) : NULL;
}

static const char *extmem_adopt_bitmaps(struct extmem_pool *pool,
					const struct extmem_pool_ser *ser)
{
	struct extmem_space *space = &pool->space;

	if (ser->alloc_bytes != space->nbits / BITS_PER_BYTE ||
	    ser->dirty_bytes != ser->alloc_bytes / EXTMEM_UNIT_GRANULES)
		return "pool record: impossible bitmap size";
	space->alloc = extmem_adopt_bits(pool->map, ser->alloc, ser->alloc_bytes);
	if (!space->alloc)
		return "pool record: allocation bitmap was not preserved";
	space->dirty = extmem_adopt_bits(pool->map, ser->dirty, ser->dirty_bytes);
	if (!space->dirty)
		return "pool record: dirty bitmap was not preserved";
	pool->seen = kvcalloc(BITS_TO_LONGS(space->nbits), sizeof(long), GFP_KERNEL);
	return pool->seen ? NULL : "pool record: no memory to check its claims";
}

static void extmem_adopt_check_sums(struct extmem_pool *pool,
				    const struct extmem_pool_ser *ser)
{
	struct extmem_space *space = &pool->space;

	if (extmem_bits_sum(space->alloc, space->nbits) != ser->alloc_sum) {
		pool->distrust = true;
		extmem_note(pool, "allocation bitmap: sum mismatch, unclaimed memory quarantined");
	}
	if (extmem_bits_sum(space->dirty, space->nbits / EXTMEM_UNIT_GRANULES) !=
	    ser->dirty_sum) {
		extmem_pool_all_dirty(pool);
		extmem_note(pool, "dirty bitmap: sum mismatch, all free memory counts as dirty");
	}
}

static const char *extmem_adopt_read_pool(struct extmem_map *map,
					  const struct extmem_pool_ser *ser,
					  struct extmem_pool **poolp)
{
	struct range range[EXTMEM_POOL_RANGES];
	struct extmem_pool *pool;
	const char *fault;
	unsigned int i;

	for (i = 0; i < ser->nr_ranges; i++)
		range[i] = DEFINE_RANGE(ser->ranges[i].start,
					ser->ranges[i].start + ser->ranges[i].size - 1);
	fault = extmem_adopt_check_ranges(map, range, ser->nr_ranges);
	if (fault)
		return fault;
	if (extmem_pool_find(map, ser->node))
		return "pool record: the second one of its node";
	pool = extmem_pool_get_empty(map, ser->node);
	if (!pool)
		return "pool record: no memory to take it over";
	*poolp = pool;
	extmem_pool_layout(pool, range, ser->nr_ranges);
	return extmem_adopt_bitmaps(pool, ser);
}

/**
 * extmem_adopt_pool - take over a pool.
 * @map: this kernel's map
 * @rec: the pool's record
 *
 * Return: what is wrong with it, or NULL. A bad record is freed, and the pool's
 * memory is in no pool then.
 */
const char *extmem_adopt_pool(struct extmem_map *map, struct extmem_rec *rec)
{
	struct extmem_pool *pool = NULL;
	const char *fault;

	fault = extmem_pool_fault(rec->ser);
	if (!fault)
		fault = extmem_adopt_read_pool(map, rec->ser, &pool);
	if (fault) {
		if (pool) {
			kvfree(pool->seen);
			extmem_pool_free(pool);
		}
		extmem_rec_free(map, &map->pool_table, rec);
		return fault;
	}
	pool->rec = *rec;
	extmem_adopt_check_sums(pool, rec->ser);
	extmem_pool_absent(pool, pool->space.alloc);
	extmem_pool_absent(pool, pool->seen);
	return NULL;
}

/* Collect the runs of set bits */
static int extmem_adopt_collect(const unsigned long *bits, unsigned long nbits,
				struct extmem_runs *runs)
{
	unsigned long first, end = 0;
	int err = 0;

	while (!err) {
		first = find_next_bit(bits, nbits, end);
		if (first >= nbits)
			break;
		end = find_next_zero_bit(bits, nbits, first);
		err = extmem_runs_add(runs, first, end - first);
	}
	return err;
}

/* What has no owner we know, and yet can't be free */
static void extmem_adopt_quarantine_rest(struct extmem_pool *pool)
{
	struct extmem_space *space = &pool->space;
	struct extmem_runs runs = {};
	unsigned long count;
	int err;

	if (pool->distrust)
		bitmap_fill(space->alloc, space->nbits);
	bitmap_andnot(pool->seen, space->alloc, pool->seen, space->nbits);
	count = bitmap_weight(pool->seen, space->nbits);
	if (!count)
		return;
	err = extmem_adopt_collect(pool->seen, space->nbits, &runs);
	if (!err)
		err = extmem_quarantine(pool, &runs, pool->distrust ?
					EXTMEM_REASON_BITMAP : EXTMEM_REASON_ORPHAN);
	extmem_runs_free(&runs);
	if (err)
		pool->nr_quarantined += count;
	extmem_note(pool, "%lu MiB quarantined: %s%s",
		    count << (EXTMEM_GRANULE_SHIFT - 20),
		    extmem_reason_text(pool->distrust ? EXTMEM_REASON_BITMAP :
				       EXTMEM_REASON_ORPHAN),
		    err ? " (no memory to record it)" : "");
}

/**
 * extmem_adopt_pool_end - finish a pool once all its claims are known.
 * @pool: the pool
 */
void extmem_adopt_pool_end(struct extmem_pool *pool)
{
	if (!pool->seen)
		return;
	extmem_adopt_quarantine_rest(pool);
	kvfree(pool->seen);
	pool->seen = NULL;
	if (extmem_space_init(&pool->space)) {
		extmem_note(pool, "no memory to manage the pool: nothing of it is used");
		pool->stray += (u64)pool->nr_granules << EXTMEM_GRANULE_SHIFT;
		pool->nr_granules = 0;
		return;
	}
	extmem_pool_update(pool);
}
