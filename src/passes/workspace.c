/* SPDX-License-Identifier: BSD-3-Clause */
#include "passes/workspace.h"

#include "kernels/single_form.h"
#include "support/error.h"
#include "support/memory.h"

#include <stdlib.h>
#include <string.h>

/* Numbers of a second moment, as block_sums has it; INT64_MAX when they can't be counted. */
static int64_t second_numbers(density_shape shape, statistics_order order, int64_t n_features)
{
  int64_t numbers;
  if (order == TRACE_ORDER) return 1;
  return multiply_fits(padded_width(n_features), shape == DENSE ? n_features : 1, &numbers) ? numbers : INT64_MAX;
}

int64_t team_bytes(density_shape shape, statistics_order order, int64_t n_components, int64_t n_features, int n_threads)
{
  const int64_t n_second = n_second_moments(order, n_components);
  const int64_t scratch = kernel_scratch_bytes(shape, n_components, n_features);
  const int64_t group_tiles = kernel_group_tiles(shape, n_components, n_features);
  int64_t second;
  int64_t numbers;
  int64_t bytes;
  if (!multiply_fits(n_second, second_numbers(shape, order, n_features), &second) ||
      !multiply_fits(second, (int64_t)sizeof(double), &second) ||
      !multiply_fits(n_components,
                     (padded_width(n_features) + group_tiles * TILE_ROWS + 1 + group_tiles) * (int64_t)sizeof(double),
                     &bytes))
    return INT64_MAX;
  bytes = sum_of_bytes(2, (int64_t[]){bytes, second});
  if (scratch > INT64_MAX - bytes) return INT64_MAX;
  numbers = group_tiles * n_features * TILE_ROWS * (int64_t)sizeof(double);
  return bytes + scratch <= INT64_MAX - numbers && multiply_fits(n_threads, bytes + scratch + numbers, &bytes)
             ? bytes
             : INT64_MAX;
}

int64_t team_single_bytes(density_shape shape, int64_t n_components, int64_t n_features, int n_threads)
{
  const int64_t scratch = single_scratch_bytes(shape, n_components, n_features);
  int64_t bytes;
  return multiply_fits(n_threads, scratch, &bytes) ? bytes : INT64_MAX;
}

int64_t team_tail_bytes(int64_t n_components, int n_threads)
{
  return n_threads * n_components * (2 * TILE_ROWS + 2) * (int64_t)sizeof(double);
}

/* Numbers of each array of a workspace. */
typedef struct workspace_lengths {
  int64_t group_responsibilities, present, scratch_bytes, counts, first, second;
} workspace_lengths;

static void widen(int64_t *length, int64_t needed)
{
  if (needed > *length) *length = needed;
}

/* What serves passes of all sizes over points whose blocks have so many tiles. */
static workspace_lengths lengths_for(const pass_size *sizes, int n_sizes, int64_t n_features, int64_t block_tiles)
{
  workspace_lengths most = {0};
  for (int i = 0; i < n_sizes; i++) {
    const int64_t K = sizes[i].n_components;
    const density_shape shape = sizes[i].shape;
    const int64_t width = padded_width(n_features);
    const int64_t together = kernel_group_tiles(shape, K, n_features);
    const int64_t group_tiles = together < block_tiles ? together : block_tiles;
    widen(&most.group_responsibilities, group_tiles * K * TILE_ROWS);
    widen(&most.present, group_tiles * ((K + 63) / 64));
    widen(&most.scratch_bytes, kernel_scratch_bytes_of(shape, K, n_features, group_tiles));
    widen(&most.counts, K);
    widen(&most.first, K * width);
    widen(&most.second, n_second_moments(sizes[i].order, K) * second_numbers(shape, sizes[i].order, n_features));
  }
  return most;
}

static bool workspace_open(pass_workspace *work, const kernel *kernels, const workspace_lengths *lengths)
{
  work->kernel = kernels;
  work->group_responsibilities = allocate(lengths->group_responsibilities, sizeof(double));
  work->responsibilities = work->group_responsibilities;
  work->present = allocate(lengths->present, sizeof(uint64_t));
  work->scratch = allocate_untouched(lengths->scratch_bytes, 1);
  work->scratch_bytes = lengths->scratch_bytes;
  work->sums.counts = allocate(lengths->counts, sizeof(double));
  work->sums.first = allocate(lengths->first, sizeof(double));
  work->second = allocate(lengths->second, sizeof(double));
  return work->group_responsibilities != NULL && work->present != NULL && work->scratch != NULL &&
         work->sums.counts != NULL && work->sums.first != NULL && work->second != NULL;
}

static void workspace_close(pass_workspace *work)
{
  free(work->group_responsibilities);
  free(work->present);
  free(work->scratch);
  free(work->sums.counts);
  free(work->sums.first);
  free(work->second);
  free(work->spare);
  free(work->totals);
  free(work->logs);
}

