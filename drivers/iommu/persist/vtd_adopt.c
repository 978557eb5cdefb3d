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
 * A device some of whose memory is not there any more is blocked, and no other.
 *
 * If anything is not as the book says, or there is no book but the root table is in
 * extended memory, nothing of it is believed and the unit gets an empty root table,
 * with translation on: that blocks all DMA of whatever was left running. Nor would
 * turning translation off be safe: it would let that DMA through, untranslated.
 */
#define pr_fmt(fmt) "iommu-persist: " fmt

#include <linux/io.h>
#include <linux/slab.h>

#include "vtd.h"

/**
 * struct iop_vtd_adoption - a unit being adopted.
 * @iommu: the unit
 * @unit: its record
 * @leads_nowhere: its root table is one that leads nowhere
 * @root: its root table
 * @nr_devices: context entries that are in the book
 * @restored: what was made of them
 */
struct iop_vtd_adoption {
	struct intel_iommu *iommu;
	const struct extmem_iommu_unit_ser *unit;
	bool leads_nowhere;
	struct root_entry *root;
	unsigned int nr_devices;
	struct list_head restored;
};

/**
 * struct iop_vtd_found - a device of a unit being adopted.
 * @list: in the adoption
 * @v: what becomes of it
 * @tag: the tag of its domain, 0 if it is blocked
 */
struct iop_vtd_found {
	struct list_head list;
	struct iop_vtd_restored *v;
	u16 tag;
};

static u64 iop_vtd_root(struct intel_iommu *iommu)
{
	return readq(iommu->reg + DMAR_RTADDR_REG) & VTD_PAGE_MASK;
}

static int iop_vtd_find_unit(union extmem_iommu_rec_ser *rec, void *arg)
{
	struct iop_vtd_adoption *ad = arg;

	if (rec->type == EXTMEM_IOMMU_REC_GAP && rec->gap.regs == ad->iommu->reg_phys)
		ad->leads_nowhere = rec->gap.root == iop_vtd_root(ad->iommu);
	if (rec->type == EXTMEM_IOMMU_REC_UNIT && rec->unit.regs == ad->iommu->reg_phys)
		ad->unit = &rec->unit;
	return 0;
}

static const char *iop_vtd_check_unit(struct iop_vtd_adoption *ad)
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
static struct context_entry *iop_vtd_find_context(struct iop_vtd_adoption *ad, u16 rid)
{
	bool sm = sm_supported(ad->iommu);
	u64 entry = *iop_root_entry(ad->root, rid, sm);
	struct context_entry *table;

	if (!(entry & 1) || iop_pages_tag(entry & VTD_PAGE_MASK) != EXTMEM_IOMMU_TAG_UNIT)
		return NULL;
	table = phys_to_virt(entry & VTD_PAGE_MASK);
	return &table[iop_context_index(rid, sm)];
}

static bool iop_vtd_pasid_ok(const struct extmem_iommu_device_ser *ser)
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

static bool iop_vtd_device_ok(struct iop_vtd_adoption *ad,
			      const struct extmem_iommu_device_ser *ser)
{
	const struct context_entry *context = iop_vtd_find_context(ad, ser->rid);

	if (!context || context->lo != ser->context[0] || context->hi != ser->context[1] ||
	    ser->tag < EXTMEM_IOMMU_TAG_DOMAIN || ser->did < IDA_START_DID ||
	    ser->did >= cap_ndoms(ad->iommu->cap))
		return false;
	if (sm_supported(ad->iommu))
		return iop_vtd_pasid_ok(ser);
	return iop_pages_tag(context->lo & VTD_PAGE_MASK) == ser->tag &&
	       context_domain_id((struct context_entry *)context) == ser->did;
}

static struct iop_vtd_found *iop_vtd_find(struct iop_vtd_adoption *ad, u16 rid)
{
	struct iop_vtd_found *found = kzalloc_obj(*found, IOP_GFP_BOOT);

	found->v = kzalloc_obj(*found->v, IOP_GFP_BOOT);
	found->v->r.ops = &iop_vtd_ops;
	found->v->r.place = (struct iop_place) {
		.unit = &ad->iommu->iommu,
		.segment = ad->iommu->segment,
		.rid = rid,
	};
	list_add_tail(&found->list, &ad->restored);
	return found;
}

