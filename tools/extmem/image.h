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
 * @kernel: the kernel's ELF file; stays until the program ends
 *
 * Return: NULL, or what is wrong with it.
 */
const char *image_open(const char *path, struct bytes *kernel);

/**
 * unpack - decompress by the program that knows the format.
 * @packed: what begins with the format's magic
 * @whole: the result
 *
 * Return: NULL, or what went wrong.
 */
const char *unpack(struct bytes packed, struct bytes *whole);

#endif
