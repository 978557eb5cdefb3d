// SPDX-License-Identifier: GPL-2.0
/*
 * What is known of memory errors goes from kernel to kernel: all of it, or a
 * note that some is lost.
 */
#include <linux/string.h>

#include "fake.h"

#define START	GIB(4)
#define PAGE(n)	((u64)(n) << EXTMEM_SER_PAGE_SHIFT)

static bool poisoned(u64 start, u64 size)
{
	return extmem_map_poisoned(&fake.map, start, size);
}

static void next_kernel(struct kunit *test)
{
	extmem_fake_kexec(test);
	EXTMEM_EXPECT_SOUND(test, extmem_fake_boot(test));
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());
}

/* In use and free, over several kernels that find more */
static void keep(struct kunit *test)
{
	struct extmem_pool *pool = extmem_fake_pool(0, START, GIB(1), false);
	unsigned int kernel, nr;
	struct extmem_was *was;

	extmem_fake_claim(pool, START, MIB(20));
	KUNIT_EXPECT_EQ(test, extmem_fake_hit(START + MIB(2) + PAGE(9)), 0);
	KUNIT_EXPECT_EQ(test, extmem_fake_hit(START + MIB(40)), 0);
	for (kernel = 1; kernel < 6; kernel++) {
		was = extmem_remember(test, &nr);
		extmem_map_freeze(&fake.map);
		next_kernel(test);
		EXTMEM_EXPECT_SOUND(test, extmem_check_all_alive(was, nr));
		pool = extmem_pool_find(&fake.map, 0);
		KUNIT_EXPECT_EQ(test, extmem_nr_notes(), 0);
		KUNIT_EXPECT_EQ(test, pool->nr_poisoned, 1 + kernel);
		KUNIT_EXPECT_EQ(test, fake.map.nr_poisoned, 1 + kernel);
		KUNIT_EXPECT_EQ(test, pool->nr_quarantined, 1);
		KUNIT_EXPECT_TRUE(test, poisoned(START + MIB(2) + PAGE(9), PAGE(1)));
		KUNIT_EXPECT_TRUE(test, poisoned(START + MIB(40), PAGE(1)));
		KUNIT_EXPECT_FALSE(test, poisoned(START, MIB(2) + PAGE(9)));
		KUNIT_EXPECT_EQ(test, extmem_fake_hit(START + MIB(2) + PAGE(9)), -EEXIST);
		KUNIT_EXPECT_EQ(test, extmem_fake_hit(START + MIB(2) + PAGE(9 + kernel)), 0);
		KUNIT_EXPECT_EQ(test, fake.map.ser->nr_records, 4);
	}
	KUNIT_EXPECT_EQ(test, extmem_claim_destroy(extmem_fake_find(1)), 0);
	KUNIT_EXPECT_EQ(test, pool->nr_quarantined, 2);
	next_kernel(test);
	KUNIT_EXPECT_EQ(test, extmem_quarantined(), 2);
	KUNIT_EXPECT_EQ(test, extmem_nr_notes(), 0);
	KUNIT_EXPECT_EQ(test, extmem_pool_available(extmem_pool_find(&fake.map, 0)),
			GIB(1) - MIB(4));
}

/**
 * struct wrong - a way for the sample's poison record to be wrong.
 * @name: what it is
 * @make: makes it so
 * @note: what is said of it
 * @known: the bad page is known all the same
 */
struct wrong {
	const char *name;
	void (*make)(void);
	const char *note;
	bool known;
};

static struct extmem_poison_ser *poison(void)
{
	return extmem_fake_rec(SAMPLE_POISON);
}

static void wrong_crc(void)
{
	poison()->crc ^= 0x10;
}

static void no_such_node(void)
{
	poison()->node = 7;
}

static void other_node(void)
{
	poison()->node = 1;
}

static void outside(void)
{
	poison()->start = SAMPLE_START + GIB(1);
}

static void misaligned(void)
{
	poison()->start += SZ_4K;
}

static void wraps(void)
{
	poison()->start = -MIB(2);
}

static void no_page(void)
{
	memset(poison()->bad, 0, sizeof(poison()->bad));
}

static void twice(void)
{
	memcpy(extmem_fake_rec(SAMPLE_FREE), poison(), EXTMEM_RECORD);
	extmem_fake_root()->nr_records++;
}

static const struct wrong wrongs[] = {
	{ "crc", wrong_crc, "poison record: checksum", false },
	{ "no such node", no_such_node, "poison record: its pool is not there", false },
	{ "other node", other_node, "poison record: not a granule", false },
	{ "outside", outside, "poison record: not a granule", false },
	{ "misaligned", misaligned, "poison record: not a granule", false },
	{ "wraps", wraps, "poison record: not a granule", false },
	{ "no page", no_page, "poison record: names no page", false },
	{ "twice", twice, "poison record: the second one", true },
};

static bool noted(const char *note)
{
	return extmem_note_seen(0, note) || extmem_note_seen(1, note);
}

