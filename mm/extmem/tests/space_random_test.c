// SPDX-License-Identifier: GPL-2.0
/*
 * The allocator against the simplest model there is: a byte for each granule.
 */
#include <linux/prandom.h>

#include "fake.h"

#define GIG	EXTMEM_GIG_BITS
#define GIGS	5UL
#define ROUNDS	12000
#define HELD	64

struct model {
	struct extmem_space space;
	u8 taken[GIGS * GIG];
	struct extmem_runs held[HELD];
	struct rnd_state rnd;
};

static unsigned long model_free(const struct model *m)
{
	unsigned long i, nr = 0;

	for (i = 0; i < GIGS * GIG; i++)
		nr += !m->taken[i];
	return nr;
}

/* The longest free run within a gig that is not free as a whole */
static unsigned int model_broken_room(const struct model *m)
{
	unsigned int best = 0, gig, run, gig_best, i;

	for (gig = 0; gig < GIGS; gig++) {
		for (run = 0, gig_best = 0, i = 0; i < GIG; i++) {
			run = m->taken[gig * GIG + i] ? 0 : run + 1;
			gig_best = max(gig_best, run);
		}
		if (gig_best < GIG)
			best = max(best, gig_best);
	}
	return best;
}

static unsigned int model_whole(const struct model *m)
{
	unsigned int gig, nr = 0;

	for (gig = 0; gig < GIGS; gig++)
		nr += !memchr_inv(m->taken + gig * GIG, 0, GIG);
	return nr;
}

static unsigned long model_largest(const struct model *m)
{
	unsigned long i, run = 0, best = 0;

	for (i = 0; i < GIGS * GIG; i++) {
		run = m->taken[i] ? 0 : run + 1;
		best = max(best, run);
	}
	return best;
}

static void model_take(struct kunit *test, struct model *m,
		       const struct extmem_runs *runs, unsigned long nr,
		       unsigned long align)
{
	unsigned long i, k, total = 0;

	for (i = 0; i < runs->nr; i++) {
		const struct extmem_run *run = &runs->run[i];

		KUNIT_ASSERT_LE(test, run->first + run->nr, GIGS * GIG);
		if (align == GIG)
			KUNIT_ASSERT_EQ(test, (run->first | run->nr) % GIG, 0);
		for (k = run->first; k < run->first + run->nr; k++) {
			KUNIT_ASSERT_EQ_MSG(test, m->taken[k], 0, "%lu taken twice", k);
			m->taken[k] = 1;
		}
		total += run->nr;
	}
	KUNIT_ASSERT_EQ(test, total, nr);
}

static unsigned long random_size(struct model *m, unsigned long align)
{
	u32 r = prandom_u32_state(&m->rnd);

	if (align == GIG)
		return GIG * (1 + r % 2);
	return r & 3 ? 1 + r / 4 % 40 : 1 + r / 4 % (GIG + GIG / 2);
}

static void step_take(struct kunit *test, struct model *m, struct extmem_runs *runs)
{
	unsigned long align = prandom_u32_state(&m->rnd) % 8 ? 1 : GIG;
	unsigned long nr = random_size(m, align);
	unsigned int whole = model_whole(m);
	bool fits = nr < GIG && nr <= model_broken_room(m);
	int err = extmem_space_alloc(&m->space, nr, align, runs);

	if (!err) {
		model_take(test, m, runs, nr, align);
		if (fits)
			KUNIT_ASSERT_EQ_MSG(test, model_whole(m), whole,
					    "%lu granules broke a whole gig", nr);
		return;
	}
	KUNIT_ASSERT_EQ(test, err, -ENOSPC);
	KUNIT_ASSERT_EQ(test, runs->nr, 0);
	KUNIT_ASSERT_GT(test, nr, align == GIG ? whole * GIG : model_free(m));
}

static void step_give(struct model *m, struct extmem_runs *runs)
{
	unsigned int i;

	for (i = 0; i < runs->nr; i++) {
		extmem_space_mark(&m->space, runs->run[i].first, runs->run[i].nr, false);
		memset(m->taken + runs->run[i].first, 0, runs->run[i].nr);
	}
	runs->nr = 0;
}

static void compare(struct kunit *test, struct model *m)
{
	unsigned long i;

	KUNIT_ASSERT_EQ(test, m->space.nr_free, model_free(m));
	KUNIT_ASSERT_EQ(test, extmem_space_largest(&m->space), model_largest(m));
	KUNIT_ASSERT_EQ(test, extmem_whole_gigs(&m->space), model_whole(m));
	for (i = 0; i < GIGS * GIG; i++)
		KUNIT_ASSERT_EQ(test, test_bit(i, m->space.alloc), m->taken[i]);
	EXTMEM_ASSERT_SOUND(test, extmem_check_space(&m->space), "compared");
}

static void space_random(struct kunit *test)
{
	struct model *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, m);
	prandom_seed_state(&m->rnd, 7);
	m->space.nbits = GIGS * GIG;
	m->space.alloc = kunit_kzalloc(test, GIGS * GIG / 8, GFP_KERNEL);
	m->space.dirty = kunit_kzalloc(test, GIGS * GIG / 16, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, m->space.alloc);
	KUNIT_ASSERT_NOT_NULL(test, m->space.dirty);
	KUNIT_ASSERT_EQ(test, extmem_space_init(&m->space), 0);

	for (i = 0; i < ROUNDS; i++) {
		struct extmem_runs *runs = &m->held[prandom_u32_state(&m->rnd) % HELD];

		if (runs->nr)
			step_give(m, runs);
		else
			step_take(test, m, runs);
		if (i % 50 == 0)
			compare(test, m);
	}
	for (i = 0; i < HELD; i++) {
		step_give(m, &m->held[i]);
		extmem_runs_free(&m->held[i]);
	}
	compare(test, m);
	KUNIT_EXPECT_EQ(test, extmem_whole_gigs(&m->space), GIGS);
	extmem_space_exit(&m->space);
}

static struct kunit_case space_random_cases[] = {
	KUNIT_CASE_SLOW(space_random),
	{}
};

static struct kunit_suite space_random_suite = {
	.name = "extmem_space_random",
	.test_cases = space_random_cases,
};

kunit_test_suite(space_random_suite);
