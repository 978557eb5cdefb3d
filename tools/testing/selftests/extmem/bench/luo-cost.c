// SPDX-License-Identifier: GPL-2.0
/*
 * luo-cost give|take KIND MIB [DEVICE]: what it takes to put that much memory of
 * a kind into a live update session, and to take it out in the next kernel, as
 * lines "KIND MIB WHAT NS". Memory is touched first, which does not count. The
 * session stays with a process in the background. 0 MIB is nothing at all.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "../luo.h"

#define TOKEN	1

static const char *kind, *mib;

static long long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void say(const char *what, long long ns)
{
	printf("%s %s %s %lld\n", kind, mib, what, ns);
	fflush(stdout);
}

static int fail(const char *what, int rc)
{
	fprintf(stderr, "luo-cost: %s %s MiB: %s: %s\n", kind, mib, what,
		strerror(-rc));
	return 1;
}

static int get_file(const char *device, size_t size)
{
	int fd;

	if (device)
		return open(device, O_RDWR);
	fd = memfd_create(kind, 0);
	return fd >= 0 && ftruncate(fd, size) ? -1 : fd;
}

static int touch(int fd, size_t size)
{
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	size_t off;

	if (p == MAP_FAILED)
		return -errno;
	if (strstr(kind, "thp"))
		madvise(p, size, MADV_HUGEPAGE);
	for (off = 0; off < size; off += 4096)
		p[off] = 1;
	munmap(p, size);
	return 0;
}

static int give(const char *device)
{
	size_t size = strtoul(mib, NULL, 0) << 20;
	int rc, session, fd = get_file(device, size);
	long long from;

	rc = fd < 0 ? -errno : touch(fd, size);
	if (rc)
		return fail("memory", rc);
	session = luo_create("bench");
	if (session < 0)
		return fail("session", session);
	from = now_ns();
	rc = luo_preserve(session, fd, TOKEN);
	if (rc)
		return fail("preserve", rc);
	say("preserve", now_ns() - from);
	if (fork())
		return 0;
	close(1);
	close(2);
	for (;;)
		pause();
}

static int take(void)
{
	int session, fd;
	long long from;

	session = luo_take("bench");
	if (session < 0)
		return fail("session", session);
	from = now_ns();
	fd = luo_retrieve(session, TOKEN);
	if (fd < 0)
		return fail("retrieve", fd);
	say("retrieve", now_ns() - from);
	from = now_ns();
	luo_finish(session);
	say("finish", now_ns() - from);
	from = now_ns();
	close(session);
	close(fd);
	say("free", now_ns() - from);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc < 4)
		return 2;
	kind = argv[2];
	mib = argv[3];
	if (!strcmp(mib, "0"))
		return 0;
	return strcmp(argv[1], "give") ? take() : give(argv[4]);
}
