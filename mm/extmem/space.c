// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: extmem allocator
 *
 * A bit for each granule says whether it is taken. Over the bits lies a
 * summary: for each gig (the 512 granules of an aligned gigabyte) the length
 * of its longest free run, and for each length the set of gigs that have it.
 * So a small request goes straight to a gig that has just the room, and a
 * whole free gig is broken only when no broken one serves; a request for a
 * gigabyte goes straight to a whole one. Neither looks at the bitmap beyond the
 * gigs it changes, however big the pool. For several gigabytes in a row the
 * runs of whole gigs are compared, at a bit a gigabyte.
 *
 * The summary takes 67 KiB of ordinary memory a terabyte, and the tree by which the
 * longest run of all is found 3 KiB, see room.c.
 *
 * The sets are bitmaps with summaries of their own: bit i of level n + 1 says
 * whether word i of level n has a bit set. With four levels of 64-bit words
 * finding the first of 16 million members looks at four words.
 *
 * Runs never cross from one range of the pool into the next: between two
 * ranges there is a gig of bits that are always set.
 *
 * A second bitmap says which of the free granules may hold a former owner's
 * data. A bit of it stands for a unit of two granules and speaks only of those
 * of them that are free: halving the bitmap keeps the whole map within 128 KiB a
 * terabyte. It errs to one side: freeing a granule may make its clean neighbour
 * dirty too, never the other way round.
 *
 * Both bitmaps are in the hand-over map. Each has a sum over its words that is
 * kept current as bits change, so that nothing needs to be walked at kexec.
 */
#include <linux/bitmap.h>
#include <linux/bitops.h>
#include <linux/find.h>
#include <linux/math.h>
#include <linux/minmax.h>
#include <linux/overflow.h>
#include <linux/slab.h>

#include "space.h"

/**
 * extmem_runs_reserve - make room in a list.
 * @runs: the list, new
 * @nr: how many runs it is to have
 *
 * Context: boot. Adding up to @nr runs does not fail afterwards.
 */
void extmem_runs_reserve(struct extmem_runs *runs, unsigned int nr)
{
	runs->run = kvmalloc_objs(*runs->run, nr, EXTMEM_GFP_BOOT);
	runs->cap = nr;
}

/**
 * extmem_runs_add - append a run to a list.
 * @runs: the list
 * @first: the first granule
 * @nr: how many
 *
 * Return: 0 or -ENOMEM.
 */
int extmem_runs_add(struct extmem_runs *runs, unsigned long first,
		    unsigned long nr)
{
	if (runs->nr == runs->cap) {
		unsigned int cap = runs->cap ? 2 * runs->cap : 1;
		struct extmem_run *run;

		run = kvrealloc(runs->run, array_size(cap, sizeof(*run)), GFP_KERNEL);
		if (!run)
			return -ENOMEM;
		runs->run = run;
		runs->cap = cap;
	}
	runs->run[runs->nr++] = (struct extmem_run) { first, nr };
	return 0;
}

/**
 * extmem_runs_join - append runs to a list, joining what is contiguous.
 * @runs: the list
 * @more: the runs
 *
 * Return: 0 or -ENOMEM, and then part of them may have been joined.
 */
int extmem_runs_join(struct extmem_runs *runs, const struct extmem_runs *more)
{
	struct extmem_run *last = runs->nr ? &runs->run[runs->nr - 1] : NULL;
	unsigned int i;

	for (i = 0; i < more->nr; i++) {
		const struct extmem_run *run = &more->run[i];

		if (last && last->first + last->nr == run->first)
			last->nr += run->nr;
		else if (extmem_runs_add(runs, run->first, run->nr))
			return -ENOMEM;
		last = &runs->run[runs->nr - 1];
	}
	return 0;
}

/**
 * extmem_runs_pack - join what is contiguous in a list.
 * @runs: the list
 */
void extmem_runs_pack(struct extmem_runs *runs)
{
	struct extmem_run *last = runs->run;
	unsigned int i;

	for (i = 1; i < runs->nr; i++) {
		const struct extmem_run *run = &runs->run[i];

		if (last->first + last->nr == run->first)
			last->nr += run->nr;
		else
			*++last = *run;
	}
	if (runs->nr)
		runs->nr = last - runs->run + 1;
}

