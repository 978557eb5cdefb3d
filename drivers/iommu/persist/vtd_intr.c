// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: extmem, interrupts between two kernels
 *
 * A device that goes on may write to 0xFEExxxxx at any moment, by its own fault or by
 * its user's will. No such write becomes an interrupt between two kernels. At the freeze
 * every unit that remaps interrupts gets the *gap table*, one page in extended memory
 * whose entries are all not present. Remapping stays on, messages in compatibility
 * format stay blocked, and no entry leads to a posted-interrupt descriptor. A write is a
 * fault then, which the unit records. The unit's own messages, which are not remapped,
 * are masked.
 *
 * The next kernel replaces the gap table by one of its own, without an entry too, while
 * remapping is on. It counts what the unit had recorded until then, and how often that
 * was more than it could, in ``/sys/class/iommu/dmarN/persist/``.
 *
 * A kernel that is told to do without interrupt remapping, or can't set it up, stops all
 * devices before it turns that off, and says so.
 */
#define pr_fmt(fmt) "iommu-persist: " fmt

#include <linux/crash_dump.h>
#include <linux/io.h>
#include <linux/kstrtox.h>
#include <linux/sysfs.h>

#include "vtd.h"

/* 2 to the power of one more are the entries */
#define IOP_VTD_GAP_SIZE	(ilog2(EXTMEM_IOMMU_GAP_ENTRIES) - 1)
#define IOP_VTD_IRTA_EIM	BIT_ULL(11)

/* For all units: a root table and an interrupt-remapping table that lead nowhere */
static struct root_entry *iop_vtd_empty_root;
static struct extmem_iommu_gap_table_ser *iop_vtd_gap_table;
static unsigned int iop_vtd_nr_ready;

static void iop_vtd_free_ready(void)
{
	iommu_free_pages(iop_vtd_empty_root);
	iommu_free_pages(iop_vtd_gap_table);
	iop_vtd_empty_root = NULL;
	iop_vtd_gap_table = NULL;
}

/**
 * iop_vtd_ready - take what any freeze takes.
 *
 * Context: may sleep, one at a time.
 * Return: 0, to be undone by iop_vtd_unready(); -ENOSPC.
 */
int iop_vtd_ready(void)
{
	if (iop_vtd_nr_ready++)
		return 0;
	iop_vtd_empty_root = iop_unit_alloc(NUMA_NO_NODE);
	iop_vtd_gap_table = iop_unit_alloc(NUMA_NO_NODE);
	if (!iop_vtd_empty_root || !iop_vtd_gap_table) {
		iop_vtd_free_ready();
		iop_vtd_nr_ready = 0;
		return -ENOSPC;
	}
	iop_vtd_gap_table->magic = EXTMEM_IOMMU_GAP_MAGIC;
	iop_vtd_gap_table->self = virt_to_phys(iop_vtd_gap_table);
	return 0;
}

/**
 * iop_vtd_unready - give it back.
 *
 * Context: may sleep, one at a time.
 */
void iop_vtd_unready(void)
{
	if (!--iop_vtd_nr_ready)
		iop_vtd_free_ready();
}

/**
 * iop_vtd_nowhere - a root table that leads nowhere.
 *
 * Context: kexec, nothing else runs.
 * Return: the table, the same for all units.
 */
struct root_entry *iop_vtd_nowhere(void)
{
	return iop_vtd_empty_root;
}

static void iop_vtd_mask_own(struct intel_iommu *iommu)
{
	writel(DMA_FECTL_IM, iommu->reg + DMAR_FECTL_REG);
	if (ecap_prs(iommu->ecap))
		writel(DMA_FECTL_IM, iommu->reg + DMAR_PECTL_REG);
}

