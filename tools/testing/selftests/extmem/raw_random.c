// SPDX-License-Identifier: GPL-2.0
/*
 * Random operations on raw claims, against a model in this process: each must end as
 * the model says, and what the kernel tells of its claims must be the model's. The
 * model is kept in a file, so that it goes on after a kexec.
 *
 *   raw_random SEED OPERATIONS FILE
 *
 * FILE that exists is the model as the former kernel left it. Every claim is read and
 * compared first, and last.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "raw.h"

#define NODES		2
#define GRANULES	1536	/* of a pool, at most */
#define GIG_GRANULES	512
#define CLAIMS		96
#define FILES		6
#define MAPPINGS	6
#define MAX_POISON	24
#define ANY		EXTMEM_TEST_ANYWHERE
#define G		RAW_GRANULE

/* Who has a granule: nobody, a claim by its slot, or the quarantine */
#define FREE		0
#define QUARANTINE	(-1)

struct granule {
	int owner;
	bool bad;
	bool clean;	/* of a claim, and nothing was written */
	uint64_t tag;	/* the first word of its claim's bytes */
};

struct node {
	uint64_t start;
	int nr;
	int nr_bad_pages;
	struct granule granule[GRANULES];
};

struct claim {
	uint64_t id;	/* 0: the slot is free */
	int node;
	int nr;
	int16_t granule[GRANULES];
	uint64_t word[EXTMEM_TEST_WORDS];
	uint8_t uuid[16];
	char name[EXTMEM_TEST_NAME];
	bool persists;
	bool preserved;
	bool due;
	int refs;
};

struct mapping {
	char *addr;
	size_t len;
	int slot;
	int refs;
};

/* What goes to the file, but for files and mappings, which end with the process */
static struct model {
	uint64_t rnd;
	uint64_t generation;
	uint64_t last_id;
	struct node node[NODES];
	struct claim claim[CLAIMS + 1];
} m;

static struct file {
	int fd;
	int slot;
} file[FILES];

static struct mapping mapping[MAPPINGS];
static int dev;
static unsigned long nr_ops, nr_failed, nr_wanted;
static const char *op = "start";

static void die(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fprintf(stderr, "raw_random: operation %lu (%s): ", nr_ops, op);
	vfprintf(stderr, fmt, args);
	fprintf(stderr, "\n");
	va_end(args);
	exit(1);
}

/* xorshift64* */
static uint32_t below(uint32_t n)
{
	m.rnd ^= m.rnd >> 12;
	m.rnd ^= m.rnd << 25;
	m.rnd ^= m.rnd >> 27;
	return (uint32_t)((m.rnd * 0x2545f4914f6cdd1dULL) >> 32) % n;
}

static bool one_in(uint32_t n)
{
	return !below(n);
}

static void expect(int want, int got)
{
	if (want != got)
		die("ended with %d, should have with %d", got, want);
	nr_failed += want != 0;
}

/* The model */

static int nr_free(const struct node *node)
{
	int i, nr = 0;

	for (i = 0; i < node->nr; i++)
		nr += node->granule[i].owner == FREE;
	return nr;
}

static int nr_whole(const struct node *node)
{
	int gig, i, nr = 0;

	for (gig = 0; gig + GIG_GRANULES <= node->nr; gig += GIG_GRANULES) {
		for (i = 0; i < GIG_GRANULES && node->granule[gig + i].owner == FREE; i++)
			;
		nr += i == GIG_GRANULES;
	}
	return nr;
}

static bool all_free(const struct node *node, int first, int nr)
{
	while (nr--)
		if (node->granule[first + nr].owner != FREE)
			return false;
	return true;
}

static bool is_fixed(const struct claim *c)
{
	return c->preserved || c->due;
}

static int slot_of(const struct claim *c)
{
	return c - m.claim;
}

static struct claim *free_slot(void)
{
	int i;

	for (i = 1; i <= CLAIMS; i++)
		if (!m.claim[i].id)
			return &m.claim[i];
	return NULL;
}

static struct claim *any_claim(void)
{
	int i = 1 + below(CLAIMS), tries = CLAIMS;

	while (!m.claim[i].id && tries--)
		i = i % CLAIMS + 1;
	return m.claim[i].id ? &m.claim[i] : NULL;
}

