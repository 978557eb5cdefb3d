// SPDX-License-Identifier: GPL-2.0
/* Memory errors, made and received. */
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "bus_error.h"
#include "dax_dev.h"

#define CORRUPT	"/sys/kernel/debug/hwpoison/corrupt-pfn"

struct bus_error bus_error;
static sigjmp_buf touch_end;
static sig_atomic_t touching;
static unsigned long left;

static void on_bus_error(int sig, siginfo_t *info, void *context)
{
	bus_error.nr++;
	bus_error.code = info->si_code;
	bus_error.lsb = info->si_addr_lsb;
	bus_error.addr = info->si_addr;
	if (touching)
		siglongjmp(touch_end, 1);
}

void bus_errors_count(void)
{
	struct sigaction action = {
		.sa_sigaction = on_bus_error,
		.sa_flags = SA_SIGINFO,
	};

	bus_error.nr = 0;
	sigaction(SIGBUS, &action, NULL);
}

static int touch_times(const char *p, unsigned long times)
{
	int code = 0;

	left = times;
	if (sigsetjmp(touch_end, 1)) {
		code = bus_error.code;
	} else {
		touching = 1;
		while (left--)
			peek(p);
	}
	touching = 0;
	return code;
}

int touch(const char *p)
{
	return touch_times(p, 1);
}

int touch_on(const char *p)
{
	return touch_times(p, -1);
}

int inject(unsigned long phys)
{
	char command[128];

	snprintf(command, sizeof(command), "echo %#lx >" CORRUPT, phys / SZ_4K);
	return system(command);
}
