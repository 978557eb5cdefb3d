// SPDX-License-Identifier: GPL-2.0
/*
 * At boot every claim of the pool's dax region becomes a device again, under
 * its old name. A claim that cannot is left alone: its memory stays taken.
 */
#include <linux/device.h>

#include "extmem_dax.h"

static bool claim_valid(const struct extmem_claim *claim)
{
	u64 align = extmem_claim_data(claim, EXTMEM_DAX_ALIGN);

	return extmem_claim_data(claim, EXTMEM_DAX_ID) <= INT_MAX &&
	       align <= U32_MAX && dax_align_valid(align) &&
	       extmem_claim_data(claim, EXTMEM_DAX_FORM) <=
		       (EXTMEM_DAX_PAGES | EXTMEM_DAX_DIRTY) &&
	       extmem_dax_aligned(claim, align);
}

static int adopt_claim(struct dev_dax *dev_dax, struct extmem_claim *claim)
{
	struct extmem_dax *ed = to_extmem_dax(dev_dax);
	int rc;

	dev_dax->align = extmem_claim_data(claim, EXTMEM_DAX_ALIGN);
	rc = extmem_dax_sync_ranges(dev_dax, claim);
	if (rc) {
		dev_dax_shrink(dev_dax, 0);
		extmem_dax_change_owner(dev_dax, &extmem_dax_root);
	} else {
		ed->claim = claim;
	}
	return rc;
}

static int restore_device(struct dax_region *dax_region,
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
	rc = adopt_claim(dev_dax, claim);
	up_write(&dax_dev_rwsem);
	up_write(&dax_region_rwsem);

	/* A driver that is there already has refused it for its size of 0. */
	if (!rc && device_attach(&dev_dax->dev) < 0)
		dev_warn(&dev_dax->dev, "restored, but not enabled\n");
	return rc;
}

void extmem_dax_restore(struct dax_region *dax_region)
{
	struct extmem_pool *pool = dax_region->private;
	struct extmem_claim *claim = NULL;
	unsigned int restored = 0;
	int rc;

	while ((claim = extmem_claim_next(pool, claim, EXTMEM_KIND_DAX))) {
		rc = claim_valid(claim) ? restore_device(dax_region, claim)
					: -EINVAL;
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
