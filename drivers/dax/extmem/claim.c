// SPDX-License-Identifier: GPL-2.0
/*
 * A device's memory is one claim of the region's pool. It is made when the device
 * grows from nothing, and destroyed when it shrinks to nothing. At boot every
 * claim of the pool's dax region becomes a device again, under its old name. A
 * claim that can't is left alone: its memory stays taken.
 *
 * The claim's extents are the truth. dev_dax->ranges and the region's resource
 * tree repeat them for the dax core and its sysfs files.
 */
#include <linux/cleanup.h>
#include <linux/device.h>
#include <linux/ioport.h>
#include <linux/xarray.h>

#include "extmem_dax.h"

static_assert(DAX_ANYWHERE == EXTMEM_ANYWHERE);

/*
 * Devices by the id of the claim that the former kernel left for them, for who asks for
 * one by that: each with a reference, until it loses the claim. A claim that this
 * kernel has made is in nobody's hands but the device's.
 */
static DEFINE_XARRAY(extmem_dax_restored);

static bool extmem_dax_is_aligned(const struct extmem_claim *claim, u64 align)
{
	unsigned int i;

	for (i = 0; i < extmem_claim_nr_extents(claim); i++) {
		struct range extent = extmem_claim_extent(claim, i);

		if (!IS_ALIGNED(extent.start | range_len(&extent), align))
			return false;
	}
	return true;
}

static struct resource *extmem_dax_find_resource(struct dev_dax *dev_dax, u64 start)
{
	struct resource *res = dev_dax->region->res.child;

	while (res && res->start != start)
		res = res->sibling;
	return res;
}

/* The claim grew by the granules that follow its last extent. */
static int extmem_dax_extend_range(struct dev_dax *dev_dax, struct range extent)
{
	struct resource *res = extmem_dax_find_resource(dev_dax, extent.start);

	if (!res)
		return -ENXIO;
	return adjust_dev_dax_range(dev_dax, res, range_len(&extent));
}

static int extmem_dax_sync_range(struct dev_dax *dev_dax, unsigned int i,
				 struct range extent)
{
	if (i >= dev_dax->nr_range)
		return alloc_dev_dax_range(dev_dax, extent.start,
					   range_len(&extent));
	if (range_len(&dev_dax->ranges[i].range) == range_len(&extent))
		return 0;
	return extmem_dax_extend_range(dev_dax, extent);
}

/* After the claim has grown: add to the device's ranges what they lack. */
static int extmem_dax_sync_ranges(struct dev_dax *dev_dax,
				  const struct extmem_claim *claim)
{
	unsigned int i;
	int rc = 0;

	lockdep_assert_held_write(&dax_region_rwsem);
	for (i = 0; !rc && i < extmem_claim_nr_extents(claim); i++) {
		struct range extent = extmem_claim_extent(claim, i);

		rc = extmem_dax_sync_range(dev_dax, i, extent);
	}
	return rc;
}

/* What extents must be aligned to, for mappings of the device's alignment. */
static u64 extmem_dax_extent_align(const struct dev_dax *dev_dax)
{
	return max_t(u64, dev_dax->align, EXTMEM_GRANULE);
}

static void extmem_dax_set_claim(struct extmem_dax *ed, struct extmem_claim *claim)
{
	lockdep_assert_held_write(&dax_dev_rwsem);
	guard(spinlock)(&ed->lock);
	ed->claim = claim;
}

/*
 * Clearing the memory takes long. So this drops both locks: meanwhile others make,
 * list and delete devices, on this node and on others. &dev_dax.growing keeps this
 * device as it is, neither bound nor deleted: whoever would change it gets -EBUSY.
 *
 * Nobody holds the locks for long. So it does no harm that a signal does not end
 * the wait for them.
 */
