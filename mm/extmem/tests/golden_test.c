// SPDX-License-Identifier: GPL-2.0
/*
 * The bytes of version 1 of the hand-over map. They are what other kernels
 * have written and will read: if this test fails, the code is wrong, not the
 * bytes below.
 *
 * The pool: node 1, 1 GiB at 4 GiB and 6 MiB at 6 GiB, all dirty. Claim 1 has
 * 10 MiB at 4 GiB, a name and an owner; claim 2 has five extents of 2 MiB from
 * 4 GiB + 16 MiB on, 4 MiB apart. What is left out below is zero; but where
 * pages are is up to the allocator, so their addresses, and checksums over
 * these, are filled in.
 */
#include <linux/unaligned.h>

#include "fake.h"

#define START	GIB(4)

static const u8 golden_root[128] = {
	[0] = 0x65, 0x78, 0x74, 0x6d, 0x65, 0x6d, 0x2d, 0x76,	/* compatible */
	0x31, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	[16] = 0x80, 0x00, 0x00, 0x00,				/* header_size */
	[20] = 0x00, 0x01, 0x00, 0x00,				/* record_size */
	[24] = 0x15, 0x00, 0x00, 0x00,				/* granule_shift */
	[28] = 0x16, 0x00, 0x00, 0x00,				/* dirty_shift */
	[56] = 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,	/* generation */
	[64] = 0x01, 0x00, 0x00, 0x00,				/* sealed */
	[68] = 0x01, 0x00, 0x00, 0x00,				/* nr_pools */
	[72] = 0x03, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,	/* next_id */
	[80] = 0x03, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,	/* nr_records */
	[104] = 0x01, 0x00, 0x00, 0x00,				/* pool_pages */
	[108] = 0x01, 0x00, 0x00, 0x00,				/* claim_pages */
};

static const u8 golden_pool_page[32] = {
	[16] = 0x70, 0x6f, 0x6f, 0x6c,				/* type */
};

static const u8 golden_claim_page[32] = {
	[16] = 0x63, 0x6c, 0x61, 0x6d,				/* type */
};

static const u8 golden_pool[256] = {
	[0] = 0x01, 0x00, 0x00, 0x00,				/* type */
	[4] = 0x01, 0x00, 0x00, 0x00,				/* node */
	[8] = 0x02, 0x00, 0x00, 0x00,				/* nr_ranges */
	[32] = 0xc0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,	/* alloc_bytes */
	[40] = 0x60, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,	/* dirty_bytes */
	[48] = 0x43, 0xca, 0xb7, 0x35, 0xd9, 0x72, 0xe2, 0x94,	/* alloc_sum */
	[56] = 0xbc, 0xa8, 0x48, 0x00, 0x80, 0x1a, 0x36, 0x05,	/* dirty_sum */
	[64] = 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00,	/* ranges[0].start */
	[72] = 0x00, 0x00, 0x00, 0x40, 0x00, 0x00, 0x00, 0x00,	/* ranges[0].size */
	[80] = 0x00, 0x00, 0x00, 0x80, 0x01, 0x00, 0x00, 0x00,	/* ranges[1].start */
	[88] = 0x00, 0x00, 0x60, 0x00, 0x00, 0x00, 0x00, 0x00,	/* ranges[1].size */
};

static const u8 golden_claim[256] = {
	[0] = 0x02, 0x00, 0x00, 0x00,				/* type */
	[4] = 0x57, 0x7e, 0x00, 0x00,				/* kind */
	[8] = 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,	/* id */
	[16] = 0x01, 0x00, 0x00, 0x00,				/* node */
	[20] = 0x01, 0x00, 0x00, 0x00,				/* nr_extents */
	[24] = 0x00, 0x00, 0xa0, 0x00, 0x00, 0x00, 0x00, 0x00,	/* size */
	[32] = 0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07,	/* uuid */
	0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f,
	[48] = 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,	/* data[0] */
	[56] = 0x16, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,	/* data[1] */
	[64] = 0x4d, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,	/* data[2] */
	[72] = 0x5c, 0x11, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,	/* data[3] */
	[80] = 0x67, 0x6f, 0x6c, 0x64, 0x65, 0x6e, 0x2d, 0x31,	/* name */
	[144] = 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00,	/* extents[0].start */
	[152] = 0x00, 0x00, 0xa0, 0x00, 0x00, 0x00, 0x00, 0x00,	/* extents[0].size */
	[212] = 0x45, 0x23, 0x01, 0x00,				/* uid */
	[216] = 0x89, 0x67, 0x00, 0x00,				/* gid */
	[220] = 0xa0, 0x01, 0x00, 0x00,				/* mode */
	[252] = 0xc9, 0x9d, 0xcd, 0xf1,				/* crc */
};

