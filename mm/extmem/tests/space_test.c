// SPDX-License-Identifier: GPL-2.0
/*
 * Which granules the allocator picks.
 */
#include <linux/bitmap.h>
#include <linux/prandom.h>

#include "fake.h"

#define GIG	EXTMEM_GIG_BITS

/* All free, but for the bits that are set in advance */
static void space_make(struct kunit *test, struct extmem_space *space,
		       unsigned long gigs)
{
	*space = (struct extmem_space) { .nbits = gigs * GIG };
	space->alloc = kunit_kcalloc(test, gigs, GIG / 8, GFP_KERNEL);
	space->dirty = kunit_kcalloc(test, gigs, GIG / 16, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, space->alloc);
	KUNIT_ASSERT_NOT_NULL(test, space->dirty);
	KUNIT_ASSERT_EQ(test, extmem_space_init(space), 0);
}

static unsigned long take(struct kunit *test, struct extmem_space *space,
			  unsigned long nr, unsigned long align)
{
	struct extmem_runs runs = {};
	unsigned long first = ULONG_MAX;

	if (!extmem_space_alloc(space, nr, align, &runs)) {
		KUNIT_EXPECT_EQ(test, runs.nr, 1);
		KUNIT_EXPECT_EQ(test, runs.run[0].nr, nr);
		first = runs.run[0].first;
	}
	extmem_runs_free(&runs);
	return first;
}

/* A list has one run for what is contiguous in the order it is used */
static void lists_are_packed(struct kunit *test)
{
	static const struct extmem_run of[] = {
		{ 10, 5 }, { 15, 1 }, { 16, 4 }, { 8, 2 }, { 30, 2 }, { 32, 8 }, { 50, 1 },
	};
	static const struct extmem_run want[] = { { 10, 10 }, { 8, 2 }, { 30, 10 }, { 50, 1 } };
	struct extmem_runs runs = {};
	unsigned int i;

	extmem_runs_pack(&runs);
	KUNIT_EXPECT_EQ(test, runs.nr, 0);
	for (i = 0; i < ARRAY_SIZE(of); i++)
		KUNIT_ASSERT_EQ(test, extmem_runs_add(&runs, of[i].first, of[i].nr), 0);
	extmem_runs_pack(&runs);
	KUNIT_EXPECT_EQ(test, runs.nr, ARRAY_SIZE(want));
	KUNIT_EXPECT_MEMEQ(test, runs.run, want, sizeof(want));
	extmem_runs_free(&runs);
}

/* Small requests stay in the gig that is broken already */
static void small_keep_together(struct kunit *test)
{
	struct extmem_space space;
	unsigned int i;

	space_make(test, &space, 4);
	for (i = 0; i < GIG; i++) {
		KUNIT_ASSERT_LT(test, take(test, &space, 1, 1), space.nbits);
		KUNIT_ASSERT_EQ(test, extmem_whole_gigs(&space), 3);
	}
	KUNIT_ASSERT_LT(test, take(test, &space, 1, 1), space.nbits);
	KUNIT_EXPECT_EQ(test, extmem_whole_gigs(&space), 2);
	EXTMEM_EXPECT_SOUND(test, extmem_check_space(&space));
	extmem_space_exit(&space);
}

/* Any length that a broken gig has room for goes there */
static void small_fit_holes(struct kunit *test)
{
	unsigned long hole, nr, first;
	struct extmem_space space;

	space_make(test, &space, 3);
	for (hole = 1; hole < GIG; hole += 13) {
		extmem_space_mark(&space, GIG, GIG, true);
		extmem_space_mark(&space, GIG + 7 % (GIG - hole), hole, false);
		for (nr = 1; nr <= hole; nr += 1 + nr / 3) {
			first = take(test, &space, nr, 1);
			KUNIT_EXPECT_EQ_MSG(test, first, GIG + 7 % (GIG - hole),
					    "%lu of %lu", nr, hole);
			extmem_space_mark(&space, first, nr, false);
		}
		bitmap_clear(space.alloc, GIG, GIG);
		extmem_space_exit(&space);
		KUNIT_ASSERT_EQ(test, extmem_space_init(&space), 0);
	}
	extmem_space_exit(&space);
}

