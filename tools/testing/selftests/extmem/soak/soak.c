// SPDX-License-Identifier: GPL-2.0
/*
 * soak STATE SEED [end]: a round between two kexecs. Compares all devices of
 * regions 0 and 1 with what the last round left in STATE, bytes included, then
 * makes, grows, shrinks and destroys some at random, and leaves the new state.
 * With "end" all is destroyed instead, and all memory must read zero for its
 * next owner. What happens depends on SEED and the number of the round alone.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "soak.h"

#define REGIONS		2
#define UNIT		SZ_2M
#define SIZE_MAX_UNITS	8
#define OPS_MAX		4

static uint64_t seed;

static unsigned int any(unsigned int n)
{
	seed += 0x9e3779b97f4a7c15ULL;
	return soak_mix(seed) % n;
}

/* How many devices with memory there are in sysfs */
static int count_devices(void)
{
	DIR *dir = opendir("/sys/bus/dax/devices");
	struct dax_dev dev = {};
	struct dirent *entry;
	int n = 0;

	if (!dir)
		soak_fail("no dax devices at all");
	while ((entry = readdir(dir)) != NULL) {
		if (sscanf(entry->d_name, "dax%d.", &dev.region) != 1)
			continue;
		snprintf(dev.name, sizeof(dev.name), "%.31s", entry->d_name);
		n += dax_get(&dev, "size") != 0;
	}
	closedir(dir);
	return n;
}

static void verify(const struct soak_state *state)
{
	int i, n = count_devices();

	if (n != state->nr)
		soak_fail("%d devices, not %d", n, state->nr);
	for (i = 0; i < state->nr; i++)
		soak_check(&state->held[i]);
}

static void create(struct soak_state *state)
{
	struct soak_held *held = &state->held[state->nr];
	int region = any(REGIONS), rc;

	if (state->nr == SOAK_DEVICES)
		return;
	memset(held, 0, sizeof(*held));
	held->align = any(2) ? SZ_4K : SZ_2M;
	held->size = (1 + any(SIZE_MAX_UNITS)) * UNIT;
	held->pattern = ++state->patterns;
	rc = dax_create(&held->dev, region, held->size, held->align);
	if (rc)
		soak_fail("no %zu bytes of region %d: %s", held->size, region,
			  strerror(-rc));
	soak_read_uuid(held, held->uuid);
	soak_fill(held, 0);
	state->nr++;
	state->created++;
}

static void destroy(struct soak_state *state, int i)
{
	int rc = dax_destroy(&state->held[i].dev);

	if (rc)
		soak_fail("%s can't be given up: %s", state->held[i].dev.name, strerror(-rc));
	state->held[i] = state->held[--state->nr];
	state->destroyed++;
}

static void resize(struct soak_state *state, int i)
{
	struct soak_held *held = &state->held[i];
	size_t old = held->size;
	int rc;

	held->size = (1 + any(SIZE_MAX_UNITS)) * UNIT;
	rc = dax_unbind(&held->dev);
	if (!rc)
		rc = dax_set_size(&held->dev, held->size);
	if (!rc)
		rc = dax_bind(&held->dev);
	if (rc)
		soak_fail("%s gets no other size: %s", held->dev.name, strerror(-rc));
	if (held->size > old)
		soak_fill(held, old);
	state->resized++;
}

static void change(struct soak_state *state)
{
	unsigned int what = any(5);

	if (what < 2 || state->nr < 4)
		create(state);
	else if (what == 2)
		destroy(state, any(state->nr));
	else
		resize(state, any(state->nr));
}

/* The whole pool is one device, and nobody's bytes are left in it */
static void check_whole(int region)
{
	struct soak_held all = { .size = dax_region_available(region) };
	int rc = dax_create(&all.dev, region, all.size, SZ_4K);

	if (rc)
		soak_fail("region %d is not whole: %s", region, strerror(-rc));
	soak_check_zero(&all, 0);
	rc = dax_destroy(&all.dev);
	if (rc)
		soak_fail("%s can't be given up: %s", all.dev.name, strerror(-rc));
	printf("region %d: %zu MiB whole and zero\n", region, all.size >> 20);
}

static void end(struct soak_state *state)
{
	int region;

	while (state->nr)
		destroy(state, state->nr - 1);
	for (region = 0; region < REGIONS; region++)
		check_whole(region);
}

int main(int argc, char **argv)
{
	static struct soak_state state;
	size_t bytes = 0;
	int i, n;

	if (argc < 3) {
		fprintf(stderr, "Usage: soak STATE SEED [end]\n");
		return 2;
	}
	soak_load(&state, argv[1]);
	verify(&state);
	seed = soak_mix(strtoull(argv[2], NULL, 0)) + soak_mix(state.round);
	for (n = any(OPS_MAX + 1); n && argc == 3; n--)
		change(&state);
	for (i = 0; i < state.nr; i++)
		bytes += state.held[i].size;
	printf("round %d: %d devices, %zu MiB; %d made, %d resized, %d destroyed so far\n",
	       state.round, state.nr, bytes >> 20, state.created, state.resized,
	       state.destroyed);
	if (argc > 3)
		end(&state);
	state.round++;
	soak_save(&state, argv[1]);
	return 0;
}
