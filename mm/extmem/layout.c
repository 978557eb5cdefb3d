// SPDX-License-Identifier: GPL-2.0
/*
 * Where a pool's granules are: each range of its memory has bits of its own in the
 * pool's bitmaps, starting at a gig, with a gig between two ranges.
 */
#include <linux/bitmap.h>
#include <linux/math.h>

#include "pool.h"

/**
 * extmem_pool_layout - number a pool's granules.
 * @pool: the pool, without memory so far
 * @range: its memory by ascending address, each range starting at a gigabyte
 * @nr_ranges: how many ranges
 *
 * Return: 0, or -EINVAL for too many ranges.
 */
int extmem_pool_layout(struct extmem_pool *pool, const struct range *range,
		       unsigned int nr_ranges)
{
	unsigned long bit = 0;
	unsigned int i;

	if (!nr_ranges || nr_ranges > EXTMEM_POOL_RANGES)
		return -EINVAL;
	for (i = 0; i < nr_ranges; i++) {
		unsigned long nr = range_len(&range[i]) >> EXTMEM_GRANULE_SHIFT;

		if (i)
			bit += EXTMEM_GIG_BITS;
		pool->range[i] = range[i];
		pool->base[i] = bit;
		pool->nr_granules += nr;
		bit = round_up(bit + nr, EXTMEM_GIG_BITS);
	}
	pool->nr_ranges = nr_ranges;
	pool->space.nbits = bit;
	return 0;
}

static unsigned long extmem_pool_range_granules(const struct extmem_pool *pool,
						unsigned int i)
{
	return range_len(&pool->range[i]) >> EXTMEM_GRANULE_SHIFT;
}

/**
 * extmem_pool_absent - mark the bits that stand for no memory.
 * @pool: the pool, laid out
 * @bits: a bitmap with a bit for each of its granules
 */
void extmem_pool_absent(const struct extmem_pool *pool, unsigned long *bits)
{
	unsigned long bit = 0;
	unsigned int i;

	for (i = 0; i < pool->nr_ranges; i++) {
		bitmap_set(bits, bit, pool->base[i] - bit);
		bit = pool->base[i] + extmem_pool_range_granules(pool, i);
	}
	bitmap_set(bits, bit, pool->space.nbits - bit);
}

/**
 * extmem_pool_all_dirty - from now on all of a pool may hold anything.
 * @pool: the pool, its dirty bitmap not summed up yet
 */
void extmem_pool_all_dirty(struct extmem_pool *pool)
{
	unsigned int i;

	for (i = 0; i < pool->nr_ranges; i++)
		bitmap_set(pool->space.dirty, pool->base[i] / EXTMEM_UNIT_GRANULES,
			   DIV_ROUND_UP(extmem_pool_range_granules(pool, i),
					EXTMEM_UNIT_GRANULES));
}

/**
 * extmem_pool_phys - where a granule is.
 * @pool: the pool
 * @bit: its number; it stands for memory
 *
 * Return: its physical address.
 */
phys_addr_t extmem_pool_phys(const struct extmem_pool *pool, unsigned long bit)
{
	unsigned int i = pool->nr_ranges - 1;

	while (i && bit < pool->base[i])
		i--;
	return pool->range[i].start +
	       ((u64)(bit - pool->base[i]) << EXTMEM_GRANULE_SHIFT);
}

/**
 * extmem_pool_extent - where granules are.
 * @pool: the pool
 * @run: the granules, all of one range
 *
 * Context: any, no lock needed.
 * Return: physical addresses of their first and last byte.
 */
struct range extmem_pool_extent(const struct extmem_pool *pool,
				const struct extmem_run *run)
{
	phys_addr_t start = extmem_pool_phys(pool, run->first);

	return DEFINE_RANGE(start, start + ((u64)run->nr << EXTMEM_GRANULE_SHIFT) - 1);
}

/**
 * extmem_pool_run - which granules some memory is.
 * @pool: the pool
 * @start: its physical address
 * @size: bytes
 * @run: the granules
 *
 * Return: false if it isn't whole granules of one range of the pool.
 */
bool extmem_pool_run(const struct extmem_pool *pool, u64 start, u64 size,
		     struct extmem_run *run)
{
	unsigned int i;

	if (!size || !IS_ALIGNED(start | size, EXTMEM_GRANULE))
		return false;
	for (i = 0; i < pool->nr_ranges; i++) {
		const struct range *range = &pool->range[i];

		if (start < range->start || start > range->end ||
		    size > range->end - start + 1)
			continue;
		run->first = pool->base[i] +
			     ((start - range->start) >> EXTMEM_GRANULE_SHIFT);
		run->nr = size >> EXTMEM_GRANULE_SHIFT;
		return true;
	}
	return false;
}
