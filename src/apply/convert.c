/* SPDX-License-Identifier: BSD-3-Clause */
#include "apply/convert.h"

#include "apply/output.h"
#include "points/reading/row_check.h"
#include "support/activity.h"
#include "support/error.h"
#include "support/joint_work.h"
#include "support/large_messages.h"
#include "support/memory.h"
#include "support/ranges.h"
#include "support/signals.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Ranks own whole blocks of rows; the blocks depend on nothing but the number of rows. */
enum { BLOCK_ROWS = 4096 };

typedef struct conversion {
  point_source *source;
  const convert_options *options;
  int64_t n_blocks;     /* of the source */
  int64_t *kept_before; /* n_blocks + 1: rows that are left of those before the block; NULL when all are */
  int64_t n_kept;       /* all of them */
  int64_t first_row;    /* of this rank, in the file that is written */
  int64_t n_own;
  int64_t piece_rows;
  double *rows; /* piece_rows x n_features */
  row_check check;
  const char *path; /* what is written; NULL while rows are only looked at */
  int64_t n_done;   /* rows read by this rank */
  int64_t n_to_do;
} conversion;

static gmmpi_status no_memory(const conversion *work, gmmpi_error *error)
{
  return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to convert it", work->source->label);
}

static int64_t count_blocks(int64_t n_rows)
{
  return n_rows / BLOCK_ROWS + (n_rows % BLOCK_ROWS != 0 ? 1 : 0);
}

static int64_t block_end(const conversion *work, int64_t block)
{
  const int64_t end = (block + 1) * BLOCK_ROWS;
  return end < work->source->n_rows ? end : work->source->n_rows;
}

static void count_done(conversion *work, int64_t n_rows)
{
  work->n_done += n_rows;
  activity_tell(&(activity){.doing = work->path != NULL ? "writing" : "reading",
                            .object = work->path != NULL ? work->path : work->source->label,
                            .share = fmin((double)work->n_done / (double)work->n_to_do, 1.0),
                            .n = work->source->n_rows,
                            .unit = "rows"});
}

/* Reads n rows to work->rows and looks at them. When one of them cannot be read those before it are looked at all the
 * same, so that the first bad row is found wherever pieces begin. */
static gmmpi_status read_piece(conversion *work, int64_t first, int64_t n, gmmpi_error *error)
{
  const int64_t d = work->source->n_features;
  gmmpi_error failure = {0};
  gmmpi_status status = source_read(work->source, first, n, work->rows, &failure);
  bool is_whole;
  if (status == GMMPI_OK) {
    for (int64_t i = 0; i < n && status == GMMPI_OK; i++)
      status = row_check_row(&work->check, work->rows + i * d, d, first + i, &is_whole, error);
    count_done(work, n);
    return status;
  }
  for (int64_t i = 0; failure.place > 0 && i < n; i++) {
    gmmpi_error ignored = {0};
    if (source_read(work->source, first + i, 1, work->rows, &ignored) != GMMPI_OK) break;
    if (row_check_row(&work->check, work->rows, d, first + i, &is_whole, error) != GMMPI_OK) return error->status;
  }
  *error = failure;
  return status;
}

/* --- looking at all rows before any is written --- */

/* Collective, until a rank is asked to stop: reads the blocks of this rank, unless it has failed, and counts the whole
 * rows of each. Other errors are not agreed. */
static void look_at_rows(MPI_Comm comm, conversion *work, int64_t begin, int64_t end, int64_t *counts,
                         gmmpi_error *error)
{
  const int64_t d = work->source->n_features;
  joint_work together;
  joint_work_begin(comm, joint_signal, NULL, &together);
  for (int64_t row = begin, n; error->status == GMMPI_OK && row < end && joint_work_goes_on(&together); row += n) {
    const int64_t behind = block_end(work, row / BLOCK_ROWS);
    n = behind - row < work->piece_rows ? behind - row : work->piece_rows;
    if (read_piece(work, row, n, error) != GMMPI_OK) break;
    for (int64_t i = 0; i < n; i++) counts[row / BLOCK_ROWS] += row_is_whole(work->rows + i * d, d) ? 1 : 0;
  }
  const int reason = joint_work_end(&together, error->status != GMMPI_OK && error->place == 0);
  if (reason != 0 && reason != JOINT_FAILURE)
    fail(error, GMMPI_STOPPED, "%s: stopped by %s while it was read; start again", work->source->label,
         signals_name(reason));
}

