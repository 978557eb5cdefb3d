// SPDX-License-Identifier: GPL-2.0
/*
 * Which character devices the processes map: /proc/PID/maps. A device is told by its
 * number, not by its path, which may be any in another mount namespace.
 *
 * What is asked of a mapped file may have to be answered by somebody who does not
 * answer: a FUSE server that has stopped, an NFS server that is down. So files of such
 * filesystems are left alone, and cached attributes will do for the others. No device
 * of a pool is missed by that: a node on FUSE or NFS is not where it belongs. What
 * blocks nevertheless blocks a child process only, see users.c.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "extmem.h"
#include "proc.h"

/**
 * struct mapping - a line of /proc/PID/maps.
 * @start: address
 * @end: address
 * @offset: in the file
 * @shared: is it
 * @dev: device number of the filesystem
 * @ino: of the file
 * @path: the file
 */
struct mapping {
	__u64 start;
	__u64 end;
	__u64 offset;
	bool shared;
	dev_t dev;
	__u64 ino;
	const char *path;
};

/* Mounted filesystems, of our mount namespace and of those that were asked for */
static struct mounted {
	dev_t dev;
	bool remote;
} *mounted;
static size_t nr_mounted;

/* Filesystems whose files are somebody else's to tell of */
static bool is_remote(const char *type)
{
	static const char * const types[] = {
		"9p", "afs", "ceph", "cifs", "coda", "fuse", "fuseblk", "lustre", "nfs",
		"nfs4", "orangefs", "smb3", "virtiofs",
	};
	size_t i, len = strcspn(type, ". ");

	for (i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (strlen(types[i]) == len && !memcmp(types[i], type, len))
			return true;
	return false;
}

static const struct mounted *find_mounted(dev_t dev)
{
	size_t i;

	for (i = 0; i < nr_mounted; i++)
		if (mounted[i].dev == dev)
			return &mounted[i];
	return NULL;
}

/* "ID PARENT MAJOR:MINOR ROOT POINT OPTIONS [FIELD]... - TYPE SOURCE OPTIONS" */
static void read_mounts(const char *pid)
{
	char *text = read_file("/proc/%s/mountinfo", pid);
	char *line, *rest = text, *type;
	unsigned int major, minor;

	while ((line = text ? strsep(&rest, "\n") : NULL)) {
		type = strstr(line, " - ");
		if (!type || sscanf(line, "%*d %*d %u:%u", &major, &minor) != 2 ||
		    find_mounted(makedev(major, minor)))
			continue;
		mounted = grow(mounted, nr_mounted, sizeof(*mounted));
		mounted[nr_mounted++] = (struct mounted){
			.dev = makedev(major, minor),
			.remote = is_remote(type + 3),
		};
	}
	free(text);
}

/* What nobody has mounted any more is asked for its attributes */
static bool may_block(int pid, dev_t dev)
{
	const struct mounted *found = find_mounted(dev);
	char text[16];

	if (!found) {
		snprintf(text, sizeof(text), "%d", pid);
		read_mounts(text);
		found = find_mounted(dev);
	}
	return found && found->remote;
}

static bool parse_mapping(const char *line, struct mapping *m)
{
	unsigned long long start, end, offset, ino;
	unsigned int major, minor;
	char perm[5];
	int path = 0;

	if (sscanf(line, "%llx-%llx %4s %llx %x:%x %llu %n", &start, &end, perm, &offset,
		   &major, &minor, &ino, &path) != 7 || !path)
		return false;
	m->start = start;
	m->end = end;
	m->offset = offset;
	m->shared = perm[3] == 's';
	m->dev = makedev(major, minor);
	m->ino = ino;
	m->path = line + path;
	return true;
}

/* Attributes that are known here: no server is asked for newer ones */
static bool stat_quietly(const char *path, struct statx *st)
{
	return !statx(AT_FDCWD, path, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT,
		      STATX_TYPE | STATX_INO, st);
}

/*
 * The mapped file itself if we may follow it, else what has its path and is the same
 * file.
 */
static bool stat_mapping(int pid, const struct mapping *m, struct statx *st)
{
	char link[96];

	snprintf(link, sizeof(link), "/proc/%d/map_files/%llx-%llx", pid, m->start, m->end);
	if (stat_quietly(link, st))
		return true;
	return errno == EPERM && stat_quietly(m->path, st) && st->stx_ino == m->ino &&
	       makedev(st->stx_dev_major, st->stx_dev_minor) == m->dev;
}

static void tell(int out, struct finding *finding, enum finding_kind kind)
{
	finding->kind = kind;
	/* Nobody is interested any more */
	if (write(out, finding, sizeof(*finding)) != sizeof(*finding))
		_exit(1);
}

static void look_at(int out, struct finding *finding, const char *line)
{
	struct mapping m;
	struct statx st;

	if (!parse_mapping(line, &m) || !m.shared || m.path[0] != '/' ||
	    may_block(finding->pid, m.dev) || !stat_mapping(finding->pid, &m, &st) ||
	    !S_ISCHR(st.stx_mode))
		return;
	finding->rdev = makedev(st.stx_rdev_major, st.stx_rdev_minor);
	finding->offset = m.offset;
	finding->size = m.end - m.start;
	tell(out, finding, FOUND_MAPPING);
}

static void read_comm(struct finding *finding)
{
	char *comm = read_file("/proc/%d/comm", finding->pid);

	snprintf(finding->comm, sizeof(finding->comm), "%s", comm ?: "?");
	free(comm);
}

/* A process that has ended meanwhile is none */
static void look_at_process(int out, int pid)
{
	struct finding finding = { .pid = pid };
	char *text, *line, *rest;

	read_comm(&finding);
	tell(out, &finding, FOUND_PROCESS);
	text = read_file("/proc/%d/maps", pid);
	rest = text;
	if (!text && (errno == EACCES || errno == EPERM))
		tell(out, &finding, FOUND_DENIED);
	while ((line = text ? strsep(&rest, "\n") : NULL))
		look_at(out, &finding, line);
	free(text);
}

/*
 * Tell of all processes whose ids are greater than @after, by ascending id, which is
 * the order that /proc has.
 */
void look_at_processes(int out, int after)
{
	struct finding end = {};
	struct dirent *entry;
	DIR *dir;

	read_mounts("self");
	dir = opendir("/proc");
	if (!dir)
		return;
	while ((entry = readdir(dir)))
		if (atoi(entry->d_name) > after)
			look_at_process(out, atoi(entry->d_name));
	closedir(dir);
	tell(out, &end, FOUND_ALL);
}
