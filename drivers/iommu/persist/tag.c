// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: extmem, records of domains
 *
 * A domain whose tables may have to outlive the kernel has a *record*. It owns a
 * number, the tag, with which each page of the domain's tables is marked, so that the
 * next kernel frees them without walking the tables; the pages themselves, once no
 * &struct iommu_domain has them; references on the claims that the tables lead to; and
 * the ids under which units cache the domain.
 *
 * Whoever needs any of that has a reference: a &struct iommu_domain of this kernel, each
 * device that is preserved with it, each restored device that a unit still translates
 * for by it. The last one to let go releases all, once. One lock covers the counts and
 * the release, so two devices of one domain that end at the same moment, in groups of
 * their own, can't both be the last, or neither.
 *
 * Nobody lets go before the unit's caches are flushed of what it had.
 *
 * A domain that takes over the tables of a restored device as they are *inherits* the
 * record: from then on the domain frees pages and ids, as with tables it made itself,
 * and the record keeps the claims until the last restored device has left.
 */
#include <linux/export.h>
#include <linux/extmem.h>
#include <linux/liveupdate.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include "tables.h"
#include "tag.h"

static DEFINE_XARRAY_ALLOC(iop_tags);

/* All counts, claims and ids of all records, and their release */
static DEFINE_MUTEX(iop_tag_lock);

/**
 * iop_tag_create - a record for a new domain of this kernel.
 * @nid: the node its pages should be on
 *
 * Context: may sleep.
 * Return: the record, with one reference; NULL if there is no extended memory, no
 * number or no memory for it.
 */
struct iop_tag *iop_tag_create(int nid)
{
	struct iop_pool *pool = iop_pool_get(nid);
	struct iop_tag *tag = pool ? kzalloc_obj(*tag) : NULL;
	u32 id;

	if (!tag)
		return NULL;
	tag->nid = nid;
	tag->pool = pool;
	tag->refs = 1;
	INIT_LIST_HEAD(&tag->ids);
	if (xa_alloc(&iop_tags, &id, tag, XA_LIMIT(EXTMEM_IOMMU_TAG_DOMAIN, U16_MAX),
		     GFP_KERNEL)) {
		kfree(tag);
		return NULL;
	}
	tag->tag = id;
	return tag;
}

static struct iop_tag *iop_tag_create_former(u16 id)
{
	struct iop_tag *tag = kzalloc_obj(*tag, IOP_GFP_BOOT);
	int err;

	tag->tag = id;
	tag->nid = NUMA_NO_NODE;
	tag->pool = iop_pool_get(NUMA_NO_NODE);
	tag->is_former = true;
	INIT_LIST_HEAD(&tag->ids);
	err = xa_insert(&iop_tags, id, tag, IOP_GFP_BOOT);
	if (!err)
		return tag;
	kfree(tag);
	return ERR_PTR(err);
}

/**
 * iop_tag_join - a restored device goes on by the previous kernel's tables.
 * @id: the tag of their domain
 *
 * Context: boot, before this kernel has domains.
 * Return: the domain's record, with a reference for the device, to be given up by
 * iop_tag_leave(); -ENOMEM.
 */
struct iop_tag *iop_tag_join(u16 id)
{
	struct iop_tag *tag;

	guard(mutex)(&iop_tag_lock);
	tag = xa_load(&iop_tags, id);
	if (!tag)
		tag = iop_tag_create_former(id);
	if (IS_ERR(tag))
		return tag;
	tag->refs++;
	tag->devices++;
	return tag;
}

/* While a device is preserved nobody is to say that what it reaches does not persist */
static void iop_tag_need_claims(struct iop_tag *tag, bool need)
{
	struct iop_tag_claim *c;

	for (c = tag->claims; c < tag->claims + tag->nr_claims; c++) {
		if (need && !c->is_needed)
			extmem_claim_need(c->claim);
		else if (!need && c->is_needed)
			extmem_claim_unneed(c->claim);
		c->is_needed = need;
	}
}

static void iop_tag_put_claims(struct iop_tag *tag)
{
	unsigned int i;

	for (i = 0; i < tag->nr_claims; i++) {
		if (tag->claims[i].is_due)
			extmem_claim_unpreserve(tag->claims[i].claim);
		extmem_claim_put(tag->claims[i].claim);
	}
	kfree(tag->claims);
	tag->claims = NULL;
	tag->nr_claims = 0;
}

static void iop_tag_release(struct iop_tag *tag)
{
	struct iop_tag_id *id, *next;

	list_for_each_entry_safe(id, next, &tag->ids, list) {
		id->free(id->unit, id->id);
		kfree(id);
	}
	/* Those of a domain of this kernel it has freed table by table */
	if (tag->is_former)
		iop_pages_free_tag(tag->tag);
	iop_tag_put_claims(tag);
	xa_erase(&iop_tags, tag->tag);
	kfree(tag);
}

static void iop_tag_put_locked(struct iop_tag *tag)
{
	lockdep_assert_held(&iop_tag_lock);
	if (!--tag->refs)
		iop_tag_release(tag);
}