/**
 * extmem_runs_free - free a list of runs.
 * @runs: the list, empty afterwards
 */
void extmem_runs_free(struct extmem_runs *runs)
{
	kvfree(runs->run);
	*runs = (struct extmem_runs) {};
}

/**
 * extmem_bits_change - set or clear bits and keep the sum.
 * @map: the bitmap
 * @sum: its sum
 * @first: the first bit
 * @nr: how many
 * @val: what they become
 */
void extmem_bits_change(unsigned long *map, u64 *sum, unsigned long first,
			unsigned long nr, bool val)
{
	unsigned long end = first + nr;

	while (first < end) {
		unsigned long i = BIT_WORD(first);
		unsigned long stop = min(end, (i + 1) * BITS_PER_LONG);
		unsigned long mask = BITMAP_FIRST_WORD_MASK(first) &
				     BITMAP_LAST_WORD_MASK(stop);
		unsigned long new = val ? map[i] | mask : map[i] & ~mask;

		*sum += extmem_word_sum(new, i) - extmem_word_sum(map[i], i);
		map[i] = new;
		first = stop;
	}
}

/**
 * extmem_bits_sum - the sum of a bitmap from scratch.
 * @map: the bitmap
 * @nbits: its size, a multiple of BITS_PER_LONG
 *
 * Return: the sum.
 */
u64 extmem_bits_sum(const unsigned long *map, unsigned long nbits)
{
	unsigned long i;
	u64 sum = 0;

	for (i = 0; i < nbits / BITS_PER_LONG; i++)
		sum += extmem_word_sum(map[i], i);
	return sum;
}

static unsigned long *extmem_sets_level(const struct extmem_sets *sets,
					unsigned int set, unsigned int i)
{
	return sets->words + set * sets->set_words + sets->level[i];
}

static int extmem_sets_lay_out(struct extmem_sets *sets)
{
	unsigned long words = sets->nbits;

	do {
		words = BITS_TO_LONGS(words);
		if (sets->nr_levels == EXTMEM_SET_LEVELS)
			return -EINVAL;
		sets->level[sets->nr_levels++] = sets->set_words;
		sets->set_words += words;
	} while (words > 1);
	return 0;
}

/**
 * extmem_sets_init - make empty sets.
 * @sets: the sets
 * @nr: how many, at most EXTMEM_SETS
 * @nbits: members are 0 to @nbits - 1
 *
 * Return: 0, or -ENOMEM, or -EINVAL if @nbits is beyond what the levels hold.
 */
int extmem_sets_init(struct extmem_sets *sets, unsigned int nr, unsigned long nbits)
{
	int err;

	*sets = (struct extmem_sets) { .nr = nr, .nbits = nbits };
	err = extmem_sets_lay_out(sets);
	if (err)
		return err;
	sets->words = kvcalloc(size_mul(nr, sets->set_words), sizeof(long),
			       EXTMEM_GFP_BOOT);
	return 0;
}

/**
 * extmem_sets_exit - free what extmem_sets_init() took.
 * @sets: the sets
 */
void extmem_sets_exit(struct extmem_sets *sets)
{
	kvfree(sets->words);
	sets->words = NULL;
}

/**
 * extmem_sets_add - add a member to a set.
 * @sets: the sets
 * @set: which of them
 * @bit: the member
 */
void extmem_sets_add(struct extmem_sets *sets, unsigned int set, unsigned long bit)
{
	unsigned int i;

	for (i = 0; i < sets->nr_levels; i++, bit /= BITS_PER_LONG) {
		unsigned long *word = extmem_sets_level(sets, set, i) + BIT_WORD(bit);
		bool had = *word;

		*word |= BIT_MASK(bit);
		if (had)
			return;
	}
	__set_bit(set, sets->used);
}

/**
 * extmem_sets_del - remove a member from a set.
 * @sets: the sets
 * @set: which of them
 * @bit: the member
 */
void extmem_sets_del(struct extmem_sets *sets, unsigned int set, unsigned long bit)
{
	unsigned int i;

	for (i = 0; i < sets->nr_levels; i++, bit /= BITS_PER_LONG) {
		unsigned long *word = extmem_sets_level(sets, set, i) + BIT_WORD(bit);

		*word &= ~BIT_MASK(bit);
		if (*word)
			return;
	}
	__clear_bit(set, sets->used);
}

