// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: extmem, taking over the hand-over map
 *
 * The next kernel makes the former one's map its own, in place: pages are
 * taken over from KHO one by one, each after it was found sound, and preserved
 * again. A fault costs the narrowest thing it can. A bad root costs everything,
 * a bad pool record that pool, a bad page of claims the claims in and behind
 * it, a bad claim itself. What is lost in this way is not free: the allocation
 * bitmap still says it has an owner, so it goes into quarantine. Where that
 * bitmap is bad, sound claims live on and all the rest of the pool goes into
 * quarantine. A bad dirty bitmap makes all free memory dirty. A bad record of
 * memory errors is noted: the hardware will have to find them again.
 *
 * Nothing sound is given up for want of memory: what it takes to adopt something
 * is allocated so that it can't fail, see EXTMEM_GFP_BOOT. Sizes come from the map,
 * so each is checked first against what was found sound.
 */
#define pr_fmt(fmt) "extmem: " fmt

#include <linux/bitmap.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <trace/events/extmem.h>

#include "adopt.h"

/**
 * struct extmem_adoption - a map being adopted.
 * @map: this kernel's map, not published yet
 * @root: the former kernel's root, found sound
 * @ids: all claims by id
 * @bad: claims found unsound, with what is left of them
 * @nr_pools: pool records found, sound or not
 * @nr_records: claim records found, sound or not
 *
 * One function's own, while the map is not published yet: no lock.
 */
struct extmem_adoption {
	struct extmem_map *map;
	const struct extmem_map_ser *root;
	struct xarray ids;
	struct list_head bad;
	u32 nr_pools;
	u64 nr_records;
};

/**
 * extmem_adopt_page - take over a page of records.
 * @map: this kernel's map
 * @table: the table to append it to
 * @pa: its physical address; that of the next one on success
 * @page: the page, none of its records in use yet
 *
 * Return: what is wrong with it, or NULL.
 */
static const char *extmem_adopt_page(struct extmem_map *map,
				     struct extmem_table *table,
				     u64 *pa, struct extmem_page **page)
{
	const struct extmem_page_ser *old = map->ops->peek(*pa, EXTMEM_MAP_PAGE);
	const char *fault = extmem_page_fault(old, *pa, table->type);
	struct extmem_page_ser *ser;
	u64 next;

	if (fault)
		return fault;
	next = old->next;
	ser = map->ops->adopt(*pa, EXTMEM_MAP_PAGE);
	if (!ser)
		return "page of records: was not preserved";
	*page = extmem_table_add(table, ser, EXTMEM_GFP_BOOT);
	*pa = next;
	return NULL;
}

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
	pool->seen = kvcalloc(BITS_TO_LONGS(space->nbits), sizeof(long), EXTMEM_GFP_BOOT);
	return NULL;
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
static const char *extmem_adopt_pool(struct extmem_map *map, struct extmem_rec *rec)
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
static void extmem_adopt_pool_end(struct extmem_pool *pool)
{
	if (!pool->seen)
		return;
	extmem_adopt_quarantine_rest(pool);
	kvfree(pool->seen);
	pool->seen = NULL;
	if (extmem_space_init(&pool->space)) {
		extmem_note(pool, "too large to manage: nothing of it is used");
		pool->stray += (u64)pool->nr_granules << EXTMEM_GRANULE_SHIFT;
		pool->nr_granules = 0;
		return;
	}
	extmem_pool_update(pool);
}

static const char *extmem_adopt_pool_page(struct extmem_adoption *ad,
					  struct extmem_page *page)
{
	struct extmem_map *map = ad->map;
	const char *first = NULL, *fault;
	unsigned int i;

	for (i = 0; i < EXTMEM_PAGE_RECORDS; i++) {
		struct extmem_rec rec;

		if (extmem_rec_is_free((void *)page->ser + (i + 1) * EXTMEM_RECORD))
			continue;
		ad->nr_pools++;
		rec = extmem_rec_adopt(&map->pool_table, page, i);
		fault = extmem_adopt_pool(map, &rec);
		first = first ?: fault;
	}
	return first;
}

