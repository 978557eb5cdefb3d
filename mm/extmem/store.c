// SPDX-License-Identifier: GPL-2.0
/*
 * The hand-over map as a store: tables of records of fixed size in linked pages,
 * and the root page, kept current by every change. Records never move, so that
 * whoever owns one can write it in place. See include/linux/kho/abi/extmem.h.
 */
#include <linux/crc32.h>
#include <linux/io.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "store.h"

/* Who looks for claims where there are no pools finds none */
struct extmem_map extmem_map = {
	.lock = __MUTEX_INITIALIZER(extmem_map.lock),
	.pools = LIST_HEAD_INIT(extmem_map.pools),
	.due = LIST_HEAD_INIT(extmem_map.due),
};

#define ALL_RECORDS	GENMASK(EXTMEM_PAGE_RECORDS - 1, 0)
/* In &extmem_page.used: the page stays, even without records in use */
#define PINNED		BIT(EXTMEM_PAGE_RECORDS)

static bool extmem_page_is_full(const struct extmem_page *page)
{
	return (page->used & ALL_RECORDS) == ALL_RECORDS;
}

/**
 * extmem_crc - checksum of something in the map.
 * @ser: what
 * @size: its size in bytes, the checksum at its end included
 *
 * Return: the checksum over all but the last four bytes.
 */
u32 extmem_crc(const void *ser, size_t size)
{
	return crc32c(EXTMEM_CRC_SEED, ser, size - sizeof(u32));
}

/**
 * extmem_crc_set - write a checksum.
 * @ser: what it covers, itself at the end
 * @size: size of that in bytes
 */
void extmem_crc_set(void *ser, size_t size)
{
	u32 crc = extmem_crc(ser, size);

	memcpy(ser + size - sizeof(crc), &crc, sizeof(crc));
}

/**
 * extmem_crc_ok - check a checksum.
 * @ser: what it covers, itself at the end
 * @size: size of that in bytes
 *
 * Return: true if it is right.
 */
bool extmem_crc_ok(const void *ser, size_t size)
{
	u32 crc = extmem_crc(ser, size);

	return !memcmp(ser + size - sizeof(crc), &crc, sizeof(crc));
}

/**
 * extmem_table_init - make an empty table.
 * @table: the table
 * @type: what its pages hold
 */
void extmem_table_init(struct extmem_table *table, u32 type)
{
	*table = (struct extmem_table) { .type = type };
	INIT_LIST_HEAD(&table->pages);
	INIT_LIST_HEAD(&table->avail);
}

/**
 * extmem_table_exit - give a table's pages back.
 * @map: the map
 * @table: the table
 */
void extmem_table_exit(struct extmem_map *map, struct extmem_table *table)
{
	struct extmem_page *page, *next;

	list_for_each_entry_safe(page, next, &table->pages, list) {
		map->ops->free(page->ser, EXTMEM_MAP_PAGE);
		kfree(page);
	}
	extmem_table_init(table, table->type);
}

/* Link a page to what follows it */
static void extmem_page_link(struct extmem_table *table, struct extmem_page *page)
{
	struct extmem_page_ser *ser = page->ser;

	ser->next = list_is_last(&page->list, &table->pages) ? 0 :
		    virt_to_phys(list_next_entry(page, list)->ser);
	ser->self = virt_to_phys(ser);
	ser->type = table->type;
	extmem_crc_set(ser, sizeof(*ser));
}

static void extmem_page_link_prev(struct extmem_table *table, struct list_head *prev)
{
	if (prev != &table->pages)
		extmem_page_link(table, list_entry(prev, struct extmem_page, list));
}

static void extmem_table_drop(struct extmem_map *map, struct extmem_table *table,
			      struct extmem_page *page)
{
	struct list_head *prev = page->list.prev;

	list_del(&page->list);
	list_del(&page->avail);
	table->nr_pages--;
	extmem_page_link_prev(table, prev);
	map->ops->free(page->ser, EXTMEM_MAP_PAGE);
	kfree(page);
}

/**
 * extmem_page_pin - keep a page while its records come and go.
 * @page: the page
 */
