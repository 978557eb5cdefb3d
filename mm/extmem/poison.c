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
 * Each granule with a bad page has a record in the map, &extmem_poison_ser.
 * Faults ask extmem_poisoned() without a lock: it reads one counter while
 * nothing is poisoned, else an xarray of granules to which entries are only
 * ever added.
 */
#include <linux/bitmap.h>
#include <linux/slab.h>

#include <trace/events/extmem.h>

#include "internal.h"

static unsigned long granule_index(u64 pa)
{
	return pa >> EXTMEM_GRANULE_SHIFT;
}

static u64 granule_start(u64 index)
{
	return index << EXTMEM_GRANULE_SHIFT;
}

static unsigned int page_index(u64 pa)
{
	return (pa % EXTMEM_GRANULE) >> EXTMEM_SER_PAGE_SHIFT;
}

/* Whether a granule has a bad page among those from @start to @last */
static bool any_bad(const struct extmem_poison *poison, u64 granule, u64 start, u64 last)
{
	unsigned int from = 0, to = EXTMEM_POISON_PAGES - 1;

	if (start > granule)
		from = page_index(start);
	if (last < granule + EXTMEM_GRANULE - 1)
		to = page_index(last);
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
	xa_for_each_range(&map->poison, index, poison, granule_index(start),
			  granule_index(last))
		if (any_bad(poison, granule_start(index), start, last))
			return true;
	return false;
}

/**
 * extmem_poison_get - the poison of a granule, if need be new and without bad pages.
 * @pool: the granule's pool; its map is locked or still in the hands of its maker
 * @pa: an address in the granule
 *
 * Context: may sleep.
 * Return: the poison.
 */
struct extmem_poison *extmem_poison_get(struct extmem_pool *pool, u64 pa)
{
	struct extmem_map *map = pool->map;
	unsigned long index = granule_index(pa);
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
 * extmem_poison_write - write a granule's record.
 * @poison: the granule's poison
 * @start: the granule's physical address
 *
 * Context: the map is locked or still in the hands of its maker, and its root
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
	extmem_crc_set(ser, EXTMEM_RECORD);
	return 0;
}

static int quarantine(struct extmem_pool *pool, const struct extmem_runs *runs)
{
	int err = extmem_quarantine(pool, runs, EXTMEM_REASON_POISON);
	unsigned int i;

	/* They stay taken all the same */
	for (i = 0; err && i < runs->nr; i++)
		pool->nr_quarantined += runs->run[i].nr;
	return err;
}

/**
 * extmem_poison_take - put a granule into quarantine if it is free.
 * @pool: its pool; the map is locked or still in the hands of its maker
 * @bit: the granule
 *
 * Return: 0, or -ENOMEM: then it is in quarantine, but unrecorded.
 */
int extmem_poison_take(struct extmem_pool *pool, unsigned long bit)
{
	struct extmem_run run = { .first = bit, .nr = 1 };
	struct extmem_runs runs = { .nr = 1, .run = &run };

	if (!extmem_space_is_free(&pool->space, bit, 1))
		return 0;
	extmem_space_mark(&pool->space, bit, 1, true);
	extmem_dirty_settle(&pool->space, bit, 1);
	return quarantine(pool, &runs);
}

/**
 * extmem_poison_next_good - find granules that may become free.
 * @pool: the pool, its map locked
 * @pos: where to start, moved past what was found
 * @end: where to stop; all granules up to there are of one range
 * @run: granules found, none of which has a bad page
 *
 * Return: true if @run holds something.
 */
bool extmem_poison_next_good(const struct extmem_pool *pool, unsigned long *pos,
			     unsigned long end, struct extmem_run *run)
{
	while (*pos < end) {
		unsigned long index = granule_index(extmem_pool_phys(pool, *pos));
		unsigned long bad = index;
		bool found;

		found = xa_find(&pool->map->poison, &bad, index + (end - *pos) - 1,
				XA_PRESENT);
		run->first = *pos;
		run->nr = found ? bad - index : end - *pos;
		*pos += run->nr + found;
		if (run->nr)
			return true;
	}
	return false;
}

/**
 * extmem_poison_keep - what does not become free goes into quarantine.
 * @pool: the pool, its map locked
 * @first: the first granule that is given up
 * @nr: how many, all of one range
 *
 * Those of them that have no bad page are free by now.
 */
void extmem_poison_keep(struct extmem_pool *pool, unsigned long first, unsigned long nr)
{
	unsigned long start = granule_index(extmem_pool_phys(pool, first)), index;
	struct extmem_poison *poison;

	xa_for_each_range(&pool->map->poison, index, poison, start, start + nr - 1) {
		struct extmem_run run = { .first = first + index - start, .nr = 1 };
		struct extmem_runs runs = { .nr = 1, .run = &run };

		quarantine(pool, &runs);
	}
}

static struct extmem_pool *find_pool(struct extmem_map *map, u64 granule,
				     struct extmem_run *run)
{
	struct extmem_pool *pool;

	list_for_each_entry(pool, &map->pools, list)
		if (pool->nr_granules &&
		    extmem_pool_run(pool, granule, EXTMEM_GRANULE, run))
			return pool;
	return NULL;
}

/* The claim that has a granule: its id, or 0 */
static u64 owner(const struct extmem_pool *pool, unsigned long bit)
{
	struct extmem_claim *claim;
	unsigned int i;

	list_for_each_entry(claim, &pool->claims, list)
		for (i = 0; i < claim->runs.nr; i++)
			if (bit - claim->runs.run[i].first < claim->runs.run[i].nr)
				return extmem_claim_ser(claim)->id;
	return 0;
}

/* For the next kernel, too */
static int record(struct extmem_poison *poison, u64 granule, unsigned long bit)
{
	struct extmem_pool *pool = poison->pool;
	int err, taken;

	err = extmem_poison_write(poison, granule);
	taken = extmem_poison_take(pool, bit);
	extmem_pool_update(pool);
	return err ?: taken;
}

/**
 * extmem_poison_add - a page of a pool has had a memory error.
 * @map: the map
 * @pa: an address in the page
 * @id: the claim that had the page, 0 for none
 *
 * Context: may sleep.
 * Return: 0; -ENOENT if no pool has the page; -EEXIST if it was known to be
 * bad. -ENOMEM or, once the map is frozen, -ESHUTDOWN: this kernel keeps the
 * page from being used, but the next one may not know.
 */
int extmem_poison_add(struct extmem_map *map, u64 pa, u64 *id)
{
	u64 granule = ALIGN_DOWN(pa, EXTMEM_GRANULE);
	struct extmem_poison *poison;
	struct extmem_pool *pool;
	struct extmem_run run;

	guard(mutex)(&map->lock);
	pool = find_pool(map, granule, &run);
	if (!pool)
		return -ENOENT;
	*id = owner(pool, run.first);
	poison = extmem_poison_get(pool, granule);
	if (!extmem_poison_set(poison, page_index(pa)) && poison->rec.ser)
		return -EEXIST;
	trace_extmem_poison(pool->nid, ALIGN_DOWN(pa, PAGE_SIZE), *id);
	return map->frozen ? -ESHUTDOWN : record(poison, granule, run.first);
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
