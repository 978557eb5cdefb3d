/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _MM_EXTMEM_BENCH_BENCH_H
#define _MM_EXTMEM_BENCH_BENCH_H

#include <kunit/test.h>
#include <linux/prandom.h>

#include "../api.h"

/*
 * What the allocator costs, and what it leaves behind, measured on pools that
 * have bitmaps and no memory. Results are lines "extmem-bench: NAME FACT VALUE"
 * in the kernel's log. They mean something where a guest's time counts
 * instructions: see tools/testing/selftests/extmem/bench.
 */
#define GIG		EXTMEM_GIG_BITS
#define TIB(x)		((u64)(x) << 40)
#define GIB(x)		((u64)(x) << 30)
#define MIB(x)		((u64)(x) << 20)

#define bench_say(fmt, ...) pr_info("extmem-bench: " fmt "\n", ##__VA_ARGS__)

extern struct extmem_map bench_map;

struct extmem_pool *bench_pool(struct kunit *test, u64 size);
void bench_end(void);

/**
 * struct bench_cost - what a number of operations took.
 * @claim_ns: getting memory
 * @free_ns: giving it back
 * @nr: how often each was done
 */
struct bench_cost {
	u64 claim_ns;
	u64 free_ns;
	unsigned int nr;
};

void bench_say_cost(const char *who, const char *state, const char *size,
		    const struct bench_cost *cost);

/* first_fit.c: the peer of the fragmentation benchmark */
struct first_fit {
	unsigned long *map;
	unsigned long nbits;
	unsigned long nr_free;
};

unsigned long first_fit_alloc(struct first_fit *ff, unsigned long nr,
			      unsigned long align);
void first_fit_free(struct first_fit *ff, unsigned long first, unsigned long nr);

#endif /* _MM_EXTMEM_BENCH_BENCH_H */
