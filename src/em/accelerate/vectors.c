/* SPDX-License-Identifier: BSD-3-Clause */
#include "em/accelerate/vectors.h"

#include "em/accelerate/memory.h"

#include <math.h>
#include <string.h>

/* The standard deviation of log w - w is about sqrt(2) / nu for a latent weight w of nu degrees of freedom, and what
 * its mean is below -1 (the excess) 1 / nu. */
static const double unit_of_excess = 1.4142135623730951;

void accelerator_set_origins(accelerator *memory, const moments *at)
{
  const int64_t d = memory->n_features;
  for (int64_t k = 0; k < memory->n_components; k++) {
    const double share = at->counts[k] / at->n_samples;
    history_count_units(memory)[k] = share > 0.0 ? sqrt(share) : 1.0;
    if (memory->tails) {
      const double excess = at->counts[k] > 0.0 ? fabs(at->tails[k] / at->counts[k] + 1.0) : 0.0;
      history_tail_units(memory)[k] = excess > 1e-4 ? unit_of_excess * excess : unit_of_excess * 1e-4;
    }
    const double *scatter = memory->pooled ? at->scatter : at->scatter + k * at->second_length;
    const double points = memory->pooled ? at->n_samples : at->counts[k];
    for (int64_t j = 0; j < d; j++) {
      const double variance = points > 0.0 ? scatter[triangle_diagonal(memory->shape, j)] / points : 0.0;
      history_origins(memory)[k * d + j] = at->means[k * d + j];
      history_units(memory)[k * d + j] = variance > 0.0 ? sqrt(variance) : 1.0;
    }
  }
}

/* In the metric of the Fisher information a variance counts half, a covariance once. */
static const double unit_of_variance = 1.4142135623730951;

/* Pooled second moments are measured in the units of the first component, which are those of all, and in a share of 1:
 * the sum of all scatters, and of what the means of the components add about their origins. Adds `sign` times the
 * latter to a triangle in these units; vector: counts and first moments of all components. */
static void add_pooled_shifts(const accelerator *memory, const double *vector, double sign, double *triangle)
{
  const int64_t d = memory->n_features;
  for (int64_t k = 0; k < memory->n_components; k++, vector += 1 + d) {
    const double share = vector[0] * history_count_units(memory)[k];
    if (!(share > 0.0)) continue;
    const double factor = sign * history_count_units(memory)[k] * history_count_units(memory)[k] / share;
    double *own = triangle;
    for (int64_t i = 0; i < d; i++) {
      for (int64_t j = triangle_first(memory->shape, i); j <= i; j++) *own++ += factor * vector[1 + i] * vector[1 + j];
    }
  }
}

static void pooled_to_vector(const accelerator *memory, const moments *from, const double *first, double *triangle)
{
  const double *unit = history_units(memory);
  const double *scatter = from->scatter;
  double *own = triangle;
  for (int64_t i = 0; i < memory->n_features; i++) {
    for (int64_t j = triangle_first(memory->shape, i); j <= i; j++)
      *own++ = *scatter++ / from->n_samples / (unit[i] * unit[j]);
  }
  add_pooled_shifts(memory, first, 1.0, triangle);
  for (int64_t j = 0; j < memory->n_features; j++) triangle[triangle_diagonal(memory->shape, j)] /= unit_of_variance;
}

/* vector: counts and first moments, and then the triangle. */
static void pooled_from_vector(const accelerator *memory, const double *vector, moments *to)
{
  const double *unit = history_units(memory);
  const double *triangle = vector + memory->n_components * (1 + memory->n_features);
  double *scatter = to->scatter;
  memcpy(scatter, triangle, (size_t)to->second_length * sizeof(double));
  for (int64_t j = 0; j < memory->n_features; j++) scatter[triangle_diagonal(memory->shape, j)] *= unit_of_variance;
  add_pooled_shifts(memory, vector, -1.0, scatter);
  for (int64_t i = 0; i < memory->n_features; i++) {
    for (int64_t j = triangle_first(memory->shape, i); j <= i; j++) *scatter++ *= to->n_samples * (unit[i] * unit[j]);
  }
}

