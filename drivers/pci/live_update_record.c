// SPDX-License-Identifier: GPL-2.0
/*
 * One device in the record: how its entry is made from its configuration space, and
 * how the two are compared. A physical function has two entries.
 */
#include <linux/crc32.h>

#include "pci.h"
#include "live_update_record.h"

/* Bits of a base address register that are not its address */
#define TYPE_BITS(bar)	((bar) & PCI_BASE_ADDRESS_SPACE ? ~PCI_BASE_ADDRESS_IO_MASK & 0xf : \
			 ~PCI_BASE_ADDRESS_MEM_MASK & 0xf)

/**
 * pci_live_crc - the sum of a record
 * @ser: the record, as many entries as it says behind it
 *
 * Return: the sum over all but the sum itself
 */
u32 pci_live_crc(const struct vfio_persist_ser *ser)
{
	struct vfio_persist_ser head = *ser;
	u32 crc;

	head.crc = 0;
	crc = crc32_le(~0, (void *)&head, sizeof(head));
	return crc32_le(crc, (void *)(ser + 1),
			ser->nr * sizeof(struct vfio_persist_dev_ser));
}

static bool known_kinds(const struct vfio_persist_ser *ser)
{
	const struct vfio_persist_dev_ser *dev = (const void *)(ser + 1);
	u32 i;

	for (i = 0; i < ser->nr; i++)
		if (dev[i].kind < VFIO_PERSIST_DEVICE || dev[i].kind > VFIO_PERSIST_SRIOV)
			return false;
	return true;
}

/**
 * pci_live_record_fault - can a record be relied on?
 * @ser: the record, from another kernel
 * @size: bytes that may be read
 *
 * Return: NULL if it can, or why not
 */
const char *pci_live_record_fault(const struct vfio_persist_ser *ser, size_t size)
{
	if (size < sizeof(*ser) || ser->magic != VFIO_PERSIST_MAGIC)
		return "it is no such record";
	if (ser->version != VFIO_PERSIST_VERSION)
		return "its version is not known here";
	if (!(ser->flags & VFIO_PERSIST_SEALED))
		return "it was not sealed";
	if (ser->nr > (size - sizeof(*ser)) / sizeof(struct vfio_persist_dev_ser))
		return "it is cut short";
	if (ser->crc != pci_live_crc(ser))
		return "its checksum is wrong";
	if (!known_kinds(ser))
		return "it names a kind of device that is not known here";
	return NULL;
}

static u8 rom_register(u16 kind)
{
	return kind == VFIO_PERSIST_BRIDGE ? PCI_ROM_ADDRESS1 : PCI_ROM_ADDRESS;
}

static void read_bridge(struct vfio_persist_dev_ser *ser, struct pci_dev *pdev)
{
	int i;

	pci_read_config_dword(pdev, PCI_PRIMARY_BUS, &ser->buses);
	ser->buses &= 0xffffff;
	for (i = 0; i < ARRAY_SIZE(ser->window); i++)
		pci_read_config_dword(pdev, PCI_IO_BASE + 4 * i, &ser->window[i]);
	/* the upper half of the first is the secondary status */
	ser->window[0] &= 0xffff;
}

/* All that can be read without anything else known of the device */
static void read_device(struct vfio_persist_dev_ser *ser, struct pci_dev *pdev, u16 kind)
{
	bool bridge = kind == VFIO_PERSIST_BRIDGE;
	int i;

	*ser = (struct vfio_persist_dev_ser) {
		.segment = pci_domain_nr(pdev->bus),
		.rid = pci_dev_id(pdev),
		.kind = kind,
		.vendor = pdev->vendor,
		.device = pdev->device,
	};
	pci_read_config_dword(pdev, PCI_CLASS_REVISION, &ser->class);
	pci_read_config_word(pdev, PCI_COMMAND, &ser->command);
	if (pdev->is_virtfn)
		return;
	for (i = 0; i < (bridge ? 2 : PCI_STD_NUM_BARS); i++)
		pci_read_config_dword(pdev, PCI_BASE_ADDRESS_0 + 4 * i, &ser->bar[i]);
	pci_read_config_dword(pdev, rom_register(kind), &ser->rom);
	ser->rom &= PCI_ROM_ADDRESS_MASK;
	if (bridge)
		read_bridge(ser, pdev);
}

/* Of one register, or two: returns how many */
static int set_mask(u32 *mask, const u32 *bar, const struct resource *res, u64 size)
{
	u64 ones = ~(size - 1);

	if (!res->flags || !size)
		return 1;
	mask[0] = ((u32)ones & ~TYPE_BITS(bar[0])) | (bar[0] & TYPE_BITS(bar[0]));
	if (!(res->flags & IORESOURCE_MEM_64))
		return 1;
	mask[1] = ones >> 32;
	return 2;
}

