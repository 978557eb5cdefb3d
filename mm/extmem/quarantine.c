// SPDX-License-Identifier: GPL-2.0
/*
 * Memory kept out of everyone's hands, and the words an administrator gets to
 * read about it. Quarantined granules belong to a claim of extmem's own, so
 * they stay where they are over the next kexec as well.
 */
#define pr_fmt(fmt) "extmem: " fmt

#include <kunit/static_stub.h>

#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/stdarg.h>

#include "internal.h"

#define NOTES_MAX	32

struct extmem_note {
	struct list_head list;
	char *text;
};

static const char * const reasons[] = {
	[EXTMEM_REASON_NONE] = "no reason given",
	[EXTMEM_REASON_ORPHAN] = "allocated, but no sound claim covers it",
	[EXTMEM_REASON_BOUNDS] = "its claim reaches outside the pool",
	[EXTMEM_REASON_OVERLAP] = "more than one claim covers it",
	[EXTMEM_REASON_EXTENTS] = "its claim's list of extents is not sound",
	[EXTMEM_REASON_BITMAP] = "the allocation bitmap is damaged",
	[EXTMEM_REASON_FREE] = "a claim covers it, but it was not allocated",
	[EXTMEM_REASON_IDENTITY] = "its claim's type, kind or id is not sound",
	[EXTMEM_REASON_POISON] = "it has had a memory error",
};

/**
 * extmem_reason_text - a reason in words.
 * @reason: enum extmem_reason, perhaps of a later version
 *
 * Return: the words.
 */
const char *extmem_reason_text(u64 reason)
{
	return reason < ARRAY_SIZE(reasons) ? reasons[reason] :
	       "for a reason this kernel does not know";
}

/**
 * extmem_note_log - tell the kernel log what is wrong with a pool.
 * @pool: the pool
 * @text: a line without a newline
 *
 * Tests that do damage by the thousand replace this.
 */
void extmem_note_log(const struct extmem_pool *pool, const char *text)
{
	KUNIT_STATIC_STUB_REDIRECT(extmem_note_log, pool, text);
	pr_warn("node %d: %s\n", pool->nid, text);
}

/**
 * extmem_note - write down what is wrong with a pool.
 * @pool: the pool
 * @fmt: format of a line without a newline
 *
 * The first lines go to the kernel log and are kept for sysfs. Of a map that is
 * bad all over there may be as many as claims; more of the same helps nobody.
 *
 * Context: may sleep.
 */
void extmem_note(struct extmem_pool *pool, const char *fmt, ...)
{
	struct extmem_note *note;
	va_list args;
	char *text;

	if (pool->nr_notes >= NOTES_MAX)
		return;
	va_start(args, fmt);
	text = kvasprintf(GFP_KERNEL, fmt, args);
	va_end(args);
	extmem_note_log(pool, text ?: fmt);

	note = kzalloc_obj(*note);
	if (!note || !text) {
		kfree(note);
		kfree(text);
		return;
	}
	note->text = text;
	list_add_tail(&note->list, &pool->notes);
	if (++pool->nr_notes == NOTES_MAX)
		extmem_note_log(pool, "whatever else is wrong is not listed");
}

/**
 * extmem_note_all - write down what is wrong with every pool there is.
 * @map: the map
 * @text: a line without a newline
 *
 * Context: may sleep.
 */
void extmem_note_all(struct extmem_map *map, const char *text)
{
	struct extmem_pool *pool;

	list_for_each_entry(pool, &map->pools, list)
		extmem_note(pool, "%s", text);
}

/**
 * extmem_note_text - read the notes of a pool.
 * @pool: the pool
 * @i: which, from 0
 *
 * Return: the line, or NULL after the last.
 */
const char *extmem_note_text(const struct extmem_pool *pool, unsigned int i)
{
	struct extmem_note *note;

	list_for_each_entry(note, &pool->notes, list)
		if (!i--)
			return note->text;
	return NULL;
}

/**
 * extmem_notes_free - forget a pool's notes.
 * @pool: the pool
 */
void extmem_notes_free(struct extmem_pool *pool)
{
	struct extmem_note *note, *next;

	list_for_each_entry_safe(note, next, &pool->notes, list) {
		list_del(&note->list);
		kfree(note->text);
		kfree(note);
	}
	pool->nr_notes = 0;
}

static int quarantine_claim(struct extmem_claim *claim, enum extmem_reason reason)
{
	int err;

	err = extmem_claim_begin(claim, EXTMEM_KIND_QUARANTINE);
	if (err)
		return err;
	extmem_claim_ser(claim)->data[0] = reason;
	return extmem_claim_write(claim);
}

/**
 * extmem_quarantine - keep granules out of everyone's hands.
 * @pool: the pool
 * @runs: the granules, already marked taken
 * @reason: why
 *
 * Context: may sleep; the map is locked or still in the hands of its maker.
 * Return: 0 or -ENOMEM: then the granules are still taken and in no claim,
 * which makes the next kernel quarantine them.
 */
int extmem_quarantine(struct extmem_pool *pool, const struct extmem_runs *runs,
		      enum extmem_reason reason)
{
	struct extmem_claim *claim;
	unsigned int i;
	int err = 0;

	if (!runs->nr)
		return 0;
	claim = extmem_claim_new(pool);
	if (!claim)
		return -ENOMEM;
	for (i = 0; !err && i < runs->nr; i++)
		err = extmem_runs_add(&claim->runs, runs->run[i].first, runs->run[i].nr);
	if (!err)
		err = quarantine_claim(claim, reason);
	if (err)
		extmem_claim_free(claim);
	else
		extmem_claim_link(claim);
	return err;
}
