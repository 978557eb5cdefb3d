// SPDX-License-Identifier: GPL-2.0
/*
 * Clearing free memory in the background: it clears all that is dirty and free,
 * nothing else, and gets in nobody's way. Memory isn't there, so what counts is
 * what the scrubber asks to be cleared, and when.
 */
#include <linux/bitmap.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>

#include "fake.h"

#define START	GIB(4)

/* Somebody else, who does what he does while the scrubber clears */
static struct other {
	struct completion done;
	struct extmem_claim *claim;
	bool while_clearing;
	bool clearing;
} other;

static struct extmem_pool *the_pool(void)
{
	return extmem_pool_find(&fake.map, 0);
}

static struct extmem_claim *claim_all(struct extmem_pool *pool)
{
	struct extmem_claim_attr attr = {
		.kind = EXTMEM_KIND_TEST, .align = EXTMEM_GRANULE,
	};

	return extmem_claim_create(pool, &attr, EXTMEM_ANYWHERE,
				   (u64)pool->space.nr_free << EXTMEM_GRANULE_SHIFT);
}

/* Until there is nothing left to do; answers how much was cleared */
static u64 scrub_all(struct kunit *test, struct extmem_pool *pool)
{
	u64 bytes, sum = 0;

	do {
		KUNIT_ASSERT_EQ(test, extmem_scrub_step(pool, &bytes), 0);
		KUNIT_ASSERT_LE(test, bytes, MIB(4));
		sum += bytes;
	} while (pool->scrub.wanted);
	return sum;
}

static void expect_free(void)
{
	struct extmem_pool *pool = the_pool();
	struct extmem_run run;

	KUNIT_ASSERT_TRUE(fake.test, extmem_pool_run(pool, fake.last_clear, MIB(2), &run));
	KUNIT_EXPECT_TRUE(fake.test, extmem_space_is_free(&pool->space, run.first, 1));
}

/* All that is free becomes clean, what has an owner is not touched */
static void clears_what_is_free(struct kunit *test)
{
	struct extmem_pool *pool = extmem_fake_pool(0, START, GIB(1), true);
	u64 owned = MIB(2 + 2 + 64);

	extmem_fake_claim(pool, START, MIB(2));
	extmem_fake_claim(pool, START + MIB(6), MIB(2));
	extmem_fake_claim(pool, START + MIB(64), MIB(64));
	fake.cleared = 0;
	fake.in_clear = expect_free;
	KUNIT_EXPECT_EQ(test, scrub_all(test, pool), GIB(1) - owned);
	KUNIT_EXPECT_EQ(test, fake.cleared, GIB(1) - owned);
	KUNIT_EXPECT_EQ(test, pool->scrub.cleared, GIB(1) - owned);
	KUNIT_EXPECT_EQ(test, extmem_dirty_count(&pool->space), 0);
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());

	/* and who claims it now need not wait */
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, claim_all(pool));
	KUNIT_EXPECT_EQ(test, fake.cleared, GIB(1) - owned);
}

/* Nothing to do, nothing done; freed memory is something to do */
static void wakes_on_free(struct kunit *test)
{
	struct extmem_pool *pool = extmem_fake_pool(0, START, GIB(1), false);
	struct extmem_claim *claim = extmem_fake_claim(pool, START, MIB(10));

	KUNIT_EXPECT_EQ(test, scrub_all(test, pool), 0);
	KUNIT_EXPECT_FALSE(test, pool->scrub.wanted);
	KUNIT_ASSERT_EQ(test, extmem_claim_shrink(claim, MIB(6)), 0);
	KUNIT_EXPECT_TRUE(test, pool->scrub.wanted);
	/* granules 3 to 5: a bit stands for two */
	KUNIT_EXPECT_EQ(test, scrub_all(test, pool), MIB(6));
	KUNIT_ASSERT_EQ(test, extmem_claim_destroy(claim), 0);
	KUNIT_EXPECT_TRUE(test, pool->scrub.wanted);
	KUNIT_EXPECT_EQ(test, scrub_all(test, pool), MIB(8));
	KUNIT_EXPECT_EQ(test, extmem_dirty_count(&pool->space), 0);
}

