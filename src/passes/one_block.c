/* SPDX-License-Identifier: BSD-3-Clause */
#include "passes/one_block.h"

#include "support/exact_sum.h"

#include <string.h>

/* second: as block_sums has it for one component. */
static void take_second(const statistics *sums, const double *second, const double *inverse_scales, double *to)
{
  const double factor = 1.0 / sums->block_scale;
  const bool dense = sums->shape == DENSE;
  for (int64_t i = 0; i < sums->n_features; i++) {
    const double *row = dense ? second + i * sums->width : second;
    for (int64_t j = triangle_first(sums->shape, i); j <= i; j++)
      *to++ = fixed_sum_of_one(row[j], inverse_scales[j] * (factor * inverse_scales[i]));
  }
}

static void take_component(statistics *sums, const block_sums *block, int64_t k)
{
  const int64_t d = sums->n_features;
  const double factor = 1.0 / sums->block_scale;
  const double *inverse_scales = sums->inverse_scales + k * sums->width;
  double *first = sums->first + k * d;
  double *second = sums->second + k * sums->second_length;
  sums->counts[k] = fixed_sum_of_one(block->counts[k], factor);
  if (block->counts[k] == 0.0) {
    memset(first, 0, (size_t)d * sizeof(double));
    if (sums->order == SECOND_ORDER) memset(second, 0, (size_t)sums->second_length * sizeof(double));
    return;
  }
  for (int64_t j = 0; j < d; j++)
    first[j] = fixed_sum_of_one(block->first[k * sums->width + j], inverse_scales[j] * factor);
  if (sums->order == SECOND_ORDER) take_second(sums, second_of_component(block, k), inverse_scales, second);
}

void statistics_take_block(statistics *sums, const block_sums *block)
{
  for (int64_t k = 0; k < sums->n_components; k++) {
    take_component(sums, block, k);
    if (sums->totals == NULL) continue;
    sums->totals[k] = fixed_sum_of_one(block->totals[k], 1.0 / sums->total_scale);
    sums->logs[k] = fixed_sum_of_one(block->logs[k], 1.0 / (STATISTICS_MOST_LOG * sums->total_scale));
  }
  if (sums->order == POOLED_ORDER) take_second(sums, block->second, sums->pooled_scales, sums->second);
  sums->log_likelihood = full_range_sum_of_one(block->log_likelihood);
  sums->sum_log_max_responsibility = full_range_sum_of_one(block->sum_log_max_responsibility);
}
