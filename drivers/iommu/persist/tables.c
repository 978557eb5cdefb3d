// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: extmem, memory for page tables
 *
 * Tables that may have to outlive the kernel come from a claim of
 * EXTMEM_KIND_IOMMU in the pool of the unit's node, or in any if that has none.
 * The claim is made when the first table is wanted, grows by 2 MiB, and shrinks
 * again, from its end, when a domain or a restored device is gone; the last page
 * given back gives it up. So a pool nobody puts devices on keeps all its memory.
 *
 * Tables are reached by phys_to_virt(), so a granule is in the kernel's direct map
 * for as long as it is one of tables.
 *
 * There is no instant at which a page that hardware may look at is free: the claim
 * outlives the kernel as every claim does, the head of a granule says which of its
 * pages are used, and the next kernel frees none before its units have new root
 * tables, or those of the former kernel are found to lead nowhere else.
 *
 * A page with a memory error is not handed out any more. If no table is in it, it is
 * taken off the direct map. One with a table stays there: units go on reading it, and
 * so does the kernel to change it. What comes of that is up to the hardware; the
 * kernel log says so. Once its last table is gone the granule goes into quarantine.
 *
 * Where a pool is full, tables are ordinary memory, and the domain works as usual;
 * but it can't be preserved.
 */

/**
 * DOC: extmem, descriptors of page tables
 *
 * The IOMMU core keeps what it has to know of a table in &struct ioptdesc, which
 * overlays &struct page. Extended memory has none, so a granule that is cut into
 * tables has an array of descriptors beside it, 64 bytes for each 4 KiB: 32 KiB
 * of ordinary memory for each 2 MiB of tables, which map a gigabyte in pages of
 * 4 KiB, or half a terabyte in pages of 2 MiB. Only granules of tables have them.
 *
 * A descriptor of ours has its granule where an ordinary one, being a fresh page's,
 * has NULL: &struct ioptdesc names the field. That is how both are told apart when
 * tables are freed.
 */
#define pr_fmt(fmt) "iommu-persist: " fmt

#include <linux/export.h>
#include <linux/extmem_arch.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/notifier.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include "tables.h"

LIST_HEAD(iop_pools);

/* Claims and lists of granules; never held while pages are given back */
DEFINE_MUTEX(iop_claim_lock);

static DEFINE_XARRAY(iop_granules);

DEFINE_STATIC_KEY_FALSE(iommu_persist_key);
EXPORT_SYMBOL_GPL(iommu_persist_key);

/**
 * iop_granule_find - the granule that memory is in.
 * @pa: physical address
 *
 * Context: any. Who has a page of it keeps it from going away.
 * Return: the granule, or NULL.
 */
struct iop_granule *iop_granule_find(u64 pa)
{
	return xa_load(&iop_granules, pa >> EXTMEM_GRANULE_SHIFT);
}

/* Innermost: which pages of a granule are used, and the order of granules */
static DEFINE_SPINLOCK(iop_lock);

static int iop_find_room(struct iop_granule *granule, unsigned int order)
{
	unsigned long nr = 1UL << order;
	unsigned long i;

	i = bitmap_find_next_zero_area(granule->used, EXTMEM_IOMMU_PAGES, 0, nr, nr - 1);
	return i + nr > EXTMEM_IOMMU_PAGES ? -1 : i;
}

static void iop_mark_used(struct iop_granule *granule, unsigned int i, unsigned int nr)
{
	bitmap_set(granule->used, i, nr);
	granule->nr_used += nr;
	if (granule->nr_used == EXTMEM_IOMMU_PAGES)
		list_move_tail(&granule->list, &granule->pool->granules);
}

static void iop_desc_init(struct iop_granule *granule, unsigned int i, unsigned int order)
{
	struct ioptdesc *desc = &granule->desc[i];

	memset(desc, 0, sizeof(*desc));
	desc->granule = granule;
	desc->granule_order = order;
}

static void *iop_take_pages(struct iop_granule *granule, unsigned int i,
			    unsigned int order, u16 tag)
{
	unsigned int nr = 1U << order;
	unsigned int n;

	iop_mark_used(granule, i, nr);
	for (n = i; n < i + nr; n++) {
		granule->head->tag[n] = tag;
		if (n > i)
			__set_bit(n, (unsigned long *)granule->head->cont);
	}
	iop_desc_init(granule, i, order);
	return (void *)granule->head + ((u64)i << PAGE_SHIFT);
}

