// SPDX-License-Identifier: GPL-2.0
/*
 * The bytes of version 1 of the hand-over map. They are what other kernels
 * have written and will read: if this test fails, the code is wrong, not the
 * bytes below.
 *
 * The pool: node 1, 1 GiB at 4 GiB and 6 MiB at 6 GiB, all dirty. Claim 1 has
 * 10 MiB at 4 GiB; claim 2 has five extents of 2 MiB from 4 GiB + 16 MiB on,
 * 4 MiB apart. Where pages are is up to the allocator, so addresses of pages,
 * and checksums over them, are filled in.
 */
#include <linux/hex.h>
#include <linux/unaligned.h>

#include "fake.h"

#define START	GIB(4)

static const char golden_root[] =
	"6578746d656d2d763100000000000000"	/* compatible */
	"80000000" "00010000"			/* header_size, record_size */
	"15000000" "16000000"			/* granule_shift, dirty_shift */
	"0000000000000000"			/* compat */
	"0000000000000000"			/* ro_compat */
	"0000000000000000"			/* incompat */
	"0100000000000000"			/* generation */
	"01000000" "01000000"			/* sealed, nr_pools */
	"0300000000000000"			/* next_id */
	"0300000000000000"			/* nr_records */
	"0000000000000000"			/* pools: an address */
	"0000000000000000"			/* claims: an address */
	"01000000" "01000000"			/* pool_pages, claim_pages */
	"000000000000000000000000"		/* reserved */
	"00000000";				/* crc: of addresses too */

static const char golden_pool_page[] =
	"0000000000000000"			/* next */
	"0000000000000000"			/* self: an address */
	"706f6f6c"				/* type */
	"0000000000000000"			/* reserved */
	"00000000";				/* crc: of addresses too */

static const char golden_claim_page[] =
	"0000000000000000"			/* next */
	"0000000000000000"			/* self: an address */
	"636c616d"				/* type */
	"0000000000000000"			/* reserved */
	"00000000";				/* crc: of addresses too */

static const char golden_pool[] =
	"01000000" "01000000"			/* type, node */
	"02000000" "00000000"			/* nr_ranges, reserved0 */
	"0000000000000000"			/* alloc: an address */
	"0000000000000000"			/* dirty: an address */
	"c000000000000000"			/* alloc_bytes */
	"6000000000000000"			/* dirty_bytes */
	"43cab735d972e294"			/* alloc_sum */
	"bca84800801a3605"			/* dirty_sum */
	"0000000001000000" "0000004000000000"	/* ranges[0] */
	"0000008001000000" "0000600000000000"	/* ranges[1] */
	"00000000000000000000000000000000"
	"00000000000000000000000000000000"
	"00000000000000000000000000000000"
	"00000000000000000000000000000000"
	"00000000000000000000000000000000"
	"00000000000000000000000000000000"
	"00000000000000000000000000000000"	/* reserved */
	"00000000000000000000000000000000"
	"00000000000000000000000000000000"
	"000000000000000000000000"
	"00000000";				/* crc: of addresses too */

static const char golden_claim[] =
	"02000000" "577e0000"			/* type, kind */
	"0100000000000000"			/* id */
	"01000000" "01000000"			/* node, nr_extents */
	"0000a00000000000"			/* size */
	"000102030405060708090a0b0c0d0e0f"	/* uuid */
	"0100000000000000" "1600000000000000"	/* data */
	"4d01000000000000" "5c11000000000000"
	"00000000000000000000000000000000"	/* name */
	"00000000000000000000000000000000"
	"00000000000000000000000000000000"
	"00000000000000000000000000000000"
	"0000000001000000" "0000a00000000000"	/* extents[0] */
	"0000000000000000" "0000000000000000"
	"0000000000000000" "0000000000000000"
	"0000000000000000" "0000000000000000"
	"00000000"				/* flags */
	"0000000000000000000000000000000000000000"	/* reserved */
	"0000000000000000000000000000000000000000"
	"f10ca4e3";				/* crc */

static const char golden_long[] =
	"02000000" "577e0000"			/* type, kind */
	"0200000000000000"			/* id */
	"01000000" "05000000"			/* node, nr_extents */
	"0000a00000000000"			/* size */
	"101112131415161718191a1b1c1d1e1f"	/* uuid */
	"0100000000000000" "1600000000000000"	/* data */
	"4d01000000000000" "5c11000000000000"
	"00000000000000000000000000000000"	/* name */
	"00000000000000000000000000000000"
	"00000000000000000000000000000000"
	"00000000000000000000000000000000"
	"0000000101000000" "0000200000000000"	/* extents[0] */
	"0000400101000000" "0000200000000000"
	"0000800101000000" "0000200000000000"
	"0000c00101000000" "0000200000000000"
	"00000000"				/* flags */
	"0000000000000000000000000000000000000000"	/* reserved */
	"0000000000000000000000000000000000000000"
	"be4c9e19";				/* crc */

