// SPDX-License-Identifier: GPL-2.0
/*
 * How much each node gets of what extmem= asks for: arithmetic that knows
 * nothing of memory. What is given in whole gigabytes can be mapped in whole
 * gigabytes.
 */
#include <linux/math64.h>
#include <linux/minmax.h>

#include "internal.h"

/**
 * extmem_percent - some percent of a node's memory.
 * @bytes: the memory
 * @percent: 1 to 100
 *
 * Return: bytes, whole gigabytes or, where it is less than one, granules.
 */
u64 __init extmem_percent(u64 bytes, unsigned int percent)
{
	u64 part = mul_u64_u64_div_u64(bytes, percent, 100);

	return ALIGN_DOWN(part, part < SZ_1G ? EXTMEM_GRANULE : SZ_1G);
}

/* The node that could give most beside its share */
static unsigned int __init most_left(const u64 *room, const u64 *share, unsigned int nr)
{
	unsigned int i, best = 0;

	for (i = 1; i < nr; i++)
		if (room[i] - share[i] > room[best] - share[best])
			best = i;
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
 * can be had that way.
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
			share[i] = ALIGN_DOWN(mul_u64_u64_div_u64(size, room[i], total),
					      SZ_1G);
		left -= share[i];
	}
	/* Rounding left less than a gigabyte a node */
	while (left && total > size) {
		u64 more;

		i = most_left(room, share, nr);
		more = min(room[i] - share[i], left);
		if (more > SZ_1G)
			more = SZ_1G;
		share[i] += more;
		left -= more;
	}
	return left;
}
