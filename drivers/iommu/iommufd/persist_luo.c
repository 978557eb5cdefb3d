// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: iommufd, files in live update sessions
 *
 * A file of ``/dev/iommu`` can be put into a session of the live update orchestrator
 * if all that its IOASes map is extended memory that outlives the kernel: devices in
 * a session, or that persist. It may have devices, and page tables that map an IOAS;
 * anything else (nested page tables, faults, virtual IOMMUs, accesses) is
 * ``-EOPNOTSUPP``, and other mappings are ``-EINVAL``.
 *
 * From then on until the session is closed or the kexec, the file is fixed: every
 * ioctl that would change something is ``-EBUSY``, as is attaching a device. What
 * is saved is what the page tables say, to the end.
 *
 * Retrieving makes a new file with the same IOASes and mappings, and nothing else.
 * Numbers of objects are no ABI. The IOASes come back in the order in which they had
 * been made, and the file numbers its objects from 1: so the first IOAS is 1, the
 * second 2. A device that is attached to such an IOAS gets a page table made from
 * it, which replaces that of the former kernel in one go.
 *
 * What is not saved: which IOVAs an IOAS allows (IOMMU_IOAS_ALLOW_IOVAS), and
 * IOMMU_OPTION_HUGE_PAGES. Set them again, before a device is attached.
 */
#define pr_fmt(fmt) "iommufd: " fmt

#include <linux/extmem.h>
#include <linux/file.h>
#include <linux/kho_block.h>
#include <linux/liveupdate.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "io_pagetable.h"
#include "iommufd_private.h"
#include "persist_ser.h"

static bool can_preserve(struct liveupdate_file_handler *handler, struct file *file)
{
	struct iommufd_ctx *ictx = iommufd_ctx_from_file(file);

	if (IS_ERR(ictx))
		return false;
	iommufd_ctx_put(ictx);
	return true;
}

static int check_object(const struct iommufd_object *obj)
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

static u64 count_areas(struct iommufd_ioas *ioas)
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
static int count_all(struct iommufd_ctx *ictx, u64 *nr)
{
	struct iommufd_object *obj;
	unsigned long id;
	int rc;

	*nr = 0;
	xa_for_each(&ictx->objects, id, obj) {
		rc = check_object(obj);
		if (rc)
			return rc;
		if (obj->type == IOMMUFD_OBJ_IOAS)
			*nr += 1 + count_areas(container_of(obj, struct iommufd_ioas, obj));
	}
	return 0;
}

static void save(struct kho_block_set_it *it, const struct iommufd_luo_ser *rec)
{
	struct iommufd_luo_ser *ser = kho_block_set_it_reserve_entry(it);

	if (WARN_ON_ONCE(!ser))
		return;
	*ser = *rec;
	iommufd_luo_seal(ser);
}

static int save_area(struct kho_block_set_it *it, struct iopt_area *area)
{
	struct iopt_pages *pages = area->pages;
	struct iommufd_luo_ser rec = {
		.type = IOMMUFD_LUO_AREA,
		.iova = iopt_area_iova(area),
		.length = iopt_area_length(area),
	};

	if (!pages || !iopt_is_extmem(pages) || !iommufd_claim_outlives(pages->extmem.claim))
		return -EINVAL;
	rec.claim = extmem_claim_id(pages->extmem.claim);
	rec.offset = pages->extmem.start + iopt_area_start_byte(area, rec.iova);
	if (area->iommu_prot & IOMMU_READ)
		rec.prot |= IOMMUFD_LUO_READ;
	if (area->iommu_prot & IOMMU_WRITE)
		rec.prot |= IOMMUFD_LUO_WRITE;
	if (area->iommu_prot & IOMMU_CACHE)
		rec.prot |= IOMMUFD_LUO_CACHE;
	save(it, &rec);
	return 0;
}

static int save_ioas(struct kho_block_set_it *it, struct iommufd_ioas *ioas)
{
	struct iommufd_luo_ser rec = { .type = IOMMUFD_LUO_IOAS };
	struct iopt_area *area;
	int rc = 0;

	save(it, &rec);
	guard(rwsem_read)(&ioas->iopt.iova_rwsem);
	for (area = iopt_area_iter_first(&ioas->iopt, 0, ULONG_MAX); area && !rc;
	     area = iopt_area_iter_next(area, 0, ULONG_MAX))
		rc = save_area(it, area);
	return rc;
}

