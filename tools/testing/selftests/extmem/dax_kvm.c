// SPDX-License-Identifier: GPL-2.0
/*
 * A device as the memory of a virtual machine: the pages KVM maps it by, the
 * dirty log, many virtual CPUs that fault at once, and memory that goes while
 * the machine is there.
 */
#include <errno.h>
#include <linux/kvm.h>
#include <pthread.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "dax_dev.h"
#include "kvm_guest.h"

#define SIZE	SZ_1G

FIXTURE(dax_kvm)
{
	struct dax_dev dev;
	struct kvm_guest guest;
	char *map;
};

FIXTURE_SETUP(dax_kvm)
{
	ASSERT_EQ(dax_create(&self->dev, dax_region(), SIZE, SZ_1G), 0);
	self->map = dax_map(&self->dev, NULL, SIZE, 0);
	ASSERT_NE(self->map, MAP_FAILED);
	ASSERT_EQ(kvm_guest_open(&self->guest, KVM_VCPUS), 0);
}

FIXTURE_TEARDOWN(dax_kvm)
{
	kvm_guest_close(&self->guest);
	munmap(self->map, SIZE);
	EXPECT_EQ(dax_destroy(&self->dev), 0);
}

static int touch(struct kvm_guest *guest, size_t from, size_t end, size_t step)
{
	return kvm_guest_write(&guest->vcpu[0], KVM_RAM + from, KVM_RAM + end,
			       step, 1);
}

TEST_F(dax_kvm, is_mapped_by_1_gib)
{
	struct kvm_guest *guest = &self->guest;

	ASSERT_EQ(kvm_guest_set_ram(guest, self->map, KVM_RAM, SIZE, 0), 0);
	EXPECT_EQ(touch(guest, 0, SIZE, 64 * SZ_2M), 0);
	EXPECT_EQ(kvm_guest_pages(guest, "1g"), 1);
	EXPECT_EQ(kvm_guest_pages(guest, "2m"), 0);
	EXPECT_EQ(kvm_guest_pages(guest, "4k"), 1);	/* the code */
}

/* Host and guest disagree about where a gigabyte begins. */
TEST_F(dax_kvm, is_mapped_by_2_mib)
{
	struct kvm_guest *guest = &self->guest;

	ASSERT_EQ(kvm_guest_set_ram(guest, self->map, KVM_RAM + SZ_2M, SIZE, 0), 0);
	EXPECT_EQ(touch(guest, SZ_2M, 9 * SZ_2M, SZ_4K * 8), 0);
	EXPECT_EQ(kvm_guest_pages(guest, "1g"), 0);
	EXPECT_EQ(kvm_guest_pages(guest, "2m"), 8);
	EXPECT_EQ(kvm_guest_pages(guest, "4k"), 1);
}

/* Reading smaps is what monitoring does; the guest must not notice. */
TEST_F(dax_kvm, stays_mapped_when_smaps_is_read)
{
	struct kvm_guest *guest = &self->guest;
	char line[256];
	FILE *f;

	ASSERT_EQ(kvm_guest_set_ram(guest, self->map, KVM_RAM, SIZE, 0), 0);
	EXPECT_EQ(touch(guest, 0, SZ_2M, SZ_4K), 0);
	ASSERT_EQ(kvm_guest_pages(guest, "1g"), 1);
	f = fopen("/proc/self/smaps", "r");
	ASSERT_NE(f, NULL);
	while (fgets(line, sizeof(line), f))
		;
	fclose(f);
	EXPECT_EQ(kvm_guest_pages(guest, "1g"), 1);
}

