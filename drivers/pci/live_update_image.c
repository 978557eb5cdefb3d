// SPDX-License-Identifier: GPL-2.0
/*
 * Does a kernel that is being loaded know what to do with devices that run? It says
 * so in its image, see include/linux/kho/abi/persist_image.h. Everything there is
 * somebody's file until it has been looked at.
 */
#define pr_fmt(fmt) "PCI: live update: " fmt

#include <linux/kho/abi/persist_image.h>
#include <linux/printk.h>
#include <linux/string.h>
#include <linux/unaligned.h>
#include <asm/bootparam.h>

#include "live_update.h"

#define HEADER		offsetof(struct boot_params, hdr)
#define HEADER_MAGIC	0x53726448	/* "HdrS" */
#define WITH_INFO	0x020f		/* the first version that has kernel_info */
#define SECTOR		512

struct part {
	const u8 *at;
	size_t size;
};

/* What is behind the first @off bytes; nothing, if there are no more */
static struct part behind(struct part in, size_t off)
{
	off = min(off, in.size);
	return (struct part){ in.at + off, in.size - off };
}

static u32 word(struct part in, size_t off)
{
	in = behind(in, off);
	return in.size < 4 ? 0 : get_unaligned_le32(in.at);
}

/* From kernel_info on to the end of the image */
static struct part find_info(struct part image)
{
	const struct setup_header *header = (const void *)(image.at + HEADER);
	size_t off;

	if (image.size < HEADER + sizeof(*header) ||
	    get_unaligned_le32(&header->header) != HEADER_MAGIC ||
	    get_unaligned_le16(&header->version) < WITH_INFO)
		return behind(image, image.size);
	off = ((header->setup_sects ?: 4) + 1) * SECTOR;
	off += get_unaligned_le32(&header->kernel_info_offset);
	return behind(image, off);
}

/* The entry among others, each of which has its size as its second word */
static struct part find_entry(struct part info)
{
	struct part at = behind(info, word(info, 4));
	size_t left = word(info, 8);
	u32 size;

	left -= min(left, word(info, 4));
	at.size = min(at.size, left);
	for (; at.size >= PERSIST_IMAGE_SIZE; at = behind(at, size)) {
		size = word(at, 4);
		if (size < 8)
			break;
		if (!memcmp(at.at, PERSIST_IMAGE_MAGIC, 4) && size >= PERSIST_IMAGE_SIZE)
			return at;
	}
	return behind(at, at.size);
}

static struct part find_names(struct part image)
{
	struct part info = find_info(image), entry;
	s64 off;

	if (info.size < 12 || memcmp(info.at, "LToP", 4))
		return behind(info, info.size);
	entry = find_entry(info);
	if (!entry.size)
		return entry;
	off = info.at - image.at + (s32)word(entry, 8);
	return off < 0 ? behind(image, image.size) : behind(image, off);
}

static bool has_name(struct part names, const char *name)
{
	size_t len;

	for (; names.size; names = behind(names, len + 1)) {
		len = strnlen((const char *)names.at, names.size);
		if (!len || len == names.size)
			return false;
		if (!strcmp((const char *)names.at, name))
			return true;
	}
	return false;
}

/*
 * Return: NULL if the kernel in @image knows every format that this kernel leaves
 * running devices in, else one that it does not.
 */
const char *pci_live_image_lacks(const void *image, size_t size)
{
	static const char needed[] = PERSIST_IMAGE_NAMES;
	struct part names = find_names((struct part){ image, size });
	const char *name;

	for (name = needed; *name; name += strlen(name) + 1)
		if (!has_name(names, name))
			return name;
	return NULL;
}

/**
 * pci_live_update_image_fits - can devices be left to a kernel that is being loaded?
 * @image: the file, a bzImage
 * @size: bytes of it
 *
 * Context: any.
 * Return: true if it says of itself that it takes over what this kernel leaves.
 */
bool pci_live_update_image_fits(const void *image, size_t size)
{
	const char *lacks = pci_live_image_lacks(image, size);

	if (lacks)
		pr_info("the kernel being loaded does not know %s: no device can be left running for it\n",
			lacks);
	return !lacks;
}
