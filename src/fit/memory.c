/* SPDX-License-Identifier: BSD-3-Clause */
/* The memory that a fit needs, known before it begins. */
#include "fit/fit.h"

#include "em/levels.h"
#include "em/refine.h"
#include "fit/batch.h"
#include "passes/near.h"
#include "passes/noise_volume.h"
#include "starts/bench.h"
#include "starts/choose_start.h"
#include "starts/search_size.h"
#include "starts/second_look.h"
#include "starts/seeding.h"
#include "support/memory.h"

/* Points of n_samples rows, held, and, where the search wants one of so many, a copy of them. */
static int64_t held_bytes(const fit_options *options, int64_t n_samples, row_shape row, int n_ranks, bool searched)
{
  const bool single = options->precision == PRECISION_SINGLE;
  const bool copied = searched && search_makes_large_copy(options, n_samples, row.n_features);
  const int64_t width = row.n_features + row.n_beside;
  const int64_t parts[] = {shard_bytes(n_samples, width, n_ranks, single),
                           copied ? shard_bytes(n_samples, width, n_ranks, false) : 0};
  return sum_of_bytes((int)(sizeof parts / sizeof parts[0]), parts);
}

/* Subsamples vary in size. Where rows are held, those of a subsample are listed before they are sent. */
static void count_subsamples(const fit_options *options, const level_plan *plan, int64_t n_samples, row_shape row,
                             int n_ranks, fit_memory *memory)
{
  if (plan->n_levels == 0) return;
  const int64_t finest = n_samples >> plan->rows[1].halvings;
  const int64_t coarsest = n_samples >> plan->rows[plan->n_levels].halvings;
  const int64_t of_finest[] = {held_bytes(options, finest + finest / 4, row, n_ranks, plan->n_levels == 1),
                               finest / n_ranks * (int64_t)sizeof(int64_t)};
  const int64_t of_coarsest = held_bytes(options, coarsest + coarsest / 4, row, n_ranks, true);
  const int64_t most = sum_of_bytes(2, of_finest);
  memory->subsamples = most > of_coarsest ? most : of_coarsest;
  memory->least_subsamples = shard_least_stream_bytes(finest + finest / 4, row.n_features + row.n_beside, false);
}

/* Of the starts that advance together: all that those behind the first one need, and what each needs. */
static int64_t bytes_beside_first(const fit_options *options, int64_t n_features, bool has_levels)
{
  const int64_t n = starts_together(options, n_features);
  const int64_t iteration = iteration_bytes_beside(options, n_features);
  const int64_t others[] = {climber_bytes(options->accelerate, fit_kind(options), options->n_components, n_features),
                            iteration, has_levels ? iteration : 0};
  const int64_t each[] = {has_levels ? refinement_bytes(options, n_features) : 0,
                          search_is_wanted(options) ? choose_start_bytes(options, n_features) : 0};
  int64_t of_others;
  int64_t of_all;
  if (!multiply_fits(n - 1, sum_of_bytes(3, others), &of_others) || !multiply_fits(n, sum_of_bytes(2, each), &of_all))
    return INT64_MAX;
  return sum_of_bytes(2, (int64_t[]){of_others, of_all});
}

fit_memory fit_memory_of(const fit_options *options, int64_t n_samples, row_shape row, int n_ranks)
{
  const int64_t n_features = row.n_features;
  const level_plan plan = levels_plan(options, n_samples, n_features);
  const bool has_levels = plan.n_levels > 0;
  const int64_t rows_of_kmeans = has_levels ? n_samples >> plan.rows[plan.n_levels].halvings : n_samples;
  const int64_t rows = rows_of_kmeans / n_ranks + shard_block_rows(rows_of_kmeans);
  const int64_t one = bench_bytes(options, n_features);
  /* What is needed for a while, one after the other. */
  const int64_t seeding = options->init == INIT_KMEANS || options->init == INIT_KMEANS_PLUS_PLUS
                              ? seeding_bytes(rows, n_features, options->n_components, options->threads)
                              : 0;
  const int64_t spreading =
      data_spread_creation_bytes(family_find(options->covariance)->storage->shape, n_features, options->threads);
  const int64_t searching = search_bytes(options, rows_of_kmeans, n_samples, n_features);
  int64_t looking = has_levels && search_is_wanted(options) ? second_look_bytes(options, n_samples, n_features) : 0;
  if (!multiply_fits(starts_together(options, n_features), looking, &looking)) looking = INT64_MAX;
  const int64_t rest[] = {one,
                          has_levels ? one : 0,
                          bytes_beside_first(options, n_features, has_levels),
                          far_values_bytes(n_samples, n_features, options->threads),
                          searching > looking ? searching : looking,
                          options->noise ? noise_region_bytes(n_features, options->threads) : 0,
                          seeding > spreading ? seeding : spreading};
  fit_memory memory = {.points = held_bytes(options, n_samples, row, n_ranks, !has_levels),
                       .bounds = near_bytes(family_find(options->covariance)->storage->shape, options->n_components,
                                            n_features, n_samples / n_ranks + shard_block_rows(n_samples)),
                       .rest = sum_of_bytes((int)(sizeof rest / sizeof rest[0]), rest)};
  count_subsamples(options, &plan, n_samples, row, n_ranks, &memory);
  return memory;
}
