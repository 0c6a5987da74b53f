/* SPDX-License-Identifier: BSD-3-Clause */
#include "em/accelerate/vectors.h"

#include "em/accelerate/memory.h"
#include "em/accelerate/whiten.h"

#include <math.h>
#include <string.h>

/* The standard deviation of log w - w is about sqrt(2) / nu for a latent weight w of nu degrees of freedom, and what
 * its mean is below -1 (the excess) 1 / nu. */
static const double unit_of_excess = 1.4142135623730951;

/* In the metric of the Fisher information a variance counts half, a covariance once. */
static const double unit_of_variance = 1.4142135623730951;

/* A component in whose own units the covariance of its latest output is less than this in some direction keeps its
 * units. */
static const double least_pivot = 1e-10;

/* With fewer points for each feature a pass costs less than moving the history over. */
enum { ROWS_PER_FEATURE = 256 };

/* So far a component may move from its origin and units, in squares, before it gets others. */
static const double most_drift = 1e-2;

static double *factor_at(const accelerator *memory, int64_t k)
{
  return history_factors(memory) + (memory->pooled ? 0 : k) * triangle_length(memory->shape, memory->n_features);
}

void accelerator_set_origins(accelerator *memory, const moments *at)
{
  const int64_t d = memory->n_features;
  memset(history_factors(memory), 0,
         (size_t)((memory->pooled ? 1 : memory->n_components) * triangle_length(memory->shape, d)) * sizeof(double));
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
      factor_at(memory, k)[triangle_diagonal(memory->shape, j)] = variance > 0.0 ? sqrt(variance) : 1.0;
    }
  }
}

/* triangle, in the units of component k, and back. While all factors are diagonal, each number is only scaled. */
static void to_units(const accelerator *memory, int64_t k, double *triangle)
{
  const density_shape shape = memory->shape;
  const int64_t d = memory->n_features;
  const double *factor = factor_at(memory, k);
  if (memory->counters[HAS_FACTORS] != 0) {
    factor_to_triangle(shape, d, factor, triangle, memory->work);
    return;
  }
  for (int64_t i = 0; i < d; i++) {
    for (int64_t j = triangle_first(shape, i); j <= i; j++)
      *triangle++ /= factor[triangle_diagonal(shape, i)] * factor[triangle_diagonal(shape, j)];
  }
}

static void from_units(const accelerator *memory, int64_t k, double *triangle)
{
  const density_shape shape = memory->shape;
  const int64_t d = memory->n_features;
  const double *factor = factor_at(memory, k);
  if (memory->counters[HAS_FACTORS] != 0) {
    factor_from_triangle(shape, d, factor, triangle, memory->work);
    return;
  }
  for (int64_t i = 0; i < d; i++) {
    for (int64_t j = triangle_first(shape, i); j <= i; j++)
      *triangle++ *= factor[triangle_diagonal(shape, i)] * factor[triangle_diagonal(shape, j)];
  }
}

/* triangle += factor (a b^T + b a^T) / 2 */
static void add_products(density_shape shape, int64_t d, double factor, const double *a, const double *b,
                         double *triangle)
{
  for (int64_t i = 0; i < d; i++) {
    for (int64_t j = triangle_first(shape, i); j <= i; j++) *triangle++ += 0.5 * factor * (a[i] * b[j] + b[i] * a[j]);
  }
}

static void scale_diagonal(density_shape shape, int64_t d, double factor, double *triangle)
{
  for (int64_t j = 0; j < d; j++) triangle[triangle_diagonal(shape, j)] *= factor;
}

/* Pooled second moments are measured in the units that all components share, and in a share of 1: the sum of all
 * scatters, and of what the means of the components add about their origins. Adds `sign` times the latter to a triangle
 * in these units; vector: counts and first moments of all components. */
