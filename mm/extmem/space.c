// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: extmem allocator
 *
 * A bit for each granule says whether it is taken. Over the bits lies a
 * summary: for each gig (the 512 granules of an aligned gigabyte) the length
 * of its longest free run, and for each class of lengths the set of gigs in
 * it. So a small request goes straight to a gig that has just about the room
 * and a whole free gig is broken only when no broken one serves; a request
 * for gigabytes goes straight to whole ones. Neither looks at the bitmap
 * beyond the gigs it changes.
 *
 * Runs never cross from one range of the pool into the next: between two
 * ranges there is a gig of bits that are always set.
 */
#include <linux/bitmap.h>
#include <linux/find.h>
#include <linux/log2.h>
#include <linux/slab.h>

#include "internal.h"

static unsigned long nr_gigs(const struct extmem_space *space)
{
	return space->nbits / EXTMEM_GIG_BITS;
}

/* The length of the longest run of clear bits in a gig */
static unsigned int longest_run(const unsigned long *map)
{
	unsigned int i, run = 0, best = 0;

	for (i = 0; i < EXTMEM_GIG_BITS / BITS_PER_LONG; i++) {
		unsigned long word = map[i], inner;
		unsigned int len = 0;

		if (!word) {
			run += BITS_PER_LONG;
			continue;
		}
		best = max(best, run + __ffs(word));
		for (inner = ~word; inner; inner &= inner >> 1)
			len++;
		best = max(best, len);
		run = BITS_PER_LONG - 1 - __fls(word);
	}
	return max(best, run);
}

static void update_gig(struct extmem_space *space, unsigned long gig)
{
	unsigned int old = space->run[gig];
	unsigned int new = longest_run(space->alloc + gig * EXTMEM_GIG_BITS / BITS_PER_LONG);

	space->run[gig] = new;
	if (old && new && ilog2(old) == ilog2(new))
		return;
	if (old)
		extmem_set_del(&space->class[ilog2(old)], gig);
	if (new)
		extmem_set_add(&space->class[ilog2(new)], gig);
}

/**
 * extmem_space_init - build the summary of a bitmap.
 * @space: nbits, alloc and dirty are set; the rest is filled in
 *
 * Return: 0, -ENOMEM, or -EINVAL for a bitmap beyond what a summary can hold.
 */
