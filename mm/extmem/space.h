/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _MM_EXTMEM_SPACE_H
#define _MM_EXTMEM_SPACE_H

/*
 * The lowest layer of mm/extmem: bits, sets of numbers and runs of granules. It
 * knows nothing of addresses, of who has the memory, or of the hand-over map.
 */

#include <linux/bitmap.h>
#include <linux/build_bug.h>
#include <linux/extmem.h>
#include <linux/gfp_types.h>
#include <linux/kho/abi/extmem.h>
#include <linux/types.h>

/*
 * Inside mm/extmem memory is counted in granules: "first" and "nr" are bit
 * numbers and counts in a pool's allocation bitmap. A "gig" is the 512 bits
 * that stand for an aligned gigabyte.
 */
#define EXTMEM_GIG_BITS		512UL
#define EXTMEM_UNIT_GRANULES	(1UL << (EXTMEM_SER_DIRTY_SHIFT - EXTMEM_GRANULE_SHIFT))
#define EXTMEM_NO_UNIT		ULONG_MAX

/*
 * For allocations of boot. What a former kernel handed over is not to be given up
 * for want of memory. A kernel that is short of it as early as this would not come
 * up anyway: it panics, and says why.
 */
#define EXTMEM_GFP_BOOT		(GFP_KERNEL | __GFP_NOFAIL)

/* Sets in which finding a member takes constant time */
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
 *
 * Its user has the lock: that of the map for those in a &struct extmem_space.
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

/* Which granules of a pool are free */

/* The class of gigs whose longest run is of this many granules */
#define EXTMEM_CLASS(nr)	((nr) - 1)
#define EXTMEM_CLASS_WHOLE	EXTMEM_CLASS(EXTMEM_GIG_BITS)
#define EXTMEM_CLASSES		EXTMEM_GIG_BITS
static_assert(EXTMEM_CLASSES <= EXTMEM_SETS);

/**
 * struct extmem_room - what is free of some gigs in a row.
 * @head: free granules before the first that is taken
 * @tail: free granules after the last that is taken
 * @best: the longest run of free granules
 *
 * In a &struct extmem_rooms &extmem_map.lock guards it.
 */
struct extmem_room {
	u32 head;
	u32 tail;
	u32 best;
};

/**
 * struct extmem_rooms - a tree by which the longest free run is found, see room.c.
 * @nr_leaves: leaves, a power of two
 * @node: the nodes: that of all gigs is number 1, the children of n are 2n and
 *        2n + 1, the first leaf is number @nr_leaves
 * @stale: a bit for each node that is not up to date; then its parent is not either
 *
 * Set up at boot but for what @node and @stale point to: &extmem_map.lock guards that.
 */
struct extmem_rooms {
	unsigned long nr_leaves;
	struct extmem_room *node;
	unsigned long *stale;
};

/**
 * struct extmem_space - the granules of a pool.
 * @nbits: bits in @alloc, a multiple of EXTMEM_GIG_BITS
 * @alloc: allocation bitmap, in the map
 * @dirty: dirty bitmap, in the map
 * @alloc_sum: sum over @alloc, see extmem_word_sum()
 * @dirty_sum: sum over @dirty
 * @nr_free: clear bits in @alloc; read without the lock by who only tells of it
 * @nr_dirty: how many of the free granules are dirty
 * @cleaning: the unit whose free granules are being cleared where they are, or
 *            EXTMEM_NO_UNIT
 * @spoiled: a granule of @cleaning has become dirty since that began
 * @run: for each gig the length of its longest run of free granules
 * @class: for each length, the gigs whose longest run has it
 * @rooms: for the longest run of all
 *
 * &extmem_map.lock guards all of it, but @nbits, which is set once.
 */
struct extmem_space {
	unsigned long nbits;
	unsigned long *alloc;
	unsigned long *dirty;
	u64 alloc_sum;
	u64 dirty_sum;
	unsigned long nr_free;
	unsigned long nr_dirty;
	unsigned long cleaning;
	bool spoiled;
	u16 *run;
	struct extmem_sets class;
	struct extmem_rooms rooms;
};

/**
 * struct extmem_run - contiguous granules.
 * @first: bit number of the first
 * @nr: how many
 *
 * In a &struct extmem_runs it is guarded as that is; others are one function's.
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
 *
 * &extmem_map.lock guards those of a claim; others are one function's.
 */
struct extmem_runs {
	unsigned int nr;
	unsigned int cap;
	struct extmem_run *run;
};

/**
 * struct extmem_want - granules that somebody wants.
 * @at: just these, or NULL for any
 * @after: better those that go on where the last of these ends, or NULL
 * @nr: how many
 * @align: 1, or EXTMEM_GIG_BITS for whole gigs only, of which @nr is then a multiple
 *
 * One function's own: no lock.
 */
struct extmem_want {
	const struct extmem_run *at;
	const struct extmem_runs *after;
	unsigned long nr;
	unsigned long align;
};

int extmem_space_init(struct extmem_space *space);
void extmem_space_exit(struct extmem_space *space);
int extmem_space_alloc(struct extmem_space *space, unsigned long nr,
		       unsigned long align, struct extmem_runs *runs);
int extmem_space_take(struct extmem_space *space, const struct extmem_want *want,
		      struct extmem_runs *runs, struct extmem_runs *dirty);
bool extmem_space_is_free(const struct extmem_space *space,
			  unsigned long first, unsigned long nr);
bool extmem_space_breaks_gig(const struct extmem_space *space,
			     unsigned long first, unsigned long nr);
void extmem_space_mark(struct extmem_space *space, unsigned long first,
		       unsigned long nr, bool taken);

/* room.c */
void extmem_room_init(struct extmem_space *space);
void extmem_room_exit(struct extmem_space *space);
void extmem_room_change(struct extmem_space *space, unsigned long gig, unsigned long end);
unsigned long extmem_space_largest(struct extmem_space *space);

void extmem_runs_reserve(struct extmem_runs *runs, unsigned int nr);
int extmem_runs_add(struct extmem_runs *runs, unsigned long first,
		    unsigned long nr);
int extmem_runs_join(struct extmem_runs *runs, const struct extmem_runs *more);
void extmem_runs_pack(struct extmem_runs *runs);
void extmem_runs_free(struct extmem_runs *runs);

/* Bitmaps whose sum is kept as they change */
void extmem_bits_change(unsigned long *map, u64 *sum, unsigned long first,
			unsigned long nr, bool val);
u64 extmem_bits_sum(const unsigned long *map, unsigned long nbits);

/* Which free granules may hold a former owner's data */
void extmem_dirty_mark(struct extmem_space *space, unsigned long first,
		       unsigned long nr);
void extmem_space_free(struct extmem_space *space, unsigned long first,
		       unsigned long nr, bool dirty);
void extmem_dirty_settle(struct extmem_space *space, unsigned long first,
			 unsigned long nr);
void extmem_dirty_settle_runs(struct extmem_space *space,
			      const struct extmem_runs *runs);
bool extmem_dirty_next(const struct extmem_space *space, unsigned long *pos,
		       unsigned long end, struct extmem_run *run);

/* How many free granules are dirty */
static inline unsigned long extmem_dirty_count(const struct extmem_space *space)
{
	return space->nr_dirty;
}

bool extmem_dirty_begin(struct extmem_space *space, unsigned long *pos,
			struct extmem_run *run);
void extmem_dirty_end(struct extmem_space *space, bool cleared);

#endif /* _MM_EXTMEM_SPACE_H */
