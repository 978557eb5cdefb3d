// SPDX-License-Identifier: GPL-2.0
/*
 * Clearing free memory in the background, so that nobody has to wait for it
 * who needs memory: a thread for each pool, on its node's CPUs, for which
 * everything else has precedence. Who takes memory that it has not come to yet
 * clears it.
 *
 * What is being cleared stays free, and dirty until it is done: the map says
 * at any moment what is true should this kernel end, the scrubber changes
 * nothing about what can be had, and where. Whoever takes such a granule waits
 * for the end of its unit, 4 MiB at most. (Taken out of the allocator, memory
 * would be missing for a moment: a claim of all that is free would fail, and a
 * small one would break a gigabyte for want of the room it is meant for.)
 */
#include <linux/init.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/moduleparam.h>
#include <linux/nodemask.h>
#include <linux/printk.h>
#include <linux/sched.h>

#include <trace/events/extmem.h>

#include "pool.h"

#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "extmem."

/* How long to leave it when memory can't be mapped to be cleared */
#define RETRY	(10 * HZ)

static bool scrub_on = true;
static unsigned int scrub_rate;

/* Early in boot there are no pools yet, and none of their workers */
static void extmem_scrub_wake_all(void)
{
	struct extmem_pool *pool = NULL;

	while ((pool = extmem_pool_next(pool)))
		wake_up_all(&pool->scrub.wait);
}

static int extmem_scrub_set_on(const char *val, const struct kernel_param *kp)
{
	int err = param_set_bool(val, kp);

	extmem_scrub_wake_all();
	return err;
}

static int extmem_scrub_set_rate(const char *val, const struct kernel_param *kp)
{
	int err = param_set_uint(val, kp);

	extmem_scrub_wake_all();
	return err;
}

static const struct kernel_param_ops scrub_ops = {
	.flags = KERNEL_PARAM_OPS_FL_NOARG,
	.set = extmem_scrub_set_on,
	.get = param_get_bool,
};

static const struct kernel_param_ops rate_ops = {
	.set = extmem_scrub_set_rate,
	.get = param_get_uint,
};

module_param_cb(scrub, &scrub_ops, &scrub_on, 0644);
__MODULE_PARM_TYPE(scrub, "bool");
MODULE_PARM_DESC(scrub, "clear free memory in the background");
module_param_cb(scrub_rate, &rate_ops, &scrub_rate, 0644);
__MODULE_PARM_TYPE(scrub_rate, "uint");
MODULE_PARM_DESC(scrub_rate, "MiB a second to clear at most, for each node; 0: no limit");

/**
 * extmem_scrub_kick - memory of a pool has become dirty.
 * @pool: the pool, its map locked
 */
void extmem_scrub_kick(struct extmem_pool *pool)
{
	if (pool->scrub.wanted)
		return;
	WRITE_ONCE(pool->scrub.wanted, true);
	wake_up_all(&pool->scrub.wait);
}

/**
 * extmem_scrub_step - clear what is free of one dirty unit.
 * @pool: the pool; only one such call at a time
 * @bytes: how much was cleared
 *
 * Context: may sleep.
 * Return: 0, also if there is nothing to do; -ESHUTDOWN once the map is frozen
 * or -ENOMEM, and all is as dirty as it was.
 */
int extmem_scrub_step(struct extmem_pool *pool, u64 *bytes)
{
	struct extmem_scrub *scrub = &pool->scrub;
	struct extmem_run run;
	struct extmem_runs runs = { .nr = 1, .run = &run };
	int err = 0;

	*bytes = 0;
	guard(extmem_change)(pool);
	if (pool->map->frozen)
		return -ESHUTDOWN;
	if (!extmem_dirty_begin(&pool->space, &scrub->pos, &run)) {
		scrub->wanted = false;
		return 0;
	}
	if (run.nr)
		err = extmem_pool_clear(pool, &runs, &scrub->window);
	extmem_dirty_end(&pool->space, !err);
	if (!err)
		*bytes = (u64)run.nr << EXTMEM_GRANULE_SHIFT;
	scrub->cleared += *bytes;
	scrub->rounds++;
	wake_up_all(&scrub->wait);
	if (*bytes)
		trace_extmem_scrub(pool->nid, extmem_pool_phys(pool, run.first),
				   *bytes);
	return err;
}

static bool extmem_scrub_clears(const struct extmem_space *space,
				const struct extmem_run *run)
{
	unsigned long first = space->cleaning * EXTMEM_UNIT_GRANULES;

	return space->cleaning != EXTMEM_NO_UNIT && run->first + run->nr > first &&
	       run->first < first + EXTMEM_UNIT_GRANULES;
}

