// SPDX-License-Identifier: GPL-2.0
/*
 * Devices with struct pages: what needs pages works, what holds a page holds the
 * device, and there and back nothing is lost but what the pages took.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "../../../../mm/gup_test.h"
#include "bus_error.h"
#include "dax_dev.h"
#include "page_tables.h"

#define SIZE	(8 * SZ_2M)
#define MEMMAP	"extmem/memmap"
#define FILE_NAME "/state/dax_memmap.data"

#define GUP_TEST "/sys/kernel/debug/gup_test"

/* KiB of all RAM that is in the direct map. */
static long long direct_map(void)
{
	long long sum = 0, kib;
	char line[128];
	FILE *f = fopen("/proc/meminfo", "r");

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "DirectMap%*[^:]: %lld kB", &kib) == 1)
			sum += kib;
	if (f)
		fclose(f);
	return sum;
}

/* Pins that end with a process or a ring may take a moment to do so. */
static int unbind_soon(struct dax_dev *dev)
{
	int rc, tries = 500;

	while ((rc = dax_unbind(dev)) == -EBUSY && tries--)
		usleep(10000);
	return rc;
}

FIXTURE(dax_memmap)
{
	struct dax_dev dev;
	char uuid[64];
	long long memmap;
	long long direct;
	char *map;
	int fd;
};

FIXTURE_VARIANT(dax_memmap)
{
	size_t size;
	size_t align;
};

FIXTURE_VARIANT_ADD(dax_memmap, align_4k) { .size = SIZE, .align = SZ_4K };
FIXTURE_VARIANT_ADD(dax_memmap, align_2m) { .size = SIZE, .align = SZ_2M };
FIXTURE_VARIANT_ADD(dax_memmap, align_1g) { .size = SZ_1G, .align = SZ_1G };

FIXTURE_SETUP(dax_memmap)
{
	self->memmap = vmstat_get("nr_memmap_pages");
	ASSERT_GE(self->memmap, 0);
	self->direct = direct_map();
	ASSERT_EQ(dax_create(&self->dev, dax_region(), variant->size,
			     variant->align), 0);
	ASSERT_EQ(dax_get(&self->dev, MEMMAP), 0);
	ASSERT_EQ(dax_set(&self->dev, MEMMAP, "1"), 0);
	ASSERT_EQ(dax_get(&self->dev, MEMMAP), 1);
	ASSERT_TRUE(dax_bound(&self->dev));
	EXPECT_GT(vmstat_get("nr_memmap_pages"), self->memmap);
	EXPECT_EQ(direct_map(), self->direct + variant->size / 1024);
	self->map = dax_map(&self->dev, NULL, variant->size, 0);
	ASSERT_NE(self->map, MAP_FAILED);
	self->fd = open(FILE_NAME, O_RDWR | O_CREAT | O_TRUNC | O_DIRECT, 0600);
	ASSERT_GE(self->fd, 0);
	ASSERT_EQ(ftruncate(self->fd, SIZE), 0);
}

/* Each test ends without mappings: now everything goes, struct pages too. */
FIXTURE_TEARDOWN(dax_memmap)
{
	close(self->fd);
	EXPECT_EQ(unbind_soon(&self->dev), 0);
	EXPECT_EQ(dax_set_size(&self->dev, 0), 0);
	EXPECT_EQ(dax_delete(&self->dev), 0);
	EXPECT_EQ(vmstat_get("nr_memmap_pages"), self->memmap);
	EXPECT_EQ(direct_map(), self->direct);
}

static bool all_refused(struct dax_dev *dev)
{
	return dax_set(dev, MEMMAP, "0") == -EBUSY &&
	       dax_unbind(dev) == -EBUSY && dax_bound(dev) &&
	       dax_set_size(dev, 0) == -EBUSY &&
	       dax_set_align(dev, SZ_4K) == -EBUSY &&
	       dax_delete(dev) == -EBUSY && dax_get(dev, MEMMAP) == 1;
}