static void whole_are_aligned(struct kunit *test)
{
	struct extmem_space space;

	space_make(test, &space, 6);
	extmem_space_mark(&space, 0, 1, true);
	extmem_space_mark(&space, 3 * GIG + 100, 1, true);
	/* gigs 1-2 and 4-5 are whole */
	KUNIT_EXPECT_EQ(test, take(test, &space, 2 * GIG, GIG), GIG);
	KUNIT_EXPECT_EQ(test, take(test, &space, GIG, GIG), 4 * GIG);
	KUNIT_EXPECT_EQ(test, take(test, &space, 2 * GIG, GIG), ULONG_MAX);
	KUNIT_EXPECT_EQ(test, take(test, &space, GIG, GIG), 5 * GIG);
	KUNIT_EXPECT_EQ(test, take(test, &space, GIG, GIG), ULONG_MAX);
	EXTMEM_EXPECT_SOUND(test, extmem_check_space(&space));
	extmem_space_exit(&space);
}

/* The smallest run of whole gigs that is long enough, else the longest */
static void whole_fit_best(struct kunit *test)
{
	struct extmem_runs runs = {};
	struct extmem_space space;

	space_make(test, &space, 10);
	extmem_space_mark(&space, 4 * GIG, 1, true);
	extmem_space_mark(&space, 7 * GIG, 1, true);
	/* whole: 0-3, 5-6, 8-9 */
	KUNIT_EXPECT_EQ(test, take(test, &space, 2 * GIG, 1), 5 * GIG);
	extmem_space_mark(&space, 5 * GIG, 2 * GIG, false);

	KUNIT_ASSERT_EQ(test, extmem_space_alloc(&space, 7 * GIG, GIG, &runs), 0);
	KUNIT_ASSERT_EQ(test, runs.nr, 3);
	KUNIT_EXPECT_EQ(test, runs.run[0].nr, 4 * GIG);
	KUNIT_EXPECT_EQ(test, runs.run[1].nr, 2 * GIG);
	KUNIT_EXPECT_EQ(test, runs.run[2].nr, GIG);
	KUNIT_EXPECT_EQ(test, extmem_whole_gigs(&space), 1);
	EXTMEM_EXPECT_SOUND(test, extmem_check_space(&space));
	extmem_runs_free(&runs);
	extmem_space_exit(&space);
}

/* What can't be had as a whole is had in pieces, and all of it can be had */
static void pieces(struct kunit *test)
{
	struct extmem_runs runs = {};
	struct extmem_space space;
	unsigned int i, total = 0;

	space_make(test, &space, 2);
	for (i = 0; i < 2 * GIG; i += 4)
		extmem_space_mark(&space, i, 1, true);
	KUNIT_EXPECT_EQ(test, extmem_space_alloc(&space, GIG, GIG, &runs), -ENOSPC);
	KUNIT_EXPECT_EQ(test, runs.nr, 0);
	KUNIT_EXPECT_EQ(test, extmem_space_alloc(&space, 2 * GIG * 3 / 4 + 1, 1, &runs),
			-ENOSPC);
	KUNIT_ASSERT_EQ(test, extmem_space_alloc(&space, 2 * GIG * 3 / 4, 1, &runs), 0);
	KUNIT_EXPECT_EQ(test, space.nr_free, 0);
	for (i = 0; i < runs.nr; i++)
		total += runs.run[i].nr;
	KUNIT_EXPECT_EQ(test, total, 2 * GIG * 3 / 4);
	EXTMEM_EXPECT_SOUND(test, extmem_check_space(&space));
	extmem_runs_free(&runs);
	extmem_space_exit(&space);
}

