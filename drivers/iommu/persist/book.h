/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IOMMU_PERSIST_BOOK_H
#define _IOMMU_PERSIST_BOOK_H

/* Above tags: what one kernel tells the next. Records are those of units' makers. */

#include "tables.h"

/**
 * enum iop_book_state - what became of the previous kernel's book.
 * @IOP_BOOK_NONE: there is none, for that kernel left no unit on
 * @IOP_BOOK_DAMAGED: there should be one
 * @IOP_BOOK_SOUND: it can be read
 */
enum iop_book_state {
	IOP_BOOK_NONE,
	IOP_BOOK_DAMAGED,
	IOP_BOOK_SOUND,
};

/* A record is changed by nobody but who reads it for the last time */
typedef int (*iop_book_fn)(union extmem_iommu_rec_ser *rec, void *arg);

int iop_book_grow(struct iop_pool *pool);
int iop_book_reserve(unsigned int nr);
void iop_book_free(void);
void iop_book_begin(void);
void iop_book_add(const union extmem_iommu_rec_ser *rec);
void iop_seal(void);
enum iop_book_state iop_book_open(void);
int iop_book_each(iop_book_fn fn, void *arg);
void iop_book_close(void);

#endif /* _IOMMU_PERSIST_BOOK_H */
