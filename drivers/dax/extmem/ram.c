// SPDX-License-Identifier: GPL-2.0
/*
 * A device's memory as system RAM: kmem binds to it and gives it to the page
 * allocator, in blocks that may be online or not. Before it has the first byte
 * the claim says so in the map: whatever kernel comes next, and whenever, knows
 * that the bytes there are nobody's (dirty.c). Until all of it is back the
 * device has a reference on its claim.
 *
 * Blocks go online only in ZONE_MOVABLE. What the kernel keeps for itself, and
 * what it keeps for the next kernel, is never there; so it can be had back, and
 * a kexec need not look at it.
 */
#include <linux/bitmap.h>
#include <linux/device.h>
#include <linux/ioport.h>
#include <linux/memory.h>
#include <linux/memory_hotplug.h>
#include <linux/mmzone.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "extmem_dax.h"

/**
 * struct extmem_dax_ram - a device that kmem has, or has kept some of
 * @dev_dax: the device
 * @nb: hears of memory blocks that go online and offline
 * @online: a bit for each memory block of the device
 * @nr_blocks: bits in @online
 * @used: a block has been online: the bytes are gone
 * @ending: kmem is being unbound, no block goes online any more
 *
 * &extmem_dax.lock guards what changes.
 */
struct extmem_dax_ram {
	struct dev_dax *dev_dax;
	struct notifier_block nb;
	unsigned long *online;
	unsigned int nr_blocks;
	bool used;
	bool ending;
};

static int find_block(const struct dev_dax *dev_dax, u64 pa)
{
	int i;

	for (i = 0; i < dev_dax->nr_range; i++) {
		const struct dev_dax_range *range = &dev_dax->ranges[i];

		if (pa >= range->range.start && pa <= range->range.end)
			return (PFN_PHYS(range->pgoff) + pa - range->range.start) /
				memory_block_size_bytes();
	}
	return -ENOENT;
}

static int mark_online(struct extmem_dax_ram *ram, unsigned int block)
{
	struct extmem_dax *ed = to_extmem_dax(ram->dev_dax);

	guard(spinlock)(&ed->lock);
	if (ram->ending)
		return -EBUSY;
	ram->used = true;
	set_bit(block, ram->online);
	return 0;
}

static void mark_offline(struct extmem_dax_ram *ram, unsigned int block)
{
	struct extmem_dax *ed = to_extmem_dax(ram->dev_dax);

	guard(spinlock)(&ed->lock);
	clear_bit(block, ram->online);
}

static int going_online(struct extmem_dax_ram *ram, unsigned int block,
			const struct memory_notify *arg)
{
	struct device *dev = &ram->dev_dax->dev;

	if (page_zonenum(pfn_to_page(arg->start_pfn)) != ZONE_MOVABLE) {
		dev_warn(dev, "memory at %#llx not online: only \"online_movable\" will do\n",
			 PFN_PHYS(arg->start_pfn));
		return -EINVAL;
	}
	if (extmem_poisoned(PFN_PHYS(arg->start_pfn), PFN_PHYS(arg->nr_pages)))
		return -EHWPOISON;
	return mark_online(ram, block);
}

static int watch_block(struct notifier_block *nb, unsigned long action, void *data)
{
	struct extmem_dax_ram *ram = container_of(nb, struct extmem_dax_ram, nb);
	const struct memory_notify *arg = data;
	int block = find_block(ram->dev_dax, PFN_PHYS(arg->start_pfn));

	if (block < 0)
		return NOTIFY_DONE;
	switch (action) {
	case MEM_GOING_ONLINE:
		return notifier_from_errno(going_online(ram, block, arg));
	case MEM_CANCEL_ONLINE:
	case MEM_OFFLINE:
		mark_offline(ram, block);
	}
	return NOTIFY_OK;
}

/* What kmem would leave out, or what must not get to the page allocator */
static int check_extent(struct device *dev, const struct range *extent)
{
	unsigned long block = memory_block_size_bytes();

	if (!IS_ALIGNED(extent->start | range_len(extent), block)) {
		dev_warn(dev, "no system RAM: %#llx-%#llx is not made of memory blocks of %lu MiB\n",
			 extent->start, extent->end, block >> 20);
		return -EINVAL;
	}
	if (extmem_poisoned(extent->start, range_len(extent))) {
		dev_warn(dev, "no system RAM: %#llx-%#llx has had memory errors\n",
			 extent->start, extent->end);
		return -EHWPOISON;
	}
	return 0;
}

static int check_device(struct dev_dax *dev_dax)
{
	struct device *dev = &dev_dax->dev;
	int i, rc = 0;

	/* It would be off the direct map afterwards */
	if (!extmem_unmapped(dev_dax->ranges[0].range.start)) {
		dev_warn(dev, "no system RAM with extmem.direct_map=1\n");
		return -EOPNOTSUPP;
	}
	for (i = 0; i < dev_dax->nr_range && !rc; i++)
		rc = check_extent(dev, &dev_dax->ranges[i].range);
	return rc;
}

