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
int extmem_retire_add(struct extmem_map *map, u64 pa, u64 *id);
void extmem_poison_start(void);

/* sysfs.c */
ssize_t extmem_poison_list(const struct extmem_pool *pool, bool retired, char *buf,
			   loff_t off, size_t size);
int extmem_sysfs_add(struct extmem_pool *pool);

#endif /* _MM_EXTMEM_API_H */