/* Tail sums are the last 2 K numbers of a vector. */
static void tails_to_vector(const accelerator *memory, const moments *from, double *vector)
{
  for (int64_t k = 0; k < memory->n_components; k++) {
    const double per_unit = 1.0 / (from->n_samples * history_count_units(memory)[k]);
    *vector++ = from->counts[k] * per_unit;
    *vector++ = (from->tails[k] + from->counts[k]) * per_unit / history_tail_units(memory)[k];
  }
}

static void tails_from_vector(const accelerator *memory, const double *vector, moments *to)
{
  for (int64_t k = 0; k < memory->n_components; k++) {
    const double back = history_count_units(memory)[k] * to->n_samples;
    to->counts[k] = *vector++ * back;
    to->tails[k] = *vector++ * history_tail_units(memory)[k] * back - to->counts[k];
  }
}

void accelerator_vector(const accelerator *memory, const moments *from, double *vector)
{
  double *first_of_all = vector;
  const int64_t d = memory->n_features;
  for (int64_t k = 0; k < memory->n_components; k++) {
    const double *origin = history_origins(memory) + k * d;
    const double *unit = history_units(memory) + k * d;
    const double *scatter = memory->pooled ? NULL : from->scatter + k * from->second_length;
    const double count = (memory->tails ? from->pulls : from->counts)[k] / from->n_samples;
    const double per_unit = 1.0 / history_count_units(memory)[k];
    *vector++ = count * per_unit;
    double *first = vector;
    for (int64_t j = 0; j < d; j++) *vector++ = count * per_unit * ((from->means[k * d + j] - origin[j]) / unit[j]);
    for (int64_t i = 0; i < d && !memory->pooled; i++) {
      const double shift = from->means[k * d + i] - origin[i];
      for (int64_t j = triangle_first(memory->shape, i); j <= i; j++) {
        const double own = *scatter++ / from->n_samples * per_unit / (unit[i] * unit[j]);
        *vector++ = (own + shift / unit[i] * first[j]) / (i == j ? unit_of_variance : 1.0);
      }
    }
  }
  if (memory->pooled) pooled_to_vector(memory, from, first_of_all, vector);
  if (memory->tails) tails_to_vector(memory, from, first_of_all + memory->length - 2 * memory->n_components);
}

void accelerator_moments(const accelerator *memory, const double *vector, moments *to)
{
  if (memory->pooled) pooled_from_vector(memory, vector, to);
  if (memory->tails) tails_from_vector(memory, vector + memory->length - 2 * memory->n_components, to);
  const int64_t d = memory->n_features;
  for (int64_t k = 0; k < memory->n_components; k++) {
    const double *origin = history_origins(memory) + k * d;
    const double *unit = history_units(memory) + k * d;
    double *mean = to->means + k * d;
    double *scatter = memory->pooled ? NULL : to->scatter + k * to->second_length;
    const double scaled_count = *vector++;
    const double *first = vector;
    const double back = history_count_units(memory)[k] * to->n_samples;
    (memory->tails ? to->pulls : to->counts)[k] = scaled_count * back;
    for (int64_t j = 0; j < d; j++, vector++)
      mean[j] = scaled_count > 0.0 ? origin[j] + *vector / scaled_count * unit[j] : origin[j];
    for (int64_t i = 0; i < d && !memory->pooled; i++) {
      for (int64_t j = triangle_first(memory->shape, i); j <= i; j++) {
        const double about_origin = *vector++ * (i == j ? unit_of_variance : 1.0);
        const double own = scaled_count > 0.0 ? about_origin - first[i] / scaled_count * first[j] : 0.0;
        *scatter++ = own * back * (unit[i] * unit[j]);
      }
    }
  }
}
