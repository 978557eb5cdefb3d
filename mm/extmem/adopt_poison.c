// SPDX-License-Identifier: GPL-2.0
/*
 * Taking over what is known of memory errors. It is a fact about the memory,
 * not about a claim: a record stands or falls on its own.
 */
#include <linux/bitmap.h>

#include "internal.h"

static const char *adopt(struct extmem_pool *pool, struct extmem_rec *rec)
{
	const struct extmem_poison_ser *ser = rec->ser;
	DECLARE_BITMAP(bad, EXTMEM_POISON_PAGES);
	struct extmem_poison *poison;
	struct extmem_run run;
	unsigned int page;

	if (!extmem_pool_run(pool, ser->start, EXTMEM_GRANULE, &run))
		return "poison record: not a granule of its pool";
	bitmap_from_arr64(bad, ser->bad, EXTMEM_POISON_PAGES);
	if (bitmap_empty(bad, EXTMEM_POISON_PAGES))
		return "poison record: names no page";
	poison = extmem_poison_get(pool, ser->start);
	for_each_set_bit(page, bad, EXTMEM_POISON_PAGES)
		extmem_poison_set(poison, page);
	if (poison->rec.ser) {
		extmem_poison_write(poison, ser->start);
		return "poison record: the second one of its granule";
	}
	poison->rec = *rec;
	return NULL;
}

/**
 * extmem_adopt_poison - take over the bad pages of a granule.
 * @ad: the adoption
 * @rec: the record, with the right checksum; gone if it is of no use
 */
void extmem_adopt_poison(struct extmem_adoption *ad, struct extmem_rec *rec)
{
	const struct extmem_poison_ser *ser = rec->ser;
	struct extmem_pool *pool = extmem_pool_find(ad->map, ser->node);
	const char *fault;

	if (!pool) {
		extmem_note_all(ad->map, "poison record: its pool is not there");
		extmem_rec_free(ad->map, &ad->map->claim_table, rec);
		return;
	}
	fault = adopt(pool, rec);
	if (!fault)
		return;
	extmem_note(pool, "%s", fault);
	extmem_rec_free(ad->map, &ad->map->claim_table, rec);
}

/**
 * extmem_adopt_poison_end - no bad page stays free.
 * @map: the map, all pools of which are finished
 *
 * A former kernel may have had no memory to put the granule into quarantine, or
 * what it recorded of that was damaged.
 */
void extmem_adopt_poison_end(struct extmem_map *map)
{
	struct extmem_poison *poison;
	unsigned long index;

	xa_for_each(&map->poison, index, poison) {
		const struct extmem_poison_ser *ser = poison->rec.ser;
		struct extmem_pool *pool = poison->pool;
		struct extmem_run run;

		if (!pool->nr_granules ||
		    !extmem_pool_run(pool, ser->start, EXTMEM_GRANULE, &run) ||
		    !extmem_space_is_free(&pool->space, run.first, 1))
			continue;
		extmem_note(pool, "%#llx: was free in spite of a memory error, quarantined",
			    ser->start);
		extmem_poison_take(pool, run.first);
		extmem_pool_update(pool);
	}
}
