// SPDX-License-Identifier: GPL-2.0
/*
 * Dirt: what was somebody's is never handed out uncleared, though a bit of the
 * dirty bitmap stands for two granules.
 */
#include <linux/bitmap.h>
#include <linux/prandom.h>

#include "fake.h"

#define START	GIB(4)

static struct extmem_pool *clean_pool(void)
{
	return extmem_fake_pool(0, START, GIB(1), false);
}

static void unit_of_two(struct kunit *test)
{
	struct extmem_space *space = &clean_pool()->space;

	extmem_dirty_mark(space, 5, 1);
	KUNIT_EXPECT_EQ(test, extmem_dirty_count(space), 2);
	/* 4 is handed out; 5, the dirty one, is still free */
	extmem_space_mark(space, 4, 1, true);
	extmem_dirty_settle(space, 4, 1);
	KUNIT_EXPECT_EQ(test, extmem_dirty_count(space), 1);
	extmem_space_mark(space, 5, 1, true);
	extmem_dirty_settle(space, 5, 1);
	KUNIT_EXPECT_EQ(test, extmem_dirty_count(space), 0);
	KUNIT_EXPECT_TRUE(test, bitmap_empty(space->dirty, space->nbits / 2));
	extmem_space_mark(space, 4, 2, false);
}

static void next_finds_all(struct kunit *test)
{
	struct extmem_space *space = &clean_pool()->space;
	struct extmem_run run;
	unsigned long pos = 3;

	extmem_dirty_mark(space, 2, 6);
	extmem_dirty_mark(space, 20, 1);
	KUNIT_ASSERT_TRUE(test, extmem_dirty_next(space, &pos, 21, &run));
	KUNIT_EXPECT_EQ(test, run.first, 3);
	KUNIT_EXPECT_EQ(test, run.nr, 5);
	KUNIT_ASSERT_TRUE(test, extmem_dirty_next(space, &pos, 21, &run));
	KUNIT_EXPECT_EQ(test, run.first, 20);
	KUNIT_EXPECT_EQ(test, run.nr, 1);
	KUNIT_EXPECT_FALSE(test, extmem_dirty_next(space, &pos, 21, &run));
	pos = 8;
	KUNIT_EXPECT_FALSE(test, extmem_dirty_next(space, &pos, 20, &run));
}

static void clean_is_not_cleared(struct kunit *test)
{
	struct extmem_pool *pool = clean_pool();
	struct extmem_claim *claim = extmem_fake_claim(pool, EXTMEM_ANYWHERE, GIB(1));

	KUNIT_EXPECT_EQ(test, fake.nr_clears, 0);
	KUNIT_ASSERT_EQ(test, extmem_claim_destroy(claim), 0);
	KUNIT_EXPECT_EQ(test, extmem_dirty_count(&pool->space), EXTMEM_GIG_BITS);
	extmem_fake_claim(pool, EXTMEM_ANYWHERE, GIB(1));
	KUNIT_EXPECT_EQ(test, fake.cleared, GIB(1));
}

static void dirty_is_cleared_once(struct kunit *test)
{
	struct extmem_pool *pool = extmem_fake_pool(0, START, GIB(1), true);

	extmem_fake_claim(pool, START, MIB(512));
	KUNIT_EXPECT_EQ(test, fake.cleared, MIB(512));
	extmem_fake_claim(pool, START + MIB(512), MIB(512));
	KUNIT_EXPECT_EQ(test, fake.cleared, GIB(1));
	KUNIT_EXPECT_EQ(test, extmem_dirty_count(&pool->space), 0);
}

/* A granule at a time, in both halves of its unit */
static void halves(struct kunit *test)
{
	struct extmem_pool *pool = extmem_fake_pool(0, START, GIB(1), true);
	struct extmem_claim *a, *b;

	a = extmem_fake_claim(pool, START, MIB(2));
	KUNIT_EXPECT_EQ(test, fake.cleared, MIB(2));
	KUNIT_EXPECT_EQ(test, extmem_dirty_count(&pool->space), EXTMEM_GIG_BITS - 1);
	b = extmem_fake_claim(pool, START + MIB(2), MIB(2));
	KUNIT_EXPECT_EQ(test, fake.cleared, MIB(4));
	KUNIT_ASSERT_EQ(test, extmem_claim_destroy(a), 0);
	extmem_fake_claim(pool, START, MIB(2));
	KUNIT_EXPECT_EQ(test, fake.cleared, MIB(6));
	KUNIT_ASSERT_EQ(test, extmem_claim_destroy(b), 0);
	extmem_fake_claim(pool, START + MIB(2), MIB(2));
	KUNIT_EXPECT_EQ(test, fake.cleared, MIB(8));
}

static void fill_other_half(void)
{
	struct extmem_pool *pool = extmem_pool_find(&fake.map, 0);

	fake.in_clear = NULL;
	extmem_fake_claim(pool, START + MIB(2), MIB(2));
}

/* While one half is being cleared the other one is handed out */
static void halves_at_once(struct kunit *test)
{
	struct extmem_pool *pool = extmem_fake_pool(0, START, GIB(1), true);

	fake.in_clear = fill_other_half;
	extmem_fake_claim(pool, START, MIB(2));
	KUNIT_EXPECT_EQ(test, fake.cleared, MIB(4));
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());
}

