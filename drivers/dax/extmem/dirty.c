// SPDX-License-Identifier: GPL-2.0
/*
 * A device whose memory has been system RAM holds bytes of whoever used it there.
 * Its claim says so, over a kexec as well, until they are cleared: by the first
 * who opens the device, so that nobody pays for what nobody wants. There is no
 * other way to the bytes.
 */
#include <linux/cleanup.h>
#include <linux/mutex.h>

#include "extmem_dax.h"

static u64 get_form(const struct extmem_claim *claim)
{
	return extmem_claim_data(claim, EXTMEM_DAX_FORM);
}

static int set_form(struct extmem_claim *claim, u64 form)
{
	return extmem_claim_set_data(claim, EXTMEM_DAX_FORM, form);
}

/* Others are about to write to it. */
int extmem_dax_set_dirty(struct extmem_dax *ed)
{
	u64 form = get_form(ed->claim);

	ed->was_dirty = form & EXTMEM_DAX_DIRTY;
	return set_form(ed->claim, form | EXTMEM_DAX_DIRTY);
}

/* They have not done so. If the map is frozen they have for the next kernel. */
void extmem_dax_undo_dirty(struct extmem_dax *ed)
{
	if (!ed->was_dirty)
		set_form(ed->claim, get_form(ed->claim) & ~EXTMEM_DAX_DIRTY);
}

static int clear(struct extmem_dax *ed, struct extmem_claim *claim)
{
	int rc;

	/* Who comes second need not wait for nothing when its process is killed */
	rc = mutex_lock_killable(&ed->clearing);
	if (rc)
		return rc;
	if (get_form(claim) & EXTMEM_DAX_DIRTY) {
		rc = extmem_claim_clear(claim);
		if (!rc)
			rc = set_form(claim, get_form(claim) & ~EXTMEM_DAX_DIRTY);
	}
	mutex_unlock(&ed->clearing);
	return rc;
}

static bool is_dirty(struct extmem_dax *ed)
{
	guard(spinlock)(&ed->lock);
	return ed->claim && (get_form(ed->claim) & EXTMEM_DAX_DIRTY);
}

/* Before @file, just opened, gives access to anything. */
int extmem_dax_clean(const struct file *file)
{
	struct extmem_dax *ed = to_extmem_dax(file_dev_dax(file));
	struct extmem_claim *claim;
	int rc;

	if (!is_dirty(ed))
		return 0;
	claim = extmem_dax_get_claim(file);
	if (IS_ERR(claim))
		return PTR_ERR(claim);
	rc = clear(ed, claim);
	extmem_claim_put(claim);
	return rc;
}
