/* SPDX-License-Identifier: BSD-3-Clause */
#include "fit/selection.h"

#include "fit/batch.h"
#include "starts/neighbours.h"
#include "support/memory.h"

fit_options selection_options(const selection *what, int64_t candidate)
{
  fit_options own = *what->common;
  own.n_components = what->shapes[candidate].n_components;
  own.covariance = what->shapes[candidate].kind.family->name;
  return own;
}

/* --- which starts advance together --- */

int64_t selection_wave_end(const selection *what, int64_t n_features, int64_t first)
{
  const int64_t n_starts = what->n * what->common->n_init;
  const int64_t end = first < n_starts ? n_starts : n_starts + what->n * what->n_folds;
  int64_t bytes = 0;
  int64_t next = first;
  while (next < end && next - first < MOST_TOGETHER) {
    const fit_options own = selection_options(what, next % what->n);
    bytes = sum_of_bytes(2, (int64_t[]){bytes, start_bytes(&own, n_features)});
    if (bytes > MOST_BYTES_TOGETHER && next > first) break;
    next++;
  }
  return next;
}

state_plan selection_plan(const selection *what, int64_t n_features)
{
  return (state_plan){.shapes = what->shapes,
                      .n_shapes = what->n,
                      .n_folds = what->n_folds,
                      .n_features = n_features,
                      .accelerate = what->common->accelerate,
                      .n_climbers = selection_wave_end(what, n_features, 0)};
}

level_plan selection_levels(const selection *what, int64_t n_samples, int64_t n_features)
{
  level_plan common = {.n_levels = 0};
  for (int64_t c = 0; c < what->n; c++) {
    const fit_options own = selection_options(what, c);
    const level_plan plan = levels_plan(&own, n_samples, n_features);
    if (plan.n_levels == 0) return plan;
    if (c == 0 || plan.rows[plan.n_levels].halvings < common.rows[common.n_levels].halvings) common = plan;
  }
  return common;
}

/* --- memory --- */

/* Of two needs the larger one, number by number. */
static fit_memory larger_memory(fit_memory a, fit_memory b)
{
  return (fit_memory){.points = a.points > b.points ? a.points : b.points,
                      .bounds = a.bounds > b.bounds ? a.bounds : b.bounds,
                      .subsamples = a.subsamples > b.subsamples ? a.subsamples : b.subsamples,
                      .least_subsamples =
                          a.least_subsamples > b.least_subsamples ? a.least_subsamples : b.least_subsamples,
                      .rest = a.rest > b.rest ? a.rest : b.rest};
}

/* A start among others, with all threads, and the model that it leaves. */
static int64_t bytes_of_start(const fit_options *options, int64_t n_features)
{
  const int64_t iteration = iteration_bytes_beside(options, n_features);
  return sum_of_bytes(3, (int64_t[]){start_bytes(options, n_features), iteration, iteration});
}

/* All of the wave that begins with `first`. */
static int64_t bytes_of_wave(const selection *what, int64_t n_features, int64_t first)
{
  const int64_t end = selection_wave_end(what, n_features, first);
  int64_t bytes = 0;
  for (int64_t s = first; s < end; s++) {
    const fit_options own = selection_options(what, s % what->n);
    bytes = sum_of_bytes(2, (int64_t[]){bytes, bytes_of_start(&own, n_features)});
  }
  return bytes;
}

fit_memory selection_memory_of(const selection *what, int64_t n_samples, row_shape row, int n_ranks)
{
  fit_memory memory = {0};
  int64_t beside = 0;
  int64_t models = 0;
  const int64_t starts = bytes_of_wave(what, row.n_features, 0);
  const int64_t folds =
      bytes_of_wave(what, row.n_features, what->n * what->common->n_init); /* 0 where there are none */
  for (int64_t c = 0; c < what->n; c++) {
    fit_options own = selection_options(what, c);
    own.n_init = 1;
    memory = larger_memory(memory, fit_memory_of(&own, n_samples, row, n_ranks));
    const int64_t searching = neighbours_bytes(&own, row.n_features);
    if (searching > beside) beside = searching;
    models = sum_of_bytes(2, (int64_t[]){models, 2 * model_bytes(fit_kind(&own), own.n_components, row.n_features)});
  }
  memory.rest = sum_of_bytes(4, (int64_t[]){memory.rest, beside, models, starts > folds ? starts : folds});
  return memory;
}
