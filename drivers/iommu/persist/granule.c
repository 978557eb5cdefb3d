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
#define pr_fmt(fmt) "iommu-persist: " fmt

#include <linux/extmem_arch.h>
#include <linux/mm.h>
#include <linux/notifier.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include "internal.h"

DEFINE_STATIC_KEY_FALSE(iommu_persist_key);

LIST_HEAD(iop_pools);

/* Claims and lists of granules; never held while pages are given back */
DEFINE_MUTEX(iop_claim_lock);

static DEFINE_XARRAY(iop_granules);

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

static struct iop_pool *pool_of(struct extmem_pool *pool)
{
	struct iop_pool *iop;

	guard(mutex)(&iop_claim_lock);
	list_for_each_entry(iop, &iop_pools, list)
		if (iop->pool == pool)
			return iop;
	iop = kzalloc_obj(*iop);
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
	return best ? pool_of(best) : NULL;
}

static void granule_free(struct iop_granule *granule)
{
	vfree(granule->desc);
	kfree(granule);
}

static struct iop_granule *granule_new(struct iop_pool *pool, u64 pa)
{
	struct iop_granule *granule = kzalloc_obj(*granule);

	if (!granule)
		return NULL;
	granule->pool = pool;
	granule->pa = pa;
	granule->head = phys_to_virt(pa);
	granule->desc = vcalloc(EXTMEM_IOMMU_PAGES, sizeof(*granule->desc));
	if (!granule->desc || extmem_arch_map_granule(pa)) {
		granule_free(granule);
		return NULL;
	}
	return granule;
}

/**
 * iop_head_init - write the head of a new granule.
 * @head: its first page
 * @pa: its physical address
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

static bool head_ok(const struct extmem_iommu_head_ser *head, u64 pa)
{
	return !strncmp(head->compatible, EXTMEM_IOMMU_COMPATIBLE,
			sizeof(head->compatible)) &&
	       head->self == pa && head->tag[0] == EXTMEM_IOMMU_TAG_HEAD;
}

/**
 * iop_granule_add - make a granule known.
 * @granule: the granule, its head valid, in the kernel's direct map
 *
 * Context: may sleep; nobody has a page of it yet.
 * Return: 0 or -ENOMEM.
 */
int iop_granule_add(struct iop_granule *granule)
{
	int err = xa_err(xa_store(&iop_granules, granule->pa >> EXTMEM_GRANULE_SHIFT,
				  granule, GFP_KERNEL));

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

/* Take a granule into use. Its head is a former kernel's, or still to be written */
static int granule_open(struct iop_pool *pool, u64 pa, bool fresh)
{
	struct iop_granule *granule = granule_new(pool, pa);
	int err;

	if (!granule)
		return -ENOMEM;
	if (fresh)
		iop_head_init(granule->head, pa);
	err = fresh || head_ok(granule->head, pa) ? 0 : -EINVAL;
	if (!err)
		err = iop_granule_add(granule);
	if (err) {
		extmem_arch_unmap_granule(pa);
		granule_free(granule);
	}
	return err;
}

static u64 claim_granule(const struct extmem_claim *claim, u64 offset)
{
	unsigned long pfn = 0, nr = EXTMEM_IOMMU_PAGES;

	/* A granule with a bad page is not used; its address is right all the same */
	extmem_claim_pfns(claim, offset, &pfn, &nr);
	return PFN_PHYS(pfn);
}

static int claim_more(struct iop_pool *pool)
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
static int claim_less(struct iop_pool *pool)
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
	err = claim_more(pool);
	if (err)
		return err;
	err = granule_open(pool, claim_granule(pool->claim, extmem_claim_size(pool->claim) -
					       EXTMEM_GRANULE), true);
	if (err)
		claim_less(pool);
	return err;
}

/* Give back the last granule if it is not used. */
static bool trim_one(struct iop_pool *pool)
{
	struct iop_granule *granule;
	int err;
	u64 pa;

	if (!pool->claim)
		return false;
	pa = claim_granule(pool->claim, extmem_claim_size(pool->claim) - EXTMEM_GRANULE);
	granule = iop_granule_find(pa);
	if (!granule || !iop_pages_close(granule))
		return false;
	/* Its next owner may want it in the direct map: it is out of there before */
	iop_granule_del(granule);
	extmem_arch_unmap_granule(pa);
	err = claim_less(pool);
	granule_free(granule);
	if (err && granule_open(pool, pa, false))
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
		while (trim_one(pool))
			;
}

static int adopt_claim(struct extmem_pool *pool, struct extmem_claim *claim)
{
	struct iop_pool *iop = pool_of(pool);
	int ret = 0;
	u64 offset;

	if (!iop)
		return -ENOMEM;
	if (iop->claim)
		return -EEXIST;
	iop->claim = claim;
	for (offset = 0; offset < extmem_claim_size(claim); offset += EXTMEM_GRANULE)
		ret = granule_open(iop, claim_granule(claim, offset), false) ?: ret;
	return ret;
}

static void trim_work(struct work_struct *work)
{
	iop_trim();
}

static DECLARE_WORK(iop_trim_work, trim_work);

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
			ret = adopt_claim(pool, claim) ?: ret;
	}
	return ret;
}
