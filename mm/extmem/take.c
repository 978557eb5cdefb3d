// SPDX-License-Identifier: GPL-2.0
/*
 * Taking granules of a pool for a claim, and clearing them.
 *
 * New memory reads zero. Clearing what is dirty may take long, so it is done
 * without the lock, on granules that are already taken but in no claim yet;
 * only then does the claim get them. A freeze in between makes the clearing
 * stop and the granules go back, as dirty as they were. The scrubber clears
 * granules that are free: who takes them from under its hands waits for it to
 * be through with their unit.
 */
#include "pool.h"

/* If the claim has some, try to go on where they end */
static int extmem_take_dirty(struct extmem_pool *pool, const struct extmem_runs *had,
			     u64 start, u64 size, u64 align, struct extmem_runs *runs)
{
	unsigned long nr = size >> EXTMEM_GRANULE_SHIFT;
	unsigned long nr_align = align >> EXTMEM_GRANULE_SHIFT;
	struct extmem_run run;

	if (start != EXTMEM_ANYWHERE) {
		if (!IS_ALIGNED(start, align) ||
		    !extmem_pool_run(pool, start, size, &run))
			return -EINVAL;
		return extmem_space_alloc_at(&pool->space, &run, runs);
	}
	if (had && extmem_space_alloc_after(&pool->space, had, nr, nr_align, runs))
		return 0;
	return extmem_space_alloc(&pool->space, nr, nr_align, runs);
}

/*
 * Clear what is dirty of granules that were just taken. That has to be listed
 * before the lock is first dropped: from then on a dirty bit may be gone because
 * what it speaks for is not free, not because it is clean.
 */
static int extmem_take_clear(struct extmem_pool *pool, const struct extmem_runs *runs,
			     struct extmem_runs *dirty)
{
	int err;

	err = extmem_dirty_list(&pool->space, runs, dirty);
	if (err)
		return err;
	extmem_scrub_wait(pool, runs);
	if (pool->map->frozen)
		return -ESHUTDOWN;
	if (dirty->nr)
		err = extmem_pool_clear(pool, dirty);
	if (!err && extmem_poison_any(pool, runs))
		err = -EHWPOISON;
	if ((!err || err == -EHWPOISON) && pool->map->frozen)
		err = -ESHUTDOWN;
	return err;
}

/* Free granules that were taken, are clean, and were not used */
static void extmem_give_back(struct extmem_pool *pool, const struct extmem_runs *runs)
{
	unsigned int i;

	for (i = 0; i < runs->nr; i++)
		extmem_pool_release(pool, NULL, runs->run[i].first, runs->run[i].nr);
}

/*
 * Give granules back that were not cleared after all. Who got the other granule
 * of a unit meanwhile has settled both.
 */
static void extmem_give_back_dirty(struct extmem_pool *pool,
				   const struct extmem_runs *runs,
				   const struct extmem_runs *dirty)
{
	unsigned int i;

	extmem_give_back(pool, runs);
	extmem_scrub_kick(pool);
	for (i = 0; i < dirty->nr; i++)
		extmem_dirty_mark(&pool->space, dirty->run[i].first, dirty->run[i].nr);
}

static int extmem_take_once(struct extmem_pool *pool, const struct extmem_runs *had,
			    u64 start, u64 size, u64 align, struct extmem_runs *runs)
{
	struct extmem_runs dirty = {};
	int err;

	err = extmem_take_dirty(pool, had, start, size, align, runs);
	if (err)
		return err;
	err = extmem_take_clear(pool, runs, &dirty);
	if (err)
		extmem_give_back_dirty(pool, runs, &dirty);
	else
		extmem_dirty_settle_runs(&pool->space, runs);
	extmem_runs_free(&dirty);
	return err;
}

/*
 * Take granules and clear them. On success they are nobody's yet: the caller has to
 * do something with them. The map is not up to date in either case. Granules that
 * have a memory error meanwhile are in quarantine then, and others taken.
 */
static int extmem_take(struct extmem_pool *pool, const struct extmem_runs *had,
		       u64 start, u64 size, u64 align, struct extmem_runs *runs)
{
	int err;

	do {
		runs->nr = 0;
		err = extmem_take_once(pool, had, start, size, align, runs);
	} while (err == -EHWPOISON);
	return err;
}

/**
 * extmem_claim_add - give a claim memory.
 * @claim: the claim; its map is locked before and after, perhaps not in between
 * @attr: what it is to be, if it is new and has no record yet; else NULL
 * @start: physical address the memory must have, or EXTMEM_ANYWHERE
 * @size: bytes
 * @align: as in &struct extmem_claim_attr
 *
 * Return: 0, or an error as extmem_claim_create() has them, and it has no more than
 * before.
 */
int extmem_claim_add(struct extmem_claim *claim, const struct extmem_claim_attr *attr,
		     u64 start, u64 size, u64 align)
{
	struct extmem_pool *pool = claim->pool;
	struct extmem_runs runs = {};
	int err;

	err = extmem_take(pool, attr ? NULL : &claim->runs, start, size, align, &runs);
	if (!err) {
		if (attr)
			err = extmem_claim_begin(claim, attr);
		if (!err)
			err = extmem_claim_join(claim, &runs);
		if (err)
			extmem_give_back(pool, &runs);
		else
			extmem_trace_claim(claim, &runs);
	}
	extmem_pool_update(pool);
	extmem_runs_free(&runs);
	return err;
}
