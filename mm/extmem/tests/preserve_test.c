// SPDX-License-Identifier: GPL-2.0
/*
 * Claims in live update sessions: fixed while they are, there in the next kernel
 * whether they are to persist or not, and like all others afterwards.
 */
#include "fake.h"

#define START	GIB(4)

static struct extmem_claim *preserved_claim(struct kunit *test, u64 id)
{
	struct extmem_claim *claim = extmem_fake_find(id);

	KUNIT_ASSERT_NOT_NULL(test, claim);
	KUNIT_ASSERT_EQ(test, extmem_claim_preserve(claim), 0);
	return claim;
}

static void next_kernel(struct kunit *test)
{
	extmem_fake_kexec(test);
	EXTMEM_EXPECT_SOUND(test, extmem_fake_boot(test));
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());
}

static void expect_session(struct kunit *test, u64 id, enum extmem_session want)
{
	struct extmem_claim *claim = extmem_fake_find(id);

	KUNIT_ASSERT_NOT_NULL(test, claim);
	KUNIT_EXPECT_EQ(test, extmem_claim_session(claim), want);
	KUNIT_EXPECT_EQ(test, extmem_claim_busy(claim), want != EXTMEM_SESSION_NONE);
}

/* Nothing can be changed; nor can it be put into a session once more */
static void expect_fixed(struct kunit *test, struct extmem_claim *claim)
{
	struct extmem_claim_ser was = *claim->rec.claim;

	KUNIT_EXPECT_EQ(test, extmem_claim_grow(claim, EXTMEM_ANYWHERE, MIB(2),
						EXTMEM_GRANULE), -EBUSY);
	KUNIT_EXPECT_EQ(test, extmem_claim_shrink(claim, MIB(2)), -EBUSY);
	KUNIT_EXPECT_EQ(test, extmem_claim_destroy(claim), -EBUSY);
	KUNIT_EXPECT_EQ(test, extmem_claim_set_data(claim, 1, 5), -EBUSY);
	KUNIT_EXPECT_EQ(test, extmem_claim_set_name(claim, "other"), -EBUSY);
	KUNIT_EXPECT_EQ(test, extmem_claim_set_name(claim, ""), -EBUSY);
	KUNIT_EXPECT_EQ(test, extmem_claim_set_persist(claim, false), -EBUSY);
	KUNIT_EXPECT_EQ(test, extmem_claim_set_persist(claim, true), -EBUSY);
	KUNIT_EXPECT_EQ(test, extmem_claim_preserve(claim), -EBUSY);
	KUNIT_EXPECT_MEMEQ(test, claim->rec.claim, &was, sizeof(was));
}

static void expect_free(struct kunit *test, struct extmem_claim *claim)
{
	KUNIT_EXPECT_EQ(test, extmem_claim_grow(claim, EXTMEM_ANYWHERE, MIB(2),
						EXTMEM_GRANULE), 0);
	KUNIT_EXPECT_EQ(test, extmem_claim_set_data(claim, 1, 5), 0);
	KUNIT_EXPECT_EQ(test, extmem_claim_set_name(claim, "other"), 0);
	KUNIT_EXPECT_EQ(test, extmem_claim_set_persist(claim, false), 0);
	KUNIT_EXPECT_EQ(test, extmem_claim_shrink(claim, MIB(2)), 0);
	KUNIT_EXPECT_EQ(test, extmem_claim_destroy(claim), 0);
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());
}

static void preserve_fixes(struct kunit *test)
{
	struct extmem_owner owner = { .mode = 0666 };
	struct extmem_claim *claim;

	extmem_fake_sample();
	claim = preserved_claim(test, 2);
	expect_session(test, 2, EXTMEM_SESSION_OUTGOING);
	expect_session(test, 1, EXTMEM_SESSION_NONE);
	expect_fixed(test, claim);
	/* Who may use it is no part of what it is, and others may use it, too */
	KUNIT_EXPECT_EQ(test, extmem_claim_set_owner(claim, &owner), 0);
	KUNIT_EXPECT_TRUE(test, extmem_claim_get(claim));
	extmem_claim_put(claim);
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());
}

/* Taken back it leaves no trace */
static void preserve_undone(struct kunit *test)
{
	struct extmem_claim_ser was;
	struct extmem_claim *claim;
	unsigned int transient;

	extmem_fake_sample();
	claim = extmem_fake_find(2);
	for (transient = 0; transient < 2; transient++) {
		KUNIT_ASSERT_EQ(test, extmem_claim_set_persist(claim, !transient), 0);
		was = *claim->rec.claim;
		KUNIT_EXPECT_EQ(test, extmem_claim_preserve(claim), 0);
		KUNIT_EXPECT_EQ(test, extmem_claim_persist(claim), !transient);
		extmem_claim_unpreserve(claim);
		KUNIT_EXPECT_MEMEQ(test, claim->rec.claim, &was, sizeof(was));
		expect_session(test, 2, EXTMEM_SESSION_NONE);
	}
	expect_free(test, claim);
}

