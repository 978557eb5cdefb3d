// SPDX-License-Identifier: GPL-2.0
/*
 * The book and the heads of granules as they cross a kexec. The bytes below are what
 * other kernels have written and will read: if the test fails, the code is wrong, not
 * they. Where pages are is up to the allocator, so addresses, and checksums over them,
 * are filled in. And nothing that is damaged may be believed.
 *
 * The book: one page in the next kernel's hands, a unit, a device of it, the claim that
 * the device reaches, a device that is blocked. The granule: its head, the page of the
 * book, four pages of domain 16 in one piece.
 */
#include <kunit/test.h>

#include <linux/gfp.h>
#include <linux/prandom.h>
#include <linux/slab.h>
#include <linux/unaligned.h>

#include "book.h"

#define HEAD_SIZE	sizeof(struct extmem_iommu_head_ser)

static const u8 golden_head[HEAD_SIZE] = {
	[0] = 0x65, 0x78, 0x74, 0x6d, 0x65, 0x6d, 0x2d, 0x69,	/* compatible */
	0x6f, 0x6d, 0x6d, 0x75, 0x2d, 0x76, 0x31, 0x00,
	[32] = 0xe0,						/* cont: 5 to 7 */
	[96] = 0x01, 0x00,					/* tag[0]: head */
	[98] = 0x02, 0x00,					/* tag[1]: book */
	[104] = 0x10, 0x00, 0x10, 0x00, 0x10, 0x00, 0x10, 0x00,	/* tag[4] to [7] */
};

static const u8 golden_book[PAGE_SIZE] = {
	[0] = 0x01, 0x00, 0x00, 0x00,				/* unit: type */
	[4] = 0x01, 0x00, 0x00, 0x00,				/* flags */
	[8] = 0x00, 0x00, 0xd9, 0xfe, 0x00, 0x00, 0x00, 0x00,	/* regs */
	[16] = 0x00, 0x30, 0x20, 0x40, 0x01, 0x00, 0x00, 0x00,	/* root */
	[24] = 0x02, 0x00, 0x00, 0x00,				/* segment */
	[64] = 0x02, 0x00, 0x00, 0x00,				/* device: type */
	[68] = 0x08, 0x01,					/* rid */
	[70] = 0x45, 0x23,					/* did */
	[72] = 0x00, 0x00, 0xd9, 0xfe, 0x00, 0x00, 0x00, 0x00,	/* regs */
	[80] = 0x01, 0x50, 0x20, 0x40, 0x01, 0x00, 0x00, 0x00,	/* context[0] */
	[88] = 0x02, 0x45, 0x23, 0x00, 0x00, 0x00, 0x00, 0x00,	/* context[1] */
	[96] = 0x00, 0x60, 0x20, 0x40, 0x01, 0x00, 0x00, 0x00,	/* pasid_table */
	[104] = 0x10, 0x00,					/* tag */
	[128] = 0x03, 0x00, 0x00, 0x00,				/* claim: type */
	[132] = 0x10, 0x00,					/* tag */
	[136] = 0x07, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,	/* id */
	[192] = 0x04, 0x00, 0x00, 0x00,				/* blocked: type */
	[196] = 0x00, 0x01,					/* rid */
	[200] = 0x00, 0x00, 0xd9, 0xfe, 0x00, 0x00, 0x00, 0x00,	/* regs */
	[4048] = 0x04, 0x00, 0x00, 0x00,			/* nr */
};

static const union extmem_iommu_rec_ser recs[] = {
	{
		.unit = {
			.type = EXTMEM_IOMMU_REC_UNIT,
			.flags = EXTMEM_IOMMU_SCALABLE,
			.regs = 0xfed90000,
			.root = 0x140203000,
			.segment = 2,
		},
	}, {
		.device = {
			.type = EXTMEM_IOMMU_REC_DEVICE,
			.rid = 0x108,
			.did = 0x2345,
			.regs = 0xfed90000,
			.context = { 0x140205001, 0x234502 },
			.pasid_table = 0x140206000,
			.tag = EXTMEM_IOMMU_TAG_DOMAIN,
		},
	}, {
		.claim = {
			.type = EXTMEM_IOMMU_REC_CLAIM,
			.tag = EXTMEM_IOMMU_TAG_DOMAIN,
			.id = 7,
		},
	}, {
		.blocked = {
			.type = EXTMEM_IOMMU_REC_BLOCKED,
			.rid = 0x100,
			.regs = 0xfed90000,
		},
	},
};

