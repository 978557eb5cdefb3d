// SPDX-License-Identifier: GPL-2.0
/*
 * Every allocation of an operation fails, one after the other: the operation ends
 * with an error, and all is as before, or it does without.
 *
 *   faults [STRIDE [OPERATION...]]
 *
 * Operations are those of raw claims, of dax devices, and of who uses them. With a
 * STRIDE only every so many allocations of each are tried. A TAP stream.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dax_dev.h"
#include "luo.h"
#include "raw.h"
#include "vfio_dev.h"

#define ANY	EXTMEM_TEST_ANYWHERE
#define G	RAW_GRANULE
#define BLOCK	(64 * G)	/* of memory that can be hotplugged */
#define NODES	2
#define MOST	1000		/* allocations of an operation */

static int dev, fail_nth;
static uint64_t id, tail;
static struct dax_dev dax;
static int file = -1, other = -1;
static char *map;
static char drive[16];
static int pass = -1, session = -1;
static uint32_t ioas;

static void die(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	printf("Bail out! ");
	vprintf(fmt, args);
	printf("\n");
	va_end(args);
	exit(1);
}

static void must(int err, const char *what)
{
	if (err < 0)
		die("%s: %s", what, strerror(-err));
}

/* What there is: hashed, to be compared */

static uint64_t mix(uint64_t sum, const void *data, size_t len)
{
	const unsigned char *p = data;

	while (len--)
		sum = (sum ^ *p++) * 0x100000001b3ULL;
	return sum;
}

static uint64_t add_claims(uint64_t sum)
{
	struct extmem_test_extent extent;
	struct extmem_test_info info;
	uint64_t above = 0, i;

	while (!raw_next(dev, above, &info)) {
		sum = mix(sum, &info, sizeof(info));
		for (i = 0; i < info.nr_extents; i++) {
			must(raw_extent(dev, info.id, i, &extent), "extent");
			sum = mix(sum, &extent, sizeof(extent));
		}
		above = info.id;
	}
	return sum;
}

static uint64_t add_devices(uint64_t sum)
{
	static const char * const attr[] = { "size", "align", "extmem/memmap", "extmem/name" };
	DIR *dir = opendir("/sys/bus/dax/devices");
	struct dirent *entry;
	char path[300], val[128];
	uint64_t one, all = 0;
	ssize_t len;
	size_t i;
	int fd;

	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		one = mix(1, entry->d_name, strlen(entry->d_name));
		for (i = 0; i < sizeof(attr) / sizeof(*attr); i++) {
			snprintf(path, sizeof(path), "/sys/bus/dax/devices/%s/%s",
				 entry->d_name, attr[i]);
			fd = open(path, O_RDONLY);
			len = fd < 0 ? -1 : read(fd, val, sizeof(val));
			close(fd);
			one = mix(one, val, len < 0 ? 0 : len);
		}
		snprintf(path, sizeof(path), "/sys/bus/dax/devices/%s/driver", entry->d_name);
		len = readlink(path, val, sizeof(val));
		one = mix(one, val, len < 0 ? 0 : len);
		all += one; /* in whatever order they come */
	}
	closedir(dir);
	return mix(sum, &all, sizeof(all));
}

static uint64_t look(void)
{
	struct extmem_test_counters now;
	long long pages = vmstat_get("nr_memmap_pages");
	uint64_t sum = 1;
	int n;

	for (n = 0; n < NODES; n++) {
		must(raw_counters(dev, n, &now), "counters");
		now.dirty = 0; /* changes by itself */
		sum = mix(sum, &now, sizeof(now));
	}
	sum = mix(sum, &pages, sizeof(pages));
	return add_devices(add_claims(sum));
}

/* Raw claims */

static int no_prep(void)
{
	return 0;
}

static int make_two(void)
{
	return raw_make(dev, 0, ANY, 2 * G, G, &id);
}

/* A claim of many extents: it has several records */
static int make_long(void)
{
	struct extmem_test_counters c;
	int i, err = raw_counters(dev, 0, &c);

	err = err ?: raw_make(dev, 0, c.start + 100 * G, G, G, &id);
	for (i = 1; !err && i < 18; i++)
		err = raw_grow(dev, id, c.start + (100 + 2 * i) * G, G, G);
	return err;
}

static int free_it(void)
{
	int err = id ? raw_free(dev, id) : 0;

	id = 0;
	return err;
}

static int free_both(void)
{
	int err = tail ? raw_free(dev, tail) : 0;

	tail = 0;
	return err ?: free_it();
}

static int free_again(void)
{
	int err = raw_free(dev, id);

	if (!err)
		id = 0;
	return err;
}

static int grow(void)
{
	return raw_grow(dev, id, ANY, 3 * G, G);
}