static void preserve_refused(struct kunit *test)
{
	struct extmem_claim *claim, *other;

	extmem_fake_sample();
	claim = extmem_fake_find(1);
	other = preserved_claim(test, 2);
	atomic_set(&claim->users, -1);	/* being given up */
	KUNIT_EXPECT_EQ(test, extmem_claim_preserve(claim), -EBUSY);
	atomic_set(&claim->users, 0);
	extmem_map_freeze(&fake.map);
	KUNIT_EXPECT_EQ(test, extmem_claim_preserve(claim), -ESHUTDOWN);
	expect_session(test, 1, EXTMEM_SESSION_NONE);
	/* Too late: what is sealed says that it is preserved */
	extmem_claim_unpreserve(other);
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());
	next_kernel(test);
	expect_session(test, 1, EXTMEM_SESSION_NONE);
	expect_session(test, 2, EXTMEM_SESSION_INCOMING);
}

/* There, and due, until finished; those beside it are as ever */
static void preserve_finished(struct kunit *test)
{
	struct extmem_was *was;
	unsigned int nr;

	extmem_fake_sample();
	was = extmem_remember(test, &nr);
	preserved_claim(test, 1);
	preserved_claim(test, 4);
	next_kernel(test);
	/* the promise is out of the map, so all is as it was before */
	EXTMEM_EXPECT_SOUND(test, extmem_check_all_alive(was, nr));
	expect_session(test, 1, EXTMEM_SESSION_INCOMING);
	expect_session(test, 2, EXTMEM_SESSION_NONE);
	expect_session(test, 4, EXTMEM_SESSION_INCOMING);
	expect_fixed(test, extmem_fake_find(1));

	KUNIT_EXPECT_FALSE(test, extmem_finish(&fake.map, 2));
	KUNIT_EXPECT_FALSE(test, extmem_finish(&fake.map, 77));
	KUNIT_EXPECT_TRUE(test, extmem_finish(&fake.map, 4));
	KUNIT_EXPECT_FALSE(test, extmem_finish(&fake.map, 4));
	expect_session(test, 4, EXTMEM_SESSION_NONE);
	expect_free(test, extmem_fake_find(4));
	expect_fixed(test, extmem_fake_find(1));
	KUNIT_EXPECT_TRUE(test, extmem_finish(&fake.map, 1));
	preserved_claim(test, 1);
	next_kernel(test);
	expect_session(test, 1, EXTMEM_SESSION_INCOMING);
}

/* What is not to persist does for one kernel more */
static void preserve_transient(struct kunit *test)
{
	unsigned int kernel;

	extmem_fake_sample();
	KUNIT_ASSERT_EQ(test, extmem_claim_set_persist(extmem_fake_find(2), false), 0);
	KUNIT_ASSERT_EQ(test, extmem_claim_set_persist(extmem_fake_find(3), false), 0);
	for (kernel = 2; kernel < 4; kernel++) {
		KUNIT_EXPECT_FALSE(test, extmem_claim_persist(preserved_claim(test, 2)));
		/* a kernel that knows no better finds nothing to free */
		KUNIT_EXPECT_EQ(test, extmem_fake_find(2)->rec.claim->flags,
				EXTMEM_CLAIM_SPARED);
		next_kernel(test);
		KUNIT_EXPECT_NULL(test, extmem_fake_find(3));
		expect_session(test, 2, EXTMEM_SESSION_INCOMING);
		KUNIT_EXPECT_FALSE(test, extmem_claim_persist(extmem_fake_find(2)));
		KUNIT_EXPECT_TRUE(test, extmem_finish(&fake.map, 2));
	}
	next_kernel(test);
	KUNIT_EXPECT_NULL(test, extmem_fake_find(2));
}

/* Nobody came: it is not due for ever */
static void preserve_forgotten(struct kunit *test)
{
	extmem_fake_sample();
	KUNIT_ASSERT_EQ(test, extmem_claim_set_persist(extmem_fake_find(2), false), 0);
	preserved_claim(test, 1);
	preserved_claim(test, 2);
	next_kernel(test);
	expect_session(test, 1, EXTMEM_SESSION_INCOMING);
	next_kernel(test);
	expect_session(test, 1, EXTMEM_SESSION_NONE);
	KUNIT_EXPECT_NULL(test, extmem_fake_find(2));
}

