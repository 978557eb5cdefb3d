// SPDX-License-Identifier: GPL-2.0
/*
 * Records of a saved file of /dev/iommu: their bytes, which other kernels have written
 * and will read, and that no damaged one is believed.
 */
#include <kunit/test.h>

#include "persist_ser.h"

static const u8 golden_ioas[64] = {
	[0] = 0x01, 0x00, 0x00, 0x00,				/* type */
};

static const u8 golden_area[64] = {
	[0] = 0x02, 0x00, 0x00, 0x00,				/* type */
	[4] = 0x03, 0x00, 0x00, 0x00,				/* prot */
	[8] = 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00,	/* iova */
	[16] = 0x00, 0x00, 0x20, 0x00, 0x00, 0x00, 0x00, 0x00,	/* length */
	[24] = 0x2a, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,	/* claim */
	[32] = 0x00, 0x10, 0x00, 0x40, 0x00, 0x00, 0x00, 0x00,	/* offset */
};

static struct iommufd_luo_ser sealed(struct iommufd_luo_ser ser)
{
	iommufd_luo_seal(&ser);
	return ser;
}

static struct iommufd_luo_ser area(void)
{
	return sealed((struct iommufd_luo_ser) {
		.type = IOMMUFD_LUO_AREA,
		.prot = IOMMUFD_LUO_READ | IOMMUFD_LUO_WRITE,
		.iova = 0x10000000000,
		.length = 0x200000,
		.claim = 42,
		.offset = 0x40001000,
	});
}

/* CRC-32C bit by bit, without the kernel's help */
static u32 slow_crc(const u8 *byte, size_t bytes)
{
	u32 crc = 0xffffffff;
	int i;

	while (bytes--) {
		crc ^= *byte++;
		for (i = 0; i < 8; i++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
	}
	return crc;
}

static void golden(struct kunit *test)
{
	struct iommufd_luo_ser ioas = sealed((struct iommufd_luo_ser) {
		.type = IOMMUFD_LUO_IOAS,
	});
	struct iommufd_luo_ser ser = area();

	KUNIT_EXPECT_MEMEQ(test, (u8 *)&ioas, golden_ioas, 60);
	KUNIT_EXPECT_EQ(test, ioas.crc, slow_crc(golden_ioas, 60));
	KUNIT_EXPECT_MEMEQ(test, (u8 *)&ser, golden_area, 60);
	KUNIT_EXPECT_EQ(test, ser.crc, slow_crc(golden_area, 60));
	KUNIT_EXPECT_TRUE(test, iommufd_luo_ok(&ioas));
	KUNIT_EXPECT_TRUE(test, iommufd_luo_ok(&ser));
}

static void flipped(struct kunit *test)
{
	struct iommufd_luo_ser ser = area();
	unsigned int i;

	for (i = 0; i < 8 * sizeof(ser); i++) {
		((u8 *)&ser)[i / 8] ^= BIT(i % 8);
		KUNIT_EXPECT_FALSE_MSG(test, iommufd_luo_ok(&ser), "bit %u", i);
		((u8 *)&ser)[i / 8] ^= BIT(i % 8);
	}
	KUNIT_EXPECT_TRUE(test, iommufd_luo_ok(&ser));
}

static bool ok(struct iommufd_luo_ser ser)
{
	ser = sealed(ser);
	return iommufd_luo_ok(&ser);
}

/* With right checksums, from a kernel with a bug, or a later one */
static void wrong(struct kunit *test)
{
	struct iommufd_luo_ser ser = area();

	ser.type = 0;
	KUNIT_EXPECT_FALSE_MSG(test, ok(ser), "an unused record");
	ser.type = IOMMUFD_LUO_AREA + 1;
	KUNIT_EXPECT_FALSE_MSG(test, ok(ser), "a type that is not known");
	ser = area();
	ser.prot |= 8;
	KUNIT_EXPECT_FALSE_MSG(test, ok(ser), "a right that is not known");
	ser = area();
	ser.length = 0;
	KUNIT_EXPECT_FALSE_MSG(test, ok(ser), "a mapping of nothing");
	ser = area();
	ser.iova = -0x1000ULL;
	KUNIT_EXPECT_FALSE_MSG(test, ok(ser), "a mapping over the end");
	ser.length = 0x1000;
	KUNIT_EXPECT_TRUE_MSG(test, ok(ser), "a mapping up to the end");
}

static struct kunit_case iommufd_luo_cases[] = {
	KUNIT_CASE(golden),
	KUNIT_CASE(flipped),
	KUNIT_CASE(wrong),
	{}
};

static struct kunit_suite iommufd_luo_suite = {
	.name = "extmem_iommufd_luo",
	.test_cases = iommufd_luo_cases,
};

kunit_test_suite(iommufd_luo_suite);
