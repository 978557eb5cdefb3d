// SPDX-License-Identifier: GPL-2.0
/*
 * extmem create: a device, ready to be used. If anything fails, nothing is left of it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <daxctl/libdaxctl.h>

#include "edit.h"
#include "extmem.h"

#define TRIES	16
#define RETRY	(-1)	/* no exit code: another creator got what we had made */

/**
 * struct wish - what the device is to be.
 * @node: node of the pool, or -1
 * @size: bytes
 * @align: bytes
 * @attrs: what is said about the claim
 */
struct wish {
	int node;
	__u64 size;
	__u64 align;
	struct attrs attrs;
};

static int wish_size(struct wish *wish, const char *size, const char *align)
{
	char buf[2][SIZE_TEXT];

	if (!size)
		return misuse("create needs --size");
	if (!parse_size(size, &wish->size) || !wish->size)
		return reject("say, for instance, 512M or 4G", "--size %s: not a size", size);
	wish->align = GRANULE;
	if (align && !parse_size(align, &wish->align))
		return reject("use 4K, 2M or 1G", "--align %s: not a size", align);
	if (wish->align != 4 * KIB && wish->align != GRANULE && wish->align != GIB)
		return reject("use 4K, 2M or 1G", "--align %s: no device has that", align);
	if (wish->size % wish->align)
		return reject("choose a multiple", "--size %s is no multiple of %s, the alignment",
			      size_text(wish->size, buf[0]), size_text(wish->align, buf[1]));
	if (wish->size % GRANULE)
		return reject("choose a multiple", "--size %s is no multiple of 2 MiB",
			      size_text(wish->size, buf[0]));
	return OK;
}

static int wish_node(struct wish *wish, const char *node)
{
	unsigned long n;

	wish->node = -1;
	if (node && !parse_number(node, 10, 1023, &n))
		return reject("use a number: 0 for node0", "--node %s: not a node", node);
	if (node)
		wish->node = n;
	return OK;
}

static int read_wish(struct wish *wish, int *argc, char **argv, bool *json)
{
	const char *node = NULL, *size = NULL, *align = NULL;
	const struct option_spec spec[] = {
		{ "node", &node }, { "size", &size }, { "align", &align },
		{ "name", &wish->attrs.name }, { "uid", &wish->attrs.uid },
		{ "gid", &wish->attrs.gid }, { "mode", &wish->attrs.mode },
		{ "persist", &wish->attrs.persist }, { "memmap", &wish->attrs.memmap }, {}
	};

	if (!parse_options(argc, argv, spec, json))
		return USAGE;
	if (*argc > 1)
		return misuse("create takes options only: %s", argv[1]);
	return wish_size(wish, size, align) ?: wish_node(wish, node) ?: check_attrs(&wish->attrs);
}

/* The pool that was asked for, or the only one there is */
static struct pool *choose_pool(const struct state *state, const struct wish *wish)
{
	struct pool *pool = NULL;

	if (wish->node >= 0)
		pool = find_pool(state, wish->node);
	else if (state->nr_pools == 1)
		pool = &state->pools[0];
	if (pool && pool->region)
		return pool;
	if (pool)
		fail("modprobe extmem_dax, or see: dmesg", "node %d has no dax region",
		     pool->node);
	else if (wish->node >= 0)
		fail("see the pools there are: extmem status", "node %d has no pool",
		     wish->node);
	else if (state->nr_pools)
		fail("say --node N: see extmem status", "there are %zu pools",
		     state->nr_pools);
	else
		fail("boot cold with extmem=, or see: dmesg", "there is no pool");
	return NULL;
}

static int check_room(const struct pool *pool, const struct wish *wish)
{
	char buf[2][SIZE_TEXT];

	if (wish->size <= pool->free)
		return OK;
	return fail("destroy a device, or choose another node: see extmem status",
		    "node %d has %s free, %s are wanted", pool->node,
		    size_text(pool->free, buf[0]), size_text(wish->size, buf[1]));
}

