// SPDX-License-Identifier: GPL-2.0
/*
 * fuse_stall DIR: mount a filesystem with one file on DIR, have a process map it, and
 * then answer nothing any more. Says "stalled" when it is so far, and stays. Whoever
 * asks for the file's attributes from then on waits until this program is killed.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define FILE_ID		2
#define FILE_SIZE	4096

static int fuse;

static void answer(uint64_t unique, int error, const void *what, size_t size)
{
	struct fuse_out_header head = {
		.len = sizeof(head) + size,
		.error = error,
		.unique = unique,
	};
	struct iovec parts[] = {
		{ &head, sizeof(head) }, { (void *)what, size },
	};

	if (writev(fuse, parts, size ? 2 : 1) < 0 && errno != ENOENT)
		err(1, "answer");
}

static struct fuse_attr attr_of(uint64_t id)
{
	return (struct fuse_attr){
		.ino = id,
		.mode = id == FILE_ID ? S_IFREG | 0600 : S_IFDIR | 0700,
		.size = id == FILE_ID ? FILE_SIZE : 0,
		.nlink = 1,
		.blksize = FILE_SIZE,
	};
}

/* What is told is good for no time at all, so that it is asked for each time */
static void serve(const struct fuse_in_header *in)
{
	struct fuse_init_out init = {
		.major = FUSE_KERNEL_VERSION,
		.minor = FUSE_KERNEL_MINOR_VERSION,
		.max_write = FILE_SIZE,
	};
	struct fuse_entry_out entry = { .nodeid = FILE_ID, .attr = attr_of(FILE_ID) };
	struct fuse_attr_out attr = { .attr = attr_of(in->nodeid) };
	struct fuse_open_out open = {};
	static const char page[FILE_SIZE];

	switch (in->opcode) {
	case FUSE_INIT:
		return answer(in->unique, 0, &init, sizeof(init));
	case FUSE_LOOKUP:
		return answer(in->unique, 0, &entry, sizeof(entry));
	case FUSE_GETATTR:
		return answer(in->unique, 0, &attr, sizeof(attr));
	case FUSE_OPEN:
		return answer(in->unique, 0, &open, sizeof(open));
	case FUSE_READ:
		return answer(in->unique, 0, page, sizeof(page));
	default:
		return answer(in->unique, -EOPNOTSUPP, NULL, 0);
	}
}

/* Closing @ready tells that it is mapped */
static void map_file(const char *dir, int ready)
{
	char path[256];
	char *mem;
	int fd;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	snprintf(path, sizeof(path), "%s/file", dir);
	fd = open(path, O_RDWR);
	if (fd < 0)
		err(1, "%s", path);
	mem = mmap(NULL, FILE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (mem == MAP_FAILED || *mem)
		err(1, "mmap %s", path);
	close(ready);
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	static char buf[FUSE_MIN_READ_BUFFER + FILE_SIZE];
	struct pollfd fds[2];
	int ends[2];
	char options[96];

	if (argc != 2)
		errx(2, "usage: fuse_stall DIR");
	fuse = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	snprintf(options, sizeof(options),
		 "fd=%d,rootmode=40700,user_id=0,group_id=0,allow_other", fuse);
	if (fuse < 0 || mount("stall", argv[1], "fuse", MS_NOSUID | MS_NODEV, options))
		err(1, "mount %s", argv[1]);
	if (pipe(ends))
		err(1, "pipe");
	if (!fork()) {
		close(fuse);
		close(ends[0]);
		map_file(argv[1], ends[1]);
	}
	close(ends[1]);
	fds[0] = (struct pollfd){ .fd = fuse, .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = ends[0], .events = POLLIN };
	while (poll(fds, 2, -1) > 0 && !fds[1].revents)
		if (read(fuse, buf, sizeof(buf)) > 0)
			serve((struct fuse_in_header *)buf);
	puts("stalled");
	fflush(stdout);
	for (;;)
		pause();
}
