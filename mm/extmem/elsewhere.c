// SPDX-License-Identifier: GPL-2.0
/*
 * Boot: memory of a pool that somebody else has had in use. Who knows what they
 * wrote: it is nobody's any more. The map says so, or else the next kernel would
 * take what is there for what the claims' owners left.
 */
#include <linux/bitmap.h>

#include "boot.h"

/* Give up a claim that has some of @range; its granules are added to @runs */
static int __init extmem_forget_claim(struct extmem_claim *claim,
				      const struct range *range,
				      struct extmem_runs *runs)
{
	bool hit = false;
	unsigned int i;
	int err = 0;

	for (i = 0; i < claim->runs.nr; i++) {
		struct range extent = extmem_claim_extent(claim, i);

		hit |= range_overlaps(&extent, range);
	}
	if (!hit || claim->rec.claim->kind == EXTMEM_KIND_QUARANTINE)
		return 0;
	for (i = 0; i < claim->runs.nr && !err; i++)
		err = extmem_runs_add(runs, claim->runs.run[i].first,
				      claim->runs.run[i].nr);
	extmem_note(claim->pool, "claim %llu: quarantined: %s", extmem_claim_id(claim),
		    extmem_reason_text(EXTMEM_REASON_ELSEWHERE));
	claim->pool->nr_claims--;
	extmem_claim_free(claim);
	return err;
}

/* Take what is free of some granules; what was taken is added to @runs */
static int __init extmem_take_free(struct extmem_pool *pool,
				   const struct extmem_run *all,
				   struct extmem_runs *runs)
{
	unsigned long bit = all->first, end = all->first + all->nr, first;
	int err = 0;

	for (;;) {
		first = find_next_zero_bit(pool->space.alloc, end, bit);
		if (first >= end)
			return err;
		bit = find_next_bit(pool->space.alloc, end, first);
		extmem_space_mark(&pool->space, first, bit - first, true);
		extmem_dirty_settle(&pool->space, first, bit - first);
		err = err ?: extmem_runs_add(runs, first, bit - first);
	}
}

/**
 * extmem_write_off - quarantine a range of which somebody else has some.
 * @pool: the pool, just adopted or made; its map is not published yet
 * @range: one of its ranges
 *
 * Claims on it go with all they have, elsewhere, too. What there is no memory
 * to record is taken and in no claim: the next kernel quarantines that.
 */
void __init extmem_write_off(struct extmem_pool *pool, const struct range *range)
{
	struct extmem_claim *claim, *next;
	struct extmem_runs runs = {};
	struct extmem_run all;
	int err = 0;

	extmem_note(pool, "%#llx-%#llx is in use elsewhere: nothing of it is used",
		    range->start, range->end);
	if (!pool->nr_granules ||
	    !extmem_pool_run(pool, range->start, range_len(range), &all))
		return;
	list_for_each_entry_safe(claim, next, &pool->claims, list)
		err = extmem_forget_claim(claim, range, &runs) ?: err;
	err = extmem_take_free(pool, &all, &runs) ?: err;
	err = extmem_quarantine(pool, &runs, EXTMEM_REASON_ELSEWHERE) ?: err;
	if (err)
		extmem_note(pool, "no memory to record that: %pe", ERR_PTR(err));
	extmem_runs_free(&runs);
	extmem_pool_update(pool);
}
