/* SPDX-License-Identifier: BSD-3-Clause */
#include "em/maximization.h"

#include "em/tails.h"
#include "mixture/background.h"
#include "support/error.h"
#include "support/memory.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Moving the scatter from the reference point to the mean subtracts numbers that are this many times as large as the
 * result, at most, before the pass is made again: 16 of 53 bits. */
static const double most_cancellation = 0x1p16;

/* Of a trace, where a component has a small share of the points, as many times more, up to this. */
static const double most_cancellation_of_few = 0x1p26;

static bool create_total(const statistics *sums, maximization *step, gmmpi_error *error)
{
  if (moments_create(sums->shape, sums->order, sums->n_components, sums->n_features, &step->total, error) != GMMPI_OK)
    return false;
  step->total->divisors = allocate(sums->n_components, sizeof(double));
  return step->total->divisors != NULL;
}

gmmpi_status maximization_create(const covariance_family *family, const estimator *how, const statistics *sums,
                                 maximization **step, gmmpi_error *error)
{
  const int64_t n_scratch = family_scratch_numbers(family, sums->n_components, sums->n_features);
  maximization *new_step = calloc(1, sizeof *new_step);
  *step = new_step;
  if (new_step != NULL) {
    new_step->how = how;
    new_step->ridge = allocate(sums->n_features, sizeof(double));
    new_step->no_ridge = allocate(sums->n_features, sizeof(double));
    new_step->larger_ridge = allocate(sums->n_features, sizeof(double));
    new_step->states = allocate(sums->n_components, sizeof(component_state));
    new_step->counts = allocate(sums->n_components, sizeof(double));
    new_step->covariance = allocate(covariance_length(sums->shape, sums->n_features), sizeof(double));
    if (n_scratch > 0) new_step->scratch = allocate(n_scratch, sizeof(double));
    const bool has_scratch = n_scratch == 0 || new_step->scratch != NULL;
    const bool has_total = how->posterior == NULL || create_total(sums, new_step, error);
    if (has_scratch && has_total && new_step->no_ridge != NULL && new_step->larger_ridge != NULL &&
        new_step->covariance != NULL && new_step->ridge != NULL && new_step->states != NULL && new_step->counts != NULL)
      return GMMPI_OK;
  }
  maximization_destroy(new_step);
  *step = NULL;
  return fail(error, GMMPI_NO_MEMORY, "the M-step's working memory is not there; ask for fewer components");
}

int64_t maximization_bytes(const covariance_family *family, const estimator *how, int64_t n_components,
                           int64_t n_features)
{
  const int64_t numbers =
      sum_of_bytes(6, (int64_t[]){covariance_length(family->storage->shape, n_features), n_features, n_features,
                                  n_features, n_components, family_scratch_numbers(family, n_components, n_features)});
  int64_t bytes;
  int64_t states;
  if (!multiply_fits(numbers, (int64_t)sizeof(double), &bytes) ||
      !multiply_fits(n_components, (int64_t)sizeof(component_state), &states))
    return INT64_MAX;
  const int64_t total = how->posterior == NULL
                            ? 0
                            : moments_bytes(family->storage->shape, family_order(family), n_components, n_features);
  return sum_of_bytes(3, (int64_t[]){bytes, states, total});
}

void maximization_destroy(maximization *step)
{
  if (step == NULL) return;
  free(step->ridge);
  free(step->no_ridge);
  moments_destroy(step->total);
  free(step->larger_ridge);
  free(step->states);
  free(step->counts);
  free(step->covariance);
  free(step->scratch);
  free(step);
}

static double largest_scale_of_feature(const statistics *sums, int64_t j)
{
  return fmax(fabs(sums->points->minima[j]), fabs(sums->points->maxima[j]));
}

/* sum (x - mean)(x - mean)^T = sum (x - r)(x - r)^T - N shift shift^T, shift = mean - r. False when too much cancels.
 */
static bool scatter_about_mean(const statistics *sums, int64_t k, const double *shift, double *scatter)
{
  const int64_t d = sums->n_features;
  const double count = sums->counts[k];
  const double *second = sums->second + k * sums->second_length;
  bool precise = true;
  for (int64_t i = 0; i < d; i++) {
    for (int64_t j = triangle_first(sums->shape, i); j <= i; j++) *scatter++ = *second++ - count * shift[i] * shift[j];
    /* Below the resolution of the data themselves nothing can be gained by another pass. */
    const double resolution = 0x1p-45 * largest_scale_of_feature(sums, i);
    const double before = second[-1];
    const double after = scatter[-1];
    if (after * most_cancellation < before && fabs(shift[i]) > resolution) precise = false;
    if (after < 0.0) scatter[-1] = 0.0;
  }
  return precise;
}

