/* SPDX-License-Identifier: GPL-2.0 */
#ifndef VFIO_EDU_H
#define VFIO_EDU_H

#include <stddef.h>
#include <stdint.h>

/*
 * QEMU's "edu" device under vfio-pci: it copies up to 4 KiB between a buffer of
 * its own and memory, by DMA. Functions return 0 or a negative errno; those that
 * open something, a file descriptor.
 */

/* How the device's DMA is translated. */
enum edu_iommu {
	EDU_TYPE1,	/* a VFIO container with a type 1 IOMMU */
	EDU_IOMMUFD,	/* an IOAS of /dev/iommu */
	EDU_IOMMUFD_FILE,	/* the same; the caller uses edu_map_file() */
};

struct edu {
	enum edu_iommu iommu;
	int iommu_fd;	/* the container, or /dev/iommu */
	int group_fd;
	int fd;		/* the device */
	uint32_t ioas;
	uint64_t regs;	/* where BAR 0 begins in fd */
};

int edu_open(struct edu *edu, enum edu_iommu iommu);
void edu_close(struct edu *edu);

/* The second one with iommufd only. */
int edu_map(struct edu *edu, uint64_t iova, void *addr, size_t len);
int edu_map_file(struct edu *edu, uint64_t iova, int fd, uint64_t off, size_t len);
int edu_unmap(struct edu *edu, uint64_t iova, size_t len);

/* The device stops or starts translating by the IOAS. */
int edu_attach(struct edu *edu);
int edu_detach(struct edu *edu);

/* Up to 4 KiB into the device's buffer, and out of it again. */
int edu_read(struct edu *edu, uint64_t iova, size_t len);
int edu_write(struct edu *edu, uint64_t iova, size_t len);

#endif /* VFIO_EDU_H */
