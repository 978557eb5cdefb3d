/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_EXTMEM_H
#define _LINUX_EXTMEM_H

#include <linux/bits.h>
#include <linux/cleanup.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/range.h>
#include <linux/sizes.h>
#include <linux/types.h>
#include <linux/uidgid.h>
#include <linux/uuid.h>

/**
 * DOC: extmem, the in-kernel interface
 *
 * A *pool* is all extended memory of one NUMA node: physical memory that was
 * taken from the node at boot, has no struct page and is in no zone. It is
 * handed out in *granules* of EXTMEM_GRANULE bytes. A *claim* is a list of
 * *extents* (runs of contiguous granules) with one owner; claims outlive the
 * kernel. A *reference* says that somebody (a mapping, KVM, DMA) uses a claim
 * right now; a claim with references is never freed or shrunk.
 *
 * Sizes and addresses are in bytes throughout this interface.
 *
 * All functions may sleep, unless said otherwise. Locks taken here nest inside
 * every lock a consumer may hold.
 */

/** EXTMEM_GRANULE - the unit of allocation, in bytes. */
#define EXTMEM_GRANULE_SHIFT	21
#define EXTMEM_GRANULE		BIT(EXTMEM_GRANULE_SHIFT)

/** EXTMEM_ANYWHERE - no wish for an address, see extmem_claim_grow(). */
#define EXTMEM_ANYWHERE		(~0ULL)

/** EXTMEM_CLAIM_DATA - 64-bit words a claim carries for its owner. */
#define EXTMEM_CLAIM_DATA	4

/** EXTMEM_NAME_MAX - bytes in the longest name of a claim. */
#define EXTMEM_NAME_MAX		63

struct extmem_claim;
struct extmem_page_map;
struct extmem_ref;
struct extmem_pool;
struct file;
struct notifier_block;
struct seq_file;

/**
 * enum extmem_kind - who owns a claim; part of the hand-over ABI.
 * @EXTMEM_KIND_NONE: nobody, never seen in a claim
 * @EXTMEM_KIND_DAX: a device of the pool's dax region
 * @EXTMEM_KIND_IOMMU: page tables, see drivers/iommu/persist
 * @EXTMEM_KIND_TEST: the self-tests
 */
enum extmem_kind {
	EXTMEM_KIND_NONE = 0,
	EXTMEM_KIND_DAX = 1,
	EXTMEM_KIND_IOMMU = 2,
	EXTMEM_KIND_TEST = 0x7e57,
};

/**
 * enum extmem_session - in which live update session a claim is.
 * @EXTMEM_SESSION_NONE: in none
 * @EXTMEM_SESSION_OUTGOING: in one that is for the next kernel
 * @EXTMEM_SESSION_INCOMING: in one that the former kernel left, not finished yet
 */
enum extmem_session {
	EXTMEM_SESSION_NONE,
	EXTMEM_SESSION_OUTGOING,
	EXTMEM_SESSION_INCOMING,
};

/**
 * struct extmem_owner - who may use what user space sees of a claim.
 * @uid: user
 * @gid: group
 * @mode: permissions, 0 to 0777
 */
struct extmem_owner {
	kuid_t uid;
	kgid_t gid;
	umode_t mode;
};

/**
 * struct extmem_claim_attr - what a new claim is to be.
 * @kind: its owner
 * @align: alignment of the start of every extent in bytes, EXTMEM_GRANULE or
 *         1 GiB; extents are multiples of it in size too
 * @data: words that travel with the claim; their meaning is the owner's
 * @owner: who may use it
 */
struct extmem_claim_attr {
	enum extmem_kind kind;
	u64 align;
	u64 data[EXTMEM_CLAIM_DATA];
	struct extmem_owner owner;
};

/**
 * struct extmem_refs - references that somebody has; all zero to start with.
 * @first: a list of them
 */
struct extmem_refs {
	struct extmem_ref *first;
};

/* Files: see drivers/dax/extmem/hold.c */
#if IS_ENABLED(CONFIG_DEV_DAX_EXTMEM)
bool extmem_is_file(const struct file *file);
struct extmem_claim *extmem_file_claim(struct file *file, bool write);
struct extmem_claim *extmem_user_claim(unsigned long addr, unsigned long len,
				       bool write, u64 *offset);
#else
static inline bool extmem_is_file(const struct file *file) { return false; }

static inline struct extmem_claim *extmem_file_claim(struct file *file, bool write)
{
	return NULL;
}

static inline struct extmem_claim *extmem_user_claim(unsigned long addr,
						     unsigned long len,
						     bool write, u64 *offset)
{
	return NULL;
}
#endif

#ifdef CONFIG_EXTMEM

/* Pools. They are there from fs_initcall on and never go away. */
struct extmem_pool *extmem_pool_next(struct extmem_pool *pool);
int extmem_pool_nid(const struct extmem_pool *pool);
struct range extmem_pool_span(const struct extmem_pool *pool);
unsigned int extmem_pool_nr_ranges(const struct extmem_pool *pool);
struct range extmem_pool_range(const struct extmem_pool *pool, unsigned int i);
u64 extmem_pool_size(const struct extmem_pool *pool);
u64 extmem_pool_available(struct extmem_pool *pool);

/* Claims. */
struct extmem_claim *extmem_claim_create(struct extmem_pool *pool,
					 const struct extmem_claim_attr *attr,
					 u64 start, u64 size);
int extmem_claim_grow(struct extmem_claim *claim, u64 start, u64 size, u64 align);
int extmem_claim_shrink(struct extmem_claim *claim, u64 size);
int extmem_claim_destroy(struct extmem_claim *claim);