static const u8 golden_long[256] = {
	[0] = 0x02, 0x00, 0x00, 0x00,				/* type */
	[4] = 0x57, 0x7e, 0x00, 0x00,				/* kind */
	[8] = 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,	/* id */
	[16] = 0x01, 0x00, 0x00, 0x00,				/* node */
	[20] = 0x05, 0x00, 0x00, 0x00,				/* nr_extents */
	[24] = 0x00, 0x00, 0xa0, 0x00, 0x00, 0x00, 0x00, 0x00,	/* size */
	[32] = 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17,	/* uuid */
	0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f,
	[48] = 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,	/* data[0] */
	[56] = 0x16, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,	/* data[1] */
	[64] = 0x4d, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,	/* data[2] */
	[72] = 0x5c, 0x11, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,	/* data[3] */
	[144] = 0x00, 0x00, 0x00, 0x01, 0x01, 0x00, 0x00, 0x00,	/* extents[0].start */
	[152] = 0x00, 0x00, 0x20, 0x00, 0x00, 0x00, 0x00, 0x00,	/* extents[0].size */
	[160] = 0x00, 0x00, 0x40, 0x01, 0x01, 0x00, 0x00, 0x00,	/* extents[1].start */
	[168] = 0x00, 0x00, 0x20, 0x00, 0x00, 0x00, 0x00, 0x00,	/* extents[1].size */
	[176] = 0x00, 0x00, 0x80, 0x01, 0x01, 0x00, 0x00, 0x00,	/* extents[2].start */
	[184] = 0x00, 0x00, 0x20, 0x00, 0x00, 0x00, 0x00, 0x00,	/* extents[2].size */
	[192] = 0x00, 0x00, 0xc0, 0x01, 0x01, 0x00, 0x00, 0x00,	/* extents[3].start */
	[200] = 0x00, 0x00, 0x20, 0x00, 0x00, 0x00, 0x00, 0x00,	/* extents[3].size */
	[252] = 0xbe, 0x4c, 0x9e, 0x19,				/* crc */
};

static const u8 golden_more[256] = {
	[0] = 0x03, 0x00, 0x00, 0x00,				/* type */
	[4] = 0x04, 0x00, 0x00, 0x00,				/* first */
	[8] = 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,	/* id */
	[16] = 0x00, 0x00, 0x00, 0x02, 0x01, 0x00, 0x00, 0x00,	/* extents[0].start */
	[24] = 0x00, 0x00, 0x20, 0x00, 0x00, 0x00, 0x00, 0x00,	/* extents[0].size */
	[252] = 0x63, 0x00, 0x9e, 0x35,				/* crc */
};

/* A bad page of claim 1, which has no place in the map of the other tests */
static const u8 golden_poison[256] = {
	[0] = 0x04, 0x00, 0x00, 0x00,				/* type */
	[4] = 0x01, 0x00, 0x00, 0x00,				/* node */
	[8] = 0x00, 0x00, 0x60, 0x00, 0x01, 0x00, 0x00, 0x00,	/* start */
	[16] = 0x21, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,	/* bad[0] */
	[72] = 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x80,	/* bad[7] */
};

/* The same granule with its page 6 retired as well */
static const u8 golden_retired[8] = {
	[0] = 0x40, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,	/* retired[0], at 80 */
};

/* Granules 0-4, 8, 10, 12, 14, 16; the guard gig; all of the last but 3 */
static const u8 golden_alloc[192] = {
	[0] = 0x1f, 0x55, 0x01,
	[64 ... 127] = 0xff,
	[128] = 0xf8,
	[129 ... 191] = 0xff,
};

/* Units 0 and 1 are settled; unit 2 isn't: granule 5 is free */
static const u8 golden_dirty[96] = {
	[0] = 0xfc,
	[1 ... 31] = 0xff,
	[64] = 0x03,
};

static const struct extmem_owner golden_owner = {
	.uid = KUIDT_INIT(0x12345),
	.gid = KGIDT_INIT(0x6789),
	.mode = 0640,
};

static u8 *copy(struct kunit *test, const u8 *golden, size_t bytes)
{
	u8 *bin = kunit_kmalloc(test, bytes, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, bin);
	return memcpy(bin, golden, bytes);
}

