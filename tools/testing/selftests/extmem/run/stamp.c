// SPDX-License-Identifier: GPL-2.0
/*
 * stamp LABEL      print LABEL, the TSC, the kernel log's time in us and the
 *                  wall clock's in us, and leave label and TSC in the log. The
 *                  TSC goes on across a kexec; the log's time is a kernel's.
 * stamp --kexec L  the same, and at once the kexec that is loaded
 * stamp --step US  step the wall clock, as NTP would
 */
#include <fcntl.h>
#include <linux/reboot.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static int die(const char *what)
{
	perror(what);
	return 1;
}

static long long wall_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

static int step(long long us)
{
	struct timespec t;

	us += wall_us();
	t.tv_sec = us / 1000000;
	t.tv_nsec = us % 1000000 * 1000;
	return clock_settime(CLOCK_REALTIME, &t) ? die("clock_settime") : 0;
}

/*
 * A line must end to be a record; it is read back as
 * "level,number,microseconds,flags;text".
 */
static int log_stamp(const char *label, unsigned long long *tsc,
		     unsigned long long *us)
{
	int fd = open("/dev/kmsg", O_RDWR | O_NONBLOCK);
	char rec[1024], *text;
	ssize_t len;

	if (fd < 0 || lseek(fd, 0, SEEK_END) < 0)
		return die("/dev/kmsg");
	*tsc = __builtin_ia32_rdtsc();
	len = snprintf(rec, sizeof(rec), "stamp %s %llu\n", label, *tsc);
	if (write(fd, rec, len) != len)
		return die("/dev/kmsg");
	while ((len = read(fd, rec, sizeof(rec) - 1)) > 0) {
		rec[len] = '\0';
		text = strstr(rec, ";stamp ");
		if (text && sscanf(rec, "%*u,%*u,%llu", us) == 1)
			return 0;
	}
	return die("/dev/kmsg");
}

int main(int argc, char **argv)
{
	int kexec = argc == 3 && !strcmp(argv[1], "--kexec");
	unsigned long long tsc, us;

	if (argc == 3 && !strcmp(argv[1], "--step"))
		return step(atoll(argv[2]));
	if (argc != 2 + kexec)
		return 2;
	if (log_stamp(argv[argc - 1], &tsc, &us))
		return 1;
	if (kexec) {
		syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2,
			LINUX_REBOOT_CMD_KEXEC, NULL);
		return die("kexec");
	}
	printf("%s %llu %llu %lld\n", argv[1], tsc, us, wall_us());
	return 0;
}
