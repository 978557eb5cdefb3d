/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _MM_EXTMEM_ADOPT_H
#define _MM_EXTMEM_ADOPT_H

/*
 * Reading the former kernel's map: what to believe of it, and making that this
 * kernel's.
 */

#include "pool.h"

/* verify.c: what to believe of the former kernel's map before following it */
typedef const char *(*extmem_walk_fn)(const void *rec, void *arg);

const char *extmem_root_fault(const struct extmem_map_ser *root, size_t size);
const char *extmem_page_fault(const struct extmem_page_ser *page, u64 pa, u32 type);
const char *extmem_pool_fault(const struct extmem_pool_ser *ser);
const char *extmem_walk_pools(const struct extmem_map_ops *ops,
			      const struct extmem_map_ser *root,
			      extmem_walk_fn fn, void *arg);
bool extmem_rec_is_free(const void *ser);

/* adopt.c, adopt_pool.c, adopt_claim.c: making it this kernel's */

/**
 * struct extmem_adoption - a map being adopted.
 * @map: this kernel's map, not published yet
 * @root: the former kernel's root, found sound
 * @ids: all claims by id
 * @bad: claims found unsound, with what is left of them
 * @nr_pools: pool records found, sound or not
 * @nr_records: claim records found, sound or not
 *
 * One function's own, while the map is not published yet: no lock.
 */
struct extmem_adoption {
	struct extmem_map *map;
	const struct extmem_map_ser *root;
	struct xarray ids;
	struct list_head bad;
	u32 nr_pools;
	u64 nr_records;
};

const char *extmem_adopt(struct extmem_map *map,
			 const struct extmem_map_ser *root, size_t size);
const char *extmem_adopt_pool(struct extmem_map *map, struct extmem_rec *rec);
void extmem_adopt_pool_end(struct extmem_pool *pool);
void extmem_adopt_claim(struct extmem_adoption *ad, struct extmem_rec *rec);
void extmem_adopt_more(struct extmem_adoption *ad, struct extmem_rec *rec);
void extmem_adopt_longs(struct extmem_adoption *ad);
void extmem_adopt_bad(struct extmem_adoption *ad);

#endif /* _MM_EXTMEM_ADOPT_H */
