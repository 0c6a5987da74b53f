/* Making a shard: from a source, of which each rank reads the rows it owns, or from the caller's memory. */
#include "points/reading/read.h"
#include "points/stream/stream.h"
#include "support/error.h"
#include "support/memory.h"

#include <inttypes.h>
#include <stdlib.h>

static gmmpi_status out_of_memory(const char *label, gmmpi_error *error)
{
  return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to read points", label);
}

/* --- from a source
 * -------------------------------------------------------------------------------------------------------- */

/* This rank's rows without a missing value: n_kept of them, counted from 0, and where they are in the source. */
static void list_kept(const shard *points, int64_t *picked, int64_t *origins, double *row)
{
  for (int64_t i = 0; i < points->n_rows; i++) {
    shard_copy_numbers(points, points->first_row + i, row);
    if (!row_is_whole(row, points->row_width)) continue;
    *picked++ = i;
    *origins++ = points->first_row + i;
  }
}

/* Collective: a shard of the rows that are left, made from the one that holds all of them. */
static gmmpi_status close_gaps(const char *label, shard_options options, const dropped_rows *dropped, shard **points,
                               gmmpi_error *error)
{
  const shard *old = *points;
  shard *new = NULL;
  const int64_t n_kept = old->n_rows - dropped->n_here;
  int64_t *picked = allocate(n_kept, sizeof *picked);
  int64_t *origins = allocate(n_kept, sizeof *origins);
  double *row = allocate(old->row_width, sizeof *row);
  if (picked == NULL || origins == NULL || row == NULL) out_of_memory(label, error);
  if (shard_lay_out(old->comm, label, old->n_samples - dropped->n, old->n_features, options, &new, error) == GMMPI_OK) {
    new->n_dropped = dropped->n;
    new->source_rows = allocate(new->n_rows, sizeof *new->source_rows);
    if (new->source_rows == NULL) out_of_memory(label, error);
  }
  if (agree(old->comm, error) == GMMPI_OK) {
    list_kept(old, picked, origins, row);
    const row_supply supply = {.n_rows = n_kept, .held = old, .picked = picked, .consumes = true, .origins = origins};
    shard_redistribute(&supply, new, error);
  }
  free(picked);
  free(origins);
  free(row);
  shard_destroy(*points);
  *points = new;
  return error->status;
}

/* Reads all rows, once. */
static gmmpi_status read_all(shard *points, row_reading *reading, gmmpi_error *error)
{
  if (points->stream == NULL) return reading_rows(reading, 0, points->n_rows, shard_place(points, 0), NULL, error);
  shard_pass pass = shard_pass_begin_ascending(points);
  while (shard_pass_next(&pass)) continue;
  return shard_failure(points, error);
}

gmmpi_status shard_read(shard *points, point_source *source, row_choice *choice, shard_options options,
                        dropped_rows *dropped, gmmpi_error *error)
{
  const bool streams = options.stream_bytes > 0;
  row_reading *reading = NULL;
  *dropped = (dropped_rows){0};
  if (reading_create(points, source, choice, options, streams ? 1 : points->n_threads, &reading, error) == GMMPI_OK &&
      streams)
    stream_create(points, reading, options, &points->stream, error);
  if (agree(points->comm, error) == GMMPI_OK) {
    read_all(points, reading, error);
    reading_end(reading, points, &dropped->n_here, &dropped->n, error);
  }
  if (error->status == GMMPI_OK && streams && dropped->n == 0) {
    stream_surveyed(points->stream); /* goes on reading */
    return GMMPI_OK;
  }
  if (error->status == GMMPI_OK) dropped->of_blocks = reading_take_dropped(reading);
  stream_destroy(points->stream);
  points->stream = NULL;
  reading_destroy(reading);
  return error->status;
}

/* Collective: streams the rows that are left, when all have been looked at. */
static gmmpi_status stream_whole_rows(point_source *source, shard_options options, const dropped_rows *dropped,
                                      shard **points, gmmpi_error *error)
{
  const shard *all = *points;
  shard *new = NULL;
  row_choice *choice = NULL;
  dropped_rows none;
  shard_lay_out(all->comm, source->label, all->n_samples - dropped->n, all->n_features, options, &new, error);
  if (agree(all->comm, error) == GMMPI_OK) {
    new->n_dropped = dropped->n;
    if (choice_of_whole_rows(new, all, dropped->of_blocks, &choice, error) == GMMPI_OK) {
      shard_read(new, source, choice, options, &none, error);
      choice = NULL;
    }
  }
  choice_destroy(choice);
  shard_destroy(*points);
  *points = new;
  return error->status;
}

gmmpi_status shard_create(MPI_Comm comm, point_source *source, shard_options options, shard **result,
                          gmmpi_error *error)
{
  gmmpi_error local = {0};
  shard *points = NULL;
  dropped_rows dropped = {0};
  shard_lay_out(comm, source->label, source->n_rows, source->n_features - (options.has_weights ? 1 : 0), options,
                &points, &local);
  if (agree(comm, &local) == GMMPI_OK && shard_read(points, source, NULL, options, &dropped, &local) == GMMPI_OK &&
      dropped.n > 0) {
    if (options.stream_bytes > 0)
      stream_whole_rows(source, options, &dropped, &points, &local);
    else if (close_gaps(source->label, options, &dropped, &points, &local) == GMMPI_OK)
      shard_complete(points, &local);
  }
  free(dropped.of_blocks);
  if (local.status != GMMPI_OK) {
    shard_destroy(points);
    points = NULL;
    if (error != NULL) *error = local;
  }
  *result = points;
  return local.status;
}

/* --- from memory
 * ---------------------------------------------------------------------------------------------------------- */

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

/* Looks at all rows of this rank and lists in origins those without missing values. */
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
  int64_t n_dropped = 0;
  const missing_choice missing = options.missing;
  if (count_rows(comm, rows, n_local, n_features, &n_samples, &first_row, &local) == GMMPI_OK) {
    row_check check = row_check_begin(NULL, first_row, options);
    if (missing == MISSING_DROP) origins = allocate(n_local, sizeof *origins);
    if (missing == MISSING_DROP && origins == NULL) {
      out_of_memory("points", &local);
    } else {
      list_whole_rows(&check, rows, n_local, n_features + (options.has_weights ? 1 : 0), origins, &local);
    }
    if (row_check_end(comm, &check, n_samples, &n_dropped, &local) == GMMPI_OK &&
        shard_lay_out(comm, "points", n_samples - n_dropped, n_features, options, &points, &local) == GMMPI_OK &&
        n_dropped > 0) {
      points->n_dropped = n_dropped;
      points->source_rows = allocate(points->n_rows, sizeof *points->source_rows);
      if (points->source_rows == NULL) out_of_memory("points", &local);
    }
    const row_supply supply = {.n_rows = n_local - (missing == MISSING_DROP ? check.n_dropped : 0),
                               .rows = rows,
                               .origins = n_dropped > 0 ? origins : NULL,
                               .first_of_source = first_row};
    if (agree(comm, &local) == GMMPI_OK && shard_redistribute(&supply, points, &local) == GMMPI_OK)
      shard_complete(points, &local);
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
