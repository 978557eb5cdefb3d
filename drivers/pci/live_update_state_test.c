// SPDX-License-Identifier: GPL-2.0
/*
 * States of a device: which may follow which, who has a reference, and the gate.
 */
#include <kunit/test.h>
#include <linux/pci_live_update.h>

#include "live_update_fake.h"
#include "live_update_state.h"

/* As the document has it */
static const struct {
	enum pci_live_state from, to;
} steps[] = {
	{ PCI_LIVE_NONE, PCI_LIVE_SESSION },
	{ PCI_LIVE_NONE, PCI_LIVE_INCOMING },
	{ PCI_LIVE_SESSION, PCI_LIVE_NONE },
	{ PCI_LIVE_SESSION, PCI_LIVE_FROZEN },
	{ PCI_LIVE_FROZEN, PCI_LIVE_SESSION },
	{ PCI_LIVE_INCOMING, PCI_LIVE_CLAIMED },
	{ PCI_LIVE_INCOMING, PCI_LIVE_NONE },
	{ PCI_LIVE_CLAIMED, PCI_LIVE_INCOMING },
	{ PCI_LIVE_CLAIMED, PCI_LIVE_OPEN },
	{ PCI_LIVE_CLAIMED, PCI_LIVE_NONE },
	{ PCI_LIVE_OPEN, PCI_LIVE_CLOSED },
	{ PCI_LIVE_OPEN, PCI_LIVE_NONE },
	{ PCI_LIVE_CLOSED, PCI_LIVE_NONE },
};

static bool in_document(enum pci_live_state from, enum pci_live_state to)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(steps); i++)
		if (steps[i].from == from && steps[i].to == to)
			return true;
	return false;
}

static void all_steps(struct kunit *test)
{
	enum pci_live_state from, to;

	for (from = 0; from < PCI_LIVE_STATES; from++)
		for (to = 0; to < PCI_LIVE_STATES; to++)
			KUNIT_EXPECT_EQ_MSG(test, pci_live_may_move(from, to),
					    in_document(from, to), "%s to %s",
					    pci_live_state_names[from],
					    pci_live_state_names[to]);
}

static int move(struct pci_live *live, enum pci_live_state from, enum pci_live_state to)
{
	guard(mutex)(&live->lock);
	return pci_live_move(live, from, to);
}

/* The object is there as long as somebody has it, or its state says something. */
static void references(struct kunit *test)
{
	struct pci_dev *pdev = pci_fake_add(test, pci_fake_bus(test), 8);
	struct pci_live *live, *again;

	KUNIT_EXPECT_NULL(test, pci_live_get(pdev));
	live = pci_live_create(pdev);
	KUNIT_ASSERT_NOT_NULL(test, live);
	again = pci_live_create(pdev);
	KUNIT_EXPECT_PTR_EQ(test, again, live);
	pci_live_put(again);
	KUNIT_EXPECT_EQ(test, move(live, PCI_LIVE_NONE, PCI_LIVE_SESSION), 0);
	KUNIT_EXPECT_EQ(test, move(live, PCI_LIVE_NONE, PCI_LIVE_SESSION), -EBUSY);
	pci_live_put(live);
	KUNIT_EXPECT_EQ(test, pci_live_state(pdev), PCI_LIVE_SESSION);
	live = pci_live_get(pdev);
	KUNIT_ASSERT_NOT_NULL(test, live);
	KUNIT_EXPECT_EQ(test, move(live, PCI_LIVE_SESSION, PCI_LIVE_NONE), 0);
	pci_live_put(live);
	KUNIT_EXPECT_NULL(test, pdev->live_update);
	KUNIT_EXPECT_EQ(test, pci_live_state(pdev), PCI_LIVE_NONE);
	KUNIT_EXPECT_EQ(test, kref_read(&pdev->dev.kobj.kref), 1);
}

static void gate(struct kunit *test)
{
	struct pci_dev *pdev = pci_fake_add(test, pci_fake_bus(test), 8);

	KUNIT_EXPECT_EQ(test, pci_live_update_begin(pdev), 0);
	/* somebody is inside: it stays open for all */
	KUNIT_EXPECT_FALSE(test, pci_live_gate_close(pdev, 1));
	KUNIT_EXPECT_EQ(test, pci_live_update_begin(pdev), 0);
	pci_live_update_end(pdev);
	pci_live_update_end(pdev);
	KUNIT_EXPECT_TRUE(test, pci_live_gate_close(pdev, 0));
	KUNIT_EXPECT_TRUE(test, pdev->live_shut);
	KUNIT_EXPECT_EQ(test, pci_live_update_begin(pdev), -ESHUTDOWN);
	KUNIT_EXPECT_EQ(test, pci_live_update_reset_begin(pdev), -ESHUTDOWN);
	/* twice is once */
	KUNIT_EXPECT_TRUE(test, pci_live_gate_close(pdev, 0));
	pdev->live_incoming = true;
	KUNIT_EXPECT_EQ(test, pci_live_update_begin(pdev), -EBUSY);
	pdev->live_incoming = false;
	/* who ends its limbo goes in, and nobody with him */
	pdev->live_resetting = true;
	KUNIT_EXPECT_EQ(test, pci_live_update_reset_begin(pdev), 0);
	KUNIT_EXPECT_EQ(test, pci_live_update_begin(pdev), -ESHUTDOWN);
	pci_live_update_end(pdev);
	pdev->live_resetting = false;
	pci_live_gate_open(pdev);
	KUNIT_EXPECT_EQ(test, pci_live_update_begin(pdev), 0);
	pci_live_update_end(pdev);
	KUNIT_EXPECT_EQ(test, atomic_read(&pdev->live_gate), 0);
}

/* User space writes nothing to it, the kernel does */
static void writes(struct kunit *test)
{
	struct pci_fake_bus *bus = pci_fake_bus(test);
	struct pci_dev *pdev = pci_fake_add(test, bus, 8);

	KUNIT_EXPECT_EQ(test, pci_user_write_config_word(pdev, PCI_COMMAND, 2), 0);
	KUNIT_EXPECT_EQ(test, bus->writes, 1);
	KUNIT_EXPECT_TRUE(test, pci_live_gate_close(pdev, 0));
	KUNIT_EXPECT_EQ(test, pci_user_write_config_word(pdev, PCI_COMMAND, 6), -ESHUTDOWN);
	KUNIT_EXPECT_EQ(test, bus->writes, 1);
	KUNIT_EXPECT_EQ(test, pci_fake_config(pdev)[PCI_COMMAND], 2);
	pci_set_master(pdev);
	KUNIT_EXPECT_EQ(test, pci_fake_config(pdev)[PCI_COMMAND], 2);
	KUNIT_EXPECT_EQ(test, pci_write_config_word(pdev, PCI_COMMAND, 0), 0);
	KUNIT_EXPECT_EQ(test, pci_fake_config(pdev)[PCI_COMMAND], 0);
	pci_live_gate_open(pdev);
}

static struct kunit_case pci_live_state_cases[] = {
	KUNIT_CASE(all_steps),
	KUNIT_CASE(references),
	KUNIT_CASE(gate),
	KUNIT_CASE(writes),
	{}
};

static struct kunit_suite pci_live_state_suite = {
	.name = "extmem_pci_live_update_state",
	.test_cases = pci_live_state_cases,
};

kunit_test_suite(pci_live_state_suite);