/* A file is read into the device and written from it, past the page cache. */
TEST_F(dax_memmap, direct_io)
{
	char *other = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(other, MAP_FAILED);
	fill_words(self->map, SIZE, 1);
	ASSERT_EQ(pwrite(self->fd, self->map, SIZE, 0), SIZE);
	ASSERT_EQ(pread(self->fd, other, SIZE, 0), SIZE);
	EXPECT_TRUE(has_words(other, SIZE, 1));

	fill_words(other, SIZE, 2);
	ASSERT_EQ(pwrite(self->fd, other, SIZE, 0), SIZE);
	ASSERT_EQ(pread(self->fd, self->map, SIZE, 0), SIZE);
	EXPECT_TRUE(has_words(self->map, SIZE, 2));
	munmap(self->map, variant->size);
	munmap(other, SIZE);
}

/* Into pages that nobody has touched before. */
TEST_F(dax_memmap, direct_io_faults_them_in)
{
	char *other = malloc(SZ_2M);

	fill_words(self->map, SZ_2M, 3);
	ASSERT_EQ(pwrite(self->fd, self->map, SZ_2M, 0), SZ_2M);
	munmap(self->map, variant->size);
	self->map = dax_map(&self->dev, NULL, variant->size, 0);
	ASSERT_NE(self->map, MAP_FAILED);
	ASSERT_EQ(pread(self->fd, self->map + SZ_2M, SZ_2M, 0), SZ_2M);
	EXPECT_TRUE(has_words(self->map + SZ_2M, SZ_2M, 3));
	munmap(self->map, variant->size);
	free(other);
}

static int ring_setup(struct io_uring_params *params)
{
	memset(params, 0, sizeof(*params));
	return syscall(__NR_io_uring_setup, 4, params);
}

static int ring_register(int ring, struct iovec *iov)
{
	return syscall(__NR_io_uring_register, ring, IORING_REGISTER_BUFFERS, iov, 1);
}

/* One IORING_OP_READ_FIXED of the whole buffer; its result. */
static int ring_read(int ring, struct io_uring_params *p, int fd,
		     struct iovec *iov)
{
	size_t len = p->cq_off.cqes + p->cq_entries * sizeof(struct io_uring_cqe);
	char *rings = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, ring,
			   IORING_OFF_SQ_RING);
	struct io_uring_sqe *sqe = mmap(NULL, SZ_4K, PROT_READ | PROT_WRITE,
					MAP_SHARED, ring, IORING_OFF_SQES);
	struct io_uring_cqe *cqe = (void *)(rings + p->cq_off.cqes);
	int res = -EIO;

	if (rings == MAP_FAILED || sqe == MAP_FAILED)
		return -errno;
	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = IORING_OP_READ_FIXED;
	sqe->fd = fd;
	sqe->addr = (unsigned long)iov->iov_base;
	sqe->len = iov->iov_len;
	((unsigned int *)(rings + p->sq_off.array))[0] = 0;
	__atomic_store_n((unsigned int *)(rings + p->sq_off.tail), 1,
			 __ATOMIC_RELEASE);
	if (syscall(__NR_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS,
		    NULL, 0) == 1)
		res = cqe->res;
	munmap(sqe, SZ_4K);
	munmap(rings, len);
	return res;
}

/* Buffers stay pinned when they are not mapped any more. */
TEST_F(dax_memmap, io_uring_fixed_buffer)
{
	struct iovec iov = { self->map, SIZE };
	struct io_uring_params params;
	int ring = ring_setup(&params);

	ASSERT_GE(ring, 0);
	fill_words(self->map, SIZE, 4);
	ASSERT_EQ(pwrite(self->fd, self->map, SIZE, 0), SIZE);
	memset(self->map, 0, SIZE);
	ASSERT_EQ(ring_register(ring, &iov), 0);
	munmap(self->map, variant->size);
	EXPECT_TRUE(all_refused(&self->dev));
	EXPECT_EQ(ring_read(ring, &params, self->fd, &iov), SIZE);

	self->map = dax_map(&self->dev, NULL, variant->size, 0);
	ASSERT_NE(self->map, MAP_FAILED);
	EXPECT_TRUE(has_words(self->map, SIZE, 4));
	munmap(self->map, variant->size);
	EXPECT_TRUE(all_refused(&self->dev));
	close(ring);
}

