/* SPDX-License-Identifier: BSD-3-Clause */
/* How evenly the ranks are loaded: the mean and the largest of the seconds that each of them computed, out of words
 * that travel in a sum with everything else.
 *
 * A sum has no maximum in it. So each rank adds itself and its time to one of LOAD_CLASSES classes, two per cent wide
 * each, around the largest time of the pass before, which all ranks know; the mean time of the highest class that has a
 * member is taken for the largest. It is off by less than two per cent, unless the largest time has just changed by
 * more than the classes span: then by more in this pass, and right again in the next one. */
#ifndef PASSES_LOAD_H
#define PASSES_LOAD_H

#include <stdint.h>

enum { LOAD_CLASSES = 16, LOAD_WORDS = 2 * LOAD_CLASSES };

typedef struct rank_load {
  double mean;    /* seconds */
  double largest; /* as well as it can be told */
} rank_load;

/* This rank's part. words: LOAD_WORDS; before: the load of the pass before, the same on all ranks, or all zero. */
void load_put(int64_t *words, const rank_load *before, double seconds);

/* From the sums of all ranks' words. */
rank_load load_of(const int64_t *words);

#endif
