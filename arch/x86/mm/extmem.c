// SPDX-License-Identifier: GPL-2.0
/*
 * Extended memory and x86: its mark in the e820 tables, and its way out of the
 * direct map.
 *
 * The mark is an e820 type of its own. Kernels that don't know the type leave
 * the memory alone and hand the mark on, so that even after a kexec without
 * KHO, or through a kernel without extmem, it is known what is there. It only
 * protects: what the memory is comes from the hand-over map. To user space the
 * type has the name of reserved memory, which is what its tools understand.
 */
#include <linux/extmem.h>
#include <linux/extmem_arch.h>
#include <linux/init.h>
#include <linux/kasan.h>
#include <linux/kexec_handover.h>
#include <linux/mm.h>
#include <linux/numa.h>

#include <asm/e820/api.h>
#include <asm/set_memory.h>
#include <asm/setup.h>

#include "mm_internal.h"

/* A kexec'd kernel finds this as its type of boot loader */
#define LOADER_KEXEC	0xd

static void __init retype(struct e820_table *table, const struct range *range,
			  enum e820_type from, enum e820_type to)
{
	e820__range_update_table(table, range->start, range_len(range), from, to);
	e820__update_table(table);
}

/* Tables are of a fixed size: changing the type of a part takes two entries more */
static bool __init has_room(const struct e820_table *table)
{
	return table->nr_entries + 2 <= ARRAY_SIZE(table->entries);
}

/**
 * extmem_arch_protect - mark memory that was just reserved.
 * @range: the memory
 *
 * Neither this kernel nor the next one takes it for RAM any more. The firmware
 * table still says RAM: KVM asks it whether memory may be cached.
 *
 * Return: false if there is no room in the tables; nothing has changed then.
 */
bool __init extmem_arch_protect(const struct range *range)
{
	if (!has_room(e820_table) || !has_room(e820_table_kexec))
		return false;
	retype(e820_table, range, E820_TYPE_RAM, E820_TYPE_EXTMEM);
	retype(e820_table_kexec, range, E820_TYPE_RAM, E820_TYPE_EXTMEM);
	return true;
}

/**
 * extmem_arch_adopted - memory reserved by a former kernel is a pool's.
 * @range: the memory
 *
 * After a kexec the firmware table says what the former kernel did; without a
 * correction KVM maps guest memory like a device's.
 */
void __init extmem_arch_adopted(const struct range *range)
{
	retype(e820_table_firmware, range, E820_TYPE_EXTMEM, E820_TYPE_RAM);
}

/**
 * extmem_arch_marked - iterate over memory a former kernel reserved.
 * @i: which piece, from 0
 * @range: the piece; neighbours are one
 *
 * Return: false after the last.
 */
bool __init extmem_arch_marked(unsigned int i, struct range *range)
{
	u32 idx;

	if (!extmem_arch_warm())
		return false;
	for (idx = 0; idx < e820_table->nr_entries; idx++) {
		const struct e820_entry *entry = &e820_table->entries[idx];

		if (entry->type != E820_TYPE_EXTMEM || i--)
			continue;
		*range = DEFINE_RANGE(entry->addr, entry->addr + entry->size - 1);
		return true;
	}
	return false;
}

static bool __init looks_like_pool(const struct e820_entry *entry, struct range *range)
{
	u64 start = ALIGN(entry->addr, SZ_1G);
	u64 end = ALIGN_DOWN(entry->addr + entry->size, EXTMEM_GRANULE);

	if (entry->type != E820_TYPE_RESERVED || start >= end ||
	    phys_to_target_node(start) == NUMA_NO_NODE)
		return false;
	*range = DEFINE_RANGE(start, end - 1);
	return true;
}

/**
 * extmem_arch_doubtful - find memory that may have been a pool's.
 * @range: the first such memory
 *
 * kexec_load(2) makes the next kernel's table of names, among which ours is just
 * reserved. So what looks like a pool, a reserved gigabyte, or the beginning of
 * one, in what the node tables call memory, may have been one. But firmware
 * reserves such memory, too, for SEV-SNP or SGX or around 1 TiB on AMD's
 * machines, and it is not to be taken for anything but reserved.
 *
 * Return: true if there is any.
 */
bool __init extmem_arch_doubtful(struct range *range)
{
	u32 idx;

	if (!extmem_arch_warm() || is_kho_boot())
		return false;
	for (idx = 0; idx < e820_table->nr_entries; idx++)
		if (looks_like_pool(&e820_table->entries[idx], range))
			return true;
	return false;
}

/**
 * extmem_arch_owns - whether a former kernel reserved some memory.
 * @range: the memory
 *
 * Return: true if all of it was.
 */
bool __init extmem_arch_owns(const struct range *range)
{
	return e820__mapped_all(range->start, range->end + 1, E820_TYPE_EXTMEM);
}

