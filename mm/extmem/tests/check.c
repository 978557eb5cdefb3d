// SPDX-License-Identifier: GPL-2.0
/*
 * What must be true of a map at any time, and after it was taken over. Checks
 * answer with what is wrong, or NULL.
 */
#include <linux/bitmap.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "fake.h"

static unsigned long nr_gigs(const struct extmem_space *space)
{
	return space->nbits / EXTMEM_GIG_BITS;
}

/* The longest run of clear bits of a gig, bit by bit */
static unsigned int slow_run(const unsigned long *bits, unsigned long gig)
{
	unsigned int run = 0, best = 0, i;

	for (i = 0; i < EXTMEM_GIG_BITS; i++) {
		run = test_bit(gig * EXTMEM_GIG_BITS + i, bits) ? 0 : run + 1;
		best = max(best, run);
	}
	return best;
}

static const char *check_gig(const struct extmem_space *space, unsigned long gig)
{
	unsigned int run = slow_run(space->alloc, gig), class;

	if (space->run[gig] != run)
		return "a gig's longest run is wrong";
	for (class = 0; class < EXTMEM_CLASSES; class++)
		if (test_bit(gig, extmem_sets_members(&space->class, class)) !=
		    (run && class == EXTMEM_CLASS(run)))
			return "a gig is in the wrong class";
	return NULL;
}

/* The free granules that are dirty, one by one */
static unsigned long slow_dirty(const struct extmem_space *space)
{
	unsigned long bit, nr = 0;

	for_each_clear_bit(bit, space->alloc, space->nbits)
		nr += test_bit(bit / EXTMEM_UNIT_GRANULES, space->dirty);
	return nr;
}

static unsigned long slow_largest(const struct extmem_space *space)
{
	unsigned long bit, run = 0, best = 0;

	for (bit = 0; bit < space->nbits; bit++) {
		run = test_bit(bit, space->alloc) ? 0 : run + 1;
		best = max(best, run);
	}
	return best;
}

/* The summaries over a bitmap say what the bitmap says */
const char *extmem_check_space(struct extmem_space *space)
{
	const char *wrong = NULL;
	unsigned long gig;

	if (space->nr_free != space->nbits - bitmap_weight(space->alloc, space->nbits))
		return "the number of free granules is wrong";
	if (space->nr_dirty != slow_dirty(space))
		return "the number of dirty granules is wrong";
	if (extmem_space_largest(space) != slow_largest(space))
		return "the length of the longest free run is wrong";
	if (space->alloc_sum != extmem_bits_sum(space->alloc, space->nbits))
		return "the sum of the allocation bitmap is wrong";
	if (space->dirty_sum != extmem_bits_sum(space->dirty, space->nbits / 2))
		return "the sum of the dirty bitmap is wrong";
	for (gig = 0; !wrong && gig < nr_gigs(space); gig++)
		wrong = check_gig(space, gig);
	return wrong;
}

/* Mark the granules of a claim; each may be marked once only */
static const char *cover_claim(const struct extmem_claim *claim, unsigned long *cover)
{
	const struct extmem_claim_ser *ser = claim->rec.claim;
	unsigned int i;
	u64 size = 0;

	for (i = 0; i < claim->runs.nr; i++) {
		const struct extmem_run *run = &claim->runs.run[i];

		if (!run->nr || run->first + run->nr > claim->pool->space.nbits)
			return "a claim is outside its pool";
		if (find_next_bit(cover, run->first + run->nr, run->first) <
		    run->first + run->nr)
			return "a granule has two claims";
		bitmap_set(cover, run->first, run->nr);
		size += (u64)run->nr << EXTMEM_GRANULE_SHIFT;
	}
	if (!extmem_crc_ok(ser, EXTMEM_RECORD))
		return "a claim's record has a wrong checksum";
	if (ser->size != size || ser->nr_extents != claim->runs.nr)
		return "a claim's record does not say what the claim has";
	return NULL;
}

static const char *cover_pool(const struct extmem_pool *pool, unsigned long *cover)
{
	unsigned long quarantined = 0;
	unsigned int claims = 0, i;
	struct extmem_claim *claim;
	const char *wrong;

	list_for_each_entry(claim, &pool->claims, list) {
		bool ours = claim->rec.claim->kind == EXTMEM_KIND_QUARANTINE;

		wrong = cover_claim(claim, cover);
		if (wrong)
			return wrong;
		if ((extmem_claim_by_id(pool->map, claim->rec.claim->id) == claim) == ours)
			return "a claim is not found by its id, or one in quarantine is";
		if (claim->rec.claim->kind != EXTMEM_KIND_QUARANTINE)
			claims++;
		else
			for (i = 0; i < claim->runs.nr; i++)
				quarantined += claim->runs.run[i].nr;
	}
	if (claims != pool->nr_claims)
		return "the number of claims is wrong";
	if (quarantined != pool->nr_quarantined)
		return "the number of quarantined granules is wrong";
	return bitmap_equal(cover, pool->space.alloc, pool->space.nbits) ? NULL :
	       "allocated is not what claims have";
}

