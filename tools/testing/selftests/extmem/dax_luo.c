// SPDX-License-Identifier: GPL-2.0
/*
 * A device in a live update session is fixed, whoever put it there, until the
 * session goes; and what can't be put into one is refused. What becomes of it in
 * the next kernel is for luo_agent.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "dax_dev.h"
#include "luo.h"

#define SIZE	(8 * SZ_2M)

FIXTURE(dax_luo)
{
	struct dax_dev dev;
	int fd;
	int session;
};

FIXTURE_SETUP(dax_luo)
{
	ASSERT_EQ(dax_create(&self->dev, dax_region(), SIZE, SZ_2M), 0);
	self->fd = dax_open(&self->dev);
	ASSERT_GE(self->fd, 0);
	self->session = luo_create("one");
	ASSERT_GE(self->session, 0);
}

/* Write a word to an attribute of the claim's */
static int put(const struct dax_dev *dev, const char *attr, const char *val)
{
	char path[128];
	int fd, rc;

	snprintf(path, sizeof(path), "/sys/bus/dax/devices/%s/extmem/%s", dev->name, attr);
	fd = open(path, O_WRONLY);
	if (fd < 0)
		return -errno;
	rc = write(fd, val, strlen(val)) < 0 ? -errno : 0;
	close(fd);
	return rc;
}

static bool in_session(const struct dax_dev *dev, const char *want)
{
	char path[128], got[32] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/sys/bus/dax/devices/%s/extmem/session", dev->name);
	f = fopen(path, "r");
	if (!f)
		return false;
	if (fscanf(f, "%31s", got) != 1)
		got[0] = '\0';
	fclose(f);
	return !strcmp(got, want);
}

static bool is_fixed(const struct dax_dev *dev)
{
	return in_session(dev, "outgoing") &&
	       dax_unbind(dev) == -EBUSY && dax_bound(dev) &&
	       dax_set_size(dev, 0) == -EBUSY &&
	       dax_set_size(dev, SIZE / 2) == -EBUSY &&
	       dax_set_size(dev, SIZE + SZ_2M) == -EBUSY &&
	       dax_set_align(dev, SZ_4K) == -EBUSY &&
	       dax_delete(dev) == -EBUSY &&
	       put(dev, "name", "other") == -EBUSY &&
	       put(dev, "name", "\n") == -EBUSY &&
	       put(dev, "persist", "0") == -EBUSY &&
	       put(dev, "persist", "1") == -EBUSY &&
	       dax_get(dev, "size") == SIZE && dax_get(dev, "align") == SZ_2M;
}

static bool is_free(const struct dax_dev *dev)
{
	return in_session(dev, "none") &&
	       !put(dev, "name", "luo-test") && !put(dev, "name", "\n") &&
	       !put(dev, "persist", "0") && !put(dev, "persist", "1") &&
	       !dax_unbind(dev) && !dax_set_size(dev, SIZE / 2) &&
	       !dax_set_align(dev, SZ_4K) && !dax_set_align(dev, SZ_2M) &&
	       !dax_set_size(dev, SIZE) && !dax_bind(dev);
}

/* Each test ends with the device in no session: now all goes. */
FIXTURE_TEARDOWN(dax_luo)
{
	close(self->session);
	close(self->fd);
	EXPECT_TRUE(is_free(&self->dev));
	EXPECT_EQ(dax_destroy(&self->dev), 0);
}

TEST_F(dax_luo, closing_the_session_undoes_it)
{
	EXPECT_TRUE(is_free(&self->dev));
	ASSERT_EQ(luo_preserve(self->session, self->fd, 1), 0);
	close(self->fd);
	EXPECT_TRUE(is_fixed(&self->dev));
	EXPECT_EQ(close(self->session), 0);
	EXPECT_TRUE(is_free(&self->dev));
}

/* It may still be mapped, and used, and get another owner. */
TEST_F(dax_luo, preserved_is_in_use)
{
	char *map;

	ASSERT_EQ(luo_preserve(self->session, self->fd, 1), 0);
	map = dax_map(&self->dev, NULL, SIZE, 0);
	ASSERT_NE(map, MAP_FAILED);
	poke(map, 0x5a);
	EXPECT_EQ(put(&self->dev, "uid", "1000"), 0);
	EXPECT_EQ(put(&self->dev, "gid", "1000"), 0);
	EXPECT_EQ(put(&self->dev, "mode", "0660"), 0);
	munmap(map, SIZE);
	EXPECT_TRUE(is_fixed(&self->dev));
}

static void preserve_and_wait(struct dax_dev *dev, int ready)
{
	int session = luo_create("child");
	char said = luo_preserve(session, dax_open(dev), 1) ? 'n' : 'y';

	if (write(ready, &said, 1) == 1)
		pause();
	_exit(1);
}

