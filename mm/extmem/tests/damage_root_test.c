// SPDX-License-Identifier: GPL-2.0
/*
 * Maps with right checksums that are wrong all the same: the root and the pages
 * of records. They come from kernels with bugs, or from later ones.
 */
#include "fake.h"

/* The sample, sealed and handed over */
static struct extmem_was *sample(struct kunit *test, unsigned int *nr)
{
	struct extmem_was *was;

	extmem_fake_sample();
	was = extmem_remember(test, nr);
	extmem_map_freeze(&fake.map);
	extmem_fake_kexec(test);
	return was;
}

static void seal_root(void)
{
	extmem_crc_set(extmem_fake_root(), sizeof(struct extmem_map_ser));
}

static void expect_nothing(struct kunit *test, const char *fault, const char *word)
{
	KUNIT_ASSERT_NOT_NULL(test, fault);
	KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(fault, word), "%s", fault);
	KUNIT_EXPECT_TRUE(test, list_empty(&fake.map.pools));
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());
}

static void expect_all(struct kunit *test, const struct extmem_was *was, unsigned int nr)
{
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());
	EXTMEM_EXPECT_SOUND(test, extmem_check_all_alive(was, nr));
	KUNIT_EXPECT_EQ(test, extmem_quarantined(), 0);
}

/* No claim is left, and all that had one is in quarantine, here and after */
static void expect_no_claims(struct kunit *test, const struct extmem_was *was,
			     unsigned int nr)
{
	u64 granules = 0;
	unsigned int i;

	for (i = 0; i < nr; i++)
		granules += was[i].rec.size >> EXTMEM_GRANULE_SHIFT;
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());
	EXTMEM_EXPECT_SOUND(test, extmem_check_kept(was, nr));
	KUNIT_EXPECT_EQ(test, extmem_quarantined(), granules);
	KUNIT_EXPECT_GT(test, extmem_nr_notes(), 0);
	extmem_fake_kexec(test);
	EXTMEM_EXPECT_SOUND(test, extmem_fake_boot(test));
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());
	EXTMEM_EXPECT_SOUND(test, extmem_check_kept(was, nr));
	KUNIT_EXPECT_EQ(test, extmem_quarantined(), granules);
}

static void truncated(struct kunit *test)
{
	unsigned int nr;
	size_t size;

	sample(test, &nr);
	for (size = 0; size < sizeof(struct extmem_map_ser); size++) {
		expect_nothing(test, extmem_fake_boot_size(test, size), "truncated");
		extmem_fake_rewind();
	}
}

static void other_version(struct kunit *test)
{
	static const char * const names[] = { "extmem-v2", "extmem-v", "extmem-v1.1", "" };
	struct extmem_map_ser *root;
	unsigned int nr, i;

	sample(test, &nr);
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		root = extmem_fake_root();
		strscpy_pad(root->compatible, names[i]);
		seal_root();
		expect_nothing(test, extmem_fake_boot(test), "not of a version");
		extmem_fake_rewind();
	}
}

/* A later kernel's header is longer; what we know of it comes first */
static void longer_header(struct kunit *test)
{
	unsigned int nr;
	struct extmem_was *was = sample(test, &nr);
	struct extmem_map_ser *root = extmem_fake_root();

	root->header_size = 200;
	memset(root + 1, 0x5a, 200 - sizeof(*root));
	extmem_crc_set(root, 200);
	EXTMEM_EXPECT_SOUND(test, extmem_fake_boot_size(test, 200));
	expect_all(test, was, nr);
	KUNIT_EXPECT_EQ(test, fake.map.ser->header_size, sizeof(*root));
}

static void wrong_header_size(struct kunit *test)
{
	static const u32 sizes[] = { 0, 64, 127, 129, 4096, 4097, U32_MAX };
	struct extmem_map_ser *root;
	unsigned int nr, i;

	sample(test, &nr);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		root = extmem_fake_root();
		root->header_size = sizes[i];
		seal_root();
		expect_nothing(test, extmem_fake_boot(test), "header size");
		extmem_fake_rewind();
	}
	/* all of a page may be handed over, but not more */
	root = extmem_fake_root();
	root->header_size = 4097;
	expect_nothing(test, extmem_fake_boot_size(test, 8192), "header size");
}

