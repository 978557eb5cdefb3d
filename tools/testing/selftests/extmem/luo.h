/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LUO_H
#define LUO_H

#include <stdint.h>

/*
 * Live update sessions. All return a file descriptor, or 0, or a negative errno.
 * /dev/liveupdate is open for the moment only: one process at a time may have it.
 */
int luo_create(const char *session);
int luo_take(const char *session);
int luo_preserve(int session, int fd, uint64_t token);
int luo_retrieve(int session, uint64_t token);
int luo_finish(int session);

/*
 * Ask for the session's name, by a thread of its own, with the answer to go to memory
 * that may be read, and to which a write waits for good.
 */
int luo_stall(int session);

#endif /* LUO_H */
