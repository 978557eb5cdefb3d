// SPDX-License-Identifier: GPL-2.0
/*
 * Changing things: one tool at a time, as root.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <daxctl/libdaxctl.h>

#include "edit.h"
#include "extmem.h"

/* The state as it is, which no other tool changes from now on */
int begin_change(struct state *state, const char *what)
{
	return need_root(what, FAILED) ?: lock_tools() ?: state_read(state);
}

int check_name_free(const struct state *state, const char *name)
{
	const struct device *device = find_device(state, name);
	char next[192];

	if (!device)
		return OK;
	snprintf(next, sizeof(next), "choose another, or free it: extmem rename %s NEW", name);
	return fail(next, "name '%s' is taken by %s", name, device->dev_name);
}

static const char *meaning(int err)
{
	switch (err) {
	case ENOENT:
		return "this kernel has no such attribute";
	case EEXIST:
		return "another claim has it";
	case ENODATA:
		return "the device has no memory";
	case EBUSY:
		return "the device is in use or in a session";
	case EOPNOTSUPP:
		return "this kernel can't do that";
	case EINVAL:
		return "the kernel takes no such value";
	default:
		return strerror(err);
	}
}

int set_attr(const struct device *device, const char *attr, const char *text)
{
	int err = write_file(text, SYS_DAX "/%s/extmem/%s", device->dev_name, attr);

	if (!err)
		return OK;
	return fail("give another, or see: dmesg", "%s: %s '%s' can't be set: %s",
		    device->dev_name, attr, text, meaning(err));
}

/* Says who uses it. What is to be changed has been: nobody need wait while we look. */
int in_use(struct state *state, const struct device *device)
{
	const struct user *user;
	char next[96];

	unlock_tools();
	read_users(state);
	user = device->users;

	if (!strcmp(device->session, "outgoing"))
		return fail("close that session first",
			    "%s is in a live update session for the next kernel",
			    device->dev_name);
	if (!strcmp(device->session, "incoming"))
		return fail("finish that session first",
			    "%s is in a live update session of the former kernel",
			    device->dev_name);
	if (!device->nr_users && state->nr_unseen)
		return fail("see what that process does, and stop it",
			    "%s is in use, perhaps by %s (process %d), which can't be looked at",
			    device->dev_name, state->unseen[0].comm, state->unseen[0].pid);
	if (!device->nr_users)
		return fail("see who passes devices through: fuser -v /dev/iommu /dev/vfio/*",
			    "%s is in use, by a device's DMA or pinned pages: nobody maps it",
			    device->dev_name);
	snprintf(next, sizeof(next), "stop %s (process %d) first", user->comm, user->pid);
	return fail(next, "%s is mapped by %zu process%s", device->dev_name,
		    device->nr_users, device->nr_users > 1 ? "es" : "");
}

/* Disable a device, free its memory and remove it; the seed stays without memory */
int give_up_device(struct state *state, struct device *device)
{
	const struct pool *pool = find_pool(state, device->node);
	int rc = 0;

	if (daxctl_dev_is_enabled(device->dev))
		rc = daxctl_dev_disable(device->dev);
	if (!rc && daxctl_dev_get_size(device->dev))
		rc = daxctl_dev_set_size(device->dev, 0);
	if (rc == -EBUSY)
		return in_use(state, device);
	if (!rc && device->id && pool && pool->region)
		rc = daxctl_region_destroy_dev(pool->region, device->dev);
	if (rc)
		return fail("see: dmesg", "%s can't be destroyed: %s", device->dev_name,
			    strerror(-rc));
	return OK;
}

/* What was done: words, or the device as it is now, as JSON */
int report(const char *dev_name, bool json, const char *fmt, ...)
{
	struct state state;
	struct device *device;
	va_list args;

	if (!json) {
		va_start(args, fmt);
		vprintf(fmt, args);
		va_end(args);
		return OK;
	}
	unlock_tools();
	if (state_read(&state))
		return NO_ANSWER;
	read_users(&state);
	device = find_device(&state, dev_name);
	if (device)
		json_print(json_device(device), true);
	state_free(&state);
	return device ? OK : fail("see what there is: extmem status", "%s is gone", dev_name);
}
