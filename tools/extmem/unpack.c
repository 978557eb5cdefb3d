// SPDX-License-Identifier: GPL-2.0
/*
 * Decompress by the program that made it, as the kernel's own build does: a
 * library for each format would be six more to depend on.
 */
#define _GNU_SOURCE
#include <endian.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "image.h"

static const struct format {
	const char *program;
	const char *magic;
	size_t len;
	int size_behind;	/* the kernel's build appends the whole size */
} formats[] = {
	{ "gzip", "\037\213", 2, 0 },	/* is part of the format */
	{ "xz", "\3757zXZ\0", 6, 1 },
	{ "zstd", "\050\265\057\375", 4, 1 },
	{ "lz4", "\002\041\114\030", 4, 1 },
	{ "lzop", "\211LZO", 4, 1 },
	{ "bzip2", "BZh", 3, 1 },
	{ "lzma", "\135\0\0", 3, 1 },
	{ }
};

static const struct format *find_format(struct bytes packed)
{
	const struct format *f;

	for (f = formats; f->program; f++)
		if (packed.size > 8 && !memcmp(packed.at, f->magic, f->len))
			return f;
	return NULL;
}

/* What the program is to read, as a file of no name; -1 if that fails */
static int to_file(struct bytes packed)
{
	int fd = memfd_create("packed", MFD_CLOEXEC);

	while (fd >= 0 && packed.size) {
		ssize_t n = write(fd, packed.at, packed.size);

		if (n <= 0) {
			close(fd);
			return -1;
		}
		packed.at += n;
		packed.size -= n;
	}
	if (fd >= 0)
		lseek(fd, 0, SEEK_SET);
	return fd;
}

static void run(const char *program, int in, int out)
{
	int quiet = open("/dev/null", O_WRONLY);

	dup2(in, 0);
	dup2(out, 1);
	dup2(quiet, 2);
	execlp(program, program, "-d", "-c", NULL);
	_exit(127);
}

/* All that comes, but no more than @max; less means that it ended early */
static size_t read_all(int fd, unsigned char *buf, size_t max)
{
	size_t got = 0;
	ssize_t n = 1;

	while (n > 0 && got < max) {
		n = read(fd, buf + got, max - got);
		if (n > 0)
			got += n;
	}
	return got;
}

static const char *explain(const char *program, int status)
{
	static char text[80];

	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		snprintf(text, sizeof(text), "packed by %s, which is not installed here",
			 program);
	else
		snprintf(text, sizeof(text), "damaged: %s can't decompress it", program);
	return text;
}

static size_t unpack_by(const char *program, int in, unsigned char *buf, size_t size,
			int *status)
{
	size_t got = 0;
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC))
		return 0;
	pid = fork();
	if (!pid)
		run(program, in, ends[1]);
	close(ends[1]);
	if (pid > 0) {
		got = read_all(ends[0], buf, size);
		close(ends[0]);
		waitpid(pid, status, 0);
	}
	return got;
}

const char *unpack(struct bytes packed, struct bytes *whole)
{
	const struct format *f = find_format(packed);
	unsigned char *buf;
	int in, status = 0;
	uint32_t size;
	size_t got;

	if (!f)
		return "packed in a format not known here";
	memcpy(&size, packed.at + packed.size - 4, sizeof(size));
	size = le32toh(size);
	packed.size -= f->size_behind ? 4 : 0;
	buf = malloc(size + 1UL);
	in = to_file(packed);
	if (!buf || in < 0) {
		free(buf);
		return "no memory to decompress it";
	}
	/* One byte more than there should be: too much is as bad as too little */
	got = unpack_by(f->program, in, buf, size + 1UL, &status);
	close(in);
	if (got != size) {
		free(buf);
		return explain(f->program, status);
	}
	*whole = (struct bytes){ buf, size };
	return NULL;
}
