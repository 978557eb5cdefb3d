/* SPDX-License-Identifier: GPL-2.0 */
#ifndef EXTMEM_TOOL_TABLE_H
#define EXTMEM_TOOL_TABLE_H

#include "state.h"

/* table.c: columns as wide as what they hold */
struct table;
struct table *table_new(void);
void table_cell(struct table *table, const char *fmt, ...) __printf(2, 3);
void table_end_row(struct table *table);
void table_print(struct table *table);

/* status.c: a row for each claim */
struct table *claim_table(void);
void claim_row(struct table *table, const struct device *device);

#endif
