// SPDX-License-Identifier: GPL-2.0
/*
 * frame_sender FILE RATE COMMAND...: run a command that has a datagram socket as
 * descriptor 8. As soon as FILE is there, send RATE numbered frames a second into it
 * until the command ends, with its exit status. A frame that is not taken is lost,
 * as on a wire: its number is not used again. What is sent late, for this machine
 * has other things to do, is sent nevertheless; and an emulator that has no time to
 * read finds it later.
 */
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "frame.h"

#define THEIRS	8
#define QUEUE	(32 << 20)	/* bytes, as the socket counts them */
#define SECOND	1000000000L

static pid_t run(int ours, int theirs, char **command)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	close(ours);
	if (theirs != THEIRS) {
		dup2(theirs, THEIRS);
		close(theirs);
	}
	execvp(command[0], command);
	err(127, "%s", command[0]);
}

static int wire(int fd[2])
{
	int queue = QUEUE;

	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, fd))
		return -1;
	return setsockopt(fd[0], SOL_SOCKET, SO_SNDBUFFORCE, &queue, sizeof(queue));
}

static void next_tick(struct timespec *at, long rate)
{
	at->tv_nsec += SECOND / rate;
	at->tv_sec += at->tv_nsec / SECOND;
	at->tv_nsec %= SECOND;
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, at, NULL) == EINTR)
		;
}

static int ended(pid_t pid, int *status)
{
	return waitpid(pid, status, WNOHANG) == pid;
}

int main(int argc, char **argv)
{
	uint8_t frame[FRAME_SIZE];
	uint64_t nr = 0, lost = 0;
	struct timespec at;
	int fd[2], status;
	long rate;
	pid_t pid;

	rate = argc > 3 ? atol(argv[2]) : 0;
	if (rate < 1 || rate > 1000000)
		errx(2, "usage: frame_sender FILE RATE COMMAND...");
	if (wire(fd))
		err(2, "socket");
	pid = run(fd[0], fd[1], argv + 3);
	if (pid < 0)
		err(2, "fork");
	close(fd[1]);
	clock_gettime(CLOCK_MONOTONIC, &at);
	while (!ended(pid, &status)) {
		next_tick(&at, rate);
		if (!nr && access(argv[1], F_OK))
			continue;
		frame_fill(frame, nr++);
		if (send(fd[0], frame, FRAME_SIZE, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
			lost++;
	}
	fprintf(stderr, "frames: %llu sent, %llu of them not taken\n",
		(unsigned long long)nr, (unsigned long long)lost);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
