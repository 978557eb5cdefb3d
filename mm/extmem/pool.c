// SPDX-License-Identifier: GPL-2.0
/*
 * Pools: all extended memory of a node. A pool is made at boot, from ranges
 * just reserved or from the former kernel's map, and never goes away.
 */
#include <linux/bitmap.h>
#include <linux/export.h>
#include <linux/io.h>
#include <linux/slab.h>

#include "internal.h"

/**
 * extmem_pool_find - look a pool up.
 * @map: the map, locked or still in the hands of its maker
 * @nid: the node
 *
 * Return: the pool or NULL.
 */
struct extmem_pool *extmem_pool_find(struct extmem_map *map, int nid)
{
	struct extmem_pool *pool;

	list_for_each_entry(pool, &map->pools, list)
		if (pool->nid == nid)
			return pool;
	return NULL;
}

static void pool_insert(struct extmem_map *map, struct extmem_pool *pool)
{
	struct extmem_pool *pos;

	list_for_each_entry(pos, &map->pools, list)
		if (pos->nid > pool->nid)
			break;
	list_add_tail(&pool->list, &pos->list);
}

/**
 * extmem_pool_get_empty - a node's pool, if need be a new one without memory.
 * @map: the map, locked or still in the hands of its maker
 * @nid: the node
 *
 * A pool without memory is a place for what is known of a node's memory that
 * can't be used.
 *
 * Return: the pool, or NULL without memory.
 */
struct extmem_pool *extmem_pool_get_empty(struct extmem_map *map, int nid)
{
	struct extmem_pool *pool = extmem_pool_find(map, nid);

	if (pool)
		return pool;
	pool = kzalloc_obj(*pool);
	if (!pool)
		return NULL;
	pool->map = map;
	pool->nid = nid;
	INIT_LIST_HEAD(&pool->claims);
	INIT_LIST_HEAD(&pool->notes);
	extmem_scrub_init(&pool->scrub);
	pool_insert(map, pool);
	return pool;
}

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

static unsigned long range_granules(const struct extmem_pool *pool, unsigned int i)
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
		bit = pool->base[i] + range_granules(pool, i);
	}
	bitmap_set(bits, bit, pool->space.nbits - bit);
}

static int pool_alloc_bits(struct extmem_pool *pool)
{
	const struct extmem_map_ops *ops = pool->map->ops;
	size_t bytes = pool->space.nbits / BITS_PER_BYTE;

	pool->space.alloc = ops->alloc(bytes);
	pool->space.dirty = ops->alloc(bytes / EXTMEM_UNIT_GRANULES);
	return pool->space.alloc && pool->space.dirty ? 0 : -ENOMEM;
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
			   DIV_ROUND_UP(range_granules(pool, i),
					EXTMEM_UNIT_GRANULES));
}

/**
 * extmem_pool_add - make a pool of memory nobody has used yet.
 * @map: the map, still in the hands of its maker
 * @nid: the node
 * @range: the memory by ascending address, each range starting at a gigabyte
 * @nr_ranges: how many ranges
 * @dirty: the memory may hold anything
 *
 * Return: 0; -EEXIST if the node has a pool; -EINVAL for too many ranges or
 * too much memory; -ENOMEM.
 */
int extmem_pool_add(struct extmem_map *map, int nid, const struct range *range,
		    unsigned int nr_ranges, bool dirty)
{
	struct extmem_pool *pool = extmem_pool_get_empty(map, nid);
	int err;

	if (!pool)
		return -ENOMEM;
	if (pool->nr_granules)
		return -EEXIST;
	err = extmem_pool_layout(pool, range, nr_ranges);
	if (!err)
		err = pool_alloc_bits(pool);
	if (!err) {
		extmem_pool_absent(pool, pool->space.alloc);
		if (dirty)
			extmem_pool_all_dirty(pool);
		err = extmem_space_init(&pool->space);
	}
	if (!err)
		err = extmem_rec_alloc(map, &map->pool_table, &pool->rec);
	if (err) {
		extmem_pool_free(pool);
		return err;
	}
	extmem_pool_update(pool);
	return 0;
}

static void ser_ranges(struct extmem_pool_ser *ser, const struct extmem_pool *pool)
{
	unsigned int i;

	for (i = 0; i < pool->nr_ranges; i++)
		ser->ranges[i] = (struct extmem_extent_ser) {
			.start = pool->range[i].start,
			.size = range_len(&pool->range[i]),
		};
}