static int iop_vtd_find_device(union extmem_iommu_rec_ser *rec, void *arg)
{
	const struct extmem_iommu_device_ser *ser = &rec->device;
	struct iop_vtd_adoption *ad = arg;
	struct iop_vtd_found *found;

	if (ser->type != EXTMEM_IOMMU_REC_DEVICE || ser->regs != ad->iommu->reg_phys)
		return 0;
	if (!iop_vtd_device_ok(ad, ser))
		return -EINVAL;
	found = iop_vtd_find(ad, ser->rid);
	found->tag = ser->tag;
	found->v->did = ser->did;
	if (ser->pasid_table) {
		found->v->pasid_dir = phys_to_virt(ser->context[0] & VTD_PAGE_MASK);
		found->v->pasid_table = phys_to_virt(ser->pasid_table);
	}
	ad->nr_devices++;
	return 0;
}

/* One that has no context entry: it must stay so until somebody has stopped it */
static int iop_vtd_find_blocked(union extmem_iommu_rec_ser *rec, void *arg)
{
	const struct extmem_iommu_blocked_ser *ser = &rec->blocked;
	const struct context_entry *context;
	struct iop_vtd_adoption *ad = arg;

	if (ser->type != EXTMEM_IOMMU_REC_BLOCKED || ser->regs != ad->iommu->reg_phys)
		return 0;
	context = iop_vtd_find_context(ad, ser->rid);
	if (context && (context->lo || context->hi))
		return -EINVAL;
	iop_vtd_find(ad, ser->rid);
	return 0;
}

/* How many context entries there are below an entry of the root table, or -1 */
static int iop_vtd_count_contexts(u64 entry, bool sm)
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

/* How many there are below a root table, all of whose pages are kept; or -1 */
static int iop_vtd_count_all(const struct root_entry *root, bool sm)
{
	unsigned int i;
	int nr = 0, lo, hi;

	for (i = 0; i < VTD_PAGE_SIZE / sizeof(*root); i++) {
		lo = iop_vtd_count_contexts(root[i].lo, sm);
		hi = sm ? iop_vtd_count_contexts(root[i].hi, sm) : 0;
		if (lo < 0 || hi < 0)
			return -1;
		nr += lo + hi;
	}
	return nr;
}

static int iop_vtd_hold_claim(union extmem_iommu_rec_ser *rec, void *arg)
{
	struct iop_tag *tag = arg;

	if (rec->type != EXTMEM_IOMMU_REC_CLAIM || rec->claim.tag != tag->tag)
		return 0;
	return iop_tag_hold(tag, rec->claim.id);
}

static void iop_vtd_free_id(void *unit, u32 id)
{
	struct intel_iommu *iommu = unit;

	ida_free(&iommu->domain_ida, id);
}

/* Before the unit's first domain is made */
static int iop_vtd_take_id(struct intel_iommu *iommu, struct iop_tag *tag, u16 did)
{
	int err;

	/* Another device of the same domain may have it */
	if (ida_alloc_range(&iommu->domain_ida, did, did, IOP_GFP_BOOT) != did)
		return iop_tag_has_id(tag, iommu, did) ? 0 : -EBUSY;
	err = iop_tag_add_id(tag, iommu, did, iop_vtd_free_id);
	if (err)
		ida_free(&iommu->domain_ida, did);
	return err;
}

/* Devices of one domain share its id, its pages and its memory */
static int iop_vtd_take_domain(struct intel_iommu *iommu, struct iop_vtd_found *found)
{
	struct iop_tag *tag = iop_tag_join(found->tag);
	int err;

	if (IS_ERR(tag))
		return PTR_ERR(tag);
	found->v->r.tag = tag;
	err = iop_vtd_take_id(iommu, tag, found->v->did);
	return err ?: iop_book_each(iop_vtd_hold_claim, tag);
}

/* It can't go on: it alone is blocked, and the unit flushed, before anything is free */
static void iop_vtd_take_blocked(struct iop_vtd_found *found, int err)
{
	struct iop_restored *r = &found->v->r;

	pr_err("%04x:%02x:%02x.%d is blocked: what it reaches can't be had: %pe\n",
	       r->place.segment, PCI_BUS_NUM(r->place.rid), PCI_SLOT(r->place.rid),
	       PCI_FUNC(r->place.rid), ERR_PTR(err));
	iop_vtd_block(r, NULL);
	if (r->tag)
		iop_tag_leave(r->tag);
	r->tag = NULL;
}

