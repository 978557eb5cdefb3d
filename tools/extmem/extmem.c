// SPDX-License-Identifier: GPL-2.0
/*
 * extmem: what an operator does with extended memory. One file a command.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "extmem.h"

static const char help[] =
	"usage: extmem [status]            pools, claims and their users\n"
	"       extmem watch [-n COUNT]    the same each second\n"
	"       extmem map [--svg FILE]    the pools drawn, a cell a gigabyte\n"
	"       extmem create --size S [--node N] [--align A] [--name NAME]\n"
	"                     [--uid U] [--gid G] [--mode M] [--persist 0|1]\n"
	"       extmem destroy NAME|daxN.M\n"
	"       extmem rename OLD|daxN.M NEW\n"
	"       extmem verify              does everybody say the same?\n"
	"       extmem check-update KERNEL can that kernel take the pools over?\n"
	"Each takes --json. Sizes end in K, M, G or T. See extmem(8).\n"
	"exit status: 0 fine; 1 it could not be done, verify found something, or that\n"
	"             kernel can't take all; 2 wrong usage\n";

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
	{ "status", cmd_status },
	{ "watch", cmd_watch },
	{ "map", cmd_map },
	{ "create", cmd_create },
	{ "destroy", cmd_destroy },
	{ "rename", cmd_rename },
	{ "verify", cmd_verify },
	{ "check-update", cmd_check_update },
	{}
};

static bool wants_help(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc && strcmp(argv[i], "--"); i++)
		if (!strcmp(argv[i], "--help") || (i == 1 && !strcmp(argv[i], "help")))
			return true;
	return false;
}

static int run(int argc, char **argv)
{
	char name[] = "status", *status[] = { name, NULL };
	char json[] = "--json";
	const struct command *command = commands;

	if (wants_help(argc, argv)) {
		fputs(help, stdout);
		return OK;
	}
	if (argc < 2)
		return cmd_status(1, status);
	/* extmem --json COMMAND */
	if (argc > 2 && !strcmp(argv[1], "--json") && argv[2][0] != '-') {
		argv[1] = argv[2];
		argv[2] = json;
	}
	/* options only: those of status */
	if (argv[1][0] == '-')
		return cmd_status(argc, argv);
	while (command->name && strcmp(command->name, argv[1]))
		command++;
	if (!command->name)
		return misuse("no such command: %s", argv[1]);
	return command->run(argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
	int rc = run(argc, argv);

	/* half an answer is none */
	if (fflush(stdout) || ferror(stdout))
		return fail("see that there is room", "standard output: %s",
			    strerror(errno));
	return rc;
}
