// SPDX-License-Identifier: GPL-2.0
/*
 * Region ids: a pool's region is named after its node, so that daxN.M means
 * the same memory after every kexec. The numbers are shared with pmem, CXL and
 * hmem, and memregion_alloc() hands out the lowest free one only.
 */
#include <linux/bitmap.h>
#include <linux/memregion.h>
#include <linux/nodemask.h>

#include "extmem_dax.h"

static void put_ids(unsigned long *ids, unsigned int nbits)
{
	unsigned int id;

	for_each_set_bit(id, ids, nbits)
		memregion_free(id);
}

/* Id @want, or -EBUSY if somebody else holds it. */
static int take_exactly(int want)
{
	DECLARE_BITMAP(below, MAX_NUMNODES) = {};
	int id;

	do {
		id = memregion_alloc(GFP_KERNEL);
		if (id < 0 || id >= want)
			break;
		__set_bit(id, below);
	} while (true);

	put_ids(below, MAX_NUMNODES);
	if (id > want) {
		memregion_free(id);
		id = -EBUSY;
	}
	return id;
}

/* Id @want, or the lowest free one for a @want of NUMA_NO_NODE. */
int extmem_dax_take_id(int want)
{
	if (want == NUMA_NO_NODE)
		return memregion_alloc(GFP_KERNEL);
	return take_exactly(want);
}

void extmem_dax_put_id(int id)
{
	if (id >= 0)
		memregion_free(id);
}
