// SPDX-License-Identifier: GPL-2.0
/*
 * Who has what of the pools' memory, gigabyte by gigabyte.
 */
#include <stdlib.h>

#include "extmem.h"
#include "layout.h"

static void add_spans(struct layout *layout, const struct spans *spans,
		      const struct device *device)
{
	size_t i;

	for (i = 0; i < spans->nr; i++) {
		layout->pieces = grow(layout->pieces, layout->nr, sizeof(*layout->pieces));
		layout->pieces[layout->nr++] = (struct piece){
			.start = spans->v[i].start,
			.size = spans->v[i].size,
			.device = device,
		};
	}
}

static int by_start(const void *a, const void *b)
{
	const struct piece *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

void layout_read(struct layout *layout, const struct state *state)
{
	size_t i;

	*layout = (struct layout){};
	for (i = 0; i < state->nr_devices; i++)
		add_spans(layout, &state->devices[i].extents, &state->devices[i]);
	for (i = 0; i < state->nr_pools; i++)
		add_spans(layout, &state->pools[i].bad, NULL);
	if (layout->nr)
		qsort(layout->pieces, layout->nr, sizeof(*layout->pieces), by_start);
}

void layout_free(struct layout *layout)
{
	free(layout->pieces);
	*layout = (struct layout){};
}

__u64 next_cell(__u64 start)
{
	return (start / GIB + 1) * GIB;
}

static __u64 overlap(const struct piece *piece, const struct cell *cell)
{
	__u64 start = piece->start > cell->start ? piece->start : cell->start;
	__u64 end = piece->start + piece->size;

	if (end > cell->start + cell->size)
		end = cell->start + cell->size;
	return start < end ? end - start : 0;
}

/* The gigabyte, or what there is of it, that begins at @start */
struct cell layout_cell(const struct layout *layout, const struct span *range,
			__u64 start)
{
	struct cell cell = { .start = start, .size = next_cell(start) - start };
	const struct device *last = NULL;
	__u64 most = 0, end = range->start + range->size;
	size_t i;

	if (start + cell.size > end)
		cell.size = end - start;
	for (i = 0; i < layout->nr; i++) {
		const struct piece *piece = &layout->pieces[i];
		__u64 bytes = overlap(piece, &cell);

		if (!bytes)
			continue;
		if (!cell.owners || piece->device != last)
			cell.owners++;
		last = piece->device;
		cell.used += bytes;
		if (bytes > most) {
			most = bytes;
			cell.first = piece;
		}
	}
	return cell;
}
