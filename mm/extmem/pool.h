/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _MM_EXTMEM_POOL_H
#define _MM_EXTMEM_POOL_H

/*
 * Pools, the claims on them, and what is known of bad pages. Whoever uses it has
 * no need to know how a map is read at boot or where pools come from.
 */

#include <linux/atomic.h>
#include <linux/cleanup.h>
#include <linux/ktime.h>
#include <linux/kobject.h>

#include "store.h"

struct extmem_pool;
struct vm_struct;

/* window.c: memory that nothing else maps */

/* What is shown in a window at a time at most */
#define EXTMEM_PIECE	(16UL << 20)

/**
 * struct extmem_window - address space to show extended memory in.
 * @area: where; NULL if the window is closed
 * @pos: bytes of it that can't be used before a flush
 *
 * It is for one user at a time, who needs no lock.
 */
struct extmem_window {
	struct vm_struct *area;
	unsigned long pos;
};

int extmem_window_open(struct extmem_window *win, u64 bytes);
void extmem_window_close(struct extmem_window *win);
int extmem_clear_piece(struct extmem_map *map, struct extmem_window *win,
		       phys_addr_t pa, u64 bytes, const int *stop);

/* clear.c */
int extmem_clear(struct extmem_pool *pool, const struct extmem_runs *runs,
		 struct extmem_window *win);

/* scrub.c: clearing free memory in the background */

/**
 * struct extmem_scrub - a pool's worker.
 * @wait: the worker waits here for work, others for it to end a unit
 * @wanted: there may be something to clear
 * @pos: the unit to go on with
 * @rounds: units it is through with, cleared or not
 * @cleared: bytes it has cleared
 * @next: when it may go on without exceeding its rate; the worker's own
 * @window: by which it clears; the worker's own, open from the first time on
 *
 * &extmem_map.lock guards all but @next and @window; @wait has a lock of its own, and who
 * sleeps on it reads @wanted and @rounds without the map's.
 */
struct extmem_scrub {
	wait_queue_head_t wait;
	bool wanted;
	unsigned long pos;
	unsigned long rounds;
	u64 cleared;
	ktime_t next;
	struct extmem_window window;
};

void extmem_scrub_kick(struct extmem_pool *pool);
int extmem_scrub_step(struct extmem_pool *pool, u64 *bytes);
int extmem_scrub_taken(struct extmem_pool *pool, const struct extmem_runs *runs,
		       const struct extmem_runs *dirty);

/* pool.c, but for what comes first: pools, and what is wrong with them */

/**
 * struct extmem_pool - all extended memory of a node.
 * @list: in the map's pools
 * @map: the map
 * @nid: the node
 * @nr_ranges: entries of @range in use
 * @range: the pool's memory by ascending address
 * @base: for each range the bit number of its first granule
 * @res: for each range the resource that keeps others away, or NULL
 * @lent: extents that are lent to the page allocator, see lend.c
 * @guards: resources of what is not, in ranges of which some is
 * @nr_granules: granules in all ranges
 * @space: which of them are free
 * @scrub: who clears those that are free and dirty
 * @rec: the pool's record in the map
 * @claims: all claims, in the order they were made
 * @others: those of them that are neither devices nor in quarantine; they are few
 * @nr_claims: how many, those in quarantine not counted
 * @nr_quarantined: granules in quarantine
 * @nr_poisoned: bad pages
 * @nr_retired: retired pages
 * @stray: bytes on this node that no sound map describes
 * @distrust: its allocation bitmap is damaged; only while it is adopted
 * @seen: granules of claims seen so far; only while it is adopted
 * @notes: what was found wrong, for the administrator
 * @nr_notes: how many
 * @kobj: the pool's directory in sysfs
 *
 * Boot sets @list to @nr_ranges, @range, @base, @res, @nr_granules and @kobj before
 * the pool is published, and @stray, @distrust, @seen are boot's alone: none of
 * these changes later, and all are read without a lock. &extmem_map.lock guards
 * the rest.
 */
