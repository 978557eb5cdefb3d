// SPDX-License-Identifier: GPL-2.0
/*
 * Claims made, grown, shrunk, given up and referred to.
 */
#include <linux/bitmap.h>

#include "fake.h"

#define START	GIB(4)

static const struct extmem_claim_attr small = {
	.kind = EXTMEM_KIND_TEST,
	.align = EXTMEM_GRANULE,
};

static const struct extmem_claim_attr gigs = {
	.kind = EXTMEM_KIND_TEST,
	.align = SZ_1G,
};

static long create_err(struct extmem_pool *pool, const struct extmem_claim_attr *attr,
		       u64 start, u64 size)
{
	struct extmem_claim *claim = extmem_claim_create(pool, attr, start, size);

	return IS_ERR(claim) ? PTR_ERR(claim) : 0;
}

static void create(struct kunit *test)
{
	struct extmem_pool *pool = extmem_fake_pool(0, START, GIB(2), true);
	struct extmem_claim *claim = extmem_fake_claim(pool, EXTMEM_ANYWHERE, MIB(6));
	struct range extent = extmem_claim_extent(claim, 0);

	KUNIT_EXPECT_EQ(test, extmem_claim_size(claim), MIB(6));
	KUNIT_EXPECT_EQ(test, extmem_claim_nr_extents(claim), 1);
	KUNIT_EXPECT_EQ(test, range_len(&extent), MIB(6));
	KUNIT_EXPECT_EQ(test, extmem_claim_data(claim, 0), 1);
	KUNIT_EXPECT_EQ(test, extmem_claim_data(claim, 3), 4444);
	KUNIT_EXPECT_FALSE(test, uuid_is_null(extmem_claim_uuid(claim)));
	KUNIT_EXPECT_EQ(test, fake.cleared, MIB(6));
	KUNIT_EXPECT_EQ(test, extmem_pool_available(pool), GIB(2) - MIB(6));
	KUNIT_EXPECT_EQ(test, pool->nr_claims, 1);
	KUNIT_EXPECT_PTR_EQ(test, extmem_claim_next(pool, NULL, EXTMEM_KIND_TEST), claim);
	KUNIT_EXPECT_NULL(test, extmem_claim_next(pool, claim, EXTMEM_KIND_TEST));
	KUNIT_EXPECT_NULL(test, extmem_claim_next(pool, NULL, EXTMEM_KIND_DAX));
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());

	KUNIT_EXPECT_EQ(test, extmem_claim_destroy(claim), 0);
	KUNIT_EXPECT_EQ(test, extmem_pool_available(pool), GIB(2));
	KUNIT_EXPECT_EQ(test, pool->nr_claims, 0);
	KUNIT_EXPECT_EQ(test, fake.map.ser->claims, 0);
	KUNIT_EXPECT_EQ(test, fake.map.ser->next_id, 2);
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());
}

/* Runs are found gig by gig; what is contiguous all the same is one extent */
static void create_joins(struct kunit *test)
{
	struct extmem_pool *pool = extmem_fake_pool(0, START, GIB(2), true);
	struct extmem_claim *claim;
	struct range extent;

	extmem_fake_claim(pool, START, GIB(1) - MIB(400));
	extmem_fake_claim(pool, START + GIB(1) + MIB(200), GIB(1) - MIB(200));
	claim = extmem_fake_claim(pool, EXTMEM_ANYWHERE, MIB(600));
	extent = extmem_claim_extent(claim, 0);
	KUNIT_EXPECT_EQ(test, extmem_claim_nr_extents(claim), 1);
	KUNIT_EXPECT_EQ(test, extent.start, START + GIB(1) - MIB(400));
	KUNIT_EXPECT_EQ(test, range_len(&extent), MIB(600));
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());
}

