// SPDX-License-Identifier: GPL-2.0
/*
 * The longest run of free granules of a pool, however many gigs it spans.
 *
 * A binary tree lies over the gigs. A node says how many granules are free at
 * the beginning and at the end of its gigs, and the length of the longest free
 * run in them. A leaf stands for several gigs, so the tree takes 3 KiB of
 * ordinary memory a terabyte.
 *
 * A change of the allocation bitmap only marks the leaf and the nodes above it
 * as stale, up to the first that is stale already: claims cost no more for it.
 * Who asks for the longest run brings up to date what is stale. The root is, or
 * becomes, the answer. So asking costs nothing beyond what changed since it was
 * last done, and a claim of a terabyte costs who asks next less than it cost
 * the claim's owner.
 */
#include <linux/bitmap.h>
#include <linux/bitops.h>
#include <linux/find.h>
#include <linux/log2.h>
#include <linux/math.h>
#include <linux/minmax.h>
#include <linux/overflow.h>
#include <linux/slab.h>

#include "space.h"

/* How many gigs a leaf stands for */
#define ROOM_GIGS	8UL
#define ROOM_ROOT	1UL

/**
 * extmem_room_init - build the tree over a bitmap.
 * @space: its longest run of each gig is known
 *
 * Context: boot.
 */
void extmem_room_init(struct extmem_space *space)
{
	unsigned long gigs = space->nbits / EXTMEM_GIG_BITS;
	unsigned long leaves = roundup_pow_of_two(DIV_ROUND_UP(gigs, ROOM_GIGS));
	struct extmem_rooms *rooms = &space->rooms;

	rooms->nr_leaves = leaves;
	rooms->node = kvcalloc(2 * leaves, sizeof(*rooms->node), EXTMEM_GFP_BOOT);
	rooms->stale = kvcalloc(BITS_TO_LONGS(2 * leaves), sizeof(long), EXTMEM_GFP_BOOT);
	bitmap_fill(rooms->stale, 2 * leaves);
	extmem_space_largest(space);
}

/**
 * extmem_room_exit - free the tree.
 * @space: the space
 */
void extmem_room_exit(struct extmem_space *space)
{
	kvfree(space->rooms.stale);
	kvfree(space->rooms.node);
	space->rooms = (struct extmem_rooms) {};
}

/**
 * extmem_room_change - the allocation bitmap has changed.
 * @space: the space
 * @gig: the first gig that is not as it was
 * @end: the gig after the last such
 */
void extmem_room_change(struct extmem_space *space, unsigned long gig, unsigned long end)
{
	struct extmem_rooms *rooms = &space->rooms;
	unsigned long leaf = gig / ROOM_GIGS, node;

	for (; leaf * ROOM_GIGS < end; leaf++) {
		node = rooms->nr_leaves + leaf;
		while (node && !__test_and_set_bit(node, rooms->stale))
			node /= 2;
	}
}

/* What is free in a gig: all of it, nothing, or runs of which two are at its ends */
static struct extmem_room extmem_room_of_gig(const struct extmem_space *space,
					     unsigned long gig)
{
	const unsigned long *bits = space->alloc + gig * (EXTMEM_GIG_BITS / BITS_PER_LONG);
	u32 best = space->run[gig];

	if (!best || best == EXTMEM_GIG_BITS)
		return (struct extmem_room) { best, best, best };
	return (struct extmem_room) {
		.head = find_first_bit(bits, EXTMEM_GIG_BITS),
		.tail = EXTMEM_GIG_BITS - 1 - find_last_bit(bits, EXTMEM_GIG_BITS),
		.best = best,
	};
}

/* Two neighbours as one; @len_a and @len_b are the granules of each */
static struct extmem_room extmem_room_join(struct extmem_room a, unsigned long len_a,
					   struct extmem_room b, unsigned long len_b)
{
	return (struct extmem_room) {
		.head = a.head == len_a ? len_a + b.head : a.head,
		.tail = b.tail == len_b ? len_b + a.tail : b.tail,
		.best = max3(a.best, b.best, a.tail + b.head),
	};
}

/* There is nothing free beyond the last gig */
static struct extmem_room extmem_room_of_leaf(const struct extmem_space *space,
					      unsigned long leaf)
{
	unsigned long gigs = space->nbits / EXTMEM_GIG_BITS, i;
	struct extmem_room room = {}, gig;

	for (i = 0; i < ROOM_GIGS; i++) {
		gig = (struct extmem_room) {};
		if (leaf * ROOM_GIGS + i < gigs)
			gig = extmem_room_of_gig(space, leaf * ROOM_GIGS + i);
		room = extmem_room_join(room, i * EXTMEM_GIG_BITS, gig, EXTMEM_GIG_BITS);
	}
	return room;
}

static void extmem_room_refresh(struct extmem_space *space, unsigned long node)
{
	struct extmem_rooms *rooms = &space->rooms;
	unsigned long len;

	if (node >= rooms->nr_leaves) {
		rooms->node[node] = extmem_room_of_leaf(space, node - rooms->nr_leaves);
		return;
	}
	/* The granules of a child: half of all at the root, less at each level below */
	len = (rooms->nr_leaves * ROOM_GIGS * EXTMEM_GIG_BITS / 2) >> ilog2(node);
	rooms->node[node] = extmem_room_join(rooms->node[2 * node], len,
					     rooms->node[2 * node + 1], len);
}

/**
 * extmem_space_largest - the longest run of free granules.
 * @space: the space
 *
 * Return: its length in granules.
 */
unsigned long extmem_space_largest(struct extmem_space *space)
{
	struct extmem_rooms *rooms = &space->rooms;
	unsigned long node = ROOM_ROOT;

	if (!test_bit(ROOM_ROOT, rooms->stale))
		return rooms->node[ROOM_ROOT].best;
	/* Down to what is stale and has no stale child, and up again from there */
	while (node) {
		bool inner = node < rooms->nr_leaves;

		if (inner && test_bit(2 * node, rooms->stale)) {
			node = 2 * node;
		} else if (inner && test_bit(2 * node + 1, rooms->stale)) {
			node = 2 * node + 1;
		} else {
			extmem_room_refresh(space, node);
			__clear_bit(node, rooms->stale);
			node /= 2;
		}
	}
	return rooms->node[ROOM_ROOT].best;
}
