// SPDX-License-Identifier: GPL-2.0
/* Pages of granules, and what is read back of them from their heads. */
#include <kunit/test.h>

#include <linux/vmalloc.h>

#include "tables.h"

/* Ordinary memory stands in for a granule */
static struct iop_granule *new_granule(struct kunit *test, struct iop_pool *pool)
{
	struct iop_granule *granule = kunit_kzalloc(test, sizeof(*granule), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, granule);
	granule->pool = pool;
	granule->desc = kunit_kcalloc(test, EXTMEM_IOMMU_PAGES, sizeof(*granule->desc),
				      GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, granule->desc);
	return granule;
}

static void test_init(struct kunit *test, struct iop_pool *pool,
		      struct iop_granule **granule)
{
	INIT_LIST_HEAD(&pool->granules);
	*granule = new_granule(test, pool);
	(*granule)->head = vzalloc(EXTMEM_GRANULE);
	KUNIT_ASSERT_NOT_NULL(test, (*granule)->head);
	(*granule)->head->tag[0] = EXTMEM_IOMMU_TAG_HEAD;
	iop_pages_init(*granule);
}

static struct ioptdesc *desc_of(struct iop_granule *granule, void *page)
{
	return &granule->desc[(page - (void *)granule->head) >> PAGE_SHIFT];
}

static void test_all(struct kunit *test)
{
	struct iop_granule *granule;
	struct iop_pool pool = {};
	unsigned int i, nr = 0;
	char *page;

	test_init(test, &pool, &granule);
	while ((page = iop_pages_alloc(&pool, 20, 0, GFP_ATOMIC))) {
		KUNIT_ASSERT_PTR_NE(test, (void *)page, (void *)granule->head);
		KUNIT_ASSERT_NULL(test, memchr_inv(page, 0, PAGE_SIZE));
		memset(page, 0xaa, PAGE_SIZE);
		nr++;
	}
	KUNIT_EXPECT_EQ(test, nr, EXTMEM_IOMMU_PAGES - 1);
	for (i = 1; i < EXTMEM_IOMMU_PAGES; i++)
		KUNIT_EXPECT_EQ(test, granule->head->tag[i], 20);
	KUNIT_EXPECT_FALSE(test, iop_pages_close(granule));
	iommu_persist_free(&granule->desc[77]);
	KUNIT_EXPECT_EQ(test, granule->head->tag[77], EXTMEM_IOMMU_TAG_FREE);
	page = iop_pages_alloc(&pool, 21, 0, GFP_ATOMIC);
	KUNIT_EXPECT_PTR_EQ(test, desc_of(granule, page), &granule->desc[77]);
	KUNIT_EXPECT_NULL(test, memchr_inv(page, 0, PAGE_SIZE));
	vfree(granule->head);
}

static void test_orders(struct kunit *test)
{
	struct iop_granule *granule;
	struct iop_pool pool = {};
	unsigned int order;
	void *page;

	test_init(test, &pool, &granule);
	for (order = 0; order < 9; order++) {
		page = iop_pages_alloc(&pool, 30 + order, order, GFP_ATOMIC);
		KUNIT_ASSERT_NOT_NULL(test, page);
		KUNIT_EXPECT_EQ(test, (page - (void *)granule->head) &
				((PAGE_SIZE << order) - 1), 0);
		KUNIT_EXPECT_EQ(test, iommu_persist_desc_size(desc_of(granule, page)),
				PAGE_SIZE << order);
		KUNIT_EXPECT_PTR_EQ(test, iommu_persist_desc_virt(desc_of(granule, page)),
				    page);
	}
	/* The head is in the way of the biggest */
	KUNIT_EXPECT_NULL(test, iop_pages_alloc(&pool, 40, 9, GFP_ATOMIC));
	KUNIT_EXPECT_EQ(test, granule->nr_used, EXTMEM_IOMMU_PAGES);
	vfree(granule->head);
}

/* The next kernel knows from the head alone what there is */
static void test_read_back(struct kunit *test)
{
	struct iop_granule *granule, *again;
	struct iop_pool pool = {}, next = {};
	void *page[6];
	unsigned int i;

	test_init(test, &pool, &granule);
	for (i = 0; i < 6; i++)
		page[i] = iop_pages_alloc(&pool, 50 + i, i, GFP_ATOMIC);
	iommu_persist_free(desc_of(granule, page[3]));
	iommu_persist_free(desc_of(granule, page[5]));

	INIT_LIST_HEAD(&next.granules);
	again = new_granule(test, &next);
	again->head = granule->head;
	iop_pages_init(again);
	KUNIT_EXPECT_EQ(test, again->nr_used, granule->nr_used);
	KUNIT_EXPECT_TRUE(test, bitmap_equal(again->used, granule->used,
					     EXTMEM_IOMMU_PAGES));
	for (i = 0; i < 5; i++)
		if (i != 3)
			KUNIT_EXPECT_EQ(test, iommu_persist_desc_size(desc_of(again, page[i])),
					PAGE_SIZE << i);
	for (i = 0; i < 5; i++)
		if (i != 3)
			iommu_persist_free(desc_of(again, page[i]));
	KUNIT_EXPECT_NULL(test, memchr_inv(again->head->cont, 0, sizeof(again->head->cont)));
	KUNIT_EXPECT_TRUE(test, iop_pages_close(again));
	vfree(granule->head);
}

/* Nobody gets a bad page, and none keeps a granule from being given back */
static void test_spoilt(struct kunit *test)
{
	struct iop_granule *granule;
	struct iop_pool pool = {};
	unsigned int i, nr = 0;
	char *page, *bad;

	test_init(test, &pool, &granule);
	KUNIT_EXPECT_TRUE(test, iop_pages_spoil(granule, 7 * PAGE_SIZE));
	KUNIT_EXPECT_TRUE(test, iop_pages_spoil(granule, 7 * PAGE_SIZE));
	KUNIT_EXPECT_FALSE(test, iop_pages_spoil(granule, 0));
	bad = iop_pages_alloc(&pool, 20, 0, GFP_ATOMIC);
	KUNIT_ASSERT_NOT_NULL(test, bad);
	KUNIT_EXPECT_FALSE(test, iop_pages_spoil(granule, bad - (char *)granule->head));
	while ((page = iop_pages_alloc(&pool, 21, 0, GFP_ATOMIC))) {
		KUNIT_ASSERT_PTR_NE(test, page, (char *)granule->head + 7 * PAGE_SIZE);
		nr++;
	}
	KUNIT_EXPECT_EQ(test, nr, EXTMEM_IOMMU_PAGES - 3);
	iommu_persist_free(desc_of(granule, bad));
	KUNIT_EXPECT_NULL(test, iop_pages_alloc(&pool, 22, 0, GFP_ATOMIC));
	KUNIT_EXPECT_FALSE(test, iop_pages_close(granule));
	for (i = 1; i < EXTMEM_IOMMU_PAGES; i++)
		if (granule->head->tag[i] == 21)
			iommu_persist_free(&granule->desc[i]);
	KUNIT_EXPECT_TRUE(test, iop_pages_close(granule));
	vfree(granule->head);
}

static struct kunit_case tables_cases[] = {
	KUNIT_CASE(test_all),
	KUNIT_CASE(test_orders),
	KUNIT_CASE(test_read_back),
	KUNIT_CASE(test_spoilt),
	{}
};

static struct kunit_suite tables_suite = {
	.name = "extmem_iommu_tables",
	.test_cases = tables_cases,
};

kunit_test_suite(tables_suite);

MODULE_LICENSE("GPL");
