// SPDX-License-Identifier: GPL-2.0
/*
 * Memory errors: the page is bad for good, the granule is never free again, and
 * the next kernel knows.
 */
#include <linux/bitmap.h>
#include <linux/string.h>

#include "fake.h"

#define START	GIB(4)
#define PAGE(n)	((u64)(n) << EXTMEM_SER_PAGE_SHIFT)

static const struct extmem_claim_attr attr = {
	.kind = EXTMEM_KIND_TEST,
	.align = EXTMEM_GRANULE,
};

static bool poisoned(u64 start, u64 size)
{
	return extmem_map_poisoned(&fake.map, start, size);
}

static long create_err(struct extmem_pool *pool, u64 start, u64 size)
{
	struct extmem_claim *claim = extmem_claim_create(pool, &attr, start, size);

	return PTR_ERR_OR_ZERO(claim);
}

/* All that is free is taken, and has no bad page */
static void take_all(struct kunit *test, struct extmem_pool *pool)
{
	u64 size = extmem_pool_available(pool);
	struct extmem_claim *claim = extmem_fake_claim(pool, EXTMEM_ANYWHERE, size);
	unsigned int i;

	for (i = 0; i < extmem_claim_nr_extents(claim); i++) {
		struct range extent = extmem_claim_extent(claim, i);

		KUNIT_EXPECT_FALSE(test, poisoned(extent.start, range_len(&extent)));
	}
	KUNIT_EXPECT_EQ(test, extmem_pool_available(pool), 0);
	KUNIT_EXPECT_EQ(test, extmem_claim_destroy(claim), 0);
	KUNIT_EXPECT_EQ(test, extmem_pool_available(pool), size);
}

/* Exactly the page: no neighbour, and every range that has it */
static void which_page(struct kunit *test)
{
	u64 bad = START + MIB(6) + PAGE(3);

	extmem_fake_pool(0, START, GIB(3), false);
	KUNIT_EXPECT_FALSE(test, poisoned(START, GIB(3)));
	KUNIT_EXPECT_EQ(test, extmem_fake_hit(bad + 123), 0);
	KUNIT_EXPECT_TRUE(test, poisoned(bad, PAGE(1)));
	KUNIT_EXPECT_TRUE(test, poisoned(bad + PAGE(1) - 1, 1));
	KUNIT_EXPECT_TRUE(test, poisoned(START, GIB(3)));
	KUNIT_EXPECT_TRUE(test, poisoned(START + MIB(6), MIB(2)));
	KUNIT_EXPECT_FALSE(test, poisoned(bad - PAGE(1), PAGE(1)));
	KUNIT_EXPECT_FALSE(test, poisoned(bad + PAGE(1), PAGE(1)));
	KUNIT_EXPECT_FALSE(test, poisoned(START + MIB(4), MIB(2)));
	KUNIT_EXPECT_FALSE(test, poisoned(START + MIB(8), MIB(2)));
	KUNIT_EXPECT_FALSE(test, poisoned(START, MIB(6) + PAGE(3)));
	KUNIT_EXPECT_FALSE(test, poisoned(bad + PAGE(1), GIB(2)));
	KUNIT_EXPECT_TRUE(test, poisoned(bad - GIB(1), GIB(2)));

	KUNIT_EXPECT_EQ(test, extmem_fake_hit(START + MIB(8) - 1), 0);
	KUNIT_EXPECT_EQ(test, extmem_fake_hit(START + MIB(8)), 0);
	KUNIT_EXPECT_TRUE(test, poisoned(START + MIB(8) - PAGE(1), PAGE(1)));
	KUNIT_EXPECT_TRUE(test, poisoned(START + MIB(8), PAGE(1)));
	KUNIT_EXPECT_FALSE(test, poisoned(START + MIB(8) + PAGE(1), GIB(2) - PAGE(1)));
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());
}