/**
 * extmem_sets_first - the smallest member of a set.
 * @sets: the sets
 * @set: which of them
 *
 * Return: the member, or the number of bits if the set is empty.
 */
unsigned long extmem_sets_first(const struct extmem_sets *sets, unsigned int set)
{
	unsigned int i = sets->nr_levels;
	unsigned long bit = 0;

	if (!test_bit(set, sets->used))
		return sets->nbits;
	while (i--)
		bit = bit * BITS_PER_LONG + __ffs(extmem_sets_level(sets, set, i)[bit]);
	return bit;
}

/**
 * extmem_sets_members - a set as a bitmap.
 * @sets: the sets
 * @set: which of them
 *
 * Return: the bitmap.
 */
const unsigned long *extmem_sets_members(const struct extmem_sets *sets,
					 unsigned int set)
{
	return extmem_sets_level(sets, set, 0);
}

/**
 * extmem_sets_next - the next set that has members.
 * @sets: the sets
 * @set: the first to look at
 *
 * Return: which, or the number of sets if there is none.
 */
unsigned int extmem_sets_next(const struct extmem_sets *sets, unsigned int set)
{
	return find_next_bit(sets->used, sets->nr, set);
}

/**
 * extmem_sets_last - the last set that has members.
 * @sets: the sets
 *
 * Return: which, or the number of sets if there is none.
 */
unsigned int extmem_sets_last(const struct extmem_sets *sets)
{
	return find_last_bit(sets->used, sets->nr);
}

static unsigned long extmem_space_nr_gigs(const struct extmem_space *space)
{
	return space->nbits / EXTMEM_GIG_BITS;
}

#define GIG_WORDS	(EXTMEM_GIG_BITS / BITS_PER_LONG)

/* The longest run of clear bits in a gig that has an end of a word in it */
static unsigned int extmem_space_longest_at_ends(const unsigned long *map)
{
	unsigned int i, run = 0, best = 0;

	for (i = 0; i < GIG_WORDS; i++) {
		if (!map[i]) {
			run += BITS_PER_LONG;
			continue;
		}
		best = max(best, run + __ffs(map[i]));
		run = BITS_PER_LONG - 1 - __fls(map[i]);
	}
	return max(best, run);
}

/* The longest run of set bits in a word if it is longer than @best, or @best */
static unsigned int extmem_space_longest_in_word(unsigned long word, unsigned int best)
{
	unsigned int cut = 0, step;

	/* Cut that much off every run, doubling the step, to see if one is left */
	for (; word && cut < best; cut += step) {
		step = min(cut + 1, best - cut);
		word &= word >> step;
	}
	for (; word; word &= word >> 1)
		best++;
	return best;
}

/* The length of the longest run of clear bits in a gig */
static unsigned int extmem_space_longest_run(const unsigned long *map)
{
	unsigned int best = extmem_space_longest_at_ends(map), i;

	for (i = 0; i < GIG_WORDS && best < BITS_PER_LONG; i++)
		best = extmem_space_longest_in_word(~map[i], best);
	return best;
}

static void extmem_space_update_gig(struct extmem_space *space, unsigned long gig)
{
	unsigned int old = space->run[gig];
	unsigned int new = extmem_space_longest_run(space->alloc + gig * GIG_WORDS);

	if (old == new)
		return;
	space->run[gig] = new;
	if (old)
		extmem_sets_del(&space->class, EXTMEM_CLASS(old), gig);
	if (new)
		extmem_sets_add(&space->class, EXTMEM_CLASS(new), gig);
}

/* Bit n of a word twice, as bits 2n and 2n + 1: the granules of units */
static u64 extmem_dirty_spread(u32 units)
{
	u64 bits = units;

	static_assert(EXTMEM_UNIT_GRANULES == 2);
	bits = (bits | bits << 16) & 0x0000ffff0000ffffULL;
	bits = (bits | bits << 8) & 0x00ff00ff00ff00ffULL;
	bits = (bits | bits << 4) & 0x0f0f0f0f0f0f0f0fULL;
	bits = (bits | bits << 2) & 0x3333333333333333ULL;
	bits = (bits | bits << 1) & 0x5555555555555555ULL;
	return bits | bits << 1;
}

