// SPDX-License-Identifier: GPL-2.0
/*
 * relay OUT COMMAND [ARG...]: run COMMAND and append what it writes to OUT.
 *
 * A pipe stands between the two, so that a command may reopen or truncate
 * /dev/stdout and its background children may keep it open for ever. SIGUSR1
 * asks for everything written so far to reach OUT; DRAINED appears when it
 * has: live-kexec waits for that before the kernel is gone.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define DRAINED	"/run/relay.drained"

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
			die("relay: cannot write");
		if (n > 0) {
			buf += n;
			len -= n;
		}
	}
}

/* Move all there is; 0 at end of file. */
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
			die("relay: cannot read");
	}
	return 0;
}

static void exec_command(char **argv, int to, const sigset_t *sigmask)
{
	sigprocmask(SIG_SETMASK, sigmask, NULL);
	dup2(open("/dev/null", O_RDONLY), 0);
	dup2(to, 1);
	dup2(to, 2);
	execvp(argv[0], argv);
	perror(argv[0]);
	_exit(errno == ENOENT ? 127 : 126);
}

/* Until the command is gone; its children may go on and are not waited for. */
static void pump(int from, int to, int signals)
{
	struct pollfd p[] = {
		{ .fd = from, .events = POLLIN },
		{ .fd = signals, .events = POLLIN },
	};
	struct signalfd_siginfo info;

	for (;;) {
		poll(p, 2, -1);
		if (!drain(from, to))
			p[0].fd = -1;
		if (!(p[1].revents & POLLIN) ||
		    read(signals, &info, sizeof(info)) != sizeof(info))
			continue;
		drain(from, to);
		if (info.ssi_signo == SIGCHLD)
			return;
		close(open(DRAINED, O_WRONLY | O_CREAT, 0600));
	}
}

int main(int argc, char **argv)
{
	int out, status, signals, pipefd[2];
	sigset_t set, old;
	pid_t child;

	if (argc < 3)
		return 125;
	out = open(argv[1], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (out < 0 || pipe2(pipefd, O_CLOEXEC) < 0)
		die("relay");

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, &old);
	signals = signalfd(-1, &set, SFD_CLOEXEC);

	child = fork();
	if (child < 0)
		die("relay: fork");
	if (!child)
		exec_command(argv + 2, pipefd[1], &old);
	close(pipefd[1]);
	fcntl(pipefd[0], F_SETFL, O_NONBLOCK);
	pump(pipefd[0], out, signals);

	if (waitpid(child, &status, 0) < 0)
		die("relay: wait");
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) :
				     WEXITSTATUS(status);
}
