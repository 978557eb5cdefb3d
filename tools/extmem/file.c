// SPDX-License-Identifier: GPL-2.0
/*
 * Small files of sysfs and /proc.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "extmem.h"

#define PATH_BYTES	512

static char *read_all(int fd)
{
	char *text = NULL;
	size_t len = 0;
	ssize_t n;

	do {
		text = realloc(text, len + 4097);
		n = text ? read(fd, text + len, 4096) : -1;
		if (n > 0)
			len += n;
	} while (n > 0);
	if (n < 0) {
		free(text);
		return NULL;
	}
	text[len] = '\0';
	return text;
}

static char *read_path(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char *text;

	if (fd < 0)
		return NULL;
	text = read_all(fd);
	close(fd);
	return text;
}

/* All of a file, to be freed, without a newline at its end; NULL and errno */
char *read_file(const char *fmt, ...)
{
	char path[PATH_BYTES], *text;
	va_list args;
	size_t len;

	va_start(args, fmt);
	vsnprintf(path, sizeof(path), fmt, args);
	va_end(args);
	text = read_path(path);
	len = text ? strlen(text) : 0;
	if (len && text[len - 1] == '\n')
		text[len - 1] = '\0';
	return text;
}

/* The number in a file; false if there is none */
bool read_u64(__u64 *val, const char *fmt, ...)
{
	char path[PATH_BYTES], *text, *end;
	va_list args;
	bool good;

	va_start(args, fmt);
	vsnprintf(path, sizeof(path), fmt, args);
	va_end(args);
	text = read_path(path);
	if (!text)
		return false;
	*val = strtoull(text, &end, 0);
	good = end != text;
	free(text);
	return good;
}

/* 0 or an errno; an empty text is written as an empty line */
int write_file(const char *text, const char *fmt, ...)
{
	char path[PATH_BYTES];
	va_list args;
	int fd, rc;

	va_start(args, fmt);
	vsnprintf(path, sizeof(path), fmt, args);
	va_end(args);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	if (!*text)
		text = "\n";
	rc = write(fd, text, strlen(text)) < 0 ? errno : 0;
	close(fd);
	return rc;
}
