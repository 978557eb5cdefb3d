/* SPDX-License-Identifier: GPL-2.0 */
#ifndef EXTMEM_TOOL_H
#define EXTMEM_TOOL_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Exit codes: fine; it could not be done, or what was looked at is wrong; the command
 * line makes no sense; it could not be looked at, so there is no answer.
 */
enum { OK = 0, FAILED = 1, USAGE = 2, NO_ANSWER = 3 };

#define KIB	1024ULL
#define MIB	(1024 * KIB)
#define GIB	(1024 * MIB)
#define GRANULE	(2 * MIB)
#define NAME_MAX_BYTES	63
#define SIZE_TEXT	40

/* error.c: these say what is wrong, and return the exit code */
extern bool errors_as_json;
int fail(const char *next, const char *fmt, ...) __printf(2, 3);
int reject(const char *next, const char *fmt, ...) __printf(2, 3);
int misuse(const char *fmt, ...) __printf(1, 2);
int no_answer(const char *next, const char *fmt, ...) __printf(2, 3);
int need_root(const char *what, int rc);
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

/* extmem.c: the command that runs */
extern const char *command_name;

/* lock.c: one tool at a time changes things */
int lock_tools(void);
void unlock_tools(void);
void forget_lock(void);

/* file.c: sysfs and the like, one value a file */
char *read_file(const char *fmt, ...) __printf(1, 2);
bool read_u64(__u64 *val, const char *fmt, ...) __printf(2, 3);
int write_file(const char *text, const char *fmt, ...) __printf(2, 3);

/* name.c */
int check_name(const char *name);

/* one file each */
int cmd_status(int argc, char **argv);
int cmd_watch(int argc, char **argv);
int cmd_map(int argc, char **argv);
int cmd_create(int argc, char **argv);
int cmd_destroy(int argc, char **argv);
int cmd_rename(int argc, char **argv);
int cmd_list(int argc, char **argv);
int cmd_set(int argc, char **argv);
int cmd_resize(int argc, char **argv);
int cmd_qemu_args(int argc, char **argv);
int cmd_verify(int argc, char **argv);
int cmd_check_update(int argc, char **argv);

#endif
