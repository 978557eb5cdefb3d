// SPDX-License-Identifier: GPL-2.0
/*
 * extmem list: claims, all or some of them.
 */
#include <fnmatch.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "extmem.h"
#include "state.h"
#include "table.h"

/**
 * struct filter - which claims are wanted: those that fit all that is given.
 * @node: their pool's, a number
 * @name: a pattern, as shells have them, for their names
 * @uid: owner, a name or number
 * @state: as status shows it
 * @session: none, outgoing or incoming
 * @persist: 0 or 1
 * @used: 0 or 1: whether a process maps it or a session has it
 * @words: names and devices, any of which will do
 * @nr_words: how many
 */
struct filter {
	const char *node;
	const char *name;
	const char *uid;
	const char *state;
	const char *session;
	const char *persist;
	const char *used;
	char **words;
	int nr_words;
};

static int one_of(const char *option, const char *value, const char *const *all)
{
	char text[96] = "use";
	size_t len;

	if (!value)
		return OK;
	for (; *all; all++) {
		if (!strcmp(value, *all))
			return OK;
		len = strlen(text);
		snprintf(text + len, sizeof(text) - len, " %s", *all);
	}
	return reject(text, "--%s %s: none of those", option, value);
}

static int check_filter(struct filter *filter, char uid[24])
{
	static const char * const states[] = {
		"enabled", "disabled", "memmap", "system-ram", NULL
	};
	static const char * const sessions[] = { "none", "outgoing", "incoming", NULL };
	static const char * const flags[] = { "0", "1", NULL };
	struct passwd *user;
	unsigned long n;

	if (filter->node && !parse_number(filter->node, 10, 1023, &n))
		return reject("use a number: 0 for node0", "--node %s: not a node", filter->node);
	if (filter->uid && !parse_number(filter->uid, 10, UINT32_MAX, &n)) {
		user = getpwnam(filter->uid);
		if (!user)
			return reject("use a number or a name of /etc/passwd",
				      "--uid %s: no such user", filter->uid);
		snprintf(uid, 24, "%u", user->pw_uid);
		filter->uid = uid;
	}
	return one_of("state", filter->state, states) ?:
	       one_of("session", filter->session, sessions) ?:
	       one_of("persist", filter->persist, flags) ?: one_of("used", filter->used, flags);
}

static bool is_word(const struct device *device, const struct filter *filter)
{
	int i;

	for (i = 0; i < filter->nr_words; i++)
		if (!strcmp(filter->words[i], device->dev_name) ||
		    !strcmp(filter->words[i], device->name))
			return true;
	return !filter->nr_words;
}

static bool is_wanted(const struct device *device, const struct filter *filter)
{
	if (!device->size || !is_word(device, filter))
		return false;
	if (filter->node && strtol(filter->node, NULL, 10) != device->node)
		return false;
	if (filter->uid && strtoull(filter->uid, NULL, 10) != device->uid)
		return false;
	if (filter->name && fnmatch(filter->name, device->name, 0))
		return false;
	if (filter->state && strcmp(filter->state, state_text(device)))
		return false;
	if (filter->session &&
	    strcmp(filter->session, device->session[0] ? device->session : "none"))
		return false;
	if (filter->persist && (*filter->persist == '1') != device->persist)
		return false;
	return !filter->used ||
	       (*filter->used == '1') == (device->nr_users || in_session(device));
}

/* Who is named must be there */
static int check_words(const struct state *state, const struct filter *filter)
{
	int i;

	for (i = 0; i < filter->nr_words; i++)
		if (!find_claim(state, filter->words[i]))
			return FAILED;
	return OK;
}

static void print_list(const struct state *state, const struct filter *filter, bool json)
{
	struct json_object *array = json_object_new_array();
	struct table *table = claim_table();
	size_t i, nr = 0;

	for (i = 0; i < state->nr_devices; i++) {
		const struct device *device = &state->devices[i];

		if (!is_wanted(device, filter))
			continue;
		nr++;
		if (json)
			json_object_array_add(array, json_device(device));
		else
			claim_row(table, device);
	}
	if (json) {
		json_print(array, true);
		return;
	}
	json_object_put(array);
	if (nr)
		table_print(table);
}

int cmd_list(int argc, char **argv)
{
	struct filter filter = {};
	const struct option_spec spec[] = {
		{ "node", &filter.node }, { "name", &filter.name }, { "uid", &filter.uid },
		{ "state", &filter.state }, { "session", &filter.session },
		{ "persist", &filter.persist }, { "used", &filter.used }, {}
	};
	struct state state;
	bool json = false;
	char uid[24];
	int rc;

	if (!parse_options(&argc, argv, spec, &json))
		return USAGE;
	filter.words = argv + 1;
	filter.nr_words = argc - 1;
	rc = check_filter(&filter, uid) ?: state_read(&state);
	if (rc)
		return rc;
	rc = check_words(&state, &filter);
	if (!rc) {
		read_users(&state);
		print_list(&state, &filter, json);
	}
	state_free(&state);
	return rc;
}
