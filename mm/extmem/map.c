// SPDX-License-Identifier: GPL-2.0
/*
 * The hand-over map as a whole: its root page, kept current by every change,
 * and its freezing when this kernel ends. See include/linux/kho/abi/extmem.h.
 */
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/string.h>

#include "internal.h"

struct extmem_map extmem_map;

static u64 first_page(struct extmem_table *table)
{
	struct extmem_page *page;

	page = list_first_entry_or_null(&table->pages, struct extmem_page, list);
	return page ? virt_to_phys(page->ser) : 0;
}

/**
 * extmem_map_init - make an empty map.
 * @map: the map
 * @ops: where its pages come from
 *
 * Return: 0 or -ENOMEM.
 */
int extmem_map_init(struct extmem_map *map, const struct extmem_map_ops *ops)
{
	mutex_init(&map->lock);
	init_waitqueue_head(&map->idle);
	INIT_LIST_HEAD(&map->pools);
	INIT_LIST_HEAD(&map->due);
	extmem_table_init(&map->pool_table, EXTMEM_PAGE_POOLS);
	extmem_table_init(&map->claim_table, EXTMEM_PAGE_CLAIMS);
	xa_init(&map->poison);
	map->ops = ops;
	map->ser = ops->alloc(EXTMEM_MAP_PAGE);
	if (!map->ser)
		return -ENOMEM;

	strscpy_pad(map->ser->compatible, EXTMEM_COMPATIBLE);
	map->ser->header_size = sizeof(*map->ser);
	map->ser->record_size = EXTMEM_RECORD;
	map->ser->granule_shift = EXTMEM_SER_GRANULE_SHIFT;
	map->ser->dirty_shift = EXTMEM_SER_DIRTY_SHIFT;
	map->ser->generation = 1;
	map->ser->next_id = 1;
	extmem_map_update(map);
	return 0;
}

/**
 * extmem_map_exit - free a map and all in it.
 * @map: the map; only the self-tests ever do this
 */
void extmem_map_exit(struct extmem_map *map)
{
	struct extmem_pool *pool, *next;

	extmem_poison_free(map);
	list_for_each_entry_safe(pool, next, &map->pools, list)
		extmem_pool_free(pool);
	extmem_table_exit(map, &map->claim_table);
	extmem_table_exit(map, &map->pool_table);
	map->ops->free(map->ser, EXTMEM_MAP_PAGE);
	map->ser = NULL;
}

/**
 * extmem_map_update - bring the root page up to date.
 * @map: the map, locked
 */
void extmem_map_update(struct extmem_map *map)
{
	struct extmem_map_ser *ser = map->ser;

	ser->nr_pools = map->pool_table.nr_records;
	ser->nr_records = map->claim_table.nr_records;
	ser->pools = first_page(&map->pool_table);
	ser->claims = first_page(&map->claim_table);
	ser->pool_pages = map->pool_table.nr_pages;
	ser->claim_pages = map->claim_table.nr_pages;
	extmem_crc_set(ser, sizeof(*ser));
}

/**
 * extmem_map_freeze - end all changes for good, and seal the map.
 * @map: the map
 *
 * Claims that are being made give up soon: whoever clears memory looks at
 * &extmem_map.frozen after every granule.
 */
void extmem_map_freeze(struct extmem_map *map)
{
	mutex_lock(&map->lock);
	WRITE_ONCE(map->frozen, true);
	mutex_unlock(&map->lock);

	wait_event(map->idle, !READ_ONCE(map->inflight));

	guard(mutex)(&map->lock);
	map->ser->sealed = 1;
	extmem_map_update(map);
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

	bytes += EXTMEM_MAP_PAGE * (map->pool_table.nr_pages + map->claim_table.nr_pages);
	list_for_each_entry(pool, &map->pools, list) {
		size_t bits = pool->space.nbits / BITS_PER_BYTE;

		bytes += PAGE_ALIGN(bits) + PAGE_ALIGN(bits / EXTMEM_UNIT_GRANULES);
	}
	return bytes;
}
