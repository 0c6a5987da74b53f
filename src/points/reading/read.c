/* SPDX-License-Identifier: BSD-3-Clause */
/* Rows from a source to tiles: checked, surveyed and put to their places while they are in the cache. */
#include "points/reading/read.h"

#include "points/reading/row_check.h"

#include "support/activity.h"
#include "support/error.h"
#include "support/memory.h"
#include "support/signals.h"
#include "support/threads.h"

#include <stdlib.h>
#include <string.h>

/* Rows are read in pieces of about so many numbers, which stay in the cache until they are in their tiles; whole tiles.
 */
enum { PIECE_NUMBERS = 1 << 15 };

/* What one thread needs to read pieces, and what it found in them. */
typedef struct row_reader {
  row_check check;
  row_survey *survey;
  double *rows;    /* piece_rows x row_width */
  int64_t *places; /* piece_rows: where they are in the source */
  double *room;    /* row_width x TILE_ROWS */
} row_reader;

struct row_reading {
  const shard *points;
  point_source *source;
  row_choice *choice; /* NULL: points has all rows of the source */
  row_walk *walk;     /* over chosen rows; then there is one reader */
  row_check nothing;  /* what is known before the first row */
  int64_t piece_rows;
  int n_readers;
  row_reader *readers;
  row_survey *surveys;
  int64_t *n_dropped; /* see reading_take_dropped */
  bool surveyed;      /* all rows have been read once */
};

/* --- creation --- */

static gmmpi_status allocate_readers(row_reading *reading, shard_options options, gmmpi_error *error)
{
  const int64_t width = reading->points->row_width;
  const int64_t tiles = PIECE_NUMBERS / TILE_ROWS / width;
  int64_t numbers;
  reading->piece_rows = TILE_ROWS * (tiles > 1 ? tiles : 1);
  reading->readers = calloc((size_t)reading->n_readers, sizeof *reading->readers);
  reading->surveys = surveys_create(reading->n_readers, width, shard_largest_number(options.single_precision));
  bool good =
      reading->readers != NULL && reading->surveys != NULL && multiply_fits(reading->piece_rows, width, &numbers);
  for (int t = 0; good && t < reading->n_readers; t++) {
    row_reader *reader = &reading->readers[t];
    reader->check = reading->nothing;
    reader->survey = &reading->surveys[t];
    reader->rows = allocate(numbers, sizeof *reader->rows);
    reader->places = allocate(reading->piece_rows, sizeof *reader->places);
    reader->room = allocate(width, TILE_ROWS * sizeof *reader->room);
    good = reader->rows != NULL && reader->places != NULL && reader->room != NULL;
  }
  if (shard_drops(&options) && options.stream_bytes > 0 && reading->choice == NULL) {
    reading->n_dropped = allocate(shard_n_blocks(reading->points), sizeof *reading->n_dropped);
    good = good && reading->n_dropped != NULL;
  }
  return good ? GMMPI_OK : fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to read points", reading->source->label);
}

gmmpi_status reading_create(const shard *points, point_source *source, row_choice *choice, shard_options options,
                            int n_readers, row_reading **reading, gmmpi_error *error)
{
  row_reading *created = calloc(1, sizeof *created);
  *reading = created;
  if (created == NULL) {
    choice_destroy(choice);
    return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to read points", source->label);
  }
  created->choice = choice;
  created->points = points;
  created->source = source;
  created->nothing = row_check_begin(source, 0, options);
  created->n_readers = source->is_concurrent && choice == NULL ? n_readers : 1;
  if (allocate_readers(created, options, error) != GMMPI_OK || choice == NULL) return error->status;
  return walk_create(points, source, choice, created->piece_rows, &created->walk, error);
}

void reading_destroy(row_reading *reading)
{
  if (reading == NULL) return;
  for (int t = 0; reading->readers != NULL && t < reading->n_readers; t++) {
    free(reading->readers[t].rows);
    free(reading->readers[t].places);
    free(reading->readers[t].room);
  }
  free(reading->readers);
  surveys_destroy(reading->surveys);
  free(reading->n_dropped);
  walk_destroy(reading->walk);
  choice_destroy(reading->choice);
  free(reading);
}

point_source *reading_source(const row_reading *reading)
{
  return reading->source;
}

const row_choice *reading_choice(const row_reading *reading)
{
  return reading->choice;
}

int64_t *reading_take_dropped(row_reading *reading)
{
  int64_t *taken = reading->n_dropped;
  reading->n_dropped = NULL;
  return taken;
}

/* --- rows --- */

/* Rows as they are in the source, and where. */
static gmmpi_status fetch(const row_reading *reading, row_reader *reader, int64_t index, int64_t n_rows,
                          gmmpi_error *error)
{
  if (reading->walk != NULL) return walk_read(reading->walk, index, n_rows, reader->rows, reader->places, error);
  const int64_t first_row = reading->points->first_row + index;
  for (int64_t i = 0; i < n_rows; i++) reader->places[i] = first_row + i;
  return source_read(reading->source, first_row, n_rows, reader->rows, error);
}

/* Looks at this rank's rows from index on, of which some are not in order, one by one. */
static gmmpi_status check_rows(const row_reading *reading, row_reader *reader, int64_t index, int64_t n_rows,
                               gmmpi_error *error)
{
  const shard *points = reading->points;
  const int64_t width = points->row_width;
  gmmpi_status status = GMMPI_OK;
  for (int64_t i = 0; i < n_rows && status == GMMPI_OK; i++) {
    bool is_whole = true;
    status = row_check_row(&reader->check, reader->rows + i * width, width, reader->places[i], &is_whole, error);
    if (!is_whole && reading->n_dropped != NULL && !reading->surveyed)
      reading->n_dropped[(index + i) / points->block_rows]++;
  }
  return status;
}

