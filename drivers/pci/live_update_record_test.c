// SPDX-License-Identifier: GPL-2.0
/*
 * The record as it crosses a kexec: its bytes, and that none can be another.
 */
#include <kunit/test.h>
#include <linux/slab.h>

#include "live_update_fake.h"
#include "live_update_record.h"

#define ENTRIES	4

struct whole {
	struct vfio_persist_ser head;
	struct vfio_persist_dev_ser dev[ENTRIES - 1];
	struct vfio_persist_sriov_ser sriov;
};

static struct whole *make(struct kunit *test)
{
	struct whole *whole = kunit_kzalloc(test, sizeof(*whole), GFP_KERNEL);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, whole);
	whole->head.magic = VFIO_PERSIST_MAGIC;
	whole->head.version = VFIO_PERSIST_VERSION;
	whole->head.flags = VFIO_PERSIST_SEALED;
	whole->head.nr = ENTRIES;
	for (i = 0; i < ARRAY_SIZE(whole->dev); i++)
		whole->dev[i] = (struct vfio_persist_dev_ser) {
			.segment = 1,
			.rid = 0x108 + i,
			.kind = VFIO_PERSIST_DEVICE,
			.vendor = 0x1b36,
			.device = 0x10,
			.class = 0x01080200,
			.command = 0x406,
			.bar = { 0xfe800004, 1 },
			.bar_mask = { 0xffffc004, 0xffffffff },
			.rom = 0xfe900000,
			.rom_mask = 0xfff80000,
		};
	whole->dev[1].kind = VFIO_PERSIST_PARENT;
	whole->sriov = (struct vfio_persist_sriov_ser) {
		.segment = 1,
		.rid = 0x109,
		.kind = VFIO_PERSIST_SRIOV,
		.vf_device = 0x10ca,
		.num_vfs = 2,
		.control = 0x19,
		.offset = 0x80,
		.stride = 2,
		.bar = { 0xfe900004, 1, 0, 0xfe940004, 1 },
		.page_size = 1,
	};
	whole->head.crc = pci_live_crc(&whole->head);
	return whole;
}

/* What version 2 looks like, whoever writes it */
static void golden(struct kunit *test)
{
	static const u8 head[20] = {
		0x76, 0x49, 0x6f, 0x66, 0x53, 0x70, 0x65, 0x72,
		2, 0, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0,
	};
	static const u8 dev[128] = {
		1, 0, 0, 0, 0x08, 0x01, 1, 0, 0x36, 0x1b, 0x10, 0,
		0x00, 0x02, 0x08, 0x01, 0x06, 0x04, 0, 0, 0, 0, 0, 0,
		0x04, 0, 0x80, 0xfe, 1, 0, 0, 0, [48] = 0x04, 0xc0, 0xff, 0xff,
		0xff, 0xff, 0xff, 0xff, [72] = 0, 0, 0x90, 0xfe, 0, 0, 0xf8, 0xff,
	};
	static const u8 sriov[128] = {
		1, 0, 0, 0, 0x09, 0x01, 4, 0, 0xca, 0x10, 2, 0,
		0x19, 0, 0x80, 0, 2, 0, 0, 0, 0, 0, 0, 0,
		0x04, 0, 0x90, 0xfe, 1, 0, 0, 0, 0, 0, 0, 0,
		0x04, 0, 0x94, 0xfe, 1, 0, 0, 0, [72] = 1,
	};
	struct whole *whole = make(test);

	KUNIT_EXPECT_MEMEQ(test, &whole->head, head, sizeof(head));
	KUNIT_EXPECT_MEMEQ(test, &whole->dev[0], dev, sizeof(dev));
	KUNIT_EXPECT_EQ(test, whole->dev[1].kind, 3);
	KUNIT_EXPECT_MEMEQ(test, &whole->sriov, sriov, sizeof(sriov));
}

static void good(struct kunit *test)
{
	struct whole *whole = make(test);

	KUNIT_EXPECT_NULL(test, pci_live_record_fault(&whole->head, sizeof(*whole)));
	KUNIT_EXPECT_NULL(test, pci_live_record_fault(&whole->head, PAGE_SIZE));
}

/* Any bit of it */
static void flipped(struct kunit *test)
{
	struct whole *whole = make(test);
	unsigned int i;
	u8 *byte;

	for (i = 0; i < sizeof(*whole) * 8; i++) {
		byte = (u8 *)whole + i / 8;
		*byte ^= BIT(i % 8);
		KUNIT_EXPECT_NOT_NULL_MSG(test,
					  pci_live_record_fault(&whole->head,
								sizeof(*whole)),
					  "bit %u", i);
		*byte ^= BIT(i % 8);
	}
}

static void cut(struct kunit *test)
{
	struct whole *whole = make(test);
	size_t size;

	for (size = 0; size < sizeof(*whole); size++)
		KUNIT_EXPECT_NOT_NULL(test,
				      pci_live_record_fault(&whole->head, size));
}