static void iop_vtd_set_gap_table(struct intel_iommu *iommu, u64 table)
{
	u64 eim = readq(iommu->reg + DMAR_IRTA_REG) & IOP_VTD_IRTA_EIM;
	unsigned long flags;
	u32 sts;

	raw_spin_lock_irqsave(&iommu->register_lock, flags);
	writeq(table | eim | IOP_VTD_GAP_SIZE, iommu->reg + DMAR_IRTA_REG);
	/* Remapping stays on, and compatibility format is not let through */
	iommu->gcmd = (iommu->gcmd | DMA_GCMD_IRE) & ~DMA_GCMD_CFI;
	writel(iommu->gcmd | DMA_GCMD_SIRTP, iommu->reg + DMAR_GCMD_REG);
	IOMMU_WAIT_OP(iommu, DMAR_GSTS_REG, readl, (sts & DMA_GSTS_IRTPS), sts);
	raw_spin_unlock_irqrestore(&iommu->register_lock, flags);
	qi_global_iec(iommu);
}

/**
 * iop_vtd_freeze_intr - no message of a device is an interrupt any more.
 * @iommu: its unit
 *
 * Context: kexec, nothing else runs.
 * Return: the address of the gap table, 0 if the unit does not remap interrupts.
 */
u64 iop_vtd_freeze_intr(struct intel_iommu *iommu)
{
	u64 table = iop_vtd_gap_table ? virt_to_phys(iop_vtd_gap_table) : 0;

	iop_vtd_mask_own(iommu);
	if (!table || !(readl(iommu->reg + DMAR_GSTS_REG) & DMA_GSTS_IRES) ||
	    iop_undone("intremap"))
		return 0;
	__iommu_flush_cache(iommu, iop_vtd_gap_table, PAGE_SIZE);
	iop_vtd_set_gap_table(iommu, table);
	return table;
}

/**
 * iop_vtd_keep_gap_table - nobody takes the table that a unit remaps interrupts by.
 * @iommu: the unit; nothing happens if its table is this kernel's, as it should be
 *
 * Context: boot.
 */
void iop_vtd_keep_gap_table(struct intel_iommu *iommu)
{
	if (readl(iommu->reg + DMAR_GSTS_REG) & DMA_GSTS_IRES)
		iop_pages_keep(readq(iommu->reg + DMAR_IRTA_REG) & VTD_PAGE_MASK);
}

/* There are no pools yet when this is asked first, so the table says what it is */
static bool iop_vtd_has_gap_table(struct intel_iommu *iommu)
{
	u64 pa = readq(iommu->reg + DMAR_IRTA_REG) & VTD_PAGE_MASK;
	const struct extmem_iommu_gap_table_ser *table;
	bool is_gap;

	if (is_kdump_kernel() || !ecap_ir_support(iommu->ecap) || !pa ||
	    !(readl(iommu->reg + DMAR_GSTS_REG) & DMA_GSTS_IRES))
		return false;
	table = memremap(pa, PAGE_SIZE, MEMREMAP_WB);
	if (!table)
		return false;
	is_gap = table->magic == EXTMEM_IOMMU_GAP_MAGIC && table->self == pa;
	memunmap((void *)table);
	return is_gap;
}

/**
 * struct iop_vtd_gap - what a unit recorded between two kernels.
 * @was_left_on: the previous kernel left it on
 * @interrupts: messages that became no interrupt
 * @faults: DMA that reached nothing
 * @overflows: how often it was found to have had more than it could record
 */
struct iop_vtd_gap {
	bool was_left_on;
	unsigned int interrupts;
	unsigned int faults;
	unsigned int overflows;
};

static struct iop_vtd_gap iop_vtd_gaps[DMAR_UNITS_SUPPORTED];

static void iop_vtd_count_fault(struct iop_vtd_gap *gap, u8 reason)
{
	if (reason >= 0x20 && reason < 0x30)
		gap->interrupts++;
	else
		gap->faults++;
}

/**
 * iommu_persist_count_faults - count what a unit has recorded before this kernel.
 * @iommu: the unit, whose faults are about to be cleared
 *
 * Context: boot.
 */
