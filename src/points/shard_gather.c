/* All rows on every rank. */
#include "points/shard_build.h"
#include "support/error.h"
#include "support/large_messages.h"
#include "support/memory.h"

#include <stdlib.h>

gmmpi_status shard_gather(const shard *points, shard **result, gmmpi_error *error)
{
  const int64_t d = points->n_features;
  const shard_options options = {.n_threads = points->n_threads};
  gmmpi_error local = {0};
  double *rows = allocate(points->n_samples * d, sizeof *rows);
  if (rows == NULL) fail(&local, GMMPI_NO_MEMORY, "there is no memory to gather a subsample of the points");
  shard_lay_out(MPI_COMM_SELF, "gathered points", points->n_samples, d, options, result, &local);
  if (agree(points->comm, &local) == GMMPI_OK) {
    for (int64_t i = 0; i < points->n_rows; i++)
      shard_copy_row(points, points->first_row + i, rows + (points->first_row + i) * d);
    /* All but the owner have zeros, whose bits are zero: adding the bits as integers moves them unchanged. */
    allreduce_large(points->comm, rows, points->n_samples * d, MPI_INT64_T, MPI_SUM);
    for (int64_t i = 0; i < points->n_samples; i++) shard_put_row(*result, i, rows + i * d);
    shard_complete(*result, &local);
    agree(points->comm, &local);
  }
  if (local.status != GMMPI_OK) {
    shard_destroy(*result);
    *result = NULL;
    fail(error, local.status, "%s", local.message);
  }
  free(rows);
  return local.status;
}
