// SPDX-License-Identifier: GPL-2.0
/*
 * Units at boot: which have been looked at, and what of the previous kernel's memory is
 * free after that. A unit of the book that this kernel never sees (firmware tells of it
 * no more, or memory is short) may still be on: what it leads to is nobody's, until the
 * machine is turned off. The next kernel is told the same.
 */
#define pr_fmt(fmt) "iommu-persist: " fmt

#include <linux/init.h>
#include <linux/liveupdate.h>
#include <linux/slab.h>

#include "unit.h"

static enum iop_book_state iop_book_state;
static bool iop_have_book;

/**
 * struct iop_lost - what the book said of a unit that this kernel does not know.
 * @list: in the list of all
 * @rec: a record about it
 */
struct iop_lost {
	struct list_head list;
	union extmem_iommu_rec_ser rec;
};

/* Filled at boot, and not changed after that */
static LIST_HEAD(iop_all_lost);
static const struct iop_ops *iop_lost_ops;

/* Before the first table of this kernel is made */
static int __init iop_boot(void)
{
	int err = iop_adopt_granules();

	if (err)
		pr_err("the former kernel's page tables can't be used: %pe\n", ERR_PTR(err));
	iop_book_state = iop_book_open();
	iop_have_book = iop_book_state == IOP_BOOK_SOUND && !err && liveupdate_enabled();
	return 0;
}
fs_initcall_sync(iop_boot);

/**
 * iop_adopt_unit - go on by the tables that a unit was left on with.
 * @ops: its maker's
 * @unit: the unit
 *
 * Context: boot.
 * Return: as of &iop_ops.adopt_unit; -ENODATA if there is no book to go by.
 */
int iop_adopt_unit(const struct iop_ops *ops, struct iommu_device *unit)
{
	return iop_have_book ? ops->adopt_unit(unit) : -ENODATA;
}

/* Of a unit, whatever kind of record */
static u64 *iop_rec_regs(union extmem_iommu_rec_ser *rec)
{
	switch (rec->type) {
	case EXTMEM_IOMMU_REC_UNIT:
		return &rec->unit.regs;
	case EXTMEM_IOMMU_REC_DEVICE:
		return &rec->device.regs;
	case EXTMEM_IOMMU_REC_BLOCKED:
		return &rec->blocked.regs;
	case EXTMEM_IOMMU_REC_GAP:
		return &rec->gap.regs;
	default:
		return NULL;
	}
}

static int iop_rec_seen(union extmem_iommu_rec_ser *rec, void *arg)
{
	u64 *regs = iop_rec_regs(rec);

	if (regs && *regs == *(u64 *)arg)
		*regs = 0;
	return 0;
}

/**
 * iop_unit_seen - a unit goes by tables of this kernel, or is off.
 * @regs: where its registers are
 *
 * Context: boot, before iommu_persist_adopt_end().
 */
void iop_unit_seen(u64 regs)
{
	iop_book_each(iop_rec_seen, &regs);
}

static int iop_lose(union extmem_iommu_rec_ser *rec)
{
	struct iop_lost *lost = kzalloc_obj(*lost, IOP_GFP_BOOT);

	lost->rec = *rec;
	list_add_tail(&lost->list, &iop_all_lost);
	return 0;
}

static int iop_lose_unit(union extmem_iommu_rec_ser *rec, void *arg)
{
	const struct iop_ops *ops = arg;
	u64 *regs = iop_rec_regs(rec);

	if (!regs || !*regs)
		return 0;
	if (rec->type == EXTMEM_IOMMU_REC_UNIT)
		pr_err("the unit at %#llx was left on, and is not there: what its devices reach stays held\n",
		       *regs);
	ops->keep_unit(rec);
	return iop_lose(rec);
}

static int iop_lose_claim(union extmem_iommu_rec_ser *rec, void *arg)
{
	struct iop_lost *lost;
	struct iop_tag *tag;

	if (rec->type != EXTMEM_IOMMU_REC_CLAIM)
		return 0;
	list_for_each_entry(lost, &iop_all_lost, list) {
		if (lost->rec.type != EXTMEM_IOMMU_REC_DEVICE ||
		    lost->rec.device.tag != rec->claim.tag)
			continue;
		tag = iop_tag_find(rec->claim.tag);
		if (tag && iop_tag_hold(tag, rec->claim.id))
			pr_err("claim %llu, which it reaches, can't be held\n",
			       rec->claim.id);
		return iop_lose(rec);
	}
	return 0;
}

/* What was preserved for devices alone: those that go on have references by now */
static int iop_finish_claim(union extmem_iommu_rec_ser *rec, void *arg)
{
	if (rec->type == EXTMEM_IOMMU_REC_CLAIM && rec->claim.flags & EXTMEM_IOMMU_CLAIM_DUE)
		extmem_claim_finish(rec->claim.id);
	return 0;
}

/**
 * iop_adopt_end - all units that this kernel knows have tables of its own, or are off.
 * @ops: the maker's
 *
 * Context: boot.
 */
void iop_adopt_end(const struct iop_ops *ops)
{
	static bool done;
	bool kept = iop_book_state == IOP_BOOK_DAMAGED;

	if (done)
		return;
	done = true;
	iop_lost_ops = ops;
	if (iop_book_each(iop_lose_unit, (void *)ops) || iop_book_each(iop_lose_claim, NULL))
		kept = true;
	iop_book_each(iop_finish_claim, NULL);
	iop_book_close();
	if (kept)
		pr_err("nobody knows which of the former kernel's page tables are in use: all are kept\n");
	else
		iop_pages_free_stale(iop_tag_exists);
}

/**
 * iop_lost_count - how much is there to tell of units that this kernel does not know?
 *
 * Context: any.
 * Return: how many records; 0 if there are no such units.
 */
unsigned int iop_lost_count(void)
{
	return list_count_nodes(&iop_all_lost);
}

/**
 * iop_lost_promise - make sure that the next kernel has what their devices reach.
 *
 * Context: may sleep; the kernel is about to be replaced.
 */
void iop_lost_promise(void)
{
	struct iop_lost *lost;
	struct iop_tag *tag;

	list_for_each_entry(lost, &iop_all_lost, list) {
		if (lost->rec.type != EXTMEM_IOMMU_REC_DEVICE)
			continue;
		tag = iop_tag_find(lost->rec.device.tag);
		if (tag)
			iop_tag_promise(tag);
	}
}

/**
 * iop_lost_record - tell the next kernel of units that this one does not know.
 *
 * Context: kexec, nothing else runs.
 */
void iop_lost_record(void)
{
	struct iop_lost *lost;

	list_for_each_entry(lost, &iop_all_lost, list)
		iop_book_add(&lost->rec);
}

/* Room for that, before there is anything else; and memory that nobody uses goes */
static int __init iop_late(void)
{
	unsigned int nr = iop_lost_count();

	if (nr && (iop_lost_ops->ready() ||
		   iop_book_reserve(nr + 2 * iop_lost_ops->nr_units())))
		pr_err("no room to tell the next kernel of units that are not there\n");
	/* Locks are held above that this must not nest in */
	iop_trim();
	return 0;
}
late_initcall(iop_late);
