/* SPDX-License-Identifier: BSD-3-Clause */
#include "passes/rows.h"

#include "support/error.h"
#include "support/large_messages.h"
#include "support/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool comes_before(valued_row a, valued_row b)
{
  return a.value < b.value || (a.value == b.value && a.row < b.row);
}

void keep_smallest(valued_row *kept, int64_t *n_kept, int64_t n, valued_row offered)
{
  if (*n_kept == n && !comes_before(offered, kept[n - 1])) return;
  int64_t place = *n_kept < n ? (*n_kept)++ : n - 1;
  for (; place > 0 && comes_before(offered, kept[place - 1]); place--) kept[place] = kept[place - 1];
  kept[place] = offered;
}

void smallest_of_all_ranks(MPI_Comm comm, const valued_row *mine, int64_t n_mine, int64_t n, int64_t *rows)
{
  int64_t taken = 0;
  for (int64_t i = 0; i < n; i++) {
    const valued_row offer = taken < n_mine ? mine[taken] : (valued_row){INFINITY, INT64_MAX};
    double smallest;
    MPI_Allreduce(&offer.value, &smallest, 1, MPI_DOUBLE, MPI_MIN, comm);
    const int64_t row = offer.value == smallest ? offer.row : INT64_MAX;
    MPI_Allreduce(&row, &rows[i], 1, MPI_INT64_T, MPI_MIN, comm);
    if (rows[i] == INT64_MAX)
      rows[i] = -1;
    else if (rows[i] == offer.row)
      taken++;
  }
}

gmmpi_status fetch_rows(const shard *points, const int64_t *rows, int64_t n, double *coordinates, gmmpi_error *error)
{
  const int64_t d = points->n_features;
  memset(coordinates, 0, (size_t)(n * d) * sizeof(double));
  for (int64_t i = 0; i < n; i++) {
    if (rows[i] >= points->first_row && rows[i] < points->first_row + points->n_rows)
      shard_copy_row(points, rows[i], coordinates + i * d);
  }
  /* All ranks but the owner have zeros, whose bits are zero: adding the bits as integers moves them unchanged. */
  allreduce_large(points->comm, coordinates, n * d, MPI_INT64_T, MPI_SUM);
  return shard_agree(points, error);
}

gmmpi_status fetch_weights(const shard *points, const int64_t *rows, int64_t n, double *weights, gmmpi_error *error)
{
  gmmpi_error local = {0};
  for (int64_t i = 0; i < n; i++) weights[i] = 1.0;
  if (!points->has_weights) return GMMPI_OK;
  double *numbers = allocate(points->row_width, sizeof *numbers);
  if (numbers == NULL) fail(&local, GMMPI_NO_MEMORY, "there is no memory for the weights of rows");
  if (agree(points->comm, &local) != GMMPI_OK) {
    free(numbers);
    return error_pass(error, &local);
  }
  for (int64_t i = 0; i < n; i++) {
    weights[i] = 0.0;
    if (rows[i] < points->first_row || rows[i] >= points->first_row + points->n_rows) continue;
    shard_copy_numbers(points, rows[i], numbers);
    weights[i] = numbers[points->row_width - 1] * points->weight_unit;
  }
  free(numbers);
  allreduce_large(points->comm, weights, n, MPI_INT64_T, MPI_SUM); /* bits, as in fetch_rows */
  return shard_agree(points, error);
}

/* The n smallest values found so far, sorted. */
typedef struct kept_rows {
  valued_row *rows;
  int64_t n;
} kept_rows;

typedef struct worst_search {
  const density_form *form;
  pass_team *team;
  int64_t n;        /* how many are wanted */
  kept_rows *worst; /* one list for each thread */
} worst_search;

static void keep_worst_of_tile(void *context, const row_tile *tile, int64_t n_tiles, int thread)
{
  const worst_search *search = context;
  pass_workspace *workspace = &search->team->workspaces[thread];
  kept_rows *worst = &search->worst[thread];
  _Alignas(64) double log_density[TILE_ROWS];
  double ignored_sums[2] = {0.0, 0.0};
  (void)n_tiles;
  workspace->kernel->posteriors(search->form, tile, workspace->responsibilities, log_density, &ignored_sums[0],
                                &ignored_sums[1], workspace->scratch);
  for (int p = 0; p < tile->n_points; p++) {
    const valued_row offered = {log_density[p], tile->first_row + p};
    keep_smallest(worst->rows, &worst->n, search->n, offered);
  }
}

/* The first thread's list receives the n smallest of all. */
static void keep_worst(const shard *points, worst_search *search)
{
  kept_rows *worst = search->worst;
  shard_visit(points, 1, &(row_visitor){.context = search, .tiles = keep_worst_of_tile});
  for (int t = 1; t < search->team->n_threads; t++) {
    for (int64_t i = 0; i < worst[t].n; i++) keep_smallest(worst[0].rows, &worst[0].n, search->n, worst[t].rows[i]);
  }
}

gmmpi_status worst_fitting_rows(const shard *points, const density_form *form, pass_team *team, int64_t n,
                                int64_t *rows, gmmpi_error *error)
{
  gmmpi_error local = {0};
  int64_t n_kept;
  valued_row *kept = multiply_fits(n, team->n_threads, &n_kept) ? allocate(n_kept, sizeof *kept) : NULL;
  kept_rows *worst = calloc((size_t)team->n_threads, sizeof *worst);
  if (kept == NULL || worst == NULL)
    fail(&local, GMMPI_NO_MEMORY, "there is no memory to look for the points that fit worst");
  if (agree(points->comm, &local) == GMMPI_OK) {
    for (int t = 0; t < team->n_threads; t++) worst[t].rows = kept + t * n;
    worst_search search = {form, team, n, worst};
    keep_worst(points, &search);
    smallest_of_all_ranks(points->comm, worst[0].rows, worst[0].n, n, rows);
    shard_agree(points, &local);
  }
  free(kept);
  free(worst);
  return error_pass(error, &local);
}

/* A race that this rank's rows run. */
typedef struct weighted_race {
  uint64_t seed;
  random_purpose purpose;
  valued_row *first;
  int64_t n_first, n;
} weighted_race;

static void run_tile(void *context, const row_tile *tile, int64_t n_tiles, int thread)
{
  weighted_race *race = context;
  (void)n_tiles;
  (void)thread;
  for (int p = 0; p < tile->n_points; p++) {
    const int64_t row = tile->first_row + p;
    const double weight = tile->weights != NULL ? tile->weights[p] : 1.0;
    const double time = random_exponential(race->seed, race->purpose, (uint64_t)row, 0) / weight;
    keep_smallest(race->first, &race->n_first, race->n, (valued_row){time, row});
  }
}

gmmpi_status draw_rows_by_weight(const shard *points, uint64_t seed, random_purpose purpose, int64_t n, int64_t *rows,
                                 gmmpi_error *error)
{
  gmmpi_error local = {0};
  weighted_race race = {.seed = seed, .purpose = purpose, .first = allocate(n, sizeof *race.first), .n = n};
  if (race.first == NULL) fail(&local, GMMPI_NO_MEMORY, "there is no memory to draw %lld rows", (long long)n);
  if (agree(points->comm, &local) == GMMPI_OK) {
    shard_visit(points, 1, &(row_visitor){.context = &race, .tiles = run_tile, .takes_turns = true});
    smallest_of_all_ranks(points->comm, race.first, race.n_first, n, rows);
    shard_agree(points, &local);
  }
  free(race.first);
  return error_pass(error, &local);
}
