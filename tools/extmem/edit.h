/* SPDX-License-Identifier: GPL-2.0 */
#ifndef EXTMEM_TOOL_EDIT_H
#define EXTMEM_TOOL_EDIT_H

#include "extmem.h"
#include "state.h"

/* edit.c: what create, destroy and rename share */
int begin_change(struct state *state, const char *what);
int check_name_free(const struct state *state, const char *name);
int set_attr(const struct device *device, const char *attr, const char *text);
int give_up_device(struct state *state, struct device *device);
int report(const char *dev_name, bool json, const char *fmt, ...) __printf(3, 4);

#endif