static void wrong_sizes(struct kunit *test)
{
	struct extmem_map_ser *root;
	unsigned int nr, i;

	sample(test, &nr);
	for (i = 0; i < 3; i++) {
		root = extmem_fake_root();
		root->record_size += i == 0;
		root->granule_shift += i == 1;
		root->dirty_shift -= i == 2;
		seal_root();
		expect_nothing(test, extmem_fake_boot(test), "sizes this kernel");
		extmem_fake_rewind();
	}
}

static void unknown_compat(struct kunit *test)
{
	unsigned int nr;
	struct extmem_was *was = sample(test, &nr);

	extmem_fake_root()->compat = BIT_ULL(63) | 1;
	seal_root();
	EXTMEM_EXPECT_SOUND(test, extmem_fake_boot(test));
	expect_all(test, was, nr);
	KUNIT_EXPECT_EQ(test, fake.map.ser->compat, BIT_ULL(63) | 1);
	KUNIT_EXPECT_EQ(test, extmem_nr_notes(), 0);
	KUNIT_EXPECT_GT(test, extmem_pool_available(extmem_pool_find(&fake.map, 0)), 0);
}

/* Claims live on and may be given up; none is made or grown. The next too */
static void unknown_ro_compat(struct kunit *test)
{
	struct extmem_claim_attr attr = {
		.kind = EXTMEM_KIND_TEST, .align = EXTMEM_GRANULE,
	};
	unsigned int nr, kernel;
	struct extmem_was *was = sample(test, &nr);
	struct extmem_pool *pool;

	extmem_fake_root()->ro_compat = BIT_ULL(40);
	seal_root();
	for (kernel = 2; kernel < 4; kernel++) {
		EXTMEM_EXPECT_SOUND(test, extmem_fake_boot(test));
		expect_all(test, was, nr);
		KUNIT_EXPECT_EQ(test, fake.map.ser->ro_compat, BIT_ULL(40));
		KUNIT_EXPECT_TRUE(test, extmem_note_seen(1, "no new claims"));
		pool = extmem_pool_find(&fake.map, 0);
		KUNIT_EXPECT_EQ(test, extmem_pool_available(pool), 0);
		KUNIT_EXPECT_EQ(test, PTR_ERR(extmem_claim_create(pool, &attr, EXTMEM_ANYWHERE,
								  MIB(2))), -EROFS);
		KUNIT_EXPECT_EQ(test, extmem_claim_grow(extmem_fake_find(1), EXTMEM_ANYWHERE,
							MIB(2), EXTMEM_GRANULE), -EROFS);
		extmem_fake_kexec(test);
	}
	EXTMEM_EXPECT_SOUND(test, extmem_fake_boot(test));
	KUNIT_EXPECT_EQ(test, extmem_claim_shrink(extmem_fake_find(3), MIB(4)), 0);
	KUNIT_EXPECT_EQ(test, extmem_claim_destroy(extmem_fake_find(1)), 0);
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());
}

static void unknown_incompat(struct kunit *test)
{
	unsigned int nr, bit;

	sample(test, &nr);
	for (bit = 0; bit < 64; bit += 7) {
		extmem_fake_root()->incompat = BIT_ULL(bit);
		seal_root();
		expect_nothing(test, extmem_fake_boot(test), "features");
		extmem_fake_rewind();
	}
}

/* Addresses that are no page of records: not RAM, misaligned, of another sort */
static u64 bad_address(unsigned int i)
{
	const struct extmem_map_ser *root = extmem_fake_root();

	switch (i) {
	case 0:
		return 0;
	case 1:
		return 1ULL << 51;
	case 2:
		return ~0ULL;
	case 3:
		return root->claims + 8;
	case 4:
		return root->claims + 256;
	case 5:
		return extmem_fake_pool_rec(0)->alloc;
	default:
		return fake.root;
	}
}

#define BAD_ADDRESSES	7

static void bad_pools_address(struct kunit *test)
{
	unsigned int nr, i;

	sample(test, &nr);
	for (i = 0; i < BAD_ADDRESSES + 1; i++) {
		struct extmem_map_ser *root = extmem_fake_root();

		root->pools = i < BAD_ADDRESSES ? bad_address(i) : root->claims;
		seal_root();
		expect_nothing(test, extmem_fake_boot(test), "page of records");
		extmem_fake_rewind();
	}
}

