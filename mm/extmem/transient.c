// SPDX-License-Identifier: GPL-2.0
/*
 * Claims that are not to outlive the kernel. They are in the map all the same,
 * for their memory is somebody's until the last moment; the next kernel frees
 * them, and clears them before it hands them out.
 */
#define pr_fmt(fmt) "extmem: " fmt

#include <linux/export.h>
#include <linux/printk.h>

#include "internal.h"

/**
 * extmem_claim_persist - is a claim to outlive the kernel?
 * @claim: the claim
 *
 * Context: any.
 * Return: true unless it was said that it is not.
 */
bool extmem_claim_persist(const struct extmem_claim *claim)
{
	return !(READ_ONCE(extmem_claim_ser(claim)->flags) &
		 (EXTMEM_CLAIM_TRANSIENT | EXTMEM_CLAIM_SPARED));
}
EXPORT_SYMBOL_GPL(extmem_claim_persist);

/**
 * extmem_claim_set_persist - say whether a claim is to outlive the kernel.
 * @claim: the claim
 * @persist: whether it is
 *
 * Context: may sleep.
 * Return: 0, or an error, and nothing has changed: -EBUSY while it is in a
 * session; -ESHUTDOWN once the map is frozen.
 */
int extmem_claim_set_persist(struct extmem_claim *claim, bool persist)
{
	struct extmem_claim_ser *ser = extmem_claim_ser(claim);

	guard(mutex)(&claim->pool->map->lock);
	if (claim->pool->map->frozen)
		return -ESHUTDOWN;
	if (extmem_claim_fixed(claim))
		return -EBUSY;
	if (persist)
		ser->flags &= ~EXTMEM_CLAIM_TRANSIENT;
	else
		ser->flags |= EXTMEM_CLAIM_TRANSIENT;
	extmem_crc_set(ser, EXTMEM_RECORD);
	return 0;
}
EXPORT_SYMBOL_GPL(extmem_claim_set_persist);

static bool is_transient(const struct extmem_claim *claim)
{
	const struct extmem_claim_ser *ser = extmem_claim_ser(claim);

	return ser->kind != EXTMEM_KIND_QUARANTINE &&
	       (ser->flags & EXTMEM_CLAIM_TRANSIENT) &&
	       !(ser->flags & EXTMEM_CLAIM_SPARED);
}

/**
 * extmem_adopt_transient - free the claims that were not to be handed over.
 * @pool: the pool, just adopted
 */
void extmem_adopt_transient(struct extmem_pool *pool)
{
	struct extmem_claim *claim, *next;
	unsigned int freed = 0;

	if (!pool->nr_granules)
		return;
	list_for_each_entry_safe(claim, next, &pool->claims, list)
		if (is_transient(claim) && !extmem_claim_destroy(claim))
			freed++;
	if (freed)
		pr_info("node %d: freed %u transient claims\n", pool->nid, freed);
}
