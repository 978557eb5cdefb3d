// SPDX-License-Identifier: GPL-2.0
/*
 * Pages that the kernel maps: they hold the claim, until the last of them is gone.
 */
#include <linux/delay.h>
#include <linux/gfp.h>
#include <linux/preempt.h>

#include "fake.h"

/* Pools of the tests have no memory: here is a page of the kernel's. */
static struct page *page_map_page(struct kunit *test)
{
	struct page *page = alloc_page(GFP_KERNEL | __GFP_ZERO);

	KUNIT_ASSERT_NOT_NULL(test, page);
	return page;
}

static struct extmem_page_map *page_map_of(struct kunit *test,
					   struct extmem_claim *claim,
					   struct page *page)
{
	struct extmem_page_map *map;

	KUNIT_ASSERT_TRUE(test, extmem_claim_get(claim));
	map = extmem_page_map(claim, page_to_pfn(page));
	KUNIT_ASSERT_NOT_NULL(test, map);
	return map;
}

static void page_map_holds(struct kunit *test)
{
	struct extmem_pool *pool = extmem_fake_pool(0, GIB(4), GIB(1), false);
	struct extmem_claim *claim = extmem_fake_claim(pool, EXTMEM_ANYWHERE, MIB(2));
	struct page *page = page_map_page(test);
	struct extmem_page_map *first = page_map_of(test, claim, page);
	struct extmem_page_map *second = page_map_of(test, claim, page);
	u8 *byte = extmem_page_addr(first);

	KUNIT_EXPECT_PTR_NE(test, byte, page_address(page));
	byte[5] = 42;
	KUNIT_EXPECT_EQ(test, ((u8 *)page_address(page))[5], 42);
	KUNIT_EXPECT_EQ(test, ((u8 *)extmem_page_addr(second))[5], 42);
	KUNIT_EXPECT_NULL(test, extmem_page_addr(NULL));

	KUNIT_EXPECT_EQ(test, extmem_claim_destroy(claim), -EBUSY);
	extmem_page_unmap(first);
	KUNIT_EXPECT_EQ(test, extmem_claim_destroy(claim), -EBUSY);
	extmem_page_unmap(second);
	KUNIT_EXPECT_EQ(test, extmem_claim_destroy(claim), 0);
	__free_page(page);
}

/* It is unmapped later, and the claim held until then. */
static void page_map_atomic(struct kunit *test)
{
	struct extmem_pool *pool = extmem_fake_pool(0, GIB(4), GIB(1), false);
	struct extmem_claim *claim = extmem_fake_claim(pool, EXTMEM_ANYWHERE, MIB(2));
	struct page *page = page_map_page(test);
	struct extmem_page_map *map[3];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(map); i++)
		map[i] = page_map_of(test, claim, page);
	preempt_disable();
	for (i = 0; i < ARRAY_SIZE(map); i++)
		extmem_page_unmap(map[i]);
	preempt_enable();

	for (i = 0; i < 50 && extmem_claim_busy(claim); i++)
		msleep(20);
	KUNIT_EXPECT_EQ(test, extmem_claim_destroy(claim), 0);
	__free_page(page);
}

static struct kunit_case page_map_cases[] = {
	KUNIT_CASE(page_map_holds),
	KUNIT_CASE(page_map_atomic),
	{}
};

static struct kunit_suite page_map_suite = {
	.name = "extmem_page_map",
	.init = extmem_fake_init,
	.exit = extmem_fake_exit,
	.test_cases = page_map_cases,
};

kunit_test_suite(page_map_suite);
