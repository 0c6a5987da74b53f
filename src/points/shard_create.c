/* Making a shard: from a source, of which each rank reads the rows it owns, or from the caller's memory. */
#include "points/shard.h"
#include "points/shard_build.h"
#include "support/error.h"
#include "support/memory.h"
#include "support/signals.h"
#include "support/threads.h"

#include <math.h>
#include <stdlib.h>

/* Rows are read in pieces of about so many numbers, which stay in the cache until they are in their tiles; whole tiles.
 */
enum { PIECE_NUMBERS = 1 << 15 };

static gmmpi_status out_of_memory(const char *label, gmmpi_error *error)
{
  return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to read points", label);
}

/* --- from a source
 * -------------------------------------------------------------------------------------------------------- */

/* What one thread needs to read pieces, and what it found in them. */
typedef struct row_reader {
  row_check check;
  row_survey *survey;
  double *rows; /* piece_rows x n_features */
  double *room; /* n_features x TILE_ROWS */
} row_reader;

typedef struct row_reading {
  shard *points;
  point_source *source;
  int64_t piece_rows;
  int n_readers;
  row_reader *readers;
  row_survey *surveys;
} row_reading;

/* Looks at rows of which some are not in order, one by one. */
static gmmpi_status check_rows(row_reader *reader, int64_t first_row, int64_t n_rows, int64_t n_features,
                               gmmpi_error *error)
{
  gmmpi_status status = GMMPI_OK;
  for (int64_t i = 0; i < n_rows && status == GMMPI_OK; i++) {
    bool is_whole;
    status = row_check_row(&reader->check, reader->rows + i * n_features, n_features, first_row + i, &is_whole, error);
  }
  return status;
}

/* Reads rows to their places. When one of them cannot be read, those before it are looked at all the same, so that the
 * first bad row is found wherever pieces begin. */
static gmmpi_status read_piece(const row_reading *reading, row_reader *reader, int64_t index, int64_t n_rows,
                               gmmpi_error *error)
{
  shard *points = reading->points;
  const int64_t first_row = points->first_row + index;
  gmmpi_error failure = {0};
  if (source_read(reading->source, first_row, n_rows, reader->rows, &failure) == GMMPI_OK) {
    if (shard_put_rows(points, index, n_rows, reader->rows, reader->room, reader->survey)) return GMMPI_OK;
    return check_rows(reader, first_row, n_rows, points->n_features, error);
  }
  for (int64_t i = 0; failure.place > 0 && i < n_rows; i++) {
    gmmpi_error ignored = {0};
    if (source_read(reading->source, first_row + i, 1, reader->rows, &ignored) != GMMPI_OK) break;
    if (check_rows(reader, first_row + i, 1, points->n_features, error) != GMMPI_OK) return error->status;
  }
  *error = failure;
  return failure.status;
}

static gmmpi_status read_piece_unless_stopped(const row_reading *reading, row_reader *reader, int64_t index,
                                              int64_t n_rows, gmmpi_error *error)
{
  if (signals_stop_requested())
    return fail(error, GMMPI_STOPPED, "%s: stopped while it was read; start again", reading->source->label);
  return read_piece(reading, reader, index, n_rows, error);
}

/* The first piece that fails says why; pieces behind it need not be read any more. */
static gmmpi_status read_rows(const row_reading *reading, gmmpi_error *error)
{
  const int64_t n_rows = reading->points->n_rows;
  const int64_t n_pieces = (n_rows + reading->piece_rows - 1) / reading->piece_rows;
  int64_t first_bad = n_pieces;
#pragma omp parallel for num_threads(reading->n_readers) schedule(dynamic) if (reading->n_readers > 1)
  for (int64_t i = 0; i < n_pieces; i++) {
    int64_t bad;
#pragma omp atomic read
    bad = first_bad;
    if (i > bad) continue;
    const int64_t left = n_rows - i * reading->piece_rows;
    gmmpi_error failure = {0};
    if (read_piece_unless_stopped(reading, &reading->readers[thread_number()], i * reading->piece_rows,
                                  left < reading->piece_rows ? left : reading->piece_rows, &failure) == GMMPI_OK)
      continue;
#pragma omp critical(first_bad)
    if (i < first_bad) {
#pragma omp atomic write
      first_bad = i;
      *error = failure;
    }
  }
  return error->status;
}