/* Memory of nobody's: not ours, and nothing changes */
static void not_ours(struct kunit *test)
{
	struct range range[2] = {
		DEFINE_RANGE(START, START + MIB(100) - 1),
		DEFINE_RANGE(START + GIB(1), START + GIB(2) - 1),
	};
	struct extmem_map_ser before;

	KUNIT_EXPECT_EQ(test, extmem_fake_hit(START), -ENOENT);
	KUNIT_ASSERT_EQ(test, extmem_pool_add(&fake.map, 0, range, 2, false), 0);
	before = *fake.map.ser;
	KUNIT_EXPECT_EQ(test, extmem_fake_hit(0), -ENOENT);
	KUNIT_EXPECT_EQ(test, extmem_fake_hit(START - 1), -ENOENT);
	KUNIT_EXPECT_EQ(test, extmem_fake_hit(START + MIB(100)), -ENOENT);
	KUNIT_EXPECT_EQ(test, extmem_fake_hit(START + GIB(1) - 1), -ENOENT);
	KUNIT_EXPECT_EQ(test, extmem_fake_hit(START + GIB(2)), -ENOENT);
	KUNIT_EXPECT_EQ(test, extmem_fake_hit(U64_MAX), -ENOENT);
	KUNIT_EXPECT_MEMEQ(test, fake.map.ser, &before, sizeof(before));
	KUNIT_EXPECT_FALSE(test, poisoned(0, U64_MAX));
	KUNIT_EXPECT_EQ(test, extmem_fake_hit(START + MIB(100) - 1), 0);
	KUNIT_EXPECT_EQ(test, extmem_fake_hit(START + GIB(1)), 0);
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());
}

/* Free memory goes into quarantine at once */
static void hit_free(struct kunit *test)
{
	struct extmem_pool *pool = extmem_fake_pool(0, START, GIB(1), true);

	KUNIT_EXPECT_EQ(test, extmem_fake_hit(START + MIB(10)), 0);
	KUNIT_EXPECT_EQ(test, fake.hit_id, 0);
	KUNIT_EXPECT_EQ(test, extmem_pool_available(pool), GIB(1) - MIB(2));
	KUNIT_EXPECT_EQ(test, pool->nr_quarantined, 1);
	KUNIT_EXPECT_EQ(test, pool->nr_poisoned, 1);
	KUNIT_EXPECT_EQ(test, extmem_dirty_count(&pool->space), 511);
	KUNIT_EXPECT_TRUE(test, extmem_reason_seen(0, EXTMEM_REASON_POISON));
	KUNIT_EXPECT_EQ(test, create_err(pool, START + MIB(10), MIB(2)), -EBUSY);
	KUNIT_EXPECT_EQ(test, create_err(pool, START + MIB(8), MIB(4)), -EBUSY);
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());

	/* more of the same granule costs no more; its neighbour, too, is clean */
	KUNIT_EXPECT_EQ(test, extmem_fake_hit(START + MIB(10) + PAGE(511)), 0);
	KUNIT_EXPECT_EQ(test, extmem_fake_hit(START + MIB(10)), -EEXIST);
	KUNIT_EXPECT_EQ(test, pool->nr_quarantined, 1);
	KUNIT_EXPECT_EQ(test, pool->nr_poisoned, 2);
	KUNIT_EXPECT_EQ(test, fake.map.ser->nr_records, 2);
	KUNIT_EXPECT_EQ(test, extmem_fake_hit(START + MIB(8)), 0);
	KUNIT_EXPECT_EQ(test, extmem_dirty_count(&pool->space), 510);
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());

	take_all(test, pool);
	KUNIT_EXPECT_EQ(test, fake.cleared, GIB(1) - MIB(4));
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());
}

