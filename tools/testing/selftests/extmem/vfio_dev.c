// SPDX-License-Identifier: GPL-2.0
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/iommufd.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vfio_dev.h"

#define PCI		"/sys/bus/pci"

static int write_file(const char *path, const char *val)
{
	int fd = open(path, O_WRONLY), rc;

	if (fd < 0)
		return -errno;
	rc = write(fd, val, strlen(val)) < 0 ? -errno : 0;
	close(fd);
	return rc;
}

static int is_taken(const char *bdf)
{
	char path[128], link[128];
	ssize_t len;

	snprintf(path, sizeof(path), PCI "/devices/%s/driver", bdf);
	len = readlink(path, link, sizeof(link) - 1);
	if (len < 0)
		return 0;
	link[len] = 0;
	return !strcmp(strrchr(link, '/') + 1, "vfio-pci");
}

int vfio_take(const char *bdf)
{
	char path[128];
	int rc;

	if (is_taken(bdf))
		return 0;
	snprintf(path, sizeof(path), PCI "/devices/%s/driver_override", bdf);
	rc = write_file(path, "vfio-pci");
	if (rc)
		return rc;
	snprintf(path, sizeof(path), PCI "/devices/%s/driver/unbind", bdf);
	rc = write_file(path, bdf);
	if (rc && rc != -ENOENT)
		return rc;
	return write_file(PCI "/drivers_probe", bdf);
}

static int has_class(const char *dev, const char *class)
{
	char path[300], got[16] = "";
	FILE *f;

	snprintf(path, sizeof(path), PCI "/devices/%s/class", dev);
	f = fopen(path, "r");
	if (!f)
		return 0;
	if (!fgets(got, sizeof(got), f))
		got[0] = '\0';
	fclose(f);
	return !strncmp(got, class, strlen(class));
}

/* In the order of their addresses */
void vfio_find(const char *class, int nth, char bdf[16])
{
	struct dirent **entry;
	int i, n = scandir(PCI "/devices", &entry, NULL, alphasort);

	bdf[0] = '\0';
	for (i = 0; i < n; i++) {
		if (has_class(entry[i]->d_name, class) && !nth--)
			snprintf(bdf, 16, "%.15s", entry[i]->d_name);
		free(entry[i]);
	}
	if (n >= 0)
		free(entry);
}

int vfio_open(const char *bdf)
{
	char path[300];
	struct dirent *entry;
	int fd = -ENOENT;
	DIR *dir;

	snprintf(path, sizeof(path), PCI "/devices/%s/vfio-dev", bdf);
	dir = opendir(path);
	while (dir && fd < 0 && (entry = readdir(dir))) {
		if (strncmp(entry->d_name, "vfio", 4))
			continue;
		snprintf(path, sizeof(path), "/dev/vfio/devices/%s", entry->d_name);
		fd = open(path, O_RDWR);
		if (fd < 0)
			fd = -errno;
	}
	if (dir)
		closedir(dir);
	return fd;
}

static int open_group(const char *bdf)
{
	char path[300], link[128];
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), PCI "/devices/%s/iommu_group", bdf);
	len = readlink(path, link, sizeof(link) - 1);
	if (len < 0)
		return -errno;
	link[len] = 0;
	snprintf(path, sizeof(path), "/dev/vfio%s", strrchr(link, '/'));
	fd = open(path, O_RDWR);
	return fd < 0 ? -errno : fd;
}

int vfio_open_group(const char *bdf)
{
	int group = open_group(bdf), container = open("/dev/vfio/vfio", O_RDWR), dev;

	if (group < 0)
		return group;
	if (container < 0 || ioctl(group, VFIO_GROUP_SET_CONTAINER, &container) ||
	    ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		return -errno;
	dev = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, bdf);
	return dev < 0 ? -errno : dev;
}

int vfio_bind(int dev, int iommu)
{
	return vfio_bind_token(dev, iommu, NULL);
}

int vfio_bind_token(int dev, int iommu, const uint8_t *token)
{
	struct vfio_device_bind_iommufd bind = {
		.argsz = sizeof(bind),
		.iommufd = iommu,
		.flags = token ? VFIO_DEVICE_BIND_FLAG_TOKEN : 0,
		.token_uuid_ptr = (uintptr_t)token,
	};

	return ioctl(dev, VFIO_DEVICE_BIND_IOMMUFD, &bind) ? -errno : 0;
}

int vfio_attach(int dev, uint32_t pt)
{
	struct vfio_device_attach_iommufd_pt attach = {
		.argsz = sizeof(attach),
		.pt_id = pt,
	};

	return ioctl(dev, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &attach) ? -errno : 0;
}

