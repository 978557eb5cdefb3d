// SPDX-License-Identifier: GPL-2.0
/*
 * One claim becomes two. Nobody but the test device asks for it.
 */
#include "pool.h"

/**
 * struct extmem_split - where a claim is cut.
 * @nr: its extents that stay, the one that is cut included
 * @last: granules of the last of them that stay
 * @tail: what the new claim gets
 */
struct extmem_split {
	unsigned int nr;
	unsigned long last;
	struct extmem_runs tail;
};

static int extmem_split_at(const struct extmem_claim *claim, unsigned long keep,
			   struct extmem_split *split)
{
	const struct extmem_run *run = claim->runs.run;
	unsigned int i;
	int err = 0;

	while (keep > run->nr)
		keep -= run++->nr;
	split->nr = run - claim->runs.run + 1;
	split->last = keep;
	if (keep < run->nr)
		err = extmem_runs_add(&split->tail, run->first + keep, run->nr - keep);
	for (i = split->nr; !err && i < claim->runs.nr; i++)
		err = extmem_runs_add(&split->tail, claim->runs.run[i].first,
				      claim->runs.run[i].nr);
	return err;
}

/* All that can fail comes first */
static struct extmem_claim *extmem_split_claim(struct extmem_claim *claim,
					       struct extmem_split *split)
{
	const struct extmem_claim_ser *ser = claim->rec.claim;
	struct extmem_claim_attr attr = {
		.kind = ser->kind,
		.owner.uid = make_kuid(&init_user_ns, ser->uid),
		.owner.gid = make_kgid(&init_user_ns, ser->gid),
		.owner.mode = ser->mode,
	};
	struct extmem_claim *new;

	memcpy(attr.data, ser->data, sizeof(attr.data));
	new = extmem_claim_make(claim->pool, &attr, &split->tail);
	if (IS_ERR(new))
		return new;
	claim->runs.nr = split->nr;
	claim->runs.run[split->nr - 1].nr = split->last;
	WARN_ON_ONCE(extmem_claim_write(claim));
	extmem_claim_link(new);
	return new;
}

static int extmem_split_check(const struct extmem_claim *claim, u64 size)
{
	const struct extmem_map *map = claim->pool->map;

	if (!size || size >= claim->rec.claim->size || !IS_ALIGNED(size, EXTMEM_GRANULE))
		return -EINVAL;
	if (map->readonly)
		return -EROFS;
	return extmem_claim_check(claim);
}

/**
 * extmem_claim_split - make a claim of another's end.
 * @claim: the claim
 * @size: the bytes it keeps, a multiple of the granule, not 0
 *
 * The new claim has a copy of the owner's words, and of who may use it. It has no
 * name and persists.
 *
 * Context: may sleep. The caller keeps others from resizing the claim.
 * Return: the new claim. Or an error pointer, and nothing has changed: -EINVAL for a
 * size that can't be, or leaves nothing for the new one; -EBUSY if the claim has
 * references or is in a session; -EROFS while no claims can be made; -ESHUTDOWN once
 * the map is frozen; -ENOMEM.
 */
struct extmem_claim *extmem_claim_split(struct extmem_claim *claim, u64 size)
{
	struct extmem_pool *pool = claim->pool;
	struct extmem_split split = {};
	struct extmem_claim *new;
	int err;

	guard(extmem_change)(pool);
	err = extmem_split_check(claim, size);
	if (err)
		return ERR_PTR(err);
	/* From here on extmem_claim_get() fails */
	if (atomic_cmpxchg(&claim->users, 0, -1))
		return ERR_PTR(-EBUSY);
	err = extmem_split_at(claim, size >> EXTMEM_GRANULE_SHIFT, &split);
	new = err ? ERR_PTR(err) : extmem_split_claim(claim, &split);
	atomic_set(&claim->users, 0);
	extmem_runs_free(&split.tail);
	return new;
}
