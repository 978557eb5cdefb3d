// SPDX-License-Identifier: GPL-2.0
/*
 * The init of a guest with one drive, passed through or of virtio: reads all of it,
 * then turns every byte over and writes it back. Prints a sum of what it read. With a file
 * as its argument the same sum of that file, for who has to compare.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <unistd.h>

static const char *const drives[] = { "/dev/nvme0n1", "/dev/vda" };

static char block[1 << 20];

static int fail(const char *what)
{
	printf("%s: %s\n", what, strerror(errno));
	return 1;
}

static uint64_t add(uint64_t sum, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		sum = (sum ^ (unsigned char)block[i]) * 0x100000001b3ULL;
	return sum;
}

static int turn_over(int fd, off_t at, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		block[i] = ~block[i];
	return pwrite(fd, block, len, at) == len ? 0 : -1;
}

static int work(const char *path, int write)
{
	int fd = open(path, write ? O_RDWR : O_RDONLY);
	uint64_t sum = 0xcbf29ce484222325ULL;
	ssize_t len;
	off_t at = 0;

	if (fd < 0)
		return fail(path);
	while ((len = pread(fd, block, sizeof(block), at)) > 0) {
		sum = add(sum, len);
		if (write && turn_over(fd, at, len))
			return fail("write");
		at += len;
	}
	if (len < 0)
		return fail("read");
	if (write && fsync(fd))
		return fail("fsync");
	close(fd);
	printf("bytes=%lld sum=%016llx\n", (long long)at, (unsigned long long)sum);
	return 0;
}

/* The one that is there, as soon as it is */
static const char *find_drive(void)
{
	int i = 0;

	while (access(drives[i], R_OK))
		i = !i;
	return drives[i];
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return work(argv[1], 0);
	if (mount("dev", "/dev", "devtmpfs", 0, NULL))
		fail("mount");
	if (!work(find_drive(), 1))
		printf("done\n");
	fflush(stdout);
	sync();
	reboot(RB_AUTOBOOT);
	return 1;
}
