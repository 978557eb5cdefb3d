// SPDX-License-Identifier: GPL-2.0
/*
 * Claims with right checksums that are wrong all the same: each goes into
 * quarantine with whatever may be its memory, and takes along only claims it
 * shares memory with.
 */
#include "fake.h"

/**
 * struct wrong - a way for the sample's claims to be wrong.
 * @name: what it is
 * @make: makes it so
 * @reason: what is said of it, or none for granules without a claim
 * @alive: a bit for each claim of the sample that lives on
 */
struct wrong {
	const char *name;
	void (*make)(void);
	enum extmem_reason reason;
	unsigned int alive;
};

#define A	BIT(0)
#define B	BIT(1)
#define LONG	BIT(2)
#define OTHER	BIT(3)

static struct extmem_claim_ser *claim(enum extmem_sample i)
{
	return extmem_fake_rec(i);
}

static struct extmem_more_ser *more(enum extmem_sample i)
{
	return extmem_fake_rec(i);
}

static void extent(enum extmem_sample i, unsigned int nr, u64 start, u64 size)
{
	claim(i)->extents[nr] = (struct extmem_extent_ser) { start, size };
}

static void below_pool(void)
{
	extent(SAMPLE_A, 0, SAMPLE_START - MIB(2), MIB(8));
}

static void past_pool(void)
{
	extent(SAMPLE_A, 0, SAMPLE_START + GIB(1) - MIB(6), MIB(8));
}

static void outside_pool(void)
{
	extent(SAMPLE_A, 0, MIB(2), MIB(8));
}

static void in_other_pool(void)
{
	extent(SAMPLE_A, 0, SAMPLE_OTHER + MIB(64), MIB(8));
}

static void extent_wraps(void)
{
	extent(SAMPLE_A, 0, SAMPLE_START + MIB(2), -MIB(2));
	claim(SAMPLE_A)->size = -MIB(2);
}

static void extent_misaligned(void)
{
	extent(SAMPLE_A, 0, SAMPLE_START + SZ_4K, MIB(8));
}

static void extent_empty(void)
{
	extent(SAMPLE_A, 0, SAMPLE_START, 0);
	claim(SAMPLE_A)->size = 0;
}

static void one_bad_of_many(void)
{
	extent(SAMPLE_LONG, 2, 0, MIB(2));
}

static void on_another(void)
{
	extent(SAMPLE_A, 0, SAMPLE_START + MIB(16), MIB(4));
	claim(SAMPLE_A)->size = MIB(4);
}

static void on_an_earlier(void)
{
	extent(SAMPLE_B, 0, SAMPLE_START + MIB(6), MIB(4));
}

static void on_two_earlier(void)
{
	extent(SAMPLE_LONG, 0, SAMPLE_START, MIB(2));
	extent(SAMPLE_LONG, 1, SAMPLE_START + MIB(16), MIB(2));
}

/* Wrong in itself, and on memory of one found sound before */
static void bad_on_an_earlier(void)
{
	extent(SAMPLE_B, 0, SAMPLE_START + MIB(6), MIB(4));
	claim(SAMPLE_B)->size = MIB(12);
}

static void on_itself(void)
{
	claim(SAMPLE_A)->nr_extents = 2;
	claim(SAMPLE_A)->size = MIB(10);
	extent(SAMPLE_A, 1, SAMPLE_START + MIB(2), MIB(2));
}

static void wrong_size(void)
{
	claim(SAMPLE_B)->size += MIB(2);
}

static void no_extents(void)
{
	claim(SAMPLE_B)->nr_extents = 0;
	claim(SAMPLE_B)->size = 0;
}

static void huge_extents(void)
{
	claim(SAMPLE_B)->nr_extents = U32_MAX;
}

static void many_extents(void)
{
	claim(SAMPLE_B)->nr_extents = EXTMEM_GIG_BITS;
}

static void id_to_come(void)
{
	claim(SAMPLE_B)->id = extmem_fake_root()->next_id;
}

static void id_huge(void)
{
	claim(SAMPLE_B)->id = U64_MAX;
}

static void no_kind(void)
{
	claim(SAMPLE_A)->kind = EXTMEM_KIND_NONE;
}

static void unknown_type(void)
{
	claim(SAMPLE_A)->type = 77;
}

static void pool_type(void)
{
	claim(SAMPLE_A)->type = EXTMEM_REC_POOL;
}

static void no_such_node(void)
{
	claim(SAMPLE_A)->node = 5;
}