static int grow_apart(void)
{
	struct extmem_test_counters c;
	int err = raw_counters(dev, 0, &c);

	return err ?: raw_grow(dev, id, c.start + 300 * G, G, G);
}

static int shrink(void)
{
	return raw_shrink(dev, id, G);
}

static int split(void)
{
	return raw_split(dev, id, G, &tail);
}

static int split_long(void)
{
	return raw_split(dev, id, 2 * G, &tail);
}

static int set_name(void)
{
	return raw_name(dev, id, "named-while-there-is-no-memory");
}

static int set_persist(void)
{
	return raw_persist(dev, id, 0);
}

static int preserve(void)
{
	return raw_preserve(dev, id, 1);
}

static int unpreserve(void)
{
	raw_preserve(dev, id, 0);
	return free_it();
}

static int open_other(void)
{
	other = open(RAW_DEVICE, O_RDWR);
	return other < 0 ? -errno : 0;
}

static int close_other(void)
{
	if (other >= 0)
		close(other);
	other = -1;
	return free_it();
}

static int hold_two(void)
{
	return make_two() ?: raw_hold(dev, id);
}

static int map_it(void)
{
	char *p = mmap(NULL, 2 * G, PROT_READ | PROT_WRITE, MAP_SHARED, dev, 0);

	if (p == MAP_FAILED)
		return -errno;
	map = p;
	return 0;
}

static int unmap_it(void)
{
	if (map)
		munmap(map, 2 * G);
	map = NULL;
	raw_hold(dev, 0);
	return free_it();
}

/* Dax devices */

static int new_device(void)
{
	return dax_new(&dax, 0);
}

/* Its name is found out by who is not under injection */
static int create_device(void)
{
	int fd = open("/sys/bus/platform/devices/extmem.0/dax_region/create", O_WRONLY);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, "1", 1) != 1)
		err = -errno;
	close(fd);
	return err;
}

static int delete_created(void)
{
	char path[] = "/sys/bus/platform/devices/extmem.0/dax_region/create";
	int fd = open(path, O_RDONLY);
	ssize_t len = read(fd, dax.name, sizeof(dax.name) - 1);

	close(fd);
	if (len <= 0)
		return -ENXIO;
	dax.name[len - 1] = 0;
	return dax_delete(&dax);
}

static int delete_device(void)
{
	return dax_destroy(&dax);
}

static int sized_device(void)
{
	return new_device() ?: dax_set_size(&dax, 8 * G);
}

static int bound_device(void)
{
	return dax_create(&dax, 0, 8 * G, G);
}

static int set_size(void)
{
	return dax_set_size(&dax, 8 * G);
}

static int grow_size(void)
{
	return dax_set_size(&dax, 16 * G);
}

static int shrink_size(void)
{
	return dax_set_size(&dax, 2 * G);
}

static int drop_size(void)
{
	return dax_set_size(&dax, 0);
}

static int set_align(void)
{
	return dax_set_align(&dax, SZ_4K);
}

static int add_range(void)
{
	struct extmem_test_counters c;
	int err = raw_counters(dev, 0, &c);

	return err ?: dax_add_range(&dax, c.start + 200 * G, 2 * G);
}

static int bind_device(void)
{
	return dax_bind(&dax);
}

static int unbind_device(void)
{
	return dax_unbind(&dax);
}

static int delete_empty(void)
{
	int err = dax_delete(&dax);

	if (!err)
		dax.name[0] = 0;
	return err;
}

static int delete_rest(void)
{
	return dax.name[0] ? dax_destroy(&dax) : 0;
}

static int name_device(void)
{
	return dax_set(&dax, "extmem/name", "fault");
}

static int give_pages(void)
{
	return dax_set(&dax, "extmem/memmap", "1");
}

static int device_with_pages(void)
{
	return bound_device() ?: give_pages();
}

static int take_pages(void)
{
	return dax_set(&dax, "extmem/memmap", "0");
}

static int open_device(void)
{
	file = dax_open(&dax);
	return file < 0 ? file : 0;
}

static int device_with_file(void)
{
	return bound_device() ?: open_device();
}

static int close_device(void)
{
	if (file >= 0)
		close(file);
	file = -1;
	return dax_destroy(&dax);
}

static int map_device(void)
{
	char *p = mmap(NULL, 8 * G, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);

	if (p == MAP_FAILED)
		return -errno;
	map = p;
	return 0;
}

static int unmap_device(void)
{
	if (map)
		munmap(map, 8 * G);
	map = NULL;
	return close_device();
}

/* As daxctl does it: what became of it is seen by the driver alone */
static int to_kmem(const char *what)
{
	char path[64];
	int fd, err = 0;

	snprintf(path, sizeof(path), "/sys/bus/dax/drivers/kmem/%s", what);
	fd = open(path, O_WRONLY);
	if (fd < 0)
		return -errno;
	if (write(fd, dax.name, strlen(dax.name)) < 0)
		err = -errno;
	close(fd);
	return err;
}

