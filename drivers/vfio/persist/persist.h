/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _VFIO_PERSIST_H
#define _VFIO_PERSIST_H

#include <linux/kho/abi/vfio_persist.h>
#include <linux/pci.h>
#include <linux/vfio_persist.h>

struct file;
struct vfio_device;
struct vfio_device_file;

/* record.c: what is handed over */
int vfio_persist_record(struct pci_dev *pdev);
void vfio_persist_unrecord(struct pci_dev *pdev);
void vfio_persist_seal(void);
void vfio_persist_unseal(void);
void vfio_persist_fill(struct vfio_persist_dev_ser *ser, struct pci_dev *pdev, u16 kind);
u32 vfio_persist_crc(const struct vfio_persist_ser *ser);

/* incoming.c: what was handed over */
const struct vfio_persist_dev_ser *vfio_persist_find(struct pci_dev *pdev);
const char *vfio_persist_what_is_wrong(const struct vfio_persist_ser *ser, size_t size);
const char *vfio_persist_moved(struct pci_dev *pdev);
void vfio_persist_done(struct pci_dev *pdev);
void vfio_persist_stop(struct pci_dev *pdev, const char *why);

/* outgoing.c */
int vfio_persist_preserve(struct pci_dev *pdev);
void vfio_persist_unpreserve(struct pci_dev *pdev);
int vfio_persist_freeze(struct vfio_device *device);
void vfio_persist_unfreeze(void);

/* image.c: what the next kernel says of itself */
const char *vfio_persist_image_lacks(const void *image, size_t size);

/* limbo.c: devices of the former kernel that run, and whom nobody has yet */
int vfio_persist_limbo_add(struct pci_dev *pdev, bool parent);
int vfio_persist_take_out(struct pci_dev *pdev);
bool vfio_persist_is_left(struct pci_dev *pdev);
void vfio_persist_leave(struct pci_dev *pdev);
bool vfio_persist_is_finished(struct pci_dev *pdev);
struct pci_dev *vfio_persist_limbo_get(u32 segment, u16 rid);
int vfio_persist_claim(struct pci_dev *pdev);
void vfio_persist_unclaim(struct pci_dev *pdev);
void vfio_persist_limbo_end(struct pci_dev *pdev);
void vfio_persist_limbo_shutdown(struct pci_dev *pdev);
const char *vfio_persist_state(struct pci_dev *pdev);

/* sriov.c: how a physical function has virtual functions */
void vfio_persist_fill_sriov(struct vfio_persist_sriov_ser *ser, struct pci_dev *pdev);
const char *vfio_persist_sriov_differs(struct pci_dev *pdev,
				       const struct vfio_persist_sriov_ser *was);
bool vfio_persist_vfs_enabled(struct pci_dev *pdev);
void vfio_persist_disable_vfs(struct pci_dev *pdev);
void vfio_persist_stop_parent(struct pci_dev *pdev, const char *why);

/* parent.c: physical functions while guests run */
int vfio_persist_keep_parent(struct vfio_device *device);
void vfio_persist_drop_parent(struct pci_dev *pdev);
int vfio_persist_give_up(struct pci_dev *pdev);

/* checks.c */
int vfio_persist_check(struct vfio_device_file *df);

/* irq.c */
void vfio_persist_mask_irqs(struct pci_dev *pdev);

/* open.c */
struct file *vfio_persist_open(struct pci_dev *pdev);
struct vfio_device_file *vfio_persist_file(struct file *file);

/* The only one: others keep state of their own about a device. */
#define VFIO_PERSIST_DRIVER	"vfio-pci"

#endif /* _VFIO_PERSIST_H */
