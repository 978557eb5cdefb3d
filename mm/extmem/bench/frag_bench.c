// SPDX-License-Identifier: GPL-2.0
/*
 * What is left of free memory after 100,000 claims came and went at random, next
 * to what first fit leaves on the same trace: the same requests, in the same
 * order, given back in the same order. A request that first fit finds no single
 * run for fails, as it does in CMA, and takes nothing; extmem may meet it in
 * pieces.
 */
#include <linux/bitmap.h>
#include <linux/slab.h>

#include "bench.h"

#define CYCLES	100000
#define LIVE	16384
#define FULL(n)	((n) / 4 * 3)

/* A claim of the trace, in both allocators */
struct live {
	unsigned long nr;
	unsigned long align;
	struct extmem_runs runs;
	unsigned long first;
};

struct tally {
	unsigned long asked;
	unsigned long failed;
	unsigned long pieces;
	/* the longest free run, and all whole gigs, in millionths of what is free */
	u64 largest, largest_sum;
	u64 whole, whole_sum;
};

struct frag {
	struct extmem_pool *pool;
	struct first_fit ff;
	struct live *live;
	unsigned int nr_live;
	unsigned long used;
	struct tally ours, theirs;
	unsigned int samples;
	struct rnd_state rnd;
	unsigned long (*size)(struct rnd_state *rnd);
};

/* Guests: half below a gigabyte, a third whole gigabytes, the rest in between */
static unsigned long mixed_size(struct rnd_state *rnd)
{
	u32 kind = prandom_u32_state(rnd) % 6, r = prandom_u32_state(rnd);

	if (kind < 3)
		return 1 + r % (GIG - 1);
	return kind < 5 ? GIG * (1 + r % 16) : GIG / 2 + r % (4 * GIG);
}

static unsigned long small_size(struct rnd_state *rnd)
{
	return 1 + prandom_u32_state(rnd) % 64;
}

static void create(struct kunit *test, struct frag *f)
{
	struct live *live = &f->live[f->nr_live++];

	KUNIT_ASSERT_LE(test, f->nr_live, LIVE);
	live->nr = f->size(&f->rnd);
	live->align = live->nr % GIG ? 1 : GIG;
	f->used += live->nr;

	f->ours.asked++;
	if (extmem_space_alloc(&f->pool->space, live->nr, live->align, &live->runs))
		f->ours.failed++;
	f->ours.pieces += live->runs.nr;

	live->first = first_fit_alloc(&f->ff, live->nr, live->align);
	f->theirs.asked++;
	if (live->first == f->ff.nbits)
		f->theirs.failed++;
	else
		f->theirs.pieces++;
}

static void destroy(struct frag *f)
{
	struct live *live = &f->live[prandom_u32_state(&f->rnd) % f->nr_live];
	unsigned int i;

	for (i = 0; i < live->runs.nr; i++)
		extmem_space_mark(&f->pool->space, live->runs.run[i].first,
				  live->runs.run[i].nr, false);
	if (live->first != f->ff.nbits)
		first_fit_free(&f->ff, live->first, live->nr);
	f->used -= live->nr;
	extmem_runs_free(&live->runs);
	*live = f->live[--f->nr_live];
	f->live[f->nr_live].runs = (struct extmem_runs) {};
}

static unsigned long longest_free(const unsigned long *map, unsigned long nbits)
{
	unsigned long first = 0, end, best = 0;

	for (;;) {
		first = find_next_zero_bit(map, nbits, first);
		if (first >= nbits)
			return best;
		end = find_next_bit(map, nbits, first);
		best = max(best, end - first);
		first = end;
	}
}

/* What both have left, seen by the same eyes */
static void add_sample(struct tally *tally, unsigned long *map, unsigned long nbits)
{
	unsigned long free = nbits - bitmap_weight(map, nbits), gig, whole = 0;

	for (gig = 0; gig < nbits; gig += GIG)
		whole += find_next_bit(map, gig + GIG, gig) >= gig + GIG;
	tally->largest = div64_u64(longest_free(map, nbits) * 1000000ULL, free);
	tally->largest_sum += tally->largest;
	tally->whole = div64_u64(whole * GIG * 1000000ULL, free);
	tally->whole_sum += tally->whole;
}

static void sample(struct frag *f)
{
	add_sample(&f->ours, f->pool->space.alloc, f->ff.nbits);
	add_sample(&f->theirs, f->ff.map, f->ff.nbits);
	f->samples++;
}

static void say(const char *who, const char *trace, const struct tally *tally,
		unsigned int samples)
{
	bench_say("%s.%s asked %lu", who, trace, tally->asked);
	bench_say("%s.%s failed %lu", who, trace, tally->failed);
	bench_say("%s.%s pieces %lu", who, trace, tally->pieces);
	bench_say("%s.%s largest_ppm %llu", who, trace, tally->largest);
	bench_say("%s.%s largest_mean_ppm %llu", who, trace,
		  div_u64(tally->largest_sum, samples));
	bench_say("%s.%s whole_ppm %llu", who, trace, tally->whole);
	bench_say("%s.%s whole_mean_ppm %llu", who, trace,
		  div_u64(tally->whole_sum, samples));
}

static void run(struct kunit *test, const char *trace, u64 size,
		unsigned long (*size_of)(struct rnd_state *rnd))
{
	struct frag f = { .size = size_of };
	unsigned int i;

	f.pool = bench_pool(test, size);
	f.ff.nbits = f.pool->space.nbits;
	f.ff.nr_free = f.ff.nbits;
	f.ff.map = kvcalloc(BITS_TO_LONGS(f.ff.nbits), sizeof(long), GFP_KERNEL);
	f.live = kvcalloc(LIVE, sizeof(*f.live), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, f.ff.map);
	KUNIT_ASSERT_NOT_NULL(test, f.live);
	prandom_seed_state(&f.rnd, 1);

	while (f.used < FULL(f.ff.nbits))
		create(test, &f);
	for (i = 0; i < CYCLES; i++) {
		while (f.used >= FULL(f.ff.nbits))
			destroy(&f);
		create(test, &f);
		if ((i + 1) % (CYCLES / 100) == 0)
			sample(&f);
	}
	say("extmem", trace, &f.ours, f.samples);
	say("first-fit", trace, &f.theirs, f.samples);
	while (f.nr_live)
		destroy(&f);
	KUNIT_EXPECT_EQ(test, f.pool->space.nr_free, f.ff.nbits);
	KUNIT_EXPECT_EQ(test, f.ff.nr_free, f.ff.nbits);
	kvfree(f.live);
	kvfree(f.ff.map);
	bench_end();
}

static void frag_mixed(struct kunit *test)
{
	run(test, "mixed", TIB(1), mixed_size);
}

static void frag_small(struct kunit *test)
{
	run(test, "small", GIB(64), small_size);
}

static struct kunit_case frag_cases[] = {
	KUNIT_CASE_SLOW(frag_mixed),
	KUNIT_CASE_SLOW(frag_small),
	{}
};

static struct kunit_suite frag_suite = {
	.name = "extmem_bench_frag",
	.test_cases = frag_cases,
};

kunit_test_suite(frag_suite);