static const char *check_pool(struct extmem_pool *pool)
{
	const struct extmem_pool_ser *ser = pool->rec.ser;
	unsigned long *cover;
	const char *wrong;

	if (extmem_pool_fault(ser))
		return "a pool's record is not sound";
	if (ser->alloc_sum != pool->space.alloc_sum ||
	    ser->dirty_sum != pool->space.dirty_sum)
		return "a pool's record has old sums";
	cover = bitmap_zalloc(pool->space.nbits, GFP_KERNEL);
	if (!cover)
		return "no memory to check a pool";
	extmem_pool_absent(pool, cover);
	wrong = cover_pool(pool, cover);
	bitmap_free(cover);
	return wrong ?: extmem_check_space(&pool->space);
}

static const char *check_table(struct extmem_table *table, u64 pa)
{
	struct extmem_page *page;
	u64 nr_records = 0;

	list_for_each_entry(page, &table->pages, list) {
		if (virt_to_phys(page->ser) != pa)
			return "a page is not where its link says";
		if (extmem_page_fault(page->ser, pa, table->type))
			return "a page's head is not sound";
		if (!page->used || page->used >> EXTMEM_PAGE_RECORDS)
			return "a page without records stays";
		nr_records += hweight_long(page->used);
		pa = page->ser->next;
	}
	if (pa)
		return "the last page has a link";
	return nr_records == table->nr_records ? NULL : "the number of records is wrong";
}

static const char *check_poison_rec(const struct extmem_poison *poison, u64 granule)
{
	const struct extmem_poison_ser *ser = poison->rec.ser;
	DECLARE_BITMAP(retired, EXTMEM_POISON_PAGES);
	DECLARE_BITMAP(bad, EXTMEM_POISON_PAGES);

	if (!extmem_crc_ok(ser, EXTMEM_RECORD))
		return "a poison record has a wrong checksum";
	bitmap_from_arr64(bad, ser->bad, EXTMEM_POISON_PAGES);
	bitmap_from_arr64(retired, ser->retired, EXTMEM_POISON_PAGES);
	if (ser->type != EXTMEM_REC_POISON || ser->start != granule ||
	    ser->node != poison->pool->nid ||
	    !bitmap_equal(bad, poison->bad, EXTMEM_POISON_PAGES) ||
	    !bitmap_equal(retired, poison->retired, EXTMEM_POISON_PAGES))
		return "a poison record does not say what is known";
	return NULL;
}

static const char *check_poison(struct extmem_map *map)
{
	struct extmem_poison *poison;
	struct extmem_pool *pool;
	unsigned long index, pages = 0, retired = 0;
	const char *wrong = NULL;
	struct extmem_run run;

	xa_for_each(&map->poison, index, poison) {
		u64 granule = (u64)index << EXTMEM_GRANULE_SHIFT;

		if (!extmem_pool_run(poison->pool, granule, EXTMEM_GRANULE, &run))
			return "a bad page is outside its pool";
		if (!test_bit(run.first, poison->pool->space.alloc))
			return "a granule with a bad page is free";
		if (poison->rec.ser)
			wrong = wrong ?: check_poison_rec(poison, granule);
		pages += bitmap_weight(poison->bad, EXTMEM_POISON_PAGES);
		retired += bitmap_weight(poison->retired, EXTMEM_POISON_PAGES);
	}
	if (retired && !(map->ser->compat & EXTMEM_COMPAT_RETIRED))
		return "pages are retired, and the map does not say so";
	if (pages != map->nr_poisoned)
		return "the number of bad pages is wrong";
	list_for_each_entry(pool, &map->pools, list) {
		pages -= pool->nr_poisoned;
		retired -= pool->nr_retired;
	}
	if (retired)
		return "the pools' numbers of retired pages are wrong";
	return pages ? "the pools' numbers of bad pages are wrong" : wrong;
}

/* The running kernel's map is sound, in memory and for the next kernel */
const char *extmem_check_map(void)
{
	struct extmem_map *map = &fake.map;
	const struct extmem_map_ser *ser = map->ser;
	struct extmem_pool *pool;
	const char *wrong;

	if (extmem_root_fault(ser, sizeof(*ser)))
		return "the root is not sound";
	if (ser->nr_records != map->claim_table.nr_records ||
	    ser->claim_pages != map->claim_table.nr_pages ||
	    ser->nr_pools != map->pool_table.nr_records ||
	    ser->pool_pages != map->pool_table.nr_pages)
		return "the root has wrong counts";
	wrong = check_table(&map->pool_table, ser->pools) ?:
		check_table(&map->claim_table, ser->claims) ?:
		check_poison(map);
	list_for_each_entry(pool, &map->pools, list)
		if (!wrong && pool->nr_granules)
			wrong = check_pool(pool);
	return wrong;
}

