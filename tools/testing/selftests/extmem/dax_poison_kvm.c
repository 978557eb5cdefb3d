// SPDX-License-Identifier: GPL-2.0
/*
 * A memory error in the memory of a virtual machine: the monitor's thread that
 * runs the guest gets the address when the guest touches the page, and the
 * guest can go on elsewhere.
 */
#include <asm/kvm_para.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "../kselftest_harness.h"
#include "bus_error.h"
#include "dax_dev.h"

#define CODE	SZ_4K

/* mov (%bx), %al; hlt: in real mode, with all segments at 0 */
static const unsigned char code[] = { 0x8a, 0x07, 0xf4 };

FIXTURE(dax_poison_kvm)
{
	struct dax_dev dev;
	unsigned long phys;
	char *map;
	int vm;
	int vcpu;
	struct kvm_run *run;
};

FIXTURE_SETUP(dax_poison_kvm)
{
	struct kvm_userspace_memory_region ram = { .memory_size = SZ_2M };
	int i, kvm = open("/dev/kvm", O_RDWR);
	struct kvm_sregs sregs;

	ASSERT_GE(kvm, 0);
	ASSERT_EQ(dax_create(&self->dev, dax_region(), SZ_2M, SZ_2M), 0);
	self->phys = dax_get(&self->dev, "resource");
	self->map = dax_map(&self->dev, NULL, SZ_2M, 0);
	ASSERT_NE(self->map, MAP_FAILED);
	for (i = 0; i < 16; i++)
		self->map[i * SZ_4K] = 0x40 + i;
	memcpy(self->map + CODE, code, sizeof(code));

	self->vm = ioctl(kvm, KVM_CREATE_VM, 0);
	ram.userspace_addr = (unsigned long)self->map;
	ASSERT_EQ(ioctl(self->vm, KVM_SET_USER_MEMORY_REGION, &ram), 0);
	self->vcpu = ioctl(self->vm, KVM_CREATE_VCPU, 0);
	self->run = mmap(NULL, ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0),
			 PROT_READ | PROT_WRITE, MAP_SHARED, self->vcpu, 0);
	ASSERT_NE(self->run, MAP_FAILED);
	ASSERT_EQ(ioctl(self->vcpu, KVM_GET_SREGS, &sregs), 0);
	sregs.cs.base = 0;
	sregs.cs.selector = 0;
	ASSERT_EQ(ioctl(self->vcpu, KVM_SET_SREGS, &sregs), 0);
	close(kvm);
	bus_errors_count();
}

FIXTURE_TEARDOWN(dax_poison_kvm)
{
	close(self->vcpu);
	close(self->vm);
	munmap(self->map, SZ_2M);
	EXPECT_EQ(dax_destroy(&self->dev), 0);
}

/* The byte that the guest reads at an address, or a negative errno. */
static int guest_reads(int vcpu, struct kvm_run *run, unsigned int addr)
{
	struct kvm_regs regs = { .rip = CODE, .rbx = addr, .rflags = 2 };

	if (ioctl(vcpu, KVM_SET_REGS, &regs))
		return -errno;
	if (ioctl(vcpu, KVM_RUN, 0))
		return -errno;
	if (run->exit_reason != KVM_EXIT_HLT)
		return -EPROTO;
	ioctl(vcpu, KVM_GET_REGS, &regs);
	return regs.rax & 0xff;
}

TEST_F(dax_poison_kvm, guest_touches)
{
	unsigned int bad = 5 * SZ_4K;

	ASSERT_EQ(guest_reads(self->vcpu, self->run, bad), 0x45);
	ASSERT_EQ(inject(self->phys + bad), 0);
	EXPECT_EQ(bus_error.nr, 0);
	EXPECT_EQ(guest_reads(self->vcpu, self->run, 6 * SZ_4K), 0x46);
	EXPECT_EQ(guest_reads(self->vcpu, self->run, bad), -EINTR);
	EXPECT_EQ(bus_error.nr, 1);
	EXPECT_EQ(bus_error.code, BUS_MCEERR_AR);
	EXPECT_EQ(bus_error.lsb, 12);
	EXPECT_EQ(bus_error.addr, self->map + bad);
	EXPECT_EQ(guest_reads(self->vcpu, self->run, 4 * SZ_4K), 0x44);
	EXPECT_EQ(guest_reads(self->vcpu, self->run, bad), -EINTR);
	EXPECT_EQ(bus_error.nr, 2);
}

static int set_msr(int vcpu, unsigned int index, unsigned long val)
{
	struct {
		struct kvm_msrs head;
		struct kvm_msr_entry entry;
	} msrs = { .head.nmsrs = 1, .entry = { .index = index, .data = val } };

	return ioctl(vcpu, KVM_SET_MSRS, &msrs) == 1 ? 0 : -errno;
}

/* KVM writes the guest's clock there itself: no more, and the guest goes on. */
TEST_F(dax_poison_kvm, clock_in_a_bad_page)
{
	unsigned int at = 8 * SZ_4K, tries;

	ASSERT_EQ(set_msr(self->vcpu, MSR_KVM_SYSTEM_TIME_NEW, at | 1), 0);
	ASSERT_EQ(guest_reads(self->vcpu, self->run, 6 * SZ_4K), 0x46);
	EXPECT_NE(peek(self->map + at), 0x48);
	ASSERT_EQ(inject(self->phys + at), 0);
	for (tries = 0; tries < 3; tries++) {
		set_msr(self->vcpu, MSR_KVM_SYSTEM_TIME_NEW, at | 1);
		EXPECT_EQ(guest_reads(self->vcpu, self->run, 6 * SZ_4K), 0x46);
	}
	EXPECT_EQ(touch(self->map + at), BUS_MCEERR_AR);
}

TEST_HARNESS_MAIN
