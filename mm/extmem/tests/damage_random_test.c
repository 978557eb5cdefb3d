// SPDX-License-Identifier: GPL-2.0
/*
 * Maps damaged at random, with and without right checksums: nothing crashes, nothing
 * that was somebody's is free afterwards, what is there is sound, can be used, and
 * stays as it is in the kernel after. `make test-damage` does it 10,000 times.
 */
#include <linux/moduleparam.h>
#include <linux/prandom.h>

#include "fake.h"

#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "extmem_damage."

static unsigned int rounds = 200;
module_param(rounds, uint, 0444);
MODULE_PARM_DESC(rounds, "how many damaged maps");

static unsigned int seed = 1;
module_param(seed, uint, 0444);
MODULE_PARM_DESC(seed, "other damage for each");

/* As many kernels take over one map before there is another */
#define TAKEOVERS	16
#define MAX_PAGES	64
#define MAX_NODES	3

/**
 * struct damage - a map, and what is done to it.
 * @test: the test
 * @rnd: where chance comes from
 * @was: the claims it had, but for those that were to end with the kernel
 * @nr_was: how many
 * @page: its pages
 * @bytes: their sizes
 * @nr: how many
 * @pool: its pool records, as many of them as it has at most
 * @alloc: for each the allocation bitmap, or NULL
 * @dirty: and the dirty one
 * @lies: the damage has right checksums, and calls granules free that were not
 */
struct damage {
	struct kunit *test;
	struct rnd_state rnd;
	struct extmem_was *was;
	unsigned int nr_was;
	void *page[MAX_PAGES];
	size_t bytes[MAX_PAGES];
	unsigned int nr;
	struct extmem_pool_ser *pool;
	unsigned long *alloc[MAX_NODES];
	unsigned long *dirty[MAX_NODES];
	bool lies;
};

static u32 below(struct damage *d, u32 nr)
{
	return prandom_u32_state(&d->rnd) % nr;
}

static u64 random_word(struct damage *d)
{
	return (u64)prandom_u32_state(&d->rnd) << 32 | prandom_u32_state(&d->rnd);
}

/* The map */

static void grow_claim(struct damage *d, struct extmem_claim *claim)
{
	const struct extmem_pool *pool = claim->pool;
	const struct range *range = &pool->range[below(d, pool->nr_ranges)];
	unsigned int nr = below(d, 4) ? below(d, 4) : below(d, 40);
	u64 start;

	while (nr--) {
		start = range->start + MIB(2) * below(d, range_len(range) / MIB(2));
		/* Where it is taken, or would leave the pool, all is as it was */
		extmem_claim_grow(claim, start, MIB(2) * (1 + below(d, 2)), MIB(2));
	}
}

static void dress_claim(struct damage *d, struct extmem_claim *claim)
{
	char name[EXTMEM_NAME_SIZE];

	snprintf(name, sizeof(name), "claim-%llu", extmem_claim_id(claim));
	if (!below(d, 3))
		KUNIT_ASSERT_EQ(d->test, extmem_claim_set_name(claim, name), 0);
	if (!below(d, 6))
		KUNIT_ASSERT_EQ(d->test, extmem_claim_set_persist(claim, false), 0);
	if (!below(d, 6))
		KUNIT_ASSERT_EQ(d->test, extmem_claim_preserve(claim), 0);
}

static void make_claims(struct damage *d, struct extmem_pool *pool)
{
	struct extmem_claim_attr attr = { .kind = EXTMEM_KIND_TEST, .align = MIB(2) };
	struct extmem_claim *claim;
	unsigned int nr = below(d, 20);

	while (nr--) {
		claim = extmem_claim_create(pool, &attr, EXTMEM_ANYWHERE,
					    MIB(2) * (1 + below(d, 8)));
		if (IS_ERR(claim))
			return; /* full */
		grow_claim(d, claim);
		if (below(d, 5))
			dress_claim(d, claim);
		else
			KUNIT_ASSERT_EQ(d->test, extmem_claim_destroy(claim), 0);
	}
}