/* The free granules of the units of word @i of the dirty bitmap that are in @units */
static unsigned int extmem_dirty_free_of(const struct extmem_space *space,
					 unsigned long i, u64 units)
{
	const unsigned long *alloc = space->alloc + i * EXTMEM_UNIT_GRANULES;

	if (!units)
		return 0;
	return hweight64(~alloc[0] & extmem_dirty_spread(lower_32_bits(units))) +
	       hweight64(~alloc[1] & extmem_dirty_spread(upper_32_bits(units)));
}

/* All free granules that are dirty, from scratch */
static unsigned long extmem_dirty_weight(const struct extmem_space *space)
{
	unsigned long words = space->nbits / EXTMEM_UNIT_GRANULES / BITS_PER_LONG, i;
	unsigned long nr = 0;

	for (i = 0; i < words; i++)
		nr += extmem_dirty_free_of(space, i, space->dirty[i]);
	return nr;
}

/* Granules whose unit is dirty, free or not */
static unsigned long extmem_dirty_granules(const struct extmem_space *space,
					   unsigned long first, unsigned long nr)
{
	unsigned long unit = first / EXTMEM_UNIT_GRANULES, end = first + nr;
	unsigned long stop = DIV_ROUND_UP(end, EXTMEM_UNIT_GRANULES);

	if (nr == 1)
		return test_bit(unit, space->dirty);
	nr = EXTMEM_UNIT_GRANULES * bitmap_weight_from(space->dirty, unit, stop);
	if (first % EXTMEM_UNIT_GRANULES)
		nr -= test_bit(unit, space->dirty);
	if (end % EXTMEM_UNIT_GRANULES)
		nr -= test_bit(stop - 1, space->dirty);
	return nr;
}

/**
 * extmem_space_init - build the summary of a bitmap.
 * @space: nbits, alloc and dirty are set; the rest is filled in
 *
 * Context: boot.
 * Return: 0, or -EINVAL for a bitmap beyond what a summary can hold.
 */
int extmem_space_init(struct extmem_space *space)
{
	unsigned long gig;
	int err;

	space->run = kvcalloc(extmem_space_nr_gigs(space), sizeof(*space->run),
			      EXTMEM_GFP_BOOT);
	err = extmem_sets_init(&space->class, EXTMEM_CLASSES,
			       extmem_space_nr_gigs(space));
	if (err) {
		extmem_space_exit(space);
		return err;
	}
	for (gig = 0; gig < extmem_space_nr_gigs(space); gig++)
		extmem_space_update_gig(space, gig);
	extmem_room_init(space);
	space->cleaning = EXTMEM_NO_UNIT;
	space->nr_dirty = extmem_dirty_weight(space);
	space->nr_free = space->nbits - bitmap_weight(space->alloc, space->nbits);
	space->alloc_sum = extmem_bits_sum(space->alloc, space->nbits);
	space->dirty_sum = extmem_bits_sum(space->dirty,
					   space->nbits / EXTMEM_UNIT_GRANULES);
	return 0;
}

/**
 * extmem_space_exit - free the summary.
 * @space: the space
 */
void extmem_space_exit(struct extmem_space *space)
{
	extmem_room_exit(space);
	extmem_sets_exit(&space->class);
	kvfree(space->run);
	space->run = NULL;
}

/* All but the number of dirty granules, which is the caller's business */
static void extmem_space_set(struct extmem_space *space, unsigned long first,
			     unsigned long nr, bool taken)
{
	unsigned long gig;

	extmem_bits_change(space->alloc, &space->alloc_sum, first, nr, taken);
	space->nr_free += taken ? -nr : nr;
	for (gig = first / EXTMEM_GIG_BITS; gig * EXTMEM_GIG_BITS < first + nr; gig++)
		extmem_space_update_gig(space, gig);
	extmem_room_change(space, first / EXTMEM_GIG_BITS, gig);
}

/**
 * extmem_space_mark - take granules or give them back.
 * @space: the space
 * @first: the first granule
 * @nr: how many; all of them free if @taken, all taken otherwise
 * @taken: what they become
 */
