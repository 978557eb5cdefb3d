// SPDX-License-Identifier: GPL-2.0
/*
 * relay OUT COMMAND [ARG...]: run COMMAND and append what it writes to OUT.
 *
 * A pipe stands between the two, so that a command may reopen or truncate
 * /dev/stdout and its background children may keep it open for ever. SIGUSR1
 * asks for everything written so far to reach OUT; RELAY_DRAINED appears when
 * it has: live-kexec waits for that before the kernel is gone.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define RELAY_DRAINED	"/run/relay.drained"

static volatile sig_atomic_t want_drain;
static volatile sig_atomic_t child_gone;

static void on_signal(int sig)
{
	if (sig == SIGUSR1)
		want_drain = 1;
	else
		child_gone = 1;
}

static void die(const char *what)
{
	perror(what);
	exit(125);
}

static void write_all(int fd, const char *buf, size_t len)
{
	while (len) {
		ssize_t n = write(fd, buf, len);

		if (n < 0 && errno != EINTR)
			die("relay: write");
		if (n > 0) {
			buf += n;
			len -= n;
		}
	}
}

/* Move all there is; false at end of file. */
static int drain(int from, int to)
{
	static char buf[65536];
	ssize_t n;

	while ((n = read(from, buf, sizeof(buf))) != 0) {
		if (n > 0)
			write_all(to, buf, n);
		else if (errno == EAGAIN)
			return 1;
		else if (errno != EINTR)
			die("relay: read");
	}
	return 0;
}

static void start(char **argv, int *pipefd, const sigset_t *old)
{
	int null = open("/dev/null", O_RDONLY);

	sigprocmask(SIG_SETMASK, old, NULL);
	signal(SIGPIPE, SIG_DFL);
	dup2(null, 0);
	dup2(pipefd[1], 1);
	dup2(pipefd[1], 2);
	execvp(argv[0], argv);
	perror(argv[0]);
	_exit(errno == ENOENT ? 127 : 126);
}

static void tell_drained(void)
{
	want_drain = 0;
	close(open(RELAY_DRAINED, O_WRONLY | O_CREAT, 0600));
}

static int relay(pid_t child, int from, int to, const sigset_t *unblocked)
{
	struct pollfd p = { .fd = from, .events = POLLIN };
	int status = 0;

	while (!child_gone) {
		ppoll(&p, 1, NULL, unblocked);
		if (!drain(from, to))
			p.fd = -1;
		if (want_drain)
			tell_drained();
	}
	if (waitpid(child, &status, 0) < 0)
		die("relay: waitpid");
	drain(from, to);
	if (WIFSIGNALED(status))
		return 128 + WTERMSIG(status);
	return WEXITSTATUS(status);
}

int main(int argc, char **argv)
{
	struct sigaction sa = { .sa_handler = on_signal,
				.sa_flags = SA_NOCLDSTOP };
	sigset_t block, old;
	int pipefd[2];
	pid_t child;
	int out;

	if (argc < 3)
		return 125;
	out = open(argv[1], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (out < 0 || pipe2(pipefd, O_CLOEXEC) < 0)
		die("relay");

	sigemptyset(&block);
	sigaddset(&block, SIGUSR1);
	sigaddset(&block, SIGCHLD);
	sigprocmask(SIG_BLOCK, &block, &old);
	sigaction(SIGUSR1, &sa, NULL);
	sigaction(SIGCHLD, &sa, NULL);

	child = fork();
	if (child < 0)
		die("relay: fork");
	if (!child)
		start(argv + 2, pipefd, &old);
	close(pipefd[1]);
	fcntl(pipefd[0], F_SETFL, O_NONBLOCK);
	return relay(child, pipefd[0], out, &old);
}
