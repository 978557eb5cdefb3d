// SPDX-License-Identifier: GPL-2.0
/*
 * Claims: lists of extents with one owner. Here is what the owner does with one:
 * make it, grow, shrink and give it up, and look at it; and the references that keep
 * it from being given up. What the map says of it is in claim_rec.c.
 *
 * New memory reads zero. Clearing what is dirty may take long, so it is done
 * without the lock, on granules that are already taken but in no claim yet;
 * only then does the claim get them. A freeze in between makes the clearing
 * stop and the granules go back, as dirty as they were; so does a fatal signal.
 */
#include <linux/export.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "pool.h"

#define CREATE_TRACE_POINTS
#include <trace/events/extmem.h>

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
	return extmem_pool_extent(claim->pool, &claim->runs.run[i]);
}
EXPORT_SYMBOL_GPL(extmem_claim_extent);

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

/**
 * extmem_claim_by_id - look a claim up by its number.
 * @map: the map, locked
 * @id: the claim's id
 *
 * Return: the claim; NULL if there is none, or it is the quarantine's.
 */
struct extmem_claim *extmem_claim_by_id(struct extmem_map *map, u64 id)
{
	struct extmem_claim *claim;

	hlist_for_each_entry(claim, &map->ids[id % EXTMEM_ID_BUCKETS], numbered)
		if (claim->rec.claim->id == id)
			return claim;
	return NULL;
}

/**
 * extmem_claim_find - find a claim by its number.
 * @id: its id, see extmem_claim_id()
 *
 * Context: may sleep. Takes the same time however many claims there are, up to
 * some thousands.
 * Return: the claim, with a reference that the caller has to put; NULL if there is
 * none, it is in quarantine, or is being given up.
 */
struct extmem_claim *extmem_claim_find(u64 id)
{
	struct extmem_claim *claim;

	guard(mutex)(&extmem_map.lock);
	claim = extmem_claim_by_id(&extmem_map, id);
	return claim && extmem_claim_get(claim) ? claim : NULL;
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

/*
 * A reference of somebody whose use of the memory outlives the mapping it was found
 * through: a device's DMA goes on when the process has unmapped it. A claim has one,
 * however many of its mappings were found. Whoever has the &struct extmem_refs has a
 * lock for the list.
 */
struct extmem_ref {
	struct extmem_ref *next;
	struct extmem_claim *claim;
};

static bool extmem_refs_has(const struct extmem_refs *refs,
			    const struct extmem_claim *claim)
{
	const struct extmem_ref *ref = refs->first;

	while (ref && ref->claim != claim)
		ref = ref->next;
	return ref;
}

/**
 * extmem_refs_add - take a reference on the claim behind a file, if there is one.
 * @refs: the references so far; the caller keeps others from changing them
 * @file: what is mapped, any file or NULL
 *
 * Context: may sleep. The mmap lock may be held; if it is, and a mapping of
 * @file was found under it, the memory can't have gone in between.
 * Return: 0, also if the memory is not extended memory. -ENOMEM, or why the
 * file gives no access, see extmem_file_claim().
 */
int extmem_refs_add(struct extmem_refs *refs, struct file *file)
{
	struct extmem_claim *claim = extmem_file_claim(file, false);
	struct extmem_ref *ref;

	if (IS_ERR_OR_NULL(claim))
		return PTR_ERR_OR_ZERO(claim);
	if (extmem_refs_has(refs, claim)) {
		extmem_claim_put(claim);
		return 0;
	}

	ref = kmalloc_obj(*ref);
	if (!ref) {
		extmem_claim_put(claim);
		return -ENOMEM;
	}
	ref->claim = claim;
	ref->next = refs->first;
	refs->first = ref;
	return 0;
}
EXPORT_SYMBOL_GPL(extmem_refs_add);

/**
 * extmem_refs_drop - drop all references.
 * @refs: the references; nothing of the memory is used any more
 *
 * Context: any.
 */
void extmem_refs_drop(struct extmem_refs *refs)
{
	struct extmem_ref *ref;

	while ((ref = refs->first)) {
		refs->first = ref->next;
		extmem_claim_put(ref->claim);
		kfree(ref);
	}
}
EXPORT_SYMBOL_GPL(extmem_refs_drop);

/*
 * Take granules and clear them. On success they are nobody's yet: the caller has to
 * do something with them. Granules that have a memory error meanwhile are in
 * quarantine then, and others taken.
 */
static int extmem_take(struct extmem_pool *pool, const struct extmem_runs *had,
		       u64 start, u64 size, u64 align, struct extmem_runs *runs)
{
	struct extmem_want want = {
		.after = had,
		.nr = size >> EXTMEM_GRANULE_SHIFT,
		.align = align >> EXTMEM_GRANULE_SHIFT,
	};
	struct extmem_runs dirty = {};
	struct extmem_run at;
	int err;

	if (start != EXTMEM_ANYWHERE) {
		if (!IS_ALIGNED(start, align) || !extmem_pool_run(pool, start, size, &at))
			return -EINVAL;
		want.at = &at;
	}
	do {
		runs->nr = 0;
		dirty.nr = 0;
		err = extmem_space_take(&pool->space, &want, runs, &dirty);
		if (err)
			break;
		err = extmem_scrub_taken(pool, runs, &dirty);
		if (err)
			extmem_pool_give_back(pool, runs, &dirty);
		else
			extmem_dirty_settle_runs(&pool->space, runs);
	} while (err == -EHWPOISON);
	extmem_runs_free(&dirty);
	return err;
}

static void extmem_trace_claimed(const struct extmem_claim *claim,
				 const struct extmem_runs *runs)
{
	const struct extmem_claim_ser *ser = claim->rec.claim;
	unsigned int i;

	for (i = 0; trace_extmem_claim_enabled() && i < runs->nr; i++)
		trace_extmem_claim(claim->pool->nid, ser->kind, ser->id,
				   extmem_pool_phys(claim->pool, runs->run[i].first),
				   (u64)runs->run[i].nr << EXTMEM_GRANULE_SHIFT, 0);
}

/* A new claim has the list itself, and so a small one is made without a copy of it */
static struct extmem_claim *extmem_claim_first(struct extmem_pool *pool,
					       const struct extmem_claim_attr *attr,
					       struct extmem_runs *runs)
{
	struct extmem_claim *claim = extmem_claim_make(pool, attr, runs);

