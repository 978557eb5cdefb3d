// SPDX-License-Identifier: GPL-2.0
/*
 * Memory kept out of everyone's hands. Quarantined granules belong to a claim of
 * extmem's own, so they stay where they are over the next kexec as well. A
 * granule with a bad or retired page goes there when it is free, or when its
 * owner gives it up: so whoever frees granules comes here.
 */
#include <linux/slab.h>

#include <trace/events/extmem.h>

#include "pool.h"

static const char * const reasons[] = {
	[EXTMEM_REASON_NONE] = "no reason given",
	[EXTMEM_REASON_ORPHAN] = "allocated, but no sound claim covers it",
	[EXTMEM_REASON_BOUNDS] = "its claim reaches outside the pool",
	[EXTMEM_REASON_OVERLAP] = "more than one claim covers it",
	[EXTMEM_REASON_EXTENTS] = "its claim's list of extents is not sound",
	[EXTMEM_REASON_BITMAP] = "the allocation bitmap is damaged",
	[EXTMEM_REASON_FREE] = "a claim covers it, but it was not allocated",
	[EXTMEM_REASON_IDENTITY] = "its claim's type, kind or id is not sound",
	[EXTMEM_REASON_POISON] = "it has had a memory error",
	[EXTMEM_REASON_ELSEWHERE] = "it was in use elsewhere",
	[EXTMEM_REASON_RETIRED] = "it was retired",
};

/**
 * extmem_reason_text - a reason in words.
 * @reason: enum extmem_reason, perhaps of a later version
 *
 * Return: the words.
 */
const char *extmem_reason_text(u64 reason)
{
	return reason < ARRAY_SIZE(reasons) ? reasons[reason] :
	       "for a reason this kernel does not know";
}

static void extmem_quarantine_trace(const struct extmem_claim *claim)
{
	const char *reason = extmem_reason_text(claim->rec.claim->data[0]);
	const struct extmem_pool *pool = claim->pool;
	unsigned int i;

	if (!trace_extmem_quarantine_enabled())
		return;
	for (i = 0; i < claim->runs.nr; i++) {
		struct range extent = extmem_pool_extent(pool, &claim->runs.run[i]);

		trace_extmem_quarantine(pool->nid, extent.start, range_len(&extent),
					reason);
	}
}

/**
 * extmem_quarantine_link - add a claim of the quarantine's to its pool.
 * @claim: the claim, its record written; the map is locked or not published yet
 */
void extmem_quarantine_link(struct extmem_claim *claim)
{
	struct extmem_pool *pool = claim->pool;
	unsigned int i;

	list_add_tail(&claim->list, &pool->claims);
	for (i = 0; i < claim->runs.nr; i++)
		pool->nr_quarantined += claim->runs.run[i].nr;
	extmem_quarantine_trace(claim);
}

/**
 * extmem_quarantine - keep granules out of everyone's hands.
 * @pool: the pool
 * @runs: the granules, already marked taken
 * @reason: why
 *
 * Context: may sleep; the map is locked or not published yet.
 * Return: 0 or -ENOMEM: then the granules are still taken and in no claim,
 * which makes the next kernel quarantine them.
 */
int extmem_quarantine(struct extmem_pool *pool, const struct extmem_runs *runs,
		      enum extmem_reason reason)
{
	struct extmem_claim_attr attr = {
		.kind = EXTMEM_KIND_QUARANTINE,
		.data = { reason },
	};
	struct extmem_runs own = {};
	struct extmem_claim *claim;
	int err;

	if (!runs->nr)
		return 0;
	err = extmem_runs_join(&own, runs);
	claim = err ? ERR_PTR(err) : extmem_claim_make(pool, &attr, &own);
	if (!IS_ERR(claim))
		extmem_quarantine_link(claim);
	extmem_runs_free(&own);
	return PTR_ERR_OR_ZERO(claim);
}