static void free_ram(struct extmem_dax_ram *ram)
{
	bitmap_free(ram->online);
	kfree(ram);
}

static struct extmem_dax_ram *alloc_ram(struct dev_dax *dev_dax, u64 size)
{
	struct extmem_dax_ram *ram = kzalloc_obj(*ram);

	if (!ram)
		return NULL;
	ram->dev_dax = dev_dax;
	ram->nb.notifier_call = watch_block;
	ram->nr_blocks = size / memory_block_size_bytes();
	ram->online = bitmap_zalloc(ram->nr_blocks, GFP_KERNEL);
	/* Else the memory's own struct pages go into it, online or not */
	ram->used = dev_dax->memmap_on_memory;
	if (!ram->online) {
		kfree(ram);
		return NULL;
	}
	return ram;
}

/* Whoever has the device open has it for bytes that are about to go. */
static void set_ram(struct extmem_dax *ed, struct extmem_dax_ram *ram)
{
	guard(spinlock)(&ed->lock);
	ed->ram = ram;
	if (ram)
		ed->owners++;
}

/* The claim's first and only reference */
static int seize_claim(struct extmem_claim *claim)
{
	if (extmem_claim_busy(claim) || !extmem_claim_get(claim))
		return -EBUSY;
	return 0;
}

static int lend(struct dev_dax *dev_dax, struct extmem_dax_ram *ram)
{
	struct extmem_dax *ed = to_extmem_dax(dev_dax);
	int rc = seize_claim(ed->claim);

	if (rc)
		return rc;
	rc = extmem_dax_set_dirty(ed);
	if (rc)
		goto put;
	rc = register_memory_notifier(&ram->nb);
	if (rc)
		goto undo;
	extmem_lend_begin(dev_dax_pool(dev_dax));
	set_ram(ed, ram);
	return 0;

undo:
	extmem_dax_undo_dirty(ed);
put:
	extmem_claim_put(ed->claim);
	return rc;
}

/* kmem is about to bind: nobody but this device knows of the memory now. */
int extmem_dax_lend(struct dev_dax *dev_dax)
{
	struct extmem_dax *ed = to_extmem_dax(dev_dax);
	struct extmem_dax_ram *ram;
	int rc;

	if (!ed->claim)
		return -ENXIO;
	if (ed->ram)
		return -EBUSY;
	rc = check_device(dev_dax);
	if (rc)
		return rc;
	ram = alloc_ram(dev_dax, extmem_claim_size(ed->claim));
	if (!ram)
		return -ENOMEM;
	if (!try_module_get(THIS_MODULE))
		rc = -ENODEV;
	if (!rc) {
		rc = lend(dev_dax, ram);
		if (rc)
			module_put(THIS_MODULE);
	}
	if (rc)
		free_ram(ram);
	return rc;
}

static bool is_ram(const struct dev_dax *dev_dax)
{
	int i;

	for (i = 0; i < dev_dax->nr_range; i++) {
		const struct range *range = &dev_dax->ranges[i].range;

		if (region_intersects(range->start, range_len(range),
				      IORESOURCE_SYSTEM_RAM,
				      IORES_DESC_NONE) != REGION_DISJOINT)
			return true;
	}
	return false;
}

/*
 * kmem did not bind, or is unbound. What it could not take from the page
 * allocator stays there, and the device as it is, until the next kernel. If it
 * never got as far as that, nothing has happened to the bytes.
 */
void extmem_dax_take_back(struct dev_dax *dev_dax)
{
	struct extmem_dax *ed = to_extmem_dax(dev_dax);
	struct extmem_dax_ram *ram = ed->ram;

	if (is_ram(dev_dax)) {
		dev_err(&dev_dax->dev, "not all of its memory is back\n");
		return;
	}
	unregister_memory_notifier(&ram->nb);
	extmem_lend_end(dev_dax_pool(dev_dax));
	if (!ram->used)
		extmem_dax_undo_dirty(ed);
	set_ram(ed, NULL);
	extmem_claim_put(ed->claim);
	free_ram(ram);
	module_put(THIS_MODULE);
}

/* No block goes online from here on, or -EBUSY because one is. */
int extmem_dax_quiesce_ram(struct dev_dax *dev_dax)
{
	struct extmem_dax *ed = to_extmem_dax(dev_dax);

	guard(spinlock)(&ed->lock);
	if (!bitmap_empty(ed->ram->online, ed->ram->nr_blocks))
		return -EBUSY;
	ed->ram->ending = true;
	return 0;
}