struct extmem_pool {
	struct list_head list;
	struct extmem_map *map;
	int nid;
	unsigned int nr_ranges;
	struct range range[EXTMEM_POOL_RANGES];
	unsigned long base[EXTMEM_POOL_RANGES];
	struct resource *res[EXTMEM_POOL_RANGES];
	struct list_head lent;
	struct list_head guards;
	unsigned long nr_granules;
	struct extmem_space space;
	struct extmem_scrub scrub;
	struct extmem_rec rec;
	struct list_head claims;
	struct list_head others;
	unsigned int nr_claims;
	unsigned long nr_quarantined;
	unsigned long nr_poisoned;
	unsigned long nr_retired;
	u64 stray;
	bool distrust;
	unsigned long *seen;
	struct list_head notes;
	unsigned int nr_notes;
	struct kobject kobj;
};

/* layout.c: where a pool's granules are */
int extmem_pool_layout(struct extmem_pool *pool, const struct range *range,
		       unsigned int nr_ranges);
void extmem_pool_absent(const struct extmem_pool *pool, unsigned long *bits);
void extmem_pool_all_dirty(struct extmem_pool *pool);
phys_addr_t extmem_pool_phys(const struct extmem_pool *pool, unsigned long bit);
struct range extmem_pool_extent(const struct extmem_pool *pool,
				const struct extmem_run *run);
bool extmem_pool_run(const struct extmem_pool *pool, u64 start, u64 size,
		     struct extmem_run *run);

struct extmem_pool *extmem_pool_find(struct extmem_map *map, int nid);
struct extmem_pool *extmem_pool_get_empty(struct extmem_map *map, int nid);
int extmem_pool_add(struct extmem_map *map, int nid, const struct range *range,
		    unsigned int nr_ranges, bool dirty);
void extmem_pool_update(struct extmem_pool *pool);
void extmem_pool_free(struct extmem_pool *pool);
size_t extmem_map_bytes(const struct extmem_map *map);
void extmem_change_begin(struct extmem_pool *pool);
void extmem_change_end(struct extmem_pool *pool);
void extmem_clear_begin(struct extmem_pool *pool);
void extmem_clear_end(struct extmem_pool *pool);
int extmem_pool_clear(struct extmem_pool *pool, const struct extmem_runs *runs,
		      struct extmem_window *win);

/* The map's lock, for who changes a pool: at its end the map is up to date */
DEFINE_GUARD(extmem_change, struct extmem_pool *,
	     extmem_change_begin(_T), extmem_change_end(_T))

void extmem_note_log(const struct extmem_pool *pool, const char *text);
void extmem_note(struct extmem_pool *pool, const char *fmt, ...) __printf(2, 3);
void extmem_note_all(struct extmem_map *map, const char *text);
const char *extmem_note_text(const struct extmem_pool *pool, unsigned int i);
void extmem_notes_free(struct extmem_pool *pool);

/* claim_rec.c: a claim, and what the map says of it */

/**
 * struct extmem_claim - a list of extents with one owner.
 * @list: in the pool's claims
 * @other: in the pool's others, if it is one of them
 * @pool: the pool
 * @named: in the map's names, if it has one
 * @numbered: in the map's ids, unless it is the quarantine's
 * @users: references held, or -1 once the claim is being given up
 * @expected: in the map's list of claims that are due, if it is
 * @due: the former kernel promised it to somebody who has not come yet;
 *       read without the lock
 * @needed: by how many devices in sessions, or domains of them
 * @rec: its record
 * @more: its continuation records, in order
 * @runs: its extents
 *
 * @pool is set once. @users is atomic, but goes to -1 and back only under
 * &extmem_map.lock, which guards all else. @runs and what the record says of them
 * are read without it by an owner that keeps others from resizing the claim.
 */
struct extmem_claim {
	struct list_head list;
	struct list_head other;
	struct extmem_pool *pool;
	struct hlist_node named;
	struct hlist_node numbered;
	atomic_t users;
	struct list_head expected;
	bool due;
	unsigned int needed;
	struct extmem_rec rec;
	struct extmem_recs more;
	struct extmem_runs runs;
};

