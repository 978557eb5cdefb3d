// SPDX-License-Identifier: GPL-2.0
/*
 * Pages of granules: who gets them, and where they come back to. They are handed
 * out zeroed. Allocation does not sleep as long as there is a free page; the
 * caller that may sleep has granules added first.
 */
#include <linux/extmem_arch.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/rculist.h>
#include <linux/spinlock.h>

#include "internal.h"

/* Innermost: which pages of a granule are used, and the order of granules */
static DEFINE_SPINLOCK(iop_lock);

static int find_room(struct iop_granule *granule, unsigned int order)
{
	unsigned long nr = 1UL << order;
	unsigned long i;

	i = bitmap_find_next_zero_area(granule->used, EXTMEM_IOMMU_PAGES, 0, nr, nr - 1);
	return i + nr > EXTMEM_IOMMU_PAGES ? -1 : i;
}

static void set_used(struct iop_granule *granule, unsigned int i, unsigned int nr)
{
	bitmap_set(granule->used, i, nr);
	granule->nr_used += nr;
	if (granule->nr_used == EXTMEM_IOMMU_PAGES)
		list_move_tail(&granule->list, &granule->pool->granules);
}

static void desc_init(struct iop_granule *granule, unsigned int i, unsigned int order)
{
	struct ioptdesc *desc = &granule->desc[i];

	memset(desc, 0, sizeof(*desc));
	desc->_private = granule;
	desc->__page_type = order;
}

static void *take(struct iop_granule *granule, unsigned int i, unsigned int order, u16 tag)
{
	unsigned int nr = 1U << order;
	unsigned int n;

	set_used(granule, i, nr);
	for (n = i; n < i + nr; n++) {
		granule->head->tag[n] = tag;
		if (n > i)
			__set_bit(n, (unsigned long *)granule->head->cont);
	}
	desc_init(granule, i, order);
	return (void *)granule->head + ((u64)i << PAGE_SHIFT);
}

static void *try_alloc(struct iop_pool *pool, u16 tag, unsigned int order)
{
	struct iop_granule *granule;
	int i;

	guard(spinlock_irqsave)(&iop_lock);
	list_for_each_entry(granule, &pool->granules, list) {
		if (granule->nr_used == EXTMEM_IOMMU_PAGES)
			break;
		i = find_room(granule, order);
		if (i >= 0)
			return take(granule, i, order, tag);
	}
	return NULL;
}

/**
 * iop_pages_room - is there room for a table?
 * @pool: where
 * @order: log2 of its pages
 *
 * Context: any.
 * Return: true if there is.
 */
bool iop_pages_room(struct iop_pool *pool, unsigned int order)
{
	struct iop_granule *granule;

	guard(spinlock_irqsave)(&iop_lock);
	list_for_each_entry(granule, &pool->granules, list)
		if (find_room(granule, order) >= 0)
			return true;
	return false;
}

/**
 * iop_pages_alloc - memory for a table.
 * @pool: where
 * @tag: whose
 * @order: log2 of its pages
 * @gfp: if blocking is allowed the pool's claim may grow for it
 *
 * Context: as @gfp says.
 * Return: the table, zeroed, physically aligned to its size; or NULL.
 */
void *iop_pages_alloc(struct iop_pool *pool, u16 tag, unsigned int order, gfp_t gfp)
{
	void *virt;

	if (order >= ilog2(EXTMEM_IOMMU_PAGES))
		return NULL;
	do {
		virt = try_alloc(pool, tag, order);
	} while (!virt && gfpflags_allow_blocking(gfp) && !iop_grow(pool, order));
	if (virt)
		memset(virt, 0, PAGE_SIZE << order);
	return virt;
}

/* A bad page that no table is in: nobody else gets it */
static bool is_spoilt(const struct iop_granule *granule, unsigned int i)
{
	return test_bit(i, granule->bad) &&
	       granule->head->tag[i] == EXTMEM_IOMMU_TAG_FREE;
}

