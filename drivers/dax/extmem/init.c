// SPDX-License-Identifier: GPL-2.0
/*
 * The dax front-end, as a module or built in.
 */
#include <linux/init.h>
#include <linux/module.h>

#include "extmem_dax.h"

static int __init extmem_dax_init(void)
{
	int rc;

	if (!extmem_pool_next(NULL))
		return 0;

	/* Devices may be opened as soon as they are there */
	extmem_dax_set_front(&extmem_dax_fops, extmem_dax_get_claim);
	rc = extmem_dax_add_regions();
	if (rc) {
		extmem_dax_set_front(NULL, NULL);
		return rc;
	}
	extmem_dax_luo_init();
	return 0;
}

static void __exit extmem_dax_exit(void)
{
	if (!extmem_pool_next(NULL))
		return;
	extmem_dax_luo_exit();
	extmem_dax_set_front(NULL, NULL);
	extmem_dax_remove_regions();
}

/* After the pools (fs_initcall), before those who take region ids. */
fs_initcall_sync(extmem_dax_init);
module_exit(extmem_dax_exit);

MODULE_DESCRIPTION("EXTMEM DAX: direct access to extended memory pools");
MODULE_LICENSE("GPL");
