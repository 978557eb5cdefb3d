// SPDX-License-Identifier: GPL-2.0
/*
 * What an administrator says about a claim, as create and set take it: checked before
 * anything is changed, and in the form that sysfs takes.
 */
#include <grp.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "edit.h"
#include "extmem.h"

static int check_owner(struct attrs *attrs)
{
	unsigned long n;

	if (attrs->uid && !parse_number(attrs->uid, 10, UINT32_MAX - 1, &n)) {
		struct passwd *user = getpwnam(attrs->uid);

		if (!user)
			return reject("use a number or a name of /etc/passwd",
				      "--uid %s: no such user", attrs->uid);
		snprintf(attrs->uid_text, sizeof(attrs->uid_text), "%u", user->pw_uid);
		attrs->uid = attrs->uid_text;
	}
	if (attrs->gid && !parse_number(attrs->gid, 10, UINT32_MAX - 1, &n)) {
		struct group *group = getgrnam(attrs->gid);

		if (!group)
			return reject("use a number or a name of /etc/group",
				      "--gid %s: no such group", attrs->gid);
		snprintf(attrs->gid_text, sizeof(attrs->gid_text), "%u", group->gr_gid);
		attrs->gid = attrs->gid_text;
	}
	return OK;
}

static int check_flag(const char *name, const char *value)
{
	if (!value || !strcmp(value, "0") || !strcmp(value, "1"))
		return OK;
	return reject("use 0 or 1", "--%s %s: neither 0 nor 1", name, value);
}

/* 0, or the exit code after saying what is wrong; users and groups become numbers */
int check_attrs(struct attrs *attrs)
{
	unsigned long n;

	if (attrs->mode && !parse_number(attrs->mode, 8, 0777, &n))
		return reject("use octal digits up to 0777, like 0660",
			      "--mode %s: not permissions", attrs->mode);
	return check_flag("persist", attrs->persist) ?: check_flag("memmap", attrs->memmap) ?:
	       (attrs->name && *attrs->name ? check_name(attrs->name) : OK) ?:
	       check_owner(attrs);
}

/* All that is given. The user comes last: from then on the device may be his. */
int set_attrs(const struct device *device, const struct attrs *attrs)
{
	int rc = OK;

	if (attrs->memmap)
		rc = set_attr(device, "memmap", attrs->memmap);
	if (!rc && attrs->persist)
		rc = set_attr(device, "persist", attrs->persist);
	if (!rc && attrs->gid)
		rc = set_attr(device, "gid", attrs->gid);
	if (!rc && attrs->mode)
		rc = set_attr(device, "mode", attrs->mode);
	if (!rc && attrs->uid)
		rc = set_attr(device, "uid", attrs->uid);
	if (!rc && attrs->name)
		rc = set_attr(device, "name", attrs->name);
	return rc;
}
