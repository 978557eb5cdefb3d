// SPDX-License-Identifier: GPL-2.0
/*
 * The record for the next kernel, made of devices that are made up: what is in it, and
 * how often configuration space is read for it.
 */
#include <kunit/test.h>
#include <linux/math.h>

#include "live_update_fake.h"
#include "live_update_handover.h"

#define DEVICES	64

static void keep(struct kunit *test, struct pci_dev *pdev)
{
	int rc = pci_live_keep(pdev);

	if (rc == -EOPNOTSUPP || rc == -ENODEV)
		kunit_skip(test, "there is no hand-over in this kernel");
	KUNIT_ASSERT_EQ(test, rc, 0);
}

/* What freezing so many devices reads */
static unsigned int reads_of(struct kunit *test, unsigned int nr)
{
	struct pci_fake_bus *bus = pci_fake_bus(test);
	struct pci_dev *pdev[DEVICES];
	const struct vfio_persist_ser *ser;
	unsigned int i, reads;

	for (i = 0; i < nr; i++) {
		pdev[i] = pci_fake_add(test, bus, 4 * i);
		keep(test, pdev[i]);
	}
	bus->reads = 0;
	for (i = 0; i < nr; i++)
		KUNIT_EXPECT_EQ(test, pci_live_freeze(pdev[i]), 0);
	reads = bus->reads;
	KUNIT_EXPECT_EQ(test, bus->writes, 0);
	ser = pci_live_outgoing();
	KUNIT_ASSERT_NOT_NULL(test, ser);
	KUNIT_EXPECT_NULL(test, pci_live_record_fault(ser, PCI_LIVE_RECORD_SIZE));
	KUNIT_EXPECT_EQ(test, ser->nr, nr);
	for (i = 0; i < nr; i++) {
		pci_live_thaw(pdev[i]);
		pci_live_drop(pdev[i]);
	}
	KUNIT_EXPECT_NULL(test, pci_live_outgoing());
	return reads;
}

/* It was that each device which was frozen had all entries made anew. */
static void grows_linearly(struct kunit *test)
{
	struct pci_fake_bus *bus = pci_fake_bus(test);
	struct pci_dev *pdev = pci_fake_add(test, bus, 0);
	struct vfio_persist_dev_ser ser;
	unsigned int half, all, before;

	pci_live_fill(&ser, pdev, VFIO_PERSIST_DEVICE);
	before = DEVICES * DEVICES * bus->reads;
	half = reads_of(test, DEVICES / 2);
	all = reads_of(test, DEVICES);
	kunit_info(test, "%u devices: %u reads of configuration space, were %u", DEVICES,
		   all, before);
	KUNIT_EXPECT_EQ(test, all, 2 * half);
	KUNIT_EXPECT_LE(test, 20 * all, before);
}

static void states(struct kunit *test)
{
	struct pci_dev *pdev = pci_fake_add(test, pci_fake_bus(test), 8);

	KUNIT_EXPECT_EQ(test, pci_live_freeze(pdev), -EINVAL);
	keep(test, pdev);
	KUNIT_EXPECT_TRUE(test, pci_live_is_kept(pdev));
	KUNIT_EXPECT_EQ(test, pci_live_keep(pdev), -EBUSY);
	KUNIT_EXPECT_EQ(test, pci_live_state(pdev), PCI_LIVE_SESSION);
	KUNIT_EXPECT_EQ(test, pci_live_freeze(pdev), 0);
	KUNIT_EXPECT_EQ(test, pci_live_state(pdev), PCI_LIVE_FROZEN);
	KUNIT_EXPECT_TRUE(test, pdev->live_shut);
	pci_live_thaw(pdev);
	KUNIT_EXPECT_EQ(test, pci_live_state(pdev), PCI_LIVE_SESSION);
	KUNIT_EXPECT_FALSE(test, pdev->live_shut);
	/* not sealed: a kexec that nobody prepared */
	KUNIT_EXPECT_NOT_NULL(test, pci_live_record_fault(pci_live_outgoing(),
							  PCI_LIVE_RECORD_SIZE));
	pci_live_drop(pdev);
	KUNIT_EXPECT_NULL(test, pdev->live_update);
}

/* It is there, or the kexec is refused, and it is as if nothing had been. */
static void unplugged(struct kunit *test)
{
	struct pci_dev *pdev = pci_fake_add(test, pci_fake_bus(test), 8);

	keep(test, pdev);
	memset(pci_fake_config(pdev), 0xff, 64);
	KUNIT_EXPECT_EQ(test, pci_live_freeze(pdev), -ENODEV);
	KUNIT_EXPECT_EQ(test, pci_live_state(pdev), PCI_LIVE_SESSION);
	KUNIT_EXPECT_FALSE(test, pdev->live_shut);
	pci_live_drop(pdev);
}

static struct kunit_case pci_live_outgoing_cases[] = {
	KUNIT_CASE(states),
	KUNIT_CASE(unplugged),
	KUNIT_CASE(grows_linearly),
	{}
};

static struct kunit_suite pci_live_outgoing_suite = {
	.name = "extmem_pci_live_update_outgoing",
	.test_cases = pci_live_outgoing_cases,
};

kunit_test_suite(pci_live_outgoing_suite);