/*
 * A kernel in between knew nothing of promises: it left them in the map, which it
 * made its own, and freed nothing.
 */
static void preserve_through_older(struct kunit *test)
{
	extmem_fake_sample();
	KUNIT_ASSERT_EQ(test, extmem_claim_set_persist(extmem_fake_find(2), false), 0);
	preserved_claim(test, 1);
	preserved_claim(test, 2);
	extmem_fake_kexec(test);
	extmem_fake_root()->generation++;
	extmem_crc_set(extmem_fake_root(), sizeof(struct extmem_map_ser));
	EXTMEM_EXPECT_SOUND(test, extmem_fake_boot(test));
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());
	expect_session(test, 1, EXTMEM_SESSION_NONE);
	expect_session(test, 2, EXTMEM_SESSION_NONE);
	KUNIT_EXPECT_FALSE(test, extmem_claim_persist(extmem_fake_find(2)));
	KUNIT_EXPECT_FALSE(test, extmem_finish(&fake.map, 1));
	next_kernel(test);
	expect_session(test, 1, EXTMEM_SESSION_NONE);
	KUNIT_EXPECT_NULL(test, extmem_fake_find(2));
}

static void preserve_finish_all(struct kunit *test)
{
	extmem_fake_sample();
	preserved_claim(test, 1);
	preserved_claim(test, 3);
	next_kernel(test);
	KUNIT_EXPECT_EQ(test, extmem_finish_all(&fake.map, EXTMEM_KIND_DAX), 0);
	expect_session(test, 1, EXTMEM_SESSION_INCOMING);
	KUNIT_EXPECT_EQ(test, extmem_finish_all(&fake.map, EXTMEM_KIND_TEST), 2);
	expect_session(test, 1, EXTMEM_SESSION_NONE);
	expect_session(test, 3, EXTMEM_SESSION_NONE);
}

/* What can't be believed is the quarantine's, promised or not */
static void preserve_unsound(struct kunit *test)
{
	struct extmem_claim_ser *ser;

	extmem_fake_sample();
	preserved_claim(test, 1);
	extmem_fake_kexec(test);
	ser = extmem_fake_rec(SAMPLE_A);
	ser->size += EXTMEM_GRANULE;
	extmem_crc_set(ser, EXTMEM_RECORD);
	EXTMEM_EXPECT_SOUND(test, extmem_fake_boot(test));
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());
	KUNIT_EXPECT_EQ(test, extmem_quarantined(), 4);
	KUNIT_EXPECT_FALSE(test, extmem_finish(&fake.map, 1));
}

/* What a device reaches that is to live on stays so, by whatever name it outlives */
static void needed_persists(struct kunit *test)
{
	struct extmem_claim *claim;

	extmem_fake_sample();
	claim = extmem_fake_find(2);
	KUNIT_ASSERT_EQ(test, extmem_claim_set_persist(claim, true), 0);
	extmem_claim_need(claim);
	extmem_claim_need(claim);
	KUNIT_EXPECT_EQ(test, extmem_claim_set_persist(claim, false), -EBUSY);
	KUNIT_EXPECT_TRUE(test, extmem_claim_persist(claim));
	extmem_claim_unneed(claim);
	KUNIT_EXPECT_EQ(test, extmem_claim_set_persist(claim, false), -EBUSY);
	KUNIT_EXPECT_EQ(test, extmem_claim_set_persist(claim, true), 0);
	extmem_claim_unneed(claim);
	KUNIT_EXPECT_EQ(test, extmem_claim_set_persist(claim, false), 0);
	extmem_claim_need(claim);
	KUNIT_EXPECT_EQ(test, extmem_claim_set_persist(claim, true), 0);
	extmem_claim_unneed(claim);
}

static struct kunit_case preserve_cases[] = {
	KUNIT_CASE(needed_persists),
	KUNIT_CASE(preserve_fixes),
	KUNIT_CASE(preserve_undone),
	KUNIT_CASE(preserve_refused),
	KUNIT_CASE(preserve_finished),
	KUNIT_CASE(preserve_transient),
	KUNIT_CASE(preserve_forgotten),
	KUNIT_CASE(preserve_through_older),
	KUNIT_CASE(preserve_finish_all),
	KUNIT_CASE(preserve_unsound),
	{}
};

static struct kunit_suite preserve_suite = {
	.name = "extmem_preserve",
	.init = extmem_fake_init,
	.exit = extmem_fake_exit,
	.test_cases = preserve_cases,
};

kunit_test_suite(preserve_suite);