static void fill_then_fail(void)
{
	fill_other_half();
	fake.clears_ok = 0;
	fake.clear_err = -EINTR;
}

/* One half's clearing fails after the other one was handed out */
static void half_fails(struct kunit *test)
{
	struct extmem_claim_attr attr = {
		.kind = EXTMEM_KIND_TEST, .align = EXTMEM_GRANULE,
	};
	struct extmem_pool *pool = extmem_fake_pool(0, START, GIB(1), true);

	fake.in_clear = fill_then_fail;
	KUNIT_EXPECT_EQ(test, PTR_ERR(extmem_claim_create(pool, &attr, START, MIB(2))),
			-EINTR);
	fake.clears_ok = UINT_MAX;
	KUNIT_EXPECT_EQ(test, fake.cleared, MIB(2));
	extmem_fake_claim(pool, START, MIB(2));
	KUNIT_EXPECT_EQ_MSG(test, fake.cleared, MIB(4), "handed out without clearing");
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());
}

static void fill_last_half(void)
{
	struct extmem_pool *pool = extmem_pool_find(&fake.map, 0);

	fake.in_clear = NULL;
	extmem_fake_claim(pool, START + MIB(10), MIB(2));
}

/* The other half's owner is done before this half's turn comes */
static void half_overtaken(struct kunit *test)
{
	struct extmem_pool *pool = clean_pool();

	/* granules 0-1 and 4-5: not one run */
	extmem_dirty_mark(&pool->space, 0, 2);
	extmem_dirty_mark(&pool->space, 4, 2);
	fake.in_clear = fill_last_half;
	extmem_fake_claim(pool, START, MIB(10));
	KUNIT_EXPECT_EQ_MSG(test, fake.cleared, MIB(8), "handed out without clearing");
	KUNIT_EXPECT_EQ(test, extmem_dirty_count(&pool->space), 0);
}

/* What was lent comes back: every extent of it, or an error */
static void lent_is_cleared(struct kunit *test)
{
	struct extmem_claim *claim = extmem_fake_claim(clean_pool(), START, MIB(4));

	KUNIT_ASSERT_EQ(test, extmem_claim_grow(claim, START + MIB(8), MIB(2),
						EXTMEM_GRANULE), 0);
	KUNIT_EXPECT_EQ(test, fake.cleared, 0);
	KUNIT_EXPECT_EQ(test, extmem_claim_clear(claim), 0);
	KUNIT_EXPECT_EQ(test, fake.cleared, MIB(6));
	KUNIT_EXPECT_EQ(test, fake.last_clear, START + MIB(8));

	fake.clears_ok = 1;
	fake.clear_err = -EINTR;
	KUNIT_EXPECT_EQ(test, extmem_claim_clear(claim), -EINTR);
	fake.clears_ok = UINT_MAX;
	extmem_map_freeze(&fake.map);
	KUNIT_EXPECT_EQ(test, extmem_claim_clear(claim), -ESHUTDOWN);
}

/* Take or give back a run of granules, and say what is known of their dirt */
static void change_some(struct extmem_space *space, struct rnd_state *rnd)
{
	unsigned long first = prandom_u32_state(rnd) % space->nbits;
	unsigned long nr = 1 + prandom_u32_state(rnd) % 300, end;
	u32 what = prandom_u32_state(rnd) % 4;

	if (test_bit(first, space->alloc)) {
		end = find_next_zero_bit(space->alloc, space->nbits, first);
		extmem_space_free(space, first, min(nr, end - first), what);
		return;
	}
	end = find_next_bit(space->alloc, space->nbits, first);
	nr = min(nr, end - first);
	extmem_space_mark(space, first, nr, true);
	if (what)
		extmem_dirty_settle(space, first, nr);
}

/* The number of dirty free granules is kept by whatever changes it */
static void count_is_kept(struct kunit *test)
{
	struct extmem_space *space = &extmem_fake_pool(0, START, GIB(2), true)->space;
	struct extmem_run run;
	unsigned long pos = 0;
	struct rnd_state rnd;
	unsigned int i;

	prandom_seed_state(&rnd, 5);
	for (i = 0; i < 3000; i++) {
		bool clears = extmem_dirty_begin(space, &pos, &run);

		change_some(space, &rnd);
		if (clears)
			extmem_dirty_end(space, i % 5);
		if (i % 3 == 0)
			EXTMEM_ASSERT_SOUND(test, extmem_check_space(space), "step %u", i);
	}
}

static struct kunit_case dirty_cases[] = {
	KUNIT_CASE(unit_of_two),
	KUNIT_CASE(next_finds_all),
	KUNIT_CASE(clean_is_not_cleared),
	KUNIT_CASE(dirty_is_cleared_once),
	KUNIT_CASE(halves),
	KUNIT_CASE(halves_at_once),
	KUNIT_CASE(half_fails),
	KUNIT_CASE(half_overtaken),
	KUNIT_CASE(lent_is_cleared),
	KUNIT_CASE(count_is_kept),
	{}
};

static struct kunit_suite dirty_suite = {
	.name = "extmem_dirty",
	.init = extmem_fake_init,
	.exit = extmem_fake_exit,
	.test_cases = dirty_cases,
};

kunit_test_suite(dirty_suite);
