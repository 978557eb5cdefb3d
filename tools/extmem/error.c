// SPDX-License-Identifier: GPL-2.0
/*
 * Errors: what is wrong, and what to do next.
 */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <json-c/json.h>

#include "extmem.h"
#include "state.h"

/* Set for --json: then errors are JSON as well, where the answer would be */
bool errors_as_json;

static void say_json(const char *next, int rc, const char *text)
{
	struct json_object *json = json_object_new_object();

	json_add_text(json, "error", text);
	if (next)
		json_add_text(json, "hint", next);
	json_object_object_add(json, "status", json_object_new_int(rc));
	json_print(json, false);
}

static void say(const char *next, int rc, const char *fmt, va_list args)
{
	char *text;

	if (vasprintf(&text, fmt, args) < 0)
		return;
	fflush(stdout);
	if (errors_as_json && !ferror(stdout)) {
		say_json(next, rc, text);
	} else {
		fprintf(stderr, "extmem: %s\n", text);
		if (next)
			fprintf(stderr, "        %s\n", next);
	}
	free(text);
}

/* What was asked for could not be done; @next is what to do, or NULL */
int fail(const char *next, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say(next, FAILED, fmt, args);
	va_end(args);
	return FAILED;
}

/* A value that can't be, whatever the state of things */
int reject(const char *next, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say(next, USAGE, fmt, args);
	va_end(args);
	return USAGE;
}

/* The command line makes no sense */
int misuse(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say("see: extmem --help", USAGE, fmt, args);
	va_end(args);
	return USAGE;
}

/* It could not be looked at, so nothing can be said */
int no_answer(const char *next, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say(next, NO_ANSWER, fmt, args);
	va_end(args);
	return NO_ANSWER;
}

/* OK, or @rc if we are not root: FAILED where something is to be done, or NO_ANSWER */
int need_root(const char *what, int rc)
{
	static const char next[] = "run it as root, for instance by sudo";

	if (!geteuid())
		return OK;
	return rc == FAILED ? fail(next, "%s needs root", what) :
			      no_answer(next, "%s needs root", what);
}

/* Room for one more; the array is as long as a power of two */
void *grow(void *array, size_t nr, size_t size)
{
	if (nr & (nr - 1))
		return array;
	array = realloc(array, (nr ? 2 * nr : 1) * size);
	if (!array) {
		fail(NULL, "out of memory");
		exit(FAILED);
	}
	return array;
}