/*
 * Wait until granules that were just taken are not being cleared any more; the
 * scrubber won't come back to them. It may not come to an end soon: a busy machine
 * has something better to do than to scrub. After -EINTR they may still be being
 * cleared.
 */
static int extmem_scrub_wait(struct extmem_pool *pool, const struct extmem_runs *runs)
{
	struct extmem_scrub *scrub = &pool->scrub;
	unsigned long rounds = scrub->rounds;
	unsigned int i;
	int err;

	for (i = 0; i < runs->nr; i++)
		if (extmem_scrub_clears(&pool->space, &runs->run[i]))
			break;
	if (i == runs->nr)
		return 0;
	extmem_clear_begin(pool);
	err = wait_event_killable(scrub->wait, READ_ONCE(scrub->rounds) != rounds);
	extmem_clear_end(pool);
	return err ? -EINTR : 0;
}

/**
 * extmem_scrub_taken - clear granules that were just taken.
 * @pool: the pool, its map locked by extmem_change_begin() and not frozen; the lock
 *        is dropped meanwhile
 * @runs: the granules
 * @dirty: those of them that are dirty
 *
 * Context: may sleep, long.
 * Return: 0; -EINTR on a fatal signal; -ESHUTDOWN once the map is frozen; -EHWPOISON
 * if any of them has a bad or retired page; or -ENOMEM. Who gives them back after an
 * error must say that those are dirty.
 */
int extmem_scrub_taken(struct extmem_pool *pool, const struct extmem_runs *runs,
		       const struct extmem_runs *dirty)
{
	int err = extmem_scrub_wait(pool, runs);

	if (pool->map->frozen)
		return -ESHUTDOWN;
	if (!err && dirty->nr)
		err = extmem_pool_clear(pool, dirty, NULL);
	if (!err && extmem_poison_any(pool, runs))
		err = -EHWPOISON;
	if ((!err || err == -EHWPOISON) && pool->map->frozen)
		err = -ESHUTDOWN;
	return err;
}

static bool extmem_scrub_has_work(struct extmem_pool *pool)
{
	return READ_ONCE(scrub_on) && READ_ONCE(pool->scrub.wanted) &&
	       !READ_ONCE(pool->map->frozen);
}

/* Sleep off what was done faster than allowed, from a tick's worth on */
static void extmem_scrub_pace(struct extmem_scrub *scrub, u64 bytes)
{
	unsigned int rate = READ_ONCE(scrub_rate);
	ktime_t now = ktime_get();
	unsigned long ticks;

	if (!rate || !bytes)
		return;
	if (ktime_before(scrub->next, now))
		scrub->next = now;
	scrub->next = ktime_add_ns(scrub->next,
				   div_u64((bytes >> 20) * NSEC_PER_SEC, rate));
	ticks = nsecs_to_jiffies(ktime_to_ns(ktime_sub(scrub->next, now)));
	if (ticks)
		wait_event_idle_timeout(scrub->wait, READ_ONCE(scrub_rate) != rate ||
					!READ_ONCE(scrub_on), ticks);
}

static int extmem_scrub_worker(void *arg)
{
	struct extmem_pool *pool = arg;
	u64 bytes;

	set_user_nice(current, MAX_NICE);
	/* A machine that is coming up has better things to do */
	while (system_state < SYSTEM_RUNNING)
		schedule_timeout_idle(HZ);
	for (;;) {
		wait_event_idle(pool->scrub.wait, extmem_scrub_has_work(pool));
		if (extmem_scrub_step(pool, &bytes))
			schedule_timeout_idle(RETRY);
		extmem_scrub_pace(&pool->scrub, bytes);
	}
	return 0;
}

/* A thread made for a node stays on its CPUs, as far as it has any */
static int __init extmem_scrub_start(void)
{
	struct extmem_pool *pool = NULL;
	struct task_struct *task;
	int nid;

	while ((pool = extmem_pool_next(pool))) {
		/* The former kernel may have had more nodes than this one */
		nid = node_online(pool->nid) ? pool->nid : NUMA_NO_NODE;
		task = kthread_create_on_node(extmem_scrub_worker, pool, nid,
					      "extmem_scrub/%d", pool->nid);
		if (IS_ERR(task))
			pr_err("extmem: node %d: no scrubber: %pe\n", pool->nid, task);
		else
			wake_up_process(task);
	}
	return 0;
}
late_initcall(extmem_scrub_start);
