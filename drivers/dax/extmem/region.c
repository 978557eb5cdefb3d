// SPDX-License-Identifier: GPL-2.0
/*
 * One dax region per pool. A region hangs on a platform device named after its
 * id, as those of hmem do, so that libdaxctl finds it.
 *
 * A region's id is its node's number, so that daxN.M means the same memory after
 * every kexec. pmem, CXL and hmem share the numbers. They take the lowest free
 * one, later than pools do; /dev/pmem0 is named after it. Where the firmware has
 * such memory, the pools' numbers begin at 1000, and all others are what they
 * would be without pools.
 */
#define pr_fmt(fmt) "extmem: " fmt

#include <linux/acpi.h>
#include <linux/cleanup.h>
#include <linux/init.h>
#include <linux/ioport.h>
#include <linux/list.h>
#include <linux/memory_hotplug.h>
#include <linux/memregion.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/pid.h>
#include <linux/platform_device.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "extmem_dax.h"

#define EXTMEM_DAX_IDS_APART	1000

static bool extmem_dax_has_resource(unsigned long desc)
{
	return region_intersects(0, SIZE_MAX, IORESOURCE_MEM, desc) != REGION_DISJOINT;
}

#ifdef CONFIG_ACPI
static bool extmem_dax_has_table(char *signature)
{
	struct acpi_table_header *table;

	if (acpi_disabled || ACPI_FAILURE(acpi_get_table(signature, 0, &table)))
		return false;
	acpi_put_table(table);
	return true;
}
#else
static bool extmem_dax_has_table(char *signature)
{
	return false;
}
#endif

/* virtio-pmem is in no table of the firmware's. */
static bool extmem_dax_has_virtio_pmem(void)
{
	struct pci_dev *pdev = pci_get_device(PCI_VENDOR_ID_REDHAT_QUMRANET, 0x105b, NULL);

	pci_dev_put(pdev);
	return pdev;
}

/* Whether somebody else is going to take numbers. */
static bool extmem_dax_ids_shared(void)
{
	return extmem_dax_has_resource(IORES_DESC_PERSISTENT_MEMORY) ||
	       extmem_dax_has_resource(IORES_DESC_PERSISTENT_MEMORY_LEGACY) ||
	       region_intersects_soft_reserve(0, SIZE_MAX) != REGION_DISJOINT ||
	       extmem_dax_has_table(ACPI_SIG_NFIT) ||
	       extmem_dax_has_table(ACPI_SIG_CEDT) ||
	       extmem_dax_has_virtio_pmem();
}

/* The id of node @nid's region, or an error. */
static int extmem_dax_take_id(int nid)
{
	int id = -EBUSY;

	if (!extmem_dax_ids_shared())
		id = memregion_alloc_id(nid, GFP_KERNEL);
	if (id < 0)
		id = memregion_alloc_id(EXTMEM_DAX_IDS_APART + nid, GFP_KERNEL);
	return id;
}

static void extmem_dax_put_id(int id)
{
	if (id >= 0)
		memregion_free(id);
}

/**
 * struct extmem_dax_region - a pool's region
 * @list: on extmem_dax_regions, which only the module's init and exit change
 * @pool: the pool
 * @pdev: what the dax region hangs on, or NULL if it could not be made
 * @id: of the region, or an error
 *
 * All is fixed after the module's init.
 */
struct extmem_dax_region {
	struct list_head list;
	struct extmem_pool *pool;
	struct platform_device *pdev;
	int id;
};

static LIST_HEAD(extmem_dax_regions);

static void extmem_dax_release_range(void *res)
{
	release_resource(res);
	kfree(res);
}

static int extmem_dax_request_range(struct device *dev, struct range range)
{
	struct resource *res = kmalloc_obj(*res);
	int rc;

	if (!res)
		return -ENOMEM;
	*res = DEFINE_RES_MEM_NAMED(range.start, range_len(&range), dev_name(dev));
	rc = request_resource(&dax_regions, res);
	if (rc) {
		dev_err(dev, "%#llx-%#llx is part of another dax region\n",
			range.start, range.end);
		kfree(res);
		return rc;
	}
	return devm_add_action_or_reset(dev, extmem_dax_release_range, res);
}

