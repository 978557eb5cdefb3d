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
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "extmem.h"

#define LOCK_FILE	"/run/extmem.lock"
#define PATIENCE	60	/* seconds */

static int lock_fd;

static int holder(int fd)
{
	char buf[16] = "";

	if (pread(fd, buf, sizeof(buf) - 1, 0) < 0)
		return 0;
	return atoi(buf);
}

static void forget_holder(void)
{
	if (ftruncate(lock_fd, 0))
		fail("see to that file", LOCK_FILE ": %s", strerror(errno));
}

static void say_waiting(int pid)
{
	if (pid)
		fprintf(stderr, "extmem: waiting for another extmem, process %d\n", pid);
	else
		fprintf(stderr, "extmem: waiting: somebody holds " LOCK_FILE "\n");
}

static int wait_for_lock(int fd)
{
	const struct timespec tenth = { .tv_nsec = 100000000 };
	int i;

	for (i = 0; flock(fd, LOCK_EX | LOCK_NB); i++) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return fail("see to that file", LOCK_FILE ": %s", strerror(errno));
		if (!i)
			say_waiting(holder(fd));
		if (i >= 10 * PATIENCE)
			return fail("see who it is: fuser -v " LOCK_FILE,
				    "another extmem has been at work for %d seconds",
				    PATIENCE);
		nanosleep(&tenth, NULL);
	}
	return OK;
}

/* Held until the program ends */
int lock_tools(void)
{
	int fd = open(LOCK_FILE, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	int rc;

	/* who may read it could hold the lock against root */
	if (fd < 0 || fchmod(fd, 0600))
		return fail("see to that file", LOCK_FILE ": %s", strerror(errno));
	rc = wait_for_lock(fd);
	if (rc)
		return rc;
	if (ftruncate(fd, 0) || dprintf(fd, "%d\n", getpid()) < 0)
		return fail("see to that file", LOCK_FILE ": %s", strerror(errno));
	lock_fd = fd;
	atexit(forget_holder);
	return OK;
}
