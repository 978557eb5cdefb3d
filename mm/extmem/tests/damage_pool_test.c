// SPDX-License-Identifier: GPL-2.0
/*
 * Pools with right checksums that are wrong all the same.
 */
#include <linux/bitmap.h>

#include "fake.h"

static struct extmem_was *sample(struct kunit *test, unsigned int *nr)
{
	struct extmem_was *was;

	extmem_fake_sample();
	was = extmem_remember(test, nr);
	extmem_map_freeze(&fake.map);
	extmem_fake_kexec(test);
	return was;
}

static void seal_pool(unsigned int i)
{
	extmem_crc_set(extmem_fake_pool_rec(i), EXTMEM_RECORD);
}

/**
 * struct wrong - a way for the first pool's record to be wrong.
 * @text: what is said of it
 * @make: makes it so
 */
struct wrong {
	const char *text;
	void (*make)(struct extmem_pool_ser *ser);
};

static void bad_type(struct extmem_pool_ser *ser)
{
	ser->type = EXTMEM_REC_CLAIM;
}

static void bad_node(struct extmem_pool_ser *ser)
{
	ser->node = MAX_NUMNODES;
}

static void huge_node(struct extmem_pool_ser *ser)
{
	ser->node = U32_MAX;
}

static void no_ranges(struct extmem_pool_ser *ser)
{
	ser->nr_ranges = 0;
}

static void many_ranges(struct extmem_pool_ser *ser)
{
	ser->nr_ranges = EXTMEM_POOL_RANGES + 1;
}

static void empty_range(struct extmem_pool_ser *ser)
{
	ser->nr_ranges = 2;
}

static void misaligned_start(struct extmem_pool_ser *ser)
{
	ser->ranges[0].start += MIB(2);
}

static void misaligned_size(struct extmem_pool_ser *ser)
{
	ser->ranges[0].size += SZ_4K;
}

static void wrapping_range(struct extmem_pool_ser *ser)
{
	ser->ranges[0].start = -GIB(1);
	ser->ranges[0].size = GIB(1);
}

static void range_in_range(struct extmem_pool_ser *ser)
{
	ser->nr_ranges = 2;
	ser->ranges[1] = (struct extmem_extent_ser) { SAMPLE_START, GIB(1) };
}

static void ranges_unsorted(struct extmem_pool_ser *ser)
{
	ser->nr_ranges = 2;
	ser->ranges[1] = (struct extmem_extent_ser) { SAMPLE_START - GIB(1), GIB(1) };
}

static void short_bits(struct extmem_pool_ser *ser)
{
	ser->alloc_bytes -= 8;
}

static void long_bits(struct extmem_pool_ser *ser)
{
	ser->alloc_bytes = 1ULL << 40;
	ser->dirty_bytes = 1ULL << 39;
}

static void short_dirty(struct extmem_pool_ser *ser)
{
	ser->dirty_bytes = 0;
}

/* The pool grows, its bitmaps don't */
static void longer_range(struct extmem_pool_ser *ser)
{
	ser->ranges[0].size += GIB(1);
}

static void alloc_not_ram(struct extmem_pool_ser *ser)
{
	ser->alloc = 1ULL << 51;
}

static void alloc_misaligned(struct extmem_pool_ser *ser)
{
	ser->alloc += 64;
}

static void alloc_is_dirty(struct extmem_pool_ser *ser)
{
	ser->alloc = ser->dirty;
}

static void alloc_is_root(struct extmem_pool_ser *ser)
{
	ser->alloc = 0;
}

static void dirty_not_ram(struct extmem_pool_ser *ser)
{
	ser->dirty = ~0ULL;
}

static void dirty_is_alloc(struct extmem_pool_ser *ser)
{
	ser->dirty = ser->alloc;
}

static void dirty_is_claims(struct extmem_pool_ser *ser)
{
	ser->dirty = extmem_fake_root()->pools;
}

static void alloc_forgotten(struct extmem_pool_ser *ser)
{
	extmem_fake_forget(ser->alloc);
}

static void dirty_forgotten(struct extmem_pool_ser *ser)
{
	extmem_fake_forget(ser->dirty);
}

static void never_reserved(struct extmem_pool_ser *ser)
{
	fake.disowned = DEFINE_RANGE(SAMPLE_START + GIB(1) - 1, SAMPLE_START + GIB(1) - 1);
}

static const struct wrong wrongs[] = {
	{ "impossible type or node", bad_type },
	{ "impossible type or node", bad_node },
	{ "impossible type or node", huge_node },
	{ "impossible number of ranges", no_ranges },
	{ "impossible number of ranges", many_ranges },
	{ "impossible range", empty_range },
	{ "misaligned range", misaligned_start },
	{ "misaligned range", misaligned_size },
	{ "impossible range", wrapping_range },
	{ "overlap or are out of order", range_in_range },
	{ "overlap or are out of order", ranges_unsorted },
	{ "impossible bitmap size", short_bits },
	{ "impossible bitmap size", long_bits },
	{ "impossible bitmap size", short_dirty },
	{ "impossible bitmap size", longer_range },
	{ "allocation bitmap was not preserved", alloc_not_ram },
	{ "allocation bitmap was not preserved", alloc_misaligned },
	{ "bitmap was not preserved", alloc_is_dirty },
	{ "allocation bitmap was not preserved", alloc_is_root },
	{ "dirty bitmap was not preserved", dirty_not_ram },
	{ "dirty bitmap was not preserved", dirty_is_alloc },
	{ "dirty bitmap was not preserved", dirty_is_claims },
	{ "allocation bitmap was not preserved", alloc_forgotten },
	{ "dirty bitmap was not preserved", dirty_forgotten },
	{ "never reserved", never_reserved },
};

