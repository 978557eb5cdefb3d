// SPDX-License-Identifier: GPL-2.0
/*
 * extmem: what an operator does with extended memory. One file a command.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "extmem.h"

#define VERSION	"1.1"

static const char help_status[] =
	"usage: extmem [status]\n"
	"Pools, claims and their users, and what is wrong with them.\n";

static const char help_watch[] =
	"usage: extmem watch [-n COUNT]\n"
	"The same as status each second, for ever or COUNT times.\n";

static const char help_list[] =
	"usage: extmem list [--node N] [--name PATTERN] [--uid U] [--state STATE]\n"
	"                   [--session SESSION] [--persist 0|1] [--used 0|1]\n"
	"                   [NAME|daxN.M]...\n"
	"Claims to which all of that applies; all claims, if nothing is given.\n"
	"STATE is enabled, disabled, memmap or system-ram, SESSION none, outgoing or\n"
	"incoming. PATTERN is one as shells have them.\n";

static const char help_map[] =
	"usage: extmem map [--svg FILE]\n"
	"The pools drawn, a cell a gigabyte.\n";

static const char help_create[] =
	"usage: extmem create --size S [--node N] [--align A] [--name NAME] [--uid U]\n"
	"                     [--gid G] [--mode M] [--persist 0|1] [--memmap 0|1]\n"
	"A device, ready to be used. A is 4K, 2M (the default) or 1G; U and G are names or\n"
	"numbers, M is octal. Without that it is root's, 0600, and persists.\n";

static const char help_set[] =
	"usage: extmem set NAME|daxN.M [--name NAME] [--uid U] [--gid G] [--mode M]\n"
	"                  [--persist 0|1] [--memmap 0|1]\n"
	"Change what is said about a claim. An empty NAME takes its name away; --memmap\n"
	"needs a device that is not in use.\n";

static const char help_resize[] =
	"usage: extmem resize NAME|daxN.M SIZE|+SIZE|-SIZE\n"
	"Give a claim more memory, or take some from its end. It must not be in use.\n";

static const char help_destroy[] =
	"usage: extmem destroy NAME|daxN.M\n"
	"Give up a claim and remove its device. It must not be in use.\n";

static const char help_rename[] =
	"usage: extmem rename OLD|daxN.M NEW\n"
	"Give a claim another name, or none: ''.\n";

static const char help_qemu_args[] =
	"usage: extmem qemu-args [--id ID] [--uuid UUID] NAME|daxN.M\n"
	"What QEMU must be told to have the device as memory, with the right size and\n"
	"alignment; nothing, and status 1, unless the device is there and is that claim's.\n";

static const char help_verify[] =
	"usage: extmem verify\n"
	"Compare what pools, devices, nodes, /proc/iomem and processes say.\n";

static const char help_check_update[] =
	"usage: extmem check-update [--map DIR] KERNEL\n"
	"Whether that kernel (a bzImage, a vmlinux, either of them compressed, or a UKI) is\n"
	"whole and can take the pools over. Nothing is loaded.\n";

static const char about[] =
	"Each takes --json. Sizes end in K, M, G or T. See extmem(8).\n"
	"exit status: 0 fine; 1 it could not be done, verify found something, or that\n"
	"             kernel is damaged or can't take all; 2 wrong usage; 3 it could not be\n"
	"             looked at, so there is no answer\n";

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
} commands[] = {
	{ "status", cmd_status, help_status },
	{ "watch", cmd_watch, help_watch },
	{ "list", cmd_list, help_list },
	{ "map", cmd_map, help_map },
	{ "create", cmd_create, help_create },
	{ "set", cmd_set, help_set },
	{ "resize", cmd_resize, help_resize },
	{ "destroy", cmd_destroy, help_destroy },
	{ "rename", cmd_rename, help_rename },
	{ "qemu-args", cmd_qemu_args, help_qemu_args },
	{ "verify", cmd_verify, help_verify },
	{ "check-update", cmd_check_update, help_check_update },
	{}
};

const char *command_name = "status";

static const struct command *find_command(const char *name)
{
	const struct command *command = commands;

	while (command->name && strcmp(command->name, name))
		command++;
	return command->name ? command : NULL;
}

static int show_help(const char *name)
{
	const struct command *command = name ? find_command(name) : commands;

	if (!command)
		return misuse("no such command: %s", name);
	for (; command->name; command++) {
		fputs(command->help, stdout);
		if (name)
			break;
		putchar('\n');
	}
	fputs(about, stdout);
	return OK;
}

static bool wants_help(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc && strcmp(argv[i], "--"); i++)
		if (!strcmp(argv[i], "--help"))
			return true;
	return false;
}

static int run(int argc, char **argv)
{
	char name[] = "status", *status[] = { name, NULL };
	char json[] = "--json";
	const struct command *command;

	if (argc < 2)
		return cmd_status(1, status);
	if (wants_help(argc, argv))
		return show_help(argv[1][0] == '-' ? NULL : argv[1]);
	if (!strcmp(argv[1], "help"))
		return argc > 3 ? misuse("help takes one command") : show_help(argv[2]);
	if (!strcmp(argv[1], "--version")) {
		puts("extmem " VERSION);
		return OK;
	}
	/* extmem --json COMMAND */
	if (argc > 2 && !strcmp(argv[1], "--json") && argv[2][0] != '-') {
		argv[1] = argv[2];
		argv[2] = json;
	}
	/* options only: those of status */
	if (argv[1][0] == '-')
		return cmd_status(argc, argv);
	command = find_command(argv[1]);
	if (!command)
		return misuse("no such command: %s", argv[1]);
	command_name = command->name;
	return command->run(argc - 1, argv + 1);
}

/* Before anything can be wrong; the options are parsed later */
static bool wants_json(char **argv)
{
	for (argv++; *argv && strcmp(*argv, "--"); argv++)
		if (!strcmp(*argv, "--json"))
			return true;
	return false;
}

int main(int argc, char **argv)
{
	int rc;

	/* how a child ended is to be known, whatever we were started with */
	signal(SIGCHLD, SIG_DFL);
	errors_as_json = wants_json(argv);
	rc = run(argc, argv);

	/* half an answer is none */
	if (fflush(stdout) || ferror(stdout))
		return no_answer("see that there is room", "standard output: %s",
				 strerror(errno));
	return rc;
}
