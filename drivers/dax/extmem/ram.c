// SPDX-License-Identifier: GPL-2.0
/*
 * A device's memory as system RAM: kmem binds to it and gives it to the page
 * allocator, in blocks that may be online or not. Before it has the first byte
 * the claim says so in the map: whatever kernel comes next, and whenever, knows
 * that the bytes there are nobody's (form.c). Until all of it is back the
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
 * &extmem_dax.lock guards @online, @used and @ending; the rest is fixed.
 */
struct extmem_dax_ram {
	struct dev_dax *dev_dax;
	struct notifier_block nb;
	unsigned long *online;
	unsigned int nr_blocks;
	bool used;
	bool ending;
};

/*
 * The whole memory blocks within an extent: so much of it kmem takes. It is empty,
 * with an end before its start, if there are none.
 */
static struct range extmem_dax_whole_blocks(const struct range *extent)
{
	u64 block = memory_block_size_bytes();

	return (struct range) {
		.start = ALIGN(extent->start, block),
		.end = ALIGN_DOWN(extent->end + 1, block) - 1,
	};
}

static unsigned int extmem_dax_nr_blocks(const struct range *extent)
{
	struct range whole = extmem_dax_whole_blocks(extent);

	return whole.start < whole.end ?
		range_len(&whole) / memory_block_size_bytes() : 0;
}

static int extmem_dax_find_block(const struct dev_dax *dev_dax, u64 pa)
{
	unsigned int first = 0;
	struct range whole;
	int i;

	for (i = 0; i < dev_dax->nr_range; i++) {
		whole = extmem_dax_whole_blocks(&dev_dax->ranges[i].range);
		if (pa >= whole.start && pa <= whole.end)
			return first + (pa - whole.start) / memory_block_size_bytes();
		first += extmem_dax_nr_blocks(&dev_dax->ranges[i].range);
	}
	return -ENOENT;
}

static int extmem_dax_mark_online(struct extmem_dax_ram *ram, unsigned int block)
{
	struct extmem_dax *ed = to_extmem_dax(ram->dev_dax);

	guard(spinlock)(&ed->lock);
	if (ram->ending)
		return -EBUSY;
	ram->used = true;
	set_bit(block, ram->online);
	return 0;
}

static void extmem_dax_mark_offline(struct extmem_dax_ram *ram, unsigned int block)
{
	struct extmem_dax *ed = to_extmem_dax(ram->dev_dax);

	guard(spinlock)(&ed->lock);
	clear_bit(block, ram->online);
}

static int extmem_dax_going_online(struct extmem_dax_ram *ram, unsigned int block,
				   const struct memory_notify *arg)
{
	struct device *dev = &ram->dev_dax->dev;

	if (page_zonenum(pfn_to_page(arg->start_pfn)) != ZONE_MOVABLE) {
		dev_warn(dev, "memory at %#llx not online: only \"online_movable\" will do\n",
			 PFN_PHYS(arg->start_pfn));
		return -EINVAL;
	}
	if (extmem_poisoned(PFN_PHYS(arg->start_pfn), PFN_PHYS(arg->nr_pages)) ||
	    extmem_retired(PFN_PHYS(arg->start_pfn), PFN_PHYS(arg->nr_pages)))
		return -EHWPOISON;
	return extmem_dax_mark_online(ram, block);
}

static int extmem_dax_watch_block(struct notifier_block *nb, unsigned long action,
				  void *data)
{
	struct extmem_dax_ram *ram = container_of(nb, struct extmem_dax_ram, nb);
	const struct memory_notify *arg = data;
	int block = extmem_dax_find_block(ram->dev_dax, PFN_PHYS(arg->start_pfn));

	if (block < 0)
		return NOTIFY_DONE;
	switch (action) {
	case MEM_GOING_ONLINE:
		return notifier_from_errno(extmem_dax_going_online(ram, block, arg));
	case MEM_CANCEL_ONLINE:
	case MEM_OFFLINE:
		extmem_dax_mark_offline(ram, block);
	}
	return NOTIFY_OK;
}

/* What must not get to the page allocator */
static int extmem_dax_check_extent(struct device *dev, const struct range *extent)
{
	if (extmem_poisoned(extent->start, range_len(extent)) ||
	    extmem_retired(extent->start, range_len(extent))) {
		dev_warn(dev, "no system RAM: %#llx-%#llx has bad or retired pages\n",
			 extent->start, extent->end);
		return -EHWPOISON;
	}
	return 0;
}

/* Memory blocks are 128 MiB, or 2 GiB on bare metal with 64 GiB and more. */
static int extmem_dax_check_blocks(struct dev_dax *dev_dax)
{
	unsigned int block = memory_block_size_bytes() >> 20, nr = 0;
	u64 size = extmem_claim_size(to_extmem_dax(dev_dax)->claim) >> 20;
	struct device *dev = &dev_dax->dev;
	int i;

	for (i = 0; i < dev_dax->nr_range; i++)
		nr += extmem_dax_nr_blocks(&dev_dax->ranges[i].range);
	if (!nr) {
		dev_warn(dev, "no system RAM: no whole memory block of %u MiB in its %llu MiB; one of %u MiB in one piece has one\n",
			 block, size, 2 * block);
		return -EINVAL;
	}
	if ((u64)nr * block < size)
		dev_notice(dev, "system RAM: %llu of %llu MiB, what is made of whole memory blocks of %u MiB\n",
			   (u64)nr * block, size, block);
	return 0;
}

