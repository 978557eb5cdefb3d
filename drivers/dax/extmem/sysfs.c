// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/bus/dax/devices/daxN.M/extmem/: the claim behind a device. A device of
 * size 0 has none: files are empty, and writing is -ENODATA.
 */
#include <linux/ctype.h>
#include <linux/device.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "extmem_dax.h"

/*
 * The claim, which stays until _read_end(): it goes under dax_dev_rwsem only.
 * The driver core removes these files without holding it, so this can't wait
 * for a removal that waits for it. Who only reads waits for no other reader.
 */
static struct extmem_claim *extmem_dax_sysfs_read_begin(struct device *dev)
{
	struct extmem_claim *claim;
	int rc = down_read_killable(&dax_dev_rwsem);

	if (rc)
		return ERR_PTR(rc);
	claim = to_extmem_dax(to_dev_dax(dev))->claim;
	if (claim)
		return claim;
	up_read(&dax_dev_rwsem);
	return ERR_PTR(-ENODATA);
}

static void extmem_dax_sysfs_read_end(void)
{
	up_read(&dax_dev_rwsem);
}

/* The same for who changes it: one at a time. */
static struct extmem_claim *extmem_dax_sysfs_change_begin(struct device *dev)
{
	struct extmem_claim *claim;
	int rc = down_write_killable(&dax_dev_rwsem);

	if (rc)
		return ERR_PTR(rc);
	claim = to_extmem_dax(to_dev_dax(dev))->claim;
	if (claim)
		return claim;
	up_write(&dax_dev_rwsem);
	return ERR_PTR(-ENODATA);
}

static void extmem_dax_sysfs_change_end(void)
{
	up_write(&dax_dev_rwsem);
}

/* What a file shows if there is no claim: nothing. */
static ssize_t extmem_dax_sysfs_no_claim(const struct extmem_claim *claim)
{
	return PTR_ERR(claim) == -ENODATA ? 0 : PTR_ERR(claim);
}

static ssize_t uuid_show(struct device *dev, struct device_attribute *attr,
			 char *buf)
{
	struct extmem_claim *claim = extmem_dax_sysfs_read_begin(dev);
	ssize_t len;

	if (IS_ERR(claim))
		return extmem_dax_sysfs_no_claim(claim);
	len = sysfs_emit(buf, "%pUb\n", extmem_claim_uuid(claim));
	extmem_dax_sysfs_read_end();
	return len;
}
static DEVICE_ATTR_RO(uuid);

static ssize_t extents_show(struct device *dev, struct device_attribute *attr,
			    char *buf)
{
	struct extmem_dax *ed = to_extmem_dax(to_dev_dax(dev));
	unsigned int extents = 0;

	spin_lock(&ed->lock);
	if (ed->claim)
		extents = extmem_claim_nr_extents(ed->claim);
	spin_unlock(&ed->lock);

	return sysfs_emit(buf, "%u\n", extents);
}
static DEVICE_ATTR_RO(extents);

static ssize_t name_show(struct device *dev, struct device_attribute *attr,
			 char *buf)
{
	struct extmem_claim *claim = extmem_dax_sysfs_read_begin(dev);
	char name[EXTMEM_NAME_MAX + 1];
	size_t len;

	if (IS_ERR(claim))
		return extmem_dax_sysfs_no_claim(claim);
	len = extmem_claim_name(claim, name);
	extmem_dax_sysfs_read_end();
	return len ? sysfs_emit(buf, "%s\n", name) : 0;
}

/* "dax0.1" would make tools take one device for another. */
static bool extmem_dax_is_device_name(const char *name)
{
	if (strncmp(name, "dax", 3) || !isdigit(name[3]))
		return false;
	name += 3;
	name += strspn(name, "0123456789");
	if (name[0] != '.' || !isdigit(name[1]))
		return false;
	name++;
	return !name[strspn(name, "0123456789")];
}

static int extmem_dax_set_name(struct device *dev, const char *name)
{
	struct extmem_claim *claim = extmem_dax_sysfs_change_begin(dev);
	struct extmem_dax *ed = to_extmem_dax(to_dev_dax(dev));
	struct extmem_owner owner;
	int rc;

	if (IS_ERR(claim))
		return PTR_ERR(claim);
	rc = extmem_claim_set_name(claim, name);
	if (!rc) {
		extmem_claim_owner(claim, &owner);
		extmem_dax_set_owner(ed, &owner);
	}
	extmem_dax_sysfs_change_end();
	if (!rc)
		extmem_dax_update_node(ed);
	return rc;
}

static ssize_t name_store(struct device *dev, struct device_attribute *attr,
			  const char *buf, size_t count)
{
	size_t len = count && buf[count - 1] == '\n' ? count - 1 : count;
	char name[EXTMEM_NAME_MAX + 1];

	if (len > EXTMEM_NAME_MAX)
		return -ENAMETOOLONG;
	memcpy(name, buf, len);
	name[len] = '\0';
	if (strlen(name) != len || extmem_dax_is_device_name(name))
		return -EINVAL;
	return extmem_dax_set_name(dev, name) ?: count;
}
static DEVICE_ATTR_RW(name);

