/* SPDX-License-Identifier: GPL-2.0 */
#ifndef NVME_USER_H
#define NVME_USER_H

#include <stdbool.h>
#include <stdint.h>

/*
 * An NVMe controller driven from user space. Its queues, PRP lists and buffers, and
 * all that the driver itself has to remember, lie in one piece of memory, so that
 * another process, of another kernel, goes on where the last one stopped.
 *
 * The drive has one namespace with 512 + 8 bytes a block and protection information,
 * which is not just for the sake of it: QEMU then reaches the pages of a buffer when
 * the read completes, not when it is submitted.
 *
 * Functions return 0 or a negative errno.
 */

#define NVME_READ_SIZE	0x10000		/* bytes of a read, and of its buffer */
#define NVME_LBAS	(NVME_READ_SIZE / 512)
#define NVME_ENTRIES	2048		/* of the I/O queue; one less are in flight */
#define NVME_SLOTS	1792		/* reads, each with a buffer of its own */
#define NVME_MEM	(0x200000UL + NVME_SLOTS * (unsigned long)NVME_READ_SIZE)

/* The first page of the memory */
struct nvme_state {
	uint64_t magic;
	uint64_t iova;		/* of the memory */
	uint32_t blocks;	/* of NVME_READ_SIZE; read i reads block i % blocks */
	uint32_t first;		/* read whose buffer was not given to another */
	uint32_t posted;	/* reads submitted, ever */
	uint32_t consumed;	/* completions that the drive knows we have seen */
	uint32_t wrong_status;
	uint16_t status;	/* the first bad one */
	uint16_t admin_posted;
	uint16_t queue;		/* the number of the I/O queue, of both sorts */
};

struct nvme {
	uint8_t *regs;
	char *mem;
	struct nvme_state *state;
};

/* Memory as it was left by whoever used it last; -ENODATA if nobody did */
int nvme_use(struct nvme *nvme, void *mem);

/* Reset the controller, make its queues in memory that it sees at @iova. */
int nvme_start(struct nvme *nvme, void *regs, void *mem, uint64_t iova,
	       uint32_t blocks, unsigned int queue);

/* Submit @n more reads. -ENOSPC if they have no buffer. */
int nvme_post(struct nvme *nvme, unsigned int n);

/* Reads completed so far, by memory alone; what is not consumed is looked at. */
unsigned int nvme_completed(struct nvme *nvme);

/* Take note of completions, and tell the drive. */
unsigned int nvme_consume(struct nvme *nvme);

/* Empty the buffers of all reads, for others. -EBUSY before all are consumed. */
int nvme_again(struct nvme *nvme);

/* Whether the buffer of a read holds what it should, or is as it was, all zero */
bool nvme_is_right(struct nvme *nvme, unsigned int nr);
bool nvme_is_untouched(struct nvme *nvme, unsigned int nr);

/* Controller status: 1 ready, 2 fatal */
uint32_t nvme_csts(struct nvme *nvme);

/* The contents of a block: @words of 8 bytes, which name it */
void nvme_fill_block(uint64_t *words, uint32_t block);

#endif /* NVME_USER_H */
