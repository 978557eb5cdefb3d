// SPDX-License-Identifier: GPL-2.0
/* try-map PATH...: open each to read and write, and map it; say how far that went. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const char *try_map(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	void *p;

	if (fd < 0)
		return strerror(errno);
	p = mmap(NULL, 1 << 30, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	return p == MAP_FAILED ? "opened" : "mapped";
}

int main(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++)
		printf("%s\n", try_map(argv[i]));
	return 0;
}
