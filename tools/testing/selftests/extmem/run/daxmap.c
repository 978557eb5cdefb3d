// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "../dax_dev.h"
#include "daxmap.h"

void *dax_map_whole(const char *name, size_t *size)
{
	struct dax_dev dev = {};
	long long bytes;
	void *p;

	snprintf(dev.name, sizeof(dev.name), "%s", name);
	bytes = dax_get(&dev, "size");
	p = bytes > 0 ? dax_map(&dev, NULL, bytes, 0) : MAP_FAILED;
	if (p == MAP_FAILED) {
		perror(name);
		exit(1);
	}
	*size = bytes;
	return p;
}
