/* Making a shard: from a source, of which each rank reads the rows it owns, or from the caller's memory. */
#include "points/shard.h"
#include "points/shard_build.h"
#include "support/error.h"
#include "support/memory.h"

#include <stdlib.h>

/* Rows are read in chunks of at most so many rows and, unless one row has more, numbers. */
enum { CHUNK_ROWS = 4096, CHUNK_NUMBERS = 1 << 20 };

static gmmpi_status out_of_memory(const char *label, gmmpi_error *error)
{
  return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to read points", label);
}

/* --- from a source
 * -------------------------------------------------------------------------------------------------------- */

/* What reading needs, beside the shard. */
typedef struct row_reading {
  shard *points;
  point_source *source;
  row_check check;
  double *chunk;
  int64_t chunk_rows;
  int64_t n_kept; /* rows put in their places so far */
} row_reading;

/* Puts rows that were read to their places, those with missing values not. */
static gmmpi_status take_rows(row_reading *reading, int64_t first_row, int64_t n_rows, gmmpi_error *error)
{
  shard *points = reading->points;
  gmmpi_status status = GMMPI_OK;
  for (int64_t i = 0; i < n_rows && status == GMMPI_OK; i++) {
    const double *row = reading->chunk + i * points->n_features;
    bool is_whole;
    status = row_check_row(&reading->check, row, points->n_features, first_row + i, &is_whole, error);
    if (status != GMMPI_OK || !is_whole) continue;
    if (points->source_rows != NULL) points->source_rows[reading->n_kept] = first_row + i;
    shard_put_row(points, reading->n_kept++, row);
  }
  return status;
}

/* Reads and takes rows. When one of them cannot be read, those before it are looked at all the same, so that the first
 * bad row is found wherever chunks begin. */
static gmmpi_status read_chunk(row_reading *reading, int64_t first_row, int64_t n_rows, gmmpi_error *error)
{
  gmmpi_error failure = {0};
  gmmpi_status status = source_read(reading->source, first_row, n_rows, reading->chunk, &failure);
  if (status == GMMPI_OK) return take_rows(reading, first_row, n_rows, error);
  for (int64_t i = 0; failure.place > 0 && i < n_rows; i++) {
    gmmpi_error ignored = {0};
    if (source_read(reading->source, first_row + i, 1, reading->chunk, &ignored) != GMMPI_OK) break;
    status = take_rows(reading, first_row + i, 1, error);
    if (status != GMMPI_OK) return status;
  }
  *error = failure;
  return failure.status;
}

static gmmpi_status read_rows(row_reading *reading, gmmpi_error *error)
{
  const shard *points = reading->points;
  gmmpi_status status = GMMPI_OK;
  for (int64_t done = 0; done < points->n_rows && status == GMMPI_OK; done += reading->chunk_rows) {
    const int64_t left = points->n_rows - done;
    status =
        read_chunk(reading, points->first_row + done, left < reading->chunk_rows ? left : reading->chunk_rows, error);
  }
  return status;
}

/* Room for the rows and, where rows may be dropped, for where they come from. */
static gmmpi_status prepare(MPI_Comm comm, shard_options options, row_reading *reading, gmmpi_error *error)
{
  const point_source *source = reading->source;
  const gmmpi_status status =
      shard_lay_out(comm, source->label, source->n_rows, source->n_features, options, &reading->points, error);
  if (status != GMMPI_OK) return status;
  shard *points = reading->points;
  int64_t numbers;
  reading->chunk_rows = CHUNK_NUMBERS / source->n_features;
  if (reading->chunk_rows < 1) reading->chunk_rows = 1;
  if (reading->chunk_rows > CHUNK_ROWS) reading->chunk_rows = CHUNK_ROWS;
  if (reading->chunk_rows > points->n_rows) reading->chunk_rows = points->n_rows;
  if (multiply_fits(reading->chunk_rows, source->n_features, &numbers))
    reading->chunk = allocate(numbers, sizeof *reading->chunk);
  if (reading->check.missing == MISSING_DROP)
    points->source_rows = allocate(points->n_rows, sizeof *points->source_rows);
  if (reading->chunk == NULL || (reading->check.missing == MISSING_DROP && points->source_rows == NULL))
    return out_of_memory(source->label, error);
  return GMMPI_OK;
}

/* Collective: a shard of the rows that are left, made from the one that holds them where they were. */
static gmmpi_status close_gaps(const char *label, shard_options options, int64_t n_kept, int64_t n_dropped,
                               shard **points, gmmpi_error *error)
{
  const shard *old = *points;
  shard *new = NULL;
  const row_supply supply = {.n_rows = n_kept, .held = old, .origins = old->source_rows};
  if (shard_lay_out(old->comm, label, old->n_samples - n_dropped, old->n_features, options, &new, error) == GMMPI_OK) {
    new->n_dropped = n_dropped;
    new->source_rows = allocate(new->n_rows, sizeof *new->source_rows);
    if (new->source_rows == NULL) out_of_memory(label, error);
  }
  if (agree(old->comm, error) == GMMPI_OK) shard_redistribute(&supply, new, error);
  shard_destroy(*points);
  *points = new;
  return error->status;
}

gmmpi_status shard_create(MPI_Comm comm, point_source *source, shard_options options, shard **result,
                          gmmpi_error *error)
{
  gmmpi_error local = {0};
  row_reading reading = {.source = source, .check = row_check_begin(source, 0, options.missing)};
  int64_t n_dropped = 0;
  prepare(comm, options, &reading, &local);
  if (agree(comm, &local) == GMMPI_OK) {
    read_rows(&reading, &local);
    row_check_end(comm, &reading.check, source->n_rows, &n_dropped, &local);
  }
  free(reading.chunk);
  if (local.status == GMMPI_OK && n_dropped > 0) {
    close_gaps(source->label, options, reading.n_kept, n_dropped, &reading.points, &local);
  } else if (local.status == GMMPI_OK) {
    free(reading.points->source_rows);
    reading.points->source_rows = NULL;
  }
  if (local.status == GMMPI_OK) {
    shard_complete(reading.points);
  } else {
    shard_destroy(reading.points);
    reading.points = NULL;
    if (error != NULL) *error = local;
  }
  *result = reading.points;
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
static gmmpi_status list_whole_rows(row_check *check, const double *rows, int64_t n_local, int64_t n_features,
                                    int64_t *origins, gmmpi_error *error)
{
  int64_t n_kept = 0;
  gmmpi_status status = GMMPI_OK;
  for (int64_t i = 0; i < n_local && status == GMMPI_OK; i++) {
    bool is_whole;
    status = row_check_row(check, rows + i * n_features, n_features, i, &is_whole, error);
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
    row_check check = row_check_begin(NULL, first_row, missing);
    if (missing == MISSING_DROP) origins = allocate(n_local, sizeof *origins);
    if (missing == MISSING_DROP && origins == NULL) {
      out_of_memory("points", &local);
    } else {
      list_whole_rows(&check, rows, n_local, n_features, origins, &local);
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
      shard_complete(points);
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
