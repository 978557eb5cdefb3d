// SPDX-License-Identifier: GPL-2.0
/*
 * Making, growing, shrinking and giving up claims.
 *
 * New memory reads zero. Clearing what is dirty may take long, so it is done
 * without the lock, on granules that are already taken but in no claim yet;
 * only then does the claim get them. A freeze in between makes the clearing
 * stop and the granules go back, as dirty as they were. The scrubber clears
 * granules that are free: who takes them from under its hands waits for it to
 * be through with their unit.
 */
#include <linux/export.h>
#include <linux/random.h>
#include <linux/slab.h>

#include <trace/events/extmem.h>

#include "internal.h"

static int check_size(u64 size, u64 align)
{
	if (align != EXTMEM_GRANULE && align != SZ_1G)
		return -EINVAL;
	return size && IS_ALIGNED(size, align) ? 0 : -EINVAL;
}

static int check_map(const struct extmem_map *map)
{
	if (map->frozen)
		return -ESHUTDOWN;
	return map->readonly ? -EROFS : 0;
}

static int take_at(struct extmem_pool *pool, u64 start, u64 size, u64 align,
		   struct extmem_runs *runs)
{
	struct extmem_run run;
	int err;

	if (!IS_ALIGNED(start, align) || !extmem_pool_run(pool, start, size, &run))
		return -EINVAL;
	if (!extmem_space_is_free(&pool->space, run.first, run.nr))
		return -EBUSY;
	err = extmem_runs_add(runs, run.first, run.nr);
	if (!err)
		extmem_space_mark(&pool->space, run.first, run.nr, true);
	return err;
}

/* Try to go on where the claim's last extent ends */
static bool take_next(struct extmem_pool *pool, const struct extmem_claim *claim,
		      unsigned long nr, unsigned long align,
		      struct extmem_runs *runs)
{
	const struct extmem_run *last;
	unsigned long first;

	if (!claim)
		return false;
	last = &claim->runs.run[claim->runs.nr - 1];
	first = last->first + last->nr;
	if (first % align || !extmem_space_is_free(&pool->space, first, nr) ||
	    extmem_space_breaks_gig(&pool->space, first, nr))
		return false;
	if (extmem_runs_add(runs, first, nr))
		return false;
	extmem_space_mark(&pool->space, first, nr, true);
	return true;
}

static int take(struct extmem_pool *pool, const struct extmem_claim *claim,
		u64 start, u64 size, u64 align, struct extmem_runs *runs)
{
	unsigned long nr = size >> EXTMEM_GRANULE_SHIFT;
	unsigned long nr_align = align >> EXTMEM_GRANULE_SHIFT;

	if (start != EXTMEM_ANYWHERE)
		return take_at(pool, start, size, align, runs);
	if (take_next(pool, claim, nr, nr_align, runs))
		return 0;
	return extmem_space_alloc(&pool->space, nr, nr_align, runs);
}

/* Free granules, but for those with a bad page */
static void release(struct extmem_pool *pool, unsigned long first, unsigned long nr,
		    bool dirty)
{
	unsigned long pos = first;
	struct extmem_run run;

	while (extmem_poison_next_good(pool, &pos, first + nr, &run)) {
		extmem_space_mark(&pool->space, run.first, run.nr, false);
		if (dirty)
			extmem_dirty_mark(&pool->space, run.first, run.nr);
	}
	extmem_poison_keep(pool, first, nr);
}

static void give_back(struct extmem_pool *pool, const struct extmem_runs *runs)
{
	unsigned int i;

	for (i = 0; i < runs->nr; i++)
		release(pool, runs->run[i].first, runs->run[i].nr, false);
}

/* Which of the granules that were just taken have to be cleared */
static int list_dirty(const struct extmem_pool *pool, const struct extmem_runs *runs,
		      struct extmem_runs *dirty)
{
	unsigned int i;
	int err = 0;

	for (i = 0; !err && i < runs->nr; i++) {
		unsigned long pos = runs->run[i].first;
		unsigned long end = pos + runs->run[i].nr;
		struct extmem_run run;

		while (!err && extmem_dirty_next(&pool->space, &pos, end, &run))
			err = extmem_runs_add(dirty, run.first, run.nr);
	}
	return err;
}

