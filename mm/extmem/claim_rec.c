// SPDX-License-Identifier: GPL-2.0
/*
 * Writing a claim into the map: one record for the claim and its first
 * extents, more of them where it has more extents.
 */
#include <linux/math.h>
#include <linux/slab.h>

#include "internal.h"

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

static void drop_more(struct extmem_claim *claim, unsigned int want)
{
	struct extmem_map *map = claim->pool->map;

	while (claim->nr_more > want)
		extmem_rec_free(map, &map->claim_table, &claim->more[--claim->nr_more]);
}

/* Have as many continuation records as there are to be, or change nothing */
static int size_more(struct extmem_claim *claim, unsigned int want)
{
	struct extmem_map *map = claim->pool->map;
	unsigned int had = claim->nr_more;
	struct extmem_rec *more;
	int err;

	if (want > had) {
		more = kvrealloc(claim->more, array_size(want, sizeof(*more)), GFP_KERNEL);
		if (!more)
			return -ENOMEM;
		claim->more = more;
	}
	while (claim->nr_more < want) {
		err = extmem_rec_alloc(map, &map->claim_table,
				       &claim->more[claim->nr_more]);
		if (err) {
			drop_more(claim, had);
			return err;
		}
		claim->nr_more++;
	}
	drop_more(claim, want);
	return 0;
}

/* Extents from number @i on, as many as there are and fit; returns their bytes */
static u64 write_extents(const struct extmem_claim *claim, unsigned int i,
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

static u64 write_more(const struct extmem_claim *claim, unsigned int n)
{
	struct extmem_more_ser *ser = claim->more[n].ser;
	u64 bytes;

	ser->type = EXTMEM_REC_MORE;
	ser->first = EXTMEM_CLAIM_EXTENTS + n * EXTMEM_MORE_EXTENTS;
	ser->id = extmem_claim_ser(claim)->id;
	bytes = write_extents(claim, ser->first, ser->extents, EXTMEM_MORE_EXTENTS);
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

	err = size_more(claim, extmem_nr_more(claim->runs.nr));
	if (err)
		return err;
	ser->type = EXTMEM_REC_CLAIM;
	ser->node = claim->pool->nid;
	ser->nr_extents = claim->runs.nr;
	ser->size = write_extents(claim, 0, ser->extents, EXTMEM_CLAIM_EXTENTS);
	for (i = 0; i < claim->nr_more; i++)
		ser->size += write_more(claim, i);
	extmem_crc_set(ser, EXTMEM_RECORD);
	return 0;
}