static void remember(struct kunit *test, struct extmem_was *was,
		     const struct extmem_claim *claim)
{
	unsigned int i;

	was->rec = *claim->rec.claim;
	was->id = was->rec.id;
	was->nr = claim->runs.nr;
	was->extent = kunit_kcalloc(test, was->nr, sizeof(*was->extent), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, was->extent);
	for (i = 0; i < was->nr; i++)
		was->extent[i] = extmem_claim_extent(claim, i);
}

/* All claims, to compare them with what the next kernel has */
struct extmem_was *extmem_remember(struct kunit *test, unsigned int *nr)
{
	struct extmem_claim *claim;
	struct extmem_pool *pool;
	struct extmem_was *was;
	unsigned int n = 0;

	list_for_each_entry(pool, &fake.map.pools, list)
		n += list_count_nodes(&pool->claims);
	was = kunit_kcalloc(test, n, sizeof(*was), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, was);
	*nr = n;
	n = 0;
	list_for_each_entry(pool, &fake.map.pools, list)
		list_for_each_entry(claim, &pool->claims, list)
			remember(test, &was[n++], claim);
	return was;
}

static const char *check_extent_kept(const struct range *extent)
{
	struct extmem_pool *pool;
	struct extmem_run run;

	list_for_each_entry(pool, &fake.map.pools, list) {
		if (!pool->nr_granules ||
		    !extmem_pool_run(pool, extent->start, range_len(extent), &run))
			continue;
		if (find_next_zero_bit(pool->space.alloc, run.first + run.nr,
				       run.first) < run.first + run.nr)
			return "a granule of a claim is free";
	}
	return NULL;
}

/* No granule of any of these claims is free in any pool */
const char *extmem_check_kept(const struct extmem_was *was, unsigned int nr)
{
	const char *wrong = NULL;
	unsigned int i, k;

	for (i = 0; i < nr; i++)
		for (k = 0; !wrong && k < was[i].nr; k++)
			wrong = check_extent_kept(&was[i].extent[k]);
	return wrong;
}

/* A claim lives on, and nothing about it has changed */
const char *extmem_check_alive(const struct extmem_was *was)
{
	const struct extmem_claim *claim = extmem_fake_find(was->id);
	unsigned int i;

	if (!claim)
		return "a claim is lost";
	if (memcmp(claim->rec.claim, &was->rec, EXTMEM_RECORD))
		return "a claim's record has changed";
	if (claim->runs.nr != was->nr)
		return "a claim has more or fewer extents";
	for (i = 0; i < was->nr; i++) {
		struct range extent = extmem_claim_extent(claim, i);

		if (extent.start != was->extent[i].start ||
		    extent.end != was->extent[i].end)
			return "an extent of a claim has moved";
	}
	return NULL;
}

const char *extmem_check_all_alive(const struct extmem_was *was, unsigned int nr)
{
	const char *wrong = NULL;

	while (!wrong && nr--)
		wrong = extmem_check_alive(was++);
	return wrong;
}

/* Notes on all pools */
unsigned int extmem_nr_notes(void)
{
	struct extmem_pool *pool;
	unsigned int nr = 0;

	list_for_each_entry(pool, &fake.map.pools, list)
		nr += pool->nr_notes;
	return nr;
}

/* Granules in quarantine, in all pools */
u64 extmem_quarantined(void)
{
	struct extmem_pool *pool;
	u64 nr = 0;

	list_for_each_entry(pool, &fake.map.pools, list)
		nr += pool->nr_quarantined;
	return nr;
}

/* How many gigs of a space are free as a whole */
unsigned long extmem_whole_gigs(const struct extmem_space *space)
{
	return bitmap_weight(extmem_sets_members(&space->class, EXTMEM_CLASS_WHOLE),
			     space->nbits / EXTMEM_GIG_BITS);
}

/* Whether some of a pool is in quarantine for this reason */
bool extmem_reason_seen(int nid, enum extmem_reason reason)
{
	struct extmem_pool *pool = extmem_pool_find(&fake.map, nid);
	struct extmem_claim *claim;

	if (pool)
		list_for_each_entry(claim, &pool->claims, list)
			if (claim->rec.claim->kind == EXTMEM_KIND_QUARANTINE &&
			    extmem_claim_data(claim, 0) == reason)
				return true;
	return false;
}

/* Whether a pool has a note with this word in it */
bool extmem_note_seen(int nid, const char *word)
{
	struct extmem_pool *pool = extmem_pool_find(&fake.map, nid);
	const char *text;
	unsigned int i;

	for (i = 0; pool; i++) {
		text = extmem_note_text(pool, i);
		if (!text)
			break;
		if (strstr(text, word))
			return true;
	}
	return false;
}
