/* SPDX-License-Identifier: GPL-2.0 */
#ifndef RAW_H
#define RAW_H

#include <stdint.h>
#include <sys/types.h>

#include <linux/extmem_test.h>

#define RAW_DEVICE	"/dev/extmem_test"
#define RAW_GRANULE	0x200000UL
#define RAW_GIG		0x40000000UL

/* Raw claims by the test device. Functions return 0 or a negative errno. */
int raw_make(int fd, uint32_t node, uint64_t start, uint64_t size, uint64_t align,
	     uint64_t *id);
int raw_grow(int fd, uint64_t id, uint64_t start, uint64_t size, uint64_t align);
int raw_shrink(int fd, uint64_t id, uint64_t size);
int raw_split(int fd, uint64_t id, uint64_t size, uint64_t *tail);
int raw_free(int fd, uint64_t id);
int raw_name(int fd, uint64_t id, const char *name);
int raw_word(int fd, uint64_t id, uint64_t which, uint64_t value);
int raw_persist(int fd, uint64_t id, uint64_t value);
int raw_preserve(int fd, uint64_t id, uint64_t value);
int raw_finish(int fd, uint64_t id);
int raw_hold(int fd, uint64_t id);
int raw_poison(int fd, uint64_t pa);
int raw_next(int fd, uint64_t above, struct extmem_test_info *info);
int raw_info(int fd, uint64_t id, struct extmem_test_info *info);
int raw_extent(int fd, uint64_t id, uint64_t index, struct extmem_test_extent *extent);
int raw_counters(int fd, uint32_t node, struct extmem_test_counters *counters);

/* Map part of a claim; the file holds nothing afterwards. MAP_FAILED if it can't be. */
void *raw_map(int fd, uint64_t id, uint64_t offset, size_t len);

/* A word of memory */
uint64_t raw_peek(const char *p);
void raw_poke(char *p, uint64_t word);

#endif /* RAW_H */
