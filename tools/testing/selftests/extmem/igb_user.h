/* SPDX-License-Identifier: GPL-2.0 */
#ifndef IGB_USER_H
#define IGB_USER_H

#include <stdint.h>

/*
 * An Intel 82576 driven from user space, or a virtual function of one, or the physical
 * function for others that drive virtual functions: it, or they, receive numbered
 * frames into one ring each.
 *
 * The ring, its buffers, and all that the driver itself has to remember, lie in one
 * piece of memory, so that another process, of another kernel, goes on where the
 * last one stopped.
 *
 * Functions return 0 or a negative errno.
 */

#define IGB_FRAMES	16384		/* buffers; one less is filled at most */
#define IGB_MEM		0x2200000UL
#define IGB_REGS	0x20000
#define IGB_VF_REGS	0x4000

/* The first page of the memory */
struct igb_state {
	uint64_t magic;
	uint64_t iova;		/* of the memory */
	uint64_t next;		/* the number of the frame that comes next */
	uint64_t taken;
	uint64_t missing;	/* numbers that were passed over */
	uint64_t wrong;		/* frames of which a byte is wrong, or that came late */
	uint32_t at;		/* the buffer that is filled next */
	uint32_t queue;		/* where the ring's registers are */
};

struct igb {
	uint8_t *regs;
	uint8_t *mem;
	struct igb_state *state;
};

/* Memory as it was left by whoever used it last; -ENODATA if nobody did */
int igb_use(struct igb *igb, void *mem);

/* Reset the device, let it receive into memory that it sees at @iova. */
int igb_start(struct igb *igb, void *regs, void *mem, uint64_t iova);

/* The same for a virtual function. Who has the physical function must serve it. */
int igb_start_virtual(struct igb *igb, void *regs, void *mem, uint64_t iova);

/* How much of BAR 0 it takes to go on */
unsigned long igb_regs_size(struct igb *igb);

/* Reset a physical function, let virtual functions have what comes in. */
int igb_start_parent(struct igb *igb, void *regs);

/* Let virtual functions that have asked since the last time receive. */
void igb_serve(struct igb *igb);

/* Frames that are in memory and were not taken yet: it alone is looked at. */
unsigned int igb_waiting(struct igb *igb);

/* Take what is there, look at every byte, give the buffers back to the device. */
void igb_take(struct igb *igb);

#endif /* IGB_USER_H */
