/* SPDX-License-Identifier: GPL-2.0 */
#ifndef EXTMEM_TOOL_EDIT_H
#define EXTMEM_TOOL_EDIT_H

#include "extmem.h"
#include "state.h"

/**
 * struct attrs - what is said about a claim; NULL for what is not.
 * @name: its name
 * @uid: owner, as all of these in the form that sysfs takes
 * @gid: group
 * @mode: permissions
 * @persist: 0 or 1
 * @memmap: 0 or 1
 * @uid_text: room for @uid
 * @gid_text: room for @gid
 */
struct attrs {
	const char *name;
	const char *uid;
	const char *gid;
	const char *mode;
	const char *persist;
	const char *memmap;
	char uid_text[24];
	char gid_text[24];
};

/* attrs.c */
int check_attrs(struct attrs *attrs);
int set_attrs(const struct device *device, const struct attrs *attrs);

/* edit.c: what those share that change things */
int begin_change(struct state *state, const char *what);
int check_name_free(const struct state *state, const char *name);
int in_use(struct state *state, const struct device *device);
int set_attr(const struct device *device, const char *attr, const char *text);
int give_up_device(struct state *state, struct device *device);

/* memory.c */
void hold_signals(void);
bool interrupted(void);
int set_size(const struct device *device, __u64 size);

int report(const char *dev_name, bool json, const char *fmt, ...) __printf(3, 4);

#endif
