/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SOAK_H
#define SOAK_H

#include <stdint.h>

#include "../dax_dev.h"

#define SOAK_DEVICES	16

/* What a device must be like in the next kernel */
struct soak_held {
	struct dax_dev dev;
	size_t size;
	size_t align;
	uint64_t pattern;
	char uuid[40];
};

struct soak_state {
	int round;
	int created;
	int resized;
	int destroyed;
	uint64_t patterns;
	int nr;
	struct soak_held held[SOAK_DEVICES];
};

/* A word that depends on all bits of another */
static inline uint64_t soak_mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
	return x ^ (x >> 31);
}

#define soak_fail(fmt, ...) \
	do { \
		printf("soak: " fmt "\n", ##__VA_ARGS__); \
		exit(1); \
	} while (0)

/* state.c: an absent file is round 0 */
void soak_load(struct soak_state *state, const char *path);
void soak_save(const struct soak_state *state, const char *path);

/* held.c: each ends the program if something is not as it must be */
void soak_read_uuid(const struct soak_held *held, char *uuid);
void soak_check(const struct soak_held *held);
void soak_check_zero(const struct soak_held *held, size_t from);
void soak_fill(const struct soak_held *held, size_t from);

#endif /* SOAK_H */
