/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PAGE_TABLES_H
#define PAGE_TABLES_H

#include <stddef.h>

/**
 * struct page_tables - how a range of our own addresses is mapped
 * @pte: bytes mapped by 4 KiB entries
 * @pmd: by 2 MiB entries
 * @pud: by 1 GiB entries
 * @uncached: bytes of all these whose entries have PCD or PWT set
 * @readonly: bytes of all these whose entries do not let write
 */
struct page_tables {
	size_t pte;
	size_t pmd;
	size_t pud;
	size_t uncached;
	size_t readonly;
};

int page_tables_read(struct page_tables *pt, const void *addr, size_t len);

/* The type the PAT list has for a physical address: 1 for write-back. */
int memtype_is_write_back(unsigned long phys);

#endif /* PAGE_TABLES_H */
