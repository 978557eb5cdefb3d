// SPDX-License-Identifier: GPL-2.0
/*
 * Making, growing, shrinking and giving up claims.
 */
#include <linux/export.h>

#include <trace/events/extmem.h>

#include "pool.h"

static int extmem_resize_check_size(u64 size, u64 align)
{
	if (align != EXTMEM_GRANULE && align != SZ_1G)
		return -EINVAL;
	return size && IS_ALIGNED(size, align) ? 0 : -EINVAL;
}

static int extmem_resize_check_map(const struct extmem_map *map)
{
	if (map->frozen)
		return -ESHUTDOWN;
	return map->readonly ? -EROFS : 0;
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
	struct extmem_claim *claim;
	int err;

	err = extmem_resize_check_size(size, attr->align);
	if (err)
		return ERR_PTR(err);
	guard(mutex)(&pool->map->lock);
	err = extmem_resize_check_map(pool->map);
	claim = err ? NULL : extmem_claim_new(pool);
	if (claim)
		err = extmem_claim_add(claim, attr, start, size, attr->align);
	else
		err = err ?: -ENOMEM;
	if (!err) {
		extmem_claim_link(claim);
		return claim;
	}
	trace_extmem_claim(pool->nid, attr->kind, 0, start, size, err);
	if (claim)
		extmem_claim_free(claim);
	extmem_pool_update(pool);
	return ERR_PTR(err);
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
	int err;

	err = extmem_resize_check_size(size, align);
	if (err)
		return err;
	guard(mutex)(&pool->map->lock);
	err = extmem_resize_check_map(pool->map);
	if (!err && extmem_claim_fixed(claim))
		err = -EBUSY;
	if (!err)
		err = extmem_claim_add(claim, NULL, start, size, align);
	if (err)
		trace_extmem_claim(pool->nid, claim->rec.claim->kind,
				   claim->rec.claim->id, start, size, err);
	return err;
}
EXPORT_SYMBOL_GPL(extmem_claim_grow);

/* Free a claim's last @nr granules */
static void extmem_claim_release_tail(struct extmem_claim *claim, unsigned long nr)
{
	while (nr) {
		struct extmem_run *last = &claim->runs.run[claim->runs.nr - 1];
		unsigned long part = min(nr, last->nr);

		last->nr -= part;
		extmem_pool_release(claim->pool, claim, last->first + last->nr, part);
		if (!last->nr)
			claim->runs.nr--;
		nr -= part;
	}
	extmem_scrub_kick(claim->pool);
}

/* From here on extmem_claim_get() fails */
static int extmem_claim_seize(struct extmem_claim *claim)
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
	u64 old = claim->rec.claim->size;
	int err;

	if (!size || size > old || !IS_ALIGNED(size, EXTMEM_GRANULE))
		return -EINVAL;
	guard(mutex)(&claim->pool->map->lock);
	err = extmem_claim_seize(claim);
	if (err)
		return err;
	extmem_claim_release_tail(claim, (old - size) >> EXTMEM_GRANULE_SHIFT);
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
	err = extmem_claim_seize(claim);
	if (err)
		return err;
	extmem_claim_release_tail(claim,
				  claim->rec.claim->size >> EXTMEM_GRANULE_SHIFT);
	pool->nr_claims--;
	extmem_claim_free(claim);
	extmem_pool_update(pool);
	return 0;
}
EXPORT_SYMBOL_GPL(extmem_claim_destroy);
