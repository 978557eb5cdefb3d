/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For tests: PCI devices that are made up, on a bus that counts what is read from and
 * written to their configuration space.
 */
#ifndef _PCI_LIVE_UPDATE_FAKE_H
#define _PCI_LIVE_UPDATE_FAKE_H

#include <kunit/test.h>
#include <linux/device.h>
#include <linux/pci.h>
#include <linux/unaligned.h>

struct pci_fake {
	struct pci_dev pdev;
	u8 config[256];
};

struct pci_fake_bus {
	struct pci_bus bus;
	struct pci_sysdata sysdata;
	struct pci_fake *at[256];
	unsigned int reads;
	unsigned int writes;
};

static int pci_fake_read(struct pci_bus *bus, unsigned int devfn, int where, int size,
			 u32 *val)
{
	struct pci_fake_bus *fake = container_of(bus, struct pci_fake_bus, bus);
	const struct pci_fake *dev = fake->at[devfn];

	fake->reads++;
	*val = ~0U;
	if (!dev || where + size > sizeof(dev->config))
		return PCIBIOS_DEVICE_NOT_FOUND;
	*val = size == 4 ? get_unaligned_le32(dev->config + where) :
	       size == 2 ? get_unaligned_le16(dev->config + where) : dev->config[where];
	return PCIBIOS_SUCCESSFUL;
}

static int pci_fake_write(struct pci_bus *bus, unsigned int devfn, int where, int size,
			  u32 val)
{
	struct pci_fake_bus *fake = container_of(bus, struct pci_fake_bus, bus);
	struct pci_fake *dev = fake->at[devfn];

	fake->writes++;
	if (!dev || where + size > sizeof(dev->config))
		return PCIBIOS_DEVICE_NOT_FOUND;
	while (size--) {
		dev->config[where++] = val;
		val >>= 8;
	}
	return PCIBIOS_SUCCESSFUL;
}

static struct pci_ops pci_fake_ops = {
	.read = pci_fake_read,
	.write = pci_fake_write,
};

static inline struct pci_fake_bus *pci_fake_bus(struct kunit *test)
{
	struct pci_fake_bus *fake = kunit_kzalloc(test, sizeof(*fake), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, fake);
	fake->bus.ops = &pci_fake_ops;
	fake->bus.sysdata = &fake->sysdata;
	fake->bus.number = 0xfe;
	return fake;
}

static void pci_fake_release(struct device *dev)
{
}

/* A drive with a BAR of 16 KiB, bus mastering. The test's end frees it. */
static inline struct pci_dev *pci_fake_add(struct kunit *test, struct pci_fake_bus *fake,
					   u8 devfn)
{
	struct pci_fake *dev = kunit_kzalloc(test, sizeof(*dev), GFP_KERNEL);
	struct pci_dev *pdev;

	KUNIT_ASSERT_NOT_NULL(test, dev);
	pdev = &dev->pdev;
	pdev->bus = &fake->bus;
	pdev->devfn = devfn;
	pdev->vendor = 0x1b36;
	pdev->device = 0x0010;
	pdev->error_state = pci_channel_io_normal;
	pdev->cfg_size = sizeof(dev->config);
	device_initialize(&pdev->dev);
	pdev->dev.release = pci_fake_release;
	put_unaligned_le32(0x00101b36, dev->config + PCI_VENDOR_ID);
	put_unaligned_le16(PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, dev->config + PCI_COMMAND);
	put_unaligned_le32(0x01080200, dev->config + PCI_CLASS_REVISION);
	put_unaligned_le32(0xfe800004 + devfn * 0x4000, dev->config + PCI_BASE_ADDRESS_0);
	put_unaligned_le32(1, dev->config + PCI_BASE_ADDRESS_1);
	pdev->resource[0].start = 0x1fe800000 + devfn * 0x4000;
	pdev->resource[0].end = pdev->resource[0].start + 0x3fff;
	pdev->resource[0].flags = IORESOURCE_MEM | IORESOURCE_MEM_64;
	fake->at[devfn] = dev;
	return pdev;
}

static inline u8 *pci_fake_config(struct pci_dev *pdev)
{
	return container_of(pdev, struct pci_fake, pdev)->config;
}

#endif /* _PCI_LIVE_UPDATE_FAKE_H */
