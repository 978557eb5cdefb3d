// SPDX-License-Identifier: GPL-2.0
/*
 * Claims: lists of extents with one owner, and the references that keep them
 * from being given up. How they get memory and lose it is in resize.c, what the
 * map says of them in claim_rec.c.
 */
#include <linux/export.h>
#include <linux/slab.h>

#include "pool.h"

/**
 * extmem_claim_new - make a claim that is in no list yet.
 * @pool: its pool
 *
 * Return: the claim, or NULL without memory.
 */
struct extmem_claim *extmem_claim_new(struct extmem_pool *pool)
{
	struct extmem_claim *claim = kzalloc_obj(*claim);

	if (claim) {
		claim->pool = pool;
		INIT_LIST_HEAD(&claim->expected);
		INIT_LIST_HEAD(&claim->list);
	}
	return claim;
}

/**
 * extmem_claim_link - add a claim to its pool.
 * @claim: the claim, its record written, not of the quarantine's; the map is locked
 */
void extmem_claim_link(struct extmem_claim *claim)
{
	list_add_tail(&claim->list, &claim->pool->claims);
	claim->pool->nr_claims++;
}

/**
 * extmem_claim_free - free a claim's records and memory; not its granules.
 * @claim: the claim, in its pool's list or not; the map is locked
 */
void extmem_claim_free(struct extmem_claim *claim)
{
	struct extmem_map *map = claim->pool->map;

	hlist_del_init(&claim->named);
	list_del(&claim->expected);
	list_del(&claim->list);
	extmem_recs_free(map, &map->claim_table, &claim->more);
	extmem_rec_free(map, &map->claim_table, &claim->rec);
	kvfree(claim->runs.run);
	kfree(claim);
}

/**
 * extmem_claim_size - how much memory a claim has.
 * @claim: the claim, which the caller keeps from being resized
 *
 * Context: any.
 * Return: bytes.
 */
u64 extmem_claim_size(const struct extmem_claim *claim)
{
	return claim->rec.claim->size;
}
EXPORT_SYMBOL_GPL(extmem_claim_size);

/**
 * extmem_claim_uuid - a claim's identity.
 * @claim: the claim
 *
 * Context: any.
 * Return: the uuid it was given when it was made, whatever kernel that was.
 */
const uuid_t *extmem_claim_uuid(const struct extmem_claim *claim)
{
	return (const uuid_t *)claim->rec.claim->uuid;
}
EXPORT_SYMBOL_GPL(extmem_claim_uuid);

/**
 * extmem_claim_id - a number for a claim.
 * @claim: the claim
 *
 * Context: any.
 * Return: its id, which no other claim of this map has or will have.
 */
u64 extmem_claim_id(const struct extmem_claim *claim)
{
	return claim->rec.claim->id;
}
EXPORT_SYMBOL_GPL(extmem_claim_id);

/**
 * extmem_claim_nr_extents - how many extents a claim has.
 * @claim: the claim, which the caller keeps from being resized
 *
 * Context: any.
 * Return: the number, at least 1.
 */
unsigned int extmem_claim_nr_extents(const struct extmem_claim *claim)
{
	return claim->runs.nr;
}
EXPORT_SYMBOL_GPL(extmem_claim_nr_extents);

/**
 * extmem_claim_extent - where an extent is.
 * @claim: the claim, which the caller keeps from being resized
 * @i: which of its extents
 *
 * Context: any.
 * Return: physical addresses of its first and last byte.
 */
struct range extmem_claim_extent(const struct extmem_claim *claim, unsigned int i)
{
	const struct extmem_run *run = &claim->runs.run[i];
	phys_addr_t start = extmem_pool_phys(claim->pool, run->first);

	return DEFINE_RANGE(start, start + ((u64)run->nr << EXTMEM_GRANULE_SHIFT) - 1);
}
EXPORT_SYMBOL_GPL(extmem_claim_extent);

/**
 * extmem_claim_next - iterate over a pool's claims.
 * @pool: the pool
 * @claim: where to go on, or NULL to start
 * @kind: whose claims
 *
 * Context: may sleep. Claims of this kind must not come or go meanwhile.
 * Return: a claim, or NULL after the last.
 */
struct extmem_claim *extmem_claim_next(struct extmem_pool *pool,
				       struct extmem_claim *claim,
				       enum extmem_kind kind)
{
	struct list_head *pos = claim ? &claim->list : &pool->claims;

	guard(mutex)(&pool->map->lock);
	for (pos = pos->next; pos != &pool->claims; pos = pos->next) {
		claim = list_entry(pos, struct extmem_claim, list);
		if (claim->rec.claim->kind == kind)
			return claim;
	}
	return NULL;
}
EXPORT_SYMBOL_GPL(extmem_claim_next);

static bool extmem_claim_may_find(const struct extmem_claim *claim)
{
	return claim->rec.claim->kind != EXTMEM_KIND_QUARANTINE;
}

/**
 * extmem_claim_find - find a claim by its number.
 * @id: its id, see extmem_claim_id()
 *
 * Context: may sleep. Takes time in proportion to the number of claims.
 * Return: the claim, with a reference that the caller has to put; NULL if there is
 * none, it is in quarantine, or is being given up.
 */
struct extmem_claim *extmem_claim_find(u64 id)
{
	struct extmem_pool *pool = NULL;
	struct extmem_claim *claim;

