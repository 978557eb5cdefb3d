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

/* adopt.c: making it this kernel's */

const char *extmem_adopt(struct extmem_map *map,
			 const struct extmem_map_ser *root, size_t size);

#endif /* _MM_EXTMEM_ADOPT_H */
