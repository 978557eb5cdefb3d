/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _MM_EXTMEM_STORE_H
#define _MM_EXTMEM_STORE_H

/*
 * The hand-over map as a store: pages, tables of records in them, and the root.
 * What a record says is the business of the layers above.
 */

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/wait.h>
#include <linux/xarray.h>

#include "space.h"

/* Lists by which a claim is found by its name: short up to 10,000 claims */
#define EXTMEM_NAME_BUCKETS	1024

/* Lists by which a claim is found by its id. Ids are counted up: they fill evenly. */
#define EXTMEM_ID_BUCKETS	2048

/* Tables of records in pages of the map */

/**
 * struct extmem_page - a page of records.
 * @list: in the table's pages, in the order they are linked in
 * @avail: in the table's list of pages with free records
 * @ser: the page
 * @used: a bit for each record in use
 *
 * @ser is set once. &extmem_map.lock guards the rest, and what @ser points to.
 */
struct extmem_page {
	struct list_head list;
	struct list_head avail;
	struct extmem_page_ser *ser;
	unsigned long used;
};

/**
 * struct extmem_table - a list of pages of records of one sort.
 * @type: EXTMEM_PAGE_POOLS or EXTMEM_PAGE_CLAIMS
 * @nr_pages: how many pages
 * @nr_records: records in use
 * @pages: all pages
 * @avail: those with free records
 *
 * @type is set once. &extmem_map.lock guards the rest.
 */
struct extmem_table {
	u32 type;
	u32 nr_pages;
	u64 nr_records;
	struct list_head pages;
	struct list_head avail;
};

/**
 * struct extmem_rec - a record in use.
 * @page: its page
 * @ser: the record, EXTMEM_RECORD bytes
 * @claim: the same, of a claim; so for the others
 * @more: of what continues one
 * @poison: of a granule with bad pages
 * @pool: of a pool
 *
 * Guarded as what has it: a pool, a claim or the poison of a granule. Set once while
 * it is in use; &extmem_map.lock guards what it points to.
 */
struct extmem_rec {
	struct extmem_page *page;
	union {
		void *ser;
		struct extmem_claim_ser *claim;
		struct extmem_more_ser *more;
		struct extmem_poison_ser *poison;
		struct extmem_pool_ser *pool;
	};
};

/**
 * struct extmem_recs - a growing list of records in use.
 * @nr: how many
 * @rec: the records
 *
 * &extmem_map.lock guards it.
 */
struct extmem_recs {
	unsigned int nr;
	struct extmem_rec *rec;
};

struct extmem_map;

void extmem_table_init(struct extmem_table *table, u32 type);
void extmem_table_exit(struct extmem_map *map, struct extmem_table *table);
struct extmem_page *extmem_table_add(struct extmem_table *table,
				     struct extmem_page_ser *ser, gfp_t gfp);
void extmem_page_pin(struct extmem_page *page);
void extmem_page_unpin(struct extmem_map *map, struct extmem_table *table,
		       struct extmem_page *page);
int extmem_rec_alloc(struct extmem_map *map, struct extmem_table *table,
		     struct extmem_rec *rec);
void extmem_rec_free(struct extmem_map *map, struct extmem_table *table,
		     struct extmem_rec *rec);
int extmem_recs_resize(struct extmem_map *map, struct extmem_table *table,
		       struct extmem_recs *recs, unsigned int nr);
void extmem_recs_free(struct extmem_map *map, struct extmem_table *table,
		      struct extmem_recs *recs);
u32 extmem_crc(const void *ser, size_t size);
void extmem_crc_set(void *ser, size_t size);
bool extmem_crc_ok(const void *ser, size_t size);
struct extmem_rec extmem_rec_adopt(struct extmem_table *table,
				   struct extmem_page *page, unsigned int i);

/* The map as a whole, and its root page */

struct extmem_pool;
struct extmem_window;

/**
 * struct extmem_map_ops - where the map's pages come from.
 * @alloc: zeroed pages that will outlive the kernel; bytes rounded up to pages
 * @free: gives them back
 * @peek: a look at pages of the former kernel's map, NULL if @pa can't be one
 * @adopt: makes them this kernel's, to outlive it in turn
 * @clear: clears granules of a pool, see extmem_clear()
 * @owns: whether memory a former kernel calls its pool's can be that
 *
 * None of it changes: no lock. The self-tests bring their own.
 */
struct extmem_map_ops {
	void *(*alloc)(size_t bytes);
	void (*free)(void *pages, size_t bytes);
	const void *(*peek)(phys_addr_t pa, size_t bytes);
	void *(*adopt)(phys_addr_t pa, size_t bytes);
	int (*clear)(struct extmem_pool *pool, const struct extmem_runs *runs,
		     struct extmem_window *win);
	bool (*owns)(const struct range *range);
};

/**
 * struct extmem_map - everything extmem knows.
 * @ops: where pages come from; set once
 * @lock: guards all that follows and everything reachable from it, unless
 *        said otherwise. Innermost but for the allocator's own locks.
 * @ser: the root page
 * @pools: all pools, by node
 * @pool_table: pool records
 * @claim_table: claim records
 * @poison: granules with bad pages, by physical address over EXTMEM_GRANULE;
 *          read without the lock
 * @nr_poisoned: bad pages; read without the lock
 * @frozen: nobody may begin a change any more; set without the lock, so who has it
 *          then finishes, and whoever takes it afterwards sees this
 * @readonly: no new claims (unknown ro_compat features)
 * @names: the claims that have a name, by its hash
 * @ids: the claims that are not the quarantine's, by their ids
 * @due: the claims that somebody is to come for
 * @inflight: how many clear memory unlocked now, for a claim or to scrub;
 *            changed under the lock, waited for without it
 * @idle: woken when @inflight drops to zero; has a lock of its own
 *
 * The layers above keep their lists in it: the store itself only knows pages,
 * records and the root.
 */
struct extmem_map {
	const struct extmem_map_ops *ops;
	struct mutex lock; /* pools, claims, bitmaps and records */
	struct extmem_map_ser *ser;
	struct list_head pools;
	struct extmem_table pool_table;
	struct extmem_table claim_table;
	struct xarray poison;
	unsigned long nr_poisoned;
	bool frozen;
	bool readonly;
	struct hlist_head names[EXTMEM_NAME_BUCKETS];
	struct hlist_head ids[EXTMEM_ID_BUCKETS];
	struct list_head due;
	unsigned int inflight;
	wait_queue_head_t idle;
};

extern struct extmem_map extmem_map;

int extmem_map_init(struct extmem_map *map, const struct extmem_map_ops *ops);
void extmem_map_free(struct extmem_map *map);
void extmem_map_update(struct extmem_map *map);
bool extmem_map_freeze(struct extmem_map *map);

#endif /* _MM_EXTMEM_STORE_H */
