// SPDX-License-Identifier: GPL-2.0
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "vfio_dev.h"
#include "vfio_edu.h"

#define PCI		"/sys/bus/pci"

#define EDU_DMA_SRC	0x80
#define EDU_DMA_DST	0x88
#define EDU_DMA_LEN	0x90
#define EDU_DMA_CMD	0x98
#define EDU_DMA_START	1
#define EDU_DMA_OUT	2	/* to memory */
#define EDU_BUFFER	0x40000

/* Whether @file of a PCI device says @val. */
static bool says(const char *dev, const char *file, const char *val)
{
	char path[300], got[16] = "";
	FILE *f;

	snprintf(path, sizeof(path), PCI "/devices/%s/%s", dev, file);
	f = fopen(path, "r");
	if (!f)
		return false;
	if (!fgets(got, sizeof(got), f))
		got[0] = '\0';
	fclose(f);
	return !strncmp(got, val, strlen(val));
}

/* The device's address, from the first call on bound to vfio-pci. */
static const char *find_device(void)
{
	static char name[32];
	struct dirent *entry;
	DIR *dir;

	if (name[0])
		return name;
	dir = opendir(PCI "/devices");
	while (dir && (entry = readdir(dir)))
		if (says(entry->d_name, "vendor", "0x1234") &&
		    says(entry->d_name, "device", "0x11e8"))
			snprintf(name, sizeof(name), "%.31s", entry->d_name);
	if (dir)
		closedir(dir);
	if (name[0])
		vfio_take(name);
	return name;
}

static int open_group(struct edu *edu)
{
	char path[128], link[128];
	ssize_t len;

	snprintf(path, sizeof(path), PCI "/devices/%s/iommu_group", find_device());
	len = readlink(path, link, sizeof(link) - 1);
	if (len < 0)
		return -errno;
	link[len] = '\0';
	snprintf(path, sizeof(path), "/dev/vfio/%s", strrchr(link, '/') + 1);
	edu->group_fd = open(path, O_RDWR);
	return edu->group_fd < 0 ? -errno : 0;
}

static int open_type1(struct edu *edu)
{
	int rc = open_group(edu);

	if (rc)
		return rc;
	edu->iommu_fd = open("/dev/vfio/vfio", O_RDWR);
	if (edu->iommu_fd < 0 ||
	    ioctl(edu->group_fd, VFIO_GROUP_SET_CONTAINER, &edu->iommu_fd) ||
	    ioctl(edu->iommu_fd, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		return -errno;
	edu->fd = ioctl(edu->group_fd, VFIO_GROUP_GET_DEVICE_FD, find_device());
	return edu->fd < 0 ? -errno : 0;
}

int edu_attach(struct edu *edu)
{
	return vfio_attach(edu->fd, edu->ioas);
}

int edu_detach(struct edu *edu)
{
	return vfio_detach(edu->fd);
}

static int open_iommufd(struct edu *edu)
{
	int rc;

	edu->fd = vfio_open(find_device());
	if (edu->fd < 0)
		return edu->fd;
	edu->iommu_fd = open("/dev/iommu", O_RDWR);
	if (edu->iommu_fd < 0)
		return -errno;
	rc = vfio_bind(edu->fd, edu->iommu_fd) ?: ioas_alloc(edu->iommu_fd, &edu->ioas);
	return rc ? rc : edu_attach(edu);
}

/* Let it reach memory, and find its registers. */
static int start(struct edu *edu)
{
	struct vfio_region_info bar = {
		.argsz = sizeof(bar),
		.index = VFIO_PCI_BAR0_REGION_INDEX,
	};
	struct vfio_region_info config = {
		.argsz = sizeof(config),
		.index = VFIO_PCI_CONFIG_REGION_INDEX,
	};
	uint16_t command = PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;

	if (ioctl(edu->fd, VFIO_DEVICE_GET_REGION_INFO, &bar) ||
	    ioctl(edu->fd, VFIO_DEVICE_GET_REGION_INFO, &config))
		return -errno;
	edu->regs = bar.offset;
	if (pwrite(edu->fd, &command, sizeof(command),
		   config.offset + PCI_COMMAND) != sizeof(command))
		return -errno;
	return 0;
}

int edu_open(struct edu *edu, enum edu_iommu iommu)
{
	int rc;

	*edu = (struct edu) {
		.iommu = iommu,
		.iommu_fd = -1,
		.group_fd = -1,
		.fd = -1,
	};
	rc = iommu == EDU_TYPE1 ? open_type1(edu) : open_iommufd(edu);
	if (!rc)
		rc = start(edu);
	if (rc)
		edu_close(edu);
	return rc;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void edu_close(struct edu *edu)
{
	close_fd(&edu->fd);
	close_fd(&edu->group_fd);
	close_fd(&edu->iommu_fd);
}

int edu_map(struct edu *edu, uint64_t iova, void *addr, size_t len)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (uintptr_t)addr,
		.iova = iova,
		.size = len,
	};

	if (edu->iommu != EDU_TYPE1)
		return ioas_map(edu->iommu_fd, edu->ioas, iova, addr, len);
	return ioctl(edu->iommu_fd, VFIO_IOMMU_MAP_DMA, &map) ? -errno : 0;
}

int edu_map_file(struct edu *edu, uint64_t iova, int fd, uint64_t off, size_t len)
{
	return ioas_map_file(edu->iommu_fd, edu->ioas, iova, fd, off, len);
}

static int unmap_type1(struct edu *edu, uint64_t iova, size_t len)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap),
		.iova = iova,
		.size = len,
	};

	if (ioctl(edu->iommu_fd, VFIO_IOMMU_UNMAP_DMA, &unmap))
		return -errno;
	return unmap.size == len ? 0 : -ENOENT;
}

int edu_unmap(struct edu *edu, uint64_t iova, size_t len)
{
	if (edu->iommu == EDU_TYPE1)
		return unmap_type1(edu, iova, len);
	return ioas_unmap(edu->iommu_fd, edu->ioas, iova, len);
}

static int set(struct edu *edu, unsigned int reg, uint32_t val)
{
	ssize_t len = pwrite(edu->fd, &val, sizeof(val), edu->regs + reg);

	return len == sizeof(val) ? 0 : -EIO;
}

static int dma(struct edu *edu, uint32_t src, uint32_t dst, size_t len, int cmd)
{
	int rc = set(edu, EDU_DMA_SRC, src) ?: set(edu, EDU_DMA_DST, dst) ?:
		 set(edu, EDU_DMA_LEN, len) ?:
		 set(edu, EDU_DMA_CMD, cmd | EDU_DMA_START);
	uint32_t state = EDU_DMA_START;

	while (!rc && state & EDU_DMA_START) {
		usleep(10000);
		if (pread(edu->fd, &state, sizeof(state),
			  edu->regs + EDU_DMA_CMD) != sizeof(state))
			rc = -EIO;
	}
	return rc;
}

int edu_read(struct edu *edu, uint64_t iova, size_t len)
{
	return dma(edu, iova, EDU_BUFFER, len, 0);
}

int edu_write(struct edu *edu, uint64_t iova, size_t len)
{
	return dma(edu, EDU_BUFFER, iova, len, EDU_DMA_OUT);
}
