// SPDX-License-Identifier: GPL-2.0
/*
 * Pools: all extended memory of a node. A pool is made at boot, from ranges
 * just reserved or from the previous kernel's map, and never goes away. What is
 * wrong with it is in its notes, for the administrator to read.
 */
#define pr_fmt(fmt) "extmem: " fmt

#include <kunit/static_stub.h>

#include <linux/bitmap.h>
#include <linux/export.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/stdarg.h>

#include "pool.h"

#define NOTES_MAX	32

struct extmem_note {
	struct list_head list;
	char *text;
};

/**
 * extmem_note_log - tell the kernel log what is wrong with a pool.
 * @pool: the pool
 * @text: a line without a newline
 *
 * Tests that do damage by the thousand replace this.
 */
void extmem_note_log(const struct extmem_pool *pool, const char *text)
{
	KUNIT_STATIC_STUB_REDIRECT(extmem_note_log, pool, text);
	pr_warn("node %d: %s\n", pool->nid, text);
}

/**
 * extmem_note - write down what is wrong with a pool.
 * @pool: the pool
 * @fmt: format of a line without a newline
 *
 * The first lines go to the kernel log and are kept for sysfs. Of a map that is
 * bad all over there may be as many as claims; more of the same helps nobody.
 *
 * Context: may sleep.
 */
void extmem_note(struct extmem_pool *pool, const char *fmt, ...)
{
	struct extmem_note *note;
	va_list args;
	char *text;

	if (pool->nr_notes >= NOTES_MAX)
		return;
	va_start(args, fmt);
	text = kvasprintf(GFP_KERNEL, fmt, args);
	va_end(args);
	extmem_note_log(pool, text ?: fmt);

	note = kzalloc_obj(*note);
	if (!note || !text) {
		kfree(note);
		kfree(text);
		return;
	}
	note->text = text;
	list_add_tail(&note->list, &pool->notes);
	if (++pool->nr_notes == NOTES_MAX)
		extmem_note_log(pool, "whatever else is wrong is not listed");
}

/**
 * extmem_note_all - write down what is wrong with every pool there is.
 * @map: the map
 * @text: a line without a newline
 *
 * Context: may sleep.
 */
void extmem_note_all(struct extmem_map *map, const char *text)
{
	struct extmem_pool *pool;

	list_for_each_entry(pool, &map->pools, list)
		extmem_note(pool, "%s", text);
}

/**
 * extmem_note_text - read the notes of a pool.
 * @pool: the pool
 * @i: which, from 0
 *
 * Return: the line, or NULL after the last.
 */
const char *extmem_note_text(const struct extmem_pool *pool, unsigned int i)
{
	struct extmem_note *note;

	list_for_each_entry(note, &pool->notes, list)
		if (!i--)
			return note->text;
	return NULL;
}

/**
 * extmem_notes_free - forget a pool's notes.
 * @pool: the pool
 */
void extmem_notes_free(struct extmem_pool *pool)
{
	struct extmem_note *note, *next;

	list_for_each_entry_safe(note, next, &pool->notes, list) {
		list_del(&note->list);
		kfree(note->text);
		kfree(note);
	}
	pool->nr_notes = 0;
}

/**
 * extmem_pool_find - look a pool up.
 * @map: the map, locked or not published yet
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

static void extmem_pool_insert(struct extmem_map *map, struct extmem_pool *pool)
{
	struct extmem_pool *pos;

	list_for_each_entry(pos, &map->pools, list)
		if (pos->nid > pool->nid)
			break;
	list_add_tail(&pool->list, &pos->list);
}

/**
 * extmem_pool_get_empty - a node's pool, if need be a new one without memory.
 * @map: the map, locked or not published yet
 * @nid: the node
 *
 * A pool without memory is a place for what is known of a node's memory that
 * can't be used.
 *
 * Context: boot.
 * Return: the pool.
 */
struct extmem_pool *extmem_pool_get_empty(struct extmem_map *map, int nid)
{
	struct extmem_pool *pool = extmem_pool_find(map, nid);

	if (pool)
		return pool;
	pool = kzalloc_obj(*pool, EXTMEM_GFP_BOOT);
	pool->map = map;
	pool->nid = nid;
	INIT_LIST_HEAD(&pool->claims);
	INIT_LIST_HEAD(&pool->others);
	INIT_LIST_HEAD(&pool->lent);
	INIT_LIST_HEAD(&pool->guards);
	INIT_LIST_HEAD(&pool->notes);
	init_waitqueue_head(&pool->scrub.wait);
	/* There may be something to clear: the worker will find out */
	pool->scrub.wanted = true;
	extmem_pool_insert(map, pool);
	return pool;
}

static int extmem_pool_alloc_bits(struct extmem_pool *pool)
{
	const struct extmem_map_ops *ops = pool->map->ops;
	size_t bytes = pool->space.nbits / BITS_PER_BYTE;

	pool->space.alloc = ops->alloc(bytes);
	pool->space.dirty = ops->alloc(bytes / EXTMEM_UNIT_GRANULES);
	return pool->space.alloc && pool->space.dirty ? 0 : -ENOMEM;
}

