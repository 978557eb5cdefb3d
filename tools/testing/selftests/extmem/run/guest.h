/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _GUEST_H
#define _GUEST_H

#include <stdbool.h>
#include <stdint.h>

void fail(const char *what);

/* guest_pattern.c: most of memory, every word of it its own */
struct damage {
	uint64_t bad;	/* bytes that are not the pattern's */
	uint64_t first;	/* guest-physical address of the first one */
};

void pattern_fill(uint64_t seed);
void pattern_verify(struct damage *damage);
uint64_t pattern_size(void);
uint64_t pattern_middle(void);

/* guest_clocks.c: what the guest notices of a pause */
struct clocks {
	uint64_t count;		/* readings so far */
	uint64_t uptime_us;	/* CLOCK_MONOTONIC */
	uint64_t gap_us;	/* the largest step between two readings */
	int64_t away_us;	/* by how much the RTC ran ahead of that clock */
};

void clocks_open(void);
void clocks_tick(void);
bool clocks_polled(void);
void clocks_skip(void);
void clocks_settle(void);
void clocks_mark(void);
void clocks_get(struct clocks *c);

/* guest_drive.c: what is passed through; 0 or a negative errno */
int drive_sum(unsigned int nr, uint64_t max, uint64_t *bytes, uint64_t *sum);
int slot_off(unsigned int slot);

#endif