/* A bit that speaks for nobody, as after a damaged bitmap */
static void bits_of_owned(struct kunit *test)
{
	struct extmem_pool *pool = extmem_fake_pool(0, START, GIB(1), false);

	extmem_fake_claim(pool, START, GIB(1));
	extmem_dirty_mark(&pool->space, 0, EXTMEM_GIG_BITS);
	extmem_scrub_kick(pool);
	KUNIT_EXPECT_EQ(test, scrub_all(test, pool), 0);
	KUNIT_EXPECT_EQ(test, fake.nr_clears, 0);
	KUNIT_EXPECT_TRUE(test, bitmap_empty(pool->space.dirty, pool->space.nbits / 2));
}

static void free_other_half(void)
{
	struct extmem_claim *claim = other.claim;

	fake.in_clear = NULL;
	KUNIT_ASSERT_EQ(fake.test, extmem_claim_destroy(claim), 0);
}

/* The owner of one half gives it up while the other half is being cleared */
static void freed_meanwhile(struct kunit *test)
{
	struct extmem_pool *pool = extmem_fake_pool(0, START, GIB(1), false);
	u64 bytes;

	other.claim = extmem_fake_claim(pool, START, MIB(2));
	extmem_dirty_mark(&pool->space, 1, 1);
	fake.in_clear = free_other_half;
	KUNIT_ASSERT_EQ(test, extmem_scrub_step(pool, &bytes), 0);
	KUNIT_EXPECT_EQ(test, bytes, MIB(2));
	KUNIT_EXPECT_EQ_MSG(test, extmem_dirty_count(&pool->space), 2,
			    "freed memory counts as clean");
	KUNIT_EXPECT_EQ(test, scrub_all(test, pool), MIB(4));
	KUNIT_EXPECT_EQ(test, extmem_dirty_count(&pool->space), 0);
}

/* Clearing fails, or the kernel ends: what was dirty is as dirty as it was */
static void stops(struct kunit *test)
{
	struct extmem_pool *pool = extmem_fake_pool(0, START, GIB(1), true);
	u64 bytes;

	fake.clears_ok = 3;
	fake.clear_err = -ENOMEM;
	while (!extmem_scrub_step(pool, &bytes))
		KUNIT_ASSERT_EQ(test, bytes, MIB(4));
	KUNIT_EXPECT_EQ(test, bytes, 0);
	KUNIT_EXPECT_EQ(test, pool->scrub.cleared, MIB(12));
	KUNIT_EXPECT_EQ(test, extmem_dirty_count(&pool->space), EXTMEM_GIG_BITS - 6);
	KUNIT_EXPECT_EQ(test, fake.map.inflight, 0);

	fake.clears_ok = UINT_MAX;
	extmem_map_freeze(&fake.map);
	KUNIT_EXPECT_EQ(test, extmem_scrub_step(pool, &bytes), -ESHUTDOWN);
	KUNIT_EXPECT_EQ(test, fake.nr_clears, 4);
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());
}

/* The next kernel goes on where this one was */
static void over_kexec(struct kunit *test)
{
	struct extmem_pool *pool = extmem_fake_pool(0, START, GIB(1), true);
	unsigned int i;
	u64 bytes;

	for (i = 0; i < 100; i++)
		KUNIT_ASSERT_EQ(test, extmem_scrub_step(pool, &bytes), 0);
	extmem_fake_kexec(test);
	KUNIT_ASSERT_NULL(test, extmem_fake_boot(test));
	pool = the_pool();
	KUNIT_EXPECT_EQ(test, extmem_dirty_count(&pool->space), EXTMEM_GIG_BITS - 200);
	KUNIT_EXPECT_TRUE(test, pool->scrub.wanted);
	KUNIT_EXPECT_EQ(test, scrub_all(test, pool), GIB(1) - MIB(400));
}

static int claimer(void *arg)
{
	other.claim = claim_all(the_pool());
	other.while_clearing = READ_ONCE(other.clearing);
	complete(&other.done);
	return 0;
}

