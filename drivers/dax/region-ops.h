/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __DAX_REGION_OPS_H__
#define __DAX_REGION_OPS_H__

#include <linux/device.h>
#include <linux/types.h>

struct dax_region;
struct dax_device_driver;
struct attribute_group;
struct dev_dax;
struct kobj_uevent_env;
struct resource;

/* DAX_ANYWHERE - the region picks the address, see dax_region_ops.alloc */
#define DAX_ANYWHERE	(~0ULL)

/**
 * struct dax_region_ops - a region that owns its space
 *
 * A region without operations is parcelled out by the dax core, first fit, and
 * the result is forgotten when the region goes. A region with operations keeps
 * the books itself, may share its memory with others, and serves the faults of
 * its devices. device_dax binds to those, and kmem if the user says so.
 *
 * Every operation is set. Each says which locks the caller holds.
 *
 * @groups: attributes that its devices have from the first moment on
 * @init: @dev_dax is about to appear, made with dev_dax_data.private @data;
 *        sets dev_dax->private. dax_region_rwsem for write
 * @devnode: the rights of the device's node. Any locks: takes neither rwsem
 * @uevent: what else udev is to know. Any locks: takes neither rwsem
 * @size: bytes of the region; its resource may have holes. No locks
 * @available: bytes that devices could still get in total. dax_region_rwsem, for
 *             read at least
 * @seed: the device that the calling process is to make something of, or NULL;
 *        dax_region->seed is the core's choice. dax_region_rwsem, for read at least
 * @youngest: the device that the calling process has created last, or else
 *            dax_region->youngest. dax_region_rwsem, for read at least
 * @created: the calling process has created @dev_dax by the region's "create".
 *           dax_region_rwsem for write
 * @alloc: grow @dev_dax by @size bytes, all of them or none, at @start or
 *         DAX_ANYWHERE, and make dev_dax->ranges tell so. dax_region_rwsem and
 *         dax_dev_rwsem for write. It may drop both while it has dev_dax->growing
 *         set, and has to look at dev_dax->dead afterwards
 * @free: take back the last @size bytes of @dev_dax; the caller trims
 *        dev_dax->ranges. Called for user requests only: a device that goes
 *        because its region goes keeps what it has. dax_region_rwsem and
 *        dax_dev_rwsem for write
 * @set_align: dev_dax->align is to stay as it is now, or not (an error).
 *             dax_region_rwsem and dax_dev_rwsem for write
 * @probe: device_dax binds to @dev_dax. The device's lock
 * @quiesce: the driver is to be unbound by the user: -EBUSY if @dev_dax is in
 *           use, else no use may begin any more. dax_unbind_lock, until the driver
 *           is unbound
 * @lend: kmem, which the user asked for, is to give the memory to the page
 *        allocator. The device's lock
 * @take_back: it has failed to, or has been unbound; as far as it could the page
 *             allocator has given the memory back. The device's lock
 */
struct dax_region_ops {
	const struct attribute_group **groups;
	int (*init)(struct dev_dax *dev_dax, void *data);
	void (*devnode)(struct dev_dax *dev_dax, umode_t *mode, kuid_t *uid,
			kgid_t *gid);
	int (*uevent)(struct dev_dax *dev_dax, struct kobj_uevent_env *env);
	u64 (*size)(struct dax_region *dax_region);
	u64 (*available)(struct dax_region *dax_region);
	struct device *(*seed)(struct dax_region *dax_region);
	struct device *(*youngest)(struct dax_region *dax_region);
	void (*created)(struct dev_dax *dev_dax);
	int (*alloc)(struct dev_dax *dev_dax, u64 start, u64 size);
	int (*free)(struct dev_dax *dev_dax, u64 size);
	int (*set_align)(struct dev_dax *dev_dax);
	int (*probe)(struct dev_dax *dev_dax);
	int (*quiesce)(struct dev_dax *dev_dax);
	int (*lend)(struct dev_dax *dev_dax);
	void (*take_back)(struct dev_dax *dev_dax);
};

/* dax_dev_rwsem nests in dax_region_rwsem, and both in a device's lock. */
extern struct rw_semaphore dax_region_rwsem;
extern struct rw_semaphore dax_dev_rwsem;

/* What no two regions have both; see IORESOURCE_DAX_HOLES. */
extern struct resource dax_regions;

/* What the core lends to such regions; both rwsems held for write. */
int alloc_dev_dax_range(struct dev_dax *dev_dax, u64 start,
			resource_size_t size);
int adjust_dev_dax_range(struct dev_dax *dev_dax, struct resource *res,
			 resource_size_t size);
int dev_dax_shrink(struct dev_dax *dev_dax, resource_size_t size);

/* As if by the driver's "unbind" file; the caller holds no locks. */
int dax_unbind(struct device *dev, const struct device_driver *drv);

#endif /* __DAX_REGION_OPS_H__ */
