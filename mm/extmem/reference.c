// SPDX-License-Identifier: GPL-2.0
/*
 * References of those whose use of the memory outlives the mapping they found
 * it through: a device's DMA goes on when the process has unmapped it.
 */
#include <linux/export.h>
#include <linux/extmem.h>
#include <linux/mm.h>
#include <linux/slab.h>

/*
 * A reference on a claim: one, however many of its mappings were found. Whoever has
 * the &struct extmem_refs has a lock for the list.
 */
struct extmem_ref {
	struct extmem_ref *next;
	struct extmem_claim *claim;
};

static bool extmem_refs_has(const struct extmem_refs *refs,
			    const struct extmem_claim *claim)
{
	const struct extmem_ref *ref = refs->first;

	while (ref && ref->claim != claim)
		ref = ref->next;
	return ref;
}

/**
 * extmem_refs_add - take a reference on the claim behind a file, if there is one.
 * @refs: the references so far; the caller keeps others from changing them
 * @file: what is mapped, any file or NULL
 *
 * Context: may sleep. The mmap lock may be held; if it is, and a mapping of
 * @file was found under it, the memory can't have gone in between.
 * Return: 0, also if the memory is not extended memory. -ENOMEM, or why the
 * file gives no access, see extmem_file_claim().
 */
int extmem_refs_add(struct extmem_refs *refs, struct file *file)
{
	struct extmem_claim *claim = extmem_file_claim(file, false);
	struct extmem_ref *ref;

	if (IS_ERR_OR_NULL(claim))
		return PTR_ERR_OR_ZERO(claim);
	if (extmem_refs_has(refs, claim)) {
		extmem_claim_put(claim);
		return 0;
	}

	ref = kmalloc_obj(*ref);
	if (!ref) {
		extmem_claim_put(claim);
		return -ENOMEM;
	}
	ref->claim = claim;
	ref->next = refs->first;
	refs->first = ref;
	return 0;
}
EXPORT_SYMBOL_GPL(extmem_refs_add);

/**
 * extmem_refs_drop - drop all references.
 * @refs: the references; nothing of the memory is used any more
 *
 * Context: any.
 */
void extmem_refs_drop(struct extmem_refs *refs)
{
	struct extmem_ref *ref;

	while ((ref = refs->first)) {
		refs->first = ref->next;
		extmem_claim_put(ref->claim);
		kfree(ref);
	}
}
EXPORT_SYMBOL_GPL(extmem_refs_drop);

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