static struct extmem_claim *extmem_dax_grow_unlocked(struct extmem_dax *ed, u64 start,
						     u64 size, u64 align)
{
	struct dev_dax *dev_dax = ed->dev_dax;
	struct extmem_claim *claim = ed->claim;
	struct extmem_claim_attr attr = {
		.kind = EXTMEM_KIND_DAX,
		.align = align,
		.data[EXTMEM_DAX_ID] = dev_dax->id,
		.data[EXTMEM_DAX_ALIGN] = dev_dax->align,
		.owner = extmem_dax_root,
	};
	int rc = 0;

	dev_dax->growing = true;
	up_write(&dax_dev_rwsem);
	up_write(&dax_region_rwsem);

	if (claim)
		rc = extmem_claim_grow(claim, start, size, align);
	else
		claim = extmem_claim_create(ed->pool, &attr, start, size);

	down_write(&dax_region_rwsem);
	down_write(&dax_dev_rwsem);
	dev_dax->growing = false;
	return rc ? ERR_PTR(rc) : claim;
}

static int extmem_dax_grow_claim(struct extmem_dax *ed, u64 start, u64 size, u64 align)
{
	struct extmem_claim *claim = extmem_dax_grow_unlocked(ed, start, size, align);

	if (IS_ERR(claim))
		return PTR_ERR(claim);
	if (ed->dev_dax->dead) {
		/* Its region is going; what it had stays */
		if (!ed->claim)
			extmem_claim_destroy(claim);
		return -ENXIO;
	}
	extmem_dax_set_claim(ed, claim);
	return 0;
}

/* daxctl says ENXIO of any error. */
static void extmem_dax_explain(const struct extmem_dax *ed, u64 start, u64 size,
			       u64 align, int rc)
{
	const struct device *dev = &ed->dev_dax->dev;
	struct extmem_pool *pool = ed->pool;
	u64 available;

	if (rc == -ENOSPC) {
		available = extmem_pool_available(pool);
		if (size > available)
			dev_info(dev, "no %llu MiB more: %llu MiB of node %d are free\n",
				 size >> 20, available >> 20, extmem_pool_nid(pool));
		else
			dev_info(dev, "no %llu MiB more: %llu MiB of node %d are free, but not in aligned pieces of %llu MiB\n",
				 size >> 20, available >> 20, extmem_pool_nid(pool),
				 align >> 20);
	} else if (rc == -EBUSY && start != DAX_ANYWHERE) {
		dev_info(dev, "%#llx-%#llx is taken, or part of it\n", start,
			 start + size - 1);
	} else if (rc == -EINVAL && start != DAX_ANYWHERE) {
		dev_info(dev, "%#llx-%#llx is not all node %d's pool, or no multiple of %llu MiB\n",
			 start, start + size - 1, extmem_pool_nid(pool), align >> 20);
	} else {
		dev_info(dev, "no %llu MiB more: %pe\n", size >> 20, ERR_PTR(rc));
	}
}

static int extmem_dax_add_restored(struct dev_dax *dev_dax, u64 id)
{
	int rc = xa_insert(&extmem_dax_restored, id, dev_dax, GFP_KERNEL);

	if (!rc)
		get_device(&dev_dax->dev);
	return rc;
}

static void extmem_dax_drop_restored(u64 id)
{
	struct dev_dax *dev_dax = xa_erase(&extmem_dax_restored, id);

	if (dev_dax)
		put_device(&dev_dax->dev);
}

/**
 * extmem_dax_find_restored - find the device of a claim of the former kernel's.
 * @id: the claim's id
 *
 * Context: process context; any lock but &extmem_dax.lock may be held.
 * Return: the device, with a reference for the caller to put; NULL if there is none, or
 * it has lost the claim. It may lose it now.
 */
struct dev_dax *extmem_dax_find_restored(u64 id)
{
	struct dev_dax *dev_dax;

	xa_lock(&extmem_dax_restored);
	dev_dax = xa_load(&extmem_dax_restored, id);
	if (dev_dax)
		get_device(&dev_dax->dev);
	xa_unlock(&extmem_dax_restored);
	return dev_dax;
}

/**
 * extmem_dax_forget_restored - let nobody find devices any more.
 *
 * Context: the module's exit.
 */
