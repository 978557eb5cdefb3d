// SPDX-License-Identifier: GPL-2.0
/*
 * The book: what the next kernel is told of units, devices and memory. Its pages
 * are taken when devices are preserved; to write it takes no memory.
 */
#define pr_fmt(fmt) "iommu-persist: " fmt

#include <linux/crc32c.h>
#include <linux/io.h>
#include <linux/kho/abi/extmem.h>
#include <linux/mm.h>

#include "book.h"

static_assert(sizeof(union extmem_iommu_rec_ser) == 64);

/* The first page, or NULL; the next kernel's while there is one, ours later */
static struct extmem_iommu_book_ser *book;
static unsigned int book_room;

/* The page that records are added to */
static struct extmem_iommu_book_ser *book_last;

static u32 iop_crc(const void *ser, size_t size)
{
	return crc32c(EXTMEM_CRC_SEED, ser, size - sizeof(u32));
}

static struct extmem_iommu_book_ser *iop_book_next(const struct extmem_iommu_book_ser *page)
{
	return page->next ? phys_to_virt(page->next) : NULL;
}

/**
 * iop_book_grow - have one page more.
 * @pool: where, or NULL
 *
 * Context: may sleep; devices are not preserved or unpreserved meanwhile.
 * Return: 0 or -ENOSPC.
 */
int iop_book_grow(struct iop_pool *pool)
{
	struct extmem_iommu_book_ser *page = NULL;

	if (pool && book_room < EXTMEM_IOMMU_BOOK_PAGES * EXTMEM_IOMMU_RECORDS)
		page = iop_pages_alloc(pool, EXTMEM_IOMMU_TAG_BOOK, 0, GFP_KERNEL);
	if (!page)
		return -ENOSPC;
	page->self = virt_to_phys(page);
	page->next = book ? book->self : 0;
	book = page;
	book_room += EXTMEM_IOMMU_RECORDS;
	return 0;
}

/**
 * iop_book_reserve - make sure that there is room for records.
 * @nr: how many there will be in all
 *
 * Context: may sleep; devices are not preserved or unpreserved meanwhile.
 * Return: 0 or -ENOSPC.
 */
int iop_book_reserve(unsigned int nr)
{
	int err = 0;

	while (book_room < nr && !err)
		err = iop_book_grow(iop_pool_get(NUMA_NO_NODE));
	return err;
}

/**
 * iop_book_free - nothing is preserved any more.
 *
 * Context: may sleep; devices are not preserved or unpreserved meanwhile.
 */
void iop_book_free(void)
{
	struct extmem_iommu_book_ser *page, *next;

	for (page = book; page; page = next) {
		next = iop_book_next(page);
		iommu_free_pages(page);
	}
	book = NULL;
	book_room = 0;
}

/**
 * iop_book_begin - start writing the book.
 *
 * Context: any.
 */
void iop_book_begin(void)
{
	struct extmem_iommu_book_ser *page;

	for (page = book; page; page = iop_book_next(page)) {
		memset(page->recs, 0, sizeof(page->recs));
		page->nr = 0;
	}
	book_last = book;
}

/**
 * iop_book_add - add a record for which there is room.
 * @rec: the record
 *
 * Context: any.
 */
void iop_book_add(const union extmem_iommu_rec_ser *rec)
{
	if (book_last && book_last->nr == EXTMEM_IOMMU_RECORDS)
		book_last = iop_book_next(book_last);
	if (!WARN_ON_ONCE(!book_last))
		book_last->recs[book_last->nr++] = *rec;
}

/**
 * iop_seal - vouch for the book and all heads: nothing changes any more.
 *
 * Context: any; nothing else runs.
 */
void iop_seal(void)
{
	struct extmem_iommu_book_ser *page;
	struct iop_granule *granule;
	u64 first = book ? book->self : 0;
	struct iop_pool *pool;

	for (page = book; page; page = iop_book_next(page))
		page->crc = iop_crc(page, sizeof(*page));
	list_for_each_entry(pool, &iop_pools, list) {
		list_for_each_entry(granule, &pool->granules, list) {
			granule->head->book = first;
			granule->head->crc = iop_crc(granule->head, sizeof(*granule->head));
			first = 0;
		}
	}
}

static bool iop_book_page_ok(u64 pa)
{
	const struct extmem_iommu_book_ser *page = phys_to_virt(pa);

	return iop_pages_tag(pa) == EXTMEM_IOMMU_TAG_BOOK && page->self == pa &&
	       page->nr <= EXTMEM_IOMMU_RECORDS && page->crc == iop_crc(page, sizeof(*page));
}

/* Follow nothing that was not looked at, nor in circles */
static bool iop_book_ok(u64 pa)
{
	unsigned int left = EXTMEM_IOMMU_BOOK_PAGES;

	for (; pa; pa = ((struct extmem_iommu_book_ser *)phys_to_virt(pa))->next)
		if (!left-- || !iop_book_page_ok(pa))
			return false;
	return true;
}

/* Vouched for, by whomever; what it says then may be damaged */
static bool iop_head_sealed(const struct extmem_iommu_head_ser *head)
{
	return head->crc || head->book;
}

static bool iop_heads_ok(u64 *pa, bool *sealed)
{
	struct iop_granule *granule;
	struct iop_pool *pool;
	bool ok = true;

	list_for_each_entry(pool, &iop_pools, list) {
		list_for_each_entry(granule, &pool->granules, list) {
			*sealed |= iop_head_sealed(granule->head);
			if (granule->head->crc != iop_crc(granule->head, sizeof(*granule->head)))
				ok = false;
			if (granule->head->book)
				*pa = granule->head->book;
			granule->head->book = 0;
			granule->head->crc = 0;
		}
	}
	return ok;
}

/**
 * iop_book_open - open the previous kernel's book, and break its seal.
 *
 * Context: boot.
 * Return: IOP_BOOK_SOUND; IOP_BOOK_NONE if that kernel left nothing running;
 * IOP_BOOK_DAMAGED if it did, and nobody knows what.
 */
enum iop_book_state iop_book_open(void)
{
	bool sealed = false;
	u64 pa = 0;

	if (!iop_heads_ok(&pa, &sealed) || !pa || !iop_book_ok(pa))
		return sealed ? IOP_BOOK_DAMAGED : IOP_BOOK_NONE;
	book = phys_to_virt(pa);
	return IOP_BOOK_SOUND;
}

/**
 * iop_book_each - read the book.
 * @fn: called for each record until it returns other than 0
 * @arg: passed to it
 *
 * Context: boot.
 * Return: what @fn returned last.
 */
int iop_book_each(iop_book_fn fn, void *arg)
{
	struct extmem_iommu_book_ser *page;
	unsigned int i;
	int ret = 0;

	for (page = book; page && !ret; page = iop_book_next(page))
		for (i = 0; i < page->nr && !ret; i++)
			ret = fn(&page->recs[i], arg);
	return ret;
}

/**
 * iop_book_close - the former kernel's book is not needed any more.
 *
 * Context: boot.
 */
void iop_book_close(void)
{
	book = NULL;
}
