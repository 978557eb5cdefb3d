/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _MM_EXTMEM_API_H
#define _MM_EXTMEM_API_H

/*
 * The top layer: where user space and the rest of the kernel come in, and the
 * initcall that puts everything together.
 */

#include "boot.h"

/* init.c */
void extmem_map_exit(struct extmem_map *map);

/* memory_failure.c */
int extmem_poison_add(struct extmem_map *map, u64 pa, u64 *id);
void extmem_poison_start(void);

/* sysfs.c */
int extmem_poison_emit(const struct extmem_pool *pool, char *buf);
int extmem_sysfs_add(struct extmem_pool *pool);

#endif /* _MM_EXTMEM_API_H */