void iommu_persist_count_faults(struct intel_iommu *iommu)
{
	struct iop_vtd_gap *gap = &iop_vtd_gaps[iommu->seq_id];
	u32 status = readl(iommu->reg + DMAR_FSTS_REG), data;
	unsigned int i, reg = cap_fault_reg_offset(iommu->cap);

	if (!iop_vtd_has_gap_table(iommu))
		return;
	gap->was_left_on = true;
	for (i = 0; i < cap_num_fault_regs(iommu->cap); i++) {
		data = readl(iommu->reg + reg + i * 16 + 12);
		if (data & DMA_FRCD_F)
			iop_vtd_count_fault(gap, dma_frcd_fault_reason(data));
	}
	if (status & DMA_FSTS_PFO)
		gap->overflows++;
	if (gap->interrupts || gap->faults)
		pr_warn("%s: before this kernel at least %u messages became no interrupt, and %u accesses reached nothing\n",
			iommu->name, gap->interrupts, gap->faults);
}

/**
 * iommu_persist_keep_intr - may interrupt remapping stay on until it has a new table?
 * @iommu: a unit that was left with it on
 *
 * Context: boot.
 * Return: true if so: nothing gets through until then.
 */
bool iommu_persist_keep_intr(struct intel_iommu *iommu)
{
	return iop_vtd_has_gap_table(iommu);
}

static void iop_vtd_disable_intr(struct intel_iommu *iommu)
{
	unsigned long flags;
	u32 sts;

	raw_spin_lock_irqsave(&iommu->register_lock, flags);
	iommu->gcmd &= ~DMA_GCMD_IRE;
	writel(iommu->gcmd, iommu->reg + DMAR_GCMD_REG);
	IOMMU_WAIT_OP(iommu, DMAR_GSTS_REG, readl, !(sts & DMA_GSTS_IRES), sts);
	raw_spin_unlock_irqrestore(&iommu->register_lock, flags);
}

/**
 * iommu_persist_no_intr - this kernel does not remap interrupts.
 *
 * Where the previous one left remapping on for devices, these are stopped, and then it
 * is turned off.
 *
 * Context: boot, before PCI devices are found.
 */
void __init iommu_persist_no_intr(void)
{
	struct dmar_drhd_unit *drhd;
	struct intel_iommu *iommu;
	bool stopped = false;

	if (dmar_table_init() < 0)
		return;
	for_each_iommu(iommu, drhd) {
		if (!iop_vtd_has_gap_table(iommu))
			continue;
		if (!stopped) {
			pr_warn("this kernel does not remap interrupts: devices that the former one left running are stopped\n");
			iop_vtd_stop_early();
		}
		stopped = true;
		iop_vtd_disable_intr(iommu);
	}
}

static const struct iop_vtd_gap *iop_vtd_gap_of(struct device *dev)
{
	return &iop_vtd_gaps[to_iop_vtd_iommu(dev_to_iommu_device(dev))->seq_id];
}

static ssize_t gap_interrupts_show(struct device *dev, struct device_attribute *attr,
				   char *buf)
{
	return sysfs_emit(buf, "%u\n", iop_vtd_gap_of(dev)->interrupts);
}
static DEVICE_ATTR_RO(gap_interrupts);

static ssize_t gap_faults_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", iop_vtd_gap_of(dev)->faults);
}
static DEVICE_ATTR_RO(gap_faults);

static ssize_t gap_overflows_show(struct device *dev, struct device_attribute *attr,
				  char *buf)
{
	return sysfs_emit(buf, "%u\n", iop_vtd_gap_of(dev)->overflows);
}
static DEVICE_ATTR_RO(gap_overflows);

static ssize_t left_on_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%d\n", iop_vtd_gap_of(dev)->was_left_on);
}
static DEVICE_ATTR_RO(left_on);

static struct attribute *iop_vtd_gap_attrs[] = {
	&dev_attr_left_on.attr,
	&dev_attr_gap_interrupts.attr,
	&dev_attr_gap_faults.attr,
	&dev_attr_gap_overflows.attr,
	NULL,
};

const struct attribute_group iommu_persist_group = {
	.name = "persist",
	.attrs = iop_vtd_gap_attrs,
};