static void release(struct claim *c, int keep)
{
	struct node *node = &m.node[c->node];

	while (c->nr > keep) {
		struct granule *g = &node->granule[c->granule[--c->nr]];

		g->owner = g->bad ? QUARANTINE : FREE;
	}
}

static void end_claim(struct claim *c)
{
	release(c, 0);
	memset(c, 0, sizeof(*c));
}

/* What asking for memory should end with */
static int want_memory(int n, uint64_t start, uint64_t size, uint64_t align)
{
	const struct node *node = &m.node[n];
	uint64_t end = node->start + node->nr * G;

	if ((align != G && align != RAW_GIG) || !size || size % align)
		return -EINVAL;
	if (start != ANY) {
		if (start % align || start < node->start || start >= end ||
		    size > end - start)
			return -EINVAL;
		return all_free(node, (start - node->start) / G, size / G) ? 0 : -EBUSY;
	}
	if (align == RAW_GIG)
		return size / RAW_GIG > nr_whole(node) ? -ENOSPC : 0;
	return size / G > nr_free(node) ? -ENOSPC : 0;
}

/* What the kernel says */

static int read_granules(const struct claim *c, int16_t *granule, int nr_extents)
{
	const struct node *node = &m.node[c->node];
	struct extmem_test_extent extent;
	int i, nr = 0;
	uint64_t off;

	for (i = 0; i < nr_extents; i++) {
		expect(0, raw_extent(dev, c->id, i, &extent));
		if (extent.start < node->start || extent.start % G || extent.size % G ||
		    !extent.size || extent.start + extent.size > node->start + node->nr * G)
			die("claim %lu: extent %#lx of %#lx", (long)c->id,
			    (long)extent.start, (long)extent.size);
		for (off = 0; off < extent.size; off += G) {
			if (nr == node->nr)
				die("claim %lu: has more than there is", (long)c->id);
			granule[nr++] = (extent.start + off - node->start) / G;
		}
	}
	return nr;
}

static uint32_t flags_of(const struct claim *c)
{
	return (c->persists ? EXTMEM_TEST_PERSISTS : 0) |
	       (c->refs ? EXTMEM_TEST_BUSY : 0) |
	       (c->preserved ? EXTMEM_TEST_PRESERVED : 0) |
	       (c->due ? EXTMEM_TEST_DUE : 0);
}

static void compare_claim(const struct claim *c, const struct extmem_test_info *info)
{
	int16_t granule[GRANULES];

	if (info->id != c->id || info->node != c->node || info->size != c->nr * G ||
	    info->flags != flags_of(c) || strcmp(info->name, c->name))
		die("claim %lu node %u size %#lx flags %#x name '%s', wanted %lu %d %#lx %#x '%s'",
		    (long)info->id, info->node, (long)info->size, info->flags, info->name,
		    (long)c->id, c->node, c->nr * G, flags_of(c), c->name);
	if (memcmp(info->word, c->word, sizeof(c->word)) ||
	    memcmp(info->uuid, c->uuid, sizeof(c->uuid)))
		die("claim %lu: has other words, or another uuid", (long)c->id);
	if (read_granules(c, granule, info->nr_extents) != c->nr ||
	    memcmp(granule, c->granule, c->nr * sizeof(*granule)))
		die("claim %lu: has other memory", (long)c->id);
}

/* By ascending id, as the kernel lists them */
static struct claim *next_claim(uint64_t above)
{
	struct claim *best = NULL;
	int i;

	for (i = 1; i <= CLAIMS; i++)
		if (m.claim[i].id > above && (!best || m.claim[i].id < best->id))
			best = &m.claim[i];
	return best;
}

static void compare_counter(int n, const char *name, uint64_t want, uint64_t got)
{
	if (want != got)
		die("node %d: %s is %lu, should be %lu", n, name, (long)got, (long)want);
}

static void compare_counters(int n)
{
	struct node *node = &m.node[n];
	struct extmem_test_counters now;
	uint64_t refs = 0, claims = 0, quarantined = 0;
	int i;

	for (i = 1; i <= CLAIMS; i++) {
		if (!m.claim[i].id || m.claim[i].node != n)
			continue;
		claims++;
		refs += m.claim[i].refs;
	}
	for (i = 0; i < node->nr; i++)
		quarantined += node->granule[i].owner == QUARANTINE;
	expect(0, raw_counters(dev, n, &now));
	compare_counter(n, "total", node->nr * G, now.total);
	compare_counter(n, "free", nr_free(node) * G, now.free);
	compare_counter(n, "quarantined", quarantined * G, now.quarantined);
	compare_counter(n, "claims", claims, now.claims);
	compare_counter(n, "poisoned", node->nr_bad_pages * 4096UL, now.poisoned);
	compare_counter(n, "references", refs, now.references);
	compare_counter(n, "generation", m.generation, now.generation);
	if (now.dirty > now.free)
		die("node %d: more is dirty than free", n);
}

