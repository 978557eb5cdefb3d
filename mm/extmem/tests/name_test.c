// SPDX-License-Identifier: GPL-2.0
/*
 * Names: what can be one, that no two claims share one, and what becomes of
 * them over a kexec.
 */
#include "fake.h"

#define START	GIB(4)

#define LONGEST	"a23456789-123456789-123456789-123456789-123456789-123456789-123"

static_assert(sizeof(LONGEST) == EXTMEM_NAME_SIZE);

static void expect_name(struct kunit *test, const struct extmem_claim *claim,
			const char *want)
{
	char name[EXTMEM_NAME_MAX + 1];

	KUNIT_EXPECT_EQ(test, extmem_claim_name(claim, name), strlen(want));
	KUNIT_EXPECT_STREQ(test, name, want);
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());
}

static void name_good(struct kunit *test)
{
	static const char * const names[] = {
		"a", "Z", "0", "9.9", "vm-17", "tenant:web_1@host#2+x=y.z", "a..", LONGEST,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		KUNIT_EXPECT_EQ_MSG(test, extmem_name_check(names[i]), 0, "%s", names[i]);
}

static void name_bad(struct kunit *test)
{
	static const char * const names[] = {
		"", ".", "..", "-", "-n", "_x", "#x", " a", "a ", "a b", "a/b", "/", "a/",
		"a\n", "a\tb", "\x01", "a\x1f", "a\x7f", "a\\b", "a\"", "a'b", "a$b", "a%b",
		"a*", "a?", "a,b", "a;b", "a!b", "a~", "a\x80", "\xc3\xa9", "a\xc3\xa9",
		"a\xff",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		KUNIT_EXPECT_EQ_MSG(test, extmem_name_check(names[i]), -EINVAL,
				    "%*pE", (int)strlen(names[i]), names[i]);
	KUNIT_EXPECT_EQ(test, extmem_name_check(LONGEST "4"), -ENAMETOOLONG);
	KUNIT_EXPECT_EQ(test, extmem_name_check(LONGEST "/"), -ENAMETOOLONG);
}

static void name_set(struct kunit *test)
{
	struct extmem_pool *pool = extmem_fake_pool(0, START, GIB(1), false);
	struct extmem_claim *claim = extmem_fake_claim(pool, START, MIB(4));

	expect_name(test, claim, "");
	KUNIT_EXPECT_EQ(test, extmem_claim_set_name(claim, ""), 0);
	KUNIT_EXPECT_EQ(test, extmem_claim_set_name(claim, LONGEST), 0);
	expect_name(test, claim, LONGEST);
	KUNIT_EXPECT_EQ(test, extmem_claim_set_name(claim, LONGEST), 0);
	KUNIT_EXPECT_EQ(test, extmem_claim_set_name(claim, "a/b"), -EINVAL);
	KUNIT_EXPECT_EQ(test, extmem_claim_set_name(claim, LONGEST "4"), -ENAMETOOLONG);
	expect_name(test, claim, LONGEST);
	/* nothing of a longer name stays behind a shorter one */
	KUNIT_EXPECT_EQ(test, extmem_claim_set_name(claim, "b"), 0);
	expect_name(test, claim, "b");
	KUNIT_EXPECT_NULL(test, memchr_inv(claim->rec.claim->name + 1, 0,
					   EXTMEM_NAME_SIZE - 1));
	KUNIT_EXPECT_EQ(test, extmem_claim_set_name(claim, ""), 0);
	expect_name(test, claim, "");
}

static void name_unique(struct kunit *test)
{
	struct extmem_pool *pool = extmem_fake_pool(0, START, GIB(1), false);
	struct extmem_pool *other = extmem_fake_pool(1, GIB(8), GIB(1), false);
	struct extmem_claim *a = extmem_fake_claim(pool, START, MIB(4));
	struct extmem_claim *b = extmem_fake_claim(other, GIB(8), MIB(4));

	KUNIT_EXPECT_EQ(test, extmem_claim_set_name(a, "web"), 0);
	KUNIT_EXPECT_EQ(test, extmem_claim_set_name(b, "web"), -EEXIST);
	expect_name(test, b, "");
	KUNIT_EXPECT_EQ(test, extmem_claim_set_name(b, "Web"), 0);
	KUNIT_EXPECT_EQ(test, extmem_claim_set_name(b, "web"), -EEXIST);
	expect_name(test, b, "Web");
	/* a name that was given up can be had: renamed, emptied, destroyed */
	KUNIT_EXPECT_EQ(test, extmem_claim_set_name(a, "db"), 0);
	KUNIT_EXPECT_EQ(test, extmem_claim_set_name(b, "web"), 0);
	KUNIT_EXPECT_EQ(test, extmem_claim_set_name(b, ""), 0);
	KUNIT_EXPECT_EQ(test, extmem_claim_set_name(a, "web"), 0);
	KUNIT_EXPECT_EQ(test, extmem_claim_destroy(a), 0);
	KUNIT_EXPECT_EQ(test, extmem_claim_set_name(b, "web"), 0);
	expect_name(test, b, "web");
}

static void name_frozen(struct kunit *test)
{
	struct extmem_pool *pool = extmem_fake_pool(0, START, GIB(1), false);
	struct extmem_claim *claim = extmem_fake_claim(pool, START, MIB(4));

	KUNIT_EXPECT_EQ(test, extmem_claim_set_name(claim, "web"), 0);
	extmem_map_freeze(&fake.map);
	KUNIT_EXPECT_EQ(test, extmem_claim_set_name(claim, "db"), -ESHUTDOWN);
	KUNIT_EXPECT_EQ(test, extmem_claim_set_name(claim, ""), -ESHUTDOWN);
	expect_name(test, claim, "web");
}

/* Claims keep their names through several kernels, and these stay unique */
static void name_kexec(struct kunit *test)
{
	unsigned int kernel;

	extmem_fake_sample();
	KUNIT_EXPECT_EQ(test, extmem_claim_set_name(extmem_fake_find(1), LONGEST), 0);
	KUNIT_EXPECT_EQ(test, extmem_claim_set_name(extmem_fake_find(3), "long"), 0);
	KUNIT_EXPECT_EQ(test, extmem_claim_set_name(extmem_fake_find(4), "other"), 0);
	for (kernel = 2; kernel < 5; kernel++) {
		extmem_fake_kexec(test);
		EXTMEM_EXPECT_SOUND(test, extmem_fake_boot(test));
		KUNIT_EXPECT_EQ(test, extmem_nr_notes(), 0);
		expect_name(test, extmem_fake_find(1), LONGEST);
		expect_name(test, extmem_fake_find(2), "");
		expect_name(test, extmem_fake_find(3), "long");
		expect_name(test, extmem_fake_find(4), "other");
		KUNIT_EXPECT_EQ(test, extmem_claim_set_name(extmem_fake_find(2), "other"),
				-EEXIST);
	}
}

/* What the former kernel must not have written, its checksum right */
static void hand_over_names(struct kunit *test, const char *a, const char *b)
{
	struct extmem_claim_ser *ser;

	extmem_fake_sample();
	extmem_fake_kexec(test);
	ser = extmem_fake_rec(SAMPLE_A);
	memcpy(ser->name, a, strnlen(a, EXTMEM_NAME_SIZE));
	extmem_crc_set(ser, EXTMEM_RECORD);
	ser = extmem_fake_rec(SAMPLE_OTHER_NODE);
	memcpy(ser->name, b, strnlen(b, EXTMEM_NAME_SIZE));
	extmem_crc_set(ser, EXTMEM_RECORD);
	EXTMEM_EXPECT_SOUND(test, extmem_fake_boot(test));
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());
	KUNIT_EXPECT_EQ(test, extmem_quarantined(), 0);
	KUNIT_EXPECT_EQ(test, extmem_pool_find(&fake.map, 0)->nr_claims, 3);
	KUNIT_EXPECT_EQ(test, extmem_pool_find(&fake.map, 1)->nr_claims, 1);
}

/* A bad name is dropped, and costs neither the claim nor the next kernel */
static void name_adopt_bad(struct kunit *test)
{
	hand_over_names(test, "../../etc", LONGEST "4");
	expect_name(test, extmem_fake_find(1), "");
	expect_name(test, extmem_fake_find(4), "");
	KUNIT_EXPECT_TRUE(test, extmem_note_seen(0, "claim 1: name dropped"));
	KUNIT_EXPECT_TRUE(test, extmem_note_seen(1, "claim 4: name dropped"));
	extmem_fake_kexec(test);
	EXTMEM_EXPECT_SOUND(test, extmem_fake_boot(test));
	KUNIT_EXPECT_EQ(test, extmem_nr_notes(), 0);
}

static void name_adopt_twice(struct kunit *test)
{
	hand_over_names(test, "web", "web");
	expect_name(test, extmem_fake_find(1), "web");
	expect_name(test, extmem_fake_find(4), "");
	KUNIT_EXPECT_TRUE(test, extmem_note_seen(1, "name dropped: web is another's"));
	KUNIT_EXPECT_EQ(test, extmem_claim_set_name(extmem_fake_find(4), "web"), -EEXIST);
}

/* Bytes behind the end of a name */
static void name_adopt_unpadded(struct kunit *test)
{
	struct extmem_claim_ser *ser;

	extmem_fake_sample();
	extmem_fake_kexec(test);
	ser = extmem_fake_rec(SAMPLE_B);
	memcpy(ser->name, "web\0x", 5);
	extmem_crc_set(ser, EXTMEM_RECORD);
	EXTMEM_EXPECT_SOUND(test, extmem_fake_boot(test));
	expect_name(test, extmem_fake_find(2), "");
	KUNIT_EXPECT_TRUE(test, extmem_note_seen(0, "claim 2: name dropped"));
}

/* The name of a claim that went into quarantine can be had again */
static void name_quarantined(struct kunit *test)
{
	struct extmem_claim_ser *ser;

	extmem_fake_sample();
	KUNIT_EXPECT_EQ(test, extmem_claim_set_name(extmem_fake_find(1), "web"), 0);
	extmem_fake_kexec(test);
	ser = extmem_fake_rec(SAMPLE_B);
	ser->extents[0].start = SAMPLE_START;
	extmem_crc_set(ser, EXTMEM_RECORD);
	EXTMEM_EXPECT_SOUND(test, extmem_fake_boot(test));
	KUNIT_EXPECT_TRUE(test, extmem_reason_seen(0, EXTMEM_REASON_OVERLAP));
	KUNIT_EXPECT_EQ(test, extmem_claim_set_name(extmem_fake_find(3), "web"), 0);
	expect_name(test, extmem_fake_find(1), "");

	extmem_fake_kexec(test);
	EXTMEM_EXPECT_SOUND(test, extmem_fake_boot(test));
	expect_name(test, extmem_fake_find(3), "web");
}

static struct kunit_case name_cases[] = {
	KUNIT_CASE(name_good),
	KUNIT_CASE(name_bad),
	KUNIT_CASE(name_set),
	KUNIT_CASE(name_unique),
	KUNIT_CASE(name_frozen),
	KUNIT_CASE(name_kexec),
	KUNIT_CASE(name_adopt_bad),
	KUNIT_CASE(name_adopt_twice),
	KUNIT_CASE(name_adopt_unpadded),
	KUNIT_CASE(name_quarantined),
	{}
};

static struct kunit_suite name_suite = {
	.name = "extmem_name",
	.init = extmem_fake_init,
	.exit = extmem_fake_exit,
	.test_cases = name_cases,
};

kunit_test_suite(name_suite);
