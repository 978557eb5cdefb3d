// SPDX-License-Identifier: GPL-2.0
/*
 * What can be a claim's name. The kernel has the last word; this is to say
 * which rule a name breaks.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "extmem.h"

static const char rule[] =
	"a name is 1 to 63 of A-Z a-z 0-9 # + - . : = @ _ and begins with a letter or digit";

static const char allowed[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789#+-.:=@_";

/* @name as it can be shown: other bytes as \xNN */
static const char *shown(const char *name, char *buf, size_t size)
{
	size_t len = 0;

	buf[0] = '\0';
	for (; *name && len + 5 < size; name++)
		len += snprintf(buf + len, size - len, isprint(*name) ? "%c" : "\\x%02x",
				(unsigned char)*name);
	return buf;
}

static bool is_device_name(const char *name)
{
	int a, b, end = 0;

	return sscanf(name, "dax%d.%d%n", &a, &b, &end) == 2 && !name[end] &&
	       isdigit(name[3]);
}

/* 0, or the exit code after saying what is wrong */
int check_name(const char *name)
{
	char buf[300];

	shown(name, buf, sizeof(buf));
	if (strlen(name) > NAME_MAX_BYTES)
		return reject("choose a shorter one", "name '%s' has %zu bytes: %s", buf,
			    strlen(name), rule);
	if (is_device_name(name))
		return reject("choose another", "name '%s' would be taken for a device", buf);
	if (!isalnum(name[0]) || name[strspn(name, allowed)])
		return reject("choose another", "name '%s': %s", buf, rule);
	return OK;
}
