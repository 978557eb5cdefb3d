// SPDX-License-Identifier: GPL-2.0
/*
 * extmem map --svg: the pools as a picture. A square is a gigabyte, and each
 * piece of it lies where it lies in memory; pointing at one tells whose it is.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "extmem.h"
#include "layout.h"

#define CELL	24	/* pixels a gigabyte */
#define GAP	2
#define ROW	32	/* gigabytes a row */
#define LEFT	160
#define LINE	20
#define WIDTH	(LEFT + ROW * (CELL + GAP) + 10)

/* A name has no character that XML minds, but for reasons nobody can vouch */
static void put_text(FILE *f, const char *text)
{
	for (; *text; text++)
		if (strchr("<>&", *text))
			fprintf(f, "&#%d;", *text);
		else
			fputc(*text, f);
}

static void put_fill(FILE *f, const struct state *state, const struct device *device)
{
	if (device)
		fprintf(f, " fill=\"hsl(%u,60%%,60%%)\"", owner_color(state, device));
	else
		fputs(" fill=\"#c00\"", f);
}

/* What of a piece is in the cell at @x, @y */
static void draw_piece(FILE *f, const struct state *state, const struct piece *piece,
		       const struct cell *cell, int x, int y)
{
	__u64 start = piece->start > cell->start ? piece->start : cell->start;
	__u64 end = piece->start + piece->size;
	__u64 base = cell->start / GIB * GIB;
	char buf[SIZE_TEXT];

	if (end > cell->start + cell->size)
		end = cell->start + cell->size;
	if (start >= end)
		return;
	fprintf(f, "<rect x=\"%.3f\" y=\"%d\" width=\"%.3f\" height=\"%d\"",
		x + (double)(start - base) * CELL / GIB, y,
		(double)(end - start) * CELL / GIB, CELL);
	put_fill(f, state, piece->device);
	fputs("><title>", f);
	put_text(f, owner_name(piece->device));
	fprintf(f, " %s at %#llx</title></rect>\n", size_text(piece->size, buf),
		piece->start);
}

static void draw_cell(FILE *f, const struct state *state, const struct layout *layout,
		      const struct cell *cell, int x, int y)
{
	size_t i;

	fprintf(f, "<rect x=\"%d\" y=\"%d\" width=\"%.3f\" height=\"%d\" fill=\"#ddd\"/>\n",
		x, y, (double)cell->size * CELL / GIB, CELL);
	for (i = 0; i < layout->nr; i++)
		draw_piece(f, state, &layout->pieces[i], cell, x, y);
}

static int draw_range(FILE *f, const struct state *state, const struct layout *layout,
		      const struct span *range, int y)
{
	__u64 pos = range->start, end = range->start + range->size;
	int n;

	for (; pos < end; y += CELL + GAP) {
		fprintf(f, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%#llx</text>\n",
			LEFT - 8, y + CELL - 7, pos);
		for (n = 0; n < ROW && pos < end; n++, pos = next_cell(pos)) {
			struct cell cell = layout_cell(layout, range, pos);

			draw_cell(f, state, layout, &cell, LEFT + n * (CELL + GAP), y);
		}
	}
	return y;
}

static int draw_pool(FILE *f, const struct state *state, const struct layout *layout,
		     const struct pool *pool, int y)
{
	char buf[2][SIZE_TEXT];
	size_t i;

	fprintf(f, "<text x=\"10\" y=\"%d\">node%d, %s, %s free</text>\n", y + LINE - 5,
		pool->node, size_text(pool->total, buf[0]), size_text(pool->free, buf[1]));
	y += LINE;
	for (i = 0; i < pool->ranges.nr; i++)
		y = draw_range(f, state, layout, &pool->ranges.v[i], y) + GAP;
	return y + LINE;
}

static int draw_legend(FILE *f, const struct state *state, int y)
{
	char buf[SIZE_TEXT];
	size_t i;

	for (i = 0; i < state->nr_devices; i++) {
		const struct device *device = &state->devices[i];

		if (!device->size)
			continue;
		fprintf(f, "<rect x=\"10\" y=\"%d\" width=\"14\" height=\"14\"", y);
		put_fill(f, state, device);
		fprintf(f, "/><text x=\"30\" y=\"%d\">", y + 12);
		put_text(f, owner_name(device));
		fprintf(f, " %s %s</text>\n", device->dev_name, size_text(device->size, buf));
		y += LINE;
	}
	return y;
}

static int height(const struct state *state)
{
	int y = LINE;
	size_t i, n;

	for (i = 0; i < state->nr_pools; i++) {
		const struct pool *pool = &state->pools[i];

		for (n = 0; n < pool->ranges.nr; n++)
			y += (pool->ranges.v[n].size / GIB / ROW + 2) * (CELL + GAP);
		y += 2 * LINE;
	}
	return y + state->nr_devices * LINE;
}

int draw_svg(const struct state *state, const struct layout *layout, const char *path)
{
	/* A FIFO that nobody reads is an error, not a wait */
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK | O_CLOEXEC, 0666);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
	size_t i;
	int y = 10, bad;

	if (!f) {
		if (fd >= 0)
			close(fd);
		return fail("choose a file that can be written", "%s: %s", path,
			    strerror(errno));
	}
	fprintf(f, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" font-family=\"sans-serif\" font-size=\"13\">\n",
		WIDTH, height(state));
	for (i = 0; i < state->nr_pools; i++)
		y = draw_pool(f, state, layout, &state->pools[i], y);
	draw_legend(f, state, y);
	fputs("</svg>\n", f);
	bad = ferror(f);
	if (fclose(f) || bad)
		return fail("choose a file that can be written", "%s: %s", path, strerror(errno));
	return OK;
}
