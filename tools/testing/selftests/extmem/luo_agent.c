// SPDX-License-Identifier: GPL-2.0
/*
 * luo_agent: hands devices to the next kernel, and takes them from the last one.
 * Its arguments are steps; each says what came of it. There is one session and
 * one file at a time: the latest.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "dax_dev.h"
#include "luo.h"
#include "steps.h"

static int session = -1;
static int file = -1;

static void do_create(char **arg)
{
	session = step_say("create", arg[0], luo_create(arg[0]));
}

static void do_take(char **arg)
{
	session = step_say("take", arg[0], luo_take(arg[0]));
}

static void do_open(char **arg)
{
	file = step_say("open", arg[0], or_errno(open(arg[0], O_RDWR)));
}

static void do_openro(char **arg)
{
	file = step_say("openro", arg[0], or_errno(open(arg[0], O_RDONLY)));
}

/* One that we were started with */
static void do_fd(char **arg)
{
	file = atoi(arg[0]);
	step_say("fd", arg[0], fcntl(file, F_GETFD) < 0 ? -errno : 0);
}

static void do_memfd(char **arg)
{
	file = or_errno(memfd_create("luo_agent", 0));
	if (file >= 0 && write(file, arg[0], strlen(arg[0])) < 0)
		file = -errno;
	step_say("memfd", arg[0], file);
}

static void do_preserve(char **arg)
{
	step_say("preserve", arg[0], luo_preserve(session, file, strtoull(arg[0], NULL, 0)));
}

static void do_retrieve(char **arg)
{
	file = step_say("retrieve", arg[0], luo_retrieve(session, strtoull(arg[0], NULL, 0)));
}

static void do_finish(char **arg)
{
	step_say("finish", "", luo_finish(session));
}

static void do_close(char **arg)
{
	step_say("close", "", or_errno(close(session)));
}

/* What the file is, as others would find out */
static void do_stat(char **arg)
{
	static const char * const mode[] = { "O_RDONLY", "O_WRONLY", "O_RDWR" };
	char link[64], path[128], subsystem[128];
	struct stat st;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", file);
	path[readlink(link, path, sizeof(path) - 1)] = '\0';
	if (fstat(file, &st)) {
		step_say("stat", "", -errno);
		return;
	}
	snprintf(link, sizeof(link), "/sys/dev/char/%d:%d/subsystem", major(st.st_rdev),
		 minor(st.st_rdev));
	subsystem[readlink(link, subsystem, sizeof(subsystem) - 1)] = '\0';
	printf("stat: %s %s %u:%u %04o %s %s\n", path,
	       S_ISCHR(st.st_mode) ? "char" : "other", st.st_uid, st.st_gid,
	       st.st_mode & 07777, mode[fcntl(file, F_GETFL) & O_ACCMODE],
	       strrchr(subsystem, '/') ? strrchr(subsystem, '/') + 1 : "?");
}

/* The number of the device's node */
static void do_same(char **arg)
{
	struct stat st, node;

	step_say("same", arg[0], fstat(file, &st) || stat(arg[0], &node) ? -errno :
	    st.st_rdev == node.st_rdev ? 0 : -ENODEV);
}

/* Opened once more by its link in /proc */
static void do_reopen(char **arg)
{
	char link[64];

	snprintf(link, sizeof(link), "/proc/self/fd/%d", file);
	file = step_say("reopen", "", or_errno(open(link, O_RDWR)));
}

static void do_read(char **arg)
{
	char text[64] = "";

	step_say("read", pread(file, text, sizeof(text) - 1, 0) < 0 ? strerror(errno) : text, 0);
}

/* What `dax_tool fill DEV SEED` left in the first SIZE bytes, by a mapping of it */
static void do_check(char **arg)
{
	size_t size = strtoull(arg[1], NULL, 0);
	uint64_t seed = strtoull(arg[0], NULL, 0);
	char *p = mmap(NULL, size, PROT_READ, MAP_SHARED, file, 0);

	if (p == MAP_FAILED) {
		step_say("check", arg[0], -errno);
		return;
	}
	printf("check %s: %zu of %zu pages differ\n", arg[0], dax_bad_pages(p, size, seed),
	       size / SZ_4K);
	munmap(p, size);
}

/* Shared and writable */
static void do_poke(char **arg)
{
	size_t size = strtoull(arg[0], NULL, 0);
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);

	step_say("poke", arg[0], p == MAP_FAILED ? -errno : 0);
	if (p == MAP_FAILED)
		return;
	poke(p, peek(p));
	munmap(p, size);
}

/* Stay, with the session, until killed */
static void do_hold(char **arg)
{
	printf("holding\n");
	fflush(stdout);
	pause();
}

/* A program that gets the file as descriptor 9 */
static void do_exec(char **arg)
{
	fflush(stdout);
	if (dup2(file, 9) == 9)
		execvp(arg[0], arg);
	step_say("exec", arg[0], -errno);
}

static const struct step steps[] = {
	{ "create", 1, do_create },
	{ "take", 1, do_take },
	{ "open", 1, do_open },
	{ "openro", 1, do_openro },
	{ "fd", 1, do_fd },
	{ "memfd", 1, do_memfd },
	{ "preserve", 1, do_preserve },
	{ "retrieve", 1, do_retrieve },
	{ "finish", 0, do_finish },
	{ "close", 0, do_close },
	{ "stat", 0, do_stat },
	{ "same", 1, do_same },
	{ "reopen", 0, do_reopen },
	{ "read", 0, do_read },
	{ "check", 2, do_check },
	{ "poke", 1, do_poke },
	{ "hold", 0, do_hold },
	{ "exec", 1, do_exec },
	{}
};

int main(int argc, char **argv)
{
	return run_steps(steps, NULL, argc, argv);
}
