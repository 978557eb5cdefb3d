/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _MM_EXTMEM_INTERNAL_H
#define _MM_EXTMEM_INTERNAL_H

#include <linux/atomic.h>
#include <linux/bitmap.h>
#include <linux/extmem.h>
#include <linux/kho/abi/extmem.h>
#include <linux/kobject.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/wait.h>
#include <linux/xarray.h>

/*
 * Inside mm/extmem memory is counted in granules: "first" and "nr" are bit
 * numbers and counts in a pool's allocation bitmap. A "gig" is the 512 bits
 * that stand for an aligned gigabyte.
 */
#define EXTMEM_GIG_BITS		512UL
#define EXTMEM_UNIT_GRANULES	(1UL << (EXTMEM_SER_DIRTY_SHIFT - EXTMEM_GRANULE_SHIFT))
#define EXTMEM_NO_UNIT		ULONG_MAX

/* Lists by which a claim is found by its name: short up to 10,000 claims */
#define EXTMEM_NAME_BUCKETS	1024

/* set.c: sets in which finding a member takes constant time */
#define EXTMEM_SETS		512
#define EXTMEM_SET_LEVELS	4

/**
 * struct extmem_sets - sets of numbers from one range.
 * @nr: how many
 * @nbits: numbers are 0 to @nbits - 1
 * @nr_levels: levels of summary a set has, the set itself included
 * @level: where in a set's words each level begins
 * @set_words: words a set takes
 * @words: all of them
 * @used: the sets that have members
 */
struct extmem_sets {
	unsigned int nr;
	unsigned long nbits;
	unsigned int nr_levels;
	unsigned long level[EXTMEM_SET_LEVELS];
	unsigned long set_words;
	unsigned long *words;
	DECLARE_BITMAP(used, EXTMEM_SETS);
};

int extmem_sets_init(struct extmem_sets *sets, unsigned int nr, unsigned long nbits);
void extmem_sets_exit(struct extmem_sets *sets);
void extmem_sets_add(struct extmem_sets *sets, unsigned int set, unsigned long bit);
void extmem_sets_del(struct extmem_sets *sets, unsigned int set, unsigned long bit);
unsigned long extmem_sets_first(const struct extmem_sets *sets, unsigned int set);
const unsigned long *extmem_sets_members(const struct extmem_sets *sets,
					 unsigned int set);
unsigned int extmem_sets_next(const struct extmem_sets *sets, unsigned int set);
unsigned int extmem_sets_last(const struct extmem_sets *sets);

/* space.c: which granules of a pool are free */

/* The class of gigs whose longest run is of this many granules */
#define EXTMEM_CLASS(nr)	((nr) - 1)
#define EXTMEM_CLASS_WHOLE	EXTMEM_CLASS(EXTMEM_GIG_BITS)
#define EXTMEM_CLASSES		EXTMEM_GIG_BITS
static_assert(EXTMEM_CLASSES <= EXTMEM_SETS);

/**
 * struct extmem_space - the granules of a pool.
 * @nbits: bits in @alloc, a multiple of EXTMEM_GIG_BITS
 * @alloc: allocation bitmap, in the map
 * @dirty: dirty bitmap, in the map
 * @alloc_sum: sum over @alloc, see extmem_word_sum()
 * @dirty_sum: sum over @dirty
 * @nr_free: clear bits in @alloc
 * @cleaning: the unit whose free granules are being cleared where they are, or
 *            EXTMEM_NO_UNIT
 * @spoiled: a granule of @cleaning has become dirty since that began
 * @run: for each gig the length of its longest run of free granules
 * @class: for each length, the gigs whose longest run has it
 */
struct extmem_space {
	unsigned long nbits;
	unsigned long *alloc;
	unsigned long *dirty;
	u64 alloc_sum;
	u64 dirty_sum;
	unsigned long nr_free;
	unsigned long cleaning;
	bool spoiled;
	u16 *run;
	struct extmem_sets class;
};

/**
 * struct extmem_run - contiguous granules.
 * @first: bit number of the first
 * @nr: how many
 */
struct extmem_run {
	unsigned long first;
	unsigned long nr;
};

/**
 * struct extmem_runs - a growing list of runs.
 * @nr: entries in use
 * @cap: entries allocated
 * @run: the entries
 */
struct extmem_runs {
	unsigned int nr;
	unsigned int cap;
	struct extmem_run *run;
};

