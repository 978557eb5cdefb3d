/* SPDX-License-Identifier: GPL-2.0 */
#ifndef EXTMEM_IMAGE_H
#define EXTMEM_IMAGE_H

#include <stddef.h>

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
 * image_open - read a kernel image and decompress it.
 * @path: a bzImage, or a vmlinux
 * @file: the file as it is; stays until the program ends
 * @kernel: the kernel's ELF file; stays as well
 *
 * Return: NULL, or what is wrong with it.
 */
const char *image_open(const char *path, struct bytes *file, struct bytes *kernel);

/**
 * image_lacks - does a kernel take over devices that run?
 * @file: its image
 *
 * Return: NULL if it says so, else the first format that it does not name. A vmlinux
 * names none.
 */
const char *image_lacks(struct bytes file);

/**
 * unpack - decompress by the program that knows the format.
 * @packed: what begins with the format's magic
 * @whole: the result
 *
 * Return: NULL, or what went wrong.
 */
const char *unpack(struct bytes packed, struct bytes *whole);

#endif
