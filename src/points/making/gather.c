/* All rows on every rank. */
#include "points/shard_build.h"
#include "support/error.h"
#include "support/large_messages.h"
#include "support/memory.h"

#include <stdlib.h>

/* All rows of this rank: n_rows x d. */
static void copy_rows(const shard *points, double *rows)
{
  shard_pass pass = shard_pass_begin(points);
  while (shard_pass_next(&pass)) {
    for (int64_t b = pass.first_block; b < pass.end_block; b++) {
      const block_view block = shard_block(points, b);
      for (int64_t row = block.first_row; row < block.first_row + block.n_rows; row++)
        shard_copy_row(points, row, rows + (row - points->first_row) * points->n_features);
    }
  }
}

gmmpi_status shard_gather(const shard *points, shard **result, gmmpi_error *error)
{
  const int64_t d = points->n_features;
  const shard_options options = {.n_threads = points->n_threads};
  gmmpi_error local = {0};
  double *rows = allocate(points->n_samples * d, sizeof *rows);
  if (rows == NULL) fail(&local, GMMPI_NO_MEMORY, "there is no memory to gather a subsample of the points");
  shard_lay_out(MPI_COMM_SELF, "gathered points", points->n_samples, d, options, result, &local);
  if (agree(points->comm, &local) == GMMPI_OK) {
    copy_rows(points, rows + points->first_row * d);
    /* All but the owner have zeros, whose bits are zero: adding the bits as integers moves them unchanged. */
    allreduce_large(points->comm, rows, points->n_samples * d, MPI_INT64_T, MPI_SUM);
    for (int64_t i = 0; i < points->n_samples; i++) shard_put_row(*result, i, rows + i * d);
    shard_complete(*result, &local);
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
