// SPDX-License-Identifier: GPL-2.0
/*
 * Memory that a claim's owner lends to the page allocator. What is done so that
 * nobody sees the bytes that the next owner of the memory left there is the
 * claim's owner's business; here is what it takes.
 */
#include <linux/export.h>
#include <linux/ioport.h>
#include <linux/mm.h>
#include <linux/range.h>
#include <linux/slab.h>

#include "pool.h"

/*
 * The resource of a range is busy: nobody can have one below it. While some of the
 * range is lent it is not. What is not lent has *guards* then, busy resources below
 * that of the range, so only what is lent can be had. Guards are split and joined in
 * an order in which nothing that is not lent is ever without one.
 */

#define GUARD_NAME	"extmem kept"

/**
 * struct extmem_guard - a resource that keeps others from what is not lent.
 * @list: in the pool's guards
 * @res: the resource, below that of the range
 *
 * &extmem_map.lock guards it; the tree of resources has a lock of its own.
 */
struct extmem_guard {
	struct list_head list;
	struct resource res;
};

/**
 * struct extmem_lent - an extent that is lent.
 * @list: in the pool's extents that are lent
 * @range: the extent
 * @spare: what will guard it when it comes back: that takes no memory
 */
struct extmem_lent {
	struct list_head list;
	struct range range;
	struct extmem_guard *spare;
};

/* The resource of the range that has some memory; NULL if it has none */
static struct resource *extmem_lend_parent(const struct extmem_pool *pool,
					   const struct range *range)
{
	unsigned int i;

	for (i = 0; i < pool->nr_ranges; i++)
		if (range_contains(&pool->range[i], range))
			return pool->res[i];
	return NULL;
}

static int extmem_guard_insert(struct extmem_guard *guard, struct resource *parent,
			       u64 start, u64 end)
{
	guard->res = (struct resource) {
		.name = GUARD_NAME,
		.start = start,
		.end = end,
		.flags = parent->flags | IORESOURCE_BUSY,
	};
	return insert_resource(parent, &guard->res);
}

static void extmem_guard_free(struct extmem_guard *guard)
{
	list_del(&guard->list);
	remove_resource(&guard->res);
	kfree(guard);
}

/* What keeps others from an extent: of all guards of a range one has all of it */
static struct extmem_guard *extmem_guard_find(const struct extmem_pool *pool,
					      const struct range *range)
{
	struct extmem_guard *guard;

	list_for_each_entry(guard, &pool->guards, list)
		if (guard->res.start <= range->start && guard->res.end >= range->end)
			return guard;
	return NULL;
}

static int extmem_guard_add(struct extmem_pool *pool, struct resource *parent,
			    u64 start, u64 end)
{
	struct extmem_guard *guard;

	if (start > end)
		return 0;
	guard = kzalloc_obj(*guard);
	if (!guard)
		return -ENOMEM;
	if (extmem_guard_insert(guard, parent, start, end)) {
		kfree(guard);
		return -EBUSY;
	}
	list_add(&guard->list, &pool->guards);
	return 0;
}

/* From now on a guard below @parent keeps others away, not @parent itself */
static struct extmem_guard *extmem_guard_begin(struct extmem_pool *pool,
					       struct resource *parent,
					       const struct range *range)
{
	int err = extmem_guard_add(pool, parent, parent->start, parent->end);

	if (err)
		return ERR_PTR(err);
	parent->flags &= ~IORESOURCE_BUSY;
	return extmem_guard_find(pool, range);
}

/* If a guard is all that is below the resource of the range, that can do without */
static void extmem_guard_end(struct extmem_guard *guard)
{
	struct resource *parent = guard->res.parent;

	if (guard->res.start != parent->start || guard->res.end != parent->end)
		return;
	parent->flags |= IORESOURCE_BUSY;
	extmem_guard_free(guard);
}