static void compare_all(void)
{
	struct extmem_test_info info;
	struct claim *c = NULL;
	uint64_t id = 0;
	int n;

	while ((c = next_claim(id))) {
		expect(0, raw_next(dev, id, &info));
		compare_claim(c, &info);
		id = c->id;
	}
	expect(-ENOENT, raw_next(dev, id, &info));
	for (n = 0; n < NODES; n++)
		compare_counters(n);
}

/* Its bytes. A page but the first of a granule may be bad */

static sigjmp_buf bus_error;

static void on_bus_error(int sig)
{
	siglongjmp(bus_error, 1);
}

static void look_at_granule(struct claim *c, int i)
{
	struct granule *g = &m.node[c->node].granule[c->granule[i]];
	char *p = raw_map(dev, c->id, i * G, G);

	if (p == MAP_FAILED)
		die("claim %lu: granule %d can't be mapped", (long)c->id, i);
	if (sigsetjmp(bus_error, 1))
		die("claim %lu: SIGBUS at granule %d", (long)c->id, i);
	if (raw_peek(p) != g->tag)
		die("claim %lu: granule %d reads %#lx, should %#lx", (long)c->id, i,
		    (long)raw_peek(p), (long)g->tag);
	if (g->clean && !g->bad && raw_peek(p + 4096 * below(512) + 8 * below(512)))
		die("claim %lu: granule %d is not clean", (long)c->id, i);
	if (!one_in(3)) {
		g->tag = c->id << 20 | c->granule[i] << 4 | (1 + below(15));
		raw_poke(p, g->tag);
		if (!g->bad)
			raw_poke(p + 4096 * below(512) + 4088, g->tag);
		g->clean = false;
	}
	munmap(p, G);
}

static void look_at(struct claim *c, int first, int times)
{
	if (first < c->nr)
		while (times--)
			look_at_granule(c, first + below(c->nr - first));
}

/* Operations */

/* What a claim has from its granule number @had on is new to it */
static void take_memory(struct claim *c, int nr_extents, uint64_t start, uint64_t size,
			uint64_t align)
{
	struct node *node = &m.node[c->node];
	int16_t granule[GRANULES];
	int had = c->nr, i, nr = read_granules(c, granule, nr_extents);

	if (nr != had + size / G || memcmp(granule, c->granule, had * sizeof(*granule)))
		die("claim %lu: has not what it asked for", (long)c->id);
	for (i = had; i < nr; i++) {
		struct granule *g = &node->granule[granule[i]];

		if (g->owner != FREE)
			die("claim %lu: granule %d is handed out twice", (long)c->id,
			    granule[i]);
		if (start != ANY && granule[i] != (start - node->start) / G + i - had)
			die("claim %lu: is not where it should be", (long)c->id);
		if (align == RAW_GIG && granule[i] % GIG_GRANULES != (i - had) % GIG_GRANULES)
			die("claim %lu: is not aligned", (long)c->id);
		*g = (struct granule) { .owner = slot_of(c), .clean = true };
		c->granule[i] = granule[i];
	}
	c->nr = nr;
	if (c->due || !one_in(4))
		return;
	look_at(c, had, 2);
}

static uint64_t some_size(uint64_t align)
{
	if (one_in(40))
		return one_in(2) ? 0 : align * (1 + below(2000)) + below(2) * 4096;
	if (align == RAW_GIG)
		return RAW_GIG;
	return G * (one_in(12) ? 1 + below(300) : 1 + below(6));
}

static uint64_t some_align(void)
{
	if (one_in(60))
		return one_in(2) ? below(8) * 4096 : 2 * RAW_GIG;
	return one_in(25) ? RAW_GIG : G;
}

static uint64_t some_start(int n)
{
	const struct node *node = &m.node[n];

	if (!one_in(3))
		return ANY;
	if (one_in(30))
		return node->start + below(3) * 4096 - G * below(2);
	return node->start + G * below(node->nr + 2);
}

