// SPDX-License-Identifier: GPL-2.0
/* What a kernel image says of itself. */
#define _GNU_SOURCE
#include <string.h>

#include "image.h"
#include "next_kernel.h"

#define IMAGE_MAGIC	"extmem\x1aimage v1"
#define IMAGE_CHECK	0x6b6f2073736e6164ULL
#define KHO_MAGIC	"kho-v"
/* EXTMEM_DAX_LUO_COMPATIBLE of include/linux/kho/abi/extmem_dax.h */
#define SESSIONS	"extmem-dax-v1"
#define BANNER		"Linux version "

/* Copies the record at @at, if it is one: whole, and its words add up */
static int take_record(struct bytes kernel, const unsigned char *at,
		       struct image_record *rec)
{
	if (kernel.size - (at - kernel.at) < sizeof(*rec))
		return 0;
	memcpy(rec, at, sizeof(*rec));
	return rec->size >= sizeof(*rec) &&
	       (rec->compat ^ rec->ro_compat ^ rec->incompat ^ rec->check) == IMAGE_CHECK &&
	       memchr(rec->compatible, 0, sizeof(rec->compatible)) &&
	       memchr(rec->handover, 0, sizeof(rec->handover));
}

/* The next copy of @what from @from on */
static const unsigned char *find(struct bytes in, const unsigned char *from,
				 const void *what, size_t len)
{
	return memmem(from, in.size - (from - in.at), what, len);
}

/* Returns how many records there are that differ from each other */
static int find_record(struct bytes kernel, struct image_record *found)
{
	const unsigned char *at = kernel.at;
	struct image_record rec;
	int n = 0;

	for (;; at++) {
		at = find(kernel, at, IMAGE_MAGIC, sizeof(IMAGE_MAGIC));
		if (!at)
			return n;
		if (!take_record(kernel, at, &rec) ||
		    (n && !memcmp(&rec, found, sizeof(rec))))
			continue;
		*found = rec;
		n++;
	}
}

static void find_release(struct bytes kernel, struct next_kernel *next)
{
	const unsigned char *at = kernel.at, *end = kernel.at + kernel.size;
	size_t n = 0;

	/* The banner is in there as a format, too */
	do {
		at = find(kernel, at, BANNER, strlen(BANNER));
		if (!at)
			return;
		at += strlen(BANNER);
	} while (at < end && *at == '%');
	while (at + n < end && at[n] > ' ' && at[n] < 127 && n < sizeof(next->release) - 1)
		n++;
	memcpy(next->release, at, n);
}

int next_kernel_read(const char *path, struct next_kernel *next)
{
	struct image *image = &next->image;
	struct bytes kernel;
	int n;

	memset(next, 0, sizeof(*next));
	n = image_open(path, image);
	if (n)
		return n;
	kernel = image->kernel;
	find_release(kernel, next);
	if (!next->release[0])
		return image_unknown(image, "an ELF file, but no Linux kernel");
	n = find_record(kernel, &next->rec);
	if (n > 1)
		return image_damaged(image, "holds records of extmem that contradict each other");
	next->has_extmem = n;
	next->has_kho = !!find(kernel, kernel.at, KHO_MAGIC, strlen(KHO_MAGIC));
	next->lacks = image_lacks(image->file);
	next->has_sessions = !!find(kernel, kernel.at, SESSIONS, sizeof(SESSIONS));
	return OK;
}
