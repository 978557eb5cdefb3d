// SPDX-License-Identifier: GPL-2.0
/*
 * The dax devices of the pools, as libdaxctl and the extmem/ folder of each
 * device in sysfs show them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <daxctl/libdaxctl.h>

#include "extmem.h"
#include "state.h"

static void read_text(char *to, size_t size, const char *dev_name, const char *attr)
{
	char *text = read_file(SYS_DAX "/%s/extmem/%s", dev_name, attr);

	snprintf(to, size, "%s", text ?: "");
	free(text);
}

static void read_claim(struct device *device)
{
	const char *name = device->dev_name;
	__u64 persist = 1;
	char mode[16];

	read_text(device->name, sizeof(device->name), name, "name");
	read_text(device->uuid, sizeof(device->uuid), name, "uuid");
	read_text(mode, sizeof(mode), name, "mode");
	read_text(device->session, sizeof(device->session), name, "session");
	device->mode = strtoul(mode, NULL, 8);
	read_u64(&device->uid, SYS_DAX "/%s/extmem/uid", name);
	read_u64(&device->gid, SYS_DAX "/%s/extmem/gid", name);
	read_u64(&device->nr_extents, SYS_DAX "/%s/extmem/extents", name);
	read_u64(&persist, SYS_DAX "/%s/extmem/persist", name);
	device->persist = persist;
}

/* Where its memory is, root alone may see */
static void read_extents(struct device *device)
{
	struct daxctl_mapping *mapping;

	daxctl_mapping_foreach(device->dev, mapping)
		span_add(&device->extents, daxctl_mapping_get_start(mapping),
			 daxctl_mapping_get_size(mapping));
}

/* The driver that has it; with kmem it is system RAM */
static bool is_ram(const char *dev_name)
{
	char path[128], link[256], *name;
	ssize_t n;

	snprintf(path, sizeof(path), SYS_DAX "/%s/driver", dev_name);
	n = readlink(path, link, sizeof(link) - 1);
	if (n < 0)
		return false;
	link[n] = '\0';
	name = strrchr(link, '/');
	return name && !strcmp(name + 1, "kmem");
}

static void read_form(struct device *device)
{
	__u64 memmap = 0;

	read_u64(&memmap, SYS_DAX "/%s/extmem/memmap", device->dev_name);
	if (is_ram(device->dev_name))
		device->form = FORM_RAM;
	else
		device->form = memmap ? FORM_MEMMAP : FORM_DEVDAX;
}

/* libdaxctl has the number of whatever file there is in /dev */
static dev_t read_number(const char *dev_name)
{
	char *text = read_file(SYS_DAX "/%s/dev", dev_name);
	unsigned int major = 0, minor = 0;

	if (text)
		sscanf(text, "%u:%u", &major, &minor);
	free(text);
	return makedev(major, minor);
}

static void read_device(struct device *device, const struct state *state)
{
	struct daxctl_dev *dev = device->dev;

	device->node = daxctl_dev_get_target_node(dev);
	device->id = daxctl_dev_get_id(dev);
	device->rdev = read_number(device->dev_name);
	device->enabled = daxctl_dev_is_enabled(dev);
	device->size = daxctl_dev_get_size(dev);
	device->align = daxctl_dev_get_align(dev);
	read_claim(device);
	read_form(device);
	if (state->see_addresses)
		read_extents(device);
}

/* As status shows it, and list takes it */
const char *state_text(const struct device *device)
{
	static const char * const text[] = {
		[FORM_DEVDAX] = "enabled",
		[FORM_MEMMAP] = "memmap",
		[FORM_RAM] = "system-ram",
	};

	if (!device->enabled && device->form != FORM_RAM)
		return "disabled";
	return text[device->form];
}

/* Not in a session, or of a kernel that knows none */
bool in_session(const struct device *device)
{
	return device->session[0] && strcmp(device->session, "none");
}

static bool is_ours(const char *dev_name)
{
	char path[128];

	snprintf(path, sizeof(path), SYS_DAX "/%s/extmem", dev_name);
	return !access(path, F_OK);
}

static void add_device(struct state *state, struct daxctl_region *region,
		       struct daxctl_dev *dev)
{
	const char *name = daxctl_dev_get_devname(dev);
	struct device *device;
	struct pool *pool;

	if (!is_ours(name))
		return;
	state->devices = grow(state->devices, state->nr_devices, sizeof(*device));
	device = &state->devices[state->nr_devices++];
	*device = (struct device){ .dev = dev };
	snprintf(device->dev_name, sizeof(device->dev_name), "%s", name);
	read_device(device, state);
	pool = find_pool(state, device->node);
	if (pool)
		pool->region = region;
}

static int by_node_and_id(const void *a, const void *b)
{
	const struct device *x = a, *y = b;

	return x->node != y->node ? x->node - y->node : x->id - y->id;
}

int read_devices(struct state *state)
{
	struct daxctl_region *region;
	struct daxctl_dev *dev;

	daxctl_region_foreach(state->ctx, region)
		daxctl_dev_foreach(region, dev)
			add_device(state, region, dev);
	if (state->nr_devices)
		qsort(state->devices, state->nr_devices, sizeof(*state->devices),
		      by_node_and_id);
	return OK;
}

void device_free(struct device *device)
{
	while (device->nr_users)
		spans_free(&device->users[--device->nr_users].mapped);
	free(device->users);
	spans_free(&device->extents);
}