/* What this kernel found out when it sized them, or was told by the one before */
static void add_masks(struct vfio_persist_dev_ser *ser, struct pci_dev *pdev)
{
	int n = ser->kind == VFIO_PERSIST_BRIDGE ? 2 : PCI_STD_NUM_BARS;
	const struct resource *rom = &pdev->resource[PCI_ROM_RESOURCE];
	int i;

	if (pdev->is_virtfn)
		return;
	for (i = 0; i < n;)
		i += set_mask(&ser->bar_mask[i], &ser->bar[i], &pdev->resource[i],
			      pci_resource_len(pdev, i));
	if (rom->flags && pdev->rom_base_reg && !(rom->flags & IORESOURCE_ROM_SHADOW))
		ser->rom_mask = ~((u32)resource_size(rom) - 1) & PCI_ROM_ADDRESS_MASK;
	if (ser->kind != VFIO_PERSIST_BRIDGE)
		return;
	ser->flags = (pdev->io_window ? VFIO_PERSIST_IO_WINDOW : 0) |
		     (pdev->pref_window ? VFIO_PERSIST_PREF_WINDOW : 0) |
		     (pdev->pref_64_window ? VFIO_PERSIST_PREF_64 : 0);
}

/**
 * pci_live_fill - make the entry of a device
 * @ser: where to; a &struct vfio_persist_sriov_ser if @kind is VFIO_PERSIST_SRIOV
 * @pdev: the device, which this kernel has set up
 * @kind: what it is in the record for
 */
void pci_live_fill(struct vfio_persist_dev_ser *ser, struct pci_dev *pdev, u16 kind)
{
	if (kind == VFIO_PERSIST_SRIOV) {
		pci_live_fill_sriov((struct vfio_persist_sriov_ser *)ser, pdev);
		return;
	}
	read_device(ser, pdev, kind);
	add_masks(ser, pdev);
}

static void read_sriov(struct vfio_persist_sriov_ser *ser, struct pci_dev *pdev)
{
	int pos = pci_find_ext_capability(pdev, PCI_EXT_CAP_ID_SRIOV), i;

	*ser = (struct vfio_persist_sriov_ser) {
		.segment = pci_domain_nr(pdev->bus),
		.rid = pci_dev_id(pdev),
		.kind = VFIO_PERSIST_SRIOV,
	};
	if (!pos)
		return;
	pci_read_config_word(pdev, pos + PCI_SRIOV_VF_DID, &ser->vf_device);
	pci_read_config_word(pdev, pos + PCI_SRIOV_NUM_VF, &ser->num_vfs);
	pci_read_config_word(pdev, pos + PCI_SRIOV_CTRL, &ser->control);
	pci_read_config_word(pdev, pos + PCI_SRIOV_VF_OFFSET, &ser->offset);
	pci_read_config_word(pdev, pos + PCI_SRIOV_VF_STRIDE, &ser->stride);
	for (i = 0; i < PCI_SRIOV_NUM_BARS; i++)
		pci_read_config_dword(pdev, pos + PCI_SRIOV_BAR + 4 * i, &ser->bar[i]);
	pci_read_config_dword(pdev, pos + PCI_SRIOV_SYS_PGSIZE, &ser->page_size);
}

/**
 * pci_live_fill_sriov - make the entry that says how virtual functions are there
 * @ser: where to
 * @pdev: the physical function
 */
void pci_live_fill_sriov(struct vfio_persist_sriov_ser *ser, struct pci_dev *pdev)
{
	read_sriov(ser, pdev);
#ifdef CONFIG_PCI_IOV
	for (int i = 0; pdev->is_physfn && i < PCI_SRIOV_NUM_BARS;)
		i += set_mask(&ser->bar_mask[i], &ser->bar[i],
			      &pdev->resource[PCI_IOV_RESOURCES + i],
			      pci_iov_resource_size(pdev, PCI_IOV_RESOURCES + i));
#endif
}

/**
 * pci_live_differs - is a device what the record says?
 * @was: its entry
 * @pdev: the device, of which this kernel need not know more than its ids
 *
 * Return: NULL if it is, or in what it is not
 */
const char *pci_live_differs(const struct vfio_persist_dev_ser *was, struct pci_dev *pdev)
{
	bool bridge = was->kind == VFIO_PERSIST_BRIDGE;
	struct vfio_persist_dev_ser is;

	if (pci_is_bridge(pdev) != bridge)
		return "it is another device";
	read_device(&is, pdev, was->kind);
	if (is.vendor != was->vendor || is.device != was->device || is.class != was->class)
		return "it is another device";
	if (memcmp(is.bar, was->bar, sizeof(is.bar)) || is.rom != was->rom)
		return "its addresses are others";
	if (is.buses != was->buses)
		return "its bus numbers are others";
	if (memcmp(is.window, was->window, sizeof(is.window)))
		return "its windows are others";
	return NULL;
}

/**
 * pci_live_sriov_differs - are a device's virtual functions what the record says?
 * @was: its entry, or NULL if there is none
 * @pdev: the physical function
 *
 * Return: NULL if they are, and enabled, or why not
 */
const char *pci_live_sriov_differs(const struct vfio_persist_sriov_ser *was,
				   struct pci_dev *pdev)
{
	struct vfio_persist_sriov_ser is;

	read_sriov(&is, pdev);
	if (was)
		memcpy(is.bar_mask, was->bar_mask, sizeof(is.bar_mask));
	if (!was || memcmp(&is, was, sizeof(is)))
		return "its virtual functions are others";
	if (!(is.control & PCI_SRIOV_CTRL_VFE) || !is.num_vfs)
		return "it has no virtual functions";
	return NULL;
}
