/* SPDX-License-Identifier: GPL-2.0 */
#ifndef EXTMEM_NEXT_KERNEL_H
#define EXTMEM_NEXT_KERNEL_H

#include <stdint.h>

#include "image.h"

/**
 * struct image_record - struct extmem_image_ser of the kernel, see
 * include/linux/kho/abi/extmem_image.h.
 * @magic: IMAGE_MAGIC
 * @size: bytes of the record as its kernel knows it
 * @reserved: zero
 * @compatible: version of the maps it can read
 * @handover: version of KHO it takes a hand-over from
 * @compat: features it knows that a reader may ignore
 * @ro_compat: features it knows that are needed to make claims
 * @incompat: features it knows that are needed to read on
 * @check: makes the xor of the four words IMAGE_CHECK
 */
struct image_record {
	char magic[16];
	uint32_t size;
	uint32_t reserved;
	char compatible[16];
	char handover[16];
	unsigned long long compat;
	unsigned long long ro_compat;
	unsigned long long incompat;
	unsigned long long check;
};

/**
 * struct next_kernel - what an image tells about its kernel.
 * @release: as uname -r will say
 * @has_kho: KHO is built in
 * @has_extmem: extended memory is built in, and @rec is its record
 * @has_sessions: it can take back devices of live update sessions without a module
 * @lacks: a format that devices are left running in and that it does not say it reads
 *	(tools/extmem/kernel_info.c), or NULL
 * @rec: which maps it can read; zero if it has none
 * @image: the image
 */
struct next_kernel {
	char release[65];
	int has_kho;
	int has_extmem;
	int has_sessions;
	const char *lacks;
	struct image_record rec;
	struct image image;
};

/**
 * next_kernel_read - look into a kernel image.
 * @path: as for image_open()
 * @next: what it says
 *
 * Return: as image_open(), with the reason in @next->image.fault.
 */
int next_kernel_read(const char *path, struct next_kernel *next);

#endif
