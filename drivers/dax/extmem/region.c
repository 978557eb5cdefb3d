// SPDX-License-Identifier: GPL-2.0
/*
 * One dax region per pool. A region hangs on a platform device named after its
 * id, as those of hmem do, so that libdaxctl finds it.
 */
#define pr_fmt(fmt) "extmem: " fmt

#include <linux/init.h>
#include <linux/list.h>
#include <linux/memory_hotplug.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/slab.h>

#include "extmem_dax.h"

struct extmem_region {
	struct list_head list;
	struct extmem_pool *pool;
	struct platform_device *pdev;
	int id;
};

static LIST_HEAD(extmem_regions);

/*
 * Held for write across both steps: the region's files are there from the
 * first on, and nobody may create a device behind the pool's back.
 */
static struct dax_region *make_region(struct platform_device *pdev,
				      struct extmem_pool *pool)
{
	struct range span = extmem_pool_span(pool);
	struct dax_region *dax_region;

	down_write(&dax_region_rwsem);
	dax_region = alloc_dax_region(&pdev->dev, pdev->id, &span,
				      extmem_pool_nid(pool), PMD_SIZE, 0);
	if (dax_region) {
		dax_region->private = pool;
		dax_region->ops = &extmem_dax_region_ops;
	}
	up_write(&dax_region_rwsem);
	return dax_region;
}

/* daxN.0 is there even without memory: the bus is populated, as tools expect. */
static int make_seed(struct dax_region *dax_region)
{
	struct dev_dax_data data = { .dax_region = dax_region, .id = 0 };
	struct dev_dax *dev_dax = devm_create_dev_dax(&data);

	if (PTR_ERR_OR_ZERO(dev_dax) == -ENOSPC)
		return 0;	/* a restored device has that name */
	return PTR_ERR_OR_ZERO(dev_dax);
}

static int extmem_region_probe(struct platform_device *pdev)
{
	struct extmem_region *region = *(struct extmem_region **)
		dev_get_platdata(&pdev->dev);
	struct dax_region *dax_region = make_region(pdev, region->pool);

	if (!dax_region)
		return -ENOMEM;

	extmem_dax_restore(dax_region);
	return make_seed(dax_region);
}

/* Regions are never unbound: devices in use could not be kept. */
static struct platform_driver extmem_region_driver = {
	.probe = extmem_region_probe,
	.driver = {
		.name = "extmem",
		.suppress_bind_attrs = true,
	},
};

static int add_pdev(struct extmem_region *region)
{
	struct platform_device *pdev;
	int rc;

	pdev = platform_device_alloc("extmem", region->id);
	if (!pdev)
		return -ENOMEM;

	/* The former kernel may have had more nodes than this one */
	if (node_online(extmem_pool_nid(region->pool)))
		set_dev_node(&pdev->dev, extmem_pool_nid(region->pool));
	rc = platform_device_add_data(pdev, &region, sizeof(region));
	if (!rc)
		rc = platform_device_add(pdev);
	if (rc) {
		platform_device_put(pdev);
		return rc;
	}
	region->pdev = pdev;
	return 0;
}

/* The pool's own number if free; the rest is for make_id(). */
static int __init add_region(struct extmem_pool *pool)
{
	struct extmem_region *region = kzalloc_obj(*region);

	if (!region)
		return -ENOMEM;

	region->pool = pool;
	region->id = extmem_dax_take_id(extmem_pool_nid(pool));
	list_add_tail(&region->list, &extmem_regions);
	return 0;
}

static int __init make_id(struct extmem_region *region)
{
	if (region->id >= 0)
		return 0;

	region->id = extmem_dax_take_id(NUMA_NO_NODE);
	if (region->id < 0)
		return region->id;
	pr_notice("node %d: region id %d is taken, devices are dax%d.*\n",
		  extmem_pool_nid(region->pool),
		  extmem_pool_nid(region->pool), region->id);
	return 0;
}

struct find {
	bool (*match)(struct dev_dax *dev_dax, u64 arg);
	u64 arg;
};

static int find_match(struct device *dev, const void *data)
{
	const struct find *find = data;

	return find->match(to_dev_dax(dev), find->arg);
}

/* The device of any region that matches, with a reference, or NULL. */
struct dev_dax *extmem_dax_find(bool (*match)(struct dev_dax *dev_dax, u64 arg),
				u64 arg)
{
	struct find find = { .match = match, .arg = arg };
	struct extmem_region *region;
	struct device *dev;

	list_for_each_entry(region, &extmem_regions, list) {
		if (!region->pdev)
			continue;
		dev = device_find_child(&region->pdev->dev, &find, find_match);
		if (dev)
			return to_dev_dax(dev);
	}
	return NULL;
}

static void remove_regions(void)
{
	struct extmem_region *region, *next;

	list_for_each_entry_safe(region, next, &extmem_regions, list) {
		platform_device_unregister(region->pdev);
		extmem_dax_put_id(region->id);
		kfree(region);
	}
}

static void __init add_regions(void)
{
	struct extmem_region *region;
	struct extmem_pool *pool;
	int rc;

	/* First everyone's own number, so that no substitute takes one. */
	for (pool = extmem_pool_next(NULL); pool; pool = extmem_pool_next(pool))
		if (add_region(pool))
			pr_err("node %d: no memory for a dax region\n",
			       extmem_pool_nid(pool));

	list_for_each_entry(region, &extmem_regions, list) {
		rc = make_id(region) ?: add_pdev(region);
		if (rc)
			pr_err("node %d: no dax region: %pe\n",
			       extmem_pool_nid(region->pool), ERR_PTR(rc));
	}
}

static int __init extmem_dax_init(void)
{
	int rc;

	if (!extmem_pool_next(NULL))
		return 0;

	rc = platform_driver_register(&extmem_region_driver);
	if (rc)
		return rc;
	extmem_dax_set_front(&extmem_dax_fops, extmem_dax_get_claim);
	add_regions();
	extmem_dax_luo_init();
	return 0;
}

static void __exit extmem_dax_exit(void)
{
	if (!extmem_pool_next(NULL))
		return;
	extmem_dax_luo_exit();
	extmem_dax_set_front(NULL, NULL);
	platform_driver_unregister(&extmem_region_driver);
	remove_regions();
}

/* After the pools (fs_initcall), before those who take region ids. */
fs_initcall_sync(extmem_dax_init);
module_exit(extmem_dax_exit);

MODULE_DESCRIPTION("EXTMEM DAX: direct access to extended memory pools");
MODULE_LICENSE("GPL");
