// SPDX-License-Identifier: GPL-2.0
/*
 * dma_witness: keeps an NVMe controller busy reading into a device of a pool, and
 * tells what became of it, in this kernel and in the next. Its arguments are steps;
 * each says what came of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "dma_steps.h"
#include "nvme_user.h"
#include "vfio_dev.h"

#define REGS_SIZE	0x2000

static struct nvme nvme;

static void do_start(char **arg)
{
	int rc = dma_master_on();

	rc = rc ?: dma_map_regs(&nvme.regs, REGS_SIZE);
	step_say("start", arg[0], rc ?: nvme_start(&nvme, nvme.regs, dma.mem, dma.iova,
						   number(arg[0]), number(arg[1])));
}

/* Go on with what was started, by another process or by another kernel's. */
static void do_use(char **arg)
{
	step_say("use", "", nvme_use(&nvme, dma.mem));
}

static void do_regs(char **arg)
{
	step_say("regs", "", dma_map_regs(&nvme.regs, REGS_SIZE));
}

/* The same of a drive that is nobody's, without touching it */
static void do_at_rest(char **arg)
{
	struct nvme other = { .regs = MAP_FAILED };
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/resource0", arg[0]);
	fd = open(path, O_RDWR);
	if (fd >= 0)
		other.regs = mmap(NULL, REGS_SIZE, PROT_READ, MAP_SHARED, fd, 0);
	if (other.regs == MAP_FAILED)
		step_say("at-rest", "", -errno);
	else
		printf("at-rest: %s\n", nvme_csts(&other) & 1 ? "no" : "yes");
}

static void do_csts(char **arg)
{
	printf("csts: %u\n", nvme_csts(&nvme));
}

/* Let the halves of the buffers change places for the drive, as they do if somebody
 * else writes to its tables: no read fails for that.
 */
static void do_swap(char **arg)
{
	size_t half = NVME_SLOTS / 2 * (size_t)NVME_READ_SIZE;
	size_t first = NVME_MEM - 2 * half;
	int rc = ioas_unmap(dma.iommu, dma.ioas, dma.iova, NVME_MEM);

	rc = rc ?: ioas_map_file(dma.iommu, dma.ioas, dma.iova, dma.dax, 0, first);
	rc = rc ?: ioas_map_file(dma.iommu, dma.ioas, dma.iova + first, dma.dax,
				 first + half, half);
	rc = rc ?: ioas_map_file(dma.iommu, dma.ioas, dma.iova + first + half, dma.dax,
				 first, half);
	step_say("swap", "", rc);
}

static void do_post(char **arg)
{
	step_say("post", arg[0], nvme_post(&nvme, number(arg[0])));
}

static void do_count(char **arg)
{
	unsigned int first = nvme.state->first;

	printf("count: %u of %u\n", nvme_completed(&nvme) - first,
	       nvme.state->posted - first);
}

static void do_consume(char **arg)
{
	unsigned int first = nvme.state->first;

	printf("consume: %u of %u\n", nvme_consume(&nvme) - first,
	       nvme.state->posted - first);
}

/* Forget those reads, for others. */
static void do_again(char **arg)
{
	step_say("again", "", nvme_again(&nvme));
}

/* Until so many are there, or there was no more for so many seconds */
static void wait_for(const char *step, const char *arg, unsigned int want, time_t quiet)
{
	unsigned int had = 0, now;
	time_t since = time(NULL);

	while ((now = nvme_completed(&nvme)) < want) {
		if (now != had)
			since = time(NULL);
		else if (time(NULL) - since > quiet)
			break;
		had = now;
		usleep(10000);
	}
	printf("%s %s: %s\n", step, arg, now < want ? "they stopped" : "ok");
}

static void do_wait(char **arg)
{
	wait_for("wait", arg[0], nvme.state->first + number(arg[0]), number(arg[1]));
}

/* So many more than there are now, within so many seconds of each other */
static void do_more(char **arg)
{
	wait_for("more", arg[0], nvme_completed(&nvme) + number(arg[0]), number(arg[1]));
}

/* Every byte. A read that is not complete should not have touched its buffer. */
static void do_check(char **arg)
{
	unsigned int first = nvme.state->first, posted = nvme.state->posted - first;
	unsigned int done = nvme_completed(&nvme) - first;
	unsigned int right = 0, wrong = 0, untouched = 0, i;

	for (i = first; i < nvme.state->posted; i++) {
		if (nvme_is_right(&nvme, i))
			right++;
		else if (nvme_is_untouched(&nvme, i))
			untouched++;
		else
			wrong++;
	}
	printf("check: %u posted, %u completed, %u right, %u wrong, %u untouched, %u bad status\n",
	       posted, done, right, wrong, untouched, nvme.state->wrong_status);
}

static const struct step steps[] = {
	{ "start", 2, do_start },
	{ "use", 0, do_use },
	{ "regs", 0, do_regs },
	{ "csts", 0, do_csts },
	{ "at-rest", 1, do_at_rest },
	{ "swap", 0, do_swap },
	{ "post", 1, do_post },
	{ "count", 0, do_count },
	{ "consume", 0, do_consume },
	{ "again", 0, do_again },
	{ "wait", 2, do_wait },
	{ "more", 2, do_more },
	{ "check", 0, do_check },
	{}
};

int main(int argc, char **argv)
{
	dma.size = NVME_MEM;
	return run_steps(steps, dma_steps, argc, argv);
}
