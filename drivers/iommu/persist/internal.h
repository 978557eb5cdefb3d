/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IOMMU_PERSIST_INTERNAL_H
#define _IOMMU_PERSIST_INTERNAL_H

#include <linux/bitmap.h>
#include <linux/extmem.h>
#include <linux/iommu_persist.h>
#include <linux/kho/abi/extmem_iommu.h>
#include <linux/list.h>
#include <linux/mutex.h>

#include "../iommu-pages.h"

struct intel_iommu;

/* granule.c: extended memory for tables */

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
};

extern struct list_head iop_pools;
extern struct mutex iop_claim_lock;

struct iop_pool *iop_pool_get(int nid);
struct iop_granule *iop_granule_find(u64 pa);
void iop_head_init(struct extmem_iommu_head_ser *head, u64 pa);
int iop_granule_add(struct iop_granule *granule);
void iop_granule_del(const struct iop_granule *granule);
int iop_grow(struct iop_pool *pool, unsigned int order);
void iop_trim(void);
void iop_trim_later(void);
int iop_adopt_granules(void);

/* pages.c: pages of granules */
void *iop_pages_alloc(struct iop_pool *pool, u16 tag, unsigned int order, gfp_t gfp);
void iop_pages_init(struct iop_granule *granule);
bool iop_pages_spoil(struct iop_granule *granule, u64 pa);
void iop_pages_hide(struct iop_granule *granule);
bool iop_pages_room(struct iop_pool *pool, unsigned int order);
bool iop_pages_close(struct iop_granule *granule);
u16 iop_pages_tag(u64 pa);
void iop_pages_free_tag(u16 tag);
void iop_pages_free_stale(void);
void iop_pages_keep(u64 pa);
void *iop_unit_alloc(int nid);

/* tag.c: whose pages are whose */

/**
 * struct iop_tag - who takes pages.
 * @tag: the number its pages are marked with
 * @nid: the node it wants them from
 * @pool: where they come from
 * @spilled: some of its pages are ordinary ones
 * @fixed: it is preserved: rather none than ordinary ones
 */
struct iop_tag {
	u16 tag;
	int nid;
	struct iop_pool *pool;
	bool spilled;
	bool fixed;
};

struct iop_tag *iop_tag_find(int nid);
int iop_tag_reserve(u16 tag);
void iop_tag_free(u16 tag);

/* book.c: what the next kernel is told */
typedef int (*iop_book_fn)(const union extmem_iommu_rec_ser *rec, void *arg);

int iop_book_grow(struct iop_pool *pool);
int iop_book_reserve(unsigned int nr);
void iop_book_free(void);
void iop_book_begin(void);
void iop_book_add(const union extmem_iommu_rec_ser *rec);
void iop_seal(void);
bool iop_book_open(void);
int iop_book_each(iop_book_fn fn, void *arg);
void iop_book_close(void);

/* vtd_*.c */

/**
 * struct iop_preserved - a device that the next kernel is to keep running, or blocked.
 * @list: in the list of all
 * @dev: the device
 * @iommu: its unit
 * @root: the root table that the unit will go on with; NULL if the device is to be
 *        blocked, and so for all that follows
 * @context: its context entry below that
 * @pasid_dir: its PASID directory, in scalable mode
 * @pasid_table: its PASID table
 * @tag: its domain's
 * @nr_claims: how many claims its domain reaches
 * @claims: their ids
 */
struct iop_preserved {
	struct list_head list;
	struct device *dev;
	struct intel_iommu *iommu;
	struct root_entry *root;
	struct context_entry *context;
	void *pasid_dir;
	void *pasid_table;
	struct iop_tag *tag;
	unsigned int nr_claims;
	u64 *claims;
};

extern struct list_head iop_preserved;
extern struct mutex iop_preserve_lock;

/**
 * struct iop_restored - a device that a former kernel left running, or blocked.
 * @list: in the list of all
 * @iommu: its unit
 * @rid: its requester id
 * @did: its domain id, 0 if it is blocked
 * @tag: whose pages its page table is, 0 if it is blocked
 * @pasid_dir: its PASID directory, in scalable mode, or NULL
 * @pasid_table: its PASID table
 */
struct iop_restored {
	struct list_head list;
	struct intel_iommu *iommu;
	u16 rid;
	u16 did;
	u16 tag;
	void *pasid_dir;
	void *pasid_table;
};

void iop_restored_add(struct iop_restored *restored);
void iop_restored_drop(const struct intel_iommu *iommu);
bool iop_restored_did(const struct intel_iommu *iommu, u16 did);
bool iop_restored_tag(u16 tag);

/* claims.c: the memory that restored devices reach is held */
int iop_claims_hold(u16 tag, u64 id);
void iop_claims_release(u16 tag);

#endif /* _IOMMU_PERSIST_INTERNAL_H */
