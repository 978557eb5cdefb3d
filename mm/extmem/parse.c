// SPDX-License-Identifier: GPL-2.0
/*
 * The text of the boot parameter. What an entry says about the machine it is
 * on (whether there is such a node, and memory enough) is for reserve.c.
 */
#include <linux/ctype.h>
#include <linux/kernel.h>
#include <linux/kstrtox.h>
#include <linux/nodemask.h>
#include <linux/string.h>

#include "internal.h"

/* Take the unit off the end of a number; returns log2 of it */
static unsigned int __init take_unit(char *text)
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

static const char * __init parse_size(char *text, u64 *size)
{
	unsigned int shift = take_unit(text);
	int err;

	err = isdigit(*text) ? kstrtou64(text, 0, size) : -EINVAL;
	if (err == -ERANGE || (!err && *size > U64_MAX >> shift))
		return "size is beyond 64 bits";
	if (err)
		return "size is not a number of bytes, with K, M, G, T, P or E after it";
	*size <<= shift;
	if (!*size)
		return "size is zero";
	if (!IS_ALIGNED(*size, EXTMEM_GRANULE))
		return "size is not a multiple of 2M";
	return NULL;
}

/**
 * extmem_parse_entry - parse an entry of extmem=.
 * @entry: the entry
 * @nid: the node
 * @size: the size in bytes, a multiple of the granule
 *
 * Return: NULL, or the rule that the entry breaks.
 */
const char * __init extmem_parse_entry(const char *entry, int *nid, u64 *size)
{
	char text[EXTMEM_PARSE_MAX], *colon;
	unsigned int node;

	if (strscpy(text, entry) < 0)
		return "entry is too long";
	colon = strchr(text, ':');
	if (!colon)
		return "entry is not NODE:SIZE";
	*colon = '\0';
	if (!isdigit(*text) || kstrtouint(text, 10, &node))
		return "node is not a number";
	if (node >= MAX_NUMNODES)
		return "there is no such node";
	*nid = node;
	return parse_size(colon + 1, size);
}