/**
 * extmem_arch_warm - whether this kernel was started by another one.
 *
 * Return: true if memory may hold what was there before.
 */
bool __init extmem_arch_warm(void)
{
	return bootloader_type >> 4 == LOADER_KEXEC;
}

/**
 * extmem_arch_is_mapped - whether memory was put into the direct map at boot.
 * @range: the memory
 *
 * Return: true if all of it was, as memory of a former kernel's is not that was
 * marked from the beginning.
 */
bool __init extmem_arch_is_mapped(const struct range *range)
{
	return pfn_range_is_mapped(PHYS_PFN(range->start), PHYS_PFN(range->end + 1));
}

/**
 * extmem_arch_unmap - take memory out of the direct map.
 * @range: the memory, starting at a multiple of 1 GiB
 *
 * Return: 0 or -ENOMEM.
 */
int __init extmem_arch_unmap(const struct range *range)
{
	u64 end = range->end + 1;
	u64 tail = ALIGN_DOWN(end, PUD_SIZE);
	int err;

	/* An entry that maps more than is to go has to be split first */
	if (tail != end) {
		err = set_memory_4k((unsigned long)__va(tail), 1);
		if (err)
			return err;
	}
	kernel_direct_map_remove(range->start, end);
	return 0;
}

/**
 * extmem_arch_map - put memory a former kernel reserved into the direct map.
 * @range: the memory
 *
 * Return: 0, or -ERANGE if the direct map does not reach that far: with KASLR
 * it is as long as the kernel's own memory asks for.
 */
int __init extmem_arch_map(const struct range *range)
{
	if (range->end >= DIRECT_MAP_PHYSMEM_END)
		return -ERANGE;
	init_memory_mapping(range->start, range->end + 1, PAGE_KERNEL);
	return 0;
}

/**
 * extmem_arch_map_granule - put a granule into the direct map.
 * @pa: its physical address
 *
 * KASAN has a shadow only of what was RAM at boot, as it was before a kexec.
 *
 * Context: may sleep. The caller's claim has the granule.
 * Return: 0, -ERANGE as for extmem_arch_map(), or -ENOMEM.
 */
int extmem_arch_map_granule(u64 pa)
{
	u64 end = pa + EXTMEM_GRANULE;
	int err;

	if (!extmem_unmapped(pa))
		return 0;
	if (end - 1 >= DIRECT_MAP_PHYSMEM_END)
		return -ERANGE;
	err = kasan_add_zero_shadow(__va(pa), EXTMEM_GRANULE);
	if (!err)
		kernel_direct_map_add(pa, end);
	return err;
}

/**
 * extmem_arch_unmap_granule - undo extmem_arch_map_granule().
 * @pa: the granule's physical address
 *
 * Context: may sleep. The caller's claim has the granule still: whoever has it next
 * may have put it into the direct map for struct pages of its own.
 */
void extmem_arch_unmap_granule(u64 pa)
{
	if (!extmem_unmapped(pa))
		return;
	kernel_direct_map_remove(pa, pa + EXTMEM_GRANULE);
	kasan_remove_zero_shadow(__va(pa), EXTMEM_GRANULE);
}

/**
 * extmem_arch_hide_page - take a bad page of such a granule off the direct map.
 * @pa: its physical address; nobody uses the page, or will
 *
 * set_mce_nospec() leaves extended memory alone, since who has put a granule into
 * the direct map may be using the page there. The address that the processor sees is
 * not that of the page, as there: else it might read ahead.
 *
 * Context: may sleep. The granule stays in the direct map meanwhile.
 */
void extmem_arch_hide_page(u64 pa)
{
	if (extmem_unmapped(pa) && set_memory_np(pa + (PAGE_OFFSET ^ BIT(63)), 1))
		pr_err("extmem: %#llx has a memory error and stays in the direct map\n",
		       pa);
}

/**
 * extmem_arch_clear - clear memory past the caches.
 * @mem: where it is mapped, a multiple of 64
 * @bytes: how much, a multiple of 64
 *
 * Nobody is about to read what is cleared; with ordinary stores it would push
 * what others use out of their caches.
 */
void extmem_arch_clear(void *mem, size_t bytes)
{
	void *end = mem + bytes;

	for (; mem < end; mem += 64)
		asm volatile("movnti %1, (%0)\n\t"
			     "movnti %1, 8(%0)\n\t"
			     "movnti %1, 16(%0)\n\t"
			     "movnti %1, 24(%0)\n\t"
			     "movnti %1, 32(%0)\n\t"
			     "movnti %1, 40(%0)\n\t"
			     "movnti %1, 48(%0)\n\t"
			     "movnti %1, 56(%0)"
			     : : "r" (mem), "r" (0UL) : "memory");
	/* Else an ordinary store that hands the memory on may be seen first */
	wmb();
}