/* Reads rows to their places. When one of them cannot be read, those before it are looked at all the same, so that the
 * first bad row is found wherever pieces begin. */
static gmmpi_status read_piece(const row_reading *reading, row_reader *reader, int64_t index, int64_t n_rows,
                               tile_place to, gmmpi_error *error)
{
  gmmpi_error failure = {0};
  if (fetch(reading, reader, index, n_rows, &failure) == GMMPI_OK) {
    if (shard_put_rows(reading->points, index, n_rows, reader->rows, to, reader->room, reader->survey)) return GMMPI_OK;
    return check_rows(reading, reader, index, n_rows, error);
  }
  for (int64_t i = 0; reading->walk == NULL && failure.place > 0 && i < n_rows; i++) {
    gmmpi_error ignored = {0};
    if (fetch(reading, reader, index + i, 1, &ignored) != GMMPI_OK) break;
    if (check_rows(reading, reader, index + i, 1, error) != GMMPI_OK) return error->status;
  }
  *error = failure;
  return failure.status;
}

static tile_place place_behind(tile_place to, int64_t n_numbers)
{
  return (tile_place){to.tiles == NULL ? NULL : to.tiles + n_numbers,
                      to.float_tiles == NULL ? NULL : to.float_tiles + n_numbers};
}

/* A job may be stopped while it begins; later it stops where it can go on from. */
static gmmpi_status read_piece_unless_stopped(const row_reading *reading, row_reader *reader, int64_t index,
                                              int64_t n_rows, tile_place to, gmmpi_error *error)
{
  if (!reading->surveyed && signals_stop_requested())
    return fail(error, GMMPI_STOPPED, "%s: stopped by %s while it was read; start again", reading->source->label,
                signals_name(signals_received()));
  return read_piece(reading, reader, index, n_rows, to, error);
}

/* Of rows that are read for the first time, and not chosen ones, which are read for some purpose of their own. */
static void tell_of_rows(const row_reading *reading, int64_t n_read)
{
  if (reading->surveyed || reading->choice != NULL) return;
  activity_tell(&(activity){.doing = "reading",
                            .object = reading->source->label,
                            .share = (double)n_read / (double)reading->points->n_rows,
                            .n = reading->points->n_samples,
                            .unit = "rows"});
}

/* The first piece that fails says why; pieces behind it need not be read any more. */
gmmpi_status reading_rows(row_reading *reading, int64_t index, int64_t n_rows, tile_place to, int64_t *places,
                          gmmpi_error *error)
{
  const int64_t piece_rows = reading->piece_rows;
  const int64_t n_pieces = (n_rows + piece_rows - 1) / piece_rows;
  int64_t first_bad = n_pieces;
  int64_t n_read = index;
  gmmpi_error failure = {0};
#pragma omp parallel for num_threads(reading->n_readers) schedule(dynamic) if (reading->n_readers > 1)
  for (int64_t i = 0; i < n_pieces; i++) {
    int64_t bad;
#pragma omp atomic read
    bad = first_bad;
    if (i > bad) continue;
    const int64_t done = i * piece_rows;
    const int64_t n = n_rows - done < piece_rows ? n_rows - done : piece_rows;
    row_reader *reader = &reading->readers[thread_number()];
    const tile_place place = place_behind(to, done * reading->points->row_width);
    gmmpi_error own = {0};
    if (read_piece_unless_stopped(reading, reader, index + done, n, place, &own) == GMMPI_OK) {
      int64_t n_read_so_far;
      if (places != NULL) memcpy(places + done, reader->places, (size_t)n * sizeof *places);
#pragma omp atomic capture
      n_read_so_far = n_read += n;
      tell_of_rows(reading, n_read_so_far);
      continue;
    }
#pragma omp critical(first_bad)
    if (i < first_bad) {
#pragma omp atomic write
      first_bad = i;
      failure = own;
    }
  }
  if (failure.status != GMMPI_OK) *error = failure;
  return failure.status;
}

gmmpi_status reading_row(row_reading *reading, int64_t index, int64_t n_numbers, double *numbers, gmmpi_error *error)
{
  const double *row = reading->readers[0].rows;
  const gmmpi_status status = fetch(reading, &reading->readers[0], index, 1, error);
  for (int64_t j = 0; j < n_numbers; j++)
    numbers[j] = (reading->points->single_precision ? (double)(float)row[j] : row[j]) + 0.0;
  return status;
}

gmmpi_status reading_changed(const row_reading *reading, int64_t index, gmmpi_error *error)
{
  int64_t row = reading->points->first_row + index;
  if (reading->choice != NULL) row = reading->choice->starts[index / reading->points->block_rows].source_row;
  return row_check_changed(reading->source, row, error);
}

bool reading_is_concurrent(const row_reading *reading)
{
  return reading->source->is_concurrent;
}

uint64_t reading_hash(const row_reading *reading)
{
  uint64_t sum = 0;
  for (int t = 0; t < reading->n_readers; t++) sum += reading->surveys[t].hash;
  return sum;
}

gmmpi_status reading_end(row_reading *reading, shard *points, int64_t *n_dropped_here, dropped_count *dropped,
                         gmmpi_error *error)
{
  row_check check = reading->nothing;
  for (int t = 0; t < reading->n_readers; t++) row_check_add(&check, &reading->readers[t].check);
  reading->surveyed = true;
  *n_dropped_here = check.dropped.n;
  if (row_check_end(points->comm, &check, reading->source->n_rows, dropped, error) != GMMPI_OK ||
      (reading->walk != NULL && walk_end_first(reading->walk, error) != GMMPI_OK))
    return error->status;
  if (dropped->n == 0) shard_take_surveys(points, reading->n_readers, reading->surveys);
  return GMMPI_OK;
}
