// SPDX-License-Identifier: GPL-2.0
/*
 * A sound map is taken over as it is, however often.
 */
#include <linux/bitmap.h>

#include "fake.h"

#define START	GIB(4)

static void expect_sound(struct kunit *test, const struct extmem_was *was,
			 unsigned int nr)
{
	EXTMEM_EXPECT_SOUND(test, extmem_fake_boot(test));
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());
	EXTMEM_EXPECT_SOUND(test, extmem_check_kept(was, nr));
	EXTMEM_EXPECT_SOUND(test, extmem_check_all_alive(was, nr));
	KUNIT_EXPECT_EQ(test, extmem_nr_notes(), 0);
	KUNIT_EXPECT_EQ(test, extmem_quarantined(), 0);
}

static void adopt_sample(struct kunit *test)
{
	struct extmem_was *was;
	unsigned int nr;
	u64 sums[2];

	extmem_fake_sample();
	was = extmem_remember(test, &nr);
	KUNIT_EXPECT_EQ(test, nr, 4);
	sums[0] = extmem_pool_find(&fake.map, 0)->space.alloc_sum;
	sums[1] = extmem_pool_find(&fake.map, 1)->space.dirty_sum;
	extmem_map_freeze(&fake.map);
	extmem_fake_kexec(test);

	expect_sound(test, was, nr);
	KUNIT_EXPECT_EQ(test, extmem_pool_find(&fake.map, 0)->space.alloc_sum, sums[0]);
	KUNIT_EXPECT_EQ(test, extmem_pool_find(&fake.map, 1)->space.dirty_sum, sums[1]);
	KUNIT_EXPECT_EQ(test, fake.map.ser->generation, 2);
	KUNIT_EXPECT_EQ(test, fake.map.ser->sealed, 0);
	KUNIT_EXPECT_EQ(test, fake.map.ser->next_id, 5);
	KUNIT_EXPECT_FALSE(test, fake.map.readonly);
	KUNIT_EXPECT_FALSE(test, fake.map.frozen);
}

/* A kernel that ended without sealing its map left a sound one all the same */
static void adopt_unsealed(struct kunit *test)
{
	struct extmem_was *was;
	unsigned int nr;

	extmem_fake_sample();
	was = extmem_remember(test, &nr);
	extmem_fake_kexec(test);
	expect_sound(test, was, nr);
}

static void adopt_nothing(struct kunit *test)
{
	extmem_fake_kexec(test);
	expect_sound(test, NULL, 0);
	KUNIT_EXPECT_TRUE(test, list_empty(&fake.map.pools));
}

static void adopt_empty_pool(struct kunit *test)
{
	struct extmem_pool *pool = extmem_fake_pool(2, START, GIB(3), true);

	extmem_fake_kexec(test);
	expect_sound(test, NULL, 0);
	pool = extmem_pool_find(&fake.map, 2);
	KUNIT_ASSERT_NOT_NULL(test, pool);
	KUNIT_EXPECT_EQ(test, extmem_pool_available(pool), GIB(3));
	KUNIT_EXPECT_EQ(test, extmem_dirty_count(&pool->space), 3 * EXTMEM_GIG_BITS);
}

/* Ranges as many as can be, of odd sizes, with a claim in each */
static void adopt_ranges(struct kunit *test)
{
	struct range range[EXTMEM_POOL_RANGES];
	struct extmem_pool *pool;
	struct extmem_was *was;
	unsigned int nr, i;

	for (i = 0; i < ARRAY_SIZE(range); i++)
		range[i] = DEFINE_RANGE(GIB(2 * i + 2), GIB(2 * i + 2) + MIB(250 * (i + 1)) - 1);
	KUNIT_ASSERT_EQ(test, extmem_pool_add(&fake.map, 0, range, ARRAY_SIZE(range),
					      true), 0);
	pool = extmem_pool_find(&fake.map, 0);
	for (i = 0; i < ARRAY_SIZE(range); i++)
		extmem_fake_claim(pool, range[i].end + 1 - MIB(10), MIB(10));
	was = extmem_remember(test, &nr);
	extmem_fake_kexec(test);
	expect_sound(test, was, nr);
	pool = extmem_pool_find(&fake.map, 0);
	KUNIT_EXPECT_EQ(test, pool->nr_ranges, EXTMEM_POOL_RANGES);
	KUNIT_EXPECT_EQ(test, pool->space.nr_free, pool->nr_granules - nr * 5);
	KUNIT_EXPECT_EQ(test, extmem_pool_span(pool).end, range[i - 1].end);
}