/* The same of the trace, of which each feature has its part. A component that settles on a single point is left with
 * the ridge alone: so that counts, too. */
static bool trace_about_mean(const maximization *step, const statistics *sums, int64_t k, const double *shift,
                             double n_samples, double *scatter)
{
  const int64_t d = sums->n_features;
  const double count = sums->counts[k];
  const double before = sums->second[k];
  const double most = fmin(most_cancellation * fmax(n_samples / count, 1.0), most_cancellation_of_few);
  double square = 0.0;
  double resolution = 0.0;
  double ridge = 0.0;
  for (int64_t j = 0; j < d; j++) {
    const double of_feature = 0x1p-45 * largest_scale_of_feature(sums, j);
    square += shift[j] * shift[j];
    resolution += of_feature * of_feature;
    ridge += step->ridge[j];
  }
  const double after = fmax(before - count * square, 0.0);
  for (int64_t j = 0; j < d; j++) scatter[j] = after / (double)d;
  return !((after + count * ridge) * most < before && square > resolution);
}

static void keep_component(gmmpi_model *next, const gmmpi_model *previous, int64_t k)
{
  const int64_t d = next->n_features;
  memcpy(next->means + k * d, previous->means + k * d, (size_t)d * sizeof(double));
  const size_t stored = (size_t)model_stored_length(next) * sizeof(double);
  memcpy(model_covariance(next, k), model_covariance(previous, k), stored);
  memcpy(model_factor(next, k), model_factor(previous, k), stored);
  model_copy_dof(next, k, previous, k);
}

static component_state state_of_count(double count, double n_samples, double previous_weight, bool is_class)
{
  if (previous_weight == 0.0 && count == 0.0) return COMPONENT_DROPPED;
  if (is_class && count > 0.0) return COMPONENT_SOUND;
  return count < EMPTY_SHARE * n_samples ? COMPONENT_EMPTY : COMPONENT_SOUND;
}

/* Only moments that are no points', but proposed, have less than none. */
static component_state state_with_prior(double count)
{
  return count >= 0.0 ? COMPONENT_SOUND : COMPONENT_EMPTY;
}

/* What the components leave of all points belongs to the background. */
static double count_of_background(const moments *from)
{
  double count = from->n_samples;
  for (int64_t k = 0; k < from->n_components; k++) count -= from->counts[k];
  return fmax(count, 0.0);
}

static void set_weights(maximization *step, double of_background, const gmmpi_model *previous, gmmpi_model *next)
{
  double total = of_background;
  for (int64_t k = 0; k < next->n_components; k++) total += step->counts[k];
  for (int64_t k = 0; k < next->n_components; k++) next->weights[k] = total > 0.0 ? step->counts[k] / total : 0.0;
  step->lost_background = false;
  if (!model_has(next, PART_NOISE)) return;
  *next->noise_weight = total > 0.0 ? of_background / total : 0.0;
  background_copy_region(next, previous);
  step->lost_background = *next->noise_weight == 0.0 && *previous->noise_weight > 0.0;
}

static void mark_indefinite(maximization *step, const gmmpi_model *previous, gmmpi_model *next, int64_t k)
{
  step->states[k] = COMPONENT_INDEFINITE;
  step->counts[k] = 0.0;
  keep_component(next, previous, k);
}

void factorise_with_ridge(const maximization *step, gmmpi_model *model, int64_t component)
{
  const covariance_family *family = model->family;
  const int64_t d = model->n_features;
  double *covariance = step->covariance;
  bool definite = false;
  for (double share = 1e-10; !definite && share < 1e10; share *= 100.0) {
    model_expand(model, component, covariance);
    for (int64_t j = 0; j < d; j++) {
      double *variance = &covariance[covariance_diagonal(family->storage->shape, d, j)];
      const double base = *variance > 0.0 ? *variance : step->variances[j];
      *variance += base * share >= DBL_MIN ? base * share : 1e-6;
    }
    model_contract(model, component, covariance);
    definite = model_factorise(model, component);
  }
}

static void mark_all_indefinite(maximization *step, int64_t n_components)
{
  step->failed_together = true;
  for (int64_t k = 0; k < n_components; k++) {
    if (step->states[k] == COMPONENT_SOUND) step->states[k] = COMPONENT_INDEFINITE;
  }
}

static void factorise_shared(maximization *step, gmmpi_model *next)
{
  if (model_factorise(next, 0)) return;
  if (step->degenerate) {
    factorise_with_ridge(step, next, 0);
    step->ridged = true;
  } else {
    mark_all_indefinite(step, next->n_components);
  }
}

