// SPDX-License-Identifier: GPL-2.0
/*
 * Two tools that create and destroy at the same time would get into each
 * other's way: libdaxctl takes several steps for either. The second one waits,
 * however long the first takes: to clear a large device takes minutes. The kernel
 * takes the lock from who has ended, and who waits can be interrupted.
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
#define REMIND		600	/* tenths of a second */

static int lock_fd = -1;

/* "PID COMMAND", as the holder left it */
static int holder(int fd, char command[32])
{
	char buf[64] = "";
	int pid = 0;

	command[0] = '\0';
	if (pread(fd, buf, sizeof(buf) - 1, 0) > 0)
		sscanf(buf, "%d %31[a-z-]", &pid, command);
	return pid;
}

static void say_waiting(int fd, int tenths)
{
	char command[32], since[40] = "";
	int pid = holder(fd, command);

	if (tenths)
		snprintf(since, sizeof(since), ", for %d seconds now", tenths / 10);
	if (pid)
		fprintf(stderr, "extmem: waiting for another extmem, process %d (%s)%s\n", pid,
			command[0] ? command : "?", since);
	else
		fprintf(stderr, "extmem: waiting: somebody holds " LOCK_FILE "%s\n", since);
}

static int wait_for_lock(int fd)
{
	const struct timespec tenth = { .tv_nsec = 100000000 };
	int i;

	for (i = 0; flock(fd, LOCK_EX | LOCK_NB); i++) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return fail("see to that file", LOCK_FILE ": %s", strerror(errno));
		if (!(i % REMIND))
			say_waiting(fd, i);
		nanosleep(&tenth, NULL);
	}
	return OK;
}

void unlock_tools(void)
{
	if (lock_fd < 0)
		return;
	if (ftruncate(lock_fd, 0))
		fail("see to that file", LOCK_FILE ": %s", strerror(errno));
	close(lock_fd);
	lock_fd = -1;
}

/* In a child: it is ours no more */
void forget_lock(void)
{
	if (lock_fd >= 0)
		close(lock_fd);
	lock_fd = -1;
}

/* Held until unlock_tools(), or until the program ends */
int lock_tools(void)
{
	static bool registered;
	int fd = open(LOCK_FILE, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	int rc;

	/* who may read it could hold the lock against root */
	if (fd < 0 || fchmod(fd, 0600)) {
		rc = fail("see to that file", LOCK_FILE ": %s", strerror(errno));
		if (fd >= 0)
			close(fd);
		return rc;
	}
	rc = wait_for_lock(fd);
	if (!rc && (ftruncate(fd, 0) || dprintf(fd, "%d %s\n", getpid(), command_name) < 0))
		rc = fail("see to that file", LOCK_FILE ": %s", strerror(errno));
	if (rc) {
		close(fd);
		return rc;
	}
	lock_fd = fd;
	if (!registered)
		atexit(unlock_tools);
	registered = true;
	return OK;
}