static void create_refused(struct kunit *test)
{
	struct extmem_pool *pool = extmem_fake_pool(0, START, GIB(2) + MIB(512), true);
	struct extmem_claim_attr odd = small;

	KUNIT_EXPECT_EQ(test, create_err(pool, &small, EXTMEM_ANYWHERE, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, create_err(pool, &small, EXTMEM_ANYWHERE, MIB(3)), -EINVAL);
	KUNIT_EXPECT_EQ(test, create_err(pool, &gigs, EXTMEM_ANYWHERE, MIB(512)), -EINVAL);
	odd.align = SZ_1M;
	KUNIT_EXPECT_EQ(test, create_err(pool, &odd, EXTMEM_ANYWHERE, MIB(2)), -EINVAL);
	odd.align = 0;
	KUNIT_EXPECT_EQ(test, create_err(pool, &odd, EXTMEM_ANYWHERE, MIB(2)), -EINVAL);
	KUNIT_EXPECT_EQ(test, create_err(pool, &small, START + SZ_4K, MIB(2)), -EINVAL);
	KUNIT_EXPECT_EQ(test, create_err(pool, &small, START - MIB(2), MIB(2)), -EINVAL);
	KUNIT_EXPECT_EQ(test, create_err(pool, &small, START + GIB(2), MIB(514)), -EINVAL);
	KUNIT_EXPECT_EQ(test, create_err(pool, &small, START, -MIB(2)), -EINVAL);
	KUNIT_EXPECT_EQ(test, create_err(pool, &gigs, START + MIB(512), GIB(1)), -EINVAL);
	KUNIT_EXPECT_EQ(test, create_err(pool, &small, EXTMEM_ANYWHERE, GIB(3)), -ENOSPC);
	KUNIT_EXPECT_EQ(test, create_err(pool, &small, EXTMEM_ANYWHERE, -MIB(2)), -ENOSPC);
	KUNIT_EXPECT_EQ(test, create_err(pool, &gigs, EXTMEM_ANYWHERE, GIB(3)), -ENOSPC);

	extmem_fake_claim(pool, START + MIB(2), MIB(2));
	KUNIT_EXPECT_EQ(test, create_err(pool, &small, START, MIB(4)), -EBUSY);
	KUNIT_EXPECT_EQ(test, create_err(pool, &gigs, START, GIB(1)), -EBUSY);
	KUNIT_EXPECT_EQ(test, create_err(pool, &gigs, EXTMEM_ANYWHERE, GIB(2)), -ENOSPC);
	fake.map.readonly = true;
	KUNIT_EXPECT_EQ(test, create_err(pool, &small, EXTMEM_ANYWHERE, MIB(2)), -EROFS);
	KUNIT_EXPECT_EQ(test, extmem_pool_available(pool), 0);
	fake.map.readonly = false;
	KUNIT_EXPECT_EQ(test, pool->nr_claims, 1);
	KUNIT_EXPECT_EQ(test, fake.cleared, MIB(2));
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());
}

static void create_gigs(struct kunit *test)
{
	struct extmem_pool *pool = extmem_fake_pool(0, START, GIB(6), true);
	struct extmem_claim *claim;
	unsigned int i;

	extmem_fake_claim(pool, START + GIB(2) + MIB(10), MIB(2));
	claim = extmem_claim_create(pool, &gigs, EXTMEM_ANYWHERE, GIB(5));
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, claim);
	KUNIT_EXPECT_EQ(test, extmem_claim_nr_extents(claim), 2);
	for (i = 0; i < 2; i++) {
		struct range extent = extmem_claim_extent(claim, i);

		KUNIT_EXPECT_TRUE(test, IS_ALIGNED(extent.start, SZ_1G));
		KUNIT_EXPECT_EQ(test, range_len(&extent), GIB(3 - i));
	}
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());
}

