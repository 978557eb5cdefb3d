// SPDX-License-Identifier: GPL-2.0
/* Records of domains: released once, by the last who needs them, whoever that is. */
#include <kunit/test.h>

#include <linux/completion.h>
#include <linux/kthread.h>

#include "tables.h"
#include "tag.h"

/* A number that nobody has come to on a machine that runs tests */
#define TEST_TAG	0xfff0

/* A unit that counts what comes back to it */
struct test_unit {
	atomic_t nr_freed;
	u32 id;
};

static void test_free_id(void *unit, u32 id)
{
	struct test_unit *u = unit;

	u->id = id;
	atomic_inc(&u->nr_freed);
}

static struct iop_tag *test_join(struct kunit *test)
{
	struct iop_tag *tag = iop_tag_join(TEST_TAG);

	KUNIT_ASSERT_FALSE(test, IS_ERR(tag));
	return tag;
}

static void test_last_of_two(struct kunit *test)
{
	struct iop_tag *one = test_join(test), *two = test_join(test);
	struct test_unit unit = {};

	KUNIT_ASSERT_PTR_EQ(test, one, two);
	KUNIT_EXPECT_EQ(test, iop_tag_add_id(one, &unit, 7, test_free_id), 0);
	KUNIT_EXPECT_EQ(test, iop_tag_add_id(two, &unit, 7, test_free_id), -EBUSY);
	KUNIT_EXPECT_TRUE(test, iop_tag_has_id(two, &unit, 7));
	KUNIT_EXPECT_FALSE(test, iop_tag_has_id(two, &unit, 8));
	iop_tag_leave(one);
	KUNIT_EXPECT_TRUE(test, iop_tag_exists(TEST_TAG));
	KUNIT_EXPECT_EQ(test, atomic_read(&unit.nr_freed), 0);
	iop_tag_leave(two);
	KUNIT_EXPECT_FALSE(test, iop_tag_exists(TEST_TAG));
	KUNIT_EXPECT_EQ(test, atomic_read(&unit.nr_freed), 1);
	KUNIT_EXPECT_EQ(test, unit.id, 7);
}

/* A claim that is not there is told of, and nothing is left behind */
static void test_no_claim(struct kunit *test)
{
	struct iop_tag *tag = test_join(test);
	const u64 none = ~0ULL;

	KUNIT_EXPECT_EQ(test, iop_tag_hold(tag, none), -ENOENT);
	KUNIT_EXPECT_EQ(test, iop_tag_preserve(tag, &none, 1), -ENOENT);
	KUNIT_EXPECT_EQ(test, tag->nr_claims, 0);
	KUNIT_EXPECT_EQ(test, tag->preserved, 0);
	KUNIT_EXPECT_EQ(test, tag->refs, 1);
	iop_tag_leave(tag);
	KUNIT_EXPECT_FALSE(test, iop_tag_exists(TEST_TAG));
}

static void test_preserved(struct kunit *test)
{
	struct iop_tag *tag = test_join(test);

	KUNIT_EXPECT_EQ(test, iop_tag_preserve(tag, NULL, 0), 0);
	KUNIT_EXPECT_EQ(test, iop_tag_preserve(tag, NULL, 0), 0);
	iop_tag_leave(tag);
	iop_tag_unpreserve(tag);
	KUNIT_EXPECT_TRUE(test, iop_tag_exists(TEST_TAG));
	tag->has_spilled = true;
	KUNIT_EXPECT_EQ(test, iop_tag_preserve(tag, NULL, 0), -ENOSPC);
	iop_tag_unpreserve(tag);
	KUNIT_EXPECT_FALSE(test, iop_tag_exists(TEST_TAG));
}

/* The heir frees what it has inherited; what others have is the record's */
static void test_inherited(struct kunit *test)
{
	struct iop_tag *tag = test_join(test);
	struct test_unit unit = {}, other = {};

	KUNIT_EXPECT_EQ(test, iop_tag_add_id(tag, &unit, 7, test_free_id), 0);
	KUNIT_EXPECT_EQ(test, iop_tag_add_id(tag, &other, 8, test_free_id), 0);
	iop_tag_get(tag);
	iop_tag_leave(tag);
	KUNIT_EXPECT_TRUE(test, iop_tag_exists(TEST_TAG));
	KUNIT_EXPECT_TRUE(test, tag->is_former);
	iop_tag_inherit(tag, &unit);
	KUNIT_EXPECT_FALSE(test, tag->is_former);
	iop_tag_put(tag);
	KUNIT_EXPECT_FALSE(test, iop_tag_exists(TEST_TAG));
	KUNIT_EXPECT_EQ(test, atomic_read(&unit.nr_freed), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&other.nr_freed), 1);
}

/* One that was not attached after all leaves all to the record */
static void test_not_inherited(struct kunit *test)
{
	struct iop_tag *tag = test_join(test);
	struct test_unit unit = {};

	KUNIT_EXPECT_EQ(test, iop_tag_add_id(tag, &unit, 7, test_free_id), 0);
	iop_tag_get(tag);
	iop_tag_put(tag);
	KUNIT_EXPECT_EQ(test, atomic_read(&unit.nr_freed), 0);
	iop_tag_leave(tag);
	KUNIT_EXPECT_EQ(test, atomic_read(&unit.nr_freed), 1);
}

struct test_leaver {
	struct iop_tag *tag;
	struct completion *go;
	struct completion done;
};

static int test_leave(void *data)
{
	struct test_leaver *leaver = data;

	wait_for_completion(leaver->go);
	iop_tag_leave(leaver->tag);
	complete(&leaver->done);
	return 0;
}

/* Two devices of one domain end at the same moment: the last is one of them */
static void test_at_once(struct kunit *test)
{
	struct test_unit unit = {};
	unsigned int round, i;

	for (round = 0; round < 1000; round++) {
		DECLARE_COMPLETION_ONSTACK(go);
		struct test_leaver leavers[2];

		for (i = 0; i < 2; i++) {
			leavers[i].tag = test_join(test);
			leavers[i].go = &go;
			init_completion(&leavers[i].done);
		}
		KUNIT_ASSERT_EQ(test, iop_tag_add_id(leavers[0].tag, &unit, round,
						     test_free_id), 0);
		for (i = 0; i < 2; i++)
			KUNIT_ASSERT_FALSE(test, IS_ERR(kthread_run(test_leave, &leavers[i],
								    "tag-leave")));
		complete_all(&go);
		for (i = 0; i < 2; i++)
			wait_for_completion(&leavers[i].done);
		KUNIT_ASSERT_FALSE(test, iop_tag_exists(TEST_TAG));
		KUNIT_ASSERT_EQ(test, atomic_read(&unit.nr_freed), round + 1);
		KUNIT_ASSERT_EQ(test, unit.id, round);
	}
}

static struct kunit_case tag_cases[] = {
	KUNIT_CASE(test_last_of_two),
	KUNIT_CASE(test_no_claim),
	KUNIT_CASE(test_preserved),
	KUNIT_CASE(test_inherited),
	KUNIT_CASE(test_not_inherited),
	KUNIT_CASE(test_at_once),
	{}
};

static struct kunit_suite tag_suite = {
	.name = "extmem_iommu_tag",
	.test_cases = tag_cases,
};

kunit_test_suite(tag_suite);
