// SPDX-License-Identifier: GPL-2.0
/*
 * Pages of a virtual machine's memory that KVM itself reads and writes, by an address
 * of the kernel's: the page its clock is in, and what describes a machine that the
 * guest runs. The device is all there is to have: its last page is the pool's.
 */
#include <asm/kvm_para.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "dax_dev.h"
#include "kvm_guest.h"

/* Where things are in the last 2 MiB. */
#define PART	SZ_2M
#define CLOCK	(PART - SZ_4K)
#define STOLEN	(PART - SZ_4K + 64)
#define VMCB	(PART - 2 * SZ_4K)
#define SAVE	(PART - 3 * SZ_4K)
#define COUNTER	(PART - 4 * SZ_4K)
#define OTHER	(PART - 5 * SZ_4K)

FIXTURE(dax_kvm_maps)
{
	struct dax_dev dev;
	struct kvm_guest guest;
	struct kvm_vcpu *vcpu;
	size_t size;
	char *map;
	char *part;
};

FIXTURE_VARIANT(dax_kvm_maps)
{
	const char *memmap;
};

FIXTURE_VARIANT_ADD(dax_kvm_maps, without_pages) { .memmap = "0", };
FIXTURE_VARIANT_ADD(dax_kvm_maps, with_pages) { .memmap = "1", };

FIXTURE_SETUP(dax_kvm_maps)
{
	int region = dax_region();

	self->size = dax_region_available(region);
	ASSERT_EQ(dax_create(&self->dev, region, self->size, SZ_2M), 0);
	ASSERT_EQ(dax_set(&self->dev, "extmem/memmap", variant->memmap), 0);
	self->map = dax_map(&self->dev, NULL, self->size, 0);
	ASSERT_NE(self->map, MAP_FAILED);
	self->part = self->map + self->size - PART;
	ASSERT_EQ(kvm_guest_open(&self->guest, 1), 0);
	self->vcpu = &self->guest.vcpu[0];
	ASSERT_EQ(kvm_guest_set_ram(&self->guest, self->part, KVM_RAM, PART, 0), 0);
}

FIXTURE_TEARDOWN(dax_kvm_maps)
{
	kvm_guest_close(&self->guest);
	munmap(self->map, self->size);
	EXPECT_EQ(dax_destroy(&self->dev), 0);
}

/* The guest does something. */
static int touch(struct kvm_vcpu *vcpu)
{
	return kvm_guest_write(vcpu, KVM_RAM, KVM_RAM + 4, 4, 1);
}

static int set_clock(struct kvm_vcpu *vcpu, size_t at)
{
	return kvm_guest_set_msr(vcpu, MSR_KVM_SYSTEM_TIME_NEW,
				 at ? (KVM_RAM + at) | 1 : 0);
}

/* The kernel's struct pvclock_vcpu_time_info. */
struct clock {
	uint32_t version;	/* odd while it is being set */
	uint32_t pad;
	uint64_t tsc;
	uint64_t nanoseconds;
	uint32_t mul;
};

static bool is_clock(const char *page)
{
	const struct clock *clock = (void *)page;

	return clock->version && !(clock->version & 1) && clock->mul;
}

static char *map_all(struct dax_dev *dev, char *at, size_t size)
{
	return dax_map(dev, at, size, 0);
}

TEST_F(dax_kvm_maps, clock_and_stolen_time)
{
	const struct kvm_steal_time *stolen = (void *)self->part + STOLEN;

	ASSERT_EQ(set_clock(self->vcpu, CLOCK), 0);
	ASSERT_EQ(kvm_guest_set_msr(self->vcpu, MSR_KVM_STEAL_TIME,
				    (KVM_RAM + STOLEN) | 1), 0);
	EXPECT_EQ(touch(self->vcpu), 0);
	EXPECT_TRUE(is_clock(self->part + CLOCK));
	EXPECT_NE(stolen->version, 0);
}

