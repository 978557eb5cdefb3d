/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IOMMU_PERSIST_UNDO_H
#define _IOMMU_PERSIST_UNDO_H

/* Below all else: what tests leave out, or make up. Never but in kernels for tests. */

#include <linux/types.h>

#define IOP_UNDO_MAX	64

#ifdef CONFIG_IOMMU_PERSIST_DEBUG
extern char iop_undo[IOP_UNDO_MAX];
extern char iop_pretend[IOP_UNDO_MAX];

bool iop_undone(const char *name);
bool iop_pretended(const char *name);
#else
static inline bool iop_undone(const char *name) { return false; }
static inline bool iop_pretended(const char *name) { return false; }
#endif

#endif /* _IOMMU_PERSIST_UNDO_H */
