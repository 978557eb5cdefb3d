// SPDX-License-Identifier: GPL-2.0
/*
 * How much each node gives of what extmem= asks for: arithmetic that knows
 * nothing of memory.
 */
#include <linux/math64.h>
#include <linux/minmax.h>

#include "internal.h"

/**
 * extmem_percent - some percent of a node's memory.
 * @bytes: the memory
 * @percent: 1 to 100
 *
 * Return: bytes, a multiple of the granule.
 */
u64 __init extmem_percent(u64 bytes, unsigned int percent)
{
	return ALIGN_DOWN(mul_u64_u64_div_u64(bytes, percent, 100), EXTMEM_GRANULE);
}

static u64 __init proportion(u64 size, u64 room, u64 total)
{
	return mul_u64_u64_div_u64(size, room, total);
}

/* How far a share is below its proportion; negative above */
static s64 __init lag(u64 size, u64 total, u64 room, u64 share)
{
	return proportion(size, room, total) - share;
}

/*
 * Who is to give @step more: of those who can, the one whose share is furthest
 * below its proportion; if nobody can, the one that can give most.
 */
static unsigned int __init next_giver(u64 size, u64 total, const u64 *room,
				      const u64 *share, unsigned int nr, u64 step)
{
	unsigned int i, best = 0;

	for (i = 1; i < nr; i++) {
		u64 left = room[i] - share[i], best_left = room[best] - share[best];

		if (min(left, best_left) < step) {
			if (left > best_left)
				best = i;
		} else if (lag(size, total, room[i], share[i]) >
			   lag(size, total, room[best], share[best])) {
			best = i;
		}
	}
	return best;
}

/**
 * extmem_share - spread a size over nodes.
 * @size: bytes, a multiple of the granule
 * @room: what each node can give, multiples of the granule
 * @share: what each is to give
 * @nr: how many nodes, at least 1
 *
 * Shares are proportional to the room and whole gigabytes, as far as the sum
 * can be had that way: those can be mapped in whole gigabytes.
 *
 * Return: the bytes there was no room for.
 */
u64 __init extmem_share(u64 size, const u64 *room, u64 *share, unsigned int nr)
{
	u64 total = 0, left = size;
	unsigned int i;

	for (i = 0; i < nr; i++)
		total += room[i];
	for (i = 0; i < nr; i++) {
		share[i] = room[i];
		if (size < total)
			share[i] = ALIGN_DOWN(proportion(size, room[i], total), SZ_1G);
		left -= share[i];
	}
	/* Rounding left less than a gigabyte a node */
	while (left && size < total) {
		u64 step = min_t(u64, left, SZ_1G);

		i = next_giver(size, total, room, share, nr, step);
		step = min(step, room[i] - share[i]);
		share[i] += step;
		left -= step;
	}
	return left;
}
