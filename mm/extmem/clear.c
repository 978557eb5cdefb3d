// SPDX-License-Identifier: GPL-2.0
/*
 * Clearing a claim's memory, by several CPUs if it is much.
 *
 * The caller clears piece after piece. Where there is work for more than one, works
 * on the CPUs of the memory's node do the same beside it. Whoever comes for the next
 * piece gets it, so nobody waits for a slow one for longer than a piece takes. What
 * stops one stops all: a fatal signal of the caller, a freeze, a memory error.
 *
 * The caller waits for no work that has not begun, and for those that have until
 * they are through with a granule.
 */
#include <linux/cpumask.h>
#include <linux/init.h>
#include <linux/moduleparam.h>
#include <linux/nodemask.h>
#include <linux/sched/isolation.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/topology.h>
#include <linux/workqueue.h>

#include <trace/events/extmem.h>

#include "pool.h"

#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "extmem."

/* A CPU that has less than this to do is not asked to help */
#define CLEAR_SHARE	(4 * EXTMEM_PIECE)

static unsigned int clear_threads;
module_param(clear_threads, uint, 0644);
MODULE_PARM_DESC(clear_threads, "CPUs that clear memory for a claim at most; 0: all of its node");

static struct workqueue_struct *extmem_clear_wq;

/**
 * struct extmem_clear_job - memory to be cleared.
 * @pool: whose it is
 * @runs: the memory
 * @lock: guards what follows
 * @run: the run that the next piece is of
 * @done: granules of it that somebody has taken to clear
 * @err: what has stopped it; read without the lock as well
 */
struct extmem_clear_job {
	struct extmem_pool *pool;
	const struct extmem_runs *runs;
	spinlock_t lock; /* the next piece */
	unsigned int run;
	unsigned long done;
	int err;
};

/**
 * struct extmem_clear_help - a work that helps.
 * @work: the work
 * @job: with what
 * @bytes: how much it clears at most
 */
struct extmem_clear_help {
	struct work_struct work;
	struct extmem_clear_job *job;
	u64 bytes;
};

static bool extmem_clear_next(struct extmem_clear_job *job, struct extmem_run *piece)
{
	const struct extmem_run *run;

	guard(spinlock)(&job->lock);
	if (job->err || job->run == job->runs->nr)
		return false;
	run = &job->runs->run[job->run];
	piece->first = run->first + job->done;
	piece->nr = min(run->nr - job->done, EXTMEM_PIECE >> EXTMEM_GRANULE_SHIFT);
	job->done += piece->nr;
	if (job->done == run->nr) {
		job->run++;
		job->done = 0;
	}
	return true;
}

static void extmem_clear_stop(struct extmem_clear_job *job, int err)
{
	guard(spinlock)(&job->lock);
	if (!job->err)
		WRITE_ONCE(job->err, err);
}

/* Until there is nothing left, or somebody has met an error */
static void extmem_clear_share(struct extmem_clear_job *job, struct extmem_window *win)
{
	struct extmem_pool *pool = job->pool;
	struct extmem_run piece;
	int err = 0;

	while (!err && extmem_clear_next(job, &piece)) {
		phys_addr_t pa = extmem_pool_phys(pool, piece.first);
		u64 bytes = (u64)piece.nr << EXTMEM_GRANULE_SHIFT;

		err = extmem_clear_piece(pool->map, win, pa, bytes, &job->err);
		if (err)
			extmem_clear_stop(job, err);
		else
			trace_extmem_clear(pool->nid, pa, bytes);
	}
}

/* Who can't help does no harm */
static void extmem_clear_help(struct work_struct *work)
{
	struct extmem_clear_help *help = container_of(work, struct extmem_clear_help, work);
	struct extmem_window win;

	if (extmem_window_open(&win, help->bytes))
		return;
	extmem_clear_share(help->job, &win);
	extmem_window_close(&win);
}