static void *iop_try_alloc(struct iop_pool *pool, u16 tag, unsigned int order)
{
	struct iop_granule *granule;
	int i;

	guard(spinlock_irqsave)(&iop_lock);
	list_for_each_entry(granule, &pool->granules, list) {
		if (granule->nr_used == EXTMEM_IOMMU_PAGES)
			break;
		i = iop_find_room(granule, order);
		if (i >= 0)
			return iop_take_pages(granule, i, order, tag);
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
		if (iop_find_room(granule, order) >= 0)
			return true;
	return false;
}

/* A bad page that no table is in: nobody else gets it */
static bool iop_is_spoilt(const struct iop_granule *granule, unsigned int i)
{
	return test_bit(i, granule->bad) &&
	       granule->head->tag[i] == EXTMEM_IOMMU_TAG_FREE;
}

static void iop_put_pages(struct iop_granule *granule, unsigned int i)
{
	unsigned int nr = 1U << granule->desc[i].granule_order;
	unsigned int n;

	bitmap_clear(granule->used, i, nr);
	bitmap_clear((unsigned long *)granule->head->cont, i, nr);
	memset(&granule->head->tag[i], 0, nr * sizeof(u16));
	if (granule->nr_used == EXTMEM_IOMMU_PAGES)
		list_move(&granule->list, &granule->pool->granules);
	granule->nr_used -= nr;
	for (n = i; n < i + nr; n++)
		if (iop_is_spoilt(granule, n))
			iop_mark_used(granule, n, 1);
}

/**
 * iommu_persist_free - give a table back.
 * @desc: its descriptor, one of ours
 *
 * Context: any.
 */
void iommu_persist_free(struct ioptdesc *desc)
{
	struct iop_granule *granule = desc->granule;

	guard(spinlock_irqsave)(&iop_lock);
	iop_put_pages(granule, desc - granule->desc);
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
	if (!__test_and_set_bit(i, granule->bad) && iop_is_spoilt(granule, i))
		iop_mark_used(granule, i, 1);
	return iop_is_spoilt(granule, i);
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
		if (iop_is_spoilt(granule, i))
			extmem_arch_hide_page(granule->pa + ((u64)i << PAGE_SHIFT));
}

/* What was known before the granule was: of a former kernel's, that is */
static void iop_find_bad(struct iop_granule *granule)
{
	unsigned int i;

	if (!extmem_poisoned(granule->pa, EXTMEM_GRANULE))
		return;
	for (i = 0; i < EXTMEM_IOMMU_PAGES; i++) {
		if (!extmem_poisoned(granule->pa + ((u64)i << PAGE_SHIFT), PAGE_SIZE))
			continue;
		__set_bit(i, granule->bad);
		if (iop_is_spoilt(granule, i))
			iop_mark_used(granule, i, 1);
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
	granule->closed = false;
	bitmap_zero(granule->used, EXTMEM_IOMMU_PAGES);
	granule->nr_used = 0;
	for (i = 0; i < EXTMEM_IOMMU_PAGES; i = end) {
		end = find_next_zero_bit(cont, EXTMEM_IOMMU_PAGES, i + 1);
		if (granule->head->tag[i] == EXTMEM_IOMMU_TAG_FREE)
			continue;
		iop_mark_used(granule, i, end - i);
		iop_desc_init(granule, i, ilog2(end - i));
	}
	iop_find_bad(granule);
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
			used += !iop_is_spoilt(granule, i);
	if (used > 1)
		return false;
	granule->closed = true;
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

static struct iop_pool *iop_pool_of(struct extmem_pool *pool, gfp_t gfp)
{
	struct iop_pool *iop;

	guard(mutex)(&iop_claim_lock);
	list_for_each_entry(iop, &iop_pools, list)
		if (iop->pool == pool)
			return iop;
	iop = kzalloc_obj(*iop, gfp);
	if (!iop)
		return NULL;
	iop->pool = pool;
	INIT_LIST_HEAD(&iop->granules);
	list_add_tail_rcu(&iop->list, &iop_pools);
	return iop;
}

/**
 * iop_pool_get - where a node's tables go.
 * @nid: the node, or NUMA_NO_NODE
 *
 * Context: may sleep.
 * Return: its pool, another if it has none, or NULL if there is none at all.
 */
struct iop_pool *iop_pool_get(int nid)
{
	struct extmem_pool *pool = NULL, *best = NULL;

	while ((pool = extmem_pool_next(pool)))
		if (!best || extmem_pool_nid(pool) == nid)
			best = pool;
	return best ? iop_pool_of(best, GFP_KERNEL) : NULL;
}

/* It is in no list any more. iop_free_pages_if() may be about to look at it all the same. */
static void iop_granule_free(struct iop_granule *granule)
{
	kvfree_rcu_mightsleep(granule->desc);
	kfree_rcu(granule, rcu);
}

static struct iop_granule *iop_granule_new(struct iop_pool *pool, u64 pa, gfp_t gfp)
{
	struct iop_granule *granule = kzalloc_obj(*granule, gfp);

	if (!granule)
		return NULL;
	granule->pool = pool;
	granule->pa = pa;
	granule->head = phys_to_virt(pa);
	granule->desc = kvcalloc(EXTMEM_IOMMU_PAGES, sizeof(*granule->desc), gfp);
	if (!granule->desc || extmem_arch_map_granule(pa)) {
		iop_granule_free(granule);
		return NULL;
	}
	return granule;
}

/**
 * iop_head_init - write the head of a new granule.
 * @head: its first page
 * @pa: its physical address
 *
 * The claim has the granule by now, and the next kernel may look at any instant: until
 * the head is whole it says that no page is used.
 *
 * Context: any.
 */
void iop_head_init(struct extmem_iommu_head_ser *head, u64 pa)
{
	memset(head, 0, PAGE_SIZE);
	strscpy_pad(head->compatible, EXTMEM_IOMMU_COMPATIBLE);
	head->self = pa;
	head->tag[0] = EXTMEM_IOMMU_TAG_HEAD;
}

static bool iop_head_ok(const struct extmem_iommu_head_ser *head, u64 pa)
{
	return !strncmp(head->compatible, EXTMEM_IOMMU_COMPATIBLE,
			sizeof(head->compatible)) &&
	       head->self == pa && head->tag[0] == EXTMEM_IOMMU_TAG_HEAD;
}

/* It was claimed, and then its kernel ended before it was put to use */
static bool iop_head_is_blank(const struct extmem_iommu_head_ser *head)
{
	return !memchr_inv(&head->tag[1], 0, sizeof(head->tag) - sizeof(head->tag[0])) &&
	       !memchr_inv(head->cont, 0, sizeof(head->cont));
}

/**
 * iop_granule_add - make a granule known.
 * @granule: the granule, its head valid, in the kernel's direct map
 * @gfp: how to allocate what that takes
 *
 * Context: may sleep; nobody has a page of it yet.
 * Return: 0 or -ENOMEM.
 */
int iop_granule_add(struct iop_granule *granule, gfp_t gfp)
{
	int err = xa_err(xa_store(&iop_granules, granule->pa >> EXTMEM_GRANULE_SHIFT,
				  granule, gfp));

	if (err)
		return err;
	iop_pages_init(granule);
	iop_pages_hide(granule);
	static_branch_enable(&iommu_persist_key);
	return 0;
}

/**
 * iop_granule_del - forget a granule.
 * @granule: the granule, after iop_pages_close()
 *
 * Context: any.
 */
void iop_granule_del(const struct iop_granule *granule)
{
	xa_erase(&iop_granules, granule->pa >> EXTMEM_GRANULE_SHIFT);
}

/* Take a granule into use: a former kernel's, or one that reads zero */
static int iop_granule_open(struct iop_pool *pool, u64 pa, gfp_t gfp)
{
	struct iop_granule *granule = iop_granule_new(pool, pa, gfp);
	int err;

	if (!granule)
		return -ENOMEM;
	if (!iop_head_ok(granule->head, pa) && iop_head_is_blank(granule->head))
		iop_head_init(granule->head, pa);
	err = iop_head_ok(granule->head, pa) ? iop_granule_add(granule, gfp) : -EINVAL;
	if (err) {
		extmem_arch_unmap_granule(pa);
		iop_granule_free(granule);
	}
	return err;
}

static u64 iop_claim_granule(const struct extmem_claim *claim, u64 offset)
{
	unsigned long pfn = 0, nr = EXTMEM_IOMMU_PAGES;

	/* A granule with a bad page is not used; its address is right all the same */
	extmem_claim_pfns(claim, offset, &pfn, &nr);
	return PFN_PHYS(pfn);
}

static int iop_claim_grow(struct iop_pool *pool)
{
	struct extmem_claim_attr attr = {
		.kind = EXTMEM_KIND_IOMMU,
		.align = EXTMEM_GRANULE,
		.owner.mode = 0,
	};
	struct extmem_claim *claim;

	if (pool->claim)
		return extmem_claim_grow(pool->claim, EXTMEM_ANYWHERE, EXTMEM_GRANULE,
					 EXTMEM_GRANULE);
	claim = extmem_claim_create(pool->pool, &attr, EXTMEM_ANYWHERE, EXTMEM_GRANULE);
	if (IS_ERR(claim))
		return PTR_ERR(claim);
	pool->claim = claim;
	return 0;
}

/* Give back the claim's last granule, which is none of tables */
static int iop_claim_shrink(struct iop_pool *pool)
{
	u64 left = extmem_claim_size(pool->claim) - EXTMEM_GRANULE;
	int err;

	if (left)
		return extmem_claim_shrink(pool->claim, left);
	err = extmem_claim_destroy(pool->claim);
	if (!err)
		pool->claim = NULL;
	return err;
}

/**
 * iop_grow - have more memory for tables.
 * @pool: in which pool
 * @order: log2 of the pages that there is to be room for
 *
 * Context: may sleep.
 * Return: 0 if there is room now, for whoever comes first; or an error.
 */
int iop_grow(struct iop_pool *pool, unsigned int order)
{
	int err;

	guard(mutex)(&iop_claim_lock);
	if (iop_pages_room(pool, order))
		return 0;
	err = iop_claim_grow(pool);
	if (err)
		return err;
	err = iop_granule_open(pool, iop_claim_granule(pool->claim, extmem_claim_size(pool->claim) -
					       EXTMEM_GRANULE), GFP_KERNEL);
	if (err)
		iop_claim_shrink(pool);
	return err;
}

/* Give back the last granule if it is not used. */
static bool iop_trim_one(struct iop_pool *pool)
{
	struct iop_granule *granule;
	int err;
	u64 pa;

	if (!pool->claim)
		return false;
	pa = iop_claim_granule(pool->claim, extmem_claim_size(pool->claim) - EXTMEM_GRANULE);
	granule = iop_granule_find(pa);
	if (!granule || !iop_pages_close(granule))
		return false;
	/* Its next owner may want it in the direct map: it is out of there before */
	iop_granule_del(granule);
	extmem_arch_unmap_granule(pa);
	err = iop_claim_shrink(pool);
	iop_granule_free(granule);
	if (err && iop_granule_open(pool, pa, GFP_KERNEL))
		pr_err("%#llx is left without use: %d\n", pa, err);
	return !err;
}

/**
 * iop_trim - give back memory that no table uses.
 *
 * Context: may sleep.
 */
void iop_trim(void)
{
	struct iop_pool *pool;

	guard(mutex)(&iop_claim_lock);
	list_for_each_entry(pool, &iop_pools, list)
		while (iop_trim_one(pool))
			;
}

static int iop_adopt_claim(struct extmem_pool *pool, struct extmem_claim *claim)
{
	struct iop_pool *iop = iop_pool_of(pool, IOP_GFP_BOOT);
	int ret = 0;
	u64 offset;

	if (iop->claim)
		return -EEXIST;
	iop->claim = claim;
	for (offset = 0; offset < extmem_claim_size(claim); offset += EXTMEM_GRANULE)
		ret = iop_granule_open(iop, iop_claim_granule(claim, offset), IOP_GFP_BOOT) ?: ret;
	return ret;
}

static void iop_trim_fn(struct work_struct *work)
{
	iop_trim();
}

static DECLARE_WORK(iop_trim_work, iop_trim_fn);

/**
 * iop_trim_later - have iop_trim() called.
 *
 * For those who hold locks that others take in the probe of a device, which may hold
 * CPUs in place; changing the direct map does as well.
 *
 * Context: any.
 */
void iop_trim_later(void)
{
	schedule_work(&iop_trim_work);
}

static int iop_memory_error(struct notifier_block *nb, unsigned long action, void *data)
{
	u64 pa = PAGE_ALIGN_DOWN(*(u64 *)data);
	struct iop_granule *granule;

	/* Keeps the granule */
	guard(mutex)(&iop_claim_lock);
	granule = iop_granule_find(pa);
	if (!granule)
		return NOTIFY_DONE;
	if (iop_pages_spoil(granule, pa))
		extmem_arch_hide_page(pa);
	else
		pr_err("memory error at %#llx, in page tables: it stays mapped, and devices may lose their DMA\n",
		       pa);
	return NOTIFY_OK;
}

static struct notifier_block iop_memory_error_nb = {
	.notifier_call = iop_memory_error,
};

static int __init iop_watch_errors(void)
{
	return extmem_poison_register(&iop_memory_error_nb);
}
fs_initcall(iop_watch_errors);

/**
 * iop_adopt_granules - take over the tables a former kernel left.
 *
 * Context: boot, before there is any table of this kernel.
 * Return: 0 if they are all sound as far as can be seen without their book.
 */
int iop_adopt_granules(void)
{
	struct extmem_pool *pool = NULL;
	struct extmem_claim *claim;
	int ret = 0;

	while ((pool = extmem_pool_next(pool))) {
		claim = NULL;
		while ((claim = extmem_claim_next(pool, claim, EXTMEM_KIND_IOMMU)))
			ret = iop_adopt_claim(pool, claim) ?: ret;
	}
	return ret;
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
		virt = iop_try_alloc(pool, tag, order);
	} while (!virt && gfpflags_allow_blocking(gfp) && !iop_grow(pool, order));
	if (virt)
		memset(virt, 0, PAGE_SIZE << order);
	return virt;
}

static bool iop_page_is(const struct iop_granule *granule, unsigned int i, const void *tag)
{
	return granule->head->tag[i] == *(const u16 *)tag;
}

static bool iop_page_is_stale(const struct iop_granule *granule, unsigned int i,
			      const void *in_use)
{
	u16 tag = granule->head->tag[i];

	if (tag >= EXTMEM_IOMMU_TAG_DOMAIN)
		return !(*(const iop_tag_fn *)in_use)(tag);
	return tag != EXTMEM_IOMMU_TAG_HEAD && !test_bit(i, granule->kept);
}

static void iop_free_granule_if(struct iop_granule *granule,
				bool (*fn)(const struct iop_granule *, unsigned int,
					   const void *), const void *arg)
{
	unsigned int i;

	guard(spinlock_irqsave)(&iop_lock);
	if (granule->closed)
		return;
	for_each_set_bit(i, granule->used, EXTMEM_IOMMU_PAGES)
		if (!iop_is_spoilt(granule, i) && fn(granule, i, arg))
			iop_put_pages(granule, i);
}

static void iop_free_pages_if(bool (*fn)(const struct iop_granule *, unsigned int,
					 const void *), const void *arg)
{
	struct iop_granule *granule;
	unsigned long index;

	/* One at a time: interrupts are off for the pages of one granule, not of all */
	xa_for_each(&iop_granules, index, granule) {
		scoped_guard(rcu) {
			granule = xa_load(&iop_granules, index);
			if (granule)
				iop_free_granule_if(granule, fn, arg);
		}
		cond_resched();
	}
}

/**
 * iop_pages_free_tag - free all pages that are somebody's.
 * @tag: whose. No hardware looks at them any more
 *
 * Context: may sleep. Takes time in proportion to all pages there are.
 */
void iop_pages_free_tag(u16 tag)
{
	iop_free_pages_if(iop_page_is, &tag);
	iop_trim_later();
}

/**
 * iop_pages_free_stale - free pages of the previous kernel that are not needed.
 * @in_use: whether a domain's pages are
 *
 * Context: boot.
 */
void iop_pages_free_stale(iop_tag_fn in_use)
{
	iop_free_pages_if(iop_page_is_stale, &in_use);
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
	const struct iop_granule *granule = desc->granule;

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
	return desc->granule ? PAGE_SIZE << desc->granule_order : 0;
}
