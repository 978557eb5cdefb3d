// SPDX-License-Identifier: GPL-2.0
/*
 * Extended memory in /proc/meminfo and in the nodes' meminfo, where a host's
 * monitoring looks. A machine without any shows no lines.
 */
#include <linux/extmem.h>
#include <linux/numa.h>
#include <linux/seq_file.h>
#include <linux/sysfs.h>

#include "api.h"

/* Monitoring must not wait for claims, so this takes no lock */
static u64 extmem_meminfo_free(const struct extmem_pool *pool)
{
	if (!pool->nr_granules)
		return 0;
	return (u64)READ_ONCE(pool->space.nr_free) << EXTMEM_GRANULE_SHIFT;
}

/* Sum a node's pool up, or all; returns false if the machine has none */
static bool extmem_meminfo_sum(int nid, u64 *total, u64 *free)
{
	const struct list_head *pools = &extmem_map.pools, *pos;

	*total = 0;
	*free = 0;
	for (pos = pools->next; pos && pos != pools; pos = pos->next) {
		const struct extmem_pool *pool;

		pool = list_entry(pos, struct extmem_pool, list);
		if (nid != NUMA_NO_NODE && nid != pool->nid)
			continue;
		*total += extmem_pool_size(pool) + pool->stray;
		*free += extmem_meminfo_free(pool);
	}
	return pools->next && pools->next != pools;
}

/**
 * extmem_report_meminfo - extended memory's lines of /proc/meminfo.
 * @m: the file
 *
 * Context: any.
 */
void extmem_report_meminfo(struct seq_file *m)
{
	u64 total, free;

	if (!extmem_meminfo_sum(NUMA_NO_NODE, &total, &free))
		return;
	seq_printf(m,
		   "ExtmemTotal:    %8llu kB\n"
		   "ExtmemFree:     %8llu kB\n",
		   total / SZ_1K, free / SZ_1K);
}

/**
 * extmem_report_node_meminfo - extended memory's lines of a node's meminfo.
 * @buf: the file's page
 * @len: bytes already in it
 * @nid: the node
 *
 * Context: any.
 * Return: bytes added.
 */
int extmem_report_node_meminfo(char *buf, int len, int nid)
{
	u64 total, free;

	if (!extmem_meminfo_sum(nid, &total, &free))
		return 0;
	return sysfs_emit_at(buf, len,
			     "Node %d ExtmemTotal:    %8llu kB\n"
			     "Node %d ExtmemFree:     %8llu kB\n",
			     nid, total / SZ_1K, nid, free / SZ_1K);
}
