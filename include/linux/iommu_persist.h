/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_IOMMU_PERSIST_H
#define _LINUX_IOMMU_PERSIST_H

#include <linux/errno.h>
#include <linux/jump_label.h>
#include <linux/numa.h>
#include <linux/types.h>

struct device;
struct ioptdesc;
struct intel_iommu;
struct iommu_domain;
struct dmar_domain;
struct iommufd_ctx;

/* Never used, but named, where there is no CONFIG_IOMMU_PERSIST */
extern struct iommu_domain iommu_persist_restored_domain;

#ifdef CONFIG_IOMMU_PERSIST

DECLARE_STATIC_KEY_FALSE(iommu_persist_key);

/* For those who keep a device running over a kexec. */
int iommu_persist_preserve(struct device *dev);
int iommu_persist_preserve_blocked(struct device *dev);
void iommu_persist_unpreserve(struct device *dev);
bool iommu_persist_restored(struct device *dev);
int iommu_persist_release(struct device *dev);
void iommu_persist_gone(struct device *dev);
bool iommufd_is_fixed(const struct iommufd_ctx *ictx);

/* drivers/iommu/iommu-pages.c: tables with descriptors of their own */
void *iommu_persist_alloc(int *nid, gfp_t gfp, size_t size);
void iommu_persist_free(struct ioptdesc *desc);
struct ioptdesc *__iommu_persist_desc(const void *virt);
void *iommu_persist_desc_virt(const struct ioptdesc *desc);
size_t iommu_persist_desc_size(const struct ioptdesc *desc);

static inline struct ioptdesc *iommu_persist_desc(const void *virt)
{
	if (!static_branch_unlikely(&iommu_persist_key))
		return NULL;
	return __iommu_persist_desc(virt);
}

/* drivers/iommu/iommu.c: groups whose device a former kernel left running */
bool iommu_group_stop_restored(struct device *dev);

/* drivers/iommu/intel: domains, shutdown and boot of a unit */
int iommu_persist_domain_nid(int nid);
void iommu_persist_domain_free(int nid);
bool iommu_persist_freeze_unit(struct intel_iommu *iommu);
void iommu_persist_freeze_end(void);
int iommu_persist_adopt_unit(struct intel_iommu *iommu);
void iommu_persist_adopt_end(void);
void iommu_persist_abandon(void);
void iommu_persist_stop_unit(struct intel_iommu *iommu);
void iommu_persist_take_over(struct dmar_domain *domain, struct device *dev);
bool iommu_persist_block(struct device *dev);

/* drivers/iommu/iommufd: what a domain maps */
int iommufd_domain_claims(struct iommu_domain *domain, u64 **ids, unsigned int *nr);

#else /* CONFIG_IOMMU_PERSIST */

static inline int iommu_persist_preserve(struct device *dev)
{
	return -EOPNOTSUPP;
}

static inline void iommu_persist_unpreserve(struct device *dev) { }
static inline bool iommu_persist_restored(struct device *dev) { return false; }

static inline int iommu_persist_release(struct device *dev)
{
	return -EOPNOTSUPP;
}

static inline void iommu_persist_gone(struct device *dev) { }

static inline void *iommu_persist_alloc(int *nid, gfp_t gfp, size_t size)
{
	return NULL;
}

static inline void iommu_persist_free(struct ioptdesc *desc) { }

static inline struct ioptdesc *iommu_persist_desc(const void *virt)
{
	return NULL;
}

static inline void *iommu_persist_desc_virt(const struct ioptdesc *desc)
{
	return NULL;
}

static inline size_t iommu_persist_desc_size(const struct ioptdesc *desc)
{
	return 0;
}

static inline int iommu_persist_domain_nid(int nid) { return nid; }
static inline void iommu_persist_domain_free(int nid) { }

static inline bool iommu_persist_freeze_unit(struct intel_iommu *iommu)
{
	return false;
}

static inline void iommu_persist_freeze_end(void) { }

static inline int iommu_persist_adopt_unit(struct intel_iommu *iommu)
{
	return -ENOENT;
}

static inline void iommu_persist_adopt_end(void) { }
static inline void iommu_persist_abandon(void) { }
static inline void iommu_persist_stop_unit(struct intel_iommu *iommu) { }

static inline void iommu_persist_take_over(struct dmar_domain *domain,
					   struct device *dev) { }

static inline bool iommu_persist_block(struct device *dev) { return false; }

#endif /* CONFIG_IOMMU_PERSIST */

#endif /* _LINUX_IOMMU_PERSIST_H */
