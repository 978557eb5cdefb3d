// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: extmem, descriptors of page tables
 *
 * The IOMMU core keeps what it has to know of a table in &struct ioptdesc, which
 * overlays &struct page. Extended memory has none, so a granule that is cut into
 * tables has an array of descriptors beside it, 64 bytes for each 4 KiB: 32 KiB
 * of ordinary memory for each 2 MiB of tables, which map a gigabyte in pages of
 * 4 KiB, or half a terabyte in pages of 2 MiB. Only granules of tables have them.
 *
 * A descriptor of ours points to its granule where an ordinary one, being a fresh
 * page's, has NULL. That is how both are told apart when tables are freed.
 */
#include <linux/export.h>
#include <linux/mm.h>

#include "internal.h"

/**
 * __iommu_persist_desc - the descriptor of a table.
 * @virt: the table
 *
 * Context: any.
 * Return: its descriptor, or NULL for a table in ordinary memory.
 */
struct ioptdesc *__iommu_persist_desc(const void *virt)
{
	u64 pa = virt_to_phys((void *)virt);
	struct iop_granule *granule = iop_granule_find(pa);

	if (!granule)
		return NULL;
	return &granule->desc[(pa - granule->pa) >> PAGE_SHIFT];
}
EXPORT_SYMBOL_GPL(__iommu_persist_desc);

/**
 * iommu_persist_desc_virt - where a descriptor's table is.
 * @desc: the descriptor
 *
 * Context: any.
 * Return: the table, or NULL if the descriptor is a struct page.
 */
void *iommu_persist_desc_virt(const struct ioptdesc *desc)
{
	const struct iop_granule *granule = desc->_private;

	if (!granule)
		return NULL;
	return (void *)granule->head + ((desc - granule->desc) << PAGE_SHIFT);
}

/**
 * iommu_persist_desc_size - how big a table is.
 * @desc: its descriptor
 *
 * Context: any.
 * Return: bytes, or 0 if the descriptor is a struct page.
 */
size_t iommu_persist_desc_size(const struct ioptdesc *desc)
{
	return desc->_private ? PAGE_SIZE << desc->__page_type : 0;
}
