// SPDX-License-Identifier: GPL-2.0
/*
 * A claim's extents are the truth; dev_dax->ranges and the region's resource
 * tree repeat them for the dax core and its sysfs files.
 */
#include <linux/ioport.h>

#include "extmem_dax.h"

bool extmem_dax_aligned(const struct extmem_claim *claim, u64 align)
{
	unsigned int i;

	for (i = 0; i < extmem_claim_nr_extents(claim); i++) {
		struct range extent = extmem_claim_extent(claim, i);

		if (!IS_ALIGNED(extent.start | range_len(&extent), align))
			return false;
	}
	return true;
}

static struct resource *find_resource(struct dev_dax *dev_dax, u64 start)
{
	struct resource *res = dev_dax->region->res.child;

	while (res && res->start != start)
		res = res->sibling;
	return res;
}

/* The claim grew by the granules that follow its last extent. */
static int extend_last_range(struct dev_dax *dev_dax, struct range extent)
{
	struct resource *res = find_resource(dev_dax, extent.start);

	if (!res)
		return -ENXIO;
	return adjust_dev_dax_range(dev_dax, res, range_len(&extent));
}

static int sync_range(struct dev_dax *dev_dax, unsigned int i,
		      struct range extent)
{
	if (i >= dev_dax->nr_range)
		return alloc_dev_dax_range(dev_dax, extent.start,
					   range_len(&extent));
	if (range_len(&dev_dax->ranges[i].range) == range_len(&extent))
		return 0;
	return extend_last_range(dev_dax, extent);
}

/* After the claim has grown: add to the device's ranges what they lack. */
int extmem_dax_sync_ranges(struct dev_dax *dev_dax,
			   const struct extmem_claim *claim)
{
	unsigned int i;
	int rc = 0;

	for (i = 0; !rc && i < extmem_claim_nr_extents(claim); i++)
		rc = sync_range(dev_dax, i, extmem_claim_extent(claim, i));
	return rc;
}
