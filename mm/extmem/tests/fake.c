// SPDX-License-Identifier: GPL-2.0
/*
 * A machine for the tests, whose kernels come and go. Pages of the map are real
 * ones; a page is LIVE while the running kernel has it, KEPT once it is handed
 * over and until the next kernel takes it, GONE if that one gave it back. GONE
 * pages stay allocated, for a test that goes back to the moment of the kexec.
 */
#include <kunit/static_stub.h>

#include <linux/gfp.h>
#include <linux/slab.h>

#include "fake.h"

enum page_state { LIVE, KEPT, GONE };

struct fake_page {
	struct list_head list;
	enum page_state state;
	void *mem;
	void *copy;
	size_t bytes;
};

struct extmem_fake fake;

static struct fake_page *find_page(const void *mem)
{
	struct fake_page *page;

	list_for_each_entry(page, &fake.pages, list)
		if (page->mem == mem)
			return page;
	return NULL;
}

static void drop_page(struct fake_page *page)
{
	list_del(&page->list);
	free_pages_exact(page->mem, page->bytes);
	kvfree(page->copy);
	kfree(page);
}

static void *fake_alloc(size_t bytes)
{
	struct fake_page *page;

	if (!fake.allocs)
		return NULL;
	if (fake.allocs > 0)
		fake.allocs--;
	page = kzalloc_obj(*page);
	if (!page)
		return NULL;
	page->bytes = bytes;
	page->mem = alloc_pages_exact(bytes, GFP_KERNEL | __GFP_ZERO);
	if (!page->mem) {
		kfree(page);
		return NULL;
	}
	list_add_tail(&page->list, &fake.pages);
	return page->mem;
}

static void fake_free(void *mem, size_t bytes)
{
	struct fake_page *page = find_page(mem);

	if (!page || page->state != LIVE || page->bytes != bytes)
		fake.misuse = "frees a page that is not its own";
	else if (fake.ending)
		page->state = KEPT;
	else if (page->copy)
		page->state = GONE;
	else
		drop_page(page);
}

static const void *fake_peek(phys_addr_t pa, size_t bytes)
{
	struct fake_page *page;

	if (!PAGE_ALIGNED(pa))
		return NULL;
	list_for_each_entry(page, &fake.pages, list)
		if (virt_to_phys(page->mem) == pa && PAGE_ALIGN(page->bytes) >= bytes)
			return page->mem;
	return NULL;
}

static void *fake_adopt(phys_addr_t pa, size_t bytes)
{
	struct fake_page *page = find_page(fake_peek(pa, bytes));

	if (!page || page->state != KEPT || page->bytes != bytes)
		return NULL;
	page->state = LIVE;
	return page->mem;
}

static int fake_clear_run(struct extmem_pool *pool, const struct extmem_run *run)
{
	fake.nr_clears++;
	fake.last_clear = extmem_pool_phys(pool, run->first);
	if (fake.in_clear)
		fake.in_clear();
	if (READ_ONCE(pool->map->frozen))
		return -ESHUTDOWN;
	if (!fake.clears_ok)
		return fake.clear_err;
	fake.clears_ok--;
	fake.cleared += (u64)run->nr << EXTMEM_GRANULE_SHIFT;
	if (fake.after_clear)
		fake.after_clear();
	return 0;
}

static int fake_clear(struct extmem_pool *pool, const struct extmem_runs *runs,
		      struct extmem_window *win)
{
	unsigned int i;
	int err = 0;

	for (i = 0; !err && i < runs->nr; i++)
		err = fake_clear_run(pool, &runs->run[i]);
	return err;
}

static bool fake_owns(const struct range *range)
{
	return !range_len(&fake.disowned) || !range_overlaps(range, &fake.disowned);
}

const struct extmem_map_ops extmem_fake_ops = {
	.alloc = fake_alloc,
	.free = fake_free,
	.peek = fake_peek,
	.adopt = fake_adopt,
	.clear = fake_clear,
	.owns = fake_owns,
};

static void no_log(const struct extmem_pool *pool, const char *text)
{
	fake.nr_logged++;
}

/* A machine whose first kernel runs, without pools so far */
int extmem_fake_init(struct kunit *test)
{
	fake = (struct extmem_fake) {
		.test = test,
		.allocs = -1,
		.clears_ok = UINT_MAX,
		.disowned = { .start = 1, .end = 0 },
	};
	INIT_LIST_HEAD(&fake.pages);
	/* what is noted of damage done on purpose need not go to the log */
	kunit_activate_static_stub(test, extmem_note_log, no_log);
	return extmem_map_init(&fake.map, &extmem_fake_ops);
}

/* End of the machine: the running kernel must account for each of its pages */
void extmem_fake_exit(struct kunit *test)
{
	struct fake_page *page, *next;
	unsigned int leaked = 0;

	extmem_fake_unboot();
	list_for_each_entry_safe(page, next, &fake.pages, list) {
		leaked += page->state == LIVE;
		drop_page(page);
	}
	KUNIT_EXPECT_EQ(test, leaked, 0);
	KUNIT_EXPECT_NULL_MSG(test, fake.misuse, "%s", fake.misuse);
}

/* Throw the running kernel away as if nothing of it had been handed over */
void extmem_fake_unboot(void)
{
	if (fake.map.ser)
		extmem_map_exit(&fake.map);
}

