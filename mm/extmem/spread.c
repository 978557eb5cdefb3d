// SPDX-License-Identifier: GPL-2.0
/*
 * The entry of extmem= that names no node: it is about all nodes with memory
 * that no other entry names, wherever in the list it stands.
 */
#define pr_fmt(fmt) "extmem: " fmt

#include <linux/nodemask.h>
#include <linux/printk.h>

#include "internal.h"
#include "boot.h"

/* The entry and what it asks for; NULL if there is none */
static char *spread_entry __initdata;
static struct extmem_ask spread __initdata;

/* By node: what it can give, and what it is to give */
static u64 room[MAX_NUMNODES] __initdata;
static u64 share[MAX_NUMNODES] __initdata;

/**
 * extmem_spread_ask - take note of an entry that names no node.
 * @entry: the entry
 * @ask: what it asks for
 *
 * Return: NULL, or the rule that it breaks.
 */
const char * __init extmem_spread_ask(char *entry, const struct extmem_ask *ask)
{
	if (spread_entry)
		return "an entry before this one is about all nodes, too";
	spread_entry = entry;
	spread = *ask;
	return NULL;
}

/**
 * extmem_spread_bytes - what is asked of all nodes that no entry names.
 *
 * Return: bytes; 0 if nothing, if it is a percentage, or if each node has its
 * share.
 */
u64 __init extmem_spread_bytes(void)
{
	return spread.size;
}

/* Fill room[] in; returns all memory of the nodes in question */
static u64 __init find_room(void)
{
	u64 size = 0;
	int nid;

	for_each_online_node(nid) {
		if (extmem_boot_pool(nid)->named)
			continue;
		room[nid] = extmem_node_room(nid);
		size += extmem_node_size(nid);
	}
	return size;
}

/* Fill share[] in; returns the sum */
static u64 __init find_shares(void)
{
	u64 sum = 0;
	int nid;

	if (!spread.percent)
		return spread.size - extmem_share(spread.size, room, share, MAX_NUMNODES);
	for_each_online_node(nid) {
		if (extmem_boot_pool(nid)->named)
			continue;
		share[nid] = extmem_percent(extmem_node_size(nid), spread.percent);
		sum += share[nid];
	}
	return sum;
}

static void __init reserve_shares(void)
{
	int nid;

	for_each_online_node(nid) {
		struct extmem_boot_pool *pool = extmem_boot_pool(nid);

		if (!share[nid])
			continue;
		pool->named = true;
		pool->asked = share[nid];
		pr_info("node %d: %llu MiB are its share of \"%s\"\n", nid,
			MiB(share[nid]), spread_entry);
		extmem_place(nid, share[nid]);
	}
}

static const char * __init reserve_spread(void)
{
	u64 size = find_room(), sum;

	if (!size)
		return "every node with memory was named before";
	if (spread.size > size)
		return "the nodes do not have that much memory";
	if (spread.size > extmem_spare_size())
		return "less than 512M would be left to the kernel";
	sum = find_shares();
	if (!sum)
		return spread.percent ? "that is less than 2M" :
		       "what is free does not start on 1 GiB, the rest is in use";
	if (sum > extmem_spare_size())
		return "less than 512M would be left to the kernel";
	reserve_shares();
	if (sum < spread.size)
		pr_warn("\"%s\": no more than %llu MiB to be had: what else is free does not start on 1 GiB, the rest is in use\n",
			spread_entry, MiB(sum));
	spread.size = 0;
	return NULL;
}

/**
 * extmem_spread_reserve - serve the entry that names no node.
 *
 * Called when all others were.
 */
void __init extmem_spread_reserve(void)
{
	const char *rule = NULL;

	if (spread_entry)
		rule = reserve_spread();
	if (rule) {
		extmem_refuse(spread_entry, rule);
		spread.size = 0;
	}
}

/**
 * extmem_spread_note - have the entry that names no node compared, not obeyed.
 *
 * Called when all others were noted.
 */
void __init extmem_spread_note(void)
{
	int nid;

	for (nid = 0; spread.percent && nid < MAX_NUMNODES; nid++)
		if (!extmem_boot_pool(nid)->named)
			extmem_note_percent(nid, spread.percent);
}
