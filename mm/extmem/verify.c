// SPDX-License-Identifier: GPL-2.0
/*
 * What to believe of the former kernel's map. Nothing in it is followed before
 * it has been found sound; each check answers with what is wrong, or NULL.
 * Used early in boot, before there is an allocator, and again when the map is
 * adopted.
 */
#include <linux/nodemask.h>
#include <linux/string.h>

#include "adopt.h"

/**
 * extmem_root_fault - check the root page.
 * @root: the page, EXTMEM_MAP_PAGE bytes of memory
 * @size: bytes of it that were handed over
 *
 * Return: what is wrong with it, or NULL.
 */
const char *extmem_root_fault(const struct extmem_map_ser *root, size_t size)
{
	if (size < sizeof(*root))
		return "hand-over map: truncated";
	if (strncmp(root->compatible, EXTMEM_COMPATIBLE, sizeof(root->compatible)))
		return "hand-over map: not of a version this kernel knows";
	if (root->header_size < sizeof(*root) ||
	    root->header_size > min_t(size_t, size, EXTMEM_MAP_PAGE))
		return "hand-over map: impossible header size";
	if (!extmem_crc_ok(root, root->header_size))
		return "hand-over map: checksum mismatch";
	if (root->incompat & ~EXTMEM_INCOMPAT_KNOWN)
		return "hand-over map: has features this kernel does not know";
	if (root->record_size != EXTMEM_RECORD ||
	    root->granule_shift != EXTMEM_SER_GRANULE_SHIFT ||
	    root->dirty_shift != EXTMEM_SER_DIRTY_SHIFT)
		return "hand-over map: sizes this kernel does not know";
	if (root->nr_pools > EXTMEM_MAP_POOLS || root->pool_pages > root->nr_pools)
		return "hand-over map: impossible counts";
	return NULL;
}

/**
 * extmem_page_fault - check the head of a page of records.
 * @page: the page, or NULL if its address can't be one
 * @pa: its physical address
 * @type: what it is to hold
 *
 * Return: what is wrong with it, or NULL.
 */
const char *extmem_page_fault(const struct extmem_page_ser *page, u64 pa, u32 type)
{
	if (!page)
		return "page of records: address is not RAM";
	if (!extmem_crc_ok(page, sizeof(*page)))
		return "page of records: checksum mismatch";
	if (page->type != type || page->self != pa)
		return "page of records: not the one it should be";
	return NULL;
}

static const char *extmem_range_fault(const struct extmem_pool_ser *ser, unsigned int i)
{
	const struct extmem_extent_ser *range = &ser->ranges[i];

	if (!range->size || range->start + range->size < range->start)
		return "pool record: impossible range";
	if (!IS_ALIGNED(range->start, SZ_1G) ||
	    !IS_ALIGNED(range->size, EXTMEM_GRANULE))
		return "pool record: misaligned range";
	if (i && range->start < range[-1].start + range[-1].size)
		return "pool record: ranges overlap or are out of order";
	return NULL;
}

/**
 * extmem_pool_fault - check a pool's record.
 * @ser: the record
 *
 * Return: what is wrong with it, or NULL.
 */
const char *extmem_pool_fault(const struct extmem_pool_ser *ser)
{
	const char *fault = NULL;
	unsigned int i;

	if (!extmem_crc_ok(ser, EXTMEM_RECORD))
		return "pool record: checksum mismatch";
	if (ser->type != EXTMEM_REC_POOL || ser->node >= MAX_NUMNODES)
		return "pool record: impossible type or node";
	if (!ser->nr_ranges || ser->nr_ranges > EXTMEM_POOL_RANGES)
		return "pool record: impossible number of ranges";
	for (i = 0; !fault && i < ser->nr_ranges; i++)
		fault = extmem_range_fault(ser, i);
	return fault;
}

/**
 * extmem_rec_is_free - whether a record is unused.
 * @ser: the record
 *
 * Return: true if all of it is zero.
 */
bool extmem_rec_is_free(const void *ser)
{
	return !memchr_inv(ser, 0, EXTMEM_RECORD);
}

/**
 * extmem_walk_pools - look at all pool records without touching anything.
 * @ops: how to look at pages
 * @root: the root, found sound
 * @fn: called with each record in use; goes on to the next whatever it says
 * @arg: for @fn
 *
 * Return: the first fault met, be it a page's or what @fn said, or NULL.
 */
const char *extmem_walk_pools(const struct extmem_map_ops *ops,
			      const struct extmem_map_ser *root,
			      extmem_walk_fn fn, void *arg)
{
	const char *first = NULL, *fault;
	u64 pa = root->pools;
	u32 n, i;

	for (n = 0; n < root->pool_pages; n++) {
		const struct extmem_page_ser *page = ops->peek(pa, EXTMEM_MAP_PAGE);

		fault = extmem_page_fault(page, pa, EXTMEM_PAGE_POOLS);
		if (fault)
			return first ?: fault;
		for (i = 1; i <= EXTMEM_PAGE_RECORDS; i++) {
			const void *rec = (const void *)page + i * EXTMEM_RECORD;

			if (extmem_rec_is_free(rec))
				continue;
			fault = fn(rec, arg);
			first = first ?: fault;
		}
		pa = page->next;
	}
	return first;
}
