// SPDX-License-Identifier: GPL-2.0
/*
 * Which processes map which device. A child looks (proc.c) and tells what it finds. If
 * it says nothing for a while the process it looks at keeps it waiting, for instance
 * because that one holds its address space's lock and waits for a file server: then
 * another child goes on behind it. So nobody's filesystem can keep us waiting.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "extmem.h"
#include "proc.h"
#include "state.h"

/* How long a child may say nothing: half as long each time one has to be given up */
#define PATIENCE_MS	4000
#define LEAST_MS	100
#define MOST_UNSEEN	64	/* there may come new ones as fast as they are given up */

/**
 * struct look - a child at work.
 * @child: its process id
 * @in: what it tells is read here
 * @pid: the process it looks at, and the last one that was found
 * @comm: name of that
 */
struct look {
	pid_t child;
	int in;
	int pid;
	char comm[32];
};

static struct device *device_of(const struct state *state, dev_t rdev)
{
	size_t i;

	for (i = 0; i < state->nr_devices; i++)
		if (state->devices[i].rdev == rdev)
			return &state->devices[i];
	return NULL;
}

/* A process chooses its name itself, and a terminal obeys some bytes */
static void copy_comm(char *to, size_t size, const char *comm)
{
	snprintf(to, size, "%s", comm);
	for (; *to; to++)
		if (!isascii(*to) || !isprint(*to))
			*to = '?';
}

static void add_mapping(struct state *state, const struct finding *finding)
{
	struct device *device = device_of(state, finding->rdev);
	struct user *user;

	if (!device)
		return;
	if (!device->nr_users || device->users[device->nr_users - 1].pid != finding->pid) {
		device->users = grow(device->users, device->nr_users, sizeof(*user));
		user = &device->users[device->nr_users++];
		*user = (struct user){ .pid = finding->pid };
		copy_comm(user->comm, sizeof(user->comm), finding->comm);
	}
	user = &device->users[device->nr_users - 1];
	span_add(&user->mapped, finding->offset, finding->size);
}

static void add_unseen(struct state *state, const struct look *look)
{
	struct user *user;

	state->unseen = grow(state->unseen, state->nr_unseen, sizeof(*state->unseen));
	user = &state->unseen[state->nr_unseen++];
	*user = (struct user){ .pid = look->pid };
	copy_comm(user->comm, sizeof(user->comm), look->comm);
}

static bool start(struct look *look)
{
	int ends[2];

	if (pipe(ends))
		return false;
	fflush(NULL);
	look->child = fork();
	if (look->child) {
		close(ends[1]);
		look->in = ends[0];
		return look->child > 0 || close(ends[0]);
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* If it has to be left behind it must hold no file, the lock above all */
	dup2(ends[1], STDOUT_FILENO);
	close(STDIN_FILENO);
	close_range(STDERR_FILENO, ~0U, 0);
	look_at_processes(STDOUT_FILENO, look->pid);
	_exit(0);
}

/* What waits for a server that is gone can be killed; it is not waited for long */
static void stop(struct look *look)
{
	int i;

	close(look->in);
	kill(look->child, SIGKILL);
	for (i = 0; i < 100 && !waitpid(look->child, NULL, WNOHANG); i++)
		usleep(1000);
}

/* Returns false if nothing came within @patience, or the child has ended */
static bool next_finding(const struct look *look, struct finding *finding, int patience)
{
	struct pollfd fd = { .fd = look->in, .events = POLLIN };
	int n;

	do {
		n = poll(&fd, 1, patience);
	} while (n < 0 && errno == EINTR);
	return n > 0 && read(look->in, finding, sizeof(*finding)) == sizeof(*finding);
}

/* Returns true if no process is left to be looked at */
static bool listen_to(struct state *state, struct look *look, int patience)
{
	struct finding finding;

	while (next_finding(look, &finding, patience)) {
		switch (finding.kind) {
		case FOUND_PROCESS:
			look->pid = finding.pid;
			memcpy(look->comm, finding.comm, sizeof(look->comm));
			break;
		case FOUND_DENIED:
			state->see_users = false;
			break;
		case FOUND_MAPPING:
			add_mapping(state, &finding);
			break;
		case FOUND_ALL:
			return true;
		}
	}
	return false;
}

void read_users(struct state *state)
{
	int patience = PATIENCE_MS, last;
	struct look look = {};
	bool all = false;

	state->see_users = true;
	while (!all) {
		last = look.pid;
		if (!start(&look)) {
			state->see_users = false;
			return;
		}
		all = listen_to(state, &look, patience);
		stop(&look);
		if (all)
			return;
		/* It did not come to any process */
		if (look.pid == last || state->nr_unseen == MOST_UNSEEN) {
			state->see_users = false;
			return;
		}
		add_unseen(state, &look);
		patience = patience / 2 > LEAST_MS ? patience / 2 : LEAST_MS;
	}
}
