// SPDX-License-Identifier: GPL-2.0
/*
 * The text of the boot parameter: every entry is either understood or breaks
 * one stated rule.
 */
#include <linux/string.h>

#include "fake.h"

struct good_entry {
	const char *text;
	int nid;
	u64 size;
};

static const struct good_entry good[] __initconst = {
	{ "0:2M", 0, MIB(2) },
	{ "0:1G", 0, GIB(1) },
	{ "1:1g", 1, GIB(1) },
	{ "0:508G", 0, GIB(508) },
	{ "0:4T", 0, GIB(4096) },
	{ "0:1P", 0, 1ULL << 50 },
	{ "0:8E", 0, 1ULL << 63 },
	{ "0:2048K", 0, MIB(2) },
	{ "0:2097152", 0, MIB(2) },
	{ "0:0x200000", 0, MIB(2) },
	{ "0:0x10G", 0, GIB(16) },
};

static void __init parse_good(struct kunit *test)
{
	const struct good_entry *entry;
	const char *rule;
	u64 size;
	int nid;

	for (entry = good; entry < good + ARRAY_SIZE(good); entry++) {
		nid = -1;
		rule = extmem_parse_entry(entry->text, &nid, &size);
		KUNIT_EXPECT_NULL_MSG(test, rule, "%s: %s", entry->text, rule);
		KUNIT_EXPECT_EQ_MSG(test, nid, entry->nid, "%s", entry->text);
		KUNIT_EXPECT_EQ_MSG(test, size, entry->size, "%s", entry->text);
	}
}

struct bad_entry {
	const char *text;
	const char *rule;
};

static const struct bad_entry bad[] __initconst = {
	{ "", "entry is not NODE:SIZE" },
	{ "1G", "entry is not NODE:SIZE" },
	{ "0 1G", "entry is not NODE:SIZE" },
	{ ":1G", "node is not a number" },
	{ "a:1G", "node is not a number" },
	{ "-1:1G", "node is not a number" },
	{ "+1:1G", "node is not a number" },
	{ " 0:1G", "node is not a number" },
	{ "0x1:1G", "node is not a number" },
	{ "0 :1G", "node is not a number" },
	{ "99999999999999999999:1G", "node is not a number" },
	{ "1000000:1G", "there is no such node" },
	{ "4294967295:1G", "there is no such node" },
	{ "0:", "size is not a number" },
	{ "0:G", "size is not a number" },
	{ "0:-1G", "size is not a number" },
	{ "0:+1G", "size is not a number" },
	{ "0: 1G", "size is not a number" },
	{ "0:1GB", "size is not a number" },
	{ "0:1GG", "size is not a number" },
	{ "0:1G ", "size is not a number" },
	{ "0:1G:1G", "size is not a number" },
	{ "0:1.5G", "size is not a number" },
	{ "0:1Gjunk", "size is not a number" },
	{ "0:0", "size is zero" },
	{ "0:0G", "size is zero" },
	{ "0:1", "size is not a multiple of 2M" },
	{ "0:1M", "size is not a multiple of 2M" },
	{ "0:3m", "size is not a multiple of 2M" },
	{ "0:1025M", "size is not a multiple of 2M" },
	{ "0:16E", "size is beyond 64 bits" },
	{ "0:18446744073709551615G", "size is beyond 64 bits" },
	{ "0:18446744073709551616", "size is beyond 64 bits" },
	{ "0:999999999999999999999999G", "size is beyond 64 bits" },
};

static void __init parse_bad(struct kunit *test)
{
	const struct bad_entry *entry;
	const char *rule;
	u64 size;
	int nid;

	for (entry = bad; entry < bad + ARRAY_SIZE(bad); entry++) {
		rule = extmem_parse_entry(entry->text, &nid, &size);
		KUNIT_ASSERT_NOT_NULL_MSG(test, rule, "\"%s\" is taken", entry->text);
		KUNIT_EXPECT_TRUE_MSG(test, str_has_prefix(rule, entry->rule),
				      "\"%s\": %s", entry->text, rule);
	}
}

static void __init parse_long(struct kunit *test)
{
	char text[EXTMEM_PARSE_MAX + 8];
	u64 size;
	int nid;

	memset(text, '0', sizeof(text));
	strscpy(text + EXTMEM_PARSE_MAX - 4, ":2M", 5);
	KUNIT_EXPECT_NULL(test, extmem_parse_entry(text, &nid, &size));
	KUNIT_EXPECT_EQ(test, size, MIB(2));

	strscpy(text + EXTMEM_PARSE_MAX - 4, "0:2M", 5);
	KUNIT_EXPECT_STREQ(test, extmem_parse_entry(text, &nid, &size),
			   "entry is too long");
}

/* Bytes a command line can hold are looked at as such, never as an index */
static void __init parse_bytes(struct kunit *test)
{
	char text[8] = "0:2?";
	u64 size;
	int nid, c;

	for (c = 1; c < 256; c++) {
		text[3] = c;
		if (extmem_parse_entry(text, &nid, &size))
			continue;
		KUNIT_EXPECT_NOT_NULL_MSG(test, strchr("MGTPEmgtpe", c),
					  "taken with %#x at its end", c);
	}
}

static struct kunit_case __refdata parse_cases[] = {
	KUNIT_CASE(parse_good),
	KUNIT_CASE(parse_bad),
	KUNIT_CASE(parse_long),
	KUNIT_CASE(parse_bytes),
	{}
};

static struct kunit_suite __refdata parse_suite = {
	.name = "extmem_parse",
	.test_cases = parse_cases,
};

kunit_test_init_section_suites(&parse_suite);