/* Says why there is no memory: the kernel has one errno for several reasons */
static int no_room(const struct pool *pool, const struct wish *wish, int err)
{
	char buf[4][SIZE_TEXT];

	if (err == -EINTR)
		return fail("nothing has been made: try again", "interrupted");
	if (err == -ENOSPC || err == -ENXIO)
		return fail("try a smaller --align, or see extmem map",
			    "node %d has no %s in pieces of %s: %s are free, the longest run is %s",
			    pool->node, size_text(wish->size, buf[0]),
			    size_text(wish->align, buf[1]), size_text(pool->free, buf[2]),
			    size_text(pool->largest, buf[3]));
	return fail("see: dmesg", "node %d does not give %s: %s", pool->node,
		    size_text(wish->size, buf[0]), strerror(-err));
}

/* The claim's id; empty as long as there is no claim */
static void read_uuid(const struct device *device, char uuid[40])
{
	char *text = read_file(SYS_DAX "/%s/extmem/uuid", device->dev_name);

	snprintf(uuid, sizeof(device->uuid), "%s", text ?: "");
	free(text);
}

/*
 * Give the device memory and enable it at once: daxctl takes the youngest device of a
 * region and does not look whether that is its own; what is enabled is safe from it.
 * RETRY: another creator was faster.
 */
static int take_device(struct device *device, const struct pool *pool,
		       const struct wish *wish)
{
	int rc;

	read_uuid(device, device->uuid);
	if (device->uuid[0])
		return RETRY;
	if (daxctl_dev_get_align(device->dev) != wish->align) {
		rc = daxctl_dev_set_align(device->dev, wish->align);
		if (rc)
			return rc == -EBUSY ? RETRY :
			       fail("see: dmesg", "%s can't be aligned so: %s",
				    device->dev_name, strerror(-rc));
	}
	rc = set_size(device, wish->size);
	if (rc)
		return rc == -EBUSY ? RETRY : no_room(pool, wish, rc);
	read_uuid(device, device->uuid);
	rc = daxctl_dev_enable_devdax(device->dev);
	if (rc)
		return fail("see: dmesg; is the driver device_dax there?",
			    "%s can't be enabled: %s", device->dev_name, strerror(-rc));
	return OK;
}

/* Whether it is still the claim that take_device() has made */
static bool is_ours(const struct device *device, const struct wish *wish)
{
	char uuid[sizeof(device->uuid)];
	__u64 size = 0;

	read_uuid(device, uuid);
	read_u64(&size, SYS_DAX "/%s/size", device->dev_name);
	return uuid[0] && !strcmp(uuid, device->uuid) && size == wish->size;
}

static int finish_device(const struct device *device, const struct wish *wish)
{
	int rc = set_attrs(device, &wish->attrs);

	if (rc)
		return rc;
	if (interrupted())
		return fail("nothing has been made: try again", "interrupted");
	if (!is_ours(device, wish))
		return fail("see who else changes devices, for instance daxctl",
			    "%s has been changed by another meanwhile", device->dev_name);
	return OK;
}

/* Make a device without memory: the kernel shows a process the youngest of its own */
static int make_device(const struct pool *pool, char *name, size_t len)
{
	char *youngest;
	int rc;

	rc = daxctl_region_create_dev(pool->region);
	if (rc)
		return fail("see: dmesg", "no device can be made on node %d: %s", pool->node,
			    strerror(-rc));
	youngest = read_file("%s/dax_region/create", daxctl_region_get_path(pool->region));
	snprintf(name, len, "%s", youngest ? youngest : "");
	free(youngest);
	return OK;
}

/* What nobody has taken goes again */
static void remove_unused(const struct pool *pool, struct device *device)
{
	read_uuid(device, device->uuid);
	if (!device->uuid[0])
		daxctl_region_destroy_dev(pool->region, device->dev);
}

/* As remove_unused(), unseen by libdaxctl: the kernel keeps what has memory or a driver */
static void remove_unseen(const struct pool *pool, const char *name)
{
	if (*name)
		write_file(name, "%s/dax_region/delete", daxctl_region_get_path(pool->region));
}

