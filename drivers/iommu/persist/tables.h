/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IOMMU_PERSIST_TABLES_H
#define _IOMMU_PERSIST_TABLES_H

/* The lowest layer: extended memory cut into pages for tables. */

#include <linux/bitmap.h>
#include <linux/extmem.h>
#include <linux/iommu_persist.h>
#include <linux/kho/abi/extmem_iommu.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>

#include "../iommu-pages.h"
#include "undo.h"

/**
 * struct iop_pool - what tables have of a pool of extended memory.
 * @list: in the list of all
 * @pool: the pool
 * @claim: the claim, or NULL while there is none
 * @granules: its granules, those with free pages first
 */
struct iop_pool {
	struct list_head list;
	struct extmem_pool *pool;
	struct extmem_claim *claim;
	struct list_head granules;
};

/**
 * struct iop_granule - a granule of tables.
 * @list: in its pool's granules
 * @pool: its pool
 * @pa: its physical address
 * @head: its first page
 * @desc: a descriptor for each of its pages
 * @used: a bit for each page in use
 * @nr_used: how many
 * @bad: pages that have had a memory error: in use until they are given back, if by
 *       nobody else
 * @kept: while it is adopted: pages that this kernel goes on with
 * @closed: it is being given back
 * @rcu: when it is freed
 */
struct iop_granule {
	struct list_head list;
	struct iop_pool *pool;
	u64 pa;
	struct extmem_iommu_head_ser *head;
	struct ioptdesc *desc;
	DECLARE_BITMAP(used, EXTMEM_IOMMU_PAGES);
	unsigned int nr_used;
	DECLARE_BITMAP(bad, EXTMEM_IOMMU_PAGES);
	DECLARE_BITMAP(kept, EXTMEM_IOMMU_PAGES);
	bool closed;
	struct rcu_head rcu;
};

extern struct list_head iop_pools;
extern struct mutex iop_claim_lock;

/*
 * For what is adopted at boot: devices are running by it, and want of memory does not
 * decide which of them are stopped.
 */
#define IOP_GFP_BOOT	(GFP_KERNEL | __GFP_NOFAIL)

/* Granules */
struct iop_pool *iop_pool_get(int nid);
struct iop_granule *iop_granule_find(u64 pa);
void iop_head_init(struct extmem_iommu_head_ser *head, u64 pa);
int iop_granule_add(struct iop_granule *granule, gfp_t gfp);
void iop_granule_del(const struct iop_granule *granule);
int iop_grow(struct iop_pool *pool, unsigned int order);
void iop_trim(void);
void iop_trim_later(void);
int iop_adopt_granules(void);

/* Their pages */
typedef bool (*iop_tag_fn)(u16 tag);

void *iop_pages_alloc(struct iop_pool *pool, u16 tag, unsigned int order, gfp_t gfp);
void iop_pages_init(struct iop_granule *granule);
bool iop_pages_spoil(struct iop_granule *granule, u64 pa);
void iop_pages_hide(struct iop_granule *granule);
bool iop_pages_room(struct iop_pool *pool, unsigned int order);
bool iop_pages_close(struct iop_granule *granule);
u16 iop_pages_tag(u64 pa);
void iop_pages_free_tag(u16 tag);
void iop_pages_free_stale(iop_tag_fn in_use);
void iop_pages_keep(u64 pa);
void *iop_unit_alloc(int nid);

#endif /* _IOMMU_PERSIST_TABLES_H */
