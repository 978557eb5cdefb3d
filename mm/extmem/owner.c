// SPDX-License-Identifier: GPL-2.0
/*
 * Who may use what user space sees of a claim. What that is, a device node for
 * instance, is the business of the claim's kind.
 */
#include <linux/export.h>
#include <linux/stat.h>

#include "internal.h"

/**
 * extmem_owner_write - write the owner into a claim's record.
 * @ser: the record, which is to get a new checksum
 * @owner: the owner
 */
void extmem_owner_write(struct extmem_claim_ser *ser, const struct extmem_owner *owner)
{
	ser->uid = from_kuid(&init_user_ns, owner->uid);
	ser->gid = from_kgid(&init_user_ns, owner->gid);
	ser->mode = owner->mode;
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
	const struct extmem_claim_ser *ser = extmem_claim_ser(claim);

	guard(mutex)(&claim->pool->map->lock);
	owner->uid = make_kuid(&init_user_ns, ser->uid);
	owner->gid = make_kgid(&init_user_ns, ser->gid);
	owner->mode = ser->mode;
}
EXPORT_SYMBOL_GPL(extmem_claim_owner);

static bool owner_ok(const struct extmem_owner *owner)
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
	struct extmem_claim_ser *ser = extmem_claim_ser(claim);

	if (!owner_ok(owner))
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
 * @claim: the claim, otherwise sound; its map is in the hands of its maker
 */
void extmem_adopt_owner(struct extmem_claim *claim)
{
	struct extmem_claim_ser *ser = extmem_claim_ser(claim);

	if (ser->uid != (u32)-1 && ser->gid != (u32)-1 && !(ser->mode & ~0777))
		return;
	extmem_note(claim->pool, "claim %llu: uid, gid and mode can't be: it is root's",
		    ser->id);
	ser->uid = 0;
	ser->gid = 0;
	ser->mode = 0600;
	extmem_crc_set(ser, EXTMEM_RECORD);
}
