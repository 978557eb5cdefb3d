// SPDX-License-Identifier: GPL-2.0
/*
 * memory KIND MIB TOUCH COMMAND...: run COMMAND with so many MiB of memory as its
 * descriptor 9. KIND is 4K, 2M, 1G for a memfd in pages of that size, or anon for
 * what mmap() gives that is shared and anonymous. With a TOUCH of 1 all of it is
 * there already.
 */
#include <fcntl.h>
#include <linux/memfd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static unsigned int flags_for(const char *pages)
{
	if (!strcmp(pages, "2M"))
		return MFD_HUGETLB | MFD_HUGE_2MB;
	if (!strcmp(pages, "1G"))
		return MFD_HUGETLB | MFD_HUGE_1GB;
	return 0;
}

static int make_memfd(const char *pages, size_t size)
{
	int fd = memfd_create(pages, flags_for(pages));

	return fd < 0 || ftruncate(fd, size) ? -1 : fd;
}

/* Anonymous memory that is shared has a file, which only /proc has a name for. */
static int make_anon(size_t size)
{
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	char path[80];

	if (p == MAP_FAILED)
		return -1;
	snprintf(path, sizeof(path), "/proc/self/map_files/%lx-%lx",
		 (uintptr_t)p, (uintptr_t)p + size);
	return open(path, O_RDWR);
}

static int touch(int fd, size_t size)
{
	char *p = mmap(NULL, size, PROT_WRITE, MAP_SHARED, fd, 0);
	size_t i;

	if (p == MAP_FAILED)
		return -1;
	for (i = 0; i < size; i += 4096)
		p[i] = 1;
	return munmap(p, size);
}

int main(int argc, char **argv)
{
	size_t size;
	int fd;

	if (argc < 5)
		return 2;
	size = strtoul(argv[2], NULL, 0) << 20;
	fd = strcmp(argv[1], "anon") ? make_memfd(argv[1], size) : make_anon(size);
	if (fd < 0 || dup2(fd, 9) != 9 || (atoi(argv[3]) && touch(9, size))) {
		perror(argv[1]);
		return 1;
	}
	execvp(argv[4], argv + 4);
	perror(argv[4]);
	return 1;
}
