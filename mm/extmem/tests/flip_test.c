// SPDX-License-Identifier: GPL-2.0
/*
 * Every single bit of a map flipped, one at a time: nothing crashes, nothing
 * that was somebody's becomes free, and the damage costs the narrowest thing
 * it can and is said aloud.
 */
#include <linux/bitmap.h>

#include "fake.h"

/*
 * Every bit, where that takes seconds. A kernel that checks each access takes
 * minutes: it gets a few bits of every part.
 */
#define FLIP_STEP	(IS_ENABLED(CONFIG_KASAN) ? 61 : 1)

enum cost {
	NOTHING,	/* nobody looks at this bit */
	STRAY_POOL,	/* a fault, and no more */
	STRAY_CLAIM,	/* a note, and no more */
	ALL,		/* no pools are left */
	ONE_POOL,
	ALL_CLAIMS,
	ONE_CLAIM,
	FREE_MEMORY,	/* what is free is quarantined */
	CLEAN_MEMORY,	/* what is free becomes dirty */
};

/**
 * struct part - a part of the map all of whose bits cost the same.
 * @name: what it is
 * @at: its first byte
 * @bytes: how many
 * @cost: what that costs
 * @which: the claim's number in what was remembered, or the pool's node
 */
struct part {
	const char *name;
	u8 *at;
	size_t bytes;
	enum cost cost;
	unsigned int which;
};

#define MAX_PARTS	24

struct parts {
	struct part part[MAX_PARTS];
	unsigned int nr;
	struct extmem_was *was;
	unsigned int nr_was;
};

static void add(struct parts *parts, const char *name, void *at, size_t bytes,
		enum cost cost, unsigned int which)
{
	parts->part[parts->nr++] = (struct part) { name, at, bytes, cost, which };
}

static void add_pool(struct parts *parts, unsigned int nid)
{
	struct extmem_pool_ser *ser = extmem_fake_pool_rec(nid);

	add(parts, "pool", ser, EXTMEM_RECORD, ONE_POOL, nid);
	add(parts, "allocation bitmap", extmem_fake_at(ser->alloc), ser->alloc_bytes,
	    FREE_MEMORY, nid);
	add(parts, "dirty bitmap", extmem_fake_at(ser->dirty), ser->dirty_bytes,
	    CLEAN_MEMORY, nid);
}

static void add_page(struct parts *parts, void *page, unsigned int used, enum cost cost,
		     enum cost stray)
{
	size_t head = sizeof(struct extmem_page_ser);
	size_t end = (used + 1) * EXTMEM_RECORD;

	add(parts, "head", page, head, cost, 0);
	add(parts, "gap", page + head, EXTMEM_RECORD - head, NOTHING, 0);
	add(parts, "free records", page + end, EXTMEM_MAP_PAGE - end, stray, 0);
}

/* The sample, handed over, and what each bit of it is worth */
static void sample(struct kunit *test, struct parts *parts)
{
	struct extmem_map_ser *root;

	extmem_fake_sample();
	*parts = (struct parts) {};
	parts->was = extmem_remember(test, &parts->nr_was);
	extmem_map_freeze(&fake.map);
	extmem_fake_kexec(test);

	root = extmem_fake_root();
	add(parts, "root", root, sizeof(*root), ALL, 0);
	add(parts, "rest of root", root + 1, EXTMEM_MAP_PAGE - sizeof(*root),
	    NOTHING, 0);
	add_page(parts, extmem_fake_at(root->pools), 2, ALL, STRAY_POOL);
	add_page(parts, extmem_fake_at(root->claims), SAMPLE_FREE, ALL_CLAIMS, STRAY_CLAIM);
	add_pool(parts, 0);
	add_pool(parts, 1);
	add(parts, "claim 1", extmem_fake_rec(SAMPLE_A), EXTMEM_RECORD, ONE_CLAIM, 0);
	add(parts, "claim 2", extmem_fake_rec(SAMPLE_B), EXTMEM_RECORD, ONE_CLAIM, 1);
	add(parts, "claim 3", extmem_fake_rec(SAMPLE_LONG), EXTMEM_RECORD, ONE_CLAIM, 2);
	add(parts, "more of claim 3", extmem_fake_rec(SAMPLE_MORE), EXTMEM_RECORD, ONE_CLAIM, 2);
	add(parts, "claim 4", extmem_fake_rec(SAMPLE_OTHER_NODE), EXTMEM_RECORD, ONE_CLAIM, 3);
	add(parts, "poison", extmem_fake_rec(SAMPLE_POISON), EXTMEM_RECORD, STRAY_CLAIM, 0);
}

