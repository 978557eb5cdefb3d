// SPDX-License-Identifier: GPL-2.0
/*
 * igb_witness: has a network card receive numbered frames, which somebody sends at a
 * fixed rate, into a device of a pool, and tells whether one was missed, in this
 * kernel and in the next. Its arguments are steps; each says what came of it.
 */
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "dma_steps.h"
#include "igb_user.h"

static struct igb igb;

/* Frames are sent from the moment that this is marked. */
static void do_listen(char **arg)
{
	int rc = dma_master_on();

	rc = rc ?: dma_map_regs(&igb.regs, IGB_REGS);
	rc = rc ?: igb_start(&igb, igb.regs, dma.mem, dma.iova);
	step_say("listen", "", rc);
	dma_mark("listening");
}

static void do_listen_virtual(char **arg)
{
	int rc = dma_master_on();

	rc = rc ?: dma_map_regs(&igb.regs, IGB_VF_REGS);
	rc = rc ?: igb_start_virtual(&igb, igb.regs, dma.mem, DMA_IOVA);
	step_say("listen", "", rc);
	dma_mark("listening");
}

static void do_parent(char **arg)
{
	int rc = dma_master_on();

	rc = rc ?: dma_map_regs(&igb.regs, IGB_REGS);
	step_say("parent", "", rc ?: igb_start_parent(&igb, igb.regs));
}

/* What a physical function is for, until killed */
static void do_serve(char **arg)
{
	printf("holding\n");
	fflush(stdout);
	for (;;) {
		igb_serve(&igb);
		usleep(10000);
	}
}

/* Go on with what was started, by another process or by another kernel's. */
static void do_use(char **arg)
{
	step_say("use", "", igb_use(&igb, dma.mem));
}

static void do_regs(char **arg)
{
	step_say("regs", "", dma_map_regs(&igb.regs, igb_regs_size(&igb)));
}

static void do_waiting(char **arg)
{
	printf("waiting: %u\n", igb_waiting(&igb));
}

/* So many more, with no more than so many seconds between two */
static void do_take_more(char **arg)
{
	uint64_t had = igb.state->taken, want = had + number(arg[0]);
	time_t since = time(NULL);

	while (igb.state->taken < want && time(NULL) - since <= number(arg[1])) {
		igb_take(&igb);
		if (igb.state->taken != had)
			since = time(NULL);
		had = igb.state->taken;
		usleep(1000);
	}
	printf("more %s: %s\n", arg[0], had < want ? "they stopped" : "ok");
}

static void do_count(char **arg)
{
	printf("count: %llu\n", (unsigned long long)igb.state->taken);
}

static void do_check(char **arg)
{
	printf("check: %llu missing, %llu wrong\n",
	       (unsigned long long)igb.state->missing,
	       (unsigned long long)igb.state->wrong);
}

static const struct step steps[] = {
	{ "listen", 0, do_listen },
	{ "listen-virtual", 0, do_listen_virtual },
	{ "parent", 0, do_parent },
	{ "serve", 0, do_serve },
	{ "use", 0, do_use },
	{ "regs", 0, do_regs },
	{ "waiting", 0, do_waiting },
	{ "more", 2, do_take_more },
	{ "count", 0, do_count },
	{ "check", 0, do_check },
	{}
};

int main(int argc, char **argv)
{
	dma.size = IGB_MEM;
	return run_steps(steps, dma_steps, argc, argv);
}