static void huge_node(void)
{
	claim(SAMPLE_A)->node = U32_MAX;
}

static void other_node(void)
{
	claim(SAMPLE_A)->node = 1;
}

static void more_missing(void)
{
	memset(more(SAMPLE_MORE), 0, EXTMEM_RECORD);
}

static void more_of_another(void)
{
	more(SAMPLE_MORE)->id = 1;
}

static void more_too_early(void)
{
	more(SAMPLE_MORE)->first = 0;
}

static void more_too_late(void)
{
	more(SAMPLE_MORE)->first = EXTMEM_CLAIM_EXTENTS + EXTMEM_MORE_EXTENTS;
}

static void more_between(void)
{
	more(SAMPLE_MORE)->first = EXTMEM_CLAIM_EXTENTS + 1;
}

static void more_cut_short(void)
{
	claim(SAMPLE_LONG)->nr_extents = EXTMEM_CLAIM_EXTENTS;
}

static void more_expected(void)
{
	claim(SAMPLE_LONG)->nr_extents = EXTMEM_CLAIM_EXTENTS + EXTMEM_MORE_EXTENTS + 1;
}

static void record_wiped(void)
{
	memset(claim(SAMPLE_A), 0, EXTMEM_RECORD);
}

static void wrong_crc(void)
{
	claim(SAMPLE_A)->crc ^= 0x10;
}

static void same_claim_twice(void)
{
	memcpy(claim(SAMPLE_FREE), claim(SAMPLE_A), EXTMEM_RECORD);
}

/* The first claim of an id is it, even if it has records that are another's */
static void same_id(void)
{
	claim(SAMPLE_B)->id = 1;
}

static void same_id_long(void)
{
	claim(SAMPLE_B)->id = 3;
	claim(SAMPLE_B)->nr_extents = 5;
}

static const struct wrong wrongs[] = {
	{ "below pool", below_pool, EXTMEM_REASON_BOUNDS, B | LONG | OTHER },
	{ "past pool", past_pool, EXTMEM_REASON_BOUNDS, B | LONG | OTHER },
	{ "outside pool", outside_pool, EXTMEM_REASON_BOUNDS, B | LONG | OTHER },
	{ "in other pool", in_other_pool, EXTMEM_REASON_BOUNDS, B | LONG | OTHER },
	{ "extent wraps", extent_wraps, EXTMEM_REASON_BOUNDS, B | LONG | OTHER },
	{ "extent misaligned", extent_misaligned, EXTMEM_REASON_BOUNDS, B | LONG | OTHER },
	{ "extent empty", extent_empty, EXTMEM_REASON_BOUNDS, B | LONG | OTHER },
	{ "one bad of many", one_bad_of_many, EXTMEM_REASON_BOUNDS, A | B | OTHER },
	{ "on another", on_another, EXTMEM_REASON_OVERLAP, LONG | OTHER },
	{ "on an earlier", on_an_earlier, EXTMEM_REASON_OVERLAP, LONG | OTHER },
	{ "on two earlier", on_two_earlier, EXTMEM_REASON_OVERLAP, OTHER },
	{ "bad on an earlier", bad_on_an_earlier, EXTMEM_REASON_OVERLAP, LONG | OTHER },
	{ "on itself", on_itself, EXTMEM_REASON_OVERLAP, B | LONG | OTHER },
	{ "wrong size", wrong_size, EXTMEM_REASON_EXTENTS, A | LONG | OTHER },
	{ "no extents", no_extents, EXTMEM_REASON_EXTENTS, A | LONG | OTHER },
	{ "huge extents", huge_extents, EXTMEM_REASON_EXTENTS, A | LONG | OTHER },
	{ "many extents", many_extents, EXTMEM_REASON_EXTENTS, A | LONG | OTHER },
	{ "id to come", id_to_come, EXTMEM_REASON_IDENTITY, A | LONG | OTHER },
	{ "id huge", id_huge, EXTMEM_REASON_IDENTITY, A | LONG | OTHER },
	{ "no kind", no_kind, EXTMEM_REASON_IDENTITY, B | LONG | OTHER },
	{ "unknown type", unknown_type, EXTMEM_REASON_IDENTITY, B | LONG | OTHER },
	{ "pool type", pool_type, EXTMEM_REASON_ORPHAN, B | LONG | OTHER },
	{ "no such node", no_such_node, EXTMEM_REASON_ORPHAN, B | LONG | OTHER },
	{ "huge node", huge_node, EXTMEM_REASON_ORPHAN, B | LONG | OTHER },
	{ "other node", other_node, EXTMEM_REASON_ORPHAN, B | LONG | OTHER },
	{ "more missing", more_missing, EXTMEM_REASON_EXTENTS, A | B | OTHER },
	{ "more of another", more_of_another, EXTMEM_REASON_EXTENTS, A | B | OTHER },
	{ "more too early", more_too_early, EXTMEM_REASON_EXTENTS, A | B | OTHER },
	{ "more too late", more_too_late, EXTMEM_REASON_EXTENTS, A | B | OTHER },
	{ "more between", more_between, EXTMEM_REASON_EXTENTS, A | B | OTHER },
	{ "more cut short", more_cut_short, EXTMEM_REASON_EXTENTS, A | B | OTHER },
	{ "more expected", more_expected, EXTMEM_REASON_EXTENTS, A | B | OTHER },
	{ "record wiped", record_wiped, EXTMEM_REASON_ORPHAN, B | LONG | OTHER },
	{ "wrong crc", wrong_crc, EXTMEM_REASON_ORPHAN, B | LONG | OTHER },
	{ "same claim twice", same_claim_twice, EXTMEM_REASON_IDENTITY, A | B | LONG | OTHER },
	{ "same id", same_id, EXTMEM_REASON_IDENTITY, A | LONG | OTHER },
	{ "same id, long", same_id_long, EXTMEM_REASON_IDENTITY, A | OTHER },
};