/* Ordinary memory stands in for a granule, as if a pool had it */
static struct {
	struct iop_pool pool;
	struct iop_granule granule;
	void *domain;
	struct extmem_iommu_book_ser *book;
} fake;

static bool book_is_sound(void)
{
	return iop_book_open() == IOP_BOOK_SOUND;
}

static u8 *head(void)
{
	return (u8 *)fake.granule.head;
}

static int book_test_init(struct kunit *test)
{
	struct page *pages;

	memset(&fake, 0, sizeof(fake));
	/* Not on a machine that has tables of its own in a pool */
	KUNIT_ASSERT_TRUE(test, list_empty(&iop_pools));
	pages = alloc_pages(GFP_KERNEL | __GFP_ZERO, get_order(EXTMEM_GRANULE));
	KUNIT_ASSERT_NOT_NULL(test, pages);
	fake.granule.pool = &fake.pool;
	fake.granule.head = page_address(pages);
	fake.granule.pa = page_to_phys(pages);
	fake.granule.desc = kunit_kcalloc(test, EXTMEM_IOMMU_PAGES,
					  sizeof(*fake.granule.desc), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, fake.granule.desc);
	iop_head_init(fake.granule.head, fake.granule.pa);
	INIT_LIST_HEAD(&fake.pool.granules);
	list_add(&fake.pool.list, &iop_pools);
	KUNIT_ASSERT_EQ(test, iop_granule_add(&fake.granule, GFP_KERNEL), 0);
	return 0;
}

static void book_test_exit(struct kunit *test)
{
	if (!fake.pool.list.next)
		return;
	iop_book_free();
	list_del(&fake.pool.list);
	iop_granule_del(&fake.granule);
	free_pages((unsigned long)fake.granule.head, get_order(EXTMEM_GRANULE));
}

/* A kernel stops */
static void write_book(struct kunit *test)
{
	unsigned int i;

	fake.domain = iop_pages_alloc(&fake.pool, EXTMEM_IOMMU_TAG_DOMAIN, 2, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, fake.domain);
	KUNIT_ASSERT_EQ(test, iop_book_grow(&fake.pool), 0);
	iop_book_begin();
	for (i = 0; i < ARRAY_SIZE(recs); i++)
		iop_book_add(&recs[i]);
	iop_seal();
	fake.book = phys_to_virt(fake.granule.head->book);
}

