// SPDX-License-Identifier: GPL-2.0
/*
 * The record as it crosses a kexec: its bytes, and that none can be another.
 */
#include <kunit/test.h>
#include <linux/slab.h>

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

/* What version 1 looks like, whoever writes it */
static void golden(struct kunit *test)
{
	static const u8 head[24] = {
		0x76, 0x49, 0x6f, 0x66, 0x53, 0x70, 0x65, 0x72,
		1, 0, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0,
	};
	static const u8 dev[64] = {
		1, 0, 0, 0, 0x08, 0x01, 1, 0, 0x36, 0x1b, 0x10, 0,
		0x00, 0x02, 0x08, 0x01, 0x06, 0x04, 0, 0, 0, 0, 0, 0,
		0x04, 0, 0x80, 0xfe, 1,
	};
	static const u8 sriov[64] = {
		1, 0, 0, 0, 0x09, 0x01, 4, 0, 0xca, 0x10, 2, 0,
		0x19, 0, 0x80, 0, 2, 0, 0, 0, 0, 0, 0, 0,
		0x04, 0, 0x90, 0xfe, 1, 0, 0, 0, 0, 0, 0, 0,
		0x04, 0, 0x94, 0xfe, 1, 0, 0, 0, 0, 0, 0, 0, 1,
	};
	struct whole *whole = make(test);

	KUNIT_EXPECT_MEMEQ(test, &whole->head, head, 20);
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
}

static struct kunit_case vfio_persist_cases[] = {
	KUNIT_CASE(golden),
	KUNIT_CASE(good),
	KUNIT_CASE(flipped),
	KUNIT_CASE(cut),
	KUNIT_CASE(wrong_kind),
	{}
};

static struct kunit_suite vfio_persist_suite = {
	.name = "extmem_vfio_persist",
	.test_cases = vfio_persist_cases,
};

kunit_test_suite(vfio_persist_suite);
