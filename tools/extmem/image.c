// SPDX-License-Identifier: GPL-2.0
/*
 * A kernel image as it lies in /boot or in the EFI system partition: where its
 * compressed kernel is. See Documentation/arch/x86/boot.rst.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/elf.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
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

/* A portable executable: where its header is, and that of its sections */
#define PE_OFFSET	0x3c
#define PE_SECTIONS	6
#define PE_OPTIONAL	20
#define PE_HEADER	24
#define SECTION_BYTES	40
#define SECTION_VIRTUAL	8
#define SECTION_RAW	16
#define SECTION_AT	20

#define DEPTH		3	/* a compressed UKI, its bzImage */

static int look_into(struct image *image, struct bytes b, int depth);

int image_damaged(struct image *image, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(image->fault, sizeof(image->fault), fmt, args);
	va_end(args);
	return FAILED;
}

int image_unknown(struct image *image, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(image->fault, sizeof(image->fault), fmt, args);
	va_end(args);
	return NO_ANSWER;
}

void image_form(struct image *image, const char *form)
{
	size_t len = strlen(image->form);

	snprintf(image->form + len, sizeof(image->form) - len, "%s%s", len ? ", " : "", form);
}

/* 0 beyond the end */
static uint32_t word(struct bytes file, size_t off)
{
	uint32_t v;

	if (off > file.size || file.size - off < sizeof(v))
		return 0;
	memcpy(&v, file.at + off, sizeof(v));
	return le32toh(v);
}

static uint16_t half(struct bytes file, size_t off)
{
	return word(file, off) & 0xffff;
}

static bool is_elf(struct bytes b)
{
	return b.size > sizeof(struct elf64_hdr) && !memcmp(b.at, ELFMAG, SELFMAG);
}

static bool is_bzimage(struct bytes file)
{
	return file.size > HEADER_END && file.at[BOOT_FLAG] == 0x55 &&
	       file.at[BOOT_FLAG + 1] == 0xaa && !memcmp(file.at + HEADER, "HdrS", 4);
}

static bool is_zboot(struct bytes file)
{
	return file.size > 64 && !memcmp(file.at, "MZ", 2) && !memcmp(file.at + 4, "zimg", 4);
}

static bool is_pe(struct bytes file)
{
	return file.size > 64 && !memcmp(file.at, "MZ", 2) &&
	       word(file, word(file, PE_OFFSET)) == 0x4550;
}

/* All that is to be loaded must be there; other data of it can't be judged */
static int check_elf(struct image *image, struct bytes b)
{
	struct elf64_hdr head;
	struct elf64_phdr part;
	unsigned int i;

	memcpy(&head, b.at, sizeof(head));
	if (head.e_ident[EI_CLASS] != ELFCLASS64 || head.e_ident[EI_DATA] != ELFDATA2LSB)
		return image_unknown(image, "an ELF file, but none of x86-64");
	for (i = 0; i < le16toh(head.e_phnum); i++) {
		uint64_t off = le64toh(head.e_phoff) + i * sizeof(part), size;

		if (off > b.size || b.size - off < sizeof(part))
			return image_damaged(image, "cut short: it has no headers");
		memcpy(&part, b.at + off, sizeof(part));
		off = le64toh(part.p_offset);
		size = le64toh(part.p_filesz);
		if (le32toh(part.p_type) == PT_LOAD && (off > b.size || size > b.size - off))
			return image_damaged(image, "cut short: not all of the kernel is there");
	}
	return OK;
}

static int take_elf(struct image *image, struct bytes b)
{
	image_form(image, "vmlinux");
	image->file = b;
	image->kernel = b;
	return check_elf(image, b);
}

/* As zlib has it */
static uint32_t crc32(struct bytes b)
{
	uint32_t table[256], crc = ~0U;
	unsigned int n, bit;
	size_t i;

	for (n = 0; n < 256; n++) {
		table[n] = n;
		for (bit = 0; bit < 8; bit++)
			table[n] = table[n] >> 1 ^ (table[n] & 1 ? 0xedb88320 : 0);
	}
	for (i = 0; i < b.size; i++)
		crc = crc >> 8 ^ table[(crc ^ b.at[i]) & 0xff];
	return ~crc;
}