static u64 was_granules(const struct extmem_was *was)
{
	return was->rec.size >> EXTMEM_GRANULE_SHIFT;
}

/* All claims but those of a node, or but one, live on */
static const char *others_alive(const struct parts *parts, int node, int claim)
{
	const char *wrong = NULL;
	unsigned int i;

	for (i = 0; !wrong && i < parts->nr_was; i++)
		if (i != claim && parts->was[i].rec.node != node)
			wrong = extmem_check_alive(&parts->was[i]);
	return wrong;
}

static bool is_dirty(const struct extmem_pool *pool)
{
	return extmem_dirty_count(&pool->space) == pool->space.nr_free;
}

static const char *check_all_claims(const struct parts *parts)
{
	u64 nr = 0;
	unsigned int i;

	for (i = 0; i < parts->nr_was; i++)
		nr += was_granules(&parts->was[i]);
	if (extmem_quarantined() != nr)
		return "not all that had claims is in quarantine";
	return extmem_nr_notes() ? NULL : "nothing is noted";
}

static const char *check_one_claim(const struct parts *parts, unsigned int which)
{
	const struct extmem_was *was = &parts->was[which];

	if (extmem_quarantined() != was_granules(was))
		return "not just the claim is in quarantine";
	if (!extmem_pool_find(&fake.map, was->rec.node)->nr_notes)
		return "nothing is noted";
	return others_alive(parts, -1, which);
}

static const char *check_free_memory(const struct parts *parts, unsigned int nid)
{
	struct extmem_pool *pool = extmem_pool_find(&fake.map, nid);

	if (pool->space.nr_free)
		return "the pool still has free memory";
	if (extmem_quarantined() != pool->nr_quarantined)
		return "another pool suffers";
	return extmem_reason_seen(nid, EXTMEM_REASON_BITMAP) && pool->nr_notes ?
	       others_alive(parts, -1, -1) : "nothing is noted";
}

static const char *check_clean_memory(const struct parts *parts, unsigned int nid)
{
	struct extmem_pool *pool = extmem_pool_find(&fake.map, nid);

	if (!is_dirty(pool))
		return "some free memory is not dirty";
	if (extmem_quarantined())
		return "something is in quarantine";
	return pool->nr_notes ? others_alive(parts, -1, -1) : "nothing is noted";
}

static const char *check_stray(const struct parts *parts, bool said)
{
	if (!said)
		return "nothing is noted";
	return extmem_quarantined() ? "something is in quarantine" :
	       others_alive(parts, -1, -1);
}

static const char *check_one_pool(const struct parts *parts, unsigned int nid,
				  const char *fault)
{
	if (!fault)
		return "no fault is told";
	if (extmem_pool_find(&fake.map, nid))
		return "the pool is there";
	return extmem_quarantined() ? "another pool suffers" :
	       others_alive(parts, nid, -1);
}

static const char *check_cost(const struct parts *parts, const struct part *part,
			      const char *fault)
{
	switch (part->cost) {
	case NOTHING:
		return check_stray(parts, !fault && !extmem_nr_notes());
	case STRAY_POOL:
		return check_stray(parts, fault);
	case STRAY_CLAIM:
		return check_stray(parts, extmem_nr_notes());
	case ALL:
		return fault && list_empty(&fake.map.pools) ? NULL : "pools are there";
	case ONE_POOL:
		return check_one_pool(parts, part->which, fault);
	case ALL_CLAIMS:
		return check_all_claims(parts);
	case ONE_CLAIM:
		return check_one_claim(parts, part->which);
	case FREE_MEMORY:
		return check_free_memory(parts, part->which);
	case CLEAN_MEMORY:
		return check_clean_memory(parts, part->which);
	}
	return "no such cost";
}

