// SPDX-License-Identifier: GPL-2.0
/*
 * The guest of `make run`: its init, and all it runs. It fills most of its
 * memory with a pattern, then counts and watches its clocks for ever, and
 * answers commands, a line each, on its first serial port:
 *
 *   mark    forget the clocks' past, to measure from now on
 *   status  who it is, how long it is up, its count, what its clocks saw
 *   verify  compare every byte of the pattern
 *   drive N  read the first 16 MiB of a drive
 *   unplug N  a hotplug slot, by taking its power
 *
 * It sleeps on nothing: timers hardly fire in a machine emulated twice.
 */
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/random.h>
#include <termios.h>
#include <unistd.h>

#include "guest.h"

#define PORT	"/dev/ttyS0"

static uint64_t life;
static int port;

/* A short word to the console, for whoever reads why there is no guest. */
void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void say(const char *fmt, ...)
{
	char line[256];
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	if (write(port, line, len) != len)
		fail(PORT);
}

static void say_status(void)
{
	struct clocks c;

	clocks_settle();
	clocks_get(&c);
	say("status life=%016llx count=%llu uptime_us=%llu gap_us=%llu away_us=%lld\n",
	    (unsigned long long)life, (unsigned long long)c.count,
	    (unsigned long long)c.uptime_us, (unsigned long long)c.gap_us,
	    (long long)c.away_us);
}

static void say_verify(void)
{
	struct damage d;

	pattern_verify(&d);
	clocks_skip();
	say("verify bytes=%llu bad=%llu first=%#llx\n",
	    (unsigned long long)pattern_size(), (unsigned long long)d.bad,
	    (unsigned long long)d.first);
}

static void say_drive(unsigned int nr)
{
	uint64_t bytes, sum;
	int rc = drive_sum(nr, 16 << 20, &bytes, &sum);

	clocks_skip();
	say("drive bytes=%llu sum=%016llx error=%d\n", (unsigned long long)bytes,
	    (unsigned long long)sum, -rc);
}

static void say_unplug(unsigned int slot)
{
	int rc = slot_off(slot);

	clocks_skip();
	say("unplug error=%d\n", -rc);
}

static void obey(const char *command)
{
	unsigned int nr;

	if (!strcmp(command, "mark")) {
		clocks_settle();
		clocks_mark();
		say("marked\n");
	} else if (!strcmp(command, "status")) {
		say_status();
	} else if (!strcmp(command, "verify")) {
		say_verify();
	} else if (sscanf(command, "drive %u", &nr) == 1) {
		say_drive(nr);
	} else if (sscanf(command, "unplug %u", &nr) == 1) {
		say_unplug(nr);
	} else {
		say("what?\n");
	}
}

static void listen(void)
{
	static char line[64];
	static size_t len;
	char c;

	while (read(port, &c, 1) == 1) {
		if (c == '\n') {
			line[len] = '\0';
			len = 0;
			obey(line);
		} else if (len < sizeof(line) - 1) {
			line[len++] = c;
		}
	}
}

static void open_port(void)
{
	struct termios t;

	port = open(PORT, O_RDWR | O_NOCTTY | O_NONBLOCK);
	if (port < 0 || tcgetattr(port, &t))
		fail(PORT);
	cfmakeraw(&t);
	t.c_cflag |= CLOCAL;
	cfsetspeed(&t, B115200);
	if (tcsetattr(port, TCSANOW, &t))
		fail(PORT);
}

int main(void)
{
	if (mount("dev", "/dev", "devtmpfs", 0, NULL) ||
	    mount("proc", "/proc", "proc", 0, NULL) ||
	    mount("sys", "/sys", "sysfs", 0, NULL))
		fail("mount");
	open_port();
	if (getrandom(&life, sizeof(life), GRND_NONBLOCK) != sizeof(life))
		life = __builtin_ia32_rdtsc();
	pattern_fill(life);
	clocks_open();
	say("ready life=%016llx bytes=%llu middle=%#llx\n",
	    (unsigned long long)life, (unsigned long long)pattern_size(),
	    (unsigned long long)pattern_middle());
	for (;;) {
		clocks_tick();
		if (clocks_polled())
			listen();
	}
}