static bool extmem_clear_may_help(int cpu)
{
	return cpu != raw_smp_processor_id() && cpu_online(cpu) &&
	       housekeeping_test_cpu(cpu, HK_TYPE_DOMAIN);
}

/* The CPUs of a node without CPUs are those of the nearest that has some */
static const struct cpumask *extmem_clear_cpus(const struct extmem_pool *pool)
{
	if (!node_online(pool->nid))
		return cpu_none_mask;
	return cpumask_of_node(numa_nearest_node(pool->nid, N_CPU));
}

static unsigned int extmem_clear_nr_helpers(const struct extmem_pool *pool, u64 bytes)
{
	unsigned int limit = READ_ONCE(clear_threads), cpu, nr = 0;
	u64 shares = div_u64(bytes, CLEAR_SHARE);

	if (!extmem_clear_wq || shares < 2)
		return 0;
	for_each_cpu(cpu, extmem_clear_cpus(pool))
		nr += extmem_clear_may_help(cpu);
	if (limit)
		nr = min(nr, limit - 1);
	return min_t(u64, nr, shares - 1);
}

/* CPUs may come and go meanwhile: the number of helps is the limit */
static unsigned int extmem_clear_ask(struct extmem_clear_job *job,
				     struct extmem_clear_help *help, unsigned int nr,
				     u64 bytes)
{
	unsigned int cpu, asked = 0;

	for_each_cpu(cpu, extmem_clear_cpus(job->pool)) {
		if (asked == nr)
			break;
		if (!extmem_clear_may_help(cpu))
			continue;
		INIT_WORK(&help[asked].work, extmem_clear_help);
		help[asked].job = job;
		help[asked].bytes = bytes;
		queue_work_on(cpu, extmem_clear_wq, &help[asked].work);
		asked++;
	}
	return asked;
}

static u64 extmem_clear_bytes(const struct extmem_runs *runs)
{
	unsigned int i;
	u64 nr = 0;

	for (i = 0; i < runs->nr; i++)
		nr += runs->run[i].nr;
	return nr << EXTMEM_GRANULE_SHIFT;
}

/**
 * extmem_clear - clear memory of a pool.
 * @pool: the pool; clearing ends early when its map is frozen
 * @runs: the memory
 * @win: a window to do it by, of one who does so all the time: then nobody helps; it
 *       is opened if it is not yet, and stays open; or NULL
 *
 * Context: may sleep; no lock needed, the memory is the caller's.
 * Return: 0; -ENOMEM for want of address space or page tables; -EINTR on a
 * fatal signal; -ESHUTDOWN if the map was frozen; -EHWPOISON if part of it
 * has had a memory error.
 */
int extmem_clear(struct extmem_pool *pool, const struct extmem_runs *runs,
		 struct extmem_window *win)
{
	struct extmem_clear_job job = { .pool = pool, .runs = runs };
	struct extmem_clear_help *help = NULL;
	u64 bytes = extmem_clear_bytes(runs);
	struct extmem_window own;
	unsigned int nr = 0;
	int err;

	spin_lock_init(&job.lock);
	if (win) {
		err = win->area ? 0 : extmem_window_open(win, U64_MAX);
		if (!err)
			extmem_clear_share(&job, win);
		return err ?: job.err;
	}
	err = extmem_window_open(&own, bytes);
	if (err)
		return err;
	nr = extmem_clear_nr_helpers(pool, bytes);
	if (nr)
		help = kvcalloc(nr, sizeof(*help), GFP_KERNEL);
	if (help)
		nr = extmem_clear_ask(&job, help, nr, bytes);
	extmem_clear_share(&job, &own);
	while (help && nr--)
		cancel_work_sync(&help[nr].work);
	kvfree(help);
	extmem_window_close(&own);
	return job.err;
}

/* Without it whoever needs memory clears alone */
static int __init extmem_clear_init(void)
{
	extmem_clear_wq = alloc_workqueue("extmem_clear", WQ_UNBOUND, 0);
	return extmem_clear_wq ? 0 : -ENOMEM;
}
subsys_initcall(extmem_clear_init);
