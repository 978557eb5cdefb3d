/* SPDX-License-Identifier: GPL-2.0 */
#ifndef EXTMEM_TOOL_PROC_H
#define EXTMEM_TOOL_PROC_H

#include <linux/types.h>
#include <sys/types.h>

/* What a look at processes tells, see struct finding */
enum finding_kind {
	FOUND_PROCESS,		/* @pid is looked at now */
	FOUND_DENIED,		/* its mappings may not be seen */
	FOUND_MAPPING,		/* it maps @size bytes from @offset of device @rdev */
	FOUND_ALL,		/* there are no more processes */
};

/**
 * struct finding - what is written to the pipe; small enough to be written at once.
 * @kind: what it says
 * @pid: the process
 * @rdev: number of a character device that it maps shared
 * @offset: of the mapping, in the device
 * @size: bytes
 * @comm: name of the process
 */
struct finding {
	enum finding_kind kind;
	int pid;
	dev_t rdev;
	__u64 offset;
	__u64 size;
	char comm[32];
};

/* proc.c */
void look_at_processes(int out, int after);

#endif