static int extmem_quarantine_poison(const struct extmem_poison *poison,
				    unsigned long bit)
{
	struct extmem_run run = { .first = bit, .nr = 1 };
	struct extmem_runs runs = { .nr = 1, .run = &run };
	phys_addr_t pa = extmem_pool_phys(poison->pool, bit);
	int err = extmem_quarantine(poison->pool, &runs, extmem_poison_reason(poison));

	/* It stays taken all the same */
	if (err) {
		poison->pool->nr_quarantined++;
		pr_err("node %d: %pa has a bad page and is kept from use, but for want of memory there is no record of it\n",
		       poison->pool->nid, &pa);
	}
	return err;
}

/**
 * extmem_poison_take - put a granule into quarantine if it is free.
 * @poison: its poison; the map is locked or not published yet
 * @bit: the granule
 *
 * Return: 0, or -ENOMEM: then it is in quarantine, but unrecorded.
 */
int extmem_poison_take(struct extmem_poison *poison, unsigned long bit)
{
	struct extmem_pool *pool = poison->pool;

	if (!extmem_space_is_free(&pool->space, bit, 1))
		return 0;
	extmem_space_mark(&pool->space, bit, 1, true);
	extmem_dirty_settle(&pool->space, bit, 1);
	return extmem_quarantine_poison(poison, bit);
}

/*
 * Free granules, but for those with a bad or retired page: they go into quarantine.
 * @claim had them, and left data in them; NULL if they are clean.
 */
static void extmem_quarantine_or_free(struct extmem_pool *pool,
				      const struct extmem_claim *claim,
				      unsigned long first, unsigned long nr)
{
	phys_addr_t pa = extmem_pool_phys(pool, first);
	unsigned long start = pa >> EXTMEM_GRANULE_SHIFT;
	unsigned long pos = first, index;
	struct extmem_poison *poison;

	if (claim)
		trace_extmem_free(pool->nid, claim->rec.claim->kind, claim->rec.claim->id,
				  pa, (u64)nr << EXTMEM_GRANULE_SHIFT, 0);
	xa_for_each_range(&pool->map->poison, index, poison, start, start + nr - 1) {
		unsigned long bad = first + index - start;

		extmem_quarantine_poison(poison, bad);
		extmem_space_free(&pool->space, pos, bad - pos, claim);
		pos = bad + 1;
	}
	extmem_space_free(&pool->space, pos, first + nr - pos, claim);
}

/**
 * extmem_pool_release - free granules of a claim, but for those with bad pages.
 * @pool: the pool, its map locked and to be updated afterwards
 * @claim: who had them, and left data in them
 * @first: the first granule
 * @nr: how many, all of one range
 *
 * Those with a bad or retired page go into quarantine.
 */
void extmem_pool_release(struct extmem_pool *pool, const struct extmem_claim *claim,
			 unsigned long first, unsigned long nr)
{
	extmem_quarantine_or_free(pool, claim, first, nr);
	extmem_scrub_kick(pool);
}

/**
 * extmem_pool_give_back - free granules that were taken and not used.
 * @pool: the pool, its map locked and to be updated afterwards
 * @runs: the granules
 * @dirty: those of them that are not clean
 *
 * Those with a bad or retired page go into quarantine. Who got the other granule of a
 * unit meanwhile has settled both: so what is dirty has to be said again.
 */
void extmem_pool_give_back(struct extmem_pool *pool, const struct extmem_runs *runs,
			   const struct extmem_runs *dirty)
{
	unsigned int i;

	for (i = 0; i < runs->nr; i++)
		extmem_quarantine_or_free(pool, NULL, runs->run[i].first,
					  runs->run[i].nr);
	if (dirty->nr)
		extmem_scrub_kick(pool);
	for (i = 0; i < dirty->nr; i++)
		extmem_dirty_mark(&pool->space, dirty->run[i].first, dirty->run[i].nr);
}