/* Pieces come biggest first, be they smaller than a gig or of several */
static void pieces_by_size(struct kunit *test)
{
	static const unsigned long want[] = { 2 * GIG, GIG, GIG, 100, 30, 7 };
	struct extmem_runs runs = {};
	struct extmem_space space;
	unsigned int i;

	space_make(test, &space, 9);
	/* whole: 0, 2, 4-5; then a hole each in 6 to 8 */
	extmem_space_mark(&space, GIG, GIG, true);
	extmem_space_mark(&space, 3 * GIG, GIG, true);
	extmem_space_mark(&space, 6 * GIG, 3 * GIG, true);
	extmem_space_mark(&space, 6 * GIG + 5, 30, false);
	extmem_space_mark(&space, 7 * GIG + 60, 100, false);
	extmem_space_mark(&space, 8 * GIG + 500, 7, false);
	KUNIT_ASSERT_EQ(test, extmem_space_alloc(&space, space.nr_free, 1, &runs), 0);
	KUNIT_ASSERT_EQ(test, runs.nr, ARRAY_SIZE(want));
	for (i = 0; i < runs.nr; i++)
		KUNIT_EXPECT_EQ(test, runs.run[i].nr, want[i]);
	KUNIT_EXPECT_EQ(test, space.nr_free, 0);
	EXTMEM_EXPECT_SOUND(test, extmem_check_space(&space));
	extmem_runs_free(&runs);
	extmem_space_exit(&space);
}

/* A request that fails half way leaves nothing behind, nor touches the list */
static void failed_is_undone(struct kunit *test)
{
	struct extmem_runs runs = {};
	struct extmem_space space;
	u64 sum;

	space_make(test, &space, 4);
	KUNIT_ASSERT_EQ(test, extmem_space_alloc(&space, 3, 1, &runs), 0);
	sum = space.alloc_sum;
	KUNIT_EXPECT_EQ(test, extmem_space_alloc(&space, 4 * GIG, GIG, &runs), -ENOSPC);
	extmem_space_mark(&space, 2 * GIG, 1, true);
	KUNIT_EXPECT_EQ(test, extmem_space_alloc(&space, 3 * GIG, GIG, &runs), -ENOSPC);
	extmem_space_mark(&space, 2 * GIG, 1, false);
	KUNIT_EXPECT_EQ(test, runs.nr, 1);
	KUNIT_EXPECT_EQ(test, runs.run[0].nr, 3);
	KUNIT_EXPECT_EQ(test, space.alloc_sum, sum);
	EXTMEM_EXPECT_SOUND(test, extmem_check_space(&space));
	extmem_runs_free(&runs);
	extmem_space_exit(&space);
}

static void is_free(struct kunit *test)
{
	struct extmem_space space;

	space_make(test, &space, 2);
	extmem_space_mark(&space, 10, 5, true);
	KUNIT_EXPECT_TRUE(test, extmem_space_is_free(&space, 0, 10));
	KUNIT_EXPECT_FALSE(test, extmem_space_is_free(&space, 0, 11));
	KUNIT_EXPECT_FALSE(test, extmem_space_is_free(&space, 14, 1));
	KUNIT_EXPECT_TRUE(test, extmem_space_is_free(&space, 15, 2 * GIG - 15));
	KUNIT_EXPECT_FALSE(test, extmem_space_is_free(&space, 15, 2 * GIG - 14));
	KUNIT_EXPECT_FALSE(test, extmem_space_is_free(&space, 2 * GIG, 1));
	KUNIT_EXPECT_FALSE(test, extmem_space_is_free(&space, 15, ULONG_MAX));
	KUNIT_EXPECT_FALSE(test, extmem_space_is_free(&space, ULONG_MAX, 1));
	extmem_space_exit(&space);
}

static void breaks_gig(struct kunit *test)
{
	struct extmem_space space;

	space_make(test, &space, 3);
	extmem_space_mark(&space, 0, 1, true);
	KUNIT_EXPECT_FALSE(test, extmem_space_breaks_gig(&space, 1, GIG - 1));
	KUNIT_EXPECT_TRUE(test, extmem_space_breaks_gig(&space, 1, GIG));
	KUNIT_EXPECT_FALSE(test, extmem_space_breaks_gig(&space, GIG, GIG));
	KUNIT_EXPECT_FALSE(test, extmem_space_breaks_gig(&space, GIG, 2 * GIG));
	KUNIT_EXPECT_TRUE(test, extmem_space_breaks_gig(&space, GIG, GIG + 1));
	KUNIT_EXPECT_TRUE(test, extmem_space_breaks_gig(&space, 2 * GIG + 1, GIG - 1));
	extmem_space_exit(&space);
}

