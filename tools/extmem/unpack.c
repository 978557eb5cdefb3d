// SPDX-License-Identifier: GPL-2.0
/*
 * Decompress by the program that made it, as the kernel's own build does: a
 * library for each format would be six more to depend on.
 */
#define _GNU_SOURCE
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "image.h"

/* No kernel is larger; what can't be true is not tried */
#define MOST		GIB

/**
 * struct format - what compressed files are told by.
 * @program: that decompresses it
 * @magic: how it begins
 * @len: bytes of that
 * @size_behind: the kernel's build appends the whole size; else it is part of the format
 * @has_check: whether a file has a checksum of what is in it; NULL: none has
 */
struct format {
	const char *program;
	const char *magic;
	size_t len;
	bool size_behind;
	bool (*has_check)(struct bytes packed);
};

static bool always(struct bytes packed)
{
	return true;
}

/* Flag of the frame's header */
static bool zstd_check(struct bytes packed)
{
	return packed.at[4] & 0x04;
}

/* Kind of check in the stream's flags; 0 is none */
static bool xz_check(struct bytes packed)
{
	return packed.at[7] & 0x0f;
}

static const struct format formats[] = {
	{ "gzip", "\037\213", 2, false, always },
	{ "xz", "\3757zXZ\0", 6, true, xz_check },
	{ "zstd", "\050\265\057\375", 4, true, zstd_check },
	{ "lz4", "\002\041\114\030", 4, true, NULL },
	{ "lzop", "\211LZO", 4, true, always },
	{ "bzip2", "BZh", 3, true, always },
	{ "lzma", "\135\0\0", 3, true, NULL },
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

bool is_packed(struct bytes packed)
{
	return find_format(packed);
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

	while ((n > 0 || (n < 0 && errno == EINTR)) && got < max) {
		n = read(fd, buf + got, max - got);
		if (n > 0)
			got += n;
	}
	return got;
}

/* Bytes that the program wrote, and its wait status; -1 if there was no process */
static size_t unpack_by(const char *program, int in, unsigned char *buf, size_t size,
			int *status)
{
	size_t got = 0;
	int ends[2];
	pid_t pid;

	*status = -1;
	if (pipe2(ends, O_CLOEXEC))
		return 0;
	pid = fork();
	if (!pid)
		run(program, in, ends[1]);
	close(ends[1]);
	if (pid > 0)
		got = read_all(ends[0], buf, size);
	close(ends[0]);
	while (pid > 0 && waitpid(pid, status, 0) < 0 && errno == EINTR)
		;
	return got;
}

/* All of it must have come, and the program must have found nothing wrong */
static int judge(struct image *image, const struct format *f, size_t got, size_t size,
		 int status)
{
	if (status == -1)
		return image_unknown(image, "no process to decompress it");
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return image_unknown(image, "packed by %s, which is not installed here",
				     f->program);
	if (got > size)
		return image_damaged(image, "damaged: it has more in it than it says");
	/* Behind so much it may have been stopped by us */
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		return image_damaged(image, "damaged: %s can't decompress it", f->program);
	if (got != size)
		return image_damaged(image, "damaged: it has less in it than it says");
	return OK;
}

/* @size bytes are expected, or any number up to MOST if it is 0 */
static int unpack(struct image *image, const struct format *f, struct bytes packed,
		  size_t size, struct bytes *whole)
{
	/* One byte more than there should be: too much is as bad as too little */
	size_t got, room = (size ?: MOST) + 1;
	unsigned char *buf;
	int in, status, rc;

	if (size > MOST)
		return image_damaged(image, "damaged: it says that it holds %zu bytes", size);
	buf = mmap(NULL, room, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	in = to_file(packed);
	if (buf == MAP_FAILED || in < 0)
		return image_unknown(image, "no memory to decompress it");
	got = unpack_by(f->program, in, buf, room, &status);
	close(in);
	rc = judge(image, f, got, size ?: got > MOST ? MOST : got, status);
	if (rc)
		return rc;
	image_form(image, f->program);
	*whole = (struct bytes){ buf, got };
	return OK;
}

int unpack_file(struct image *image, struct bytes packed, struct bytes *whole)
{
	const struct format *f = find_format(packed);

	if (f->has_check && f->has_check(packed))
		image->checked = f->program;
	return unpack(image, f, packed, 0, whole);
}

int unpack_payload(struct image *image, struct bytes packed, struct bytes *whole)
{
	const struct format *f = find_format(packed);
	uint32_t size;

	if (!f)
		return image_unknown(image, "packed in a format not known here");
	memcpy(&size, packed.at + packed.size - 4, sizeof(size));
	packed.size -= f->size_behind ? 4 : 0;
	if (!image->checked && f->has_check && f->has_check(packed))
		image->checked = f->program;
	return unpack(image, f, packed, le32toh(size), whole);
}
