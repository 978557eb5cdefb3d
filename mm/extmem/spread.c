// SPDX-License-Identifier: GPL-2.0
/*
 * The entry of extmem= that names no node: it is about all nodes with memory
 * that no other entry names, wherever in the list it stands. And how much each
 * node gives of a size or a percentage: arithmetic that knows nothing of memory.
 */
#define pr_fmt(fmt) "extmem: " fmt

#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/nodemask.h>
#include <linux/printk.h>

#include "boot.h"

/* The entry and what it asks for; NULL if there is none */
static char *spread_entry __initdata;
static struct extmem_ask spread __initdata;

/* By node: what it can give, and what it is to give */
static u64 room[MAX_NUMNODES] __initdata;
static u64 share[MAX_NUMNODES] __initdata;

/**
 * extmem_percent - some percent of a node's memory.
 * @bytes: the memory
 * @percent: 1 to 100
 *
 * Return: bytes, a multiple of a memory section.
 */
u64 __init extmem_percent(u64 bytes, unsigned int percent)
{
	return ALIGN_DOWN(mul_u64_u64_div_u64(bytes, percent, 100), EXTMEM_SECTION);
}

static u64 __init extmem_share_ideal(u64 size, u64 room, u64 total)
{
	return mul_u64_u64_div_u64(size, room, total);
}

/* How far a share is below its proportion; negative above */
static s64 __init extmem_share_lag(u64 size, u64 total, u64 room, u64 share)
{
	return extmem_share_ideal(size, room, total) - share;
}

/*
 * Who is to give @step more: of those who can, the one whose share is furthest
 * below its proportion; if nobody can, the one that can give most.
 */
static unsigned int __init extmem_share_next(u64 size, u64 total, const u64 *room,
					     const u64 *share, unsigned int nr, u64 step)
{
	unsigned int i, best = 0;

	for (i = 1; i < nr; i++) {
		u64 left = room[i] - share[i], best_left = room[best] - share[best];

		if (min(left, best_left) < step) {
			if (left > best_left)
				best = i;
		} else if (extmem_share_lag(size, total, room[i], share[i]) >
			   extmem_share_lag(size, total, room[best], share[best])) {
			best = i;
		}
	}
	return best;
}

/**
 * extmem_share - spread a size over nodes.
 * @size: bytes, a multiple of the granule
 * @room: what each node can give, multiples of the granule
 * @share: what each is to give
 * @nr: how many nodes, at least 1
 *
 * Shares are proportional to the room and whole gigabytes, as far as the sum
 * can be had that way: those can be mapped in whole gigabytes.
 *
 * Return: the bytes there was no room for.
 */
u64 __init extmem_share(u64 size, const u64 *room, u64 *share, unsigned int nr)
{
	u64 total = 0, left = size;
	unsigned int i;

	for (i = 0; i < nr; i++)
		total += room[i];
	for (i = 0; i < nr; i++) {
		share[i] = room[i];
		if (size < total)
			share[i] = ALIGN_DOWN(extmem_share_ideal(size, room[i], total), SZ_1G);
		left -= share[i];
	}
	/* Rounding left less than a gigabyte a node */
	while (left && size < total) {
		u64 step = min_t(u64, left, SZ_1G);

		i = extmem_share_next(size, total, room, share, nr, step);
		step = min(step, room[i] - share[i]);
		share[i] += step;
		left -= step;
	}
	return left;
}

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
static u64 __init extmem_spread_room(void)
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
static u64 __init extmem_spread_shares(void)
{
	u64 sum = 0;
	int nid;

	if (!spread.percent)
		return spread.size - extmem_share(spread.size, room, share, MAX_NUMNODES);
	for_each_online_node(nid) {
		if (extmem_boot_pool(nid)->named)
			continue;
		share[nid] = extmem_percent(extmem_percent_base(nid), spread.percent);
		sum += share[nid];
	}
	return sum;
}

static void __init extmem_spread_reserve_shares(void)
{
	int nid;

	for_each_online_node(nid) {
		struct extmem_boot_pool *pool = extmem_boot_pool(nid);

		if (!share[nid])
			continue;
		pool->named = true;
		pool->asked = share[nid];
		pool->pad = ALIGN(share[nid], EXTMEM_SECTION) - share[nid];
		pr_info("node %d: %llu MiB are its share of \"%s\"\n", nid,
			MiB(share[nid]), spread_entry);
		extmem_place(nid, share[nid]);
	}
}

static const char * __init extmem_spread_reserve_all(void)
{
	u64 size = extmem_spread_room(), sum;
	const char *rule;

	if (!size)
		return "every node with memory was named before";
	if (spread.size > size)
		return "the nodes do not have that much memory";
	rule = extmem_spare_fault(spread.size);
	if (rule)
		return rule;
	sum = extmem_spread_shares();
	if (!sum)
		return spread.percent ? "that is less than 128M" :
		       "nothing free starts on 1 GiB and fills a memory section";
	rule = extmem_spare_fault(sum);
	if (rule)
		return rule;
	extmem_spread_reserve_shares();
	if (sum < spread.size)
		pr_warn("\"%s\": no more than %llu MiB to be had: what else is free does not start on 1 GiB or end with a memory section, the rest is in use\n",
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
		rule = extmem_spread_reserve_all();
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
