// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: extmem, freezing VT-d
 *
 * When the kernel is about to be replaced, a unit with preserved devices is not
 * turned off but gets another root table, prepared when they were preserved. It
 * leads to the page tables of these devices and to nothing else. The tables that
 * the kernel used until then stay as they are, and become the next kernel's free
 * memory with everything else.
 *
 * There is no instant at which a preserved device is not translated, or wrongly:
 * before the switch and after it the same page table is used under the same domain
 * id, and VT-d allows the switch for this case with translation on ("Set Root Table
 * Pointer"). There is no instant at which another device reaches memory by entries
 * cached from the old tables once the freeze is over: all caches are flushed.
 *
 * It needs no memory and can't fail. A device that is found not to be attached to
 * the domain it was preserved with gets no entry: its DMA is blocked.
 */
#define pr_fmt(fmt) "iommu-persist: " fmt

#include <linux/pci.h>

#include "../intel/iommu.h"
#include "../intel/pasid.h"
#include "internal.h"
#include "vtd.h"

/* What the old PASID directory said of this device's requests without PASID */
static struct pasid_entry *live_pasid(const struct context_entry *live)
{
	struct pasid_dir_entry *dir = phys_to_virt(live->lo & VTD_PAGE_MASK);
	struct pasid_entry *table = get_pasid_table_from_pde(dir);

	return table && pasid_pte_is_present(table) ? table : NULL;
}

static bool freeze_scalable(struct iop_preserved *p, const struct context_entry *live)
{
	const struct pasid_entry *pasid = live_pasid(live);
	struct pasid_dir_entry *dir = p->pasid_dir;

	if (!pasid)
		return false;
	memcpy(p->pasid_table, pasid, sizeof(*pasid));
	dir->val = virt_to_phys(p->pasid_table) | PASID_PTE_PRESENT;
	/* No PASIDs but that of requests without, no page requests */
	p->context->hi = 0;
	p->context->lo = virt_to_phys(dir) | (live->lo & 3);
	__iommu_flush_cache(p->iommu, p->pasid_table, VTD_PAGE_SIZE);
	__iommu_flush_cache(p->iommu, dir, VTD_PAGE_SIZE);
	return true;
}

static bool freeze_device(struct iop_preserved *p)
{
	const struct device_domain_info *info = iop_vtd_info(p->dev);
	const struct context_entry *live;

	if (!info || !info->domain || iop_tag_find(info->domain->iommu.nid) != p->tag)
		return false;
	live = iommu_context_addr(p->iommu, info->bus, info->devfn, 0);
	if (!live || !(live->lo & 1))
		return false;
	if (sm_supported(p->iommu))
		return freeze_scalable(p, live);
	*p->context = *live;
	return true;
}

static u16 frozen_did(const struct iop_preserved *p)
{
	if (sm_supported(p->iommu))
		return pasid_get_domain_id(p->pasid_table);
	return context_domain_id(p->context);
}

static void record_device(const struct iop_preserved *p)
{
	const struct device_domain_info *info = iop_vtd_info(p->dev);
	union extmem_iommu_rec_ser rec = {};
	unsigned int i;

	rec.device = (struct extmem_iommu_device_ser) {
		.type = EXTMEM_IOMMU_REC_DEVICE,
		.rid = PCI_DEVID(info->bus, info->devfn),
		.did = frozen_did(p),
		.regs = p->iommu->reg_phys,
		.context = { p->context->lo, p->context->hi },
		.pasid_table = p->pasid_table ? virt_to_phys(p->pasid_table) : 0,
		.tag = p->tag->tag,
	};
	iop_book_add(&rec);
	for (i = 0; i < p->nr_claims; i++) {
		memset(&rec, 0, sizeof(rec));
		rec.claim.type = EXTMEM_IOMMU_REC_CLAIM;
		rec.claim.tag = p->tag->tag;
		rec.claim.id = p->claims[i];
		iop_book_add(&rec);
	}
}

/* The unit's root table leads to it no more than to any other */
static void record_blocked(const struct iop_preserved *p)
{
	const struct device_domain_info *info = iop_vtd_info(p->dev);
	union extmem_iommu_rec_ser rec = {};

	rec.blocked.type = EXTMEM_IOMMU_REC_BLOCKED;
	rec.blocked.rid = PCI_DEVID(info->bus, info->devfn);
	rec.blocked.regs = p->iommu->reg_phys;
	iop_book_add(&rec);
}

static void record_unit(const struct intel_iommu *iommu, const void *root)
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

static void flush_tables(struct intel_iommu *iommu, struct root_entry *root)
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

static void flush_all(struct intel_iommu *iommu)
{
	iommu->flush.flush_context(iommu, 0, 0, 0, DMA_CCMD_GLOBAL_INVL);
	if (sm_supported(iommu))
		qi_flush_pasid_cache(iommu, 0, QI_PC_GLOBAL, 0);
	iommu->flush.flush_iotlb(iommu, 0, 0, 0, DMA_TLB_GLOBAL_FLUSH);
}

static bool frozen;

/**
 * iommu_persist_freeze_unit - leave a unit on for the next kernel.
 * @iommu: the unit
 *
 * Context: kexec, nothing else runs.
 * Return: false if it serves no preserved device, and is to be turned off.
 */
bool iommu_persist_freeze_unit(struct intel_iommu *iommu)
{
	struct root_entry *root = NULL;
	struct iop_preserved *p;

	if (!frozen)
		iop_book_begin();
	list_for_each_entry(p, &iop_preserved, list) {
		if (p->iommu != iommu)
			continue;
		if (!p->root) {
			record_blocked(p);
			continue;
		}
		root = p->root;
		if (freeze_device(p))
			record_device(p);
		else
			dev_err(p->dev, "not attached as it was when it was preserved: its DMA ends here\n");
	}
	if (!root)
		return false;
	frozen = true;
	record_unit(iommu, root);
	flush_tables(iommu, root);
	iommu->root_entry = root;
	iommu_set_root_entry(iommu);
	flush_all(iommu);
	return true;
}

/**
 * iommu_persist_freeze_end - all units are frozen, or turned off.
 *
 * Context: kexec, nothing else runs.
 */
void iommu_persist_freeze_end(void)
{
	if (frozen)
		iop_seal();
}
