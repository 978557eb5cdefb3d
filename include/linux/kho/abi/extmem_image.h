/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_KHO_ABI_EXTMEM_IMAGE_H
#define _LINUX_KHO_ABI_EXTMEM_IMAGE_H

#include <linux/build_bug.h>
#include <linux/stddef.h>
#include <linux/types.h>

/**
 * DOC: extmem, what a kernel image says of itself
 *
 * Every kernel image with extended memory holds one struct extmem_image_ser, in
 * plain sight once the image is decompressed. So it can be known before a kexec
 * whether the next kernel can read the running one's hand-over map: by
 * ``extmem check-update``, or by whoever looks for EXTMEM_IMAGE_MAGIC at
 * addresses that are multiples of 8 and finds EXTMEM_IMAGE_CHECK to hold.
 */

/** EXTMEM_IMAGE_MAGIC - how a record begins, zero at the end included. */
#define EXTMEM_IMAGE_MAGIC	"extmem\x1aimage v1"

/** EXTMEM_IMAGE_CHECK - the words of a record, xored with each other. */
#define EXTMEM_IMAGE_CHECK	0x6b6f2073736e6164ULL

/**
 * struct extmem_image_ser - what maps a kernel can read.
 * @magic: EXTMEM_IMAGE_MAGIC
 * @size: bytes of this structure as the kernel knows it
 * @reserved: zero
 * @compatible: &extmem_map_ser.compatible of the maps it reads and writes
 * @handover: version of KHO it takes a hand-over from, KHO_FDT_COMPATIBLE
 * @compat: features it knows that a reader may ignore
 * @ro_compat: features it knows that are needed to make or grow claims
 * @incompat: features it knows that are needed to read on
 * @check: makes the exclusive or of @compat, @ro_compat, @incompat and itself
 *         EXTMEM_IMAGE_CHECK
 */
struct extmem_image_ser {
	char magic[16];
	u32 size;
	u32 reserved;
	char compatible[16];
	char handover[16];
	u64 compat;
	u64 ro_compat;
	u64 incompat;
	u64 check;
} __packed;
static_assert(sizeof(struct extmem_image_ser) == 88);
static_assert(offsetof(struct extmem_image_ser, compat) == 56);

#endif /* _LINUX_KHO_ABI_EXTMEM_IMAGE_H */