/* CRC-32C bit by bit, without the kernel's help */
static u32 slow_crc(const u8 *byte, size_t bytes)
{
	u32 crc = 0xffffffff;
	int i;

	while (bytes--) {
		crc ^= *byte++;
		for (i = 0; i < 8; i++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
	}
	return crc;
}

static void fill_crc(void *bin, size_t bytes)
{
	put_unaligned_le32(slow_crc(bin, bytes - 4), bin + bytes - 4);
}

static void fill(void *bin, size_t offset, const void *page)
{
	put_unaligned_le64(virt_to_phys((void *)page), bin + offset);
}

/* Where all pages of the map are */
struct golden {
	u8 *root;
	u8 *pools;
	u8 *claims;
	u8 *alloc;
	u8 *dirty;
};

static void *golden_bin_root(struct kunit *test, const struct golden *g)
{
	u8 *bin = copy(test, golden_root, 128);

	fill(bin, 88, g->pools);
	fill(bin, 96, g->claims);
	fill_crc(bin, 128);
	return bin;
}

static void *golden_bin_head(struct kunit *test, const u8 *head, const u8 *page)
{
	u8 *bin = copy(test, head, 32);

	fill(bin, 8, page);
	fill_crc(bin, 32);
	return bin;
}

static void *golden_bin_pool(struct kunit *test, const struct golden *g)
{
	u8 *bin = copy(test, golden_pool, 256);

	fill(bin, 16, g->alloc);
	fill(bin, 24, g->dirty);
	fill_crc(bin, 256);
	return bin;
}

static void set_uuid(struct extmem_claim *claim, u8 first)
{
	struct extmem_claim_ser *ser = claim->rec.claim;
	unsigned int i;

	for (i = 0; i < sizeof(ser->uuid); i++)
		ser->uuid[i] = first + i;
	extmem_crc_set(ser, EXTMEM_RECORD);
}

/* The map as this kernel writes it */
static struct golden write_map(struct kunit *test)
{
	const struct range range[] = {
		DEFINE_RANGE(START, START + GIB(1) - 1),
		DEFINE_RANGE(GIB(6), GIB(6) + MIB(6) - 1),
	};
	struct extmem_pool *pool;
	struct extmem_claim *claim;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, extmem_pool_add(&fake.map, 1, range, 2, true), 0);
	pool = extmem_pool_find(&fake.map, 1);
	claim = extmem_fake_claim(pool, START, MIB(10));
	KUNIT_ASSERT_EQ(test, extmem_claim_set_name(claim, "golden-1"), 0);
	KUNIT_ASSERT_EQ(test, extmem_claim_set_owner(claim, &golden_owner), 0);
	set_uuid(claim, 0x00);
	claim = extmem_fake_claim(pool, START + MIB(16), MIB(2));
	for (i = 1; i < 5; i++)
		KUNIT_ASSERT_EQ(test, extmem_claim_grow(claim, START + MIB(16 + 4 * i),
							MIB(2), EXTMEM_GRANULE), 0);
	set_uuid(claim, 0x10);
	extmem_map_freeze(&fake.map);
	return (struct golden) {
		.root = (u8 *)fake.map.ser,
		.pools = extmem_fake_at(fake.map.ser->pools),
		.claims = extmem_fake_at(fake.map.ser->claims),
		.alloc = (u8 *)pool->space.alloc,
		.dirty = (u8 *)pool->space.dirty,
	};
}

static void golden_write(struct kunit *test)
{
	struct golden g = write_map(test);

	KUNIT_EXPECT_MEMEQ(test, g.root, golden_bin_root(test, &g), 128);
	KUNIT_EXPECT_MEMEQ(test, g.pools,
			   golden_bin_head(test, golden_pool_page, g.pools), 32);
	KUNIT_EXPECT_MEMEQ(test, g.pools + 256, golden_bin_pool(test, &g), 256);
	KUNIT_EXPECT_MEMEQ(test, g.claims,
			   golden_bin_head(test, golden_claim_page, g.claims), 32);
	KUNIT_EXPECT_MEMEQ(test, g.claims + 256, golden_claim, 256);
	KUNIT_EXPECT_MEMEQ(test, g.claims + 512, golden_long, 256);
	KUNIT_EXPECT_MEMEQ(test, g.claims + 768, golden_more, 256);
	KUNIT_EXPECT_MEMEQ(test, g.alloc, golden_alloc, 192);
	KUNIT_EXPECT_MEMEQ(test, g.dirty, golden_dirty, 96);
}

