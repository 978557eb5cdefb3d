// SPDX-License-Identifier: GPL-2.0
/*
 * A file of /dev/iommu that is in a live update session stays as it is: what is
 * saved of it must be what the page tables say when the kernel is replaced.
 */
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/iommu_persist.h>
#include <uapi/linux/iommufd.h>
#include <uapi/linux/vfio.h>

#include "iommufd_private.h"

/**
 * iommufd_fix - fix a file, or let it go.
 * @ictx: the file
 * @fixed: which of both
 *
 * Context: may sleep.
 * Return: 0; -EBUSY if it is fixed already; -EINTR.
 */
int iommufd_fix(struct iommufd_ctx *ictx, bool fixed)
{
	int rc = 0;

	if (!fixed)
		down_write(&ictx->change_lock);
	else if (down_write_killable(&ictx->change_lock))
		return -EINTR;
	if (fixed && ictx->fixed)
		rc = -EBUSY;
	else
		ictx->fixed = fixed;
	up_write(&ictx->change_lock);
	return rc;
}

/**
 * iommufd_may - may a file be changed by an ioctl?
 * @ictx: the file, its change_lock held
 * @cmd: the ioctl
 *
 * Return: false if not.
 */
bool iommufd_may(const struct iommufd_ctx *ictx, unsigned int cmd)
{
	if (!ictx->fixed)
		return true;
	switch (cmd) {
	case IOMMU_GET_HW_INFO:
	case IOMMU_IOAS_IOVA_RANGES:
	case IOMMU_HWPT_GET_DIRTY_BITMAP:
	case VFIO_GET_API_VERSION:
	case VFIO_CHECK_EXTENSION:
		return true;
	default:
		return false;
	}
}

/**
 * iommufd_is_fixed - is a file in a live update session?
 * @ictx: the file
 *
 * Context: any; without a lock it may have changed by the time of return.
 * Return: true if so.
 */
bool iommufd_is_fixed(const struct iommufd_ctx *ictx)
{
	return READ_ONCE(ictx->fixed);
}
