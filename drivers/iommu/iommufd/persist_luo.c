// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: iommufd, files in live update sessions
 *
 * A file of ``/dev/iommu`` can be put into a session of the live update orchestrator
 * if all that its IOASes map is extended memory. It may have devices, and page tables
 * that map an IOAS; anything else (nested page tables, faults, virtual IOMMUs, accesses)
 * is ``-EOPNOTSUPP``, and other mappings are ``-EINVAL``. While an ioctl that changes
 * the file is under way, however long that takes, it is ``-EBUSY``.
 *
 * From then on until the session is closed or the kexec, the file is fixed: every
 * ioctl that would change something is ``-EBUSY``, as is attaching a device. What
 * is saved is what the page tables say, to the end. ``IOMMU_IOAS_CHANGE_PROCESS`` passes.
 *
 * Retrieving makes a new file with the same IOASes and mappings, and nothing else.
 * Numbers of objects are no ABI. The IOASes come back in the order in which they had
 * been made, and the file numbers its objects from 1: so the first IOAS is 1, the
 * second 2. A device that is attached to such an IOAS gets a page table made from
 * it, which replaces that of the former kernel in one go; or that one itself, if the
 * IOAS has not been changed since, the device is attached to the IOAS rather than to a
 * page table that was allocated for it, and the page table is of no two units.
 *
 * What is not saved: which IOVAs an IOAS allows (IOMMU_IOAS_ALLOW_IOVAS), and
 * IOMMU_OPTION_HUGE_PAGES. Set them again, before a device is attached.
 */
#define pr_fmt(fmt) "iommufd: " fmt

#include <linux/extmem.h>
#include <linux/file.h>
#include <linux/iommu_persist.h>
#include <linux/kho_block.h>
#include <linux/liveupdate.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "io_pagetable.h"
#include "iommufd_private.h"
#include "persist_ser.h"

static bool iommufd_luo_can_preserve(struct liveupdate_file_handler *handler, struct file *file)
{
	struct iommufd_ctx *ictx = iommufd_ctx_from_file(file);

	if (IS_ERR(ictx))
		return false;
	iommufd_ctx_put(ictx);
	return true;
}

static int iommufd_luo_check_object(const struct iommufd_object *obj)
{
	switch (obj->type) {
	case IOMMUFD_OBJ_IOAS:
	case IOMMUFD_OBJ_DEVICE:
	case IOMMUFD_OBJ_HWPT_PAGING:
		return 0;
	default:
		return -EOPNOTSUPP;
	}
}

static struct iommufd_ioas *to_iommufd_ioas(struct iommufd_object *obj)
{
	return container_of(obj, struct iommufd_ioas, obj);
}

/* A page table that maps this IOAS, and that the next kernel may take as it is */
static void iommufd_luo_save_tables(struct iommufd_ctx *ictx, struct iommufd_ioas *ioas,
				    struct iommufd_luo_ser *rec)
{
	struct iommufd_hwpt_paging *hwpt;
	struct iommufd_object *obj;
	unsigned int nr = 0;
	struct iop_tag *tag;
	unsigned long id;

	xa_for_each(&ictx->objects, id, obj) {
		if (obj->type != IOMMUFD_OBJ_HWPT_PAGING)
			continue;
		hwpt = container_of(obj, struct iommufd_hwpt_paging, common.obj);
		tag = iommu_persist_domain_tag(hwpt->common.domain);
		if (hwpt->ioas == ioas && tag && nr < IOMMUFD_LUO_TABLES)
			rec->tables[nr++] = iommu_persist_tag_id(tag);
	}
}

static u64 iommufd_luo_count_areas(struct iommufd_ioas *ioas)
{
	struct iopt_area *area;
	u64 nr = 0;

	guard(rwsem_read)(&ioas->iopt.iova_rwsem);
	for (area = iopt_area_iter_first(&ioas->iopt, 0, ULONG_MAX); area;
	     area = iopt_area_iter_next(area, 0, ULONG_MAX))
		nr++;
	return nr;
}

/* The file is fixed: what is counted here is there when it is saved */
static int iommufd_luo_count_all(struct iommufd_ctx *ictx, u64 *nr)
{
	struct iommufd_object *obj;
	unsigned long id;
	int rc;

	*nr = 0;
	xa_for_each(&ictx->objects, id, obj) {
		rc = iommufd_luo_check_object(obj);
		if (rc)
			return rc;
		if (obj->type == IOMMUFD_OBJ_IOAS)
			*nr += 1 + iommufd_luo_count_areas(to_iommufd_ioas(obj));
	}
	return 0;
}

