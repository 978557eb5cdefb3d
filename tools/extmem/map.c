// SPDX-License-Identifier: GPL-2.0
/*
 * extmem map: the pools drawn in the terminal. Each cell is a gigabyte; its
 * letter says whose it is, capital if all of it is.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <json-c/json.h>

#include "extmem.h"
#include "layout.h"

#define LETTERS		26
#define MOST_LETTERS	3
#define LABEL		20	/* columns before the cells */

const char *owner_name(const struct device *device)
{
	if (!device)
		return "quarantine";
	return device->name[0] ? device->name : device->dev_name;
}

/* Counted among the devices that have memory */
static unsigned int owner_number(const struct state *state, const struct device *device)
{
	const struct device *d;
	unsigned int n = 0;

	for (d = state->devices; d != device; d++)
		n += d->size > 0;
	return n;
}

/* Well apart from each other, on the wheel of hues: degrees */
unsigned int owner_color(const struct state *state, const struct device *device)
{
	return owner_number(state, device) * 137 % 360;
}

/* Letters that it takes to tell all owners apart: A, or AA, or AAA */
static int letters(const struct state *state)
{
	unsigned int n = owner_number(state, state->devices + state->nr_devices);
	int len = 1;

	for (; n > LETTERS; n /= LETTERS)
		len++;
	return len < MOST_LETTERS ? len : MOST_LETTERS;
}

/* B, AB, AAB; where there are more owners than that, some have the same */
static void owner_letters(const struct state *state, const struct device *device, char *text)
{
	unsigned int n;
	int len = letters(state);

	text[len] = '\0';
	if (!device) {
		memset(text, '!', len);
		return;
	}
	for (n = owner_number(state, device); len--; n /= LETTERS)
		text[len] = 'A' + n % LETTERS;
}

static void cell_letters(const struct state *state, const struct cell *cell, char *text)
{
	int i, len = letters(state);

	text[len] = '\0';
	if (!cell->used) {
		memset(text, '.', len);
	} else if (cell->owners > 1) {
		memset(text, '*', len);
	} else {
		owner_letters(state, cell->first->device, text);
		for (i = 0; cell->used < cell->size && i < len; i++)
			text[i] = tolower(text[i]);
	}
}

/* One of the 216 colours of terminals, light enough for black letters */
static int terminal_color(const struct state *state, const struct device *device)
{
	static const int colors[] = {
		114, 75, 215, 176, 80, 222, 210, 147, 150, 117, 180, 211,
	};

	if (!device)
		return 196;
	return colors[owner_number(state, device) % (sizeof(colors) / sizeof(*colors))];
}

static void put_cell(const struct state *state, const struct cell *cell, bool color)
{
	char text[MOST_LETTERS + 1];

	cell_letters(state, cell, text);
	if (color && cell->first)
		printf("\033[30;48;5;%dm%s\033[0m",
		       terminal_color(state, cell->first->device), text);
	else
		fputs(text, stdout);
	/* more than one letter a cell needs a space behind it */
	if (text[1])
		putchar(' ');
}

/* As many cells as fit, a multiple of eight */
static unsigned int row_cells(int len)
{
	struct winsize size;
	int cells = 0, columns = len > 1 ? len + 1 : 1;

	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_col > LABEL)
		cells = (size.ws_col - LABEL) / columns / 8 * 8;
	return cells ?: columns > 1 ? 16 : 64;
}

static void print_range(const struct state *state, const struct layout *layout,
			const struct span *range)
{
	__u64 pos = range->start, end = range->start + range->size;
	unsigned int n, cells = row_cells(letters(state));
	bool color = isatty(STDOUT_FILENO);

	while (pos < end) {
		printf("  %#16llx  ", pos);
		for (n = 0; n < cells && pos < end; n++, pos = next_cell(pos)) {
			struct cell cell = layout_cell(layout, range, pos);

			put_cell(state, &cell, color);
		}
		putchar('\n');
	}
}

static void print_pool(const struct state *state, const struct layout *layout,
		       const struct pool *pool)
{
	char buf[2][SIZE_TEXT];
	size_t i;

	printf("node%d, %s, %s free\n", pool->node, size_text(pool->total, buf[0]),
	       size_text(pool->free, buf[1]));
	for (i = 0; i < pool->ranges.nr; i++)
		print_range(state, layout, &pool->ranges.v[i]);
}

static void print_legend(const struct state *state)
{
	char buf[SIZE_TEXT], text[MOST_LETTERS + 1];
	size_t i;

	printf("\nA cell is 1 GiB: . free, a partly A's, A all A's, * of several, ! quarantine\n");
	for (i = 0; i < state->nr_devices; i++) {
		const struct device *device = &state->devices[i];

		if (!device->size)
			continue;
		owner_letters(state, device, text);
		printf("  %s  %s  %s  %s\n", text, owner_name(device), device->dev_name,
		       size_text(device->size, buf));
	}
}

static struct json_object *json_cell(const struct cell *cell)
{
	struct json_object *json = json_object_new_object(), *owner = NULL;

	json_object_object_add(json, "start", json_object_new_uint64(cell->start));
	json_object_object_add(json, "size", json_object_new_uint64(cell->size));
	json_object_object_add(json, "used", json_object_new_uint64(cell->used));
	json_object_object_add(json, "owners", json_object_new_int(cell->owners));
	if (cell->first)
		owner = json_text(owner_name(cell->first->device));
	json_object_object_add(json, "owner", owner);
	return json;
}

static struct json_object *json_pool(const struct layout *layout, const struct pool *pool)
{
	struct json_object *json = json_object_new_object();
	struct json_object *cells = json_object_new_array();
	size_t i;

	for (i = 0; i < pool->ranges.nr; i++) {
		const struct span *range = &pool->ranges.v[i];
		__u64 pos;

		for (pos = range->start; pos < range->start + range->size;
		     pos = next_cell(pos)) {
			struct cell cell = layout_cell(layout, range, pos);

			json_object_array_add(cells, json_cell(&cell));
		}
	}
	json_object_object_add(json, "node", json_object_new_int(pool->node));
	json_object_object_add(json, "cells", cells);
	return json;
}

static void print_json(const struct state *state, const struct layout *layout)
{
	struct json_object *json = json_object_new_object();
	struct json_object *pools = json_object_new_array();
	size_t i;

	for (i = 0; i < state->nr_pools; i++)
		json_object_array_add(pools, json_pool(layout, &state->pools[i]));
	json_object_object_add(json, "pools", pools);
	json_print(json, true);
}

static void print_map(const struct state *state, const struct layout *layout)
{
	size_t i;

	for (i = 0; i < state->nr_pools; i++)
		print_pool(state, layout, &state->pools[i]);
	print_legend(state);
}

int cmd_map(int argc, char **argv)
{
	const char *svg = NULL;
	const struct option_spec spec[] = { { "svg", &svg }, {} };
	struct layout layout;
	struct state state;
	bool json = false;
	int rc;

	if (!parse_options(&argc, argv, spec, &json))
		return USAGE;
	if (argc > 1)
		return misuse("map takes no argument: %s", argv[1]);
	rc = need_root("map, which shows physical addresses,", NO_ANSWER) ?: state_read(&state);
	if (rc)
		return rc;
	layout_read(&layout, &state);
	if (svg)
		rc = draw_svg(&state, &layout, svg);
	if (json)
		print_json(&state, &layout);
	else if (!svg)
		print_map(&state, &layout);
	layout_free(&layout);
	state_free(&state);
	return rc;
}