/* Throw the running kernel away and keep what it hands over */
void extmem_fake_kexec(struct kunit *test)
{
	struct fake_page *page, *next;

	list_for_each_entry_safe(page, next, &fake.pages, list) {
		if (page->state != LIVE) {
			drop_page(page);
			continue;
		}
		if (!page->copy)
			page->copy = kvmalloc(page->bytes, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, page->copy);
		memcpy(page->copy, page->mem, page->bytes);
	}
	fake.root = virt_to_phys(fake.map.ser);
	fake.ending = true;
	extmem_fake_unboot();
	fake.ending = false;
	extmem_fake_rewind();
}

/* Back to the moment after the kexec: no kernel runs */
void extmem_fake_rewind(void)
{
	struct fake_page *page;

	extmem_fake_unboot();
	list_for_each_entry(page, &fake.pages, list) {
		memcpy(page->mem, page->copy, page->bytes);
		page->state = KEPT;
	}
}

/* The next kernel; returns what it has to say of the map */
const char *extmem_fake_boot(struct kunit *test)
{
	return extmem_fake_boot_size(test, sizeof(struct extmem_map_ser));
}

const char *extmem_fake_boot_size(struct kunit *test, size_t size)
{
	fake.map = (struct extmem_map) {};
	KUNIT_ASSERT_EQ(test, extmem_map_init(&fake.map, &extmem_fake_ops), 0);
	return extmem_adopt(&fake.map, extmem_fake_root(), size);
}

/* A page that the former kernel did not preserve after all */
void extmem_fake_forget(phys_addr_t pa)
{
	struct fake_page *page = find_page(extmem_fake_at(pa));

	if (page)
		page->state = GONE;
}

/* Of all that was handed over the pages that are number @i; NULL after the last */
void *extmem_fake_page(unsigned int i, size_t *bytes)
{
	struct fake_page *page;

	list_for_each_entry(page, &fake.pages, list) {
		if (i--)
			continue;
		*bytes = page->bytes;
		return page->mem;
	}
	return NULL;
}

struct extmem_pool *extmem_fake_pool(int nid, u64 start, u64 size, bool dirty)
{
	struct range range = DEFINE_RANGE(start, start + size - 1);

	KUNIT_ASSERT_EQ(fake.test, extmem_pool_add(&fake.map, nid, &range, 1, dirty), 0);
	return extmem_pool_find(&fake.map, nid);
}

struct extmem_claim *extmem_fake_claim(struct extmem_pool *pool, u64 start, u64 size)
{
	struct extmem_claim_attr attr = {
		.kind = EXTMEM_KIND_TEST,
		.align = EXTMEM_GRANULE,
		.data = { 1, 22, 333, 4444 },
	};
	struct extmem_claim *claim = extmem_claim_create(pool, &attr, start, size);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(fake.test, claim);
	return claim;
}

/* A claim of @nr extents: every other granule from @start on */
struct extmem_claim *extmem_fake_long(struct extmem_pool *pool, u64 start,
				      unsigned int nr)
{
	struct extmem_claim *claim = extmem_fake_claim(pool, start, EXTMEM_GRANULE);
	unsigned int i;

	for (i = 1; i < nr; i++)
		KUNIT_ASSERT_EQ(fake.test, 0,
				extmem_claim_grow(claim, start + 2 * i * EXTMEM_GRANULE,
						  EXTMEM_GRANULE, EXTMEM_GRANULE));
	return claim;
}

struct extmem_claim *extmem_fake_holes(struct extmem_pool *pool, unsigned int nr)
{
	return extmem_fake_long(pool, pool->range[0].start, nr);
}

/*
 * A small map with one of everything: pools on nodes 0 and 1, and four claims
 * in five records, and a bad page, see enum extmem_sample.
 */
void extmem_fake_sample(void)
{
	struct extmem_pool *pool = extmem_fake_pool(0, SAMPLE_START, GIB(1), false);
	struct extmem_pool *other = extmem_fake_pool(1, SAMPLE_OTHER, GIB(1), true);

	extmem_fake_claim(pool, SAMPLE_START, MIB(8));
	extmem_fake_claim(pool, SAMPLE_START + MIB(16), MIB(4));
	extmem_fake_long(pool, SAMPLE_START + MIB(512), 6);
	extmem_fake_claim(other, SAMPLE_OTHER + MIB(64), MIB(8));
	KUNIT_ASSERT_EQ(fake.test, extmem_fake_hit(SAMPLE_BAD), 0);
}

/* A memory error at an address */
int extmem_fake_hit(u64 pa)
{
	return extmem_poison_add(&fake.map, pa, &fake.hit_id);
}

/* A page at an address is about to fail */
int extmem_fake_retire(u64 pa)
{
	return extmem_retire_add(&fake.map, pa, &fake.hit_id);
}

/* A record of the first page of claims as it was handed over */
void *extmem_fake_rec(unsigned int i)
{
	return extmem_fake_at(extmem_fake_root()->claims) + (i + 1) * EXTMEM_RECORD;
}

/* The same for pools */
struct extmem_pool_ser *extmem_fake_pool_rec(unsigned int i)
{
	return extmem_fake_at(extmem_fake_root()->pools) + (i + 1) * EXTMEM_RECORD;
}

/* The running kernel's claim of this id, in quarantine or not, or NULL */
struct extmem_claim *extmem_fake_find(u64 id)
{
	struct extmem_pool *pool;
	struct extmem_claim *claim;

	list_for_each_entry(pool, &fake.map.pools, list)
		list_for_each_entry(claim, &pool->claims, list)
			if (claim->rec.claim->id == id)
				return claim;
	return NULL;
}