/* The compressed kernel; its length was noted when it was built */
static int find_payload(struct image *image, struct bytes file, struct bytes *payload)
{
	uint64_t off = word(file, PAYLOAD_OFFSET), len = word(file, PAYLOAD_LENGTH);

	if (half(file, VERSION) < 0x208)
		return image_unknown(image, "boot protocol older than 2.08, has no payload noted");
	off += ((file.at[SETUP_SECTS] ?: 4) + 1) * SECTOR;
	if (len < 16 || off > file.size || len > file.size - off)
		return image_damaged(image,
				     "cut short: its payload reaches beyond the file's end");
	*payload = (struct bytes){ file.at + off, len };
	return OK;
}

static int take_bzimage(struct image *image, struct bytes file)
{
	struct bytes payload;
	uint32_t crc;
	int rc;

	image_form(image, "bzImage");
	image->file = file;
	rc = find_payload(image, file, &payload);
	if (rc)
		return rc;
	if (image_crc(file, &crc)) {
		if (crc32(payload) != crc)
			return image_damaged(image,
					     "damaged: its kernel is not what its checksum says");
		image->checked = "crc32";
	}
	rc = unpack_payload(image, payload, &image->kernel);
	if (rc)
		return rc;
	if (!is_elf(image->kernel))
		return image_damaged(image, "what it holds is not a kernel");
	return check_elf(image, image->kernel);
}

/* A unified kernel image: the kernel is its section .linux */
static int take_pe(struct image *image, struct bytes file, int depth)
{
	size_t head = word(file, PE_OFFSET);
	size_t at = head + PE_HEADER + half(file, head + PE_OPTIONAL);
	unsigned int i, found = 0, nr = half(file, head + PE_SECTIONS);
	struct bytes kernel = {};

	for (i = 0; i < nr; i++, at += SECTION_BYTES) {
		uint32_t size = word(file, at + SECTION_VIRTUAL);
		uint32_t raw = word(file, at + SECTION_RAW);
		uint32_t off = word(file, at + SECTION_AT);

		if (at + SECTION_BYTES > file.size)
			return image_damaged(image, "cut short: it has no table of sections");
		if (strncmp((const char *)file.at + at, ".linux", 8))
			continue;
		if (!size || size > raw)
			size = raw;
		if (off > file.size || size > file.size - off)
			return image_damaged(image, "cut short: not all of its kernel is there");
		kernel = (struct bytes){ file.at + off, size };
		found++;
	}
	if (!found)
		return image_unknown(image, "an EFI program, but no kernel: no section .linux");
	if (found > 1)
		return image_unknown(image, "it holds %u kernels: take the right one out of it",
				     found);
	image_form(image, "UKI");
	return look_into(image, kernel, depth + 1);
}

static int take_packed(struct image *image, struct bytes packed, int depth)
{
	struct bytes whole;

	return unpack_file(image, packed, &whole) ?: look_into(image, whole, depth + 1);
}

static int look_into(struct image *image, struct bytes b, int depth)
{
	if (is_elf(b))
		return take_elf(image, b);
	if (is_bzimage(b))
		return take_bzimage(image, b);
	if (is_zboot(b))
		return image_unknown(image,
				     "an EFI zboot image: x86 has none, so it is for another machine");
	if (is_pe(b) && depth < DEPTH)
		return take_pe(image, b, depth);
	if (is_packed(b) && depth < DEPTH)
		return take_packed(image, b, depth);
	return image_unknown(image, "neither a bzImage, a UKI nor an ELF file");
}

/* Nothing but a file is opened: a pipe would keep us waiting */
static int map_file(struct image *image, const char *path, struct bytes *file)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), rc = OK;
	struct stat st;
	void *at;

	if (fd < 0 || fstat(fd, &st))
		rc = image_unknown(image, "%s", strerror(errno));
	else if (!S_ISREG(st.st_mode))
		rc = image_unknown(image, "not a file");
	else if (!st.st_size)
		rc = image_damaged(image, "empty");
	if (!rc) {
		at = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (at == MAP_FAILED)
			rc = image_unknown(image, "%s", strerror(errno));
		else
			*file = (struct bytes){ at, st.st_size };
	}
	if (fd >= 0)
		close(fd);
	return rc;
}

int image_open(const char *path, struct image *image)
{
	struct bytes file;

	*image = (struct image){};
	return map_file(image, path, &file) ?: look_into(image, file, 0);
}
