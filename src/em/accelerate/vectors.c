/* SPDX-License-Identifier: BSD-3-Clause */
#include "em/accelerate/vectors.h"

#include "em/accelerate/memory.h"

#include <math.h>

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
    for (int64_t j = 0; j < d; j++) {
      const int64_t diagonal = memory->shape == DENSE ? j * (j + 3) / 2 : j;
      const double variance = at->counts[k] > 0.0 ? at->scatter[k * at->second_length + diagonal] / at->counts[k] : 0.0;
      history_origins(memory)[k * d + j] = at->means[k * d + j];
      history_units(memory)[k * d + j] = variance > 0.0 ? sqrt(variance) : 1.0;
    }
  }
}

/* In the metric of the Fisher information a variance counts half, a covariance once. */
static const double unit_of_variance = 1.4142135623730951;

void accelerator_vector(const accelerator *memory, const moments *from, double *vector)
{
  const int64_t d = memory->n_features;
  for (int64_t k = 0; k < memory->n_components; k++) {
    const double *origin = history_origins(memory) + k * d;
    const double *unit = history_units(memory) + k * d;
    const double *scatter = from->scatter + k * from->second_length;
    const double count = (memory->tails ? from->pulls : from->counts)[k] / from->n_samples;
    const double per_unit = 1.0 / history_count_units(memory)[k];
    *vector++ = count * per_unit;
    double *first = vector;
    for (int64_t j = 0; j < d; j++) *vector++ = count * per_unit * ((from->means[k * d + j] - origin[j]) / unit[j]);
    for (int64_t i = 0; i < d; i++) {
      const double shift = from->means[k * d + i] - origin[i];
      for (int64_t j = triangle_first(memory->shape, i); j <= i; j++) {
        const double own = *scatter++ / from->n_samples * per_unit / (unit[i] * unit[j]);
        *vector++ = (own + shift / unit[i] * first[j]) / (i == j ? unit_of_variance : 1.0);
      }
    }
    if (memory->tails) {
      *vector++ = from->counts[k] / from->n_samples * per_unit;
      *vector++ = (from->tails[k] + from->counts[k]) / from->n_samples * per_unit / history_tail_units(memory)[k];
    }
  }
}

void accelerator_moments(const accelerator *memory, const double *vector, moments *to)
{
  const int64_t d = memory->n_features;
  for (int64_t k = 0; k < memory->n_components; k++) {
    const double *origin = history_origins(memory) + k * d;
    const double *unit = history_units(memory) + k * d;
    double *mean = to->means + k * d;
    double *scatter = to->scatter + k * to->second_length;
    const double scaled_count = *vector++;
    const double *first = vector;
    const double back = history_count_units(memory)[k] * to->n_samples;
    (memory->tails ? to->pulls : to->counts)[k] = scaled_count * back;
    for (int64_t j = 0; j < d; j++, vector++)
      mean[j] = scaled_count > 0.0 ? origin[j] + *vector / scaled_count * unit[j] : origin[j];
    for (int64_t i = 0; i < d; i++) {
      for (int64_t j = triangle_first(memory->shape, i); j <= i; j++) {
        const double about_origin = *vector++ * (i == j ? unit_of_variance : 1.0);
        const double own = scaled_count > 0.0 ? about_origin - first[i] / scaled_count * first[j] : 0.0;
        *scatter++ = own * back * (unit[i] * unit[j]);
      }
    }
    if (memory->tails) {
      to->counts[k] = *vector++ * back;
      to->tails[k] = *vector++ * history_tail_units(memory)[k] * back - to->counts[k];
    }
  }
}