static void largest(struct kunit *test)
{
	struct extmem_space space;

	space_make(test, &space, 3);
	KUNIT_EXPECT_EQ(test, extmem_space_largest(&space), 3 * GIG);
	extmem_space_mark(&space, GIG + 5, 1, true);
	KUNIT_EXPECT_EQ(test, extmem_space_largest(&space), 2 * GIG - 6);
	extmem_space_mark(&space, 0, GIG + 5, true);
	extmem_space_mark(&space, GIG + 6, 2 * GIG - 6, true);
	KUNIT_EXPECT_EQ(test, extmem_space_largest(&space), 0);
	KUNIT_EXPECT_EQ(test, space.nr_free, 0);
	extmem_space_exit(&space);
}

/* Ranges of a pool: nothing crosses from one into the next */
static void ranges(struct kunit *test)
{
	const struct range range[] = {
		DEFINE_RANGE(GIB(1), GIB(2) - 1),
		DEFINE_RANGE(GIB(2), GIB(2) + MIB(6) - 1),	/* adjacent, odd */
		DEFINE_RANGE(GIB(8), GIB(10) - 1),
	};
	struct extmem_runs runs = {};
	struct extmem_pool *pool;
	struct extmem_run run;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, extmem_pool_add(&fake.map, 0, range, 3, true), 0);
	pool = extmem_pool_find(&fake.map, 0);
	KUNIT_EXPECT_EQ(test, pool->nr_granules, 3 * GIG + 3);
	KUNIT_EXPECT_EQ(test, pool->space.nr_free, 3 * GIG + 3);
	KUNIT_EXPECT_EQ(test, pool->base[1], 2 * GIG);
	KUNIT_EXPECT_EQ(test, pool->base[2], 4 * GIG);
	KUNIT_EXPECT_EQ(test, pool->space.nbits, 6 * GIG);
	KUNIT_EXPECT_EQ(test, extmem_dirty_count(&pool->space), 3 * GIG + 3);
	KUNIT_EXPECT_EQ(test, extmem_space_largest(&pool->space), 2 * GIG);
	KUNIT_EXPECT_EQ(test, extmem_pool_phys(pool, 2 * GIG + 2), GIB(2) + MIB(4));
	KUNIT_EXPECT_EQ(test, extmem_pool_phys(pool, 4 * GIG), GIB(8));
	KUNIT_EXPECT_FALSE(test, extmem_pool_run(pool, GIB(2) - MIB(2), MIB(4), &run));
	KUNIT_EXPECT_FALSE(test, extmem_pool_run(pool, GIB(2), MIB(8), &run));
	KUNIT_EXPECT_FALSE(test, extmem_pool_run(pool, GIB(1), -MIB(2), &run));
	KUNIT_EXPECT_FALSE(test, extmem_pool_run(pool, GIB(1) + 1, MIB(2), &run));
	KUNIT_EXPECT_FALSE(test, extmem_pool_run(pool, GIB(1), 0, &run));
	KUNIT_EXPECT_TRUE(test, extmem_pool_run(pool, GIB(10) - MIB(2), MIB(2), &run));
	KUNIT_EXPECT_EQ(test, run.first, 6 * GIG - 1);

	KUNIT_ASSERT_EQ(test, extmem_space_alloc(&pool->space, 3 * GIG + 3, 1, &runs), 0);
	for (i = 0; i < runs.nr; i++) {
		u64 start = extmem_pool_phys(pool, runs.run[i].first);

		KUNIT_EXPECT_TRUE(test, extmem_pool_run(pool, start,
							MIB(2) * runs.run[i].nr, &run));
	}
	EXTMEM_EXPECT_SOUND(test, extmem_check_space(&pool->space));
	extmem_runs_free(&runs);
}