/* KVM has mapped the page, and that is a use of the memory like any other. */
TEST_F(dax_kvm_maps, clock_holds_the_memory)
{
	ASSERT_EQ(set_clock(self->vcpu, CLOCK), 0);
	ASSERT_EQ(touch(self->vcpu), 0);
	munmap(self->map, self->size);
	if (*variant->memmap == '0') {
		EXPECT_EQ(dax_unbind(&self->dev), -EBUSY);
		EXPECT_EQ(dax_set_size(&self->dev, 0), -EBUSY);
		EXPECT_EQ(dax_set(&self->dev, "extmem/memmap", "1"), -EBUSY);
	}

	/* Until the guest has it elsewhere, or nowhere */
	EXPECT_EQ(set_clock(self->vcpu, 0), 0);
	EXPECT_EQ(dax_unbind(&self->dev), 0);
}

/* A virtual machine that is gone holds nothing. */
TEST_F(dax_kvm_maps, clock_goes_with_the_machine)
{
	ASSERT_EQ(set_clock(self->vcpu, CLOCK), 0);
	ASSERT_EQ(touch(self->vcpu), 0);
	kvm_guest_close(&self->guest);
	munmap(self->map, self->size);
	EXPECT_EQ(dax_unbind(&self->dev), 0);
	ASSERT_EQ(kvm_guest_open(&self->guest, 1), 0);
}

