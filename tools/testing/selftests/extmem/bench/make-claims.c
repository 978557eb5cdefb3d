// SPDX-License-Identifier: GPL-2.0
/*
 * make-claims NODE N: N dax devices of 2 MiB, a claim each. They are not
 * bound to a driver: that is not what is measured.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../dax_dev.h"

int main(int argc, char **argv)
{
	struct dax_dev dev;
	int i, n, rc = 0;

	if (argc != 3)
		return 2;
	n = atoi(argv[2]);
	for (i = 0; i < n && !rc; i++) {
		rc = dax_new(&dev, atoi(argv[1]));
		if (!rc)
			rc = dax_set_size(&dev, SZ_2M);
	}
	if (rc)
		fprintf(stderr, "make-claims: number %d: %s\n", i, strerror(-rc));
	return rc ? 1 : 0;
}
