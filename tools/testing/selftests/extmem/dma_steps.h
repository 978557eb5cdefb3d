/* SPDX-License-Identifier: GPL-2.0 */
#ifndef DMA_STEPS_H
#define DMA_STEPS_H

#include <stddef.h>
#include <stdint.h>

#include "steps.h"

/*
 * Steps of programs that have a device do DMA into a device of a pool, over kexecs.
 * There is one of each: device, /dev/iommu, memory, session.
 */

/* Where the memory is for the device, unless a step says otherwise. Above all RAM: what
 * is not translated can't land by luck.
 */
#define DMA_IOVA	0x10000000000ULL

struct dma {
	int session, dev, iommu, dax;
	uint32_t ioas;
	uint64_t iova;	/* of the memory, for the device */
	size_t size;	/* of the memory; for the program to set */
	void *mem;
};

extern struct dma dma;
extern const struct step dma_steps[];

/* Map the first @size bytes of BAR 0. Returns 0 or a negative errno. */
int dma_map_regs(uint8_t **regs, size_t size);

/* Let the device bus master. Returns 0 or a negative errno. */
int dma_master_on(void);

/* Put a line into the kernel's log, for whoever reads the console. */
void dma_mark(const char *what);

/* The words of steps */
uint64_t number(const char *word);

#endif /* DMA_STEPS_H */
