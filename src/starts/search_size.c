/* SPDX-License-Identifier: BSD-3-Clause */
#include "starts/search_size.h"

#include "starts/growth.h"
#include "support/memory.h"

/* Points of at most so many numbers are gathered on every rank, so that ranks need not talk for each pass. */
static const int64_t most_numbers_gathered = INT64_C(1) << 24;

bool search_gathers(const shard *points)
{
  int64_t numbers;
  return multiply_fits(points->n_samples, points->n_features, &numbers) && numbers <= most_numbers_gathered;
}

bool search_is_wanted(const fit_options *options)
{
  return options->init == INIT_KMEANS && options->coarse_to_fine != COARSE_OFF && options->n_components > 1 &&
         !fit_is_variational(options);
}

int64_t search_kept_of(int64_t n_candidates)
{
  const int64_t n = (n_candidates + KEPT_OF - 1) / KEPT_OF;
  return n < MOST_BEST ? MOST_BEST : n;
}

int64_t search_most_candidates(const search_plan *plan)
{
  const int64_t n_starts = search_n_starts(plan);
  const int64_t n_moves = search_n_moves(plan, 0);
  return n_starts > n_moves ? n_starts : n_moves;
}

int64_t search_n_kept(const search_plan *plan)
{
  return search_kept_of(search_most_candidates(plan));
}

int64_t search_bytes(const fit_options *options, int64_t n_rows, int64_t n_samples, int64_t n_features)
{
  const covariance_family *family = family_find(options->covariance);
  const int64_t K = options->n_components;
  if (!search_is_wanted(options)) return 0;
  const search_plan plan = search_plan_for(options, n_rows, n_samples, n_features);
  if (plan.n_starts == 1) return 0;
  const int64_t n_models = 2 * search_n_kept(&plan) + MOST_BEST + MOST_FINDINGS + 2;
  const int64_t history = accelerator_bytes(options->accelerate, fit_kind(options), K, n_features);
  const int64_t moving = plan.n_generations > 0 ? moves_bytes(options, n_features) : 0;
  const int64_t growing =
      plan.grows || plan.n_generations > 0
          ? sum_of_bytes(2, (int64_t[]){growth_bytes(options, n_features),
                                        place_finder_bytes(family->storage->shape, K, n_rows, n_features)})
          : 0;
  int64_t bytes;
  int64_t points;
  if (!multiply_fits(n_models, model_bytes(fit_kind(options), K, n_features), &bytes) ||
      !multiply_fits(n_rows, n_features, &points) || __builtin_add_overflow(bytes, history, &bytes) ||
      __builtin_add_overflow(bytes, moving, &bytes) || __builtin_add_overflow(bytes, growing, &bytes))
    return INT64_MAX;
  /* Gathered, twice while that goes on, and whitened; a larger copy is made where there is room for it. */
  if (points <= most_numbers_gathered && __builtin_add_overflow(bytes, 3 * 8 * points, &bytes)) return INT64_MAX;
  return bytes;
}

bool search_makes_large_copy(const fit_options *options, int64_t n_rows, int64_t n_features)
{
  int64_t points;
  return search_is_wanted(options) && family_find(options->covariance)->storage->shape == DENSE &&
         (!multiply_fits(n_rows, n_features, &points) || points > most_numbers_gathered);
}