/* Growing goes on in place where that breaks nothing */
static void grow(struct kunit *test)
{
	struct extmem_pool *pool = extmem_fake_pool(0, START, GIB(2), true);
	struct extmem_claim *claim = extmem_fake_claim(pool, START, MIB(2));

	KUNIT_EXPECT_EQ(test, extmem_claim_grow(claim, EXTMEM_ANYWHERE, MIB(4),
						EXTMEM_GRANULE), 0);
	KUNIT_EXPECT_EQ(test, extmem_claim_nr_extents(claim), 1);
	KUNIT_EXPECT_EQ(test, extmem_claim_size(claim), MIB(6));
	extmem_fake_claim(pool, START + MIB(6), MIB(2));
	KUNIT_EXPECT_EQ(test, extmem_claim_grow(claim, EXTMEM_ANYWHERE, MIB(4),
						EXTMEM_GRANULE), 0);
	KUNIT_EXPECT_EQ(test, extmem_claim_nr_extents(claim), 2);
	KUNIT_EXPECT_EQ(test, extmem_claim_size(claim), MIB(10));
	KUNIT_EXPECT_EQ(test, extmem_claim_grow(claim, START + MIB(6), MIB(2),
						EXTMEM_GRANULE), -EBUSY);
	KUNIT_EXPECT_EQ(test, extmem_claim_grow(claim, EXTMEM_ANYWHERE, MIB(1),
						EXTMEM_GRANULE), -EINVAL);
	KUNIT_EXPECT_EQ(test, extmem_claim_grow(claim, EXTMEM_ANYWHERE, GIB(2),
						EXTMEM_GRANULE), -ENOSPC);
	KUNIT_EXPECT_EQ(test, extmem_claim_size(claim), MIB(10));
	KUNIT_EXPECT_EQ(test, extmem_whole_gigs(&pool->space), 1);
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());
}

/* Of many extents: continuation records come and go with them */
static void grow_long(struct kunit *test)
{
	struct extmem_pool *pool = extmem_fake_pool(0, START, GIB(1), false);
	static const unsigned int want[] = { 4, 5, 18, 19, 33 };
	struct extmem_claim *claim;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(want); i++) {
		claim = extmem_fake_holes(pool, want[i]);
		KUNIT_EXPECT_EQ(test, extmem_claim_nr_extents(claim), want[i]);
		KUNIT_EXPECT_EQ(test, fake.map.ser->nr_records,
				1 + extmem_nr_more(want[i]));
		EXTMEM_EXPECT_SOUND(test, extmem_check_map());
		KUNIT_EXPECT_EQ(test, extmem_claim_destroy(claim), 0);
		KUNIT_EXPECT_EQ(test, fake.map.ser->nr_records, 0);
	}
	KUNIT_EXPECT_EQ(test, extmem_nr_more(4), 0);
	KUNIT_EXPECT_EQ(test, extmem_nr_more(5), 1);
	KUNIT_EXPECT_EQ(test, extmem_nr_more(18), 1);
	KUNIT_EXPECT_EQ(test, extmem_nr_more(19), 2);
}

static void shrink(struct kunit *test)
{
	struct extmem_pool *pool = extmem_fake_pool(0, START, GIB(1), false);
	struct extmem_claim *claim = extmem_fake_holes(pool, 20);
	unsigned int nr;

	KUNIT_EXPECT_EQ(test, extmem_claim_shrink(claim, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, extmem_claim_shrink(claim, MIB(1)), -EINVAL);
	KUNIT_EXPECT_EQ(test, extmem_claim_shrink(claim, MIB(42)), -EINVAL);
	KUNIT_EXPECT_EQ(test, extmem_claim_shrink(claim, MIB(40)), 0);
	for (nr = 19; nr; nr--) {
		KUNIT_ASSERT_EQ(test, extmem_claim_shrink(claim, MIB(2 * nr)), 0);
		KUNIT_ASSERT_EQ(test, extmem_claim_nr_extents(claim), nr);
		KUNIT_ASSERT_EQ(test, extmem_claim_size(claim), MIB(2 * nr));
		KUNIT_ASSERT_EQ(test, fake.map.ser->nr_records, 1 + extmem_nr_more(nr));
		EXTMEM_ASSERT_SOUND(test, extmem_check_map(), "%u extents", nr);
	}
	/* each of the 19 units: the granule freed and its neighbour */
	KUNIT_EXPECT_EQ(test, extmem_dirty_count(&pool->space), 38);
	KUNIT_EXPECT_TRUE(test, extmem_claim_get(claim));
	extmem_claim_put(claim);
}

/* A part of an extent is freed at its end */
static void shrink_part(struct kunit *test)
{
	struct extmem_pool *pool = extmem_fake_pool(0, START, GIB(1), false);
	struct extmem_claim *claim = extmem_fake_claim(pool, START, MIB(100));
	struct range extent;

	KUNIT_ASSERT_EQ(test, extmem_claim_shrink(claim, MIB(60)), 0);
	extent = extmem_claim_extent(claim, 0);
	KUNIT_EXPECT_EQ(test, extent.start, START);
	KUNIT_EXPECT_EQ(test, range_len(&extent), MIB(60));
	KUNIT_EXPECT_EQ(test, extmem_dirty_count(&pool->space), 20);
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());
	extmem_fake_claim(pool, START + MIB(60), MIB(40));
	KUNIT_EXPECT_EQ(test, fake.cleared, MIB(40));
}

