// SPDX-License-Identifier: GPL-2.0
/*
 * Owners of claims, and claims that do not outlive the kernel.
 */
#include "fake.h"

#define START	GIB(4)

static struct extmem_owner some_owner(void)
{
	return (struct extmem_owner) {
		.uid = KUIDT_INIT(64055),
		.gid = KGIDT_INIT(109),
		.mode = 0640,
	};
}

static void expect_owner(struct kunit *test, const struct extmem_claim *claim,
			 const struct extmem_owner *want)
{
	struct extmem_owner owner;

	extmem_claim_owner(claim, &owner);
	KUNIT_EXPECT_TRUE(test, uid_eq(owner.uid, want->uid));
	KUNIT_EXPECT_TRUE(test, gid_eq(owner.gid, want->gid));
	KUNIT_EXPECT_EQ(test, owner.mode, want->mode);
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());
}

/* A claim is made with an owner and keeps it through kernels */
static void owner_create(struct kunit *test)
{
	struct extmem_pool *pool = extmem_fake_pool(0, START, GIB(1), false);
	struct extmem_claim_attr attr = {
		.kind = EXTMEM_KIND_TEST,
		.align = EXTMEM_GRANULE,
		.owner = some_owner(),
	};
	struct extmem_claim *claim;
	unsigned int kernel;

	claim = extmem_claim_create(pool, &attr, START, MIB(2));
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, claim);
	expect_owner(test, claim, &attr.owner);
	for (kernel = 2; kernel < 4; kernel++) {
		extmem_fake_kexec(test);
		EXTMEM_EXPECT_SOUND(test, extmem_fake_boot(test));
		expect_owner(test, extmem_fake_find(1), &attr.owner);
	}
}

static void owner_set(struct kunit *test)
{
	struct extmem_pool *pool = extmem_fake_pool(0, START, GIB(1), false);
	struct extmem_claim *claim = extmem_fake_claim(pool, START, MIB(4));
	struct extmem_owner owner = some_owner(), bad;

	KUNIT_EXPECT_EQ(test, extmem_claim_set_owner(claim, &owner), 0);
	expect_owner(test, claim, &owner);
	bad = owner;
	bad.uid = INVALID_UID;
	KUNIT_EXPECT_EQ(test, extmem_claim_set_owner(claim, &bad), -EINVAL);
	bad = owner;
	bad.gid = INVALID_GID;
	KUNIT_EXPECT_EQ(test, extmem_claim_set_owner(claim, &bad), -EINVAL);
	bad = owner;
	bad.mode = 01000;
	KUNIT_EXPECT_EQ(test, extmem_claim_set_owner(claim, &bad), -EINVAL);
	expect_owner(test, claim, &owner);
	/* a mode of 0 is one */
	owner.mode = 0;
	KUNIT_EXPECT_EQ(test, extmem_claim_set_owner(claim, &owner), 0);
	extmem_map_freeze(&fake.map);
	bad = some_owner();
	KUNIT_EXPECT_EQ(test, extmem_claim_set_owner(claim, &bad), -ESHUTDOWN);
	extmem_fake_kexec(test);
	EXTMEM_EXPECT_SOUND(test, extmem_fake_boot(test));
	expect_owner(test, extmem_fake_find(1), &owner);
}

/* An owner that can't be is nobody's chance: the memory is root's alone */
static void owner_adopt_bad(struct kunit *test)
{
	struct extmem_owner root = { .mode = 0600 };
	struct extmem_claim_ser *ser;
	unsigned int i;

	for (i = 0; i < 3; i++) {
		extmem_fake_unboot();
		fake.map = (struct extmem_map) {};
		KUNIT_ASSERT_EQ(test, extmem_map_init(&fake.map, &extmem_fake_ops), 0);
		extmem_fake_sample();
		extmem_fake_kexec(test);
		ser = extmem_fake_rec(SAMPLE_A);
		ser->uid = i == 0 ? -1 : 1000;
		ser->gid = i == 1 ? -1 : 1000;
		ser->mode = i == 2 ? 04777 : 0777;
		extmem_crc_set(ser, EXTMEM_RECORD);
		EXTMEM_EXPECT_SOUND(test, extmem_fake_boot(test));
		expect_owner(test, extmem_fake_find(1), &root);
		KUNIT_EXPECT_TRUE(test, extmem_note_seen(0, "claim 1: uid, gid"));
		KUNIT_EXPECT_EQ(test, extmem_quarantined(), 0);
	}
}