int extmem_space_init(struct extmem_space *space);
void extmem_space_exit(struct extmem_space *space);
int extmem_space_alloc(struct extmem_space *space, unsigned long nr,
		       unsigned long align, struct extmem_runs *runs);
bool extmem_space_is_free(const struct extmem_space *space,
			  unsigned long first, unsigned long nr);
bool extmem_space_breaks_gig(const struct extmem_space *space,
			     unsigned long first, unsigned long nr);
void extmem_space_mark(struct extmem_space *space, unsigned long first,
		       unsigned long nr, bool taken);
unsigned long extmem_space_largest(const struct extmem_space *space);

int extmem_runs_reserve(struct extmem_runs *runs, unsigned int nr);
int extmem_runs_add(struct extmem_runs *runs, unsigned long first,
		    unsigned long nr);
void extmem_runs_free(struct extmem_runs *runs);

/* bits.c: bitmaps whose sum is kept as they change */
void extmem_bits_change(unsigned long *map, u64 *sum, unsigned long first,
			unsigned long nr, bool val);
u64 extmem_bits_sum(const unsigned long *map, unsigned long nbits);

/* dirty.c: which free granules may hold a former owner's data */
void extmem_dirty_mark(struct extmem_space *space, unsigned long first,
		       unsigned long nr);
void extmem_dirty_settle(struct extmem_space *space, unsigned long first,
			 unsigned long nr);
bool extmem_dirty_next(const struct extmem_space *space, unsigned long *pos,
		       unsigned long end, struct extmem_run *run);
unsigned long extmem_dirty_count(const struct extmem_space *space);
bool extmem_dirty_begin(struct extmem_space *space, unsigned long *pos,
			struct extmem_run *run);
void extmem_dirty_end(struct extmem_space *space, bool cleared);

/* record.c: tables of records in pages of the map */

/**
 * struct extmem_page - a page of records.
 * @list: in the table's pages, in the order they are linked in
 * @avail: in the table's list of pages with free records
 * @ser: the page
 * @used: a bit for each record in use
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
 */
struct extmem_rec {
	struct extmem_page *page;
	void *ser;
};

struct extmem_map;
struct extmem_pool;

void extmem_table_init(struct extmem_table *table, u32 type);
void extmem_table_exit(struct extmem_map *map, struct extmem_table *table);
struct extmem_page *extmem_table_add(struct extmem_table *table,
				     struct extmem_page_ser *ser);
void extmem_page_pin(struct extmem_page *page);
void extmem_page_unpin(struct extmem_map *map, struct extmem_table *table,
		       struct extmem_page *page);
int extmem_rec_alloc(struct extmem_map *map, struct extmem_table *table,
		     struct extmem_rec *rec);
void extmem_rec_free(struct extmem_map *map, struct extmem_table *table,
		     struct extmem_rec *rec);
u32 extmem_crc(const void *ser, size_t size);
void extmem_crc_set(void *ser, size_t size);
bool extmem_crc_ok(const void *ser, size_t size);
struct extmem_rec extmem_rec_adopt(struct extmem_table *table,
				   struct extmem_page *page, unsigned int i);

/* map.c: the map as a whole, and its root page */

/**
 * struct extmem_map_ops - where the map's pages come from.
 * @alloc: zeroed pages that will outlive the kernel; bytes rounded up to pages
 * @free: gives them back
 * @peek: a look at pages of the former kernel's map, NULL if @pa can't be one
 * @adopt: makes them this kernel's, to outlive it in turn
 * @clear: clears physical memory of a pool
 * @owns: whether memory a former kernel calls its pool's can be that
 *
 * The self-tests bring their own.
 */
struct extmem_map_ops {
	void *(*alloc)(size_t bytes);
	void (*free)(void *pages, size_t bytes);
	const void *(*peek)(phys_addr_t pa, size_t bytes);
	void *(*adopt)(phys_addr_t pa, size_t bytes);
	int (*clear)(struct extmem_map *map, phys_addr_t pa, u64 bytes);
	bool (*owns)(const struct range *range);
};

