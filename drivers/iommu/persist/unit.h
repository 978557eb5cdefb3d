/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IOMMU_PERSIST_UNIT_H
#define _IOMMU_PERSIST_UNIT_H

/*
 * Above the book: devices and units, whoever makes them, and the operations by which
 * one maker's units are kept on. Nothing here or below knows what their tables look
 * like.
 */

#include <linux/device.h>
#include <linux/iommu.h>
#include <linux/mutex.h>

#include "book.h"
#include "tag.h"

struct iop_ops;

/**
 * struct iop_place - where a device is.
 * @unit: the unit it is behind
 * @segment: its PCI segment
 * @rid: its requester id
 */
struct iop_place {
	struct iommu_device *unit;
	u32 segment;
	u16 rid;
};

/**
 * struct iop_preserved - a device that the next kernel is to keep running, or blocked.
 * @list: in the list of all
 * @dev: the device
 * @ops: its unit's
 * @place: where it is
 * @tag: the record of its domain; NULL if it is to be blocked
 *
 * Part of what the unit's maker has of it.
 */
struct iop_preserved {
	struct list_head list;
	struct device *dev;
	const struct iop_ops *ops;
	struct iop_place place;
	struct iop_tag *tag;
};

/**
 * struct iop_restored - a device that the previous kernel left running, or blocked.
 * @list: in the list of all
 * @ops: its unit's
 * @place: where it is
 * @tag: the record of its domain; NULL if it is blocked
 *
 * Part of what the unit's maker has of it.
 */
struct iop_restored {
	struct list_head list;
	const struct iop_ops *ops;
	struct iop_place place;
	struct iop_tag *tag;
};

/**
 * struct iop_ops - how one maker's units are kept on over a kexec.
 * @list: in the list of all
 * @name: the maker, as people know it
 * @place: find out where a device is; false if it is behind no unit of this maker
 * @nr_units: how many units there are
 * @ready: take what any freeze takes; counted. 0 or -ENOSPC
 * @unready: give it back
 * @check: may a device go on, or be blocked? 0 or an error, about which it has told
 * @domain: the domain a device is attached to, and its record; or an error
 * @preserve: make all that freezing a device takes. 0, -ENOSPC or -ENOMEM
 * @unpreserve: undo it, and free the device's part
 * @freeze_unit: leave a unit on, with tables that lead to preserved devices alone,
 *		 and record it. May not fail, nor take memory
 * @adopt_unit: go on by the tables that a unit was left on with. 0, -ENOENT if it was
 *		not, or another error if it has to get empty ones
 * @keep_unit: see that nobody takes the tables of a unit that nobody has adopted
 * @take_over: replace what translates for a device by a domain. Can't fail
 * @block: stop translating for a device. The device itself if it is known, or NULL
 * @inherit: make a domain's table that of a restored device. 0 or -ENOENT
 * @inherited: it is attached, or was not and is to have its own table again
 * @forget: free a restored device's part
 *
 * Restored devices are only changed under iop_restored_mutex.
 */
struct iop_ops {
	struct list_head list;
	const char *name;
	bool (*place)(struct device *dev, struct iop_place *place);
	unsigned int (*nr_units)(void);
	int (*ready)(void);
	void (*unready)(void);
	int (*check)(struct device *dev);
	struct iommu_domain *(*domain)(struct device *dev, struct iop_tag **tag);
	struct iop_preserved *(*preserve)(struct device *dev, struct iop_tag *tag);
	void (*unpreserve)(struct iop_preserved *p);
	void (*freeze_unit)(struct iommu_device *unit);
	int (*adopt_unit)(struct iommu_device *unit);
	void (*keep_unit)(const union extmem_iommu_rec_ser *rec);
	void (*take_over)(struct iop_restored *r, struct iommu_domain *domain,
			  struct device *dev);
	void (*block)(struct iop_restored *r, struct device *dev);
	int (*inherit)(struct iop_restored *r, struct iommu_domain *domain,
		       struct iommu_persist_heir *heir);
	void (*inherited)(struct iommu_domain *domain, struct iommu_persist_heir *heir,
			  bool attached);
	void (*forget)(struct iop_restored *r);
};

void iop_ops_register(struct iop_ops *ops);
const struct iop_ops *iop_ops_of(struct device *dev, struct iop_place *place);

/* preserve.c: for the next kernel */
extern struct list_head iop_preserved;

bool iop_freeze_unit(const struct iop_ops *ops, struct iommu_device *unit);

/* restored.c: from the previous kernel */
extern struct mutex iop_restored_mutex;

struct iop_restored *iop_restored_at(const struct iop_place *place);
void iop_restored_add(struct iop_restored *r);
void iop_restored_drop(const struct iommu_device *unit);

/* adopt.c: units at boot */
int iop_adopt_unit(const struct iop_ops *ops, struct iommu_device *unit);
void iop_unit_seen(u64 regs);
void iop_adopt_end(const struct iop_ops *ops);
unsigned int iop_lost_count(void);
void iop_lost_promise(void);
void iop_lost_record(void);

#endif /* _IOMMU_PERSIST_UNIT_H */