static int freezer(void *arg)
{
	extmem_map_freeze(&fake.map);
	other.while_clearing = READ_ONCE(other.clearing);
	complete(&other.done);
	return 0;
}

/* Let somebody else have a go, and give him time to do what he must not */
static void meanwhile(int (*what)(void *arg), bool (*started)(void))
{
	struct task_struct *task;

	fake.in_clear = NULL;
	WRITE_ONCE(other.clearing, true);
	task = kthread_run(what, NULL, "extmem_test");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(fake.test, task);
	while (!started())
		usleep_range(1000, 2000);
	msleep(50);
	WRITE_ONCE(other.clearing, false);
}

static bool all_taken(void)
{
	return !READ_ONCE(the_pool()->space.nr_free);
}

static bool frozen(void)
{
	return READ_ONCE(fake.map.frozen);
}

static void let_claim(void)
{
	meanwhile(claimer, all_taken);
}

static void let_freeze(void)
{
	meanwhile(freezer, frozen);
}

/*
 * All that is free can be had while some of it is being cleared; but the owner
 * gets it when that is over. While he waits the scrubber goes on, and comes past
 * dirty memory that is his by now: he still has to clear it.
 */
static void taken_meanwhile(struct kunit *test)
{
	struct extmem_pool *pool = extmem_fake_pool(0, START, GIB(1), true);
	u64 bytes;

	init_completion(&other.done);
	fake.in_clear = let_claim;
	KUNIT_ASSERT_EQ(test, extmem_scrub_step(pool, &bytes), 0);
	KUNIT_EXPECT_EQ(test, bytes, MIB(4));
	scrub_all(test, pool);
	wait_for_completion(&other.done);
	KUNIT_EXPECT_EQ(test, pool->scrub.cleared, MIB(4));
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, other.claim);
	KUNIT_EXPECT_FALSE_MSG(test, other.while_clearing,
			       "had while it was being cleared");
	KUNIT_EXPECT_EQ(test, extmem_claim_size(other.claim), GIB(1));
	KUNIT_EXPECT_EQ_MSG(test, fake.cleared - pool->scrub.cleared, GIB(1),
			    "handed out without clearing");
	KUNIT_EXPECT_EQ(test, extmem_dirty_count(&pool->space), 0);
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());
}

/* The map is not sealed while memory is being cleared */
static void freeze_waits(struct kunit *test)
{
	struct extmem_pool *pool = extmem_fake_pool(0, START, GIB(1), true);
	u64 bytes;

	init_completion(&other.done);
	fake.in_clear = let_freeze;
	KUNIT_EXPECT_EQ(test, extmem_scrub_step(pool, &bytes), -ESHUTDOWN);
	wait_for_completion(&other.done);
	KUNIT_EXPECT_EQ(test, bytes, 0);
	KUNIT_EXPECT_FALSE(test, other.while_clearing);
	KUNIT_EXPECT_EQ(test, fake.map.ser->sealed, 1);
	KUNIT_EXPECT_EQ(test, extmem_dirty_count(&pool->space), EXTMEM_GIG_BITS);
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());
}

static void let_claim_then_freeze(void)
{
	let_claim();
	let_freeze();
}

/* This kernel ends while somebody waits for the scrubber: he gets nothing */
static void freeze_while_waiting(struct kunit *test)
{
	struct extmem_pool *pool = extmem_fake_pool(0, START, GIB(1), true);
	u64 bytes;

	init_completion(&other.done);
	fake.in_clear = let_claim_then_freeze;
	KUNIT_EXPECT_EQ(test, extmem_scrub_step(pool, &bytes), -ESHUTDOWN);
	wait_for_completion(&other.done);
	wait_for_completion(&other.done);
	KUNIT_EXPECT_EQ(test, PTR_ERR(other.claim), -ESHUTDOWN);
	KUNIT_EXPECT_EQ_MSG(test, fake.nr_clears, 1, "clears once the map is sealed");
	KUNIT_EXPECT_EQ(test, pool->space.nr_free, EXTMEM_GIG_BITS);
	KUNIT_EXPECT_EQ(test, extmem_dirty_count(&pool->space), EXTMEM_GIG_BITS);
	KUNIT_EXPECT_EQ(test, fake.map.ser->sealed, 1);
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());
}

