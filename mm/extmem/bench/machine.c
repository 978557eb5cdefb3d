// SPDX-License-Identifier: GPL-2.0
/*
 * A map of its own for the benchmarks, with pools that have no memory: clearing
 * it costs nothing and is not what is measured.
 */
#include <linux/gfp.h>

#include "bench.h"

struct extmem_map bench_map;

static void *pages_alloc(size_t bytes)
{
	return alloc_pages_exact(bytes, GFP_KERNEL | __GFP_ZERO);
}

static void pages_free(void *pages, size_t bytes)
{
	free_pages_exact(pages, bytes);
}

static int no_clear(struct extmem_pool *pool, const struct extmem_runs *runs,
		    struct extmem_window *win)
{
	return 0;
}

static const struct extmem_map_ops bench_ops = {
	.alloc = pages_alloc,
	.free = pages_free,
	.clear = no_clear,
};

/* The only pool of a new map */
struct extmem_pool *bench_pool(struct kunit *test, u64 size)
{
	struct range range = DEFINE_RANGE(TIB(1), TIB(1) + size - 1);

	bench_map = (struct extmem_map) {};
	KUNIT_ASSERT_EQ(test, extmem_map_init(&bench_map, &bench_ops), 0);
	KUNIT_ASSERT_EQ(test, extmem_pool_add(&bench_map, 0, &range, 1, false), 0);
	return extmem_pool_find(&bench_map, 0);
}

void bench_end(void)
{
	extmem_map_exit(&bench_map);
}

void bench_say_cost(const char *who, const char *state, const char *size,
		    const struct bench_cost *cost)
{
	bench_say("%s.%s.%s claim_ns %llu", who, state, size,
		  div_u64(cost->claim_ns, cost->nr));
	bench_say("%s.%s.%s free_ns %llu", who, state, size,
		  div_u64(cost->free_ns, cost->nr));
}
