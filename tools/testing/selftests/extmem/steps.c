// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "steps.h"

int step_say(const char *step, const char *arg, int rc)
{
	printf("%s%s%s: %s\n", step, *arg ? " " : "", arg, rc < 0 ? strerror(-rc) : "ok");
	return rc;
}

int or_errno(int rc)
{
	return rc < 0 ? -errno : rc;
}

static const struct step *find(const struct step *step, const char *name, int left)
{
	for (; step && step->name; step++)
		if (!strcmp(step->name, name) && step->args <= left)
			return step;
	return NULL;
}

int run_steps(const struct step *steps, const struct step *more, int argc,
	      char **argv)
{
	const struct step *step;
	int i;

	for (i = 1; i < argc; i += 1 + step->args) {
		step = find(steps, argv[i], argc - i - 1) ?:
		       find(more, argv[i], argc - i - 1);
		if (!step) {
			fprintf(stderr, "%s: no such step, or too few words: %s\n",
				argv[0], argv[i]);
			return 2;
		}
		step->run(argv + i + 1);
		fflush(stdout);
	}
	return 0;
}
