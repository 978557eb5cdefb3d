// SPDX-License-Identifier: GPL-2.0
/*
 * The text of the boot parameter: every entry is either understood or breaks
 * one stated rule.
 */
#include <linux/numa.h>
#include <linux/string.h>

#include "fake.h"

struct good_entry {
	const char *text;
	struct extmem_ask ask;
};

static const struct good_entry good[] __initconst = {
	{ "0:2M", { .size = MIB(2) } },
	{ "0:1G", { .size = GIB(1) } },
	{ "1:1g", { .nid = 1, .size = GIB(1) } },
	{ "0:508G", { .size = GIB(508) } },
	{ "0:4T", { .size = GIB(4096) } },
	{ "0:1P", { .size = 1ULL << 50 } },
	{ "0:8E", { .size = 1ULL << 63 } },
	{ "0:2048K", { .size = MIB(2) } },
	{ "0:2097152", { .size = MIB(2) } },
	{ "0:0x200000", { .size = MIB(2) } },
	{ "0:0x10G", { .size = GIB(16) } },
	{ "1G", { .nid = NUMA_NO_NODE, .size = GIB(1) } },
	{ "0x200000", { .nid = NUMA_NO_NODE, .size = MIB(2) } },
	{ "3:1%", { .nid = 3, .percent = 1 } },
	{ "0:100%", { .percent = 100 } },
	{ "0:090%", { .percent = 90 } },
	{ "50%", { .nid = NUMA_NO_NODE, .percent = 50 } },
	{ "0:1G@0", { .size = GIB(1), .placed = true } },
	{ "0:1G@4G", { .size = GIB(1), .placed = true, .addr = GIB(4) } },
	{ "1:2M@0x140000000", { .nid = 1, .size = MIB(2), .placed = true, .addr = GIB(5) } },
	{ "0:8E@8E", { .size = 1ULL << 63, .placed = true, .addr = 1ULL << 63 } },
};

static void __init parse_good(struct kunit *test)
{
	const struct good_entry *entry;
	struct extmem_ask ask;
	const char *rule;

	for (entry = good; entry < good + ARRAY_SIZE(good); entry++) {
		rule = extmem_parse_entry(entry->text, &ask);
		KUNIT_EXPECT_NULL_MSG(test, rule, "%s: %s", entry->text, rule);
		KUNIT_EXPECT_EQ_MSG(test, ask.nid, entry->ask.nid, "%s", entry->text);
		KUNIT_EXPECT_EQ_MSG(test, ask.size, entry->ask.size, "%s", entry->text);
		KUNIT_EXPECT_EQ_MSG(test, ask.percent, entry->ask.percent, "%s",
				    entry->text);
		KUNIT_EXPECT_EQ_MSG(test, ask.placed, entry->ask.placed, "%s",
				    entry->text);
		KUNIT_EXPECT_EQ_MSG(test, ask.addr, entry->ask.addr, "%s", entry->text);
	}
}

struct bad_entry {
	const char *text;
	const char *rule;
};

static const struct bad_entry bad[] __initconst = {
	{ "", "entry is empty" },
	{ "G", "size is not a number" },
	{ "%", "percentage is not a whole number" },
	{ "@", "size is not a number" },
	{ "0 1G", "size is not a number" },
	{ "all", "size is not a number" },
	{ "1", "size is not a multiple of 2M" },
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
	{ "0:0%", "percentage is zero" },
	{ "0%", "percentage is zero" },
	{ "0:101%", "percentage is more than 100" },
	{ "101%", "percentage is more than 100" },
	{ "0:4294967296%", "percentage is more than 100" },
	{ "0:99999999999999999999%", "percentage is more than 100" },
	{ "0:12.5%", "percentage is not a whole number" },
	{ "0:-5%", "percentage is not a whole number" },
	{ "0:+5%", "percentage is not a whole number" },
	{ "0: 5%", "percentage is not a whole number" },
	{ "0:5 %", "percentage is not a whole number" },
	{ "0:0x5%", "percentage is not a whole number" },
	{ "0:5G%", "percentage is not a whole number" },
	{ "0:5%%", "percentage is not a whole number" },
	{ "0:%", "percentage is not a whole number" },
	{ "0:5%5", "size is not a number" },
	{ "0:5%G", "size is not a number" },
	{ "0:1G@", "address is not a number" },
	{ "0:1G@G", "address is not a number" },
	{ "0:1G@-4G", "address is not a number" },
	{ "0:1G@4G@4G", "address is not a number" },
	{ "0:1G@4Gx", "address is not a number" },
	{ "0:1G@ 4G", "address is not a number" },
	{ "0:1G@1", "address is not a multiple of 1G" },
	{ "0:1G@512M", "address is not a multiple of 1G" },
	{ "0:1G@0x40200000", "address is not a multiple of 1G" },
	{ "0:1G@16E", "address is beyond 64 bits" },
	{ "0:8E@0xfffffffff", "address is not a multiple of 1G" },
	{ "0:1025G@0xffffffffc0000000", "address is beyond 64 bits" },
	{ "0:@4G", "size is not a number" },
	{ "0:0@4G", "size is zero" },
	{ "0:5%@4G", "an address goes with a size" },
	{ "5%@4G", "an address goes with a size" },
	{ "1G@4G", "an address needs its node" },
};

static void __init parse_bad(struct kunit *test)
{
	const struct bad_entry *entry;
	struct extmem_ask ask;
	const char *rule;

	for (entry = bad; entry < bad + ARRAY_SIZE(bad); entry++) {
		rule = extmem_parse_entry(entry->text, &ask);
		KUNIT_ASSERT_NOT_NULL_MSG(test, rule, "\"%s\" is taken", entry->text);
		KUNIT_EXPECT_TRUE_MSG(test, str_has_prefix(rule, entry->rule),
				      "\"%s\": %s", entry->text, rule);
	}
}

static void __init parse_long(struct kunit *test)
{
	char text[EXTMEM_PARSE_MAX + 8];
	struct extmem_ask ask;

	memset(text, '0', sizeof(text));
	strscpy(text + EXTMEM_PARSE_MAX - 4, ":2M", 5);
	KUNIT_EXPECT_NULL(test, extmem_parse_entry(text, &ask));
	KUNIT_EXPECT_EQ(test, ask.size, MIB(2));

	strscpy(text + EXTMEM_PARSE_MAX - 4, "0:2M", 5);
	KUNIT_EXPECT_STREQ(test, extmem_parse_entry(text, &ask),
			   "entry is too long");
}

/* Bytes a command line can hold are looked at as such, never as an index */
static void __init parse_bytes(struct kunit *test)
{
	char text[8] = "0:2?";
	struct extmem_ask ask;
	int c;

	for (c = 1; c < 256; c++) {
		text[3] = c;
		if (extmem_parse_entry(text, &ask))
			continue;
		KUNIT_EXPECT_NOT_NULL_MSG(test, strchr("MGTPEmgtpe%", c),
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