/* Collective: all rows are looked at in their order, so that the first one that is not in order is named. Sets
 * kept_before when rows are left out. */
static gmmpi_status survey_rows(MPI_Comm comm, conversion *work, dropped_count *dropped, gmmpi_error *error)
{
  int rank;
  int n_ranks;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &n_ranks);
  const int64_t n_rows = work->source->n_rows;
  int64_t *kept = allocate(work->n_blocks + 1, sizeof *kept);
  if (kept == NULL) no_memory(work, error);
  look_at_rows(comm, work, output_first_row(n_rows, BLOCK_ROWS, rank, n_ranks),
               output_first_row(n_rows, BLOCK_ROWS, rank + 1, n_ranks), kept, error);
  if (row_check_end(comm, &work->check, n_rows, dropped, error) == GMMPI_OK && dropped->n > 0) {
    allreduce_large(comm, kept, work->n_blocks, MPI_INT64_T, MPI_SUM);
    int64_t before = 0;
    for (int64_t b = 0; b <= work->n_blocks; b++) {
      const int64_t count = kept[b];
      kept[b] = before;
      before += count;
    }
    work->kept_before = kept;
    kept = NULL;
  }
  free(kept);
  return error->status;
}

/* --- rows to be written --- */

static void put_rows(const conversion *work, int64_t n, const double *rows, int64_t at, void *numbers)
{
  const int64_t d = work->source->n_features;
  if (!work->options->single_precision) {
    memcpy((double *)numbers + at * d, rows, (size_t)(n * d) * sizeof *rows);
    return;
  }
  float *floats = (float *)numbers + at * d;
  for (int64_t i = 0; i < n * d; i++) floats[i] = (float)rows[i];
}

/* Rows that are all kept. */
static gmmpi_status produce_all(conversion *work, int64_t first, int64_t n, void *numbers, gmmpi_error *error)
{
  gmmpi_status status = GMMPI_OK;
  for (int64_t done = 0; done < n && status == GMMPI_OK; done += work->piece_rows) {
    const int64_t count = n - done < work->piece_rows ? n - done : work->piece_rows;
    status = read_piece(work, first + done, count, error);
    if (status == GMMPI_OK) put_rows(work, count, work->rows, done, numbers);
  }
  return status;
}

/* Rows counted without those that are left out. */
static gmmpi_status produce_kept(conversion *work, int64_t first, int64_t n, void *numbers, gmmpi_error *error)
{
  const int64_t d = work->source->n_features;
  const int64_t block = range_with(work->n_blocks, work->kept_before, first);
  int64_t place = work->kept_before[block]; /* of the next whole row */
  gmmpi_status status = GMMPI_OK;
  for (int64_t row = block * BLOCK_ROWS, count; place < first + n && status == GMMPI_OK; row += count) {
    const int64_t left = work->source->n_rows - row;
    count = left < work->piece_rows ? left : work->piece_rows;
    status = read_piece(work, row, count, error);
    for (int64_t i = 0; i < count && place < first + n && status == GMMPI_OK; i++) {
      const double *point = work->rows + i * d;
      if (!row_is_whole(point, d)) continue;
      if (place >= first) put_rows(work, 1, point, place - first, numbers);
      place++;
    }
  }
  return status;
}

/* An output_producer. */
static gmmpi_status produce(void *context, int64_t first, int64_t n, void *const *numbers, gmmpi_error *error)
{
  conversion *work = context;
  return work->kept_before == NULL ? produce_all(work, work->first_row + first, n, numbers[0], error)
                                   : produce_kept(work, work->first_row + first, n, numbers[0], error);
}

/* An output_approver: are values missing that may not be? */
static gmmpi_status approve(MPI_Comm comm, void *context, gmmpi_error *error)
{
  conversion *work = context;
  dropped_count dropped;
  if (work->kept_before != NULL) return GMMPI_OK;
  return row_check_end(comm, &work->check, work->source->n_rows, &dropped, error);
}

/* --- all of it --- */

