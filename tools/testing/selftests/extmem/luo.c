// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/liveupdate.h>
#include <linux/userfaultfd.h>

#include "luo.h"

static int call(int fd, unsigned long cmd, void *arg)
{
	return ioctl(fd, cmd, arg) ? -errno : 0;
}

static int open_luo(void)
{
	int fd = open("/dev/liveupdate", O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int luo_create(const char *session)
{
	struct liveupdate_ioctl_create_session arg = { .size = sizeof(arg) };
	int rc, luo = open_luo();

	if (luo < 0)
		return luo;
	snprintf((char *)arg.name, sizeof(arg.name), "%s", session);
	rc = call(luo, LIVEUPDATE_IOCTL_CREATE_SESSION, &arg);
	close(luo);
	return rc ? rc : arg.fd;
}

int luo_take(const char *session)
{
	struct liveupdate_ioctl_retrieve_session arg = { .size = sizeof(arg) };
	int rc, luo = open_luo();

	if (luo < 0)
		return luo;
	snprintf((char *)arg.name, sizeof(arg.name), "%s", session);
	rc = call(luo, LIVEUPDATE_IOCTL_RETRIEVE_SESSION, &arg);
	close(luo);
	return rc ? rc : arg.fd;
}

int luo_preserve(int session, int fd, uint64_t token)
{
	struct liveupdate_session_preserve_fd arg = {
		.size = sizeof(arg),
		.fd = fd,
		.token = token,
	};

	return call(session, LIVEUPDATE_SESSION_PRESERVE_FD, &arg);
}

int luo_retrieve(int session, uint64_t token)
{
	struct liveupdate_session_retrieve_fd arg = {
		.size = sizeof(arg),
		.token = token,
	};
	int rc = call(session, LIVEUPDATE_SESSION_RETRIEVE_FD, &arg);

	return rc ? rc : arg.fd;
}

int luo_finish(int session)
{
	struct liveupdate_session_finish arg = { .size = sizeof(arg) };

	return call(session, LIVEUPDATE_SESSION_FINISH, &arg);
}

/* Nobody reads from this: who writes to the page waits. */
static int protect(void *page, size_t size)
{
	struct uffdio_api api = {
		.api = UFFD_API,
		.features = UFFD_FEATURE_PAGEFAULT_FLAG_WP,
	};
	struct uffdio_register reg = {
		.range = { (unsigned long)page, size },
		.mode = UFFDIO_REGISTER_MODE_WP,
	};
	struct uffdio_writeprotect wp = {
		.range = { (unsigned long)page, size },
		.mode = UFFDIO_WRITEPROTECT_MODE_WP,
	};
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC);

	if (fd < 0)
		return -errno;
	return call(fd, UFFDIO_API, &api) ?: call(fd, UFFDIO_REGISTER, &reg) ?:
	       call(fd, UFFDIO_WRITEPROTECT, &wp);
}

static int stalled_session;

static void *ask(void *arg)
{
	call(stalled_session, LIVEUPDATE_SESSION_GET_NAME, arg);
	return NULL;
}

int luo_stall(int session)
{
	struct liveupdate_session_get_name *arg;
	size_t size = sysconf(_SC_PAGESIZE);
	pthread_t thread;
	int rc;

	arg = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (arg == MAP_FAILED)
		return -errno;
	arg->size = sizeof(*arg);
	rc = protect(arg, size);
	if (rc)
		return rc;
	stalled_session = session;
	rc = -pthread_create(&thread, NULL, ask, arg);
	/* until it waits */
	if (!rc)
		sleep(1);
	return rc;
}
