// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: extmem, freezing VT-d
 *
 * When the kernel is about to be replaced, a unit with preserved devices is not
 * turned off but gets another root table, prepared when they were preserved. It
 * leads to the page tables of these devices and to nothing else. The tables that
 * the kernel used until then stay as they are, and become the next kernel's free
 * memory with everything else. All other units that are on stay on as well, by a root
 * table that leads nowhere: none is turned off under a device that may still write.
 *
 * There is no instant at which a preserved device is not translated, or wrongly:
 * before the switch and after it the same page table is used under the same domain
 * id, and VT-d allows the switch for this case with translation on ("Set Root Table
 * Pointer"). There is no instant at which another device reaches memory by entries
 * cached from the old tables once the freeze is over: all caches are flushed.
 *
 * It needs no memory and can't fail. A device that is found not to be attached to
 * the domain it was preserved with, or to reach memory that the next kernel would give
 * to somebody else, gets no entry: its DMA is blocked.
 */
#define pr_fmt(fmt) "iommu-persist: " fmt

#include "vtd.h"

/* What the old PASID directory said of this device's requests without PASID */
static struct pasid_entry *iop_vtd_live_pasid(const struct context_entry *live)
{
	struct pasid_dir_entry *dir = phys_to_virt(live->lo & VTD_PAGE_MASK);
	struct pasid_entry *table = get_pasid_table_from_pde(dir);

	return table && pasid_pte_is_present(table) ? table : NULL;
}

static bool iop_vtd_freeze_scalable(struct iop_vtd_preserved *v, struct intel_iommu *iommu,
				    const struct context_entry *live)
{
	const struct pasid_entry *pasid = iop_vtd_live_pasid(live);
	struct pasid_dir_entry *dir = v->pasid_dir;

	if (!pasid)
		return false;
	memcpy(v->pasid_table, pasid, sizeof(*pasid));
	dir->val = virt_to_phys(v->pasid_table) | PASID_PTE_PRESENT;
	/* No PASIDs but that of requests without, no page requests */
	v->context->hi = 0;
	v->context->lo = virt_to_phys(dir) | (live->lo & 3);
	__iommu_flush_cache(iommu, v->pasid_table, VTD_PAGE_SIZE);
	__iommu_flush_cache(iommu, dir, VTD_PAGE_SIZE);
	return true;
}

static const char *iop_vtd_freeze_device(struct iop_vtd_preserved *v,
					 struct intel_iommu *iommu)
{
	const struct device_domain_info *info = iop_vtd_info(v->p.dev);
	const struct context_entry *live = NULL;

	if (!iop_tag_outlives(v->p.tag))
		return "the next kernel would not have what it reaches";
	if (info && info->domain &&
	    iommu_persist_domain_tag(&info->domain->domain) == v->p.tag)
		live = iommu_context_addr(iommu, info->bus, info->devfn, 0);
	if (!live || !(live->lo & 1) ||
	    (sm_supported(iommu) && !iop_vtd_freeze_scalable(v, iommu, live)))
		return "it is not attached as it was when it was preserved";
	if (!sm_supported(iommu))
		*v->context = *live;
	return NULL;
}

static u16 iop_vtd_frozen_did(const struct iop_vtd_preserved *v)
{
	if (v->pasid_table)
		return pasid_get_domain_id(v->pasid_table);
	return context_domain_id(v->context);
}

static void iop_vtd_record_device(const struct iop_vtd_preserved *v,
				  const struct intel_iommu *iommu)
{
	union extmem_iommu_rec_ser rec = {};

	rec.device = (struct extmem_iommu_device_ser) {
		.type = EXTMEM_IOMMU_REC_DEVICE,
		.rid = v->p.place.rid,
		.did = iop_vtd_frozen_did(v),
		.regs = iommu->reg_phys,
		.context = { v->context->lo, v->context->hi },
		.pasid_table = v->pasid_table ? virt_to_phys(v->pasid_table) : 0,
		.tag = v->p.tag->tag,
	};
	iop_book_add(&rec);
}

/* The unit's root table leads to it no more than to any other */
static void iop_vtd_record_blocked(const struct iop_preserved *p,
				   const struct intel_iommu *iommu)
{
	union extmem_iommu_rec_ser rec = {};

	rec.blocked.type = EXTMEM_IOMMU_REC_BLOCKED;
	rec.blocked.rid = p->place.rid;
	rec.blocked.regs = iommu->reg_phys;
	iop_book_add(&rec);
}

static void iop_vtd_record_unit(const struct intel_iommu *iommu, const void *root)
{
	union extmem_iommu_rec_ser rec = {};

	rec.unit = (struct extmem_iommu_unit_ser) {
		.type = EXTMEM_IOMMU_REC_UNIT,
		.flags = sm_supported(iommu) ? EXTMEM_IOMMU_SCALABLE : 0,
		.regs = iommu->reg_phys,
		.root = virt_to_phys((void *)root),
		.segment = iommu->segment,
	};
	iop_book_add(&rec);
}

static void iop_vtd_record_gap(const struct intel_iommu *iommu, const void *nowhere,
			       u64 table)
{
	union extmem_iommu_rec_ser rec = {};

	rec.gap.type = EXTMEM_IOMMU_REC_GAP;
	rec.gap.regs = iommu->reg_phys;
	rec.gap.root = nowhere ? virt_to_phys((void *)nowhere) : 0;
	rec.gap.table = table;
	iop_book_add(&rec);
}

static void iop_vtd_flush_tables(struct intel_iommu *iommu, struct root_entry *root)
{
	unsigned int i;

	for (i = 0; i < VTD_PAGE_SIZE / sizeof(*root); i++) {
		if (root[i].lo & 1)
			__iommu_flush_cache(iommu, phys_to_virt(root[i].lo & VTD_PAGE_MASK),
					    VTD_PAGE_SIZE);
		if (root[i].hi & 1)
			__iommu_flush_cache(iommu, phys_to_virt(root[i].hi & VTD_PAGE_MASK),
					    VTD_PAGE_SIZE);
	}
	__iommu_flush_cache(iommu, root, VTD_PAGE_SIZE);
	iommu_flush_write_buffer(iommu);
}

static void iop_vtd_flush_all(struct intel_iommu *iommu)
{
	iommu->flush.flush_context(iommu, 0, 0, 0, DMA_CCMD_GLOBAL_INVL);
	if (sm_supported(iommu))
		qi_flush_pasid_cache(iommu, 0, QI_PC_GLOBAL, 0);
	iommu->flush.flush_iotlb(iommu, 0, 0, 0, DMA_TLB_GLOBAL_FLUSH);
}

static void iop_vtd_switch_root(struct intel_iommu *iommu, struct root_entry *root)
{
	iop_vtd_flush_tables(iommu, root);
	iommu->root_entry = root;
	iommu_set_root_entry(iommu);
	iop_vtd_flush_all(iommu);
}

/* Fill in the entries of a unit's devices: the root table, if any goes on */
static struct root_entry *iop_vtd_freeze_devices(struct intel_iommu *iommu)
{
	struct root_entry *root = NULL;
	struct iop_vtd_preserved *v;
	struct iop_preserved *p;
	const char *fault;

	list_for_each_entry(p, &iop_preserved, list) {
		if (p->place.unit != &iommu->iommu)
			continue;
		if (!p->tag) {
			iop_vtd_record_blocked(p, iommu);
			continue;
		}
		v = to_iop_vtd_preserved(p);
		root = v->root;
		fault = iop_vtd_freeze_device(v, iommu);
		if (fault)
			dev_err(p->dev, "its DMA ends here: %s\n", fault);
		else
			iop_vtd_record_device(v, iommu);
	}
	return root;
}

/**
 * iop_vtd_freeze_unit - leave a unit on for the next kernel.
 * @unit: the unit
 *
 * One that is off, as units are that this kernel ignores, stays off.
 *
 * Context: kexec, nothing else runs.
 */
void iop_vtd_freeze_unit(struct iommu_device *unit)
{
	struct intel_iommu *iommu = to_iop_vtd_iommu(unit);
	struct root_entry *root, *nowhere = NULL;
	u64 table = iop_vtd_freeze_intr(iommu);

	if (iommu->gcmd & DMA_GCMD_TE) {
		root = iop_vtd_freeze_devices(iommu);
		if (root)
			iop_vtd_record_unit(iommu, root);
		else
			nowhere = iop_vtd_nowhere();
		if (root || nowhere)
			iop_vtd_switch_root(iommu, root ?: nowhere);
	}
	iop_vtd_record_gap(iommu, nowhere, table);
}