/**
 * extmem_pool_update - bring a pool's record and the root up to date.
 * @pool: the pool, its map locked
 */
void extmem_pool_update(struct extmem_pool *pool)
{
	struct extmem_pool_ser *ser = pool->rec.ser;

	ser->type = EXTMEM_REC_POOL;
	ser->node = pool->nid;
	ser->nr_ranges = pool->nr_ranges;
	ser->alloc = virt_to_phys(pool->space.alloc);
	ser->dirty = virt_to_phys(pool->space.dirty);
	ser->alloc_bytes = pool->space.nbits / BITS_PER_BYTE;
	ser->dirty_bytes = ser->alloc_bytes / EXTMEM_UNIT_GRANULES;
	ser->alloc_sum = pool->space.alloc_sum;
	ser->dirty_sum = pool->space.dirty_sum;
	ser_ranges(ser, pool);
	extmem_crc_set(ser, EXTMEM_RECORD);
	extmem_map_update(pool->map);
}

/**
 * extmem_pool_free - free a pool.
 * @pool: the pool, of a map nobody else uses
 */
void extmem_pool_free(struct extmem_pool *pool)
{
	const struct extmem_map_ops *ops = pool->map->ops;
	size_t bytes = pool->space.nbits / BITS_PER_BYTE;
	struct extmem_claim *claim, *next;

	list_for_each_entry_safe(claim, next, &pool->claims, list)
		extmem_claim_free(claim);
	extmem_rec_free(pool->map, &pool->map->pool_table, &pool->rec);
	extmem_space_exit(&pool->space);
	if (pool->space.alloc)
		ops->free(pool->space.alloc, bytes);
	if (pool->space.dirty)
		ops->free(pool->space.dirty, bytes / EXTMEM_UNIT_GRANULES);
	extmem_notes_free(pool);
	list_del(&pool->list);
	kfree(pool);
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

/**
 * extmem_pool_next - iterate over the pools that have memory.
 * @pool: where to go on, or NULL to start
 *
 * Context: any; from fs_initcall on pools neither come nor go.
 * Return: a pool, or NULL after the last.
 */
struct extmem_pool *extmem_pool_next(struct extmem_pool *pool)
{
	struct list_head *pos = pool ? &pool->list : &extmem_map.pools;

	for (pos = pos->next; pos && pos != &extmem_map.pools; pos = pos->next) {
		pool = list_entry(pos, struct extmem_pool, list);
		if (pool->nr_granules)
			return pool;
	}
	return NULL;
}
EXPORT_SYMBOL_GPL(extmem_pool_next);

/**
 * extmem_pool_nid - the NUMA node of a pool.
 * @pool: the pool
 *
 * Context: any.
 * Return: the node's number.
 */
int extmem_pool_nid(const struct extmem_pool *pool)
{
	return pool->nid;
}
EXPORT_SYMBOL_GPL(extmem_pool_nid);

/**
 * extmem_pool_span - from where to where a pool reaches.
 * @pool: the pool
 *
 * The span of a pool of several ranges holds memory that isn't the pool's.
 *
 * Context: any.
 * Return: physical addresses of its first and last byte.
 */
struct range extmem_pool_span(const struct extmem_pool *pool)
{
	return (struct range) {
		.start = pool->range[0].start,
		.end = pool->range[pool->nr_ranges - 1].end,
	};
}
EXPORT_SYMBOL_GPL(extmem_pool_span);

/**
 * extmem_pool_size - how much memory a pool has.
 * @pool: the pool
 *
 * Context: any.
 * Return: bytes, free or not, in quarantine or not.
 */
u64 extmem_pool_size(const struct extmem_pool *pool)
{
	return (u64)pool->nr_granules << EXTMEM_GRANULE_SHIFT;
}
EXPORT_SYMBOL_GPL(extmem_pool_size);

/**
 * extmem_pool_available - how much of a pool is free.
 * @pool: the pool
 *
 * Context: may sleep.
 * Return: bytes; 0 while the pool is read only.
 */
u64 extmem_pool_available(struct extmem_pool *pool)
{
	guard(mutex)(&pool->map->lock);
	if (pool->map->readonly)
		return 0;
	return (u64)pool->space.nr_free << EXTMEM_GRANULE_SHIFT;
}
EXPORT_SYMBOL_GPL(extmem_pool_available);
