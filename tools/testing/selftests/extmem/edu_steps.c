// SPDX-License-Identifier: GPL-2.0
/*
 * edu_steps: QEMU's "edu" device copies between memory of a pool and a buffer of its
 * own, by tables of this kernel or of the one before. Its arguments are steps; each
 * says what came of it.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/iommufd.h>
#include <linux/pci_regs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "luo.h"
#include "steps.h"
#include "vfio_dev.h"

/* The device's DMA takes addresses of 32 bits from these steps */
#define IOVA		0x40000000ULL
#define MEM_SIZE	0x400000UL
#define PAGE		0x1000UL

#define EDU_DMA_SRC	0x80
#define EDU_DMA_DST	0x88
#define EDU_DMA_LEN	0x90
#define EDU_DMA_CMD	0x98
#define EDU_BUFFER	0x40000

/* Interrupt address range, remappable format (bit 4), handle 0x3fff */
#define MESSAGE		(0xfee00000 | 0x3fff << 5 | 1 << 4)

static int session = -1, dev = -1, iommu = -1, dax = -1;
static uint32_t ioas;
static char *mem = MAP_FAILED;
static uint32_t *regs = MAP_FAILED;

static uint64_t number(const char *word)
{
	return strtoull(word, NULL, 0);
}

static void do_open(char **arg)
{
	vfio_take(arg[0]);
	dev = step_say("open", "", vfio_open(arg[0]));
}

static void do_iommu(char **arg)
{
	iommu = or_errno(open("/dev/iommu", O_RDWR));
	step_say("iommu", "", iommu < 0 ? iommu : ioas_alloc(iommu, &ioas));
}

/* Another IOAS */
static void do_alloc(char **arg)
{
	step_say("alloc", "", ioas_alloc(iommu, &ioas));
}

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

/* How long that takes */
static void do_timed_attach(char **arg)
{
	struct timespec from, to;
	int rc;

	clock_gettime(CLOCK_MONOTONIC, &from);
	rc = vfio_attach(dev, ioas);
	clock_gettime(CLOCK_MONOTONIC, &to);
	step_say("attach", "", rc);
	printf("attached in %ld us\n", (to.tv_sec - from.tv_sec) * 1000000 +
	       (to.tv_nsec - from.tv_nsec) / 1000);
}

static void do_detach(char **arg)
{
	step_say("detach", "", vfio_detach(dev));
}

static int map_dax(void)
{
	mem = mmap(NULL, MEM_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, dax, 0);
	return mem == MAP_FAILED ? -errno : 0;
}

static void do_dax(char **arg)
{
	dax = or_errno(open(arg[0], O_RDWR));
	step_say("dax", "", dax < 0 ? dax : map_dax());
}

/* map PAGE NR: these pages at their place from IOVA on */
static void do_map(char **arg)
{
	uint64_t off = number(arg[0]) * PAGE;

	step_say("map", arg[0], ioas_map_file(iommu, ioas, IOVA + off, dax, off,
					      number(arg[1]) * PAGE));
}

/* pages NR: the memory's first page, over and over, each time a mapping of its own */
static void do_pages(char **arg)
{
	uint64_t nr = number(arg[0]);
	int rc = 0;

	for (uint64_t i = 0; i < nr && !rc; i++)
		rc = ioas_map_file(iommu, ioas, IOVA + i * PAGE, dax, 0, PAGE);
	step_say("pages", arg[0], rc);
}

static void do_anon(char **arg)
{
	void *anon = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	step_say("anon", "", ioas_map(iommu, ioas, 2 * IOVA, anon, PAGE));
}

static void do_unanon(char **arg)
{
	step_say("unanon", "", ioas_unmap(iommu, ioas, 2 * IOVA, PAGE));
}

static void do_unmap(char **arg)
{
	uint64_t off = number(arg[0]) * PAGE;

	step_say("unmap", arg[0], ioas_unmap(iommu, ioas, IOVA + off,
					     number(arg[1]) * PAGE));
}

static void do_regs(char **arg)
{
	int rc = vfio_config_write(dev, PCI_COMMAND,
				   PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);

	regs = (uint32_t *)vfio_map_bar(dev, 0, PAGE);
	step_say("regs", "", rc ?: regs == MAP_FAILED ? -errno : 0);
}

/* The same of a device that no driver has */
static void do_raw(char **arg)
{
	uint16_t command = PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;
	char path[128];
	int fd, rc = 0;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/config", arg[0]);
	fd = open(path, O_RDWR);
	if (fd < 0 || pwrite(fd, &command, 2, PCI_COMMAND) != 2)
		rc = -errno;
	close(fd);
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/resource0", arg[0]);
	fd = open(path, O_RDWR);
	regs = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (regs == MAP_FAILED)
		rc = -errno;
	close(fd);
	step_say("raw", "", rc);
}

static void set(unsigned int reg, uint32_t val)
{
	__atomic_store_n(&regs[reg / 4], val, __ATOMIC_SEQ_CST);
}