/**
 * struct extmem_map - everything extmem knows.
 * @ops: where pages come from
 * @lock: guards all that follows and everything reachable from it, unless
 *        said otherwise. Innermost but for the allocator's own locks.
 * @ser: the root page
 * @pools: all pools, by node
 * @pool_table: pool records
 * @claim_table: claim records
 * @poison: granules with bad pages, by physical address over EXTMEM_GRANULE;
 *          read without the lock
 * @nr_poisoned: bad pages; read without the lock
 * @frozen: nothing may change any more; read without the lock as a hint
 * @readonly: no new claims (unknown ro_compat features)
 * @names: the claims that have a name, by its hash
 * @due: the claims that somebody is to come for
 * @inflight: how many clear memory unlocked now, for a claim or to scrub
 * @idle: woken when @inflight drops to zero
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
	struct list_head due;
	unsigned int inflight;
	wait_queue_head_t idle;
};

extern struct extmem_map extmem_map;
extern const struct extmem_map_ops extmem_kho_ops;
extern const struct extmem_map_ops extmem_plain_ops;

int extmem_map_init(struct extmem_map *map, const struct extmem_map_ops *ops);
void extmem_map_exit(struct extmem_map *map);
void extmem_map_update(struct extmem_map *map);
void extmem_map_freeze(struct extmem_map *map);
size_t extmem_map_bytes(const struct extmem_map *map);

/* scrub.c: clearing free memory in the background */

/**
 * struct extmem_scrub - a pool's worker.
 * @wait: the worker waits here for work, others for it to end a unit
 * @wanted: there may be something to clear
 * @pos: the unit to go on with
 * @rounds: units it is through with, cleared or not
 * @cleared: bytes it has cleared
 * @next: when it may go on without exceeding its rate; the worker's own
 */
struct extmem_scrub {
	wait_queue_head_t wait;
	bool wanted;
	unsigned long pos;
	unsigned long rounds;
	u64 cleared;
	ktime_t next;
};

void extmem_scrub_init(struct extmem_scrub *scrub);
void extmem_scrub_kick(struct extmem_pool *pool);
int extmem_scrub_step(struct extmem_pool *pool, u64 *bytes);
void extmem_scrub_wait(struct extmem_pool *pool, const struct extmem_runs *runs);

/* pool.c */

/**
 * struct extmem_pool - all extended memory of a node.
 * @list: in the map's pools
 * @map: the map
 * @nid: the node
 * @nr_ranges: entries of @range in use
 * @range: the pool's memory by ascending address
 * @base: for each range the bit number of its first granule
 * @res: for each range the resource that keeps others away, or NULL
 * @nr_lent: how many lend some of it to the page allocator
 * @nr_granules: granules in all ranges
 * @space: which of them are free
 * @scrub: who clears those that are free and dirty
 * @rec: the pool's record in the map
 * @claims: all claims, in the order they were made
 * @nr_claims: how many, those in quarantine not counted
 * @nr_quarantined: granules in quarantine
 * @nr_poisoned: bad pages
 * @held: bytes on this node that no sound map describes
 * @distrust: its allocation bitmap is damaged; only while it is adopted
 * @seen: granules of claims seen so far; only while it is adopted
 * @notes: what was found wrong, for the administrator
 * @nr_notes: how many
 * @kobj: the pool's directory in sysfs
 */
struct extmem_pool {
	struct list_head list;
	struct extmem_map *map;
	int nid;
	unsigned int nr_ranges;
	struct range range[EXTMEM_POOL_RANGES];
	unsigned long base[EXTMEM_POOL_RANGES];
	struct resource *res[EXTMEM_POOL_RANGES];
	unsigned int nr_lent;
	unsigned long nr_granules;
	struct extmem_space space;
	struct extmem_scrub scrub;
	struct extmem_rec rec;
	struct list_head claims;
	unsigned int nr_claims;
	unsigned long nr_quarantined;
	unsigned long nr_poisoned;
	u64 held;
	bool distrust;
	unsigned long *seen;
	struct list_head notes;
	unsigned int nr_notes;
	struct kobject kobj;
};

struct extmem_pool *extmem_pool_find(struct extmem_map *map, int nid);
struct extmem_pool *extmem_pool_get_empty(struct extmem_map *map, int nid);
int extmem_pool_add(struct extmem_map *map, int nid, const struct range *range,
		    unsigned int nr_ranges, bool dirty);
int extmem_pool_layout(struct extmem_pool *pool, const struct range *range,
		       unsigned int nr_ranges);
