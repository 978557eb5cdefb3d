// SPDX-License-Identifier: GPL-2.0
/*
 * What a domain of iommufd maps, for those who keep its page table over a kexec:
 * claims of extended memory that outlive the kernel, or it can't be kept.
 */
#include <linux/export.h>
#include <linux/extmem.h>
#include <linux/iommu_persist.h>
#include <linux/slab.h>

#include "io_pagetable.h"
#include "iommufd_private.h"

/**
 * iommufd_claim_outlives - will the next kernel have a claim?
 * @claim: the claim
 *
 * It must not give the memory to somebody else before DMA ends.
 *
 * Context: any.
 * Return: true if it will.
 */
bool iommufd_claim_outlives(const struct extmem_claim *claim)
{
	return extmem_claim_session(claim) == EXTMEM_SESSION_OUTGOING ||
	       extmem_claim_persist(claim);
}

static bool known(const u64 *ids, unsigned int nr, u64 id)
{
	while (nr--)
		if (ids[nr] == id)
			return true;
	return false;
}

static int add_claim(struct iopt_area *area, u64 **ids, unsigned int *nr)
{
	const struct extmem_claim *claim;
	u64 *more;

	if (!area->pages)
		return 0;
	if (!iopt_is_extmem(area->pages))
		return -EINVAL;
	claim = area->pages->extmem.claim;
	if (!iommufd_claim_outlives(claim))
		return -EINVAL;
	if (known(*ids, *nr, extmem_claim_id(claim)))
		return 0;
	more = krealloc_array(*ids, *nr + 1, sizeof(**ids), GFP_KERNEL);
	if (!more)
		return -ENOMEM;
	more[(*nr)++] = extmem_claim_id(claim);
	*ids = more;
	return 0;
}

/**
 * iommufd_domain_claims - which memory a domain reaches.
 * @domain: the domain
 * @ids: set to the ids of all claims that it maps, to be freed by kfree()
 * @nr: set to how many they are
 *
 * Context: may sleep.
 * Return: 0; -EINVAL if it is not one of iommufd that maps an IOAS, or that maps
 * anything but extended memory which the next kernel has; -ENOMEM.
 */
int iommufd_domain_claims(struct iommu_domain *domain, u64 **ids, unsigned int *nr)
{
	struct io_pagetable *iopt;
	struct iopt_area *area;
	int rc = 0;

	*ids = NULL;
	*nr = 0;
	if (domain->cookie_type != IOMMU_COOKIE_IOMMUFD ||
	    domain->iommufd_hwpt->obj.type != IOMMUFD_OBJ_HWPT_PAGING)
		return -EINVAL;
	iopt = &to_hwpt_paging(domain->iommufd_hwpt)->ioas->iopt;
	guard(rwsem_read)(&iopt->iova_rwsem);
	for (area = iopt_area_iter_first(iopt, 0, ULONG_MAX); area && !rc;
	     area = iopt_area_iter_next(area, 0, ULONG_MAX))
		rc = add_claim(area, ids, nr);
	if (rc) {
		kfree(*ids);
		*ids = NULL;
	}
	return rc;
}
EXPORT_SYMBOL_GPL(iommufd_domain_claims);
