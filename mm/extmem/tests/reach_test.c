// SPDX-License-Identifier: GPL-2.0
/*
 * A memory error in extended memory: there is no direct map to take the page
 * off, and the machine check code must not try.
 */
#include <kunit/static_stub.h>

#include <linux/pgtable.h>
#include <linux/set_memory.h>

#include "fake.h"

static u64 asked_for;

static bool say_unmapped(u64 pa)
{
	asked_for = pa;
	return true;
}

static bool in_direct_map(void *page)
{
	unsigned int level;
	pte_t *pte = lookup_address((unsigned long)page, &level);

	return pte && pte_present(*pte);
}

static void mce_unmapped(struct kunit *test)
{
	void *page = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);
	int err;

	KUNIT_ASSERT_NOT_NULL(test, page);
	kunit_activate_static_stub(test, extmem_unmapped, say_unmapped);
	err = set_mce_nospec(PHYS_PFN(virt_to_phys(page)));
	kunit_deactivate_static_stub(test, extmem_unmapped);

	KUNIT_EXPECT_EQ(test, err, 0);
	KUNIT_EXPECT_EQ(test, asked_for, virt_to_phys(page));
	KUNIT_EXPECT_TRUE(test, in_direct_map(page));
	if (!in_direct_map(page))
		clear_mce_nospec(PHYS_PFN(virt_to_phys(page)));
}

static void mce_mapped(struct kunit *test)
{
	void *page = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);
	unsigned long pfn;

	KUNIT_ASSERT_NOT_NULL(test, page);
	pfn = PHYS_PFN(virt_to_phys(page));
	KUNIT_EXPECT_FALSE(test, extmem_unmapped(virt_to_phys(page)));
	KUNIT_EXPECT_EQ(test, set_mce_nospec(pfn), 0);
	KUNIT_EXPECT_FALSE(test, in_direct_map(page));
	KUNIT_EXPECT_EQ(test, clear_mce_nospec(pfn), 0);
	KUNIT_EXPECT_TRUE(test, in_direct_map(page));
}

static struct kunit_case reach_cases[] = {
	KUNIT_CASE(mce_unmapped),
	KUNIT_CASE(mce_mapped),
	{}
};

static struct kunit_suite reach_suite = {
	.name = "extmem_reach",
	.test_cases = reach_cases,
};

kunit_test_suite(reach_suite);
