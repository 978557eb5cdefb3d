/* SPDX-License-Identifier: GPL-2.0 */
#ifndef EXTMEM_TOOL_LAYOUT_H
#define EXTMEM_TOOL_LAYOUT_H

#include "state.h"

/**
 * struct piece - memory with an owner.
 * @start: physical address
 * @size: bytes
 * @device: whose it is, or NULL for the quarantine's
 */
struct piece {
	__u64 start;
	__u64 size;
	const struct device *device;
};

/**
 * struct cell - what a gigabyte of a pool holds.
 * @start: physical address
 * @size: bytes of it that are the pool's
 * @used: bytes with an owner
 * @first: who has the most, if anybody
 * @owners: how many have some
 */
struct cell {
	__u64 start;
	__u64 size;
	__u64 used;
	const struct piece *first;
	unsigned int owners;
};

/**
 * struct layout - who has what, by address.
 * @pieces: all pieces of all pools
 * @nr: how many
 */
struct layout {
	struct piece *pieces;
	size_t nr;
};

/* layout.c */
void layout_read(struct layout *layout, const struct state *state);
void layout_free(struct layout *layout);
struct cell layout_cell(const struct layout *layout, const struct span *range,
			__u64 start);
__u64 next_cell(__u64 start);

/* svg.c */
int draw_svg(const struct state *state, const struct layout *layout, const char *path);

/* map.c */
const char *owner_name(const struct device *device);
unsigned int owner_color(const struct state *state, const struct device *device);

#endif
