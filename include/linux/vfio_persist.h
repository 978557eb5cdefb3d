/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_VFIO_PERSIST_H
#define _LINUX_VFIO_PERSIST_H

#include <linux/types.h>

struct vfio_device;
struct vfio_device_file;

/* What VFIO asks and tells its part that preserves devices and retrieves them */
#ifdef CONFIG_VFIO_PERSIST

void vfio_persist_init(void);
void vfio_persist_exit(void);
bool vfio_persist_is_fixed(struct vfio_device *device);
bool vfio_persist_park(struct vfio_device_file *df);

#else /* CONFIG_VFIO_PERSIST */

static inline void vfio_persist_init(void) { }
static inline void vfio_persist_exit(void) { }

static inline bool vfio_persist_is_fixed(struct vfio_device *device)
{
	return false;
}

static inline bool vfio_persist_park(struct vfio_device_file *df)
{
	return false;
}

#endif /* CONFIG_VFIO_PERSIST */
#endif /* _LINUX_VFIO_PERSIST_H */