static uint32_t get(unsigned int reg)
{
	return __atomic_load_n(&regs[reg / 4], __ATOMIC_SEQ_CST);
}

static void move(uint32_t src, uint32_t dst, uint32_t len, int cmd)
{
	set(EDU_DMA_SRC, src);
	set(EDU_DMA_DST, dst);
	set(EDU_DMA_LEN, len);
	set(EDU_DMA_CMD, cmd | 1);
}

static void copy(uint32_t src, uint32_t dst, int cmd)
{
	move(src, dst, PAGE, cmd);
	while (get(EDU_DMA_CMD) & 1)
		usleep(10000);
}

/* dma FROM TO: the device copies a page, and we look at every byte */
static void do_dma(char **arg)
{
	uint64_t from = number(arg[0]) * PAGE, to = number(arg[1]) * PAGE;
	char name[64];

	snprintf(name, sizeof(name), "%s to %s", arg[0], arg[1]);
	memset(mem + from, 'a' + number(arg[0]) % 26, PAGE);
	memset(mem + to, '.', PAGE);
	copy(IOVA + from, EDU_BUFFER, 0);
	copy(EDU_BUFFER, IOVA + to, 2);
	printf("dma %s: %s\n", name, memcmp(mem + from, mem + to, PAGE) ?
	       mem[to] == '.' ? "nothing came" : "wrong" : "ok");
}

/*
 * Messages in remappable format, with a handle that is nobody's, again and again until
 * this CPU stops: each is under way for the tenth of a second that the device takes, so
 * the last one comes when no kernel listens.
 */
static void do_storm(char **arg)
{
	printf("storming\n");
	fflush(stdout);
	for (;;)
		if (!(get(EDU_DMA_CMD) & 1))
			move(EDU_BUFFER, MESSAGE, 4, 2);
}

/* As who gets an iommufd from another process does */
static void do_change(char **arg)
{
	struct iommu_ioas_change_process cmd = { .size = sizeof(cmd) };

	step_say("change", "", or_errno(ioctl(iommu, IOMMU_IOAS_CHANGE_PROCESS, &cmd)));
}

static void do_preserve_dev(char **arg)
{
	char path[128];
	int fd, rc;

	snprintf(path, sizeof(path), "/sys/kernel/debug/iommu_persist/%s", arg[0]);
	fd = open(path, O_WRONLY);
	rc = fd < 0 ? fd : write(fd, arg[1], strlen(arg[1]));
	step_say(arg[0], "device", rc < 0 ? -errno : 0);
	if (fd >= 0)
		close(fd);
}

static void do_create(char **arg)
{
	session = step_say("create", "", luo_create(arg[0]));
}

static void do_session(char **arg)
{
	session = step_say("session", "", luo_take(arg[0]));
}

static void do_preserve(char **arg)
{
	int fd = !strcmp(arg[0], "dax") ? dax : !strcmp(arg[0], "iommu") ? iommu : dev;

	step_say("preserve", arg[0], luo_preserve(session, fd, number(arg[1])));
}

static void do_retrieve(char **arg)
{
	int fd = step_say("retrieve", arg[0], luo_retrieve(session, number(arg[1])));

	if (!strcmp(arg[0], "dax")) {
		dax = fd;
		if (map_dax())
			step_say("map", arg[0], -errno);
	} else {
		iommu = fd;
	}
}

static void do_close(char **arg)
{
	int *fd = !strcmp(arg[0], "session") ? &session :
		  !strcmp(arg[0], "iommu") ? &iommu : &dev;

	step_say("close", arg[0], or_errno(close(*fd)));
}

static void do_finish(char **arg)
{
	step_say("finish", "", luo_finish(session));
}

static void do_hold(char **arg)
{
	printf("holding\n");
	fflush(stdout);
	pause();
}

static const struct step steps[] = {
	{ "open", 1, do_open },
	{ "iommu", 0, do_iommu },
	{ "alloc", 0, do_alloc },
	{ "ioas", 1, do_ioas },
	{ "bind", 0, do_bind },
	{ "attach", 0, do_attach },
	{ "timed-attach", 0, do_timed_attach },
	{ "detach", 0, do_detach },
	{ "dax", 1, do_dax },
	{ "map", 2, do_map },
	{ "pages", 1, do_pages },
	{ "unmap", 2, do_unmap },
	{ "anon", 0, do_anon },
	{ "unanon", 0, do_unanon },
	{ "regs", 0, do_regs },
	{ "raw", 1, do_raw },
	{ "dma", 2, do_dma },
	{ "storm", 0, do_storm },
	{ "change", 0, do_change },
	{ "debug", 2, do_preserve_dev },
	{ "create", 1, do_create },
	{ "session", 1, do_session },
	{ "preserve", 2, do_preserve },
	{ "retrieve", 2, do_retrieve },
	{ "close", 1, do_close },
	{ "finish", 0, do_finish },
	{ "hold", 0, do_hold },
	{}
};

int main(int argc, char **argv)
{
	return run_steps(steps, NULL, argc, argv);
}
