// SPDX-License-Identifier: GPL-2.0
/*
 * The memory that restored devices reach is in use, whoever has it: each claim has
 * a reference for each of the former kernel's domains that maps some of it.
 */
#include <linux/slab.h>

#include "internal.h"

/**
 * struct hold - a reference on a claim.
 * @list: in the list of all
 * @tag: the domain that it is for
 * @claim: the claim
 */
struct hold {
	struct list_head list;
	u16 tag;
	struct extmem_claim *claim;
};

static DEFINE_MUTEX(holds_lock);
static LIST_HEAD(holds);

/**
 * iop_claims_hold - a former kernel's domain reaches a claim.
 * @tag: the domain's tag
 * @id: the claim's id
 *
 * Context: boot.
 * Return: 0; -ENOENT if there is no such claim; -ENOMEM.
 */
int iop_claims_hold(u16 tag, u64 id)
{
	struct extmem_claim *claim = extmem_claim_find(id);
	struct hold *hold;

	if (!claim)
		return -ENOENT;
	hold = kzalloc_obj(*hold);
	if (!hold) {
		extmem_claim_put(claim);
		return -ENOMEM;
	}
	hold->tag = tag;
	hold->claim = claim;
	guard(mutex)(&holds_lock);
	list_add_tail(&hold->list, &holds);
	return 0;
}

/**
 * iop_claims_release - a former kernel's domain is gone.
 * @tag: the domain's tag
 *
 * Context: may sleep.
 */
void iop_claims_release(u16 tag)
{
	struct hold *hold, *next;

	guard(mutex)(&holds_lock);
	list_for_each_entry_safe(hold, next, &holds, list) {
		if (hold->tag != tag)
			continue;
		extmem_claim_put(hold->claim);
		list_del(&hold->list);
		kfree(hold);
	}
}
