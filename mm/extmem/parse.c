// SPDX-License-Identifier: GPL-2.0
/*
 * The text of the boot parameter. What an entry says about the machine it is
 * on (whether there is such a node, and memory enough) is for reserve.c.
 */
#define pr_fmt(fmt) "extmem: " fmt

#include <linux/ctype.h>
#include <linux/kernel.h>
#include <linux/kstrtox.h>
#include <linux/nodemask.h>
#include <linux/numa.h>
#include <linux/printk.h>
#include <linux/string.h>

#include "boot.h"

/**
 * extmem_refuse - say that an entry is not served.
 * @entry: the entry
 * @rule: the rule that it breaks
 */
void __init extmem_refuse(const char *entry, const char *rule)
{
	pr_err("\"%s\" refused: %s\n", entry, rule);
}

/* Take the unit off the end of a number; returns log2 of it */
static unsigned int __init extmem_parse_unit(char *text)
{
	static const char units[] __initconst = "KMGTPE";
	size_t len = strlen(text);
	const char *unit;

	if (!len)
		return 0;
	unit = strchr(units, toupper(text[len - 1]));
	if (!unit)
		return 0;
	text[len - 1] = '\0';
	return 10 * (unit - units + 1);
}

/* Returns -EINVAL for what is no number, -ERANGE for one beyond 64 bits */
static int __init extmem_parse_bytes(char *text, u64 *bytes)
{
	unsigned int shift = extmem_parse_unit(text);
	int err;

	if (!isdigit(*text))
		return -EINVAL;
	err = kstrtou64(text, 0, bytes);
	if (err)
		return err;
	if (*bytes > U64_MAX >> shift)
		return -ERANGE;
	*bytes <<= shift;
	return 0;
}

static const char * __init extmem_parse_size(char *text, u64 *size)
{
	switch (extmem_parse_bytes(text, size)) {
	case 0:
		break;
	case -ERANGE:
		return "size is beyond 64 bits";
	default:
		return "size is not a number of bytes, with K, M, G, T, P or E after it";
	}
	if (!*size)
		return "size is zero";
	if (!IS_ALIGNED(*size, EXTMEM_GRANULE))
		return "size is not a multiple of 2M";
	return NULL;
}

static const char * __init extmem_parse_percent(char *text, unsigned int *percent)
{
	int err;

	text[strlen(text) - 1] = '\0';
	err = isdigit(*text) ? kstrtouint(text, 10, percent) : -EINVAL;
	if (err && err != -ERANGE)
		return "percentage is not a whole number";
	if (err || *percent > 100)
		return "percentage is more than 100";
	return *percent ? NULL : "percentage is zero";
}

static const char * __init extmem_parse_addr(char *text, struct extmem_ask *ask)
{
	switch (extmem_parse_bytes(text, &ask->addr)) {
	case 0:
		break;
	case -ERANGE:
		return "address is beyond 64 bits";
	default:
		return "address is not a number";
	}
	if (!IS_ALIGNED(ask->addr, SZ_1G))
		return "address is not a multiple of 1G";
	if (ask->addr + ask->size - 1 < ask->addr)
		return "address is beyond 64 bits";
	ask->placed = true;
	return NULL;
}

static const char * __init extmem_parse_node(const char *text, int *nid)
{
	unsigned int node;

	if (!isdigit(*text) || kstrtouint(text, 10, &node))
		return "node is not a number";
	if (node >= MAX_NUMNODES)
		return "there is no such node";
	*nid = node;
	return NULL;
}

static const char * __init extmem_parse_amount(char *text, struct extmem_ask *ask)
{
	char *at = strchr(text, '@');
	const char *rule;
	size_t len;

	if (at)
		*at++ = '\0';
	len = strlen(text);
	if (len && text[len - 1] == '%')
		rule = extmem_parse_percent(text, &ask->percent);
	else
		rule = extmem_parse_size(text, &ask->size);
	if (rule || !at)
		return rule;
	if (ask->percent)
		return "an address goes with a size, not with a percentage";
	if (ask->nid == NUMA_NO_NODE)
		return "an address needs its node: NODE:SIZE@ADDRESS";
	return extmem_parse_addr(at, ask);
}

/**
 * extmem_parse_entry - parse an entry of extmem=.
 * @entry: the entry
 * @ask: what it asks for
 *
 * Return: NULL, or the rule that the entry breaks.
 */
const char * __init extmem_parse_entry(const char *entry, struct extmem_ask *ask)
{
	char text[EXTMEM_PARSE_MAX], *colon, *amount = text;
	const char *rule;

	*ask = (struct extmem_ask){ .nid = NUMA_NO_NODE };
	if (strscpy(text, entry) < 0)
		return "entry is too long";
	if (!*text)
		return "entry is empty";
	colon = strchr(text, ':');
	if (colon) {
		*colon = '\0';
		rule = extmem_parse_node(text, &ask->nid);
		if (rule)
			return rule;
		amount = colon + 1;
	}
	return extmem_parse_amount(amount, ask);
}
