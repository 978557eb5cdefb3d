// SPDX-License-Identifier: GPL-2.0
/*
 * daxsum NAME: a 64-bit checksum of every byte of a dax device.
 *
 * Reading a device of 2 GiB under emulation is a matter of seconds, so the
 * sum is four chains of one multiplication a word; each chain notices where a
 * word stands.
 */
#include <stdint.h>
#include <stdio.h>

#include "daxmap.h"

#define LANES	4
#define PRIME	0x100000001b3ULL

static uint64_t sum(const uint64_t *word, size_t nr)
{
	uint64_t h[LANES] = { 1, 2, 3, 4 };
	size_t i;

	for (i = 0; i < nr; i += LANES) {
		h[0] = (h[0] ^ word[i]) * PRIME;
		h[1] = (h[1] ^ word[i + 1]) * PRIME;
		h[2] = (h[2] ^ word[i + 2]) * PRIME;
		h[3] = (h[3] ^ word[i + 3]) * PRIME;
	}
	for (i = 1; i < LANES; i++)
		h[0] = (h[0] ^ (h[0] >> 32) ^ h[i]) * PRIME;
	return h[0];
}

int main(int argc, char **argv)
{
	uint64_t *words;
	size_t size;

	if (argc != 2)
		return 2;
	words = dax_map_whole(argv[1], &size);
	printf("%016llx\n", (unsigned long long)sum(words, size / sizeof(*words)));
	return 0;
}