static const char golden_more[] =
	"03000000" "04000000"			/* type, first */
	"0200000000000000"			/* id */
	"0000000201000000" "0000200000000000"	/* extents[0] */
	"0000000000000000" "0000000000000000"
	"0000000000000000" "0000000000000000"
	"0000000000000000" "0000000000000000"
	"0000000000000000" "0000000000000000"
	"0000000000000000" "0000000000000000"
	"0000000000000000" "0000000000000000"
	"0000000000000000" "0000000000000000"
	"0000000000000000" "0000000000000000"
	"0000000000000000" "0000000000000000"
	"0000000000000000" "0000000000000000"
	"0000000000000000" "0000000000000000"
	"0000000000000000" "0000000000000000"
	"0000000000000000" "0000000000000000"
	"000000000000000000000000"		/* reserved */
	"63009e35";				/* crc */

/* Granules 0-4, 8, 10, 12, 14, 16; the guard gig; all of the last but 3 */
static const char golden_alloc[] =
	"1f550100000000000000000000000000" "00000000000000000000000000000000"
	"00000000000000000000000000000000" "00000000000000000000000000000000"
	"ffffffffffffffffffffffffffffffff" "ffffffffffffffffffffffffffffffff"
	"ffffffffffffffffffffffffffffffff" "ffffffffffffffffffffffffffffffff"
	"f8ffffffffffffffffffffffffffffff" "ffffffffffffffffffffffffffffffff"
	"ffffffffffffffffffffffffffffffff" "ffffffffffffffffffffffffffffffff";

/* Units 0 and 1 are settled; unit 2 isn't: granule 5 is free */
static const char golden_dirty[] =
	"fcffffffffffffffffffffffffffffff" "ffffffffffffffffffffffffffffffff"
	"00000000000000000000000000000000" "00000000000000000000000000000000"
	"03000000000000000000000000000000" "00000000000000000000000000000000";

static void *at_hex(struct kunit *test, const char *hex)
{
	size_t bytes = strlen(hex) / 2;
	u8 *bin = kunit_kmalloc(test, bytes, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, bin);
	KUNIT_ASSERT_EQ(test, hex2bin(bin, hex, bytes), 0);
	return bin;
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

/**
 * struct golden - all pages of the map.
 * @root: and so on: where they are
 */
struct golden {
	u8 *root;
	u8 *pools;
	u8 *claims;
	u8 *alloc;
	u8 *dirty;
};

static void *golden_bin_root(struct kunit *test, const struct golden *g)
{
	u8 *bin = at_hex(test, golden_root);

	fill(bin, 88, g->pools);
	fill(bin, 96, g->claims);
	fill_crc(bin, 128);
	return bin;
}

static void *golden_bin_head(struct kunit *test, const char *hex, const u8 *page)
{
	u8 *bin = at_hex(test, hex);

	fill(bin, 8, page);
	fill_crc(bin, 32);
	return bin;
}

static void *golden_bin_pool(struct kunit *test, const struct golden *g)
{
	u8 *bin = at_hex(test, golden_pool);

	fill(bin, 16, g->alloc);
	fill(bin, 24, g->dirty);
	fill_crc(bin, 256);
	return bin;
}

static void set_uuid(struct extmem_claim *claim, u8 first)
{
	struct extmem_claim_ser *ser = extmem_claim_ser(claim);
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
	set_uuid(extmem_fake_claim(pool, START, MIB(10)), 0x00);
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
	KUNIT_EXPECT_MEMEQ(test, g.claims + 256, at_hex(test, golden_claim), 256);
	KUNIT_EXPECT_MEMEQ(test, g.claims + 512, at_hex(test, golden_long), 256);
	KUNIT_EXPECT_MEMEQ(test, g.claims + 768, at_hex(test, golden_more), 256);
	KUNIT_EXPECT_MEMEQ(test, g.alloc, at_hex(test, golden_alloc), 192);
	KUNIT_EXPECT_MEMEQ(test, g.dirty, at_hex(test, golden_dirty), 96);
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
	struct extmem_claim *claim;
	struct extmem_pool *pool;

	memcpy(g.root, golden_bin_root(test, &g), 128);
	memcpy(g.pools, golden_bin_head(test, golden_pool_page, g.pools), 32);
	memcpy(g.pools + 256, golden_bin_pool(test, &g), 256);
	memcpy(g.claims, golden_bin_head(test, golden_claim_page, g.claims), 32);
	memcpy(g.claims + 256, at_hex(test, golden_claim), 256);
	memcpy(g.claims + 512, at_hex(test, golden_long), 256);
	memcpy(g.claims + 768, at_hex(test, golden_more), 256);
	memcpy(g.alloc, at_hex(test, golden_alloc), 192);
	memcpy(g.dirty, at_hex(test, golden_dirty), 96);
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
	claim = extmem_fake_find(2);
	KUNIT_ASSERT_NOT_NULL(test, claim);
	KUNIT_EXPECT_EQ(test, extmem_claim_nr_extents(claim), 5);
	KUNIT_EXPECT_EQ(test, extmem_claim_extent(claim, 4).start, START + MIB(32));
	KUNIT_EXPECT_EQ(test, extmem_claim_data(claim, 3), 4444);
}

static struct kunit_case golden_cases[] = {
	KUNIT_CASE(golden_write),
	KUNIT_CASE(golden_rest_is_zero),
	KUNIT_CASE(golden_read),
	{}
};

static struct kunit_suite golden_suite = {
	.name = "extmem_golden",
	.init = extmem_fake_init,
	.exit = extmem_fake_exit,
	.test_cases = golden_cases,
};

kunit_test_suite(golden_suite);
