/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_KHO_ABI_EXTMEM_IOMMU_H
#define _LINUX_KHO_ABI_EXTMEM_IOMMU_H

#include <linux/build_bug.h>
#include <linux/stddef.h>
#include <linux/types.h>

/**
 * DOC: extmem, page tables of the IOMMU that outlive the kernel
 *
 * A claim of EXTMEM_KIND_IOMMU is memory for the tables that an IOMMU walks: a
 * list of granules, each cut into 4 KiB pages. The first page of a granule is its
 * *head*, &struct extmem_iommu_head_ser, which says whose each page is. The head
 * of one granule, of whatever pool, also says where the *book* is, a list of pages
 * of records of 64 bytes: which units go on translating, by which root table,
 * which devices they translate for, and what memory these may reach.
 *
 * A unit that serves no device which goes on is left on as well, by a root table that
 * leads nowhere, and every unit's interrupt-remapping table is one of entries that are
 * not present, the *gap table*, &struct extmem_iommu_gap_table_ser: so no message of a
 * device becomes an interrupt before the next kernel has set up its own.
 *
 * Heads and book are written while the kernel runs, and sealed, that is given
 * their checksums, by the last thing it does with an IOMMU. The next kernel
 * breaks the seal. So they speak of nothing but the kernel right before, and only
 * if that got as far as to leave its IOMMUs running.
 *
 * Addresses are physical, integers little endian, checksums those of the
 * hand-over map. Nothing is believed of a book that has a fault anywhere: then
 * the unit's root table is replaced by an empty one, with translation on.
 */

#define EXTMEM_IOMMU_COMPATIBLE	"extmem-iommu-v1"

/** EXTMEM_IOMMU_PAGES - pages of a granule. */
#define EXTMEM_IOMMU_PAGES	512

/* Whose a page is; from EXTMEM_IOMMU_TAG_DOMAIN on that of a domain. */
#define EXTMEM_IOMMU_TAG_FREE	0
#define EXTMEM_IOMMU_TAG_HEAD	1
#define EXTMEM_IOMMU_TAG_BOOK	2
#define EXTMEM_IOMMU_TAG_UNIT	3	/* root, context and PASID tables */
#define EXTMEM_IOMMU_TAG_DOMAIN	16

/**
 * struct extmem_iommu_head_ser - the first page of a granule.
 * @compatible: EXTMEM_IOMMU_COMPATIBLE, padded with zeros
 * @self: address of this page
 * @book: address of the book's first page; 0 if another granule's head has it
 * @cont: a bit for each page that goes on what the page before it began
 * @tag: whose each page is
 * @reserved: zero
 * @crc: checksum; 0 if not sealed
 */
struct extmem_iommu_head_ser {
	char compatible[16];
	u64 self;
	u64 book;
	u64 cont[EXTMEM_IOMMU_PAGES / 64];
	u16 tag[EXTMEM_IOMMU_PAGES];
	u8 reserved[4];
	u32 crc;
} __packed;
static_assert(sizeof(struct extmem_iommu_head_ser) == 1128);
static_assert(offsetof(struct extmem_iommu_head_ser, tag) == 96);

#define EXTMEM_IOMMU_REC_UNIT	1u
#define EXTMEM_IOMMU_REC_DEVICE	2u
#define EXTMEM_IOMMU_REC_CLAIM	3u
#define EXTMEM_IOMMU_REC_BLOCKED	4u
#define EXTMEM_IOMMU_REC_GAP	5u	/* not known to all that read v1: ignored */

/** EXTMEM_IOMMU_SCALABLE - the unit is in scalable mode. */
#define EXTMEM_IOMMU_SCALABLE	1u

/**
 * struct extmem_iommu_unit_ser - a unit that goes on translating.
 * @type: EXTMEM_IOMMU_REC_UNIT
 * @flags: EXTMEM_IOMMU_SCALABLE
 * @regs: address of its registers
 * @root: address of its root table. What that does not lead to is blocked
 * @segment: PCI segment
 * @reserved: zero
 */
struct extmem_iommu_unit_ser {
	u32 type;
	u32 flags;
	u64 regs;
	u64 root;
	u32 segment;
	u8 reserved[36];
} __packed;
static_assert(sizeof(struct extmem_iommu_unit_ser) == 64);

/**
 * struct extmem_iommu_device_ser - a device that goes on.
 * @type: EXTMEM_IOMMU_REC_DEVICE
 * @rid: its requester id, the only one it uses
 * @did: the domain id of what the hardware caches for it
 * @regs: address of its unit's registers
 * @context: its context entry
 * @pasid_table: address of the PASID table, in scalable mode
 * @tag: whose pages its page table is
 * @reserved: zero
 */