static void make_pool(struct damage *d, int nid)
{
	struct range range[2] = {
		DEFINE_RANGE(GIB(8 * nid + 4), GIB(8 * nid + 5) - 1),
		DEFINE_RANGE(GIB(8 * nid + 7), GIB(8 * nid + 7) + MIB(514) - 1),
	};
	struct extmem_pool *pool;
	unsigned int nr;

	KUNIT_ASSERT_EQ(d->test, extmem_pool_add(&fake.map, nid, range, 1 + below(d, 2),
						 below(d, 2)), 0);
	pool = extmem_pool_find(&fake.map, nid);
	make_claims(d, pool);
	for (nr = below(d, 4); nr; nr--)
		extmem_fake_hit(range[0].start + SZ_4K * below(d, SZ_1G / SZ_4K));
}

/* Those that end with the kernel leave their memory free, and are not missed */
static void remember(struct damage *d)
{
	unsigned int nr, i;

	d->was = extmem_remember(d->test, &nr);
	d->nr_was = 0;
	for (i = 0; i < nr; i++)
		if (!(d->was[i].rec.flags & EXTMEM_CLAIM_TRANSIENT))
			d->was[d->nr_was++] = d->was[i];
}

static void hand_over(struct damage *d)
{
	int nid, nr = 1 + below(d, MAX_NODES);

	for (nid = 0; nid < nr; nid++)
		make_pool(d, nid);
	remember(d);
	extmem_map_freeze(&fake.map);
	extmem_fake_kexec(d->test);

	for (d->nr = 0; d->nr < MAX_PAGES; d->nr++) {
		d->page[d->nr] = extmem_fake_page(d->nr, &d->bytes[d->nr]);
		if (!d->page[d->nr])
			break;
	}
	d->pool = extmem_fake_pool_rec(0);
	for (nid = 0; nid < MAX_NODES; nid++) {
		d->alloc[nid] = nid < nr ? extmem_fake_at(d->pool[nid].alloc) : NULL;
		d->dirty[nid] = nid < nr ? extmem_fake_at(d->pool[nid].dirty) : NULL;
	}
}

/* The damage */

static bool is_table(const struct damage *d, unsigned int page)
{
	const struct extmem_page_ser *ser = d->page[page];

	return d->bytes[page] == EXTMEM_MAP_PAGE &&
	       (ser->type == EXTMEM_PAGE_POOLS || ser->type == EXTMEM_PAGE_CLAIMS);
}

/* A record or the head of a page of them, mostly of one that is in use */
static void *random_record(struct damage *d)
{
	unsigned int tries = 100, page, i;
	void *rec;

	do {
		page = below(d, d->nr);
		i = below(d, EXTMEM_PAGE_RECORDS + 1);
		rec = d->page[page] + i * EXTMEM_RECORD;
	} while (--tries && (!is_table(d, page) || extmem_rec_is_free(rec)));
	/* The last may be in a page of bits, which has at least so many bytes */
	return d->bytes[page] < EXTMEM_MAP_PAGE ? d->page[page] : rec;
}

/* Eight bytes of the map, half of the time of a record */
static u64 *random_place(struct damage *d)
{
	unsigned int page = below(d, d->nr);

	if (below(d, 2))
		return random_record(d) + 8 * below(d, 32);
	return d->page[page] + 8 * below(d, d->bytes[page] / 8);
}

/* Words that may make sense somewhere */
static u64 telling_word(struct damage *d)
{
	switch (below(d, 8)) {
	case 0:
		return 0;
	case 1:
		return U64_MAX;
	case 2:
		return below(d, 32);
	case 3:
		return virt_to_phys(d->page[below(d, d->nr)]);
	case 4:
		return GIB(8 * below(d, MAX_NODES) + 4) + MIB(2) * below(d, 520);
	case 5:
		return MIB(2) * below(d, 520);
	case 6:
		return BIT_ULL(below(d, 64));
	default:
		return *random_place(d);
	}
}

