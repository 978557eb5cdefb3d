// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: extmem, taking over the hand-over map
 *
 * The next kernel makes the former one's map its own, in place: pages are
 * taken over from KHO one by one, each after it was found sound, and preserved
 * again. A fault costs the narrowest thing it can. A bad root costs everything,
 * a bad pool record that pool, a bad page of claims the claims in and behind
 * it, a bad claim itself. What is lost in this way is not free: the allocation
 * bitmap still says it has an owner, so it goes into quarantine. Where that
 * bitmap is bad, sound claims live on and all the rest of the pool goes into
 * quarantine. A bad dirty bitmap makes all free memory dirty. A bad record of
 * memory errors is noted: the hardware will have to find them again.
 */
#define pr_fmt(fmt) "extmem: " fmt

#include <linux/bitmap.h>
#include <linux/printk.h>
#include <linux/string.h>

#include "adopt.h"

/**
 * extmem_adopt_page - take over a page of records.
 * @map: this kernel's map
 * @table: the table to append it to
 * @pa: its physical address; that of the next one on success
 * @page: the page, none of its records in use yet
 *
 * Return: what is wrong with it, or NULL.
 */
static const char *extmem_adopt_page(struct extmem_map *map,
				     struct extmem_table *table,
				     u64 *pa, struct extmem_page **page)
{
	const struct extmem_page_ser *old = map->ops->peek(*pa, EXTMEM_MAP_PAGE);
	const char *fault = extmem_page_fault(old, *pa, table->type);
	struct extmem_page_ser *ser;
	u64 next;

	if (fault)
		return fault;
	next = old->next;
	ser = map->ops->adopt(*pa, EXTMEM_MAP_PAGE);
	if (!ser)
		return "page of records: was not preserved";
	*page = extmem_table_add(table, ser);
	if (!*page) {
		map->ops->free(ser, EXTMEM_MAP_PAGE);
		return "page of records: no memory to take it over";
	}
	*pa = next;
	return NULL;
}

static const char *extmem_adopt_pool_page(struct extmem_adoption *ad,
					  struct extmem_page *page)
{
	struct extmem_map *map = ad->map;
	const char *first = NULL, *fault;
	unsigned int i;

	for (i = 0; i < EXTMEM_PAGE_RECORDS; i++) {
		struct extmem_rec rec;

		if (extmem_rec_is_free((void *)page->ser + (i + 1) * EXTMEM_RECORD))
			continue;
		ad->nr_pools++;
		rec = extmem_rec_adopt(&map->pool_table, page, i);
		fault = extmem_adopt_pool(map, &rec);
		first = first ?: fault;
	}
	return first;
}

static const char *extmem_adopt_pools(struct extmem_adoption *ad)
{
	const char *first = NULL, *fault;
	struct extmem_page *page;
	u64 pa = ad->root->pools;
	u32 n;

	for (n = 0; n < ad->root->pool_pages; n++) {
		fault = extmem_adopt_page(ad->map, &ad->map->pool_table, &pa, &page);
		if (fault)
			return first ?: fault;
		extmem_page_pin(page);
		fault = extmem_adopt_pool_page(ad, page);
		extmem_page_unpin(ad->map, &ad->map->pool_table, page);
		first = first ?: fault;
	}
	if (!first && ad->nr_pools != ad->root->nr_pools)
		first = "hand-over map: wrong number of pool records";
	return first;
}

static void extmem_adopt_bad_record(struct extmem_adoption *ad, struct extmem_rec *rec)
{
	const struct extmem_poison_ser *poison = rec->ser;
	const struct extmem_claim_ser *claim = rec->ser;
	const char *text = "claim record: checksum mismatch";
	struct extmem_pool *pool = NULL;

	/* Type and node are as doubtful as the rest, but this is only a note */
	if (claim->type == EXTMEM_REC_CLAIM)
		pool = extmem_pool_find(ad->map, claim->node);
	if (poison->type == EXTMEM_REC_POISON) {
		text = "poison record: checksum mismatch";
		pool = extmem_pool_find(ad->map, poison->node);
	}
	if (pool)
		extmem_note(pool, "%s", text);
	else
		extmem_note_all(ad->map, text);
	extmem_rec_free(ad->map, &ad->map->claim_table, rec);
}

/*
 * What is known of memory errors is a fact about the memory, not about a claim: a
 * record stands or falls on its own.
 */
