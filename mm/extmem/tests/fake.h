/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _MM_EXTMEM_TESTS_FAKE_H
#define _MM_EXTMEM_TESTS_FAKE_H

#include <kunit/test.h>

#include <linux/io.h>
#include <linux/mm.h>

#include "../api.h"

/*
 * A machine for the tests: pools at addresses without memory behind them, and
 * map pages that are tracked, so that a test can throw a kernel away and start
 * the next one on what it left.
 */

/**
 * struct extmem_fake - the machine.
 * @test: whose it is
 * @map: the running kernel's map
 * @pages: every page of any map, see fake.c
 * @allocs: map pages that can still be had; negative: any number
 * @clear_err: what clearing answers once @clears_ok calls went well
 * @clears_ok: see @clear_err
 * @in_clear: called by every clearing, for what happens meanwhile
 * @after_clear: called when one went well
 * @nr_clears: calls to clear
 * @nr_logged: lines that would have gone to the kernel log
 * @cleared: bytes cleared
 * @last_clear: where the last clearing began
 * @disowned: memory that was never reserved for a pool
 * @root: physical address of the root that the former kernel left
 * @hit_id: the claim that had the page of the last memory error
 * @ending: a kernel is being thrown away
 * @misuse: what the code under test did to pages that it must not, or NULL
 */
struct extmem_fake {
	struct kunit *test;
	struct extmem_map map;
	struct list_head pages;
	int allocs;
	int clear_err;
	unsigned int clears_ok;
	void (*in_clear)(void);
	void (*after_clear)(void);
	unsigned int nr_clears;
	unsigned int nr_logged;
	u64 cleared;
	phys_addr_t last_clear;
	struct range disowned;
	phys_addr_t root;
	u64 hit_id;
	bool ending;
	const char *misuse;
};

extern struct extmem_fake fake;
extern const struct extmem_map_ops extmem_fake_ops;

int extmem_fake_init(struct kunit *test);
void extmem_fake_exit(struct kunit *test);
void extmem_fake_kexec(struct kunit *test);
void extmem_fake_rewind(void);
const char *extmem_fake_boot(struct kunit *test);
const char *extmem_fake_boot_size(struct kunit *test, size_t size);
void extmem_fake_unboot(void);
void extmem_fake_forget(phys_addr_t pa);
void *extmem_fake_page(unsigned int i, size_t *bytes);

static inline void *extmem_fake_at(phys_addr_t pa)
{
	return phys_to_virt(pa);
}

static inline struct extmem_map_ser *extmem_fake_root(void)
{
	return extmem_fake_at(fake.root);
}

struct extmem_pool *extmem_fake_pool(int nid, u64 start, u64 size, bool dirty);
struct extmem_claim *extmem_fake_claim(struct extmem_pool *pool, u64 start, u64 size);
struct extmem_claim *extmem_fake_holes(struct extmem_pool *pool, unsigned int nr);
struct extmem_claim *extmem_fake_long(struct extmem_pool *pool, u64 start,
				      unsigned int nr);
struct extmem_claim *extmem_fake_find(u64 id);
int extmem_fake_hit(u64 pa);
int extmem_fake_retire(u64 pa);

#define SAMPLE_START	(4ULL << 30)
#define SAMPLE_OTHER	(8ULL << 30)
#define SAMPLE_BAD	(SAMPLE_START + (6ULL << 20) + (5ULL << 12))

/**
 * enum extmem_sample - records of claims in the sample map.
 * @SAMPLE_A: claim 1: 8 MiB, on node 0 as all but the fourth
 * @SAMPLE_B: claim 2: 4 MiB
 * @SAMPLE_LONG: claim 3: 6 extents of 2 MiB
 * @SAMPLE_MORE: its continuation
 * @SAMPLE_OTHER_NODE: claim 4: 8 MiB on node 1
 * @SAMPLE_POISON: a bad page of claim 1, SAMPLE_BAD
 * @SAMPLE_FREE: the first free record
 */
enum extmem_sample {
	SAMPLE_A,
	SAMPLE_B,
	SAMPLE_LONG,
	SAMPLE_MORE,
	SAMPLE_OTHER_NODE,
	SAMPLE_POISON,
	SAMPLE_FREE,
};

void extmem_fake_sample(void);
void *extmem_fake_rec(unsigned int i);
struct extmem_pool_ser *extmem_fake_pool_rec(unsigned int i);

/**
 * struct extmem_was - a claim as it was before a kexec.
 * @id: its id
 * @rec: its first record
 * @extent: its extents
 * @nr: how many
 */
struct extmem_was {
	u64 id;
	struct extmem_claim_ser rec;
	struct range *extent;
	unsigned int nr;
};

/* check.c: each answers with what is wrong, or NULL */
struct extmem_was *extmem_remember(struct kunit *test, unsigned int *nr);
const char *extmem_check_map(void);
const char *extmem_check_kept(const struct extmem_was *was, unsigned int nr);
const char *extmem_check_alive(const struct extmem_was *was);
const char *extmem_check_all_alive(const struct extmem_was *was, unsigned int nr);
const char *extmem_check_space(struct extmem_space *space);
u64 extmem_quarantined(void);
unsigned long extmem_whole_gigs(const struct extmem_space *space);
unsigned int extmem_nr_notes(void);
bool extmem_reason_seen(int nid, enum extmem_reason reason);
bool extmem_note_seen(int nid, const char *word);

#define EXTMEM_EXPECT_SOUND(test, check)				\
do {									\
	const char *__wrong = (check);					\
									\
	KUNIT_EXPECT_NULL_MSG(test, __wrong, "%s", __wrong);		\
} while (0)

#define EXTMEM_ASSERT_SOUND(test, check, fmt, ...)			\
do {									\
	const char *__wrong = (check);					\
									\
	KUNIT_ASSERT_NULL_MSG(test, __wrong, fmt ": %s", ##__VA_ARGS__,	\
			      __wrong);					\
} while (0)

#define MIB(x)	((u64)(x) << 20)
#define GIB(x)	((u64)(x) << 30)

#endif /* _MM_EXTMEM_TESTS_FAKE_H */