static int save_all(struct iommufd_ctx *ictx, struct kho_block_set *set)
{
	struct kho_block_set_it it;
	struct iommufd_object *obj;
	unsigned long id;
	int rc = 0;
	u64 nr;

	rc = count_all(ictx, &nr) ?: kho_block_set_grow(set, nr);
	if (rc)
		return rc;
	kho_block_set_it_init(&it, set);
	xa_for_each(&ictx->objects, id, obj) {
		if (obj->type == IOMMUFD_OBJ_IOAS)
			rc = save_ioas(&it, container_of(obj, struct iommufd_ioas, obj));
		if (rc)
			return rc;
	}
	return 0;
}

static int preserve(struct liveupdate_file_op_args *args)
{
	struct iommufd_ctx *ictx = args->file->private_data;
	struct kho_block_set *set = kmalloc_obj(*set);
	int rc;

	if (!set)
		return -ENOMEM;
	kho_block_set_init(set, sizeof(struct iommufd_luo_ser));
	rc = iommufd_fix(ictx, true);
	if (rc)
		goto out_free;
	rc = save_all(ictx, set);
	if (rc)
		goto out_unfix;
	args->serialized_data = kho_block_set_head_pa(set);
	args->private_data = set;
	return 0;

out_unfix:
	iommufd_fix(ictx, false);
	kho_block_set_destroy(set);
out_free:
	kfree(set);
	return rc;
}

static void unpreserve(struct liveupdate_file_op_args *args)
{
	struct kho_block_set *set = args->private_data;

	iommufd_fix(args->file->private_data, false);
	kho_block_set_destroy(set);
	kfree(set);
}

static int restore_area(struct iommufd_ctx *ictx, struct iommufd_ioas *ioas,
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

static struct iommufd_ioas *restore_ioas(struct iommufd_ctx *ictx)
{
	struct iommufd_ioas *ioas = iommufd_ioas_alloc(ictx);

	if (!IS_ERR(ioas))
		iommufd_object_finalize(ictx, &ioas->obj);
	return ioas;
}

static int restore_all(struct iommufd_ctx *ictx, struct kho_block_set *set)
{
	struct iommufd_ioas *ioas = NULL;
	const struct iommufd_luo_ser *ser;
	struct kho_block_set_it it;
	int rc = 0;

	kho_block_set_it_init(&it, set);
	while (!rc && (ser = kho_block_set_it_read_entry(&it))) {
		if (!iommufd_luo_ok(ser))
			return -EINVAL;
		if (ser->type == IOMMUFD_LUO_AREA)
			rc = restore_area(ictx, ioas, ser);
		else
			rc = PTR_ERR_OR_ZERO(ioas = restore_ioas(ictx));
	}
	return rc;
}

/* Its blocks are looked at here, but stay until the session is finished */
static void forget_set(struct kho_block_set *set)
{
	struct kho_block *block, *next;

	list_for_each_entry_safe(block, next, &set->blocks, list)
		kfree(block);
}

static int retrieve(struct liveupdate_file_op_args *args)
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
		rc = restore_all(file->private_data, &set);
		forget_set(&set);
	}
	if (rc) {
		pr_err("a former kernel's file can't be restored: %pe\n", ERR_PTR(rc));
		fput(file);
		return rc;
	}
	args->file = file;
	return 0;
}

static void finish(struct liveupdate_file_op_args *args)
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
	.can_preserve = can_preserve,
	.preserve = preserve,
	.unpreserve = unpreserve,
	.retrieve = retrieve,
	.finish = finish,
	.owner = THIS_MODULE,
};

static struct liveupdate_file_handler iommufd_luo_handler = {
	.ops = &iommufd_luo_ops,
	.compatible = IOMMUFD_LUO_COMPATIBLE,
};

static int __init iommufd_luo_init(void)
{
	int rc = liveupdate_register_file_handler(&iommufd_luo_handler);

	if (rc && rc != -EOPNOTSUPP)
		pr_err("files can't be put into live update sessions: %pe\n", ERR_PTR(rc));
	return 0;
}
late_initcall(iommufd_luo_init);