static const char *extmem_adopt_pools(struct extmem_adoption *ad)
{
	const char *first = NULL, *fault;
	struct extmem_page *page;
	u64 pa = ad->root->pools;
	u32 n;

	for (n = 0; n < ad->root->pool_pages; n++) {
		fault = extmem_adopt_page(ad->map, &ad->map->pool_table, &pa, &page);
		if (fault)
			return first ?: fault;
		extmem_page_pin(page);
		fault = extmem_adopt_pool_page(ad, page);
		extmem_page_unpin(ad->map, &ad->map->pool_table, page);
		first = first ?: fault;
	}
	if (!first && ad->nr_pools != ad->root->nr_pools)
		first = "hand-over map: wrong number of pool records";
	return first;
}

static void extmem_adopt_bad_record(struct extmem_adoption *ad, struct extmem_rec *rec)
{
	const struct extmem_poison_ser *poison = rec->ser;
	const struct extmem_claim_ser *claim = rec->ser;
	const char *text = "claim record: checksum mismatch";
	struct extmem_pool *pool = NULL;

	/* Type and node are as doubtful as the rest, but this is only a note */
	if (claim->type == EXTMEM_REC_CLAIM)
		pool = extmem_pool_find(ad->map, claim->node);
	if (poison->type == EXTMEM_REC_POISON) {
		text = "poison record: checksum mismatch";
		pool = extmem_pool_find(ad->map, poison->node);
	}
	if (pool)
		extmem_note(pool, "%s", text);
	else
		extmem_note_all(ad->map, text);
	extmem_rec_free(ad->map, &ad->map->claim_table, rec);
}

/*
 * What is known of memory errors is a fact about the memory, not about a claim: a
 * record stands or falls on its own.
 */
static const char *extmem_adopt_poison_bits(struct extmem_pool *pool,
					    struct extmem_rec *rec)
{
	const struct extmem_poison_ser *ser = rec->ser;
	DECLARE_BITMAP(retired, EXTMEM_POISON_PAGES);
	DECLARE_BITMAP(bad, EXTMEM_POISON_PAGES);
	struct extmem_poison *poison;
	struct extmem_run run;
	unsigned int page;

	if (!extmem_pool_run(pool, ser->start, EXTMEM_GRANULE, &run))
		return "poison record: not a granule of its pool";
	bitmap_from_arr64(bad, ser->bad, EXTMEM_POISON_PAGES);
	bitmap_from_arr64(retired, ser->retired, EXTMEM_POISON_PAGES);
	if (bitmap_empty(bad, EXTMEM_POISON_PAGES) &&
	    bitmap_empty(retired, EXTMEM_POISON_PAGES))
		return "poison record: names no page";
	poison = extmem_poison_get(pool, ser->start);
	/* in this order: a bad page is not retired any more */
	for_each_set_bit(page, retired, EXTMEM_POISON_PAGES)
		extmem_poison_retire(poison, page);
	for_each_set_bit(page, bad, EXTMEM_POISON_PAGES)
		extmem_poison_set(poison, page);
	if (poison->rec.ser) {
		extmem_poison_write(poison, ser->start);
		return "poison record: the second one of its granule";
	}
	poison->rec = *rec;
	return NULL;
}

/**
 * extmem_adopt_poison - take over the bad and retired pages of a granule.
 * @ad: the adoption
 * @rec: the record, with the right checksum; gone if it is of no use
 */
static void extmem_adopt_poison(struct extmem_adoption *ad, struct extmem_rec *rec)
{
	const struct extmem_poison_ser *ser = rec->ser;
	struct extmem_pool *pool = extmem_pool_find(ad->map, ser->node);
	const char *fault;

	if (!pool) {
		extmem_note_all(ad->map, "poison record: its pool is not there");
		extmem_rec_free(ad->map, &ad->map->claim_table, rec);
		return;
	}
	fault = extmem_adopt_poison_bits(pool, rec);
	if (!fault)
		return;
	extmem_note(pool, "%s", fault);
	extmem_rec_free(ad->map, &ad->map->claim_table, rec);
}

/**
 * extmem_adopt_poison_end - no bad or retired page stays free.
 * @map: the map, all pools of which are finished
 *
 * A former kernel may have had no memory to put the granule into quarantine, or
 * what it recorded of that was damaged: also that there are retired pages.
 */
static void extmem_adopt_poison_end(struct extmem_map *map)
{
	struct extmem_poison *poison;
	unsigned long index;

	xa_for_each(&map->poison, index, poison) {
		const struct extmem_poison_ser *ser = poison->rec.ser;
		struct extmem_pool *pool = poison->pool;
		struct extmem_run run;

		if (!bitmap_empty(poison->retired, EXTMEM_POISON_PAGES))
			map->ser->compat |= EXTMEM_COMPAT_RETIRED;
		if (!pool->nr_granules ||
		    !extmem_pool_run(pool, ser->start, EXTMEM_GRANULE, &run) ||
		    !extmem_space_is_free(&pool->space, run.first, 1))
			continue;
		extmem_note(pool, "%#llx: was free, quarantined: %s", ser->start,
			    extmem_reason_text(extmem_poison_reason(poison)));
		extmem_poison_take(poison, run.first);
		extmem_pool_update(pool);
	}
}