/* Two guards below the one there is, for what is beside @range, take its place */
static int extmem_guard_split(struct extmem_pool *pool, struct extmem_guard *guard,
			      const struct range *range)
{
	struct resource *res = &guard->res;
	struct range left;
	int err;

	left = DEFINE_RANGE(res->start, range->start - 1);
	err = extmem_guard_add(pool, res, left.start, left.end);
	if (err)
		return err;
	err = extmem_guard_add(pool, res, range->end + 1, res->end);
	if (err) {
		if (range_len(&left))
			extmem_guard_free(list_first_entry(&pool->guards,
							   struct extmem_guard, list));
		return err;
	}
	list_del(&guard->list);
	remove_resource(res);
	return 0;
}

/* One guard for @range and what is guarded beside it takes the place of those there */
static void extmem_guard_join(struct extmem_pool *pool, struct extmem_guard *guard,
			      struct resource *parent, const struct range *range)
{
	struct extmem_guard *pos, *next, *left = NULL, *right = NULL;

	list_for_each_entry_safe(pos, next, &pool->guards, list) {
		if (pos->res.parent != parent)
			continue;
		if (pos->res.end + 1 == range->start)
			left = pos;
		if (pos->res.start == range->end + 1)
			right = pos;
	}
	/* Nobody has any of it: the owner has looked */
	if (WARN_ON_ONCE(extmem_guard_insert(guard, parent,
					     left ? left->res.start : range->start,
					     right ? right->res.end : range->end))) {
		kfree(guard);
		return;
	}
	if (left)
		extmem_guard_free(left);
	if (right)
		extmem_guard_free(right);
	list_add(&guard->list, &pool->guards);
	extmem_guard_end(guard);
}

static int extmem_lend_extent(struct extmem_pool *pool, const struct range *range)
{
	struct resource *parent = extmem_lend_parent(pool, range);
	struct extmem_guard *guard = extmem_guard_find(pool, range);
	struct extmem_lent *lent;
	int err;

	if (!parent)
		return -EBUSY;
	lent = kzalloc_obj(*lent);
	if (!lent)
		return -ENOMEM;
	if (!guard)
		guard = extmem_guard_begin(pool, parent, range);
	err = PTR_ERR_OR_ZERO(guard);
	if (!err) {
		err = extmem_guard_split(pool, guard, range);
		if (err)
			extmem_guard_end(guard);
	}
	if (err) {
		kfree(lent);
		return err;
	}
	lent->range = *range;
	lent->spare = guard;
	list_add(&lent->list, &pool->lent);
	return 0;
}

static void extmem_lend_extent_end(struct extmem_pool *pool, const struct range *range)
{
	struct extmem_lent *lent;

	list_for_each_entry(lent, &pool->lent, list) {
		if (lent->range.start != range->start)
			continue;
		extmem_guard_join(pool, lent->spare, extmem_lend_parent(pool, range),
				  range);
		list_del(&lent->list);
		kfree(lent);
		return;
	}
}

/**
 * extmem_lend_begin - let others request a claim's memory as a resource.
 * @claim: the claim, which the caller keeps from being resized and given up until
 *	   extmem_lend_end()
 *
 * The rest of the pool can't be requested.
 *
 * Context: may sleep.
 * Return: 0; -EBUSY if the memory is not the pool's to lend, or -ENOMEM: then
 * nothing is lent.
 */
int extmem_lend_begin(struct extmem_claim *claim)
{
	struct extmem_pool *pool = claim->pool;
	struct range range;
	unsigned int i;
	int err = 0;

	guard(mutex)(&pool->map->lock);
	for (i = 0; i < claim->runs.nr && !err; i++) {
		range = extmem_claim_extent(claim, i);
		err = extmem_lend_extent(pool, &range);
	}
	if (!err)
		return 0;
	while (--i) {
		range = extmem_claim_extent(claim, i - 1);
		extmem_lend_extent_end(pool, &range);
	}
	return err;
}
EXPORT_SYMBOL_GPL(extmem_lend_begin);

