// SPDX-License-Identifier: GPL-2.0
/*
 * Which processes map which device: /proc/PID/maps. A device is told by its
 * number, not by its path, which may be any in another mount namespace.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "extmem.h"
#include "state.h"

/**
 * struct mapping - a line of /proc/PID/maps.
 * @start: address
 * @end: address
 * @offset: in the file
 * @shared: is it
 * @path: the file
 */
struct mapping {
	__u64 start;
	__u64 end;
	__u64 offset;
	bool shared;
	const char *path;
};

static struct device *device_of(const struct state *state, dev_t rdev)
{
	size_t i;

	for (i = 0; i < state->nr_devices; i++)
		if (state->devices[i].rdev == rdev)
			return &state->devices[i];
	return NULL;
}

static bool parse_mapping(const char *line, struct mapping *m)
{
	unsigned long long start, end, offset;
	char perm[5];
	int path = 0;

	if (sscanf(line, "%llx-%llx %4s %llx %*s %*s %n", &start, &end, perm, &offset,
		   &path) != 4 || !path)
		return false;
	m->start = start;
	m->end = end;
	m->offset = offset;
	m->shared = perm[3] == 's';
	m->path = line + path;
	return true;
}

/* The mapped file itself if we may follow it, else what has its path */
static bool stat_mapping(int pid, const struct mapping *m, struct stat *st)
{
	char link[96];

	snprintf(link, sizeof(link), "/proc/%d/map_files/%llx-%llx", pid,
		 m->start, m->end);
	return !stat(link, st) || (errno == EPERM && !stat(m->path, st));
}

static struct user *user_of(struct device *device, int pid)
{
	struct user *user;
	char *comm, *c;

	if (device->nr_users && device->users[device->nr_users - 1].pid == pid)
		return &device->users[device->nr_users - 1];
	device->users = grow(device->users, device->nr_users, sizeof(*device->users));
	user = &device->users[device->nr_users++];
	*user = (struct user){ .pid = pid };
	comm = read_file("/proc/%d/comm", pid);
	snprintf(user->comm, sizeof(user->comm), "%s", comm ?: "?");
	free(comm);
	/* a process chooses its name itself, and a terminal obeys some bytes */
	for (c = user->comm; *c; c++)
		if (!isascii(*c) || !isprint(*c))
			*c = '?';
	return user;
}

static void look_at(struct state *state, int pid, const char *line)
{
	struct device *device;
	struct mapping m;
	struct stat st;

	if (!parse_mapping(line, &m) || !m.shared || m.path[0] != '/' ||
	    !stat_mapping(pid, &m, &st) || !S_ISCHR(st.st_mode))
		return;
	device = device_of(state, st.st_rdev);
	if (device)
		span_add(&user_of(device, pid)->mapped, m.offset, m.end - m.start);
}

/* A process that has ended meanwhile is none */
static void read_process(struct state *state, int pid)
{
	char *text = read_file("/proc/%d/maps", pid);
	char *line, *rest = text;

	if (!text && (errno == EACCES || errno == EPERM))
		state->see_users = false;
	while ((line = text ? strsep(&rest, "\n") : NULL))
		look_at(state, pid, line);
	free(text);
}

void read_users(struct state *state)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;

	if (!dir) {
		state->see_users = false;
		return;
	}
	while ((entry = readdir(dir)))
		if (atoi(entry->d_name) > 0)
			read_process(state, atoi(entry->d_name));
	closedir(dir);
}
