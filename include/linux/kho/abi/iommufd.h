/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_KHO_ABI_IOMMUFD_H
#define _LINUX_KHO_ABI_IOMMUFD_H

#include <linux/build_bug.h>
#include <linux/stddef.h>
#include <linux/types.h>

/**
 * DOC: iommufd, the saved form
 *
 * What the next kernel is told of a file of ``/dev/iommu`` in a live update session
 * is a list of records in a KHO block set, whose address is the file's word: for each
 * IOAS, in the order in which they were made, a record of its own and one for each
 * of its mappings. A mapping is of a claim of extended memory.
 *
 * An IOAS also says which page tables map it, by their tags in the IOMMU's book: the
 * next kernel may take such a table as it is. A kernel that does not know this writes
 * zeros there, and ignores it when it reads.
 */

#define IOMMUFD_LUO_COMPATIBLE	"iommufd-extmem-v1"

#define IOMMUFD_LUO_IOAS	1u
#define IOMMUFD_LUO_AREA	2u

#define IOMMUFD_LUO_READ	1u
#define IOMMUFD_LUO_WRITE	2u
#define IOMMUFD_LUO_CACHE	4u

/** IOMMUFD_LUO_TABLES - page tables that an IOAS may name; others are built anew. */
#define IOMMUFD_LUO_TABLES	10

/**
 * struct iommufd_luo_ser - an IOAS, or a mapping of the last one before.
 * @type: IOMMUFD_LUO_IOAS, of which nothing else is said but @tables, or
 *        IOMMUFD_LUO_AREA
 * @prot: IOMMUFD_LUO_READ, IOMMUFD_LUO_WRITE and IOMMUFD_LUO_CACHE
 * @iova: where the mapping begins
 * @length: its bytes
 * @claim: id of the claim
 * @offset: the claim's byte that is mapped at @iova
 * @tables: of an IOAS: tags of page tables that map all of it and nothing else; zeros
 *          follow the last
 * @crc: CRC-32C of what is before, from the seed EXTMEM_CRC_SEED
 */
struct iommufd_luo_ser {
	u32 type;
	u32 prot;
	u64 iova;
	u64 length;
	u64 claim;
	u64 offset;
	u16 tables[IOMMUFD_LUO_TABLES];
	u32 crc;
} __packed;
static_assert(sizeof(struct iommufd_luo_ser) == 64);
static_assert(offsetof(struct iommufd_luo_ser, tables) == 40);
static_assert(offsetof(struct iommufd_luo_ser, crc) == 60);

#endif /* _LINUX_KHO_ABI_IOMMUFD_H */