/* A claim keeps the granule until it gives it up */
static void hit_claim(struct kunit *test)
{
	struct extmem_pool *pool = extmem_fake_pool(0, START, GIB(1), false);
	struct extmem_claim *claim = extmem_fake_claim(pool, START, MIB(20));
	u64 free = GIB(1) - MIB(20);

	KUNIT_EXPECT_TRUE(test, extmem_claim_get(claim));
	KUNIT_EXPECT_EQ(test, extmem_fake_hit(START + MIB(2) + PAGE(7)), 0);
	KUNIT_EXPECT_EQ(test, fake.hit_id, 1);
	KUNIT_EXPECT_EQ(test, extmem_fake_hit(START + MIB(12)), 0);
	KUNIT_EXPECT_EQ(test, extmem_fake_hit(START + MIB(14)), 0);
	KUNIT_EXPECT_EQ(test, extmem_fake_hit(START + MIB(20) - 1), 0);
	extmem_claim_put(claim);
	KUNIT_EXPECT_EQ(test, pool->nr_quarantined, 0);
	KUNIT_EXPECT_EQ(test, pool->nr_poisoned, 4);
	KUNIT_EXPECT_EQ(test, extmem_claim_size(claim), MIB(20));
	KUNIT_EXPECT_EQ(test, extmem_claim_nr_extents(claim), 1);
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());

	KUNIT_EXPECT_EQ(test, extmem_claim_shrink(claim, MIB(14)), 0);
	KUNIT_EXPECT_EQ(test, pool->nr_quarantined, 2);
	KUNIT_EXPECT_EQ(test, extmem_pool_available(pool), free + MIB(2));
	KUNIT_EXPECT_EQ(test, create_err(pool, START + MIB(14), MIB(2)), -EBUSY);
	KUNIT_EXPECT_EQ(test, create_err(pool, START + MIB(18), MIB(2)), -EBUSY);
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());

	KUNIT_EXPECT_EQ(test, extmem_claim_destroy(claim), 0);
	KUNIT_EXPECT_EQ(test, pool->nr_quarantined, 4);
	KUNIT_EXPECT_EQ(test, extmem_pool_available(pool), free + MIB(12));
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());
	take_all(test, pool);
	KUNIT_EXPECT_EQ(test, pool->nr_quarantined, 4);
	KUNIT_EXPECT_EQ(test, pool->nr_poisoned, 4);
	KUNIT_EXPECT_EQ(test, pool->nr_claims, 0);
}

/* In each of many extents, and in all of a claim's memory */
static void hit_many(struct kunit *test)
{
	struct extmem_pool *pool = extmem_fake_pool(0, START, GIB(1), false);
	struct extmem_claim *claim = extmem_fake_holes(pool, 40);
	unsigned int i;

	for (i = 0; i < 40; i++)
		KUNIT_ASSERT_EQ(test, extmem_fake_hit(START + MIB(4) * i + PAGE(i)), 0);
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());
	KUNIT_EXPECT_EQ(test, extmem_claim_destroy(claim), 0);
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());
	KUNIT_EXPECT_EQ(test, extmem_pool_available(pool), GIB(1) - MIB(80));
	KUNIT_EXPECT_EQ(test, pool->nr_quarantined, 40);
	take_all(test, pool);
}

static void hit_while_clearing(void)
{
	if (fake.nr_clears == 1)
		KUNIT_ASSERT_EQ(fake.test, extmem_fake_hit(START + MIB(2)), 0);
}

static void retire_while_clearing(void)
{
	if (fake.nr_clears == 1)
		KUNIT_ASSERT_EQ(fake.test, extmem_fake_retire(START + MIB(2)), 0);
}

/* Taken, but in no claim yet: the claim gets another granule */
static void in_between_by(struct kunit *test, void (*after_clear)(void))
{
	struct extmem_pool *pool = extmem_fake_pool(0, START, GIB(1), true);
	struct extmem_claim *claim;
	u64 start;

	fake.after_clear = after_clear;
	claim = extmem_fake_claim(pool, EXTMEM_ANYWHERE, MIB(8));
	start = extmem_claim_extent(claim, 0).start;
	KUNIT_EXPECT_FALSE(test, poisoned(start, MIB(8)));
	KUNIT_EXPECT_FALSE(test, extmem_map_retired(&fake.map, start, MIB(8)));
	KUNIT_EXPECT_EQ(test, pool->nr_quarantined, 1);
	KUNIT_EXPECT_EQ(test, extmem_pool_available(pool), GIB(1) - MIB(10));
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());
}

static void in_between(struct kunit *test)
{
	in_between_by(test, hit_while_clearing);
}

static void in_between_retired(struct kunit *test)
{
	in_between_by(test, retire_while_clearing);
}

