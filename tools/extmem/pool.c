// SPDX-License-Identifier: GPL-2.0
/*
 * Pools, as /sys/kernel/mm/extmem/nodeN shows them.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "extmem.h"
#include "state.h"

static void read_counter(struct counter *counter, int node, const char *name)
{
	counter->known = read_u64(&counter->val, SYS_POOLS "/node%d/%s", node, name);
}

static void add_note(struct pool *pool, const char *line)
{
	char *notes;

	if (asprintf(&notes, "%s%s\n", pool->notes ?: "", line) < 0)
		return;
	free(pool->notes);
	pool->notes = notes;
}

/* "0xSTART-0xEND: REASON", or a line about what was found at boot */
static void read_reasons(struct pool *pool)
{
	char *text = read_file(SYS_POOLS "/node%d/quarantine_reasons", pool->node);
	char *line, *rest = text;
	unsigned long long start, end;
	int len;

	while ((line = text ? strsep(&rest, "\n") : NULL)) {
		len = 0;
		if (sscanf(line, "%llx-%llx: %n", &start, &end, &len) == 2 && len)
			span_add(&pool->bad, start, end - start + 1)->why =
				strdup(line + len);
		else if (*line)
			add_note(pool, line);
	}
	free(text);
}

/* "0xADDRESS: ..." for each bad page */
static void read_poison(struct pool *pool)
{
	char *text = read_file(SYS_POOLS "/node%d/poison", pool->node);
	char *line, *rest = text;
	unsigned long long start;

	while ((line = text ? strsep(&rest, "\n") : NULL))
		if (sscanf(line, "%llx:", &start) == 1)
			span_add(&pool->poison, start, 4096);
	free(text);
}

/* Where it is, root alone may see */
static void read_ranges(struct pool *pool, const struct state *state)
{
	char name[32];
	size_t i;

	snprintf(name, sizeof(name), "extmem node %d", pool->node);
	for (i = 0; state->see_addresses && i < state->nr_iomem; i++)
		if (!strcmp(state->iomem[i].name, name))
			span_add(&pool->ranges, state->iomem[i].start,
				 state->iomem[i].end - state->iomem[i].start + 1);
}

static void read_pool(struct pool *pool, const struct state *state)
{
	int node = pool->node;

	read_u64(&pool->total, SYS_POOLS "/node%d/total_bytes", node);
	read_u64(&pool->free, SYS_POOLS "/node%d/free_bytes", node);
	read_u64(&pool->largest, SYS_POOLS "/node%d/largest_free_bytes", node);
	read_u64(&pool->quarantined, SYS_POOLS "/node%d/quarantined_bytes", node);
	read_u64(&pool->claims, SYS_POOLS "/node%d/claims", node);
	read_counter(&pool->other_claims, node, "other_claims");
	read_counter(&pool->other, node, "other_bytes");
	read_counter(&pool->dirty, node, "dirty_bytes");
	read_counter(&pool->scrubbed, node, "scrubbed_bytes");
	read_counter(&pool->poisoned, node, "poisoned_bytes");
	read_reasons(pool);
	read_poison(pool);
	read_ranges(pool, state);
}

static int by_node(const void *a, const void *b)
{
	return ((const struct pool *)a)->node - ((const struct pool *)b)->node;
}

int read_pools(struct state *state)
{
	DIR *dir = opendir(SYS_POOLS);
	struct dirent *entry;
	int node;

	if (!dir)
		return no_answer("boot with extmem=NODE:SIZE", SYS_POOLS ": %s", strerror(errno));
	while ((entry = readdir(dir))) {
		if (sscanf(entry->d_name, "node%d", &node) != 1)
			continue;
		state->pools = grow(state->pools, state->nr_pools, sizeof(*state->pools));
		state->pools[state->nr_pools] = (struct pool){ .node = node };
		read_pool(&state->pools[state->nr_pools++], state);
	}
	closedir(dir);
	if (state->nr_pools)
		qsort(state->pools, state->nr_pools, sizeof(*state->pools), by_node);
	return OK;
}

void pool_free(struct pool *pool)
{
	spans_free(&pool->ranges);
	spans_free(&pool->bad);
	spans_free(&pool->poison);
	free(pool->notes);
}
