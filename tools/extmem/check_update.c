// SPDX-License-Identifier: GPL-2.0
/*
 * extmem check-update: before the point of no return, whether a kernel can take
 * over the extended memory of the one that runs.
 */
#include <errno.h>
#include <glob.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "extmem.h"
#include "next_kernel.h"
#include "state.h"

/*
 * The map in use, as sysfs has it, a dax device that is in a live update session, and a
 * PCI device that is to go on while the kernel is replaced
 */
struct map {
	char compatible[32];
	char handover[32];
	__u64 compat;
	__u64 ro_compat;
	__u64 incompat;
	char in_session[32];
	char running[32];
};

struct answer {
	int status;
	const char *word;	/* yes, no-new-claims, no-sessions, no-devices, no */
	char text[256];
};

static int read_text(const char *dir, const char *name, char *buf, size_t size)
{
	char *text = read_file("%s/%s", dir, name);

	if (!text && errno == ENOENT && !strcmp(dir, SYS_POOLS))
		return no_answer("boot with extmem=, see extmem(8)",
				 "no extended memory to hand over: there is no " SYS_POOLS);
	if (!text)
		return no_answer("name a copy of " SYS_POOLS, "%s/%s: %s", dir, name,
				 strerror(errno));
	snprintf(buf, size, "%s", text);
	free(text);
	return OK;
}

static int read_word(const char *dir, const char *name, __u64 *word)
{
	char text[32], *end;
	int rc = read_text(dir, name, text, sizeof(text));

	if (rc)
		return rc;
	errno = 0;
	*word = strtoull(text, &end, 16);
	if (errno || end == text || *end)
		return no_answer("name a copy of " SYS_POOLS,
				 "%s/%s: '%s' is no hexadecimal word", dir, name, text);
	return OK;
}

static int read_map(const char *dir, struct map *map)
{
	return read_text(dir, "compatible", map->compatible, sizeof(map->compatible)) ?:
	       read_text(dir, "handover", map->handover, sizeof(map->handover)) ?:
	       read_word(dir, "compat", &map->compat) ?:
	       read_word(dir, "ro_compat", &map->ro_compat) ?:
	       read_word(dir, "incompat", &map->incompat);
}

/* Sessions are this machine's; a copy of another one's map does not tell. */
static int read_sessions(struct map *map)
{
	struct state state;
	size_t i;

	if (state_read(&state))
		return NO_ANSWER;
	for (i = 0; i < state.nr_devices; i++) {
		const struct device *device = &state.devices[i];

		if (strcmp(device->session, "outgoing"))
			continue;
		snprintf(map->in_session, sizeof(map->in_session), "%s",
			 device->dev_name);
		break;
	}
	state_free(&state);
	return OK;
}

/* Likewise. Kernels that leave no device running have no such file. */
static void read_running(struct map *map)
{
	size_t i;
	glob_t g;

	if (glob(SYS_PCI "/*/live_update", 0, NULL, &g))
		return;
	for (i = 0; i < g.gl_pathc && !map->running[0]; i++) {
		char *text = read_file("%s", g.gl_pathv[i]);

		if (text && !strcmp(text, "session"))
			snprintf(map->running, sizeof(map->running), "%.*s",
				 (int)strcspn(g.gl_pathv[i] + sizeof(SYS_PCI), "/"),
				 g.gl_pathv[i] + sizeof(SYS_PCI));
		free(text);
	}
	globfree(&g);
}

static void __printf(4, 5) set(struct answer *a, int status, const char *word,
			       const char *fmt, ...)
{
	va_list args;

	a->status = status;
	a->word = word;
	va_start(args, fmt);
	vsnprintf(a->text, sizeof(a->text), fmt, args);
	va_end(args);
}

#define NO(a, ...)	set(a, FAILED, "no", "no: " __VA_ARGS__)
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
	else if (map->in_session[0] && !next->has_sessions)
		set(a, FAILED, "no-sessions",
		    "yes, but not with live update sessions: %s is in one, and unless a module of that kernel takes such devices back it gives back nothing of any",
		    map->in_session);
	else if (map->running[0] && next->lacks)
		set(a, FAILED, "no-devices",
		    "yes, but it would not be started with %s in a session: it does not say that it reads %s",
		    map->running, next->lacks);
	else if (map->ro_compat & ~rec->ro_compat)
		set(a, FAILED, "no-new-claims",
		    "yes, but no new claims (ro_compat %#llx unknown to that kernel)",
		    map->ro_compat & ~rec->ro_compat);
	else if (!next->image.checked)
		set(a, NO_ANSWER, "yes",
		    "yes, if the file is whole: it has no checksum by which that can be told");
	else
		set(a, OK, "yes", "yes");
}

static void add_flag(struct json_object *json, const char *key, bool flag)
{
	json_object_object_add(json, key, json_object_new_boolean(flag));
}

static void add_word(struct json_object *json, const char *key, __u64 word)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%llx", word);
	json_add_text(json, key, text);
}

static void print_json(const char *path, const struct map *map,
		       const struct next_kernel *next, const struct answer *a)
{
	struct json_object *json = json_object_new_object();
	struct json_object *unknown = json_object_new_object();

	json_add_text(json, "kernel", path);
	json_add_text(json, "release", next->release);
	json_add_text(json, "form", next->image.form);
	json_object_object_add(json, "checked_by", next->image.checked ?
			       json_text(next->image.checked) : NULL);
	json_add_text(json, "answer", a->word);
	json_add_text(json, "text", a->text);
	add_flag(json, "kho", next->has_kho);
	add_flag(json, "extmem", next->has_extmem);
	add_flag(json, "sessions", next->has_sessions);
	add_flag(json, "devices", !next->lacks);
	json_add_text(json, "map", map->compatible);
	json_add_text(json, "reads", next->rec.compatible);
	add_word(unknown, "compat", map->compat & ~next->rec.compat);
	add_word(unknown, "ro_compat", map->ro_compat & ~next->rec.ro_compat);
	add_word(unknown, "incompat", map->incompat & ~next->rec.incompat);
	json_object_object_add(json, "unknown", unknown);
	json_print(json, true);
}

int cmd_check_update(int argc, char **argv)
{
	const char *dir = NULL;
	const struct option_spec spec[] = { { "map", &dir }, {} };
	struct next_kernel next;
	struct answer answer;
	bool json = false;
	struct map map;
	int rc;

	if (!parse_options(&argc, argv, spec, &json))
		return USAGE;
	if (argc != 2)
		return misuse("check-update takes one kernel image");
	rc = next_kernel_read(argv[1], &next);
	if (rc == FAILED)
		return fail("take the file from where it came from once more", "%s: %s",
			    argv[1], next.image.fault);
	if (rc)
		return no_answer("name a bzImage, vmlinux or UKI that can be read here",
				 "%s: %s", argv[1], next.image.fault);
	memset(&map, 0, sizeof(map));
	rc = read_map(dir ?: SYS_POOLS, &map);
	if (!rc && !dir)
		rc = read_sessions(&map);
	if (!rc && !dir)
		read_running(&map);
	if (rc)
		return rc;
	compare(&map, &next, &answer);
	if (json)
		print_json(argv[1], &map, &next, &answer);
	else
		printf("%s: %s\n", next.release, answer.text);
	return answer.status;
}