static void in_between_at(struct kunit *test)
{
	struct extmem_pool *pool = extmem_fake_pool(0, START, GIB(1), true);

	fake.after_clear = hit_while_clearing;
	KUNIT_EXPECT_EQ(test, create_err(pool, START, MIB(8)), -EBUSY);
	KUNIT_EXPECT_EQ(test, pool->nr_quarantined, 1);
	KUNIT_EXPECT_EQ(test, pool->nr_claims, 0);
	KUNIT_EXPECT_EQ(test, extmem_pool_available(pool), GIB(1) - MIB(2));
	KUNIT_EXPECT_EQ(test, extmem_dirty_count(&pool->space), 511);
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());
}

static void hit_then_freeze(void)
{
	fake.after_clear = NULL;
	KUNIT_ASSERT_EQ(fake.test, extmem_fake_hit(START + MIB(2)), 0);
	WRITE_ONCE(fake.map.frozen, true);
}

static void in_between_frozen(struct kunit *test)
{
	struct extmem_pool *pool = extmem_fake_pool(0, START, GIB(1), true);

	fake.after_clear = hit_then_freeze;
	KUNIT_EXPECT_EQ(test, create_err(pool, EXTMEM_ANYWHERE, MIB(8)), -ESHUTDOWN);
	KUNIT_EXPECT_EQ(test, fake.map.inflight, 0);
	KUNIT_EXPECT_EQ(test, pool->nr_quarantined, 1);
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());
}

/* Without memory for a record this kernel knows, and the granule is not lost */
static void no_memory(struct kunit *test)
{
	struct extmem_pool *pool = extmem_fake_pool(0, START, GIB(1), false);

	fake.allocs = 0;
	KUNIT_EXPECT_EQ(test, extmem_fake_hit(START + MIB(2)), -ENOMEM);
	KUNIT_EXPECT_TRUE(test, poisoned(START + MIB(2), PAGE(1)));
	KUNIT_EXPECT_EQ(test, pool->nr_quarantined, 1);
	KUNIT_EXPECT_EQ(test, create_err(pool, START + MIB(2), MIB(2)), -EBUSY);
	/* the hardware tells again */
	fake.allocs = -1;
	KUNIT_EXPECT_EQ(test, extmem_fake_hit(START + MIB(2)), 0);
	KUNIT_EXPECT_EQ(test, fake.map.ser->nr_records, 1);
	KUNIT_EXPECT_EQ(test, pool->nr_quarantined, 1);
	KUNIT_EXPECT_EQ(test, pool->nr_poisoned, 1);

	extmem_fake_kexec(test);
	EXTMEM_EXPECT_SOUND(test, extmem_fake_boot(test));
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());
	KUNIT_EXPECT_TRUE(test, poisoned(START + MIB(2), PAGE(1)));
	KUNIT_EXPECT_EQ(test, extmem_quarantined(), 1);
	KUNIT_EXPECT_TRUE(test, extmem_reason_seen(0, EXTMEM_REASON_ORPHAN));
}

/* Once the map is sealed nothing in it changes */
static void frozen(struct kunit *test)
{
	struct extmem_pool *pool = extmem_fake_pool(0, START, GIB(1), false);
	struct extmem_map_ser root;
	u64 sum;

	KUNIT_EXPECT_EQ(test, extmem_fake_hit(START + MIB(2)), 0);
	extmem_map_freeze(&fake.map);
	root = *fake.map.ser;
	sum = pool->space.alloc_sum;
	KUNIT_EXPECT_EQ(test, extmem_fake_hit(START + MIB(2) + PAGE(1)), -ESHUTDOWN);
	KUNIT_EXPECT_EQ(test, extmem_fake_hit(START + MIB(4)), -ESHUTDOWN);
	KUNIT_EXPECT_TRUE(test, poisoned(START + MIB(2) + PAGE(1), PAGE(1)));
	KUNIT_EXPECT_TRUE(test, poisoned(START + MIB(4), PAGE(1)));
	KUNIT_EXPECT_MEMEQ(test, fake.map.ser, &root, sizeof(root));
	KUNIT_EXPECT_EQ(test, pool->space.alloc_sum, sum);

	extmem_fake_kexec(test);
	EXTMEM_EXPECT_SOUND(test, extmem_fake_boot(test));
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());
	KUNIT_EXPECT_TRUE(test, poisoned(START + MIB(2), PAGE(1)));
	KUNIT_EXPECT_FALSE(test, poisoned(START + MIB(2) + PAGE(1), MIB(8)));
}