static void bad_claims_address(struct kunit *test)
{
	unsigned int nr, i;
	struct extmem_was *was;

	for (i = 0; i < BAD_ADDRESSES + 1; i++) {
		struct extmem_map_ser *root;

		was = sample(test, &nr);
		root = extmem_fake_root();
		root->claims = i < BAD_ADDRESSES ? bad_address(i) : root->pools;
		seal_root();
		EXTMEM_EXPECT_SOUND(test, extmem_fake_boot(test));
		expect_no_claims(test, was, nr);
		extmem_fake_exit(test);
		KUNIT_ASSERT_EQ(test, extmem_fake_init(test), 0);
	}
}

static void page_not_preserved(struct kunit *test)
{
	unsigned int nr;
	struct extmem_was *was = sample(test, &nr);

	extmem_fake_forget(extmem_fake_root()->pools);
	expect_nothing(test, extmem_fake_boot(test), "not preserved");
	extmem_fake_rewind();
	extmem_fake_forget(extmem_fake_root()->claims);
	EXTMEM_EXPECT_SOUND(test, extmem_fake_boot(test));
	expect_no_claims(test, was, nr);
}

/* A page that holds what another one should: an old copy, perhaps */
static void page_is_a_copy(struct kunit *test)
{
	void *spare = extmem_fake_ops.alloc(EXTMEM_MAP_PAGE);
	unsigned int nr;
	struct extmem_was *was;

	KUNIT_ASSERT_NOT_NULL(test, spare);
	was = sample(test, &nr);
	memcpy(spare, extmem_fake_at(extmem_fake_root()->pools), EXTMEM_MAP_PAGE);
	extmem_fake_root()->pools = virt_to_phys(spare);
	seal_root();
	expect_nothing(test, extmem_fake_boot(test), "not the one it should be");
	extmem_fake_rewind();
	memcpy(spare, extmem_fake_at(extmem_fake_root()->claims), EXTMEM_MAP_PAGE);
	extmem_fake_root()->claims = virt_to_phys(spare);
	seal_root();
	EXTMEM_EXPECT_SOUND(test, extmem_fake_boot(test));
	expect_no_claims(test, was, nr);
}

static struct extmem_page_ser *head(u64 pa)
{
	return extmem_fake_at(pa);
}

static void link_to(u64 pa, u64 next)
{
	head(pa)->next = next;
	extmem_crc_set(head(pa), sizeof(struct extmem_page_ser));
}

/* Tables whose pages go round in circles end, and cost no claim */
static void cycles(struct kunit *test)
{
	unsigned int nr, i;
	struct extmem_was *was = sample(test, &nr);
	struct extmem_map_ser *root;

	for (i = 0; i < 2; i++) {
		root = extmem_fake_root();
		link_to(root->claims, root->claims);
		root->claim_pages = i ? 5 : 2;
		seal_root();
		EXTMEM_EXPECT_SOUND(test, extmem_fake_boot(test));
		expect_all(test, was, nr);
		KUNIT_EXPECT_TRUE(test, extmem_note_seen(0, "page of claim records"));
		extmem_fake_rewind();
	}
	root = extmem_fake_root();
	link_to(root->pools, root->pools);
	root->pool_pages = 2;
	seal_root();
	KUNIT_EXPECT_NOT_NULL(test, extmem_fake_boot(test));
	expect_all(test, was, nr);
}

static const char *count_pool(const void *rec, void *arg)
{
	++*(unsigned int *)arg;
	return NULL;
}

/* Early boot walks the pools without being able to tell a page it has seen */
static void walk_ends(struct kunit *test)
{
	unsigned int nr, seen = 0;
	struct extmem_map_ser *root;

	sample(test, &nr);
	root = extmem_fake_root();
	EXTMEM_EXPECT_SOUND(test, extmem_walk_pools(&extmem_fake_ops, root, count_pool, &seen));
	KUNIT_EXPECT_EQ(test, seen, 2);

	link_to(root->pools, root->pools);
	root->pool_pages = U32_MAX;
	seal_root();
	expect_nothing(test, extmem_fake_boot(test), "impossible count");
	extmem_fake_rewind();
	root->nr_pools = U32_MAX;
	root->pool_pages = U32_MAX;
	seal_root();
	expect_nothing(test, extmem_fake_boot(test), "impossible count");
}