static void swap_records(struct damage *d)
{
	u8 *a = random_record(d), *b = random_record(d);
	unsigned int i;

	for (i = 0; i < EXTMEM_RECORD; i++)
		swap(a[i], b[i]);
}

static void copy_some_page(struct damage *d)
{
	unsigned int from = below(d, d->nr), to = below(d, d->nr);

	memmove(d->page[to], d->page[from], min(d->bytes[from], d->bytes[to]));
}

static void damage_once(struct damage *d)
{
	u64 *place = random_place(d);

	switch (below(d, 10)) {
	case 0:
	case 1:
		*place ^= BIT_ULL(below(d, 64));
		break;
	case 2:
		*place = random_word(d);
		break;
	case 3:
	case 4:
		*place = telling_word(d);
		break;
	case 5:
		((u32 *)place)[below(d, 2)] = telling_word(d);
		break;
	case 6:
		swap_records(d);
		break;
	case 7:
		memmove(random_record(d), random_record(d), EXTMEM_RECORD);
		break;
	case 8:
		memset(random_record(d), below(d, 2) ? 0 : 0xff, EXTMEM_RECORD);
		break;
	default:
		if (below(d, 4))
			copy_some_page(d);
		else
			extmem_fake_forget(virt_to_phys(d->page[below(d, d->nr)]));
	}
}

/* Right checksums for whatever the records say now */
static void repair_page(struct damage *d, struct extmem_page_ser *page)
{
	unsigned int i;

	extmem_crc_set(page, sizeof(*page));
	for (i = 1; i <= EXTMEM_PAGE_RECORDS; i++) {
		struct extmem_claim_ser *ser = (void *)page + i * EXTMEM_RECORD;

		if (extmem_rec_is_free(ser) || extmem_crc_ok(ser, EXTMEM_RECORD))
			continue;
		extmem_crc_set(ser, EXTMEM_RECORD);
		/* What is not to be handed over becomes free, and rightly so */
		if (ser->flags & EXTMEM_CLAIM_TRANSIENT)
			d->lies = true;
	}
}

static void repair_pools(struct damage *d)
{
	unsigned int i;

	for (i = 0; i < MAX_NODES && d->alloc[i]; i++) {
		struct extmem_pool_ser *ser = &d->pool[i];
		unsigned long nbits = 8 * ser->alloc_bytes;

		if (ser->alloc != virt_to_phys(d->alloc[i]) || nbits > 4 * EXTMEM_GIG_BITS)
			continue;
		ser->alloc_sum = extmem_bits_sum(d->alloc[i], nbits);
		ser->dirty_sum = extmem_bits_sum(d->dirty[i], nbits / EXTMEM_UNIT_GRANULES);
		extmem_crc_set(ser, EXTMEM_RECORD);
	}
	d->lies = true;
}

/*
 * Pages of pools are repaired with those of claims. What their records say of
 * bitmaps and ranges may then be believed, and be wrong.
 */
static void repair(struct damage *d)
{
	unsigned int i;

	for (i = 0; i < d->nr; i++)
		if (is_table(d, i))
			repair_page(d, d->page[i]);
	extmem_crc_set(extmem_fake_root(), sizeof(struct extmem_map_ser));
	if (!below(d, 3))
		repair_pools(d);
}

static void damage(struct damage *d)
{
	unsigned int nr = below(d, 2) ? 1 : 1 + below(d, 12);
	struct extmem_pool_ser before[MAX_NODES];

	d->lies = false;
	memcpy(before, d->pool, sizeof(before));
	while (nr--)
		damage_once(d);
	if (below(d, 2))
		return;
	repair(d);
	/* A pool that moves has other granules, and other bits, for its claims */
	if (memcmp(before, d->pool, sizeof(before)))
		d->lies = true;
}

/* What must hold then */

