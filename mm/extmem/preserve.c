// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: extmem, preserved claims
 *
 * A claim is *preserved* while it is promised, in a session of the live update
 * orchestrator (LUO), to somebody in the next kernel. In that kernel it is *due*
 * until the session is finished. All that time it is fixed: its memory, its
 * name, its owner's words and whether it persists stay as they are, and it can't
 * be given up. Its bytes are free to change, and so is who may use it.
 *
 * The next kernel keeps a preserved claim even if it is not to persist. Once it
 * is finished it is a claim like any other, and it is the kernel after next that
 * frees it.
 *
 * The record of a preserved claim says which kernel's session it is in, by the
 * map's generation. So a kernel believes only the one right before it: a promise
 * nobody kept ends with the kernel it was made to, and one that went through a
 * kernel that knows nothing of promises is not taken for a new one. Such a kernel
 * needs no feature bit to keep the memory: for as long as the claim is preserved
 * EXTMEM_CLAIM_SPARED stands in for EXTMEM_CLAIM_TRANSIENT, of which it might
 * know.
 */
#include <linux/export.h>

#include "pool.h"

/* While it is preserved no kernel is to see that it is not to persist */
static void extmem_preserve_spare(struct extmem_claim_ser *ser)
{
	if (ser->flags & EXTMEM_CLAIM_TRANSIENT)
		ser->flags ^= EXTMEM_CLAIM_TRANSIENT | EXTMEM_CLAIM_SPARED;
}

static void extmem_preserve_unspare(struct extmem_claim_ser *ser)
{
	if (ser->flags & EXTMEM_CLAIM_SPARED)
		ser->flags ^= EXTMEM_CLAIM_SPARED | EXTMEM_CLAIM_TRANSIENT;
}

/**
 * extmem_claim_preserve - promise a claim to somebody in the next kernel.
 * @claim: the claim
 *
 * It then has a reference, and is fixed.
 *
 * Context: may sleep. Allocates nothing.
 * Return: 0, or an error, and nothing has changed: -EBUSY if it is preserved, is
 * due, or is being given up; -ESHUTDOWN once the map is frozen.
 */
int extmem_claim_preserve(struct extmem_claim *claim)
{
	struct extmem_claim_ser *ser = claim->rec.claim;
	struct extmem_map *map = claim->pool->map;

	guard(mutex)(&map->lock);
	if (map->frozen)
		return -ESHUTDOWN;
	if (extmem_claim_fixed(claim) || !extmem_claim_get(claim))
		return -EBUSY;
	extmem_preserve_spare(ser);
	WRITE_ONCE(ser->preserved, map->ser->generation);
	extmem_crc_set(ser, EXTMEM_RECORD);
	return 0;
}
EXPORT_SYMBOL_GPL(extmem_claim_preserve);

/**
 * extmem_claim_unpreserve - take the promise back.
 * @claim: the claim, preserved by extmem_claim_preserve()
 *
 * Once the map is frozen the next kernel will have heard of it all the same.
 *
 * Context: may sleep.
 */
void extmem_claim_unpreserve(struct extmem_claim *claim)
{
	struct extmem_claim_ser *ser = claim->rec.claim;
	struct extmem_map *map = claim->pool->map;

	guard(mutex)(&map->lock);
	if (!map->frozen) {
		extmem_preserve_unspare(ser);
		WRITE_ONCE(ser->preserved, 0);
		extmem_crc_set(ser, EXTMEM_RECORD);
	}
	extmem_claim_put(claim);
}
EXPORT_SYMBOL_GPL(extmem_claim_unpreserve);

/**
 * extmem_claim_need - a device that is to live on reaches a claim.
 * @claim: the claim, which the caller has a reference on
 *
 * Until extmem_claim_unneed() nobody says that it is not to persist. Whether it is in a
 * session, or did not persist before, is still up to the device's owner.
 *
 * Context: may sleep.
 */
void extmem_claim_need(struct extmem_claim *claim)
{
	guard(mutex)(&claim->pool->map->lock);
	claim->needed++;
}
EXPORT_SYMBOL_GPL(extmem_claim_need);

/**
 * extmem_claim_unneed - undo extmem_claim_need().
 * @claim: the claim
 *
 * Context: may sleep.
 */
void extmem_claim_unneed(struct extmem_claim *claim)
{
	guard(mutex)(&claim->pool->map->lock);
	claim->needed--;
}
EXPORT_SYMBOL_GPL(extmem_claim_unneed);

/* A claim is due: it has a reference that nobody has taken */
static void extmem_preserve_expect(struct extmem_claim *claim)
{
	WRITE_ONCE(claim->due, true);
	list_add_tail(&claim->expected, &claim->pool->map->due);
	atomic_set(&claim->users, 1);
}

static void extmem_preserve_let_go(struct extmem_claim *claim)
{
	list_del_init(&claim->expected);
	WRITE_ONCE(claim->due, false);
	extmem_claim_put(claim);
}

/**
 * extmem_finish - a claim that is due need not be expected any longer.
 * @map: the map
 * @id: the claim's id
 *
 * Return: true if there was such a claim.
 */
bool extmem_finish(struct extmem_map *map, u64 id)
{
	struct extmem_claim *claim;

	guard(mutex)(&map->lock);
	claim = extmem_claim_by_id(map, id);
	if (!claim || !claim->due)
		return false;
	extmem_preserve_let_go(claim);
	return true;
}

/**
 * extmem_finish_all - no claim of a kind need be expected any longer.
 * @map: the map
 * @kind: the kind
 *
 * Return: how many were due.
 */
unsigned int extmem_finish_all(struct extmem_map *map, enum extmem_kind kind)
{
	struct extmem_claim *claim, *next;
	unsigned int nr = 0;

	guard(mutex)(&map->lock);
	list_for_each_entry_safe(claim, next, &map->due, expected) {
		if (claim->rec.claim->kind != kind)
			continue;
		extmem_preserve_let_go(claim);
		nr++;
	}
	return nr;
}

/**
 * extmem_claim_finish - a claim's session, the former kernel's, is finished.
 * @id: the claim's id
 *
 * Nothing happens if no such claim is due: it may be in quarantine.
 *
 * Context: may sleep.
 */
void extmem_claim_finish(u64 id)
{
	extmem_finish(&extmem_map, id);
}
EXPORT_SYMBOL_GPL(extmem_claim_finish);

/**
 * extmem_claims_finish - nobody will ever finish the former kernel's sessions.
 * @kind: whose claims are due no longer
 *
 * Context: may sleep.
 * Return: how many were.
 */
unsigned int extmem_claims_finish(enum extmem_kind kind)
{
	return extmem_finish_all(&extmem_map, kind);
}
EXPORT_SYMBOL_GPL(extmem_claims_finish);

static void extmem_preserve_adopt(struct extmem_claim *claim, u64 former)
{
	struct extmem_claim_ser *ser = claim->rec.claim;

	if (ser->kind == EXTMEM_KIND_QUARANTINE || !ser->preserved)
		return;
	if (ser->preserved == former)
		extmem_preserve_expect(claim);
	extmem_preserve_unspare(ser);
	ser->preserved = 0;
	extmem_crc_set(ser, EXTMEM_RECORD);
}

/**
 * extmem_adopt_preserved - the claims that the former kernel promised are due.
 * @pool: the pool, just adopted and rid of claims that were not handed over
 */
void extmem_adopt_preserved(struct extmem_pool *pool)
{
	u64 former = pool->map->ser->generation - 1;
	struct extmem_claim *claim;

	list_for_each_entry(claim, &pool->claims, list)
		extmem_preserve_adopt(claim, former);
}
