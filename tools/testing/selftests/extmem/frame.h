/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FRAME_H
#define FRAME_H

#include <stdbool.h>
#include <stdint.h>

/* Ethernet frames that carry a number and, after it, bytes that it determines */
#define FRAME_SIZE	512

void frame_fill(uint8_t frame[FRAME_SIZE], uint64_t nr);

/* Whether every byte is as it was sent, and if so which number it was */
bool frame_is_right(const uint8_t frame[FRAME_SIZE], uint64_t *nr);

#endif /* FRAME_H */
