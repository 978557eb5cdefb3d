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
 * The summary takes 67 KiB of ordinary memory a terabyte.
 *
 * Runs never cross from one range of the pool into the next: between two
 * ranges there is a gig of bits that are always set.
 */
#include <linux/bitmap.h>
#include <linux/find.h>
#include <linux/slab.h>

#include "internal.h"

static unsigned long nr_gigs(const struct extmem_space *space)
{
	return space->nbits / EXTMEM_GIG_BITS;
}

#define GIG_WORDS	(EXTMEM_GIG_BITS / BITS_PER_LONG)

/* The longest run of clear bits in a gig that has an end of a word in it */
static unsigned int longest_at_ends(const unsigned long *map)
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
static unsigned int longest_in_word(unsigned long word, unsigned int best)
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
static unsigned int longest_run(const unsigned long *map)
{
	unsigned int best = longest_at_ends(map), i;

	for (i = 0; i < GIG_WORDS && best < BITS_PER_LONG; i++)
		best = longest_in_word(~map[i], best);
	return best;
}

static void update_gig(struct extmem_space *space, unsigned long gig)
{
	unsigned int old = space->run[gig];
	unsigned int new = longest_run(space->alloc + gig * GIG_WORDS);

	if (old == new)
		return;
	space->run[gig] = new;
	if (old)
		extmem_sets_del(&space->class, EXTMEM_CLASS(old), gig);
	if (new)
		extmem_sets_add(&space->class, EXTMEM_CLASS(new), gig);
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
	int err;

	space->run = kvcalloc(nr_gigs(space), sizeof(*space->run), GFP_KERNEL);
	if (!space->run)
		return -ENOMEM;
	err = extmem_sets_init(&space->class, EXTMEM_CLASSES, nr_gigs(space));
	if (err) {
		extmem_space_exit(space);
		return err;
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
	extmem_sets_exit(&space->class);
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

/* A run of @nr granules from the tightest gig; a whole one is the last resort */
static struct extmem_run pick_small(const struct extmem_space *space,
				    unsigned long nr)
{
	unsigned int class = extmem_sets_next(&space->class, EXTMEM_CLASS(nr));

	if (class == EXTMEM_CLASSES)
		return (struct extmem_run) {};
	return run_in_gig(space, extmem_sets_first(&space->class, class), nr);
}

/* The longest run there is, at most @nr granules of it */
static struct extmem_run pick_longest(const struct extmem_space *space,
				      unsigned long nr)
{
	unsigned int class = extmem_sets_last(&space->class);
	unsigned long gig;

	if (class == EXTMEM_CLASSES)
		return (struct extmem_run) {};
	gig = extmem_sets_first(&space->class, class);
	return run_in_gig(space, gig, min_t(unsigned long, nr, space->run[gig]));
}

/*
 * The shortest run of at least @gigs whole gigs, or else the longest. None is
 * longer than *@longest, which is kept up to date: it spares a request that is
 * met in many pieces from comparing all runs for each.
 */
static struct extmem_run pick_whole(const struct extmem_space *space,
				    unsigned long gigs, unsigned long *longest)
{
	const unsigned long *whole = extmem_sets_members(&space->class,
							 EXTMEM_CLASS_WHOLE);
	unsigned long first = extmem_sets_first(&space->class, EXTMEM_CLASS_WHOLE);
	unsigned long enough = min(gigs, *longest);
	unsigned long best = 0, best_nr = 0, nbits = nr_gigs(space), end;

	if (enough == 1 && first < nbits)
		return (struct extmem_run) { first * EXTMEM_GIG_BITS, EXTMEM_GIG_BITS };

	for (; first < nbits && best_nr != enough; first = find_next_bit(whole, nbits, end)) {
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

static struct extmem_run pick(const struct extmem_space *space,
			      unsigned long nr, unsigned long align,
			      unsigned long *longest)
{
	struct extmem_run run = {};

	if (nr >= EXTMEM_GIG_BITS)
		run = pick_whole(space, nr / EXTMEM_GIG_BITS, longest);
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
	unsigned long longest = ULONG_MAX;
	unsigned int had = runs->nr;
	int err = 0;

	if (nr > space->nr_free)
		return -ENOSPC;
	while (nr) {
		struct extmem_run run = pick(space, nr, align, &longest);

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
