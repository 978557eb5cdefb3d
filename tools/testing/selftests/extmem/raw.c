// SPDX-License-Identifier: GPL-2.0
/* The test device's calls, see include/uapi/linux/extmem_test.h. */
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "raw.h"

static int call(int fd, unsigned long cmd, void *arg)
{
	return ioctl(fd, cmd, arg) ? -errno : 0;
}

int raw_make(int fd, uint32_t node, uint64_t start, uint64_t size, uint64_t align,
	     uint64_t *id)
{
	struct extmem_test_make make = {
		.node = node,
		.start = start,
		.size = size,
		.align = align,
	};
	int err = call(fd, EXTMEM_TEST_MAKE, &make);

	if (!err)
		*id = make.id;
	return err;
}

int raw_grow(int fd, uint64_t id, uint64_t start, uint64_t size, uint64_t align)
{
	struct extmem_test_grow grow = { id, start, size, align };

	return call(fd, EXTMEM_TEST_GROW, &grow);
}

int raw_shrink(int fd, uint64_t id, uint64_t size)
{
	struct extmem_test_cut cut = { .id = id, .size = size };

	return call(fd, EXTMEM_TEST_SHRINK, &cut);
}

int raw_split(int fd, uint64_t id, uint64_t size, uint64_t *tail)
{
	struct extmem_test_cut cut = { .id = id, .size = size };
	int err = call(fd, EXTMEM_TEST_SPLIT, &cut);

	if (!err)
		*tail = cut.tail;
	return err;
}

int raw_free(int fd, uint64_t id)
{
	return call(fd, EXTMEM_TEST_FREE, &id);
}

int raw_name(int fd, uint64_t id, const char *name)
{
	struct extmem_test_name arg = { .id = id };

	/* One that is too long stays so: it has no zero at its end */
	memcpy(arg.name, name, strnlen(name, sizeof(arg.name)));
	return call(fd, EXTMEM_TEST_SET_NAME, &arg);
}

static int set(int fd, unsigned long cmd, uint64_t id, uint64_t which, uint64_t value)
{
	struct extmem_test_set arg = { id, which, value };

	return call(fd, cmd, &arg);
}

int raw_word(int fd, uint64_t id, uint64_t which, uint64_t value)
{
	return set(fd, EXTMEM_TEST_WORD, id, which, value);
}

int raw_persist(int fd, uint64_t id, uint64_t value)
{
	return set(fd, EXTMEM_TEST_PERSIST, id, 0, value);
}

int raw_preserve(int fd, uint64_t id, uint64_t value)
{
	return set(fd, EXTMEM_TEST_PRESERVE, id, 0, value);
}

int raw_finish(int fd, uint64_t id)
{
	return call(fd, EXTMEM_TEST_FINISH, &id);
}

int raw_hold(int fd, uint64_t id)
{
	return call(fd, EXTMEM_TEST_HOLD, &id);
}

int raw_poison(int fd, uint64_t pa)
{
	return call(fd, EXTMEM_TEST_POISON, &pa);
}

int raw_next(int fd, uint64_t above, struct extmem_test_info *info)
{
	memset(info, 0, sizeof(*info));
	info->id = above;
	return call(fd, EXTMEM_TEST_NEXT, info);
}

int raw_info(int fd, uint64_t id, struct extmem_test_info *info)
{
	int err = raw_next(fd, id - 1, info);

	return err ?: info->id == id ? 0 : -ENOENT;
}

int raw_extent(int fd, uint64_t id, uint64_t index, struct extmem_test_extent *extent)
{
	*extent = (struct extmem_test_extent) { .id = id, .index = index };
	return call(fd, EXTMEM_TEST_EXTENT, extent);
}

int raw_counters(int fd, uint32_t node, struct extmem_test_counters *counters)
{
	memset(counters, 0, sizeof(*counters));
	counters->node = node;
	return call(fd, EXTMEM_TEST_COUNTERS, counters);
}

void *raw_map(int fd, uint64_t id, uint64_t offset, size_t len)
{
	void *map;

	if (raw_hold(fd, id))
		return MAP_FAILED;
	map = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset);
	raw_hold(fd, 0);
	return map;
}

/* Out of sight of the compiler, so that each is one access */
uint64_t raw_peek(const char *p)
{
	return *(const uint64_t *)p;
}

void raw_poke(char *p, uint64_t word)
{
	*(uint64_t *)p = word;
}
