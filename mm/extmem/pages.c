// SPDX-License-Identifier: GPL-2.0
/*
 * Where the map's pages come from: preserved by KHO, or ordinary ones where
 * KHO is off. They are ordinary kernel pages with a struct page, not extended
 * memory.
 */
#include <linux/extmem_arch.h>
#include <linux/gfp.h>
#include <linux/init.h>
#include <linux/io.h>
#include <linux/kexec_handover.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>

#include "boot.h"

static void *extmem_plain_alloc(size_t bytes)
{
	return alloc_pages_exact(bytes, GFP_KERNEL | __GFP_ZERO);
}

static void extmem_plain_free(void *pages, size_t bytes)
{
	free_pages_exact(pages, bytes);
}

static unsigned long extmem_nr_pages(size_t bytes)
{
	return PAGE_ALIGN(bytes) >> PAGE_SHIFT;
}

static void *extmem_kho_alloc(size_t bytes)
{
	void *pages = extmem_plain_alloc(bytes);

	if (pages && kho_preserve_pages(virt_to_page(pages), extmem_nr_pages(bytes))) {
		extmem_plain_free(pages, bytes);
		return NULL;
	}
	return pages;
}

static void extmem_kho_free(void *pages, size_t bytes)
{
	kho_unpreserve_pages(virt_to_page(pages), extmem_nr_pages(bytes));
	extmem_plain_free(pages, bytes);
}

/* Only RAM is mapped: an address that is anything else would fault */
static const void *extmem_kho_peek(phys_addr_t pa, size_t bytes)
{
	phys_addr_t p;

	if (!PAGE_ALIGNED(pa) || pa + bytes < pa)
		return NULL;
	for (p = pa; p < pa + bytes; p += PAGE_SIZE)
		if (!pfn_to_online_page(PHYS_PFN(p)))
			return NULL;
	return phys_to_virt(pa);
}

static void *extmem_plain_adopt(phys_addr_t pa, size_t bytes)
{
	if (!kho_restore_pages(pa, extmem_nr_pages(bytes)))
		return NULL;
	return phys_to_virt(pa);
}

/**
 * extmem_memory_wait - wait until memory can be had.
 *
 * For boot, after something has failed that does not say why, and that must not
 * fail for want of memory: try again.
 */
void __init extmem_memory_wait(void)
{
	__free_page(alloc_page(EXTMEM_GFP_BOOT));
}

static void * __init extmem_kho_adopt(phys_addr_t pa, size_t bytes)
{
	void *pages = extmem_plain_adopt(pa, bytes);
	int err;

	if (!pages)
		return NULL;
	while ((err = kho_preserve_pages(virt_to_page(pages),
					 extmem_nr_pages(bytes))) == -ENOMEM)
		extmem_memory_wait();
	if (!err)
		return pages;
	extmem_plain_free(pages, bytes);
	return NULL;
}

/* Pages that the next kernel gets */
const struct extmem_map_ops extmem_kho_ops __refconst = {
	.alloc = extmem_kho_alloc,
	.free = extmem_kho_free,
	.peek = extmem_kho_peek,
	.adopt = extmem_kho_adopt,
	.clear = extmem_clear,
	.owns = extmem_arch_owns,
};

/* Pages that end with this kernel, though it may adopt a former one's */
const struct extmem_map_ops extmem_plain_ops __refconst = {
	.alloc = extmem_plain_alloc,
	.free = extmem_plain_free,
	.peek = extmem_kho_peek,
	.adopt = extmem_plain_adopt,
	.clear = extmem_clear,
	.owns = extmem_arch_owns,
};