int extmem_space_init(struct extmem_space *space)
{
	unsigned long gig;
	unsigned int i;
	int err;

	space->run = kvcalloc(nr_gigs(space), sizeof(*space->run), GFP_KERNEL);
	if (!space->run)
		return -ENOMEM;
	for (i = 0; i < EXTMEM_CLASSES; i++) {
		err = extmem_set_init(&space->class[i], nr_gigs(space));
		if (err) {
			extmem_space_exit(space);
			return err;
		}
	}
	for (gig = 0; gig < nr_gigs(space); gig++)
		update_gig(space, gig);
	space->cleaning = EXTMEM_NO_UNIT;
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
	unsigned int i;

	for (i = 0; i < EXTMEM_CLASSES; i++)
		extmem_set_exit(&space->class[i]);
	kvfree(space->run);
	space->run = NULL;
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
	unsigned long gig;

	extmem_bits_change(space->alloc, &space->alloc_sum, first, nr, taken);
	space->nr_free += taken ? -nr : nr;
	for (gig = first / EXTMEM_GIG_BITS; gig * EXTMEM_GIG_BITS < first + nr; gig++)
		update_gig(space, gig);
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
static struct extmem_run run_in_gig(const struct extmem_space *space,
				    unsigned long gig, unsigned long nr)
{
	unsigned long first = gig * EXTMEM_GIG_BITS;

	first = bitmap_find_next_zero_area(space->alloc, first + EXTMEM_GIG_BITS,
					   first, nr, 0);
	return (struct extmem_run) { first, nr };
}

/* The gig of a class whose longest run is the shortest of at least @min */
static unsigned long tightest_in_class(const struct extmem_space *space,
				       unsigned int class, unsigned long min)
{
	const struct extmem_set *set = &space->class[class];
	unsigned long gig, best = set->nbits;

	for_each_set_bit(gig, set->level[0], set->nbits) {
		if (space->run[gig] < min)
			continue;
		if (best == set->nbits || space->run[gig] < space->run[best])
			best = gig;
		if (space->run[best] == min)
			break;
	}
	return best;
}

/* A run of @nr granules, less than a gig, from a broken gig if one serves */
static struct extmem_run pick_small(const struct extmem_space *space,
				    unsigned long nr)
{
	unsigned int class = ilog2(nr);
	unsigned long gig;

	if (!is_power_of_2(nr)) {
		gig = tightest_in_class(space, class++, nr);
		if (gig < nr_gigs(space))
			return run_in_gig(space, gig, nr);
	}
	for (; class < EXTMEM_CLASSES; class++) {
		gig = extmem_set_first(&space->class[class]);
		if (gig < nr_gigs(space))
			return run_in_gig(space, gig, nr);
	}
	return (struct extmem_run) {};
}

/* The longest run there is, at most @nr granules of it */
static struct extmem_run pick_longest(const struct extmem_space *space,
				      unsigned long nr)
{
	unsigned int class = EXTMEM_CLASSES;
	unsigned long gig, best;

	while (class--) {
		const struct extmem_set *set = &space->class[class];

		best = extmem_set_first(set);
		if (best == set->nbits)
			continue;
		for_each_set_bit(gig, set->level[0], set->nbits)
			if (space->run[gig] > space->run[best])
				best = gig;
		return run_in_gig(space, best, min_t(unsigned long, nr, space->run[best]));
	}
	return (struct extmem_run) {};
}

/* The shortest run of at least @gigs whole gigs, or else the longest */
static struct extmem_run pick_whole(const struct extmem_space *space,
				    unsigned long gigs)
{
	const struct extmem_set *whole = &space->class[EXTMEM_CLASS_WHOLE];
	unsigned long first = extmem_set_first(whole), end;
	unsigned long best = 0, best_nr = 0;

	if (gigs == 1 && first < whole->nbits)
		return (struct extmem_run) { first * EXTMEM_GIG_BITS, EXTMEM_GIG_BITS };

	for (; first < whole->nbits;
	     first = find_next_bit(whole->level[0], whole->nbits, end)) {
		unsigned long nr;

		end = find_next_zero_bit(whole->level[0], whole->nbits, first);
		nr = end - first;
		if (best_nr < gigs ? nr > best_nr : nr >= gigs && nr < best_nr) {
			best = first;
			best_nr = nr;
		}
		if (best_nr == gigs)
			break;
	}
	return (struct extmem_run) { best * EXTMEM_GIG_BITS,
				     min(best_nr, gigs) * EXTMEM_GIG_BITS };
}

static struct extmem_run pick(const struct extmem_space *space,
			      unsigned long nr, unsigned long align)
{
	struct extmem_run run = {};

	if (nr >= EXTMEM_GIG_BITS)
		run = pick_whole(space, nr / EXTMEM_GIG_BITS);
	if (!run.nr && align == 1)
		run = pick_small(space, min(nr, EXTMEM_GIG_BITS));
	if (!run.nr && align == 1)
		run = pick_longest(space, nr);
	return run;
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
	unsigned int had = runs->nr;
	int err = 0;

	if (nr > space->nr_free)
		return -ENOSPC;
	while (nr) {
		struct extmem_run run = pick(space, nr, align);

		err = run.nr ? extmem_runs_add(runs, run.first, run.nr) : -ENOSPC;
		if (err)
			break;
		extmem_space_mark(space, run.first, run.nr, true);
		nr -= run.nr;
	}
	while (err && runs->nr > had) {
		runs->nr--;
		extmem_space_mark(space, runs->run[runs->nr].first,
				  runs->run[runs->nr].nr, false);
	}
	return err;
}

/**
 * extmem_space_largest - the longest run of free granules.
 * @space: the space
 *
 * Walks the bitmap.
 *
 * Return: its length in granules.
 */
unsigned long extmem_space_largest(const struct extmem_space *space)
{
	unsigned long first = 0, end, best = 0;

	for (;;) {
		first = find_next_zero_bit(space->alloc, space->nbits, first);
		if (first >= space->nbits)
			return best;
		end = find_next_bit(space->alloc, space->nbits, first);
		best = max(best, end - first);
		first = end;
	}
}

/**
 * extmem_space_whole_gigs - how many gigs are free as a whole.
 * @space: the space
 *
 * Return: the number.
 */
unsigned long extmem_space_whole_gigs(const struct extmem_space *space)
{
	const struct extmem_set *whole = &space->class[EXTMEM_CLASS_WHOLE];

	return bitmap_weight(whole->level[0], whole->nbits);
}

/**
 * extmem_runs_reserve - make room in a list.
 * @runs: the list, empty
 * @nr: how many runs it is to hold without growing
 *
 * Return: 0 or -ENOMEM.
 */
int extmem_runs_reserve(struct extmem_runs *runs, unsigned int nr)
{
	runs->run = kvmalloc_objs(*runs->run, nr);
	if (!runs->run)
		return -ENOMEM;
	runs->cap = nr;
	return 0;
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
 * extmem_runs_free - free a list of runs.
 * @runs: the list, empty afterwards
 */
void extmem_runs_free(struct extmem_runs *runs)
{
	kvfree(runs->run);
	*runs = (struct extmem_runs) {};
}
