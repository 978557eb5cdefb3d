// SPDX-License-Identifier: GPL-2.0
/*
 * extmem qemu-args: how QEMU is told to have a device as memory, if the device is there.
 * Where it is not, QEMU would make a regular file of its name, and start the guest on
 * ordinary memory.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <json-c/json.h>

#include "edit.h"
#include "extmem.h"

/* Letters, digits, '-', '.' and '_', the first a letter: what QEMU takes */
static int check_id(const char *id)
{
	const char *c = id;

	if (isascii(*c) && isalpha(*c))
		while (isascii(*c) && (isalnum(*c) || (*c && strchr("-._", *c))))
			c++;
	if (c > id && !*c)
		return OK;
	return reject("use letters, digits, - . _, a letter first",
		      "--id %s: QEMU takes no such id", id);
}

static const char *kind_of(mode_t mode)
{
	return S_ISREG(mode) ? "a regular file" : S_ISLNK(mode) ? "a link" :
	       S_ISDIR(mode) ? "a directory" : S_ISCHR(mode) ? "another device" :
	       "something else";
}

/* The node must be the device that sysfs shows, and the claim the one that is meant */
static int check_device(const struct device *device, const char *uuid)
{
	char path[48];
	struct stat st;

	if (uuid && strcasecmp(uuid, device->uuid))
		return fail("see what there is: extmem list --json",
			    "%s is another claim: its uuid is %s, not %s", device->dev_name,
			    device->uuid, uuid);
	if (device->form == FORM_RAM)
		return fail("daxctl reconfigure-device -f -m devdax first", "%s is system RAM",
			    device->dev_name);
	if (!device->enabled)
		return fail("daxctl enable-device, or see: dmesg", "%s is disabled",
			    device->dev_name);
	snprintf(path, sizeof(path), "/dev/%s", device->dev_name);
	if (lstat(path, &st))
		return fail("is devtmpfs mounted on /dev?", "%s: %s", path, strerror(errno));
	if (!S_ISCHR(st.st_mode) || st.st_rdev != device->rdev)
		return fail("remove it, and see who has made it",
			    "%s is %s, not the device %u:%u", path, kind_of(st.st_mode),
			    major(device->rdev), minor(device->rdev));
	return OK;
}

static void print_args(const struct device *device, const char *id, bool json)
{
	struct json_object *array;
	char arg[256];

	snprintf(arg, sizeof(arg),
		 "memory-backend-file,id=%s,share=on,mem-path=/dev/%s,size=%llu,align=%llu", id,
		 device->dev_name, device->size, device->align);
	if (!json) {
		printf("-object %s\n", arg);
		return;
	}
	array = json_object_new_array();
	json_object_array_add(array, json_text("-object"));
	json_object_array_add(array, json_text(arg));
	json_print(array, true);
}

int cmd_qemu_args(int argc, char **argv)
{
	const char *id = "ram", *uuid = NULL;
	const struct option_spec spec[] = { { "id", &id }, { "uuid", &uuid }, {} };
	struct device *device;
	struct state state;
	bool json = false;
	int rc;

	if (!parse_options(&argc, argv, spec, &json))
		return USAGE;
	if (argc != 2)
		return misuse("qemu-args takes one name or device");
	rc = check_id(id) ?: state_read(&state);
	if (rc)
		return rc;
	device = find_claim(&state, argv[1]);
	rc = device ? check_device(device, uuid) : FAILED;
	if (!rc)
		print_args(device, id, json);
	state_free(&state);
	return rc;
}
