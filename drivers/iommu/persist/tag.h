/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IOMMU_PERSIST_TAG_H
#define _IOMMU_PERSIST_TAG_H

/* Above tables: a domain's record, which owns what the domain has. */

#include <linux/list.h>
#include <linux/types.h>

struct extmem_claim;
struct iop_pool;

/**
 * struct iop_tag_claim - memory that a domain reaches.
 * @claim: the claim, with a reference
 * @is_due: it is preserved for the domain's sake alone
 * @is_needed: a preserved device needs it, see extmem_claim_need()
 */
struct iop_tag_claim {
	struct extmem_claim *claim;
	bool is_due;
	bool is_needed;
};

typedef void (*iop_free_id_fn)(void *unit, u32 id);

/**
 * struct iop_tag_id - what a unit calls a domain.
 * @list: in the record
 * @unit: the unit
 * @id: its name for what it caches of the domain
 * @free: gives the name back
 */
struct iop_tag_id {
	struct list_head list;
	void *unit;
	u32 id;
	iop_free_id_fn free;
};

/**
 * struct iop_tag - the record of a domain.
 * @tag: the number its pages are marked with
 * @nid: the node it wants them from
 * @pool: where they come from
 * @has_spilled: some of its pages are ordinary ones
 * @is_former: its pages are the previous kernel's, and found by their mark alone
 * @has_heir: a domain is about to inherit it; under iop_restored_mutex
 * @refs: all who need it; the last one releases it
 * @devices: restored devices that the unit translates for by its pages
 * @preserved: devices that are to go on by it: rather no page than an ordinary one
 * @nr_claims: how many claims it reaches
 * @claims: these, as long as @devices or @preserved is not 0
 * @ids: units' names for it which are not in the hands of a &struct iommu_domain
 *
 * One lock, in tag.c, guards all but @has_heir, and @pool, @nid and @tag, which don't
 * change.
 */
struct iop_tag {
	u16 tag;
	int nid;
	struct iop_pool *pool;
	bool has_spilled;
	bool is_former;
	bool has_heir;
	unsigned int refs;
	unsigned int devices;
	unsigned int preserved;
	unsigned int nr_claims;
	struct iop_tag_claim *claims;
	struct list_head ids;
};

struct iop_tag *iop_tag_create(int nid);
struct iop_tag *iop_tag_join(u16 id);
void iop_tag_leave(struct iop_tag *tag);
void iop_tag_get(struct iop_tag *tag);
void iop_tag_put(struct iop_tag *tag);
struct iop_tag *iop_tag_find(u16 id);
bool iop_tag_exists(u16 id);

int iop_tag_preserve(struct iop_tag *tag, const u64 *claims, unsigned int nr);
void iop_tag_unpreserve(struct iop_tag *tag);
void iop_tag_promise(struct iop_tag *tag);
bool iop_tag_outlives(const struct iop_tag *tag);

int iop_tag_hold(struct iop_tag *tag, u64 claim);
bool iop_tag_has_id(struct iop_tag *tag, const void *unit, u32 id);
int iop_tag_add_id(struct iop_tag *tag, void *unit, u32 id, iop_free_id_fn free);
void iop_tag_inherit(struct iop_tag *tag, void *unit);

#endif /* _IOMMU_PERSIST_TAG_H */
