// SPDX-License-Identifier: GPL-2.0
/*
 * pi_disk FILE BLOCKS: the image of a drive for QEMU's nvme-ns,ms=8,pi=1: so many
 * blocks of 64 KiB, each of whose contents name it, followed by eight bytes of
 * protection information (type 1) for every 512.
 */
#include <endian.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nvme_user.h"

struct pi {
	uint16_t guard, app;
	uint32_t ref;
};

/* T10-DIF: polynomial 0x8bb7, from zero */
static uint16_t crc(const uint8_t *data, size_t len)
{
	uint16_t crc = 0;
	int bit;

	while (len--) {
		crc ^= *data++ << 8;
		for (bit = 0; bit < 8; bit++)
			crc = crc << 1 ^ (crc & 0x8000 ? 0x8bb7 : 0);
	}
	return crc;
}

static int write_blocks(FILE *f, uint32_t blocks)
{
	static uint64_t words[NVME_READ_SIZE / sizeof(uint64_t)];
	uint32_t i;

	for (i = 0; i < blocks; i++) {
		nvme_fill_block(words, i);
		if (fwrite(words, sizeof(words), 1, f) != 1)
			return -1;
	}
	return 0;
}

static int write_pi(FILE *f, uint32_t blocks)
{
	static uint64_t words[NVME_READ_SIZE / sizeof(uint64_t)];
	uint32_t i, at;
	struct pi pi = {};

	for (i = 0; i < blocks; i++) {
		nvme_fill_block(words, i);
		for (at = 0; at < NVME_LBAS; at++) {
			pi.guard = htobe16(crc((uint8_t *)words + at * 512, 512));
			pi.ref = htobe32(i * NVME_LBAS + at);
			if (fwrite(&pi, sizeof(pi), 1, f) != 1)
				return -1;
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	uint32_t blocks = argc == 3 ? atoi(argv[2]) : 0;
	FILE *f = blocks ? fopen(argv[1], "w") : NULL;

	if (!blocks) {
		fprintf(stderr, "usage: pi_disk FILE BLOCKS\n");
		return 2;
	}
	if (!f || write_blocks(f, blocks) || write_pi(f, blocks) || fclose(f)) {
		perror(argv[1]);
		return 1;
	}
	return 0;
}