void extmem_page_pin(struct extmem_page *page)
{
	page->used |= PINNED;
}

/**
 * extmem_page_unpin - end what extmem_page_pin() began.
 * @map: the map
 * @table: the table
 * @page: the page, gone if none of its records is in use
 */
void extmem_page_unpin(struct extmem_map *map, struct extmem_table *table,
		       struct extmem_page *page)
{
	page->used &= ~PINNED;
	if (!page->used)
		extmem_table_drop(map, table, page);
}

/**
 * extmem_table_add - append a page to a table.
 * @table: the table
 * @ser: the page, whose head is rewritten; records in it are left alone
 * @gfp: how to allocate what goes with it
 *
 * Return: the page, all records in it taken to be free, or NULL without memory.
 */
struct extmem_page *extmem_table_add(struct extmem_table *table,
				     struct extmem_page_ser *ser, gfp_t gfp)
{
	struct extmem_page *page = kzalloc_obj(*page, gfp);

	if (!page)
		return NULL;
	page->ser = ser;
	list_add_tail(&page->list, &table->pages);
	list_add(&page->avail, &table->avail);
	table->nr_pages++;
	extmem_page_link(table, page);
	extmem_page_link_prev(table, page->list.prev);
	return page;
}

static int extmem_table_grow(struct extmem_map *map, struct extmem_table *table)
{
	struct extmem_page_ser *ser = map->ops->alloc(EXTMEM_MAP_PAGE);

	if (!ser)
		return -ENOMEM;
	if (!extmem_table_add(table, ser, GFP_KERNEL)) {
		map->ops->free(ser, EXTMEM_MAP_PAGE);
		return -ENOMEM;
	}
	return 0;
}

/**
 * extmem_rec_adopt - put a record to use as it stands.
 * @table: the table
 * @page: its page
 * @i: which record of the page, from 0
 *
 * Return: the record.
 */
struct extmem_rec extmem_rec_adopt(struct extmem_table *table,
				   struct extmem_page *page, unsigned int i)
{
	page->used |= BIT(i);
	if (extmem_page_is_full(page))
		list_del_init(&page->avail);
	table->nr_records++;
	return (struct extmem_rec) {
		.page = page,
		.ser = (void *)page->ser + (i + 1) * EXTMEM_RECORD,
	};
}

/**
 * extmem_rec_alloc - get a free record.
 * @map: the map, whose root the caller updates afterwards
 * @table: the table
 * @rec: the record, all zero
 *
 * Return: 0 or -ENOMEM.
 */
int extmem_rec_alloc(struct extmem_map *map, struct extmem_table *table,
		     struct extmem_rec *rec)
{
	struct extmem_page *page;
	int err;

	if (list_empty(&table->avail)) {
		err = extmem_table_grow(map, table);
		if (err)
			return err;
	}
	page = list_first_entry(&table->avail, struct extmem_page, avail);
	*rec = extmem_rec_adopt(table, page, ffz(page->used));
	memset(rec->ser, 0, EXTMEM_RECORD);
	return 0;
}

/**
 * extmem_rec_free - give a record back.
 * @map: the map, whose root the caller updates afterwards
 * @table: the table
 * @rec: the record; may be unused
 */
void extmem_rec_free(struct extmem_map *map, struct extmem_table *table,
		     struct extmem_rec *rec)
{
	struct extmem_page *page = rec->page;

	if (!page)
		return;
	memset(rec->ser, 0, EXTMEM_RECORD);
	if (extmem_page_is_full(page))
		list_add(&page->avail, &table->avail);
	page->used &= ~BIT(offset_in_page(rec->ser) / EXTMEM_RECORD - 1);
	table->nr_records--;
	*rec = (struct extmem_rec) {};
	if (!page->used)
		extmem_table_drop(map, table, page);
}

static void extmem_recs_cut(struct extmem_map *map, struct extmem_table *table,
			    struct extmem_recs *recs, unsigned int nr)
{
	while (recs->nr > nr)
		extmem_rec_free(map, table, &recs->rec[--recs->nr]);
}

