// SPDX-License-Identifier: GPL-2.0
/*
 * What fails leaves nothing behind, and what is frozen changes no more.
 */
#include <linux/bitmap.h>

#include "fake.h"

#define START	GIB(4)

static const struct extmem_claim_attr attr = {
	.kind = EXTMEM_KIND_TEST,
	.align = EXTMEM_GRANULE,
};

/* All of the map but the id of the next claim, which failures may use up */
struct before {
	u64 alloc_sum;
	unsigned long dirty;
	u64 nr_records;
	u32 claim_pages;
};

static struct before look(struct extmem_pool *pool)
{
	return (struct before) {
		.alloc_sum = pool->space.alloc_sum,
		.dirty = extmem_dirty_count(&pool->space),
		.nr_records = fake.map.ser->nr_records,
		.claim_pages = fake.map.ser->claim_pages,
	};
}

static void expect_same(struct kunit *test, struct extmem_pool *pool,
			const struct before *before)
{
	KUNIT_EXPECT_EQ(test, pool->space.alloc_sum, before->alloc_sum);
	KUNIT_EXPECT_EQ(test, extmem_dirty_count(&pool->space), before->dirty);
	KUNIT_EXPECT_EQ(test, fake.map.ser->nr_records, before->nr_records);
	KUNIT_EXPECT_EQ(test, fake.map.ser->claim_pages, before->claim_pages);
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());
}

/* The first claim needs a page for its record */
static void create_no_page(struct kunit *test)
{
	struct extmem_pool *pool = extmem_fake_pool(0, START, GIB(1), false);
	struct before before = look(pool);

	fake.allocs = 0;
	KUNIT_EXPECT_EQ(test, PTR_ERR(extmem_claim_create(pool, &attr, EXTMEM_ANYWHERE,
							  MIB(2))), -ENOMEM);
	expect_same(test, pool, &before);
}

/* 14 claims of one record and one with another: there are 15 in a page */
static struct extmem_claim *fill_page(struct extmem_pool *pool)
{
	unsigned int i;

	for (i = 0; i < 14; i++)
		extmem_fake_claim(pool, START + MIB(512) + MIB(2) * i, MIB(2));
	return extmem_fake_holes(pool, EXTMEM_CLAIM_EXTENTS);
}

static void grow_no_page(struct kunit *test)
{
	struct extmem_pool *pool = extmem_fake_pool(0, START, GIB(1), false);
	struct extmem_claim *claim = fill_page(pool);
	struct before before = look(pool);

	fake.allocs = 0;
	KUNIT_EXPECT_EQ(test, extmem_claim_grow(claim, START + MIB(16), MIB(2),
						EXTMEM_GRANULE), -ENOMEM);
	KUNIT_EXPECT_EQ(test, extmem_claim_nr_extents(claim), 4);
	KUNIT_EXPECT_EQ(test, extmem_claim_size(claim), MIB(8));
	expect_same(test, pool, &before);
	/* joined to the last extent it takes no further record */
	KUNIT_EXPECT_EQ(test, extmem_claim_grow(claim, START + MIB(14), MIB(2),
						EXTMEM_GRANULE), 0);
	KUNIT_EXPECT_EQ(test, extmem_claim_nr_extents(claim), 4);
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());
}

/* The last extent is joined before others turn out to have no room */
static void grow_no_page_joined(struct kunit *test)
{
	struct extmem_pool *pool = extmem_fake_pool(0, START, GIB(1), false);
	struct extmem_claim *claim = extmem_fake_holes(pool, EXTMEM_CLAIM_EXTENTS);
	struct before before;
	unsigned int i;

	/* 14 claims more; free are granules 7, right after the claim, and 300 */
	for (i = 1; i < 7; i += 2)
		extmem_fake_claim(pool, START + MIB(2 * i), MIB(2));
	for (i = 0; i < 9; i++)
		extmem_fake_claim(pool, START + MIB(2 * (8 + 29 * i)), MIB(2 * 29));
	extmem_fake_claim(pool, START + MIB(2 * 269), MIB(2 * 31));
	extmem_fake_claim(pool, START + MIB(2 * 301), MIB(2 * 211));
	before = look(pool);
	KUNIT_ASSERT_EQ(test, pool->space.nr_free, 2);
	fake.allocs = 0;
	KUNIT_EXPECT_EQ(test, extmem_claim_grow(claim, EXTMEM_ANYWHERE, MIB(4),
						EXTMEM_GRANULE), -ENOMEM);
	KUNIT_EXPECT_EQ(test, extmem_claim_size(claim), MIB(8));
	expect_same(test, pool, &before);
	fake.allocs = 1;
	KUNIT_EXPECT_EQ(test, extmem_claim_grow(claim, EXTMEM_ANYWHERE, MIB(4),
						EXTMEM_GRANULE), 0);
	KUNIT_EXPECT_EQ(test, extmem_claim_nr_extents(claim), 5);
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());
}

