// SPDX-License-Identifier: GPL-2.0
/*
 * What this kernel can take over from another, for that one to read before it lets
 * go: kernel_info.S leads here. It stands in a file of its own for the names are C's.
 */
#include <linux/kho/abi/persist_image.h>

extern const char persist_names[];
const char persist_names[] = PERSIST_IMAGE_NAMES;
