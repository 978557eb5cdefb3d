// SPDX-License-Identifier: GPL-2.0
/*
 * daxword NAME OFFSET        print the 8 bytes at OFFSET of a dax device
 * daxword NAME OFFSET VALUE  write them
 * daxword NAME OFFSET flip   turn their lowest bit
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daxmap.h"

int main(int argc, char **argv)
{
	uint64_t *word;
	size_t size, at;

	if (argc != 3 && argc != 4)
		return 2;
	word = dax_map_whole(argv[1], &size);
	at = strtoull(argv[2], NULL, 0);
	if (at >= size) {
		fprintf(stderr, "%s ends at %zu\n", argv[1], size);
		return 1;
	}
	word += at / sizeof(*word);
	if (argc == 3)
		printf("%#llx\n", (unsigned long long)*word);
	else if (!strcmp(argv[3], "flip"))
		*word ^= 1;
	else
		*word = strtoull(argv[3], NULL, 0);
	return 0;
}
