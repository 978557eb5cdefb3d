// SPDX-License-Identifier: GPL-2.0
/*
 * Memory that a passed-through device may reach can't be unbound, resized or
 * destroyed, even when the process that gave it to the device has unmapped it,
 * closed it or is gone; and the device reads and writes the right bytes.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <linux/iommufd.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "dax_dev.h"
#include "vfio_edu.h"

#define SIZE	(8 * SZ_2M)
#define IOVA	SZ_1G

FIXTURE(dax_dma)
{
	struct dax_dev dev;
	struct edu edu;
	char *map;
	int fd;
};

FIXTURE_VARIANT(dax_dma)
{
	enum edu_iommu iommu;
	const char *memmap;	/* whether it has struct pages, which are pinned */
};

FIXTURE_VARIANT_ADD(dax_dma, type1) { .iommu = EDU_TYPE1, .memmap = "0" };
FIXTURE_VARIANT_ADD(dax_dma, iommufd) { .iommu = EDU_IOMMUFD, .memmap = "0" };
FIXTURE_VARIANT_ADD(dax_dma, iommufd_file)
{
	.iommu = EDU_IOMMUFD_FILE,
	.memmap = "0",
};

FIXTURE_VARIANT_ADD(dax_dma, type1_pages) { .iommu = EDU_TYPE1, .memmap = "1" };
FIXTURE_VARIANT_ADD(dax_dma, iommufd_pages)
{
	.iommu = EDU_IOMMUFD,
	.memmap = "1",
};

FIXTURE_SETUP(dax_dma)
{
	ASSERT_EQ(dax_create(&self->dev, dax_region(), SIZE, SZ_4K), 0);
	ASSERT_EQ(dax_set(&self->dev, "extmem/memmap", variant->memmap), 0);
	self->fd = dax_open(&self->dev);
	ASSERT_GE(self->fd, 0);
	self->map = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
			 self->fd, 0);
	ASSERT_NE(self->map, MAP_FAILED);
	ASSERT_EQ(edu_open(&self->edu, variant->iommu), 0);
}

/* Each test ends without users: now everything goes. */
FIXTURE_TEARDOWN(dax_dma)
{
	EXPECT_EQ(dax_unbind(&self->dev), 0);
	EXPECT_EQ(dax_set_size(&self->dev, SIZE / 2), 0);
	EXPECT_EQ(dax_set_size(&self->dev, 0), 0);
	EXPECT_EQ(dax_delete(&self->dev), 0);
}

static bool all_refused(const struct dax_dev *dev)
{
	return dax_refuses_all(dev, SIZE, SZ_4K);
}

/* Bytes of the device from @off on, by address or by file. */
static int map_part(struct edu *edu, int fd, char *map, size_t off, size_t len)
{
	if (edu->iommu != EDU_IOMMUFD_FILE)
		return edu_map(edu, IOVA, map + off, len);
	return edu_map_file(edu, IOVA, fd, off, len);
}

/* The device moves @len bytes from @from of the mapping to @to. */
static int move(struct edu *edu, size_t to, size_t from, size_t len)
{
	return edu_read(edu, IOVA + from, len) ?: edu_write(edu, IOVA + to, len);
}

TEST_F(dax_dma, reaches_what_is_mapped)
{
	strcpy(self->map + SZ_2M - 8, "over the edge");
	ASSERT_EQ(map_part(&self->edu, self->fd, self->map, 0, SIZE), 0);
	EXPECT_EQ(move(&self->edu, SIZE - SZ_4K, SZ_2M - 8, 16), 0);
	EXPECT_STREQ(self->map + SIZE - SZ_4K, "over the edge");
	EXPECT_TRUE(all_refused(&self->dev));
	EXPECT_EQ(edu_unmap(&self->edu, IOVA, SIZE), 0);
	EXPECT_TRUE(all_refused(&self->dev));
	munmap(self->map, SIZE);
	edu_close(&self->edu);
}