static void iommufd_luo_save(struct kho_block_set_it *it, const struct iommufd_luo_ser *rec)
{
	struct iommufd_luo_ser *ser = kho_block_set_it_reserve_entry(it);

	if (WARN_ON_ONCE(!ser))
		return;
	*ser = *rec;
	iommufd_luo_seal(ser);
}

static int iommufd_luo_save_area(struct kho_block_set_it *it, struct iopt_area *area)
{
	struct iopt_pages *pages = area->pages;
	struct iommufd_luo_ser rec = {
		.type = IOMMUFD_LUO_AREA,
		.iova = iopt_area_iova(area),
		.length = iopt_area_length(area),
	};

	if (!pages || !iopt_is_extmem(pages))
		return -EINVAL;
	rec.claim = extmem_claim_id(pages->extmem.claim);
	rec.offset = pages->extmem.start + iopt_area_start_byte(area, rec.iova);
	if (area->iommu_prot & IOMMU_READ)
		rec.prot |= IOMMUFD_LUO_READ;
	if (area->iommu_prot & IOMMU_WRITE)
		rec.prot |= IOMMUFD_LUO_WRITE;
	if (area->iommu_prot & IOMMU_CACHE)
		rec.prot |= IOMMUFD_LUO_CACHE;
	iommufd_luo_save(it, &rec);
	return 0;
}

static int iommufd_luo_save_ioas(struct iommufd_ctx *ictx, struct kho_block_set_it *it,
				 struct iommufd_ioas *ioas)
{
	struct iommufd_luo_ser rec = { .type = IOMMUFD_LUO_IOAS };
	struct iopt_area *area;
	int rc = 0;

	iommufd_luo_save_tables(ictx, ioas, &rec);
	iommufd_luo_save(it, &rec);
	guard(rwsem_read)(&ioas->iopt.iova_rwsem);
	for (area = iopt_area_iter_first(&ioas->iopt, 0, ULONG_MAX); area && !rc;
	     area = iopt_area_iter_next(area, 0, ULONG_MAX))
		rc = iommufd_luo_save_area(it, area);
	return rc;
}

static int iommufd_luo_save_all(struct iommufd_ctx *ictx, struct kho_block_set *set)
{
	struct kho_block_set_it it;
	struct iommufd_object *obj;
	unsigned long id;
	int rc = 0;
	u64 nr;

	rc = iommufd_luo_count_all(ictx, &nr) ?: kho_block_set_grow(set, nr);
	if (rc)
		return rc;
	kho_block_set_it_init(&it, set);
	xa_for_each(&ictx->objects, id, obj) {
		if (obj->type == IOMMUFD_OBJ_IOAS)
			rc = iommufd_luo_save_ioas(ictx, &it, to_iommufd_ioas(obj));
		if (rc)
			return rc;
	}
	return 0;
}

static int iommufd_luo_preserve(struct liveupdate_file_op_args *args)
{
	struct iommufd_ctx *ictx = args->file->private_data;
	struct kho_block_set *set = kmalloc_obj(*set);
	int rc;

	if (!set)
		return -ENOMEM;
	kho_block_set_init(set, sizeof(struct iommufd_luo_ser));
	rc = iommufd_fix(ictx);
	if (rc)
		goto out_free;
	rc = iommufd_luo_save_all(ictx, set);
	if (rc)
		goto out_unfix;
	args->serialized_data = kho_block_set_head_pa(set);
	args->private_data = set;
	return 0;

out_unfix:
	iommufd_unfix(ictx);
	kho_block_set_destroy(set);
out_free:
	kfree(set);
	return rc;
}

static void iommufd_luo_unpreserve(struct liveupdate_file_op_args *args)
{
	struct kho_block_set *set = args->private_data;

	iommufd_unfix(args->file->private_data);
	kho_block_set_destroy(set);
	kfree(set);
}

static int iommufd_luo_restore_area(struct iommufd_ctx *ictx, struct iommufd_ioas *ioas,
				    const struct iommufd_luo_ser *ser)
{
	unsigned long iova = ser->iova;
	struct extmem_claim *claim;
	int prot = 0;

	if (!ioas)
		return -EINVAL;
	if (ser->prot & IOMMUFD_LUO_READ)
		prot |= IOMMU_READ;
	if (ser->prot & IOMMUFD_LUO_WRITE)
		prot |= IOMMU_WRITE;
	if (ser->prot & IOMMUFD_LUO_CACHE)
		prot |= IOMMU_CACHE;
	claim = extmem_claim_find(ser->claim);
	if (!claim)
		return -ENOENT;
	return iopt_map_claim(ictx, &ioas->iopt, claim, ser->offset, &iova, ser->length,
			      prot);
}

