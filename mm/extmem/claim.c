// SPDX-License-Identifier: GPL-2.0
/*
 * Claims: lists of extents with one owner, how they are written into the map, and
 * the references that keep them from being given up. A claim has one record for
 * itself and its first extents, and more of them where it has more extents. How
 * claims are made, grown and shrunk is in resize.c.
 */
#include <linux/export.h>
#include <linux/math.h>
#include <linux/random.h>
#include <linux/slab.h>

#include "pool.h"

#define CREATE_TRACE_POINTS
#include <trace/events/extmem.h>

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
	while (claim->nr_more)
		extmem_rec_free(map, &map->claim_table, &claim->more[--claim->nr_more]);
	extmem_rec_free(map, &map->claim_table, &claim->rec);
	kvfree(claim->more);
	extmem_runs_free(&claim->runs);
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
	return extmem_claim_ser(claim)->size;
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
	return (const uuid_t *)extmem_claim_ser(claim)->uuid;
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
	return extmem_claim_ser(claim)->id;
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
 * extmem_owner_write - write the owner into a claim's record.
 * @ser: the record, which is to get a new checksum
 * @owner: the owner
 */
void extmem_owner_write(struct extmem_claim_ser *ser, const struct extmem_owner *owner)
{
	ser->uid = from_kuid(&init_user_ns, owner->uid);
	ser->gid = from_kgid(&init_user_ns, owner->gid);
	ser->mode = owner->mode;
}

/**
 * extmem_claim_begin - give a new claim its first record and its id.
 * @claim: the claim; the map is locked
 * @kind: whose it is
 *
 * Return: 0 or -ENOMEM.
 */
int extmem_claim_begin(struct extmem_claim *claim, enum extmem_kind kind)
{
	struct extmem_map *map = claim->pool->map;
	struct extmem_claim_ser *ser;
	int err;

	err = extmem_rec_alloc(map, &map->claim_table, &claim->rec);
	if (err)
		return err;
	ser = extmem_claim_ser(claim);
	ser->kind = kind;
	ser->id = map->ser->next_id++;
	return 0;
}

/*
 * As random as uuid_gen()'s, which runs the cipher each time: that was a fifth of
 * the instructions of a small claim. These numbers are made in bulk.
 */
static void extmem_claim_new_uuid(u8 *uuid)
{
	u64 random[2] = { get_random_u64(), get_random_u64() };

	memcpy(uuid, random, UUID_SIZE);
	uuid[6] = (uuid[6] & 0x0f) | 0x40;
	uuid[8] = (uuid[8] & 0x3f) | 0x80;
}

/**
 * extmem_claim_start - give a new claim its first record, as its owner wants it.
 * @claim: the claim; the map is locked
 * @attr: what it is to be
 *
 * Return: 0 or -ENOMEM.
 */
int extmem_claim_start(struct extmem_claim *claim, const struct extmem_claim_attr *attr)
{
	struct extmem_claim_ser *ser;
	int err;

	err = extmem_claim_begin(claim, attr->kind);
	if (err)
		return err;
	ser = extmem_claim_ser(claim);
	extmem_claim_new_uuid(ser->uuid);
	memcpy(ser->data, attr->data, sizeof(ser->data));
	extmem_owner_write(ser, &attr->owner);
	return 0;
}

/**
 * extmem_nr_more - how many continuation records some extents take.
 * @nr_extents: all extents of the claim
 *
 * Return: the number.
 */
unsigned int extmem_nr_more(unsigned int nr_extents)
{
	if (nr_extents <= EXTMEM_CLAIM_EXTENTS)
		return 0;
	return DIV_ROUND_UP(nr_extents - EXTMEM_CLAIM_EXTENTS, EXTMEM_MORE_EXTENTS);
}

static void extmem_claim_drop_more(struct extmem_claim *claim, unsigned int want)
{
	struct extmem_map *map = claim->pool->map;

	while (claim->nr_more > want)
		extmem_rec_free(map, &map->claim_table, &claim->more[--claim->nr_more]);
}

/* Have as many continuation records as there are to be, or change nothing */
static int extmem_claim_size_more(struct extmem_claim *claim, unsigned int want)
{
	struct extmem_map *map = claim->pool->map;
	unsigned int had = claim->nr_more;
	struct extmem_rec *more;
	int err;

	if (want > had) {
		more = kvrealloc(claim->more, array_size(want, sizeof(*more)),
				 GFP_KERNEL);
		if (!more)
			return -ENOMEM;
		claim->more = more;
	}
	while (claim->nr_more < want) {
		err = extmem_rec_alloc(map, &map->claim_table,
				       &claim->more[claim->nr_more]);
		if (err) {
			extmem_claim_drop_more(claim, had);
			return err;
		}
		claim->nr_more++;
	}
	extmem_claim_drop_more(claim, want);
	return 0;
}

/* Extents from number @i on, as many as there are and fit; returns their bytes */
static u64 extmem_claim_write_extents(const struct extmem_claim *claim, unsigned int i,
				      struct extmem_extent_ser *ser, unsigned int room)
{
	u64 bytes = 0;

	memset(ser, 0, room * sizeof(*ser));
	for (; room && i < claim->runs.nr; i++, room--, ser++) {
		struct range extent = extmem_claim_extent(claim, i);

		ser->start = extent.start;
		ser->size = range_len(&extent);
		bytes += ser->size;
	}
	return bytes;
}

