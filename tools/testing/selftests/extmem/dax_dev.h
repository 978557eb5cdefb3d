/* SPDX-License-Identifier: GPL-2.0 */
#ifndef DAX_DEV_H
#define DAX_DEV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Clearing gigabytes takes an emulator its time. */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT	300

#define SZ_4K	0x1000UL
#define SZ_2M	0x200000UL
#define SZ_1G	0x40000000UL

/* A device of an extmem pool, driven through sysfs as libdaxctl does it. */
struct dax_dev {
	char name[32];
	int region;
};

/* The region to test: that of the environment's EXTMEM_REGION, or 0. */
int dax_region(void);

/* Functions return 0 or a negative errno; dax_get() a negative one, too. */
long long dax_region_available(int region);
int dax_new(struct dax_dev *dev, int region);
/* The device whose name is in "seed" for the caller */
int dax_seed(struct dax_dev *dev, int region);
/* As libdaxctl does it: "create", and then the name is in "seed". */
int dax_new_seed(struct dax_dev *dev, int region);
int dax_create(struct dax_dev *dev, int region, size_t size, size_t align);
int dax_set_size(const struct dax_dev *dev, size_t size);
int dax_set_align(const struct dax_dev *dev, size_t align);
int dax_set(const struct dax_dev *dev, const char *attr, const char *val);
int dax_add_range(const struct dax_dev *dev, unsigned long start, size_t size);
int dax_bind(const struct dax_dev *dev);
int dax_unbind(const struct dax_dev *dev);
int dax_delete(const struct dax_dev *dev);
int dax_destroy(const struct dax_dev *dev);
bool dax_bound(const struct dax_dev *dev);
/* A device in use: every change is -EBUSY, and it is what it was. */
bool dax_refuses_all(const struct dax_dev *dev, size_t size, size_t align);
long long dax_get(const struct dax_dev *dev, const char *attr);
int dax_open(const struct dax_dev *dev);
void *dax_map(const struct dax_dev *dev, void *addr, size_t len, size_t off);

/*
 * Every 4 KiB of a filled device begin with a word that depends on the seed and on
 * where it lies in the device.
 */
uint64_t dax_word(uint64_t seed, size_t off);
size_t dax_bad_pages(const char *p, size_t size, uint64_t seed);

/* One byte of memory, for sure; the compiler does not see through these. */
char peek(const char *p);
void poke(char *p, char val);

/* A counter of /proc/vmstat, or -1. */
long long vmstat_get(const char *name);

/* A pattern, and whether it is there. */
void fill_words(char *p, size_t size, unsigned long seed);
bool has_words(const char *p, size_t size, unsigned long seed);

#endif /* DAX_DEV_H */