void extmem_dax_forget_restored(void)
{
	struct dev_dax *dev_dax;
	unsigned long id;

	xa_for_each(&extmem_dax_restored, id, dev_dax)
		extmem_dax_drop_restored(id);
}

/*
 * The claim goes out of everyone's sight first, and comes back if it is in use
 * after all. Name and owner go with it.
 */
static int extmem_dax_destroy_claim(struct extmem_dax *ed)
{
	struct extmem_claim *claim = ed->claim;
	u64 id = extmem_claim_id(claim);
	int rc;

	extmem_dax_set_claim(ed, NULL);
	rc = extmem_claim_destroy(claim);
	scoped_guard(spinlock, &ed->lock) {
		if (rc) {
			ed->claim = claim;
		} else {
			ed->owners++;	/* Open files were opened for this claim */
			ed->reused = true;
		}
	}
	if (!rc) {
		extmem_dax_drop_restored(id);
		extmem_dax_set_owner(ed, &extmem_dax_root);
		extmem_dax_update_node(ed);
	}
	return rc;
}

static int extmem_dax_shrink_claim(struct extmem_dax *ed, u64 left)
{
	return left ? extmem_claim_shrink(ed->claim, left) :
		      extmem_dax_destroy_claim(ed);
}

/**
 * extmem_dax_free - take back the last bytes of a device.
 * @dev_dax: the device
 * @size: bytes, a multiple of its alignment
 *
 * Context: &dax_region_ops.free.
 * Return: 0; -EBUSY if they are in use, or another error. Nothing has changed then.
 */
int extmem_dax_free(struct dev_dax *dev_dax, u64 size)
{
	struct extmem_dax *ed = to_extmem_dax(dev_dax);
	u64 had = ed->claim ? extmem_claim_size(ed->claim) : 0;

	if (WARN_ON_ONCE(!ed->claim || size > had))
		return -ENXIO;
	return extmem_dax_shrink_claim(ed, had - size);
}

/* The claim has grown, but the device's ranges could not follow. */
static void extmem_dax_undo_alloc(struct extmem_dax *ed, u64 had, u64 size, int rc)
{
	const struct device *dev = &ed->dev_dax->dev;

	dev_err(dev, "no %llu MiB more: can't make its ranges: %pe\n", size >> 20,
		ERR_PTR(rc));
	rc = dev_dax_shrink(ed->dev_dax, had);
	if (!rc)
		rc = extmem_dax_shrink_claim(ed, had);
	if (rc)
		dev_err(dev, "its claim may have up to %llu MiB more than its size says: %pe\n",
			size >> 20, ERR_PTR(rc));
}

/**
 * extmem_dax_alloc - give a device more memory, and say in the log why not.
 * @dev_dax: the device
 * @start: physical address of the first byte, or DAX_ANYWHERE
 * @size: bytes, a multiple of the device's alignment
 *
 * Context: &dax_region_ops.alloc. Drops both locks while it clears memory.
 * Return: 0, or an error: the device has what it had.
 */
int extmem_dax_alloc(struct dev_dax *dev_dax, u64 start, u64 size)
{
	struct extmem_dax *ed = to_extmem_dax(dev_dax);
	u64 had = ed->claim ? extmem_claim_size(ed->claim) : 0;
	u64 align = extmem_dax_extent_align(dev_dax);
	int rc = -EINVAL;

	if (size && (start == DAX_ANYWHERE || IS_ALIGNED(start, align))) {
		if (dev_dax->dev.driver)
			return -EBUSY;
		rc = extmem_dax_grow_claim(ed, start, size, align);
	}
	if (rc) {
		extmem_dax_explain(ed, start, size, align, rc);
		return rc;
	}

	rc = extmem_dax_sync_ranges(dev_dax, ed->claim);
	if (rc)
		extmem_dax_undo_alloc(ed, had, size, rc);
	return rc;
}

