/* SPDX-License-Identifier: BSD-3-Clause */
/* Statistics of few points on one rank: the sums over each block are held until all are there, and then added up
 * together. What comes out has the same bits as limbs that are added block by block (support/exact_sum.h), which take
 * longer than the sums themselves where blocks are few and small. */
#ifndef PASSES_FEW_BLOCKS_H
#define PASSES_FEW_BLOCKS_H

#include "passes/statistics.h"

/* Are all sums of a pass to be held, where this rank has all points? */
bool statistics_can_be_held(const statistics *sums);

/* Holds what was summed over one block. */
void statistics_hold_block(statistics *sums, const block_sums *block);

/* Sets counts, first, second and the log-likelihood from the blocks that are held, in units of weight: before
 * statistics_take, which does the rest. */
void statistics_take_held(statistics *sums);

#endif