/* What isn't named above is zero */
static void golden_rest_is_zero(struct kunit *test)
{
	struct golden g = write_map(test);

	KUNIT_EXPECT_NULL(test, memchr_inv(g.root + 128, 0, 4096 - 128));
	KUNIT_EXPECT_NULL(test, memchr_inv(g.pools + 32, 0, 256 - 32));
	KUNIT_EXPECT_NULL(test, memchr_inv(g.pools + 512, 0, 4096 - 512));
	KUNIT_EXPECT_NULL(test, memchr_inv(g.claims + 32, 0, 256 - 32));
	KUNIT_EXPECT_NULL(test, memchr_inv(g.claims + 1024, 0, 4096 - 1024));
}

/* The map as a former kernel wrote it, none of whose code is needed here */
static void golden_read(struct kunit *test)
{
	const struct extmem_map_ops *ops = &extmem_fake_ops;
	struct golden g = {
		.root = ops->alloc(4096),
		.pools = ops->alloc(4096),
		.claims = ops->alloc(4096),
		.alloc = ops->alloc(192),
		.dirty = ops->alloc(96),
	};
	char name[EXTMEM_NAME_MAX + 1];
	struct extmem_owner owner;
	struct extmem_claim *claim;
	struct extmem_pool *pool;

	memcpy(g.root, golden_bin_root(test, &g), 128);
	memcpy(g.pools, golden_bin_head(test, golden_pool_page, g.pools), 32);
	memcpy(g.pools + 256, golden_bin_pool(test, &g), 256);
	memcpy(g.claims, golden_bin_head(test, golden_claim_page, g.claims), 32);
	memcpy(g.claims + 256, golden_claim, 256);
	memcpy(g.claims + 512, golden_long, 256);
	memcpy(g.claims + 768, golden_more, 256);
	memcpy(g.alloc, golden_alloc, 192);
	memcpy(g.dirty, golden_dirty, 96);
	extmem_fake_kexec(test);
	fake.root = virt_to_phys(g.root);

	EXTMEM_EXPECT_SOUND(test, extmem_fake_boot(test));
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());
	KUNIT_EXPECT_EQ(test, fake.map.ser->generation, 2);
	pool = extmem_pool_find(&fake.map, 1);
	KUNIT_ASSERT_NOT_NULL(test, pool);
	KUNIT_EXPECT_EQ(test, pool->nr_notes, 0);
	KUNIT_EXPECT_EQ(test, pool->nr_claims, 2);
	KUNIT_EXPECT_EQ(test, extmem_pool_available(pool), GIB(1) + MIB(6) - MIB(20));
	KUNIT_EXPECT_EQ(test, extmem_dirty_count(&pool->space), 512 + 3 - 10);
	claim = extmem_fake_find(1);
	KUNIT_ASSERT_NOT_NULL(test, claim);
	extmem_claim_name(claim, name);
	KUNIT_EXPECT_STREQ(test, name, "golden-1");
	extmem_claim_owner(claim, &owner);
	KUNIT_EXPECT_TRUE(test, uid_eq(owner.uid, golden_owner.uid));
	KUNIT_EXPECT_TRUE(test, gid_eq(owner.gid, golden_owner.gid));
	KUNIT_EXPECT_EQ(test, owner.mode, golden_owner.mode);
	KUNIT_EXPECT_TRUE(test, extmem_claim_persist(claim));
	claim = extmem_fake_find(2);
	KUNIT_ASSERT_NOT_NULL(test, claim);
	KUNIT_EXPECT_EQ(test, extmem_claim_nr_extents(claim), 5);
	KUNIT_EXPECT_EQ(test, extmem_claim_extent(claim, 4).start, START + MIB(32));
	KUNIT_EXPECT_EQ(test, extmem_claim_data(claim, 3), 4444);
}

/* Claim 1, which is not to persist, in a session of the kernel of generation 1 */
static u8 *golden_bin_preserved(struct kunit *test)
{
	u8 *bin = copy(test, golden_claim, 256);

	bin[208] = 0x02;	/* flags */
	bin[224] = 0x01;	/* preserved */
	fill_crc(bin, 256);
	return bin;
}

static void golden_write_preserved(struct kunit *test)
{
	struct golden g = write_map(test);
	struct extmem_claim *claim = extmem_fake_find(1);

	fake.map.frozen = false;
	KUNIT_ASSERT_EQ(test, extmem_claim_set_persist(claim, false), 0);
	KUNIT_ASSERT_EQ(test, extmem_claim_preserve(claim), 0);
	KUNIT_EXPECT_MEMEQ(test, g.claims + 256, golden_bin_preserved(test), 256);
}