/* Nobody needs what the tables lead to: hardware doesn't follow them */
static void iop_tag_check_claims(struct iop_tag *tag)
{
	if (!tag->devices && !tag->preserved)
		iop_tag_put_claims(tag);
}

/**
 * iop_tag_leave - a restored device does not go on by these tables any more.
 * @tag: the record. The unit has been flushed of what it had of it for the device
 *
 * Context: may sleep.
 */
void iop_tag_leave(struct iop_tag *tag)
{
	guard(mutex)(&iop_tag_lock);
	tag->devices--;
	iop_tag_check_claims(tag);
	iop_tag_put_locked(tag);
}

/**
 * iop_tag_get - need a record.
 * @tag: the record, of which the caller knows that somebody has a reference
 *
 * Context: may sleep.
 */
void iop_tag_get(struct iop_tag *tag)
{
	guard(mutex)(&iop_tag_lock);
	tag->refs++;
}

/**
 * iop_tag_put - need a record no more.
 * @tag: the record
 *
 * Context: may sleep.
 */
void iop_tag_put(struct iop_tag *tag)
{
	guard(mutex)(&iop_tag_lock);
	iop_tag_put_locked(tag);
}

/**
 * iop_tag_find - the record of a number.
 * @id: the number
 *
 * Context: any in which the record is not released.
 * Return: the record, or NULL.
 */
struct iop_tag *iop_tag_find(u16 id)
{
	return xa_load(&iop_tags, id);
}

/**
 * iop_tag_exists - is there a record of this number?
 * @id: the number
 *
 * Context: any.
 * Return: true if so.
 */
bool iop_tag_exists(u16 id)
{
	return xa_load(&iop_tags, id);
}

static bool iop_tag_reaches(const struct iop_tag *tag, u64 id)
{
	unsigned int i;

	for (i = 0; i < tag->nr_claims; i++)
		if (extmem_claim_id(tag->claims[i].claim) == id)
			return true;
	return false;
}

static int iop_tag_add_claim(struct iop_tag *tag, u64 id, gfp_t gfp)
{
	struct extmem_claim *claim;
	struct iop_tag_claim *more;

	if (iop_tag_reaches(tag, id))
		return 0;
	claim = extmem_claim_find(id);
	if (!claim)
		return -ENOENT;
	more = krealloc_array(tag->claims, tag->nr_claims + 1, sizeof(*more), gfp);
	if (!more) {
		extmem_claim_put(claim);
		return -ENOMEM;
	}
	tag->claims = more;
	tag->claims[tag->nr_claims++] = (struct iop_tag_claim) { .claim = claim };
	return 0;
}

/**
 * iop_tag_preserve - a device is to go on by a domain's tables.
 * @tag: the domain's record
 * @claims: ids of all claims that it reaches
 * @nr: how many
 *
 * Context: may sleep; the domain maps nothing else meanwhile, nor until
 * iop_tag_unpreserve().
 * Return: 0; -ENOSPC if some of its pages are ordinary memory; -ENOENT if a claim is
 * not there; -ENOMEM.
 */
int iop_tag_preserve(struct iop_tag *tag, const u64 *claims, unsigned int nr)
{
	unsigned int i;
	int err = 0;

	guard(mutex)(&iop_tag_lock);
	if (READ_ONCE(tag->has_spilled))
		return -ENOSPC;
	for (i = 0; i < nr && !err; i++)
		err = iop_tag_add_claim(tag, claims[i], GFP_KERNEL);
	if (!err) {
		iop_tag_need_claims(tag, true);
		tag->preserved++;
		tag->refs++;
	} else {
		iop_tag_check_claims(tag);
	}
	return err;
}

/**
 * iop_tag_unpreserve - undo iop_tag_preserve().
 * @tag: the record
 *
 * Context: may sleep.
 */
void iop_tag_unpreserve(struct iop_tag *tag)
{
	guard(mutex)(&iop_tag_lock);
	if (!--tag->preserved)
		iop_tag_need_claims(tag, false);
	iop_tag_check_claims(tag);
	iop_tag_put_locked(tag);
}

static bool iop_claim_outlives(const struct extmem_claim *claim)
{
	return extmem_claim_session(claim) == EXTMEM_SESSION_OUTGOING ||
	       extmem_claim_persist(claim);
}

/**
 * iop_tag_promise - make sure that the next kernel has what a domain reaches.
 * @tag: the record of a domain that a preserved device goes on by
 *
 * A claim that is in a session, or persists, may cease to until it is fixed. So each
 * that is in none now is preserved here, if by nobody else.
 *
 * Context: may sleep; the kernel is about to be replaced.
 */
void iop_tag_promise(struct iop_tag *tag)
{
	struct iop_tag_claim *c;

	guard(mutex)(&iop_tag_lock);
	if (iop_undone("claims"))
		return;
	for (c = tag->claims; c < tag->claims + tag->nr_claims; c++)
		if (!c->is_due && extmem_claim_session(c->claim) != EXTMEM_SESSION_OUTGOING)
			c->is_due = !extmem_claim_preserve(c->claim);
}

