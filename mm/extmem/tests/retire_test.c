// SPDX-License-Identifier: GPL-2.0
/*
 * Pages that are retired before they fail: their owner notices nothing, nobody gets
 * them afterwards, and the next kernel knows. What is the same for pages with a
 * memory error is in poison_test.c and adopt_poison_test.c.
 */
#include "fake.h"

#define START	GIB(4)
#define PAGE(n)	((u64)(n) << EXTMEM_SER_PAGE_SHIFT)

static bool poisoned(u64 start, u64 size)
{
	return extmem_map_poisoned(&fake.map, start, size);
}

static bool retired(u64 start, u64 size)
{
	return extmem_map_retired(&fake.map, start, size);
}

static void next_kernel(struct kunit *test)
{
	extmem_fake_kexec(test);
	EXTMEM_EXPECT_SOUND(test, extmem_fake_boot(test));
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());
	KUNIT_EXPECT_EQ(test, extmem_nr_notes(), 0);
}

/* Of a free granule nothing is had any more */
static void retire_free(struct kunit *test)
{
	struct extmem_pool *pool = extmem_fake_pool(0, START, GIB(1), true);
	struct extmem_claim *claim;

	KUNIT_EXPECT_EQ(test, fake.map.ser->compat, 0);
	KUNIT_EXPECT_EQ(test, extmem_fake_retire(START + MIB(10) + PAGE(3)), 0);
	KUNIT_EXPECT_EQ(test, fake.map.ser->compat, EXTMEM_COMPAT_RETIRED);
	KUNIT_EXPECT_EQ(test, extmem_fake_retire(START + MIB(10) + PAGE(3)), -EEXIST);
	KUNIT_EXPECT_EQ(test, extmem_fake_retire(START + GIB(1)), -ENOENT);
	KUNIT_EXPECT_EQ(test, pool->nr_retired, 1);
	KUNIT_EXPECT_EQ(test, pool->nr_poisoned, 0);
	KUNIT_EXPECT_EQ(test, pool->nr_quarantined, 1);
	KUNIT_EXPECT_TRUE(test, extmem_reason_seen(0, EXTMEM_REASON_RETIRED));
	KUNIT_EXPECT_FALSE(test, poisoned(START, GIB(1)));
	KUNIT_EXPECT_TRUE(test, retired(START + MIB(10), 1));
	KUNIT_EXPECT_FALSE(test, retired(START, MIB(10)));
	KUNIT_EXPECT_FALSE(test, retired(START + MIB(12), MIB(100)));
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());

	claim = extmem_fake_claim(pool, EXTMEM_ANYWHERE, GIB(1) - MIB(2));
	KUNIT_EXPECT_EQ(test, fake.cleared, GIB(1) - MIB(2));
	KUNIT_EXPECT_EQ(test, extmem_claim_destroy(claim), 0);
	next_kernel(test);
	pool = extmem_pool_find(&fake.map, 0);
	KUNIT_EXPECT_EQ(test, pool->nr_retired, 1);
	KUNIT_EXPECT_EQ(test, pool->nr_quarantined, 1);
	KUNIT_EXPECT_EQ(test, extmem_fake_retire(START + MIB(10) + PAGE(3)), -EEXIST);
}

/* A claim has it until it gives it up, be that a kernel or two later */
static void retire_claim(struct kunit *test)
{
	struct extmem_pool *pool = extmem_fake_pool(0, START, GIB(1), false);
	struct extmem_claim *claim = extmem_fake_claim(pool, START, MIB(20));
	unsigned long pfn, nr = 5120;

	KUNIT_EXPECT_EQ(test, extmem_fake_retire(START + MIB(2)), 0);
	KUNIT_EXPECT_EQ(test, fake.hit_id, extmem_claim_id(claim));
	KUNIT_EXPECT_EQ(test, extmem_fake_retire(START + MIB(18) + PAGE(511)), 0);
	KUNIT_EXPECT_EQ(test, pool->nr_quarantined, 0);
	KUNIT_EXPECT_EQ(test, extmem_claim_pfns(claim, 0, &pfn, &nr), 0);
	KUNIT_EXPECT_EQ(test, nr, 5120);
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());

	KUNIT_EXPECT_EQ(test, extmem_claim_shrink(claim, MIB(18)), 0);
	KUNIT_EXPECT_EQ(test, pool->nr_quarantined, 1);
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());
	next_kernel(test);
	next_kernel(test);
	pool = extmem_pool_find(&fake.map, 0);
	KUNIT_EXPECT_EQ(test, pool->nr_retired, 2);
	KUNIT_EXPECT_EQ(test, pool->nr_quarantined, 1);
	KUNIT_EXPECT_EQ(test, extmem_claim_destroy(extmem_fake_find(1)), 0);
	KUNIT_EXPECT_EQ(test, pool->nr_quarantined, 2);
	KUNIT_EXPECT_EQ(test, extmem_pool_available(pool), GIB(1) - MIB(4));
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());
	next_kernel(test);
	KUNIT_EXPECT_EQ(test, extmem_quarantined(), 2);
}