void extmem_pool_absent(const struct extmem_pool *pool, unsigned long *bits);
void extmem_pool_all_dirty(struct extmem_pool *pool);
void extmem_pool_update(struct extmem_pool *pool);
void extmem_pool_free(struct extmem_pool *pool);
phys_addr_t extmem_pool_phys(const struct extmem_pool *pool, unsigned long bit);
bool extmem_pool_run(const struct extmem_pool *pool, u64 start, u64 size,
		     struct extmem_run *run);

/* claim.c */

/**
 * struct extmem_claim - a list of extents with one owner.
 * @list: in the pool's claims
 * @pool: the pool
 * @named: in the map's names, if it has one
 * @users: references held, or -1 once the claim is being given up
 * @expected: in the map's list of claims that are due, if it is
 * @due: the former kernel promised it to somebody who has not come yet;
 *       read without the lock
 * @rec: its record
 * @more: its continuation records, in order
 * @nr_more: how many
 * @runs: its extents
 */
struct extmem_claim {
	struct list_head list;
	struct extmem_pool *pool;
	struct hlist_node named;
	atomic_t users;
	struct list_head expected;
	bool due;
	struct extmem_rec rec;
	struct extmem_rec *more;
	unsigned int nr_more;
	struct extmem_runs runs;
};

static inline struct extmem_claim_ser *
extmem_claim_ser(const struct extmem_claim *claim)
{
	return claim->rec.ser;
}

unsigned int extmem_nr_more(unsigned int nr_extents);
struct extmem_claim *extmem_claim_new(struct extmem_pool *pool);
int extmem_claim_begin(struct extmem_claim *claim, enum extmem_kind kind);
int extmem_claim_write(struct extmem_claim *claim);
void extmem_claim_link(struct extmem_claim *claim);
void extmem_claim_free(struct extmem_claim *claim);

/* name.c, owner.c, transient.c: what the administrator says about a claim */
int extmem_name_check(const char *name);
void extmem_name_drop(struct extmem_claim *claim);
void extmem_adopt_name(struct extmem_claim *claim);
void extmem_owner_write(struct extmem_claim_ser *ser, const struct extmem_owner *owner);
void extmem_adopt_owner(struct extmem_claim *claim);
void extmem_adopt_transient(struct extmem_pool *pool);

/* preserve.c: claims promised to somebody in the next kernel */
bool extmem_claim_fixed(const struct extmem_claim *claim);
bool extmem_finish(struct extmem_map *map, u64 id);
unsigned int extmem_finish_all(struct extmem_map *map, enum extmem_kind kind);
void extmem_adopt_preserved(struct extmem_pool *pool);

/* verify.c: what to believe of the former kernel's map before following it */
typedef const char *(*extmem_walk_fn)(const void *rec, void *arg);

const char *extmem_root_fault(const struct extmem_map_ser *root, size_t size);
const char *extmem_page_fault(const struct extmem_page_ser *page, u64 pa, u32 type);
const char *extmem_pool_fault(const struct extmem_pool_ser *ser);
const char *extmem_walk_pools(const struct extmem_map_ops *ops,
			      const struct extmem_map_ser *root,
			      extmem_walk_fn fn, void *arg);
bool extmem_rec_is_free(const void *ser);

/* adopt.c, adopt_pool.c, adopt_claim.c, adopt_poison.c: making it this kernel's */

/**
 * struct extmem_adoption - a map being adopted.
 * @map: this kernel's map, which nobody else uses yet
 * @root: the former kernel's root, found sound
 * @ids: all claims by id
 * @bad: claims found unsound, with what is left of them
 * @nr_pools: pool records found, sound or not
 * @nr_records: claim records found, sound or not
 */
struct extmem_adoption {
	struct extmem_map *map;
	const struct extmem_map_ser *root;
	struct xarray ids;
	struct list_head bad;
	u32 nr_pools;
	u64 nr_records;
};

const char *extmem_adopt(struct extmem_map *map,
			 const struct extmem_map_ser *root, size_t size);
const char *extmem_adopt_page(struct extmem_map *map, struct extmem_table *table,
			      u64 *pa, struct extmem_page **page);