void extmem_space_mark(struct extmem_space *space, unsigned long first,
		       unsigned long nr, bool taken)
{
	/* Nothing that is free is dirty: what is taken is not either */
	if (taken && space->nr_dirty)
		space->nr_dirty -= extmem_dirty_granules(space, first, nr);
	else if (!taken)
		space->nr_dirty += extmem_dirty_granules(space, first, nr);
	extmem_space_set(space, first, nr, taken);
}

/**
 * extmem_space_is_free - whether all of some granules are free.
 * @space: the space
 * @first: the first granule
 * @nr: how many
 *
 * Return: true if they are.
 */
bool extmem_space_is_free(const struct extmem_space *space,
			  unsigned long first, unsigned long nr)
{
	if (first >= space->nbits || nr > space->nbits - first)
		return false;
	return find_next_bit(space->alloc, first + nr, first) >= first + nr;
}

/**
 * extmem_space_breaks_gig - whether taking granules would break a whole gig.
 * @space: the space
 * @first: the first granule
 * @nr: how many
 *
 * Return: true if a gig in which all is free would be taken in part.
 */
bool extmem_space_breaks_gig(const struct extmem_space *space,
			     unsigned long first, unsigned long nr)
{
	unsigned long end = first + nr;

	if (first % EXTMEM_GIG_BITS &&
	    space->run[first / EXTMEM_GIG_BITS] == EXTMEM_GIG_BITS)
		return true;
	return end % EXTMEM_GIG_BITS &&
	       space->run[end / EXTMEM_GIG_BITS] == EXTMEM_GIG_BITS;
}

/* A run of @nr free granules in @gig, which has one */
static struct extmem_run extmem_space_run_in_gig(const struct extmem_space *space,
						 unsigned long gig, unsigned long nr)
{
	unsigned long first = gig * EXTMEM_GIG_BITS;

	first = bitmap_find_next_zero_area(space->alloc, first + EXTMEM_GIG_BITS,
					   first, nr, 0);
	return (struct extmem_run) { first, nr };
}

/* A run of @nr granules from the tightest gig; a whole one is the last resort */
static struct extmem_run extmem_space_pick_small(const struct extmem_space *space,
						 unsigned long nr)
{
	unsigned int class = extmem_sets_next(&space->class, EXTMEM_CLASS(nr));

	if (class == EXTMEM_CLASSES)
		return (struct extmem_run) {};
	return extmem_space_run_in_gig(space, extmem_sets_first(&space->class, class),
				       nr);
}

/* The longest run there is, at most @nr granules of it */
static struct extmem_run extmem_space_pick_longest(const struct extmem_space *space,
						   unsigned long nr)
{
	unsigned int class = extmem_sets_last(&space->class);
	unsigned long gig;

	if (class == EXTMEM_CLASSES)
		return (struct extmem_run) {};
	gig = extmem_sets_first(&space->class, class);
	return extmem_space_run_in_gig(space, gig,
				       min_t(unsigned long, nr, space->run[gig]));
}

/*
 * The shortest run of at least @gigs whole gigs, or else the longest. None is
 * longer than *@longest, which is kept up to date: it spares a request that is
 * met in many pieces from comparing all runs for each.
 */
static struct extmem_run
extmem_space_pick_whole(const struct extmem_space *space, unsigned long gigs,
			unsigned long *longest)
{
	const unsigned long *whole = extmem_sets_members(&space->class,
							 EXTMEM_CLASS_WHOLE);
	unsigned long first = extmem_sets_first(&space->class, EXTMEM_CLASS_WHOLE);
	unsigned long enough = min(gigs, *longest);
	unsigned long best = 0, best_nr = 0, nbits = extmem_space_nr_gigs(space), end;

	if (enough == 1 && first < nbits)
		return (struct extmem_run) { first * EXTMEM_GIG_BITS, EXTMEM_GIG_BITS };

	for (; first < nbits && best_nr != enough;
	     first = find_next_bit(whole, nbits, end)) {
		unsigned long nr;

		end = find_next_zero_bit(whole, nbits, first);
		nr = end - first;
		if (best_nr < gigs ? nr > best_nr : nr >= gigs && nr < best_nr) {
			best = first;
			best_nr = nr;
		}
	}
	if (best_nr < gigs)
		*longest = best_nr;
	return (struct extmem_run) { best * EXTMEM_GIG_BITS,
				     min(best_nr, gigs) * EXTMEM_GIG_BITS };
}