static struct iommufd_ioas *iommufd_luo_restore_ioas(struct iommufd_ctx *ictx)
{
	struct iommufd_ioas *ioas = iommufd_ioas_alloc(ictx);

	if (!IS_ERR(ioas))
		iommufd_object_finalize(ictx, &ioas->obj);
	return ioas;
}

/* The IOAS is complete: from its first change on these are tables of another */
static void iommufd_luo_restore_tables(struct iommufd_ioas *ioas, const struct iommufd_luo_ser *ser)
{
	if (ioas)
		memcpy(ioas->iopt.tables, ser->tables, sizeof(ser->tables));
}

static int iommufd_luo_restore_all(struct iommufd_ctx *ictx, struct kho_block_set *set)
{
	const struct iommufd_luo_ser *ser, *first = NULL;
	struct iommufd_ioas *ioas = NULL;
	struct kho_block_set_it it;
	int rc = 0;

	kho_block_set_it_init(&it, set);
	while (!rc && (ser = kho_block_set_it_read_entry(&it))) {
		if (!iommufd_luo_ok(ser))
			return -EINVAL;
		if (ser->type == IOMMUFD_LUO_AREA) {
			rc = iommufd_luo_restore_area(ictx, ioas, ser);
			continue;
		}
		iommufd_luo_restore_tables(ioas, first);
		first = ser;
		rc = PTR_ERR_OR_ZERO(ioas = iommufd_luo_restore_ioas(ictx));
	}
	if (!rc)
		iommufd_luo_restore_tables(ioas, first);
	return rc;
}

/* Its blocks are looked at here, but stay until the session is finished */
static void iommufd_luo_forget_set(struct kho_block_set *set)
{
	struct kho_block *block, *next;

	list_for_each_entry_safe(block, next, &set->blocks, list)
		kfree(block);
}

static int iommufd_luo_retrieve(struct liveupdate_file_op_args *args)
{
	struct kho_block_set set;
	struct file *file;
	int rc;

	file = iommufd_file_new();
	if (IS_ERR(file))
		return PTR_ERR(file);
	kho_block_set_init(&set, sizeof(struct iommufd_luo_ser));
	rc = kho_block_set_restore(&set, args->serialized_data);
	if (!rc) {
		rc = iommufd_luo_restore_all(file->private_data, &set);
		iommufd_luo_forget_set(&set);
	}
	if (rc) {
		pr_err("a former kernel's file can't be restored: %pe\n", ERR_PTR(rc));
		fput(file);
		return rc;
	}
	args->file = file;
	return 0;
}

static void iommufd_luo_finish(struct liveupdate_file_op_args *args)
{
	struct kho_block_set set;

	/* A damaged list is gone already, or not to be followed again */
	if (args->retrieve_status < 0)
		return;
	kho_block_set_init(&set, sizeof(struct iommufd_luo_ser));
	if (!kho_block_set_restore(&set, args->serialized_data))
		kho_block_set_destroy(&set);
}

static const struct liveupdate_file_ops iommufd_luo_ops = {
	.can_preserve = iommufd_luo_can_preserve,
	.preserve = iommufd_luo_preserve,
	.unpreserve = iommufd_luo_unpreserve,
	.retrieve = iommufd_luo_retrieve,
	.finish = iommufd_luo_finish,
	.owner = THIS_MODULE,
};

static struct liveupdate_file_handler iommufd_luo_handler = {
	.ops = &iommufd_luo_ops,
	.compatible = IOMMUFD_LUO_COMPATIBLE,
};

static bool iommufd_luo_is_there;

/**
 * iommufd_luo_init - files can be put into sessions.
 *
 * Context: may sleep.
 */
void iommufd_luo_init(void)
{
	int rc = liveupdate_register_file_handler(&iommufd_luo_handler);

	iommufd_luo_is_there = !rc;
	if (rc && rc != -EOPNOTSUPP)
		pr_err("files can't be put into live update sessions: %pe\n", ERR_PTR(rc));
}

/**
 * iommufd_luo_exit - they can't any more.
 *
 * Context: may sleep.
 */
void iommufd_luo_exit(void)
{
	if (iommufd_luo_is_there)
		liveupdate_unregister_file_handler(&iommufd_luo_handler);
}

MODULE_ALIAS("liveupdate-" IOMMUFD_LUO_COMPATIBLE);
