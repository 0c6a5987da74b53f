/* SPDX-License-Identifier: BSD-3-Clause */
#include "passes/load.h"

#include <math.h>
#include <string.h>

/* The unit of time leaves room for 2^20 ranks that compute for a day. */
static const double unit = 0x1p-26;
static const double longest = 86400.0;

static const double class_width = 0.02;
enum { LARGEST_BEFORE = 11 }; /* the class that the largest time of the pass before is in the middle of */

static int class_of(double seconds, double largest_before)
{
  if (!(largest_before > 0.0)) return 0;
  const double place = floor(LARGEST_BEFORE + 0.5 + (seconds / largest_before - 1.0) / class_width);
  return (int)fmin(fmax(place, 0.0), LOAD_CLASSES - 1.0);
}

void load_put(int64_t *words, const rank_load *before, double seconds)
{
  const int class = class_of(seconds, before->largest);
  memset(words, 0, LOAD_WORDS * sizeof *words);
  words[2 * class] = 1;
  words[2 * class + 1] = llround(fmin(fmax(seconds, 0.0), longest) / unit);
}

rank_load load_of(const int64_t *words)
{
  double n_ranks = 0.0;
  double sum = 0.0;
  rank_load result = {0};
  for (int class = 0; class < LOAD_CLASSES; class ++) {
    const double n = (double)words[2 * class];
    const double seconds = (double)words[2 * class + 1] * unit;
    n_ranks += n;
    sum += seconds;
    if (n > 0.0) result.largest = seconds / n;
  }
  if (n_ranks > 0.0) result.mean = sum / n_ranks;
  return result;
}
