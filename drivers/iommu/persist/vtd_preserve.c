// SPDX-License-Identifier: GPL-2.0
/*
 * VT-d: which devices can go on, and the tables by which their unit will go on, made
 * empty while guests run; vtd_freeze.c fills them in. Under the lock of the list of
 * preserved devices.
 */
#define pr_fmt(fmt) "iommu-persist: " fmt

#include <linux/slab.h>

#include "vtd.h"

static int iop_vtd_other_alias(struct pci_dev *pdev, u16 alias, void *opaque)
{
	return alias != pci_dev_id(opaque);
}

static int iop_vtd_count_device(struct device *dev, void *nr)
{
	return ++*(unsigned int *)nr > 1;
}

/* One device, one requester id: what belongs together is preserved together */
static bool iop_vtd_is_alone(struct device *dev)
{
	struct iommu_group *group = iommu_group_get(dev);
	unsigned int nr = 0;

	if (!group)
		return false;
	iommu_group_for_each_dev(group, &nr, iop_vtd_count_device);
	iommu_group_put(group);
	return nr == 1 && !pci_for_each_dma_alias(to_pci_dev(dev), iop_vtd_other_alias,
						  to_pci_dev(dev));
}

static const char *iop_vtd_fault(struct device *dev, const struct device_domain_info *info)
{
	if (info->ats_enabled || iop_pretended("ats"))
		return "ATS is on";
	if (info->pri_enabled || iop_pretended("pri"))
		return "page requests are on";
	if (dev_is_real_dma_subdevice(dev) || !iop_vtd_is_alone(dev))
		return "it shares a requester id or group";
	return NULL;
}

/**
 * iop_vtd_check - may a device go on, or be blocked, over a kexec?
 * @dev: the device
 *
 * Context: may sleep.
 * Return: 0 or -EOPNOTSUPP.
 */
int iop_vtd_check(struct device *dev)
{
	const char *fault = iop_vtd_fault(dev, iop_vtd_info(dev));

	if (!fault)
		return 0;
	dev_err(dev, "can't go on over a kexec: %s\n", fault);
	return -EOPNOTSUPP;
}

/* What the next kernel would have to know of, and does not */
static const char *iop_vtd_domain_fault(const struct dmar_domain *domain)
{
	if (domain->domain.type == IOMMU_DOMAIN_NESTED || iop_pretended("nested"))
		return "its page table is nested";
	if (domain->dirty_tracking || iop_pretended("dirty"))
		return "what it writes is tracked";
	if (domain->domain.iopf_handler || iop_pretended("faults"))
		return "its page faults are handled";
	return NULL;
}

/**
 * iop_vtd_domain - the domain a device is attached to.
 * @dev: the device
 * @tag: set to the domain's record
 *
 * Context: the device is not attached or detached meanwhile.
 * Return: the domain; -EINVAL if there is none, or its tables are not in extended
 * memory; -EOPNOTSUPP if it has what can't be kept.
 */
struct iommu_domain *iop_vtd_domain(struct device *dev, struct iop_tag **tag)
{
	const struct device_domain_info *info = iop_vtd_info(dev);
	const char *fault;

	if (!info->domain || !info->domain_attached)
		return ERR_PTR(-EINVAL);
	fault = iop_vtd_domain_fault(info->domain);
	if (fault) {
		dev_err(dev, "can't go on over a kexec: %s\n", fault);
		return ERR_PTR(-EOPNOTSUPP);
	}
	*tag = iommu_persist_domain_tag(&info->domain->domain);
	if (!*tag) {
		dev_err(dev, "can't go on over a kexec: its page table is not in extended memory\n");
		return ERR_PTR(-EINVAL);
	}
	return &info->domain->domain;
}

/* Another device's root table, if they share a unit */
static struct root_entry *iop_vtd_find_root(const struct intel_iommu *iommu)
{
	struct iop_preserved *p;

