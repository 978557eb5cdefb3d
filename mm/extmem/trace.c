// SPDX-License-Identifier: GPL-2.0
/*
 * The tracepoints, and what it takes to emit an event for each extent.
 */
#include "internal.h"

#define CREATE_TRACE_POINTS
#include <trace/events/extmem.h>

/**
 * extmem_trace_claim - a claim got memory.
 * @claim: the claim
 * @runs: the granules it got
 */
void extmem_trace_claim(const struct extmem_claim *claim,
			const struct extmem_runs *runs)
{
	const struct extmem_claim_ser *ser = extmem_claim_ser(claim);
	const struct extmem_pool *pool = claim->pool;
	unsigned int i;

	if (!trace_extmem_claim_enabled())
		return;
	for (i = 0; i < runs->nr; i++)
		trace_extmem_claim(pool->nid, ser->kind, ser->id,
				   extmem_pool_phys(pool, runs->run[i].first),
				   (u64)runs->run[i].nr << EXTMEM_GRANULE_SHIFT, 0);
}

/**
 * extmem_trace_free - a claim gave granules back.
 * @claim: the claim
 * @first: the first of them
 * @nr: how many
 */
void extmem_trace_free(const struct extmem_claim *claim, unsigned long first,
		       unsigned long nr)
{
	const struct extmem_claim_ser *ser = extmem_claim_ser(claim);

	if (trace_extmem_free_enabled())
		trace_extmem_free(claim->pool->nid, ser->kind, ser->id,
				  extmem_pool_phys(claim->pool, first),
				  (u64)nr << EXTMEM_GRANULE_SHIFT, 0);
}

/**
 * extmem_trace_kept - a claim did not give memory back.
 * @claim: the claim
 * @err: why
 */
void extmem_trace_kept(const struct extmem_claim *claim, int err)
{
	const struct extmem_claim_ser *ser = extmem_claim_ser(claim);

	if (trace_extmem_free_enabled())
		trace_extmem_free(claim->pool->nid, ser->kind, ser->id,
				  extmem_claim_extent(claim, 0).start, ser->size, err);
}

/**
 * extmem_trace_adopt - a former kernel's claim was taken over.
 * @claim: the claim
 */
void extmem_trace_adopt(const struct extmem_claim *claim)
{
	const struct extmem_claim_ser *ser = extmem_claim_ser(claim);
	unsigned int i;

	if (!trace_extmem_adopt_enabled())
		return;
	for (i = 0; i < claim->runs.nr; i++) {
		struct range extent = extmem_claim_extent(claim, i);

		trace_extmem_adopt(claim->pool->nid, ser->kind, ser->id,
				   extent.start, range_len(&extent), 0);
	}
}

/**
 * extmem_trace_quarantine - a claim of the quarantine's is there.
 * @claim: the claim
 */
void extmem_trace_quarantine(const struct extmem_claim *claim)
{
	const char *reason = extmem_reason_text(extmem_claim_data(claim, 0));
	unsigned int i;

	if (!trace_extmem_quarantine_enabled())
		return;
	for (i = 0; i < claim->runs.nr; i++) {
		struct range extent = extmem_claim_extent(claim, i);

		trace_extmem_quarantine(claim->pool->nid, extent.start,
					range_len(&extent), reason);
	}
}
