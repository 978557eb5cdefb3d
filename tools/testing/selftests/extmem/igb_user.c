// SPDX-License-Identifier: GPL-2.0
#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "frame.h"
#include "igb_user.h"

#define MAGIC		0x6762692d72657375ULL

/* Where things lie in the memory */
#define RING		0x1000
#define BUFFERS		0x200000
#define BUFFER_SIZE	0x800

#define REG_CTRL	0x0000
#define CTRL_LINK_UP	0x40
#define CTRL_RESET	0x04000000
#define REG_STATUS	0x0008
#define STATUS_LINK_UP	0x02
#define REG_MDIC	0x0020
#define MDIC_WRITE	0x04200000	/* to the PHY at address 1 */
#define MDIC_READY	0x10000000
#define PHY_CONTROL	(0 << 16)
#define PHY_NEGOTIATE	0x1200	/* on, and again */
#define REG_EIMC	0x1528
#define REG_IMC		0x150c
#define REG_RCTL	0x0100
#define RCTL_ENABLE	0x02
#define RCTL_ALL	0x8018		/* whoever they are for */
#define RCTL_NO_CRC	0x04000000
#define REG_MRQC	0x5818
#define MRQC_POOLS	0x03		/* a pool for each virtual function */
#define REG_VFRE	0x0c8c		/* which of them may receive */
#define REG_VMOLR(vf)	(0x5ad0 + 4 * (vf))
#define VMOLR_ALL	0x8b000000	/* broadcast, untagged; no CRC */
#define REG_MAILBOX(vf)	(0x0800 + 0x40 * (vf))	/* memory that both see */
#define ASKS		0x61736b73
#define SERVED		0x73727664
#define VFS		8

/* Those of a queue, from where they begin */
#define QUEUE		0xc000		/* the first of a physical function */
#define VF_QUEUE	0x2800		/* and of a virtual one */
#define REG_RDBAL	0x00
#define REG_RDBAH	0x04
#define REG_RDLEN	0x08
#define REG_SRRCTL	0x0c
#define SRRCTL_ONE_BUFFER	0x02000000	/* per frame, advanced descriptors */
#define REG_RDH		0x10
#define REG_RDT		0x18
#define REG_RXDCTL	0x28
#define RXDCTL_ENABLE	0x02000000

#define DONE		1		/* the frame is in its buffer */
#define WHOLE		2		/* all of it */

/* As the driver writes it, and as the device does when it is done with it */
union descriptor {
	struct {
		uint64_t buffer, header;
	};
	struct {
		uint64_t info;
		uint32_t status;
		uint16_t len, vlan;
	};
};

static_assert(sizeof(union descriptor) == 16, "of the data sheet");
static_assert(RING + IGB_FRAMES * sizeof(union descriptor) <= BUFFERS, "room");
static_assert(BUFFERS + IGB_FRAMES * BUFFER_SIZE <= IGB_MEM, "room");

/* After all that was written to memory before */
static void set_reg(struct igb *igb, unsigned int reg, uint32_t val)
{
	__atomic_store_n((uint32_t *)(igb->regs + reg), val, __ATOMIC_RELEASE);
}

static uint32_t reg(struct igb *igb, unsigned int reg)
{
	return __atomic_load_n((uint32_t *)(igb->regs + reg), __ATOMIC_ACQUIRE);
}

static int wait_reg(struct igb *igb, unsigned int nr, uint32_t mask, uint32_t want)
{
	int i;

	for (i = 0; i < 3000; i++) {
		if ((reg(igb, nr) & mask) == want)
			return 0;
		usleep(10000);
	}
	return -ETIMEDOUT;
}

static union descriptor *descriptor(struct igb *igb, uint32_t i)
{
	return (union descriptor *)(igb->mem + RING) + i;
}

/* For the device to fill */
static void give(struct igb *igb, uint32_t i)
{
	descriptor(igb, i)->buffer = igb->state->iova + BUFFERS + i * BUFFER_SIZE;
	descriptor(igb, i)->header = 0;
}

/* The link is down after a reset, until it is negotiated. */
static int link_up(struct igb *igb)
{
	int rc;

	set_reg(igb, REG_CTRL, CTRL_LINK_UP);
	set_reg(igb, REG_MDIC, MDIC_WRITE | PHY_CONTROL | PHY_NEGOTIATE);
	rc = wait_reg(igb, REG_MDIC, MDIC_READY, MDIC_READY);
	return rc ?: wait_reg(igb, REG_STATUS, STATUS_LINK_UP, STATUS_LINK_UP);
}

static int reset(struct igb *igb)
{
	int rc;

	set_reg(igb, REG_CTRL, CTRL_RESET);
	rc = wait_reg(igb, REG_CTRL, CTRL_RESET, 0);
	set_reg(igb, REG_EIMC, ~0);
	set_reg(igb, REG_IMC, ~0);
	return rc ?: link_up(igb);
}