static void references(struct kunit *test)
{
	struct extmem_pool *pool = extmem_fake_pool(0, START, GIB(1), false);
	struct extmem_claim *claim = extmem_fake_claim(pool, START, MIB(8));

	KUNIT_EXPECT_FALSE(test, extmem_claim_busy(claim));
	KUNIT_EXPECT_TRUE(test, extmem_claim_get(claim));
	KUNIT_EXPECT_TRUE(test, extmem_claim_get(claim));
	KUNIT_EXPECT_TRUE(test, extmem_claim_busy(claim));
	KUNIT_EXPECT_EQ(test, extmem_claim_destroy(claim), -EBUSY);
	KUNIT_EXPECT_EQ(test, extmem_claim_shrink(claim, MIB(2)), -EBUSY);
	extmem_claim_put(claim);
	KUNIT_EXPECT_EQ(test, extmem_claim_destroy(claim), -EBUSY);
	KUNIT_EXPECT_EQ(test, extmem_claim_grow(claim, EXTMEM_ANYWHERE, MIB(2),
						EXTMEM_GRANULE), 0);
	KUNIT_EXPECT_EQ(test, extmem_claim_size(claim), MIB(10));
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());
	extmem_claim_put(claim);
	KUNIT_EXPECT_FALSE(test, extmem_claim_busy(claim));
	KUNIT_EXPECT_EQ(test, extmem_claim_shrink(claim, MIB(2)), 0);
	KUNIT_EXPECT_EQ(test, extmem_claim_destroy(claim), 0);
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());
}

static void data_words(struct kunit *test)
{
	struct extmem_pool *pool = extmem_fake_pool(0, START, GIB(1), false);
	struct extmem_claim *claim = extmem_fake_claim(pool, START, MIB(2));

	KUNIT_EXPECT_EQ(test, extmem_claim_set_data(claim, 2, ~0ULL), 0);
	KUNIT_EXPECT_EQ(test, extmem_claim_data(claim, 2), ~0ULL);
	KUNIT_EXPECT_EQ(test, extmem_claim_data(claim, 1), 22);
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());
}

/* Pages of records are linked and given back as claims come and go */
static void many(struct kunit *test)
{
	struct extmem_pool *pool = extmem_fake_pool(0, START, GIB(1), false);
	struct extmem_claim *claim[100];
	unsigned int i, k;

	for (i = 0; i < ARRAY_SIZE(claim); i++)
		claim[i] = extmem_fake_claim(pool, EXTMEM_ANYWHERE, MIB(2));
	KUNIT_EXPECT_EQ(test, fake.map.ser->claim_pages,
			DIV_ROUND_UP(100, EXTMEM_PAGE_RECORDS));
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());
	for (k = 0; k < 7; k++)
		for (i = k * 3 % 7; i < ARRAY_SIZE(claim); i += 7) {
			KUNIT_ASSERT_EQ(test, extmem_claim_destroy(claim[i]), 0);
			EXTMEM_ASSERT_SOUND(test, extmem_check_map(), "claim %u gone", i);
		}
	KUNIT_EXPECT_EQ(test, fake.map.ser->claim_pages, 0);
}

static struct kunit_case claim_cases[] = {
	KUNIT_CASE(create),
	KUNIT_CASE(create_joins),
	KUNIT_CASE(create_refused),
	KUNIT_CASE(create_gigs),
	KUNIT_CASE(grow),
	KUNIT_CASE(grow_long),
	KUNIT_CASE(shrink),
	KUNIT_CASE(shrink_part),
	KUNIT_CASE(references),
	KUNIT_CASE(data_words),
	KUNIT_CASE(many),
	{}
};

static struct kunit_suite claim_suite = {
	.name = "extmem_claim",
	.init = extmem_fake_init,
	.exit = extmem_fake_exit,
	.test_cases = claim_cases,
};

kunit_test_suite(claim_suite);
