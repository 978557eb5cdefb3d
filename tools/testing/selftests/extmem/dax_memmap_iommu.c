// SPDX-License-Identifier: GPL-2.0
/*
 * iommufd pins a device that has struct pages, for a PCI device behind an IOMMU.
 * Needs one that is bound to vfio-pci, /dev/vfio/devices/vfio0.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

/* The host's may be older than what these programs need */
#define __user
#define __counted_by(nr)
#include "../../../../include/uapi/linux/iommufd.h"
#include "../../../../include/uapi/linux/vfio.h"
#include "../kselftest_harness.h"
#include "dax_dev.h"

#define SIZE	(8 * SZ_2M)
#define MEMMAP	"extmem/memmap"
#define IOVA	0x100000000ULL

FIXTURE(dax_memmap_iommu)
{
	struct dax_dev dev;
	char *map;
	int iommufd;
	int vfio;
	__u32 ioas;
};

FIXTURE_SETUP(dax_memmap_iommu)
{
	struct vfio_device_bind_iommufd bind = { .argsz = sizeof(bind) };
	struct vfio_device_attach_iommufd_pt attach = { .argsz = sizeof(attach) };
	struct iommu_ioas_alloc alloc = { .size = sizeof(alloc) };

	ASSERT_EQ(dax_create(&self->dev, dax_region(), SIZE, SZ_2M), 0);
	ASSERT_EQ(dax_set(&self->dev, MEMMAP, "1"), 0);
	self->map = dax_map(&self->dev, NULL, SIZE, 0);
	ASSERT_NE(self->map, MAP_FAILED);

	self->iommufd = open("/dev/iommu", O_RDWR);
	ASSERT_GE(self->iommufd, 0);
	self->vfio = open("/dev/vfio/devices/vfio0", O_RDWR);
	ASSERT_GE(self->vfio, 0);
	bind.iommufd = self->iommufd;
	ASSERT_EQ(ioctl(self->vfio, VFIO_DEVICE_BIND_IOMMUFD, &bind), 0);
	ASSERT_EQ(ioctl(self->iommufd, IOMMU_IOAS_ALLOC, &alloc), 0);
	self->ioas = alloc.out_ioas_id;
	attach.pt_id = self->ioas;
	ASSERT_EQ(ioctl(self->vfio, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &attach), 0);
}

FIXTURE_TEARDOWN(dax_memmap_iommu)
{
	EXPECT_EQ(dax_set(&self->dev, MEMMAP, "0"), 0);
	EXPECT_EQ(dax_destroy(&self->dev), 0);
}

static int map_all(int iommufd, __u32 ioas, char *map)
{
	struct iommu_ioas_map cmd = {
		.size = sizeof(cmd),
		.flags = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE |
			 IOMMU_IOAS_MAP_WRITEABLE,
		.ioas_id = ioas,
		.user_va = (unsigned long)map,
		.length = SIZE,
		.iova = IOVA,
	};

	return ioctl(iommufd, IOMMU_IOAS_MAP, &cmd);
}

static int unmap_all(int iommufd, __u32 ioas)
{
	struct iommu_ioas_unmap cmd = {
		.size = sizeof(cmd),
		.ioas_id = ioas,
		.iova = IOVA,
		.length = SIZE,
	};

	return ioctl(iommufd, IOMMU_IOAS_UNMAP, &cmd);
}

static bool all_refused(struct dax_dev *dev)
{
	return dax_set(dev, MEMMAP, "0") == -EBUSY && dax_unbind(dev) == -EBUSY &&
	       dax_set_size(dev, 0) == -EBUSY && dax_delete(dev) == -EBUSY;
}

TEST_F(dax_memmap_iommu, unmapped)
{
	ASSERT_EQ(map_all(self->iommufd, self->ioas, self->map), 0);
	munmap(self->map, SIZE);
	EXPECT_TRUE(all_refused(&self->dev));
	EXPECT_EQ(unmap_all(self->iommufd, self->ioas), 0);
	EXPECT_EQ(dax_set(&self->dev, MEMMAP, "0"), 0);
	EXPECT_EQ(dax_set(&self->dev, MEMMAP, "1"), 0);
	close(self->vfio);
	close(self->iommufd);
}

TEST_F(dax_memmap_iommu, closed)
{
	ASSERT_EQ(map_all(self->iommufd, self->ioas, self->map), 0);
	munmap(self->map, SIZE);
	close(self->iommufd);
	EXPECT_TRUE(all_refused(&self->dev));
	close(self->vfio);
}

TEST_HARNESS_MAIN
