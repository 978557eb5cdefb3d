/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_KHO_ABI_VFIO_PERSIST_H
#define _LINUX_KHO_ABI_VFIO_PERSIST_H

#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/stddef.h>
#include <linux/types.h>

/**
 * DOC: VFIO, devices that a kexec leaves running
 *
 * A KHO subtree, VFIO_PERSIST_SUBTREE, names every PCI device that goes on with its
 * DMA while the kernel is replaced, every bridge above one, and for a virtual function
 * its physical function, with how that has its virtual functions. It is there from
 * the first device preserved on, and is sealed (counted and summed) when the live
 * update orchestrator freezes its sessions; a record that is not sealed belongs to
 * a kexec nobody prepared.
 *
 * The next kernel reads it before it writes to any PCI device. What it says is
 * compared with what the hardware says; a device for which the two differ is
 * stopped. Sizes of base address registers come from it, so that they need not be
 * written to. A record that can't be read, or that has another magic, version or sum,
 * stops every device that is found to be bus mastering.
 *
 * An open file of such a device is, to the live update orchestrator, one 64-bit
 * word: the device's segment and requester id.
 */

/** VFIO_PERSIST_SUBTREE - the record, to KHO. */
#define VFIO_PERSIST_SUBTREE	"vfio-persist"
/** VFIO_PERSIST_LUO_COMPATIBLE - files of devices, to LUO. */
#define VFIO_PERSIST_LUO_COMPATIBLE	"vfio-pci-persist-v2"

/** VFIO_PERSIST_LUO_RID - bus number, device and function. */
#define VFIO_PERSIST_LUO_RID		GENMASK_ULL(15, 0)
/** VFIO_PERSIST_LUO_SEGMENT - the PCI segment. */
#define VFIO_PERSIST_LUO_SEGMENT	GENMASK_ULL(47, 16)
/** VFIO_PERSIST_LUO_RESERVED - zero. */
#define VFIO_PERSIST_LUO_RESERVED	GENMASK_ULL(63, 48)

/** VFIO_PERSIST_MAGIC - begins the record. */
#define VFIO_PERSIST_MAGIC	0x72657053666f4976ULL
/** VFIO_PERSIST_VERSION - of this layout; others are not read. */
#define VFIO_PERSIST_VERSION	2

/** VFIO_PERSIST_SEALED - in &vfio_persist_ser.flags: @nr and @crc hold. */
#define VFIO_PERSIST_SEALED	BIT(0)

/** VFIO_PERSIST_DEVICE - &vfio_persist_dev_ser.kind of a device in a session. */
#define VFIO_PERSIST_DEVICE	1
/** VFIO_PERSIST_BRIDGE - &vfio_persist_dev_ser.kind of a bridge above one. */
#define VFIO_PERSIST_BRIDGE	2
/**
 * VFIO_PERSIST_PARENT - &vfio_persist_dev_ser.kind of a physical function whose virtual
 *	functions are in sessions. Its own DMA ends with the kernel.
 */
#define VFIO_PERSIST_PARENT	3
/** VFIO_PERSIST_SRIOV - &vfio_persist_sriov_ser.kind: of each parent there is one. */
#define VFIO_PERSIST_SRIOV	4

/**
 * struct vfio_persist_ser - the record; its entries follow.
 * @magic: VFIO_PERSIST_MAGIC
 * @version: VFIO_PERSIST_VERSION
 * @flags: VFIO_PERSIST_SEALED, or 0
 * @nr: how many entries follow
 * @crc: crc32_le(~0) of the header, with 0 here, and of the entries
 * @reserved: zero
 */
struct vfio_persist_ser {
	__u64 magic;
	__u32 version;
	__u32 flags;
	__u32 nr;
	__u32 crc;
	__u64 reserved[5];
};

static_assert(sizeof(struct vfio_persist_ser) == 64);
static_assert(offsetof(struct vfio_persist_ser, crc) == 20);

