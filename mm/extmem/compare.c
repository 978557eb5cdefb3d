// SPDX-License-Identifier: GPL-2.0
/*
 * What extmem= asks for beside what there is. After a kexec the pools are what
 * they were, whatever the parameter says; but who says something else there is
 * to know that it had no effect.
 */
#define pr_fmt(fmt) "extmem: " fmt

#include <linux/minmax.h>
#include <linux/nodemask.h>
#include <linux/printk.h>

#include "boot.h"

static u64 __init pool_size(struct extmem_map *map, int nid)
{
	struct extmem_pool *pool = extmem_pool_find(map, nid);

	return pool ? extmem_pool_size(pool) + pool->stray : 0;
}

/*
 * The memory a percentage is of can differ by what firmware took in each boot,
 * and the end of a range is moved up to that of a memory section.
 */
static bool __init differ(const struct extmem_boot_pool *boot, u64 asked, u64 size)
{
	u64 slack = boot->percent ? (boot->ram + size) / 100 + EXTMEM_SECTION : 0;

	if (size > asked)
		slack = max(slack, boot->pad);
	return max(asked, size) - min(asked, size) > slack;
}

/**
 * extmem_compare - compare the pools with extmem=, and log the differences.
 * @map: the map, not published yet
 */
void __init extmem_compare(struct extmem_map *map)
{
	u64 spread = extmem_spread_bytes(), rest = 0;
	int nid;

	for (nid = 0; nid < MAX_NUMNODES; nid++) {
		const struct extmem_boot_pool *boot = extmem_boot_pool(nid);
		u64 asked = boot->asked, size = pool_size(map, nid);

		if (spread && !boot->named) {
			rest += size;
			continue;
		}
		if (boot->percent)
			asked = extmem_percent(boot->ram - boot->keep + size,
					       boot->percent);
		if (differ(boot, asked, size))
			pr_info("node %d: extmem= says %llu MiB, the pool has %llu MiB\n",
				nid, MiB(asked), MiB(size));
	}
	if (rest < spread || rest > ALIGN(spread, EXTMEM_SECTION))
		pr_info("extmem= says %llu MiB over all other nodes, their pools have %llu MiB\n",
			MiB(spread), MiB(rest));
}