static void add_pooled_shifts(const accelerator *memory, const double *vector, double sign, double *triangle)
{
  const int64_t d = memory->n_features;
  for (int64_t k = 0; k < memory->n_components; k++, vector += 1 + d) {
    const double share = vector[0] * history_count_units(memory)[k];
    if (!(share > 0.0)) continue;
    const double factor = sign * history_count_units(memory)[k] * history_count_units(memory)[k] / share;
    add_products(memory->shape, d, factor, vector + 1, vector + 1, triangle);
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
  const density_shape shape = memory->shape;
  const int64_t d = memory->n_features;
  const int64_t length = triangle_length(shape, d);
  const double *first_of_all = vector;
  for (int64_t k = 0; k < memory->n_components; k++) {
    const double *origin = history_origins(memory) + k * d;
    const double count = (memory->tails ? from->pulls : from->counts)[k] / from->n_samples;
    const double per_unit = 1.0 / history_count_units(memory)[k];
    *vector++ = count * per_unit;
    double *first = vector;
    for (int64_t j = 0; j < d; j++) first[j] = from->means[k * d + j] - origin[j];
    factor_to_vector(shape, d, factor_at(memory, k), first);
    vector += d;
    if (!memory->pooled) {
      for (int64_t i = 0; i < length; i++) vector[i] = from->scatter[k * length + i] / from->n_samples * per_unit;
      to_units(memory, k, vector);
      add_products(shape, d, count * per_unit, first, first, vector);
      scale_diagonal(shape, d, 1.0 / unit_of_variance, vector);
      vector += length;
    }
    for (int64_t j = 0; j < d; j++) first[j] *= count * per_unit;
  }
  if (memory->pooled) {
    for (int64_t i = 0; i < length; i++) vector[i] = from->scatter[i] / from->n_samples;
    to_units(memory, 0, vector);
    add_pooled_shifts(memory, first_of_all, 1.0, vector);
    scale_diagonal(shape, d, 1.0 / unit_of_variance, vector);
    vector += length;
  }
  if (memory->tails) tails_to_vector(memory, from, vector);
}

void accelerator_moments(const accelerator *memory, const double *vector, moments *to)
{
  const density_shape shape = memory->shape;
  const int64_t d = memory->n_features;
  const int64_t length = triangle_length(shape, d);
  const double *first_of_all = vector;
  for (int64_t k = 0; k < memory->n_components; k++) {
    const double *origin = history_origins(memory) + k * d;
    double *mean = to->means + k * d;
    const double scaled_count = *vector++;
    const double back = history_count_units(memory)[k] * to->n_samples;
    (memory->tails ? to->pulls : to->counts)[k] = scaled_count * back;
    for (int64_t j = 0; j < d; j++) mean[j] = scaled_count > 0.0 ? vector[j] / scaled_count : 0.0;
    vector += d;
    if (!memory->pooled) {
      double *scatter = to->scatter + k * length;
      for (int64_t i = 0; i < length; i++) scatter[i] = scaled_count > 0.0 ? vector[i] : 0.0;
      scale_diagonal(shape, d, unit_of_variance, scatter);
      if (scaled_count > 0.0) add_products(shape, d, -scaled_count, mean, mean, scatter);
      from_units(memory, k, scatter);
      for (int64_t i = 0; i < length; i++) scatter[i] *= back;
      vector += length;
    }
    factor_from_vector(shape, d, factor_at(memory, k), mean);
    for (int64_t j = 0; j < d; j++) mean[j] += origin[j];
  }
  if (memory->pooled) {
    memcpy(to->scatter, vector, (size_t)length * sizeof(double));
    scale_diagonal(shape, d, unit_of_variance, to->scatter);
    add_pooled_shifts(memory, first_of_all, -1.0, to->scatter);
    from_units(memory, 0, to->scatter);
    for (int64_t i = 0; i < length; i++) to->scatter[i] *= to->n_samples;
    vector += length;
  }
  if (memory->tails) tails_from_vector(memory, vector, to);
}

/* --- other origins and units --- */

typedef struct move {
  const double *shift;  /* d: the new origin in the old units */
  const double *factor; /* of the new units in the old ones */
  double ratio;         /* of the old unit of counts to the new one */
} move;

/* Of one component's numbers in a vector. */
static void move_component(const accelerator *memory, move by, double *vector)
{
  const density_shape shape = memory->shape;
  const int64_t d = memory->n_features;
  double *first = vector + 1;
  double *second = first + d;
  if (!memory->pooled) {
    scale_diagonal(shape, d, unit_of_variance, second);
    add_products(shape, d, -2.0, first, by.shift, second);
    add_products(shape, d, vector[0], by.shift, by.shift, second);
    factor_to_triangle(shape, d, by.factor, second, memory->work);
    scale_diagonal(shape, d, 1.0 / unit_of_variance, second);
    for (int64_t i = 0; i < triangle_length(shape, d); i++) second[i] *= by.ratio;
  }
  for (int64_t j = 0; j < d; j++) first[j] -= vector[0] * by.shift[j];
  factor_to_vector(shape, d, by.factor, first);
  for (int64_t j = 0; j < d; j++) first[j] *= by.ratio;
  vector[0] *= by.ratio;
}

static int64_t component_length(const accelerator *memory)
{
  return 1 + memory->n_features + (memory->pooled ? 0 : triangle_length(memory->shape, memory->n_features));
}

static void move_vectors(accelerator *memory, int64_t k, move by)
{
  for (int64_t age = -1; age < 2 * memory->counters[N_REMEMBERED]; age++) {
    double *vector = age < 0        ? history_point(memory)
                     : age % 2 == 0 ? history_output(memory, age / 2)
                                    : history_residual(memory, age / 2);
    move_component(memory, by, vector + k * component_length(memory));
    if (!memory->tails) continue;
    double *tails = vector + memory->length - 2 * memory->n_components + 2 * k;
    tails[0] *= by.ratio;
    tails[1] *= by.ratio;
  }
}

/* In squares, in the metric of the Fisher information. */
static double distance_from_identity(density_shape shape, int64_t d, const double *covariance)
{
  double sum = 0.0;
  for (int64_t i = 0; i < d; i++) {
    for (int64_t j = triangle_first(shape, i); j <= i; j++, covariance++)
      sum += i == j ? 0.5 * (*covariance - 1.0) * (*covariance - 1.0) : *covariance * *covariance;
  }
  return sum;
}

/* How far this component of a vector is from origin and units, in squares; shift and, unless second moments are pooled,
 * covariance: of it, in these. */
static double drift_of(const accelerator *memory, int64_t k, const double *vector, double *shift, double *covariance)
{
  const density_shape shape = memory->shape;
  const int64_t d = memory->n_features;
  const double *own = vector + k * component_length(memory);
  const double growth = own[0] / history_count_units(memory)[k] - 1.0;
  double sum = growth * growth;
  for (int64_t j = 0; j < d; j++) {
    shift[j] = own[1 + j] / own[0];
    sum += shift[j] * shift[j];
  }
  if (memory->pooled) return sum;
  for (int64_t i = 0; i < triangle_length(shape, d); i++) covariance[i] = own[1 + d + i] / own[0];
  scale_diagonal(shape, d, unit_of_variance, covariance);
  add_products(shape, d, -1.0, shift, shift, covariance);
  return sum + distance_from_identity(shape, d, covariance);
}

static void renew_component(accelerator *memory, int64_t k)
{
  const density_shape shape = memory->shape;
  const int64_t d = memory->n_features;
  double *shift = memory->work + whiten_room(memory->shape, d);
  double *covariance = shift + d;
  const double *newest = history_output(memory, 0);
  const double count = newest[k * component_length(memory)];
  if (!(count > 0.0)) return;
  if (drift_of(memory, k, newest, shift, covariance) <= most_drift) return;
  if (!factor_of(shape, d, covariance, least_pivot)) return;
  const double unit = sqrt(count * history_count_units(memory)[k]);
  const move by = {shift, covariance, history_count_units(memory)[k] / unit};
  move_vectors(memory, k, by);
  history_count_units(memory)[k] = unit;
  factor_from_vector(shape, d, factor_at(memory, k), shift);
  for (int64_t j = 0; j < d; j++) history_origins(memory)[k * d + j] += shift[j];
  factor_multiply(shape, d, factor_at(memory, k), covariance);
  memory->counters[HAS_FACTORS] = 1;
}

/* --- the same where second moments are pooled: all components get new units together --- */

/* How far the newest output is from origins and units, in squares; shifts (K x d) and covariance: of it, in these.
 * Infinite where a component is empty. */
static double pooled_drift(const accelerator *memory, double *shifts, double *covariance)
{
  const density_shape shape = memory->shape;
  const int64_t d = memory->n_features;
  const double *newest = history_output(memory, 0);
  double sum = 0.0;
  for (int64_t k = 0; k < memory->n_components; k++) {
    if (!(newest[k * (1 + d)] > 0.0)) return INFINITY;
    sum = fmax(sum, drift_of(memory, k, newest, shifts + k * d, NULL));
  }
  memcpy(covariance, newest + memory->n_components * (1 + d), (size_t)triangle_length(shape, d) * sizeof(double));
  scale_diagonal(shape, d, unit_of_variance, covariance);
  add_pooled_shifts(memory, newest, -1.0, covariance);
  return fmax(sum, distance_from_identity(shape, d, covariance));
}

/* Of a whole vector, tail sums aside; count_units: the old ones, while the new ones are in place. */
static void move_pooled(const accelerator *memory, const double *shifts, const double *factor,
                        const double *new_count_units, double *vector)
{
  const density_shape shape = memory->shape;
  const int64_t d = memory->n_features;
  double *triangle = vector + memory->n_components * (1 + d);
  scale_diagonal(shape, d, unit_of_variance, triangle);
  for (int64_t k = 0; k < memory->n_components; k++) {
    const double old_unit = history_count_units(memory)[k];
    double *own = vector + k * (1 + d);
    add_products(shape, d, -2.0 * old_unit, own + 1, shifts + k * d, triangle);
    add_products(shape, d, old_unit * own[0], shifts + k * d, shifts + k * d, triangle);
    move_component(memory, (move){shifts + k * d, factor, old_unit / new_count_units[k]}, own);
  }
  factor_to_triangle(shape, d, factor, triangle, memory->work);
  scale_diagonal(shape, d, 1.0 / unit_of_variance, triangle);
}

static void renew_pooled(accelerator *memory)
{
  const density_shape shape = memory->shape;
  const int64_t d = memory->n_features;
  const int64_t K = memory->n_components;
  double *covariance = memory->work + whiten_room(memory->shape, d) + d;
  double *shifts = covariance + triangle_length(shape, d);
  double *count_units = shifts + K * d;
  const double drift = pooled_drift(memory, shifts, covariance);
  if (memory->tails || !(drift > most_drift) || isinf(drift) || !factor_of(shape, d, covariance, least_pivot)) return;
  for (int64_t k = 0; k < K; k++)
    count_units[k] = sqrt(history_output(memory, 0)[k * (1 + d)] * history_count_units(memory)[k]);
  move_pooled(memory, shifts, covariance, count_units, history_point(memory));
  for (int64_t age = 0; age < memory->counters[N_REMEMBERED]; age++) {
    move_pooled(memory, shifts, covariance, count_units, history_output(memory, age));
    move_pooled(memory, shifts, covariance, count_units, history_residual(memory, age));
  }
  for (int64_t k = 0; k < K; k++) {
    history_count_units(memory)[k] = count_units[k];
    factor_from_vector(shape, d, factor_at(memory, k), shifts + k * d);
    for (int64_t j = 0; j < d; j++) history_origins(memory)[k * d + j] += shifts[k * d + j];
  }
  factor_multiply(shape, d, factor_at(memory, 0), covariance);
  memory->counters[HAS_FACTORS] = 1;
}

void accelerator_renew_units(accelerator *memory, double n_samples)
{
  if (memory->counters[N_REMEMBERED] == 0 || n_samples < (double)(ROWS_PER_FEATURE * memory->n_features)) return;
  if (memory->pooled)
    renew_pooled(memory);
  else
    for (int64_t k = 0; k < memory->n_components; k++) renew_component(memory, k);
}