/*
 * Make two devices, of which the first is to be used, and is not the youngest any more:
 * the second one is for daxctl to take, if it should be about to. What another has taken
 * nevertheless is not ours.
 */
static int make_devices(struct state *after, const struct pool *pool, struct device *made[2])
{
	char name[2][sizeof(made[0]->dev_name)] = {};
	int i, rc, err;

	rc = make_device(pool, name[0], sizeof(name[0]));
	if (rc)
		return rc;
	err = make_device(pool, name[1], sizeof(name[1]));
	rc = state_read(after);
	if (rc) {
		remove_unseen(pool, name[0]);
		remove_unseen(pool, name[1]);
		return rc;
	}
	for (i = 0; i < 2; i++) {
		made[i] = find_device(after, name[i]);
		if (made[i] && made[i]->size)
			made[i] = NULL;
	}
	if (!err && made[0] && made[1])
		return OK;
	for (i = 0; i < 2; i++)
		if (made[i])
			remove_unused(pool, made[i]);
	return err ? err : RETRY;
}

/*
 * Remove what was made, unless it has become somebody else's. libdaxctl crashes when it
 * destroys what it has enabled: let it look afresh.
 */
static void undo(struct state *state, const struct device *made)
{
	char dev_name[sizeof(made->dev_name)], uuid[sizeof(made->uuid)];
	struct device *device;

	memcpy(dev_name, made->dev_name, sizeof(dev_name));
	memcpy(uuid, made->uuid, sizeof(uuid));
	state_free(state);
	if (state_read(state))
		return;
	device = find_device(state, dev_name);
	if (device && !strcmp(device->uuid, uuid))
		give_up_device(state, device);
}

/* One attempt. libdaxctl sees new devices only when it looks afresh. */
static int try_create(const struct state *before, struct state *after,
		      const struct wish *wish, int node, char *dev_name)
{
	struct pool *pool = find_pool(before, node);
	struct device *made[2] = {};
	int rc;

	rc = make_devices(after, pool, made);
	if (rc)
		return rc;
	pool = find_pool(after, node);
	if (!pool || !pool->region)
		return RETRY;
	memcpy(dev_name, made[0]->dev_name, sizeof(made[0]->dev_name));
	rc = take_device(made[0], pool, wish);
	remove_unused(pool, made[1]);
	if (!rc)
		rc = finish_device(made[0], wish);
	if (rc && rc != RETRY)
		undo(after, made[0]);
	return rc;
}

static int create_once(const struct wish *wish, char *dev_name)
{
	struct state before, after = {};
	struct pool *pool;
	int rc = state_read(&before);

	if (rc)
		return rc;
	pool = choose_pool(&before, wish);
	rc = pool ? check_room(pool, wish) : FAILED;
	if (!rc && wish->attrs.name && *wish->attrs.name)
		rc = check_name_free(&before, wish->attrs.name);
	if (!rc && interrupted())
		rc = fail("nothing has been made: try again", "interrupted");
	if (!rc)
		rc = try_create(&before, &after, wish, pool->node, dev_name);
	state_free(&before);
	state_free(&after);
	return rc;
}

static int create(const struct wish *wish, char *dev_name)
{
	int i, rc = RETRY;

	hold_signals();
	for (i = 0; i < TRIES && rc == RETRY; i++)
		rc = create_once(wish, dev_name);
	if (rc == RETRY)
		return fail("try again when they are through",
			    "others make devices there all the time");
	return rc;
}

int cmd_create(int argc, char **argv)
{
	char dev_name[sizeof(((struct device *)0)->dev_name)];
	struct wish wish = {};
	char buf[SIZE_TEXT];
	const char *name;
	bool json = false;
	int rc = read_wish(&wish, &argc, argv, &json);

	if (rc)
		return rc;
	rc = need_root("create", FAILED) ?: lock_tools() ?: create(&wish, dev_name);
	if (rc)
		return rc;
	name = wish.attrs.name;
	return report(dev_name, json, "created %s, %s%s%s\n", dev_name,
		      size_text(wish.size, buf), name && *name ? ", " : "", name ?: "");
}