/* The pool is lost, and nothing but the pool, in the kernel after as well */
static void wrong_record(struct kunit *test)
{
	const struct wrong *wrong;
	struct extmem_was *was;
	const char *fault;
	unsigned int nr;

	for (wrong = wrongs; wrong < wrongs + ARRAY_SIZE(wrongs); wrong++) {
		was = sample(test, &nr);
		wrong->make(extmem_fake_pool_rec(0));
		seal_pool(0);
		fault = extmem_fake_boot(test);
		KUNIT_ASSERT_NOT_NULL_MSG(test, fault, "%s", wrong->text);
		KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(fault, wrong->text),
					  "\"%s\" said, not \"%s\"", fault, wrong->text);
		EXTMEM_ASSERT_SOUND(test, extmem_check_map(), "%s", wrong->text);
		KUNIT_EXPECT_NULL(test, extmem_pool_find(&fake.map, 0));
		EXTMEM_EXPECT_SOUND(test, extmem_check_alive(&was[3]));
		KUNIT_EXPECT_EQ(test, fake.map.ser->nr_records, 1);
		KUNIT_EXPECT_EQ(test, extmem_quarantined(), 0);
		KUNIT_EXPECT_TRUE(test, extmem_note_seen(1, "its pool is not there"));

		extmem_fake_kexec(test);
		EXTMEM_EXPECT_SOUND(test, extmem_fake_boot(test));
		EXTMEM_EXPECT_SOUND(test, extmem_check_alive(&was[3]));
		KUNIT_EXPECT_NULL(test, extmem_pool_find(&fake.map, 0));
		extmem_fake_exit(test);
		KUNIT_ASSERT_EQ(test, extmem_fake_init(test), 0);
	}
}

/* No pool hands out memory that another one's record is about, too */
static void expect_overlap(struct kunit *test, const char *fault,
			   const struct extmem_was *was, unsigned int nr)
{
	KUNIT_EXPECT_NOT_NULL(test, fault);
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());
	EXTMEM_EXPECT_SOUND(test, extmem_check_kept(was, nr));
	KUNIT_EXPECT_EQ(test, extmem_pool_find(&fake.map, 0)->space.nr_free, 0);
	EXTMEM_EXPECT_SOUND(test, extmem_check_all_alive(was, 3));
	KUNIT_EXPECT_TRUE(test, extmem_note_seen(0, "overlap"));
}

static void pools_overlap(struct kunit *test)
{
	unsigned int nr;
	struct extmem_was *was = sample(test, &nr);

	/* the second pool's claim, at 64 MiB of it, is nobody's in the first */
	extmem_fake_pool_rec(1)->ranges[0].start = SAMPLE_START;
	seal_pool(1);
	was[3].extent[0] = DEFINE_RANGE(SAMPLE_START + MIB(64),
					SAMPLE_START + MIB(72) - 1);
	expect_overlap(test, extmem_fake_boot(test), was, nr);
	KUNIT_EXPECT_NULL(test, extmem_pool_find(&fake.map, 1));
	extmem_fake_kexec(test);
	EXTMEM_EXPECT_SOUND(test, extmem_fake_boot(test));
	EXTMEM_EXPECT_SOUND(test, extmem_check_kept(was, nr));
}

static void second_pool_of_node(struct kunit *test)
{
	unsigned int nr;
	struct extmem_was *was = sample(test, &nr);
	const char *fault;

	extmem_fake_pool_rec(1)->node = 0;
	seal_pool(1);
	fault = extmem_fake_boot(test);
	KUNIT_ASSERT_NOT_NULL(test, fault);
	KUNIT_EXPECT_NOT_NULL(test, strstr(fault, "second one of its node"));
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());
	EXTMEM_EXPECT_SOUND(test, extmem_check_all_alive(was, 3));
	KUNIT_EXPECT_EQ(test, fake.map.ser->nr_pools, 1);
	KUNIT_EXPECT_EQ(test, extmem_quarantined(), 0);
}

static void same_pool_twice(struct kunit *test)
{
	unsigned int nr;
	struct extmem_was *was = sample(test, &nr);

	memcpy(extmem_fake_pool_rec(2), extmem_fake_pool_rec(0), EXTMEM_RECORD);
	expect_overlap(test, extmem_fake_boot(test), was, nr);
}

