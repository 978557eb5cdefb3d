// SPDX-License-Identifier: GPL-2.0
/*
 * extmem rename: give a claim another name, the first one, or none.
 */
#include <string.h>

#include "edit.h"
#include "extmem.h"

static int rename_claim(const struct state *state, const char *old, const char *new,
			char *dev_name)
{
	struct device *device = find_claim(state, old);
	int rc = OK;

	if (!device)
		return FAILED;
	if (*new && strcmp(device->name, new))
		rc = check_name_free(state, new);
	memcpy(dev_name, device->dev_name, sizeof(device->dev_name));
	return rc ?: set_attr(device, "name", new);
}

int cmd_rename(int argc, char **argv)
{
	char dev_name[sizeof(((struct device *)0)->dev_name)];
	struct state state;
	bool json = false;
	int rc;

	if (!parse_options(&argc, argv, NULL, &json))
		return USAGE;
	if (argc != 3)
		return misuse("rename takes the old name or the device, and the new name");
	rc = *argv[2] ? check_name(argv[2]) : OK;
	if (rc)
		return rc;
	rc = begin_change(&state, "rename");
	if (rc)
		return rc;
	rc = rename_claim(&state, argv[1], argv[2], dev_name);
	state_free(&state);
	if (rc)
		return rc;
	return report(dev_name, json, "%s is now %s\n", dev_name,
		      *argv[2] ? argv[2] : "without a name");
}
