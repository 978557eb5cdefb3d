/* SPDX-License-Identifier: GPL-2.0 */
/*
 * PCI devices that go on with their DMA while the kernel is replaced: see
 * drivers/pci/live_update.c.
 */
#ifndef _LINUX_PCI_LIVE_UPDATE_H
#define _LINUX_PCI_LIVE_UPDATE_H

#include <linux/errno.h>
#include <linux/types.h>

struct attribute_group;
struct device;
struct device_driver;
struct pci_bus;
struct pci_dev;

/* drivers/pci/iov.c */
int pci_iov_resume_vfs(struct pci_dev *dev);

#ifdef CONFIG_PCI_LIVE_UPDATE

extern const struct attribute_group pci_live_update_attr_group;

/* The PCI core: a device is found, configured, gets a driver */
void pci_live_update_found(struct pci_dev *pdev);
void pci_live_update_added(struct pci_dev *pdev);
void pci_live_update_settle(struct pci_dev *pdev);
bool pci_live_update_incoming(struct pci_dev *pdev);
bool pci_live_update_sizes(struct pci_dev *pdev, int count, unsigned int pos, u32 *sizes);
bool pci_live_update_windows(struct pci_dev *bridge);
bool pci_live_update_keeps_buses(void);
bool pci_live_update_refuses(struct pci_dev *pdev, const struct device_driver *drv);

/* It is written to, reset, shut down, removed */
int pci_live_update_may_write(struct pci_dev *pdev);
bool pci_live_update_may_master(struct pci_dev *pdev);
int pci_live_update_reset_begin(struct pci_dev *pdev);
int pci_live_update_bus_begin(struct pci_bus *bus);
void pci_live_update_bus_end(struct pci_bus *bus);
bool pci_live_update_shutdown(struct pci_dev *pdev);
int pci_live_update_unbind(struct device *dev);
bool pci_live_update_remove_begin(struct pci_dev *pdev);
void pci_live_update_remove_end(struct pci_dev *pdev);

/* It has virtual functions */
bool pci_live_update_is_parent(struct pci_dev *pdev);
bool pci_live_update_has_vfs(struct pci_dev *pdev);
int pci_live_update_end_parent(struct pci_dev *pdev);

/* Who writes to a device for user space does so between these */
int pci_live_update_begin(struct pci_dev *pdev);
void pci_live_update_end(struct pci_dev *pdev);

/* VFIO: a device is preserved, frozen, retrieved, opened */
int pci_live_update_preserve(struct pci_dev *pdev);
void pci_live_update_unpreserve(struct pci_dev *pdev);
int pci_live_update_freeze(struct pci_dev *pdev);
void pci_live_update_thaw(struct pci_dev *pdev);
bool pci_live_update_preserved(struct pci_dev *pdev);
struct pci_dev *pci_live_update_claim(u32 segment, u16 rid);
void pci_live_update_unclaim(struct pci_dev *pdev);
void pci_live_update_finish(u32 segment, u16 rid);
bool pci_live_update_has_left_parent(struct pci_dev *pdev);
int pci_live_update_open(struct pci_dev *pdev);
int pci_live_update_take_over(struct pci_dev *pdev);
void pci_live_update_forget_master(struct pci_dev *pdev);
void pci_live_update_opened(struct pci_dev *pdev);
void pci_live_update_closed(struct pci_dev *pdev);
bool pci_live_update_raise(struct pci_dev *pdev, unsigned int vector);
void *pci_live_update_data(struct pci_dev *pdev);
int pci_live_update_set_data(struct pci_dev *pdev, void *data);

/* kexec: does the kernel that is being loaded know what to do with them? */
bool pci_live_update_image_fits(const void *image, size_t size);

#else /* CONFIG_PCI_LIVE_UPDATE */

static inline void pci_live_update_found(struct pci_dev *pdev) { }
static inline void pci_live_update_added(struct pci_dev *pdev) { }
static inline void pci_live_update_settle(struct pci_dev *pdev) { }

static inline bool pci_live_update_incoming(struct pci_dev *pdev)
{
	return false;
}

static inline bool pci_live_update_sizes(struct pci_dev *pdev, int count,
					 unsigned int pos, u32 *sizes)
{
	return false;
}

static inline bool pci_live_update_windows(struct pci_dev *bridge)
{
	return false;
}

static inline bool pci_live_update_keeps_buses(void)
{
	return false;
}

static inline bool pci_live_update_refuses(struct pci_dev *pdev,
					   const struct device_driver *drv)
{
	return false;
}

static inline int pci_live_update_may_write(struct pci_dev *pdev)
{
	return 0;
}

static inline bool pci_live_update_may_master(struct pci_dev *pdev)
{
	return true;
}

static inline int pci_live_update_reset_begin(struct pci_dev *pdev)
{
	return 0;
}

static inline int pci_live_update_bus_begin(struct pci_bus *bus)
{
	return 0;
}

static inline void pci_live_update_bus_end(struct pci_bus *bus) { }

static inline bool pci_live_update_shutdown(struct pci_dev *pdev)
{
	return false;
}

static inline bool pci_live_update_remove_begin(struct pci_dev *pdev)
{
	return false;
}

static inline void pci_live_update_remove_end(struct pci_dev *pdev) { }

static inline bool pci_live_update_is_parent(struct pci_dev *pdev)
{
	return false;
}

static inline bool pci_live_update_has_vfs(struct pci_dev *pdev)
{
	return false;
}

static inline int pci_live_update_end_parent(struct pci_dev *pdev)
{
	return 0;
}

static inline int pci_live_update_begin(struct pci_dev *pdev)
{
	return 0;
}

static inline void pci_live_update_end(struct pci_dev *pdev) { }

static inline bool pci_live_update_preserved(struct pci_dev *pdev)
{
	return false;
}

static inline int pci_live_update_open(struct pci_dev *pdev)
{
	return 0;
}

static inline int pci_live_update_take_over(struct pci_dev *pdev)
{
	return 0;
}

static inline void pci_live_update_forget_master(struct pci_dev *pdev) { }
static inline void pci_live_update_opened(struct pci_dev *pdev) { }
static inline void pci_live_update_closed(struct pci_dev *pdev) { }

static inline bool pci_live_update_raise(struct pci_dev *pdev, unsigned int vector)
{
	return false;
}

static inline bool pci_live_update_image_fits(const void *image, size_t size)
{
	return false;
}

#endif /* CONFIG_PCI_LIVE_UPDATE */
#endif /* _LINUX_PCI_LIVE_UPDATE_H */