/* Change one part of the owner, as @parse reads it from @buf. */
static ssize_t
extmem_dax_store_owner(struct device *dev, const char *buf, size_t count,
		       int (*parse)(const char *buf, struct extmem_owner *owner))
{
	struct extmem_claim *claim = extmem_dax_sysfs_change_begin(dev);
	struct extmem_dax *ed = to_extmem_dax(to_dev_dax(dev));
	struct extmem_owner owner;
	int rc;

	if (IS_ERR(claim))
		return PTR_ERR(claim);
	extmem_claim_owner(claim, &owner);
	rc = parse(buf, &owner);
	if (!rc)
		rc = extmem_claim_set_owner(claim, &owner);
	if (!rc)
		extmem_dax_set_owner(ed, &owner);
	extmem_dax_sysfs_change_end();
	if (!rc)
		extmem_dax_update_node(ed);
	return rc ?: count;
}

/* The owner, or false if there is no claim. */
static bool extmem_dax_read_owner(struct device *dev, struct extmem_owner *owner)
{
	struct extmem_dax *ed = to_extmem_dax(to_dev_dax(dev));
	bool there;

	spin_lock(&ed->lock);
	*owner = ed->owner;
	there = ed->claim;
	spin_unlock(&ed->lock);
	return there;
}

static int extmem_dax_parse_uid(const char *buf, struct extmem_owner *owner)
{
	uid_t uid;
	int rc = kstrtou32(buf, 10, &uid);

	owner->uid = make_kuid(&init_user_ns, uid);
	return rc;
}

static int extmem_dax_parse_gid(const char *buf, struct extmem_owner *owner)
{
	gid_t gid;
	int rc = kstrtou32(buf, 10, &gid);

	owner->gid = make_kgid(&init_user_ns, gid);
	return rc;
}

static int extmem_dax_parse_mode(const char *buf, struct extmem_owner *owner)
{
	return kstrtou16(buf, 8, &owner->mode);
}

static ssize_t uid_show(struct device *dev, struct device_attribute *attr,
			char *buf)
{
	struct extmem_owner owner;

	if (!extmem_dax_read_owner(dev, &owner))
		return 0;
	return sysfs_emit(buf, "%u\n", from_kuid(&init_user_ns, owner.uid));
}

static ssize_t uid_store(struct device *dev, struct device_attribute *attr,
			 const char *buf, size_t count)
{
	return extmem_dax_store_owner(dev, buf, count, extmem_dax_parse_uid);
}
static DEVICE_ATTR_RW(uid);

static ssize_t gid_show(struct device *dev, struct device_attribute *attr,
			char *buf)
{
	struct extmem_owner owner;

	if (!extmem_dax_read_owner(dev, &owner))
		return 0;
	return sysfs_emit(buf, "%u\n", from_kgid(&init_user_ns, owner.gid));
}

static ssize_t gid_store(struct device *dev, struct device_attribute *attr,
			 const char *buf, size_t count)
{
	return extmem_dax_store_owner(dev, buf, count, extmem_dax_parse_gid);
}
static DEVICE_ATTR_RW(gid);

static ssize_t mode_show(struct device *dev, struct device_attribute *attr,
			 char *buf)
{
	struct extmem_owner owner;

	if (!extmem_dax_read_owner(dev, &owner))
		return 0;
	return sysfs_emit(buf, "%04o\n", owner.mode);
}

static ssize_t mode_store(struct device *dev, struct device_attribute *attr,
			  const char *buf, size_t count)
{
	return extmem_dax_store_owner(dev, buf, count, extmem_dax_parse_mode);
}
static DEVICE_ATTR_RW(mode);

static ssize_t persist_show(struct device *dev, struct device_attribute *attr,
			    char *buf)
{
	struct extmem_claim *claim = extmem_dax_sysfs_read_begin(dev);
	bool persist;

	if (IS_ERR(claim))
		return extmem_dax_sysfs_no_claim(claim);
	persist = extmem_claim_persist(claim);
	extmem_dax_sysfs_read_end();
	return sysfs_emit(buf, "%d\n", persist);
}

static ssize_t persist_store(struct device *dev, struct device_attribute *attr,
			     const char *buf, size_t count)
{
	struct extmem_claim *claim;
	bool persist;
	int rc = kstrtobool(buf, &persist);

	if (rc)
		return rc;
	claim = extmem_dax_sysfs_change_begin(dev);
	if (IS_ERR(claim))
		return PTR_ERR(claim);
	rc = extmem_claim_set_persist(claim, persist);
	extmem_dax_sysfs_change_end();
	return rc ?: count;
}
static DEVICE_ATTR_RW(persist);

static ssize_t session_show(struct device *dev, struct device_attribute *attr,
			    char *buf)
{
	static const char * const text[] = {
		[EXTMEM_SESSION_NONE] = "none",
		[EXTMEM_SESSION_OUTGOING] = "outgoing",
		[EXTMEM_SESSION_INCOMING] = "incoming",
	};
	struct extmem_claim *claim = extmem_dax_sysfs_read_begin(dev);
	enum extmem_session session;

	if (IS_ERR(claim))
		return extmem_dax_sysfs_no_claim(claim);
	session = extmem_claim_session(claim);
	extmem_dax_sysfs_read_end();
	return sysfs_emit(buf, "%s\n", text[session]);
}
static DEVICE_ATTR_RO(session);

static struct attribute *extmem_dax_attributes[] = {
	&dev_attr_name.attr,
	&dev_attr_uuid.attr,
	&dev_attr_uid.attr,
	&dev_attr_gid.attr,
	&dev_attr_mode.attr,
	&dev_attr_persist.attr,
	&dev_attr_session.attr,
	&extmem_dax_memmap_attr.attr,
	&dev_attr_extents.attr,
	NULL,
};

static const struct attribute_group extmem_dax_group = {
	.name = "extmem",
	.attrs = extmem_dax_attributes,
};

const struct attribute_group *extmem_dax_groups[] = {
	&extmem_dax_group,
	NULL,
};
