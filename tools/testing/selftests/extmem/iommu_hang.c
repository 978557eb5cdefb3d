// SPDX-License-Identifier: GPL-2.0
/*
 * iommu_hang: an ioctl of /dev/iommu copies from a page that never comes, as it would
 * from FUSE or a userfaultfd that nobody serves. Meanwhile the file is put into a
 * session and the session closed. Says what came of it, and whether that took long.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/iommufd.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "luo.h"

#define PAGE	0x1000UL

struct hang {
	int fd;
	unsigned long cmd;
	void *page;
};

static void *hang(void *arg)
{
	struct hang *h = arg;

	ioctl(h->fd, h->cmd, h->page);
	return NULL;
}

/* A page that is never there */
static void *missing(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC);

	reg.range.start = (unsigned long)page;
	reg.range.len = PAGE;
	if (fd < 0 || ioctl(fd, UFFDIO_API, &api) || ioctl(fd, UFFDIO_REGISTER, &reg)) {
		perror("userfaultfd");
		exit(1);
	}
	return page;
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static const char *result(int rc)
{
	return rc < 0 ? strerror(-rc) : "ok";
}

static void try(const char *name, unsigned long cmd, const char *session)
{
	struct hang h = { open("/dev/iommu", O_RDWR), cmd, missing() };
	pthread_t thread;
	double start;
	int s, rc;

	s = luo_create(session);
	pthread_create(&thread, NULL, hang, &h);
	usleep(500000);
	start = now();
	rc = luo_preserve(s, h.fd, 1);
	close(s);
	printf("%s hangs: %s, %s\n", name, result(rc), now() - start < 2 ? "at once" : "late");
	fflush(stdout);
}

int main(void)
{
	try("a change", IOMMU_IOAS_ALLOC, "change");
	try("a question", IOMMU_GET_HW_INFO, "question");
	try("a new process", IOMMU_IOAS_CHANGE_PROCESS, "process");
	/* Threads that hang end with the process */
	_exit(0);
}
