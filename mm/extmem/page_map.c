// SPDX-License-Identifier: GPL-2.0
/*
 * A page of extended memory at an address of the kernel's, for as long as its user
 * wants.
 */
#include <linux/export.h>
#include <linux/io.h>
#include <linux/llist.h>
#include <linux/mm.h>
#include <linux/preempt.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>

#include "pool.h"

/**
 * DOC: extmem, pages that the kernel maps
 *
 * Ordinary memory is pinned for that, and is in the direct map. Extended memory is
 * neither, wherever pfn_valid() may say that there is a struct page: the page is
 * mapped on its own, and its claim is held instead.
 *
 * - A page is mapped only while its claim is held. KVM takes the reference in
 *   hva_to_pfn_remapped(), with the mmap lock held: the mapping that the page is
 *   found through has a reference of its own, so the page can't get another owner in
 *   between. The last step of unmapping it drops the reference.
 * - Until then the claim can't be freed, shrunk or converted (``EBUSY``), even if no
 *   process maps it any more. What KVM still writes goes to the owner it was meant
 *   for.
 * - When the process unmaps the page, an MMU notifier makes KVM stop using a cached
 *   mapping, as of the guest's clock. It ends, and with it the reference, when KVM
 *   looks for the page again, the guest moves its clock, or the virtual machine goes.
 *   Mappings for the handling of an exit, or while a nested guest runs, end with that.
 * - A bad page is not mapped. If a page goes bad a cached mapping is not used any
 *   more.
 *
 * memremap() would do but for hosts that encrypt their memory: it maps what is not
 * RAM unencrypted, while the process and the guest see it encrypted.
 */

/**
 * struct extmem_page_map - a page that is mapped
 * @claim: whose page it is; held
 * @area: where
 * @late: in @extmem_page_unmap_list
 */
struct extmem_page_map {
	struct extmem_claim *claim;
	struct vm_struct *area;
	struct llist_node late;
};

/* Those to be unmapped that were given back where nobody may sleep. */
static LLIST_HEAD(extmem_page_unmap_list);

static struct vm_struct *extmem_page_map_area(unsigned long pfn)
{
	struct vm_struct *area = get_vm_area(PAGE_SIZE, VM_IOREMAP);
	unsigned long addr;

	if (!area)
		return NULL;
	addr = (unsigned long)area->addr;
	if (!vmap_page_range(addr, addr + PAGE_SIZE, PFN_PHYS(pfn), PAGE_KERNEL))
		return area;
	free_vm_area(area);
	return NULL;
}

/**
 * extmem_page_map - map a page for the kernel.
 * @claim: whose page it is; the caller's reference becomes the mapping's, or is
 *	   dropped if there is none
 * @pfn: its page frame number
 *
 * Context: may sleep.
 * Return: the mapping, write-back cached, to be given to extmem_page_unmap(); NULL
 * if the page has had a memory error, or for want of memory or address space.
 */
struct extmem_page_map *extmem_page_map(struct extmem_claim *claim,
					unsigned long pfn)
{
	struct extmem_page_map *map = kmalloc_obj(*map);

	if (map) {
		map->claim = claim;
		map->area = extmem_map_poisoned(&extmem_map, PFN_PHYS(pfn), PAGE_SIZE) ?
			    NULL : extmem_page_map_area(pfn);
		if (map->area)
			return map;
	}
	kfree(map);
	extmem_claim_put(claim);
	return NULL;
}
EXPORT_SYMBOL_GPL(extmem_page_map);

/**
 * extmem_page_addr - where a page is mapped.
 * @map: what extmem_page_map() returned
 *
 * Return: the address of its first byte; NULL if @map is NULL.
 */
void *extmem_page_addr(const struct extmem_page_map *map)
{
	return map ? map->area->addr : NULL;
}
EXPORT_SYMBOL_GPL(extmem_page_addr);

static void extmem_page_unmap_now(struct extmem_page_map *map)
{
	free_vm_area(map->area);
	extmem_claim_put(map->claim);
	kfree(map);
}

static void extmem_page_unmap_work(struct work_struct *work)
{
	struct llist_node *list = llist_del_all(&extmem_page_unmap_list);
	struct extmem_page_map *map, *next;

	llist_for_each_entry_safe(map, next, list, late)
		extmem_page_unmap_now(map);
}

static DECLARE_WORK(extmem_page_unmapper, extmem_page_unmap_work);

/**
 * extmem_page_unmap - end what extmem_page_map() began.
 * @map: what it returned; not used any more
 *
 * Context: any but NMI. Where nobody may sleep, as on KVM's last steps into a guest,
 * the page stays mapped and the claim held for a moment longer.
 */
void extmem_page_unmap(struct extmem_page_map *map)
{
	if (preemptible())
		extmem_page_unmap_now(map);
	else if (llist_add(&map->late, &extmem_page_unmap_list))
		schedule_work(&extmem_page_unmapper);
}
EXPORT_SYMBOL_GPL(extmem_page_unmap);