/* The hole of old: nobody maps it, but the device goes on. */
TEST_F(dax_dma, outlives_the_mapping)
{
	strcpy(self->map, "still there");
	ASSERT_EQ(map_part(&self->edu, self->fd, self->map, 0, SIZE), 0);
	munmap(self->map, SIZE);
	close(self->fd);
	EXPECT_TRUE(all_refused(&self->dev));
	EXPECT_EQ(move(&self->edu, SZ_4K, 0, 16), 0);

	self->map = dax_map(&self->dev, NULL, SIZE, 0);
	ASSERT_NE(self->map, MAP_FAILED);
	EXPECT_STREQ(self->map + SZ_4K, "still there");
	munmap(self->map, SIZE);
	EXPECT_TRUE(all_refused(&self->dev));
	EXPECT_EQ(edu_unmap(&self->edu, IOVA, SIZE), 0);
	edu_close(&self->edu);
}

/* Pages are pinned one by one, as those who use them in the kernel want it. */
TEST_F(dax_dma, pins_what_has_pages)
{
	long long pinned = vmstat_get("nr_foll_pin_acquired");

	ASSERT_GE(pinned, 0);
	ASSERT_EQ(map_part(&self->edu, self->fd, self->map, 0, SIZE), 0);
	pinned = vmstat_get("nr_foll_pin_acquired") - pinned;
	/* Some may still be in the CPUs' own counters, or be others' */
	EXPECT_EQ(pinned > SIZE / SZ_4K / 2, *variant->memmap == '1');
	munmap(self->map, SIZE);
	close(self->fd);
	EXPECT_TRUE(all_refused(&self->dev));
	edu_close(&self->edu);
}

TEST_F(dax_dma, is_let_go_when_closed)
{
	ASSERT_EQ(map_part(&self->edu, self->fd, self->map, 0, SIZE), 0);
	munmap(self->map, SIZE);
	EXPECT_TRUE(all_refused(&self->dev));
	edu_close(&self->edu);
}

