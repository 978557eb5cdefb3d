// SPDX-License-Identifier: GPL-2.0
/*
 * Taking over claims. What is unsound about a claim turns it, in place, into a
 * claim of the quarantine: same id, and whatever of its memory is left.
 */
#include <linux/bitmap.h>
#include <linux/slab.h>

#include "adopt.h"

static void extmem_adopt_drop_more(struct extmem_claim *claim)
{
	struct extmem_map *map = claim->pool->map;

	while (claim->nr_more)
		extmem_rec_free(map, &map->claim_table, &claim->more[--claim->nr_more]);
}

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
	struct extmem_claim_ser *ser = extmem_claim_ser(claim);
	struct extmem_pool *pool = claim->pool;
	struct extmem_runs runs = {};
	unsigned int i;

	extmem_note(pool, "claim %llu: quarantined: %s", ser->id,
		    extmem_reason_text(reason));
	for (i = 0; i < claim->runs.nr; i++)
		extmem_adopt_keep_unseen(pool, &claim->runs.run[i], &runs);
	extmem_runs_free(&claim->runs);
	claim->runs = runs;
	extmem_adopt_drop_more(claim);
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
		if (extmem_claim_ser(claim)->kind == EXTMEM_KIND_QUARANTINE ||
		    !extmem_adopt_claim_has(claim, run))
			continue;
		list_del_init(&claim->list);
		pool->nr_claims--;
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
		return &extmem_claim_ser(claim)->extents[i];
	i -= EXTMEM_CLAIM_EXTENTS;
	more = claim->more[i / EXTMEM_MORE_EXTENTS].ser;
	return more ? &more->extents[i % EXTMEM_MORE_EXTENTS] : NULL;
}

/* Read the list of extents as far as it makes sense */
static enum extmem_reason extmem_adopt_read_extents(struct extmem_claim *claim)
{
	const struct extmem_claim_ser *ser = extmem_claim_ser(claim);
	enum extmem_reason reason = EXTMEM_REASON_NONE;
	struct extmem_run run;
	unsigned int i;
	u64 size = 0;

	if (extmem_runs_reserve(&claim->runs, ser->nr_extents))
		return EXTMEM_REASON_EXTENTS;
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

static void extmem_adopt_finish(struct extmem_adoption *ad, struct extmem_claim *claim)
{
	enum extmem_reason reason = extmem_adopt_read_extents(claim);
	unsigned int i;

	if (!reason)
		reason = extmem_adopt_take_runs(claim);
	if (!reason) {
		extmem_adopt_name(claim);
		extmem_adopt_owner(claim);
		extmem_trace_adopt(claim);
		if (extmem_claim_ser(claim)->kind == EXTMEM_KIND_QUARANTINE)
			extmem_quarantine_link(claim);
		else
			extmem_claim_link(claim);
		return;
	}
	for (i = 0; i < claim->runs.nr; i++)
		extmem_adopt_condemn_others(ad, claim->pool, &claim->runs.run[i]);
	extmem_adopt_condemn(ad, claim, reason);
}

/* Room for continuation records that are yet to be found */
static bool extmem_adopt_expect_more(struct extmem_claim *claim)
{
	const struct extmem_claim_ser *ser = extmem_claim_ser(claim);
	unsigned int nr = extmem_nr_more(ser->nr_extents);

	claim->more = kvcalloc(nr, sizeof(*claim->more), GFP_KERNEL);
	if (!claim->more)
		return false;
	claim->nr_more = nr;
	return true;
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
	claim = extmem_claim_new(pool);
	if (!claim)
		extmem_note(pool, "claim record: no memory to take it over");
	else
		claim->rec = *rec;
	return claim;
}

/**
 * extmem_adopt_claim - take over a claim, or put it into quarantine.
 * @ad: the adoption
 * @rec: its first record, with the right checksum
 */
void extmem_adopt_claim(struct extmem_adoption *ad, struct extmem_rec *rec)
{
	const struct extmem_claim_ser *ser = rec->ser;
	struct extmem_claim *claim = extmem_adopt_read_claim(ad, rec);

	if (!claim) {
		extmem_rec_free(ad->map, &ad->map->claim_table, rec);
		return;
	}
	if (ser->type != EXTMEM_REC_CLAIM || !ser->kind ||
	    ser->id >= ad->root->next_id ||
	    xa_insert(&ad->ids, ser->id, claim, GFP_KERNEL))
		extmem_adopt_condemn(ad, claim, EXTMEM_REASON_IDENTITY);
	else if (!ser->nr_extents || ser->nr_extents > claim->pool->nr_granules)
		extmem_adopt_condemn(ad, claim, EXTMEM_REASON_EXTENTS);
	else if (ser->nr_extents <= EXTMEM_CLAIM_EXTENTS)
		extmem_adopt_finish(ad, claim);
	else if (!extmem_adopt_expect_more(claim))
		extmem_adopt_condemn(ad, claim, EXTMEM_REASON_EXTENTS);
}

/**
 * extmem_adopt_more - find the claim a continuation record belongs to.
 * @ad: the adoption
 * @rec: the record, with the right checksum
 */
void extmem_adopt_more(struct extmem_adoption *ad, struct extmem_rec *rec)
{
	const struct extmem_more_ser *ser = rec->ser;
	struct extmem_claim *claim = xa_load(&ad->ids, ser->id);
	u32 n = ser->first - EXTMEM_CLAIM_EXTENTS;

	if (!claim || n % EXTMEM_MORE_EXTENTS ||
	    n / EXTMEM_MORE_EXTENTS >= claim->nr_more ||
	    claim->more[n / EXTMEM_MORE_EXTENTS].page)
		extmem_rec_free(ad->map, &ad->map->claim_table, rec);
	else
		claim->more[n / EXTMEM_MORE_EXTENTS] = *rec;
}

/**
 * extmem_adopt_longs - finish the claims that have continuation records.
 * @ad: the adoption
 */
void extmem_adopt_longs(struct extmem_adoption *ad)
{
	struct extmem_claim *claim;
	unsigned long id;

	xa_for_each(&ad->ids, id, claim)
		if (claim->nr_more)
			extmem_adopt_finish(ad, claim);
}

/**
 * extmem_adopt_bad - make what was condemned the quarantine's.
 * @ad: the adoption
 */
void extmem_adopt_bad(struct extmem_adoption *ad)
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
