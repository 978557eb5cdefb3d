// SPDX-License-Identifier: GPL-2.0
/*
 * Whose pages are whose. A domain whose tables may have to outlive the kernel has
 * a number, its tag, and every page it takes is marked with it: so the next kernel
 * knows what to free once the domain is replaced, without walking its tables.
 *
 * Tables are allocated by code that is generic and carries nothing along but the
 * number of a NUMA node. A negative one below NUMA_NO_NODE is a tag.
 */
#include <linux/liveupdate.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include "internal.h"

static DEFINE_XARRAY_ALLOC(iop_tags);

/**
 * iop_tag_find - from what is passed for a node to the tag.
 * @nid: below NUMA_NO_NODE
 *
 * Context: any; it lasts as long as the domain.
 * Return: the tag, or NULL if there is no such.
 */
struct iop_tag *iop_tag_find(int nid)
{
	return nid < NUMA_NO_NODE ? xa_load(&iop_tags, -nid) : NULL;
}

/**
 * iommu_persist_domain_nid - have a new domain's tables in extended memory.
 * @nid: the node they should be on
 *
 * Context: may sleep.
 * Return: what to pass for a node when tables are allocated, to be given to
 * iommu_persist_domain_free() in the end; @nid if there is no extended memory,
 * or live update is off: nobody could ever preserve the domain.
 */
int iommu_persist_domain_nid(int nid)
{
	struct iop_pool *pool;
	struct iop_tag *tag;
	u32 id;

	pool = liveupdate_enabled() ? iop_pool_get(nid) : NULL;
	tag = pool ? kzalloc_obj(*tag) : NULL;
	if (!tag)
		return nid;
	tag->nid = nid;
	tag->pool = pool;
	if (xa_alloc(&iop_tags, &id, tag, XA_LIMIT(EXTMEM_IOMMU_TAG_DOMAIN, U16_MAX),
		     GFP_KERNEL)) {
		kfree(tag);
		return nid;
	}
	tag->tag = id;
	return -(int)id;
}

/**
 * iommu_persist_domain_free - a domain is gone, with all its tables.
 * @nid: what iommu_persist_domain_nid() returned
 *
 * Context: may sleep.
 */
void iommu_persist_domain_free(int nid)
{
	struct iop_tag *tag = iop_tag_find(nid);

	if (!tag)
		return;
	xa_erase(&iop_tags, tag->tag);
	kfree(tag);
	iop_trim();
}

/**
 * iop_tag_reserve - a former kernel's domain has pages still.
 * @tag: its tag
 *
 * Context: may sleep.
 * Return: 0, -EBUSY if it is taken, or -ENOMEM.
 */
int iop_tag_reserve(u16 tag)
{
	return xa_insert(&iop_tags, tag, XA_ZERO_ENTRY, GFP_KERNEL);
}

/**
 * iop_tag_free - undo iop_tag_reserve().
 * @tag: the tag
 *
 * Context: may sleep.
 */
void iop_tag_free(u16 tag)
{
	xa_erase(&iop_tags, tag);
}
