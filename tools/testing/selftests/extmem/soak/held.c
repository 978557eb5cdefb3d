// SPDX-License-Identifier: GPL-2.0
/* A device and its bytes: every word depends on the device and on its place. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "soak.h"

static uint64_t word(const struct soak_held *held, size_t i)
{
	return (held->pattern << 40 | i) * 0x9e3779b97f4a7c15ULL + 1;
}

static uint64_t *map(const struct soak_held *held)
{
	uint64_t *p = dax_map(&held->dev, NULL, held->size, 0);

	if (p == MAP_FAILED)
		soak_fail("%s can't be mapped: %m", held->dev.name);
	return p;
}

void soak_read_uuid(const struct soak_held *held, char *uuid)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "/sys/bus/dax/devices/%s/extmem/uuid", held->dev.name);
	f = fopen(path, "r");
	if (!f || fscanf(f, "%39s", uuid) != 1)
		soak_fail("%s has no uuid", held->dev.name);
	fclose(f);
}

static void check_words(const struct soak_held *held)
{
	size_t i, n = held->size / 8, bad = 0;
	uint64_t *p = map(held);

	for (i = 0; i < n; i++)
		bad += p[i] != word(held, i);
	munmap(p, held->size);
	if (bad)
		soak_fail("%s: %zu of %zu words are not what they were", held->dev.name,
			  bad, n);
}

void soak_check(const struct soak_held *held)
{
	char uuid[40] = "";

	if (dax_get(&held->dev, "size") != (long long)held->size)
		soak_fail("%s: size is %lld, was %zu", held->dev.name,
			  dax_get(&held->dev, "size"), held->size);
	if (dax_get(&held->dev, "align") != (long long)held->align)
		soak_fail("%s: align is %lld, was %zu", held->dev.name,
			  dax_get(&held->dev, "align"), held->align);
	soak_read_uuid(held, uuid);
	if (strcmp(uuid, held->uuid))
		soak_fail("%s: uuid is %s, was %s", held->dev.name, uuid, held->uuid);
	check_words(held);
}

void soak_check_zero(const struct soak_held *held, size_t from)
{
	uint64_t *p = map(held);
	size_t i, n = held->size / 8;

	for (i = from / 8; i < n && !p[i]; i++)
		;
	munmap(p, held->size);
	if (i < n)
		soak_fail("%s: a former owner's bytes at %#zx", held->dev.name, i * 8);
}

/* New memory is zero first, and filled up to the device's end then */
void soak_fill(const struct soak_held *held, size_t from)
{
	size_t i, n = held->size / 8;
	uint64_t *p;

	soak_check_zero(held, from);
	p = map(held);
	for (i = from / 8; i < n; i++)
		p[i] = word(held, i);
	munmap(p, held->size);
}
