// SPDX-License-Identifier: GPL-2.0
/*
 * For tests of tests: what the rest of this directory takes care of is left out, or what
 * it never meets is there, by name. On the kernel's command line, iommu_persist.undo= and
 * iommu_persist.pretend=, or in debugfs. A test has to notice.
 */
#include <linux/moduleparam.h>
#include <linux/string.h>

#include "undo.h"

char iop_undo[IOP_UNDO_MAX];
char iop_pretend[IOP_UNDO_MAX];

#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "iommu_persist."

module_param_string(undo, iop_undo, sizeof(iop_undo), 0600);
module_param_string(pretend, iop_pretend, sizeof(iop_pretend), 0600);

static bool iop_names(const char *list, const char *name)
{
	const char *at = strstr(list, name);

	return at && (at == list || at[-1] == ',') &&
	       strchr(",\n", at[strlen(name)]);
}

/**
 * iop_undone - is something to be left out?
 * @name: what
 *
 * Context: any.
 * Return: true if so.
 */
bool iop_undone(const char *name)
{
	return iop_names(iop_undo, name);
}

/**
 * iop_pretended - is something to be taken for so?
 * @name: what
 *
 * Context: any.
 * Return: true if so.
 */
bool iop_pretended(const char *name)
{
	return iop_names(iop_pretend, name);
}
