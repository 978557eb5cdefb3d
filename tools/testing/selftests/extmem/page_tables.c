// SPDX-License-Identifier: GPL-2.0
/* What the kernel's own dumps say of our mappings (debugfs, root only). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "page_tables.h"

#define DUMP	"/sys/kernel/debug/page_tables/current_kernel"
#define PAT	"/sys/kernel/debug/x86/pat_memtype_list"

/* Add a line like "0x..-0x..  2M USR RW PSE x pmd" as far as it overlaps. */
static void add_line(struct page_tables *pt, const char *line,
		     unsigned long from, unsigned long to)
{
	unsigned long start, end;
	size_t bytes;

	if (sscanf(line, "0x%lx-0x%lx", &start, &end) != 2)
		return;
	if (start < from)
		start = from;
	if (end > to)
		end = to;
	/* holes are listed with their level, but let nobody in */
	if (start >= end || !strstr(line, " USR "))
		return;

	bytes = end - start;
	if (strstr(line, " pud"))
		pt->pud += bytes;
	else if (strstr(line, " pmd"))
		pt->pmd += bytes;
	else if (strstr(line, " pte"))
		pt->pte += bytes;
	if (strstr(line, " PCD ") || strstr(line, " PWT "))
		pt->uncached += bytes;
	if (strstr(line, " ro "))
		pt->readonly += bytes;
}

int page_tables_read(struct page_tables *pt, const void *addr, size_t len)
{
	unsigned long from = (unsigned long)addr;
	FILE *dump = fopen(DUMP, "r");
	char line[256];

	if (!dump)
		return -errno;
	memset(pt, 0, sizeof(*pt));
	while (fgets(line, sizeof(line), dump))
		add_line(pt, line, from, from + len);
	fclose(dump);
	return 0;
}

int memtype_is_write_back(unsigned long phys)
{
	FILE *list = fopen(PAT, "r");
	unsigned long start, end;
	char line[256], type[32];
	int found = -ENOENT;

	if (!list)
		return -errno;
	while (fgets(line, sizeof(line), list))
		if (sscanf(line, "PAT: [mem 0x%lx-0x%lx] %31s", &start, &end,
			   type) == 3 && phys >= start && phys < end)
			found = !strcmp(type, "write-back");
	fclose(list);
	return found;
}