/* A monitor that reads smaps must not cost a guest its gigabyte. */
TEST_F(dax_memmap, stays_mapped_when_smaps_is_read)
{
	struct page_tables before, after;
	FILE *f = fopen("/proc/self/smaps", "r");
	char line[256];

	ASSERT_NE(f, NULL);
	poke(self->map, 1);
	ASSERT_EQ(page_tables_read(&before, self->map, variant->size), 0);
	EXPECT_GT(before.pte + before.pmd + before.pud, 0);
	while (fgets(line, sizeof(line), f))
		;
	fclose(f);
	ASSERT_EQ(page_tables_read(&after, self->map, variant->size), 0);
	EXPECT_EQ(memcmp(&before, &after, sizeof(before)), 0);
	munmap(self->map, variant->size);
}

/* As RDMA does it. */
TEST_F(dax_memmap, pinned_for_long)
{
	struct pin_longterm_test pin = { .size = SIZE,
		.flags = PIN_LONGTERM_TEST_FLAG_USE_WRITE };
	int gup = open(GUP_TEST, O_RDWR);
	char *seen = malloc(SIZE);
	__u64 to = (unsigned long)seen;

	ASSERT_GE(gup, 0);
	fill_words(self->map, SIZE, 5);
	pin.addr = (unsigned long)self->map;
	ASSERT_EQ(ioctl(gup, PIN_LONGTERM_TEST_START, &pin), 0);
	munmap(self->map, variant->size);
	EXPECT_TRUE(all_refused(&self->dev));
	ASSERT_EQ(ioctl(gup, PIN_LONGTERM_TEST_READ, &to), 0);
	EXPECT_TRUE(has_words(seen, SIZE, 5));
	ASSERT_EQ(ioctl(gup, PIN_LONGTERM_TEST_STOP), 0);
	EXPECT_EQ(dax_set(&self->dev, MEMMAP, "0"), 0);
	EXPECT_EQ(dax_set(&self->dev, MEMMAP, "1"), 0);
	close(gup);
	free(seen);
}

/* A page in a pipe, of a process that is gone. */
TEST_F(dax_memmap, spliced_into_a_pipe)
{
	struct iovec iov = { self->map, SZ_4K };
	char *seen = malloc(SZ_4K);
	int fds[2], status;
	pid_t child;

	ASSERT_EQ(pipe(fds), 0);
	fill_words(self->map, SZ_4K, 6);
	child = fork();
	if (!child)
		_exit(vmsplice(fds[1], &iov, 1, 0) != SZ_4K);
	waitpid(child, &status, 0);
	EXPECT_EQ(status, 0);
	munmap(self->map, variant->size);
	EXPECT_TRUE(all_refused(&self->dev));
	EXPECT_EQ(read(fds[0], seen, SZ_4K), SZ_4K);
	EXPECT_TRUE(has_words(seen, SZ_4K, 6));
	close(fds[0]);
	close(fds[1]);
	free(seen);
}

/* Without pages all of that is EFAULT, and nothing is left behind. */
TEST_F(dax_memmap, not_without_pages)
{
	struct pin_longterm_test pin = { .size = SIZE };
	int gup = open(GUP_TEST, O_RDWR);
	struct io_uring_params params;
	struct iovec iov;
	int ring;

	ASSERT_EQ(pwrite(self->fd, self->map, SIZE, 0), SIZE);
	munmap(self->map, variant->size);
	ASSERT_EQ(dax_set(&self->dev, MEMMAP, "0"), 0);
	EXPECT_EQ(vmstat_get("nr_memmap_pages"), self->memmap);
	self->map = dax_map(&self->dev, NULL, variant->size, 0);
	ASSERT_NE(self->map, MAP_FAILED);
	self->map[0] = 1;

	EXPECT_EQ(pread(self->fd, self->map, SIZE, 0), -1);
	EXPECT_EQ(errno, EFAULT);
	pin.addr = (unsigned long)self->map;
	EXPECT_EQ(ioctl(gup, PIN_LONGTERM_TEST_START, &pin), -1);
	EXPECT_EQ(errno, EFAULT);
	ring = ring_setup(&params);
	iov = (struct iovec){ self->map, SIZE };
	EXPECT_EQ(ring_register(ring, &iov), -1);
	EXPECT_EQ(errno, EFAULT);
	close(ring);
	close(gup);
	munmap(self->map, variant->size);
}

