// SPDX-License-Identifier: GPL-2.0
/*
 * What a kernel says in the variable part of kernel_info, in its image: which devices
 * that run it takes over, as names of formats (include/linux/kho/abi/persist_image.h),
 * and what its compressed kernel is (include/linux/kho/abi/payload_image.h). Nothing
 * there can be relied on.
 */
#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "image.h"

#define SETUP_SECTS	0x1f1
#define VERSION		0x206
#define INFO_OFFSET	0x268	/* struct setup_header::kernel_info_offset */
#define HEADER_END	0x26c
#define WITH_INFO	0x020f
#define SECTOR		512
#define NAMES_MAGIC	"PdMA"
#define CRC_MAGIC	"PCrc"
#define ENTRY_SIZE	12

/*
 * What devices are left running in: LUO's format, those of page tables, of iommufd's
 * files and of VFIO's. KHO's and that of the map are compared with the kernel that runs.
 */
static const char *const needed[] = {
	"luo-v5", "extmem-iommu-v1", "iommufd-extmem-v1", "vfio-pci-persist-v2",
};

/* What is behind the first @off bytes; nothing, if there are no more */
static struct bytes behind(struct bytes in, size_t off)
{
	if (off > in.size)
		off = in.size;
	return (struct bytes){ in.at + off, in.size - off };
}

static uint32_t word(struct bytes in, size_t off)
{
	uint32_t v;

	in = behind(in, off);
	if (in.size < sizeof(v))
		return 0;
	memcpy(&v, in.at, sizeof(v));
	return le32toh(v);
}

/* From kernel_info on to the end of the file */
static struct bytes find_info(struct bytes file)
{
	size_t off;

	if (file.size < HEADER_END || (word(file, VERSION) & 0xffff) < WITH_INFO)
		return behind(file, file.size);
	off = ((file.at[SETUP_SECTS] ?: 4) + 1) * SECTOR;
	return behind(file, off + word(file, INFO_OFFSET));
}

/* What an entry leads to, up to the end of the file; nothing, if there is none */
static struct bytes find_entry(struct bytes file, const char *magic)
{
	struct bytes info = find_info(file), at = behind(info, word(info, 4));
	uint32_t size;
	int64_t off;

	if (info.size < 12 || memcmp(info.at, "LToP", 4))
		return behind(file, file.size);
	for (; at.size >= ENTRY_SIZE; at = behind(at, size)) {
		size = word(at, 4);
		if (size < 8 || (size_t)(at.at - info.at) + size > word(info, 8))
			break;
		if (memcmp(at.at, magic, 4) || size < ENTRY_SIZE)
			continue;
		off = info.at - file.at + (int32_t)word(at, 8);
		return behind(file, off < 0 ? file.size : (size_t)off);
	}
	return behind(file, file.size);
}

static bool has_name(struct bytes names, const char *name)
{
	size_t len;

	for (; names.size; names = behind(names, len + 1)) {
		len = strnlen((const char *)names.at, names.size);
		if (!len || len == names.size)
			break;
		if (!strcmp((const char *)names.at, name))
			return true;
	}
	return false;
}

const char *image_lacks(struct bytes file)
{
	struct bytes names = find_entry(file, NAMES_MAGIC);
	size_t i;

	for (i = 0; i < sizeof(needed) / sizeof(*needed); i++)
		if (!has_name(names, needed[i]))
			return needed[i];
	return NULL;
}

bool image_crc(struct bytes file, unsigned int *crc)
{
	struct bytes at = find_entry(file, CRC_MAGIC);

	*crc = word(at, 0);
	return at.size >= sizeof(*crc);
}