/* What is retired may fail all the same */
static void retire_then_hit(struct kunit *test)
{
	struct extmem_pool *pool = extmem_fake_pool(0, START, GIB(1), false);
	unsigned int kernel;

	extmem_fake_claim(pool, START, MIB(4));
	KUNIT_EXPECT_EQ(test, extmem_fake_retire(START + PAGE(5)), 0);
	KUNIT_EXPECT_EQ(test, extmem_fake_retire(START + PAGE(6)), 0);
	KUNIT_EXPECT_EQ(test, extmem_fake_hit(START + PAGE(5)), 0);
	KUNIT_EXPECT_EQ(test, extmem_fake_hit(START + PAGE(7)), 0);
	KUNIT_EXPECT_EQ(test, extmem_fake_retire(START + PAGE(7)), -EEXIST);
	KUNIT_EXPECT_EQ(test, fake.map.ser->nr_records, 2);
	for (kernel = 0; kernel < 3; kernel++) {
		pool = extmem_pool_find(&fake.map, 0);
		KUNIT_EXPECT_EQ(test, pool->nr_retired, 2);
		KUNIT_EXPECT_EQ(test, pool->nr_poisoned, 2);
		KUNIT_EXPECT_TRUE(test, poisoned(START + PAGE(5), PAGE(1)));
		KUNIT_EXPECT_FALSE(test, poisoned(START + PAGE(6), PAGE(1)));
		KUNIT_EXPECT_TRUE(test, poisoned(START + PAGE(7), PAGE(1)));
		next_kernel(test);
	}
	KUNIT_EXPECT_EQ(test, extmem_claim_destroy(extmem_fake_find(1)), 0);
	KUNIT_EXPECT_TRUE(test, extmem_reason_seen(0, EXTMEM_REASON_POISON));
	KUNIT_EXPECT_EQ(test, extmem_quarantined(), 1);
}

/* Once the map is sealed nothing in it changes */
static void retire_frozen(struct kunit *test)
{
	struct extmem_pool *pool = extmem_fake_pool(0, START, GIB(1), false);

	extmem_map_freeze(&fake.map);
	KUNIT_EXPECT_EQ(test, extmem_fake_retire(START), -ESHUTDOWN);
	KUNIT_EXPECT_EQ(test, fake.map.ser->compat, 0);
	KUNIT_EXPECT_EQ(test, pool->nr_quarantined, 0);
}

/* A root that does not say so has records of retired pages: they are believed */
static void retire_unannounced(struct kunit *test)
{
	extmem_fake_pool(0, START, GIB(1), false);
	KUNIT_EXPECT_EQ(test, extmem_fake_retire(START), 0);
	fake.map.ser->compat = 0;
	extmem_map_update(&fake.map);
	next_kernel(test);
	KUNIT_EXPECT_EQ(test, fake.map.ser->compat, EXTMEM_COMPAT_RETIRED);
	KUNIT_EXPECT_TRUE(test, retired(START, PAGE(1)));
	KUNIT_EXPECT_EQ(test, extmem_quarantined(), 1);
}

static struct kunit_case retire_cases[] = {
	KUNIT_CASE(retire_free),
	KUNIT_CASE(retire_claim),
	KUNIT_CASE(retire_then_hit),
	KUNIT_CASE(retire_frozen),
	KUNIT_CASE(retire_unannounced),
	{}
};

static struct kunit_suite retire_suite = {
	.name = "extmem_retire",
	.init = extmem_fake_init,
	.exit = extmem_fake_exit,
	.test_cases = retire_cases,
};

kunit_test_suite(retire_suite);