static void do_make(void)
{
	uint64_t align = some_align(), size = some_size(align), start, id;
	struct claim *c = free_slot();
	struct extmem_test_info info;
	int n = below(NODES), want, i;

	if (!c)
		return;
	start = some_start(n);
	want = want_memory(n, start, size, align);
	expect(want, raw_make(dev, n, start, size, align, &id));
	if (want)
		return;
	if (id <= m.last_id)
		die("id %lu is no new one", (long)id);
	m.last_id = id;
	*c = (struct claim) { .id = id, .node = n, .persists = true };
	expect(0, raw_info(dev, id, &info));
	memcpy(c->uuid, info.uuid, sizeof(c->uuid));
	for (i = 0; i < EXTMEM_TEST_WORDS; i++)
		if (info.word[i])
			die("claim %lu: word %d is %#lx", (long)id, i, (long)info.word[i]);
	take_memory(c, info.nr_extents, start, size, align);
}

static void do_grow(struct claim *c)
{
	uint64_t align = some_align(), size = some_size(align), start = some_start(c->node);
	int want = want_memory(c->node, start, size, align);
	struct extmem_test_info info;

	if (want != -EINVAL && is_fixed(c))
		want = -EBUSY;
	/* Whether an address can be is looked at later */
	if (want == -EINVAL && is_fixed(c) && (align == G || align == RAW_GIG) &&
	    size && size % align == 0)
		want = -EBUSY;
	expect(want, raw_grow(dev, c->id, start, size, align));
	if (want)
		return;
	expect(0, raw_info(dev, c->id, &info));
	take_memory(c, info.nr_extents, start, size, align);
}

static void do_shrink(struct claim *c)
{
	uint64_t size = one_in(20) ? G * below(2000) : G * (1 + below(c->nr));
	int want = 0;

	if (one_in(30))
		size += 4096;
	if (!size || size % G || size > c->nr * G)
		want = -EINVAL;
	else if (c->refs)
		want = -EBUSY;
	expect(want, raw_shrink(dev, c->id, size));
	if (!want)
		release(c, size / G);
}

static void do_split(struct claim *c)
{
	uint64_t size = G * below(c->nr + 1), id;
	struct extmem_test_info info;
	struct claim *tail = free_slot();
	int want = 0, i;

	if (!tail)
		return;
	if (!size || size == c->nr * G)
		want = -EINVAL;
	else if (c->refs)
		want = -EBUSY;
	expect(want, raw_split(dev, c->id, size, &id));
	if (want)
		return;
	if (id <= m.last_id)
		die("id %lu is no new one", (long)id);
	m.last_id = id;
	*tail = (struct claim) { .id = id, .node = c->node, .persists = true };
	memcpy(tail->word, c->word, sizeof(c->word));
	tail->nr = c->nr - size / G;
	c->nr = size / G;
	memcpy(tail->granule, c->granule + c->nr, tail->nr * sizeof(*c->granule));
	for (i = 0; i < tail->nr; i++)
		m.node[c->node].granule[tail->granule[i]].owner = slot_of(tail);
	expect(0, raw_info(dev, id, &info));
	memcpy(tail->uuid, info.uuid, sizeof(info.uuid));
	compare_claim(tail, &info);
}

static void do_free(struct claim *c)
{
	int want = c->refs ? -EBUSY : 0;

	expect(want, raw_free(dev, c->id));
	if (!want)
		end_claim(c);
}

static void do_name(struct claim *c)
{
	static const char * const bad[] = { "a/b", " ", ".hidden", "-x", "a b" };
	char name[EXTMEM_TEST_NAME] = "";
	int want = 0, i;

	if (!one_in(6))
		snprintf(name, sizeof(name), "%.*s%u", (int)below(62),
			 "name-of-a-claim-that-may-be-as-long-as-it-likes-but-for-this-one",
			 below(40));
	if (one_in(10)) {
		strcpy(name, bad[below(5)]);
		want = -EINVAL;
	} else if (is_fixed(c)) {
		want = -EBUSY;
	}
	for (i = 1; !want && *name && i <= CLAIMS; i++)
		if (m.claim[i].id && &m.claim[i] != c && !strcmp(m.claim[i].name, name))
			want = -EEXIST;
	expect(want, raw_name(dev, c->id, name));
	if (!want)
		strcpy(c->name, name);
}