static void seal(const struct wrong *wrong)
{
	unsigned int i;

	for (i = 0; i <= SAMPLE_FREE; i++)
		if (!extmem_rec_is_free(claim(i)) && wrong->make != wrong_crc)
			extmem_crc_set(claim(i), EXTMEM_RECORD);
}

static void expect_alive(struct kunit *test, const struct wrong *wrong,
			 const struct extmem_was *was)
{
	unsigned int i, alive = hweight32(wrong->alive);

	for (i = 0; i < 4; i++)
		if (wrong->alive & BIT(i))
			EXTMEM_ASSERT_SOUND(test, extmem_check_alive(&was[i]),
					    "%s, claim %u", wrong->name, i + 1);
	EXTMEM_ASSERT_SOUND(test, extmem_check_map() ?: extmem_check_kept(was, 4),
			    "%s", wrong->name);
	KUNIT_EXPECT_EQ_MSG(test, alive,
			    extmem_pool_find(&fake.map, 0)->nr_claims +
			    extmem_pool_find(&fake.map, 1)->nr_claims, "%s", wrong->name);
	/* some go without any memory that is theirs, and leave an orphan */
	KUNIT_EXPECT_TRUE_MSG(test, alive == 4 || extmem_reason_seen(0, wrong->reason) ||
			      extmem_reason_seen(0, EXTMEM_REASON_ORPHAN),
			      "%s", wrong->name);
}

static void damage(struct kunit *test, const struct wrong *wrong)
{
	struct extmem_was *was, *then;
	unsigned int nr, nr_then;
	u64 quarantined;

	extmem_fake_sample();
	was = extmem_remember(test, &nr);
	extmem_fake_kexec(test);
	wrong->make();
	seal(wrong);
	EXTMEM_EXPECT_SOUND(test, extmem_fake_boot(test));
	expect_alive(test, wrong, was);
	quarantined = extmem_quarantined();
	KUNIT_EXPECT_EQ_MSG(test, quarantined > 0, wrong->alive != (A | B | LONG | OTHER),
			    "%s", wrong->name);
	KUNIT_EXPECT_GT_MSG(test, extmem_nr_notes(), 0, "%s", wrong->name);
	KUNIT_EXPECT_TRUE_MSG(test, wrong->reason == EXTMEM_REASON_ORPHAN ||
			      extmem_note_seen(0, extmem_reason_text(wrong->reason)),
			      "%s", wrong->name);

	then = extmem_remember(test, &nr_then);
	extmem_fake_kexec(test);
	EXTMEM_EXPECT_SOUND(test, extmem_fake_boot(test));
	expect_alive(test, wrong, was);
	EXTMEM_ASSERT_SOUND(test, extmem_check_all_alive(then, nr_then), "after %s",
			    wrong->name);
	KUNIT_EXPECT_EQ_MSG(test, extmem_quarantined(), quarantined, "%s", wrong->name);
	KUNIT_EXPECT_EQ_MSG(test, extmem_nr_notes(), 0, "%s", wrong->name);
}

