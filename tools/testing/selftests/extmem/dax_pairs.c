// SPDX-License-Identifier: GPL-2.0
/*
 * Every use of a device beside every other: as long as one is left the device
 * can't be unbound, resized, realigned, destroyed or converted, whichever of the two
 * began or ended first; and with the last one gone all of that can be done.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "../../../../mm/gup_test.h"
#include "dax_dev.h"
#include "kvm_guest.h"
#include "luo.h"
#include "vfio_edu.h"

#define SIZE	(4 * SZ_2M)
#define MEMMAP	"extmem/memmap"
#define GUP_TEST "/sys/kernel/debug/gup_test"

/* One use: what it takes, until it is let go. */
struct use {
	struct edu edu;
	struct kvm_guest guest;
	char *map;
	int fd;
	pid_t child;
};

static int use_mapping(struct use *use, const struct dax_dev *dev)
{
	use->map = dax_map(dev, NULL, SIZE, 0);
	if (use->map == MAP_FAILED)
		return -errno;
	poke(use->map, 1);
	return 0;
}

static void drop_mapping(struct use *use)
{
	munmap(use->map, SIZE);
}

/* A process that maps it, and dies */
static int use_process(struct use *use, const struct dax_dev *dev)
{
	int ready[2];
	char c;

	if (pipe(ready))
		return -errno;
	use->child = fork();
	if (!use->child) {
		if (!use_mapping(use, dev) && write(ready[1], "", 1) == 1)
			pause();
		_exit(1);
	}
	close(ready[1]);
	c = read(ready[0], &c, 1) == 1;
	close(ready[0]);
	return c ? 0 : -ECHILD;
}

static void drop_process(struct use *use)
{
	kill(use->child, SIGKILL);
	waitpid(use->child, NULL, 0);
}

/* A guest that has written to it */
static int use_kvm(struct use *use, const struct dax_dev *dev)
{
	struct kvm_guest *guest = &use->guest;
	int rc = use_mapping(use, dev) ?: kvm_guest_open(guest, 1);

	return rc ?: kvm_guest_set_ram(guest, use->map, KVM_RAM, SIZE, 0) ?:
	       kvm_guest_write(&guest->vcpu[0], KVM_RAM, KVM_RAM + SIZE, SZ_2M, 1);
}

static void drop_kvm(struct use *use)
{
	munmap(use->map, SIZE);
	kvm_guest_close(&use->guest);
}

/* A device that may reach it, and nobody who maps it */
static int use_dma(struct use *use, const struct dax_dev *dev, enum edu_iommu how)
{
	int rc = edu_open(&use->edu, how);
	int fd;

	if (rc)
		return rc;
	if (how == EDU_IOMMUFD_FILE) {
		fd = dax_open(dev);
		rc = edu_map_file(&use->edu, SZ_1G, fd, 0, SIZE);
		close(fd);
		return rc;
	}
	rc = use_mapping(use, dev) ?: edu_map(&use->edu, SZ_1G, use->map, SIZE);
	munmap(use->map, SIZE);
	return rc;
}

static int use_type1(struct use *use, const struct dax_dev *dev)
{
	return use_dma(use, dev, EDU_TYPE1);
}

static int use_iommufd(struct use *use, const struct dax_dev *dev)
{
	return use_dma(use, dev, EDU_IOMMUFD);
}

static int use_iommufd_file(struct use *use, const struct dax_dev *dev)
{
	return use_dma(use, dev, EDU_IOMMUFD_FILE);
}

static void drop_dma(struct use *use)
{
	edu_close(&use->edu);
}

static int use_session(struct use *use, const struct dax_dev *dev)
{
	int fd = dax_open(dev);
	int rc;

	use->fd = luo_create("pairs");
	rc = use->fd < 0 ? use->fd : luo_preserve(use->fd, fd, 1);
	close(fd);
	return rc;
}

static void drop_file(struct use *use)
{
	close(use->fd);
}

/* As RDMA pins it, and nobody who maps it */
static int use_pin(struct use *use, const struct dax_dev *dev)
{
	struct pin_longterm_test pin = { .size = SIZE,
		.flags = PIN_LONGTERM_TEST_FLAG_USE_WRITE };
	int rc = use_mapping(use, dev);

	if (rc)
		return rc;
	use->fd = open(GUP_TEST, O_RDWR);
	pin.addr = (unsigned long)use->map;
	rc = ioctl(use->fd, PIN_LONGTERM_TEST_START, &pin) ? -errno : 0;
	munmap(use->map, SIZE);
	return rc;
}

