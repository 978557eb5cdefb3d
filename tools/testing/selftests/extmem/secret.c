// SPDX-License-Identifier: GPL-2.0
/*
 * secret: plant patterns and look for them where they must not be.
 *
 *   secret hold DEV KEY MEMKEY    map the device, plant KEY in it and MEMKEY in
 *                                 ordinary memory, say so, stay
 *   secret abort DEV KEY MEMKEY   the same, then ask for the device to be in
 *                                 the core dump, and dump core
 *   secret find FILE KEY...       which of them are in the file
 *   secret kcore START KEY...     the same for /proc/kcore, the kernel's image
 *                                 of memory, and what it has at address START
 *
 * A pattern is never in one piece but where it was planted: it is computed
 * word by word.
 */
#define _FILE_OFFSET_BITS 64
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/elf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dax_dev.h"

#define WORDS		8
#define MEM_SIZE	(16 * SZ_4K)
#define CHUNK		(256 * SZ_4K)

/* From here on the kernel itself is mapped, and its memory a second time */
#define KERNEL_TEXT	0xffffffff80000000ULL

/* The chunk, and before it the end of the one before */
static uint64_t window[CHUNK / 8 + WORDS];

static uint64_t word(uint64_t key, unsigned int i)
{
	uint64_t x = (key << 8 | i) * 0x9e3779b97f4a7c15ULL;

	x = (x ^ x >> 29) * 0xbf58476d1ce4e5b9ULL;
	return (x ^ x >> 32) | 1;
}

static void plant(char *mem, uint64_t key)
{
	uint64_t *p = (void *)mem;
	unsigned int i;

	for (i = 0; i < WORDS; i++)
		__atomic_store_n(p + i, word(key, i), __ATOMIC_RELAXED);
}

static char *plant_device(const char *name, uint64_t key, size_t *size)
{
	struct dax_dev dev = {};
	size_t off;
	char *p;

	strncpy(dev.name, name, sizeof(dev.name) - 1);
	*size = dax_get(&dev, "size");
	p = dax_map(&dev, NULL, *size, 0);
	if (p == MAP_FAILED)
		err(2, "%s", name);
	for (off = 0; off < *size; off += SZ_2M) {
		plant(p + off, key);
		plant(p + off + SZ_2M - SZ_4K, key);
	}
	return p;
}

static void plant_memory(uint64_t key)
{
	char *p = mmap(NULL, MEM_SIZE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t off;

	if (p == MAP_FAILED)
		err(2, "memory");
	for (off = 0; off < MEM_SIZE; off += SZ_4K)
		plant(p + off, key);
}

static int hold(char **arg, bool dump)
{
	size_t size;
	char *p;

	p = plant_device(arg[0], strtoull(arg[1], NULL, 0), &size);
	plant_memory(strtoull(arg[2], NULL, 0));
	printf("planted\n");
	fflush(stdout);
	if (!dump)
		return pause();
	printf("MADV_DODUMP: %s\n",
	       madvise(p, size, MADV_DODUMP) ? strerror(errno) : "taken");
	fflush(stdout);
	abort();
}

static unsigned long count(const uint64_t *w, size_t n, uint64_t key)
{
	const uint64_t first = word(key, 0);
	unsigned long hits = 0;
	unsigned int k;
	size_t i;

	for (i = 0; i + WORDS <= n; i++) {
		if (w[i] != first)
			continue;
		for (k = 1; k < WORDS && w[i + k] == word(key, k); k++)
			;
		hits += k == WORDS;
	}
	return hits;
}

/* Look through a part of a file, which is on 8 bytes, as is what is sought */
static void scan(int fd, off_t at, uint64_t len, char **key, unsigned long *hits)
{
	uint64_t *chunk = window + WORDS;
	unsigned int i;
	ssize_t got;

	memset(window, 0, WORDS * 8);
	for (; len; at += got, len -= got) {
		got = pread(fd, chunk, len < CHUNK ? len : CHUNK, at);
		if (got < 0)
			err(2, "read at %#llx", (unsigned long long)at);
		if (got < 8)
			return;
		got &= ~7;
		/* one word less of the past, so that no hit counts twice */
		for (i = 0; key[i]; i++)
			hits[i] += count(window + 1, WORDS - 1 + got / 8,
					 strtoull(key[i], NULL, 0));
		memmove(window, (char *)chunk + got - WORDS * 8, WORDS * 8);
	}
}

static void report(char **key, const unsigned long *hits)
{
	unsigned int i;

	for (i = 0; key[i]; i++)
		printf("%s: %s\n", key[i], hits[i] ? "found" : "absent");
}

static int open_or_die(const char *file)
{
	int fd = open(file, O_RDONLY);

	if (fd < 0)
		err(2, "%s", file);
	return fd;
}

static int find(char **arg)
{
	unsigned long hits[8] = {};

	scan(open_or_die(arg[0]), 0, INT64_MAX & ~7ULL, arg + 1, hits);
	report(arg + 1, hits);
	return 0;
}

/* What a read finds where a physical address would be, were it in the image */
static void look_at(int fd, const struct elf64_phdr *ram, uint64_t pa)
{
	uint64_t w[512] = {};
	unsigned int i;
	ssize_t got;

	got = pread(fd, w, sizeof(w), ram->p_offset + (pa - ram->p_paddr));
	if (got < 0) {
		printf("at %#llx: %s\n", (unsigned long long)pa, strerror(errno));
		return;
	}
	for (i = 0; i < 512 && !w[i]; i++)
		;
	printf("at %#llx: %s\n", (unsigned long long)pa,
	       got && i < 512 ? "something" : "nothing");
}

static int image(char **arg)
{
	uint64_t pa = strtoull(arg[0], NULL, 0);
	int fd = open_or_die("/proc/kcore");
	const struct elf64_phdr *ph, *ram = NULL;
	unsigned long hits[8] = {};
	static char head[SZ_4K];
	struct elf64_hdr *eh = (void *)head;
	unsigned int i, over = 0;

	if (pread(fd, head, sizeof(head), 0) != sizeof(head))
		err(2, "/proc/kcore");
	for (i = 0; i < eh->e_phnum; i++) {
		ph = (void *)(head + eh->e_phoff + i * sizeof(*ph));
		if (ph->p_type != PT_LOAD || ph->p_paddr + 1 <= 1)
			continue;
		if (ph->p_vaddr >= KERNEL_TEXT)
			continue;
		ram = ph;
		over += pa >= ph->p_paddr && pa < ph->p_paddr + ph->p_memsz;
		scan(fd, ph->p_offset, ph->p_filesz, arg + 1, hits);
	}
	report(arg + 1, hits);
	printf("segments with it: %u\n", over);
	if (ram)
		look_at(fd, ram, pa);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 5 && !strcmp(argv[1], "hold"))
		return hold(argv + 2, false);
	if (argc == 5 && !strcmp(argv[1], "abort"))
		return hold(argv + 2, true);
	if (argc > 3 && argc < 11 && !strcmp(argv[1], "find"))
		return find(argv + 2);
	if (argc > 3 && argc < 11 && !strcmp(argv[1], "kcore"))
		return image(argv + 2);
	fprintf(stderr, "usage: secret hold|abort DEV KEY MEMKEY\n"
			"       secret find FILE KEY...\n"
			"       secret kcore START KEY...\n");
	return 2;
}