/* As many extents as fill their records, one less and one more */
static void adopt_long(struct kunit *test)
{
	static const unsigned int extents[] = { 3, 4, 5, 17, 18, 19, 32, 33, 46, 47 };
	struct extmem_pool *pool = extmem_fake_pool(0, START, GIB(1), false);
	struct extmem_was *was;
	unsigned int nr, i;
	u64 start = START;

	for (i = 0; i < ARRAY_SIZE(extents); i++) {
		extmem_fake_long(pool, start, extents[i]);
		start += MIB(4) * extents[i];
	}
	was = extmem_remember(test, &nr);
	extmem_fake_kexec(test);
	expect_sound(test, was, nr);
	/* and they can be written again */
	for (i = 0; i < nr; i++) {
		struct extmem_claim *claim = extmem_fake_find(was[i].id);

		KUNIT_EXPECT_EQ(test, extmem_claim_shrink(claim, MIB(2)), 0);
		EXTMEM_EXPECT_SOUND(test, extmem_check_map());
		KUNIT_EXPECT_EQ(test, extmem_claim_destroy(claim), 0);
		EXTMEM_EXPECT_SOUND(test, extmem_check_map());
	}
	KUNIT_EXPECT_EQ(test, fake.map.ser->nr_records, 0);
}

/* Several kernels, each of which changes something */
static void adopt_chain(struct kunit *test)
{
	struct extmem_was *was;
	struct extmem_pool *pool;
	unsigned int nr, kernel;

	extmem_fake_sample();
	for (kernel = 2; kernel < 8; kernel++) {
		was = extmem_remember(test, &nr);
		extmem_fake_kexec(test);
		expect_sound(test, was, nr);
		KUNIT_ASSERT_EQ(test, fake.map.ser->generation, kernel);
		pool = extmem_pool_find(&fake.map, kernel % 2);
		extmem_fake_claim(pool, EXTMEM_ANYWHERE, MIB(6));
		KUNIT_EXPECT_EQ(test, fake.map.ser->next_id, kernel + 4);
		KUNIT_EXPECT_EQ(test, extmem_claim_destroy(extmem_fake_find(kernel)), 0);
	}
}

/* Dirt survives the kexec, and so does knowing that memory is clean */
static void adopt_dirty(struct kunit *test)
{
	struct extmem_pool *pool = extmem_fake_pool(0, START, GIB(1), false);
	struct extmem_claim *claim = extmem_fake_claim(pool, START + MIB(4), MIB(8));

	KUNIT_ASSERT_EQ(test, extmem_claim_destroy(claim), 0);
	extmem_fake_kexec(test);
	expect_sound(test, NULL, 0);
	pool = extmem_pool_find(&fake.map, 0);
	KUNIT_EXPECT_EQ(test, extmem_dirty_count(&pool->space), 4);
	extmem_fake_claim(pool, START, MIB(64));
	KUNIT_EXPECT_EQ(test, fake.cleared, MIB(8));
	KUNIT_EXPECT_EQ(test, fake.last_clear, START + MIB(4));
}

/* Taken by a kernel that ended before it could say by whom */
static void adopt_orphan(struct kunit *test)
{
	struct extmem_pool *pool = extmem_fake_pool(0, START, GIB(1), true);
	struct extmem_was *was;
	unsigned int nr;

	extmem_space_mark(&pool->space, 7, 3, true);
	extmem_pool_update(pool);
	extmem_fake_kexec(test);
	EXTMEM_EXPECT_SOUND(test, extmem_fake_boot(test));
	KUNIT_EXPECT_EQ(test, extmem_quarantined(), 3);
	KUNIT_EXPECT_TRUE(test, extmem_reason_seen(0, EXTMEM_REASON_ORPHAN));
	KUNIT_EXPECT_TRUE(test, extmem_note_seen(0, "6 MiB quarantined"));
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());

	was = extmem_remember(test, &nr);
	extmem_fake_kexec(test);
	EXTMEM_EXPECT_SOUND(test, extmem_fake_boot(test));
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());
	EXTMEM_EXPECT_SOUND(test, extmem_check_all_alive(was, nr));
	KUNIT_EXPECT_EQ(test, extmem_quarantined(), 3);
	KUNIT_EXPECT_TRUE(test, extmem_reason_seen(0, EXTMEM_REASON_ORPHAN));
}