static void wrong_claim(struct kunit *test)
{
	const struct wrong *wrong;

	for (wrong = wrongs; wrong < wrongs + ARRAY_SIZE(wrongs); wrong++) {
		damage(test, wrong);
		extmem_fake_exit(test);
		KUNIT_ASSERT_EQ(test, extmem_fake_init(test), 0);
	}
}

/* The bitmap calls a claim's memory free, and its sum is right */
static void claim_on_free(struct kunit *test)
{
	struct extmem_pool_ser *ser;
	struct extmem_was *was;
	unsigned int nr;

	extmem_fake_sample();
	was = extmem_remember(test, &nr);
	extmem_fake_kexec(test);
	ser = extmem_fake_pool_rec(0);
	__clear_bit(1, extmem_fake_at(ser->alloc));
	ser->alloc_sum = extmem_bits_sum(extmem_fake_at(ser->alloc), EXTMEM_GIG_BITS);
	extmem_crc_set(ser, EXTMEM_RECORD);

	EXTMEM_EXPECT_SOUND(test, extmem_fake_boot(test));
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());
	EXTMEM_EXPECT_SOUND(test, extmem_check_kept(was, nr));
	EXTMEM_EXPECT_SOUND(test, extmem_check_all_alive(was + 1, nr - 1));
	KUNIT_EXPECT_TRUE(test, extmem_reason_seen(0, EXTMEM_REASON_FREE));
	KUNIT_EXPECT_EQ(test, extmem_quarantined(), 4);
	extmem_fake_kexec(test);
	EXTMEM_EXPECT_SOUND(test, extmem_fake_boot(test));
	KUNIT_EXPECT_TRUE(test, extmem_reason_seen(0, EXTMEM_REASON_FREE));
	KUNIT_EXPECT_EQ(test, extmem_quarantined(), 4);
}

/* Damage on damage: each kernel finds another claim on top of the others */
static void damage_adds_up(struct kunit *test)
{
	struct extmem_was *was;
	unsigned int nr, i;

	extmem_fake_sample();
	was = extmem_remember(test, &nr);
	for (i = 0; i < 3; i++) {
		struct extmem_claim_ser *ser;

		extmem_fake_kexec(test);
		ser = claim(i == 2 ? SAMPLE_LONG : SAMPLE_A + i);
		ser->data[1] ^= 1;	/* without its checksum */
		EXTMEM_EXPECT_SOUND(test, extmem_fake_boot(test));
		EXTMEM_EXPECT_SOUND(test, extmem_check_map());
		EXTMEM_EXPECT_SOUND(test, extmem_check_kept(was, nr));
	}
	KUNIT_EXPECT_EQ(test, extmem_quarantined(), 4 + 2 + 6);
	EXTMEM_EXPECT_SOUND(test, extmem_check_alive(&was[3]));
}

/* Where hundreds of claims are bad, the log has room for other things too */
static void many_are_bad(struct kunit *test)
{
	struct extmem_pool *pool = extmem_fake_pool(0, GIB(4), GIB(1), false);
	struct extmem_page_ser *page;
	unsigned int i;

	for (i = 0; i < 400; i++)
		extmem_fake_claim(pool, EXTMEM_ANYWHERE, MIB(2));
	extmem_fake_kexec(test);
	page = extmem_fake_at(extmem_fake_root()->claims);
	while (page) {
		for (i = 1; i <= EXTMEM_PAGE_RECORDS; i++)
			((u8 *)page)[i * EXTMEM_RECORD + 100] ^= 1;
		page = page->next ? extmem_fake_at(page->next) : NULL;
	}
	EXTMEM_EXPECT_SOUND(test, extmem_fake_boot(test));
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());
	KUNIT_EXPECT_EQ(test, extmem_quarantined(), 400);
	KUNIT_EXPECT_EQ(test, extmem_nr_notes(), 32);
	KUNIT_EXPECT_EQ(test, fake.nr_logged, 33);
}

static struct kunit_case damage_claim_cases[] = {
	KUNIT_CASE(wrong_claim),
	KUNIT_CASE(claim_on_free),
	KUNIT_CASE(damage_adds_up),
	KUNIT_CASE(many_are_bad),
	{}
};

static struct kunit_suite damage_claim_suite = {
	.name = "extmem_damage_claim",
	.init = extmem_fake_init,
	.exit = extmem_fake_exit,
	.test_cases = damage_claim_cases,
};

kunit_test_suite(damage_claim_suite);
