/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IOMMU_PERSIST_VTD_H
#define _IOMMU_PERSIST_VTD_H

/* Above units: Intel VT-d's. Nothing else knows what its tables look like. */

#include <linux/dmar.h>
#include <linux/iommu.h>
#include <linux/pci.h>

#include "../intel/iommu.h"
#include "../intel/pasid.h"
#include "../iommu-priv.h"
#include "unit.h"

/**
 * struct iop_vtd_preserved - a device that the next kernel is to keep running, or blocked.
 * @p: what all makers have of it
 * @root: the root table that the unit will go on with; NULL if the device is to be
 *        blocked, and so for all that follows
 * @context: its context entry below that
 * @pasid_dir: its PASID directory, in scalable mode
 * @pasid_table: its PASID table
 */
struct iop_vtd_preserved {
	struct iop_preserved p;
	struct root_entry *root;
	struct context_entry *context;
	void *pasid_dir;
	void *pasid_table;
};

/**
 * struct iop_vtd_restored - a device that the previous kernel left running, or blocked.
 * @r: what all makers have of it; first, and freed with it
 * @did: its domain id, 0 if it is blocked
 * @pasid_dir: its PASID directory, in scalable mode, or NULL
 * @pasid_table: its PASID table
 */
struct iop_vtd_restored {
	struct iop_restored r;
	u16 did;
	void *pasid_dir;
	void *pasid_table;
};

static inline struct iop_vtd_preserved *to_iop_vtd_preserved(struct iop_preserved *p)
{
	return container_of(p, struct iop_vtd_preserved, p);
}

static inline struct iop_vtd_restored *to_iop_vtd_restored(struct iop_restored *r)
{
	return container_of(r, struct iop_vtd_restored, r);
}

static inline struct intel_iommu *to_iop_vtd_iommu(struct iommu_device *unit)
{
	return container_of(unit, struct intel_iommu, iommu);
}

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

/* vtd.c, for records of devices alone: who calls goes by these */
extern struct iop_ops iop_vtd_ops;

/* vtd_stop.c */
void iop_vtd_stop_unit(struct intel_iommu *iommu);
void iop_vtd_stop_early(void);

/* vtd_intr.c */
int iop_vtd_ready(void);
void iop_vtd_unready(void);
struct root_entry *iop_vtd_nowhere(void);
u64 iop_vtd_freeze_intr(struct intel_iommu *iommu);
void iop_vtd_keep_gap_table(struct intel_iommu *iommu);

/* vtd_preserve.c */
int iop_vtd_check(struct device *dev);
struct iommu_domain *iop_vtd_domain(struct device *dev, struct iop_tag **tag);
struct iop_preserved *iop_vtd_preserve(struct device *dev, struct iop_tag *tag);
void iop_vtd_unpreserve(struct iop_preserved *p);

/* vtd_freeze.c */
void iop_vtd_freeze_unit(struct iommu_device *unit);

/* vtd_restored.c */
void iop_vtd_take_over(struct iop_restored *r, struct iommu_domain *domain,
		       struct device *dev);
void iop_vtd_block(struct iop_restored *r, struct device *dev);
void iop_vtd_forget(struct iop_restored *r);

/* vtd_inherit.c */
int iop_vtd_inherit(struct iop_restored *r, struct iommu_domain *domain,
		    struct iommu_persist_heir *heir);
void iop_vtd_inherited(struct iommu_domain *domain, struct iommu_persist_heir *heir,
		       bool attached);

/* vtd_adopt.c */
int iop_vtd_adopt_unit(struct iommu_device *unit);
void iop_vtd_keep_unit(const union extmem_iommu_rec_ser *rec);

#endif /* _IOMMU_PERSIST_VTD_H */
