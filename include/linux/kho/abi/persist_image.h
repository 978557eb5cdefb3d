/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_KHO_ABI_PERSIST_IMAGE_H
#define _LINUX_KHO_ABI_PERSIST_IMAGE_H

/**
 * DOC: devices left running, what a kernel image says of itself
 *
 * A kernel that takes over devices which a former kernel left running says so in its
 * image, where nothing has to be decompressed: by an entry in the variable part of
 * kernel_info (Documentation/arch/x86/boot.rst), which leads to a list of names. They
 * are what the formats it reads are called, KHO's, the live update orchestrator's and
 * those of extended memory, page tables, iommufd and VFIO devices, in any order, each
 * ended by a zero byte; an empty name ends the list.
 *
 * The running kernel looks when the image is loaded. As long as devices are in
 * sessions it does not start one that lacks a name of what it would leave behind.
 */

/** PERSIST_IMAGE_MAGIC - how the entry begins. */
#define PERSIST_IMAGE_MAGIC	"PdMA"
/** PERSIST_IMAGE_SIZE - bytes of the entry: magic, size, offset of the list. */
#define PERSIST_IMAGE_SIZE	12

#ifndef __ASSEMBLER__

#include <linux/kho/abi/extmem.h>
#include <linux/kho/abi/extmem_iommu.h>
#include <linux/kho/abi/iommufd.h>
#include <linux/kho/abi/kexec_handover.h>
#include <linux/kho/abi/luo.h>
#include <linux/kho/abi/vfio_persist.h>
#include <linux/types.h>

/** PERSIST_IMAGE_NAMES - the list of this kernel, but for the last zero byte. */
#define PERSIST_IMAGE_NAMES		\
	KHO_FDT_COMPATIBLE "\0"		\
	LUO_ABI_COMPATIBLE "\0"		\
	EXTMEM_COMPATIBLE "\0"		\
	EXTMEM_IOMMU_COMPATIBLE "\0"	\
	IOMMUFD_LUO_COMPATIBLE "\0"	\
	VFIO_PERSIST_LUO_COMPATIBLE "\0"

/**
 * struct persist_image_ser - the entry in kernel_info.
 * @magic: PERSIST_IMAGE_MAGIC, without a zero byte
 * @size: PERSIST_IMAGE_SIZE
 * @names: where the list is, in bytes from where kernel_info begins
 */
struct persist_image_ser {
	char magic[4];
	__u32 size;
	__s32 names;
};

static_assert(sizeof(struct persist_image_ser) == PERSIST_IMAGE_SIZE);

#endif /* __ASSEMBLER__ */
#endif /* _LINUX_KHO_ABI_PERSIST_IMAGE_H */
