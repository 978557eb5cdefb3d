/* SPDX-License-Identifier: GPL-2.0 */
#ifndef BUS_ERROR_H
#define BUS_ERROR_H

/**
 * struct bus_error - a SIGBUS as its receiver sees it
 * @nr: how many have come
 * @code: si_code of the last, and so on
 * @lsb: si_addr_lsb
 * @addr: si_addr
 */
struct bus_error {
	int nr;
	int code;
	int lsb;
	char *addr;
};

/* What this process has received, since the last bus_errors_count(). */
extern struct bus_error bus_error;

/* From now on SIGBUS is counted; one that comes from touch() ends it. */
void bus_errors_count(void);

/* Read a byte: 0, or the code of the SIGBUS this gave. */
int touch(const char *p);

/* Read a byte again and again, without a system call, until that gives one. */
int touch_on(const char *p);

/* A memory error at a physical address, by somebody who doesn't map it. */
int inject(unsigned long phys);

#endif /* BUS_ERROR_H */