int vfio_detach(int dev)
{
	struct vfio_device_detach_iommufd_pt detach = { .argsz = sizeof(detach) };

	return ioctl(dev, VFIO_DEVICE_DETACH_IOMMUFD_PT, &detach) ? -errno : 0;
}

int vfio_reset(int dev)
{
	return ioctl(dev, VFIO_DEVICE_RESET) ? -errno : 0;
}

static int find_region(int dev, unsigned int index, struct vfio_region_info *info)
{
	*info = (struct vfio_region_info) { .argsz = sizeof(*info), .index = index };
	return ioctl(dev, VFIO_DEVICE_GET_REGION_INFO, info) ? -errno : 0;
}

int vfio_config_read(int dev, unsigned int reg)
{
	struct vfio_region_info config;
	uint16_t val;
	int rc = find_region(dev, VFIO_PCI_CONFIG_REGION_INDEX, &config);

	if (rc)
		return rc;
	if (pread(dev, &val, sizeof(val), config.offset + reg) != sizeof(val))
		return errno ? -errno : -EIO;
	return val;
}

int vfio_config_write(int dev, unsigned int reg, uint16_t val)
{
	struct vfio_region_info config;
	int rc = find_region(dev, VFIO_PCI_CONFIG_REGION_INDEX, &config);

	if (rc)
		return rc;
	if (pwrite(dev, &val, sizeof(val), config.offset + reg) != sizeof(val))
		return errno ? -errno : -EIO;
	return 0;
}

int vfio_sleep(int dev)
{
	int at = vfio_config_read(dev, PCI_CAPABILITY_LIST) & 0xff, cap;

	for (; at; at = cap >> 8) {
		cap = vfio_config_read(dev, at);
		if (cap < 0)
			return cap;
		if ((cap & 0xff) == PCI_CAP_ID_PM)
			return vfio_config_write(dev, at + PCI_PM_CTRL, 3);
	}
	return -ENOENT;
}

void *vfio_map_bar(int dev, unsigned int bar, size_t size)
{
	struct vfio_region_info info;
	int rc = find_region(dev, VFIO_PCI_BAR0_REGION_INDEX + bar, &info);

	if (!rc && info.size < size)
		rc = -ENXIO;
	if (!rc)
		return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, dev,
			    info.offset);
	errno = -rc;
	return MAP_FAILED;
}

int vfio_set_irqs(int dev, const int *eventfd, unsigned int n)
{
	struct vfio_irq_set *set = calloc(1, sizeof(*set) + n * sizeof(int));
	int rc;

	if (!set)
		return -ENOMEM;
	set->argsz = sizeof(*set) + n * sizeof(int);
	set->flags = VFIO_IRQ_SET_ACTION_TRIGGER |
		     (n ? VFIO_IRQ_SET_DATA_EVENTFD : VFIO_IRQ_SET_DATA_NONE);
	set->index = VFIO_PCI_MSIX_IRQ_INDEX;
	set->count = n;
	memcpy(set->data, eventfd, n * sizeof(int));
	rc = ioctl(dev, VFIO_DEVICE_SET_IRQS, set) ? -errno : 0;
	free(set);
	return rc;
}

int ioas_alloc(int iommu, uint32_t *ioas)
{
	struct iommu_ioas_alloc alloc = { .size = sizeof(alloc) };

	if (ioctl(iommu, IOMMU_IOAS_ALLOC, &alloc))
		return -errno;
	*ioas = alloc.out_ioas_id;
	return 0;
}

#define FIXED_RW	(IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE | \
			 IOMMU_IOAS_MAP_WRITEABLE)

int ioas_map_file(int iommu, uint32_t ioas, uint64_t iova, int fd, uint64_t off,
		  size_t len)
{
	struct iommu_ioas_map_file map = {
		.size = sizeof(map),
		.flags = FIXED_RW,
		.ioas_id = ioas,
		.fd = fd,
		.start = off,
		.length = len,
		.iova = iova,
	};

	return ioctl(iommu, IOMMU_IOAS_MAP_FILE, &map) ? -errno : 0;
}

int ioas_map(int iommu, uint32_t ioas, uint64_t iova, void *addr, size_t len)
{
	struct iommu_ioas_map map = {
		.size = sizeof(map),
		.flags = FIXED_RW,
		.ioas_id = ioas,
		.user_va = (uintptr_t)addr,
		.length = len,
		.iova = iova,
	};

	return ioctl(iommu, IOMMU_IOAS_MAP, &map) ? -errno : 0;
}

int ioas_unmap(int iommu, uint32_t ioas, uint64_t iova, size_t len)
{
	struct iommu_ioas_unmap unmap = {
		.size = sizeof(unmap),
		.ioas_id = ioas,
		.iova = iova,
		.length = len,
	};

	return ioctl(iommu, IOMMU_IOAS_UNMAP, &unmap) ? -errno : 0;
}
