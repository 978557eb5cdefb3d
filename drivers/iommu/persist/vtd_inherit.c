// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: extmem, inheriting a page table
 *
 * To map again what a restored device has mapped already takes time in proportion to
 * the mappings, and tables beside those that there are. A domain that is to map just
 * what the previous kernel's table maps becomes the owner of that table instead: its own
 * is empty, and is replaced as a whole, with the domain id. Then the domain is attached
 * like any other. The device's entry comes to say what it said before.
 *
 * iommufd knows which table maps what an IOAS maps, as long as that has not been changed
 * since it was retrieved; it keeps the IOAS as it is until the domain is attached. The
 * hardware's formats are the same, else the table is not taken.
 *
 * Nothing is changed in the table, so if the domain can't be attached it just gets back
 * its own. Other devices that the previous kernel left running by the same table go on
 * by it; their part in the domain's record stays until they are taken over or blocked. A
 * device that leaves the domain has these blocked first, see iommu_persist_detach().
 */
#include <linux/slab.h>

#include "vtd.h"

/**
 * struct iop_vtd_table - a page table, as entries say it.
 * @root: its physical address
 * @aw: address width of a second stage, levels of a first stage
 * @is_first: which of both
 */
struct iop_vtd_table {
	u64 root;
	unsigned int aw;
	bool is_first;
};

static bool iop_vtd_table_of_pasid(const struct pasid_entry *pasid,
				   struct iop_vtd_table *table)
{
	switch ((pasid->val[0] >> 6) & 7) {
	case PASID_ENTRY_PGTT_FL_ONLY:
		table->is_first = true;
		table->root = pasid->val[2] & VTD_PAGE_MASK;
		table->aw = (pasid->val[2] >> 2) & 3;
		return true;
	case PASID_ENTRY_PGTT_SL_ONLY:
		table->is_first = false;
		table->root = pasid->val[0] & VTD_PAGE_MASK;
		table->aw = (pasid->val[0] >> 2) & 7;
		return true;
	default:
		return false;
	}
}

static bool iop_vtd_table_of_device(const struct iop_vtd_restored *v,
				    struct iop_vtd_table *table)
{
	struct intel_iommu *iommu = to_iop_vtd_iommu(v->r.place.unit);
	const struct context_entry *context;

	if (v->pasid_table)
		return iop_vtd_table_of_pasid(v->pasid_table, table);
	guard(spinlock)(&iommu->lock);
	context = iommu_context_addr(iommu, v->r.place.rid >> 8, v->r.place.rid & 0xff, 1);
	if (!context)
		return false;
	table->is_first = false;
	table->root = context->lo & VTD_PAGE_MASK;
	table->aw = context->hi & 7;
	return true;
}

/* Bits of a top that say its level; the table is aligned to more */
#define IOP_VTD_TOP_LEVEL	(VTD_PAGE_SIZE - 1)

static struct pt_common *iop_vtd_common(struct dmar_domain *domain)
{
	return intel_domain_is_fs_paging(domain) ? &domain->fspt.x86_64_pt.common :
						   &domain->sspt.vtdss_pt.common;
}

static void iop_vtd_table_of_domain(struct dmar_domain *domain, struct iop_vtd_table *table)
{
	struct pt_iommu_x86_64_hw_info fs;
	struct pt_iommu_vtdss_hw_info ss;

	table->is_first = intel_domain_is_fs_paging(domain);
	if (table->is_first) {
		pt_iommu_x86_64_hw_info(&domain->fspt, &fs);
		table->root = fs.gcr3_pt;
		table->aw = fs.levels == 5;
	} else {
		pt_iommu_vtdss_hw_info(&domain->sspt, &ss);
		table->root = ss.ssptptr;
		table->aw = ss.aw;
	}
}

static bool iop_vtd_is_heir(const struct iop_vtd_restored *v, struct dmar_domain *domain,
			    struct iop_vtd_table *former)
{
	struct iop_vtd_table own;