/* Room for the points, and for the readers. */
static gmmpi_status prepare(MPI_Comm comm, shard_options options, row_reading *reading, gmmpi_error *error)
{
  const point_source *source = reading->source;
  const int64_t d = source->n_features;
  if (shard_lay_out(comm, source->label, source->n_rows, d, options, &reading->points, error) != GMMPI_OK)
    return error->status;
  const shard *points = reading->points;
  const int64_t tiles = PIECE_NUMBERS / TILE_ROWS / d;
  int64_t numbers;
  reading->piece_rows = TILE_ROWS * (tiles > 1 ? tiles : 1);
  reading->n_readers = source->is_concurrent ? points->n_threads : 1;
  reading->readers = calloc((size_t)reading->n_readers, sizeof *reading->readers);
  reading->surveys = surveys_create(points->n_threads, d, shard_largest_number(options.single_precision));
  bool good = reading->readers != NULL && reading->surveys != NULL && multiply_fits(reading->piece_rows, d, &numbers);
  for (int t = 0; good && t < reading->n_readers; t++) {
    row_reader *reader = &reading->readers[t];
    reader->check = row_check_begin(source, 0, options);
    reader->survey = &reading->surveys[t];
    reader->rows = allocate(numbers, sizeof *reader->rows);
    reader->room = allocate(d, TILE_ROWS * sizeof *reader->room);
    good = reader->rows != NULL && reader->room != NULL;
  }
  return good ? GMMPI_OK : out_of_memory(source->label, error);
}

static void finish(row_reading *reading)
{
  for (int t = 0; reading->readers != NULL && t < reading->n_readers; t++) {
    free(reading->readers[t].rows);
    free(reading->readers[t].room);
  }
  free(reading->readers);
  surveys_destroy(reading->surveys);
}

/* This rank's rows without a missing value: n_kept of them, counted from 0, and where they are in the source. */
static void list_kept(const shard *points, int64_t *picked, int64_t *origins, double *row)
{
  for (int64_t i = 0; i < points->n_rows; i++) {
    bool is_whole = true;
    shard_copy_row(points, points->first_row + i, row);
    for (int64_t j = 0; j < points->n_features; j++) is_whole &= !isnan(row[j]);
    if (!is_whole) continue;
    *picked++ = i;
    *origins++ = points->first_row + i;
  }
}

/* Collective: a shard of the rows that are left, made from the one that holds all of them. */
static gmmpi_status close_gaps(const char *label, shard_options options, int64_t n_dropped_here, int64_t n_dropped,
                               shard **points, gmmpi_error *error)
{
  const shard *old = *points;
  shard *new = NULL;
  const int64_t n_kept = old->n_rows - n_dropped_here;
  int64_t *picked = allocate(n_kept, sizeof *picked);
  int64_t *origins = allocate(n_kept, sizeof *origins);
  double *row = allocate(old->n_features, sizeof *row);
  if (picked == NULL || origins == NULL || row == NULL) out_of_memory(label, error);
  if (shard_lay_out(old->comm, label, old->n_samples - n_dropped, old->n_features, options, &new, error) == GMMPI_OK) {
    new->n_dropped = n_dropped;
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

gmmpi_status shard_create(MPI_Comm comm, point_source *source, shard_options options, shard **result,
                          gmmpi_error *error)
{
  gmmpi_error local = {0};
  row_reading reading = {.source = source};
  row_check check = row_check_begin(source, 0, options);
  int64_t n_dropped = 0;
  prepare(comm, options, &reading, &local);
  if (agree(comm, &local) == GMMPI_OK) {
    read_rows(&reading, &local);
    for (int t = 0; t < reading.n_readers; t++) row_check_add(&check, &reading.readers[t].check);
    row_check_end(comm, &check, source->n_rows, &n_dropped, &local);
  }
  if (local.status == GMMPI_OK && n_dropped == 0) shard_take_surveys(reading.points, reading.surveys);
  finish(&reading);
  if (local.status == GMMPI_OK && n_dropped > 0 &&
      close_gaps(source->label, options, check.n_dropped, n_dropped, &reading.points, &local) == GMMPI_OK)
    shard_complete(reading.points, &local);
  if (local.status != GMMPI_OK) {
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
    row_check check = row_check_begin(NULL, first_row, options);
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
