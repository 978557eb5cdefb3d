// SPDX-License-Identifier: GPL-2.0
/*
 * Sets with summaries, and bitmaps with sums: the two the allocator stands on.
 */
#include <linux/bitmap.h>
#include <linux/prandom.h>

#include "fake.h"

static void set_empty(struct kunit *test)
{
	struct extmem_sets sets;

	KUNIT_ASSERT_EQ(test, extmem_sets_init(&sets, 3, 100), 0);
	KUNIT_EXPECT_EQ(test, sets.nr_levels, 2);
	KUNIT_EXPECT_EQ(test, extmem_sets_first(&sets, 1), 100);
	extmem_sets_add(&sets, 1, 99);
	KUNIT_EXPECT_EQ(test, extmem_sets_first(&sets, 1), 99);
	extmem_sets_del(&sets, 1, 99);
	KUNIT_EXPECT_EQ(test, extmem_sets_first(&sets, 1), 100);
	extmem_sets_exit(&sets);
	KUNIT_EXPECT_NULL(test, sets.words);
}

static void set_sizes(struct kunit *test)
{
	static const unsigned long sizes[] = {
		1, 63, 64, 65, 4095, 4096, 4097, 64 * 4096, 64 * 4096 + 1,
		64UL * 64 * 64 * 64,
	};
	struct extmem_sets sets;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		KUNIT_ASSERT_EQ(test, extmem_sets_init(&sets, 1, sizes[i]), 0);
		extmem_sets_add(&sets, 0, sizes[i] - 1);
		KUNIT_EXPECT_EQ(test, extmem_sets_first(&sets, 0), sizes[i] - 1);
		extmem_sets_add(&sets, 0, 0);
		KUNIT_EXPECT_EQ(test, extmem_sets_first(&sets, 0), 0);
		extmem_sets_del(&sets, 0, 0);
		KUNIT_EXPECT_EQ(test, extmem_sets_first(&sets, 0),
				sizes[i] == 1 ? 1 : sizes[i] - 1);
		extmem_sets_exit(&sets);
	}
}

static void set_too_big(struct kunit *test)
{
	struct extmem_sets sets;

	KUNIT_EXPECT_EQ(test, extmem_sets_init(&sets, 1, 64UL * 64 * 64 * 64 + 1),
			-EINVAL);
	KUNIT_EXPECT_NULL(test, sets.words);
}

/* Which of the sets have members */
static void set_used(struct kunit *test)
{
	struct extmem_sets sets;

	KUNIT_ASSERT_EQ(test, extmem_sets_init(&sets, EXTMEM_SETS, 5000), 0);
	KUNIT_EXPECT_EQ(test, extmem_sets_next(&sets, 0), EXTMEM_SETS);
	KUNIT_EXPECT_EQ(test, extmem_sets_last(&sets), EXTMEM_SETS);
	extmem_sets_add(&sets, 7, 4000);
	extmem_sets_add(&sets, 7, 1);
	extmem_sets_add(&sets, EXTMEM_SETS - 1, 4999);
	KUNIT_EXPECT_EQ(test, extmem_sets_next(&sets, 0), 7);
	KUNIT_EXPECT_EQ(test, extmem_sets_next(&sets, 8), EXTMEM_SETS - 1);
	KUNIT_EXPECT_EQ(test, extmem_sets_last(&sets), EXTMEM_SETS - 1);
	extmem_sets_del(&sets, EXTMEM_SETS - 1, 4999);
	extmem_sets_del(&sets, 7, 1);
	KUNIT_EXPECT_EQ(test, extmem_sets_last(&sets), 7);
	KUNIT_EXPECT_EQ(test, extmem_sets_first(&sets, 7), 4000);
	extmem_sets_del(&sets, 7, 4000);
	KUNIT_EXPECT_EQ(test, extmem_sets_last(&sets), EXTMEM_SETS);
	extmem_sets_exit(&sets);
}

#define SET_BITS	10000

static void set_random(struct kunit *test)
{
	unsigned long *model = kunit_kcalloc(test, BITS_TO_LONGS(SET_BITS),
					     sizeof(long), GFP_KERNEL);
	const unsigned long *members;
	struct rnd_state rnd;
	struct extmem_sets sets;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, model);
	KUNIT_ASSERT_EQ(test, extmem_sets_init(&sets, 2, SET_BITS), 0);
	prandom_seed_state(&rnd, 1);
	for (i = 0; i < 20000; i++) {
		unsigned long bit = prandom_u32_state(&rnd) % SET_BITS;

		/* few members, so that summaries come and go */
		if (i % 3) {
			bit = find_next_bit(model, SET_BITS, bit);
			if (bit == SET_BITS)
				continue;
			extmem_sets_del(&sets, 1, bit);
			__clear_bit(bit, model);
		} else {
			extmem_sets_add(&sets, 1, bit);
			__set_bit(bit, model);
		}
		KUNIT_ASSERT_EQ(test, extmem_sets_first(&sets, 1),
				find_first_bit(model, SET_BITS));
	}
	members = extmem_sets_members(&sets, 1);
	KUNIT_EXPECT_TRUE(test, bitmap_equal(model, members, SET_BITS));
	members = extmem_sets_members(&sets, 0);
	KUNIT_EXPECT_TRUE(test, bitmap_empty(members, SET_BITS));
	extmem_sets_exit(&sets);
}

#define MAP_BITS	1024

static void bits_random(struct kunit *test)
{
	DECLARE_BITMAP(map, MAP_BITS) = {};
	DECLARE_BITMAP(model, MAP_BITS) = {};
	u64 sum = extmem_bits_sum(map, MAP_BITS);
	struct rnd_state rnd;
	unsigned int i;

	prandom_seed_state(&rnd, 2);
	for (i = 0; i < 5000; i++) {
		unsigned long first = prandom_u32_state(&rnd) % MAP_BITS;
		unsigned long nr = prandom_u32_state(&rnd) % (MAP_BITS - first + 1);
		bool val = prandom_u32_state(&rnd) & 1;

		extmem_bits_change(map, &sum, first, nr, val);
		if (val)
			bitmap_set(model, first, nr);
		else
			bitmap_clear(model, first, nr);
		KUNIT_ASSERT_TRUE(test, bitmap_equal(map, model, MAP_BITS));
		KUNIT_ASSERT_EQ(test, sum, extmem_bits_sum(map, MAP_BITS));
	}
}

/* A sum sees every single bit, and words that have changed places */
static void bits_sum(struct kunit *test)
{
	DECLARE_BITMAP(map, MAP_BITS) = {};
	unsigned long bit;
	u64 sum;

	bitmap_set(map, 100, 300);
	sum = extmem_bits_sum(map, MAP_BITS);
	for (bit = 0; bit < MAP_BITS; bit++) {
		__change_bit(bit, map);
		KUNIT_ASSERT_NE(test, extmem_bits_sum(map, MAP_BITS), sum);
		__change_bit(bit, map);
	}
	swap(map[0], map[3]);
	KUNIT_EXPECT_NE(test, extmem_bits_sum(map, MAP_BITS), sum);
}

static struct kunit_case set_cases[] = {
	KUNIT_CASE(set_empty),
	KUNIT_CASE(set_sizes),
	KUNIT_CASE(set_too_big),
	KUNIT_CASE(set_used),
	KUNIT_CASE(set_random),
	KUNIT_CASE(bits_random),
	KUNIT_CASE(bits_sum),
	{}
};

static struct kunit_suite set_suite = {
	.name = "extmem_set",
	.test_cases = set_cases,
};

kunit_test_suite(set_suite);
