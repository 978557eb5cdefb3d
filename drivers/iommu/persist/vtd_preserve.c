// SPDX-License-Identifier: GPL-2.0
/*
 * VT-d: which devices go on, and all that takes memory or can be refused about
 * it, while guests run. The tables by which the unit will go on are made here,
 * empty; vtd_freeze.c fills them in.
 */
#define pr_fmt(fmt) "iommu-persist: " fmt

#include <linux/pci.h>
#include <linux/slab.h>

#include "../intel/iommu.h"
#include "../intel/pasid.h"
#include "internal.h"
#include "vtd.h"

LIST_HEAD(iop_preserved);
/* The list, and all tables made for what is in it */
DEFINE_MUTEX(iop_preserve_lock);

static struct iop_preserved *find(const struct device *dev)
{
	struct iop_preserved *p;

	list_for_each_entry(p, &iop_preserved, list)
		if (p->dev == dev)
			return p;
	return NULL;
}

static int other_alias(struct pci_dev *pdev, u16 alias, void *opaque)
{
	return alias != pci_dev_id(opaque);
}

static int count_device(struct device *dev, void *nr)
{
	return ++*(unsigned int *)nr > 1;
}

/* One device, one requester id: what belongs together is preserved together */
static bool is_alone(struct device *dev)
{
	struct iommu_group *group = iommu_group_get(dev);
	unsigned int nr = 0;

	if (!group)
		return false;
	iommu_group_for_each_dev(group, &nr, count_device);
	iommu_group_put(group);
	return nr == 1 && !pci_for_each_dma_alias(to_pci_dev(dev), other_alias,
						  to_pci_dev(dev));
}

static int check_device(struct device *dev)
{
	const struct device_domain_info *info = iop_vtd_info(dev);

	if (!info) {
		dev_err(dev, "can't go on over a kexec: it is not behind Intel VT-d\n");
		return -EOPNOTSUPP;
	}
	if (dev_is_real_dma_subdevice(dev) || info->ats_enabled || info->pri_enabled ||
	    !is_alone(dev)) {
		dev_err(dev, "can't go on over a kexec: %s\n",
			info->ats_enabled ? "ATS is on" : "it shares a requester id or group");
		return -EOPNOTSUPP;
	}
	return 0;
}

static bool is_attached(struct device *dev)
{
	const struct device_domain_info *info = iop_vtd_info(dev);

	return info->domain && info->domain_attached;
}

static int check_domain(struct device *dev, struct iop_tag **tag)
{
	const struct device_domain_info *info = iop_vtd_info(dev);

	*tag = iop_tag_find(info->domain->iommu.nid);
	if (!*tag) {
		dev_err(dev, "can't go on over a kexec: its page table is not in extended memory\n");
		return -EINVAL;
	}
	if ((*tag)->spilled) {
		dev_err(dev, "can't go on over a kexec: no room for its page table in extended memory\n");
		return -ENOSPC;
	}
	return 0;
}

/* Another device's root table, if they share a unit */
static struct root_entry *get_root(struct intel_iommu *iommu)
{
	struct iop_preserved *p;

	list_for_each_entry(p, &iop_preserved, list)
		if (p->iommu == iommu && p->root)
			return p->root;
	return iop_unit_alloc(iommu->node);
}

static bool root_in_use(const struct intel_iommu *iommu)
{
	const struct iop_preserved *p;

	list_for_each_entry(p, &iop_preserved, list)
		if (p->iommu == iommu && p->root)
			return true;
	return false;
}

static void free_root(struct intel_iommu *iommu, struct root_entry *root)
{
	unsigned int i;

	if (!root || root_in_use(iommu))
		return;
	for (i = 0; i < VTD_PAGE_SIZE / sizeof(*root); i++) {
		if (root[i].lo & 1)
			iommu_free_pages(phys_to_virt(root[i].lo & VTD_PAGE_MASK));
		if (root[i].hi & 1)
			iommu_free_pages(phys_to_virt(root[i].hi & VTD_PAGE_MASK));
	}
	iommu_free_pages(root);
}

