// SPDX-License-Identifier: GPL-2.0
/*
 * A kernel image as it lies in /boot: where its compressed kernel is.
 * See Documentation/arch/x86/boot.rst.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image.h"

/* The setup header, by offsets in the file */
#define SETUP_SECTS	0x1f1
#define BOOT_FLAG	0x1fe
#define HEADER		0x202
#define VERSION		0x206
#define PAYLOAD_OFFSET	0x248
#define PAYLOAD_LENGTH	0x24c
#define HEADER_END	0x250
#define SECTOR		512

static uint32_t word(struct bytes file, size_t off)
{
	uint32_t v;

	memcpy(&v, file.at + off, sizeof(v));
	return le32toh(v);
}

static int is_elf(struct bytes b)
{
	return b.size > 64 && !memcmp(b.at, "\177ELF", 4);
}

static int is_bzimage(struct bytes file)
{
	return file.size > HEADER_END && file.at[BOOT_FLAG] == 0x55 &&
	       file.at[BOOT_FLAG + 1] == 0xaa && !memcmp(file.at + HEADER, "HdrS", 4);
}

/* The compressed kernel; its length was noted when it was built */
static const char *find_payload(struct bytes file, struct bytes *payload)
{
	uint64_t off = word(file, PAYLOAD_OFFSET), len = word(file, PAYLOAD_LENGTH);

	if ((word(file, VERSION) & 0xffff) < 0x208)
		return "boot protocol older than 2.08, has no payload noted";
	off += ((file.at[SETUP_SECTS] ?: 4) + 1) * SECTOR;
	if (len < 16 || off > file.size || len > file.size - off)
		return "cut short: its payload reaches beyond the file's end";
	*payload = (struct bytes){ file.at + off, len };
	return NULL;
}

static const char *map_file(const char *path, struct bytes *file)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	const char *fault = NULL;
	struct stat st;
	void *at;

	if (fd < 0)
		return strerror(errno);
	if (fstat(fd, &st))
		fault = strerror(errno);
	else if (!S_ISREG(st.st_mode))
		fault = "not a file";
	else if (!st.st_size)
		fault = "empty";
	if (!fault) {
		at = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (at == MAP_FAILED)
			fault = strerror(errno);
		else
			*file = (struct bytes){ at, st.st_size };
	}
	close(fd);
	return fault;
}

const char *image_open(const char *path, struct bytes *file, struct bytes *kernel)
{
	const char *fault = map_file(path, file);
	struct bytes payload;

	*kernel = *file;
	if (fault || is_elf(*file))
		return fault;
	if (!is_bzimage(*file))
		return "neither a bzImage nor an ELF file";
	fault = find_payload(*file, &payload);
	if (!fault)
		fault = unpack(payload, kernel);
	if (!fault && !is_elf(*kernel))
		fault = "what it holds is not a kernel";
	return fault;
}
