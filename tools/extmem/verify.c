// SPDX-License-Identifier: GPL-2.0
/*
 * extmem verify: what the pools say, what the devices and their nodes say, what
 * /proc/iomem and the mappings of processes say must be the same.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <json-c/json.h>

#include "extmem.h"
#include "layout.h"

#define TRIES	3	/* others may change things while we look */

static struct json_object *problems;

static __printf(1, 2) void problem(const char *fmt, ...)
{
	char text[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	json_object_array_add(problems, json_text(text));
}

static __u64 sum(const struct spans *spans)
{
	__u64 bytes = 0;
	size_t i;

	for (i = 0; i < spans->nr; i++)
		bytes += spans->v[i].size;
	return bytes;
}

/*
 * Free, in devices, in page tables and in quarantine: that must be all. A kernel that
 * does not tell of page tables may have claims for them that no device has.
 */
static void check_sums(const struct state *state, const struct pool *pool)
{
	__u64 used = 0, claims = 0;
	char buf[4][SIZE_TEXT];
	size_t i;

	for (i = 0; i < state->nr_devices; i++) {
		if (state->devices[i].node != pool->node || !state->devices[i].size)
			continue;
		used += state->devices[i].size;
		claims++;
	}
	if (pool->other.known ? claims + pool->other_claims.val != pool->claims :
				claims > pool->claims)
		problem("node%d: %llu claims, but %llu devices with memory and %llu others",
			pool->node, pool->claims, claims, pool->other_claims.val);
	used += pool->other.val;
	if (pool->other.known || claims == pool->claims ?
	    pool->total != pool->free + used + pool->quarantined :
	    pool->total < pool->free + used + pool->quarantined)
		problem("node%d: %s is not %s free, %s in claims and %s in quarantine",
			pool->node, size_text(pool->total, buf[0]),
			size_text(pool->free, buf[1]), size_text(used, buf[2]),
			size_text(pool->quarantined, buf[3]));
	if (pool->largest > pool->free)
		problem("node%d: the largest free run is more than what is free", pool->node);
}

/* Quarantined memory may be in no range that is known, else all is */
static void check_ranges(const struct pool *pool)
{
	__u64 bytes = sum(&pool->ranges);
	char buf[2][SIZE_TEXT];
	size_t i;

	if (bytes > pool->total || bytes + pool->quarantined < pool->total)
		problem("node%d: %s in /proc/iomem, but the pool has %s", pool->node,
			size_text(bytes, buf[0]), size_text(pool->total, buf[1]));
	if (sum(&pool->bad) > pool->quarantined)
		problem("node%d: more in quarantine by its list than by its sum", pool->node);
	for (i = 0; i < pool->bad.nr; i++)
		if (!span_in(&pool->bad.v[i], &pool->ranges))
			problem("node%d: %#llx in quarantine is outside the pool",
				pool->node, pool->bad.v[i].start);
	for (i = 0; i < pool->poison.nr; i++)
		if (!span_in(&pool->poison.v[i], &pool->ranges))
			problem("node%d: bad page %#llx is outside the pool",
				pool->node, pool->poison.v[i].start);
}

static void check_device(const struct state *state, const struct device *device)
{
	const struct pool *pool = find_pool(state, device->node);
	char buf[2][SIZE_TEXT];
	size_t i;

	if (!pool) {
		problem("%s: there is no pool on its node %d", device->dev_name, device->node);
		return;
	}
	if (sum(&device->extents) != device->size)
		problem("%s: its mappings are %s, its size is %s", device->dev_name,
			size_text(sum(&device->extents), buf[0]),
			size_text(device->size, buf[1]));
	if (device->size && device->extents.nr != device->nr_extents)
		problem("%s: %zu mappings, but its claim has %llu extents",
			device->dev_name, device->extents.nr, device->nr_extents);
	if (device->enabled && !device->size)
		problem("%s: enabled, but has no memory", device->dev_name);
	for (i = 0; i < device->extents.nr; i++)
		if (!span_in(&device->extents.v[i], &pool->ranges))
			problem("%s: %#llx is outside the pool of node %d",
				device->dev_name, device->extents.v[i].start, device->node);
}

/* What chmod does to a node the kernel doesn't see, and a kexec undoes */
static void check_node(const struct device *device)
{
	struct stat st;
	char path[48];

	snprintf(path, sizeof(path), "/dev/%s", device->dev_name);
	if (!device->size || stat(path, &st) || st.st_rdev != device->rdev)
		return;
	if (st.st_uid != device->uid || st.st_gid != device->gid ||
	    (st.st_mode & 0777) != device->mode)
		problem("%s: its node is %u:%u %04o, its claim says %llu:%llu %04lo",
			device->dev_name, st.st_uid, st.st_gid, st.st_mode & 0777,
			device->uid, device->gid, device->mode);
}

static void check_overlaps(const struct state *state)
{
	struct layout layout;
	size_t i;

	layout_read(&layout, state);
	for (i = 1; i < layout.nr; i++) {
		const struct piece *a = &layout.pieces[i - 1], *b = &layout.pieces[i];

		if (a->start + a->size > b->start)
			problem("%#llx is both %s's and %s's", b->start,
				owner_name(a->device), owner_name(b->device));
	}
	layout_free(&layout);
}

static bool is_pool_line(const struct resource *res)
{
	return !strncmp(res->name, "extmem node ", 12);
}

/* Memory of a device that the page allocator has for now */
static bool is_lent(const struct state *state, const struct resource *res)
{
	const struct span span = { .start = res->start, .size = res->end - res->start + 1 };
	size_t i;

	for (i = 0; i < state->nr_devices; i++)
		if (state->devices[i].form == FORM_RAM &&
		    span_in(&span, &state->devices[i].extents))
			return !strncmp(res->name, "System RAM", 10);
	return false;
}

/* May this be seen inside a pool's range? Devices, and what holds the range */
static bool may_overlap(const struct state *state, const struct resource *pool,
			const struct resource *res)
{
	return res == pool || find_device(state, res->name) || is_lent(state, res) ||
	       (res->depth < pool->depth && res->start <= pool->start &&
		res->end >= pool->end && strcmp(res->name, "System RAM"));
}

static void check_iomem(const struct state *state)
{
	size_t i, n;

	for (i = 0; i < state->nr_iomem; i++) {
		const struct resource *pool = &state->iomem[i], *res = state->iomem;

		for (n = 0; is_pool_line(pool) && n < state->nr_iomem; n++, res++)
			if (res->start <= pool->end && res->end >= pool->start &&
			    !may_overlap(state, pool, res))
				problem("%#llx-%#llx: \"%s\" has memory of \"%s\"",
					res->start, res->end, res->name, pool->name);
	}
}

static void check_users(const struct device *device)
{
	const struct spans *mapped;
	size_t i, n;

	for (i = 0; i < device->nr_users; i++) {
		mapped = &device->users[i].mapped;
		if (!device->enabled)
			problem("%s: disabled, but mapped by process %d", device->dev_name,
				device->users[i].pid);
		for (n = 0; n < mapped->nr; n++)
			if (mapped->v[n].start + mapped->v[n].size > device->size)
				problem("%s: process %d maps more than there is",
					device->dev_name, device->users[i].pid);
	}
}

static void check_all(const struct state *state)
{
	size_t i;

	for (i = 0; i < state->nr_pools; i++) {
		check_sums(state, &state->pools[i]);
		check_ranges(&state->pools[i]);
	}
	for (i = 0; i < state->nr_devices; i++) {
		check_device(state, &state->devices[i]);
		check_node(&state->devices[i]);
		check_users(&state->devices[i]);
	}
	check_overlaps(state);
	check_iomem(state);
}

static int look(struct state *state)
{
	const struct timespec moment = { .tv_nsec = 200000000 };
	int i, rc;

	for (i = 0; i < TRIES; i++) {
		if (i) {
			nanosleep(&moment, NULL);
			json_object_put(problems);
			state_free(state);
		}
		problems = json_object_new_array();
		/* No tool changes anything while we read, nor waits for us while we look */
		rc = lock_tools() ?: state_read(state);
		unlock_tools();
		if (rc)
			return NO_ANSWER;
		read_users(state);
		check_all(state);
		if (!json_object_array_length(problems))
			break;
	}
	return OK;
}

static void print_problems(const struct state *state)
{
	size_t i, n = json_object_array_length(problems), claims = 0, users = 0;

	for (i = 0; i < n; i++)
		puts(json_object_get_string(json_object_array_get_idx(problems, i)));
	for (i = 0; i < state->nr_unseen; i++)
		printf("not looked at: %s[%d], which keeps waiting who does\n",
		       state->unseen[i].comm, state->unseen[i].pid);
	for (i = 0; i < state->nr_devices; i++) {
		claims += state->devices[i].size > 0;
		users += state->devices[i].nr_users;
	}
	if (n)
		printf("%zu found wrong; see dmesg, and daxctl list\n", n);
	else
		printf("%s: %zu pools, %zu claims, %zu users\n",
		       state->nr_unseen ? "all else agrees" : "all agree", state->nr_pools,
		       claims, users);
}

static void print_json(const struct state *state)
{
	struct json_object *json = json_object_new_object();
	bool ok = !json_object_array_length(problems);

	json_object_object_add(json, "ok", json_object_new_boolean(ok));
	json_object_object_add(json, "problems", json_object_get(problems));
	json_object_object_add(json, "not_looked_at",
			       json_object_new_int(state->nr_unseen));
	json_print(json, true);
}

int cmd_verify(int argc, char **argv)
{
	struct state state;
	bool json = false;
	int rc;

	if (!parse_options(&argc, argv, NULL, &json))
		return USAGE;
	if (argc > 1)
		return misuse("verify takes no argument: %s", argv[1]);
	rc = need_root("verify", NO_ANSWER) ?: look(&state);
	if (rc)
		return rc;
	if (json)
		print_json(&state);
	else
		print_problems(&state);
	rc = json_object_array_length(problems) ? FAILED : state.nr_unseen ? NO_ANSWER : OK;
	json_object_put(problems);
	state_free(&state);
	return rc;
}