/**
 * extmem_lend_end - what was lent has come back.
 * @claim: the claim; nobody has a resource in its memory any more
 *
 * Context: may sleep.
 */
void extmem_lend_end(struct extmem_claim *claim)
{
	struct extmem_pool *pool = claim->pool;
	unsigned int i;

	guard(mutex)(&pool->map->lock);
	for (i = 0; i < claim->runs.nr; i++) {
		struct range range = extmem_claim_extent(claim, i);

		extmem_lend_extent_end(pool, &range);
	}
}
EXPORT_SYMBOL_GPL(extmem_lend_end);

/* The good pages of a granule that has bad ones */
static int extmem_clear_good_pages(struct extmem_map *map, phys_addr_t pa)
{
	u64 off;
	int err;

	for (off = 0; off < EXTMEM_GRANULE; off += PAGE_SIZE) {
		if (extmem_map_poisoned(map, pa + off, PAGE_SIZE))
			continue;
		err = extmem_copy(pa + off, page_address(ZERO_PAGE(0)), PAGE_SIZE,
				  true);
		if (err && err != -EHWPOISON)
			return err;
	}
	return 0;
}

/* A claim's granules, but for those with bad pages */
static int extmem_claim_good_runs(const struct extmem_claim *claim,
				  struct extmem_runs *good)
{
	struct extmem_poison *poison;
	unsigned long index;
	unsigned int i;
	int err = 0;

	for (i = 0; i < claim->runs.nr && !err; i++) {
		const struct extmem_run *run = &claim->runs.run[i];
		unsigned long start = extmem_pool_phys(claim->pool, run->first) >>
				      EXTMEM_GRANULE_SHIFT;
		unsigned long pos = start;

		xa_for_each_range(&claim->pool->map->poison, index, poison, start,
				  start + run->nr - 1) {
			if (index > pos)
				err = err ?: extmem_runs_add(good, run->first + pos - start,
							     index - pos);
			pos = index + 1;
		}
		if (start + run->nr > pos)
			err = err ?: extmem_runs_add(good, run->first + pos - start,
						     start + run->nr - pos);
	}
	return err;
}

static int extmem_claim_clear_bad(const struct extmem_claim *claim)
{
	struct extmem_map *map = claim->pool->map;
	struct extmem_poison *poison;
	unsigned long index;
	unsigned int i;
	int err = 0;

	for (i = 0; i < claim->runs.nr; i++) {
		struct range range = extmem_claim_extent(claim, i);

		xa_for_each_range(&map->poison, index, poison,
				  range.start >> EXTMEM_GRANULE_SHIFT,
				  range.end >> EXTMEM_GRANULE_SHIFT)
			err = err ?: extmem_clear_good_pages(map, (u64)index <<
							     EXTMEM_GRANULE_SHIFT);
	}
	return err;
}

/**
 * extmem_claim_clear - clear a claim's memory, but for pages with memory errors.
 * @claim: the claim, which the caller has a reference on
 *
 * Context: may sleep, long.
 * Return: 0; -ENOMEM for want of memory, address space or page tables; -EINTR on a
 * fatal signal; -ESHUTDOWN once the map is frozen. Part of it is cleared then.
 */
int extmem_claim_clear(struct extmem_claim *claim)
{
	struct extmem_pool *pool = claim->pool;
	struct extmem_runs good = {};
	int err;

	/* Again if there is an error that was not known of when this began */
	do {
		good.nr = 0;
		err = extmem_claim_good_runs(claim, &good);
		if (!err)
			err = pool->map->ops->clear(pool, &good, NULL);
	} while (err == -EHWPOISON);
	extmem_runs_free(&good);
	return err ?: extmem_claim_clear_bad(claim);
}
EXPORT_SYMBOL_GPL(extmem_claim_clear);