static const char *extmem_adopt_poison_bits(struct extmem_pool *pool,
					    struct extmem_rec *rec)
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
static void extmem_adopt_poison(struct extmem_adoption *ad, struct extmem_rec *rec)
{
	const struct extmem_poison_ser *ser = rec->ser;
	struct extmem_pool *pool = extmem_pool_find(ad->map, ser->node);
	const char *fault;

	if (!pool) {
		extmem_note_all(ad->map, "poison record: its pool is not there");
		extmem_rec_free(ad->map, &ad->map->claim_table, rec);
		return;
	}
	fault = extmem_adopt_poison_bits(pool, rec);
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
static void extmem_adopt_poison_end(struct extmem_map *map)
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

static bool extmem_adopt_is_transient(const struct extmem_claim *claim)
{
	const struct extmem_claim_ser *ser = extmem_claim_ser(claim);

	return ser->kind != EXTMEM_KIND_QUARANTINE &&
	       (ser->flags & EXTMEM_CLAIM_TRANSIENT) &&
	       !(ser->flags & EXTMEM_CLAIM_SPARED);
}

/**
 * extmem_adopt_transient - free the claims that were not to be handed over.
 * @pool: the pool, just adopted
 */
static void extmem_adopt_transient(struct extmem_pool *pool)
{
	struct extmem_claim *claim, *next;
	unsigned int freed = 0;

	if (!pool->nr_granules)
		return;
	list_for_each_entry_safe(claim, next, &pool->claims, list)
		if (extmem_adopt_is_transient(claim) && !extmem_claim_destroy(claim))
			freed++;
	if (freed)
		pr_info("node %d: freed %u transient claims\n", pool->nid, freed);
}

/* Claims first, then what continues them, and what is known of their memory */
static void extmem_adopt_claim_page(struct extmem_adoption *ad,
				    struct extmem_page *page)
{
	unsigned int i;

	for (i = 0; i < EXTMEM_PAGE_RECORDS; i++) {
		const struct extmem_claim_ser *ser;
		struct extmem_rec rec;

		ser = (void *)page->ser + (i + 1) * EXTMEM_RECORD;
		if (!ser->type && extmem_rec_is_free(ser))
			continue;
		ad->nr_records++;
		rec = extmem_rec_adopt(&ad->map->claim_table, page, i);
		if (!extmem_crc_ok(ser, EXTMEM_RECORD))
			extmem_adopt_bad_record(ad, &rec);
		else if (ser->type != EXTMEM_REC_MORE &&
			 ser->type != EXTMEM_REC_POISON)
			extmem_adopt_claim(ad, &rec);
	}
}

static void extmem_adopt_rest_page(struct extmem_adoption *ad, struct extmem_page *page)
{
	unsigned long used = page->used;
	unsigned int i;

	for_each_set_bit(i, &used, EXTMEM_PAGE_RECORDS) {
		struct extmem_rec rec = {
			.page = page,
			.ser = (void *)page->ser + (i + 1) * EXTMEM_RECORD,
		};

		if (*(u32 *)rec.ser == EXTMEM_REC_MORE)
			extmem_adopt_more(ad, &rec);
		else if (*(u32 *)rec.ser == EXTMEM_REC_POISON)
			extmem_adopt_poison(ad, &rec);
	}
}

static const char *extmem_adopt_claims(struct extmem_adoption *ad)
{
	struct extmem_table *table = &ad->map->claim_table;
	struct extmem_page *page, *next;
	const char *fault = NULL;
	u64 pa = ad->root->claims;
	u32 n;

	for (n = 0; n < ad->root->claim_pages; n++) {
		fault = extmem_adopt_page(ad->map, table, &pa, &page);
		if (fault)
			break;
		extmem_page_pin(page);
	}
	list_for_each_entry(page, &table->pages, list)
		extmem_adopt_claim_page(ad, page);
	list_for_each_entry(page, &table->pages, list)
		extmem_adopt_rest_page(ad, page);
	list_for_each_entry_safe(page, next, &table->pages, list)
		extmem_page_unpin(ad->map, table, page);
	if (fault)
		return "page of claim records: damaged";
	return ad->nr_records == ad->root->nr_records ? NULL :
	       "wrong number of claim records";
}

static void extmem_adopt_root(struct extmem_adoption *ad)
{
	struct extmem_map_ser *ser = ad->map->ser;

	ser->generation = ad->root->generation + 1;
	ser->next_id = ad->root->next_id;
	ser->compat = ad->root->compat;
	ser->ro_compat = ad->root->ro_compat;
	ad->map->readonly = ser->ro_compat & ~EXTMEM_RO_COMPAT_KNOWN;
}

/**
 * extmem_adopt - make a former kernel's map this kernel's.
 * @map: this kernel's map, empty, not published yet
 * @root: the former kernel's root, EXTMEM_MAP_PAGE bytes of memory
 * @size: bytes of it that were handed over
 *
 * Faults within a pool are in its notes.
 *
 * Return: why memory may be missing from all pools, or NULL.
 */
const char *extmem_adopt(struct extmem_map *map,
			 const struct extmem_map_ser *root, size_t size)
{
	struct extmem_adoption ad = { .map = map, .root = root };
	const char *fault = extmem_root_fault(root, size), *fault_claims;
	struct extmem_pool *pool;

	if (fault)
		return fault;
	xa_init(&ad.ids);
	INIT_LIST_HEAD(&ad.bad);
	extmem_adopt_root(&ad);
	fault = extmem_adopt_pools(&ad);

	/* A fault of claims is one of pools that are there to have notes */
	fault_claims = extmem_adopt_claims(&ad);
	if (fault_claims)
		extmem_note_all(map, fault_claims);
	if (map->readonly)
		extmem_note_all(map, "hand-over map: unknown features, no new claims");
	extmem_adopt_longs(&ad);
	extmem_adopt_bad(&ad);
	xa_destroy(&ad.ids);
	list_for_each_entry(pool, &map->pools, list) {
		extmem_adopt_pool_end(pool);
		extmem_adopt_transient(pool);
		extmem_adopt_preserved(pool);
	}
	extmem_adopt_poison_end(map);
	extmem_map_update(map);
	return fault;
}
