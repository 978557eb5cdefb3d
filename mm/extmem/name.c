// SPDX-License-Identifier: GPL-2.0
/*
 * Names of claims: what can be one, and that no two claims share one.
 */
#include <linux/ctype.h>
#include <linux/export.h>
#include <linux/jhash.h>
#include <linux/string.h>

#include "internal.h"

/**
 * DOC: names of claims
 *
 * A name has 1 to 63 of the characters ``A-Z a-z 0-9 # + - . : = @ _`` and
 * begins with a letter or a digit. These are the characters that udev puts into
 * a link's name as they are: were more allowed, ``a b`` and ``a_b`` would be
 * one link, or ``a b`` two of them. No name can be ``.`` or ``..``, or be
 * mistaken for an option.
 *
 * A name is given to one claim at a time, whatever pool it is of.
 */

static_assert(EXTMEM_NAME_MAX + 1 == EXTMEM_NAME_SIZE);

static bool name_char(char c)
{
	return isascii(c) && (isalnum(c) || (c && strchr("#+-.:=@_", c)));
}

/**
 * extmem_name_check - can this be a claim's name?
 * @name: the name
 *
 * Context: any.
 * Return: 0; -ENAMETOOLONG; -EINVAL if it is empty or has a character that it
 * must not have.
 */
int extmem_name_check(const char *name)
{
	size_t i;

	if (strnlen(name, EXTMEM_NAME_SIZE) > EXTMEM_NAME_MAX)
		return -ENAMETOOLONG;
	if (!isascii(name[0]) || !isalnum(name[0]))
		return -EINVAL;
	for (i = 1; name[i]; i++)
		if (!name_char(name[i]))
			return -EINVAL;
	return 0;
}

static struct hlist_head *bucket(struct extmem_map *map, const char *name)
{
	u32 hash = jhash(name, strlen(name), 0);

	return &map->names[hash % EXTMEM_NAME_BUCKETS];
}

static const char *claim_name(const struct extmem_claim *claim)
{
	return extmem_claim_ser(claim)->name;
}

static struct extmem_claim *find(struct extmem_map *map, const char *name)
{
	struct extmem_claim *claim;

	hlist_for_each_entry(claim, bucket(map, name), named)
		if (!strcmp(claim_name(claim), name))
			return claim;
	return NULL;
}

/**
 * extmem_name_drop - take a claim's name away.
 * @claim: the claim, whose record is to get a new checksum; the map is locked
 */
void extmem_name_drop(struct extmem_claim *claim)
{
	hlist_del_init(&claim->named);
	memset(extmem_claim_ser(claim)->name, 0, EXTMEM_NAME_SIZE);
}

/* @name is sound and nobody's */
static void give(struct extmem_claim *claim, const char *name)
{
	extmem_name_drop(claim);
	strscpy_pad(extmem_claim_ser(claim)->name, name, EXTMEM_NAME_SIZE);
	hlist_add_head(&claim->named, bucket(claim->pool->map, name));
}

/**
 * extmem_claim_name - a claim's name.
 * @claim: the claim
 * @name: the name is put here, the empty string if it has none
 *
 * Context: may sleep.
 * Return: the name's length.
 */
size_t extmem_claim_name(const struct extmem_claim *claim,
			 char name[EXTMEM_NAME_MAX + 1])
{
	guard(mutex)(&claim->pool->map->lock);
	memcpy(name, claim_name(claim), EXTMEM_NAME_SIZE);
	return strlen(name);
}
EXPORT_SYMBOL_GPL(extmem_claim_name);

/**
 * extmem_claim_set_name - name a claim.
 * @claim: the claim
 * @name: the name, or the empty string for none
 *
 * Context: may sleep.
 * Return: 0, or an error, and nothing has changed: -ENAMETOOLONG for more than
 * EXTMEM_NAME_MAX bytes; -EINVAL for what can't be a name; -EEXIST if another
 * claim has it; -EBUSY while the claim is in a session; -ESHUTDOWN once the map is
 * frozen.
 */
int extmem_claim_set_name(struct extmem_claim *claim, const char *name)
{
	struct extmem_map *map = claim->pool->map;
	struct extmem_claim *other;
	int err = *name ? extmem_name_check(name) : 0;

	if (err)
		return err;
	guard(mutex)(&map->lock);
	if (map->frozen)
		return -ESHUTDOWN;
	if (extmem_claim_fixed(claim))
		return -EBUSY;
	other = *name ? find(map, name) : NULL;
	if (other)
		return other == claim ? 0 : -EEXIST;
	if (*name)
		give(claim, name);
	else
		extmem_name_drop(claim);
	extmem_crc_set(extmem_claim_ser(claim), EXTMEM_RECORD);
	return 0;
}
EXPORT_SYMBOL_GPL(extmem_claim_set_name);

static bool is_padded(const char *name)
{
	size_t len = strnlen(name, EXTMEM_NAME_SIZE);

	return !memchr_inv(name + len, 0, EXTMEM_NAME_SIZE - len);
}

/**
 * extmem_adopt_name - take over a claim's name, or drop it.
 * @claim: the claim, otherwise sound; its map is in the hands of its maker
 *
 * A name that can't be, or that another claim has, is no reason to distrust the
 * memory.
 */
void extmem_adopt_name(struct extmem_claim *claim)
{
	struct extmem_claim_ser *ser = extmem_claim_ser(claim);
	struct extmem_map *map = claim->pool->map;

	if (!memchr_inv(ser->name, 0, EXTMEM_NAME_SIZE))
		return;
	if (extmem_name_check(ser->name) || !is_padded(ser->name)) {
		extmem_note(claim->pool, "claim %llu: name dropped: it can't be one",
			    ser->id);
	} else if (find(map, ser->name)) {
		extmem_note(claim->pool, "claim %llu: name dropped: %s is another's",
			    ser->id, ser->name);
	} else {
		hlist_add_head(&claim->named, bucket(map, ser->name));
		return;
	}
	extmem_name_drop(claim);
	extmem_crc_set(ser, EXTMEM_RECORD);
}
