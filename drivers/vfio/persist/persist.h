/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _VFIO_PERSIST_H
#define _VFIO_PERSIST_H

#include <linux/pci.h>
#include <linux/vfio_persist.h>

struct file;
struct vfio_device;
struct vfio_device_file;
struct vfio_device_set;

/* parent.c: physical functions while guests run */
int vfio_persist_keep_parent(struct vfio_device *device);
void vfio_persist_drop_parent(struct pci_dev *pdev);
int vfio_persist_lock_set(struct vfio_device_set *set);

/* checks.c */
int vfio_persist_check(struct vfio_device_file *df);
int vfio_persist_check_frozen(struct vfio_device_file *df);

/* open.c */
struct file *vfio_persist_open(struct pci_dev *pdev);
struct vfio_device_file *vfio_persist_file(struct file *file);

/* The driver whose devices can go on, and be taken over */
#define VFIO_PERSIST_DRIVER	"vfio-pci"

#endif /* _VFIO_PERSIST_H */
