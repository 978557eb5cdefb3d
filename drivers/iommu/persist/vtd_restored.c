// SPDX-License-Identifier: GPL-2.0
/*
 * VT-d: a restored device's context entry is replaced, by one write of 128 bits, or
 * cleared. There is no instant at which a device that is taken over is not translated,
 * nor one at which the hardware sees half an entry. In scalable mode the entry leads to
 * another PASID directory, so that the same holds for page tables of either stage.
 *
 * Under the mutex of restored devices.
 */
#include <linux/export.h>
#include <linux/slab.h>

#include "vtd.h"

/* What the device was found with has ATS off, and it stays so */
#define IOP_VTD_CONTEXT_DTE	BIT_ULL(2)

static struct context_entry iop_vtd_new_entry(struct dmar_domain *domain, struct device *dev)
{
	struct device_domain_info *info = iop_vtd_info(dev);
	struct pt_iommu_vtdss_hw_info pt_info;
	struct context_entry entry = {};

	if (sm_supported(info->iommu)) {
		context_entry_set_pasid_table(&entry, dev);
		if (!info->ats_enabled)
			entry.lo &= ~IOP_VTD_CONTEXT_DTE;
		return entry;
	}
	pt_iommu_vtdss_hw_info(&domain->sspt, &pt_info);
	context_set_domain_id(&entry, domain_id_iommu(domain, info->iommu));
	context_set_address_root(&entry, pt_info.ssptptr);
	context_set_address_width(&entry, pt_info.aw);
	context_set_translation_type(&entry, CONTEXT_TT_MULTI_LEVEL);
	context_set_fault_enable(&entry);
	context_set_present(&entry);
	return entry;
}

/* The hardware reads 128 bits at a time, and never sees a mix of both */
static void iop_vtd_write_entry(struct intel_iommu *iommu, struct context_entry *context,
				struct context_entry entry)
{
	u128 new = (u128)entry.hi << 64 | entry.lo;
	u128 old = (u128)context->hi << 64 | context->lo;

	/* All that it leads to comes first */
	wmb();
	while (!try_cmpxchg128((u128 *)context, &old, new))
		;
	__iommu_flush_cache(iommu, context, sizeof(*context));
	iommu_flush_write_buffer(iommu);
}

/* Nothing that the hardware keeps comes from the former kernel's tables any more */
static void iop_vtd_flush_former(const struct iop_vtd_restored *v, struct intel_iommu *iommu)
{
	bool sm = sm_supported(iommu);

	iommu->flush.flush_context(iommu, sm ? 0 : v->did, v->r.place.rid,
				   DMA_CCMD_MASK_NOBIT, DMA_CCMD_DEVICE_INVL);
	if (!v->did)
		return;
	if (sm) {
		qi_flush_pasid_cache(iommu, v->did, QI_PC_ALL_PASIDS, 0);
		qi_flush_piotlb_all(iommu, v->did, IOMMU_NO_PASID);
	}
	iommu->flush.flush_iotlb(iommu, v->did, 0, 0, DMA_TLB_DSI_FLUSH);
}

static struct context_entry *iop_vtd_entry(struct intel_iommu *iommu, u16 rid)
{
	return iommu_context_addr(iommu, rid >> 8, rid & 0xff, 1);
}

/**
 * iop_vtd_take_over - a domain replaces what translates for a device.
 * @r: the device
 * @domain: the domain, mapped; all about attaching it is done but for the context entry
 * @dev: the device
 *
 * Context: may sleep, under the device's group's mutex. Can't fail: the context table of
 * one that is blocked was made when its domain was set up, or is the root table's.
 */
void iop_vtd_take_over(struct iop_restored *r, struct iommu_domain *domain,
		       struct device *dev)
{
	struct iop_vtd_restored *v = to_iop_vtd_restored(r);
	struct intel_iommu *iommu = to_iop_vtd_iommu(r->place.unit);
	struct context_entry *context, entry;
	u16 rid = r->place.rid;

	entry = iop_vtd_new_entry(container_of(domain, struct dmar_domain, domain), dev);
	spin_lock(&iommu->lock);
	context = iop_vtd_entry(iommu, rid);
	if (!WARN_ON(!context))
		iop_vtd_write_entry(iommu, context, entry);
	clear_context_copied(iommu, rid >> 8, rid & 0xff);
	spin_unlock(&iommu->lock);
	iop_vtd_flush_former(v, iommu);
}

static void iop_vtd_clear_entry(struct iop_vtd_restored *v, struct intel_iommu *iommu)
{
	struct context_entry *context;

	spin_lock(&iommu->lock);
	context = iop_vtd_entry(iommu, v->r.place.rid);
	context_clear_present(context);
	__iommu_flush_cache(iommu, context, sizeof(*context));
	iommu_flush_write_buffer(iommu);
	spin_unlock(&iommu->lock);
	iop_vtd_flush_former(v, iommu);
	spin_lock(&iommu->lock);
	context_clear_entry(context);
	__iommu_flush_cache(iommu, context, sizeof(*context));
	spin_unlock(&iommu->lock);
}

/**
 * iop_vtd_block - stop translating for a device.
 * @r: the device
 * @dev: the device, which may have an entry of this kernel after that; or NULL: until
 *       it is released it is blocked
 *
 * Context: may sleep; under the device's group's mutex if @dev is given.
 */
void iop_vtd_block(struct iop_restored *r, struct device *dev)
{
	struct iop_vtd_restored *v = to_iop_vtd_restored(r);
	struct intel_iommu *iommu = to_iop_vtd_iommu(r->place.unit);
	u16 rid = r->place.rid;

	if (v->did)
		iop_vtd_clear_entry(v, iommu);
	v->did = 0;
	if (!dev)
		return;
	scoped_guard(spinlock, &iommu->lock)
		clear_context_copied(iommu, rid >> 8, rid & 0xff);
	if (sm_supported(iommu))
		intel_pasid_setup_sm_context(dev);
}

/**
 * iop_vtd_forget - a restored device is none any more.
 * @r: the device, whose tables the hardware does not know any more
 *
 * Context: any.
 */
void iop_vtd_forget(struct iop_restored *r)
{
	struct iop_vtd_restored *v = to_iop_vtd_restored(r);

	iommu_free_pages(v->pasid_dir);
	iommu_free_pages(v->pasid_table);
	kfree(v);
}

/**
 * iommu_persist_domain_tag - the record of a domain.
 * @domain: the domain
 *
 * Context: any.
 * Return: the record; NULL if it is no domain of VT-d with page tables of its own, or
 * these are not in extended memory.
 */
struct iop_tag *iommu_persist_domain_tag(struct iommu_domain *domain)
{
	struct dmar_domain *dmar;

	if (!(domain->type & __IOMMU_DOMAIN_PAGING) || domain->owner != &intel_iommu_ops)
		return NULL;
	dmar = container_of(domain, struct dmar_domain, domain);
	return intel_domain_is_fs_paging(dmar) || intel_domain_is_ss_paging(dmar) ?
	       dmar->iommu.persist : NULL;
}
EXPORT_SYMBOL_GPL(iommu_persist_domain_tag);