struct extmem_claim *extmem_claim_new(struct extmem_pool *pool, gfp_t gfp);
void extmem_claim_link(struct extmem_claim *claim);
void extmem_claim_unlink(struct extmem_claim *claim);
void extmem_claim_free(struct extmem_claim *claim);
unsigned int extmem_nr_more(unsigned int nr_extents);
void extmem_owner_write(struct extmem_claim_ser *ser, const struct extmem_owner *owner);
int extmem_claim_write(struct extmem_claim *claim);
int extmem_claim_join(struct extmem_claim *claim, const struct extmem_runs *runs);
struct extmem_claim *extmem_claim_make(struct extmem_pool *pool,
				       const struct extmem_claim_attr *attr,
				       struct extmem_runs *runs);

/* claim.c: what its owner does with a claim, and references */
struct extmem_claim *extmem_claim_by_id(struct extmem_map *map, u64 id);
bool extmem_claim_fixed(const struct extmem_claim *claim);
int extmem_claim_check(const struct extmem_claim *claim);

/* attributes.c: what the administrator says about a claim */
int extmem_name_check(const char *name);
void extmem_name_drop(struct extmem_claim *claim);
void extmem_adopt_name(struct extmem_claim *claim);
void extmem_adopt_owner(struct extmem_claim *claim);

/* preserve.c: claims promised to somebody in the next kernel */
bool extmem_finish(struct extmem_map *map, u64 id);
unsigned int extmem_finish_all(struct extmem_map *map, enum extmem_kind kind);
void extmem_adopt_preserved(struct extmem_pool *pool);

/* poison.c: granules with bad or retired pages */

/**
 * struct extmem_poison - a granule that has had memory errors, or is about to.
 * @pool: its pool
 * @rec: its record, unused if it could not be written
 * @bad: a bit for each of its pages; read without the lock
 * @retired: likewise, for pages that are about to fail
 *
 * It lasts as long as the map. @pool is set once. &extmem_map.lock guards @rec, and
 * whoever sets a bit has it; no bit is ever cleared.
 */
struct extmem_poison {
	struct extmem_pool *pool;
	struct extmem_rec rec;
	DECLARE_BITMAP(bad, EXTMEM_POISON_PAGES);
	DECLARE_BITMAP(retired, EXTMEM_POISON_PAGES);
};

bool extmem_map_poisoned(struct extmem_map *map, u64 start, u64 size);
bool extmem_map_retired(struct extmem_map *map, u64 start, u64 size);
struct extmem_poison *extmem_poison_get(struct extmem_pool *pool, u64 pa);
bool extmem_poison_set(struct extmem_poison *poison, unsigned int page);
bool extmem_poison_retire(struct extmem_poison *poison, unsigned int page);
enum extmem_reason extmem_poison_reason(const struct extmem_poison *poison);
bool extmem_poison_any(const struct extmem_pool *pool, const struct extmem_runs *runs);
int extmem_poison_write(struct extmem_poison *poison, u64 start);
void extmem_poison_free(struct extmem_map *map);

/* quarantine.c: memory kept out of everyone's hands */
const char *extmem_reason_text(u64 reason);
int extmem_quarantine(struct extmem_pool *pool, const struct extmem_runs *runs,
		      enum extmem_reason reason);
void extmem_quarantine_link(struct extmem_claim *claim);
int extmem_poison_take(struct extmem_poison *poison, unsigned long bit);
void extmem_pool_release(struct extmem_pool *pool, const struct extmem_claim *claim,
			 unsigned long first, unsigned long nr);
void extmem_pool_give_back(struct extmem_pool *pool, const struct extmem_runs *runs,
			   const struct extmem_runs *dirty);

/* split.c: one claim becomes two */
struct extmem_claim *extmem_claim_split(struct extmem_claim *claim, u64 size);

/* reach.c: memory that is not the kernel's to look at */
void extmem_reach_add(const struct range *range, bool mapped);

#endif /* _MM_EXTMEM_POOL_H */