/* A thousand claims in a fragmented pool */
static void adopt_many(struct kunit *test)
{
	struct extmem_pool *pool = extmem_fake_pool(0, START, GIB(4), false);
	struct extmem_claim *claim, *next;
	struct extmem_was *was;
	unsigned int nr, i;

	for (i = 0; i < 1200; i++)
		extmem_fake_claim(pool, EXTMEM_ANYWHERE, MIB(2));
	i = 0;
	list_for_each_entry_safe(claim, next, &pool->claims, list)
		if (i++ % 6 == 0)
			KUNIT_ASSERT_EQ(test, extmem_claim_destroy(claim), 0);
	was = extmem_remember(test, &nr);
	KUNIT_EXPECT_EQ(test, nr, 1000);
	extmem_fake_kexec(test);
	EXTMEM_EXPECT_SOUND(test, extmem_fake_boot(test));
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());
	EXTMEM_EXPECT_SOUND(test, extmem_check_kept(was, nr));
	for (i = 0; i < nr; i += 97)
		EXTMEM_EXPECT_SOUND(test, extmem_check_alive(&was[i]));
	KUNIT_EXPECT_EQ(test, extmem_pool_find(&fake.map, 0)->nr_claims, 1000);
	KUNIT_EXPECT_EQ(test, extmem_nr_notes(), 0);
}

#ifdef CONFIG_FAULT_INJECTION
static void fail_nth(unsigned int n)
{
	WRITE_ONCE(current->fail_nth, n);
}

static unsigned int fail_left(void)
{
	return READ_ONCE(current->fail_nth);
}
#else
static void fail_nth(unsigned int n) { }
static unsigned int fail_left(void) { return 1; }
#endif

/*
 * One allocation after the other fails that may: nothing sound is given up for
 * that. Only where the attributes in debugfs let allocations fail that may sleep.
 */
static void want_of_memory(struct kunit *test)
{
	struct extmem_was *was;
	const char *fault;
	unsigned int i, nr, left;

	extmem_fake_sample();
	was = extmem_remember(test, &nr);
	extmem_map_freeze(&fake.map);
	extmem_fake_kexec(test);
	for (i = 1; i < 1000; i++) {
		fake.map = (struct extmem_map) {};
		KUNIT_ASSERT_EQ(test, extmem_map_init(&fake.map, &extmem_fake_ops), 0);
		fail_nth(i);
		fault = extmem_adopt(&fake.map, extmem_fake_root(),
				     sizeof(struct extmem_map_ser));
		left = fail_left();
		fail_nth(0);
		EXTMEM_ASSERT_SOUND(test, fault ?: extmem_check_map() ?:
				    extmem_check_all_alive(was, nr), "%u", i);
		KUNIT_EXPECT_EQ(test, extmem_nr_notes(), 0);
		extmem_fake_rewind();
		if (left)
			break;
	}
	KUNIT_EXPECT_LT(test, i, 1000);
}

static struct kunit_case adopt_cases[] = {
	KUNIT_CASE(adopt_sample),
	KUNIT_CASE(adopt_unsealed),
	KUNIT_CASE(adopt_nothing),
	KUNIT_CASE(adopt_empty_pool),
	KUNIT_CASE(adopt_ranges),
	KUNIT_CASE(adopt_long),
	KUNIT_CASE(adopt_chain),
	KUNIT_CASE(adopt_dirty),
	KUNIT_CASE(adopt_orphan),
	KUNIT_CASE_SLOW(adopt_many),
	KUNIT_CASE(want_of_memory),
	{}
};

static struct kunit_suite adopt_suite = {
	.name = "extmem_adopt",
	.init = extmem_fake_init,
	.exit = extmem_fake_exit,
	.test_cases = adopt_cases,
};

kunit_test_suite(adopt_suite);
