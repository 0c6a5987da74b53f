/* SPDX-License-Identifier: BSD-3-Clause */
/* A shard from the caller's memory. */
#include "points/making/redistribute.h"
#include "points/reading/row_check.h"
#include "support/error.h"
#include "support/memory.h"

#include <stdlib.h>

static gmmpi_status out_of_memory(gmmpi_error *error)
{
  return fail(error, GMMPI_NO_MEMORY, "points: no memory is left to read points");
}

/* Collective: *n_samples rows in all, *first_row before this rank's. */
static gmmpi_status count_rows(MPI_Comm comm, const double *rows, int64_t n_local, int64_t n_features,
                               int64_t *n_samples, int64_t *first_row, gmmpi_error *error)
{
  const int64_t mine[2] = {n_features, -n_features};
  int64_t largest[2];
  MPI_Allreduce(mine, largest, 2, MPI_INT64_T, MPI_MAX, comm);
  if (n_features < 1 || n_local < 0 || (rows == NULL && n_local > 0))
    fail(error, GMMPI_WRONG_USAGE, "points: a size or a pointer is wrong; give n_local x n_features numbers");
  if (largest[0] != -largest[1])
    fail(error, GMMPI_WRONG_USAGE, "points: the number of features is not the same on all ranks; make it so");
  if (agree(comm, error) != GMMPI_OK) return error->status;
  int64_t behind;
  MPI_Allreduce(&n_local, n_samples, 1, MPI_INT64_T, MPI_SUM, comm);
  MPI_Scan(&n_local, &behind, 1, MPI_INT64_T, MPI_SUM, comm);
  *first_row = behind - n_local;
  return *n_samples > 0 ? GMMPI_OK : fail(error, GMMPI_BAD_DATA, "points: there are none; give at least one row");
}

/* Looks at all rows of this rank and lists in origins those that are kept. */
static gmmpi_status list_whole_rows(row_check *check, const double *rows, int64_t n_local, int64_t row_width,
                                    int64_t *origins, gmmpi_error *error)
{
  int64_t n_kept = 0;
  gmmpi_status status = GMMPI_OK;
  for (int64_t i = 0; i < n_local && status == GMMPI_OK; i++) {
    bool is_whole;
    status = row_check_row(check, rows + i * row_width, row_width, i, &is_whole, error);
    if (status == GMMPI_OK && is_whole && origins != NULL) origins[n_kept++] = check->first_row + i;
  }
  return status;
}

gmmpi_status shard_create_from_memory(MPI_Comm comm, const double *rows, int64_t n_local, int64_t n_features,
                                      shard_options options, shard **result, gmmpi_error *error)
{
  gmmpi_error local = {0};
  shard *points = NULL;
  int64_t *origins = NULL;
  int64_t n_samples = 0;
  int64_t first_row = 0;
  dropped_count dropped = {0};
  const bool drops = shard_drops(&options);
  if (count_rows(comm, rows, n_local, n_features, &n_samples, &first_row, &local) == GMMPI_OK) {
    row_check check = row_check_begin(NULL, first_row, options);
    if (drops) origins = allocate(n_local, sizeof *origins);
    if (drops && origins == NULL) {
      out_of_memory(&local);
    } else {
      list_whole_rows(&check, rows, n_local, n_features + shard_n_beside(&options), origins, &local);
    }
    if (row_check_end(comm, &check, n_samples, &dropped, &local) == GMMPI_OK &&
        held_lay_out(comm, "points", n_samples - dropped.n, n_features, &options, &points, &local) == GMMPI_OK &&
        dropped.n > 0) {
      shard_note_dropped(points, dropped);
      if (!held_remember_origins(points)) out_of_memory(&local);
    }
    const row_supply supply = {.n_rows = n_local - (drops ? check.dropped.n : 0),
                               .rows = rows,
                               .origins = dropped.n > 0 ? origins : NULL,
                               .first_of_source = first_row};
    if (agree(comm, &local) == GMMPI_OK && shard_redistribute(&supply, points, &local) == GMMPI_OK)
      held_complete(points, &local);
  }
  free(origins);
  if (local.status != GMMPI_OK) {
    shard_destroy(points);
    points = NULL;
    if (error != NULL) *error = local;
  }
  *result = points;
  return local.status;
}
