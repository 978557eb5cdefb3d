// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: extmem, restored devices
 *
 * A device that a former kernel left running is *restored*: its group has a domain
 * of its own sort, which maps nothing anyone could change and only says that the
 * device's context entry is the former kernel's. Nothing of this kernel touches
 * that entry: not the set-up of default domains, nor taking or giving up the
 * ownership of its DMA, nor blocking it. No driver that uses the DMA API binds.
 *
 * That ends in one of two ways. A domain of iommufd is attached, and takes over:
 * it has been mapped in full by then, and its context entry replaces the former
 * kernel's by one write of 128 bits. There is no instant at which the device is not
 * translated, nor one at which the hardware sees half an entry. In scalable mode the
 * entry leads to another PASID directory, so that the same holds for page tables of
 * either stage. If anything fails before, the former entry is still in place. Or
 * nobody wants the device: iommu_persist_release(), and it is as if it had been off.
 *
 * A device may be *blocked* as well: it was left bus mastering for another's sake, as a
 * physical function is, and has no context entry. Nothing gives it one, until it is
 * released.
 *
 * Either way the tables of the former kernel, its domain id, and the references on
 * the memory that they map go only after the caches are flushed of them: there is no
 * instant at which a device reaches memory by tables that are free.
 */
#define pr_fmt(fmt) "iommu-persist: " fmt

#include <linux/export.h>
#include <linux/pci.h>
#include <linux/slab.h>

#include "../intel/iommu.h"
#include "../intel/pasid.h"
#include "internal.h"
#include "vtd.h"

/* Guards the list; what is in it goes under its group's mutex */
static DEFINE_SPINLOCK(restored_lock);
static LIST_HEAD(restored_devices);

static struct iop_restored *find(struct device *dev)
{
	const struct device_domain_info *info = iop_vtd_info(dev);
	struct iop_restored *restored;

	if (!info)
		return NULL;
	guard(spinlock)(&restored_lock);
	list_for_each_entry(restored, &restored_devices, list)
		if (restored->iommu == info->iommu &&
		    restored->rid == PCI_DEVID(info->bus, info->devfn))
			return restored;
	return NULL;
}

/**
 * iop_restored_add - remember a device that was left running.
 * @restored: the device
 *
 * Context: boot.
 */
void iop_restored_add(struct iop_restored *restored)
{
	guard(spinlock)(&restored_lock);
	list_add_tail(&restored->list, &restored_devices);
}

/**
 * iop_restored_tag - do restored devices use a domain's tables?
 * @tag: the domain's tag
 *
 * Context: any.
 * Return: true if some do.
 */
bool iop_restored_tag(u16 tag)
{
	const struct iop_restored *restored;

	guard(spinlock)(&restored_lock);
	list_for_each_entry(restored, &restored_devices, list)
		if (restored->tag == tag)
			return true;
	return false;
}

/**
 * iop_restored_did - do restored devices use a domain id?
 * @iommu: their unit
 * @did: the id
 *
 * Context: any.
 * Return: true if some do.
 */
bool iop_restored_did(const struct intel_iommu *iommu, u16 did)
{
	const struct iop_restored *restored;

	guard(spinlock)(&restored_lock);
	list_for_each_entry(restored, &restored_devices, list)
		if (restored->iommu == iommu && restored->did == did)
			return true;
	return false;
}

/* Nobody else knows of its tables now, nor does the hardware */
static void forget(struct iop_restored *restored)
{
	struct intel_iommu *iommu = restored->iommu;

	scoped_guard(spinlock, &restored_lock)
		list_del(&restored->list);
	if (restored->did && !iop_restored_did(iommu, restored->did))
		ida_free(&iommu->domain_ida, restored->did);
	iommu_free_pages(restored->pasid_dir);
	iommu_free_pages(restored->pasid_table);
	if (restored->tag && !iop_restored_tag(restored->tag)) {
		iop_pages_free_tag(restored->tag);
		iop_tag_free(restored->tag);
		iop_claims_release(restored->tag);
	}
	kfree(restored);
}

/**
 * iop_restored_drop - a unit could not be adopted after all.
 * @iommu: the unit
 *
 * Its devices' memory stays held: nobody knows what they are doing.
 *
 * Context: boot.
 */
void iop_restored_drop(const struct intel_iommu *iommu)
{
	struct iop_restored *restored, *next;

	guard(spinlock)(&restored_lock);
	list_for_each_entry_safe(restored, next, &restored_devices, list) {
		if (restored->iommu != iommu)
			continue;
		list_del(&restored->list);
		kfree(restored);
	}
}

/**
 * iommu_persist_restored - was a device left running, and is it still?
 * @dev: the device
 *
 * Context: any in which the device can't be attached or released meanwhile.
 * Return: true if the former kernel's tables translate for it, or block it.
 */
bool iommu_persist_restored(struct device *dev)
{
	return find(dev);
}
EXPORT_SYMBOL_GPL(iommu_persist_restored);

static int restored_attach(struct iommu_domain *domain, struct device *dev,
			   struct iommu_domain *old)
{
	const struct device_domain_info *info = iop_vtd_info(dev);

	/* There is no way back from another domain */
	return info && !info->domain_attached ? 0 : -EBUSY;
}

