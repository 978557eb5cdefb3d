// SPDX-License-Identifier: GPL-2.0
/*
 * What a kernel image says of itself, whole, cut short and of other kernels.
 */
#include <kunit/test.h>
#include <linux/kho/abi/persist_image.h>
#include <linux/unaligned.h>
#include <asm/bootparam.h>

#include "live_update.h"

#define INFO	0x840	/* kernel_info, behind the boot sector and three of set-up */
#define ENTRY	(INFO + 16 + 8)
#define NAMES	0x900
#define SIZE	(NAMES + sizeof(names))

static const char names[] = "another-v1\0" PERSIST_IMAGE_NAMES;

/* With an entry of another sort before ours */
static u8 *make(struct kunit *test)
{
	u8 *image = kunit_kzalloc(test, SIZE, GFP_KERNEL);
	struct setup_header *header;

	KUNIT_ASSERT_NOT_NULL(test, image);
	header = (void *)(image + offsetof(struct boot_params, hdr));
	header->setup_sects = 3;
	put_unaligned_le32(0x53726448, &header->header);
	put_unaligned_le16(0x020f, &header->version);
	put_unaligned_le32(INFO - 4 * 512, &header->kernel_info_offset);
	memcpy(image + INFO, "LToP", 4);
	put_unaligned_le32(16, image + INFO + 4);
	put_unaligned_le32(16 + 8 + PERSIST_IMAGE_SIZE, image + INFO + 8);
	memcpy(image + INFO + 16, "0123\10\0\0", 8);
	memcpy(image + ENTRY, PERSIST_IMAGE_MAGIC, 4);
	put_unaligned_le32(PERSIST_IMAGE_SIZE, image + ENTRY + 4);
	put_unaligned_le32(NAMES - INFO, image + ENTRY + 8);
	memcpy(image + NAMES, names, sizeof(names));
	return image;
}

static void whole(struct kunit *test)
{
	u8 *image = make(test);

	KUNIT_EXPECT_NULL(test, pci_live_image_lacks(image, SIZE));
}

/* Wherever it ends before the last name does */
static void cut(struct kunit *test)
{
	u8 *image = make(test), *copy;
	size_t size;

	for (size = 0; size < SIZE - 1; size++) {
		/* of just that size, so that KASAN sees what is read behind it */
		copy = kmemdup(image, size, GFP_KERNEL);
		KUNIT_EXPECT_NOT_NULL_MSG(test, pci_live_image_lacks(copy, size),
					  "%zu bytes", size);
		kfree(copy);
	}
}

/* Numbers that lead anywhere */
static void flipped(struct kunit *test)
{
	u8 *image = make(test);
	unsigned int i;

	for (i = INFO * 8; i < (ENTRY + PERSIST_IMAGE_SIZE) * 8; i++) {
		image[i / 8] ^= BIT(i % 8);
		pci_live_image_lacks(image, SIZE);
		image[i / 8] ^= BIT(i % 8);
	}
	put_unaligned_le32(-INFO - 1, image + ENTRY + 8);
	KUNIT_EXPECT_NOT_NULL(test, pci_live_image_lacks(image, SIZE));
	put_unaligned_le32(INT_MAX, image + ENTRY + 8);
	KUNIT_EXPECT_NOT_NULL(test, pci_live_image_lacks(image, SIZE));
}

/* Each name is needed, to the last letter. */
static void other_version(struct kunit *test)
{
	u8 *image = make(test);
	const char *name;
	u8 *last;

	for (name = names + strlen(names) + 1; *name; name += strlen(name) + 1) {
		last = image + NAMES + (name - names) + strlen(name) - 1;
		(*last)++;
		KUNIT_EXPECT_STREQ(test, pci_live_image_lacks(image, SIZE), name);
		(*last)--;
	}
}

/* Entries without size must not keep anybody busy; nor is an old header believed. */
static void other_kernel(struct kunit *test)
{
	u8 *image = make(test);

	put_unaligned_le32(0, image + INFO + 16 + 4);
	KUNIT_EXPECT_NOT_NULL(test, pci_live_image_lacks(image, SIZE));
	put_unaligned_le32(8, image + INFO + 16 + 4);
	put_unaligned_le32(16, image + INFO + 8);
	KUNIT_EXPECT_NOT_NULL(test, pci_live_image_lacks(image, SIZE));
	image = make(test);
	put_unaligned_le16(0x020e, image + 0x206);
	KUNIT_EXPECT_NOT_NULL(test, pci_live_image_lacks(image, SIZE));
}

static struct kunit_case pci_live_image_cases[] = {
	KUNIT_CASE(whole),
	KUNIT_CASE(cut),
	KUNIT_CASE(flipped),
	KUNIT_CASE(other_version),
	KUNIT_CASE(other_kernel),
	{}
};

static struct kunit_suite pci_live_image_suite = {
	.name = "extmem_pci_live_update_image",
	.test_cases = pci_live_image_cases,
};

kunit_test_suite(pci_live_image_suite);
