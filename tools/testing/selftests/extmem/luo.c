// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/liveupdate.h>

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
