// SPDX-License-Identifier: GPL-2.0
/*
 * Early boot: memory that the command line wants for others. They come later
 * and take what is left, so it is for extmem= to leave them some.
 */
#include <linux/crash_reserve.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/memblock.h>
#include <linux/nodemask.h>

#include <asm/setup.h>

#include "boot.h"

/* What is to be on a node, and what may be anywhere */
static u64 extmem_keep_on[MAX_NUMNODES] __initdata;
static u64 extmem_keep_cma __initdata;
static u64 extmem_keep_pages __initdata;

/* SIZE or NODE:SIZE,... in units of @unit, for one that is no number of bytes */
static void __init extmem_keep_list(char *p, u64 unit, u64 *anywhere)
{
	while (p && *p) {
		u64 val = memparse(p, &p);

		if (*p == ':' && val < MAX_NUMNODES)
			extmem_keep_on[val] += memparse(p + 1, &p) * unit;
		else
			*anywhere += val * unit;
		if (*p != ',')
			return;
		p++;
	}
}

static int __init extmem_keep_cma_setup(char *p)
{
	if (IS_ENABLED(CONFIG_DMA_CMA) && p)
		extmem_keep_cma = memparse(p, &p);
	return 0;
}
early_param("cma", extmem_keep_cma_setup);

static int __init extmem_keep_hugetlb_cma_setup(char *p)
{
	if (IS_ENABLED(CONFIG_HUGETLB_PAGE))
		extmem_keep_list(p, 1, &extmem_keep_pages);
	return 0;
}
early_param("hugetlb_cma", extmem_keep_hugetlb_cma_setup);

/* Size of the pages that the next hugepages= is about */
static u64 extmem_keep_hugepage __initdata = SZ_2M;

static int __init extmem_keep_hugepagesz_setup(char *p)
{
	if (p)
		extmem_keep_hugepage = memparse(p, &p);
	return 0;
}
early_param("hugepagesz", extmem_keep_hugepagesz_setup);

static int __init extmem_keep_default_hugepagesz_setup(char *p)
{
	return extmem_keep_hugepagesz_setup(p);
}
early_param("default_hugepagesz", extmem_keep_default_hugepagesz_setup);

static int __init extmem_keep_hugepages_setup(char *p)
{
	if (IS_ENABLED(CONFIG_HUGETLB_PAGE))
		extmem_keep_list(p, extmem_keep_hugepage, &extmem_keep_pages);
	return 0;
}
early_param("hugepages", extmem_keep_hugepages_setup);

static u64 __init extmem_keep_crash(void)
{
	unsigned long long size = 0, base, low = 0, cma = 0;
	bool high = false;

	if (!IS_ENABLED(CONFIG_CRASH_RESERVE) ||
	    parse_crashkernel(boot_command_line, memblock_phys_mem_size(), &size,
			      &base, &low, &cma, &high))
		return 0;
	return size + low + cma;
}

/* As memory was before pools were taken out of it */
static u64 extmem_keep_total __initdata;
static u64 extmem_keep_anywhere __initdata;

/**
 * extmem_keep_init - sum up what others ask for.
 *
 * Called before anything is reserved.
 */
void __init extmem_keep_init(void)
{
	extmem_keep_total = memblock_phys_mem_size();
	extmem_keep_anywhere = extmem_keep_crash() + extmem_keep_cma + extmem_keep_pages;
}

/**
 * extmem_keep_all - what others are to have of all memory.
 *
 * Return: bytes.
 */
u64 __init extmem_keep_all(void)
{
	u64 sum = extmem_keep_anywhere;
	int nid;

	for (nid = 0; nid < MAX_NUMNODES; nid++)
		sum += extmem_keep_on[nid];
	return sum;
}

/**
 * extmem_keep_node - what others ask for on a node and nowhere else.
 * @nid: the node
 *
 * Return: bytes.
 */
u64 __init extmem_keep_node(int nid)
{
	return extmem_keep_on[nid];
}

/**
 * extmem_keep_share - what others are to be expected to take of a node.
 * @nid: the node
 * @size: its memory
 *
 * Return: bytes: what they ask for there, and the node's share of what may be
 * anywhere; at most all of it.
 */
u64 __init extmem_keep_share(int nid, u64 size)
{
	u64 share = 0;

	if (extmem_keep_total)
		share = mul_u64_u64_div_u64(extmem_keep_anywhere, size,
					    extmem_keep_total);
	return min(size, extmem_keep_on[nid] + share);
}
