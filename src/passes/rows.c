#include "passes/rows.h"

#include "support/error.h"
#include "support/large_messages.h"
#include "support/memory.h"
#include "support/threads.h"

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

/* The n smallest values found so far, sorted. */
typedef struct kept_rows {
  valued_row *rows;
  int64_t n;
} kept_rows;

static void keep_worst_of_block(const block_view *block, const density_form *form, pass_workspace *workspace, int64_t n,
                                kept_rows *worst)
{
  for (int64_t t = 0; t < block->n_tiles; t++) {
    _Alignas(64) double log_density[TILE_ROWS];
    double ignored_sums[2] = {0.0, 0.0};
    const int n_points = tile_points(block, t);
    const double *tile = block_tile(block, t, workspace->tiles);
    workspace->kernel->posteriors(form, n_points, tile, workspace->responsibilities, log_density, &ignored_sums[0],
                                  &ignored_sums[1], workspace->scratch);
    for (int p = 0; p < n_points; p++) {
      const valued_row offered = {log_density[p], block->first_row + t * TILE_ROWS + p};
      keep_smallest(worst->rows, &worst->n, n, offered);
    }
  }
}

/* worst: one list for each thread, the first of which receives the n smallest of all. */
static void keep_worst(const shard *points, const density_form *form, pass_team *team, int64_t n, kept_rows *worst)
{
  shard_pass pass = shard_pass_begin(points);
  while (shard_pass_next(&pass)) {
#pragma omp parallel for num_threads(team->n_threads) schedule(dynamic) if (team->n_threads > 1)
    for (int64_t b = pass.first_block; b < pass.end_block; b++) {
      const int thread = thread_number();
      const block_view block = shard_block(points, b);
      keep_worst_of_block(&block, form, &team->workspaces[thread], n, &worst[thread]);
    }
  }
  for (int t = 1; t < team->n_threads; t++) {
    for (int64_t i = 0; i < worst[t].n; i++) keep_smallest(worst[0].rows, &worst[0].n, n, worst[t].rows[i]);
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
    keep_worst(points, form, team, n, worst);
    smallest_of_all_ranks(points->comm, worst[0].rows, worst[0].n, n, rows);
    shard_agree(points, &local);
  }
  free(kept);
  free(worst);
  return error_pass(error, &local);
}
