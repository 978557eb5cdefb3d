// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/pci_regs.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dma_steps.h"
#include "luo.h"
#include "vfio_dev.h"

#define VECTORS		2

struct dma dma = {
	.session = -1,
	.dev = -1,
	.iommu = -1,
	.dax = -1,
	.iova = DMA_IOVA,
	.mem = MAP_FAILED,
};

static int event[VECTORS] = { -1, -1 };

/* What a physical function and its virtual functions know each other's users by */
static bool token_wanted;
static const uint8_t token[16] = "extmem selftest";

uint64_t number(const char *word)
{
	return strtoull(word, NULL, 0);
}

/* The device and its tables */

static void do_take(char **arg)
{
	step_say("take", arg[0], vfio_take(arg[0]));
}

static void do_open(char **arg)
{
	dma.dev = step_say("open", arg[0], vfio_open(arg[0]));
}

static void do_open_group(char **arg)
{
	dma.dev = step_say("open-group", arg[0], vfio_open_group(arg[0]));
}

static void do_iommu(char **arg)
{
	dma.iommu = or_errno(open("/dev/iommu", O_RDWR));
	step_say("iommu", "",
		 dma.iommu < 0 ? dma.iommu : ioas_alloc(dma.iommu, &dma.ioas));
}

/* One that was there already: IDs are no promise, the order they are given in is */
static void do_ioas(char **arg)
{
	dma.ioas = number(arg[0]);
}

static void do_token(char **arg)
{
	token_wanted = true;
}

static void do_bind(char **arg)
{
	step_say("bind", "",
		 vfio_bind_token(dma.dev, dma.iommu, token_wanted ? token : NULL));
}

static void do_attach(char **arg)
{
	step_say("attach", "", vfio_attach(dma.dev, dma.ioas));
}

static void do_detach(char **arg)
{
	step_say("detach", "", vfio_detach(dma.dev));
}

static int map_memory(void)
{
	dma.mem = mmap(NULL, dma.size, PROT_READ | PROT_WRITE, MAP_SHARED, dma.dax, 0);
	return dma.mem == MAP_FAILED ? -errno : 0;
}

static void do_dax(char **arg)
{
	dma.dax = or_errno(open(arg[0], O_RDWR));
	step_say("dax", arg[0], dma.dax < 0 ? dma.dax : map_memory());
}

/* Where it is for the device from now on: before it is mapped */
static void do_iova(char **arg)
{
	dma.iova = number(arg[0]);
}

static void do_map(char **arg)
{
	step_say("map", "", ioas_map_file(dma.iommu, dma.ioas, dma.iova, dma.dax, 0,
					  dma.size));
}