/* Mapped, whoever maps it and whatever became of the mapping. */
TEST_F(dax_memmap, mapped)
{
	char *to = mmap(NULL, variant->size + variant->align, PROT_NONE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pid_t child;

	ASSERT_NE(to, MAP_FAILED);
	EXPECT_TRUE(all_refused(&self->dev));
	self->map[variant->size - 1] = 7;
	EXPECT_TRUE(all_refused(&self->dev));
	child = fork();
	if (!child) {
		poke(self->map, 8);
		pause();
		_exit(0);
	}
	to = (char *)(((unsigned long)to + variant->align - 1) & -variant->align);
	ASSERT_EQ(mremap(self->map, variant->size, variant->size,
			 MREMAP_MAYMOVE | MREMAP_FIXED, to), to);
	EXPECT_EQ(peek(to + variant->size - 1), 7);
	EXPECT_EQ(mprotect(to, variant->align, PROT_READ), 0);
	EXPECT_TRUE(all_refused(&self->dev));
	munmap(to, variant->align);
	EXPECT_TRUE(all_refused(&self->dev));
	if (variant->size > variant->align)
		munmap(to + variant->align, variant->size - variant->align);
	EXPECT_TRUE(all_refused(&self->dev));
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

static int read_uuid(struct dax_dev *dev, char uuid[64])
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "/sys/bus/dax/devices/%s/extmem/uuid",
		 dev->name);
	f = fopen(path, "r");
	if (!f || !fgets(uuid, 64, f))
		return -1;
	fclose(f);
	return 0;
}

/* There and back, bound and not; the file that is open stays good. */
TEST_F(dax_memmap, there_and_back)
{
	long long pages = vmstat_get("nr_memmap_pages");
	int i, fd = dax_open(&self->dev);
	char uuid[64] = "";

	ASSERT_GE(fd, 0);
	ASSERT_EQ(read_uuid(&self->dev, self->uuid), 0);
	fill_words(self->map, SIZE, 9);
	munmap(self->map, variant->size);
	for (i = 0; i < 6; i++) {
		if (i / 2 == 1)
			ASSERT_EQ(dax_unbind(&self->dev), 0);
		ASSERT_EQ(dax_set(&self->dev, MEMMAP, i % 2 ? "1" : "0"), 0);
		EXPECT_EQ(dax_bound(&self->dev), i / 2 != 1);
		if (i / 2 == 1)
			ASSERT_EQ(dax_bind(&self->dev), 0);
		EXPECT_EQ(vmstat_get("nr_memmap_pages"),
			  i % 2 ? pages : self->memmap);
		self->map = mmap(NULL, variant->size, PROT_READ | PROT_WRITE,
				 MAP_SHARED, fd, 0);
		ASSERT_NE(self->map, MAP_FAILED);
		EXPECT_TRUE(has_words(self->map, SIZE, 9));
		EXPECT_EQ(pwrite(self->fd, self->map, SZ_4K, 0), i % 2 ? SZ_4K : -1);
		munmap(self->map, variant->size);
	}
	EXPECT_EQ(dax_get(&self->dev, "size"), variant->size);
	ASSERT_EQ(read_uuid(&self->dev, uuid), 0);
	EXPECT_STREQ(uuid, self->uuid);
	close(fd);
}

static void ignore(int sig)
{
}

/* A child that has the devices' lock and sends its parent signals, till it is killed. */
static pid_t disturb(const struct dax_dev *dev)
{
	pid_t pid = fork();

	while (!pid) {
		dax_set(dev, "extmem/mode", "0600");
		kill(getppid(), SIGUSR1);
	}
	return pid;
}

/* It may end by a signal, but the device is bound, in the one form or the other. */
TEST_F(dax_memmap, signals)
{
	struct sigaction action = { .sa_handler = ignore, .sa_flags = SA_RESTART };
	pid_t child;
	int i, rc;

	munmap(self->map, variant->size);
	ASSERT_EQ(sigaction(SIGUSR1, &action, NULL), 0);
	child = disturb(&self->dev);
	ASSERT_GT(child, 0);
	for (i = 0; i < 20; i++) {
		rc = dax_set(&self->dev, MEMMAP, i % 2 ? "1" : "0");
		EXPECT_TRUE(!rc || rc == -EINTR);
		EXPECT_TRUE(dax_bound(&self->dev));
	}
	kill(child, SIGKILL);
	EXPECT_EQ(waitpid(child, NULL, 0), child);
	EXPECT_EQ(dax_set(&self->dev, MEMMAP, "1"), 0);
	EXPECT_TRUE(dax_bound(&self->dev));
}