static struct extmem_run extmem_space_pick(const struct extmem_space *space,
					   unsigned long nr, unsigned long align,
					   unsigned long *longest)
{
	struct extmem_run run = {};

	if (nr >= EXTMEM_GIG_BITS)
		run = extmem_space_pick_whole(space, nr / EXTMEM_GIG_BITS, longest);
	if (!run.nr && align == 1)
		run = extmem_space_pick_small(space, min(nr, EXTMEM_GIG_BITS));
	if (!run.nr && align == 1)
		run = extmem_space_pick_longest(space, nr);
	return run;
}

/* Free what was just taken, but for the first @had runs */
static void extmem_space_undo(struct extmem_space *space, struct extmem_runs *runs,
			      unsigned int had)
{
	while (runs->nr > had) {
		runs->nr--;
		extmem_space_mark(space, runs->run[runs->nr].first,
				  runs->run[runs->nr].nr, false);
	}
}

/**
 * extmem_space_alloc - find granules and take them.
 * @space: the space
 * @nr: how many
 * @align: 1, or EXTMEM_GIG_BITS for whole gigs only, of which @nr is then a
 *         multiple
 * @runs: what was taken is appended here, biggest first
 *
 * Return: 0; -ENOSPC if there is no room, or -ENOMEM: then nothing was taken
 * and @runs is as it was but for its capacity.
 */
int extmem_space_alloc(struct extmem_space *space, unsigned long nr,
		       unsigned long align, struct extmem_runs *runs)
{
	unsigned long longest = ULONG_MAX;
	unsigned int had = runs->nr;
	int err = 0;

	if (nr > space->nr_free)
		return -ENOSPC;
	while (nr) {
		struct extmem_run run = extmem_space_pick(space, nr, align, &longest);

		err = run.nr ? extmem_runs_add(runs, run.first, run.nr) : -ENOSPC;
		if (err)
			break;
		extmem_space_mark(space, run.first, run.nr, true);
		nr -= run.nr;
	}
	if (err)
		extmem_space_undo(space, runs, had);
	return err;
}

static int extmem_space_alloc_at(struct extmem_space *space, const struct extmem_run *run,
				 struct extmem_runs *runs)
{
	int err;

	if (!extmem_space_is_free(space, run->first, run->nr))
		return -EBUSY;
	err = extmem_runs_add(runs, run->first, run->nr);
	if (!err)
		extmem_space_mark(space, run->first, run->nr, true);
	return err;
}

/* False if what goes on there is not free, not aligned, or would break a whole gig */
static bool extmem_space_alloc_after(struct extmem_space *space,
				     const struct extmem_want *want,
				     struct extmem_runs *runs)
{
	const struct extmem_run *last = &want->after->run[want->after->nr - 1];
	unsigned long first = last->first + last->nr;

	if (first % want->align || !extmem_space_is_free(space, first, want->nr) ||
	    extmem_space_breaks_gig(space, first, want->nr) ||
	    extmem_runs_add(runs, first, want->nr))
		return false;
	extmem_space_mark(space, first, want->nr, true);
	return true;
}

/* The free granules of a unit: of two, they are one run at most */
static struct extmem_run
extmem_dirty_unit_free(const struct extmem_space *space, unsigned long unit)
{
	unsigned long first = unit * EXTMEM_UNIT_GRANULES;
	unsigned long end = first + EXTMEM_UNIT_GRANULES;

	first = find_next_zero_bit(space->alloc, end, first);
	return (struct extmem_run) {
		first, find_next_bit(space->alloc, end, first) - first
	};
}

static bool extmem_dirty_unit_is_taken(const struct extmem_space *space,
				       unsigned long unit)
{
	unsigned long bit = unit * EXTMEM_UNIT_GRANULES;

	return test_bit(bit, space->alloc) && test_bit(bit + 1, space->alloc);
}

/* The free granules of those units of [@unit, @end) that are not dirty yet */
static unsigned long extmem_dirty_fresh(const struct extmem_space *space,
					unsigned long unit, unsigned long end)
{
	unsigned long nr = 0;

	while (unit < end) {
		unsigned long i = BIT_WORD(unit);
		unsigned long stop = min(end, (i + 1) * BITS_PER_LONG);
		unsigned long mask = BITMAP_FIRST_WORD_MASK(unit) &
				     BITMAP_LAST_WORD_MASK(stop);

		nr += extmem_dirty_free_of(space, i, mask & ~space->dirty[i]);
		unit = stop;
	}
	return nr;
}

