// SPDX-License-Identifier: GPL-2.0
/*
 * Two clocks: CLOCK_MONOTONIC, which a paused guest does not see move, and the
 * RTC of the board, which goes on. The RTC tells seconds only, so it is read
 * every few milliseconds, and compared where a second begins.
 */
#include <fcntl.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"

#define POLL_US		2000
#define RTC_INDEX	0x70
#define RTC_DATA	0x71
#define DAY		86400

static uint64_t count, last_us, polled_us, gap_us;
static int64_t ahead_us, marked_us;	/* the RTC's lead: now, at the mark */
static unsigned int seconds, edges;
static bool polled;
static int ports;

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000ULL + t.tv_nsec / 1000;
}

static unsigned int rtc(unsigned char reg)
{
	unsigned char bcd;

	if (pwrite(ports, &reg, 1, RTC_INDEX) != 1 ||
	    pread(ports, &bcd, 1, RTC_DATA) != 1)
		fail("/dev/port");
	return (bcd >> 4) * 10 + (bcd & 15);
}

static void at_edge(uint64_t now)
{
	unsigned int day = rtc(4) * 3600 + rtc(2) * 60 + seconds;

	ahead_us = day * 1000000LL - (int64_t)now;
	edges++;
}

static void poll_rtc(uint64_t now)
{
	unsigned int s = rtc(0);

	polled = true;
	polled_us = now;
	if (s == seconds)
		return;
	seconds = s;
	at_edge(now);
}

void clocks_open(void)
{
	ports = open("/dev/port", O_RDWR);
	if (ports < 0)
		fail("/dev/port");
	last_us = now_us();
	seconds = rtc(0);
}

/* One turn of the busy loop. */
void clocks_tick(void)
{
	uint64_t now = now_us();

	count++;
	if (now - last_us > gap_us)
		gap_us = now - last_us;
	last_us = now;
	polled = false;
	if (now - polled_us >= POLL_US)
		poll_rtc(now);
}

bool clocks_polled(void)
{
	return polled;
}

/* Time was spent on purpose. */
void clocks_skip(void)
{
	last_us = now_us();
}

/* The first new second may be one that began during a pause. */
void clocks_settle(void)
{
	unsigned int from = edges;

	while (edges - from < 2)
		clocks_tick();
}

void clocks_mark(void)
{
	gap_us = 0;
	marked_us = ahead_us;
	last_us = now_us();
}

void clocks_get(struct clocks *c)
{
	c->count = count;
	c->uptime_us = last_us;
	c->gap_us = gap_us;
	c->away_us = ahead_us - marked_us;
	if (c->away_us < -DAY * 500000LL)	/* past midnight */
		c->away_us += DAY * 1000000LL;
}