	list_for_each_entry(p, &iop_preserved, list)
		if (p->place.unit == &iommu->iommu && to_iop_vtd_preserved(p)->root)
			return to_iop_vtd_preserved(p)->root;
	return NULL;
}

static void iop_vtd_free_root(struct intel_iommu *iommu, struct root_entry *root)
{
	unsigned int i;

	if (!root || iop_vtd_find_root(iommu))
		return;
	for (i = 0; i < VTD_PAGE_SIZE / sizeof(*root); i++) {
		if (root[i].lo & 1)
			iommu_free_pages(phys_to_virt(root[i].lo & VTD_PAGE_MASK));
		if (root[i].hi & 1)
			iommu_free_pages(phys_to_virt(root[i].hi & VTD_PAGE_MASK));
	}
	iommu_free_pages(root);
}

static struct context_entry *iop_vtd_make_context(struct intel_iommu *iommu,
						  struct root_entry *root, u16 rid)
{
	bool sm = sm_supported(iommu);
	u64 *entry = iop_root_entry(root, rid, sm);
	void *table;

	if (!(*entry & 1)) {
		table = iop_unit_alloc(iommu->node);
		if (!table)
			return NULL;
		*entry = virt_to_phys(table) | 1;
	}
	table = phys_to_virt(*entry & VTD_PAGE_MASK);
	return table + iop_context_index(rid, sm) * sizeof(struct context_entry);
}

static int iop_vtd_make_tables(struct iop_vtd_preserved *v,
			       const struct device_domain_info *info)
{
	struct intel_iommu *iommu = info->iommu;

	v->root = iop_vtd_find_root(iommu) ?: iop_unit_alloc(iommu->node);
	if (v->root)
		v->context = iop_vtd_make_context(iommu, v->root,
						  PCI_DEVID(info->bus, info->devfn));
	if (v->context && sm_supported(iommu)) {
		v->pasid_dir = iop_unit_alloc(iommu->node);
		v->pasid_table = iop_unit_alloc(iommu->node);
	}
	if (!v->context || (sm_supported(iommu) && !(v->pasid_dir && v->pasid_table)))
		return -ENOSPC;
	return 0;
}

static void iop_vtd_free(struct iop_vtd_preserved *v, struct intel_iommu *iommu)
{
	/* A root table that is left may lead here */
	if (v->context)
		memset(v->context, 0, sizeof(*v->context));
	iommu_free_pages(v->pasid_dir);
	iommu_free_pages(v->pasid_table);
	iop_vtd_free_root(iommu, v->root);
	iop_vtd_unready();
	kfree(v);
}

/**
 * iop_vtd_preserve - make the tables by which a device will go on.
 * @dev: the device
 * @tag: the record of its domain; NULL if it is to be blocked
 *
 * Context: may sleep; not in the list of preserved devices yet.
 * Return: the device's part; -ENOSPC; -ENOMEM.
 */
struct iop_preserved *iop_vtd_preserve(struct device *dev, struct iop_tag *tag)
{
	const struct device_domain_info *info = iop_vtd_info(dev);
	struct iop_vtd_preserved *v = kzalloc_obj(*v);
	int err;

	if (!v)
		return ERR_PTR(-ENOMEM);
	err = iop_vtd_ready();
	if (err) {
		kfree(v);
		return ERR_PTR(err);
	}
	err = tag ? iop_vtd_make_tables(v, info) : 0;
	if (!err)
		return &v->p;
	iop_vtd_free(v, info->iommu);
	return ERR_PTR(err);
}

/**
 * iop_vtd_unpreserve - a device is not to go on after all.
 * @p: the device, in no list any more
 *
 * Context: may sleep.
 */
void iop_vtd_unpreserve(struct iop_preserved *p)
{
	iop_vtd_free(to_iop_vtd_preserved(p), to_iop_vtd_iommu(p->place.unit));
}