static int device_for_ram(void)
{
	return dax_create(&dax, 0, BLOCK, BLOCK > G ? G : BLOCK) ?: dax_unbind(&dax);
}

static int make_ram(void)
{
	int err = to_kmem("new_id");

	return err ?: dax_bound(&dax) ? 0 : -ENODEV;
}

static int unmake_ram(void)
{
	if (dax_bound(&dax))
		must(to_kmem("unbind"), "unbind kmem");
	to_kmem("remove_id");
	return dax_destroy(&dax);
}

/* Who uses them */

static int map_for_dma(void)
{
	uint32_t ioas;
	int err = 0;

	other = open("/dev/iommu", O_RDWR);
	if (other < 0)
		return -errno;
	err = ioas_alloc(other, &ioas);
	return err ?: ioas_map_file(other, ioas, SZ_1G, file, 0, 8 * G);
}

static int close_both(void)
{
	if (other >= 0)
		close(other);
	other = -1;
	return close_device();
}

static int keep_device(void)
{
	other = luo_create("fault");
	if (other < 0)
		return other;
	return luo_preserve(other, file, 7);
}

/* A drive that is passed through, each time one step further */

static void find_drive(void)
{
	vfio_find("0x010802", 0, drive);
	if (drive[0])
		must(vfio_take(drive), drive);
}

static int open_drive(void)
{
	int err = device_with_file();

	if (err)
		return err;
	pass = vfio_open(drive);
	if (pass < 0)
		return pass;
	other = open("/dev/iommu", O_RDWR);
	return other < 0 ? -errno : 0;
}

static int bind_drive(void)
{
	return vfio_bind(pass, other);
}

static int drive_bound(void)
{
	return open_drive() ?: bind_drive() ?: ioas_alloc(other, &ioas);
}

static int map_memory(void)
{
	return ioas_map_file(other, ioas, SZ_1G, file, 0, 8 * G);
}

static int drive_mapped(void)
{
	return drive_bound() ?: map_memory();
}

static int attach_drive(void)
{
	return vfio_attach(pass, ioas);
}

static int drive_attached(void)
{
	return drive_bound() ?: attach_drive();
}

/* Memory outlives the kernel by a session, then its mappings, then the drive */
static int session_with_memory(void)
{
	int err = drive_mapped() ?: attach_drive();

	if (err)
		return err;
	session = luo_create("fault");
	return session < 0 ? session : luo_preserve(session, file, 1);
}

static int keep_mappings(void)
{
	return luo_preserve(session, other, 2);
}

static int session_with_mappings(void)
{
	return session_with_memory() ?: keep_mappings();
}

static int keep_drive(void)
{
	return luo_preserve(session, pass, 3);
}

