// SPDX-License-Identifier: GPL-2.0
/*
 * Lists in sysfs: what does not fit into the page a file has is not left out
 * silently.
 */
#include <linux/sysfs.h>

#include "internal.h"

#define MORE	"...\n"

/**
 * extmem_emit - add a line to a list in sysfs.
 * @buf: the file's page
 * @len: bytes in it so far
 * @fmt: the line, with its newline; cut off after 159 bytes
 *
 * Return: true if it fitted; else "..." is in its place, the last line.
 */
bool extmem_emit(char *buf, int *len, const char *fmt, ...)
{
	char line[160];
	va_list args;
	bool fits;
	int n;

	va_start(args, fmt);
	n = vscnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	fits = *len + n + strlen(MORE) < PAGE_SIZE;
	*len += sysfs_emit_at(buf, *len, "%s", fits ? line : MORE);
	return fits;
}
