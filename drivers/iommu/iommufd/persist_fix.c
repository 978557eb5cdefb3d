// SPDX-License-Identifier: GPL-2.0
/*
 * A file of /dev/iommu that is in a live update session stays as it is: what is
 * saved of it must be what the page tables say when the kernel is replaced.
 */
#include <linux/export.h>
#include <linux/iommu_persist.h>
#include <uapi/linux/iommufd.h>
#include <uapi/linux/vfio.h>

#include "iommufd_private.h"

/**
 * iommufd_fix - fix a file.
 * @ictx: the file
 *
 * An ioctl that changes something holds the lock for reading all the time that it
 * takes, and it may take for ever: it copies from memory that its caller has in hand. So
 * this does not wait, and nobody waits for it.
 *
 * Context: any.
 * Return: 0; -EBUSY if the file is fixed already, or being changed.
 */
int iommufd_fix(struct iommufd_ctx *ictx)
{
	int rc = 0;

	if (!down_write_trylock(&ictx->change_lock))
		return -EBUSY;
	if (ictx->fixed)
		rc = -EBUSY;
	WRITE_ONCE(ictx->fixed, true);
	up_write(&ictx->change_lock);
	return rc;
}

/**
 * iommufd_unfix - let a file go.
 * @ictx: the file, fixed by iommufd_fix()
 *
 * Nobody changes it before that is seen, so there is nobody to wait for.
 *
 * Context: any.
 */
void iommufd_unfix(struct iommufd_ctx *ictx)
{
	/* What was made of the file comes before */
	smp_store_release(&ictx->fixed, false);
}

/**
 * iommufd_may_pass - does an ioctl leave alone what is saved of a file?
 * @cmd: the ioctl
 *
 * It needs no lock then, and may be done in a session. Whose memory limits the file's
 * pins count against is not saved.
 *
 * Return: false if it may change something.
 */
bool iommufd_may_pass(unsigned int cmd)
{
	switch (cmd) {
	case IOMMU_GET_HW_INFO:
	case IOMMU_IOAS_IOVA_RANGES:
	case IOMMU_IOAS_CHANGE_PROCESS:
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
EXPORT_SYMBOL_GPL(iommufd_is_fixed);