/* How many sound components have a positive definite covariance; *n_sound is how many there are. */
static int64_t count_definite(const maximization *step, gmmpi_model *next, int64_t *n_sound)
{
  int64_t n_definite = 0;
  *n_sound = 0;
  for (int64_t k = 0; k < next->n_components; k++) {
    if (step->states[k] != COMPONENT_SOUND) continue;
    ++*n_sound;
    n_definite += model_factorise(next, k);
  }
  return n_definite;
}

/* What factorise_with_ridge does, of covariances that depend on each other: the M-step is made again with a larger
 * ridge, so that they keep what they have in common. */
static void estimate_with_ridge(maximization *step, component_scatter scatter, const gmmpi_model *previous,
                                gmmpi_model *next)
{
  int64_t n_sound;
  bool definite = false;
  const double *ridge = scatter.ridge;
  scatter.ridge = step->larger_ridge;
  for (double share = 1e-10; !definite && share < 1e10; share *= 100.0) {
    for (int64_t j = 0; j < scatter.n_features; j++) {
      const double added = step->variances[j] * share;
      step->larger_ridge[j] = ridge[j] + (added >= DBL_MIN ? added : 1e-6);
    }
    next->family->estimate(&scatter, previous, next, step->scratch);
    definite = count_definite(step, next, &n_sound) == n_sound;
  }
}

static void factorise_each(maximization *step, const gmmpi_model *previous, gmmpi_model *next)
{
  for (int64_t k = 0; k < next->n_components; k++) {
    if (step->states[k] != COMPONENT_SOUND || model_factorise(next, k)) continue;
    if (step->degenerate) {
      factorise_with_ridge(step, next, k);
      step->ridged = true;
    } else if (k < step->n_classes) {
      factorise_with_ridge(step, next, k);
      step->states[k] = COMPONENT_RIDGED;
    } else {
      mark_indefinite(step, previous, next, k);
    }
  }
}

/* Of covariances that depend on each other though each component has its own. */
static void factorise_coupled(maximization *step, const component_scatter *scatter, const gmmpi_model *previous,
                              gmmpi_model *next)
{
  int64_t n_sound;
  const int64_t n_definite = count_definite(step, next, &n_sound);
  const bool all_failed = n_definite == 0 && next->family->coupling == POOLED;
  if (n_definite == n_sound) return;
  if (!step->degenerate && !all_failed) {
    factorise_each(step, previous, next);
    return;
  }
  estimate_with_ridge(step, *scatter, previous, next);
  step->ridged = step->degenerate;
  if (!step->degenerate) mark_all_indefinite(step, next->n_components);
}

/* Means, and the scatter about them, of one component. False when digits were lost. */
static bool take_component(const maximization *step, const statistics *sums, int64_t k, moments *taken)
{
  const int64_t d = sums->n_features;
  double *mean = taken->means + k * d;
  for (int64_t j = 0; j < d; j++) mean[j] = sums->first[k * d + j] / sums->counts[k]; /* the shift */
  double *scatter = moments_scatter(taken, k);
  bool precise = true;
  if (sums->order == TRACE_ORDER)
    precise = trace_about_mean(step, sums, k, mean, taken->n_samples, scatter);
  else if (sums->order != POOLED_ORDER)
    precise = scatter_about_mean(sums, k, mean, scatter);
  for (int64_t j = 0; j < d; j++) mean[j] += sums->references[k * sums->width + j];
  return precise;
}

/* The sum of all components' scatters is that of their second moments less the sum of N_k shift_k shift_k^T. This takes
 * component k's part away; shift: room for d. */
static void take_shift_from_pooled(const statistics *sums, int64_t k, double *restrict shift, double *restrict scatter)
{
  const int64_t d = sums->n_features;
  const double count = sums->counts[k];
  for (int64_t j = 0; j < d; j++) {
    shift[j] = sums->first[k * d + j] / count;
    if (sums->about_origin) shift[j] += sums->references[k * sums->width + j] - sums->origin[j];
  }
  for (int64_t i = 0; i < d; i++) {
    const double weighted = count * shift[i];
    for (int64_t j = triangle_first(sums->shape, i); j <= i; j++) *scatter++ -= weighted * shift[j];
  }
}

/* Of the sum of all scatters: false when too much cancelled, as in scatter_about_mean. */
static bool pooled_is_precise(const statistics *sums, double *scatter)
{
  double total = 0.0;
  bool precise = true;
  for (int64_t k = 0; k < sums->n_components; k++) total += sums->counts[k];
  for (int64_t j = 0; j < sums->n_features; j++) {
    const int64_t place = triangle_diagonal(sums->shape, j);
    const double resolution = 0x1p-45 * largest_scale_of_feature(sums, j);
    const double before = sums->second[place];
    const double after = scatter[place];
    if (after * most_cancellation < before && before - after > total * resolution * resolution) precise = false;
    if (after < 0.0) scatter[place] = 0.0;
  }
  return precise;
}

