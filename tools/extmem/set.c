// SPDX-License-Identifier: GPL-2.0
/*
 * extmem set: change what is said about a claim.
 */
#include <string.h>

#include "edit.h"
#include "extmem.h"

static int set_claim(const struct state *state, const char *which, const struct attrs *attrs,
		     char *dev_name)
{
	struct device *device = find_claim(state, which);
	int rc = OK;

	if (!device)
		return FAILED;
	if (attrs->name && *attrs->name && strcmp(device->name, attrs->name))
		rc = check_name_free(state, attrs->name);
	memcpy(dev_name, device->dev_name, sizeof(device->dev_name));
	return rc ?: set_attrs(device, attrs);
}

int cmd_set(int argc, char **argv)
{
	char dev_name[sizeof(((struct device *)0)->dev_name)];
	struct attrs attrs = {};
	const struct option_spec spec[] = {
		{ "name", &attrs.name }, { "uid", &attrs.uid }, { "gid", &attrs.gid },
		{ "mode", &attrs.mode }, { "persist", &attrs.persist },
		{ "memmap", &attrs.memmap }, {}
	};
	struct state state;
	bool json = false;
	int rc;

	if (!parse_options(&argc, argv, spec, &json))
		return USAGE;
	if (argc != 2)
		return misuse("set takes one name or device, and what is to be set");
	if (!attrs.name && !attrs.uid && !attrs.gid && !attrs.mode && !attrs.persist &&
	    !attrs.memmap)
		return misuse("set needs one of --name --uid --gid --mode --persist --memmap");
	rc = check_attrs(&attrs) ?: begin_change(&state, "set");
	if (rc)
		return rc;
	rc = set_claim(&state, argv[1], &attrs, dev_name);
	state_free(&state);
	if (rc)
		return rc;
	return report(dev_name, json, "set %s\n", dev_name);
}