/* 4 KiB pages cost a struct each, larger ones two pages of them. */
TEST_F(dax_memmap, what_it_costs)
{
	long long cost = vmstat_get("nr_memmap_pages") - self->memmap;
	size_t folios = variant->size / variant->align;
	long long full = folios * 64 / SZ_4K;

	TH_LOG("%lld pages for %zu MiB", cost, variant->size >> 20);
	EXPECT_TRUE(variant->align == SZ_4K ? cost >= full :
					      cost <= 2 * folios + 16);
	munmap(self->map, variant->size);
}

TEST_F(dax_memmap, bad_input)
{
	EXPECT_EQ(dax_set(&self->dev, MEMMAP, "2"), -EINVAL);
	EXPECT_EQ(dax_set(&self->dev, MEMMAP, ""), 0);	/* writes nothing */
	EXPECT_EQ(dax_set(&self->dev, MEMMAP, "1"), 0);	/* as it is */
	munmap(self->map, variant->size);
	ASSERT_EQ(dax_unbind(&self->dev), 0);
	ASSERT_EQ(dax_set_size(&self->dev, 0), 0);
	EXPECT_EQ(dax_set(&self->dev, MEMMAP, "1"), -ENODATA);

	/* other memory begins anew, and without pages */
	ASSERT_EQ(dax_set_size(&self->dev, variant->size), 0);
	EXPECT_EQ(dax_get(&self->dev, MEMMAP), 0);
	ASSERT_EQ(dax_set(&self->dev, MEMMAP, "1"), 0);
	EXPECT_EQ(vmstat_get("nr_memmap_pages"), self->memmap);
	ASSERT_EQ(dax_bind(&self->dev), 0);
	EXPECT_GT(vmstat_get("nr_memmap_pages"), self->memmap);
}

/*
 * A bad page costs its user all that shares its struct page, and without struct
 * pages itself alone. It takes a granule for good: last, and once.
 */
TEST(memory_error)
{
	struct dax_dev dev;
	char *map, *bad, *near, *far;
	int fd;

	ASSERT_EQ(dax_create(&dev, dax_region(), SIZE, SZ_2M), 0);
	ASSERT_EQ(dax_set(&dev, MEMMAP, "1"), 0);
	map = dax_map(&dev, NULL, SIZE, 0);
	ASSERT_NE(map, MAP_FAILED);
	fd = open(FILE_NAME, O_RDWR | O_CREAT | O_DIRECT, 0600);
	ASSERT_GE(fd, 0);
	bad = map + 5 * SZ_4K;
	near = map + 6 * SZ_4K;
	far = map + SZ_2M;
	fill_words(map, SIZE, 11);
	bus_errors_count();
	ASSERT_EQ(inject(dax_get(&dev, "resource") + 5 * SZ_4K), 0);
	EXPECT_NE(touch(bad), 0);
	EXPECT_EQ(bus_error.code, BUS_MCEERR_AR);
	EXPECT_NE(touch(near), 0);
	EXPECT_EQ(touch(far), 0);
	EXPECT_EQ(pwrite(fd, near, SZ_4K, 0), -1);
	EXPECT_EQ(pwrite(fd, far, SZ_4K, 0), SZ_4K);
	EXPECT_EQ(madvise(far + SZ_2M, SZ_4K, MADV_HWPOISON), 0);
	EXPECT_NE(touch(far + SZ_2M), 0);
	munmap(map, SIZE);

	ASSERT_EQ(dax_set(&dev, MEMMAP, "0"), 0);
	ASSERT_EQ(dax_map(&dev, map, SIZE, 0), map);
	EXPECT_NE(touch(bad), 0);
	EXPECT_EQ(touch(near), 0);
	munmap(map, SIZE);

	ASSERT_EQ(dax_set(&dev, MEMMAP, "1"), 0);
	ASSERT_EQ(dax_map(&dev, map, SIZE, 0), map);
	EXPECT_NE(touch(near), 0);
	EXPECT_EQ(touch(far), 0);
	munmap(map, SIZE);
	close(fd);
	EXPECT_EQ(dax_destroy(&dev), 0);
}

TEST_HARNESS_MAIN
