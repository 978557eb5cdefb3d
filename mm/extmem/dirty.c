// SPDX-License-Identifier: GPL-2.0
/*
 * Free memory that may hold a former owner's data. A bit of the dirty bitmap
 * stands for a unit of two granules and speaks only of those of them that are
 * free: halving the bitmap keeps the whole map within 128 KiB a terabyte. It
 * errs to one side: freeing a granule may make its clean neighbour dirty too,
 * never the other way round.
 */
#include <linux/bitmap.h>
#include <linux/find.h>
#include <linux/math.h>
#include <linux/minmax.h>

#include "internal.h"

static bool unit_is_taken(const struct extmem_space *space, unsigned long unit)
{
	unsigned long bit = unit * EXTMEM_UNIT_GRANULES;

	return test_bit(bit, space->alloc) && test_bit(bit + 1, space->alloc);
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

	extmem_bits_change(space->dirty, &space->dirty_sum, unit, end - unit, true);
	if (space->cleaning >= unit && space->cleaning < end)
		space->spoiled = true;
}

/**
 * extmem_dirty_settle - forget the dirt of granules that have an owner now.
 * @space: the space
 * @first: the first granule, marked taken
 * @nr: how many
 *
 * A unit stays dirty while a granule of it is free.
 */
void extmem_dirty_settle(struct extmem_space *space, unsigned long first,
			 unsigned long nr)
{
	unsigned long unit = first / EXTMEM_UNIT_GRANULES;
	unsigned long end = DIV_ROUND_UP(first + nr, EXTMEM_UNIT_GRANULES);

	if (unit < end && !unit_is_taken(space, unit))
		unit++;
	if (unit < end && !unit_is_taken(space, end - 1))
		end--;
	if (unit < end)
		extmem_bits_change(space->dirty, &space->dirty_sum, unit,
				   end - unit, false);
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

/**
 * extmem_dirty_count - how many free granules are dirty.
 * @space: the space
 *
 * Return: the number.
 */
unsigned long extmem_dirty_count(const struct extmem_space *space)
{
	unsigned long pos = 0, count = 0;
	struct extmem_run run;

	while (extmem_dirty_next(space, &pos, space->nbits, &run)) {
		unsigned long bit = run.first;

		for_each_clear_bit_from(bit, space->alloc, run.first + run.nr)
			count++;
	}
	return count;
}

/* The free granules of a unit: of two, they are one run at most */
static struct extmem_run unit_free(const struct extmem_space *space, unsigned long unit)
{
	unsigned long first = unit * EXTMEM_UNIT_GRANULES;
	unsigned long end = first + EXTMEM_UNIT_GRANULES;

	first = find_next_zero_bit(space->alloc, end, first);
	return (struct extmem_run) {
		first, find_next_bit(space->alloc, end, first) - first
	};
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
	*run = unit_free(space, unit);
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
	if (cleared && !space->spoiled)
		extmem_bits_change(space->dirty, &space->dirty_sum,
				   space->cleaning, 1, false);
	space->cleaning = EXTMEM_NO_UNIT;
}