	while ((pool = extmem_pool_next(pool))) {
		guard(mutex)(&pool->map->lock);
		list_for_each_entry(claim, &pool->claims, list)
			if (claim->rec.claim->id == id)
				return extmem_claim_may_find(claim) &&
				       extmem_claim_get(claim) ? claim : NULL;
	}
	return NULL;
}
EXPORT_SYMBOL_GPL(extmem_claim_find);

/**
 * extmem_claim_session - is a claim in a session of the live update orchestrator?
 * @claim: the claim
 *
 * Context: any.
 * Return: whether it is, and which kernel's session that is.
 */
enum extmem_session extmem_claim_session(const struct extmem_claim *claim)
{
	if (READ_ONCE(claim->due))
		return EXTMEM_SESSION_INCOMING;
	if (READ_ONCE(claim->rec.claim->preserved))
		return EXTMEM_SESSION_OUTGOING;
	return EXTMEM_SESSION_NONE;
}
EXPORT_SYMBOL_GPL(extmem_claim_session);

/**
 * extmem_claim_fixed - must a claim stay as it is?
 * @claim: the claim; the map is locked
 *
 * Return: true if it is preserved, or due.
 */
bool extmem_claim_fixed(const struct extmem_claim *claim)
{
	return extmem_claim_session(claim) != EXTMEM_SESSION_NONE;
}

/**
 * extmem_claim_check - may a claim's record be changed?
 * @claim: the claim; the map is locked
 *
 * Return: 0; -ESHUTDOWN once the map is frozen; -EBUSY while the claim is in a
 * session.
 */
int extmem_claim_check(const struct extmem_claim *claim)
{
	if (claim->pool->map->frozen)
		return -ESHUTDOWN;
	return extmem_claim_fixed(claim) ? -EBUSY : 0;
}

/**
 * extmem_claim_pfns - page frame numbers of a claim, for a device's DMA.
 * @claim: the claim, which the caller has a reference on
 * @offset: in bytes, a multiple of PAGE_SIZE
 * @pfn: set to that of the page at @offset
 * @nr: how many pages from there on are wanted, set to how many of them
 *      follow each other in the same extent
 *
 * Context: any.
 * Return: 0, -EINVAL beyond the end of the claim, or -EHWPOISON if one of these
 * pages has had a memory error.
 */
int extmem_claim_pfns(const struct extmem_claim *claim, u64 offset,
		      unsigned long *pfn, unsigned long *nr)
{
	unsigned int i;
	u64 len, pa;

	for (i = 0; i < claim->runs.nr; i++) {
		len = (u64)claim->runs.run[i].nr << EXTMEM_GRANULE_SHIFT;
		if (offset < len)
			break;
		offset -= len;
	}
	if (i == claim->runs.nr)
		return -EINVAL;

	pa = extmem_pool_phys(claim->pool, claim->runs.run[i].first) + offset;
	*pfn = PHYS_PFN(pa);
	*nr = min_t(u64, *nr, (len - offset) >> PAGE_SHIFT);
	return extmem_map_poisoned(claim->pool->map, pa,
				   (u64)*nr << PAGE_SHIFT) ? -EHWPOISON : 0;
}
EXPORT_SYMBOL_GPL(extmem_claim_pfns);

/**
 * extmem_claim_data - a word its owner left in a claim.
 * @claim: the claim
 * @i: which, below EXTMEM_CLAIM_DATA
 *
 * Context: any.
 * Return: the word.
 */
u64 extmem_claim_data(const struct extmem_claim *claim, unsigned int i)
{
	return claim->rec.claim->data[i];
}
EXPORT_SYMBOL_GPL(extmem_claim_data);

/**
 * extmem_claim_set_data - leave a word in a claim, for the next kernel too.
 * @claim: the claim
 * @i: which, below EXTMEM_CLAIM_DATA
 * @val: the word
 *
 * Context: may sleep.
 * Return: 0, or an error, and nothing has changed: -EBUSY while it is in a
 * session; -ESHUTDOWN once the map is frozen.
 */
int extmem_claim_set_data(struct extmem_claim *claim, unsigned int i, u64 val)
{
	struct extmem_claim_ser *ser = claim->rec.claim;
	int err;

	guard(mutex)(&claim->pool->map->lock);
	err = extmem_claim_check(claim);
	if (err)
		return err;
	ser->data[i] = val;
	extmem_crc_set(ser, EXTMEM_RECORD);
	return 0;
}
EXPORT_SYMBOL_GPL(extmem_claim_set_data);

/**
 * extmem_claim_get - take a reference: somebody is about to use the memory.
 * @claim: the claim
 *
 * While there are references the claim is neither shrunk nor given up.
 *
 * Context: any.
 * Return: false if the claim is being given up.
 */
bool extmem_claim_get(struct extmem_claim *claim)
{
	return atomic_inc_unless_negative(&claim->users);
}
EXPORT_SYMBOL_GPL(extmem_claim_get);

/**
 * extmem_claim_put - drop a reference.
 * @claim: the claim
 *
 * Context: any.
 */
void extmem_claim_put(struct extmem_claim *claim)
{
	WARN_ON_ONCE(atomic_dec_return(&claim->users) < 0);
}
EXPORT_SYMBOL_GPL(extmem_claim_put);

/**
 * extmem_claim_busy - whether a claim has references.
 * @claim: the claim
 *
 * Context: any. Without a lock against new references a hint.
 * Return: true if it has.
 */
bool extmem_claim_busy(const struct extmem_claim *claim)
{
	return atomic_read(&claim->users) > 0;
}
EXPORT_SYMBOL_GPL(extmem_claim_busy);
