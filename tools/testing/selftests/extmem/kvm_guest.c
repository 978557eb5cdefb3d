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
	/*
	 * The guest of the guest's own, %ecx times: the machine is described at %eax,
	 * and goes on behind the instruction that it ended with.
	 */
	/* c: */ 0x0f, 0x01, 0xda,			/* vmload %eax */
	/* f: */ 0x0f, 0x01, 0xd8,			/* vmrun %eax */
	/* 12: */ 0x0f, 0x01, 0xdb,			/* vmsave %eax */
	/* 15: */ 0x83, 0x80, 0x78, 0x05, 0, 0, 3,	/* addl $3, 0x578(%eax) */
	/* 1c: */ 0x49,					/* dec %ecx */
	/* 1d: */ 0x75, 0xed,				/* jnz c */
	/* 1f: */ 0xf4,					/* hlt */
	/* What that one does: it counts how often it ran */
	/* 20: */ 0xff, 0x03,				/* incl (%ebx) */
	/* 22: */ 0x0f, 0x01, 0xd9,			/* vmmcall */
	/* 25: */ 0xeb, 0xf9,				/* jmp 20 */
};

#define READ	0
#define WRITE	3
#define NEST	0xc
#define NESTED	0x20
#define PAGE	4096

/* Behind the code: a page directory, each entry 4 MiB, of what is there as it is */
#define CODE_SIZE	(2 * PAGE)
#define DIRECTORY	PAGE

#define CR0_PE		0x1
#define CR0_ET		0x10
#define CR0_PG		0x80000000
#define CR4_PSE		0x10
#define EFER_SVME	0x1000
#define MSR_VM_HSAVE_PA	0xc0010117

/* A virtual machine, as SVM has it described; by their offsets. */
#define VMCB_INTERCEPTS	0x010		/* of the instructions below */
#define  VMCB_VMRUN	0x1
#define  VMCB_VMMCALL	0x2
#define VMCB_ASID	0x058
#define VMCB_ES		0x400
#define VMCB_CS		0x410
#define VMCB_SS		0x420
#define VMCB_DS		0x430
#define  VMCB_DATA	0xc93
#define  VMCB_CODE	0xc9b
#define VMCB_EFER	0x4d0
#define VMCB_CR0	0x558
#define VMCB_DR7	0x560
#define VMCB_DR6	0x568
#define VMCB_RFLAGS	0x570
#define VMCB_RIP	0x578
#define VMCB_PAT	0x668

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
	sregs.cr0 |= CR0_PE;
	return ioctl(fd, KVM_SET_SREGS, &sregs) ? -errno : 0;
}

/* All that KVM can do, SVM too. */
static int get_cpuid(int kvm, struct kvm_guest *guest)
{
	guest->cpuid.head.nent = KVM_CPUID_MAX;
	return ioctl(kvm, KVM_GET_SUPPORTED_CPUID, &guest->cpuid) ? -errno : 0;
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
	if (vcpu->run == MAP_FAILED ||
	    ioctl(vcpu->fd, KVM_SET_CPUID2, &guest->cpuid))
		return -errno;
	return set_mode(vcpu->fd);
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
	uint32_t i, *directory;

	guest->code = mmap(NULL, CODE_SIZE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (guest->code == MAP_FAILED)
		return -errno;
	memcpy(guest->code, code, sizeof(code));
	directory = guest->code + DIRECTORY;
	for (i = 0; i < PAGE / sizeof(*directory); i++)
		directory[i] = i << 22 | 0x83;	/* present, writable, large */
	return set_slot(guest, 1, guest->code, 0, CODE_SIZE, 0);
}

int kvm_guest_open(struct kvm_guest *guest, int nr_vcpus)
{
	int kvm = open("/dev/kvm", O_RDWR), i, rc;

	memset(guest, 0, sizeof(*guest));
	if (kvm < 0)
		return -errno;
	guest->fd = ioctl(kvm, KVM_CREATE_VM, 0);
	rc = guest->fd < 0 ? -errno : get_cpuid(kvm, guest);
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
	munmap(guest->code, CODE_SIZE);
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

int kvm_guest_set_msr(struct kvm_vcpu *vcpu, uint32_t index, uint64_t val)
{
	struct {
		struct kvm_msrs head;
		struct kvm_msr_entry entry;
	} msrs = { .head.nmsrs = 1, .entry = { .index = index, .data = val } };
	int done = ioctl(vcpu->fd, KVM_SET_MSRS, &msrs);

	return done < 0 ? -errno : done == 1 ? 0 : -EINVAL;
}

static void set_field(void *vmcb, size_t offset, uint64_t val)
{
	memcpy(vmcb + offset, &val, sizeof(val));
}

/* Selector, attributes, limit; the base is 0. */
static void set_nested_segment(void *vmcb, size_t offset, uint64_t attrib)
{
	set_field(vmcb, offset, 0xffffffffULL << 32 | attrib << 16 | 8);
}

void kvm_guest_make_nested(void *vmcb)
{
	memset(vmcb, 0, PAGE);
	set_field(vmcb, VMCB_INTERCEPTS, VMCB_VMRUN | VMCB_VMMCALL);
	set_field(vmcb, VMCB_ASID, 1);
	set_nested_segment(vmcb, VMCB_CS, VMCB_CODE);
	set_nested_segment(vmcb, VMCB_DS, VMCB_DATA);
	set_nested_segment(vmcb, VMCB_ES, VMCB_DATA);
	set_nested_segment(vmcb, VMCB_SS, VMCB_DATA);
	set_field(vmcb, VMCB_EFER, EFER_SVME);
	set_field(vmcb, VMCB_CR0, CR0_PE | CR0_ET);
	set_field(vmcb, VMCB_DR6, 0xffff0ff0);
	set_field(vmcb, VMCB_DR7, 0x400);
	set_field(vmcb, VMCB_RFLAGS, 2);
	set_field(vmcb, VMCB_RIP, NESTED);
	set_field(vmcb, VMCB_PAT, 0x0007040600070406);
}

int kvm_guest_nest(struct kvm_vcpu *vcpu, uint32_t vmcb, uint32_t save,
		   uint32_t counter, uint32_t times)
{
	struct kvm_regs regs = {
		.rip = NEST,
		.rax = vmcb,
		.rbx = counter,
		.rcx = times,
	};
	struct kvm_sregs sregs;

	if (ioctl(vcpu->fd, KVM_GET_SREGS, &sregs))
		return -errno;
	sregs.cr3 = DIRECTORY;
	sregs.cr4 = CR4_PSE;
	sregs.cr0 = CR0_PE | CR0_ET | CR0_PG;
	sregs.efer = EFER_SVME;
	if (ioctl(vcpu->fd, KVM_SET_SREGS, &sregs))
		return -errno;
	return kvm_guest_set_msr(vcpu, MSR_VM_HSAVE_PA, save) ?:
	       run(vcpu, &regs);
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
