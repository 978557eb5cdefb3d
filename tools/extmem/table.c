// SPDX-License-Identifier: GPL-2.0
/*
 * Aligned columns: numbers to the right, words to the left.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "extmem.h"
#include "table.h"

#define COLUMNS	16

struct row {
	char *cell[COLUMNS];
	int nr;
};

/**
 * struct table - rows, the last of which is being filled.
 * @rows: the rows, the first being the head
 * @nr: how many
 */
struct table {
	struct row *rows;
	size_t nr;
};

struct table *table_new(void)
{
	struct table *table = calloc(1, sizeof(*table));

	if (table)
		table_end_row(table);
	return table;
}

void table_end_row(struct table *table)
{
	table->rows = grow(table->rows, table->nr, sizeof(*table->rows));
	table->rows[table->nr++] = (struct row){};
}

void table_cell(struct table *table, const char *fmt, ...)
{
	struct row *row = &table->rows[table->nr - 1];
	va_list args;

	if (row->nr == COLUMNS)
		return;
	va_start(args, fmt);
	if (vasprintf(&row->cell[row->nr], fmt, args) >= 0)
		row->nr++;
	va_end(args);
}

/* A column is one of numbers if the first cell below its head begins as one */
static bool is_numbers(const struct table *table, int column)
{
	return table->nr > 1 && table->rows[1].nr > column &&
	       isdigit(table->rows[1].cell[column][0]);
}

static int width(const struct table *table, int column)
{
	size_t i, len, max = 0;

	for (i = 0; i < table->nr; i++) {
		if (table->rows[i].nr <= column)
			continue;
		len = strlen(table->rows[i].cell[column]);
		max = len > max ? len : max;
	}
	return max;
}

static void print_row(const struct table *table, const struct row *row, const int *widths)
{
	int i, pad;

	for (i = 0; i < row->nr; i++) {
		pad = widths[i];
		if (!is_numbers(table, i))
			pad = i + 1 < row->nr ? -pad : 0;
		printf("%s%*s", i ? "  " : "", pad, row->cell[i]);
	}
	if (row->nr)
		putchar('\n');
}

/* Print it and free it */
void table_print(struct table *table)
{
	int widths[COLUMNS], i;
	size_t n;

	for (i = 0; i < COLUMNS; i++)
		widths[i] = width(table, i);
	for (n = 0; n < table->nr; n++)
		print_row(table, &table->rows[n], widths);
	for (n = 0; n < table->nr; n++)
		while (table->rows[n].nr)
			free(table->rows[n].cell[--table->rows[n].nr]);
	free(table->rows);
	free(table);
}
