// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: extmem, adopting VT-d
 *
 * A unit that a former kernel left on, by a root table that its book knows, goes on
 * by that very table: translation is never off, and nothing has to be copied. The
 * table leads to preserved devices alone, so other devices start from nothing, as
 * after any boot, and come to the same table.
 *
 * Before anything is adopted it is compared with the book: the register that holds
 * the root table's address, every entry of the root and context tables, whose pages
 * they are in, the domain ids. Page tables are not walked: so adoption costs the
 * same for any number of mappings, but for a look at whose each page of tables is.
 *
 * There is no instant at which a domain id is used twice: those in use are taken
 * before the unit's first domain is made. There is no instant at which memory that
 * a device reaches is given to somebody else: its claims are held from here until
 * the device has other tables, and from the kexec to here nobody gives up claims.
 *
 * If anything is not as the book says, or there is no book but the root table is in
 * extended memory, nothing of it is believed and the unit gets an empty root table,
 * with translation on: that blocks all DMA of whatever was left running. Nor would
 * turning translation off be safe: it would let that DMA through, untranslated.
 */
#define pr_fmt(fmt) "iommu-persist: " fmt

#include <linux/init.h>
#include <linux/io.h>
#include <linux/liveupdate.h>
#include <linux/slab.h>

#include "../intel/iommu.h"
#include "../intel/pasid.h"
#include "internal.h"
#include "vtd.h"

static bool have_book;

/* Before the first table of this kernel is made */
static int __init iop_boot(void)
{
	int err = iop_adopt_granules();

	if (err)
		pr_err("the former kernel's page tables can't be used: %pe\n", ERR_PTR(err));
	have_book = iop_book_open() && !err && liveupdate_enabled();
	return 0;
}
fs_initcall_sync(iop_boot);

/**
 * struct adoption - a unit being adopted.
 * @iommu: the unit
 * @unit: its record
 * @root: its root table
 * @nr_devices: context entries that are in the book
 * @restored: what was made of them
 */
struct adoption {
	struct intel_iommu *iommu;
	const struct extmem_iommu_unit_ser *unit;
	struct root_entry *root;
	unsigned int nr_devices;
	struct list_head restored;
};

static int find_unit(const union extmem_iommu_rec_ser *rec, void *arg)
{
	struct adoption *ad = arg;

	if (rec->type != EXTMEM_IOMMU_REC_UNIT || rec->unit.regs != ad->iommu->reg_phys)
		return 0;
	ad->unit = &rec->unit;
	return 1;
}

static const char *check_unit(struct adoption *ad)
{
	u64 rtaddr = readq(ad->iommu->reg + DMAR_RTADDR_REG);
	bool scalable = ad->unit->flags & EXTMEM_IOMMU_SCALABLE;

	if ((rtaddr & VTD_PAGE_MASK) != ad->unit->root ||
	    iop_pages_tag(ad->unit->root) != EXTMEM_IOMMU_TAG_UNIT)
		return "its root table is another";
	if (scalable != !!(rtaddr & DMA_RTADDR_SMT) || scalable != !!sm_supported(ad->iommu))
		return "it was in another mode";
	ad->root = phys_to_virt(ad->unit->root);
	return NULL;
}

/* The context entry of a requester id, or NULL if the tables lead to none */
static struct context_entry *find_context(struct adoption *ad, u16 rid)
{
	bool sm = sm_supported(ad->iommu);
	u64 entry = *iop_root_entry(ad->root, rid, sm);
	struct context_entry *table;

	if (!(entry & 1) || iop_pages_tag(entry & VTD_PAGE_MASK) != EXTMEM_IOMMU_TAG_UNIT)
		return NULL;
	table = phys_to_virt(entry & VTD_PAGE_MASK);
	return &table[iop_context_index(rid, sm)];
}

static bool pasid_ok(const struct extmem_iommu_device_ser *ser)
{
	const struct pasid_dir_entry *dir;
	struct pasid_entry *table;
	u64 pa = ser->context[0] & VTD_PAGE_MASK;

	if (iop_pages_tag(pa) != EXTMEM_IOMMU_TAG_UNIT ||
	    iop_pages_tag(ser->pasid_table) != EXTMEM_IOMMU_TAG_UNIT)
		return false;
	dir = phys_to_virt(pa);
	table = phys_to_virt(ser->pasid_table);
	return dir->val == (ser->pasid_table | PASID_PTE_PRESENT) &&
	       pasid_get_domain_id(table) == ser->did;
}

