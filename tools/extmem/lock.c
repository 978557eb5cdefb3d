// SPDX-License-Identifier: GPL-2.0
/*
 * Two tools that create and destroy at the same time would get into each
 * other's way: libdaxctl takes several steps for either. The second one waits.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "extmem.h"

#define LOCK_FILE	"/run/extmem.lock"
#define PATIENCE	60	/* seconds */

static int holder(int fd)
{
	char buf[16] = "";

	if (pread(fd, buf, sizeof(buf) - 1, 0) < 0)
		return 0;
	return atoi(buf);
}

static int give_up(int pid)
{
	char next[80];

	snprintf(next, sizeof(next), "see what process %d does, then try again", pid);
	return fail(next, "another extmem has been at work for %d seconds", PATIENCE);
}

static int wait_for_lock(int fd)
{
	const struct timespec tenth = { .tv_nsec = 100000000 };
	int i;

	for (i = 0; flock(fd, LOCK_EX | LOCK_NB); i++) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return fail(NULL, LOCK_FILE ": %s", strerror(errno));
		if (!i)
			fprintf(stderr, "extmem: waiting for another extmem (process %d)\n",
				holder(fd));
		if (i >= 10 * PATIENCE)
			return give_up(holder(fd));
		nanosleep(&tenth, NULL);
	}
	return OK;
}

/* Held until the program ends */
int lock_tools(void)
{
	int fd = open(LOCK_FILE, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	int rc;

	if (fd < 0)
		return fail(NULL, LOCK_FILE ": %s", strerror(errno));
	rc = wait_for_lock(fd);
	if (rc)
		return rc;
	if (ftruncate(fd, 0) || dprintf(fd, "%d\n", getpid()) < 0)
		return fail(NULL, LOCK_FILE ": %s", strerror(errno));
	return OK;
}
