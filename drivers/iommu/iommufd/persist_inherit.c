// SPDX-License-Identifier: GPL-2.0
/*
 * The page table of a device that the previous kernel left running maps just what an
 * IOAS maps that was retrieved, and has not been changed since. The first domain for
 * such a device takes that table as it is: no area is mapped, each only comes to know
 * that the domain has it. Until the device is attached nobody changes the IOAS, so
 * nothing has to be undone but that if it can't be.
 */
#include <linux/iommu_persist.h>

#include "io_pagetable.h"
#include "iommufd_private.h"

/* Whoever changes the IOAS holds domains_rwsem for reading */
static bool iopt_begin_inherit(struct io_pagetable *iopt)
{
	guard(rwsem_write)(&iopt->domains_rwsem);
	if (!iopt->tables[0] || iopt->inheriting)
		return false;
	iopt->inheriting = true;
	return true;
}

static void iopt_end_inherit(struct io_pagetable *iopt)
{
	guard(rwsem_write)(&iopt->domains_rwsem);
	iopt->inheriting = false;
}

static unsigned int iopt_nr_tables(const struct io_pagetable *iopt)
{
	unsigned int nr = 0;

	while (nr < IOMMUFD_LUO_TABLES && iopt->tables[nr])
		nr++;
	return nr;
}

/**
 * iopt_inherit_areas - a domain maps all areas already.
 * @iopt: their IOAS
 * @domain: the domain
 *
 * Context: domains_rwsem and iova_rwsem are held for writing.
 */
void iopt_inherit_areas(struct io_pagetable *iopt, struct iommu_domain *domain)
{
	struct iopt_area *area;

	for (area = iopt_area_iter_first(iopt, 0, ULONG_MAX); area;
	     area = iopt_area_iter_next(area, 0, ULONG_MAX)) {
		if (!area->pages || area->storage_domain)
			continue;
		guard(mutex)(&area->pages->mutex);
		area->storage_domain = domain;
		interval_tree_insert(&area->pages_node, &area->pages->domains_itree);
	}
}

/**
 * iopt_disinherit_areas - a domain does not map the areas after all.
 * @iopt: their IOAS
 * @domain: the domain, not of the IOAS any more
 *
 * Context: domains_rwsem and iova_rwsem are held for writing.
 */
void iopt_disinherit_areas(struct io_pagetable *iopt, struct iommu_domain *domain)
{
	struct iopt_area *area;

	for (area = iopt_area_iter_first(iopt, 0, ULONG_MAX); area;
	     area = iopt_area_iter_next(area, 0, ULONG_MAX)) {
		if (!area->pages || area->storage_domain != domain)
			continue;
		guard(mutex)(&area->pages->mutex);
		/* Another domain of the IOAS maps the same */
		area->storage_domain = xa_load(&iopt->domains, 0);
		if (!area->storage_domain)
			interval_tree_remove(&area->pages_node, &area->pages->domains_itree);
	}
}

/**
 * iommufd_inherit - have a new page table be the one that a device is running by.
 * @hwpt_paging: the page table, new
 * @idev: the device, which is attached to it then
 *
 * Context: may sleep; the IOAS's mutex is held.
 * Return: 0; -ENOENT if it has to be mapped like any other; another error if it can't be
 * attached.
 */
int iommufd_inherit(struct iommufd_hwpt_paging *hwpt_paging, struct iommufd_device *idev)
{
	struct iommu_domain *domain = hwpt_paging->common.domain;
	struct io_pagetable *iopt = &hwpt_paging->ioas->iopt;
	struct iommu_persist_heir heir;
	int rc;

	if (!iopt_begin_inherit(iopt))
		return -ENOENT;
	rc = iommu_persist_inherit(domain, idev->dev, iopt->tables, iopt_nr_tables(iopt),
				   &heir);
	if (rc)
		goto out_end;
	rc = iopt_table_add_domain(iopt, domain);
	if (!rc) {
		rc = iommufd_hw_pagetable_attach(&hwpt_paging->common, idev, IOMMU_NO_PASID);
		if (rc)
			iopt_table_remove_domain(iopt, domain);
	}
	iommu_persist_inherited(domain, &heir, !rc);
out_end:
	iopt_end_inherit(iopt);
	return rc;
}