static void iop_vtd_take_device(struct iop_vtd_adoption *ad, struct iop_vtd_found *found)
{
	struct iop_vtd_restored *v = found->v;
	u16 rid = v->r.place.rid;
	int err;

	set_context_copied(ad->iommu, rid >> 8, rid & 0xff);
	if (v->pasid_dir) {
		iop_pages_keep(virt_to_phys(v->pasid_dir));
		iop_pages_keep(virt_to_phys(v->pasid_table));
	}
	err = found->tag ? iop_vtd_take_domain(ad->iommu, found) : 0;
	if (err)
		iop_vtd_take_blocked(found, err);
	list_del(&found->list);
	kfree(found);
	iop_restored_add(&v->r);
}

static void iop_vtd_take_all(struct iop_vtd_adoption *ad)
{
	struct iop_vtd_found *found, *next;

	ad->iommu->copied_tables = bitmap_zalloc(BIT_ULL(16), IOP_GFP_BOOT);
	iop_pages_keep(ad->unit->root);
	ad->iommu->root_entry = ad->root;
	list_for_each_entry_safe(found, next, &ad->restored, list)
		iop_vtd_take_device(ad, found);
}

static const char *iop_vtd_adopt(struct iop_vtd_adoption *ad)
{
	const char *fault;

	if (!ad->unit)
		return "it is not in the book";
	fault = iop_vtd_check_unit(ad);
	if (fault)
		return fault;
	if (iop_book_each(iop_vtd_find_device, ad) ||
	    iop_book_each(iop_vtd_find_blocked, ad) ||
	    iop_vtd_count_all(ad->root, sm_supported(ad->iommu)) != ad->nr_devices)
		return "its tables are not as the book says";
	iop_vtd_take_all(ad);
	return NULL;
}

static void iop_vtd_drop_found(struct iop_vtd_adoption *ad)
{
	struct iop_vtd_found *found, *next;

	list_for_each_entry_safe(found, next, &ad->restored, list) {
		kfree(found->v);
		kfree(found);
	}
}

/**
 * iop_vtd_adopt_unit - go on by the tables that a unit was left on with.
 * @unit: the unit
 *
 * Context: boot, with a sound book.
 * Return: 0; -EAGAIN if its root table leads nowhere, -EINVAL if it is not as the book
 * says: it gets an empty one then, with translation on.
 */
int iop_vtd_adopt_unit(struct iommu_device *unit)
{
	struct iop_vtd_adoption ad = {
		.iommu = to_iop_vtd_iommu(unit),
		.restored = LIST_HEAD_INIT(ad.restored),
	};
	const char *fault;

	iop_book_each(iop_vtd_find_unit, &ad);
	if (!ad.unit && ad.leads_nowhere) {
		pr_info("%s was left on for no device\n", ad.iommu->name);
		return -EAGAIN;
	}
	fault = iop_vtd_adopt(&ad);
	if (fault) {
		iop_vtd_drop_found(&ad);
		pr_err("%s was left on, but %s: all its DMA is blocked\n", ad.iommu->name,
		       fault);
		return -EINVAL;
	}
	pr_info("%s goes on for %u devices\n", ad.iommu->name, ad.nr_devices);
	return 0;
}

/**
 * iop_vtd_keep_unit - see that nobody takes the tables of a unit that is not adopted.
 * @rec: what the book says of it, or of a device behind it
 *
 * Context: boot.
 */
void iop_vtd_keep_unit(const union extmem_iommu_rec_ser *rec)
{
	switch (rec->type) {
	case EXTMEM_IOMMU_REC_UNIT:
		if (iop_pages_tag(rec->unit.root) != EXTMEM_IOMMU_TAG_UNIT)
			break;
		iop_pages_keep(rec->unit.root);
		iop_vtd_count_all(phys_to_virt(rec->unit.root),
				  rec->unit.flags & EXTMEM_IOMMU_SCALABLE);
		break;
	case EXTMEM_IOMMU_REC_DEVICE:
		/* Nobody ever leaves it */
		if (IS_ERR(iop_tag_join(rec->device.tag)))
			pr_err("no memory to hold what a device reaches\n");
		if (!rec->device.pasid_table)
			break;
		iop_pages_keep(rec->device.context[0] & VTD_PAGE_MASK);
		iop_pages_keep(rec->device.pasid_table);
		break;
	case EXTMEM_IOMMU_REC_GAP:
		iop_pages_keep(rec->gap.root);
		iop_pages_keep(rec->gap.table);
		break;
	}
}