struct iommu_domain iommu_persist_restored_domain = {
	.type = IOMMU_DOMAIN_PLATFORM,
	.ops = &(const struct iommu_domain_ops) {
		.attach_dev = restored_attach,
	},
};

static struct context_entry new_entry(struct dmar_domain *domain, struct device *dev)
{
	struct device_domain_info *info = iop_vtd_info(dev);
	struct pt_iommu_vtdss_hw_info pt_info;
	struct context_entry entry = {};

	if (sm_supported(info->iommu)) {
		context_entry_set_pasid_table(&entry, dev);
		return entry;
	}
	pt_iommu_vtdss_hw_info(&domain->sspt, &pt_info);
	context_set_domain_id(&entry, domain_id_iommu(domain, info->iommu));
	context_set_address_root(&entry, pt_info.ssptptr);
	context_set_address_width(&entry, pt_info.aw);
	context_set_translation_type(&entry, info->ats_supported ?
				     CONTEXT_TT_DEV_IOTLB : CONTEXT_TT_MULTI_LEVEL);
	context_set_fault_enable(&entry);
	context_set_present(&entry);
	return entry;
}

/* The hardware reads 128 bits at a time, and never sees a mix of both */
static void write_entry(struct intel_iommu *iommu, struct context_entry *context,
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
static void flush_former(const struct iop_restored *restored)
{
	struct intel_iommu *iommu = restored->iommu;
	bool sm = sm_supported(iommu);

	iommu->flush.flush_context(iommu, sm ? 0 : restored->did, restored->rid,
				   DMA_CCMD_MASK_NOBIT, DMA_CCMD_DEVICE_INVL);
	if (sm) {
		qi_flush_pasid_cache(iommu, restored->did, QI_PC_ALL_PASIDS, 0);
		qi_flush_piotlb_all(iommu, restored->did, IOMMU_NO_PASID);
	}
	iommu->flush.flush_iotlb(iommu, restored->did, 0, 0, DMA_TLB_DSI_FLUSH);
}

/**
 * iommu_persist_take_over - a domain replaces what translates for a device.
 * @domain: the domain, mapped; all about attaching it is done but for the context
 *          entry
 * @dev: the device; nothing happens if it is not restored
 *
 * Context: may sleep, under the device's group's mutex. Can't fail.
 */
void iommu_persist_take_over(struct dmar_domain *domain, struct device *dev)
{
	struct iop_restored *restored = find(dev);
	struct context_entry *context, entry;
	struct intel_iommu *iommu;

	if (!restored)
		return;
	iommu = restored->iommu;
	entry = new_entry(domain, dev);
	spin_lock(&iommu->lock);
	context = iommu_context_addr(iommu, restored->rid >> 8, restored->rid & 0xff, 1);
	write_entry(iommu, context, entry);
	clear_context_copied(iommu, restored->rid >> 8, restored->rid & 0xff);
	spin_unlock(&iommu->lock);
	flush_former(restored);
	dev_info(dev, "taken over from the former kernel\n");
	forget(restored);
}

static void clear_entry(const struct iop_restored *restored)
{
	struct intel_iommu *iommu = restored->iommu;
	struct context_entry *context;

	spin_lock(&iommu->lock);
	context = iommu_context_addr(iommu, restored->rid >> 8, restored->rid & 0xff, 1);
	context_clear_present(context);
	__iommu_flush_cache(iommu, context, sizeof(*context));
	iommu_flush_write_buffer(iommu);
	spin_unlock(&iommu->lock);
	flush_former(restored);
	spin_lock(&iommu->lock);
	context_clear_entry(context);
	__iommu_flush_cache(iommu, context, sizeof(*context));
	clear_context_copied(iommu, restored->rid >> 8, restored->rid & 0xff);
	spin_unlock(&iommu->lock);
}

/* It has none, and nothing is cached for it: it may be given one now */
static void unblock(const struct iop_restored *restored)
{
	guard(spinlock)(&restored->iommu->lock);
	clear_context_copied(restored->iommu, restored->rid >> 8, restored->rid & 0xff);
}

/**
 * iommu_persist_release - nobody wants a restored device.
 * @dev: the device, which the caller has stopped
 *
 * All DMA that it does all the same is blocked; then it gets its group's default
 * domain, and is like any other device.
 *
 * Context: may sleep.
 * Return: 0, or -ENODEV if it is not restored.
 */
int iommu_persist_release(struct device *dev)
{
	return iommu_group_stop_restored(dev) ? 0 : -ENODEV;
}
EXPORT_SYMBOL_GPL(iommu_persist_release);

/**
 * iommu_persist_gone - a device is about to be gone.
 * @dev: the device
 *
 * Context: may sleep.
 */
void iommu_persist_gone(struct device *dev)
{
	iommu_persist_unpreserve(dev);
	iommu_persist_release(dev);
}

/**
 * iommu_persist_block - stop translating for a restored device.
 * @dev: the device
 *
 * Context: may sleep, under its group's mutex.
 * Return: false if it is not restored.
 */
bool iommu_persist_block(struct device *dev)
{
	struct iop_restored *restored = find(dev);

	if (!restored)
		return false;
	if (restored->did)
		clear_entry(restored);
	else
		unblock(restored);
	if (sm_supported(restored->iommu))
		intel_pasid_setup_sm_context(dev);
	forget(restored);
	return true;
}
