// SPDX-License-Identifier: GPL-2.0
/*
 * What the map says of a claim: one record for the claim and its first extents,
 * and more of them where it has more extents.
 */
#include <linux/math.h>
#include <linux/random.h>
#include <linux/string.h>

#include "pool.h"

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

/**
 * extmem_claim_begin - give a new claim its first record and its id.
 * @claim: the claim; the map is locked
 * @attr: what it is to be
 *
 * Return: 0 or -ENOMEM.
 */
int extmem_claim_begin(struct extmem_claim *claim, const struct extmem_claim_attr *attr)
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

/* Extents from number @i on, as many as there are and fit; returns their bytes */
static u64 extmem_claim_write_extents(const struct extmem_claim *claim, unsigned int i,
				      struct extmem_extent_ser *ser, unsigned int room)
{
	u64 bytes = 0;

	memset(ser, 0, room * sizeof(*ser));
	for (; room && i < claim->runs.nr; i++, room--, ser++) {
		const struct extmem_run *run = &claim->runs.run[i];

		ser->start = extmem_pool_phys(claim->pool, run->first);
		ser->size = (u64)run->nr << EXTMEM_GRANULE_SHIFT;
		bytes += ser->size;
	}
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
	struct extmem_claim_ser *ser = claim->rec.claim;
	unsigned int nr_more = extmem_nr_more(claim->runs.nr);
	struct extmem_map *map = claim->pool->map;
	struct extmem_extent_ser *extents = ser->extents;
	unsigned int first = 0, room = EXTMEM_CLAIM_EXTENTS, i;
	u64 size = 0;
	int err;

	err = extmem_recs_resize(map, &map->claim_table, &claim->more, nr_more);
	if (err)
		return err;
	/* The claim's own record has to wait for the size */
	for (i = 0; i <= nr_more; i++) {
		struct extmem_more_ser *more = i ? claim->more.rec[i - 1].more : NULL;

		if (more) {
			more->type = EXTMEM_REC_MORE;
			more->first = first;
			more->id = ser->id;
			extents = more->extents;
			room = EXTMEM_MORE_EXTENTS;
		}
		size += extmem_claim_write_extents(claim, first, extents, room);
		if (more)
			extmem_crc_set(more, EXTMEM_RECORD);
		first += room;
	}
	ser->type = EXTMEM_REC_CLAIM;
	ser->node = claim->pool->nid;
	ser->nr_extents = claim->runs.nr;
	ser->size = size;
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