static void close_one(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static int close_drive(void)
{
	close_one(&session);
	close_one(&pass);
	return close_both();
}

struct operation {
	const char *name;
	int (*prepare)(void);
	int (*run)(void);
	/* After either outcome: back to where it was before all */
	int (*clean)(void);
};

static const struct operation operations[] = {
	{ "make", no_prep, make_two, free_it },
	{ "grow", make_two, grow, free_it },
	{ "grow-apart", make_long, grow_apart, free_it },
	{ "shrink", make_two, shrink, free_it },
	{ "shrink-long", make_long, shrink, free_it },
	{ "split", make_two, split, free_both },
	{ "split-long", make_long, split_long, free_both },
	{ "free", make_two, free_again, free_it },
	{ "free-long", make_long, free_again, free_it },
	{ "name", make_two, set_name, free_it },
	{ "persist", make_two, set_persist, free_it },
	{ "preserve", make_two, preserve, unpreserve },
	{ "open", no_prep, open_other, close_other },
	{ "map", hold_two, map_it, unmap_it },
	{ "dax-create", no_prep, create_device, NULL },
	{ "dax-delete", new_device, delete_empty, delete_rest },
	{ "dax-size", new_device, set_size, delete_device },
	{ "dax-grow", sized_device, grow_size, delete_device },
	{ "dax-shrink", sized_device, shrink_size, delete_device },
	{ "dax-no-size", sized_device, drop_size, delete_device },
	{ "dax-align", sized_device, set_align, delete_device },
	{ "dax-range", sized_device, add_range, delete_device },
	{ "dax-bind", sized_device, bind_device, delete_device },
	{ "dax-unbind", bound_device, unbind_device, delete_device },
	{ "dax-name", bound_device, name_device, delete_device },
	{ "dax-pages", bound_device, give_pages, delete_device },
	{ "dax-no-pages", device_with_pages, take_pages, delete_device },
	{ "dax-open", bound_device, open_device, close_device },
	{ "dax-map", device_with_file, map_device, unmap_device },
	{ "dax-ram", device_for_ram, make_ram, unmake_ram },
	{ "ioas-map", device_with_file, map_for_dma, close_both },
	{ "luo-preserve", device_with_file, keep_device, close_both },
	{ "vfio-bind", open_drive, bind_drive, close_drive },
	{ "vfio-attach", drive_mapped, attach_drive, close_drive },
	{ "vfio-map", drive_attached, map_memory, close_drive },
	{ "vfio-mappings", session_with_memory, keep_mappings, close_drive },
	{ "vfio-preserve", session_with_mappings, keep_drive, close_drive },
};

/* How many more allocations there could have been, 0 if one has failed */
static int run_failing(const struct operation *op, unsigned int nth, int *err)
{
	char val[16];
	ssize_t len;

	snprintf(val, sizeof(val), "%u", nth);
	if (pwrite(fail_nth, val, strlen(val), 0) < 0)
		die("fail-nth: %m");
	*err = op->run();
	len = pread(fail_nth, val, sizeof(val) - 1, 0);
	if (pwrite(fail_nth, "0", 1, 0) < 0 || len <= 0)
		die("fail-nth: %m");
	val[len] = 0;
	return atoi(val);
}

static void clean(const struct operation *op, int err)
{
	if (op->clean)
		must(op->clean(), op->name);
	else if (!err)
		must(delete_created(), op->name);
}

/* Returns what is wrong, and tells how many allocations there were */
static const char *try_all(const struct operation *op, unsigned int stride,
			   unsigned int *nth, unsigned int *failed)
{
	uint64_t before, ready;
	const char *wrong = NULL;
	int left, err;

	*failed = 0;
	for (*nth = 1; *nth < MOST; *nth += stride) {
		before = look();
		must(op->prepare(), op->name);
		ready = look();
		left = run_failing(op, *nth, &err);
		if (err && left)
			wrong = "failed though nothing of it did";
		else if (err && !op->clean && look() != ready)
			wrong = "has changed something, and failed";
		*failed += !!err;
		if (err && op->clean && !wrong && op->clean != close_both &&
		    op->clean != unmake_ram && look() != ready)
			wrong = "has changed something, and failed";
		clean(op, err);
		if (!wrong && look() != before)
			wrong = "has left something";
		if (wrong || left)
			break;
	}
	return wrong ?: *nth < MOST ? NULL : "does not end";
}

static void put(const char *path, const char *val)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, val, strlen(val)) < 0)
		die("%s: %m", path);
	close(fd);
}

/* All allocations may fail, and none says so by itself */
static void allow_faults(void)
{
	put("/sys/kernel/debug/failslab/ignore-gfp-wait", "N");
	put("/sys/kernel/debug/failslab/verbose", "0");
	put("/sys/kernel/debug/fail_page_alloc/ignore-gfp-wait", "N");
	put("/sys/kernel/debug/fail_page_alloc/ignore-gfp-highmem", "N");
	put("/sys/kernel/debug/fail_page_alloc/min-order", "0");
	put("/sys/kernel/debug/fail_page_alloc/verbose", "0");
	put("/sys/devices/system/memory/auto_online_blocks", "offline");
	fail_nth = open("/proc/thread-self/fail-nth", O_RDWR);
	if (fail_nth < 0)
		die("fail-nth: %m");
}

static bool wanted(const char *name, int argc, char **argv)
{
	int i;

	for (i = 2; i < argc; i++)
		if (!strcmp(argv[i], name))
			return true;
	return argc <= 2;
}

int main(int argc, char **argv)
{
	unsigned int stride = argc > 1 ? atoi(argv[1]) : 1, n = 0, i, nth, failed;
	const char *wrong;
	int bad = 0;

	if (!stride) {
		fprintf(stderr, "usage: faults [STRIDE [OPERATION...]]\n");
		return 2;
	}
	dev = open(RAW_DEVICE, O_RDWR);
	if (dev < 0)
		die("%s: %m", RAW_DEVICE);
	setvbuf(stdout, NULL, _IOLBF, 0);
	mlockall(MCL_CURRENT | MCL_FUTURE);
	find_drive();
	allow_faults();
	for (i = 0; i < sizeof(operations) / sizeof(*operations); i++) {
		if (!wanted(operations[i].name, argc, argv))
			continue;
		if (operations[i].clean == close_drive && !drive[0])
			die("%s: there is no drive", operations[i].name);
		wrong = try_all(&operations[i], stride, &nth, &failed);
		bad += !!wrong;
		if (wrong)
			printf("not ok %u - %s: %s, at allocation %u\n", ++n,
			       operations[i].name, wrong, nth);
		else
			printf("ok %u - %s: %u allocations, %u of those tried end it\n",
			       ++n, operations[i].name, nth - 1, failed);
	}
	printf("1..%u\n", n);
	return bad > 0;
}
