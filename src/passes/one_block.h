/* SPDX-License-Identifier: BSD-3-Clause */
/* Statistics of few points on one rank: the sums over one block are all there is to add up, so that they are what exact
 * sums (support/exact_sum.h) would give back, without the way there. The bits are the same. */
#ifndef PASSES_ONE_BLOCK_H
#define PASSES_ONE_BLOCK_H

#include "passes/statistics.h"

/* Sets counts, first, second and so on to what statistics_add_block and statistics_take would make of this block alone,
 * in units of weight: statistics_take, which comes after it, does the rest. */
void statistics_take_block(statistics *sums, const block_sums *block);

#endif
