/* SPDX-License-Identifier: BSD-3-Clause */
#include "passes/few_blocks.h"

#include "support/exact_sum.h"

#include <string.h>

bool statistics_can_be_held(const statistics *sums)
{
  return sums->held != NULL && sums->n_threads == 1;
}

static double *put_second(const statistics *sums, const double *second, double *to)
{
  for (int64_t i = 0; i < sums->n_features; i++) {
    const double *row = sums->shape == DENSE ? second + i * sums->width : second;
    for (int64_t j = triangle_first(sums->shape, i); j <= i; j++) *to++ = row[j];
  }
  return to;
}

/* The values in the order of their limbs: what a component without points would add is 0. */
void statistics_hold_block(statistics *sums, const block_sums *block)
{
  const int64_t d = sums->n_features;
  const int64_t n_second = sums->order == SECOND_ORDER ? sums->second_length : 0;
  double *to = sums->held + sums->n_held * sums->n_values;
  for (int64_t k = 0; k < sums->n_components; k++) {
    if (block->counts[k] == 0.0) {
      memset(to, 0, (size_t)(1 + d + n_second) * sizeof *to);
      to += 1 + d + n_second;
      continue;
    }
    *to++ = block->counts[k];
    memcpy(to, block->first + k * sums->width, (size_t)d * sizeof *to);
    to += d;
    if (n_second > 0) to = put_second(sums, second_of_component(block, k), to);
  }
  if (sums->order == POOLED_ORDER) put_second(sums, block->second, to);
  sums->held_logs[0][sums->n_held] = block->log_likelihood;
  sums->held_logs[1][sums->n_held++] = block->sum_log_max_responsibility;
}

static double *put_second_scales(const statistics *sums, const double *inverse_scales, double factor, double *to)
{
  for (int64_t i = 0; i < sums->n_features; i++) {
    for (int64_t j = triangle_first(sums->shape, i); j <= i; j++)
      *to++ = inverse_scales[j] * (factor * inverse_scales[i]);
  }
  return to;
}

/* Of all values in their order: powers of two. */
static void set_inverse_scales(const statistics *sums, double *to)
{
  const double factor = 1.0 / sums->block_scale;
  for (int64_t k = 0; k < sums->n_components; k++) {
    const double *inverse_scales = sums->inverse_scales + k * sums->width;
    *to++ = factor;
    for (int64_t j = 0; j < sums->n_features; j++) *to++ = inverse_scales[j] * factor;
    if (sums->order == SECOND_ORDER) to = put_second_scales(sums, inverse_scales, factor, to);
  }
  if (sums->order == POOLED_ORDER) put_second_scales(sums, sums->pooled_scales, factor, to);
}

static double sum_of_logs(const statistics *sums, int which)
{
  int64_t limbs[FULL_RANGE_LIMBS] = {0};
  for (int64_t b = 0; b < sums->n_held; b++) full_range_add(limbs, sums->held_logs[which][b]);
  return full_range_value(limbs);
}

void statistics_take_held(statistics *sums)
{
  const int64_t d = sums->n_features;
  double inverse_scales[FEW_VALUES];
  double values[FEW_VALUES];
  const double *from = values;
  set_inverse_scales(sums, inverse_scales);
  fixed_sum_of_few(sums->n_values, sums->n_held, sums->held, inverse_scales, values);
  for (int64_t k = 0; k < sums->n_components; k++) {
    sums->counts[k] = *from++;
    memcpy(sums->first + k * d, from, (size_t)d * sizeof *from);
    from += d;
    if (sums->order != SECOND_ORDER) continue;
    memcpy(sums->second + k * sums->second_length, from, (size_t)sums->second_length * sizeof *from);
    from += sums->second_length;
  }
  if (sums->order == POOLED_ORDER) memcpy(sums->second, from, (size_t)sums->second_length * sizeof *from);
  sums->log_likelihood = sum_of_logs(sums, 0);
  sums->sum_log_max_responsibility = sum_of_logs(sums, 1);
}