/* -1 when they can't be counted. */
static int64_t count_words(const pass_size *sizes, int n_sizes, const shard *points)
{
  int64_t n_words = PASS_CONTROL_WORDS;
  for (int i = 0; i < n_sizes; i++) {
    const int64_t K = sizes[i].n_components;
    const int64_t d = points->n_features;
    int64_t own;
    if (team_bytes(sizes[i].shape, sizes[i].order, K, d, points->n_threads) == INT64_MAX ||
        statistics_bytes(sizes[i].shape, sizes[i].order, K, d, points->n_threads) == INT64_MAX ||
        !multiply_fits(statistics_words(sizes[i].shape, sizes[i].order, K, d), sizes[i].n_requests, &own) ||
        __builtin_add_overflow(n_words, own, &n_words))
      return -1;
  }
  return n_words;
}

gmmpi_status team_create(const kernel *kernels, const shard *points, const pass_size *sizes, int n_sizes,
                         pass_team **team, gmmpi_error *error)
{
  const int64_t n_words = count_words(sizes, n_sizes, points);
  pass_team *created = calloc(1, sizeof *created);
  bool good = created != NULL && n_words >= 0;
  if (good) {
    created->n_words = n_words;
    created->words = allocate(n_words, sizeof *created->words);
    created->workspaces = calloc((size_t)points->n_threads, sizeof *created->workspaces);
  }
  good = good && created->words != NULL && created->workspaces != NULL;
  if (good) {
    const workspace_lengths lengths = lengths_for(sizes, n_sizes, points->n_features, points->block_rows / TILE_ROWS);
    created->n_threads = points->n_threads;
    for (int t = 0; good && t < points->n_threads; t++)
      good = workspace_open(&created->workspaces[t], kernels, &lengths);
  }
  *team = created;
  if (good) return GMMPI_OK;
  team_destroy(created);
  *team = NULL;
  return fail(error, GMMPI_NO_MEMORY,
              "the working memory for %lld components in %lld features is not there; ask for fewer components or use "
              "machines with more memory",
              (long long)sizes[0].n_components, (long long)points->n_features);
}

gmmpi_status team_add_tails(pass_team *team, int64_t n_components, int64_t n_requests, gmmpi_error *error)
{
  const int64_t K = n_components;
  bool good;
  team->n_words += n_requests * statistics_tail_words(K);
  free(team->words);
  team->words = allocate(team->n_words, sizeof *team->words);
  good = team->words != NULL;
  for (int t = 0; t < team->n_threads; t++) {
    pass_workspace *work = &team->workspaces[t];
    work->spare = allocate(2 * K * TILE_ROWS, sizeof(double));
    work->totals = allocate(K, sizeof(double));
    work->logs = allocate(K, sizeof(double));
    good = good && work->spare != NULL && work->totals != NULL && work->logs != NULL;
  }
  if (good) return GMMPI_OK;
  return fail(error, GMMPI_NO_MEMORY, "the working memory for %lld components is not there; ask for fewer components",
              (long long)K);
}

gmmpi_status team_add_single(pass_team *team, const pass_size *size, int64_t n_features, gmmpi_error *error)
{
  const int64_t bytes = single_scratch_bytes(size->shape, size->n_components, n_features);
  for (int t = 0; t < team->n_threads; t++) {
    pass_workspace *work = &team->workspaces[t];
    if (bytes <= work->scratch_bytes) continue;
    free(work->scratch);
    work->scratch = allocate_untouched(bytes, 1);
    work->scratch_bytes = bytes;
    if (work->scratch == NULL)
      return fail(error, GMMPI_NO_MEMORY,
                  "the working memory for %lld components is not there; ask for fewer components",
                  (long long)size->n_components);
  }
  return GMMPI_OK;
}

void team_destroy(pass_team *team)
{
  if (team == NULL) return;
  for (int t = 0; t < team->n_threads; t++) workspace_close(&team->workspaces[t]);
  free(team->workspaces);
  free(team->words);
  free(team);
}

void workspace_begin_block(pass_workspace *workspace, const statistics *sums)
{
  block_sums *own = &workspace->sums;
  const int64_t K = sums->n_components;
  workspace->group_tiles = kernel_group_tiles(sums->shape, K, sums->n_features);
  own->shape = sums->shape;
  own->n_components = K;
  own->n_features = sums->n_features;
  own->width = sums->width;
  own->references = sums->references;
  own->present = NULL;
  memset(own->counts, 0, (size_t)K * sizeof(double));
  memset(own->first, 0, (size_t)(K * own->width) * sizeof(double));
  own->pooled = sums->order == POOLED_ORDER;
  own->traced = sums->order == TRACE_ORDER;
  own->origin = sums->about_origin ? sums->origin : NULL;
  own->at_origin = sums->about_origin ? sums->at_origin : NULL;
  own->second = sums->n_second > 0 ? workspace->second : NULL;
  if (own->second != NULL)
    memset(own->second, 0,
           (size_t)(sums->n_second * second_numbers(sums->shape, sums->order, sums->n_features)) * sizeof(double));
  own->totals = sums->totals != NULL ? workspace->totals : NULL;
  own->logs = sums->totals != NULL ? workspace->logs : NULL;
  if (sums->totals != NULL) {
    memset(own->totals, 0, (size_t)K * sizeof(double));
    memset(own->logs, 0, (size_t)K * sizeof(double));
  }
  own->log_likelihood = 0.0;
  own->sum_log_max_responsibility = 0.0;
}
