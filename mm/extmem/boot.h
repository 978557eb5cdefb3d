/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _MM_EXTMEM_BOOT_H
#define _MM_EXTMEM_BOOT_H

#define MiB(x)		((x) >> 20)

/**
 * struct extmem_boot_pool - what early boot knows of a node.
 * @named: an entry of extmem= is about the node, or it has a share of one
 * @placed: all its entries say where the memory is to be
 * @asked: bytes extmem= asks for
 * @percent: extmem= asks for a percentage that could not be made bytes yet,
 *           since a former kernel may have left memory in use; else 0
 * @ram: if so, memory of the node that is this kernel's
 * @nr_ranges: entries of @range in use
 * @range: what was reserved, by ascending address
 */
struct extmem_boot_pool {
	bool named;
	bool placed;
	u64 asked;
	unsigned int percent;
	u64 ram;
	unsigned int nr_ranges;
	struct range range[EXTMEM_POOL_RANGES];
};

/* reserve.c */
struct extmem_boot_pool *extmem_boot_pool(int nid);
bool extmem_boot_obeyed(void);
void extmem_refuse(const char *entry, const char *rule);
void extmem_note_percent(int nid, unsigned int percent);
const struct extmem_map_ser *
extmem_handover(size_t *size, const void *(*peek)(phys_addr_t pa, size_t bytes));

/* place.c: finding memory on a node, and taking it */
u64 extmem_node_size(int nid);
u64 extmem_node_room(int nid);
u64 extmem_spare_size(void);
const char *extmem_place_fault(int nid, const struct range *range);
void extmem_place_at(int nid, const struct range *range);
u64 extmem_place(int nid, u64 want);

/* spread.c: memory of all nodes */
const char *extmem_spread_ask(char *entry, const struct extmem_ask *ask);
u64 extmem_spread_bytes(void);
void extmem_spread_reserve(void);
void extmem_spread_note(void);

/* compare.c */
void extmem_compare(struct extmem_map *map);

#endif /* _MM_EXTMEM_BOOT_H */