static int clear_dirty(struct extmem_pool *pool, const struct extmem_runs *dirty)
{
	struct extmem_map *map = pool->map;
	unsigned int i;
	int err = 0;

	for (i = 0; !err && i < dirty->nr; i++)
		err = map->ops->clear(map, extmem_pool_phys(pool, dirty->run[i].first),
				      (u64)dirty->run[i].nr << EXTMEM_GRANULE_SHIFT);
	return err;
}

/*
 * Give granules back that were not cleared after all. Who got the other granule
 * of a unit meanwhile has settled both.
 */
static void give_back_dirty(struct extmem_pool *pool, const struct extmem_runs *runs,
			    const struct extmem_runs *dirty)
{
	unsigned int i;

	give_back(pool, runs);
	for (i = 0; i < dirty->nr; i++)
		extmem_dirty_mark(&pool->space, dirty->run[i].first, dirty->run[i].nr);
	extmem_scrub_kick(pool);
}

static bool any_poisoned(struct extmem_pool *pool, const struct extmem_runs *runs)
{
	unsigned int i;

	for (i = 0; i < runs->nr; i++)
		if (extmem_map_poisoned(pool->map,
					extmem_pool_phys(pool, runs->run[i].first),
					(u64)runs->run[i].nr << EXTMEM_GRANULE_SHIFT))
			return true;
	return false;
}

static void settle(struct extmem_pool *pool, const struct extmem_runs *runs)
{
	unsigned int i;

	for (i = 0; i < runs->nr; i++)
		extmem_dirty_settle(&pool->space, runs->run[i].first, runs->run[i].nr);
}

/*
 * Clear what is dirty of granules that were just taken. That has to be listed
 * before the lock is first dropped: from then on a dirty bit may be gone because
 * what it speaks for is not free, not because it is clean.
 */
static int clear_taken(struct extmem_pool *pool, const struct extmem_runs *runs,
		       struct extmem_runs *dirty)
{
	int err;

	err = list_dirty(pool, runs, dirty);
	if (err)
		return err;
	extmem_scrub_wait(pool, runs);
	if (pool->map->frozen)
		return -ESHUTDOWN;
	if (dirty->nr) {
		extmem_clear_begin(pool);
		err = clear_dirty(pool, dirty);
		extmem_clear_end(pool);
	}
	if (!err && any_poisoned(pool, runs))
		err = -EHWPOISON;
	if ((!err || err == -EHWPOISON) && pool->map->frozen)
		err = -ESHUTDOWN;
	return err;
}

/*
 * Take granules and clear them. On success they are nobody's yet and the
 * caller, who holds the lock before and after, has to do something with them.
 * The map is not up to date then.
 */
static int try_take_clean(struct extmem_pool *pool, const struct extmem_claim *claim,
			  u64 start, u64 size, u64 align, struct extmem_runs *runs)
{
	struct extmem_runs dirty = {};
	int err;

	err = take(pool, claim, start, size, align, runs);
	if (err)
		return err;
	err = clear_taken(pool, runs, &dirty);
	if (err) {
		give_back_dirty(pool, runs, &dirty);
		extmem_pool_update(pool);
	} else {
		settle(pool, runs);
	}
	extmem_runs_free(&dirty);
	return err;
}

/*
 * Take granules and clear them. On success they are nobody's yet and the
 * caller, who holds the lock before and after, has to do something with them.
 * One that has a memory error meanwhile is in quarantine now: try others.
 */
static int take_clean(struct extmem_pool *pool, const struct extmem_claim *claim,
		      u64 start, u64 size, u64 align, struct extmem_runs *runs)
{
	int err;

	do {
		runs->nr = 0;
		err = try_take_clean(pool, claim, start, size, align, runs);
	} while (err == -EHWPOISON);
	return err;
}

