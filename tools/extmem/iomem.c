// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/iomem: where pools are, and who else has memory there. To all but root
 * every address reads 0.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "extmem.h"
#include "state.h"

static void add_line(struct state *state, const char *line)
{
	struct resource res = { .depth = strspn(line, " ") / 2 };
	unsigned long long start, end;
	int name = 0;

	if (sscanf(line, "%llx-%llx : %n", &start, &end, &name) != 2 || !name)
		return;
	res.start = start;
	res.end = end;
	snprintf(res.name, sizeof(res.name), "%s", line + name);
	state->iomem = grow(state->iomem, state->nr_iomem, sizeof(res));
	state->iomem[state->nr_iomem++] = res;
	if (res.end)
		state->see_addresses = true;
}

void read_iomem(struct state *state)
{
	char *text = read_file("/proc/iomem");
	char *line, *rest = text;

	while ((line = text ? strsep(&rest, "\n") : NULL))
		add_line(state, line);
	free(text);
}