static bool device_ok(struct adoption *ad, const struct extmem_iommu_device_ser *ser)
{
	const struct context_entry *context = find_context(ad, ser->rid);
	bool sm = sm_supported(ad->iommu);

	if (!context || context->lo != ser->context[0] || context->hi != ser->context[1] ||
	    ser->tag < EXTMEM_IOMMU_TAG_DOMAIN || ser->did < IDA_START_DID ||
	    ser->did >= cap_ndoms(ad->iommu->cap))
		return false;
	if (sm)
		return pasid_ok(ser);
	return iop_pages_tag(context->lo & VTD_PAGE_MASK) == ser->tag &&
	       context_domain_id((struct context_entry *)context) == ser->did;
}

static int add_device(const union extmem_iommu_rec_ser *rec, void *arg)
{
	const struct extmem_iommu_device_ser *ser = &rec->device;
	struct iop_restored *restored;
	struct adoption *ad = arg;

	if (ser->type != EXTMEM_IOMMU_REC_DEVICE || ser->regs != ad->iommu->reg_phys)
		return 0;
	if (!device_ok(ad, ser))
		return -EINVAL;
	restored = kzalloc_obj(*restored);
	if (!restored)
		return -ENOMEM;
	restored->iommu = ad->iommu;
	restored->rid = ser->rid;
	restored->did = ser->did;
	restored->tag = ser->tag;
	if (ser->pasid_table) {
		restored->pasid_dir = phys_to_virt(ser->context[0] & VTD_PAGE_MASK);
		restored->pasid_table = phys_to_virt(ser->pasid_table);
	}
	list_add_tail(&restored->list, &ad->restored);
	ad->nr_devices++;
	return 0;
}

/* One that has no context entry: it must stay so until somebody has stopped it */
static int add_blocked(const union extmem_iommu_rec_ser *rec, void *arg)
{
	const struct extmem_iommu_blocked_ser *ser = &rec->blocked;
	const struct context_entry *context;
	struct iop_restored *restored;
	struct adoption *ad = arg;

	if (ser->type != EXTMEM_IOMMU_REC_BLOCKED || ser->regs != ad->iommu->reg_phys)
		return 0;
	context = find_context(ad, ser->rid);
	if (context && (context->lo || context->hi))
		return -EINVAL;
	restored = kzalloc_obj(*restored);
	if (!restored)
		return -ENOMEM;
	restored->iommu = ad->iommu;
	restored->rid = ser->rid;
	list_add_tail(&restored->list, &ad->restored);
	return 0;
}

/* How many context entries there are below an entry of the root table, or -1 */
static int count_contexts(u64 entry, bool sm)
{
	const struct context_entry *table;
	unsigned int i;
	int nr = 0;

	if (!(entry & 1))
		return 0;
	if (iop_pages_tag(entry & VTD_PAGE_MASK) != EXTMEM_IOMMU_TAG_UNIT)
		return -1;
	iop_pages_keep(entry & VTD_PAGE_MASK);
	table = phys_to_virt(entry & VTD_PAGE_MASK);
	for (i = 0; i < VTD_PAGE_SIZE / sizeof(*table); i += sm ? 2 : 1)
		nr += table[i].lo & 1;
	return nr;
}

/* The tables lead to what is in the book, and to nothing else */
static bool nothing_else(struct adoption *ad)
{
	bool sm = sm_supported(ad->iommu);
	unsigned int i;
	int nr = 0, lo, hi;

	for (i = 0; i < VTD_PAGE_SIZE / sizeof(*ad->root); i++) {
		lo = count_contexts(ad->root[i].lo, sm);
		hi = sm ? count_contexts(ad->root[i].hi, sm) : 0;
		if (lo < 0 || hi < 0)
			return false;
		nr += lo + hi;
	}
	return nr == ad->nr_devices;
}

static int hold_claim(const union extmem_iommu_rec_ser *rec, void *arg)
{
	const struct iop_restored *restored = arg;

	if (rec->type != EXTMEM_IOMMU_REC_CLAIM || rec->claim.tag != restored->tag)
		return 0;
	return iop_claims_hold(rec->claim.tag, rec->claim.id);
}

