// SPDX-License-Identifier: GPL-2.0
/*
 * How the page allocator's contiguous areas are divided: the first free run that
 * is long enough, found by the very function that CMA calls. Only the search:
 * CMA's pages would have to be there, and moved.
 */
#include <linux/bitmap.h>

#include "bench.h"

/* The first granule, or the number of bits if there is no such run */
unsigned long first_fit_alloc(struct first_fit *ff, unsigned long nr,
			      unsigned long align)
{
	unsigned long first;

	first = bitmap_find_next_zero_area(ff->map, ff->nbits, 0, nr, align - 1);
	if (first >= ff->nbits)
		return ff->nbits;
	bitmap_set(ff->map, first, nr);
	ff->nr_free -= nr;
	return first;
}

void first_fit_free(struct first_fit *ff, unsigned long first, unsigned long nr)
{
	bitmap_clear(ff->map, first, nr);
	ff->nr_free += nr;
}
