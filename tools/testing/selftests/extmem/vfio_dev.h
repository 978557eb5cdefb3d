/* SPDX-License-Identifier: GPL-2.0 */
#ifndef VFIO_DEV_H
#define VFIO_DEV_H

#include <stddef.h>
#include <stdint.h>

/*
 * A PCI device under vfio-pci, by its character device and /dev/iommu. Functions
 * return 0 or a negative errno; those that open something, a file descriptor.
 */

/* Take the device at @bdf (0000:01:00.0) from whoever drives it. */
int vfio_take(const char *bdf);
/* The nth PCI device of a class (0x010802), an empty string if there is none. */
void vfio_find(const char *class, int nth, char bdf[16]);

int vfio_open(const char *bdf);
/* By its group and a container of type 1, as programs did before there was iommufd */
int vfio_open_group(const char *bdf);
int vfio_bind(int dev, int iommu);
/* With a token of 16 bytes: virtual functions, and what has some, want one. */
int vfio_bind_token(int dev, int iommu, const uint8_t *token);
int vfio_attach(int dev, uint32_t pt);
int vfio_detach(int dev);
int vfio_reset(int dev);

/* PCI configuration space; a register of two bytes, or a negative errno */
int vfio_config_read(int dev, unsigned int reg);
int vfio_config_write(int dev, unsigned int reg, uint16_t val);

/* Into power state D3 */
int vfio_sleep(int dev);

/* The first @size bytes of a BAR; MAP_FAILED with errno set */
void *vfio_map_bar(int dev, unsigned int bar, size_t size);

/* MSI-X vectors 0 to @n - 1 raise these eventfds; @n 0: none does any more. */
int vfio_set_irqs(int dev, const int *eventfd, unsigned int n);

int ioas_alloc(int iommu, uint32_t *ioas);
int ioas_map_file(int iommu, uint32_t ioas, uint64_t iova, int fd, uint64_t off,
		  size_t len);
int ioas_map(int iommu, uint32_t ioas, uint64_t iova, void *addr, size_t len);
int ioas_unmap(int iommu, uint32_t ioas, uint64_t iova, size_t len);

#endif /* VFIO_DEV_H */
