/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _MM_EXTMEM_BOOT_H
#define _MM_EXTMEM_BOOT_H

/**
 * struct extmem_boot_pool - what early boot knows of a node.
 * @asked: bytes extmem= asks for, 0 if it doesn't name the node
 * @nr_ranges: entries of @range in use
 * @range: what was reserved, by ascending address
 */
struct extmem_boot_pool {
	u64 asked;
	unsigned int nr_ranges;
	struct range range[EXTMEM_POOL_RANGES];
};

struct extmem_boot_pool *extmem_boot_pool(int nid);
bool extmem_boot_obeyed(void);
const struct extmem_map_ser *
extmem_handover(size_t *size, const void *(*peek)(phys_addr_t pa, size_t bytes));

#endif /* _MM_EXTMEM_BOOT_H */
