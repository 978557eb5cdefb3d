/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_EXTMEM_ARCH_H
#define _LINUX_EXTMEM_ARCH_H

#include <linux/range.h>
#include <linux/types.h>

/*
 * What is needed of an architecture that selects ARCH_HAS_EXTMEM. All but
 * extmem_arch_clear() and what is about a single granule is for boot.
 */
bool extmem_arch_protect(const struct range *range);
void extmem_arch_adopted(const struct range *range);
bool extmem_arch_marked(unsigned int i, struct range *range);
bool extmem_arch_doubtful(struct range *range);
bool extmem_arch_owns(const struct range *range);
bool extmem_arch_warm(void);
bool extmem_arch_is_mapped(const struct range *range);
int extmem_arch_unmap(const struct range *range);
int extmem_arch_map(const struct range *range);
int extmem_arch_map_granule(u64 pa);
void extmem_arch_unmap_granule(u64 pa);
void extmem_arch_hide_page(u64 pa);
void extmem_arch_clear(void *mem, size_t bytes);

#endif /* _LINUX_EXTMEM_ARCH_H */
