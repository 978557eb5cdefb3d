// SPDX-License-Identifier: GPL-2.0
/*
 * Sizes as people write and read them. What is printed is exact and can be
 * typed in again.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "extmem.h"

static const char units[] = "KMGTPE";

/* 2^10 for K and so on, 1 for nothing, 0 for what is no unit; KiB and KB too */
static __u64 unit_of(const char *text)
{
	const char *unit;

	if (!*text || !strcasecmp(text, "b"))
		return 1;
	unit = strchr(units, toupper(*text));
	if (!unit)
		return 0;
	text++;
	if (*text && strcasecmp(text, "b") && strcasecmp(text, "ib"))
		return 0;
	return 1ULL << (10 * (unit - units + 1));
}

/* Digits behind the point, as thousandths */
static bool parse_fraction(const char **text, __u64 *thousandths)
{
	unsigned int weight = 100;

	*thousandths = 0;
	if (**text != '.')
		return true;
	for (++*text; isdigit(**text); ++*text, weight /= 10) {
		if (!weight)
			return false;
		*thousandths += (**text - '0') * weight;
	}
	return true;
}

/* 4096, 1G, 1.5 GiB, 2MB; false if it is no size or has part of a byte */
bool parse_size(const char *text, __u64 *bytes)
{
	__u64 whole, thousandths, unit, part;
	char *end;

	if (!isdigit(*text))
		return false;
	errno = 0;
	whole = strtoull(text, &end, text[0] == '0' && tolower(text[1]) == 'x' ? 16 : 10);
	text = end;
	if (errno || !parse_fraction(&text, &thousandths))
		return false;
	text += strspn(text, " ");
	unit = unit_of(text);
	if (!unit || __builtin_mul_overflow(unit, thousandths, &part) || part % 1000)
		return false;
	return !__builtin_mul_overflow(whole, unit, bytes) &&
	       !__builtin_add_overflow(*bytes, part / 1000, bytes);
}

/* A whole number from 0 to @max, all of @text */
bool parse_number(const char *text, int base, unsigned long max,
		  unsigned long *number)
{
	char *end;

	if (!isdigit(*text))
		return false;
	errno = 0;
	*number = strtoul(text, &end, base);
	return !errno && !*end && *number <= max;
}

/* The largest unit in which two decimals say it exactly */
const char *size_text(__u64 bytes, char buf[SIZE_TEXT])
{
	unsigned int hundredths;
	int i;

	for (i = sizeof(units) - 3; i >= 0; i--) {
		__u64 unit = 1ULL << (10 * (i + 1));

		if (bytes < unit || (bytes % unit) * 25 % (unit / 4))
			continue;
		hundredths = (bytes % unit) * 25 / (unit / 4);
		snprintf(buf, SIZE_TEXT, hundredths ? "%llu.%02u" : "%llu",
			 (bytes / unit), hundredths);
		if (hundredths && !(hundredths % 10))
			buf[strlen(buf) - 1] = '\0';
		snprintf(buf + strlen(buf), SIZE_TEXT - strlen(buf), " %ciB", units[i]);
		return buf;
	}
	snprintf(buf, SIZE_TEXT, "%llu B", bytes);
	return buf;
}