int igb_use(struct igb *igb, void *mem)
{
	igb->mem = mem;
	igb->state = mem;
	return igb->state->magic == MAGIC ? 0 : -ENODATA;
}

static int make_ring(struct igb *igb)
{
	uint64_t at = igb->state->iova + RING;
	uint32_t queue = igb->state->queue, i;
	int rc;

	for (i = 0; i < IGB_FRAMES; i++)
		give(igb, i);
	set_reg(igb, queue + REG_RDBAL, at);
	set_reg(igb, queue + REG_RDBAH, at >> 32);
	set_reg(igb, queue + REG_RDLEN, IGB_FRAMES * sizeof(union descriptor));
	set_reg(igb, queue + REG_SRRCTL, SRRCTL_ONE_BUFFER | BUFFER_SIZE >> 10);
	set_reg(igb, queue + REG_RDH, 0);
	set_reg(igb, queue + REG_RXDCTL, RXDCTL_ENABLE);
	rc = wait_reg(igb, queue + REG_RXDCTL, RXDCTL_ENABLE, RXDCTL_ENABLE);
	set_reg(igb, queue + REG_RDT, IGB_FRAMES - 1);
	return rc;
}

/* What comes in, whoever it is for */
static void receive(struct igb *igb)
{
	set_reg(igb, REG_RCTL, RCTL_ENABLE | RCTL_ALL | RCTL_NO_CRC);
}

static void make_state(struct igb *igb, void *regs, void *mem, uint64_t iova,
		       uint32_t queue)
{
	*igb = (struct igb) { .regs = regs };
	memset(mem, 0, IGB_MEM);
	igb_use(igb, mem);
	*igb->state = (struct igb_state) {
		.magic = MAGIC,
		.iova = iova,
		.queue = queue,
	};
}

int igb_start(struct igb *igb, void *regs, void *mem, uint64_t iova)
{
	int rc;

	make_state(igb, regs, mem, iova, QUEUE);
	rc = reset(igb) ?: make_ring(igb);
	receive(igb);
	return rc;
}

/* To itself a virtual function is number 0. */
int igb_start_virtual(struct igb *igb, void *regs, void *mem, uint64_t iova)
{
	int rc;

	make_state(igb, regs, mem, iova, VF_QUEUE);
	rc = make_ring(igb);
	set_reg(igb, REG_MAILBOX(0), ASKS);
	return rc ?: wait_reg(igb, REG_MAILBOX(0), ~0, SERVED);
}

unsigned long igb_regs_size(struct igb *igb)
{
	return igb->state->queue == VF_QUEUE ? IGB_VF_REGS : IGB_REGS;
}

int igb_start_parent(struct igb *igb, void *regs)
{
	int rc;

	*igb = (struct igb) { .regs = regs };
	rc = reset(igb);
	set_reg(igb, REG_MRQC, MRQC_POOLS);
	receive(igb);
	return rc;
}

void igb_serve(struct igb *igb)
{
	unsigned int vf;

	for (vf = 0; vf < VFS; vf++) {
		if (reg(igb, REG_MAILBOX(vf)) != ASKS)
			continue;
		set_reg(igb, REG_VMOLR(vf), VMOLR_ALL);
		set_reg(igb, REG_VFRE, reg(igb, REG_VFRE) | 1 << vf);
		set_reg(igb, REG_MAILBOX(vf), SERVED);
	}
}

static uint32_t status_of(struct igb *igb, uint32_t i)
{
	return __atomic_load_n(&descriptor(igb, i)->status, __ATOMIC_ACQUIRE);
}

/* Between frames the upper half of a descriptor is the header's address: zero. */
static bool is_done(struct igb *igb, uint32_t i)
{
	return status_of(igb, i) & DONE;
}

unsigned int igb_waiting(struct igb *igb)
{
	unsigned int n = 0;

	while (n < IGB_FRAMES && is_done(igb, (igb->state->at + n) % IGB_FRAMES))
		n++;
	return n;
}

static bool is_whole(struct igb *igb, uint32_t i)
{
	return (status_of(igb, i) & WHOLE) && descriptor(igb, i)->len == FRAME_SIZE;
}

static void look_at(struct igb *igb, uint32_t i)
{
	struct igb_state *state = igb->state;
	uint64_t nr;

	state->taken++;
	if (!is_whole(igb, i) ||
	    !frame_is_right(igb->mem + BUFFERS + i * BUFFER_SIZE, &nr) ||
	    nr < state->next) {
		state->wrong++;
		return;
	}
	state->missing += nr - state->next;
	state->next = nr + 1;
}

/* The device may fill up to the one before the tail. */
void igb_take(struct igb *igb)
{
	struct igb_state *state = igb->state;
	uint32_t i = state->at;

	for (; is_done(igb, i); i = (i + 1) % IGB_FRAMES) {
		look_at(igb, i);
		give(igb, i);
	}
	if (i == state->at)
		return;
	state->at = i;
	set_reg(igb, state->queue + REG_RDT, (i + IGB_FRAMES - 1) % IGB_FRAMES);
}