/* What is mapped at the address counts, not what was. */
TEST_F(dax_kvm_maps, clock_follows_the_mapping)
{
	int i;

	for (i = 0; i < 3; i++) {
		ASSERT_EQ(set_clock(self->vcpu, CLOCK), 0);
		ASSERT_EQ(touch(self->vcpu), 0);
		EXPECT_TRUE(is_clock(self->part + CLOCK));
		memset(self->part + CLOCK, 0, SZ_4K);

		/* The same page again, then one of another memory */
		munmap(self->map, self->size);
		ASSERT_EQ(map_all(&self->dev, self->map, self->size), self->map);
		ASSERT_EQ(set_clock(self->vcpu, CLOCK), 0);
		ASSERT_EQ(touch(self->vcpu), 0);
		EXPECT_TRUE(is_clock(self->part + CLOCK));

		ASSERT_EQ(mmap(self->part, PART, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
			  self->part);
		ASSERT_EQ(set_clock(self->vcpu, CLOCK), 0);
		ASSERT_EQ(touch(self->vcpu), 0);
		EXPECT_TRUE(is_clock(self->part + CLOCK));
		munmap(self->map, self->size);
		EXPECT_EQ(dax_unbind(&self->dev), 0);
		ASSERT_EQ(dax_bind(&self->dev), 0);
		ASSERT_EQ(map_all(&self->dev, self->map, self->size), self->map);
	}
}

/* The device gets another form, the address and the page frame stay. */
TEST_F(dax_kvm_maps, clock_meets_a_converted_device)
{
	const char *other = *variant->memmap == '0' ? "1" : "0";

	ASSERT_EQ(set_clock(self->vcpu, CLOCK), 0);
	ASSERT_EQ(touch(self->vcpu), 0);
	munmap(self->map, self->size);
	if (*variant->memmap == '0')
		ASSERT_EQ(set_clock(self->vcpu, 0), 0);
	ASSERT_EQ(dax_set(&self->dev, "extmem/memmap", other), 0);
	ASSERT_EQ(map_all(&self->dev, self->map, self->size), self->map);
	memset(self->part + CLOCK, 0, SZ_4K);
	ASSERT_EQ(set_clock(self->vcpu, CLOCK), 0);
	EXPECT_EQ(touch(self->vcpu), 0);
	EXPECT_TRUE(is_clock(self->part + CLOCK));
}

TEST_F(dax_kvm_maps, runs_a_guest_of_the_guest)
{
	const uint32_t *counter = (void *)self->part + COUNTER;
	const uint64_t *why = (void *)self->part + VMCB + KVM_VMCB_EXIT;

	kvm_guest_make_nested(self->part + VMCB);
	EXPECT_EQ(kvm_guest_nest(self->vcpu, KVM_RAM + VMCB, KVM_RAM + SAVE,
				 KVM_RAM + COUNTER, 100), 0);
	EXPECT_EQ(*why, KVM_VMMCALL);
	EXPECT_EQ(*counter, 100);

	/* Nothing of it is held when it has ended */
	munmap(self->map, self->size);
	EXPECT_EQ(dax_unbind(&self->dev), 0);
}

struct nested_run {
	struct kvm_vcpu *vcpu;
	bool stop;
	unsigned long good;
	unsigned long bad;
};

/* Over and over again, be the memory there or not. */
static void *nest(void *arg)
{
	struct nested_run *r = arg;

	while (!__atomic_load_n(&r->stop, __ATOMIC_SEQ_CST)) {
		set_clock(r->vcpu, CLOCK);
		if (kvm_guest_nest(r->vcpu, KVM_RAM + VMCB, KVM_RAM + SAVE,
				   KVM_RAM + COUNTER, 10))
			r->bad++;
		else
			__atomic_add_fetch(&r->good, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

/*
 * The memory goes from under a guest that has KVM map it, and gets another owner if
 * it can: who never sees a byte change.
 */
TEST_F_TIMEOUT(dax_kvm_maps, next_owner_has_it_alone, 120)
{
	struct nested_run run = { .vcpu = self->vcpu };
	int i, rc, changed = 0, owners = 0;
	struct dax_dev next;
	pthread_t thread;
	char *map, *seen;

	kvm_guest_make_nested(self->part + VMCB);
	ASSERT_EQ(pthread_create(&thread, NULL, nest, &run), 0);
	/* A slow machine has it begin late */
	for (i = 0; !__atomic_load_n(&run.good, __ATOMIC_RELAXED) && i < 6000; i++)
		usleep(10000);
	/* Five of them, in the time that a slow machine may take for it */
	for (i = 0; owners < 5 && i < 1000; i++) {
		usleep(10000);
		/* Nothing else is to be mapped where the guest has its memory */
		ASSERT_EQ(mmap(self->map, self->size, PROT_NONE, MAP_PRIVATE |
			       MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0),
			  self->map);
		rc = dax_destroy(&self->dev);
		if (rc) {
			EXPECT_EQ(rc, -EBUSY);
			/* It may be disabled by now, or still be held */
			if (!dax_bound(&self->dev))
				ASSERT_EQ(dax_bind(&self->dev), 0);
			ASSERT_EQ(map_all(&self->dev, self->map, self->size),
				  self->map);
			continue;
		}
		owners++;
		ASSERT_EQ(dax_create(&next, dax_region(), self->size, SZ_2M), 0);
		map = map_all(&next, NULL, self->size);
		ASSERT_NE(map, MAP_FAILED);
		seen = map + self->size - PART;
		fill_words(seen, PART, i);
		usleep(10000);
		changed += !has_words(seen, PART, i);
		munmap(map, self->size);
		ASSERT_EQ(dax_destroy(&next), 0);

		ASSERT_EQ(dax_create(&self->dev, dax_region(), self->size, SZ_2M), 0);
		ASSERT_EQ(dax_set(&self->dev, "extmem/memmap", variant->memmap), 0);
		map = map_all(&self->dev, NULL, self->size);
		ASSERT_NE(map, MAP_FAILED);
		kvm_guest_make_nested(map + self->size - PART + VMCB);
		ASSERT_EQ(mremap(map, self->size, self->size,
				 MREMAP_MAYMOVE | MREMAP_FIXED, self->map), self->map);
	}
	__atomic_store_n(&run.stop, true, __ATOMIC_SEQ_CST);
	pthread_join(thread, NULL);
	EXPECT_EQ(changed, 0);
	EXPECT_GT(owners, 0);
	EXPECT_GT(run.good, 0);
	TH_LOG("%d owners, %lu runs, %lu not", owners, run.good, run.bad);
}

TEST_HARNESS_MAIN
