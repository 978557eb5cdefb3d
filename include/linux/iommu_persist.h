/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_IOMMU_PERSIST_H
#define _LINUX_IOMMU_PERSIST_H

#include <linux/errno.h>
#include <linux/jump_label.h>
#include <linux/numa.h>
#include <linux/types.h>

struct attribute_group;
struct device;
struct intel_iommu;
struct iommu_domain;
struct iommufd_ctx;
struct iop_ops;
struct iop_tag;
struct ioptdesc;

/* Never used, but named, where there is no CONFIG_IOMMU_PERSIST */
extern struct iommu_domain iommu_persist_restored_domain;

#ifdef CONFIG_IOMMU_PERSIST

DECLARE_STATIC_KEY_FALSE(iommu_persist_key);

/**
 * struct iommu_persist_user - what iommufd knows of its domains.
 * @claims: ids of all claims that a domain reaches, to be freed by kfree(), and how
 *	    many they are; an error if there is anything else
 */
struct iommu_persist_user {
	int (*claims)(struct iommu_domain *domain, u64 **ids, unsigned int *nr);
};

/**
 * struct iommu_persist_heir - a domain that is to inherit a table.
 * @ops: operations of the device's unit
 * @tag: the record that it inherits
 * @own_tag: the one it was made with
 * @own_top: and its table
 * @unit: the unit that caches it
 */
struct iommu_persist_heir {
	const struct iop_ops *ops;
	struct iop_tag *tag;
	struct iop_tag *own_tag;
	uintptr_t own_top;
	void *unit;
};

/* For those who keep a device running over a kexec. */
int iommu_persist_preserve(struct device *dev);
int iommu_persist_preserve_blocked(struct device *dev);
void iommu_persist_unpreserve(struct device *dev);
bool iommu_persist_restored(struct device *dev);
int iommu_persist_release(struct device *dev);
void iommu_persist_gone(struct device *dev);
bool iommufd_is_fixed(const struct iommufd_ctx *ictx);

/* drivers/iommu/iommu-pages.c: tables with descriptors of their own */
void *iommu_persist_alloc(struct iop_tag *tag, gfp_t gfp, size_t size);
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
bool iommu_group_has_pasids(struct device *dev);
bool iommu_persist_block(struct device *dev);

/* drivers/iommu/intel: domains, shutdown and boot of a unit */
struct iop_tag *iommu_persist_domain_create(int nid);
void iommu_persist_domain_destroy(struct iop_tag *tag);
bool iommu_persist_freeze_unit(struct intel_iommu *iommu);
void iommu_persist_freeze_end(void);
int iommu_persist_adopt_unit(struct intel_iommu *iommu);
void iommu_persist_adopt_end(void);
void iommu_persist_abandon(void);
void iommu_persist_stop_unit(struct intel_iommu *iommu);
void iommu_persist_take_over(struct iommu_domain *domain, struct device *dev);
void iommu_persist_detach(struct iop_tag *tag);
bool iommu_persist_running(struct intel_iommu *iommu, u16 rid);

/* drivers/iommu/intel: interrupts between two kernels */
void iommu_persist_count_faults(struct intel_iommu *iommu);
bool iommu_persist_keep_intr(struct intel_iommu *iommu);
void iommu_persist_no_intr(void);
extern const struct attribute_group iommu_persist_group;

/* drivers/iommu/iommufd: what a domain maps, and tables that are taken as they are */
void iommu_persist_register_user(const struct iommu_persist_user *user);
int iommu_persist_inherit(struct iommu_domain *domain, struct device *dev, const u16 *tags,
			  unsigned int nr, struct iommu_persist_heir *heir);
void iommu_persist_inherited(struct iommu_domain *domain, struct iommu_persist_heir *heir,
			     bool attached);
struct iop_tag *iommu_persist_domain_tag(struct iommu_domain *domain);
u16 iommu_persist_tag_id(const struct iop_tag *tag);

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

static inline void *iommu_persist_alloc(struct iop_tag *tag, gfp_t gfp, size_t size)
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

static inline struct iop_tag *iommu_persist_domain_create(int nid) { return NULL; }
static inline void iommu_persist_domain_destroy(struct iop_tag *tag) { }

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

static inline void iommu_persist_take_over(struct iommu_domain *domain,
					   struct device *dev) { }

static inline void iommu_persist_detach(struct iop_tag *tag) { }

static inline struct iop_tag *iommu_persist_domain_tag(struct iommu_domain *domain)
{
	return NULL;
}

static inline bool iommu_persist_running(struct intel_iommu *iommu, u16 rid)
{
	return false;
}

static inline void iommu_persist_count_faults(struct intel_iommu *iommu) { }

static inline bool iommu_persist_keep_intr(struct intel_iommu *iommu)
{
	return false;
}

static inline void iommu_persist_no_intr(void) { }

static inline bool iommu_persist_block(struct device *dev) { return false; }

#endif /* CONFIG_IOMMU_PERSIST */

#endif /* _LINUX_IOMMU_PERSIST_H */
