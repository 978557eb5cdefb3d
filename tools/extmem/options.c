// SPDX-License-Identifier: GPL-2.0
/*
 * Options of the commands: --name VALUE, --name=VALUE, and --json anywhere.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "extmem.h"

static const struct option_spec *find(const struct option_spec *spec,
				      const char *arg, size_t len)
{
	for (; spec && spec->name; spec++)
		if (strlen(spec->name) == len && !memcmp(spec->name, arg, len))
			return spec;
	return NULL;
}

/* One option, and its value where that is a word of its own */
static bool take(char ***argv, const struct option_spec *spec)
{
	const char *arg = **argv + 2;
	size_t len = strcspn(arg, "=");

	/* -n for --n, as is usual */
	if ((**argv)[1] != '-') {
		arg = **argv + 1;
		len = 1;
	}
	spec = find(spec, arg, len);
	if (!spec) {
		misuse("unknown option: %s", **argv);
		return false;
	}
	if (!arg[len] && !(*argv)[1]) {
		misuse("%s needs a value", **argv);
		return false;
	}
	if (arg[len])
		*spec->value = arg + len + (arg[len] == '=');
	else
		*spec->value = *++*argv;
	return true;
}

/*
 * Take the options out of the arguments; false if there is anything wrong with
 * them, which has then been said. argv[0] is the command.
 */
bool parse_options(int *argc, char **argv, const struct option_spec *spec,
		   bool *json)
{
	char **from, **to = argv + 1;
	bool words = false;

	for (from = argv + 1; *from; from++) {
		/* -512M is a word: no option begins with a digit */
		if (words || (*from)[0] != '-' || !(*from)[1] || isdigit((*from)[1]))
			*to++ = *from;
		else if (!strcmp(*from, "--"))
			words = true;
		else if (!strcmp(*from, "--json"))
			*json = true;
		else if (!take(&from, spec))
			return false;
	}
	*to = NULL;
	*argc = to - argv;
	return true;
}