static struct context_entry *get_context(struct intel_iommu *iommu,
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

static int alloc_tables(struct iop_preserved *p, const struct device_domain_info *info)
{
	p->root = get_root(p->iommu);
	if (p->root)
		p->context = get_context(p->iommu, p->root,
					 PCI_DEVID(info->bus, info->devfn));
	if (p->context && sm_supported(p->iommu)) {
		p->pasid_dir = iop_unit_alloc(p->iommu->node);
		p->pasid_table = iop_unit_alloc(p->iommu->node);
	}
	if (!p->context || (sm_supported(p->iommu) && !(p->pasid_dir && p->pasid_table)))
		return -ENOSPC;
	return 0;
}

static void free_preserved(struct iop_preserved *p)
{
	if (p->tag)
		p->tag->fixed = false;
	iommu_free_pages(p->pasid_dir);
	iommu_free_pages(p->pasid_table);
	free_root(p->iommu, p->root);
	if (list_empty(&iop_preserved))
		iop_book_free();
	kfree(p->claims);
	kfree(p);
	iop_trim();
}

static unsigned int count_records(void)
{
	const struct iop_preserved *p;
	unsigned int nr = 0;

	/* Units are no more than devices */
	list_for_each_entry(p, &iop_preserved, list)
		nr += 2 + p->nr_claims;
	return nr;
}

static int fill(struct iop_preserved *p, struct device *dev)
{
	int err;

	err = check_domain(dev, &p->tag);
	if (err)
		return err;
	err = iommufd_domain_claims(&iop_vtd_info(dev)->domain->domain, &p->claims,
				    &p->nr_claims);
	if (err)
		return err;
	err = alloc_tables(p, iop_vtd_info(dev));
	if (!err)
		err = iop_book_reserve(count_records() + 2 + p->nr_claims);
	if (!err)
		p->tag->fixed = true;
	return err;
}

static struct iop_preserved *make(struct device *dev)
{
	struct iop_preserved *p;

	if (find(dev))
		return ERR_PTR(-EBUSY);
	p = kzalloc_obj(*p);
	if (!p)
		return ERR_PTR(-ENOMEM);
	p->dev = dev;
	p->iommu = iop_vtd_info(dev)->iommu;
	return p;
}

/**
 * iommu_persist_preserve - a device is to go on over the next kexec.
 * @dev: the device, attached to a domain of iommufd
 *
 * All that can fail is done now. From now on until iommu_persist_unpreserve() or
 * the kexec the caller keeps the device attached to the domain, and what the
 * domain maps as it is.
 *
 * Context: may sleep; the device is not attached or detached meanwhile.
 * Return: 0; -EBUSY if it is preserved; -EOPNOTSUPP if its IOMMU, or its place
 * behind that, does not allow it; -EINVAL if it is not attached to a domain of
 * iommufd, or that maps anything but extended memory; -ENOSPC if there is no room
 * in the pool for all of the tables; -ENOMEM.
 */
int iommu_persist_preserve(struct device *dev)
{
	struct iop_preserved *p;
	int err;

	err = check_device(dev);
	if (err)
		return err;
	if (!is_attached(dev))
		return -EINVAL;
	guard(mutex)(&iop_preserve_lock);
	p = make(dev);
	if (IS_ERR(p))
		return PTR_ERR(p);
	err = fill(p, dev);
	if (err) {
		p->tag = NULL;
		free_preserved(p);
		return err;
	}
	list_add_tail(&p->list, &iop_preserved);
	return 0;
}
EXPORT_SYMBOL_GPL(iommu_persist_preserve);

/**
 * iommu_persist_preserve_blocked - a device is to be blocked over the next kexec.
 * @dev: the device, whatever it is attached to
 *
 * It is one that has to go on bus mastering for another's sake. From the kexec until
 * iommu_persist_release(), in the next kernel, its own DMA reaches nothing, and it
 * belongs to no driver that uses the DMA API. Undone by iommu_persist_unpreserve().
 *
 * Context: may sleep.
 * Return: 0; -EBUSY if it is preserved; -EOPNOTSUPP if its IOMMU, or its place
 * behind that, does not allow it; -ENOSPC; -ENOMEM.
 */
int iommu_persist_preserve_blocked(struct device *dev)
{
	struct iop_preserved *p;
	int err;

	err = check_device(dev);
	if (err)
		return err;
	guard(mutex)(&iop_preserve_lock);
	p = make(dev);
	if (IS_ERR(p))
		return PTR_ERR(p);
	err = iop_book_reserve(count_records() + 2);
	if (err) {
		free_preserved(p);
		return err;
	}
	list_add_tail(&p->list, &iop_preserved);
	return 0;
}
EXPORT_SYMBOL_GPL(iommu_persist_preserve_blocked);

static bool tag_in_use(const struct iop_tag *tag)
{
	const struct iop_preserved *p;

	list_for_each_entry(p, &iop_preserved, list)
		if (p->tag == tag)
			return true;
	return false;
}

/**
 * iommu_persist_unpreserve - a device is not to go on after all.
 * @dev: the device, preserved by iommu_persist_preserve()
 *
 * Context: may sleep.
 */
void iommu_persist_unpreserve(struct device *dev)
{
	struct iop_preserved *p;

	guard(mutex)(&iop_preserve_lock);
	p = find(dev);
	if (!p)
		return;
	list_del(&p->list);
	if (tag_in_use(p->tag))
		p->tag = NULL;
	/* A root table that is left may lead here */
	if (p->context)
		memset(p->context, 0, sizeof(*p->context));
	free_preserved(p);
}
EXPORT_SYMBOL_GPL(iommu_persist_unpreserve);
