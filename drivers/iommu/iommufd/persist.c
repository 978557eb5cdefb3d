// SPDX-License-Identifier: GPL-2.0
/*
 * What a domain of iommufd maps, for those who keep its page table over a kexec: claims
 * of extended memory, or it can't be kept. That the next kernel has these claims is seen
 * to when it is started, so memory may come into a session after what maps it.
 */
#include <linux/export.h>
#include <linux/extmem.h>
#include <linux/iommu_persist.h>
#include <linux/slab.h>

#include "io_pagetable.h"
#include "iommufd_private.h"

static bool iommufd_knows_claim(const u64 *ids, unsigned int nr, u64 id)
{
	while (nr--)
		if (ids[nr] == id)
			return true;
	return false;
}

static int iommufd_add_claim(struct iopt_area *area, u64 **ids, unsigned int *nr)
{
	const struct extmem_claim *claim;
	u64 *more;

	if (!area->pages)
		return 0;
	if (!iopt_is_extmem(area->pages))
		return -EINVAL;
	claim = area->pages->extmem.claim;
	if (iommufd_knows_claim(*ids, *nr, extmem_claim_id(claim)))
		return 0;
	more = krealloc_array(*ids, *nr + 1, sizeof(**ids), GFP_KERNEL);
	if (!more)
		return -ENOMEM;
	more[(*nr)++] = extmem_claim_id(claim);
	*ids = more;
	return 0;
}

/*
 * See &struct iommu_persist_user. -EINVAL if the domain is not one of iommufd that maps an
 * IOAS, or maps anything but extended memory; -EOPNOTSUPP if it is not of one IOAS alone,
 * or its faults are handled by user space.
 */
static int iommufd_domain_claims(struct iommu_domain *domain, u64 **ids, unsigned int *nr)
{
	struct io_pagetable *iopt;
	struct iopt_area *area;
	int rc = 0;

	*ids = NULL;
	*nr = 0;
	if (domain->cookie_type != IOMMU_COOKIE_IOMMUFD)
		return -EINVAL;
	if (domain->iommufd_hwpt->obj.type != IOMMUFD_OBJ_HWPT_PAGING ||
	    domain->iommufd_hwpt->fault)
		return -EOPNOTSUPP;
	iopt = &to_hwpt_paging(domain->iommufd_hwpt)->ioas->iopt;
	guard(rwsem_read)(&iopt->iova_rwsem);
	for (area = iopt_area_iter_first(iopt, 0, ULONG_MAX); area && !rc;
	     area = iopt_area_iter_next(area, 0, ULONG_MAX))
		rc = iommufd_add_claim(area, ids, nr);
	if (rc) {
		kfree(*ids);
		*ids = NULL;
	}
	return rc;
}

static const struct iommu_persist_user iommufd_persist_user = {
	.claims = iommufd_domain_claims,
};

/**
 * iommufd_persist_init - iommufd is there.
 *
 * Context: may sleep.
 */
void iommufd_persist_init(void)
{
	iommu_persist_register_user(&iommufd_persist_user);
	iommufd_luo_init();
}

/**
 * iommufd_persist_exit - iommufd is about to go: no file of it is open.
 *
 * Context: may sleep.
 */
void iommufd_persist_exit(void)
{
	iommufd_luo_exit();
	iommu_persist_register_user(NULL);
}
