// SPDX-License-Identifier: GPL-2.0
/*
 * Sets of numbers, many over the same range, in which finding a member takes
 * constant time. A set is a bitmap with summaries: bit i of level n + 1 says
 * whether word i of level n has a bit set. With four levels of 64-bit words
 * finding the first of 16 million looks at four words.
 */
#include <linux/bitmap.h>
#include <linux/bitops.h>
#include <linux/overflow.h>
#include <linux/slab.h>

#include "internal.h"

static unsigned long *level(const struct extmem_sets *sets, unsigned int set,
			    unsigned int i)
{
	return sets->words + set * sets->set_words + sets->level[i];
}

static int lay_out(struct extmem_sets *sets)
{
	unsigned long words = sets->nbits;

	do {
		words = BITS_TO_LONGS(words);
		if (sets->nr_levels == EXTMEM_SET_LEVELS)
			return -EINVAL;
		sets->level[sets->nr_levels++] = sets->set_words;
		sets->set_words += words;
	} while (words > 1);
	return 0;
}

/**
 * extmem_sets_init - make empty sets.
 * @sets: the sets
 * @nr: how many, at most EXTMEM_SETS
 * @nbits: members are 0 to @nbits - 1
 *
 * Return: 0, or -ENOMEM, or -EINVAL if @nbits is beyond what the levels hold.
 */
int extmem_sets_init(struct extmem_sets *sets, unsigned int nr, unsigned long nbits)
{
	int err;

	*sets = (struct extmem_sets) { .nr = nr, .nbits = nbits };
	err = lay_out(sets);
	if (err)
		return err;
	sets->words = kvcalloc(size_mul(nr, sets->set_words), sizeof(long), GFP_KERNEL);
	return sets->words ? 0 : -ENOMEM;
}

/**
 * extmem_sets_exit - free what extmem_sets_init() took.
 * @sets: the sets
 */
void extmem_sets_exit(struct extmem_sets *sets)
{
	kvfree(sets->words);
	sets->words = NULL;
}

/**
 * extmem_sets_add - add a member to a set.
 * @sets: the sets
 * @set: which of them
 * @bit: the member
 */
void extmem_sets_add(struct extmem_sets *sets, unsigned int set, unsigned long bit)
{
	unsigned int i;

	for (i = 0; i < sets->nr_levels; i++, bit /= BITS_PER_LONG) {
		unsigned long *word = level(sets, set, i) + BIT_WORD(bit);
		bool had = *word;

		*word |= BIT_MASK(bit);
		if (had)
			return;
	}
	__set_bit(set, sets->used);
}

/**
 * extmem_sets_del - remove a member from a set.
 * @sets: the sets
 * @set: which of them
 * @bit: the member
 */
void extmem_sets_del(struct extmem_sets *sets, unsigned int set, unsigned long bit)
{
	unsigned int i;

	for (i = 0; i < sets->nr_levels; i++, bit /= BITS_PER_LONG) {
		unsigned long *word = level(sets, set, i) + BIT_WORD(bit);

		*word &= ~BIT_MASK(bit);
		if (*word)
			return;
	}
	__clear_bit(set, sets->used);
}

/**
 * extmem_sets_first - the smallest member of a set.
 * @sets: the sets
 * @set: which of them
 *
 * Return: the member, or the number of bits if the set is empty.
 */
unsigned long extmem_sets_first(const struct extmem_sets *sets, unsigned int set)
{
	unsigned int i = sets->nr_levels;
	unsigned long bit = 0;

	if (!test_bit(set, sets->used))
		return sets->nbits;
	while (i--)
		bit = bit * BITS_PER_LONG + __ffs(level(sets, set, i)[bit]);
	return bit;
}

/**
 * extmem_sets_members - a set as a bitmap.
 * @sets: the sets
 * @set: which of them
 *
 * Return: the bitmap.
 */
const unsigned long *extmem_sets_members(const struct extmem_sets *sets,
					 unsigned int set)
{
	return level(sets, set, 0);
}

/**
 * extmem_sets_next - the next set that has members.
 * @sets: the sets
 * @set: the first to look at
 *
 * Return: which, or the number of sets if there is none.
 */
unsigned int extmem_sets_next(const struct extmem_sets *sets, unsigned int set)
{
	return find_next_bit(sets->used, sets->nr, set);
}

/**
 * extmem_sets_last - the last set that has members.
 * @sets: the sets
 *
 * Return: which, or the number of sets if there is none.
 */
unsigned int extmem_sets_last(const struct extmem_sets *sets)
{
	return find_last_bit(sets->used, sets->nr);
}