/* Only what is the pool's: between its ranges other regions may have memory. */
static int extmem_dax_request_ranges(struct device *dev,
				     const struct extmem_pool *pool)
{
	unsigned int i;
	int rc = 0;

	for (i = 0; !rc && i < extmem_pool_nr_ranges(pool); i++)
		rc = extmem_dax_request_range(dev, extmem_pool_range(pool, i));
	return rc;
}

static u64 extmem_dax_region_size(struct dax_region *dax_region)
{
	return extmem_pool_size(dax_region->private);
}

static u64 extmem_dax_available(struct dax_region *dax_region)
{
	return extmem_pool_available(dax_region->private);
}

/*
 * Guards dev_dax->maker: who has created a device, or has set the alignment of one
 * that has no memory. To create a device a process writes to "create", reads the
 * name of the seed, and makes something of that. Of two at once each has to be told
 * another name: else both make something of one device, and that is no error. One at
 * a time sees what it sees of any region, but for a device that another process has
 * failed to make something of: that stays as it was left.
 *
 * Everybody may read the name of the seed. So that changes nothing.
 */
static DEFINE_MUTEX(extmem_dax_maker_lock);

/* It is the calling process's to make something of. */
static void extmem_dax_take(struct dev_dax *dev_dax)
{
	lockdep_assert_held(&extmem_dax_maker_lock);
	put_pid(dev_dax->maker);
	dev_dax->maker = get_pid(task_tgid(current));
}

/* Nobody has made anything of the device yet. */
static bool extmem_dax_is_raw(const struct dev_dax *dev_dax)
{
	return !dev_dax->dev.driver && !dev_dax->nr_range && !dev_dax->growing &&
	       !dev_dax->dead;
}

/* It is the calling process that is about to make something of the device. */
static bool extmem_dax_is_mine(const struct dev_dax *dev_dax)
{
	lockdep_assert_held(&extmem_dax_maker_lock);
	return dev_dax->maker == task_tgid(current) && extmem_dax_is_raw(dev_dax);
}

static int extmem_dax_match_mine(struct device *dev, void *data)
{
	struct device **youngest = data;

	if (extmem_dax_is_mine(to_dev_dax(dev)))
		*youngest = dev;
	return 0;
}

/* The youngest device that the calling process has and made nothing of yet. */
static struct device *extmem_dax_mine(struct dax_region *dax_region)
{
	struct device *dev = NULL;

	lockdep_assert_held(&extmem_dax_maker_lock);
	device_for_each_child(dax_region->dev, &dev, extmem_dax_match_mine);
	return dev;
}

static struct device *extmem_dax_seed(struct dax_region *dax_region)
{
	struct device *seed = dax_region->seed;

	guard(mutex)(&extmem_dax_maker_lock);
	if (seed && extmem_dax_is_mine(to_dev_dax(seed)))
		return seed;
	return extmem_dax_mine(dax_region) ?: seed;
}

static struct device *extmem_dax_youngest(struct dax_region *dax_region)
{
	guard(mutex)(&extmem_dax_maker_lock);
	return extmem_dax_mine(dax_region) ?: dax_region->youngest;
}

static void extmem_dax_created(struct dev_dax *dev_dax)
{
	guard(mutex)(&extmem_dax_maker_lock);
	extmem_dax_take(dev_dax);
}

/* Who sets the alignment of a device without memory is about to give it some. */
static int extmem_dax_take_align(struct dev_dax *dev_dax)
{
	int rc = extmem_dax_set_align(dev_dax);

	if (!rc && extmem_dax_is_raw(dev_dax))
		extmem_dax_created(dev_dax);
	return rc;
}

static const struct dax_region_ops extmem_dax_region_ops = {
	.groups = extmem_dax_groups,
	.init = extmem_dax_init_device,
	.devnode = extmem_dax_devnode,
	.uevent = extmem_dax_uevent,
	.size = extmem_dax_region_size,
	.available = extmem_dax_available,
	.seed = extmem_dax_seed,
	.youngest = extmem_dax_youngest,
	.created = extmem_dax_created,
	.alloc = extmem_dax_alloc,
	.free = extmem_dax_free,
	.set_align = extmem_dax_take_align,
	.probe = extmem_dax_probe,
	.quiesce = extmem_dax_quiesce,
	.lend = extmem_dax_lend,
	.take_back = extmem_dax_take_back,
};

