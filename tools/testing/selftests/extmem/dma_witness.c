// SPDX-License-Identifier: GPL-2.0
/*
 * dma_witness: keeps an NVMe controller busy reading into a device of a pool, and
 * tells what became of it, in this kernel and in the next. Its arguments are steps;
 * each says what came of it. There is one of each: drive, /dev/iommu, memory,
 * session.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/pci_regs.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "luo.h"
#include "nvme_user.h"
#include "steps.h"
#include "vfio_dev.h"

/* Above all RAM: what is not translated can't land by luck. */
#define IOVA		0x10000000000ULL
#define REGS_SIZE	0x2000
#define VECTORS		2

static int session = -1, dev = -1, iommu = -1, dax = -1;
static int event[VECTORS] = { -1, -1 };
static uint32_t ioas;
static void *mem = MAP_FAILED;
static struct nvme nvme;

static uint64_t number(const char *word)
{
	return strtoull(word, NULL, 0);
}

/* The drive and its tables */

static void do_take(char **arg)
{
	step_say("take", arg[0], vfio_take(arg[0]));
}

static void do_open(char **arg)
{
	dev = step_say("open", arg[0], vfio_open(arg[0]));
}

static void do_iommu(char **arg)
{
	iommu = or_errno(open("/dev/iommu", O_RDWR));
	step_say("iommu", "", iommu < 0 ? iommu : ioas_alloc(iommu, &ioas));
}

/* One that was there already: IDs are no promise, the order they are given in is */
static void do_ioas(char **arg)
{
	ioas = number(arg[0]);
}

static void do_bind(char **arg)
{
	step_say("bind", "", vfio_bind(dev, iommu));
}

static void do_attach(char **arg)
{
	step_say("attach", "", vfio_attach(dev, ioas));
}

static void do_detach(char **arg)
{
	step_say("detach", "", vfio_detach(dev));
}

static void do_dax(char **arg)
{
	dax = or_errno(open(arg[0], O_RDWR));
	if (dax >= 0)
		mem = mmap(NULL, NVME_MEM, PROT_READ | PROT_WRITE, MAP_SHARED, dax, 0);
	step_say("dax", arg[0], dax < 0 ? dax : mem == MAP_FAILED ? -errno : 0);
}

static void do_map(char **arg)
{
	step_say("map", "", ioas_map_file(iommu, ioas, IOVA, dax, 0, NVME_MEM));
}