	if (!intel_domain_is_fs_paging(domain) && !intel_domain_is_ss_paging(domain))
		return false;
	if (!domain->iommu.persist || !iop_vtd_table_of_device(v, former))
		return false;
	iop_vtd_table_of_domain(domain, &own);
	return own.is_first == former->is_first && own.aw == former->aw &&
	       iop_pages_tag(former->root) == v->r.tag->tag;
}

/* One count is the heir's own: while it is not attached the id is not the domain's */
static int iop_vtd_lend_id(struct dmar_domain *domain, struct intel_iommu *iommu, u16 did)
{
	struct iommu_domain_info *info = kzalloc_obj(*info);
	int err;

	if (!info)
		return -ENOMEM;
	info->iommu = iommu;
	info->did = did;
	info->refcnt = 1;
	guard(mutex)(&iommu->did_lock);
	err = xa_insert(&domain->iommu_array, iommu->seq_id, info, GFP_KERNEL);
	if (err)
		kfree(info);
	return err;
}

/**
 * iop_vtd_inherit - make a domain's table that of a restored device.
 * @r: the device
 * @domain: the domain, new and attached to nothing
 * @heir: set to what iop_vtd_inherited() takes to end it
 *
 * Context: may sleep, under the mutex of restored devices.
 * Return: 0 or -ENOENT.
 */
int iop_vtd_inherit(struct iop_restored *r, struct iommu_domain *domain,
		    struct iommu_persist_heir *heir)
{
	struct dmar_domain *dmar = container_of(domain, struct dmar_domain, domain);
	struct iop_vtd_restored *v = to_iop_vtd_restored(r);
	struct intel_iommu *iommu = to_iop_vtd_iommu(r->place.unit);
	struct pt_common *common = iop_vtd_common(dmar);
	struct iop_vtd_table former;

	if (iop_undone("inherit") || !iop_vtd_is_heir(v, dmar, &former) ||
	    iop_vtd_lend_id(dmar, iommu, v->did))
		return -ENOENT;
	iop_tag_get(r->tag);
	r->tag->has_heir = true;
	heir->tag = r->tag;
	heir->own_tag = dmar->iommu.persist;
	heir->own_top = common->top_of_table;
	heir->unit = iommu;
	dmar->iommu.persist = r->tag;
	WRITE_ONCE(common->top_of_table, (uintptr_t)phys_to_virt(former.root) |
		   (heir->own_top & IOP_VTD_TOP_LEVEL));
	return 0;
}

static void iop_vtd_keep_own(struct dmar_domain *domain, struct intel_iommu *iommu,
			     struct iommu_persist_heir *heir)
{
	struct pt_common *common = iop_vtd_common(domain);
	struct iommu_domain_info *info;

	scoped_guard(mutex, &iommu->did_lock)
		info = xa_erase(&domain->iommu_array, iommu->seq_id);
	kfree(info);
	WRITE_ONCE(common->top_of_table, heir->own_top);
	domain->iommu.persist = heir->own_tag;
}

static void iop_vtd_give_up_own(struct dmar_domain *domain, struct intel_iommu *iommu,
				struct iommu_persist_heir *heir)
{
	struct iommu_domain_info *info;

	scoped_guard(mutex, &iommu->did_lock) {
		info = xa_load(&domain->iommu_array, iommu->seq_id);
		info->refcnt--;
	}
	iop_tag_inherit(heir->tag, iommu);
	iommu_free_pages((void *)(heir->own_top & ~(uintptr_t)IOP_VTD_TOP_LEVEL));
	iop_tag_put(heir->own_tag);
}

/**
 * iop_vtd_inherited - a domain that was to inherit a table is attached, or not.
 * @domain: the domain
 * @heir: what iop_vtd_inherit() set
 * @attached: if not it gets back its own table
 *
 * Context: may sleep, under the mutex of restored devices.
 */
void iop_vtd_inherited(struct iommu_domain *domain, struct iommu_persist_heir *heir,
		       bool attached)
{
	struct dmar_domain *dmar = container_of(domain, struct dmar_domain, domain);

	heir->tag->has_heir = false;
	if (attached) {
		iop_vtd_give_up_own(dmar, heir->unit, heir);
		return;
	}
	iop_vtd_keep_own(dmar, heir->unit, heir);
	iop_tag_put(heir->tag);
}
