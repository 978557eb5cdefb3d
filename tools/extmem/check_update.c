// SPDX-License-Identifier: GPL-2.0
/*
 * extmem check-update KERNEL: before the point of no return, whether that
 * kernel can take over the extended memory of the one that runs.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check_update.h"
#include "next_kernel.h"

#define SYSFS		"/sys/kernel/mm/extmem"

enum { FINE, NOT_FINE, UNKNOWN };

/* The map in use, as sysfs has it */
struct map {
	char compatible[32];
	char handover[32];
	unsigned long long compat;
	unsigned long long ro_compat;
	unsigned long long incompat;
};

struct answer {
	int status;
	const char *word;	/* yes, no-new-claims, no */
	char text[256];
};

static int usage(void)
{
	fprintf(stderr,
		"Usage: extmem check-update [--json] [--map DIR] KERNEL\n"
		"Can KERNEL (a bzImage or vmlinux) take over this kernel's extended memory?\n"
		"  --json     the answer as JSON\n"
		"  --map DIR  what the map is like, instead of " SYSFS "\n"
		"exit status: 0 it can; 1 not, or not entirely; 2 that could not be found out\n");
	return UNKNOWN;
}

#define fail(fmt, ...) \
	(fprintf(stderr, "extmem check-update: " fmt "\n", ##__VA_ARGS__), UNKNOWN)

static int read_line(const char *dir, const char *name, char *line, size_t size)
{
	char path[4096];
	FILE *f;
	char *s;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "re");
	if (!f) {
		if (errno == ENOENT && !strcmp(dir, SYSFS))
			return fail("%s is not there: no extended memory to hand over",
				    path);
		return fail("%s: %s", path, strerror(errno));
	}
	s = fgets(line, size, f);
	fclose(f);
	if (!s)
		return fail("%s is empty", path);
	line[strcspn(line, "\n")] = '\0';
	return 0;
}

static int read_word(const char *dir, const char *name, unsigned long long *word)
{
	char line[64], *end;
	int err = read_line(dir, name, line, sizeof(line));

	if (err)
		return err;
	errno = 0;
	*word = strtoull(line, &end, 16);
	if (errno || end == line || *end)
		return fail("%s/%s: \"%s\" is not a hexadecimal word", dir, name, line);
	return 0;
}

static int read_map(const char *dir, struct map *map)
{
	return read_line(dir, "compatible", map->compatible, sizeof(map->compatible)) ?:
	       read_line(dir, "handover", map->handover, sizeof(map->handover)) ?:
	       read_word(dir, "compat", &map->compat) ?:
	       read_word(dir, "ro_compat", &map->ro_compat) ?:
	       read_word(dir, "incompat", &map->incompat);
}

#define SET(a, how, what, ...) \
	do { \
		(a)->status = (how); \
		(a)->word = (what); \
		snprintf((a)->text, sizeof((a)->text), __VA_ARGS__); \
	} while (0)
#define NO(a, ...)	SET(a, NOT_FINE, "no", "no: " __VA_ARGS__)
#define LOST		"everything would be quarantined"

/* The first thing that is in the way counts */
static void compare(const struct map *map, const struct next_kernel *next, struct answer *a)
{
	const struct image_record *rec = &next->rec;

	if (!strcmp(map->handover, "off"))
		NO(a, "KHO is off in the running kernel, so " LOST ": boot with kho=on");
	else if (!next->has_kho)
		NO(a, "KHO is not built into that kernel (memory stays reserved, no devices)");
	else if (!next->has_extmem)
		NO(a, "that kernel has no extmem (memory stays reserved, no devices)");
	else if (strcmp(map->handover, rec->handover))
		NO(a, LOST ": handed over by %s, that kernel takes %s",
		   map->handover, rec->handover);
	else if (strcmp(map->compatible, rec->compatible))
		NO(a, LOST ": the map is %s, that kernel reads %s",
		   map->compatible, rec->compatible);
	else if (map->incompat & ~rec->incompat)
		NO(a, LOST " (incompat %#llx unknown to that kernel)",
		   map->incompat & ~rec->incompat);
	else if (map->ro_compat & ~rec->ro_compat)
		SET(a, NOT_FINE, "no-new-claims",
		    "yes, but no new claims (ro_compat %#llx unknown to that kernel)",
		    map->ro_compat & ~rec->ro_compat);
	else
		SET(a, FINE, "yes", "yes");
}

static void json_string(const char *key, const char *s)
{
	printf("  \"%s\": \"", key);
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			printf("\\%c", *s);
		else if ((unsigned char)*s < ' ')
			printf("\\u%04x", *s);
		else
			putchar(*s);
	}
	puts("\",");
}

static void json_word(const char *key, unsigned long long word, const char *comma)
{
	printf("    \"%s\": \"%#llx\"%s\n", key, word, comma);
}

static void print_json(const char *path, const struct map *map,
		       const struct next_kernel *next, const struct answer *a)
{
	puts("{");
	json_string("kernel", path);
	json_string("release", next->release);
	json_string("answer", a->word);
	json_string("text", a->text);
	printf("  \"kho\": %s,\n", next->has_kho ? "true" : "false");
	printf("  \"extmem\": %s,\n", next->has_extmem ? "true" : "false");
	json_string("map", map->compatible);
	json_string("reads", next->rec.compatible);
	puts("  \"unknown\": {");
	json_word("compat", map->compat & ~next->rec.compat, ",");
	json_word("ro_compat", map->ro_compat & ~next->rec.ro_compat, ",");
	json_word("incompat", map->incompat & ~next->rec.incompat, "");
	puts("  }\n}");
}

struct options {
	const char *map;
	const char *kernel;
	int json;
};

/* Returns whether they make sense */
static int parse(int argc, const char **argv, struct options *opt)
{
	int i;

	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--json"))
			opt->json = 1;
		else if (!strcmp(argv[i], "--map") && i + 1 < argc)
			opt->map = argv[++i];
		else if (argv[i][0] != '-' && !opt->kernel)
			opt->kernel = argv[i];
		else
			return 0;
	}
	return !!opt->kernel;
}

/**
 * cmd_check_update - the command.
 * @argc: how many words
 * @argv: the words, the command's own name first
 *
 * Return: exit status.
 */
int cmd_check_update(int argc, const char **argv)
{
	struct options opt = { .map = SYSFS };
	struct next_kernel next;
	struct answer answer;
	const char *fault;
	struct map map;
	int err;

	if (!parse(argc, argv, &opt))
		return usage();
	fault = next_kernel_read(opt.kernel, &next);
	if (fault)
		return fail("%s: %s", opt.kernel, fault);
	err = read_map(opt.map, &map);
	if (err)
		return err;
	compare(&map, &next, &answer);
	if (opt.json)
		print_json(opt.kernel, &map, &next, &answer);
	else
		printf("%s: %s\n", next.release, answer.text);
	return answer.status;
}

#ifdef CHECK_UPDATE_MAIN
int main(int argc, const char **argv)
{
	return cmd_check_update(argc, argv);
}
#endif