/* Freed by the next kernel, as dirty memory; the others stay */
static void transient_freed(struct kunit *test)
{
	struct extmem_pool *pool;
	u64 dirty;

	extmem_fake_sample();
	KUNIT_EXPECT_TRUE(test, extmem_claim_persist(extmem_fake_find(1)));
	KUNIT_EXPECT_EQ(test, extmem_claim_set_persist(extmem_fake_find(1), false), 0);
	KUNIT_EXPECT_EQ(test, extmem_claim_set_persist(extmem_fake_find(3), false), 0);
	KUNIT_EXPECT_EQ(test, extmem_claim_set_name(extmem_fake_find(3), "tmp"), 0);
	KUNIT_EXPECT_FALSE(test, extmem_claim_persist(extmem_fake_find(1)));
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());
	dirty = extmem_dirty_count(&extmem_pool_find(&fake.map, 0)->space);

	extmem_fake_kexec(test);
	EXTMEM_EXPECT_SOUND(test, extmem_fake_boot(test));
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());
	KUNIT_EXPECT_EQ(test, extmem_nr_notes(), 0);
	/* The bad page is not to be had, the rest of its claim is */
	KUNIT_EXPECT_EQ(test, extmem_quarantined(), 1);
	KUNIT_EXPECT_TRUE(test, extmem_reason_seen(0, EXTMEM_REASON_POISON));
	KUNIT_EXPECT_NULL(test, extmem_fake_find(1));
	KUNIT_EXPECT_NULL(test, extmem_fake_find(3));
	KUNIT_ASSERT_NOT_NULL(test, extmem_fake_find(2));
	pool = extmem_pool_find(&fake.map, 0);
	KUNIT_EXPECT_EQ(test, pool->nr_claims, 1);
	KUNIT_EXPECT_EQ(test, extmem_pool_available(pool), GIB(1) - MIB(4) - EXTMEM_GRANULE);
	KUNIT_EXPECT_GE(test, extmem_dirty_count(&pool->space), dirty + (8 + 12) / 2);
	KUNIT_EXPECT_EQ(test, extmem_claim_set_name(extmem_fake_find(2), "tmp"), 0);
	fake.cleared = 0;
	extmem_fake_claim(pool, SAMPLE_START, MIB(4));
	KUNIT_EXPECT_EQ(test, fake.cleared, MIB(4));
}

static void transient_undone(struct kunit *test)
{
	extmem_fake_sample();
	KUNIT_EXPECT_EQ(test, extmem_claim_set_persist(extmem_fake_find(1), false), 0);
	KUNIT_EXPECT_EQ(test, extmem_claim_set_persist(extmem_fake_find(1), true), 0);
	extmem_map_freeze(&fake.map);
	KUNIT_EXPECT_EQ(test, extmem_claim_set_persist(extmem_fake_find(1), false),
			-ESHUTDOWN);
	extmem_fake_kexec(test);
	EXTMEM_EXPECT_SOUND(test, extmem_fake_boot(test));
	KUNIT_EXPECT_NOT_NULL(test, extmem_fake_find(1));
}

/* What can't be believed is not freed, whatever its flags say */
static void transient_unsound(struct kunit *test)
{
	struct extmem_claim_ser *ser;
	unsigned int kernel;

	extmem_fake_sample();
	KUNIT_EXPECT_EQ(test, extmem_claim_set_persist(extmem_fake_find(1), false), 0);
	extmem_fake_kexec(test);
	ser = extmem_fake_rec(SAMPLE_A);
	ser->size += EXTMEM_GRANULE;
	extmem_crc_set(ser, EXTMEM_RECORD);
	for (kernel = 2; kernel < 4; kernel++) {
		EXTMEM_EXPECT_SOUND(test, extmem_fake_boot(test));
		EXTMEM_EXPECT_SOUND(test, extmem_check_map());
		KUNIT_EXPECT_EQ(test, extmem_quarantined(), 4);
		KUNIT_EXPECT_TRUE(test, extmem_reason_seen(0, EXTMEM_REASON_EXTENTS));
		extmem_fake_kexec(test);
	}
}

static struct kunit_case owner_cases[] = {
	KUNIT_CASE(owner_create),
	KUNIT_CASE(owner_set),
	KUNIT_CASE(owner_adopt_bad),
	KUNIT_CASE(transient_freed),
	KUNIT_CASE(transient_undone),
	KUNIT_CASE(transient_unsound),
	{}
};

static struct kunit_suite owner_suite = {
	.name = "extmem_owner",
	.init = extmem_fake_init,
	.exit = extmem_fake_exit,
	.test_cases = owner_cases,
};

kunit_test_suite(owner_suite);