static u64 extmem_claim_write_more(const struct extmem_claim *claim, unsigned int n)
{
	struct extmem_more_ser *ser = claim->more[n].ser;
	u64 bytes;

	ser->type = EXTMEM_REC_MORE;
	ser->first = EXTMEM_CLAIM_EXTENTS + n * EXTMEM_MORE_EXTENTS;
	ser->id = extmem_claim_ser(claim)->id;
	bytes = extmem_claim_write_extents(claim, ser->first, ser->extents,
					   EXTMEM_MORE_EXTENTS);
	extmem_crc_set(ser, EXTMEM_RECORD);
	return bytes;
}

/**
 * extmem_claim_write - write a claim's extents into its records.
 * @claim: the claim; it has its first record, with all but the extents filled
 *         in. The map is locked, and its root to be updated afterwards.
 *
 * Return: 0, or -ENOMEM: then the records are as they were. A claim that has
 * no more extents than before never fails.
 */
int extmem_claim_write(struct extmem_claim *claim)
{
	struct extmem_claim_ser *ser = extmem_claim_ser(claim);
	unsigned int i;
	int err;

	err = extmem_claim_size_more(claim, extmem_nr_more(claim->runs.nr));
	if (err)
		return err;
	ser->type = EXTMEM_REC_CLAIM;
	ser->node = claim->pool->nid;
	ser->nr_extents = claim->runs.nr;
	ser->size = extmem_claim_write_extents(claim, 0, ser->extents,
					       EXTMEM_CLAIM_EXTENTS);
	for (i = 0; i < claim->nr_more; i++)
		ser->size += extmem_claim_write_more(claim, i);
	extmem_crc_set(ser, EXTMEM_RECORD);
	return 0;
}

/**
 * extmem_claim_join - give a claim more granules.
 * @claim: the claim, its record begun; the map is locked, to be updated afterwards
 * @runs: the granules
 *
 * Return: 0 or -ENOMEM, and then it has none of them.
 */
int extmem_claim_join(struct extmem_claim *claim, const struct extmem_runs *runs)
{
	struct extmem_mark had = extmem_runs_mark(&claim->runs);
	int err;

	err = extmem_runs_join(&claim->runs, runs);
	if (err)
		return err;
	err = extmem_claim_write(claim);
	if (err)
		extmem_runs_reset(&claim->runs, &had);
	return err;
}

/**
 * extmem_trace_claim - a claim got memory.
 * @claim: the claim
 * @runs: the granules it got
 */
void extmem_trace_claim(const struct extmem_claim *claim,
			const struct extmem_runs *runs)
{
	const struct extmem_claim_ser *ser = extmem_claim_ser(claim);
	const struct extmem_pool *pool = claim->pool;
	unsigned int i;

	if (!trace_extmem_claim_enabled())
		return;
	for (i = 0; i < runs->nr; i++)
		trace_extmem_claim(pool->nid, ser->kind, ser->id,
				   extmem_pool_phys(pool, runs->run[i].first),
				   (u64)runs->run[i].nr << EXTMEM_GRANULE_SHIFT, 0);
}

/**
 * extmem_trace_free - a claim gave granules back.
 * @claim: the claim
 * @first: the first of them
 * @nr: how many
 */
void extmem_trace_free(const struct extmem_claim *claim, unsigned long first,
		       unsigned long nr)
{
	const struct extmem_claim_ser *ser = extmem_claim_ser(claim);

	if (trace_extmem_free_enabled())
		trace_extmem_free(claim->pool->nid, ser->kind, ser->id,
				  extmem_pool_phys(claim->pool, first),
				  (u64)nr << EXTMEM_GRANULE_SHIFT, 0);
}

/**
 * extmem_trace_kept - a claim did not give memory back.
 * @claim: the claim
 * @err: why
 */
void extmem_trace_kept(const struct extmem_claim *claim, int err)
{
	const struct extmem_claim_ser *ser = extmem_claim_ser(claim);

	if (trace_extmem_free_enabled())
		trace_extmem_free(claim->pool->nid, ser->kind, ser->id,
				  extmem_claim_extent(claim, 0).start, ser->size, err);
}

/**
 * extmem_trace_adopt - a former kernel's claim was taken over.
 * @claim: the claim
 */
void extmem_trace_adopt(const struct extmem_claim *claim)
{
	const struct extmem_claim_ser *ser = extmem_claim_ser(claim);
	unsigned int i;

	if (!trace_extmem_adopt_enabled())
		return;
	for (i = 0; i < claim->runs.nr; i++) {
		struct range extent = extmem_claim_extent(claim, i);

		trace_extmem_adopt(claim->pool->nid, ser->kind, ser->id,
				   extent.start, range_len(&extent), 0);
	}
}

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
		if (extmem_claim_ser(claim)->kind == kind)
			return claim;
	}
	return NULL;
}
EXPORT_SYMBOL_GPL(extmem_claim_next);

static bool extmem_claim_may_find(const struct extmem_claim *claim)
{
	return extmem_claim_ser(claim)->kind != EXTMEM_KIND_QUARANTINE;
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
			if (extmem_claim_ser(claim)->id == id)
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
	if (READ_ONCE(extmem_claim_ser(claim)->preserved))
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
	return extmem_claim_ser(claim)->data[i];
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
	struct extmem_claim_ser *ser = extmem_claim_ser(claim);

	guard(mutex)(&claim->pool->map->lock);
	if (claim->pool->map->frozen)
		return -ESHUTDOWN;
	if (extmem_claim_fixed(claim))
		return -EBUSY;
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