static int killed_claimer(void *arg)
{
	allow_signal(SIGKILL);
	return claimer(arg);
}

/* Whoever waits for the scrubber need not wait once it is killed */
static void let_claim_and_kill(void)
{
	struct task_struct *task;

	fake.in_clear = NULL;
	WRITE_ONCE(other.clearing, true);
	task = kthread_run(killed_claimer, NULL, "extmem_test");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(fake.test, task);
	get_task_struct(task);
	while (!all_taken())
		usleep_range(1000, 2000);
	send_sig(SIGKILL, task, 1);
	put_task_struct(task);
	KUNIT_EXPECT_TRUE_MSG(fake.test,
			      wait_for_completion_timeout(&other.done, 20 * HZ),
			      "waits for the scrubber although it is killed");
	WRITE_ONCE(other.clearing, false);
}

static void killed_while_waiting(struct kunit *test)
{
	struct extmem_pool *pool = extmem_fake_pool(0, START, GIB(1), true);
	u64 bytes;

	init_completion(&other.done);
	fake.in_clear = let_claim_and_kill;
	KUNIT_EXPECT_EQ(test, extmem_scrub_step(pool, &bytes), 0);
	KUNIT_EXPECT_TRUE(test, other.while_clearing);
	KUNIT_EXPECT_EQ(test, PTR_ERR(other.claim), -EINTR);
	KUNIT_EXPECT_EQ(test, pool->space.nr_free, EXTMEM_GIG_BITS);
	KUNIT_EXPECT_EQ_MSG(test, extmem_dirty_count(&pool->space), EXTMEM_GIG_BITS,
			    "counts as clean though it was given back unseen");
	KUNIT_EXPECT_EQ(test, fake.map.inflight, 0);
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());
	KUNIT_EXPECT_EQ(test, scrub_all(test, pool), GIB(1));
}

/* A freeze waits for others, but not for ever, and may be tried again */
static void freeze_ends(struct kunit *test)
{
	struct extmem_pool *pool = extmem_fake_pool(0, START, GIB(1), true);

	mutex_lock(&fake.map.lock);
	KUNIT_EXPECT_FALSE(test, extmem_map_freeze(&fake.map));
	mutex_unlock(&fake.map.lock);
	KUNIT_EXPECT_EQ(test, fake.map.ser->sealed, 0);
	KUNIT_EXPECT_TRUE(test, fake.map.frozen);

	fake.map.inflight++;
	KUNIT_EXPECT_FALSE(test, extmem_map_freeze(&fake.map));
	KUNIT_EXPECT_EQ(test, fake.map.ser->sealed, 0);
	fake.map.inflight--;
	KUNIT_EXPECT_TRUE(test, extmem_map_freeze(&fake.map));
	KUNIT_EXPECT_EQ(test, fake.map.ser->sealed, 1);
	KUNIT_EXPECT_TRUE(test, extmem_map_freeze(&fake.map));
	KUNIT_EXPECT_PTR_EQ(test, claim_all(pool), ERR_PTR(-ESHUTDOWN));
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());
}

static struct kunit_case scrub_cases[] = {
	KUNIT_CASE(clears_what_is_free),
	KUNIT_CASE(wakes_on_free),
	KUNIT_CASE(bits_of_owned),
	KUNIT_CASE(freed_meanwhile),
	KUNIT_CASE(stops),
	KUNIT_CASE(over_kexec),
	KUNIT_CASE(taken_meanwhile),
	KUNIT_CASE(freeze_waits),
	KUNIT_CASE(freeze_while_waiting),
	KUNIT_CASE(killed_while_waiting),
	KUNIT_CASE(freeze_ends),
	{}
};

static struct kunit_suite scrub_suite = {
	.name = "extmem_scrub",
	.init = extmem_fake_init,
	.exit = extmem_fake_exit,
	.test_cases = scrub_cases,
};

kunit_test_suite(scrub_suite);
