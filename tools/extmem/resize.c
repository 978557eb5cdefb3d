// SPDX-License-Identifier: GPL-2.0
/*
 * extmem resize: give a claim more memory, or take from its end. The device is disabled
 * meanwhile, so nobody may use it.
 */
#include <errno.h>
#include <string.h>

#include <daxctl/libdaxctl.h>

#include "edit.h"
#include "extmem.h"

/* "4G", or relative to what it has: "+1G", "-512M" */
static int new_size(const struct device *device, const char *text, __u64 *size)
{
	char buf[2][SIZE_TEXT];
	bool more = *text == '+', less = *text == '-';
	__u64 align = device->align > GRANULE ? device->align : GRANULE;

	if (!parse_size(text + (more || less), size) || !*size)
		return reject("say, for instance, 4G, +512M or -512M", "%s: not a size", text);
	if (less && *size >= device->size)
		return reject("to give it up: extmem destroy", "%s has %s only", device->dev_name,
			      size_text(device->size, buf[0]));
	if (more)
		*size += device->size;
	if (less)
		*size = device->size - *size;
	if (*size % align)
		return reject("choose a multiple", "size %s is no multiple of %s",
			      size_text(*size, buf[0]), size_text(align, buf[1]));
	return OK;
}

static int check_room(const struct state *state, const struct device *device, __u64 size)
{
	const struct pool *pool = find_pool(state, device->node);
	char buf[2][SIZE_TEXT];

	if (!pool || size <= device->size || size - device->size <= pool->free)
		return OK;
	return fail("destroy a device: see extmem status",
		    "node %d has %s free, %s more are wanted",
		    pool->node, size_text(pool->free, buf[0]),
		    size_text(size - device->size, buf[1]));
}

static int no_size(const struct device *device, __u64 size, int err)
{
	char buf[SIZE_TEXT];

	if (err == -EINTR)
		return fail("nothing has been changed: try again", "interrupted");
	if (err == -ENOSPC || err == -ENXIO)
		return fail("see extmem map", "no %s can be had in pieces of the alignment",
			    size_text(size, buf));
	return fail("see: dmesg", "%s can't be made %s: %s", device->dev_name,
		    size_text(size, buf), strerror(-err));
}

/* libdaxctl does not expect a device to change: it looks afresh at each step */
static struct device *look_again(struct state *state, const char *dev_name)
{
	state_free(state);
	return state_read(state) ? NULL : find_device(state, dev_name);
}

static int resize(struct state *state, struct device *device, __u64 size)
{
	char dev_name[sizeof(device->dev_name)];
	bool enabled = device->enabled;
	int rc = enabled ? daxctl_dev_disable(device->dev) : 0;

	if (rc == -EBUSY)
		return in_use(state, device);
	if (rc)
		return fail("see: dmesg", "%s can't be disabled: %s", device->dev_name,
			    strerror(-rc));
	memcpy(dev_name, device->dev_name, sizeof(dev_name));
	rc = set_size(device, size);
	if (rc)
		rc = no_size(device, size, rc);
	if (!enabled)
		return rc;
	device = look_again(state, dev_name);
	if (!device || daxctl_dev_enable_devdax(device->dev))
		return fail("see: dmesg, and: daxctl enable-device", "%s is disabled now",
			    dev_name);
	return rc;
}

int cmd_resize(int argc, char **argv)
{
	char dev_name[sizeof(((struct device *)0)->dev_name)] = "";
	struct device *device;
	struct state state;
	char buf[SIZE_TEXT];
	bool json = false;
	__u64 size;
	int rc;

	if (!parse_options(&argc, argv, NULL, &json))
		return USAGE;
	if (argc != 3)
		return misuse("resize takes a name or device, and a size");
	rc = begin_change(&state, "resize");
	if (rc)
		return rc;
	device = find_claim(&state, argv[1]);
	rc = device ? new_size(device, argv[2], &size) : FAILED;
	if (!rc && device->form == FORM_RAM)
		rc = fail("daxctl reconfigure-device -f -m devdax first", "%s is system RAM",
			  device->dev_name);
	if (!rc)
		rc = check_room(&state, device, size);
	if (!rc) {
		memcpy(dev_name, device->dev_name, sizeof(device->dev_name));
		hold_signals();
		rc = resize(&state, device, size);
	}
	state_free(&state);
	if (rc)
		return rc;
	return report(dev_name, json, "%s has %s now\n", dev_name, size_text(size, buf));
}
