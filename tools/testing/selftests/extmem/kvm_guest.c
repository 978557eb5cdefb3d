// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kvm_guest.h"

/* Flat 32-bit protected mode, interrupts off, no paging. */
static const unsigned char code[] = {
	/* 0: */ 0x8b, 0x03,	/* mov (%ebx), %eax */
	/* 2: */ 0xf4,		/* hlt */
	/* 3: */ 0x89, 0x03,	/* mov %eax, (%ebx) */
	/* 5: */ 0x01, 0xcb,	/* add %ecx, %ebx */
	/* 7: */ 0x39, 0xd3,	/* cmp %edx, %ebx */
	/* 9: */ 0x72, 0xf8,	/* jb 3 */
	/* b: */ 0xf4,		/* hlt */
};

#define READ	0
#define WRITE	3
#define PAGE	4096

static void set_segment(struct kvm_segment *seg, int type)
{
	*seg = (struct kvm_segment){
		.limit = 0xffffffff,
		.selector = 8,
		.type = type,
		.present = 1,
		.db = 1,
		.s = 1,
		.g = 1,
	};
}

static int set_mode(int fd)
{
	struct kvm_sregs sregs;

	if (ioctl(fd, KVM_GET_SREGS, &sregs))
		return -errno;
	set_segment(&sregs.cs, 11);
	set_segment(&sregs.ds, 3);
	set_segment(&sregs.es, 3);
	set_segment(&sregs.ss, 3);
	sregs.cr0 |= 1;
	return ioctl(fd, KVM_SET_SREGS, &sregs) ? -errno : 0;
}

static int open_vcpu(struct kvm_guest *guest, int i)
{
	struct kvm_vcpu *vcpu = &guest->vcpu[i];

	vcpu->fd = ioctl(guest->fd, KVM_CREATE_VCPU, i);
	if (vcpu->fd < 0)
		return -errno;
	vcpu->run = mmap(NULL, guest->run_size, PROT_READ | PROT_WRITE,
			 MAP_SHARED, vcpu->fd, 0);
	guest->nr_vcpus++;
	return vcpu->run == MAP_FAILED ? -errno : set_mode(vcpu->fd);
}

static int set_slot(struct kvm_guest *guest, int slot, void *map, uint64_t addr,
		    size_t size, unsigned int flags)
{
	struct kvm_userspace_memory_region region = {
		.slot = slot,
		.flags = flags,
		.guest_phys_addr = addr,
		.memory_size = size,
		.userspace_addr = (uintptr_t)map,
	};

	return ioctl(guest->fd, KVM_SET_USER_MEMORY_REGION, &region) ? -errno : 0;
}

static int set_code(struct kvm_guest *guest)
{
	guest->code = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (guest->code == MAP_FAILED)
		return -errno;
	memcpy(guest->code, code, sizeof(code));
	return set_slot(guest, 1, guest->code, 0, PAGE, 0);
}

int kvm_guest_open(struct kvm_guest *guest, int nr_vcpus)
{
	int kvm = open("/dev/kvm", O_RDWR), i, rc;

	memset(guest, 0, sizeof(*guest));
	if (kvm < 0)
		return -errno;
	guest->fd = ioctl(kvm, KVM_CREATE_VM, 0);
	rc = guest->fd < 0 ? -errno : 0;
	guest->run_size = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	close(kvm);
	for (i = 0; !rc && i < nr_vcpus; i++)
		rc = open_vcpu(guest, i);
	return rc ?: set_code(guest);
}

void kvm_guest_close(struct kvm_guest *guest)
{
	int i;

	for (i = 0; i < guest->nr_vcpus; i++) {
		munmap(guest->vcpu[i].run, guest->run_size);
		close(guest->vcpu[i].fd);
	}
	close(guest->fd);
	munmap(guest->code, PAGE);
}

int kvm_guest_set_ram(struct kvm_guest *guest, void *map, uint64_t addr,
		      size_t size, unsigned int flags)
{
	return set_slot(guest, 0, map, addr, size, flags);
}

static int run(struct kvm_vcpu *vcpu, struct kvm_regs *regs)
{
	regs->rflags = 2;
	if (ioctl(vcpu->fd, KVM_SET_REGS, regs) ||
	    ioctl(vcpu->fd, KVM_RUN, 0) ||
	    ioctl(vcpu->fd, KVM_GET_REGS, regs))
		return -errno;
	return vcpu->run->exit_reason == KVM_EXIT_HLT ? 0 : -EPROTO;
}

int kvm_guest_read(struct kvm_vcpu *vcpu, uint32_t addr, uint32_t *val)
{
	struct kvm_regs regs = { .rip = READ, .rbx = addr };
	int rc = run(vcpu, &regs);

	*val = regs.rax;
	return rc;
}

int kvm_guest_write(struct kvm_vcpu *vcpu, uint32_t from, uint32_t end,
		    uint32_t step, uint32_t val)
{
	struct kvm_regs regs = {
		.rip = WRITE,
		.rax = val,
		.rbx = from,
		.rcx = step,
		.rdx = end,
	};

	return run(vcpu, &regs);
}

long kvm_guest_pages(const struct kvm_guest *guest, const char *size)
{
	char path[128];
	long pages;
	FILE *f;

	snprintf(path, sizeof(path), "/sys/kernel/debug/kvm/%d-%d/pages_%s",
		 getpid(), guest->fd, size);
	f = fopen(path, "r");
	if (!f)
		return -errno;
	if (fscanf(f, "%ld", &pages) != 1)
		pages = -EIO;
	fclose(f);
	return pages;
}
