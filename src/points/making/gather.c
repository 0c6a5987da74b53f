/* SPDX-License-Identifier: BSD-3-Clause */
/* All rows on every rank. */
#include "points/held.h"
#include "support/error.h"
#include "support/large_messages.h"
#include "support/memory.h"

#include <stdlib.h>

/* All rows of the data set, of which a rank copies its own. */
typedef struct all_rows {
  double *rows; /* n_samples x row_width */
  int64_t row_width;
} all_rows;

static void copy_tile(void *context, const row_tile *tile, int64_t n_tiles, int thread)
{
  const all_rows *all = context;
  const int64_t width = all->row_width;
  (void)n_tiles;
  (void)thread;
  for (int p = 0; p < tile->n_points; p++) {
    for (int64_t j = 0; j < width; j++) all->rows[(tile->first_row + p) * width + j] = tile->numbers[j * TILE_ROWS + p];
  }
}

gmmpi_status shard_gather(const shard *points, shard **result, gmmpi_error *error)
{
  const int64_t width = points->row_width;
  shard_options options = {.n_threads = points->n_threads};
  shard_note_beside(points, &options);
  gmmpi_error local = {0};
  double *rows = allocate(points->n_samples * width, sizeof *rows);
  if (rows == NULL) fail(&local, GMMPI_NO_MEMORY, "there is no memory to gather a subsample of the points");
  held_lay_out(MPI_COMM_SELF, "gathered points", points->n_samples, points->n_features, &options, result, &local);
  if (agree(points->comm, &local) == GMMPI_OK) {
    (*result)->weight_unit = points->weight_unit;
    all_rows all = {rows, width};
    shard_visit(points, 1, &(row_visitor){.context = &all, .tiles = copy_tile});
    /* All but the owner have zeros, whose bits are zero: adding the bits as integers moves them unchanged. */
    allreduce_large(points->comm, rows, points->n_samples * width, MPI_INT64_T, MPI_SUM);
    for (int64_t i = 0; i < points->n_samples; i++) held_put_row(*result, i, rows + i * width);
    held_complete(*result, &local);
    (*result)->total_weight = points->total_weight; /* of the same rows: rescaled weights sum to it but for rounding */
    shard_failure(points, &local);
    agree(points->comm, &local);
  }
  if (local.status != GMMPI_OK) {
    shard_destroy(*result);
    *result = NULL;
    error_pass(error, &local);
  }
  free(rows);
  return local.status;
}
