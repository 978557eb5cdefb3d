/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _MM_EXTMEM_BOOT_H
#define _MM_EXTMEM_BOOT_H

/*
 * Boot: what extmem= asks for, and finding, reserving and comparing it.
 */

#include <linux/mmzone.h>

#include "adopt.h"

/* parse.c */
#define EXTMEM_PARSE_MAX	128

/**
 * struct extmem_ask - what an entry of extmem= asks for.
 * @nid: the node, NUMA_NO_NODE for all of them
 * @percent: of the node's memory, 0 if a size is given
 * @size: bytes, a multiple of the granule; 0 if a percentage is given
 * @placed: the memory is to be at @addr
 * @addr: physical address, a multiple of 1 GiB
 *
 * One function's own: no lock.
 */
struct extmem_ask {
	int nid;
	unsigned int percent;
	u64 size;
	bool placed;
	u64 addr;
};

const char *extmem_parse_entry(const char *entry, struct extmem_ask *ask);
void extmem_refuse(const char *entry, const char *rule);

#define MiB(x)		((x) >> 20)

/* The kernel has struct pages, or none, for memory of this size at a time */
#define EXTMEM_SECTION	BIT_ULL(PA_SECTION_SHIFT)
static_assert(EXTMEM_SECTION <= SZ_1G);

/**
 * struct extmem_boot_pool - what early boot knows of a node.
 * @named: an entry of extmem= is about the node, or it has a share of one
 * @placed: all its entries say where the memory is to be
 * @asked: bytes extmem= asks for
 * @pad: bytes that the ends of ranges may have been moved up by
 * @percent: extmem= asks for a percentage that could not be made bytes yet,
 *           since a former kernel may have left memory in use; else 0
 * @ram: if so, memory of the node that is this kernel's
 * @keep: if so, what others are to have of it
 * @nr_ranges: entries of @range in use
 * @range: what was reserved, by ascending address
 *
 * Early boot fills it in and extmem_init() reads it: nobody else, so no lock.
 */
struct extmem_boot_pool {
	bool named;
	bool placed;
	u64 asked;
	u64 pad;
	unsigned int percent;
	u64 ram;
	u64 keep;
	unsigned int nr_ranges;
	struct range range[EXTMEM_POOL_RANGES];
};

/* keep.c: memory for others */
void extmem_keep_init(void);
u64 extmem_keep_all(void);
u64 extmem_keep_node(int nid);
u64 extmem_keep_share(int nid, u64 size);

/* place.c: what is known of a node, finding memory on it, and taking that */
struct extmem_boot_pool *extmem_boot_pool(int nid);
void extmem_note_percent(int nid, unsigned int percent);
u64 extmem_node_size(int nid);
u64 extmem_node_room(int nid);
u64 extmem_percent_base(int nid);
const char *extmem_spare_fault(u64 size);
const char *extmem_node_fault(int nid, u64 size);
const char *extmem_place_fault(int nid, const struct range *range);
void extmem_place_at(int nid, const struct range *range);
void extmem_place(int nid, u64 want);
s64 extmem_keep_rest(u64 end);

/* spread.c: memory of all nodes, and how much each gives */
u64 extmem_percent(u64 bytes, unsigned int percent);
u64 extmem_share(u64 size, const u64 *room, u64 *share, unsigned int nr);
const char *extmem_spread_ask(char *entry, const struct extmem_ask *ask);
u64 extmem_spread_bytes(void);
void extmem_spread_reserve(void);
void extmem_spread_note(void);

/* reserve.c: what extmem= asks for */
bool extmem_boot_obeyed(void);
const struct extmem_map_ser *
extmem_handover(size_t *size, const void *(*peek)(phys_addr_t pa, size_t bytes));
void extmem_compare(struct extmem_map *map);

/* pages.c: where the map's pages come from */
extern const struct extmem_map_ops extmem_kho_ops;
extern const struct extmem_map_ops extmem_plain_ops;

void extmem_memory_wait(void);

/* busy.c: resources that keep others away */
struct resource *extmem_busy_take(const struct range *range);
void extmem_busy_end(void);
void extmem_write_off(struct extmem_pool *pool, const struct range *range);

#endif /* _MM_EXTMEM_BOOT_H */