struct extmem_iommu_device_ser {
	u32 type;
	u16 rid;
	u16 did;
	u64 regs;
	u64 context[2];
	u64 pasid_table;
	u16 tag;
	u8 reserved[22];
} __packed;
static_assert(sizeof(struct extmem_iommu_device_ser) == 64);

/** EXTMEM_IOMMU_CLAIM_DUE - the claim is preserved for the domain's sake alone. */
#define EXTMEM_IOMMU_CLAIM_DUE	1u

/**
 * struct extmem_iommu_claim_ser - memory that a domain reaches.
 * @type: EXTMEM_IOMMU_REC_CLAIM
 * @tag: the domain
 * @flags: EXTMEM_IOMMU_CLAIM_DUE
 * @id: the claim's id; all that the domain reaches is in such claims
 * @reserved: zero
 */
struct extmem_iommu_claim_ser {
	u32 type;
	u16 tag;
	u16 flags;
	u64 id;
	u8 reserved[48];
} __packed;
static_assert(sizeof(struct extmem_iommu_claim_ser) == 64);

/**
 * struct extmem_iommu_blocked_ser - a device that is not to be let at anything.
 * @type: EXTMEM_IOMMU_REC_BLOCKED
 * @rid: its requester id
 * @reserved0: zero
 * @regs: address of its unit's registers
 * @reserved: zero
 *
 * It is left bus mastering, and has no context entry.
 */
struct extmem_iommu_blocked_ser {
	u32 type;
	u16 rid;
	u16 reserved0;
	u64 regs;
	u8 reserved[48];
} __packed;
static_assert(sizeof(struct extmem_iommu_blocked_ser) == 64);

/**
 * struct extmem_iommu_gap_ser - what a unit is left on with beside a root table.
 * @type: EXTMEM_IOMMU_REC_GAP
 * @flags: zero
 * @regs: address of its registers
 * @root: address of its root table, if that leads nowhere and is also others'; else 0
 * @table: address of its gap table, or 0 if it does not remap interrupts
 * @reserved: zero
 */
struct extmem_iommu_gap_ser {
	u32 type;
	u32 flags;
	u64 regs;
	u64 root;
	u64 table;
	u8 reserved[32];
} __packed;
static_assert(sizeof(struct extmem_iommu_gap_ser) == 64);

#define EXTMEM_IOMMU_GAP_MAGIC		0x70616762616d6d69ULL
/** EXTMEM_IOMMU_GAP_ENTRIES - entries of 16 bytes of the gap table, none present. */
#define EXTMEM_IOMMU_GAP_ENTRIES	128

/**
 * struct extmem_iommu_gap_table_ser - an interrupt-remapping table without interrupts.
 * @entries: zero
 * @magic: EXTMEM_IOMMU_GAP_MAGIC: a kernel that has no pools yet knows it by that
 * @self: address of this page
 * @reserved: zero
 */
struct extmem_iommu_gap_table_ser {
	u64 entries[2 * EXTMEM_IOMMU_GAP_ENTRIES];
	u64 magic;
	u64 self;
	u8 reserved[2032];
} __packed;
static_assert(sizeof(struct extmem_iommu_gap_table_ser) == 4096);
static_assert(offsetof(struct extmem_iommu_gap_table_ser, magic) == 2048);

#define EXTMEM_IOMMU_RECORDS	63

/** EXTMEM_IOMMU_BOOK_PAGES - a book of more is none. */
#define EXTMEM_IOMMU_BOOK_PAGES	4096

/**
 * union extmem_iommu_rec_ser - a record; unused ones are zero.
 * @type: EXTMEM_IOMMU_REC_*
 * @unit: a unit
 * @device: a device
 * @claim: a claim
 * @blocked: a device that is blocked
 * @gap: what else a unit is left on with
 */
union extmem_iommu_rec_ser {
	u32 type;
	struct extmem_iommu_unit_ser unit;
	struct extmem_iommu_device_ser device;
	struct extmem_iommu_claim_ser claim;
	struct extmem_iommu_blocked_ser blocked;
	struct extmem_iommu_gap_ser gap;
};

/**
 * struct extmem_iommu_book_ser - a page of the book.
 * @recs: the records
 * @self: address of this page
 * @next: address of the next, or 0
 * @nr: records in use
 * @reserved: zero
 * @crc: checksum; 0 if not sealed
 */
struct extmem_iommu_book_ser {
	union extmem_iommu_rec_ser recs[EXTMEM_IOMMU_RECORDS];
	u64 self;
	u64 next;
	u32 nr;
	u8 reserved[40];
	u32 crc;
} __packed;
static_assert(sizeof(struct extmem_iommu_book_ser) == 4096);

#endif /* _LINUX_KHO_ABI_EXTMEM_IOMMU_H */