/**
 * extmem_pool_add - make a pool of memory nobody has used yet.
 * @map: the map, not published yet
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

	if (pool->nr_granules)
		return -EEXIST;
	err = extmem_pool_layout(pool, range, nr_ranges);
	if (!err)
		err = extmem_pool_alloc_bits(pool);
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

static void extmem_pool_write_ranges(struct extmem_pool_ser *ser,
				     const struct extmem_pool *pool)
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
 * @pool: the pool, its map locked or not published yet
 *
 * Who changes a published pool need not call it, see extmem_change_end().
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
	extmem_pool_write_ranges(ser, pool);
	extmem_crc_set(ser, EXTMEM_RECORD);
	extmem_map_update(pool->map);
}

/**
 * extmem_pool_free - free a pool.
 * @pool: the pool, without claims, of a map that is not published
 */
void extmem_pool_free(struct extmem_pool *pool)
{
	const struct extmem_map_ops *ops = pool->map->ops;
	size_t bytes = pool->space.nbits / BITS_PER_BYTE;

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
 * extmem_change_begin - lock the map to change a pool.
 * @pool: the pool, published
 *
 * Use it as a guard: guard(extmem_change)(pool).
 *
 * Context: may sleep. Takes &extmem_map.lock.
 */
void extmem_change_begin(struct extmem_pool *pool)
{
	mutex_lock(&pool->map->lock);
}

/**
 * extmem_change_end - end what extmem_change_begin() began.
 * @pool: the pool; no other has changed
 *
 * Nobody sees a map that is not up to date: neither who gets the lock next nor the
 * next kernel, should this one end. A map that is sealed has not changed.
 *
 * Context: drops &extmem_map.lock.
 */
void extmem_change_end(struct extmem_pool *pool)
{
	if (!pool->map->ser->sealed)
		extmem_pool_update(pool);
	mutex_unlock(&pool->map->lock);
}

/**
 * extmem_clear_begin - drop the lock while memory is being cleared.
 * @pool: whose memory; its map is locked by extmem_change_begin() and not sealed
 *
 * From here on a freeze waits. The caller has looked at &extmem_map.frozen since it
 * took the lock: if that was set meanwhile, the freeze waits for the lock and then
 * for the clearing.
 */
void extmem_clear_begin(struct extmem_pool *pool)
{
	pool->map->inflight++;
	extmem_change_end(pool);
}

/**
 * extmem_clear_end - take the lock again.
 * @pool: as for extmem_clear_begin(); its map may be frozen by now
 *
 * A freeze that waits goes on as soon as the lock is dropped again.
 */
void extmem_clear_end(struct extmem_pool *pool)
{
	struct extmem_map *map = pool->map;

	extmem_change_begin(pool);
	if (!--map->inflight)
		wake_up_all(&map->idle);
}

/**
 * extmem_map_bytes - what the map costs.
 * @map: the map, locked
 *
 * Return: bytes of ordinary memory in its pages.
 */
size_t extmem_map_bytes(const struct extmem_map *map)
{
	size_t bytes = EXTMEM_MAP_PAGE;
	struct extmem_pool *pool;

	bytes += EXTMEM_MAP_PAGE *
		 (map->pool_table.nr_pages + map->claim_table.nr_pages);
	list_for_each_entry(pool, &map->pools, list) {
		size_t bits = pool->space.nbits / BITS_PER_BYTE;

		bytes += PAGE_ALIGN(bits) + PAGE_ALIGN(bits / EXTMEM_UNIT_GRANULES);
	}
	return bytes;
}

/**
 * extmem_pool_clear - clear granules, with the lock dropped meanwhile.
 * @pool: the pool; its map is locked before and after, by extmem_change_begin(), and
 *        not frozen before
 * @runs: the granules
 * @win: as for extmem_clear()
 *
 * Context: may sleep, long.
 * Return: 0, or an error as extmem_clear() has them.
 */
int extmem_pool_clear(struct extmem_pool *pool, const struct extmem_runs *runs,
		      struct extmem_window *win)
{
	int err;

	extmem_clear_begin(pool);
	err = pool->map->ops->clear(pool, runs, win);
	extmem_clear_end(pool);
	return err;
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
 * extmem_pool_nr_ranges - how many ranges a pool has.
 * @pool: the pool
 *
 * Context: any.
 * Return: the number, from 1 to EXTMEM_POOL_RANGES.
 */
unsigned int extmem_pool_nr_ranges(const struct extmem_pool *pool)
{
	return pool->nr_ranges;
}
EXPORT_SYMBOL_GPL(extmem_pool_nr_ranges);

/**
 * extmem_pool_range - where a range of a pool is.
 * @pool: the pool
 * @i: which, below extmem_pool_nr_ranges(); they are in ascending order
 *
 * Context: any.
 * Return: physical addresses of its first and last byte.
 */
struct range extmem_pool_range(const struct extmem_pool *pool, unsigned int i)
{
	return pool->range[i];
}
EXPORT_SYMBOL_GPL(extmem_pool_range);

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
