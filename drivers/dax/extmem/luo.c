// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: extmem, devices in live update sessions
 *
 * A file of ``/dev/daxN.M`` can be put into a session of the live update
 * orchestrator (``/dev/liveupdate``) under a token, and be had back by that token
 * in the next kernel. That costs the same for a device of any size, and no
 * memory: the device is there after a kexec anyway. What the session adds is that
 * somebody in the next kernel can rely on it.
 *
 * From the moment it is in the session until that is finished in the next kernel
 *
 * * the device stays enabled, and its size, extents, alignment, name and
 *   ``persist`` stay what they are: changes are ``-EBUSY``. Mapping it, using its
 *   memory, and saying who may open it (``uid``, ``gid``, ``mode``) go on;
 * * it is in no other session, nor twice in this one (``-EBUSY``).
 *
 * The next kernel keeps it even with ``persist`` 0, and treats it by that from the
 * end of the session on.
 *
 * Closing the session before the kexec, which is what the kernel does when its
 * process dies, takes all of that back. In the next kernel a session ends when
 * it is finished or, once somebody has taken it up, closed; whether its files were
 * retrieved makes no difference to the devices. A session that nobody takes up
 * ends with that kernel; and at boot if live update is off there, or the kernel
 * has none.
 *
 * Retrieving opens the device anew, with the access mode of the file preserved,
 * and needs no node: the file is none of any file system that is mounted. It is
 * a character device of the device's number, whatever the caller sees in ``/dev``.
 *
 * As a module this has to be loaded before ``/dev/liveupdate`` is first opened,
 * for that is when LUO looks for who can take back what the former kernel left.
 */
#define pr_fmt(fmt) "extmem: " fmt

#include <linux/bitfield.h>
#include <linux/file.h>
#include <linux/kho/abi/extmem_dax.h>
#include <linux/liveupdate.h>
#include <linux/module.h>

#include "extmem_dax.h"

static bool extmem_dax_luo_can_preserve(struct liveupdate_file_handler *handler,
					struct file *file)
{
	return file->f_op == &extmem_dax_fops;
}

/* One device, one place in a session, however often it is open. */
static unsigned long extmem_dax_luo_get_id(struct file *file)
{
	return (unsigned long)extmem_dax_of_file(file);
}

static u64 extmem_dax_luo_pack(const struct extmem_claim *claim, const struct file *file)
{
	u64 data = FIELD_PREP(EXTMEM_DAX_LUO_CLAIM, extmem_claim_id(claim));

	if (file->f_mode & FMODE_READ)
		data |= EXTMEM_DAX_LUO_READ;
	if (file->f_mode & FMODE_WRITE)
		data |= EXTMEM_DAX_LUO_WRITE;
	return data;
}

/* How to open the file again, or -EINVAL. */
static int extmem_dax_luo_open_flags(u64 data)
{
	if (data & EXTMEM_DAX_LUO_RESERVED)
		return -EINVAL;
	switch (data & (EXTMEM_DAX_LUO_READ | EXTMEM_DAX_LUO_WRITE)) {
	case EXTMEM_DAX_LUO_READ:
		return O_RDONLY | O_LARGEFILE;
	case EXTMEM_DAX_LUO_WRITE:
		return O_WRONLY | O_LARGEFILE;
	case EXTMEM_DAX_LUO_READ | EXTMEM_DAX_LUO_WRITE:
		return O_RDWR | O_LARGEFILE;
	}
	return -EINVAL;
}

static int extmem_dax_luo_preserve(struct liveupdate_file_op_args *args)
{
	struct extmem_claim *claim;
	int rc;

	if (!(args->file->f_mode & (FMODE_READ | FMODE_WRITE)))
		return -EBADF;
	claim = extmem_dax_get_claim(args->file);
	if (IS_ERR(claim))
		return PTR_ERR(claim);
	rc = extmem_claim_preserve(claim);
	if (!rc) {
		args->serialized_data = extmem_dax_luo_pack(claim, args->file);
		args->private_data = claim;
	}
	extmem_claim_put(claim);
	return rc;
}

static void extmem_dax_luo_unpreserve(struct liveupdate_file_op_args *args)
{
	extmem_claim_unpreserve(args->private_data);
}

static bool extmem_dax_luo_is_due(struct dev_dax *dev_dax, u64 id)
{
	struct extmem_dax *ed = to_extmem_dax(dev_dax);
	bool due;

	spin_lock(&ed->lock);
	due = ed->claim && extmem_claim_id(ed->claim) == id &&
	      extmem_claim_session(ed->claim) == EXTMEM_SESSION_INCOMING;
	spin_unlock(&ed->lock);
	return due;
}

/*
 * Its device is there unless the claim went into quarantine, or claim.c could
 * make nothing of it; and enabled unless device_dax is not loaded.
 */
static int extmem_dax_luo_retrieve(struct liveupdate_file_op_args *args)
{
	u64 id = FIELD_GET(EXTMEM_DAX_LUO_CLAIM, args->serialized_data);
	int flags = extmem_dax_luo_open_flags(args->serialized_data);
	struct dev_dax *dev_dax;
	struct file *file;

	if (flags < 0)
		return flags;
	dev_dax = extmem_dax_find_restored(id);
	if (!dev_dax)
		return -ENODEV;
	file = extmem_dax_luo_is_due(dev_dax, id) ?
		extmem_dax_open_device(dev_dax, flags) : ERR_PTR(-ENODEV);
	put_device(&dev_dax->dev);
	if (IS_ERR(file))
		return PTR_ERR(file);
	args->file = file;
	return 0;
}

static void extmem_dax_luo_finish(struct liveupdate_file_op_args *args)
{
	extmem_claim_finish(FIELD_GET(EXTMEM_DAX_LUO_CLAIM, args->serialized_data));
}

static const struct liveupdate_file_ops extmem_dax_luo_ops = {
	.can_preserve = extmem_dax_luo_can_preserve,
	.get_id = extmem_dax_luo_get_id,
	.preserve = extmem_dax_luo_preserve,
	.unpreserve = extmem_dax_luo_unpreserve,
	.retrieve = extmem_dax_luo_retrieve,
	.finish = extmem_dax_luo_finish,
	.owner = THIS_MODULE,
};

static struct liveupdate_file_handler extmem_dax_luo_handler = {
	.ops = &extmem_dax_luo_ops,
	.compatible = EXTMEM_DAX_LUO_COMPATIBLE,
};

static bool extmem_dax_luo_registered;

/**
 * extmem_dax_luo_init - let devices be put into live update sessions.
 *
 * The devices are all there: whoever opens /dev/liveupdate from now on may come
 * for them. With live update off nobody will, so nobody need wait.
 *
 * Context: the module's init, after extmem_dax_restore().
 */
void extmem_dax_luo_init(void)
{
	int rc = liveupdate_register_file_handler(&extmem_dax_luo_handler);
	unsigned int nr;

	extmem_dax_luo_registered = !rc;
	if (!rc)
		return;
	nr = extmem_claims_finish(EXTMEM_KIND_DAX);
	if (rc != -EOPNOTSUPP)
		pr_err("devices can't be put into live update sessions: %pe\n",
		       ERR_PTR(rc));
	if (nr)
		pr_warn("no live update: %u devices are in no session any more\n", nr);
}

/**
 * extmem_dax_luo_exit - let no device be put into sessions any more.
 *
 * Context: the module's exit.
 */
void extmem_dax_luo_exit(void)
{
	if (extmem_dax_luo_registered)
		liveupdate_unregister_file_handler(&extmem_dax_luo_handler);
}