	if (!IS_ERR(claim))
		extmem_trace_claimed(claim, &claim->runs);
	return claim;
}

static struct extmem_claim *extmem_claim_more(struct extmem_claim *claim,
					      const struct extmem_runs *runs)
{
	int err = extmem_claim_join(claim, runs);

	if (err)
		return ERR_PTR(err);
	extmem_trace_claimed(claim, runs);
	return claim;
}

/* Give a claim memory, a new one if @claim is NULL; the lock may be dropped meanwhile */
static struct extmem_claim *extmem_claim_add(struct extmem_pool *pool,
					     struct extmem_claim *claim,
					     const struct extmem_claim_attr *attr,
					     u64 start, u64 size, u64 align)
{
	struct extmem_runs runs = {}, none = {};
	int err;

	err = extmem_take(pool, claim ? &claim->runs : NULL, start, size, align, &runs);
	if (err) {
		claim = ERR_PTR(err);
	} else {
		claim = claim ? extmem_claim_more(claim, &runs) :
				extmem_claim_first(pool, attr, &runs);
		if (IS_ERR(claim))
			extmem_pool_give_back(pool, &runs, &none);
	}
	extmem_runs_free(&runs);
	return claim;
}

static int extmem_claim_check_size(u64 size, u64 align)
{
	if (align != EXTMEM_GRANULE && align != SZ_1G)
		return -EINVAL;
	return size && IS_ALIGNED(size, align) ? 0 : -EINVAL;
}

static int extmem_claim_check_map(const struct extmem_map *map)
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

	err = extmem_claim_check_size(size, attr->align);
	if (err)
		return ERR_PTR(err);
	guard(extmem_change)(pool);
	err = extmem_claim_check_map(pool->map);
	claim = err ? ERR_PTR(err) :
		      extmem_claim_add(pool, NULL, attr, start, size, attr->align);
	if (IS_ERR(claim))
		trace_extmem_claim(pool->nid, attr->kind, 0, start, size, PTR_ERR(claim));
	else
		extmem_claim_link(claim);
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
	int err;

	err = extmem_claim_check_size(size, align);
	if (err)
		return err;
	guard(extmem_change)(pool);
	err = extmem_claim_check_map(pool->map);
	if (!err && extmem_claim_fixed(claim))
		err = -EBUSY;
	if (!err)
		err = PTR_ERR_OR_ZERO(extmem_claim_add(pool, claim, NULL, start,
						       size, align));
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
}

/* A claim did not give memory back */
static void extmem_trace_kept(const struct extmem_claim *claim, int err)
{
	const struct extmem_claim_ser *ser = claim->rec.claim;

	if (trace_extmem_free_enabled())
		trace_extmem_free(claim->pool->nid, ser->kind, ser->id,
				  ser->extents[0].start, ser->size, err);
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

/* Keep a claim's first @size bytes; the claim is gone if that is none of them */
static int extmem_claim_cut(struct extmem_claim *claim, u64 size)
{
	int err;

	guard(extmem_change)(claim->pool);
	err = extmem_claim_seize(claim);
	if (err)
		return err;
	extmem_claim_release_tail(claim, (claim->rec.claim->size - size) >>
					 EXTMEM_GRANULE_SHIFT);
	if (size) {
		WARN_ON_ONCE(extmem_claim_write(claim));
		atomic_set(&claim->users, 0);
	} else {
		extmem_claim_unlink(claim);
		extmem_claim_free(claim);
	}
	return 0;
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
	if (!size || size > claim->rec.claim->size || !IS_ALIGNED(size, EXTMEM_GRANULE))
		return -EINVAL;
	return extmem_claim_cut(claim, size);
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
	return extmem_claim_cut(claim, 0);
}
EXPORT_SYMBOL_GPL(extmem_claim_destroy);