static void put(struct iop_granule *granule, unsigned int i)
{
	unsigned int nr = 1U << granule->desc[i].__page_type;
	unsigned int n;

	bitmap_clear(granule->used, i, nr);
	bitmap_clear((unsigned long *)granule->head->cont, i, nr);
	memset(&granule->head->tag[i], 0, nr * sizeof(u16));
	if (granule->nr_used == EXTMEM_IOMMU_PAGES)
		list_move(&granule->list, &granule->pool->granules);
	granule->nr_used -= nr;
	for (n = i; n < i + nr; n++)
		if (is_spoilt(granule, n))
			set_used(granule, n, 1);
}

/**
 * iommu_persist_free - give a table back.
 * @desc: its descriptor, one of ours
 *
 * Context: any.
 */
void iommu_persist_free(struct ioptdesc *desc)
{
	struct iop_granule *granule = desc->_private;

	guard(spinlock_irqsave)(&iop_lock);
	put(granule, desc - granule->desc);
}

/**
 * iop_pages_spoil - a page of a granule has had a memory error.
 * @granule: the granule
 * @pa: the page's physical address
 *
 * Context: any.
 * Return: true if nobody uses it, nor ever will; false if there is a table in it.
 */
bool iop_pages_spoil(struct iop_granule *granule, u64 pa)
{
	unsigned int i = (pa - granule->pa) >> PAGE_SHIFT;

	guard(spinlock_irqsave)(&iop_lock);
	if (!__test_and_set_bit(i, granule->bad) && is_spoilt(granule, i))
		set_used(granule, i, 1);
	return is_spoilt(granule, i);
}

/**
 * iop_pages_hide - take bad pages off the direct map.
 * @granule: the granule, of which nobody else has pages yet
 *
 * Those with tables stay: the kernel has to read them.
 *
 * Context: may sleep.
 */
void iop_pages_hide(struct iop_granule *granule)
{
	unsigned int i;

	for_each_set_bit(i, granule->bad, EXTMEM_IOMMU_PAGES)
		if (is_spoilt(granule, i))
			extmem_arch_hide_page(granule->pa + ((u64)i << PAGE_SHIFT));
}

/* What was known before the granule was: of a former kernel's, that is */
static void find_bad(struct iop_granule *granule)
{
	unsigned int i;

	if (!extmem_poisoned(granule->pa, EXTMEM_GRANULE))
		return;
	for (i = 0; i < EXTMEM_IOMMU_PAGES; i++) {
		if (!extmem_poisoned(granule->pa + ((u64)i << PAGE_SHIFT), PAGE_SIZE))
			continue;
		__set_bit(i, granule->bad);
		if (is_spoilt(granule, i))
			set_used(granule, i, 1);
	}
}

/**
 * iop_pages_init - make a granule's pages known.
 * @granule: the granule, its head valid
 *
 * Context: any.
 */
void iop_pages_init(struct iop_granule *granule)
{
	const unsigned long *cont = (unsigned long *)granule->head->cont;
	unsigned int i, end;

	guard(spinlock_irqsave)(&iop_lock);
	list_add(&granule->list, &granule->pool->granules);
	/* It may have been closed and be kept all the same */
	bitmap_zero(granule->used, EXTMEM_IOMMU_PAGES);
	granule->nr_used = 0;
	for (i = 0; i < EXTMEM_IOMMU_PAGES; i = end) {
		end = find_next_zero_bit(cont, EXTMEM_IOMMU_PAGES, i + 1);
		if (granule->head->tag[i] == EXTMEM_IOMMU_TAG_FREE)
			continue;
		set_used(granule, i, end - i);
		desc_init(granule, i, ilog2(end - i));
	}
	find_bad(granule);
}

/**
 * iop_pages_close - forget a granule, if none of its pages is used.
 * @granule: the granule
 *
 * Context: any.
 * Return: false if some are.
 */
bool iop_pages_close(struct iop_granule *granule)
{
	unsigned int i, used = 0;

	guard(spinlock_irqsave)(&iop_lock);
	if (bitmap_empty(granule->bad, EXTMEM_IOMMU_PAGES))
		used = granule->nr_used;
	else
		for_each_set_bit(i, granule->used, EXTMEM_IOMMU_PAGES)
			used += !is_spoilt(granule, i);
	if (used > 1)
		return false;
	list_del(&granule->list);
	return true;
}

