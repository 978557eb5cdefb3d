// SPDX-License-Identifier: GPL-2.0
/*
 * A bitmap with summaries: bit i of level n + 1 says whether word i of level n
 * has a bit set. With four levels of 64-bit words finding the first set bit of
 * 16 million looks at four words.
 */
#include <linux/bitops.h>
#include <linux/slab.h>

#include "internal.h"

/**
 * extmem_set_init - make an empty set.
 * @set: the set
 * @nbits: its members are 0 to @nbits - 1
 *
 * Return: 0, or -ENOMEM, or -EINVAL if @nbits is beyond what the levels hold.
 */
int extmem_set_init(struct extmem_set *set, unsigned long nbits)
{
	unsigned long words = nbits;

	*set = (struct extmem_set) { .nbits = nbits };
	do {
		words = BITS_TO_LONGS(words);
		if (set->nlevels == EXTMEM_SET_LEVELS) {
			extmem_set_exit(set);
			return -EINVAL;
		}
		set->level[set->nlevels] = kvcalloc(words, sizeof(long), GFP_KERNEL);
		if (!set->level[set->nlevels]) {
			extmem_set_exit(set);
			return -ENOMEM;
		}
		set->nlevels++;
	} while (words > 1);
	return 0;
}

/**
 * extmem_set_exit - free what extmem_set_init() took.
 * @set: the set
 */
void extmem_set_exit(struct extmem_set *set)
{
	while (set->nlevels)
		kvfree(set->level[--set->nlevels]);
}

/**
 * extmem_set_add - add a member.
 * @set: the set
 * @bit: the member
 */
void extmem_set_add(struct extmem_set *set, unsigned long bit)
{
	unsigned int i;

	for (i = 0; i < set->nlevels; i++, bit /= BITS_PER_LONG)
		__set_bit(bit, set->level[i]);
}

/**
 * extmem_set_del - remove a member.
 * @set: the set
 * @bit: the member
 */
void extmem_set_del(struct extmem_set *set, unsigned long bit)
{
	unsigned int i;

	for (i = 0; i < set->nlevels; i++, bit /= BITS_PER_LONG) {
		__clear_bit(bit, set->level[i]);
		if (set->level[i][BIT_WORD(bit)])
			break;
	}
}

/**
 * extmem_set_first - the smallest member.
 * @set: the set
 *
 * Return: the member, or the number of bits of an empty set.
 */
unsigned long extmem_set_first(const struct extmem_set *set)
{
	unsigned int i = set->nlevels;
	unsigned long word = 0;

	if (!i || !set->level[i - 1][0])
		return set->nbits;
	while (i--)
		word = word * BITS_PER_LONG + __ffs(set->level[i][word]);
	return word;
}