/* Ordinary memory, which no other kernel will leave alone */
static void do_map_anon(char **arg)
{
	void *anon = mmap(NULL, 0x200000, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	step_say("map-anon", "", ioas_map(dma.iommu, dma.ioas, 2 * DMA_IOVA, anon,
					  0x200000));
}

static void do_unmap(char **arg)
{
	step_say("unmap", "", ioas_unmap(dma.iommu, dma.ioas, dma.iova, dma.size));
}

int dma_map_regs(uint8_t **regs, size_t size)
{
	*regs = vfio_map_bar(dma.dev, 0, size);
	return *regs == MAP_FAILED ? -errno : 0;
}

static void do_command(char **arg)
{
	int val = vfio_config_read(dma.dev, PCI_COMMAND);

	if (val < 0)
		step_say("command", "", val);
	else
		printf("command: memory %s, master %s\n",
		       val & PCI_COMMAND_MEMORY ? "on" : "off",
		       val & PCI_COMMAND_MASTER ? "on" : "off");
}

int dma_master_on(void)
{
	return vfio_config_write(dma.dev, PCI_COMMAND,
				 PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

/* To a shell script, as descriptors 8 (the iommufd) and 9 (the device): it, and what it
 * starts, gets nothing else that is open here.
 */
static void give_and_exec(const char *script)
{
	int iommu = fcntl(dma.iommu, F_DUPFD, 10), dev = fcntl(dma.dev, F_DUPFD, 10);

	if (iommu < 0 || dev < 0 || dup2(iommu, 8) < 0 || dup2(dev, 9) < 0)
		_exit(126);
	close_range(3, 7, 0);
	close_range(10, ~0U, 0);
	execlp("sh", "sh", script, NULL);
	_exit(127);
}

static void do_give(char **arg)
{
	int status = -1;
	pid_t pid = fork();

	if (!pid)
		give_and_exec(arg[0]);
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		status = -1;
	printf("give: %s\n", status ? "it failed" : "ok");
}

/* What a kexec does to every device that is in no session */
static void do_master_off(char **arg)
{
	step_say("master-off", "",
		 vfio_config_write(dma.dev, PCI_COMMAND, PCI_COMMAND_MEMORY));
}

static void do_sleep(char **arg)
{
	step_say("sleep", "", vfio_sleep(dma.dev));
}

static void do_reset(char **arg)
{
	step_say("reset", "", vfio_reset(dma.dev));
}

/* Interrupts */

static void do_irqs(char **arg)
{
	unsigned int i;

	for (i = 0; i < VECTORS; i++)
		event[i] = eventfd(0, EFD_NONBLOCK);
	step_say("irqs", "", vfio_set_irqs(dma.dev, event, VECTORS));
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

/* The rest of them: what is done to a device that a kexec has begun to leave alone */
static void reset_by_sysfs(const char *bdf)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/reset", bdf);
	fd = open(path, O_WRONLY);
	if (fd >= 0 && write(fd, "1", 1) == 1)
		dma_mark("reset");
	close(fd);
}

/*
 * Undo what a kexec does to the device, again and again: its vectors on, bus mastering
 * on. When that is refused, say so once, reset it if it has a name, and go on.
 */
static void toggle(const char *bdf)
{
	int none[VECTORS] = { -1, -1 };
	bool said = false;
	int rc;

	for (;;) {
		rc = vfio_set_irqs(dma.dev, event, VECTORS);
		if (!rc)
			rc = vfio_set_irqs(dma.dev, none, VECTORS);
		if (!rc)
			rc = dma_master_on();
		else
			dma_master_on();
		if (rc == -ESHUTDOWN && !said) {
			said = true;
			dma_mark("refused");
		}
		if (said && strcmp(bdf, "-"))
			reset_by_sysfs(bdf);
	}
}

static void do_toggle(char **arg)
{
	pid_t pid = fork();

	if (!pid)
		toggle(arg[0]);
	step_say("toggle", "", pid < 0 ? -errno : 0);
}

/* Sessions */

static void do_create(char **arg)
{
	dma.session = step_say("create", arg[0], luo_create(arg[0]));
}

static void do_session(char **arg)
{
	dma.session = step_say("session", arg[0], luo_take(arg[0]));
}

static int *file_named(const char *name)
{
	return !strcmp(name, "dax") ? &dma.dax :
	       !strcmp(name, "iommu") ? &dma.iommu : &dma.dev;
}

static void do_preserve(char **arg)
{
	step_say("preserve", arg[0],
		 luo_preserve(dma.session, *file_named(arg[0]), number(arg[1])));
}

static void do_retrieve(char **arg)
{
	int fd = step_say("retrieve", arg[0], luo_retrieve(dma.session, number(arg[1])));
	int rc;

	*file_named(arg[0]) = fd;
	if (fd < 0 || strcmp(arg[0], "dax"))
		return;
	rc = map_memory();
	if (rc)
		step_say("map", arg[0], rc);
}

static void do_close(char **arg)
{
	int *file = !strcmp(arg[0], "session") ? &dma.session : file_named(arg[0]);

	step_say("close", arg[0], or_errno(close(*file)));
	*file = -1;
}

static void do_finish(char **arg)
{
	step_say("finish", "", luo_finish(dma.session));
}

/* Somebody waits for good for the session to answer */
static void do_stall(char **arg)
{
	step_say("stall", "", luo_stall(dma.session));
}

void dma_mark(const char *what)
{
	int fd = open("/dev/kmsg", O_WRONLY);
	char line[64];

	snprintf(line, sizeof(line), "witness: %s\n", what);
	if (fd < 0 || write(fd, line, strlen(line)) < 0)
		step_say("mark", what, -errno);
	close(fd);
}

static void do_mark(char **arg)
{
	dma_mark(arg[0]);
}

/* Time for whoever reads the console to do something about a mark */
static void do_pause(char **arg)
{
	sleep(number(arg[0]));
}

/* Stay, with all that is open, until killed */
static void do_hold(char **arg)
{
	printf("holding\n");
	fflush(stdout);
	pause();
}

const struct step dma_steps[] = {
	{ "take", 1, do_take },
	{ "open", 1, do_open },
	{ "open-group", 1, do_open_group },
	{ "iommu", 0, do_iommu },
	{ "ioas", 1, do_ioas },
	{ "token", 0, do_token },
	{ "bind", 0, do_bind },
	{ "attach", 0, do_attach },
	{ "detach", 0, do_detach },
	{ "dax", 1, do_dax },
	{ "iova", 1, do_iova },
	{ "map", 0, do_map },
	{ "map-anon", 0, do_map_anon },
	{ "unmap", 0, do_unmap },
	{ "command", 0, do_command },
	{ "master-off", 0, do_master_off },
	{ "sleep", 0, do_sleep },
	{ "reset", 0, do_reset },
	{ "give", 1, do_give },
	{ "irqs", 0, do_irqs },
	{ "irq", 1, do_irq },
	{ "toggle", 1, do_toggle },
	{ "create", 1, do_create },
	{ "session", 1, do_session },
	{ "preserve", 2, do_preserve },
	{ "retrieve", 2, do_retrieve },
	{ "close", 1, do_close },
	{ "finish", 0, do_finish },
	{ "stall", 0, do_stall },
	{ "mark", 1, do_mark },
	{ "pause", 1, do_pause },
	{ "hold", 0, do_hold },
	{}
};