TEST_F(dax_luo, dying_undoes_it)
{
	int ready[2];
	char said = 0;
	pid_t child;

	ASSERT_EQ(pipe(ready), 0);
	child = fork();
	if (!child)
		preserve_and_wait(&self->dev, ready[1]);
	ASSERT_EQ(read(ready[0], &said, 1), 1);
	EXPECT_EQ(said, 'y');
	EXPECT_TRUE(is_fixed(&self->dev));
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	EXPECT_TRUE(is_free(&self->dev));
}

TEST_F(dax_luo, once_only)
{
	int again = dax_open(&self->dev), session = luo_create("two");
	struct dax_dev dev;
	int other;

	ASSERT_EQ(dax_create(&dev, dax_region(), SIZE, SZ_2M), 0);
	other = dax_open(&dev);
	ASSERT_EQ(luo_preserve(self->session, self->fd, 1), 0);
	EXPECT_EQ(luo_preserve(self->session, self->fd, 2), -EBUSY);
	EXPECT_EQ(luo_preserve(self->session, again, 2), -EBUSY);
	EXPECT_EQ(luo_preserve(session, again, 1), -EBUSY);
	/* the token is taken; another one, and the same of another session, isn't */
	EXPECT_EQ(luo_preserve(self->session, other, 1), -EEXIST);
	EXPECT_EQ(luo_preserve(session, other, 1), 0);
	EXPECT_TRUE(is_fixed(&self->dev));
	EXPECT_TRUE(is_fixed(&dev));
	close(session);
	EXPECT_TRUE(is_free(&dev));
	EXPECT_TRUE(is_fixed(&self->dev));
	close(other);
	close(again);
	EXPECT_EQ(dax_destroy(&dev), 0);
}

/* Access to a device that has other memory now, perhaps another's */
TEST_F(dax_luo, stale_file)
{
	int later;

	ASSERT_EQ(dax_unbind(&self->dev), 0);
	EXPECT_EQ(luo_preserve(self->session, self->fd, 1), -ENXIO);
	ASSERT_EQ(dax_set_size(&self->dev, 0), 0);
	EXPECT_EQ(luo_preserve(self->session, self->fd, 1), -ENXIO);
	ASSERT_EQ(dax_set_size(&self->dev, SIZE), 0);
	ASSERT_EQ(dax_bind(&self->dev), 0);
	EXPECT_EQ(luo_preserve(self->session, self->fd, 1), -ENXIO);
	EXPECT_TRUE(in_session(&self->dev, "none"));
	later = dax_open(&self->dev);
	EXPECT_EQ(luo_preserve(self->session, later, 1), 0);
	EXPECT_TRUE(is_fixed(&self->dev));
	close(later);
}

/* What has a handler of its own goes into the same session, all else is refused. */
TEST_F(dax_luo, other_files)
{
	int mem = memfd_create("other", 0), null = open("/dev/null", O_RDWR);
	int ends[2], neither;
	char path[64];

	snprintf(path, sizeof(path), "/dev/%s", self->dev.name);

	ASSERT_EQ(pipe(ends), 0);
	EXPECT_EQ(luo_preserve(self->session, null, 1), -ENOENT);
	EXPECT_EQ(luo_preserve(self->session, ends[0], 1), -ENOENT);
	EXPECT_EQ(luo_preserve(self->session, self->session, 1), -ENOENT);
	close(null);
	EXPECT_EQ(luo_preserve(self->session, null, 1), -EBADF);
	EXPECT_EQ(luo_preserve(self->session, -1, 1), -EBADF);
	/* open for neither reading nor writing */
	neither = open(path, O_ACCMODE);
	ASSERT_GE(neither, 0);
	EXPECT_EQ(luo_preserve(self->session, neither, 1), -EBADF);
	close(neither);
	ASSERT_EQ(ftruncate(mem, SZ_4K), 0);
	EXPECT_EQ(luo_preserve(self->session, mem, 1), 0);
	EXPECT_EQ(luo_preserve(self->session, self->fd, 2), 0);
	EXPECT_TRUE(is_fixed(&self->dev));
	close(mem);
}

/* A session of this kernel's gives nothing out. */
TEST_F(dax_luo, nothing_to_retrieve)
{
	ASSERT_EQ(luo_preserve(self->session, self->fd, 1), 0);
	EXPECT_EQ(luo_retrieve(self->session, 1), -EINVAL);
	EXPECT_EQ(luo_finish(self->session), -EINVAL);
	EXPECT_EQ(luo_take("one"), -ENOENT);
	EXPECT_TRUE(is_fixed(&self->dev));
}

static int as_nobody(const struct dax_dev *dev)
{
	if (setgid(1000) || setuid(1000))
		return 1;
	return dax_open(dev) == -EACCES && luo_create("mine") == -EACCES &&
	       luo_take("one") == -EACCES ? 0 : 2;
}

TEST_F(dax_luo, for_root_alone)
{
	pid_t child = fork();
	int status;

	if (!child)
		_exit(as_nobody(&self->dev));
	ASSERT_EQ(waitpid(child, &status, 0), child);
	EXPECT_EQ(status, 0);
}

TEST_HARNESS_MAIN
