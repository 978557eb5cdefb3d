/* SPDX-License-Identifier: GPL-2.0 */
#ifndef EXTMEM_TOOL_H
#define EXTMEM_TOOL_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

/* Exit codes */
enum { OK = 0, FAILED = 1, USAGE = 2 };

#define KIB	1024ULL
#define MIB	(1024 * KIB)
#define GIB	(1024 * MIB)
#define GRANULE	(2 * MIB)
#define NAME_MAX_BYTES	63
#define SIZE_TEXT	40

/* error.c: these print to standard error and return the exit code */
int fail(const char *next, const char *fmt, ...) __printf(2, 3);
int reject(const char *next, const char *fmt, ...) __printf(2, 3);
int misuse(const char *fmt, ...) __printf(1, 2);
int need_root(const char *what);
void *grow(void *array, size_t nr, size_t size);

/* size.c */
bool parse_size(const char *text, __u64 *bytes);
bool parse_number(const char *text, int base, unsigned long max,
		  unsigned long *number);
const char *size_text(__u64 bytes, char buf[SIZE_TEXT]);

/* options.c */

/**
 * struct option_spec - an option with a value.
 * @name: without the dashes
 * @value: where it is left, NULL if it wasn't given
 */
struct option_spec {
	const char *name;
	const char **value;
};

bool parse_options(int *argc, char **argv, const struct option_spec *spec,
		   bool *json);

/* lock.c: one tool at a time changes things */
int lock_tools(void);

/* file.c: sysfs and the like, one value a file */
char *read_file(const char *fmt, ...) __printf(1, 2);
bool read_u64(__u64 *val, const char *fmt, ...) __printf(2, 3);
int write_file(const char *text, const char *fmt, ...) __printf(2, 3);

/* table.c: columns as wide as what they hold */
struct table;
struct table *table_new(void);
void table_cell(struct table *table, const char *fmt, ...) __printf(2, 3);
void table_end_row(struct table *table);
void table_print(struct table *table);

/* name.c */
int check_name(const char *name);

/* one file each */
int cmd_status(int argc, char **argv);
int cmd_watch(int argc, char **argv);
int cmd_map(int argc, char **argv);
int cmd_create(int argc, char **argv);
int cmd_destroy(int argc, char **argv);
int cmd_rename(int argc, char **argv);
int cmd_verify(int argc, char **argv);
int cmd_check_update(int argc, char **argv);

#endif