const char *extmem_adopt_pool(struct extmem_map *map, struct extmem_rec *rec);
void extmem_adopt_pool_end(struct extmem_pool *pool);
void extmem_adopt_claim(struct extmem_adoption *ad, struct extmem_rec *rec);
void extmem_adopt_more(struct extmem_adoption *ad, struct extmem_rec *rec);
void extmem_adopt_longs(struct extmem_adoption *ad);
void extmem_adopt_bad(struct extmem_adoption *ad);
void extmem_adopt_poison(struct extmem_adoption *ad, struct extmem_rec *rec);
void extmem_adopt_poison_end(struct extmem_map *map);

/* quarantine.c */
const char *extmem_reason_text(u64 reason);
void extmem_note_log(const struct extmem_pool *pool, const char *text);
void extmem_note(struct extmem_pool *pool, const char *fmt, ...) __printf(2, 3);
void extmem_note_all(struct extmem_map *map, const char *text);
const char *extmem_note_text(const struct extmem_pool *pool, unsigned int i);
void extmem_notes_free(struct extmem_pool *pool);
int extmem_quarantine(struct extmem_pool *pool, const struct extmem_runs *runs,
		      enum extmem_reason reason);

/* poison.c: granules with bad pages */

/**
 * struct extmem_poison - a granule that has had memory errors.
 * @pool: its pool
 * @rec: its record, unused if it could not be written
 * @bad: a bit for each of its pages; read without the lock
 *
 * It lasts as long as the map.
 */
struct extmem_poison {
	struct extmem_pool *pool;
	struct extmem_rec rec;
	DECLARE_BITMAP(bad, EXTMEM_POISON_PAGES);
};

bool extmem_map_poisoned(struct extmem_map *map, u64 start, u64 size);
struct extmem_poison *extmem_poison_get(struct extmem_pool *pool, u64 pa);
bool extmem_poison_set(struct extmem_poison *poison, unsigned int page);
int extmem_poison_write(struct extmem_poison *poison, u64 start);
int extmem_poison_take(struct extmem_pool *pool, unsigned long bit);
bool extmem_poison_next_good(const struct extmem_pool *pool, unsigned long *pos,
			     unsigned long end, struct extmem_run *run);
void extmem_poison_keep(struct extmem_pool *pool, unsigned long first,
			unsigned long nr);
int extmem_poison_add(struct extmem_map *map, u64 pa, u64 *id);
void extmem_poison_free(struct extmem_map *map);

/* emit.c */
bool extmem_emit(char *buf, int *len, const char *fmt, ...) __printf(3, 4);

/* poison_list.c */
int extmem_poison_emit(const struct extmem_pool *pool, char *buf);

/* memory_failure.c */
void extmem_poison_start(void);

/* parse.c */
#define EXTMEM_PARSE_MAX	128

/**
 * struct extmem_ask - what an entry of extmem= asks for.
 * @nid: the node, NUMA_NO_NODE for all of them
 * @percent: of the node's memory, 0 if a size is given
 * @size: bytes, a multiple of the granule; 0 if a percentage is given
 * @placed: the memory is to be at @addr
 * @addr: physical address, a multiple of 1 GiB
 */
struct extmem_ask {
	int nid;
	unsigned int percent;
	u64 size;
	bool placed;
	u64 addr;
};

const char *extmem_parse_entry(const char *entry, struct extmem_ask *ask);

/* share.c: how much of it each node gives */
u64 extmem_percent(u64 bytes, unsigned int percent);
u64 extmem_share(u64 size, const u64 *room, u64 *share, unsigned int nr);

/* reach.c: memory that is not the kernel's to look at */
int extmem_reach_add(const struct range *range, bool mapped);

/* trace.c */
void extmem_trace_claim(const struct extmem_claim *claim,
			const struct extmem_runs *runs);
void extmem_trace_free(const struct extmem_claim *claim, unsigned long first,
		       unsigned long nr);
void extmem_trace_kept(const struct extmem_claim *claim, int err);
void extmem_trace_adopt(const struct extmem_claim *claim);
void extmem_trace_quarantine(const struct extmem_claim *claim);

/* clear.c */
int extmem_clear(struct extmem_map *map, phys_addr_t pa, u64 bytes);
void extmem_clear_begin(struct extmem_pool *pool);
void extmem_clear_end(struct extmem_pool *pool);

/* features.c: what this kernel and the map in use know of each other */
extern const struct attribute * const extmem_feature_attrs[];

/* sysfs.c */
int extmem_sysfs_add(struct extmem_pool *pool);

#endif /* _MM_EXTMEM_INTERNAL_H */
