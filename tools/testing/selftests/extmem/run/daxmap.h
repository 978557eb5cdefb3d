/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DAXMAP_H
#define _DAXMAP_H

#include <stddef.h>

/* All of a dax device, e.g. "dax0.1"; there is no return without it. */
void *dax_map_whole(const char *name, size_t *size);

#endif