/* What sysfs shows, also when it is read in pieces */
static void listed(struct kunit *test)
{
	struct extmem_pool *pool = extmem_fake_pool(0, START, GIB(1), false);
	struct extmem_pool *other = extmem_fake_pool(1, GIB(8), GIB(1), false);
	char *all = kunit_kzalloc(test, SZ_64K, GFP_KERNEL);
	char *buf = kunit_kzalloc(test, SZ_4K, GFP_KERNEL);
	ssize_t len, pos = 0;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, all);
	KUNIT_ASSERT_NOT_NULL(test, buf);
	KUNIT_EXPECT_EQ(test, extmem_poison_list(pool, false, buf, 0, SZ_4K), 0);
	extmem_fake_hit(START + MIB(6) + PAGE(511));
	extmem_fake_hit(START + MIB(6));
	extmem_fake_hit(START + MIB(2) + PAGE(1));
	extmem_fake_hit(GIB(8));
	len = extmem_poison_list(pool, false, buf, 0, SZ_4K);
	KUNIT_EXPECT_EQ(test, len, strlen(buf));
	KUNIT_EXPECT_STREQ(test, buf,
			   "0x100201000: granule 0x100200000 offset 0x1000\n"
			   "0x100600000: granule 0x100600000 offset 0x0\n"
			   "0x1007ff000: granule 0x100600000 offset 0x1ff000\n");
	KUNIT_EXPECT_EQ(test, extmem_poison_list(pool, false, buf, len, SZ_4K), 0);
	KUNIT_EXPECT_EQ(test, extmem_poison_list(pool, false, buf, len + 1, SZ_4K), 0);
	KUNIT_EXPECT_EQ(test, extmem_poison_list(pool, true, buf, 0, SZ_4K), 0);
	memset(buf, 0, SZ_4K);
	extmem_poison_list(other, false, buf, 0, SZ_4K);
	KUNIT_EXPECT_STREQ(test, buf, "0x200000000: granule 0x200000000 offset 0x0\n");

	for (i = 0; i < 512; i++)
		extmem_fake_hit(START + PAGE(i));
	len = extmem_poison_list(pool, false, all, 0, SZ_64K);
	KUNIT_EXPECT_GT(test, len, 5 * SZ_4K);
	/* pieces of any size, ending anywhere in a line */
	for (i = 1; pos < len; i = i * 7 % 4093) {
		ssize_t n = extmem_poison_list(pool, false, buf, pos, i);

		KUNIT_ASSERT_EQ(test, n, min_t(ssize_t, i, len - pos));
		KUNIT_ASSERT_MEMEQ(test, buf, all + pos, n);
		pos += n;
	}
	KUNIT_EXPECT_EQ(test, extmem_poison_list(pool, false, buf, pos, SZ_4K), 0);
}

static struct kunit_case poison_cases[] = {
	KUNIT_CASE(which_page),
	KUNIT_CASE(not_ours),
	KUNIT_CASE(hit_free),
	KUNIT_CASE(hit_claim),
	KUNIT_CASE(hit_many),
	KUNIT_CASE(in_between),
	KUNIT_CASE(in_between_retired),
	KUNIT_CASE(in_between_at),
	KUNIT_CASE(in_between_frozen),
	KUNIT_CASE(no_memory),
	KUNIT_CASE(frozen),
	KUNIT_CASE(listed),
	{}
};

static struct kunit_suite poison_suite = {
	.name = "extmem_poison",
	.init = extmem_fake_init,
	.exit = extmem_fake_exit,
	.test_cases = poison_cases,
};

kunit_test_suite(poison_suite);