/**
 * iop_tag_outlives - will the next kernel have all that a domain reaches?
 * @tag: the domain's record
 *
 * Context: any in which the record does not change.
 * Return: false if some of it would be given to somebody else.
 */
bool iop_tag_outlives(const struct iop_tag *tag)
{
	const struct iop_tag_claim *c;

	for (c = tag->claims; c < tag->claims + tag->nr_claims; c++)
		if (!iop_claim_outlives(c->claim) && !iop_undone("claims"))
			return false;
	return true;
}

/**
 * iop_tag_hold - a restored device reaches a claim.
 * @tag: the record of the previous kernel's domain
 * @id: the claim's id
 *
 * Context: boot.
 * Return: 0; -ENOENT if there is no such claim.
 */
int iop_tag_hold(struct iop_tag *tag, u64 id)
{
	guard(mutex)(&iop_tag_lock);
	return iop_tag_add_claim(tag, id, IOP_GFP_BOOT);
}

static struct iop_tag_id *iop_tag_find_id(const struct iop_tag *tag, const void *unit)
{
	struct iop_tag_id *id;

	list_for_each_entry(id, &tag->ids, list)
		if (id->unit == unit)
			return id;
	return NULL;
}

/**
 * iop_tag_has_id - does a unit know a domain by a name?
 * @tag: the domain's record
 * @unit: the unit
 * @id: the name
 *
 * Context: may sleep.
 * Return: true if so.
 */
bool iop_tag_has_id(struct iop_tag *tag, const void *unit, u32 id)
{
	const struct iop_tag_id *has;

	guard(mutex)(&iop_tag_lock);
	has = iop_tag_find_id(tag, unit);
	return has && has->id == id;
}

/**
 * iop_tag_add_id - a unit has a name for a domain.
 * @tag: the record of the previous kernel's domain
 * @unit: the unit
 * @id: the name
 * @free: to give the name back, when nobody needs the record any more
 *
 * Context: boot.
 * Return: 0; -EBUSY if the unit has a name for the domain.
 */
int iop_tag_add_id(struct iop_tag *tag, void *unit, u32 id, iop_free_id_fn free)
{
	struct iop_tag_id *new;

	guard(mutex)(&iop_tag_lock);
	if (iop_tag_find_id(tag, unit))
		return -EBUSY;
	new = kzalloc_obj(*new, IOP_GFP_BOOT);
	new->unit = unit;
	new->id = id;
	new->free = free;
	list_add_tail(&new->list, &tag->ids);
	return 0;
}

/**
 * iop_tag_inherit - a domain has taken over tables, and a unit's name for them.
 * @tag: the record, on which the domain has a reference
 * @unit: the unit; names that others have stay with the record
 *
 * Context: may sleep.
 */
void iop_tag_inherit(struct iop_tag *tag, void *unit)
{
	struct iop_tag_id *id;

	guard(mutex)(&iop_tag_lock);
	id = iop_tag_find_id(tag, unit);
	if (id) {
		list_del(&id->list);
		kfree(id);
	}
	tag->is_former = false;
}

/**
 * iommu_persist_domain_create - have a new domain's tables in extended memory.
 * @nid: the node they should be on
 *
 * Context: may sleep.
 * Return: what to have tables allocated for, to be given to
 * iommu_persist_domain_destroy() in the end; NULL if there is no extended memory, or
 * live update is off: nobody could ever preserve the domain.
 */
struct iop_tag *iommu_persist_domain_create(int nid)
{
	return liveupdate_enabled() ? iop_tag_create(nid) : NULL;
}

/**
 * iommu_persist_domain_destroy - a domain is gone, with all its tables.
 * @tag: what iommu_persist_domain_create() returned
 *
 * Context: may sleep.
 */
void iommu_persist_domain_destroy(struct iop_tag *tag)
{
	if (!tag)
		return;
	iop_tag_put(tag);
	iop_trim();
}

/**
 * iommu_persist_alloc - memory for a table of a domain that has a record.
 * @tag: the record
 * @gfp: as for the page allocator
 * @size: bytes
 *
 * Context: as @gfp says.
 * Return: the table, zeroed; NULL if ordinary memory has to do; an error pointer
 * if it must not, because the domain is preserved.
 */
void *iommu_persist_alloc(struct iop_tag *tag, gfp_t gfp, size_t size)
{
	void *virt = iop_pages_alloc(tag->pool, tag->tag, get_order(size), gfp);

	if (virt)
		return virt;
	if (READ_ONCE(tag->preserved))
		return ERR_PTR(-ENOMEM);
	WRITE_ONCE(tag->has_spilled, true);
	return NULL;
}
EXPORT_SYMBOL_GPL(iommu_persist_alloc);

/**
 * iommu_persist_tag_id - the number of a record, as the next kernel knows it.
 * @tag: the record
 *
 * Context: any.
 * Return: the number.
 */
u16 iommu_persist_tag_id(const struct iop_tag *tag)
{
	return tag->tag;
}
EXPORT_SYMBOL_GPL(iommu_persist_tag_id);
