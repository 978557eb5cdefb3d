/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_KHO_ABI_PAYLOAD_IMAGE_H
#define _LINUX_KHO_ABI_PAYLOAD_IMAGE_H

/**
 * DOC: extmem, by what a kernel image is known to be whole
 *
 * A bzImage with extended memory has the CRC-32 of its compressed kernel, as zlib
 * computes it, over the bytes that the setup header's payload_offset and
 * payload_length tell of. An entry in the variable part of kernel_info
 * (Documentation/arch/x86/boot.rst) leads to it. Not all formats that kernels are
 * compressed in have a checksum of their own. ``extmem check-update`` compares the two.
 */

/** PAYLOAD_IMAGE_MAGIC - how the entry begins. */
#define PAYLOAD_IMAGE_MAGIC	"PCrc"
/**
 * PAYLOAD_IMAGE_SIZE - bytes of the entry: magic, size, where the CRC is, in bytes from
 * where kernel_info begins.
 */
#define PAYLOAD_IMAGE_SIZE	12

#ifndef __ASSEMBLER__

#include <linux/build_bug.h>
#include <linux/types.h>

/**
 * struct payload_image_ser - the entry in kernel_info.
 * @magic: PAYLOAD_IMAGE_MAGIC, without a zero byte
 * @size: PAYLOAD_IMAGE_SIZE
 * @crc: where the CRC is, in bytes from where kernel_info begins
 */
struct payload_image_ser {
	char magic[4];
	__u32 size;
	__s32 crc;
};

static_assert(sizeof(struct payload_image_ser) == PAYLOAD_IMAGE_SIZE);

#endif /* __ASSEMBLER__ */
#endif /* _LINUX_KHO_ABI_PAYLOAD_IMAGE_H */