/* Append runs to a claim's, joining what is contiguous */
static int join_runs(struct extmem_claim *claim, const struct extmem_runs *runs)
{
	unsigned int i;

	for (i = 0; i < runs->nr; i++) {
		const struct extmem_run *run = &runs->run[i];
		struct extmem_run *last = NULL;

		if (claim->runs.nr)
			last = &claim->runs.run[claim->runs.nr - 1];
		if (last && last->first + last->nr == run->first)
			last->nr += run->nr;
		else if (extmem_runs_add(&claim->runs, run->first, run->nr))
			return -ENOMEM;
	}
	return 0;
}

/* Give a claim granules that were just taken, or give them back */
static int claim_join(struct extmem_claim *claim, const struct extmem_runs *runs)
{
	unsigned int had = claim->runs.nr;
	unsigned long last_nr = had ? claim->runs.run[had - 1].nr : 0;
	int err;

	err = join_runs(claim, runs);
	if (!err)
		err = extmem_claim_write(claim);
	if (err) {
		claim->runs.nr = had;
		if (had)
			claim->runs.run[had - 1].nr = last_nr;
		give_back(claim->pool, runs);
	}
	extmem_pool_update(claim->pool);
	return err;
}

/*
 * As random as uuid_gen()'s, which runs the cipher each time: that was a fifth of
 * the instructions of a small claim. These numbers are made in bulk.
 */
static void new_uuid(u8 *uuid)
{
	u64 random[2] = { get_random_u64(), get_random_u64() };

	memcpy(uuid, random, UUID_SIZE);
	uuid[6] = (uuid[6] & 0x0f) | 0x40;
	uuid[8] = (uuid[8] & 0x3f) | 0x80;
}

static int claim_start(struct extmem_claim *claim,
		       const struct extmem_claim_attr *attr)
{
	struct extmem_claim_ser *ser;
	int err;

	err = extmem_claim_begin(claim, attr->kind);
	if (err)
		return err;
	ser = extmem_claim_ser(claim);
	new_uuid(ser->uuid);
	memcpy(ser->data, attr->data, sizeof(ser->data));
	extmem_owner_write(ser, &attr->owner);
	return 0;
}

/**
 * extmem_claim_create - claim memory of a pool.
 * @pool: the pool
 * @attr: what the claim is to be
 * @start: physical address the memory must have, or EXTMEM_ANYWHERE
 * @size: bytes, a multiple of the alignment
 *
 * With EXTMEM_ANYWHERE the claim gets as few extents as there can be, biggest
 * first; else one.
 *
 * Context: may sleep, long where memory has to be cleared.
 * Return: the claim, whose memory reads zero. Or an error pointer, and nothing
 * has changed: -EINVAL for a size, alignment or address that can't be;
 * -EBUSY if memory at @start is taken; -ENOSPC if there isn't room enough;
 * -EROFS while no claims can be made; -ESHUTDOWN once the map is frozen;
 * -EINTR on a fatal signal; -ENOMEM.
 */
struct extmem_claim *extmem_claim_create(struct extmem_pool *pool,
					 const struct extmem_claim_attr *attr,
					 u64 start, u64 size)
{
	struct extmem_runs runs = {};
	struct extmem_claim *claim;
	int err;

	err = check_size(size, attr->align);
	if (err)
		return ERR_PTR(err);
	claim = extmem_claim_new(pool);
	if (!claim)
		return ERR_PTR(-ENOMEM);

	guard(mutex)(&pool->map->lock);
	err = check_map(pool->map);
	if (!err)
		err = take_clean(pool, NULL, start, size, attr->align, &runs);
	if (!err) {
		err = claim_start(claim, attr);
		if (err)
			give_back(pool, &runs);
		else
			err = claim_join(claim, &runs);
		if (!err) {
			extmem_trace_claim(claim, &runs);
			extmem_claim_link(claim);
		}
	}
	extmem_runs_free(&runs);
	if (err) {
		trace_extmem_claim(pool->nid, attr->kind, 0, start, size, err);
		extmem_claim_free(claim);
		extmem_pool_update(pool);
		return ERR_PTR(err);
	}
	return claim;
}
EXPORT_SYMBOL_GPL(extmem_claim_create);