/**
 * extmem_recs_resize - have as many records as there are to be.
 * @map: the map, whose root the caller updates afterwards
 * @table: the table
 * @recs: the records; new ones, all zero, come at the end, and go there
 * @nr: how many there are to be
 *
 * Return: 0, or -ENOMEM, and then there are as many as before. Never fails for
 * fewer.
 */
int extmem_recs_resize(struct extmem_map *map, struct extmem_table *table,
		       struct extmem_recs *recs, unsigned int nr)
{
	unsigned int had = recs->nr;
	struct extmem_rec *rec;
	int err = 0;

	if (nr > had) {
		rec = kvrealloc(recs->rec, array_size(nr, sizeof(*rec)), GFP_KERNEL);
		if (!rec)
			return -ENOMEM;
		recs->rec = rec;
	}
	while (!err && recs->nr < nr) {
		err = extmem_rec_alloc(map, table, &recs->rec[recs->nr]);
		recs->nr += !err;
	}
	extmem_recs_cut(map, table, recs, err ? had : nr);
	return err;
}

/**
 * extmem_recs_free - give records back.
 * @map: the map, whose root the caller updates afterwards
 * @table: the table
 * @recs: the records; some may be unused
 */
void extmem_recs_free(struct extmem_map *map, struct extmem_table *table,
		      struct extmem_recs *recs)
{
	extmem_recs_cut(map, table, recs, 0);
	kvfree(recs->rec);
	recs->rec = NULL;
}

static u64 extmem_table_first(struct extmem_table *table)
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
 * extmem_map_update - bring the root page up to date.
 * @map: the map, locked
 */
void extmem_map_update(struct extmem_map *map)
{
	struct extmem_map_ser *ser = map->ser;

	ser->nr_pools = map->pool_table.nr_records;
	ser->nr_records = map->claim_table.nr_records;
	ser->pools = extmem_table_first(&map->pool_table);
	ser->claims = extmem_table_first(&map->claim_table);
	ser->pool_pages = map->pool_table.nr_pages;
	ser->claim_pages = map->claim_table.nr_pages;
	extmem_crc_set(ser, sizeof(*ser));
}

/* How long a freeze waits in all for what is under way, in ticks */
#define FREEZE_PATIENCE	HZ

static bool extmem_map_trylock(struct extmem_map *map, unsigned long end)
{
	while (!mutex_trylock(&map->lock)) {
		if (time_after(jiffies, end))
			return false;
		schedule_timeout_uninterruptible(1);
	}
	return true;
}

/**
 * extmem_map_freeze - end all changes for good, and seal the map.
 * @map: the map; may be frozen already
 *
 * Claims that are being made give up soon: whoever clears memory looks at
 * &extmem_map.frozen after every granule. But a kexec can't wait for somebody who
 * has the lock and sleeps for memory that nobody can free any more, since the
 * disks are shut down.
 *
 * Context: may sleep, FREEZE_PATIENCE at most.
 * Return: true if the map is sealed; false if somebody may still change it. It is
 * true at every instant, so the next kernel takes it in either case.
 */
bool extmem_map_freeze(struct extmem_map *map)
{
	unsigned long end = jiffies + FREEZE_PATIENCE;
	bool idle;

	/* Who has the lock now may go on; whoever gets it later will see this */
	WRITE_ONCE(map->frozen, true);
	do {
		if (!extmem_map_trylock(map, end))
			return false;
		idle = !map->inflight;
		if (idle && !map->ser->sealed) {
			map->ser->sealed = 1;
			extmem_map_update(map);
		}
		mutex_unlock(&map->lock);
		/* Who clears memory is about to take the lock again and change things */
		if (!idle)
			wait_event_timeout(map->idle, !READ_ONCE(map->inflight),
					   max(1L, (long)(end - jiffies)));
	} while (!idle && time_before_eq(jiffies, end));
	return idle;
}

/**
 * extmem_map_free - free a map's records and its root.
 * @map: the map, of which nothing is used any more
 */
void extmem_map_free(struct extmem_map *map)
{
	extmem_table_exit(map, &map->claim_table);
	extmem_table_exit(map, &map->pool_table);
	map->ops->free(map->ser, EXTMEM_MAP_PAGE);
	map->ser = NULL;
}
