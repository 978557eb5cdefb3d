/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_DEVTMPFS_H
#define _LINUX_DEVTMPFS_H

struct device;

#ifdef CONFIG_DEVTMPFS
int devtmpfs_change_node(struct device *dev);
#else
static inline int devtmpfs_change_node(struct device *dev) { return 0; }
#endif

#endif /* _LINUX_DEVTMPFS_H */