static void worsen(moments_outcome *outcome, bool precise, bool coarse)
{
  if (coarse)
    *outcome = SUMS_ARE_COARSE;
  else if (!precise && *outcome == MOMENTS_TAKEN)
    *outcome = MEANS_MOVED_FAR;
}

moments_outcome moments_of_statistics(const maximization *step, const statistics *sums, const gmmpi_model *previous,
                                      bool accept, moments *taken)
{
  const int64_t d = sums->n_features;
  const bool pooled = sums->order == POOLED_ORDER;
  moments_outcome outcome = MOMENTS_TAKEN;
  taken->n_samples = statistics_total_weight(sums);
  if (pooled) memcpy(taken->scatter, sums->second, (size_t)sums->second_length * sizeof(double));
  for (int64_t k = 0; k < sums->n_components; k++) {
    double *scatter = pooled ? taken->scatter : taken->scatter + k * taken->second_length;
    taken->counts[k] = sums->counts[k];
    if (taken->pulls != NULL) take_tails(sums, k, previous->dof[k], taken);
    if (pooled && sums->counts[k] > 0.0) take_shift_from_pooled(sums, k, taken->means + k * d, scatter);
    const component_state state =
        state_of_count(taken->counts[k], taken->n_samples, previous->weights[k], k < step->n_classes);
    const bool sound = state == COMPONENT_SOUND;
    const bool counts = step->how->empty_is_sound && sums->counts[k] > NEGLIGIBLE_SHARE * taken->n_samples;
    if (!sound && !counts) {
      memcpy(taken->means + k * d, previous->means + k * d, (size_t)d * sizeof(double));
      if (!pooled) memset(scatter, 0, (size_t)taken->second_length * sizeof(double));
      continue;
    }
    const bool precise = take_component(step, sums, k, taken);
    if (!pooled && sound)
      worsen(&outcome, precise, statistics_are_coarse(sums, k, sums->second + k * sums->second_length, step->ridge));
  }
  if (pooled) {
    const bool precise = pooled_is_precise(sums, taken->scatter);
    worsen(&outcome, precise, statistics_are_coarse(sums, 0, taken->scatter, step->ridge));
  }
  return accept ? MOMENTS_TAKEN : outcome;
}

/* The moments that the family's M-step takes: those of the points, or what the estimator makes of them. */
static const moments *moments_for_estimate(const maximization *step, const moments *from, const gmmpi_model *previous)
{
  if (step->how->posterior == NULL) return from;
  step->how->posterior(step->before, step->ridge, previous, from, step->total);
  return step->total;
}

void maximize(maximization *step, const moments *from, const gmmpi_model *previous, gmmpi_model *next)
{
  const int64_t d = from->n_features;
  const double of_background = model_has(next, PART_NOISE) ? count_of_background(from) : 0.0;
  const moments *taken = moments_for_estimate(step, from, previous);
  step->ridged = false;
  step->failed_together = false;
  for (int64_t k = 0; k < from->n_components; k++) {
    step->states[k] = step->how->empty_is_sound
                          ? state_with_prior(from->counts[k])
                          : state_of_count(from->counts[k], from->n_samples, previous->weights[k], k < step->n_classes);
    step->counts[k] = step->states[k] == COMPONENT_SOUND ? taken->counts[k] : 0.0;
    if (step->states[k] == COMPONENT_SOUND)
      memcpy(next->means + k * d, taken->means + k * d, (size_t)d * sizeof(double));
    else
      keep_component(next, previous, k);
  }
  const component_scatter scatter = {.n_components = from->n_components,
                                     .n_features = d,
                                     .counts = step->counts,
                                     .divisors = taken->divisors != NULL ? taken->divisors : step->counts,
                                     .divisor =
                                         taken->divisor > 0.0 ? taken->divisor : taken->n_samples - of_background,
                                     .scatter = taken->scatter,
                                     .ridge = step->how->adds_ridge ? step->no_ridge : step->ridge};
  next->family->estimate(&scatter, previous, next, step->scratch);
  if (next->family->storage->shared)
    factorise_shared(step, next);
  else if (next->family->coupling != EACH_ALONE)
    factorise_coupled(step, &scatter, previous, next);
  else
    factorise_each(step, previous, next);
  if (next->dof != NULL) set_dof(step->dof, step->counts, from, previous, next);
  set_weights(step, of_background, previous, next);
  if (step->how->complete != NULL) step->how->complete(step->before, from, previous, next);
}

bool all_sound(const maximization *step, int64_t n_components)
{
  for (int64_t k = 0; k < n_components; k++) {
    if (step->states[k] != COMPONENT_SOUND && step->states[k] != COMPONENT_DROPPED) return false;
  }
  return !step->ridged && !step->lost_background;
}