/**
 * iop_pages_tag - whose a page is.
 * @pa: its physical address
 *
 * Context: any.
 * Return: its tag; EXTMEM_IOMMU_TAG_FREE if it is no page of ours.
 */
u16 iop_pages_tag(u64 pa)
{
	struct iop_granule *granule = iop_granule_find(pa);

	if (!granule || pa & ~PAGE_MASK)
		return EXTMEM_IOMMU_TAG_FREE;
	return granule->head->tag[(pa - granule->pa) >> PAGE_SHIFT];
}

/**
 * iop_pages_keep - this kernel goes on with a former one's page.
 * @pa: its physical address
 *
 * Context: boot.
 */
void iop_pages_keep(u64 pa)
{
	struct iop_granule *granule = iop_granule_find(pa);

	if (granule)
		__set_bit((pa - granule->pa) >> PAGE_SHIFT, granule->kept);
}

static bool is_tag(const struct iop_granule *granule, unsigned int i, u16 tag)
{
	return granule->head->tag[i] == tag;
}

static bool is_stale(const struct iop_granule *granule, unsigned int i, u16 unused)
{
	u16 tag = granule->head->tag[i];

	if (tag >= EXTMEM_IOMMU_TAG_DOMAIN)
		return !iop_restored_tag(tag);
	return tag != EXTMEM_IOMMU_TAG_HEAD && !test_bit(i, granule->kept);
}

static void free_pages_if(bool (*fn)(const struct iop_granule *, unsigned int, u16),
			  u16 tag)
{
	struct iop_granule *granule, *next;
	struct iop_pool *pool;
	unsigned int i;

	/* Pools come, but never go */
	guard(spinlock_irqsave)(&iop_lock);
	list_for_each_entry_lockless(pool, &iop_pools, list)
		list_for_each_entry_safe(granule, next, &pool->granules, list)
			for_each_set_bit(i, granule->used, EXTMEM_IOMMU_PAGES)
				if (!is_spoilt(granule, i) && fn(granule, i, tag))
					put(granule, i);
}

/**
 * iop_pages_free_tag - free all pages that are somebody's.
 * @tag: whose. No hardware looks at them any more
 *
 * Context: any. Takes time in proportion to all pages there are.
 */
void iop_pages_free_tag(u16 tag)
{
	free_pages_if(is_tag, tag);
	iop_trim_later();
}

/**
 * iop_pages_free_stale - free pages of a former kernel that this one does not go on with.
 *
 * Context: boot.
 */
void iop_pages_free_stale(void)
{
	free_pages_if(is_stale, 0);
}

/**
 * iop_unit_alloc - a page for a root, context or PASID table.
 * @nid: the unit's node
 *
 * Context: may sleep.
 * Return: the page, zeroed, or NULL; never ordinary memory.
 */
void *iop_unit_alloc(int nid)
{
	struct iop_pool *pool = iop_pool_get(nid);

	return pool ? iop_pages_alloc(pool, EXTMEM_IOMMU_TAG_UNIT, 0, GFP_KERNEL) : NULL;
}

/**
 * iommu_persist_alloc - memory for a table of a domain that has a tag.
 * @nid: the tag, see tag.c. Set to the node to try ordinary memory on
 * @gfp: as for the page allocator
 * @size: bytes
 *
 * Context: as @gfp says.
 * Return: the table, zeroed; NULL if ordinary memory has to do; an error pointer
 * if it must not, because the domain is preserved.
 */
void *iommu_persist_alloc(int *nid, gfp_t gfp, size_t size)
{
	struct iop_tag *tag = iop_tag_find(*nid);
	void *virt;

	*nid = tag ? tag->nid : NUMA_NO_NODE;
	if (!tag)
		return NULL;
	virt = iop_pages_alloc(tag->pool, tag->tag, get_order(size), gfp);
	if (virt)
		return virt;
	if (tag->fixed)
		return ERR_PTR(-ENOMEM);
	tag->spilled = true;
	return NULL;
}
