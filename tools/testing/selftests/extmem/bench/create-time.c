// SPDX-License-Identifier: GPL-2.0
/*
 * create-time NODE clean|dirty MIB...: what it takes to make a device of each
 * size, from asking for one to having it bound, as lines "WHICH MIB NS". For
 * dirty memory the same device was there before, on the same memory.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../dax_dev.h"

static long long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

int main(int argc, char **argv)
{
	struct dax_dev dev;
	int i, rc, dirty;

	if (argc < 4)
		return 2;
	dirty = !strcmp(argv[2], "dirty");
	for (i = 3; i < argc; i++) {
		size_t size = strtoul(argv[i], NULL, 0) << 20;
		long long from;

		rc = 0;
		if (dirty)
			rc = dax_create(&dev, atoi(argv[1]), size, SZ_2M) ?:
			     dax_destroy(&dev);
		from = now_ns();
		rc = rc ?: dax_create(&dev, atoi(argv[1]), size, SZ_2M);
		if (rc) {
			fprintf(stderr, "create-time: %s MiB: %s\n", argv[i],
				strerror(-rc));
			return 1;
		}
		printf("%s %s %lld\n", argv[2], argv[i], now_ns() - from);
		if (dirty && dax_destroy(&dev))
			return 1;
	}
	return 0;
}
