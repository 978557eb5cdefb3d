// SPDX-License-Identifier: GPL-2.0
/*
 * References of those whose use of the memory outlives the mapping they found
 * it through: a device's DMA goes on when the process has unmapped it.
 */
#include <linux/export.h>
#include <linux/extmem.h>
#include <linux/mm.h>
#include <linux/slab.h>

/* A claim that is held, once however many of its mappings were found. */
struct extmem_hold {
	struct extmem_hold *next;
	struct extmem_claim *claim;
};

static bool is_held(const struct extmem_holds *holds,
		    const struct extmem_claim *claim)
{
	const struct extmem_hold *hold = holds->first;

	while (hold && hold->claim != claim)
		hold = hold->next;
	return hold;
}

/**
 * extmem_holds_add - hold the claim behind a file, if there is one.
 * @holds: what is held so far; the caller keeps others from changing it
 * @file: what is mapped, any file or NULL
 *
 * Context: may sleep. The mmap lock may be held; if it is, and a mapping of
 * @file was found under it, the memory can't have gone in between.
 * Return: 0, also if the memory is not extended memory. -ENOMEM, or why the
 * file gives no access, see extmem_file_claim().
 */
int extmem_holds_add(struct extmem_holds *holds, struct file *file)
{
	struct extmem_claim *claim = extmem_file_claim(file, false);
	struct extmem_hold *hold;

	if (IS_ERR_OR_NULL(claim))
		return PTR_ERR_OR_ZERO(claim);
	if (is_held(holds, claim)) {
		extmem_claim_put(claim);
		return 0;
	}

	hold = kmalloc_obj(*hold);
	if (!hold) {
		extmem_claim_put(claim);
		return -ENOMEM;
	}
	hold->claim = claim;
	hold->next = holds->first;
	holds->first = hold;
	return 0;
}
EXPORT_SYMBOL_GPL(extmem_holds_add);

/**
 * extmem_holds_release - drop all references.
 * @holds: what was held; nothing of it is used any more
 *
 * Context: any.
 */
void extmem_holds_release(struct extmem_holds *holds)
{
	struct extmem_hold *hold;

	while ((hold = holds->first)) {
		holds->first = hold->next;
		extmem_claim_put(hold->claim);
		kfree(hold);
	}
}
EXPORT_SYMBOL_GPL(extmem_holds_release);

/**
 * extmem_paged - whether a page frame is extended memory that has a struct page.
 * @pfn: the page frame, which somebody uses
 *
 * Its owner gave it one for as long as it is in use; who got it as a page has
 * pinned it.
 *
 * Context: any.
 * Return: true if it is.
 */
bool extmem_paged(unsigned long pfn)
{
	return extmem_overlaps(PFN_PHYS(pfn), PAGE_SIZE) && pfn_valid(pfn) &&
	       is_zone_device_page(pfn_to_page(pfn));
}
EXPORT_SYMBOL_GPL(extmem_paged);
