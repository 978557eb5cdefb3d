// SPDX-License-Identifier: GPL-2.0
/* Three quarters of the guest's memory, filled so that no two words agree. */
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "guest.h"

#define HUGE	(2UL << 20)
#define PFN(e)	((e) & ((1ULL << 55) - 1))

static uint64_t *words;
static uint64_t nr_words;
static uint64_t seed;

/* A word says where it belongs: one moved elsewhere is found, too. */
static uint64_t word(uint64_t i)
{
	return (i + seed) * 0x9e3779b97f4a7c15ULL;
}

uint64_t pattern_size(void)
{
	return nr_words * sizeof(*words);
}

static uint64_t guest_physical(const void *p)
{
	long page = sysconf(_SC_PAGESIZE);
	uint64_t entry = 0;
	int fd = open("/proc/self/pagemap", O_RDONLY);

	if (fd < 0 || pread(fd, &entry, sizeof(entry), (uintptr_t)p / page *
			    sizeof(entry)) != sizeof(entry))
		fail("/proc/self/pagemap");
	close(fd);
	return PFN(entry) * page + (uintptr_t)p % page;
}

uint64_t pattern_middle(void)
{
	return guest_physical(words + nr_words / 2);
}

void pattern_fill(uint64_t new_seed)
{
	struct sysinfo info;
	uint64_t i, size;

	if (sysinfo(&info))
		fail("sysinfo");
	size = info.totalram / 4 * 3 * info.mem_unit & ~(HUGE - 1);
	words = mmap(NULL, size, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (words == MAP_FAILED)
		fail("mmap");
	madvise(words, size, MADV_HUGEPAGE);	/* only saves time */
	nr_words = size / sizeof(*words);
	seed = new_seed;
	for (i = 0; i < nr_words; i++)
		words[i] = word(i);
}

static void add_damage(struct damage *damage, uint64_t i)
{
	uint64_t diff = words[i] ^ word(i);
	unsigned int byte;

	for (byte = 0; byte < sizeof(diff); byte++, diff >>= 8) {
		if (!(diff & 0xff))
			continue;
		if (!damage->bad++)
			damage->first = guest_physical((char *)&words[i] + byte);
	}
}

void pattern_verify(struct damage *damage)
{
	uint64_t i;

	*damage = (struct damage){};
	for (i = 0; i < nr_words; i++)
		if (words[i] != word(i))
			add_damage(damage, i);
}
