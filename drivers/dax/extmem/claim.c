// SPDX-License-Identifier: GPL-2.0
/*
 * A device's memory is one claim of the region's pool: made when the device
 * grows from nothing, destroyed when it shrinks to nothing.
 */
#include "extmem_dax.h"

static_assert(DAX_ANYWHERE == EXTMEM_ANYWHERE);

/* What extents must be aligned to, for mappings of the device's alignment. */
static u64 extent_align(const struct dev_dax *dev_dax)
{
	return max_t(u64, dev_dax->align, EXTMEM_GRANULE);
}

static void set_claim(struct extmem_dax *ed, struct extmem_claim *claim)
{
	spin_lock(&ed->lock);
	ed->claim = claim;
	spin_unlock(&ed->lock);
}

static int create_claim(struct dev_dax *dev_dax, struct extmem_dax *ed,
			u64 start, u64 size)
{
	struct extmem_claim_attr attr = {
		.kind = EXTMEM_KIND_DAX,
		.align = extent_align(dev_dax),
		.data[EXTMEM_DAX_ID] = dev_dax->id,
		.data[EXTMEM_DAX_ALIGN] = dev_dax->align,
		.owner = extmem_dax_root,
	};
	struct extmem_claim *claim;

	claim = extmem_claim_create(dev_dax_pool(dev_dax), &attr, start, size);
	if (IS_ERR(claim))
		return PTR_ERR(claim);
	set_claim(ed, claim);
	return 0;
}

static int grow_claim(struct dev_dax *dev_dax, struct extmem_dax *ed,
		      u64 start, u64 size)
{
	if (!ed->claim)
		return create_claim(dev_dax, ed, start, size);
	return extmem_claim_grow(ed->claim, start, size,
				 extent_align(dev_dax));
}

/*
 * Out of everyone's sight first, back again if it is in use after all. Name and
 * owner go with the claim.
 */
static int destroy_claim(struct dev_dax *dev_dax)
{
	struct extmem_dax *ed = to_extmem_dax(dev_dax);
	struct extmem_claim *claim = ed->claim;
	int rc;

	set_claim(ed, NULL);
	rc = extmem_claim_destroy(claim);
	if (rc) {
		set_claim(ed, claim);
		return rc;
	}

	/* Files that are open now were opened for this claim */
	spin_lock(&ed->lock);
	ed->owners++;
	spin_unlock(&ed->lock);
	extmem_dax_change_owner(dev_dax, &extmem_dax_root);
	return 0;
}

static int shrink_claim(struct dev_dax *dev_dax, u64 size)
{
	struct extmem_dax *ed = to_extmem_dax(dev_dax);
	u64 left = extmem_claim_size(ed->claim) - size;

	return left ? extmem_claim_shrink(ed->claim, left) : destroy_claim(dev_dax);
}

static int extmem_dax_free(struct dev_dax *dev_dax, u64 size)
{
	struct extmem_dax *ed = to_extmem_dax(dev_dax);

	if (WARN_ON_ONCE(!ed->claim || size > extmem_claim_size(ed->claim)))
		return -ENXIO;
	return shrink_claim(dev_dax, size);
}

static int extmem_dax_alloc(struct dev_dax *dev_dax, u64 start, u64 size)
{
	struct extmem_dax *ed = to_extmem_dax(dev_dax);
	u64 old;
	int rc;

	if (!size || (start != DAX_ANYWHERE &&
		      !IS_ALIGNED(start, extent_align(dev_dax))))
		return -EINVAL;
	if (dev_dax->dev.driver)
		return -EBUSY;

	old = ed->claim ? extmem_claim_size(ed->claim) : 0;
	rc = grow_claim(dev_dax, ed, start, size);
	if (rc)
		return rc;

	rc = extmem_dax_sync_ranges(dev_dax, ed->claim);
	if (rc) {
		dev_dax_shrink(dev_dax, old);
		shrink_claim(dev_dax, size);
	}
	return rc;
}

static int extmem_dax_set_align(struct dev_dax *dev_dax)
{
	struct extmem_dax *ed = to_extmem_dax(dev_dax);

	if (!ed->claim)
		return 0;
	if (!extmem_dax_aligned(ed->claim, dev_dax->align))
		return -EINVAL;
	return extmem_claim_set_data(ed->claim, EXTMEM_DAX_ALIGN,
				     dev_dax->align);
}

static u64 extmem_dax_region_size(struct dax_region *dax_region)
{
	return extmem_pool_size(dax_region->private);
}

static u64 extmem_dax_available(struct dax_region *dax_region)
{
	return extmem_pool_available(dax_region->private);
}

const struct dax_region_ops extmem_dax_region_ops = {
	.groups = extmem_dax_groups,
	.init = extmem_dax_init_device,
	.devnode = extmem_dax_devnode,
	.uevent = extmem_dax_uevent,
	.size = extmem_dax_region_size,
	.available = extmem_dax_available,
	.alloc = extmem_dax_alloc,
	.free = extmem_dax_free,
	.set_align = extmem_dax_set_align,
	.probe = extmem_dax_probe,
	.quiesce = extmem_dax_quiesce,
	.lend = extmem_dax_lend,
	.take_back = extmem_dax_take_back,
};
