// SPDX-License-Identifier: GPL-2.0
/*
 * extmem destroy: a device and its claim, unless somebody uses it.
 */
#include <stdio.h>
#include <stdlib.h>

#include <json-c/json.h>

#include "edit.h"
#include "extmem.h"

static void say_destroyed(const struct device *device, bool json)
{
	char buf[SIZE_TEXT];

	if (json)
		json_print(json_device(device), true);
	else
		printf("destroyed %s%s%s, %s\n", device->dev_name,
		       device->name[0] ? ", " : "", device->name,
		       size_text(device->size, buf));
}

int cmd_destroy(int argc, char **argv)
{
	struct device *device;
	struct state state;
	bool json = false;
	int rc;

	if (!parse_options(&argc, argv, NULL, &json))
		return USAGE;
	if (argc != 2)
		return misuse("destroy takes one name or device");
	rc = begin_change(&state, "destroy");
	if (rc)
		return rc;
	device = find_claim(&state, argv[1]);
	rc = device ? give_up_device(&state, device) : FAILED;
	if (!rc)
		say_destroyed(device, json);
	state_free(&state);
	return rc;
}
