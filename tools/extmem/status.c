// SPDX-License-Identifier: GPL-2.0
/*
 * extmem status: pools, claims and their users, once; extmem watch: again and
 * again.
 */
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "extmem.h"
#include "state.h"
#include "table.h"

static void size_cell(struct table *table, __u64 bytes)
{
	char buf[SIZE_TEXT];

	table_cell(table, "%s", size_text(bytes, buf));
}

static void counter_cell(struct table *table, const struct counter *counter)
{
	if (counter->known)
		size_cell(table, counter->val);
	else
		table_cell(table, "-");
}

static void print_pools(const struct state *state)
{
	static const char * const heads[] = {
		"POOL", "SIZE", "FREE", "LARGEST", "TO CLEAR", "CLEARED",
		"TABLES", "QUARANTINE", "POISON", "CLAIMS",
	};
	struct table *table = table_new();
	size_t i;

	for (i = 0; i < sizeof(heads) / sizeof(*heads); i++)
		table_cell(table, "%s", heads[i]);
	for (i = 0; i < state->nr_pools; i++) {
		const struct pool *pool = &state->pools[i];

		table_end_row(table);
		table_cell(table, "node%d", pool->node);
		size_cell(table, pool->total);
		size_cell(table, pool->free);
		size_cell(table, pool->largest);
		counter_cell(table, &pool->dirty);
		counter_cell(table, &pool->scrubbed);
		counter_cell(table, &pool->other);
		size_cell(table, pool->quarantined);
		counter_cell(table, &pool->poisoned);
		table_cell(table, "%llu", pool->claims);
	}
	table_print(table);
}

static void owner_cell(struct table *table, const struct device *device)
{
	struct passwd *user = getpwuid(device->uid);
	struct group *group = getgrgid(device->gid);
	char uid[24], gid[24];

	snprintf(uid, sizeof(uid), "%llu", device->uid);
	snprintf(gid, sizeof(gid), "%llu", device->gid);
	table_cell(table, "%s:%s", user ? user->pw_name : uid, group ? group->gr_name : gid);
}

/* "qemu-system-x86[123] ...", "session (outgoing)" */
static void users_cell(struct table *table, const struct device *device)
{
	char buf[192] = "";
	size_t i, len = 0;

	if (in_session(device))
		len = snprintf(buf, sizeof(buf), "session (%s)", device->session);
	for (i = 0; i < device->nr_users && len < 120; i++)
		len += snprintf(buf + len, sizeof(buf) - len, "%s%s[%d]", len ? " " : "",
				device->users[i].comm, device->users[i].pid);
	if (i < device->nr_users)
		snprintf(buf + len, sizeof(buf) - len, " and %zu more",
			 device->nr_users - i);
	table_cell(table, "%s", len ? buf : "-");
}

void claim_row(struct table *table, const struct device *device)
{
	table_end_row(table);
	table_cell(table, "%s", device->name[0] ? device->name : "-");
	table_cell(table, "%s", device->dev_name);
	table_cell(table, "%d", device->node);
	size_cell(table, device->size);
	size_cell(table, device->align);
	table_cell(table, "%llu", device->nr_extents);
	owner_cell(table, device);
	table_cell(table, "%04lo", device->mode);
	table_cell(table, "%s", device->persist ? "yes" : "no");
	table_cell(table, "%s", state_text(device));
	users_cell(table, device);
}

struct table *claim_table(void)
{
	static const char * const heads[] = {
		"NAME", "DEVICE", "NODE", "SIZE", "ALIGN", "EXTENTS", "OWNER", "MODE",
		"PERSIST", "STATE", "USERS",
	};
	struct table *table = table_new();
	size_t i;

	for (i = 0; i < sizeof(heads) / sizeof(*heads); i++)
		table_cell(table, "%s", heads[i]);
	return table;
}

static void print_claims(const struct state *state)
{
	struct table *table = claim_table();
	size_t i, claims = 0;

	for (i = 0; i < state->nr_devices; i++) {
		if (!state->devices[i].size)
			continue;
		claim_row(table, &state->devices[i]);
		claims++;
	}
	printf("\n");
	if (claims)
		table_print(table);
	else
		printf("No claims. Make one: extmem create --node %d --size 1G\n",
		       state->nr_pools ? state->pools[0].node : 0);
}

/* What is wrong with a pool */
static void print_faults(const struct pool *pool)
{
	char buf[SIZE_TEXT];
	size_t i;

	if (pool->notes)
		printf("\nnode%d, at boot:\n%s", pool->node, pool->notes);
	if (pool->bad.nr)
		printf("\nnode%d, in quarantine:\n", pool->node);
	for (i = 0; i < pool->bad.nr; i++)
		printf("%#llx  %s  %s\n", pool->bad.v[i].start,
		       size_text(pool->bad.v[i].size, buf), pool->bad.v[i].why ?: "");
	if (pool->poison.nr)
		printf("\nnode%d, bad pages:\n", pool->node);
	for (i = 0; i < pool->poison.nr; i++)
		printf("%#llx\n", pool->poison.v[i].start);
}

/* Whose mappings are not known */
static void print_unseen(const struct state *state)
{
	size_t i;

	if (state->nr_unseen)
		printf("\nNot looked at, since they keep waiting who does:\n");
	for (i = 0; i < state->nr_unseen; i++)
		printf("%s[%d]\n", state->unseen[i].comm, state->unseen[i].pid);
}

static void print_state(const struct state *state)
{
	char buf[SIZE_TEXT];
	size_t i;

	print_pools(state);
	print_claims(state);
	for (i = 0; i < state->nr_pools; i++)
		print_faults(&state->pools[i]);
	print_unseen(state);
	printf("\nKernel %llu of this map, which takes %s.%s\n",
	       state->generation, size_text(state->map_bytes, buf),
	       state->see_users ? "" : geteuid() ?
	       " Users of other accounts' processes are not seen: be root." :
	       " Not all processes may be looked at.");
}

static int show(bool json, bool pretty)
{
	struct state state;
	int rc = state_read(&state);

	if (rc)
		return rc;
	read_users(&state);
	if (json)
		json_print(json_state(&state), pretty);
	else
		print_state(&state);
	fflush(stdout);
	state_free(&state);
	return OK;
}

int cmd_status(int argc, char **argv)
{
	bool json = false;

	if (!parse_options(&argc, argv, NULL, &json))
		return USAGE;
	if (argc > 1)
		return misuse("status takes no argument: %s", argv[1]);
	return show(json, true);
}

/* Screen by screen on a terminal; else one below the other */
static int watch(unsigned long count, bool json)
{
	unsigned long i;
	int rc = OK;

	for (i = 0; !rc && (!count || i < count); i++) {
		if (i)
			sleep(1);
		if (!json && isatty(STDOUT_FILENO))
			printf("\033[H\033[J");
		else if (!json && i)
			printf("\n");
		rc = show(json, false);
	}
	return rc;
}

int cmd_watch(int argc, char **argv)
{
	const char *count = NULL;
	const struct option_spec spec[] = { { "n", &count }, {} };
	unsigned long n = 0;
	bool json = false;

	if (!parse_options(&argc, argv, spec, &json))
		return USAGE;
	if (argc > 1)
		return misuse("watch takes no argument: %s", argv[1]);
	if (count && (!parse_number(count, 10, 1000000, &n) || !n))
		return misuse("-n %s: not a number of times", count);
	return watch(n, json);
}