/** VFIO_PERSIST_IO_WINDOW - &vfio_persist_dev_ser.flags: the bridge has an I/O window. */
#define VFIO_PERSIST_IO_WINDOW		BIT(0)
/** VFIO_PERSIST_PREF_WINDOW - the bridge has a window for prefetchable memory. */
#define VFIO_PERSIST_PREF_WINDOW	BIT(1)
/** VFIO_PERSIST_PREF_64 - that window has the upper halves of its addresses. */
#define VFIO_PERSIST_PREF_64		BIT(2)

/**
 * struct vfio_persist_dev_ser - one device that goes on, or a bridge above one.
 * @segment: PCI segment
 * @rid: bus number << 8 | device << 3 | function
 * @kind: VFIO_PERSIST_DEVICE, VFIO_PERSIST_BRIDGE or VFIO_PERSIST_PARENT
 * @vendor: PCI vendor
 * @device: PCI device
 * @class: class and revision, the dword of the configuration space
 * @command: the command register when the entry was made
 * @flags: of a bridge, which windows it has: VFIO_PERSIST_IO_WINDOW and so on
 * @buses: of a bridge: primary, secondary and subordinate number, the low 24 bits
 *	of the dword of the configuration space
 * @bar: the base address registers; a bridge has two of them, a virtual function none
 * @bar_mask: what they would read as after all ones had been written to them
 * @rom: the expansion ROM's base address register
 * @rom_mask: the same of that one
 * @window: of a bridge, the dwords from I/O base (its low half) to the upper halves
 *	of I/O base and limit
 * @reserved: zero
 *
 * The masks are there for the next kernel not to have to write to the registers.
 */
struct vfio_persist_dev_ser {
	__u32 segment;
	__u16 rid;
	__u16 kind;
	__u16 vendor;
	__u16 device;
	__u32 class;
	__u16 command;
	__u16 flags;
	__u32 buses;
	__u32 bar[6];
	__u32 bar_mask[6];
	__u32 rom;
	__u32 rom_mask;
	__u32 window[6];
	__u32 reserved[6];
};

static_assert(sizeof(struct vfio_persist_dev_ser) == 128);
static_assert(offsetof(struct vfio_persist_dev_ser, buses) == 20);
static_assert(offsetof(struct vfio_persist_dev_ser, bar) == 24);
static_assert(offsetof(struct vfio_persist_dev_ser, rom) == 72);
static_assert(offsetof(struct vfio_persist_dev_ser, window) == 80);

/**
 * struct vfio_persist_sriov_ser - how a physical function has its virtual functions.
 * @segment: PCI segment
 * @rid: the physical function's
 * @kind: VFIO_PERSIST_SRIOV
 * @vf_device: PCI device of a virtual function
 * @num_vfs: how many there are
 * @control: the control register: enabled, decoding memory, ARI
 * @offset: from @rid to the requester id of the first one
 * @stride: from each to the next
 * @reserved: zero
 * @bar: the base address registers, which all share
 * @bar_mask: what they would read as after all ones had been written to them
 * @page_size: the system page size register
 * @reserved2: zero
 *
 * As the registers of the SR-IOV capability have it.
 */
struct vfio_persist_sriov_ser {
	__u32 segment;
	__u16 rid;
	__u16 kind;
	__u16 vf_device;
	__u16 num_vfs;
	__u16 control;
	__u16 offset;
	__u16 stride;
	__u16 reserved[3];
	__u32 bar[6];
	__u32 bar_mask[6];
	__u32 page_size;
	__u32 reserved2[13];
};

static_assert(sizeof(struct vfio_persist_sriov_ser) == sizeof(struct vfio_persist_dev_ser));
static_assert(offsetof(struct vfio_persist_sriov_ser, kind) ==
	      offsetof(struct vfio_persist_dev_ser, kind));
static_assert(offsetof(struct vfio_persist_sriov_ser, bar) == 24);
static_assert(offsetof(struct vfio_persist_sriov_ser, page_size) == 72);

#endif /* _LINUX_KHO_ABI_VFIO_PERSIST_H */