TEST_F(dax_dma, is_let_go_by_a_dying_process)
{
	int ready[2];
	pid_t child;
	char c;

	edu_close(&self->edu);
	ASSERT_EQ(pipe(ready), 0);
	child = fork();
	if (!child) {
		if (edu_open(&self->edu, variant->iommu) ||
		    map_part(&self->edu, self->fd, self->map, 0, SIZE))
			_exit(1);
		write(ready[1], "", 1);
		pause();
	}
	close(ready[1]);
	munmap(self->map, SIZE);
	close(self->fd);
	ASSERT_EQ(read(ready[0], &c, 1), 1);
	EXPECT_TRUE(all_refused(&self->dev));
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

TEST_F(dax_dma, takes_any_part)
{
	size_t off = 3 * SZ_2M - SZ_4K, len = 3 * SZ_4K;

	strcpy(self->map + off, "a part");
	ASSERT_EQ(map_part(&self->edu, self->fd, self->map, off, len), 0);
	EXPECT_EQ(move(&self->edu, len - 16, 0, 16), 0);
	EXPECT_STREQ(self->map + off + len - 16, "a part");
	munmap(self->map, SIZE);
	EXPECT_TRUE(all_refused(&self->dev));
	EXPECT_EQ(edu_unmap(&self->edu, IOVA, len), 0);
	edu_close(&self->edu);
}

/* A device of two extents looks like one, to DMA too. */
TEST_F(dax_dma, crosses_extents)
{
	struct dax_dev hole, end, two;
	unsigned long where;
	char *map;
	int fd;

	ASSERT_EQ(dax_create(&hole, dax_region(), SZ_2M, SZ_2M), 0);
	ASSERT_EQ(dax_create(&end, dax_region(), SZ_2M, SZ_2M), 0);
	ASSERT_EQ(dax_create(&two, dax_region(), SZ_2M, SZ_2M), 0);
	where = dax_get(&hole, "resource");
	ASSERT_EQ(dax_destroy(&hole), 0);
	ASSERT_EQ(dax_unbind(&two), 0);
	ASSERT_EQ(dax_add_range(&two, where, SZ_2M), 0);
	ASSERT_EQ(dax_bind(&two), 0);
	ASSERT_EQ(dax_get(&two, "extmem/extents"), 2);

	fd = dax_open(&two);
	map = mmap(NULL, 2 * SZ_2M, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ASSERT_NE(map, MAP_FAILED);
	memset(map + SZ_2M - 2048, 0x11, 2048);
	memset(map + SZ_2M, 0x22, 2048);
	ASSERT_EQ(map_part(&self->edu, fd, map, 0, 2 * SZ_2M), 0);
	EXPECT_EQ(move(&self->edu, 0, SZ_2M - 2048, 4096), 0);
	EXPECT_EQ(map[0], 0x11);
	EXPECT_EQ(map[2047], 0x11);
	EXPECT_EQ(map[2048], 0x22);
	EXPECT_EQ(map[4095], 0x22);
	EXPECT_EQ(edu_unmap(&self->edu, IOVA, 2 * SZ_2M), 0);

	munmap(map, 2 * SZ_2M);
	close(fd);
	EXPECT_EQ(dax_destroy(&two), 0);
	EXPECT_EQ(dax_destroy(&end), 0);
	munmap(self->map, SIZE);
	edu_close(&self->edu);
}

/* As one range of addresses, or one by one. */
static int map_three(struct edu *edu, char *map, int first, int second)
{
	if (edu->iommu == EDU_TYPE1)
		return edu_map(edu, IOVA, map, 3 * SZ_2M);
	if (edu->iommu == EDU_IOMMUFD)
		return edu_map(edu, IOVA, map, SZ_2M) ?:
		       edu_map(edu, IOVA + SZ_2M, map + SZ_2M, SZ_2M) ?:
		       edu_map(edu, IOVA + 2 * SZ_2M, map + 2 * SZ_2M, SZ_2M);
	return edu_map_file(edu, IOVA, first, 0, SZ_2M) ?:
	       edu_map_file(edu, IOVA + SZ_2M, second, 0, SZ_2M) ?:
	       edu_map_file(edu, IOVA + 2 * SZ_2M, first, SZ_2M, SZ_2M);
}

/* Two devices in one range: each is held, and let go, on its own account. */
TEST_F(dax_dma, holds_each_of_several)
{
	struct dax_dev other;
	char *map = self->map;
	int fd;

	ASSERT_EQ(dax_create(&other, dax_region(), SIZE, SZ_4K), 0);
	fd = dax_open(&other);
	munmap(map, SIZE);
	ASSERT_EQ(dax_map(&self->dev, map, SZ_2M, 0), map);
	ASSERT_EQ(dax_map(&other, map + SZ_2M, SZ_2M, 0), map + SZ_2M);
	ASSERT_EQ(dax_map(&self->dev, map + 2 * SZ_2M, SZ_2M, SZ_2M),
		  map + 2 * SZ_2M);
	strcpy(map + SZ_2M, "the other");
	ASSERT_EQ(map_three(&self->edu, map, self->fd, fd), 0);
	close(fd);
	EXPECT_EQ(move(&self->edu, 2 * SZ_2M, SZ_2M, 16), 0);
	EXPECT_STREQ(map + 2 * SZ_2M, "the other");
	munmap(map, 3 * SZ_2M);
	EXPECT_TRUE(all_refused(&self->dev));
	EXPECT_TRUE(all_refused(&other));
	EXPECT_EQ(edu_unmap(&self->edu, IOVA, 3 * SZ_2M), 0);
	EXPECT_EQ(dax_destroy(&other), 0);
	edu_close(&self->edu);
}

/* Part of the range is nobody's: nothing is mapped, nothing stays held. */
TEST_F(dax_dma, maps_all_or_nothing)
{
	int rc;

	rc = map_part(&self->edu, self->fd, self->map, SIZE - SZ_2M, 2 * SZ_2M);
	EXPECT_EQ(rc, variant->iommu == EDU_IOMMUFD_FILE ? -EINVAL : -EFAULT);
	munmap(self->map, SIZE);
	EXPECT_EQ(dax_unbind(&self->dev), 0);
	EXPECT_EQ(dax_bind(&self->dev), 0);
	edu_close(&self->edu);
}

/* What the process may not write, a device may not write for it. */
TEST_F(dax_dma, keeps_to_the_protection)
{
	if (variant->iommu != EDU_IOMMUFD_FILE) {
		mprotect(self->map + SZ_2M, SZ_4K, PROT_READ);
		EXPECT_EQ(map_part(&self->edu, self->fd, self->map, 0, SIZE),
			  -EFAULT);
		mprotect(self->map + SZ_2M, SZ_4K, PROT_READ | PROT_WRITE);
	}
	EXPECT_EQ(map_part(&self->edu, self->fd, self->map, 0, SIZE), 0);
	munmap(self->map, SIZE);
	edu_close(&self->edu);
}

FIXTURE(dax_ioas)
{
	struct dax_dev dev;
	struct edu edu;
	int fd;
};

FIXTURE_SETUP(dax_ioas)
{
	ASSERT_EQ(dax_create(&self->dev, dax_region(), SIZE, SZ_4K), 0);
	self->fd = dax_open(&self->dev);
	ASSERT_GE(self->fd, 0);
	ASSERT_EQ(edu_open(&self->edu, EDU_IOMMUFD_FILE), 0);
}

FIXTURE_TEARDOWN(dax_ioas)
{
	edu_close(&self->edu);
	close(self->fd);
	EXPECT_EQ(dax_destroy(&self->dev), 0);
}

TEST_F(dax_ioas, refuses_what_is_not_there)
{
	struct edu *edu = &self->edu;
	int fd = self->fd;

	EXPECT_EQ(edu_map_file(edu, IOVA, fd, SIZE, SZ_4K), -EINVAL);
	EXPECT_EQ(edu_map_file(edu, IOVA, fd, 0, SIZE + SZ_4K), -EINVAL);
	EXPECT_EQ(edu_map_file(edu, IOVA, fd, SIZE - SZ_4K, SZ_2M), -EINVAL);
	EXPECT_EQ(edu_map_file(edu, IOVA, fd, -SZ_4K, SZ_4K), -EINVAL);
	EXPECT_EQ(edu_map_file(edu, IOVA, fd, -SZ_4K, SZ_2M), -EOVERFLOW);
	EXPECT_EQ(edu_map_file(edu, IOVA, fd, 1, SZ_4K), -EINVAL);
	EXPECT_EQ(edu_map_file(edu, IOVA, fd, 0, 0), -EINVAL);
	EXPECT_EQ(edu_map_file(edu, IOVA, fd, 0, SZ_4K + 1), -EINVAL);
	EXPECT_EQ(edu_map_file(edu, IOVA + 1, fd, 0, SZ_4K), -EINVAL);
	EXPECT_EQ(edu_map_file(edu, IOVA, -1, 0, SZ_4K), -EBADF);
	EXPECT_EQ(edu_map_file(edu, IOVA, 999, 0, SZ_4K), -EBADF);
	EXPECT_EQ(dax_unbind(&self->dev), 0);
	EXPECT_EQ(edu_map_file(edu, IOVA, fd, 0, SZ_4K), -ENXIO);
	EXPECT_EQ(dax_bind(&self->dev), 0);
	EXPECT_EQ(edu_map_file(edu, IOVA, fd, 0, SZ_4K), 0);
}

TEST_F(dax_ioas, refuses_files_of_others)
{
	int null = open("/dev/null", O_RDWR), zero = open("/dev/zero", O_RDWR);

	EXPECT_EQ(edu_map_file(&self->edu, IOVA, null, 0, SZ_4K), -EINVAL);
	EXPECT_EQ(edu_map_file(&self->edu, IOVA, zero, 0, SZ_4K), -EINVAL);
	close(null);
	close(zero);
}

/* Who may only read it can't have a device write it. */
TEST_F(dax_ioas, asks_how_it_was_opened)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/dev/%s", self->dev.name);
	fd = open(path, O_RDONLY);
	ASSERT_GE(fd, 0);
	EXPECT_EQ(edu_map_file(&self->edu, IOVA, fd, 0, SZ_4K), -EACCES);
	close(fd);
	fd = open(path, O_WRONLY);
	ASSERT_GE(fd, 0);
	EXPECT_EQ(edu_map_file(&self->edu, IOVA, fd, 0, SZ_4K), -EACCES);
	close(fd);
	EXPECT_EQ(dax_unbind(&self->dev), 0);
	EXPECT_EQ(dax_bind(&self->dev), 0);
}

/* Opened for one owner of the memory, used for the next. */
TEST_F(dax_ioas, refuses_files_of_former_owners)
{
	ASSERT_EQ(dax_unbind(&self->dev), 0);
	ASSERT_EQ(dax_set_size(&self->dev, 0), 0);
	ASSERT_EQ(dax_set_size(&self->dev, SIZE), 0);
	ASSERT_EQ(dax_bind(&self->dev), 0);
	EXPECT_EQ(edu_map_file(&self->edu, IOVA, self->fd, 0, SZ_4K), -ENXIO);
}

/* The mapping stays when the device leaves the IOAS, and is there again. */
TEST_F(dax_ioas, survives_detaching)
{
	char *map = dax_map(&self->dev, NULL, SIZE, 0);

	ASSERT_NE(map, MAP_FAILED);
	strcpy(map, "once more");
	ASSERT_EQ(edu_map_file(&self->edu, IOVA, self->fd, 0, SIZE), 0);
	ASSERT_EQ(edu_detach(&self->edu), 0);
	EXPECT_TRUE(all_refused(&self->dev));
	ASSERT_EQ(edu_attach(&self->edu), 0);
	EXPECT_EQ(move(&self->edu, SZ_2M, 0, 16), 0);
	EXPECT_STREQ(map + SZ_2M, "once more");
	munmap(map, SIZE);
	EXPECT_TRUE(all_refused(&self->dev));
}

static int copy_to_new_ioas(struct edu *edu, uint32_t *ioas)
{
	struct iommu_ioas_alloc alloc = { .size = sizeof(alloc) };
	struct iommu_ioas_copy copy = {
		.size = sizeof(copy),
		.flags = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE,
		.src_ioas_id = edu->ioas,
		.length = SZ_2M,
		.dst_iova = IOVA,
		.src_iova = IOVA + SZ_2M,
	};

	if (ioctl(edu->iommu_fd, IOMMU_IOAS_ALLOC, &alloc))
		return -errno;
	*ioas = copy.dst_ioas_id = alloc.out_ioas_id;
	return ioctl(edu->iommu_fd, IOMMU_IOAS_COPY, &copy) ? -errno : 0;
}

/* A copy of the mapping holds the memory as the first one does. */
TEST_F(dax_ioas, is_held_by_copies)
{
	struct iommu_ioas_unmap unmap = {
		.size = sizeof(unmap),
		.iova = IOVA,
		.length = SZ_2M,
	};

	ASSERT_EQ(edu_map_file(&self->edu, IOVA, self->fd, 0, SIZE), 0);
	ASSERT_EQ(copy_to_new_ioas(&self->edu, &unmap.ioas_id), 0);
	EXPECT_EQ(edu_unmap(&self->edu, IOVA, SIZE), 0);
	EXPECT_TRUE(all_refused(&self->dev));
	EXPECT_EQ(ioctl(self->edu.iommu_fd, IOMMU_IOAS_UNMAP, &unmap), 0);
	EXPECT_EQ(dax_unbind(&self->dev), 0);
	EXPECT_EQ(dax_bind(&self->dev), 0);
}

TEST_HARNESS_MAIN
