/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_VFIO_PERSIST_H
#define _LINUX_VFIO_PERSIST_H

#include <linux/types.h>

struct attribute_group;
struct device_driver;
struct pci_dev;
struct vfio_device;
struct vfio_device_file;

/* drivers/pci/iov.c */
int pci_iov_resume_vfs(struct pci_dev *dev);

#ifdef CONFIG_VFIO_PERSIST

extern const struct attribute_group pci_persist_attr_group;

/* The outgoing kernel */
bool pci_persist_preserved(struct pci_dev *pdev);
bool pci_persist_shutdown(struct pci_dev *pdev);
bool vfio_persist_is_fixed(struct vfio_device *device);
bool vfio_persist_image_fits(const void *image, size_t size);
bool vfio_persist_park(struct vfio_device_file *df);
bool pci_persist_is_parent(struct pci_dev *pdev);

/* The next one */
bool pci_persist_has_vfs(struct pci_dev *pdev);
int pci_persist_end_parent(struct pci_dev *pdev);
void pci_persist_removed(struct pci_dev *pdev);
void pci_persist_add(struct pci_dev *pdev);
bool pci_persist_incoming(struct pci_dev *pdev);
bool pci_persist_refuses(struct pci_dev *pdev, const struct device_driver *drv);
bool pci_persist_keeps_buses(void);
void pci_persist_stop_all(const char *why);
bool vfio_persist_is_live(struct pci_dev *pdev);
int vfio_persist_take_over(struct pci_dev *pdev);
void vfio_persist_forget_master(struct pci_dev *pdev);
void vfio_persist_opened(struct pci_dev *pdev);
void vfio_persist_closed(struct pci_dev *pdev);
bool vfio_persist_raise(struct pci_dev *pdev, unsigned int vector);

#else /* CONFIG_VFIO_PERSIST */

static inline bool pci_persist_preserved(struct pci_dev *pdev)
{
	return false;
}

static inline bool pci_persist_shutdown(struct pci_dev *pdev)
{
	return false;
}

static inline bool vfio_persist_is_fixed(struct vfio_device *device)
{
	return false;
}

static inline bool vfio_persist_image_fits(const void *image, size_t size)
{
	return false;
}

static inline bool vfio_persist_park(struct vfio_device_file *df)
{
	return false;
}

static inline bool pci_persist_is_parent(struct pci_dev *pdev)
{
	return false;
}

static inline bool pci_persist_has_vfs(struct pci_dev *pdev)
{
	return false;
}

static inline int pci_persist_end_parent(struct pci_dev *pdev)
{
	return 0;
}

static inline void pci_persist_removed(struct pci_dev *pdev) { }
static inline void pci_persist_add(struct pci_dev *pdev) { }

static inline bool pci_persist_incoming(struct pci_dev *pdev)
{
	return false;
}

static inline bool pci_persist_refuses(struct pci_dev *pdev,
				       const struct device_driver *drv)
{
	return false;
}

static inline bool pci_persist_keeps_buses(void)
{
	return false;
}

static inline void pci_persist_stop_all(const char *why) { }

static inline bool vfio_persist_is_live(struct pci_dev *pdev)
{
	return false;
}

static inline int vfio_persist_take_over(struct pci_dev *pdev)
{
	return 0;
}

static inline void vfio_persist_forget_master(struct pci_dev *pdev) { }

static inline void vfio_persist_opened(struct pci_dev *pdev) { }

static inline void vfio_persist_closed(struct pci_dev *pdev) { }

static inline bool vfio_persist_raise(struct pci_dev *pdev, unsigned int vector)
{
	return false;
}

#endif /* CONFIG_VFIO_PERSIST */
#endif /* _LINUX_VFIO_PERSIST_H */
