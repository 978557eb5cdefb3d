// SPDX-License-Identifier: GPL-2.0
/*
 * device NAME ALIGN TEST: one of the tests of ndctl's test/device-dax.c on a
 * device that is there. They are functions of ndctl's test/dax-pmd.c and
 * test/dax-poison.c, linked as they come; the main() of ndctl's own makes and
 * checks the device as a namespace of persistent memory.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <test.h>

/* What those files need of test/core.c, which wants libkmod for the rest */
struct ndctl_test {
	int attempts;
};

static struct ndctl_test attempted;

struct ndctl_test *ndctl_test_new(unsigned int kernel)
{
	return &attempted;
}

/* No kernel they ask for is newer than those that have extended memory */
int __ndctl_test_attempt(struct ndctl_test *test, unsigned int kernel,
			 const char *caller, int line)
{
	return ++test->attempts;
}

int ndctl_test_result(struct ndctl_test *test, int rc)
{
	return rc;
}

static int run(const char *name, int fd, unsigned long align)
{
	if (!strcmp(name, "directio"))
		return test_dax_directio(fd, align, NULL, 0);
	if (!strcmp(name, "remap"))
		return test_dax_remap(&attempted, fd, align, NULL, 0, false);
	if (!strcmp(name, "poison"))
		return test_dax_poison(&attempted, fd, align, NULL, 0, false);
	fprintf(stderr, "no test: %s\n", name);
	return -1;
}

int main(int argc, char **argv)
{
	char path[64];
	int fd, rc;

	if (argc != 4)
		return 2;
	snprintf(path, sizeof(path), "/dev/%s", argv[1]);
	fd = open(path, O_RDWR);
	if (fd < 0) {
		perror(path);
		return 2;
	}
	rc = run(argv[3], fd, strtoul(argv[2], NULL, 0));
	close(fd);
	return rc ? 1 : 0;
}