static bool extmem_adopt_is_transient(const struct extmem_claim *claim)
{
	const struct extmem_claim_ser *ser = claim->rec.claim;

	return ser->kind != EXTMEM_KIND_QUARANTINE &&
	       (ser->flags & EXTMEM_CLAIM_TRANSIENT) &&
	       !(ser->flags & EXTMEM_CLAIM_SPARED);
}

/**
 * extmem_adopt_transient - free the claims that were not to be handed over.
 * @pool: the pool, just adopted
 */
static void extmem_adopt_transient(struct extmem_pool *pool)
{
	struct extmem_claim *claim, *next;
	unsigned int freed = 0;

	if (!pool->nr_granules)
		return;
	list_for_each_entry_safe(claim, next, &pool->claims, list)
		if (extmem_adopt_is_transient(claim) && !extmem_claim_destroy(claim))
			freed++;
	if (freed)
		pr_info("node %d: freed %u transient claims\n", pool->nid, freed);
}

/*
 * What is unsound about a claim turns it, in place, into a claim of the
 * quarantine: same id, and whatever of its memory is left.
 */

/* Granules of a claim that no other has: they are taken, whatever the bitmap says */
static void extmem_adopt_keep_unseen(struct extmem_pool *pool,
				     const struct extmem_run *run,
				     struct extmem_runs *runs)
{
	unsigned long bit, end = run->first + run->nr;

	for (bit = run->first; bit < end; bit++) {
		if (test_and_set_bit(bit, pool->seen))
			continue;
		set_bit(bit, pool->space.alloc);
		if (runs->nr && runs->run[runs->nr - 1].first +
				runs->run[runs->nr - 1].nr == bit)
			runs->run[runs->nr - 1].nr++;
		else if (extmem_runs_add(runs, bit, 1))
			clear_bit(bit, pool->seen);	/* an orphan, then */
	}
}

static void extmem_adopt_condemn(struct extmem_adoption *ad, struct extmem_claim *claim,
				 enum extmem_reason reason)
{
	struct extmem_claim_ser *ser = claim->rec.claim;
	struct extmem_pool *pool = claim->pool;
	struct extmem_runs runs = {};
	unsigned int i;

	extmem_note(pool, "claim %llu: quarantined: %s", ser->id,
		    extmem_reason_text(reason));
	for (i = 0; i < claim->runs.nr; i++)
		extmem_adopt_keep_unseen(pool, &claim->runs.run[i], &runs);
	extmem_runs_free(&claim->runs);
	claim->runs = runs;
	extmem_recs_free(ad->map, &ad->map->claim_table, &claim->more);
	extmem_name_drop(claim);
	ser->kind = EXTMEM_KIND_QUARANTINE;
	ser->data[0] = reason;
	list_add_tail(&claim->list, &ad->bad);
}

static bool extmem_adopt_claim_has(const struct extmem_claim *claim,
				   const struct extmem_run *run)
{
	unsigned int i;

	for (i = 0; i < claim->runs.nr; i++) {
		const struct extmem_run *own = &claim->runs.run[i];

		if (own->first < run->first + run->nr &&
		    run->first < own->first + own->nr)
			return true;
	}
	return false;
}

/* Condemn the claims that were there first and share granules with a run */
static void extmem_adopt_condemn_others(struct extmem_adoption *ad,
					struct extmem_pool *pool,
					const struct extmem_run *run)
{
	struct extmem_claim *claim, *next;
	unsigned int i;

	list_for_each_entry_safe(claim, next, &pool->claims, list) {
		if (claim->rec.claim->kind == EXTMEM_KIND_QUARANTINE ||
		    !extmem_adopt_claim_has(claim, run))
			continue;
		extmem_claim_unlink(claim);
		for (i = 0; i < claim->runs.nr; i++)
			bitmap_clear(pool->seen, claim->runs.run[i].first,
				     claim->runs.run[i].nr);
		extmem_adopt_condemn(ad, claim, EXTMEM_REASON_OVERLAP);
	}
}