static void do_word(struct claim *c)
{
	uint64_t which = below(EXTMEM_TEST_WORDS + 1), value = m.rnd;
	int want = which == EXTMEM_TEST_WORDS ? -EINVAL : is_fixed(c) ? -EBUSY : 0;

	expect(want, raw_word(dev, c->id, which, value));
	if (!want)
		c->word[which] = value;
}

static void do_persist(struct claim *c)
{
	uint64_t value = one_in(20) ? 2 : !one_in(3);
	int want = value > 1 ? -EINVAL : is_fixed(c) ? -EBUSY : 0;

	expect(want, raw_persist(dev, c->id, value));
	if (!want)
		c->persists = value;
}

static void do_preserve(struct claim *c)
{
	bool on = one_in(3);
	int want;

	if (on)
		want = is_fixed(c) ? -EBUSY : 0;
	else
		want = c->preserved ? 0 : -EINVAL;
	expect(want, raw_preserve(dev, c->id, on));
	if (want)
		return;
	c->preserved = on;
	c->refs += on ? 1 : -1;
}

static void do_finish(struct claim *c)
{
	int want = c->due ? 0 : -EINVAL;

	expect(want, raw_finish(dev, c->id));
	if (want)
		return;
	c->due = false;
	c->refs--;
}

static void do_hold(struct claim *c)
{
	struct file *f = &file[below(FILES)];

	if (one_in(3) && f->fd >= 0) {
		close(f->fd);
		f->fd = -1;
		c = NULL;
	} else {
		if (f->fd < 0)
			f->fd = open(RAW_DEVICE, O_RDWR);
		if (f->fd < 0)
			die("open: %m");
		if (one_in(3))
			c = NULL;
		expect(0, raw_hold(f->fd, c ? c->id : 0));
	}
	if (f->slot)
		m.claim[f->slot].refs--;
	f->slot = c ? slot_of(c) : 0;
	if (c)
		c->refs++;
}

static void unmap(struct mapping *map)
{
	munmap(map->addr, map->len);
	m.claim[map->slot].refs -= map->refs;
	memset(map, 0, sizeof(*map));
}

/* Part of a claim, now and then with a hole: that makes two of it */
static void do_map(struct claim *c)
{
	struct mapping *map = &mapping[below(MAPPINGS)];
	int first = below(c->nr), nr = 1 + below(c->nr - first);

	if (map->addr) {
		unmap(map);
		return;
	}
	map->addr = raw_map(dev, c->id, first * G, nr * G);
	if (map->addr == MAP_FAILED)
		die("claim %lu: can't be mapped: %m", (long)c->id);
	map->len = nr * G;
	map->slot = slot_of(c);
	map->refs = 1;
	if (!sigsetjmp(bus_error, 1) &&
	    raw_peek(map->addr) != m.node[c->node].granule[c->granule[first]].tag)
		die("claim %lu: granule %d is not what it was", (long)c->id, first);
	if (one_in(3)) {
		munmap(map->addr + G / 2, 4096);
		map->refs++;
	}
	c->refs += map->refs;
}

static void do_look(struct claim *c)
{
	look_at(c, 0, 1 + below(3));
}

/* A page but the first of its granule */
static void do_poison(struct claim *c)
{
	struct node *node = &m.node[below(NODES)];
	struct granule *g;
	int i = below(node->nr);

	if (node->nr_bad_pages >= MAX_POISON || !one_in(20))
		return;
	g = &node->granule[i];
	if (g->bad)
		return;
	expect(0, raw_poison(dev, node->start + i * G + 4096 * (1 + below(511))));
	node->nr_bad_pages++;
	g->bad = true;
	if (g->owner == FREE)
		g->owner = QUARANTINE;
}

static void do_counters(struct claim *c)
{
	compare_counters(below(NODES));
}

static void do_nothing(struct claim *c)
{
	struct extmem_test_info info;
	uint64_t id = m.last_id + 1 + below(9), tail;

	expect(-ENOENT, raw_free(dev, id));
	expect(-ENOENT, raw_grow(dev, id, ANY, G, G));
	expect(-ENOENT, raw_shrink(dev, id, G));
	expect(-ENOENT, raw_split(dev, id, G, &tail));
	expect(-ENOENT, raw_name(dev, id, "nobody"));
	expect(-ENOENT, raw_hold(dev, id));
	expect(-ENOENT, raw_info(dev, id, &info));
}

