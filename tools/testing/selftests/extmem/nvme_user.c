// SPDX-License-Identifier: GPL-2.0
#include <assert.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "nvme_user.h"

#define MAGIC		0x656d764e72657355ULL

/* Where things lie in the memory */
#define ADMIN_SQ	0x1000
#define ADMIN_CQ	0x2000
#define ADMIN_ENTRIES	16
#define IO_CQ		0x10000		/* 16 bytes an entry */
#define IO_SQ		0x20000		/* 64 */
#define PRP_LISTS	0x80000		/* 128 bytes a slot */
#define BUFFERS		0x200000

#define PAGE		0x1000
#define PRPS		(NVME_READ_SIZE / PAGE)

#define REG_CC		0x14
#define CC_ENABLE	(1 | 6 << 16 | 4 << 20)	/* entries of 64 and 16 bytes */
#define REG_CSTS	0x1c
#define REG_AQA		0x24
#define REG_ASQ		0x28
#define REG_ACQ		0x30
#define DOORBELLS	0x1000

#define CREATE_SQ	0x01
#define CREATE_CQ	0x05
#define READ		0x02
/* Protection information is the drive's own affair; it checks guard and place. */
#define PRINFO		((1 << 3 | 1 << 2 | 1) << 10)

struct command {
	uint32_t dw0, nsid, dw2, dw3;
	uint64_t metadata, prp1, prp2;
	uint32_t dw10, dw11, dw12, dw13, dw14, dw15;
};

struct completion {
	uint32_t dw0, dw1;
	uint16_t sq_head, sq_id, id, status;	/* bit 0: phase */
};

static_assert(sizeof(struct command) == 64, "of the specification");
static_assert(sizeof(struct completion) == 16, "of the specification");

/* After all that was written to memory before */
static void set_reg(struct nvme *nvme, unsigned int reg, uint32_t val)
{
	__atomic_store_n((uint32_t *)(nvme->regs + reg), val, __ATOMIC_RELEASE);
}

static void set_reg64(struct nvme *nvme, unsigned int reg, uint64_t val)
{
	set_reg(nvme, reg, val);
	set_reg(nvme, reg + 4, val >> 32);
}

static void ring(struct nvme *nvme, unsigned int queue, bool cq, uint32_t val)
{
	set_reg(nvme, DOORBELLS + (2 * queue + cq) * 4, val);
}

uint32_t nvme_csts(struct nvme *nvme)
{
	return __atomic_load_n((uint32_t *)(nvme->regs + REG_CSTS), __ATOMIC_ACQUIRE);
}

static int wait_ready(struct nvme *nvme, uint32_t want)
{
	int i;

	for (i = 0; i < 3000; i++) {
		if ((nvme_csts(nvme) & 1) == want)
			return 0;
		usleep(10000);
	}
	return -ETIMEDOUT;
}

static void put_command(char *to, const struct command *cmd)
{
	memcpy(to, cmd, sizeof(*cmd));
}

static uint16_t status_of(const struct completion *done)
{
	return __atomic_load_n(&done->status, __ATOMIC_ACQUIRE);
}

static int admin(struct nvme *nvme, struct command *cmd)
{
	unsigned int n = nvme->state->admin_posted++, at = n % ADMIN_ENTRIES;
	struct completion *done;
	uint16_t phase = !(n / ADMIN_ENTRIES & 1);
	int i;

	cmd->dw0 |= n << 16;
	put_command(nvme->mem + ADMIN_SQ + at * sizeof(*cmd), cmd);
	ring(nvme, 0, false, (n + 1) % ADMIN_ENTRIES);
	done = (struct completion *)(nvme->mem + ADMIN_CQ) + at;
	for (i = 0; (status_of(done) & 1) != phase; i++) {
		if (i == 3000)
			return -ETIMEDOUT;
		usleep(10000);
	}
	ring(nvme, 0, true, (n + 1) % ADMIN_ENTRIES);
	return status_of(done) >> 1 ? -EIO : 0;
}

static int make_queues(struct nvme *nvme)
{
	struct command cq = {
		.dw0 = CREATE_CQ,
		.prp1 = nvme->state->iova + IO_CQ,
		.dw10 = nvme->state->queue | (NVME_ENTRIES - 1) << 16,
		.dw11 = 1 | 1 << 1,		/* contiguous, interrupt, vector 0 */
	};
	struct command sq = {
		.dw0 = CREATE_SQ,
		.prp1 = nvme->state->iova + IO_SQ,
		.dw10 = nvme->state->queue | (NVME_ENTRIES - 1) << 16,
		.dw11 = 1 | nvme->state->queue << 16,	/* contiguous */
	};

	return admin(nvme, &cq) ?: admin(nvme, &sq);
}

int nvme_use(struct nvme *nvme, void *mem)
{
	nvme->mem = mem;
	nvme->state = mem;
	return nvme->state->magic == MAGIC ? 0 : -ENODATA;
}