static const struct extmem_extent_ser *
extmem_adopt_extent(const struct extmem_claim *claim, unsigned int i)
{
	const struct extmem_more_ser *more;

	if (i < EXTMEM_CLAIM_EXTENTS)
		return &claim->rec.claim->extents[i];
	i -= EXTMEM_CLAIM_EXTENTS;
	more = claim->more.rec[i / EXTMEM_MORE_EXTENTS].ser;
	return more ? &more->extents[i % EXTMEM_MORE_EXTENTS] : NULL;
}

/* Read the list of extents as far as it makes sense */
static enum extmem_reason extmem_adopt_read_extents(struct extmem_claim *claim)
{
	const struct extmem_claim_ser *ser = claim->rec.claim;
	enum extmem_reason reason = EXTMEM_REASON_NONE;
	struct extmem_run run;
	unsigned int i;
	u64 size = 0;

	extmem_runs_reserve(&claim->runs, ser->nr_extents);
	for (i = 0; i < ser->nr_extents; i++) {
		const struct extmem_extent_ser *extent = extmem_adopt_extent(claim, i);

		if (!extent) {
			reason = EXTMEM_REASON_EXTENTS;
			continue;
		}
		size += extent->size;
		if (!extmem_pool_run(claim->pool, extent->start, extent->size, &run))
			reason = EXTMEM_REASON_BOUNDS;
		else if (extmem_runs_add(&claim->runs, run.first, run.nr))
			reason = EXTMEM_REASON_EXTENTS;
	}
	if (!reason && size != ser->size)
		reason = EXTMEM_REASON_EXTENTS;
	return reason;
}

static bool extmem_adopt_bits_all(const unsigned long *bits,
				  const struct extmem_run *run, bool val)
{
	unsigned long end = run->first + run->nr;

	return (val ? find_next_zero_bit(bits, end, run->first) :
		      find_next_bit(bits, end, run->first)) >= end;
}

/* Compare a claim with its pool's bitmaps, and take its granules */
static enum extmem_reason extmem_adopt_take_runs(struct extmem_claim *claim)
{
	enum extmem_reason reason = EXTMEM_REASON_NONE;
	struct extmem_pool *pool = claim->pool;
	unsigned int i;

	for (i = 0; i < claim->runs.nr; i++) {
		const struct extmem_run *run = &claim->runs.run[i];

		if (!extmem_adopt_bits_all(pool->seen, run, false))
			reason = EXTMEM_REASON_OVERLAP;
		else if (!pool->distrust &&
			 !extmem_adopt_bits_all(pool->space.alloc, run, true))
			reason = EXTMEM_REASON_FREE;
		if (reason)
			break;
		bitmap_set(pool->seen, run->first, run->nr);
	}
	while (reason && i--)
		bitmap_clear(pool->seen, claim->runs.run[i].first,
			     claim->runs.run[i].nr);
	return reason;
}

static void extmem_adopt_trace(const struct extmem_claim *claim)
{
	const struct extmem_claim_ser *ser = claim->rec.claim;
	unsigned int i;

	if (!trace_extmem_adopt_enabled())
		return;
	for (i = 0; i < claim->runs.nr; i++) {
		struct range extent = extmem_pool_extent(claim->pool, &claim->runs.run[i]);

		trace_extmem_adopt(claim->pool->nid, ser->kind, ser->id, extent.start,
				   range_len(&extent), 0);
	}
}

static void extmem_adopt_finish(struct extmem_adoption *ad, struct extmem_claim *claim)
{
	enum extmem_reason reason = extmem_adopt_read_extents(claim);
	unsigned int i;

	if (!reason)
		reason = extmem_adopt_take_runs(claim);
	if (!reason) {
		extmem_adopt_name(claim);
		extmem_adopt_owner(claim);
		extmem_adopt_trace(claim);
		if (claim->rec.claim->kind == EXTMEM_KIND_QUARANTINE)
			extmem_quarantine_link(claim);
		else
			extmem_claim_link(claim);
		return;
	}
	for (i = 0; i < claim->runs.nr; i++)
		extmem_adopt_condemn_others(ad, claim->pool, &claim->runs.run[i]);
	extmem_adopt_condemn(ad, claim, reason);
}

/* What all pages of claims that were found have room for */
static bool extmem_adopt_may_have(struct extmem_adoption *ad,
				  const struct extmem_claim *claim, u32 nr_extents)
{
	u64 records = (u64)ad->map->claim_table.nr_pages * EXTMEM_PAGE_RECORDS;

	return nr_extents && nr_extents <= claim->pool->nr_granules &&
	       extmem_nr_more(nr_extents) < records;
}

