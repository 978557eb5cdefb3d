// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dax_dev.h"

#define BUS	"/sys/bus/dax"
#define REGION	"/sys/bus/platform/devices/extmem.%d/dax_region/%s"

int dax_region(void)
{
	const char *region = getenv("EXTMEM_REGION");

	return region ? atoi(region) : 0;
}

static int write_file(const char *path, const char *fmt, ...)
{
	char val[128];
	va_list args;
	int fd, len, rc;

	va_start(args, fmt);
	len = vsnprintf(val, sizeof(val), fmt, args);
	va_end(args);

	fd = open(path, O_WRONLY);
	if (fd < 0)
		return -errno;
	rc = write(fd, val, len) == len ? 0 : -errno;
	close(fd);
	return rc;
}

static int read_file(const char *path, char *val, size_t size)
{
	int fd = open(path, O_RDONLY);
	ssize_t len;

	if (fd < 0)
		return -errno;
	len = read(fd, val, size - 1);
	close(fd);
	if (len < 0)
		return -errno;
	val[len] = '\0';
	val[strcspn(val, "\n")] = '\0';
	return 0;
}

static long long read_number(const char *path)
{
	char val[64];
	int rc = read_file(path, val, sizeof(val));

	return rc ? rc : strtoll(val, NULL, 0);
}

static const char *dev_path(const struct dax_dev *dev, const char *attr)
{
	static char path[256];

	snprintf(path, sizeof(path), BUS "/devices/%s/%s", dev->name, attr);
	return path;
}

static const char *region_path(int region, const char *attr)
{
	static char path[256];

	snprintf(path, sizeof(path), REGION, region, attr);
	return path;
}

long long dax_region_available(int region)
{
	return read_number(region_path(region, "available_size"));
}

/* A device without memory; "create" then names the youngest one. */
int dax_new(struct dax_dev *dev, int region)
{
	int rc = write_file(region_path(region, "create"), "1");

	if (rc)
		return rc;
	dev->region = region;
	return read_file(region_path(region, "create"), dev->name,
			 sizeof(dev->name));
}

int dax_seed(struct dax_dev *dev, int region)
{
	dev->region = region;
	return read_file(region_path(region, "seed"), dev->name, sizeof(dev->name));
}

int dax_new_seed(struct dax_dev *dev, int region)
{
	int rc = write_file(region_path(region, "create"), "1");

	return rc ? rc : dax_seed(dev, region);
}

int dax_create(struct dax_dev *dev, int region, size_t size, size_t align)
{
	int rc = dax_new(dev, region);

	if (rc)
		return rc;
	rc = dax_set_align(dev, align);
	if (!rc)
		rc = dax_set_size(dev, size);
	if (!rc)
		rc = dax_bind(dev);
	if (rc)
		dax_destroy(dev);
	return rc;
}

int dax_set_size(const struct dax_dev *dev, size_t size)
{
	return write_file(dev_path(dev, "size"), "%zu", size);
}

int dax_set_align(const struct dax_dev *dev, size_t align)
{
	return write_file(dev_path(dev, "align"), "%zu", align);
}

int dax_set(const struct dax_dev *dev, const char *attr, const char *val)
{
	return write_file(dev_path(dev, attr), "%s", val);
}

int dax_add_range(const struct dax_dev *dev, unsigned long start, size_t size)
{
	return write_file(dev_path(dev, "mapping"), "%lx-%lx", start,
			  start + size - 1);
}

int dax_bind(const struct dax_dev *dev)
{
	return write_file(BUS "/drivers/device_dax/bind", "%s", dev->name);
}

int dax_unbind(const struct dax_dev *dev)
{
	return write_file(BUS "/drivers/device_dax/unbind", "%s", dev->name);
}

int dax_delete(const struct dax_dev *dev)
{
	return write_file(region_path(dev->region, "delete"), "%s", dev->name);
}

int dax_destroy(const struct dax_dev *dev)
{
	int rc = dax_bound(dev) ? dax_unbind(dev) : 0;

	if (!rc)
		rc = dax_set_size(dev, 0);
	return rc ? rc : dax_delete(dev);
}

bool dax_bound(const struct dax_dev *dev)
{
	return !access(dev_path(dev, "driver"), F_OK);
}

long long dax_get(const struct dax_dev *dev, const char *attr)
{
	return read_number(dev_path(dev, attr));
}

int dax_open(const struct dax_dev *dev)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/dev/%s", dev->name);
	fd = open(path, O_RDWR);
	return fd < 0 ? -errno : fd;
}

/* Map a device and keep nothing of it open; MAP_FAILED with errno set. */
void *dax_map(const struct dax_dev *dev, void *addr, size_t len, size_t off)
{
	int err, fd = dax_open(dev);
	void *p;

	if (fd < 0) {
		errno = -fd;
		return MAP_FAILED;
	}
	p = mmap(addr, len, PROT_READ | PROT_WRITE,
		 MAP_SHARED | (addr ? MAP_FIXED : 0), fd, off);
	err = errno;
	close(fd);
	errno = err;
	return p;
}

bool dax_refuses_all(const struct dax_dev *dev, size_t size, size_t align)
{
	return dax_unbind(dev) == -EBUSY && dax_bound(dev) &&
	       dax_set_size(dev, 0) == -EBUSY &&
	       dax_set_size(dev, size / 2) == -EBUSY &&
	       dax_set_size(dev, size + SZ_2M) == -EBUSY &&
	       dax_set_align(dev, align == SZ_4K ? SZ_2M : SZ_4K) == -EBUSY &&
	       dax_delete(dev) == -EBUSY &&
	       dax_get(dev, "size") == size && dax_get(dev, "align") == align;
}

char peek(const char *p)
{
	return *p;
}

void poke(char *p, char val)
{
	*p = val;
}

uint64_t dax_word(uint64_t seed, size_t off)
{
	return (seed + off) * 0x9e3779b97f4a7c15ULL | 1;
}

size_t dax_bad_pages(const char *p, size_t size, uint64_t seed)
{
	size_t off, bad = 0;

	for (off = 0; off < size; off += SZ_4K)
		bad += *(uint64_t *)(p + off) != dax_word(seed, off);
	return bad;
}

long long vmstat_get(const char *name)
{
	char line[128], key[64];
	long long val = -1, n;
	FILE *f = fopen("/proc/vmstat", "r");

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%63s %lld", key, &n) == 2 && !strcmp(key, name))
			val = n;
	if (f)
		fclose(f);
	return val;
}

/* Every 512 bytes begin with a word that depends on @seed and on the place. */
static unsigned long word(size_t off, unsigned long seed)
{
	return (off + seed) * 0x9e3779b97f4a7c15UL | 1;
}

void fill_words(char *p, size_t size, unsigned long seed)
{
	size_t off;

	for (off = 0; off < size; off += 512)
		*(unsigned long *)(p + off) = word(off, seed);
}

bool has_words(const char *p, size_t size, unsigned long seed)
{
	size_t off;

	for (off = 0; off < size; off += 512)
		if (*(unsigned long *)(p + off) != word(off, seed))
			return false;
	return true;
}