/*
 * Held for write across both steps: the region's files are there from the
 * first on, and nobody may create a device behind the pool's back.
 */
static struct dax_region *extmem_dax_make_region(struct platform_device *pdev,
						 struct extmem_pool *pool)
{
	struct range span = extmem_pool_span(pool);
	struct dax_region *dax_region;

	down_write(&dax_region_rwsem);
	dax_region = alloc_dax_region(&pdev->dev, pdev->id, &span,
				      extmem_pool_nid(pool), PMD_SIZE,
				      IORESOURCE_DAX_HOLES);
	if (dax_region) {
		dax_region->private = pool;
		dax_region->ops = &extmem_dax_region_ops;
	}
	up_write(&dax_region_rwsem);
	return dax_region;
}

/* daxN.0 is there even without memory: the bus is populated, as tools expect. */
static int extmem_dax_make_seed(struct dax_region *dax_region)
{
	struct dev_dax_data data = { .dax_region = dax_region, .id = 0 };
	struct dev_dax *dev_dax = devm_create_dev_dax(&data);

	if (PTR_ERR_OR_ZERO(dev_dax) == -ENOSPC)
		return 0;	/* a restored device has that name */
	return PTR_ERR_OR_ZERO(dev_dax);
}

static int extmem_dax_region_probe(struct platform_device *pdev)
{
	struct extmem_dax_region *region = *(struct extmem_dax_region **)
		dev_get_platdata(&pdev->dev);
	struct dax_region *dax_region;
	int rc = extmem_dax_request_ranges(&pdev->dev, region->pool);

	if (rc)
		return rc;
	dax_region = extmem_dax_make_region(pdev, region->pool);
	if (!dax_region)
		return -ENOMEM;

	extmem_dax_restore(dax_region);
	return extmem_dax_make_seed(dax_region);
}

/* Regions are never unbound: devices in use could not be kept. */
static struct platform_driver extmem_dax_region_driver = {
	.probe = extmem_dax_region_probe,
	.driver = {
		.name = "extmem",
		.suppress_bind_attrs = true,
	},
};

static int extmem_dax_add_pdev(struct extmem_dax_region *region)
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

/* Its devices appear, if it can be had; else it is there without. */
static int __init extmem_dax_add_region(struct extmem_pool *pool)
{
	struct extmem_dax_region *region = kzalloc_obj(*region);
	int nid = extmem_pool_nid(pool);

	if (!region)
		return -ENOMEM;

	region->pool = pool;
	region->id = extmem_dax_take_id(nid);
	list_add_tail(&region->list, &extmem_dax_regions);
	if (region->id < 0)
		return region->id;
	if (region->id != nid)
		pr_notice("node %d: devices are dax%d.*, since pmem, CXL or hmem count from 0\n",
			  nid, region->id);
	return extmem_dax_add_pdev(region);
}

/**
 * extmem_dax_add_regions - make a dax region of every pool, with its devices.
 *
 * A pool whose region can't be made is there without.
 *
 * Context: the module's init.
 * Return: 0, or an error if there can be no region at all.
 */
int __init extmem_dax_add_regions(void)
{
	struct extmem_pool *pool;
	int rc;

	rc = platform_driver_register(&extmem_dax_region_driver);
	if (rc)
		return rc;
	for (pool = extmem_pool_next(NULL); pool; pool = extmem_pool_next(pool)) {
		rc = extmem_dax_add_region(pool);
		if (rc)
			pr_err("node %d: no dax region: %pe\n",
			       extmem_pool_nid(pool), ERR_PTR(rc));
	}
	return 0;
}

/**
 * extmem_dax_remove_regions - remove the regions and their devices.
 *
 * Context: the module's exit.
 */
void extmem_dax_remove_regions(void)
{
	struct extmem_dax_region *region, *next;

	extmem_dax_forget_restored();
	platform_driver_unregister(&extmem_dax_region_driver);
	list_for_each_entry_safe(region, next, &extmem_dax_regions, list) {
		platform_device_unregister(region->pdev);
		extmem_dax_put_id(region->id);
		kfree(region);
	}
}
