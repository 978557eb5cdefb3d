// SPDX-License-Identifier: GPL-2.0
/*
 * A claim and what the map says of it: one record for the claim and its first
 * extents, and more of them where it has more extents. What its owner can do with
 * it is in claim.c. The quarantine's claims are of these, too.
 */
#include <linux/math.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "pool.h"

/**
 * extmem_claim_new - make a claim that is in no list yet.
 * @pool: its pool
 * @gfp: how to allocate it
 *
 * Return: the claim, or NULL without memory.
 */
struct extmem_claim *extmem_claim_new(struct extmem_pool *pool, gfp_t gfp)
{
	struct extmem_claim *claim = kzalloc_obj(*claim, gfp);

	if (claim) {
		claim->pool = pool;
		INIT_LIST_HEAD(&claim->expected);
		INIT_LIST_HEAD(&claim->list);
		INIT_LIST_HEAD(&claim->other);
	}
	return claim;
}

/**
 * extmem_claim_link - add a claim to its pool.
 * @claim: the claim, its record written, not of the quarantine's; the map is locked
 */
void extmem_claim_link(struct extmem_claim *claim)
{
	struct extmem_pool *pool = claim->pool;

	list_add_tail(&claim->list, &pool->claims);
	if (claim->rec.claim->kind != EXTMEM_KIND_DAX)
		list_add_tail(&claim->other, &pool->others);
	hlist_add_head(&claim->numbered,
		       &pool->map->ids[claim->rec.claim->id % EXTMEM_ID_BUCKETS]);
	pool->nr_claims++;
}

/**
 * extmem_claim_unlink - undo extmem_claim_link().
 * @claim: the claim; the map is locked
 */
void extmem_claim_unlink(struct extmem_claim *claim)
{
	list_del_init(&claim->list);
	list_del_init(&claim->other);
	hlist_del_init(&claim->numbered);
	claim->pool->nr_claims--;
}

/**
 * extmem_claim_free - free a claim's records and memory; not its granules.
 * @claim: the claim, in its pool's list or not; the map is locked
 */
void extmem_claim_free(struct extmem_claim *claim)
{
	struct extmem_map *map = claim->pool->map;

	hlist_del_init(&claim->named);
	hlist_del_init(&claim->numbered);
	list_del(&claim->expected);
	list_del(&claim->list);
	list_del(&claim->other);
	extmem_recs_free(map, &map->claim_table, &claim->more);
	extmem_rec_free(map, &map->claim_table, &claim->rec);
	kvfree(claim->runs.run);
	kfree(claim);
}

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

/* Give a new claim its first record and its id */
static int extmem_claim_begin(struct extmem_claim *claim,
			      const struct extmem_claim_attr *attr)
{
	struct extmem_map *map = claim->pool->map;
	struct extmem_claim_ser *ser;
	int err;

	err = extmem_rec_alloc(map, &map->claim_table, &claim->rec);
	if (err)
		return err;
	ser = claim->rec.claim;
	ser->kind = attr->kind;
	ser->id = map->ser->next_id++;
	if (ser->kind != EXTMEM_KIND_QUARANTINE)
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
	struct extmem_claim_ser *ser = claim->rec.claim;
	unsigned int nr_more = extmem_nr_more(claim->runs.nr), i;
	struct extmem_extent_ser *pos = ser->extents;
	struct extmem_map *map = claim->pool->map;
	unsigned int room = EXTMEM_CLAIM_EXTENTS;
	u64 size = 0;
	int err;

	err = extmem_recs_resize(map, &map->claim_table, &claim->more, nr_more);
	if (err)
		return err;
	memset(ser->extents, 0, sizeof(ser->extents));
	for (i = 0; i < claim->runs.nr; i++, pos++, room--) {
		struct range extent = extmem_pool_extent(claim->pool, &claim->runs.run[i]);

		if (!room) {
			struct extmem_more_ser *more;

			more = claim->more.rec[extmem_nr_more(i)].more;
			more->type = EXTMEM_REC_MORE;
			more->first = i;
			more->id = ser->id;
			memset(more->extents, 0, sizeof(more->extents));
			pos = more->extents;
			room = EXTMEM_MORE_EXTENTS;
		}
		pos->start = extent.start;
		pos->size = range_len(&extent);
		size += pos->size;
	}
	ser->type = EXTMEM_REC_CLAIM;
	ser->node = claim->pool->nid;
	ser->nr_extents = claim->runs.nr;
	ser->size = size;
	for (i = 0; i < nr_more; i++)
		extmem_crc_set(claim->more.rec[i].more, EXTMEM_RECORD);
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
	unsigned int had = claim->runs.nr;
	unsigned long last_nr = had ? claim->runs.run[had - 1].nr : 0;
	int err;

	err = extmem_runs_join(&claim->runs, runs) ?: extmem_claim_write(claim);
	if (err) {
		claim->runs.nr = had;
		if (had)
			claim->runs.run[had - 1].nr = last_nr;
	}
	return err;
}

/**
 * extmem_claim_make - make a claim of some granules.
 * @pool: the pool, its map locked or not published yet, and to be updated afterwards
 * @attr: what the claim is to be; its alignment does not matter
 * @runs: the granules, already marked taken. What is contiguous is joined. On success
 *        the list is the claim's, and empty here
 *
 * The caller links it.
 *
 * Context: may sleep.
 * Return: the claim, in no list, or an error pointer: -ENOMEM.
 */
struct extmem_claim *extmem_claim_make(struct extmem_pool *pool,
				       const struct extmem_claim_attr *attr,
				       struct extmem_runs *runs)
{
	struct extmem_claim *claim = extmem_claim_new(pool, GFP_KERNEL);
	int err;

	if (!claim)
		return ERR_PTR(-ENOMEM);
	extmem_runs_pack(runs);
	claim->runs = *runs;
	err = extmem_claim_begin(claim, attr) ?: extmem_claim_write(claim);
	if (err) {
		claim->runs = (struct extmem_runs) {};
		extmem_claim_free(claim);
		return ERR_PTR(err);
	}
	*runs = (struct extmem_runs) {};
	return claim;
}
