// SPDX-License-Identifier: GPL-2.0
/*
 * How much each node gives: shares are whole gigabytes where they can be, in
 * proportion, within each node's room, and add up.
 */
#include <linux/prandom.h>
#include <linux/string.h>

#include "fake.h"

#define NODES	5

struct share_case {
	u64 size;
	u64 room[NODES];
	u64 share[NODES];
	u64 left;
};

static const struct share_case cases[] __initconst = {
	{ GIB(1), { GIB(8) }, { GIB(1) } },
	{ GIB(8), { GIB(8), GIB(8) }, { GIB(4), GIB(4) } },
	{ GIB(6), { GIB(8), GIB(4) }, { GIB(4), GIB(2) } },
	/* who is furthest below its proportion gives what can't be divided */
	{ GIB(3), { GIB(8), GIB(8) }, { GIB(2), GIB(1) } },
	{ GIB(1), { GIB(2), 0, GIB(8) }, { 0, 0, GIB(1) } },
	{ GIB(4), { GIB(3) - MIB(40), GIB(4) - MIB(2) }, { GIB(2), GIB(2) } },
	{ GIB(5), { GIB(1), GIB(2), GIB(3) }, { GIB(1), GIB(2), GIB(2) } },
	/* what isn't whole gigabytes is one node's */
	{ GIB(4) + MIB(2), { GIB(8), GIB(8) }, { GIB(2) + MIB(2), GIB(2) } },
	{ MIB(2), { GIB(8), GIB(8) }, { MIB(2), 0 } },
	/* all there is, and more */
	{ GIB(5), { GIB(2), GIB(3) }, { GIB(2), GIB(3) } },
	{ GIB(9), { GIB(2), GIB(3) + MIB(4) }, { GIB(2), GIB(3) + MIB(4) },
	  GIB(4) - MIB(4) },
	{ GIB(1), { 0, 0 }, { 0, 0 }, GIB(1) },
	/* no gigabyte in one piece */
	{ GIB(1), { MIB(600), MIB(500) }, { MIB(600), MIB(424) } },
	/* sizes whose product is beyond 64 bits */
	{ 1ULL << 50, { 1ULL << 51, 1ULL << 51 }, { 1ULL << 49, 1ULL << 49 } },
};

static void __init share_cases(struct kunit *test)
{
	const struct share_case *c;
	u64 share[NODES];
	unsigned int i;

	for (c = cases; c < cases + ARRAY_SIZE(cases); c++) {
		KUNIT_EXPECT_EQ_MSG(test, extmem_share(c->size, c->room, share, NODES),
				    c->left, "case %td", c - cases);
		for (i = 0; i < NODES; i++)
			KUNIT_EXPECT_EQ_MSG(test, share[i], c->share[i],
					    "case %td, node %u", c - cases, i);
	}
}

static void __init share_random(struct kunit *test)
{
	u64 room[NODES], share[NODES], size, left, sum, total, whole;
	unsigned int round, i, odd;
	struct rnd_state rnd;

	prandom_seed_state(&rnd, 7);
	for (round = 0; round < 10000; round++) {
		for (total = whole = i = 0; i < NODES; i++) {
			room[i] = MIB(2) * (prandom_u32_state(&rnd) % 20000);
			total += room[i];
			whole += ALIGN_DOWN(room[i], SZ_1G);
		}
		size = MIB(2) * (prandom_u32_state(&rnd) % 110000);
		left = extmem_share(size, room, share, NODES);
		for (sum = odd = i = 0; i < NODES; i++) {
			KUNIT_ASSERT_LE(test, share[i], room[i]);
			KUNIT_ASSERT_TRUE(test, IS_ALIGNED(share[i], MIB(2)));
			sum += share[i];
			odd += !IS_ALIGNED(share[i], SZ_1G);
		}
		KUNIT_ASSERT_EQ(test, sum + left, size);
		KUNIT_ASSERT_EQ(test, left, size > total ? size - total : 0);
		if (size <= whole)
			KUNIT_ASSERT_LE(test, odd, size % SZ_1G ? 1 : 0);
	}
}

static void __init percent(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, extmem_percent(GIB(4), 50), GIB(2));
	KUNIT_EXPECT_EQ(test, extmem_percent(GIB(4), 90), MIB(3584));
	KUNIT_EXPECT_EQ(test, extmem_percent(GIB(1000), 90), GIB(900));
	KUNIT_EXPECT_EQ(test, extmem_percent(GIB(4) - 4096, 100), GIB(4) - MIB(128));
	KUNIT_EXPECT_EQ(test, extmem_percent(GIB(4), 100), GIB(4));
	KUNIT_EXPECT_EQ(test, extmem_percent(GIB(4), 1), 0);
	KUNIT_EXPECT_EQ(test, extmem_percent(GIB(16), 1), MIB(128));
	KUNIT_EXPECT_EQ(test, extmem_percent(GIB(1) - 1, 100), MIB(896));
	KUNIT_EXPECT_EQ(test, extmem_percent(0, 100), 0);
	KUNIT_EXPECT_EQ(test, extmem_percent(100ULL << 56, 99), 99ULL << 56);
}

static struct kunit_case __refdata share_test_cases[] = {
	KUNIT_CASE(share_cases),
	KUNIT_CASE(share_random),
	KUNIT_CASE(percent),
	{}
};

static struct kunit_suite __refdata share_suite = {
	.name = "extmem_share",
	.test_cases = share_test_cases,
};

kunit_test_init_section_suites(&share_suite);