/* With a sum that fits */
static void wrong_kind(struct kunit *test)
{
	struct whole *whole = make(test);

	whole->head.version++;
	whole->head.crc = pci_live_crc(&whole->head);
	KUNIT_EXPECT_STREQ(test, pci_live_record_fault(&whole->head, sizeof(*whole)),
			   "its version is not known here");
	whole->head.version--;
	whole->head.flags = 0;
	whole->head.crc = pci_live_crc(&whole->head);
	KUNIT_EXPECT_STREQ(test, pci_live_record_fault(&whole->head, sizeof(*whole)),
			   "it was not sealed");
	whole->head.flags = VFIO_PERSIST_SEALED;
	whole->dev[2].kind = VFIO_PERSIST_SRIOV + 1;
	whole->head.crc = pci_live_crc(&whole->head);
	KUNIT_EXPECT_NOT_NULL(test, pci_live_record_fault(&whole->head, sizeof(*whole)));
}

/*
 * A thousand times one bit of a record of many devices: it is found out, for then every
 * device that may do DMA is stopped. So none is restored by half of its entry.
 */
static void thousand_bits(struct kunit *test)
{
	size_t size = sizeof(struct vfio_persist_ser) +
		      32 * sizeof(struct vfio_persist_dev_ser);
	struct vfio_persist_ser *ser = kunit_kzalloc(test, size, GFP_KERNEL);
	struct pci_fake_bus *bus = pci_fake_bus(test);
	unsigned int i, bit, stopped = 0;
	struct vfio_persist_dev_ser *dev;
	u8 *bytes = (u8 *)ser;

	KUNIT_ASSERT_NOT_NULL(test, ser);
	*ser = (struct vfio_persist_ser) {
		.magic = VFIO_PERSIST_MAGIC,
		.version = VFIO_PERSIST_VERSION,
		.flags = VFIO_PERSIST_SEALED,
		.nr = 32,
	};
	dev = (void *)(ser + 1);
	for (i = 0; i < ser->nr; i++)
		pci_live_fill(&dev[i], pci_fake_add(test, bus, 8 * i),
			      VFIO_PERSIST_DEVICE);
	ser->crc = pci_live_crc(ser);
	KUNIT_EXPECT_NULL(test, pci_live_record_fault(ser, size));
	for (i = 0; i < 1000; i++) {
		bit = (i * 7919) % (size * 8);
		bytes[bit / 8] ^= BIT(bit % 8);
		if (pci_live_record_fault(ser, size))
			stopped++;
		bytes[bit / 8] ^= BIT(bit % 8);
	}
	KUNIT_EXPECT_EQ(test, stopped, 1000);
	KUNIT_EXPECT_NULL(test, pci_live_record_fault(ser, size));
}

/* What identifies a device, and where it is, each bit of it */
static void differs(struct kunit *test)
{
	static const unsigned int registers[] = {
		PCI_CLASS_REVISION, PCI_BASE_ADDRESS_0, PCI_BASE_ADDRESS_1,
		PCI_BASE_ADDRESS_5, PCI_ROM_ADDRESS + 2,
	};
	struct pci_fake_bus *bus = pci_fake_bus(test);
	struct pci_dev *pdev = pci_fake_add(test, bus, 8);
	struct vfio_persist_dev_ser was;
	unsigned int i, bit;
	u8 *byte;

	pci_live_fill(&was, pdev, VFIO_PERSIST_DEVICE);
	KUNIT_EXPECT_EQ(test, was.bar_mask[0], 0xffffc004);
	KUNIT_EXPECT_EQ(test, was.bar_mask[1], 0xffffffff);
	KUNIT_EXPECT_EQ(test, was.bar_mask[2], 0);
	KUNIT_EXPECT_NULL(test, pci_live_differs(&was, pdev));
	for (i = 0; i < ARRAY_SIZE(registers); i++)
		for (bit = 0; bit < 16; bit++) {
			byte = pci_fake_config(pdev) + registers[i] + bit / 8;
			*byte ^= BIT(bit % 8);
			KUNIT_EXPECT_NOT_NULL_MSG(test, pci_live_differs(&was, pdev),
						  "register %x, bit %u", registers[i], bit);
			*byte ^= BIT(bit % 8);
		}
	/* what it is told to do is its user's */
	pci_fake_config(pdev)[PCI_COMMAND] ^= PCI_COMMAND_MASTER;
	KUNIT_EXPECT_NULL(test, pci_live_differs(&was, pdev));
	pdev->device++;
	KUNIT_EXPECT_NOT_NULL(test, pci_live_differs(&was, pdev));
	KUNIT_EXPECT_EQ(test, bus->writes, 0);
}

static struct kunit_case pci_live_record_cases[] = {
	KUNIT_CASE(golden),
	KUNIT_CASE(good),
	KUNIT_CASE(flipped),
	KUNIT_CASE(cut),
	KUNIT_CASE(wrong_kind),
	KUNIT_CASE(thousand_bits),
	KUNIT_CASE(differs),
	{}
};

static struct kunit_suite pci_live_record_suite = {
	.name = "extmem_pci_live_update_record",
	.test_cases = pci_live_record_cases,
};

kunit_test_suite(pci_live_record_suite);