/* CRC-32C bit by bit, without the kernel's help */
static void fill_crc(u8 *bin, size_t bytes)
{
	u32 crc = 0xffffffff;
	size_t i;
	int bit;

	for (i = 0; i < bytes - 4; i++) {
		crc ^= bin[i];
		for (bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
	}
	put_unaligned_le32(crc, bin + bytes - 4);
}

static void golden_write(struct kunit *test)
{
	u8 *bin = kunit_kmalloc(test, PAGE_SIZE, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, bin);
	write_book(test);
	KUNIT_ASSERT_PTR_EQ(test, (u8 *)fake.book, head() + PAGE_SIZE);
	memcpy(bin, golden_book, PAGE_SIZE);
	put_unaligned_le64(fake.granule.pa + PAGE_SIZE, bin + 4032);
	fill_crc(bin, PAGE_SIZE);
	KUNIT_EXPECT_MEMEQ(test, (u8 *)fake.book, bin, PAGE_SIZE);

	memcpy(bin, golden_head, HEAD_SIZE);
	put_unaligned_le64(fake.granule.pa, bin + 16);
	put_unaligned_le64(fake.granule.pa + PAGE_SIZE, bin + 24);
	fill_crc(bin, HEAD_SIZE);
	KUNIT_EXPECT_MEMEQ(test, head(), bin, HEAD_SIZE);
}

static int compare(union extmem_iommu_rec_ser *rec, void *arg)
{
	unsigned int *nr = arg;

	if (*nr >= ARRAY_SIZE(recs) || memcmp(rec, &recs[*nr], sizeof(*rec)))
		return -EINVAL;
	++*nr;
	return 0;
}

/* What a former kernel wrote is read, once */
static void golden_read(struct kunit *test)
{
	u8 *page = head() + PAGE_SIZE;
	unsigned int nr = 0;

	write_book(test);
	iop_book_free();
	memcpy(page, golden_book, PAGE_SIZE);
	put_unaligned_le64(fake.granule.pa + PAGE_SIZE, page + 4032);
	fill_crc(page, PAGE_SIZE);
	memcpy(head(), golden_head, HEAD_SIZE);
	put_unaligned_le64(fake.granule.pa, head() + 16);
	put_unaligned_le64(fake.granule.pa + PAGE_SIZE, head() + 24);
	fill_crc(head(), HEAD_SIZE);

	KUNIT_ASSERT_TRUE(test, book_is_sound());
	KUNIT_EXPECT_EQ(test, iop_book_each(compare, &nr), 0);
	KUNIT_EXPECT_EQ(test, nr, ARRAY_SIZE(recs));
	iop_book_close();
	KUNIT_EXPECT_EQ(test, iop_book_open(), IOP_BOOK_NONE);
}

/* The granule's head and the book as they were sealed */
struct sealed {
	u8 head[HEAD_SIZE];
	u8 book[PAGE_SIZE];
};

static struct sealed *sealed(struct kunit *test)
{
	struct sealed *was = kunit_kmalloc(test, sizeof(*was), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, was);
	write_book(test);
	memcpy(was->head, fake.granule.head, HEAD_SIZE);
	memcpy(was->book, fake.book, PAGE_SIZE);
	return was;
}

static void restore(const struct sealed *was)
{
	memcpy(fake.granule.head, was->head, HEAD_SIZE);
	memcpy(fake.book, was->book, PAGE_SIZE);
}

/* A bit of each byte: what a checksum doesn't tell is not in these structures */
static void flipped(struct kunit *test)
{
	struct sealed *was = sealed(test);
	unsigned int i;

	for (i = 0; i < HEAD_SIZE; i++) {
		restore(was);
		head()[i] ^= BIT(i % 8);
		KUNIT_EXPECT_FALSE_MSG(test, book_is_sound(), "head: byte %u", i);
	}
	for (i = 0; i < PAGE_SIZE; i++) {
		restore(was);
		((u8 *)fake.book)[i] ^= BIT(i % 8);
		KUNIT_EXPECT_FALSE_MSG(test, book_is_sound(), "book: byte %u", i);
	}
	restore(was);
	KUNIT_EXPECT_TRUE(test, book_is_sound());
}

/*
 * One bit anywhere, 1,000 times: all of the book is believed, or nothing; and what it was
 * about is not taken for free memory.
 */
static void flipped_anywhere(struct kunit *test)
{
	struct sealed *was = sealed(test);
	struct rnd_state rnd;
	unsigned int i;
	u32 bit;

	prandom_seed_state(&rnd, 13);
	for (i = 0; i < 1000; i++) {
		restore(was);
		bit = prandom_u32_state(&rnd) % (8 * (HEAD_SIZE + PAGE_SIZE));
		if (bit < 8 * HEAD_SIZE)
			head()[bit / 8] ^= BIT(bit % 8);
		else
			((u8 *)fake.book)[bit / 8 - HEAD_SIZE] ^= BIT(bit % 8);
		KUNIT_EXPECT_EQ_MSG(test, iop_book_open(), IOP_BOOK_DAMAGED, "bit %u", bit);
	}
	restore(was);
	KUNIT_EXPECT_TRUE(test, book_is_sound());
}

/* A kernel that left nothing running has not vouched for anything */
static void unsealed(struct kunit *test)
{
	write_book(test);
	fake.granule.head->book = 0;
	fake.granule.head->crc = 0;
	KUNIT_EXPECT_EQ(test, iop_book_open(), IOP_BOOK_NONE);
}

/* Sealed as it is now, is the book believed? */
static bool opens(struct kunit *test)
{
	fill_crc((u8 *)fake.book, PAGE_SIZE);
	fill_crc(head(), HEAD_SIZE);
	return book_is_sound();
}

/* With right checksums, from a kernel with a bug */
static void wrong(struct kunit *test)
{
	struct sealed *was = sealed(test);
	u64 pa = fake.granule.pa;

	fake.book->nr = EXTMEM_IOMMU_RECORDS + 1;
	KUNIT_EXPECT_FALSE_MSG(test, opens(test), "more records than there is room for");
	restore(was);
	fake.book->self = pa;
	KUNIT_EXPECT_FALSE_MSG(test, opens(test), "a page that is somewhere else");
	restore(was);
	fake.book->next = fake.book->self;
	KUNIT_EXPECT_FALSE_MSG(test, opens(test), "a book without end");
	restore(was);
	fake.book->next = pa;
	KUNIT_EXPECT_FALSE_MSG(test, opens(test), "the next page is a head");
	restore(was);
	fake.book->next = virt_to_phys(fake.domain);
	KUNIT_EXPECT_FALSE_MSG(test, opens(test), "the next page is a domain's");
	restore(was);
	fake.book->next = fake.book->self + 64;
	KUNIT_EXPECT_FALSE_MSG(test, opens(test), "the next page is none");
	restore(was);
	fake.book->next = EXTMEM_GRANULE;
	KUNIT_EXPECT_FALSE_MSG(test, opens(test), "the next page is not ours");
	restore(was);
	fake.granule.head->book = virt_to_phys(fake.domain);
	KUNIT_EXPECT_FALSE_MSG(test, opens(test), "the book is a domain's page");
	restore(was);
	fake.granule.head->book = 0;
	KUNIT_EXPECT_FALSE_MSG(test, opens(test), "there is none");
	restore(was);
	KUNIT_EXPECT_TRUE(test, opens(test));
}

/* More records than a page has, in the order in which they were added */
static int in_order(union extmem_iommu_rec_ser *rec, void *arg)
{
	unsigned int *nr = arg;

	return rec->claim.id == (*nr)++ ? 0 : -EINVAL;
}

static void pages(struct kunit *test)
{
	union extmem_iommu_rec_ser rec = { .type = EXTMEM_IOMMU_REC_CLAIM };
	unsigned int i, nr = 0;

	for (i = 0; i < 3; i++)
		KUNIT_ASSERT_EQ(test, iop_book_grow(&fake.pool), 0);
	iop_book_begin();
	for (i = 0; i < 2 * EXTMEM_IOMMU_RECORDS + 1; i++) {
		rec.claim.id = i;
		iop_book_add(&rec);
	}
	iop_seal();
	KUNIT_ASSERT_TRUE(test, book_is_sound());
	KUNIT_EXPECT_EQ(test, iop_book_each(in_order, &nr), 0);
	KUNIT_EXPECT_EQ(test, nr, 2 * EXTMEM_IOMMU_RECORDS + 1);
}

static struct kunit_case book_cases[] = {
	KUNIT_CASE(golden_write),
	KUNIT_CASE(golden_read),
	KUNIT_CASE(flipped),
	KUNIT_CASE(flipped_anywhere),
	KUNIT_CASE(unsealed),
	KUNIT_CASE(wrong),
	KUNIT_CASE(pages),
	{}
};

static struct kunit_suite book_suite = {
	.name = "extmem_iommu_book",
	.init = book_test_init,
	.exit = book_test_exit,
	.test_cases = book_cases,
};

kunit_test_suite(book_suite);