static void extmem_dirty_set(struct extmem_space *space, unsigned long unit,
			     unsigned long end)
{
	extmem_bits_change(space->dirty, &space->dirty_sum, unit, end - unit, true);
	if (space->cleaning >= unit && space->cleaning < end)
		space->spoiled = true;
}

/**
 * extmem_dirty_mark - granules that were just freed become dirty.
 * @space: the space
 * @first: the first granule
 * @nr: how many
 *
 * Whoever clears their unit in place right now may have passed them already.
 */
void extmem_dirty_mark(struct extmem_space *space, unsigned long first,
		       unsigned long nr)
{
	unsigned long unit = first / EXTMEM_UNIT_GRANULES;
	unsigned long end = DIV_ROUND_UP(first + nr, EXTMEM_UNIT_GRANULES);

	space->nr_dirty += extmem_dirty_fresh(space, unit, end);
	extmem_dirty_set(space, unit, end);
}

/* A free granule that becomes dirty because the other one of its unit does */
static bool extmem_dirty_drags(const struct extmem_space *space, unsigned long bit)
{
	return !test_bit(bit, space->alloc) &&
	       !test_bit(bit / EXTMEM_UNIT_GRANULES, space->dirty);
}

/* Of granules that are freed and were somebody's it is known that all become dirty */
static void extmem_space_free_dirty(struct extmem_space *space, unsigned long first,
				    unsigned long nr)
{
	unsigned long end = first + nr;

	space->nr_dirty += nr;
	if (first % EXTMEM_UNIT_GRANULES)
		space->nr_dirty += extmem_dirty_drags(space, first - 1);
	if (end % EXTMEM_UNIT_GRANULES)
		space->nr_dirty += extmem_dirty_drags(space, end);
	extmem_space_set(space, first, nr, false);
	extmem_dirty_set(space, first / EXTMEM_UNIT_GRANULES,
			 DIV_ROUND_UP(end, EXTMEM_UNIT_GRANULES));
}

/**
 * extmem_space_free - give granules back.
 * @space: the space
 * @first: the first granule
 * @nr: how many, perhaps none
 * @dirty: they may hold somebody's data
 */
void extmem_space_free(struct extmem_space *space, unsigned long first,
		       unsigned long nr, bool dirty)
{
	if (!nr)
		return;
	if (dirty)
		extmem_space_free_dirty(space, first, nr);
	else
		extmem_space_mark(space, first, nr, false);
}

/**
 * extmem_dirty_settle - forget the dirt of granules that have an owner now.
 * @space: the space
 * @first: the first granule, marked taken
 * @nr: how many
 *
 * A unit stays dirty while a granule of it is free: so the number of dirty free
 * granules stays as it is.
 */
void extmem_dirty_settle(struct extmem_space *space, unsigned long first,
			 unsigned long nr)
{
	unsigned long unit = first / EXTMEM_UNIT_GRANULES;
	unsigned long end = DIV_ROUND_UP(first + nr, EXTMEM_UNIT_GRANULES);

	if (unit < end && !extmem_dirty_unit_is_taken(space, unit))
		unit++;
	if (unit < end && !extmem_dirty_unit_is_taken(space, end - 1))
		end--;
	if (unit < end)
		extmem_bits_change(space->dirty, &space->dirty_sum, unit,
				   end - unit, false);
}

/**
 * extmem_dirty_settle_runs - extmem_dirty_settle() for a list.
 * @space: the space
 * @runs: granules that have an owner now
 */
void extmem_dirty_settle_runs(struct extmem_space *space,
			      const struct extmem_runs *runs)
{
	unsigned int i;

	for (i = 0; i < runs->nr; i++)
		extmem_dirty_settle(space, runs->run[i].first, runs->run[i].nr);
}

/**
 * extmem_dirty_next - find dirty granules.
 * @space: the space
 * @pos: where to start, moved past what was found
 * @end: where to stop
 * @run: the granules found
 *
 * Granules are reported whether they are free or not: a caller that has just
 * taken them asks what it must clear.
 *
 * Return: true if @run holds something.
 */