/* What it still hands out works, and makes nothing unsound */
static const char *use_map(struct damage *d)
{
	struct extmem_claim_attr attr = { .kind = EXTMEM_KIND_TEST, .align = MIB(2) };
	struct extmem_pool *pool;
	struct extmem_claim *claim, *next;

	list_for_each_entry(pool, &fake.map.pools, list) {
		if (!pool->nr_granules)
			continue;
		extmem_claim_create(pool, &attr, EXTMEM_ANYWHERE, MIB(2) * (1 + below(d, 9)));
		list_for_each_entry_safe(claim, next, &pool->claims, list) {
			if (claim->rec.claim->kind == EXTMEM_KIND_QUARANTINE)
				continue;
			if (!below(d, 8))
				grow_claim(d, claim);
			if (!below(d, 8))
				extmem_claim_set_name(claim, "another");
		}
	}
	return extmem_check_map();
}

static const char *give_up_all(struct damage *d)
{
	struct extmem_claim *claim, *next;
	struct extmem_pool *pool;
	int err;

	list_for_each_entry(pool, &fake.map.pools, list)
		list_for_each_entry_safe(claim, next, &pool->claims, list) {
			if (claim->rec.claim->kind == EXTMEM_KIND_QUARANTINE)
				continue;
			err = extmem_claim_destroy(claim);
			/* Those that are due have a reference */
			if (err && err != -EBUSY)
				return "a claim can't be given up";
		}
	return extmem_check_map();
}

static const char *check_next(struct damage *d)
{
	const char *wrong, *fault;
	struct extmem_was *was;
	unsigned int nr, i;

	was = extmem_remember(d->test, &nr);
	/* What was due is promised no more */
	for (i = 0; i < nr; i++)
		if (was[i].rec.flags & EXTMEM_CLAIM_TRANSIENT)
			return NULL;
	extmem_map_freeze(&fake.map);
	extmem_fake_kexec(d->test);
	fault = extmem_fake_boot(d->test);
	wrong = extmem_check_map() ?: extmem_check_all_alive(was, nr);
	if (fault && nr)
		return fault;
	if (extmem_nr_notes() && !fake.map.readonly)
		return "the kernel after finds fault with the map";
	return wrong;
}

static const char *take_over(struct damage *d, bool again)
{
	const char *wrong;

	damage(d);
	extmem_fake_boot(d->test);
	wrong = extmem_check_map();
	if (!wrong && !d->lies)
		wrong = extmem_check_kept(d->was, d->nr_was);
	if (!wrong && again)
		return check_next(d);
	wrong = wrong ?: use_map(d);
	if (!wrong && !d->lies)
		wrong = extmem_check_kept(d->was, d->nr_was);
	return wrong ?: give_up_all(d);
}

static void damage_random(struct kunit *test)
{
	struct damage *d = kunit_kzalloc(test, sizeof(*d), GFP_KERNEL);
	unsigned int i, lies = 0;

	KUNIT_ASSERT_NOT_NULL(test, d);
	d->test = test;
	prandom_seed_state(&d->rnd, seed);
	for (i = 0; i < rounds; i++) {
		bool last = i % TAKEOVERS == TAKEOVERS - 1;

		if (i % TAKEOVERS == 0)
			hand_over(d);
		EXTMEM_ASSERT_SOUND(test, take_over(d, last), "seed %u, map %u", seed, i);
		lies += d->lies;
		cond_resched();
		if (!last) {
			extmem_fake_rewind();
			continue;
		}
		extmem_fake_exit(test);
		KUNIT_ASSERT_EQ(test, extmem_fake_init(test), 0);
	}
	kunit_info(test, "%u damaged maps, %u of them with false bitmaps\n", rounds, lies);
}

static struct kunit_case damage_random_cases[] = {
	KUNIT_CASE_ATTR(damage_random, { .speed = KUNIT_SPEED_VERY_SLOW }),
	{}
};

static struct kunit_suite damage_random_suite = {
	.name = "extmem_damage_random",
	.init = extmem_fake_init,
	.exit = extmem_fake_exit,
	.test_cases = damage_random_cases,
};

kunit_test_suite(damage_random_suite);
