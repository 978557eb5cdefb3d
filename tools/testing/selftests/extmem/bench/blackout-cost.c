// SPDX-License-Identifier: GPL-2.0
/*
 * blackout-cost keep MAPPINGS BYTES DAX DEVICE...	devices into a session; stays
 * blackout-cost take DEVICES				and out of it
 *
 * What it takes, in lines "WHAT NS": to make page tables of so many mappings of so
 * many bytes each for devices that are given anew; to have the same kept; and to have
 * devices, memory and tables back from the former kernel.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <linux/pci_regs.h>

#include "../luo.h"
#include "../vfio_dev.h"

#define IOVA	0x10000000000ULL
#define SESSION	"blackout"

/* Tokens; devices have those from TOKEN_DEVICE on */
#define TOKEN_DAX	1
#define TOKEN_IOMMU	2
#define TOKEN_DEVICE	3

#define MAX_DEVICES	8

static int dev[MAX_DEVICES];
static int nr_devs;
static long long began;

static int must(int rc, const char *what)
{
	if (rc < 0) {
		fprintf(stderr, "blackout-cost: %s: %s\n", what, strerror(-rc));
		exit(1);
	}
	return rc;
}

static long long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void start(void)
{
	began = now_ns();
}

static void stop(const char *what)
{
	long long ns = now_ns() - began;

	printf("%s %lld\n", what, ns);
	start();
}

/* So many mappings with nothing between them, in memory and in IOVAs apart */
static void map_all(int iommu, uint32_t ioas, int dax, unsigned long nr, size_t bytes)
{
	unsigned long i;

	for (i = 0; i < nr; i++)
		must(ioas_map_file(iommu, ioas, IOVA + 2 * i * bytes, dax, i * bytes,
				   bytes), "map");
}

static void attach_all(int iommu, uint32_t ioas)
{
	int i;

	for (i = 0; i < nr_devs; i++) {
		must(vfio_bind(dev[i], iommu), "bind");
		must(vfio_attach(dev[i], ioas), "attach");
	}
}

static void master_on(void)
{
	int i;

	for (i = 0; i < nr_devs; i++)
		must(vfio_config_write(dev[i], PCI_COMMAND, PCI_COMMAND_MEMORY |
				       PCI_COMMAND_MASTER), "bus mastering");
}

static void preserve_all(int iommu, int dax)
{
	int i, session = must(luo_create(SESSION), "create");

	start();
	must(luo_preserve(session, dax, TOKEN_DAX), "preserve memory");
	must(luo_preserve(session, iommu, TOKEN_IOMMU), "preserve tables");
	stop("preserve-tables");
	for (i = 0; i < nr_devs; i++)
		must(luo_preserve(session, dev[i], TOKEN_DEVICE + i), "preserve device");
	stop("preserve-devices");
}

static int keep(char **arg)
{
	unsigned long nr = strtoul(arg[0], NULL, 0);
	size_t bytes = strtoul(arg[1], NULL, 0);
	int iommu, dax = open(arg[2], O_RDWR);
	uint32_t ioas;

	for (arg += 3; *arg && nr_devs < MAX_DEVICES; arg++)
		dev[nr_devs++] = must(vfio_open(*arg), *arg);
	start();
	iommu = open("/dev/iommu", O_RDWR);
	must(ioas_alloc(iommu, &ioas), "new IOAS");
	map_all(iommu, ioas, dax, nr, bytes);
	stop("map");
	attach_all(iommu, ioas);
	stop("attach-anew");
	master_on();
	preserve_all(iommu, dax);
	printf("ready\n");
	fflush(stdout);
	pause();
	return 0;
}

static int take_back(char **arg)
{
	int i, iommu, session = must(luo_take(SESSION), "take");

	nr_devs = atoi(arg[0]) < MAX_DEVICES ? atoi(arg[0]) : MAX_DEVICES;
	start();
	must(luo_retrieve(session, TOKEN_DAX), "retrieve memory");
	iommu = must(luo_retrieve(session, TOKEN_IOMMU), "retrieve tables");
	stop("retrieve-tables");
	for (i = 0; i < nr_devs; i++)
		dev[i] = must(luo_retrieve(session, TOKEN_DEVICE + i), "retrieve device");
	stop("retrieve-devices");
	attach_all(iommu, 1);
	stop("take-over");
	must(luo_finish(session), "finish");
	stop("finish");
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 5 && !strcmp(argv[1], "keep"))
		return keep(argv + 2);
	if (argc == 3 && !strcmp(argv[1], "take"))
		return take_back(argv + 2);
	return 2;
}