static void clear_fails(struct kunit *test)
{
	struct extmem_pool *pool = extmem_fake_pool(0, START, GIB(1), true);
	struct before before = look(pool);
	struct extmem_claim *claim;

	fake.clears_ok = 0;
	fake.clear_err = -EINTR;
	KUNIT_EXPECT_EQ(test, PTR_ERR(extmem_claim_create(pool, &attr, EXTMEM_ANYWHERE,
							  MIB(20))), -EINTR);
	expect_same(test, pool, &before);

	fake.clears_ok = 1;
	claim = extmem_fake_claim(pool, START, MIB(4));
	before = look(pool);
	KUNIT_EXPECT_EQ(test, extmem_claim_grow(claim, EXTMEM_ANYWHERE, MIB(20),
						EXTMEM_GRANULE), -EINTR);
	KUNIT_EXPECT_EQ(test, extmem_claim_size(claim), MIB(4));
	expect_same(test, pool, &before);
}

/* Of several extents some are cleared, then one isn't: all go back */
static void clear_fails_later(struct kunit *test)
{
	struct extmem_pool *pool = extmem_fake_pool(0, START, GIB(1), false);
	struct extmem_claim *claim = extmem_fake_holes(pool, 256);
	struct before before;

	extmem_dirty_mark(&pool->space, 0, EXTMEM_GIG_BITS);
	before = look(pool);
	fake.clears_ok = 100;
	fake.clear_err = -ENOMEM;
	KUNIT_EXPECT_EQ(test, extmem_claim_grow(claim, EXTMEM_ANYWHERE, MIB(2 * 256),
						EXTMEM_GRANULE), -ENOMEM);
	KUNIT_EXPECT_EQ(test, fake.nr_clears, 101);
	KUNIT_EXPECT_EQ(test, extmem_claim_nr_extents(claim), 256);
	expect_same(test, pool, &before);
}

static void freeze_stops_all(struct kunit *test)
{
	struct extmem_pool *pool = extmem_fake_pool(0, START, GIB(1), true);
	struct extmem_claim *claim = extmem_fake_claim(pool, START, MIB(8));
	struct extmem_map_ser copy = *fake.map.ser;

	extmem_map_freeze(&fake.map);
	KUNIT_EXPECT_EQ(test, fake.map.ser->sealed, 1);
	KUNIT_EXPECT_EQ(test, PTR_ERR(extmem_claim_create(pool, &attr, EXTMEM_ANYWHERE,
							  MIB(2))), -ESHUTDOWN);
	KUNIT_EXPECT_EQ(test, extmem_claim_grow(claim, EXTMEM_ANYWHERE, MIB(2),
						EXTMEM_GRANULE), -ESHUTDOWN);
	KUNIT_EXPECT_EQ(test, extmem_claim_shrink(claim, MIB(2)), -ESHUTDOWN);
	KUNIT_EXPECT_EQ(test, extmem_claim_destroy(claim), -ESHUTDOWN);
	KUNIT_EXPECT_EQ(test, extmem_claim_set_data(claim, 0, 0), -ESHUTDOWN);
	KUNIT_EXPECT_EQ(test, extmem_claim_size(claim), MIB(8));
	/* still to be used, and no more than sealed */
	KUNIT_EXPECT_TRUE(test, extmem_claim_get(claim));
	extmem_claim_put(claim);
	copy.sealed = 1;
	extmem_crc_set(&copy, sizeof(copy));
	KUNIT_EXPECT_MEMEQ(test, fake.map.ser, &copy, sizeof(copy));
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());
}

static void freeze_now(void)
{
	fake.in_clear = NULL;
	WRITE_ONCE(fake.map.frozen, true);
}

/* The clearing of a claim that is being made ends, and its memory goes back */
static void freeze_while_clearing(struct kunit *test)
{
	struct extmem_pool *pool = extmem_fake_pool(0, START, GIB(1), true);
	struct before before = look(pool);

	fake.in_clear = freeze_now;
	KUNIT_EXPECT_EQ(test, PTR_ERR(extmem_claim_create(pool, &attr, EXTMEM_ANYWHERE,
							  MIB(20))), -ESHUTDOWN);
	KUNIT_EXPECT_EQ(test, fake.map.inflight, 0);
	expect_same(test, pool, &before);
	extmem_map_freeze(&fake.map);
	KUNIT_EXPECT_EQ(test, fake.map.ser->sealed, 1);
}

/* All is cleared, but the map has gone before the claim can be written */
static void freeze_after_clearing(struct kunit *test)
{
	struct extmem_pool *pool = extmem_fake_pool(0, START, GIB(1), true);
	struct before before = look(pool);

	fake.after_clear = freeze_now;
	KUNIT_EXPECT_EQ(test, PTR_ERR(extmem_claim_create(pool, &attr, EXTMEM_ANYWHERE,
							  MIB(20))), -ESHUTDOWN);
	KUNIT_EXPECT_EQ(test, fake.cleared, MIB(20));
	expect_same(test, pool, &before);
}

static struct kunit_case rollback_cases[] = {
	KUNIT_CASE(create_no_page),
	KUNIT_CASE(grow_no_page),
	KUNIT_CASE(grow_no_page_joined),
	KUNIT_CASE(clear_fails),
	KUNIT_CASE(clear_fails_later),
	KUNIT_CASE(freeze_stops_all),
	KUNIT_CASE(freeze_while_clearing),
	KUNIT_CASE(freeze_after_clearing),
	{}
};

static struct kunit_suite rollback_suite = {
	.name = "extmem_rollback",
	.init = extmem_fake_init,
	.exit = extmem_fake_exit,
	.test_cases = rollback_cases,
};

kunit_test_suite(rollback_suite);