static void pool_refuses(struct kunit *test)
{
	struct range range[EXTMEM_POOL_RANGES + 1];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(range); i++)
		range[i] = DEFINE_RANGE(GIB(2 * i), GIB(2 * i + 1) - 1);
	KUNIT_EXPECT_EQ(test, extmem_pool_add(&fake.map, 0, range, ARRAY_SIZE(range), true),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, extmem_pool_add(&fake.map, 0, range, 0, true), -EINVAL);
	KUNIT_EXPECT_EQ(test, extmem_pool_add(&fake.map, 0, range, EXTMEM_POOL_RANGES,
					      true), 0);
	KUNIT_EXPECT_EQ(test, extmem_pool_add(&fake.map, 0, range, 1, true), -EEXIST);
	for (i = 0; i < 4; i++) {
		fake.allocs = i;
		KUNIT_EXPECT_EQ(test, extmem_pool_add(&fake.map, 1, range, 1, true),
				i < 2 ? -ENOMEM : 0);
		fake.allocs = -1;
		if (i >= 2)
			break;
		KUNIT_EXPECT_NULL(test, extmem_pool_find(&fake.map, 1));
	}
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());
}

/* 64 TiB in one range: 4 MiB of bits, found as quickly as in a small pool */
static void space_huge(struct kunit *test)
{
	struct extmem_pool *pool = extmem_fake_pool(0, GIB(1024), GIB(64 * 1024), false);
	struct extmem_runs runs = {};
	unsigned int i;

	KUNIT_ASSERT_EQ(test, pool->space.nr_free, 64UL * 1024 * GIG);
	for (i = 0; i < 2000; i++)
		KUNIT_ASSERT_EQ(test, extmem_space_alloc(&pool->space, 3, 1, &runs), 0);
	KUNIT_EXPECT_EQ(test, extmem_whole_gigs(&pool->space),
			64 * 1024 - DIV_ROUND_UP(2000, GIG / 3));
	KUNIT_ASSERT_EQ(test, extmem_space_alloc(&pool->space, 60UL * 1024 * GIG, GIG, &runs), 0);
	KUNIT_EXPECT_EQ(test, runs.nr, 2001);
	KUNIT_EXPECT_EQ(test, pool->space.alloc_sum,
			extmem_bits_sum(pool->space.alloc, pool->space.nbits));
	KUNIT_EXPECT_LE(test, extmem_map_bytes(&fake.map), 64 * SZ_128K);
	extmem_runs_free(&runs);
}

/* The longest run is found whatever changes, and however far it reaches */
static void largest_is_kept(struct kunit *test)
{
	const unsigned long gigs = 37;
	struct extmem_space space;
	struct rnd_state rnd;
	unsigned int i;

	prandom_seed_state(&rnd, 12);
	space_make(test, &space, gigs);
	for (i = 0; i < 1000; i++) {
		u32 r = prandom_u32_state(&rnd);
		unsigned long first = r % (gigs * GIG), nr = 1, end;
		bool taken = test_bit(first, space.alloc);

		if (r >> 30)
			nr = 1 + prandom_u32_state(&rnd) % (3 * GIG);
		end = taken ? find_next_zero_bit(space.alloc, space.nbits, first) :
			      find_next_bit(space.alloc, space.nbits, first);
		extmem_space_mark(&space, first, min(nr, end - first), !taken);
		if (i % 7 == 0)
			EXTMEM_ASSERT_SOUND(test, extmem_check_space(&space), "step %u", i);
	}
	extmem_space_exit(&space);
}

static struct kunit_case space_cases[] = {
	KUNIT_CASE(lists_are_packed),
	KUNIT_CASE(small_keep_together),
	KUNIT_CASE(small_fit_holes),
	KUNIT_CASE(whole_are_aligned),
	KUNIT_CASE(whole_fit_best),
	KUNIT_CASE(pieces),
	KUNIT_CASE(pieces_by_size),
	KUNIT_CASE(failed_is_undone),
	KUNIT_CASE(is_free),
	KUNIT_CASE(breaks_gig),
	KUNIT_CASE(largest),
	KUNIT_CASE(largest_is_kept),
	KUNIT_CASE(ranges),
	KUNIT_CASE(pool_refuses),
	KUNIT_CASE_SLOW(space_huge),
	{}
};

static struct kunit_suite space_suite = {
	.name = "extmem_space",
	.init = extmem_fake_init,
	.exit = extmem_fake_exit,
	.test_cases = space_cases,
};

kunit_test_suite(space_suite);
