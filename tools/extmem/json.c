// SPDX-License-Identifier: GPL-2.0
/*
 * The state as JSON. Sizes are in bytes; addresses, too, and missing where they
 * may not be seen.
 */
#define _GNU_SOURCE
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

/* Bytes of the UTF-8 character at @text, or 0 if there is none */
static size_t character(const unsigned char *text)
{
	static const struct { unsigned char mask, lead; unsigned int least; } form[] = {
		{ 0x80, 0x00, 0 }, { 0xe0, 0xc0, 0x80 }, { 0xf0, 0xe0, 0x800 },
		{ 0xf8, 0xf0, 0x10000 },
	};
	unsigned int c;
	size_t len, i;

	for (len = 0; len < 4; len++)
		if ((text[0] & form[len].mask) == form[len].lead)
			break;
	if (len == 4)
		return 0;
	c = text[0] & (unsigned char)~form[len].mask;
	for (i = 1; i <= len; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (text[i] & 0x3f);
	}
	if (c < form[len].least || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	return len + 1;
}

/* Paths and what is read from files may be no UTF-8, but JSON is: U+FFFD for the rest */
struct json_object *json_text(const char *text)
{
	struct json_object *json;
	char *good, *to;
	size_t len;

	good = malloc(3 * strlen(text) + 1);
	if (!good)
		return NULL;
	to = good;
	while (*text) {
		len = character((const unsigned char *)text);
		to = mempcpy(to, len ? text : "\xef\xbf\xbd", len ?: 3);
		text += len ?: 1;
	}
	*to = '\0';
	json = json_object_new_string(good);
	free(good);
	return json;
}

void json_add_text(struct json_object *json, const char *key, const char *text)
{
	json_object_object_add(json, key, json_text(text));
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
			json_add_text(json, "reason", spans->v[i].why);
		json_object_array_add(array, json);
	}
	return array;
}

static struct json_object *json_user(const struct user *user)
{
	struct json_object *json = json_object_new_object();

	json_object_object_add(json, "pid", json_object_new_int(user->pid));
	json_add_text(json, "command", user->comm);
	return json;
}

static struct json_object *json_users(const struct device *device)
{
	struct json_object *array = json_object_new_array(), *json;
	size_t i;

	for (i = 0; i < device->nr_users; i++) {
		json = json_user(&device->users[i]);
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
	json_add_text(json, "device", device->dev_name);
	json_add_text(json, "name", device->name);
	json_add_text(json, "uuid", device->uuid);
	json_object_object_add(json, "node", json_object_new_int(device->node));
	add_u64(json, "size", device->size);
	add_u64(json, "align", device->align);
	add_u64(json, "uid", device->uid);
	add_u64(json, "gid", device->gid);
	json_add_text(json, "mode", mode);
	json_object_object_add(json, "persist", json_object_new_boolean(device->persist));
	json_add_text(json, "session", device->session);
	json_object_object_add(json, "enabled", json_object_new_boolean(device->enabled));
	json_add_text(json, "state", state_text(device));
	json_object_object_add(json, "memmap",
			       json_object_new_boolean(device->form == FORM_MEMMAP));
	add_u64(json, "nr_extents", device->nr_extents);
	if (device->extents.nr)
		json_object_object_add(json, "extents", json_spans(&device->extents));
	json_object_object_add(json, "users", json_users(device));
	return json;
}

static struct json_object *json_line(const char *text, size_t len)
{
	char *line = strndup(text, len);
	struct json_object *json = line ? json_text(line) : NULL;

	free(line);
	return json;
}

static struct json_object *json_lines(const char *text)
{
	struct json_object *array = json_object_new_array();
	size_t len;

	for (; text && *text; text += len + (text[len] == '\n')) {
		len = strcspn(text, "\n");
		json_object_array_add(array, json_line(text, len));
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
	add_counter(json, "other_claims", &pool->other_claims);
	add_counter(json, "other_bytes", &pool->other);
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
	struct json_object *unseen = json_object_new_array();
	size_t i;

	for (i = 0; i < state->nr_pools; i++)
		json_object_array_add(pools, json_pool(&state->pools[i]));
	for (i = 0; i < state->nr_devices; i++)
		if (state->devices[i].size)
			json_object_array_add(claims, json_device(&state->devices[i]));
	add_u64(json, "generation", state->generation);
	add_u64(json, "map_bytes", state->map_bytes);
	json_object_object_add(json, "all_users_seen",
			       json_object_new_boolean(state->see_users &&
						       !state->nr_unseen));
	for (i = 0; i < state->nr_unseen; i++)
		json_object_array_add(unseen, json_user(&state->unseen[i]));
	json_object_object_add(json, "unseen", unseen);
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