static void no_pool_pages(struct kunit *test)
{
	unsigned int nr;

	sample(test, &nr);
	extmem_fake_root()->pool_pages = 0;
	seal_root();
	expect_nothing(test, extmem_fake_boot(test), "wrong number of pool");
}

static void no_claim_pages(struct kunit *test)
{
	unsigned int nr;
	struct extmem_was *was = sample(test, &nr);

	extmem_fake_root()->claim_pages = 0;
	seal_root();
	EXTMEM_EXPECT_SOUND(test, extmem_fake_boot(test));
	expect_no_claims(test, was, nr);
}

/* More pages counted than there are: what is there is there */
static void counts_too_many(struct kunit *test)
{
	unsigned int nr;
	struct extmem_was *was = sample(test, &nr);
	struct extmem_map_ser *root = extmem_fake_root();

	root->pool_pages++;
	root->claim_pages++;
	seal_root();
	KUNIT_EXPECT_NOT_NULL(test, extmem_fake_boot(test));
	expect_all(test, was, nr);
	KUNIT_EXPECT_TRUE(test, extmem_note_seen(0, "page of claim records"));
}

/* The number of records is wrong, and the records are right */
static void count_of_records(struct kunit *test)
{
	unsigned int nr, i;
	struct extmem_was *was = sample(test, &nr);

	for (i = 0; i < 2; i++) {
		extmem_fake_root()->nr_records += i ? 1 : -1;
		seal_root();
		EXTMEM_EXPECT_SOUND(test, extmem_fake_boot(test));
		expect_all(test, was, nr);
		KUNIT_EXPECT_TRUE(test, extmem_note_seen(0, "wrong number of claim records"));
		extmem_fake_rewind();
	}
}

/* Of several pages of claims one in the middle is bad */
static void chain_breaks(struct kunit *test)
{
	struct extmem_pool *pool = extmem_fake_pool(0, GIB(4), GIB(1), false);
	unsigned int nr, i;
	struct extmem_was *was;

	for (i = 0; i < 3 * EXTMEM_PAGE_RECORDS; i++)
		extmem_fake_claim(pool, EXTMEM_ANYWHERE, MIB(2));
	was = extmem_remember(test, &nr);
	extmem_fake_kexec(test);
	head(head(extmem_fake_root()->claims)->next)->type ^= 1;
	EXTMEM_EXPECT_SOUND(test, extmem_fake_boot(test));
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());
	EXTMEM_EXPECT_SOUND(test, extmem_check_kept(was, nr));
	EXTMEM_EXPECT_SOUND(test, extmem_check_all_alive(was, EXTMEM_PAGE_RECORDS));
	KUNIT_EXPECT_EQ(test, extmem_quarantined(), 2 * EXTMEM_PAGE_RECORDS);
	/* the root is whole again: the page that was lost is no longer linked */
	extmem_fake_kexec(test);
	EXTMEM_EXPECT_SOUND(test, extmem_fake_boot(test));
	KUNIT_EXPECT_EQ(test, extmem_nr_notes(), 0);
	KUNIT_EXPECT_EQ(test, extmem_quarantined(), 2 * EXTMEM_PAGE_RECORDS);
}

static struct kunit_case damage_root_cases[] = {
	KUNIT_CASE(truncated),
	KUNIT_CASE(other_version),
	KUNIT_CASE(longer_header),
	KUNIT_CASE(wrong_header_size),
	KUNIT_CASE(wrong_sizes),
	KUNIT_CASE(unknown_compat),
	KUNIT_CASE(unknown_ro_compat),
	KUNIT_CASE(unknown_incompat),
	KUNIT_CASE(bad_pools_address),
	KUNIT_CASE(bad_claims_address),
	KUNIT_CASE(page_not_preserved),
	KUNIT_CASE(page_is_a_copy),
	KUNIT_CASE(cycles),
	KUNIT_CASE(walk_ends),
	KUNIT_CASE(no_pool_pages),
	KUNIT_CASE(no_claim_pages),
	KUNIT_CASE(counts_too_many),
	KUNIT_CASE(count_of_records),
	KUNIT_CASE(chain_breaks),
	{}
};

static struct kunit_suite damage_root_suite = {
	.name = "extmem_damage_root",
	.init = extmem_fake_init,
	.exit = extmem_fake_exit,
	.test_cases = damage_root_cases,
};

kunit_test_suite(damage_root_suite);