/* Room for continuation records that are yet to be found */
static void extmem_adopt_expect_more(struct extmem_claim *claim)
{
	const struct extmem_claim_ser *ser = claim->rec.claim;

	claim->more.nr = extmem_nr_more(ser->nr_extents);
	claim->more.rec = kvcalloc(claim->more.nr, sizeof(*claim->more.rec),
				   EXTMEM_GFP_BOOT);
}

static struct extmem_claim *extmem_adopt_read_claim(struct extmem_adoption *ad,
						    struct extmem_rec *rec)
{
	const struct extmem_claim_ser *ser = rec->ser;
	struct extmem_pool *pool = extmem_pool_find(ad->map, ser->node);
	struct extmem_claim *claim;

	if (!pool) {
		extmem_note_all(ad->map, "claim record: its pool is not there");
		return NULL;
	}
	claim = extmem_claim_new(pool, EXTMEM_GFP_BOOT);
	claim->rec = *rec;
	return claim;
}

/**
 * extmem_adopt_claim - take over a claim, or put it into quarantine.
 * @ad: the adoption
 * @rec: its first record, with the right checksum
 */
static void extmem_adopt_claim(struct extmem_adoption *ad, struct extmem_rec *rec)
{
	const struct extmem_claim_ser *ser = rec->ser;
	struct extmem_claim *claim = extmem_adopt_read_claim(ad, rec);

	if (!claim) {
		extmem_rec_free(ad->map, &ad->map->claim_table, rec);
		return;
	}
	if (ser->type != EXTMEM_REC_CLAIM || !ser->kind ||
	    ser->id >= ad->root->next_id ||
	    xa_insert(&ad->ids, ser->id, claim, EXTMEM_GFP_BOOT))
		extmem_adopt_condemn(ad, claim, EXTMEM_REASON_IDENTITY);
	else if (!extmem_adopt_may_have(ad, claim, ser->nr_extents))
		extmem_adopt_condemn(ad, claim, EXTMEM_REASON_EXTENTS);
	else if (ser->nr_extents <= EXTMEM_CLAIM_EXTENTS)
		extmem_adopt_finish(ad, claim);
	else
		extmem_adopt_expect_more(claim);
}

/**
 * extmem_adopt_more - find the claim a continuation record belongs to.
 * @ad: the adoption
 * @rec: the record, with the right checksum
 */
static void extmem_adopt_more(struct extmem_adoption *ad, struct extmem_rec *rec)
{
	const struct extmem_more_ser *ser = rec->ser;
	struct extmem_claim *claim = xa_load(&ad->ids, ser->id);
	u32 n = ser->first - EXTMEM_CLAIM_EXTENTS;

	if (!claim || n % EXTMEM_MORE_EXTENTS ||
	    n / EXTMEM_MORE_EXTENTS >= claim->more.nr ||
	    claim->more.rec[n / EXTMEM_MORE_EXTENTS].page)
		extmem_rec_free(ad->map, &ad->map->claim_table, rec);
	else
		claim->more.rec[n / EXTMEM_MORE_EXTENTS] = *rec;
}

/**
 * extmem_adopt_longs - finish the claims that have continuation records.
 * @ad: the adoption
 */
static void extmem_adopt_longs(struct extmem_adoption *ad)
{
	struct extmem_claim *claim;
	unsigned long id;

	xa_for_each(&ad->ids, id, claim)
		if (claim->more.nr)
			extmem_adopt_finish(ad, claim);
}

/**
 * extmem_adopt_bad - make what was condemned the quarantine's.
 * @ad: the adoption
 */
static void extmem_adopt_bad(struct extmem_adoption *ad)
{
	struct extmem_claim *claim, *next;
	unsigned int i;

	list_for_each_entry_safe(claim, next, &ad->bad, list) {
		list_del_init(&claim->list);
		if (claim->runs.nr && !extmem_claim_write(claim)) {
			extmem_quarantine_link(claim);
			continue;
		}
		for (i = 0; i < claim->runs.nr; i++)
			bitmap_clear(claim->pool->seen, claim->runs.run[i].first,
				     claim->runs.run[i].nr);
		extmem_claim_free(claim);
	}
}

