// SPDX-License-Identifier: GPL-2.0
/*
 * What the administrator says about a claim: its name, who may use what user
 * space sees of it, and whether it is to outlive the kernel.
 */
#include <linux/ctype.h>
#include <linux/export.h>
#include <linux/jhash.h>
#include <linux/stat.h>
#include <linux/string.h>

#include "pool.h"

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

static bool extmem_name_char(char c)
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
		if (!extmem_name_char(name[i]))
			return -EINVAL;
	return 0;
}

static struct hlist_head *extmem_name_bucket(struct extmem_map *map, const char *name)
{
	u32 hash = jhash(name, strlen(name), 0);

	return &map->names[hash % EXTMEM_NAME_BUCKETS];
}

static const char *extmem_name_of(const struct extmem_claim *claim)
{
	return claim->rec.claim->name;
}

static struct extmem_claim *extmem_name_find(struct extmem_map *map, const char *name)
{
	struct extmem_claim *claim;

	hlist_for_each_entry(claim, extmem_name_bucket(map, name), named)
		if (!strcmp(extmem_name_of(claim), name))
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
	memset(claim->rec.claim->name, 0, EXTMEM_NAME_SIZE);
}

/* @name is sound and nobody's */
static void extmem_name_give(struct extmem_claim *claim, const char *name)
{
	extmem_name_drop(claim);
	strscpy_pad(claim->rec.claim->name, name, EXTMEM_NAME_SIZE);
	hlist_add_head(&claim->named, extmem_name_bucket(claim->pool->map, name));
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
	memcpy(name, extmem_name_of(claim), EXTMEM_NAME_SIZE);
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
	err = extmem_claim_check(claim);
	if (err)
		return err;
	other = *name ? extmem_name_find(map, name) : NULL;
	if (other)
		return other == claim ? 0 : -EEXIST;
	if (*name)
		extmem_name_give(claim, name);
	else
		extmem_name_drop(claim);
	extmem_crc_set(claim->rec.claim, EXTMEM_RECORD);
	return 0;
}
EXPORT_SYMBOL_GPL(extmem_claim_set_name);

static bool extmem_name_is_padded(const char *name)
{
	size_t len = strnlen(name, EXTMEM_NAME_SIZE);

	return !memchr_inv(name + len, 0, EXTMEM_NAME_SIZE - len);
}

/**
 * extmem_adopt_name - take over a claim's name, or drop it.
 * @claim: the claim, otherwise sound; its map is not published yet
 *
 * A name that can't be, or that another claim has, is no reason to distrust the
 * memory.
 */
void extmem_adopt_name(struct extmem_claim *claim)
{
	struct extmem_claim_ser *ser = claim->rec.claim;
	struct extmem_map *map = claim->pool->map;

	if (!memchr_inv(ser->name, 0, EXTMEM_NAME_SIZE))
		return;
	if (extmem_name_check(ser->name) || !extmem_name_is_padded(ser->name)) {
		extmem_note(claim->pool, "claim %llu: name dropped: it can't be one",
			    ser->id);
	} else if (extmem_name_find(map, ser->name)) {
		extmem_note(claim->pool, "claim %llu: name dropped: %s is another's",
			    ser->id, ser->name);
	} else {
		hlist_add_head(&claim->named, extmem_name_bucket(map, ser->name));
		return;
	}
	extmem_name_drop(claim);
	extmem_crc_set(ser, EXTMEM_RECORD);
}

/**
 * extmem_claim_owner - who may use a claim.
 * @claim: the claim
 * @owner: is filled in
 *
 * Context: may sleep.
 */
void extmem_claim_owner(const struct extmem_claim *claim, struct extmem_owner *owner)
{
	const struct extmem_claim_ser *ser = claim->rec.claim;

	guard(mutex)(&claim->pool->map->lock);
	owner->uid = make_kuid(&init_user_ns, ser->uid);
	owner->gid = make_kgid(&init_user_ns, ser->gid);
	owner->mode = ser->mode;
}
EXPORT_SYMBOL_GPL(extmem_claim_owner);

static bool extmem_owner_ok(const struct extmem_owner *owner)
{
	return uid_valid(owner->uid) && gid_valid(owner->gid) &&
	       !(owner->mode & ~(umode_t)0777);
}

/**
 * extmem_claim_set_owner - say who may use a claim.
 * @claim: the claim
 * @owner: who
 *
 * Context: may sleep.
 * Return: 0, or an error, and nothing has changed: -EINVAL for a user or group
 * that can't be, or a mode over 0777; -ESHUTDOWN once the map is frozen.
 */
int extmem_claim_set_owner(struct extmem_claim *claim, const struct extmem_owner *owner)
{
	struct extmem_claim_ser *ser = claim->rec.claim;

	if (!extmem_owner_ok(owner))
		return -EINVAL;
	guard(mutex)(&claim->pool->map->lock);
	if (claim->pool->map->frozen)
		return -ESHUTDOWN;
	extmem_owner_write(ser, owner);
	extmem_crc_set(ser, EXTMEM_RECORD);
	return 0;
}
EXPORT_SYMBOL_GPL(extmem_claim_set_owner);

/**
 * extmem_adopt_owner - take over a claim's owner, or leave it to root alone.
 * @claim: the claim, otherwise sound; its map is not published yet
 */
void extmem_adopt_owner(struct extmem_claim *claim)
{
	struct extmem_claim_ser *ser = claim->rec.claim;

	if (ser->uid != (u32)-1 && ser->gid != (u32)-1 && !(ser->mode & ~0777))
		return;
	extmem_note(claim->pool, "claim %llu: uid, gid and mode can't be: it is root's",
		    ser->id);
	ser->uid = 0;
	ser->gid = 0;
	ser->mode = 0600;
	extmem_crc_set(ser, EXTMEM_RECORD);
}

/**
 * extmem_claim_persist - is a claim to outlive the kernel?
 * @claim: the claim
 *
 * Context: any.
 * Return: true unless it was said that it is not.
 */
bool extmem_claim_persist(const struct extmem_claim *claim)
{
	return !(READ_ONCE(claim->rec.claim->flags) &
		 (EXTMEM_CLAIM_TRANSIENT | EXTMEM_CLAIM_SPARED));
}
EXPORT_SYMBOL_GPL(extmem_claim_persist);

/**
 * extmem_claim_set_persist - say whether a claim is to outlive the kernel.
 * @claim: the claim
 * @persist: whether it is
 *
 * Context: may sleep.
 * Return: 0, or an error, and nothing has changed: -EBUSY while it is in a
 * session, or is not to persist though a device in one needs it; -ESHUTDOWN once the
 * map is frozen.
 */
int extmem_claim_set_persist(struct extmem_claim *claim, bool persist)
{
	struct extmem_claim_ser *ser = claim->rec.claim;
	int err;

	guard(mutex)(&claim->pool->map->lock);
	err = extmem_claim_check(claim);
	if (!err && !persist && claim->needed)
		err = -EBUSY;
	if (err)
		return err;
	if (persist)
		ser->flags &= ~EXTMEM_CLAIM_TRANSIENT;
	else
		ser->flags |= EXTMEM_CLAIM_TRANSIENT;
	extmem_crc_set(ser, EXTMEM_RECORD);
	return 0;
}
EXPORT_SYMBOL_GPL(extmem_claim_set_persist);
