// SPDX-License-Identifier: GPL-2.0
/*
 * Several processes at once at the devices of a region: what one waits for must
 * not wait for it. A kernel that gets this wrong hangs; then whoever has an
 * alarm set dies, and the test fails. Nobody else may use the region. Its pool has
 * to have 3 GiB and more, the first time all dirty, and there is another region
 * beside it.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "dax_dev.h"

#define ROUNDS	300

/* Shared with the children: they go on until it is set. */
static int *stop;

/* A child that does the same until it is told to stop, or hangs and dies. */
static pid_t start(int (*again)(void))
{
	pid_t pid = fork();
	int rc = 0;

	if (pid)
		return pid;
	signal(SIGALRM, SIG_DFL);
	alarm(60);
	while (!__atomic_load_n(stop, __ATOMIC_RELAXED) && !rc)
		rc = again();
	_exit(rc ? 1 : 0);
}

static int end(pid_t pid)
{
	int status;

	__atomic_store_n(stop, 1, __ATOMIC_RELAXED);
	if (waitpid(pid, &status, 0) != pid)
		return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

FIXTURE(dax_at_once)
{
	struct dax_dev dev;
	int region;
};

FIXTURE_SETUP(dax_at_once)
{
	self->region = dax_region();
	stop = mmap(NULL, SZ_4K, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(stop, MAP_FAILED);
	ASSERT_EQ(dax_new(&self->dev, self->region), 0);
	/* what the children know it as */
	ASSERT_EQ(setenv("DAX", self->dev.name, 1), 0);
}

/* Children of a test that has failed don't go on into the next one. */
FIXTURE_TEARDOWN(dax_at_once)
{
	__atomic_store_n(stop, 1, __ATOMIC_RELAXED);
	while (wait(NULL) > 0)
		;
	munmap(stop, SZ_4K);
}

static void named(struct dax_dev *dev)
{
	snprintf(dev->name, sizeof(dev->name), "%s", getenv("DAX"));
	dev->region = dax_region();
}

/* The files of a range are there or not, and say something or ENXIO. */
static int read_range(void)
{
	static const char * const attr[] = {
		"mapping0/start", "mapping0/end", "mapping0/page_offset",
	};
	struct dax_dev dev;
	unsigned int i;
	long long rc;

	named(&dev);
	for (i = 0; i < 3; i++) {
		rc = dax_get(&dev, attr[i]);
		if (rc < 0 && rc != -ENOENT && rc != -ENXIO && rc != -ENODEV)
			return rc;
	}
	return 0;
}

TEST_F(dax_at_once, read_ranges_that_go)
{
	pid_t pid = start(read_range);
	int i;

	for (i = 0; i < ROUNDS; i++) {
		ASSERT_EQ(dax_set_size(&self->dev, SZ_2M), 0);
		ASSERT_EQ(dax_set_size(&self->dev, 0), 0);
	}
	EXPECT_EQ(end(pid), 0);
	EXPECT_EQ(dax_delete(&self->dev), 0);
}

/* What "resource" of the device says without memory, and with. */
static long long *resource;

static int read_resource(void)
{
	struct dax_dev dev;
	long long start;

	named(&dev);
	start = dax_get(&dev, "resource");
	return start == resource[0] || start == resource[1] ? 0 : -EIO;
}

/* The array of ranges is moved as it grows, and goes with the last of them. */
TEST_F(dax_at_once, read_resource_while_ranges_come_and_go)
{
	long long at[2];
	int i, j, rc = 0;
	pid_t pid;

	at[0] = dax_get(&self->dev, "resource");
	ASSERT_EQ(dax_set_size(&self->dev, 16 * SZ_2M), 0);
	ASSERT_EQ(dax_get(&self->dev, "extmem/extents"), 1);
	at[1] = dax_get(&self->dev, "resource");
	ASSERT_EQ(dax_set_size(&self->dev, 0), 0);

	resource = at;
	pid = start(read_resource);
	for (i = 0; i < ROUNDS / 10 && !rc; i++) {
		for (j = 0; j < 16 && !rc; j += 2)
			rc = dax_add_range(&self->dev, at[1] + j * SZ_2M, SZ_2M);
		if (!rc)
			rc = dax_set_size(&self->dev, 0);
	}
	EXPECT_EQ(rc, 0);
	EXPECT_EQ(end(pid), 0);
	EXPECT_EQ(dax_delete(&self->dev), 0);
}

static int write_files(void)
{
	struct dax_dev dev;
	int rc;

	named(&dev);
	rc = dax_set_size(&dev, 0);
	if (rc && rc != -ENOENT && rc != -ENXIO && rc != -ENODEV)
		return rc;
	rc = dax_set_align(&dev, SZ_4K);
	if (rc && rc != -ENOENT && rc != -ENXIO && rc != -ENODEV)
		return rc;
	return 0;
}

TEST_F(dax_at_once, write_to_devices_that_go)
{
	pid_t pid = start(write_files);
	struct dax_dev dev;
	int i;

	ASSERT_EQ(dax_delete(&self->dev), 0);
	for (i = 0; i < ROUNDS; i++) {
		ASSERT_EQ(dax_new(&dev, self->region), 0);
		ASSERT_STREQ(dev.name, self->dev.name);
		ASSERT_EQ(dax_delete(&dev), 0);
	}
	EXPECT_EQ(end(pid), 0);
}

/*
 * Who comes second does not find the name, or has found a device that is gone by
 * the time it has the lock: that is EBUSY, as of a stock kernel.
 */
static bool is_deleted(int rc)
{
	return !rc || rc == -ENXIO || rc == -EBUSY;
}

/* Whoever it is that has the name now, or nobody. */
static int delete_one(void)
{
	static unsigned int nr;
	struct dax_dev dev;
	int rc;

	named(&dev);
	snprintf(dev.name, sizeof(dev.name), "dax%d.%u", dev.region, 1 + nr++ % 4);
	rc = dax_delete(&dev);
	return is_deleted(rc) ? 0 : rc;
}

TEST_F(dax_at_once, create_while_others_are_deleted)
{
	pid_t pid[2] = { start(delete_one), start(delete_one) };
	struct dax_dev dev;
	int i, rc;

	/* a number is not free before its name is */
	for (i = 0; i < ROUNDS; i++) {
		ASSERT_EQ(dax_new(&dev, self->region), 0);
		rc = dax_delete(&dev);
		ASSERT_TRUE(is_deleted(rc));
	}
	EXPECT_EQ(end(pid[0]), 0);
	EXPECT_EQ(end(pid[1]), 0);
}

static long long pool_free(int node)
{
	char path[64], val[32] = "";
	int fd;

	snprintf(path, sizeof(path), "/sys/kernel/mm/extmem/node%d/free_bytes", node);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return -errno;
	if (read(fd, val, sizeof(val) - 1) < 0)
		val[0] = '\0';
	close(fd);
	return strtoll(val, NULL, 0);
}

/* A process that gives the device memory which has to be cleared. */
static pid_t start_to_grow(const struct dax_dev *dev, long long size)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	_exit(dax_set_size(dev, size) ? 1 : 0);
}

static bool is_through(pid_t pid)
{
	siginfo_t info = {};

	return waitid(P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT) || info.si_pid;
}

/* What others do meanwhile, here and with another region. */
static int do_all_else(int region, int other)
{
	struct dax_dev dev;
	int rc = dax_new(&dev, region);

	if (rc || dax_get(&dev, "size"))
		return rc ? rc : -EIO;
	rc = dax_set_align(&dev, SZ_4K);
	if (!rc)
		rc = dax_delete(&dev);
	if (rc || dax_region_available(region) < 0)
		return rc ? rc : -EIO;
	rc = dax_create(&dev, other, SZ_2M, SZ_2M);
	return rc ? rc : dax_destroy(&dev);
}

/* First: it needs memory that is dirty. The scrubber is off. */
TEST_F(dax_at_once, a_clearing)
{
	long long all = pool_free(self->region);
	int rounds = 0, status;
	pid_t pid;

	ASSERT_GE(all, 3 * SZ_1G);
	ASSERT_EQ(dax_set_align(&self->dev, SZ_4K), 0);
	/* a region with nothing left makes no device */
	pid = start_to_grow(&self->dev, all - SZ_2M);
	while (pool_free(self->region) > SZ_2M && !is_through(pid))
		usleep(1000);

	/* it has the memory, and clears it */
	EXPECT_EQ(dax_get(&self->dev, "size"), 0);
	EXPECT_EQ(dax_set_size(&self->dev, SZ_2M), -EBUSY);
	EXPECT_EQ(dax_set(&self->dev, "mapping", "0-1fffff"), -EBUSY);
	EXPECT_EQ(dax_set_align(&self->dev, SZ_2M), -EBUSY);
	EXPECT_EQ(dax_bind(&self->dev), -EBUSY);
	EXPECT_EQ(dax_delete(&self->dev), -EBUSY);
	EXPECT_EQ(do_all_else(self->region, self->region + 1), 0);
	EXPECT_FALSE(is_through(pid));
	if (!is_through(pid))
		rounds++;
	EXPECT_EQ(rounds, 1);

	/* a signal ends it, and nothing has changed */
	kill(pid, SIGKILL);
	ASSERT_EQ(waitpid(pid, &status, 0), pid);
	EXPECT_TRUE(WIFSIGNALED(status));
	EXPECT_EQ(dax_get(&self->dev, "size"), 0);
	EXPECT_EQ(pool_free(self->region), all);
	EXPECT_EQ(dax_delete(&self->dev), 0);
}

#define CREATORS	4
#define EACH		250

/* As libdaxctl does it. */
static int create_as_daxctl(struct dax_dev *dev)
{
	int rc = dax_new_seed(dev, dax_region());

	if (!rc)
		rc = dax_set_align(dev, SZ_2M);
	if (!rc)
		rc = dax_set_size(dev, SZ_2M);
	return rc ? rc : dax_bind(dev);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct dax_dev *)a)->name,
		      ((const struct dax_dev *)b)->name);
}

/* Each of them that succeeds has a device that no other has. */
TEST_F(dax_at_once, a_thousand_creations)
{
	size_t len = CREATORS * EACH * sizeof(struct dax_dev);
	int i, j, status, same = 0;
	struct dax_dev *dev;

	ASSERT_EQ(dax_delete(&self->dev), 0);
	dev = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(dev, MAP_FAILED);
	for (i = 0; i < CREATORS; i++) {
		if (fork())
			continue;
		for (j = 0; j < EACH; j++)
			if (create_as_daxctl(&dev[i * EACH + j]))
				_exit(1);
		_exit(0);
	}
	for (i = 0; i < CREATORS; i++) {
		ASSERT_GT(wait(&status), 0);
		EXPECT_EQ(status, 0);
	}
	qsort(dev, CREATORS * EACH, sizeof(*dev), by_name);
	for (i = 1; i < CREATORS * EACH; i++)
		same += !by_name(&dev[i - 1], &dev[i]);
	EXPECT_EQ(same, 0);
	for (i = 0; i < CREATORS * EACH; i++)
		if (dev[i].name[0])
			EXPECT_EQ(dax_destroy(&dev[i]), 0);
	munmap(dev, len);
}

TEST_HARNESS_MAIN
