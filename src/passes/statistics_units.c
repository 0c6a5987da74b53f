/* SPDX-License-Identifier: BSD-3-Clause */
/* What sums are about, and in which units they are collected. */
#include "passes/statistics.h"

#include "support/exact_sum.h"

#include <math.h>
#include <string.h>

/* Moments about a common origin become those about a component's mean when what the mean adds is taken away: of the
 * trace that may be so many times what is left, which costs 10 of 53 bits. */
static const double most_of_origin = 0x1p10;

/* The largest distance of a value of feature j from a reference point. */
static double farthest_from(const statistics *sums, int64_t j, double reference)
{
  return fmax(sums->points->maxima[j] - reference, reference - sums->points->minima[j]);
}

static double into_range(const statistics *sums, int64_t j, double value)
{
  return fmin(fmax(value, sums->points->minima[j]), sums->points->maxima[j]);
}

/* The coarsest of the components' units. */
static void set_pooled_scales(statistics *sums)
{
  for (int64_t j = 0; j < sums->n_features; j++) {
    sums->pooled_scales[j] = sums->inverse_scales[j];
    for (int64_t k = 1; k < sums->n_components; k++)
      sums->pooled_scales[j] = fmin(sums->pooled_scales[j], sums->inverse_scales[k * sums->width + j]);
  }
}

/* |x - r|^2 is at most n_features times the square of the largest of |x_j - r_j|. */
static void set_trace_scale(statistics *sums, int64_t k)
{
  const double of_features = 1.0 / fixed_scale(0.5 * sqrt((double)sums->n_features));
  double coarsest = sums->inverse_scales[k * sums->width];
  for (int64_t j = 1; j < sums->n_features; j++) coarsest = fmin(coarsest, sums->inverse_scales[k * sums->width + j]);
  sums->trace_scales[k] = coarsest * of_features;
}

static void set_scales_of_all(statistics *sums)
{
  if (sums->order == POOLED_ORDER) set_pooled_scales(sums);
  for (int64_t k = 0; k < sums->n_components && sums->order == TRACE_ORDER; k++) set_trace_scale(sums, k);
}

void statistics_begin(statistics *sums, const double *means)
{
  const int64_t d = sums->n_features;
  for (int64_t k = 0; k < sums->n_components; k++) {
    for (int64_t j = 0; j < d; j++) {
      const double reference = into_range(sums, j, means[k * d + j]);
      sums->references[k * sums->width + j] = reference;
      sums->inverse_scales[k * sums->width + j] = 1.0 / fixed_scale(farthest_from(sums, j, reference));
    }
  }
  set_scales_of_all(sums);
  sums->tight = false;
  sums->about_origin = false;
  if (sums->at_origin != NULL) memset(sums->at_origin, 0, (size_t)sums->n_components * sizeof *sums->at_origin);
}

void statistics_about(statistics *sums, const double *origin)
{
  sums->about_origin = true;
  for (int64_t j = 0; j < sums->n_features; j++) {
    sums->origin[j] = into_range(sums, j, origin[j]);
    sums->pooled_scales[j] = 1.0 / fixed_scale(farthest_from(sums, j, sums->origin[j]));
  }
}

static bool is_near(const statistics *sums, int64_t k, double precision)
{
  const double *reference = sums->references + k * sums->width;
  double square = 0.0;
  for (int64_t j = 0; j < sums->n_features; j++)
    square += (reference[j] - sums->origin[j]) * (reference[j] - sums->origin[j]);
  return square * precision <= most_of_origin * (double)sums->n_features;
}

void statistics_about_where_near(statistics *sums, const double *origin, const double *precisions, int64_t stride)
{
  const int64_t width = sums->width;
  statistics_about(sums, origin);
  for (int64_t k = 0; k < sums->n_components; k++) {
    sums->at_origin[k] = is_near(sums, k, precisions[k * stride]);
    if (!sums->at_origin[k]) continue;
    memcpy(sums->references + k * width, sums->origin, (size_t)width * sizeof(double));
    memcpy(sums->inverse_scales + k * width, sums->pooled_scales, (size_t)width * sizeof(double));
    set_trace_scale(sums, k);
  }
}

void statistics_tighten(statistics *sums, const double *spans)
{
  sums->tight = true;
  for (int64_t k = 0; k < sums->n_components; k++) {
    for (int64_t j = 0; j < sums->n_features; j++)
      sums->inverse_scales[k * sums->width + j] = 1.0 / fixed_scale(spans[k * sums->n_features + j]);
  }
  set_scales_of_all(sums);
}

/* Sums have FIXED_LIMBS * FIXED_BITS bits below their scale; of these a scatter is to fill COARSE_BITS at least. */
enum { COARSE_BITS = 46 };

/* Of what is summed of component k alone. */
static bool trace_is_coarse(const statistics *sums, int64_t k, double trace, const double *ridge, double unit)
{
  const double scale = 1.0 / sums->trace_scales[k];
  bool varies = false;
  for (int64_t j = 0; j < sums->n_features; j++) {
    trace += sums->counts[k] * ridge[j];
    varies = varies || sums->points->maxima[j] > sums->points->minima[j];
  }
  return varies && !sums->tight && trace < unit * scale * scale;
}

bool statistics_are_coarse(const statistics *sums, int64_t k, const double *scatter, const double *ridge)
{
  const bool pooled = sums->order == POOLED_ORDER;
  const double *inverse_scales = pooled ? sums->pooled_scales : sums->inverse_scales + k * sums->width;
  double count = sums->counts[k];
  for (int64_t i = 0; i < sums->n_components && pooled; i++) count += i == k ? 0.0 : sums->counts[i];
  const double unit = ldexp(sums->block_scale, COARSE_BITS - FIXED_LIMBS * FIXED_BITS) * statistics_weight_unit(sums);
  if (sums->order == TRACE_ORDER) return trace_is_coarse(sums, k, *scatter, ridge, unit);
  for (int64_t j = 0; j < sums->n_features && !sums->tight; j++) {
    const double scale = 1.0 / inverse_scales[j];
    if (scatter[triangle_diagonal(sums->shape, j)] + count * ridge[j] < unit * scale * scale &&
        sums->points->maxima[j] > sums->points->minima[j])
      return true;
  }
  return false;
}