/**
 * extmem_dax_set_align - record a device's new alignment.
 * @dev_dax: the device, which has it already
 *
 * Context: &dax_region_ops.set_align.
 * Return: 0; -EINVAL if its extents are not aligned to it, or another error.
 */
int extmem_dax_set_align(struct dev_dax *dev_dax)
{
	struct extmem_dax *ed = to_extmem_dax(dev_dax);

	if (!ed->claim)
		return 0;
	if (!extmem_dax_is_aligned(ed->claim, dev_dax->align))
		return -EINVAL;
	return extmem_claim_set_data(ed->claim, EXTMEM_DAX_ALIGN,
				     dev_dax->align);
}

/* Whether this kernel can make a device of what the former one recorded. */
static bool extmem_dax_is_restorable(const struct extmem_claim *claim)
{
	u64 align = extmem_claim_data(claim, EXTMEM_DAX_ALIGN);

	return extmem_claim_data(claim, EXTMEM_DAX_ID) <= INT_MAX &&
	       align <= U32_MAX && dax_align_valid(align) &&
	       extmem_claim_data(claim, EXTMEM_DAX_FORM) <=
		       (EXTMEM_DAX_PAGES | EXTMEM_DAX_DIRTY) &&
	       extmem_dax_is_aligned(claim, align);
}

static int extmem_dax_adopt_claim(struct extmem_dax *ed, struct extmem_claim *claim)
{
	struct dev_dax *dev_dax = ed->dev_dax;
	int rc;

	dev_dax->align = extmem_claim_data(claim, EXTMEM_DAX_ALIGN);
	rc = extmem_dax_sync_ranges(dev_dax, claim);
	if (!rc)
		rc = extmem_dax_add_restored(dev_dax, extmem_claim_id(claim));
	if (rc) {
		dev_dax_shrink(dev_dax, 0);
		extmem_dax_set_owner(ed, &extmem_dax_root);
		extmem_dax_update_node(ed);
	} else {
		extmem_dax_set_claim(ed, claim);
	}
	return rc;
}

static int extmem_dax_restore_device(struct dax_region *dax_region,
				     struct extmem_claim *claim)
{
	struct dev_dax_data data = {
		.dax_region = dax_region,
		.id = extmem_claim_data(claim, EXTMEM_DAX_ID),
		.private = claim,
	};
	struct dev_dax *dev_dax;
	int rc;

	dev_dax = devm_create_dev_dax(&data);
	if (IS_ERR(dev_dax))
		return PTR_ERR(dev_dax);

	down_write(&dax_region_rwsem);
	down_write(&dax_dev_rwsem);
	rc = extmem_dax_adopt_claim(to_extmem_dax(dev_dax), claim);
	up_write(&dax_dev_rwsem);
	up_write(&dax_region_rwsem);

	/* A driver that is there already has refused it for its size of 0 */
	if (!rc && device_attach(&dev_dax->dev) < 0)
		dev_warn(&dev_dax->dev, "restored, but not enabled\n");
	return rc;
}

/**
 * extmem_dax_restore - make a device of every dax claim of a region's pool.
 * @dax_region: the region, which has no device yet
 *
 * Context: the region's probe, with the region's device lock held. Takes
 * dax_region_rwsem and dax_dev_rwsem.
 */
void extmem_dax_restore(struct dax_region *dax_region)
{
	struct extmem_pool *pool = dax_region->private;
	struct extmem_claim *claim = NULL;
	unsigned int restored = 0;
	int rc;

	while ((claim = extmem_claim_next(pool, claim, EXTMEM_KIND_DAX))) {
		rc = extmem_dax_is_restorable(claim) ?
			extmem_dax_restore_device(dax_region, claim) : -EINVAL;
		if (!rc)
			restored++;
		else
			dev_warn(dax_region->dev,
				 "claim %pUb stays without a device: %pe\n",
				 extmem_claim_uuid(claim), ERR_PTR(rc));
	}
	if (restored)
		dev_info(dax_region->dev, "restored devices: %u\n", restored);
}