static const struct {
	const char *name;
	void (*fn)(struct claim *c);
	int weight;
} ops[] = {
	{ "grow", do_grow, 14 },
	{ "shrink", do_shrink, 8 },
	{ "split", do_split, 6 },
	{ "free", do_free, 16 },
	{ "name", do_name, 8 },
	{ "word", do_word, 3 },
	{ "persist", do_persist, 3 },
	{ "preserve", do_preserve, 3 },
	{ "finish", do_finish, 3 },
	{ "hold", do_hold, 5 },
	{ "map", do_map, 5 },
	{ "look", do_look, 8 },
	{ "poison", do_poison, 1 },
	{ "counters", do_counters, 2 },
	{ "no such claim", do_nothing, 1 },
};

static void step(void)
{
	struct claim *c = any_claim();
	int i, at = below(100);

	op = "make";
	if (!c || at < 14) {
		do_make();
		return;
	}
	at -= 14;
	for (i = 0; at >= ops[i].weight; i++)
		at -= ops[i].weight;
	op = ops[i].name;
	ops[i].fn(c);
}

/* Files and mappings end with the process. What that leaves is the claims' own */
static void let_go(void)
{
	int i;

	for (i = 0; i < MAPPINGS; i++)
		if (mapping[i].addr)
			unmap(&mapping[i]);
	for (i = 0; i < FILES; i++) {
		if (file[i].fd >= 0)
			close(file[i].fd);
		if (file[i].slot)
			m.claim[file[i].slot].refs--;
		file[i].fd = -1;
		file[i].slot = 0;
	}
}

static void begin(uint64_t seed)
{
	struct extmem_test_counters now;
	struct extmem_test_info info;
	int n;

	m.rnd = seed * 0x9e3779b97f4a7c15ULL + 1;
	for (n = 0; n < NODES; n++) {
		struct node *node = &m.node[n];

		expect(0, raw_counters(dev, n, &now));
		if (now.claims || now.quarantined || now.total > GRANULES * G ||
		    now.end + 1 - now.start != now.total)
			die("node %d: must be one empty range of at most %d granules", n,
			    GRANULES);
		node->start = now.start;
		node->nr = now.total / G;
		m.generation = now.generation;
	}
	while (!raw_next(dev, m.last_id, &info))
		m.last_id = info.id;
}

/* What the kexec did */
static void go_on(void)
{
	int i;

	m.generation++;
	for (i = 1; i <= CLAIMS; i++) {
		struct claim *c = &m.claim[i];

		if (c->id && !c->persists && !c->preserved) {
			end_claim(c);
			continue;
		}
		c->due = c->preserved;
		c->refs = c->due;
		c->preserved = false;
	}
}

static void look_at_all(void)
{
	int i, k;

	op = "look at all";
	for (i = 1; i <= CLAIMS; i++)
		for (k = 0; k < m.claim[i].nr; k++)
			look_at_granule(&m.claim[i], k);
}

static void load(const char *path, uint64_t seed)
{
	int fd = open(path, O_RDONLY);

	if (fd < 0) {
		begin(seed);
		return;
	}
	op = "after the kexec";
	if (read(fd, &m, sizeof(m)) != sizeof(m))
		die("%s: %m", path);
	close(fd);
	go_on();
	compare_all();
	look_at_all();
}

static void save(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || write(fd, &m, sizeof(m)) != sizeof(m) || fsync(fd))
		die("%s: %m", path);
	close(fd);
}

int main(int argc, char **argv)
{
	int i;

	if (argc != 4) {
		fprintf(stderr, "usage: raw_random SEED OPERATIONS FILE\n");
		return 2;
	}
	nr_wanted = strtoul(argv[2], NULL, 0);
	signal(SIGBUS, on_bus_error);
	for (i = 0; i < FILES; i++)
		file[i].fd = -1;
	dev = open(RAW_DEVICE, O_RDWR);
	if (dev < 0)
		die("%s: %m", RAW_DEVICE);
	load(argv[3], strtoul(argv[1], NULL, 0));
	for (nr_ops = 1; nr_ops <= nr_wanted; nr_ops++) {
		step();
		if (nr_ops % 1000 == 0)
			compare_all();
	}
	op = "end";
	compare_all();
	let_go();
	look_at_all();
	compare_all();
	save(argv[3]);
	printf("%lu operations as expected, %lu calls refused; generation %lu\n",
	       nr_wanted, nr_failed, (long)m.generation);
	return 0;
}