/* The record is dropped, aloud, and nothing else suffers */
static void damage(struct kunit *test)
{
	const struct wrong *wrong;
	struct extmem_was *was;
	unsigned int nr;

	extmem_fake_sample();
	was = extmem_remember(test, &nr);
	extmem_fake_kexec(test);
	for (wrong = wrongs; wrong < wrongs + ARRAY_SIZE(wrongs); wrong++) {
		wrong->make();
		if (wrong->make != wrong_crc)
			extmem_crc_set(poison(), EXTMEM_RECORD);
		extmem_crc_set(extmem_fake_root(), sizeof(struct extmem_map_ser));
		EXTMEM_ASSERT_SOUND(test, extmem_fake_boot(test) ?:
				    extmem_check_map() ?:
				    extmem_check_all_alive(was, nr), "%s", wrong->name);
		KUNIT_EXPECT_TRUE_MSG(test, noted(wrong->note), "%s", wrong->name);
		KUNIT_EXPECT_EQ_MSG(test, poisoned(SAMPLE_BAD, PAGE(1)), wrong->known,
				    "%s", wrong->name);
		KUNIT_EXPECT_EQ_MSG(test, extmem_quarantined(), 0, "%s", wrong->name);
		extmem_fake_rewind();
	}
}

/* It is known of the memory, whatever becomes of the claim */
static void bad_claim(struct kunit *test)
{
	struct extmem_claim_ser *claim;

	extmem_fake_sample();
	extmem_fake_kexec(test);
	claim = extmem_fake_rec(SAMPLE_A);
	claim->crc ^= 1;
	EXTMEM_EXPECT_SOUND(test, extmem_fake_boot(test));
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());
	KUNIT_EXPECT_TRUE(test, extmem_reason_seen(0, EXTMEM_REASON_ORPHAN));
	KUNIT_EXPECT_TRUE(test, poisoned(SAMPLE_BAD, PAGE(1)));
	next_kernel(test);
	KUNIT_EXPECT_TRUE(test, poisoned(SAMPLE_BAD, PAGE(1)));
}

/* Free though it has such a page: not any more */
static void was_free_by(struct kunit *test, int (*spoil)(u64 pa), const char *note,
			enum extmem_reason reason)
{
	struct extmem_pool *pool = extmem_fake_pool(0, START, GIB(1), false);

	KUNIT_EXPECT_EQ(test, spoil(START + MIB(2)), 0);
	KUNIT_EXPECT_EQ(test, fake.map.ser->nr_records, 2);
	extmem_space_mark(&pool->space, 1, 1, false);
	extmem_pool_update(pool);
	extmem_fake_kexec(test);
	/* the claim of the quarantine is gone as well */
	memset(extmem_fake_rec(1), 0, EXTMEM_RECORD);
	extmem_fake_root()->nr_records--;
	extmem_crc_set(extmem_fake_root(), sizeof(struct extmem_map_ser));

	EXTMEM_EXPECT_SOUND(test, extmem_fake_boot(test));
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());
	KUNIT_EXPECT_TRUE(test, extmem_note_seen(0, note));
	KUNIT_EXPECT_TRUE(test, extmem_reason_seen(0, reason));
	KUNIT_EXPECT_EQ(test, extmem_quarantined(), 1);
	next_kernel(test);
	KUNIT_EXPECT_EQ(test, extmem_nr_notes(), 0);
	KUNIT_EXPECT_EQ(test, extmem_quarantined(), 1);
}

static void was_free(struct kunit *test)
{
	was_free_by(test, extmem_fake_hit, "was free, quarantined: it has had",
		    EXTMEM_REASON_POISON);
}

/* As after a kernel without memory for a record */
static void was_free_retired(struct kunit *test)
{
	was_free_by(test, extmem_fake_retire, "was free, quarantined: it was retired",
		    EXTMEM_REASON_RETIRED);
}

/* Its pool is lost: nothing of it is left behind */
static void pool_lost(struct kunit *test)
{
	extmem_fake_sample();
	extmem_fake_kexec(test);
	extmem_fake_pool_rec(0)->crc ^= 1;
	KUNIT_EXPECT_NOT_NULL(test, extmem_fake_boot(test));
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());
	KUNIT_EXPECT_FALSE(test, poisoned(0, U64_MAX));
	KUNIT_EXPECT_TRUE(test, extmem_note_seen(1, "poison record: its pool is not there"));
}

static struct kunit_case adopt_poison_cases[] = {
	KUNIT_CASE(keep),
	KUNIT_CASE(damage),
	KUNIT_CASE(bad_claim),
	KUNIT_CASE(was_free),
	KUNIT_CASE(was_free_retired),
	KUNIT_CASE(pool_lost),
	{}
};

static struct kunit_suite adopt_poison_suite = {
	.name = "extmem_adopt_poison",
	.init = extmem_fake_init,
	.exit = extmem_fake_exit,
	.test_cases = adopt_poison_cases,
};

kunit_test_suite(adopt_poison_suite);