/**
 * extmem_claim_grow - add memory to a claim.
 * @claim: the claim
 * @start: physical address the memory must have, or EXTMEM_ANYWHERE
 * @size: bytes to add, a multiple of @align
 * @align: as in &struct extmem_claim_attr
 *
 * Context: may sleep, long where memory has to be cleared. The caller keeps
 * others from resizing the claim, or preserving it.
 * Return: 0, and the new memory, at the claim's end, reads zero. Or an error
 * as extmem_claim_create() has them, or -EBUSY while it is in a session, and
 * nothing has changed.
 */
int extmem_claim_grow(struct extmem_claim *claim, u64 start, u64 size, u64 align)
{
	struct extmem_pool *pool = claim->pool;
	struct extmem_runs runs = {};
	int err;

	err = check_size(size, align);
	if (err)
		return err;
	guard(mutex)(&pool->map->lock);
	err = check_map(pool->map);
	if (!err && extmem_claim_fixed(claim))
		err = -EBUSY;
	if (!err)
		err = take_clean(pool, claim, start, size, align, &runs);
	if (!err)
		err = claim_join(claim, &runs);
	if (err)
		trace_extmem_claim(pool->nid, extmem_claim_ser(claim)->kind,
				   extmem_claim_ser(claim)->id, start, size, err);
	else
		extmem_trace_claim(claim, &runs);
	extmem_runs_free(&runs);
	return err;
}
EXPORT_SYMBOL_GPL(extmem_claim_grow);

/* Free a claim's last @nr granules */
static void release_tail(struct extmem_claim *claim, unsigned long nr)
{
	while (nr) {
		struct extmem_run *last = &claim->runs.run[claim->runs.nr - 1];
		unsigned long part = min(nr, last->nr);

		last->nr -= part;
		extmem_trace_free(claim, last->first + last->nr, part);
		release(claim->pool, last->first + last->nr, part, true);
		if (!last->nr)
			claim->runs.nr--;
		nr -= part;
	}
	extmem_scrub_kick(claim->pool);
}

/* From here on extmem_claim_get() fails */
static int claim_seize(struct extmem_claim *claim)
{
	int err = 0;

	if (claim->pool->map->frozen)
		err = -ESHUTDOWN;
	else if (atomic_cmpxchg(&claim->users, 0, -1))
		err = -EBUSY;
	if (err)
		extmem_trace_kept(claim, err);
	return err;
}

/**
 * extmem_claim_shrink - free memory at a claim's end.
 * @claim: the claim
 * @size: the bytes to keep, a multiple of the granule, not 0
 *
 * Context: may sleep. The caller keeps others from resizing the claim.
 * Return: 0, or an error, and nothing has changed: -EINVAL for a size that
 * can't be or is more than the claim's; -EBUSY if it has references;
 * -ESHUTDOWN once the map is frozen.
 */
int extmem_claim_shrink(struct extmem_claim *claim, u64 size)
{
	u64 old = extmem_claim_size(claim);
	int err;

	if (!size || size > old || !IS_ALIGNED(size, EXTMEM_GRANULE))
		return -EINVAL;
	guard(mutex)(&claim->pool->map->lock);
	err = claim_seize(claim);
	if (err)
		return err;
	release_tail(claim, (old - size) >> EXTMEM_GRANULE_SHIFT);
	WARN_ON_ONCE(extmem_claim_write(claim));
	extmem_pool_update(claim->pool);
	atomic_set(&claim->users, 0);
	return 0;
}
EXPORT_SYMBOL_GPL(extmem_claim_shrink);

/**
 * extmem_claim_destroy - give a claim up.
 * @claim: the claim, gone on success
 *
 * Context: may sleep.
 * Return: 0; -EBUSY if it has references or -ESHUTDOWN once the map is frozen,
 * and nothing has changed.
 */
int extmem_claim_destroy(struct extmem_claim *claim)
{
	struct extmem_pool *pool = claim->pool;
	int err;

	guard(mutex)(&pool->map->lock);
	err = claim_seize(claim);
	if (err)
		return err;
	release_tail(claim, extmem_claim_size(claim) >> EXTMEM_GRANULE_SHIFT);
	pool->nr_claims--;
	extmem_claim_free(claim);
	extmem_pool_update(pool);
	return 0;
}
EXPORT_SYMBOL_GPL(extmem_claim_destroy);