bool extmem_dirty_next(const struct extmem_space *space, unsigned long *pos,
		       unsigned long end, struct extmem_run *run)
{
	unsigned long units = DIV_ROUND_UP(end, EXTMEM_UNIT_GRANULES);
	unsigned long unit, stop;

	if (*pos >= end)
		return false;
	unit = find_next_bit(space->dirty, units, *pos / EXTMEM_UNIT_GRANULES);
	if (unit >= units)
		return false;
	stop = find_next_zero_bit(space->dirty, units, unit);

	run->first = max(*pos, unit * EXTMEM_UNIT_GRANULES);
	*pos = min(end, stop * EXTMEM_UNIT_GRANULES);
	run->nr = *pos - run->first;
	return true;
}

/* The dirty ones of some granules are appended to @dirty */
static int extmem_dirty_list(const struct extmem_space *space,
			     const struct extmem_runs *runs, struct extmem_runs *dirty)
{
	unsigned int i;
	int err = 0;

	for (i = 0; !err && i < runs->nr; i++) {
		unsigned long pos = runs->run[i].first;
		unsigned long end = pos + runs->run[i].nr;
		struct extmem_run run;

		while (!err && extmem_dirty_next(space, &pos, end, &run))
			err = extmem_runs_add(dirty, run.first, run.nr);
	}
	return err;
}

/**
 * extmem_space_take - take granules, and tell what is dirty of them.
 * @space: the space
 * @want: which granules, and how many
 * @runs: an empty list; what was taken is put here, biggest first
 * @dirty: an empty list; what must be cleared of that is put here
 *
 * The caller goes by @dirty from when it first drops the lock: from then on a dirty
 * bit may be gone because what it speaks for is not free, not because it is clean.
 *
 * Return: 0; -ENOSPC if there is no room, -EBUSY if what is wanted is not all free,
 * or -ENOMEM: then nothing was taken.
 */
int extmem_space_take(struct extmem_space *space, const struct extmem_want *want,
		      struct extmem_runs *runs, struct extmem_runs *dirty)
{
	int err = 0;

	if (want->at)
		err = extmem_space_alloc_at(space, want->at, runs);
	else if (!want->after || !extmem_space_alloc_after(space, want, runs))
		err = extmem_space_alloc(space, want->nr, want->align, runs);
	if (err)
		return err;
	err = extmem_dirty_list(space, runs, dirty);
	if (err)
		extmem_space_undo(space, runs, 0);
	return err;
}

/**
 * extmem_dirty_begin - pick a dirty unit, to clear its free granules in place.
 * @space: the space, in which no other unit is being cleared
 * @pos: the unit to look at first, moved past the one that is picked; the
 *       search goes around
 * @run: its free granules, perhaps none
 *
 * They stay free and dirty: extmem_dirty_end() tells what became of them. A
 * granule taken meanwhile must not be used before that.
 *
 * Return: false if nothing is dirty.
 */
bool extmem_dirty_begin(struct extmem_space *space, unsigned long *pos,
			struct extmem_run *run)
{
	unsigned long units = space->nbits / EXTMEM_UNIT_GRANULES;
	unsigned long unit = find_next_bit(space->dirty, units, *pos);

	if (unit >= units)
		unit = find_first_bit(space->dirty, units);
	if (unit >= units)
		return false;
	*pos = unit + 1;
	*run = extmem_dirty_unit_free(space, unit);
	space->cleaning = unit;
	space->spoiled = false;
	return true;
}

/**
 * extmem_dirty_end - be done with what extmem_dirty_begin() picked.
 * @space: the space
 * @cleared: all of it was cleared
 *
 * The unit is clean then, unless one of its granules was freed meanwhile. A
 * granule that was taken meanwhile is clean, too.
 */
void extmem_dirty_end(struct extmem_space *space, bool cleared)
{
	unsigned long unit = space->cleaning;

	if (cleared && !space->spoiled && test_bit(unit, space->dirty)) {
		space->nr_dirty -= extmem_dirty_unit_free(space, unit).nr;
		extmem_bits_change(space->dirty, &space->dirty_sum, unit, 1, false);
	}
	space->cleaning = EXTMEM_NO_UNIT;
}