int nvme_start(struct nvme *nvme, void *regs, void *mem, uint64_t iova,
	       uint32_t blocks, unsigned int queue)
{
	int rc;

	*nvme = (struct nvme) { .regs = regs };
	memset(mem, 0, NVME_MEM);
	nvme_use(nvme, mem);
	*nvme->state = (struct nvme_state) {
		.magic = MAGIC,
		.iova = iova,
		.blocks = blocks,
		.queue = queue,
	};
	set_reg(nvme, REG_CC, 0);
	rc = wait_ready(nvme, 0);
	if (rc)
		return rc;
	set_reg(nvme, REG_AQA, (ADMIN_ENTRIES - 1) << 16 | (ADMIN_ENTRIES - 1));
	set_reg64(nvme, REG_ASQ, iova + ADMIN_SQ);
	set_reg64(nvme, REG_ACQ, iova + ADMIN_CQ);
	set_reg(nvme, REG_CC, CC_ENABLE);
	return wait_ready(nvme, 1) ?: make_queues(nvme);
}

static uint64_t buffer_iova(struct nvme *nvme, unsigned int slot)
{
	return nvme->state->iova + BUFFERS + (uint64_t)slot * NVME_READ_SIZE;
}

static void post_one(struct nvme *nvme, unsigned int nr)
{
	unsigned int slot = nr % NVME_SLOTS, i;
	unsigned int list = PRP_LISTS + slot * PRPS * sizeof(uint64_t);
	uint64_t *prp = (uint64_t *)(nvme->mem + list);
	uint64_t lba = (uint64_t)(nr % nvme->state->blocks) * NVME_LBAS;
	struct command cmd = {
		.dw0 = READ | slot << 16,
		.nsid = 1,
		.prp1 = buffer_iova(nvme, slot),
		.prp2 = nvme->state->iova + list,
		.dw10 = lba,
		.dw11 = lba >> 32,
		.dw12 = (NVME_LBAS - 1) | PRINFO << 16,
		.dw14 = lba,	/* the place that the first block is to name */
	};

	for (i = 0; i < PRPS - 1; i++)
		prp[i] = cmd.prp1 + (i + 1) * PAGE;
	put_command(nvme->mem + IO_SQ + nr % NVME_ENTRIES * sizeof(cmd), &cmd);
}

int nvme_post(struct nvme *nvme, unsigned int n)
{
	struct nvme_state *state = nvme->state;

	if (state->posted - state->first + n > NVME_SLOTS)
		return -ENOSPC;
	while (n--)
		post_one(nvme, state->posted++);
	ring(nvme, state->queue, false, state->posted % NVME_ENTRIES);
	return 0;
}

static struct completion *completion(struct nvme *nvme, unsigned int nr)
{
	return (struct completion *)(nvme->mem + IO_CQ) + nr % NVME_ENTRIES;
}

static bool is_there(struct nvme *nvme, unsigned int nr)
{
	return (status_of(completion(nvme, nr)) & 1) == !(nr / NVME_ENTRIES & 1);
}

unsigned int nvme_completed(struct nvme *nvme)
{
	unsigned int nr = nvme->state->consumed;

	while (nr < nvme->state->posted && is_there(nvme, nr))
		nr++;
	return nr;
}

unsigned int nvme_consume(struct nvme *nvme)
{
	struct nvme_state *state = nvme->state;
	unsigned int nr = nvme_completed(nvme), status;

	while (state->consumed < nr) {
		status = status_of(completion(nvme, state->consumed++)) >> 1;
		if (status && !state->wrong_status++)
			state->status = status;
	}
	ring(nvme, state->queue, true, nr % NVME_ENTRIES);
	return nr;
}

int nvme_again(struct nvme *nvme)
{
	struct nvme_state *state = nvme->state;

	if (state->consumed != state->posted)
		return -EBUSY;
	memset(nvme->mem + BUFFERS, 0, NVME_MEM - BUFFERS);
	state->first = state->posted;
	return 0;
}

static uint64_t block_word(uint32_t block, unsigned int i)
{
	return ((uint64_t)block << 32 | i) * 0x9e3779b97f4a7c15ULL | 1;
}

void nvme_fill_block(uint64_t *words, uint32_t block)
{
	unsigned int i;

	for (i = 0; i < NVME_READ_SIZE / sizeof(*words); i++)
		words[i] = block_word(block, i);
}

static const uint64_t *buffer(struct nvme *nvme, unsigned int nr)
{
	return (const uint64_t *)(nvme->mem + BUFFERS +
				  (unsigned long)(nr % NVME_SLOTS) * NVME_READ_SIZE);
}

bool nvme_is_right(struct nvme *nvme, unsigned int nr)
{
	const uint64_t *words = buffer(nvme, nr);
	unsigned int i;

	for (i = 0; i < NVME_READ_SIZE / sizeof(*words); i++)
		if (words[i] != block_word(nr % nvme->state->blocks, i))
			return false;
	return true;
}

bool nvme_is_untouched(struct nvme *nvme, unsigned int nr)
{
	const uint64_t *words = buffer(nvme, nr);
	unsigned int i;

	for (i = 0; i < NVME_READ_SIZE / sizeof(*words); i++)
		if (words[i])
			return false;
	return true;
}