TEST_F(dax_kvm, logs_what_is_written)
{
	static unsigned long bitmap[SIZE / SZ_4K / 64];
	struct kvm_dirty_log log = { .dirty_bitmap = bitmap };
	struct kvm_guest *guest = &self->guest;
	unsigned long i, wrong = 0;

	ASSERT_EQ(kvm_guest_set_ram(guest, self->map, KVM_RAM, SIZE, 0), 0);
	ASSERT_EQ(touch(guest, 0, SIZE, SZ_2M), 0);
	ASSERT_EQ(kvm_guest_set_ram(guest, self->map, KVM_RAM, SIZE,
				    KVM_MEM_LOG_DIRTY_PAGES), 0);
	ASSERT_EQ(ioctl(guest->fd, KVM_GET_DIRTY_LOG, &log), 0);
	ASSERT_EQ(touch(guest, 3 * SZ_4K, SIZE, 1000 * SZ_4K), 0);
	memset(bitmap, 0, sizeof(bitmap));
	ASSERT_EQ(ioctl(guest->fd, KVM_GET_DIRTY_LOG, &log), 0);
	for (i = 0; i < SIZE / SZ_4K; i++)
		wrong += (bitmap[i / 64] >> i % 64 & 1) != (i % 1000 == 3);
	EXPECT_EQ(wrong, 0);

	/* And large pages come back once nobody asks any more. */
	ASSERT_EQ(kvm_guest_set_ram(guest, self->map, KVM_RAM, SIZE, 0), 0);
	ASSERT_EQ(touch(guest, 0, SZ_2M, SZ_4K), 0);
	EXPECT_EQ(kvm_guest_pages(guest, "1g"), 1);
}

struct stripe {
	struct kvm_vcpu *vcpu;
	int i;
	int rc;
};

#define STRIPED	(16 * SZ_2M)

static void *write_stripe(void *arg)
{
	struct stripe *s = arg;

	s->rc = kvm_guest_write(s->vcpu, KVM_RAM + s->i * SZ_4K,
				KVM_RAM + STRIPED, KVM_VCPUS * SZ_4K, 100 + s->i);
	return NULL;
}

/* Page by page in turns, with the dirty log on: each write is a fault. */
TEST_F(dax_kvm, many_vcpus_fault_at_once)
{
	struct kvm_guest *guest = &self->guest;
	struct stripe stripe[KVM_VCPUS];
	pthread_t thread[KVM_VCPUS];
	unsigned long page, wrong = 0;
	int i;

	ASSERT_EQ(kvm_guest_set_ram(guest, self->map, KVM_RAM, SIZE,
				    KVM_MEM_LOG_DIRTY_PAGES), 0);
	for (i = 0; i < KVM_VCPUS; i++) {
		stripe[i] = (struct stripe){ .vcpu = &guest->vcpu[i], .i = i };
		ASSERT_EQ(pthread_create(&thread[i], NULL, write_stripe,
					 &stripe[i]), 0);
	}
	for (i = 0; i < KVM_VCPUS; i++) {
		pthread_join(thread[i], NULL);
		EXPECT_EQ(stripe[i].rc, 0);
	}
	for (page = 0; page < STRIPED / SZ_4K; page++)
		wrong += self->map[page * SZ_4K] != 100 + page % KVM_VCPUS;
	EXPECT_EQ(wrong, 0);
}

/*
 * KVM holds no memory, only the address it is mapped at: once that is gone the
 * guest can't reach it, and the device is free.
 */
TEST_F(dax_kvm, loses_what_is_unmapped)
{
	struct kvm_guest *guest = &self->guest;
	uint32_t val;

	ASSERT_EQ(kvm_guest_set_ram(guest, self->map, KVM_RAM, SIZE, 0), 0);
	ASSERT_EQ(touch(guest, 0, SZ_4K, SZ_4K), 0);
	EXPECT_EQ(dax_unbind(&self->dev), -EBUSY);
	EXPECT_EQ(dax_set_size(&self->dev, 0), -EBUSY);
	munmap(self->map, SIZE);
	EXPECT_EQ(kvm_guest_pages(guest, "1g"), 0);
	EXPECT_EQ(kvm_guest_read(&guest->vcpu[0], KVM_RAM, &val), -EFAULT);
	EXPECT_EQ(dax_unbind(&self->dev), 0);
	EXPECT_EQ(dax_bind(&self->dev), 0);

	/* The same address, mapped again: the same bytes. */
	ASSERT_EQ(dax_map(&self->dev, self->map, SIZE, 0), self->map);
	EXPECT_EQ(kvm_guest_read(&guest->vcpu[0], KVM_RAM, &val), 0);
	EXPECT_EQ(val, 1);
}

TEST_HARNESS_MAIN