/* Bits without memory, free by mistake, are never handed out */
static void guard_is_free(struct kunit *test)
{
	const struct range range[] = {
		DEFINE_RANGE(GIB(4), GIB(4) + MIB(512) - 1),
		DEFINE_RANGE(GIB(6), GIB(7) - 1),
	};
	struct extmem_pool_ser *ser;
	struct extmem_pool *pool;
	unsigned long *bits;

	KUNIT_ASSERT_EQ(test, extmem_pool_add(&fake.map, 0, range, 2, false), 0);
	extmem_fake_kexec(test);
	ser = extmem_fake_pool_rec(0);
	bits = extmem_fake_at(ser->alloc);
	bitmap_zero(bits, ser->alloc_bytes * 8);
	ser->alloc_sum = extmem_bits_sum(bits, ser->alloc_bytes * 8);
	seal_pool(0);
	EXTMEM_EXPECT_SOUND(test, extmem_fake_boot(test));
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());
	pool = extmem_pool_find(&fake.map, 0);
	KUNIT_EXPECT_EQ(test, pool->space.nr_free, 256 + 512);
}

/* Whatever else is wrong with both bitmaps: claims live on, nothing is free */
static void bitmaps_wiped(struct kunit *test)
{
	static const u8 fill[] = { 0x00, 0xff, 0xa5 };
	struct extmem_was *was;
	unsigned int nr, i;
	u64 quarantined;

	for (i = 0; i < ARRAY_SIZE(fill); i++) {
		was = sample(test, &nr);
		memset(extmem_fake_at(extmem_fake_pool_rec(0)->alloc), fill[i], 64);
		memset(extmem_fake_at(extmem_fake_pool_rec(0)->dirty), ~fill[i], 32);
		EXTMEM_EXPECT_SOUND(test, extmem_fake_boot(test));
		EXTMEM_EXPECT_SOUND(test, extmem_check_map());
		EXTMEM_EXPECT_SOUND(test, extmem_check_all_alive(was, nr));
		KUNIT_EXPECT_EQ(test, extmem_pool_find(&fake.map, 0)->space.nr_free, 0);
		KUNIT_EXPECT_TRUE(test, extmem_reason_seen(0, EXTMEM_REASON_BITMAP));
		quarantined = extmem_quarantined();
		KUNIT_EXPECT_EQ(test, quarantined, EXTMEM_GIG_BITS - 4 - 2 - 6);
		/* a claim given up is free again; the rest is not */
		KUNIT_EXPECT_EQ(test, extmem_claim_destroy(extmem_fake_find(2)), 0);
		extmem_fake_kexec(test);
		EXTMEM_EXPECT_SOUND(test, extmem_fake_boot(test));
		KUNIT_EXPECT_EQ(test, extmem_quarantined(), quarantined);
		KUNIT_EXPECT_TRUE(test, extmem_reason_seen(0, EXTMEM_REASON_BITMAP));
		KUNIT_EXPECT_EQ(test, extmem_pool_find(&fake.map, 0)->space.nr_free, 2);
		KUNIT_EXPECT_EQ(test, extmem_nr_notes(), 0);
		extmem_fake_exit(test);
		KUNIT_ASSERT_EQ(test, extmem_fake_init(test), 0);
	}
}

/* No page to record a quarantine in: kept all the same, and by the next kernel */
static void no_page_for_quarantine(struct kunit *test)
{
	struct extmem_pool *pool = extmem_fake_pool(0, SAMPLE_START, GIB(1), true);

	extmem_space_mark(&pool->space, 20, 5, true);
	extmem_pool_update(pool);
	extmem_fake_kexec(test);
	fake.allocs = 1;	/* the root */
	EXTMEM_EXPECT_SOUND(test, extmem_fake_boot(test));
	fake.allocs = -1;
	pool = extmem_pool_find(&fake.map, 0);
	KUNIT_EXPECT_EQ(test, pool->space.nr_free, EXTMEM_GIG_BITS - 5);
	KUNIT_EXPECT_EQ(test, pool->nr_quarantined, 5);
	KUNIT_EXPECT_TRUE(test, extmem_note_seen(0, "no memory to record it"));
	extmem_fake_kexec(test);
	EXTMEM_EXPECT_SOUND(test, extmem_fake_boot(test));
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());
	KUNIT_EXPECT_EQ(test, extmem_quarantined(), 5);
	KUNIT_EXPECT_TRUE(test, extmem_reason_seen(0, EXTMEM_REASON_ORPHAN));
}

static struct kunit_case damage_pool_cases[] = {
	KUNIT_CASE(wrong_record),
	KUNIT_CASE(pools_overlap),
	KUNIT_CASE(second_pool_of_node),
	KUNIT_CASE(same_pool_twice),
	KUNIT_CASE(guard_is_free),
	KUNIT_CASE(bitmaps_wiped),
	KUNIT_CASE(no_page_for_quarantine),
	{}
};

static struct kunit_suite damage_pool_suite = {
	.name = "extmem_damage_pool",
	.init = extmem_fake_init,
	.exit = extmem_fake_exit,
	.test_cases = damage_pool_cases,
};

kunit_test_suite(damage_pool_suite);