struct extmem_claim *extmem_claim_next(struct extmem_pool *pool,
				       struct extmem_claim *claim,
				       enum extmem_kind kind);
struct extmem_claim *extmem_claim_find(u64 id);
u64 extmem_claim_size(const struct extmem_claim *claim);
const uuid_t *extmem_claim_uuid(const struct extmem_claim *claim);
u64 extmem_claim_id(const struct extmem_claim *claim);
unsigned int extmem_claim_nr_extents(const struct extmem_claim *claim);
struct range extmem_claim_extent(const struct extmem_claim *claim, unsigned int i);
u64 extmem_claim_data(const struct extmem_claim *claim, unsigned int i);
int extmem_claim_set_data(struct extmem_claim *claim, unsigned int i, u64 val);
int extmem_claim_pfns(const struct extmem_claim *claim, u64 offset,
		      unsigned long *pfn, unsigned long *nr);

/* What the administrator says about a claim, to the next kernel too. */
size_t extmem_claim_name(const struct extmem_claim *claim,
			 char name[EXTMEM_NAME_MAX + 1]);
int extmem_claim_set_name(struct extmem_claim *claim, const char *name);
void extmem_claim_owner(const struct extmem_claim *claim,
			struct extmem_owner *owner);
int extmem_claim_set_owner(struct extmem_claim *claim,
			   const struct extmem_owner *owner);
bool extmem_claim_persist(const struct extmem_claim *claim);
int extmem_claim_set_persist(struct extmem_claim *claim, bool persist);

/* Promises to somebody in the next kernel, and what became of the former one's. */
enum extmem_session extmem_claim_session(const struct extmem_claim *claim);
int extmem_claim_preserve(struct extmem_claim *claim);
void extmem_claim_unpreserve(struct extmem_claim *claim);
void extmem_claim_need(struct extmem_claim *claim);
void extmem_claim_unneed(struct extmem_claim *claim);
void extmem_claim_finish(u64 id);
unsigned int extmem_claims_finish(enum extmem_kind kind);

/* References. These two do not sleep. */
bool extmem_claim_get(struct extmem_claim *claim);
void extmem_claim_put(struct extmem_claim *claim);
bool extmem_claim_busy(const struct extmem_claim *claim);

/* Memory that the page allocator is to have for a while, and what it left there. */
int extmem_lend_begin(struct extmem_claim *claim);
void extmem_lend_end(struct extmem_claim *claim);
int extmem_claim_clear(struct extmem_claim *claim);

/* References that outlive the mapping they were found through. */
int extmem_refs_add(struct extmem_refs *refs, struct file *file);
void extmem_refs_drop(struct extmem_refs *refs);
bool extmem_paged(unsigned long pfn);

/* Memory errors. */
bool extmem_poisoned(u64 start, u64 size);
bool extmem_retired(u64 start, u64 size);
int extmem_poison_register(struct notifier_block *nb);
void extmem_poison_unregister(struct notifier_block *nb);
void extmem_poison_hide(u64 start, u64 size);

/* Its bytes, for the kernel. */
int extmem_copy(u64 pa, void *buf, size_t len, bool write);
struct extmem_page_map *extmem_page_map(struct extmem_claim *claim,
					unsigned long pfn);
void *extmem_page_addr(const struct extmem_page_map *map);
void extmem_page_unmap(struct extmem_page_map *map);

/* For the mm. */
bool extmem_memory_failure(unsigned long pfn);
int extmem_soft_offline(unsigned long pfn);
bool extmem_active(void);

void extmem_reserve(void);

/* For those who look at memory by physical address. Neither of them sleeps. */
bool extmem_overlaps(u64 start, u64 size);
bool extmem_unmapped(u64 pa);

void extmem_report_meminfo(struct seq_file *m);
int extmem_report_node_meminfo(char *buf, int len, int nid);

#else /* CONFIG_EXTMEM */

static inline void extmem_reserve(void) { }
static inline void extmem_claim_put(struct extmem_claim *claim) { }

static inline u64 extmem_claim_size(const struct extmem_claim *claim)
{
	return 0;
}

static inline int extmem_claim_pfns(const struct extmem_claim *claim, u64 offset,
				    unsigned long *pfn, unsigned long *nr)
{
	return -EINVAL;
}

static inline int extmem_refs_add(struct extmem_refs *refs, struct file *file)
{
	return 0;
}

static inline void extmem_refs_drop(struct extmem_refs *refs) { }
static inline bool extmem_paged(unsigned long pfn) { return false; }

static inline struct extmem_page_map *extmem_page_map(struct extmem_claim *claim,
						      unsigned long pfn)
{
	return NULL;
}

static inline void *extmem_page_addr(const struct extmem_page_map *map)
{
	return NULL;
}

static inline void extmem_page_unmap(struct extmem_page_map *map) { }
static inline bool extmem_memory_failure(unsigned long pfn) { return false; }
static inline int extmem_soft_offline(unsigned long pfn) { return 0; }
static inline bool extmem_active(void) { return false; }

static inline bool extmem_overlaps(u64 start, u64 size)
{
	return false;
}

static inline bool extmem_unmapped(u64 pa)
{
	return false;
}

static inline void extmem_report_meminfo(struct seq_file *m) { }

static inline int extmem_report_node_meminfo(char *buf, int len, int nid)
{
	return 0;
}

#endif /* CONFIG_EXTMEM */

/* A reference that ends with the scope of the variable that holds it. */
DEFINE_FREE(extmem_claim, struct extmem_claim *, if (!IS_ERR_OR_NULL(_T)) extmem_claim_put(_T))

#endif /* _LINUX_EXTMEM_H */
