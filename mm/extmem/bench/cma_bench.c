// SPDX-License-Identifier: GPL-2.0
/*
 * The peer: the same with the page allocator's contiguous areas, in the one that
 * hugetlb_cma= reserves. It keeps a bit for 2 MiB as extmem does. No page of it
 * is in use by anybody, so that nothing has to move: CMA at its best.
 */
#include <linux/cma.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "bench.h"

#define BATCH		4
#define GRANULE_PAGES	(EXTMEM_GRANULE >> PAGE_SHIFT)
#define GIG_PAGES	(SZ_1G >> PAGE_SHIFT)

static struct rnd_state rnd;

static int find_hugetlb(struct cma *cma, void *data)
{
	struct cma **found = data;

	if (!strncmp(cma_get_name(cma), "hugetlb", 7))
		*found = cma;
	return 0;
}

static struct page *get(struct cma *cma, unsigned long pages)
{
	return cma_alloc(cma, pages, ilog2(pages), true);
}

static void batch(struct kunit *test, struct cma *cma, unsigned long pages,
		  struct bench_cost *cost)
{
	struct page *page[BATCH];
	u64 from = ktime_get_ns(), got;
	unsigned int i;

	for (i = 0; i < BATCH; i++)
		page[i] = get(cma, pages);
	got = ktime_get_ns();
	for (i = 0; i < BATCH; i++) {
		KUNIT_ASSERT_NOT_NULL(test, page[i]);
		KUNIT_ASSERT_TRUE(test, cma_release(cma, page[i], pages));
	}
	cost->claim_ns += got - from;
	cost->free_ns += ktime_get_ns() - got;
	cost->nr += BATCH;
}

static void measure(struct kunit *test, struct cma *cma, const char *state,
		    unsigned long pages, unsigned int rounds)
{
	struct bench_cost cost = {};

	batch(test, cma, pages, &cost);
	cost = (struct bench_cost) {};
	while (rounds--)
		batch(test, cma, pages, &cost);
	bench_say_cost("cma", state, pages == GIG_PAGES ? "1G" : "2M", &cost);
}

static void measure_both(struct kunit *test, struct cma *cma, const char *state)
{
	measure(test, cma, state, GRANULE_PAGES, 50);
	measure(test, cma, state, GIG_PAGES, 3);
}

/* Take @nr pieces; or give back each, or each with odds of a half */
static void take(struct kunit *test, struct cma *cma, struct page **page,
		 unsigned int nr, unsigned long pages)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		page[i] = get(cma, pages);
		KUNIT_ASSERT_NOT_NULL(test, page[i]);
	}
}

static void give(struct cma *cma, struct page **page, unsigned int nr,
		 unsigned long pages, bool all)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		if (!page[i] || !(all || prandom_u32_state(&rnd) & 1))
			continue;
		cma_release(cma, page[i], pages);
		page[i] = NULL;
	}
}

static void cma_cost(struct kunit *test)
{
	struct cma *cma = NULL;
	unsigned int gigs, nr;
	struct page **page;

	cma_for_each_area(find_hugetlb, &cma);
	KUNIT_ASSERT_NOT_NULL_MSG(test, cma, "no area: boot with hugetlb_cma=16G");
	gigs = cma_get_size(cma) / SZ_1G;
	KUNIT_ASSERT_GE_MSG(test, gigs, 16, "an area too small: hugetlb_cma=16G");
	bench_say("cma size_gib %u", gigs);
	nr = (gigs - BATCH) * GIG;
	page = kvcalloc(nr, sizeof(*page), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, page);
	prandom_seed_state(&rnd, 1);

	measure_both(test, cma, "empty");

	take(test, cma, page, gigs / 2, GIG_PAGES);
	measure_both(test, cma, "half");
	give(cma, page, gigs / 2, GIG_PAGES, true);

	/* of every gig but the last ones half the 2 MiB pieces are taken */
	take(test, cma, page, nr, GRANULE_PAGES);
	give(cma, page, nr, GRANULE_PAGES, false);
	measure_both(test, cma, "fragmented");
	give(cma, page, nr, GRANULE_PAGES, true);
	kvfree(page);
}

static struct kunit_case cma_cases[] = {
	KUNIT_CASE_SLOW(cma_cost),
	{}
};

static struct kunit_suite cma_suite = {
	.name = "extmem_bench_cma",
	.test_cases = cma_cases,
};

kunit_test_suite(cma_suite);