static gmmpi_status conversion_open(conversion *work, gmmpi_error *error)
{
  const int64_t numbers = INT64_C(1) << 15;
  const int64_t d = work->source->n_features;
  int64_t count;
  work->n_blocks = count_blocks(work->source->n_rows);
  work->piece_rows = numbers / d > BLOCK_ROWS ? BLOCK_ROWS : numbers / d > 0 ? numbers / d : 1;
  if (multiply_fits(work->piece_rows, d, &count)) work->rows = allocate(count, sizeof *work->rows);
  return work->rows != NULL ? GMMPI_OK : no_memory(work, error);
}

static shard_options how_of(const conversion *work)
{
  return (shard_options){.missing = work->options->missing,
                         .infinite = work->options->infinite,
                         .single_precision = work->options->single_precision};
}

static bool may_drop(const conversion *work)
{
  const shard_options how = how_of(work);
  return shard_drops(&how);
}

static row_check begin_check(const conversion *work)
{
  return row_check_begin(work->source, 0, how_of(work));
}

/* Collective. */
static gmmpi_status write_rows(MPI_Comm comm, conversion *work, const char *path, gmmpi_error *error)
{
  int rank;
  int n_ranks;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &n_ranks);
  const point_source *source = work->source;
  const output_column column = {.name = "points",
                                .type = work->options->single_precision ? OUTPUT_FLOAT : OUTPUT_REAL,
                                .width = source->n_features,
                                .is_matrix = true,
                                .headings = (const char *const *)source->feature_names,
                                .headings_attribute = source->has_names ? "feature_names" : NULL};
  work->first_row = output_first_row(work->n_kept, BLOCK_ROWS, rank, n_ranks);
  work->n_own = output_first_row(work->n_kept, BLOCK_ROWS, rank + 1, n_ranks) - work->first_row;
  work->path = path;
  work->n_done = 0;
  work->n_to_do = work->n_own;
  work->check = begin_check(work);
  const output_table table = {.n_rows = work->n_kept,
                              .first_row = work->first_row,
                              .n_own = work->n_own,
                              .granule = BLOCK_ROWS,
                              .compress = work->options->compress,
                              .columns = &column,
                              .n_columns = 1,
                              .produce = produce,
                              .approve = approve,
                              .context = work};
  return output_write(comm, path, &table, error);
}

gmmpi_status convert_to_file(MPI_Comm comm, point_source *source, const convert_options *options, const char *path,
                             convert_result *result, gmmpi_error *error)
{
  gmmpi_error own = {0};
  conversion work = {.source = source, .options = options};
  dropped_count dropped = {0};
  int rank;
  int n_ranks;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &n_ranks);
  conversion_open(&work, &own);
  agree(comm, &own);
  if (own.status == GMMPI_OK && may_drop(&work)) {
    work.check = begin_check(&work);
    work.n_to_do = output_first_row(source->n_rows, BLOCK_ROWS, rank + 1, n_ranks) -
                   output_first_row(source->n_rows, BLOCK_ROWS, rank, n_ranks);
    survey_rows(comm, &work, &dropped, &own);
  }
  work.n_kept = source->n_rows - dropped.n;
  if (own.status == GMMPI_OK && write_rows(comm, &work, path, &own) == GMMPI_BAD_DATA && options->compress > 0) {
    /* Compressed rows are read in another order than theirs: look which bad one is the first. */
    gmmpi_error first = {0};
    work.check = begin_check(&work);
    if (survey_rows(comm, &work, &dropped, &first) != GMMPI_OK) own = first;
  }
  if (own.status == GMMPI_OK) *result = (convert_result){.n_samples = work.n_kept, .dropped = dropped};
  free(work.rows);
  free(work.kept_before);
  if (own.status != GMMPI_OK && error != NULL) *error = own;
  return own.status;
}

int64_t convert_bytes(int64_t n_samples, int64_t n_features)
{
  int64_t row;
  int64_t sum;
  if (!multiply_fits(n_features, (int64_t)sizeof(double), &row) ||
      __builtin_add_overflow(output_bytes(BLOCK_ROWS, n_features), row, &sum) ||
      __builtin_add_overflow(sum, (count_blocks(n_samples) + 1) * (int64_t)sizeof(int64_t), &sum))
    return INT64_MAX;
  return sum;
}
