/* SPDX-License-Identifier: GPL-2.0 */
#ifndef EXTMEM_IMAGE_H
#define EXTMEM_IMAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "extmem.h"

/**
 * struct bytes - a piece of memory.
 * @at: its start
 * @size: how many bytes
 */
struct bytes {
	const unsigned char *at;
	size_t size;
};

/**
 * struct image - a kernel image, and how it was found.
 * @file: the bzImage, or the ELF file, as it is; stays until the program ends
 * @kernel: the kernel's ELF file; stays as well
 * @form: what the file is, from the outside in: "UKI, bzImage, lz4"
 * @checked: by what it is known to be whole: "crc32", "gzip"...; NULL if by nothing
 * @fault: why it can't be read, if it can't
 */
struct image {
	struct bytes file;
	struct bytes kernel;
	char form[64];
	const char *checked;
	char fault[160];
};

/**
 * image_open - read a kernel image and decompress it.
 * @path: a bzImage, a vmlinux, either of them compressed, or a unified kernel image
 * @image: what is in it
 *
 * Return: OK; FAILED if it is damaged, NO_ANSWER if it can't be told what it is: then
 * @image->fault says why.
 */
int image_open(const char *path, struct image *image);

/**
 * image_damaged - note that an image is not what its maker made.
 * @image: the image
 * @fmt: what is wrong
 *
 * Return: FAILED.
 */
int image_damaged(struct image *image, const char *fmt, ...) __printf(2, 3);

/**
 * image_unknown - note why an image can't be read here.
 * @image: the image
 * @fmt: the reason
 *
 * Return: NO_ANSWER.
 */
int image_unknown(struct image *image, const char *fmt, ...) __printf(2, 3);

/**
 * image_lacks - does a kernel take over devices that run?
 * @file: its image
 *
 * Return: NULL if it says so, else the first format that it does not name. A vmlinux
 * names none.
 */
const char *image_lacks(struct bytes file);

/**
 * image_crc - what an image says about its compressed kernel.
 * @file: the image
 * @crc: CRC-32 of that, as it was when the image was made
 *
 * Return: false if it says nothing: only kernels with extended memory do, from
 * include/linux/kho/abi/payload_image.h on.
 */
bool image_crc(struct bytes file, unsigned int *crc);

/**
 * is_packed - does it begin as compressed files do?
 * @packed: the file
 */
bool is_packed(struct bytes packed);

/**
 * unpack_file - decompress by the program that knows the format.
 * @image: where a fault is noted, the format, and whether it has a checksum
 * @packed: what begins with the format's magic
 * @whole: the result
 *
 * Return: OK, or as image_open().
 */
int unpack_file(struct image *image, struct bytes packed, struct bytes *whole);

/**
 * unpack_payload - the same, of what the kernel's build has compressed: its size is
 * behind it, or is part of the format.
 * @image: as above
 * @packed: as above
 * @whole: as above
 *
 * Return: OK, or as image_open().
 */
int unpack_payload(struct image *image, struct bytes packed, struct bytes *whole);

/* "UKI", then "UKI, bzImage" and so on */
void image_form(struct image *image, const char *form);

#endif
