/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IOMMU_PERSIST_VTD_H
#define _IOMMU_PERSIST_VTD_H

#include <linux/iommu.h>

#include "../iommu-priv.h"
#include "../intel/iommu.h"

/* What VT-d knows of a device, or NULL if it is not behind VT-d */
static inline struct device_domain_info *iop_vtd_info(struct device *dev)
{
	if (!dev->iommu || !dev->iommu->iommu_dev || !dev_is_pci(dev) ||
	    dev->iommu->iommu_dev->ops != &intel_iommu_ops)
		return NULL;
	return dev_iommu_priv_get(dev);
}

/* Where a root table leads to the context table of a requester id */
static inline u64 *iop_root_entry(struct root_entry *root, u16 rid, bool scalable)
{
	root += rid >> 8;
	return scalable && rid & 0x80 ? &root->hi : &root->lo;
}

/* And where it is in that, in entries of 128 bits */
static inline unsigned int iop_context_index(u16 rid, bool scalable)
{
	return scalable ? (rid & 0x7f) * 2 : rid & 0xff;
}

#endif /* _IOMMU_PERSIST_VTD_H */