/* Devices of one domain share its id, its pages and its memory */
static int take_domain(struct adoption *ad, struct iop_restored *restored)
{
	int err;

	if (!iop_restored_did(ad->iommu, restored->did) &&
	    ida_alloc_range(&ad->iommu->domain_ida, restored->did, restored->did,
			    GFP_KERNEL) != restored->did)
		return -EBUSY;
	if (!iop_restored_tag(restored->tag)) {
		err = iop_tag_reserve(restored->tag) ?:
		      iop_book_each(hold_claim, restored);
		if (err)
			return err;
	}
	return 0;
}

static int take_device(struct adoption *ad, struct iop_restored *restored)
{
	int err = restored->did ? take_domain(ad, restored) : 0;

	if (err)
		return err;
	set_context_copied(ad->iommu, restored->rid >> 8, restored->rid & 0xff);
	if (restored->pasid_dir) {
		iop_pages_keep(virt_to_phys(restored->pasid_dir));
		iop_pages_keep(virt_to_phys(restored->pasid_table));
	}
	list_del(&restored->list);
	iop_restored_add(restored);
	return 0;
}

/* From here on a fault costs no more than ids: the unit is blocked all the same */
static const char *take_all(struct adoption *ad)
{
	struct iop_restored *restored, *next;

	ad->iommu->copied_tables = bitmap_zalloc(BIT_ULL(16), GFP_KERNEL);
	if (!ad->iommu->copied_tables)
		return "no memory";
	list_for_each_entry_safe(restored, next, &ad->restored, list)
		if (take_device(ad, restored))
			return "its devices' domains or memory can't be had";
	iop_pages_keep(ad->unit->root);
	ad->iommu->root_entry = ad->root;
	return NULL;
}

static const char *adopt(struct adoption *ad)
{
	const char *fault;

	if (!have_book)
		return "there is no sound book";
	if (!iop_book_each(find_unit, ad))
		return "it is not in the book";
	fault = check_unit(ad);
	if (fault)
		return fault;
	if (iop_book_each(add_device, ad) || iop_book_each(add_blocked, ad) ||
	    !nothing_else(ad))
		return "its tables are not as the book says";
	return take_all(ad);
}

/* Back to a unit that nothing is known of */
static void undo(struct adoption *ad)
{
	struct iop_restored *restored, *next;

	list_for_each_entry_safe(restored, next, &ad->restored, list)
		kfree(restored);
	iop_restored_drop(ad->iommu);
	bitmap_free(ad->iommu->copied_tables);
	ad->iommu->copied_tables = NULL;
	ad->iommu->root_entry = NULL;
}

/**
 * iommu_persist_adopt_unit - go on with what a former kernel left.
 * @iommu: a unit whose translation is on
 *
 * Context: boot.
 * Return: 0 if the unit has its root table; -ENOENT if what it has is nothing of a
 * former kernel's that is to go on; another error if it is, but can't: it has to be
 * given an empty root table, with translation on.
 */
int iommu_persist_adopt_unit(struct intel_iommu *iommu)
{
	u64 root = readq(iommu->reg + DMAR_RTADDR_REG) & VTD_PAGE_MASK;
	struct adoption ad = {
		.iommu = iommu,
		.restored = LIST_HEAD_INIT(ad.restored),
	};
	const char *fault;

	if (!extmem_overlaps(root, VTD_PAGE_SIZE))
		return -ENOENT;
	fault = adopt(&ad);
	if (fault) {
		undo(&ad);
		pr_err("%s was left on, but %s: all its DMA is blocked\n", iommu->name, fault);
		return -EINVAL;
	}
	pr_info("%s goes on for %u devices\n", iommu->name, ad.nr_devices);
	return 0;
}

/**
 * iommu_persist_adopt_end - all units have root tables of this kernel, or are off.
 *
 * Context: boot.
 */
void iommu_persist_adopt_end(void)
{
	iop_book_close();
	iop_pages_free_stale();
}

/* Locks are held above that this must not nest in */
static int __init iop_late(void)
{
	iop_trim();
	return 0;
}
late_initcall(iop_late);
