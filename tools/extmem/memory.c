// SPDX-License-Identifier: GPL-2.0
/*
 * Giving a device memory. The kernel clears it first, which takes a second for some
 * gigabytes and minutes for a large device. A child waits for that, so that whoever
 * interrupts us is obeyed at once: the child is killed, and the kernel takes the
 * memory back.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "edit.h"
#include "extmem.h"

static bool was_interrupted;

static const int signals[] = { SIGHUP, SIGINT, SIGTERM };
#define NR_SIGNALS	(sizeof(signals) / sizeof(*signals))

static void signal_set(sigset_t *set)
{
	size_t i;

	sigemptyset(set);
	for (i = 0; i < NR_SIGNALS; i++)
		sigaddset(set, signals[i]);
}

/* From here on nothing is to be left half done: signals are looked for */
void hold_signals(void)
{
	sigset_t set;

	signal_set(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

/* Has anybody asked us to end since hold_signals()? */
bool interrupted(void)
{
	sigset_t set;
	size_t i;

	sigpending(&set);
	for (i = 0; i < NR_SIGNALS; i++)
		was_interrupted |= sigismember(&set, signals[i]) == 1;
	return was_interrupted;
}

/* Once a second, on a terminal */
static void show_progress(__u64 size, int seconds)
{
	char buf[SIZE_TEXT];

	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\rextmem: getting %s, of which some has to be cleared: %d s ",
			size_text(size, buf), seconds);
}

static void end_progress(int seconds)
{
	if (seconds && isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
}

static int wait_for(pid_t child, __u64 size)
{
	const struct timespec second = { .tv_sec = 1 };
	int status, seconds = 0;
	sigset_t set;

	signal_set(&set);
	sigaddset(&set, SIGCHLD);
	while (!waitpid(child, &status, WNOHANG)) {
		int sig = sigtimedwait(&set, NULL, &second);

		if (sig > 0 && sig != SIGCHLD) {
			was_interrupted = true;
			kill(child, SIGKILL);
		} else if (sig < 0 && errno == EAGAIN) {
			show_progress(size, ++seconds);
		}
	}
	end_progress(seconds);
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EINTR;
}

/*
 * Make the device @size bytes large. Returns 0, or a negative errno: -EINTR if we were
 * interrupted, and it has what it had. Signals are on hold.
 */
int set_size(const struct device *device, __u64 size)
{
	char text[24];
	pid_t child;

	if (interrupted())
		return -EINTR;
	snprintf(text, sizeof(text), "%llu", size);
	fflush(NULL);
	child = fork();
	if (child < 0)
		return -errno;
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		/* It may outlive us by a moment, the lock must not */
		forget_lock();
		_exit(write_file(text, SYS_DAX "/%s/size", device->dev_name));
	}
	return wait_for(child, size);
}