static void golden_read_preserved(struct kunit *test)
{
	struct extmem_claim *claim;

	write_map(test);
	extmem_fake_kexec(test);
	memcpy(extmem_fake_rec(0), golden_bin_preserved(test), 256);
	EXTMEM_EXPECT_SOUND(test, extmem_fake_boot(test));
	claim = extmem_fake_find(1);
	KUNIT_ASSERT_NOT_NULL(test, claim);
	KUNIT_EXPECT_EQ(test, extmem_claim_session(claim), EXTMEM_SESSION_INCOMING);
	KUNIT_EXPECT_FALSE(test, extmem_claim_persist(claim));
}

static u8 *golden_bin_poison(struct kunit *test)
{
	u8 *bin = copy(test, golden_poison, 256);

	fill_crc(bin, 256);
	return bin;
}

/* Pages 0, 5 and 511 of a granule */
static void golden_write_poison(struct kunit *test)
{
	u64 granule = START + MIB(6);
	u8 *claims;

	extmem_fake_pool(1, START, GIB(1), true);
	extmem_fake_claim(extmem_pool_find(&fake.map, 1), START, MIB(10));
	KUNIT_ASSERT_EQ(test, extmem_fake_hit(granule + 511 * SZ_4K), 0);
	KUNIT_ASSERT_EQ(test, extmem_fake_hit(granule), 0);
	KUNIT_ASSERT_EQ(test, extmem_fake_hit(granule + 5 * SZ_4K), 0);
	claims = extmem_fake_at(fake.map.ser->claims);
	KUNIT_EXPECT_MEMEQ(test, claims + 512, golden_bin_poison(test), 256);
}

static void golden_read_poison(struct kunit *test)
{
	u64 granule = START + MIB(6);

	extmem_fake_pool(1, START, GIB(1), true);
	extmem_fake_claim(extmem_pool_find(&fake.map, 1), START, MIB(10));
	extmem_fake_kexec(test);
	memcpy(extmem_fake_rec(1), golden_bin_poison(test), 256);
	extmem_fake_root()->nr_records = 2;
	fill_crc(extmem_fake_root(), 128);

	EXTMEM_EXPECT_SOUND(test, extmem_fake_boot(test));
	EXTMEM_EXPECT_SOUND(test, extmem_check_map());
	KUNIT_EXPECT_EQ(test, extmem_nr_notes(), 0);
	KUNIT_EXPECT_EQ(test, fake.map.nr_poisoned, 3);
	KUNIT_EXPECT_TRUE(test, extmem_map_poisoned(&fake.map, granule, SZ_4K));
	KUNIT_EXPECT_TRUE(test, extmem_map_poisoned(&fake.map, granule + 5 * SZ_4K, SZ_4K));
	KUNIT_EXPECT_TRUE(test, extmem_map_poisoned(&fake.map, granule + 511 * SZ_4K, SZ_4K));
}

static void golden_write_retired(struct kunit *test)
{
	u8 *bin = copy(test, golden_poison, 256);
	u8 *root = extmem_fake_at(virt_to_phys(fake.map.ser));
	u64 granule = START + MIB(6), id;
	u8 *claims;

	extmem_fake_pool(1, START, GIB(1), true);
	extmem_fake_claim(extmem_pool_find(&fake.map, 1), START, MIB(10));
	KUNIT_EXPECT_EQ(test, root[32], 0);		/* compat */
	KUNIT_ASSERT_EQ(test, extmem_fake_hit(granule), 0);
	KUNIT_ASSERT_EQ(test, extmem_fake_hit(granule + 5 * SZ_4K), 0);
	KUNIT_ASSERT_EQ(test, extmem_fake_hit(granule + 511 * SZ_4K), 0);
	KUNIT_ASSERT_EQ(test, extmem_retire_add(&fake.map, granule + 6 * SZ_4K, &id), 0);
	KUNIT_EXPECT_EQ(test, root[32], 1);
	memcpy(bin + 80, golden_retired, sizeof(golden_retired));
	fill_crc(bin, 256);
	claims = extmem_fake_at(fake.map.ser->claims);
	KUNIT_EXPECT_MEMEQ(test, claims + 512, bin, 256);
}

static struct kunit_case golden_cases[] = {
	KUNIT_CASE(golden_write),
	KUNIT_CASE(golden_rest_is_zero),
	KUNIT_CASE(golden_read),
	KUNIT_CASE(golden_write_preserved),
	KUNIT_CASE(golden_read_preserved),
	KUNIT_CASE(golden_write_poison),
	KUNIT_CASE(golden_read_poison),
	KUNIT_CASE(golden_write_retired),
	{}
};

static struct kunit_suite golden_suite = {
	.name = "extmem_golden",
	.init = extmem_fake_init,
	.exit = extmem_fake_exit,
	.test_cases = golden_cases,
};

kunit_test_suite(golden_suite);
