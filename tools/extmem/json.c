// SPDX-License-Identifier: GPL-2.0
/*
 * The state as JSON. Sizes are in bytes; addresses, too, and missing where they
 * may not be seen.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "extmem.h"
#include "state.h"

static void add_u64(struct json_object *json, const char *key, __u64 val)
{
	json_object_object_add(json, key, json_object_new_uint64(val));
}

static void add_counter(struct json_object *json, const char *key,
			const struct counter *counter)
{
	if (counter->known)
		add_u64(json, key, counter->val);
}

static void add_text(struct json_object *json, const char *key, const char *text)
{
	json_object_object_add(json, key, json_object_new_string(text));
}

struct json_object *json_spans(const struct spans *spans)
{
	struct json_object *array = json_object_new_array(), *json;
	size_t i;

	for (i = 0; i < spans->nr; i++) {
		json = json_object_new_object();
		add_u64(json, "start", spans->v[i].start);
		add_u64(json, "size", spans->v[i].size);
		if (spans->v[i].why)
			add_text(json, "reason", spans->v[i].why);
		json_object_array_add(array, json);
	}
	return array;
}

static struct json_object *json_users(const struct device *device)
{
	struct json_object *array = json_object_new_array(), *json;
	size_t i;

	for (i = 0; i < device->nr_users; i++) {
		json = json_object_new_object();
		json_object_object_add(json, "pid",
				       json_object_new_int(device->users[i].pid));
		add_text(json, "command", device->users[i].comm);
		json_object_object_add(json, "mapped",
				       json_spans(&device->users[i].mapped));
		json_object_array_add(array, json);
	}
	return array;
}

struct json_object *json_device(const struct device *device)
{
	struct json_object *json = json_object_new_object();
	char mode[8];

	snprintf(mode, sizeof(mode), "%04lo", device->mode);
	add_text(json, "device", device->dev_name);
	add_text(json, "name", device->name);
	add_text(json, "uuid", device->uuid);
	json_object_object_add(json, "node", json_object_new_int(device->node));
	add_u64(json, "size", device->size);
	add_u64(json, "align", device->align);
	add_u64(json, "uid", device->uid);
	add_u64(json, "gid", device->gid);
	add_text(json, "mode", mode);
	json_object_object_add(json, "persist", json_object_new_boolean(device->persist));
	add_text(json, "session", device->session);
	json_object_object_add(json, "enabled", json_object_new_boolean(device->enabled));
	add_u64(json, "nr_extents", device->nr_extents);
	if (device->extents.nr)
		json_object_object_add(json, "extents", json_spans(&device->extents));
	json_object_object_add(json, "users", json_users(device));
	return json;
}

static struct json_object *json_lines(const char *text)
{
	struct json_object *array = json_object_new_array();
	size_t len;

	for (; text && *text; text += len + (text[len] == '\n')) {
		len = strcspn(text, "\n");
		json_object_array_add(array, json_object_new_string_len(text, len));
	}
	return array;
}

static struct json_object *json_pool(const struct pool *pool)
{
	struct json_object *json = json_object_new_object();

	json_object_object_add(json, "node", json_object_new_int(pool->node));
	add_u64(json, "total_bytes", pool->total);
	add_u64(json, "free_bytes", pool->free);
	add_u64(json, "largest_free_bytes", pool->largest);
	add_u64(json, "quarantined_bytes", pool->quarantined);
	add_u64(json, "claims", pool->claims);
	add_counter(json, "dirty_bytes", &pool->dirty);
	add_counter(json, "scrubbed_bytes", &pool->scrubbed);
	add_counter(json, "poisoned_bytes", &pool->poisoned);
	if (pool->ranges.nr)
		json_object_object_add(json, "ranges", json_spans(&pool->ranges));
	json_object_object_add(json, "quarantine", json_spans(&pool->bad));
	json_object_object_add(json, "poison", json_spans(&pool->poison));
	json_object_object_add(json, "notes", json_lines(pool->notes));
	return json;
}

struct json_object *json_state(const struct state *state)
{
	struct json_object *json = json_object_new_object();
	struct json_object *pools = json_object_new_array();
	struct json_object *claims = json_object_new_array();
	size_t i;

	for (i = 0; i < state->nr_pools; i++)
		json_object_array_add(pools, json_pool(&state->pools[i]));
	for (i = 0; i < state->nr_devices; i++)
		if (state->devices[i].size)
			json_object_array_add(claims, json_device(&state->devices[i]));
	add_u64(json, "generation", state->generation);
	add_u64(json, "map_bytes", state->map_bytes);
	json_object_object_add(json, "all_users_seen",
			       json_object_new_boolean(state->see_users));
	json_object_object_add(json, "pools", pools);
	json_object_object_add(json, "claims", claims);
	return json;
}

/* Print it and free it */
void json_print(struct json_object *json, bool pretty)
{
	int flags = JSON_C_TO_STRING_NOSLASHESCAPE;

	flags |= pretty ? JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED :
			  JSON_C_TO_STRING_PLAIN;
	puts(json_object_to_json_string_ext(json, flags));
	fflush(stdout);
	json_object_put(json);
}