static const struct kind {
	const char *name;
	int (*begin)(struct use *use, const struct dax_dev *dev);
	void (*end)(struct use *use);
	bool pages;	/* needs struct pages */
} kinds[] = {
	{ "a mapping", use_mapping, drop_mapping, false },
	{ "a process", use_process, drop_process, false },
	{ "KVM", use_kvm, drop_kvm, false },
	{ "type 1", use_type1, drop_dma, false },
	{ "iommufd", use_iommufd, drop_dma, false },
	{ "iommufd, by file", use_iommufd_file, drop_dma, false },
	{ "a session", use_session, drop_file, false },
	{ "a pin", use_pin, drop_file, true },
};

FIXTURE(dax_pairs)
{
	struct dax_dev dev;
};

FIXTURE_VARIANT(dax_pairs)
{
	const char *memmap;
};

FIXTURE_VARIANT_ADD(dax_pairs, pfns) { .memmap = "0" };
FIXTURE_VARIANT_ADD(dax_pairs, pages) { .memmap = "1" };

FIXTURE_SETUP(dax_pairs)
{
	ASSERT_EQ(dax_create(&self->dev, dax_region(), SIZE, SZ_2M), 0);
	ASSERT_EQ(dax_set(&self->dev, MEMMAP, variant->memmap), 0);
}

FIXTURE_TEARDOWN(dax_pairs)
{
	EXPECT_EQ(dax_destroy(&self->dev), 0);
}

/* The first half of "daxctl reconfigure-device -m system-ram" is unbinding it. */
static bool refused(const struct dax_dev *dev, const char *memmap)
{
	return dax_refuses_all(dev, SIZE, SZ_2M) &&
	       dax_set(dev, MEMMAP, *memmap == '0' ? "1" : "0") == -EBUSY &&
	       dax_get(dev, MEMMAP) == *memmap - '0';
}

/* All of it, there and back. Pins of a dying process may take a moment to go. */
static int allowed(const struct dax_dev *dev, const char *memmap)
{
	int rc, tries = 500;

	while ((rc = dax_unbind(dev)) == -EBUSY && tries--)
		usleep(10000);
	return rc ?: dax_set_size(dev, SIZE / 2) ?: dax_set_align(dev, SZ_4K) ?:
	       dax_set_align(dev, SZ_2M) ?: dax_set_size(dev, SIZE) ?:
	       dax_bind(dev) ?: dax_set(dev, MEMMAP, *memmap == '0' ? "1" : "0") ?:
	       dax_set(dev, MEMMAP, memmap);
}

/* One device does DMA here: it is under one IOMMU at a time. */
static bool both_possible(const struct kind *a, const struct kind *b)
{
	return a->end != drop_dma || b->end != drop_dma;
}

static bool possible(const struct kind *kind, const char *memmap)
{
	return !kind->pages || *memmap == '1';
}

/* The outcome of @a, then @b, and @a let go first: "" if all is as it should be. */
static const char *try_pair(const struct dax_dev *dev, const struct kind *a,
			    const struct kind *b, const char *memmap)
{
	struct use first = {}, second = {};

	if (a->begin(&first, dev))
		return "the first does not begin";
	if (!refused(dev, memmap))
		return "not refused with the first";
	if (b->begin(&second, dev))
		return "the second does not begin";
	if (!refused(dev, memmap))
		return "not refused with both";
	a->end(&first);
	if (!refused(dev, memmap))
		return "not refused with the second";
	b->end(&second);
	if (allowed(dev, memmap))
		return "refused with none";
	return "";
}

TEST_F(dax_pairs, hold_the_device)
{
	const struct kind *a, *b;
	unsigned int tried = 0;

	for (a = kinds; a < kinds + ARRAY_SIZE(kinds); a++) {
		for (b = kinds; b < kinds + ARRAY_SIZE(kinds); b++) {
			if (a->end == drop_file && a == b)
				continue;	/* a device is in one session once */
			if (!both_possible(a, b) || !possible(a, variant->memmap) ||
			    !possible(b, variant->memmap))
				continue;
			tried++;
			EXPECT_STREQ(try_pair(&self->dev, a, b, variant->memmap), "")
				TH_LOG("%s, then %s", a->name, b->name);
		}
	}
	TH_LOG("%u pairs", tried);
}

TEST_HARNESS_MAIN
