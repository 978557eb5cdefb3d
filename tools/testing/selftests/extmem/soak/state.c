// SPDX-License-Identifier: GPL-2.0
/* What one round leaves to the next, as text. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "soak.h"

void soak_load(struct soak_state *state, const char *path)
{
	FILE *f = fopen(path, "r");
	struct soak_held *held;
	int nr, i;

	if (!f)
		return;
	if (fscanf(f, "%d %d %d %d %lu %d\n", &state->round, &state->created,
		   &state->resized, &state->destroyed, &state->patterns, &nr) != 6 ||
	    nr > SOAK_DEVICES)
		soak_fail("%s is damaged", path);
	for (i = 0; i < nr; i++) {
		held = &state->held[i];
		if (fscanf(f, "%31s %d %zu %zu %lu %39s\n", held->dev.name,
			   &held->dev.region, &held->size, &held->align, &held->pattern,
			   held->uuid) != 6)
			soak_fail("%s is damaged", path);
	}
	state->nr = nr;
	fclose(f);
}

void soak_save(const struct soak_state *state, const char *path)
{
	FILE *f = fopen(path, "w");
	int i;

	if (!f)
		soak_fail("%s can't be written", path);
	fprintf(f, "%d %d %d %d %lu %d\n", state->round, state->created, state->resized,
		state->destroyed, state->patterns, state->nr);
	for (i = 0; i < state->nr; i++) {
		const struct soak_held *held = &state->held[i];

		fprintf(f, "%s %d %zu %zu %lu %s\n", held->dev.name, held->dev.region,
			held->size, held->align, held->pattern, held->uuid);
	}
	if (fflush(f) || fsync(fileno(f)) || fclose(f))
		soak_fail("%s can't be written", path);
}