/* Ordinary memory, which no other kernel will leave alone */
static void do_map_anon(char **arg)
{
	void *anon = mmap(NULL, 0x200000, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	step_say("map-anon", "", ioas_map(iommu, ioas, 2 * IOVA, anon, 0x200000));
}

static void do_unmap(char **arg)
{
	step_say("unmap", "", ioas_unmap(iommu, ioas, IOVA, NVME_MEM));
}

static int map_regs(void)
{
	nvme.regs = vfio_map_bar(dev, 0, REGS_SIZE);
	return nvme.regs == MAP_FAILED ? -errno : 0;
}

static void do_start(char **arg)
{
	int rc = vfio_config_write(dev, PCI_COMMAND,
				   PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);

	rc = rc ?: map_regs();
	step_say("start", arg[0], rc ?: nvme_start(&nvme, nvme.regs, mem, IOVA,
						   number(arg[0]), number(arg[1])));
}

/* Go on with what was started, by another process or by another kernel's. */
static void do_use(char **arg)
{
	step_say("use", "", nvme_use(&nvme, mem));
}

static void do_regs(char **arg)
{
	step_say("regs", "", map_regs());
}

static void do_csts(char **arg)
{
	printf("csts: %u\n", nvme_csts(&nvme));
}

static void do_command(char **arg)
{
	int val = vfio_config_read(dev, PCI_COMMAND);

	if (val < 0)
		step_say("command", "", val);
	else
		printf("command: memory %s, master %s\n",
		       val & PCI_COMMAND_MEMORY ? "on" : "off",
		       val & PCI_COMMAND_MASTER ? "on" : "off");
}

/* What a kexec does to every device that is in no session */
static void do_master_off(char **arg)
{
	step_say("master-off", "", vfio_config_write(dev, PCI_COMMAND, PCI_COMMAND_MEMORY));
}

static void do_reset(char **arg)
{
	step_say("reset", "", vfio_reset(dev));
}

/* Reads */

static void do_post(char **arg)
{
	step_say("post", arg[0], nvme_post(&nvme, number(arg[0])));
}

static void do_count(char **arg)
{
	printf("count: %u of %u\n", nvme_completed(&nvme), nvme.state->posted);
}

static void do_consume(char **arg)
{
	printf("consume: %u of %u\n", nvme_consume(&nvme), nvme.state->posted);
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
	wait_for("wait", arg[0], number(arg[0]), number(arg[1]));
}

/* So many more than there are now, within so many seconds of each other */
static void do_more(char **arg)
{
	wait_for("more", arg[0], nvme_completed(&nvme) + number(arg[0]), number(arg[1]));
}

/* Every byte. A read that is not complete should not have touched its buffer. */
static void do_check(char **arg)
{
	unsigned int done = nvme_completed(&nvme), right = 0, wrong = 0, untouched = 0;
	unsigned int i;

	for (i = 0; i < nvme.state->posted; i++) {
		if (nvme_is_right(&nvme, i))
			right++;
		else if (nvme_is_untouched(&nvme, i))
			untouched++;
		else
			wrong++;
	}
	printf("check: %u posted, %u completed, %u right, %u wrong, %u untouched, %u bad status\n",
	       nvme.state->posted, done, right, wrong, untouched,
	       nvme.state->wrong_status);
}

/* Interrupts */

static void do_irqs(char **arg)
{
	unsigned int i;

	for (i = 0; i < VECTORS; i++)
		event[i] = eventfd(0, EFD_NONBLOCK);
	step_say("irqs", "", vfio_set_irqs(dev, event, VECTORS));
}

/* Whether a vector's eventfd was signalled within ten seconds */
static void do_irq(char **arg)
{
	struct pollfd fd = { .fd = event[number(arg[0]) % VECTORS], .events = POLLIN };
	uint64_t n = 0;

	if (poll(&fd, 1, 10000) == 1 && read(fd.fd, &n, sizeof(n)) != sizeof(n))
		n = 0;
	printf("irq %s: %s\n", arg[0], n ? "ok" : "none");
}

/* Sessions */

static void do_create(char **arg)
{
	session = step_say("create", arg[0], luo_create(arg[0]));
}

static void do_session(char **arg)
{
	session = step_say("session", arg[0], luo_take(arg[0]));
}

static int *file_named(const char *name)
{
	return !strcmp(name, "dax") ? &dax : !strcmp(name, "iommu") ? &iommu : &dev;
}

static void do_preserve(char **arg)
{
	step_say("preserve", arg[0],
		 luo_preserve(session, *file_named(arg[0]), number(arg[1])));
}

static void do_retrieve(char **arg)
{
	int fd = step_say("retrieve", arg[0], luo_retrieve(session, number(arg[1])));

	*file_named(arg[0]) = fd;
	if (fd < 0 || strcmp(arg[0], "dax"))
		return;
	mem = mmap(NULL, NVME_MEM, PROT_READ | PROT_WRITE, MAP_SHARED, dax, 0);
	if (mem == MAP_FAILED)
		step_say("map", arg[0], -errno);
}

static void do_close(char **arg)
{
	int *file = !strcmp(arg[0], "session") ? &session : file_named(arg[0]);

	step_say("close", arg[0], or_errno(close(*file)));
	*file = -1;
}

static void do_finish(char **arg)
{
	step_say("finish", "", luo_finish(session));
}

/* For whoever reads the console */
static void do_mark(char **arg)
{
	int fd = open("/dev/kmsg", O_WRONLY);
	char line[64];

	snprintf(line, sizeof(line), "witness: %s\n", arg[0]);
	if (fd < 0 || write(fd, line, strlen(line)) < 0)
		step_say("mark", arg[0], -errno);
	close(fd);
}

/* Stay, with all that is open, until killed */
static void do_hold(char **arg)
{
	printf("holding\n");
	fflush(stdout);
	pause();
}

static const struct step steps[] = {
	{ "take", 1, do_take },
	{ "open", 1, do_open },
	{ "iommu", 0, do_iommu },
	{ "ioas", 1, do_ioas },
	{ "bind", 0, do_bind },
	{ "attach", 0, do_attach },
	{ "detach", 0, do_detach },
	{ "dax", 1, do_dax },
	{ "map", 0, do_map },
	{ "map-anon", 0, do_map_anon },
	{ "unmap", 0, do_unmap },
	{ "start", 2, do_start },
	{ "use", 0, do_use },
	{ "regs", 0, do_regs },
	{ "csts", 0, do_csts },
	{ "command", 0, do_command },
	{ "master-off", 0, do_master_off },
	{ "reset", 0, do_reset },
	{ "post", 1, do_post },
	{ "count", 0, do_count },
	{ "consume", 0, do_consume },
	{ "wait", 2, do_wait },
	{ "more", 2, do_more },
	{ "check", 0, do_check },
	{ "irqs", 0, do_irqs },
	{ "irq", 1, do_irq },
	{ "create", 1, do_create },
	{ "session", 1, do_session },
	{ "preserve", 2, do_preserve },
	{ "retrieve", 2, do_retrieve },
	{ "close", 1, do_close },
	{ "finish", 0, do_finish },
	{ "mark", 1, do_mark },
	{ "hold", 0, do_hold },
	{}
};

int main(int argc, char **argv)
{
	return run_steps(steps, argc, argv);
}