static const char *flip(struct kunit *test, const struct parts *parts,
			const struct part *part, unsigned long bit)
{
	const char *fault;

	part->at[bit / 8] ^= 1 << bit % 8;
	fault = extmem_fake_boot(test);
	return check_cost(parts, part, fault) ?:
	       extmem_check_kept(parts->was, parts->nr_was);
}

/* Nothing that is free now can be had twice, or was somebody's */
static const char *take_all(const struct parts *parts)
{
	struct extmem_runs runs = {};
	const char *wrong = NULL;
	struct extmem_pool *pool;

	list_for_each_entry(pool, &fake.map.pools, list) {
		unsigned long nr = pool->space.nr_free, i, total = 0;

		runs.nr = 0;
		if (nr && extmem_space_alloc(&pool->space, nr, 1, &runs))
			wrong = "free memory can't be had";
		for (i = 0; i < runs.nr; i++)
			total += runs.run[i].nr;
		if (total != nr || pool->space.nr_free)
			wrong = "free memory is had twice";
	}
	extmem_runs_free(&runs);
	return wrong;
}

static void flip_every_bit(struct kunit *test)
{
	struct parts *parts = kunit_kzalloc(test, sizeof(*parts), GFP_KERNEL);
	const struct part *part;
	unsigned int flips = 0;
	unsigned long bit;

	KUNIT_ASSERT_NOT_NULL(test, parts);
	sample(test, parts);
	for (part = parts->part; part < parts->part + parts->nr; part++)
		for (bit = 0; bit < part->bytes * 8; bit += FLIP_STEP) {
			EXTMEM_ASSERT_SOUND(test, flip(test, parts, part, bit),
					    "%s, bit %lu", part->name, bit);
			if (bit % 16 == 0)
				EXTMEM_ASSERT_SOUND(test, extmem_check_map() ?:
						    take_all(parts),
						    "%s, bit %lu", part->name, bit);
			extmem_fake_rewind();
			flips++;
		}
	kunit_info(test, "%u bits flipped\n", flips);
}

/* What one kernel put into quarantine stays there in the next, reason and all */
static void flip_then_kexec(struct kunit *test)
{
	struct parts *parts = kunit_kzalloc(test, sizeof(*parts), GFP_KERNEL);
	struct extmem_was *was;
	unsigned long bit = 0;
	unsigned int i = 0, nr;

	KUNIT_ASSERT_NOT_NULL(test, parts);
	for (;;) {
		const struct part *part;

		sample(test, parts);
		part = &parts->part[i];
		EXTMEM_ASSERT_SOUND(test, flip(test, parts, part, bit), "%s, bit %lu",
				    part->name, bit);
		was = extmem_remember(test, &nr);
		extmem_fake_kexec(test);
		EXTMEM_ASSERT_SOUND(test, extmem_fake_boot(test) ?:
				    extmem_check_map() ?:
				    extmem_check_all_alive(was, nr) ?:
				    extmem_check_kept(parts->was, parts->nr_was),
				    "after %s, bit %lu", part->name, bit);
		KUNIT_ASSERT_EQ(test, extmem_nr_notes(), 0);

		bit += 197;
		if (bit >= part->bytes * 8) {
			bit = i % 8;
			if (++i == parts->nr)
				break;
		}
		extmem_fake_exit(test);
		KUNIT_ASSERT_EQ(test, extmem_fake_init(test), 0);
	}
}

static struct kunit_case flip_cases[] = {
	KUNIT_CASE_SLOW(flip_every_bit),
	KUNIT_CASE_SLOW(flip_then_kexec),
	{}
};

static struct kunit_suite flip_suite = {
	.name = "extmem_flip",
	.init = extmem_fake_init,
	.exit = extmem_fake_exit,
	.test_cases = flip_cases,
};

kunit_test_suite(flip_suite);
