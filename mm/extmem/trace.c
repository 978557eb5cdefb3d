// SPDX-License-Identifier: GPL-2.0
/*
 * The tracepoints, and what it takes to emit an event for each extent.
 */
#include "pool.h"

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
	const struct extmem_claim_ser *ser = claim->rec.claim;
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
 * extmem_trace_free - a claim gave memory back.
 * @claim: the claim
 * @start: physical address of the memory
 * @size: bytes
 */
void extmem_trace_free(const struct extmem_claim *claim, u64 start, u64 size)
{
	const struct extmem_claim_ser *ser = claim->rec.claim;

	trace_extmem_free(claim->pool->nid, ser->kind, ser->id, start, size, 0);
}

/**
 * extmem_trace_kept - a claim did not give memory back.
 * @claim: the claim
 * @err: why
 */
void extmem_trace_kept(const struct extmem_claim *claim, int err)
{
	const struct extmem_claim_ser *ser = claim->rec.claim;

	if (trace_extmem_free_enabled())
		trace_extmem_free(claim->pool->nid, ser->kind, ser->id,
				  ser->extents[0].start, ser->size, err);
}

/**
 * extmem_trace_adopt - a former kernel's claim was taken over.
 * @claim: the claim
 */
void extmem_trace_adopt(const struct extmem_claim *claim)
{
	const struct extmem_claim_ser *ser = claim->rec.claim;
	unsigned int i;

	if (!trace_extmem_adopt_enabled())
		return;
	for (i = 0; i < claim->runs.nr; i++) {
		const struct extmem_run *run = &claim->runs.run[i];

		trace_extmem_adopt(claim->pool->nid, ser->kind, ser->id,
				   extmem_pool_phys(claim->pool, run->first),
				   (u64)run->nr << EXTMEM_GRANULE_SHIFT, 0);
	}
}
