// SPDX-License-Identifier: GPL-2.0
/*
 * Making and giving up claims in pools of 64 GiB to 64 TiB that are empty, half
 * full, or fragmented. Memory is clean when it is claimed: what was freed is
 * scrubbed in between, outside of what is measured, as a host does.
 */
#include <linux/ktime.h>

#include "bench.h"

#define BATCH	8
#define ROUNDS	50

static struct rnd_state rnd;

static void fill_none(struct extmem_space *space)
{
}

static void fill_half(struct extmem_space *space)
{
	memset(space->alloc, 0xff, space->nbits / BITS_PER_BYTE / 2);
}

/* Of every gig but each eighth one half the granules are taken, at random */
static void fill_holes(struct extmem_space *space)
{
	unsigned long words = GIG / BITS_PER_LONG, i;

	for (i = 0; i < space->nbits / BITS_PER_LONG; i++)
		if (i / words % 8 != 7)
			space->alloc[i] = prandom_u32_state(&rnd) |
					  (u64)prandom_u32_state(&rnd) << 32;
}

static const struct {
	const char *name;
	void (*fill)(struct extmem_space *space);
} states[] = {
	{ "empty", fill_none },
	{ "half", fill_half },
	{ "fragmented", fill_holes },
};

static const struct {
	const char *name;
	u64 size;
} pools[] = {
	{ "64G", GIB(64) }, { "1T", TIB(1) }, { "16T", TIB(16) }, { "64T", TIB(64) },
};

/* Several claims at a time: not the same granules over and over */
static void batch(struct kunit *test, struct extmem_pool *pool, u64 size,
		  struct bench_cost *cost)
{
	struct extmem_claim_attr attr = { .kind = EXTMEM_KIND_TEST, .align = size };
	struct extmem_claim *claim[BATCH];
	u64 from = ktime_get_ns(), claimed;
	unsigned int i;

	for (i = 0; i < BATCH; i++)
		claim[i] = extmem_claim_create(pool, &attr, EXTMEM_ANYWHERE, size);
	claimed = ktime_get_ns();
	for (i = 0; i < BATCH; i++) {
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, claim[i]);
		KUNIT_ASSERT_EQ(test, extmem_claim_destroy(claim[i]), 0);
	}
	cost->claim_ns += claimed - from;
	cost->free_ns += ktime_get_ns() - claimed;
	cost->nr += BATCH;
}

static void scrub(struct kunit *test, struct extmem_pool *pool)
{
	u64 bytes;

	while (pool->scrub.wanted)
		KUNIT_ASSERT_EQ(test, extmem_scrub_step(pool, &bytes), 0);
}

static void measure(struct kunit *test, struct extmem_pool *pool, const char *name,
		    const char *state, u64 size)
{
	struct bench_cost cost = {};
	char who[16];
	unsigned int i;

	batch(test, pool, size, &cost);
	cost = (struct bench_cost) {};
	for (i = 0; i < ROUNDS; i++) {
		scrub(test, pool);
		batch(test, pool, size, &cost);
	}
	snprintf(who, sizeof(who), "extmem-%s", name);
	bench_say_cost(who, state, size == SZ_1G ? "1G" : "2M", &cost);
}

static void alloc_cost(struct kunit *test)
{
	unsigned int p, s;

	prandom_seed_state(&rnd, 1);
	for (p = 0; p < ARRAY_SIZE(pools); p++) {
		for (s = 0; s < ARRAY_SIZE(states); s++) {
			struct extmem_pool *pool = bench_pool(test, pools[p].size);

			states[s].fill(&pool->space);
			extmem_space_exit(&pool->space);
			KUNIT_ASSERT_EQ(test, extmem_space_init(&pool->space), 0);
			measure(test, pool, pools[p].name, states[s].name, EXTMEM_GRANULE);
			measure(test, pool, pools[p].name, states[s].name, SZ_1G);
			bench_end();
		}
	}
}

static struct kunit_case alloc_cases[] = {
	KUNIT_CASE_SLOW(alloc_cost),
	{}
};

static struct kunit_suite alloc_suite = {
	.name = "extmem_bench_alloc",
	.test_cases = alloc_cases,
};

kunit_test_suite(alloc_suite);