static int extmem_dax_check_device(struct dev_dax *dev_dax)
{
	struct device *dev = &dev_dax->dev;
	int i, rc;

	/* It would be off the direct map afterwards */
	if (!extmem_unmapped(dev_dax->ranges[0].range.start)) {
		dev_warn(dev, "no system RAM with extmem.direct_map=1\n");
		return -EOPNOTSUPP;
	}
	/* The page allocator's own data would be in memory that is only lent */
	if (dev_dax->memmap_on_memory) {
		dev_warn(dev, "no system RAM with memmap_on_memory: write 0 to it\n");
		return -EOPNOTSUPP;
	}
	rc = extmem_dax_check_blocks(dev_dax);
	for (i = 0; i < dev_dax->nr_range && !rc; i++)
		rc = extmem_dax_check_extent(dev, &dev_dax->ranges[i].range);
	return rc;
}

static void extmem_dax_free_ram(struct extmem_dax_ram *ram)
{
	bitmap_free(ram->online);
	kfree(ram);
}

static struct extmem_dax_ram *extmem_dax_alloc_ram(struct dev_dax *dev_dax)
{
	struct extmem_dax_ram *ram = kzalloc_obj(*ram);
	int i;

	if (!ram)
		return NULL;
	ram->dev_dax = dev_dax;
	ram->nb.notifier_call = extmem_dax_watch_block;
	for (i = 0; i < dev_dax->nr_range; i++)
		ram->nr_blocks += extmem_dax_nr_blocks(&dev_dax->ranges[i].range);
	ram->online = bitmap_zalloc(ram->nr_blocks, GFP_KERNEL);
	if (!ram->online) {
		kfree(ram);
		return NULL;
	}
	return ram;
}

/* Whoever has the device open has it for bytes that are about to go. */
static void extmem_dax_set_ram(struct extmem_dax *ed, struct extmem_dax_ram *ram)
{
	guard(spinlock)(&ed->lock);
	ed->ram = ram;
	if (ram)
		ed->owners++;
}

/* The claim's first and only reference */
static int extmem_dax_seize_claim(struct extmem_claim *claim)
{
	if (extmem_claim_busy(claim) || !extmem_claim_get(claim))
		return -EBUSY;
	return 0;
}

static int extmem_dax_lend_claim(struct extmem_dax *ed, struct extmem_dax_ram *ram)
{
	int rc = extmem_dax_seize_claim(ed->claim);

	if (rc)
		return rc;
	rc = extmem_dax_set_dirty(ed);
	if (rc)
		goto put;
	rc = register_memory_notifier(&ram->nb);
	if (rc)
		goto undo;
	rc = extmem_lend_begin(ed->claim);
	if (rc)
		goto unregister;
	extmem_dax_set_ram(ed, ram);
	return 0;

unregister:
	unregister_memory_notifier(&ram->nb);
undo:
	extmem_dax_undo_dirty(ed);
put:
	extmem_claim_put(ed->claim);
	return rc;
}

/**
 * extmem_dax_lend - lend a device's memory to kmem, which is about to bind.
 * @dev_dax: the device
 *
 * Context: &dax_region_ops.lend.
 * Return: 0, until extmem_dax_take_back(); -ENXIO if it has no memory, -EBUSY if
 * that is in use, -EHWPOISON if some of it is bad, -EINVAL if it has no whole
 * memory block, -EOPNOTSUPP if the kernel is set up otherwise, or another error.
 */
int extmem_dax_lend(struct dev_dax *dev_dax)
{
	struct extmem_dax *ed = to_extmem_dax(dev_dax);
	struct extmem_dax_ram *ram;
	int rc;

	if (!ed->claim)
		return -ENXIO;
	if (ed->ram)
		return -EBUSY;
	rc = extmem_dax_check_device(dev_dax);
	if (rc)
		return rc;
	ram = extmem_dax_alloc_ram(dev_dax);
	if (!ram)
		return -ENOMEM;
	if (!try_module_get(THIS_MODULE))
		rc = -ENODEV;
	if (!rc) {
		rc = extmem_dax_lend_claim(ed, ram);
		if (rc)
			module_put(THIS_MODULE);
	}
	if (rc)
		extmem_dax_free_ram(ram);
	return rc;
}

static bool extmem_dax_is_ram(const struct dev_dax *dev_dax)
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

/**
 * extmem_dax_take_back - take a device's memory back from kmem.
 * @dev_dax: the device, whose memory was lent
 *
 * kmem did not bind, or is unbound. What it could not take from the page allocator
 * stays there, and the device as it is, until the next kernel.
 *
 * Context: &dax_region_ops.take_back.
 */
void extmem_dax_take_back(struct dev_dax *dev_dax)
{
	struct extmem_dax *ed = to_extmem_dax(dev_dax);
	struct extmem_dax_ram *ram = ed->ram;

	if (extmem_dax_is_ram(dev_dax)) {
		dev_err(&dev_dax->dev, "not all of its memory is back\n");
		return;
	}
	unregister_memory_notifier(&ram->nb);
	extmem_lend_end(ed->claim);
	/* No block was ever online: nothing has happened to the bytes */
	if (!ram->used)
		extmem_dax_undo_dirty(ed);
	extmem_dax_set_ram(ed, NULL);
	extmem_claim_put(ed->claim);
	extmem_dax_free_ram(ram);
	module_put(THIS_MODULE);
}

/**
 * extmem_dax_quiesce_ram - let no memory block of a device go online any more.
 * @ed: the device, to which kmem is bound
 *
 * Context: dax_unbind_lock held.
 * Return: 0, or -EBUSY if a block is online.
 */
int extmem_dax_quiesce_ram(struct extmem_dax *ed)
{
	guard(spinlock)(&ed->lock);
	if (!bitmap_empty(ed->ram->online, ed->ram->nr_blocks))
		return -EBUSY;
	ed->ram->ending = true;
	return 0;
}
