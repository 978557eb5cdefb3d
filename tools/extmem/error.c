// SPDX-License-Identifier: GPL-2.0
/*
 * Errors: what is wrong, and what to do next.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "extmem.h"

static void say(const char *next, const char *fmt, va_list args)
{
	fflush(stdout);
	fputs("extmem: ", stderr);
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
	if (next)
		fprintf(stderr, "        %s\n", next);
}

/* What was asked for could not be done; @next is what to do, or NULL */
int fail(const char *next, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say(next, fmt, args);
	va_end(args);
	return FAILED;
}

/* A value that can't be, whatever the state of things */
int reject(const char *next, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say(next, fmt, args);
	va_end(args);
	return USAGE;
}

/* The command line makes no sense */
int misuse(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say("see: extmem --help", fmt, args);
	va_end(args);
	return USAGE;
}

int need_root(const char *what)
{
	if (!geteuid())
		return OK;
	return fail("run it as root, for instance by sudo", "%s needs root", what);
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
