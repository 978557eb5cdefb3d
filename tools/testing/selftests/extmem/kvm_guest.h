/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KVM_GUEST_H
#define KVM_GUEST_H

#include <linux/kvm.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A virtual machine whose memory the caller maps: a few instructions at address
 * 0, in memory of their own, and the caller's at KVM_RAM. Functions return 0 or
 * a negative errno.
 */
#define KVM_RAM		0x40000000UL
#define KVM_VCPUS	16
#define KVM_CPUID_MAX	256

struct kvm_vcpu {
	int fd;
	struct kvm_run *run;
};

struct kvm_guest {
	int fd;
	int nr_vcpus;
	size_t run_size;
	void *code;
	struct {
		struct kvm_cpuid2 head;
		struct kvm_cpuid_entry2 entry[KVM_CPUID_MAX];
	} cpuid;
	struct kvm_vcpu vcpu[KVM_VCPUS];
};

/* Up to KVM_VCPUS of them; memory comes with kvm_guest_set_ram(). */
int kvm_guest_open(struct kvm_guest *guest, int nr_vcpus);
void kvm_guest_close(struct kvm_guest *guest);
int kvm_guest_set_ram(struct kvm_guest *guest, void *map, uint64_t addr,
		      size_t size, unsigned int flags);

/* The word at @addr; and @val to every @step bytes from @from up to @end. */
int kvm_guest_read(struct kvm_vcpu *vcpu, uint32_t addr, uint32_t *val);
int kvm_guest_write(struct kvm_vcpu *vcpu, uint32_t from, uint32_t end,
		    uint32_t step, uint32_t val);

int kvm_guest_set_msr(struct kvm_vcpu *vcpu, uint32_t index, uint64_t val);

/*
 * A virtual machine in the virtual machine, by SVM: @vmcb, a page of its memory,
 * comes to describe one that counts, and ends with VMMCALL. It runs so many times,
 * each time counts at @counter, and is saved and loaded in between; @save is a page
 * for the processor.
 */
#define KVM_VMCB_EXIT	0x70	/* why it ended, in the page */
#define KVM_VMMCALL	0x81

void kvm_guest_make_nested(void *vmcb);
int kvm_guest_nest(struct kvm_vcpu *vcpu, uint32_t vmcb, uint32_t save,
		   uint32_t counter, uint32_t times);

/* How many pages KVM maps of a size: "4k", "2m" or "1g". */
long kvm_guest_pages(const struct kvm_guest *guest, const char *size);

#endif /* KVM_GUEST_H */