/* Claims first, then what continues them, and what is known of their memory */
static void extmem_adopt_claim_page(struct extmem_adoption *ad,
				    struct extmem_page *page)
{
	unsigned int i;

	for (i = 0; i < EXTMEM_PAGE_RECORDS; i++) {
		const struct extmem_claim_ser *ser;
		struct extmem_rec rec;

		ser = (void *)page->ser + (i + 1) * EXTMEM_RECORD;
		if (!ser->type && extmem_rec_is_free(ser))
			continue;
		ad->nr_records++;
		rec = extmem_rec_adopt(&ad->map->claim_table, page, i);
		if (!extmem_crc_ok(ser, EXTMEM_RECORD))
			extmem_adopt_bad_record(ad, &rec);
		else if (ser->type != EXTMEM_REC_MORE &&
			 ser->type != EXTMEM_REC_POISON)
			extmem_adopt_claim(ad, &rec);
	}
}

static void extmem_adopt_rest_page(struct extmem_adoption *ad, struct extmem_page *page)
{
	unsigned long used = page->used;
	unsigned int i;

	for_each_set_bit(i, &used, EXTMEM_PAGE_RECORDS) {
		struct extmem_rec rec = {
			.page = page,
			.ser = (void *)page->ser + (i + 1) * EXTMEM_RECORD,
		};

		if (*(u32 *)rec.ser == EXTMEM_REC_MORE)
			extmem_adopt_more(ad, &rec);
		else if (*(u32 *)rec.ser == EXTMEM_REC_POISON)
			extmem_adopt_poison(ad, &rec);
	}
}

static const char *extmem_adopt_claims(struct extmem_adoption *ad)
{
	struct extmem_table *table = &ad->map->claim_table;
	struct extmem_page *page, *next;
	const char *fault = NULL;
	u64 pa = ad->root->claims;
	u32 n;

	for (n = 0; n < ad->root->claim_pages; n++) {
		fault = extmem_adopt_page(ad->map, table, &pa, &page);
		if (fault)
			break;
		extmem_page_pin(page);
	}
	list_for_each_entry(page, &table->pages, list)
		extmem_adopt_claim_page(ad, page);
	list_for_each_entry(page, &table->pages, list)
		extmem_adopt_rest_page(ad, page);
	list_for_each_entry_safe(page, next, &table->pages, list)
		extmem_page_unpin(ad->map, table, page);
	if (fault)
		return "page of claim records: damaged";
	return ad->nr_records == ad->root->nr_records ? NULL :
	       "wrong number of claim records";
}

static void extmem_adopt_root(struct extmem_adoption *ad)
{
	struct extmem_map_ser *ser = ad->map->ser;

	ser->generation = ad->root->generation + 1;
	ser->next_id = ad->root->next_id;
	ser->compat = ad->root->compat;
	ser->ro_compat = ad->root->ro_compat;
	ad->map->readonly = ser->ro_compat & ~EXTMEM_RO_COMPAT_KNOWN;
}

/**
 * extmem_adopt - make a former kernel's map this kernel's.
 * @map: this kernel's map, empty, not published yet
 * @root: the former kernel's root, EXTMEM_MAP_PAGE bytes of memory
 * @size: bytes of it that were handed over
 *
 * Faults within a pool are in its notes.
 *
 * Return: why memory may be missing from all pools, or NULL.
 */
const char *extmem_adopt(struct extmem_map *map,
			 const struct extmem_map_ser *root, size_t size)
{
	struct extmem_adoption ad = { .map = map, .root = root };
	const char *fault = extmem_root_fault(root, size), *fault_claims;
	struct extmem_pool *pool;

	if (fault)
		return fault;
	xa_init(&ad.ids);
	INIT_LIST_HEAD(&ad.bad);
	extmem_adopt_root(&ad);
	fault = extmem_adopt_pools(&ad);

	/* A fault of claims is one of pools that are there to have notes */
	fault_claims = extmem_adopt_claims(&ad);
	if (fault_claims)
		extmem_note_all(map, fault_claims);
	if (map->readonly)
		extmem_note_all(map, "hand-over map: unknown features, no new claims");
	extmem_adopt_longs(&ad);
	extmem_adopt_bad(&ad);
	xa_destroy(&ad.ids);
	list_for_each_entry(pool, &map->pools, list) {
		extmem_adopt_pool_end(pool);
		extmem_adopt_transient(pool);
		extmem_adopt_preserved(pool);
	}
	extmem_adopt_poison_end(map);
	extmem_map_update(map);
	return fault;
}
