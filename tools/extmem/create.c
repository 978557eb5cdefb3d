// SPDX-License-Identifier: GPL-2.0
/*
 * extmem create: a device, ready to be used. It is enabled last, when everything
 * about it is as asked for; if anything fails, nothing is left of it.
 */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <daxctl/libdaxctl.h>

#include "edit.h"
#include "extmem.h"

/**
 * struct wish - what the device is to be.
 * @node: node of the pool, or -1
 * @size: bytes
 * @align: bytes
 * @name: the claim's name, or NULL
 * @uid: owner, or NULL, as all of these in the form that sysfs takes
 * @gid: group
 * @mode: permissions
 * @persist: 0 or 1
 * @uid_text: room for @uid
 * @gid_text: room for @gid
 */
struct wish {
	int node;
	__u64 size;
	__u64 align;
	const char *name;
	const char *uid;
	const char *gid;
	const char *mode;
	const char *persist;
	char uid_text[24];
	char gid_text[24];
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

static int wish_owner(struct wish *wish)
{
	unsigned long n;

	if (wish->uid && !parse_number(wish->uid, 10, UINT32_MAX - 1, &n)) {
		struct passwd *user = getpwnam(wish->uid);

		if (!user)
			return reject("use a number or a name of /etc/passwd",
				      "--uid %s: no such user", wish->uid);
		snprintf(wish->uid_text, sizeof(wish->uid_text), "%u", user->pw_uid);
		wish->uid = wish->uid_text;
	}
	if (wish->gid && !parse_number(wish->gid, 10, UINT32_MAX - 1, &n)) {
		struct group *group = getgrnam(wish->gid);

		if (!group)
			return reject("use a number or a name of /etc/group",
				      "--gid %s: no such group", wish->gid);
		snprintf(wish->gid_text, sizeof(wish->gid_text), "%u", group->gr_gid);
		wish->gid = wish->gid_text;
	}
	return OK;
}

static int wish_rest(struct wish *wish, const char *node)
{
	unsigned long n;

	wish->node = -1;
	if (node && !parse_number(node, 10, 1023, &n))
		return reject("use a number: 0 for node0", "--node %s: not a node", node);
	if (node)
		wish->node = n;
	if (wish->mode && !parse_number(wish->mode, 8, 0777, &n))
		return reject("use octal digits up to 0777, like 0660",
			      "--mode %s: not permissions", wish->mode);
	if (wish->persist && strcmp(wish->persist, "0") && strcmp(wish->persist, "1"))
		return reject("use 0 or 1", "--persist %s: neither 0 nor 1", wish->persist);
	return wish->name ? check_name(wish->name) : OK;
}

static int read_wish(struct wish *wish, int *argc, char **argv, bool *json)
{
	const char *node = NULL, *size = NULL, *align = NULL;
	const struct option_spec spec[] = {
		{ "node", &node }, { "size", &size }, { "align", &align },
		{ "name", &wish->name }, { "uid", &wish->uid }, { "gid", &wish->gid },
		{ "mode", &wish->mode }, { "persist", &wish->persist }, {}
	};

	if (!parse_options(argc, argv, spec, json))
		return USAGE;
	if (*argc > 1)
		return misuse("create takes options only: %s", argv[1]);
	return wish_size(wish, size, align) ?: wish_rest(wish, node) ?: wish_owner(wish);
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

static int set_all(const struct device *device, const struct wish *wish)
{
	int rc = OK;

	if (wish->persist)
		rc = set_attr(device, "persist", wish->persist);
	if (!rc && wish->gid)
		rc = set_attr(device, "gid", wish->gid);
	if (!rc && wish->mode)
		rc = set_attr(device, "mode", wish->mode);
	if (!rc && wish->uid)
		rc = set_attr(device, "uid", wish->uid);
	if (!rc && wish->name)
		rc = set_attr(device, "name", wish->name);
	return rc;
}

static int no_room(const struct device *device, const struct wish *wish, int err)
{
	char buf[2][SIZE_TEXT];

	if (err == -ENOSPC)
		return fail("try a smaller --align, or see extmem map",
			    "no %s can be had in pieces of %s", size_text(wish->size, buf[0]),
			    size_text(wish->align, buf[1]));
	return fail("see: dmesg", "%s can't get %s: %s", device->dev_name,
		    size_text(wish->size, buf[0]), strerror(-err));
}

static int fill_device(struct device *device, const struct wish *wish)
{
	int rc;

	if (daxctl_dev_get_align(device->dev) != wish->align) {
		rc = daxctl_dev_set_align(device->dev, wish->align);
		if (rc)
			return fail("see: dmesg", "%s can't be aligned so: %s",
				    device->dev_name, strerror(-rc));
	}
	rc = daxctl_dev_set_size(device->dev, wish->size);
	if (rc)
		return no_room(device, wish, rc);
	rc = set_all(device, wish);
	if (rc)
		return rc;
	rc = daxctl_dev_enable_devdax(device->dev);
	if (rc)
		return fail("see: dmesg; is the driver device_dax there?",
			    "%s can't be enabled: %s", device->dev_name, strerror(-rc));
	return OK;
}

/* The device that was not there before */
static struct device *find_new(const struct state *before, const struct state *after,
			       int node)
{
	size_t i;

	for (i = 0; i < after->nr_devices; i++)
		if (after->devices[i].node == node && !after->devices[i].size &&
		    !find_device(before, after->devices[i].dev_name))
			return &after->devices[i];
	return NULL;
}

/* A device without memory; libdaxctl sees it only when it looks afresh */
static struct device *make_device(const struct state *before, struct state *after,
				  const struct pool *pool)
{
	struct device *device = NULL;
	int rc = daxctl_region_create_dev(pool->region);

	if (!rc && !state_read(after))
		device = find_new(before, after, pool->node);
	if (!device)
		fail("see: dmesg", "no device can be made on node %d: %s", pool->node,
		     rc ? strerror(-rc) : "it is not there");
	return device;
}

/* From here on nothing is to be left half done */
static void hold_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

static int interrupted(void)
{
	sigset_t set;

	sigpending(&set);
	if (!sigismember(&set, SIGHUP) && !sigismember(&set, SIGINT) &&
	    !sigismember(&set, SIGTERM))
		return OK;
	return fail("nothing has been made: try again", "interrupted");
}

/* libdaxctl crashes when it destroys what it has enabled: let it look afresh */
static void undo(struct state *state, const char *dev_name)
{
	struct device *device;

	state_free(state);
	if (state_read(state))
		return;
	device = find_device(state, dev_name);
	if (device)
		give_up_device(state, device);
}

static int create(const struct state *before, struct state *after,
		  const struct wish *wish, char *dev_name)
{
	struct pool *pool = choose_pool(before, wish);
	struct device *device;
	int rc;

	if (!pool)
		return FAILED;
	rc = check_room(pool, wish);
	if (!rc && wish->name)
		rc = check_name_free(before, wish->name);
	if (rc)
		return rc;
	hold_signals();
	device = make_device(before, after, pool);
	if (!device)
		return FAILED;
	memcpy(dev_name, device->dev_name, sizeof(device->dev_name));
	rc = fill_device(device, wish) ?: interrupted();
	if (rc)
		undo(after, dev_name);
	return rc;
}

int cmd_create(int argc, char **argv)
{
	char dev_name[sizeof(((struct device *)0)->dev_name)];
	struct state before, after = {};
	struct wish wish = {};
	char buf[SIZE_TEXT];
	bool json = false;
	int rc = read_wish(&wish, &argc, argv, &json);

	if (rc)
		return rc;
	rc = begin_change(&before, "create");
	if (rc)
		return rc;
	rc = create(&before, &after, &wish, dev_name);
	state_free(&before);
	state_free(&after);
	if (rc)
		return rc;
	return report(dev_name, json, "created %s, %s%s%s\n", dev_name,
		      size_text(wish.size, buf), wish.name ? ", " : "", wish.name ?: "");
}
