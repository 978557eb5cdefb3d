// SPDX-License-Identifier: GPL-2.0
/*
 * Bitmaps of the hand-over map. Each has a sum over its words that is kept
 * current as bits change, so that nothing needs to be walked at kexec.
 */
#include <linux/bitmap.h>
#include <linux/minmax.h>

#include "internal.h"

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
