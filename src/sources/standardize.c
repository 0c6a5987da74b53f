/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/standardize.h"

#include "support/activity.h"
#include "support/error.h"
#include "support/exact_sum.h"
#include "support/large_messages.h"
#include "support/memory.h"
#include "support/signals.h"

#include <math.h>
#include <stdlib.h>

/* Sums of so many rows are rounded; sums of blocks are exact, so that it does not matter who owns a block. */
enum { BLOCK_NUMBERS = 1 << 16 };

/* Of one feature. Values are shifted by one of them, so that a mean far from 0 does no harm. */
typedef struct block_sums {
  double n, sum, squares;
} block_sums;

enum { N_SUMS = 3 };

typedef struct standardizing {
  point_source *source;
  const bool *is_standardized;
  int64_t d;
  int64_t width; /* of rows */
  bool has_weights;
  int64_t block_rows;
  double *rows;      /* block_rows x width */
  double *origins;   /* d */
  block_sums *block; /* d */
  int64_t *limbs;    /* d x N_SUMS x FULL_RANGE_LIMBS */
} standardizing;

static gmmpi_status read_block(const standardizing *work, int64_t block, int64_t *n, gmmpi_error *error)
{
  const int64_t first = block * work->block_rows;
  const int64_t left = work->source->n_rows - first;
  *n = left < work->block_rows ? left : work->block_rows;
  if (signals_stop_requested())
    return fail(error, GMMPI_STOPPED, "%s: stopped by %s while it was read; start again", work->source->label,
                signals_name(signals_received()));
  activity_tell(&(activity){.doing = "measuring the features of", .object = work->source->label, .share = NAN});
  return source_read(work->source, first, *n, work->rows, error);
}

static double weight_of(const standardizing *work, int64_t i)
{
  return work->has_weights ? work->rows[i * work->width + work->width - 1] : 1.0;
}

/* Collective: of each feature the first finite value of the first block. */
static gmmpi_status find_origins(MPI_Comm comm, const standardizing *work, gmmpi_error *error)
{
  int rank;
  int64_t n = 0;
  MPI_Comm_rank(comm, &rank);
  if (rank == 0 && read_block(work, 0, &n, error) == GMMPI_OK) {
    for (int64_t j = 0; j < work->d; j++) {
      int64_t i = 0;
      while (i < n && (weight_of(work, i) == 0.0 || !isfinite(work->rows[i * work->width + j]))) i++;
      work->origins[j] = i < n ? work->rows[i * work->width + j] : 0.0;
    }
  }
  if (agree(comm, error) == GMMPI_OK) broadcast_large(comm, 0, work->origins, work->d, MPI_DOUBLE);
  return error->status;
}

/* Of weighted rows each is added for itself: a row of weight 0 is as if it was not there, to the last bit. */
static void add_weighted_rows(const standardizing *work, int64_t n)
{
  for (int64_t i = 0; i < n; i++) {
    const double weight = weight_of(work, i);
    for (int64_t j = 0; j < work->d; j++) {
      int64_t *limbs = work->limbs + j * N_SUMS * FULL_RANGE_LIMBS;
      const double value = work->rows[i * work->width + j] - work->origins[j];
      if (!(weight > 0.0) || !isfinite(weight) || !isfinite(value)) continue;
      full_range_add(limbs, weight);
      full_range_add(limbs + FULL_RANGE_LIMBS, weight * value);
      full_range_add(limbs + 2 * FULL_RANGE_LIMBS, weight * value * value);
    }
  }
}

static void add_block(const standardizing *work, int64_t n)
{
  if (work->has_weights) {
    add_weighted_rows(work, n);
    return;
  }
  const int64_t d = work->d;
  for (int64_t j = 0; j < d; j++) work->block[j] = (block_sums){0};
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j < d; j++) {
      const double value = work->rows[i * work->width + j] - work->origins[j];
      if (!isfinite(value)) continue;
      work->block[j].n += 1.0;
      work->block[j].sum += value;
      work->block[j].squares += value * value;
    }
  }
  for (int64_t j = 0; j < d; j++) {
    int64_t *limbs = work->limbs + j * N_SUMS * FULL_RANGE_LIMBS;
    full_range_add(limbs, work->block[j].n);
    full_range_add(limbs + FULL_RANGE_LIMBS, work->block[j].sum);
    full_range_add(limbs + 2 * FULL_RANGE_LIMBS, work->block[j].squares);
  }
}

static void set_transform(const standardizing *work, int64_t feature)
{
  const int64_t *limbs = work->limbs + feature * N_SUMS * FULL_RANGE_LIMBS;
  const double n = full_range_value(limbs);
  const double mean = full_range_value(limbs + FULL_RANGE_LIMBS) / n;
  const double deviation = sqrt(full_range_value(limbs + 2 * FULL_RANGE_LIMBS) / n - mean * mean);
  feature_transform *transform = &work->source->transforms[feature];
  if (!isfinite(mean)) return; /* no value, or too large ones: that is said when points are read */
  transform->shift = work->origins[feature] + mean;
  if (deviation > 0.0 && isfinite(deviation))
    transform->scale = deviation;
  else
    source_doubt(work->source,
                 "feature \"%.100s\" is constant, so that it has no scale (--transform standardize); "
                 "leave it out with --columns",
                 work->source->feature_names[feature]);
}

static gmmpi_status measure(MPI_Comm comm, const standardizing *work, gmmpi_error *error)
{
  int rank;
  int n_ranks;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &n_ranks);
  if (find_origins(comm, work, error) != GMMPI_OK) return error->status;
  const int64_t n_blocks = (work->source->n_rows + work->block_rows - 1) / work->block_rows;
  const int64_t share = n_blocks / n_ranks;
  const int64_t rest = n_blocks % n_ranks;
  const int64_t begin = rank * share + (rank < rest ? rank : rest);
  const int64_t end = begin + share + (rank < rest ? 1 : 0);
  int64_t n;
  for (int64_t b = begin; b < end && read_block(work, b, &n, error) == GMMPI_OK; b++) add_block(work, n);
  if (agree(comm, error) != GMMPI_OK) return error->status;
  allreduce_large(comm, work->limbs, work->d * N_SUMS * FULL_RANGE_LIMBS, MPI_INT64_T, MPI_SUM);
  for (int64_t j = 0; j < work->d; j++) {
    if (work->is_standardized[j]) set_transform(work, j);
  }
  return GMMPI_OK;
}

gmmpi_status standardize_source(MPI_Comm comm, point_source *source, const bool *is_standardized, gmmpi_error *error)
{
  const int64_t d = source->n_features;
  standardizing work = {.source = source,
                        .is_standardized = is_standardized,
                        .d = d,
                        .width = source_row_width(source),
                        .has_weights = source_has_weights(source)};
  int64_t numbers;
  work.block_rows = d < BLOCK_NUMBERS ? BLOCK_NUMBERS / d : 1;
  work.rows = multiply_fits(work.block_rows, work.width, &numbers) ? allocate(numbers, sizeof *work.rows) : NULL;
  work.origins = allocate(d, sizeof *work.origins);
  work.block = allocate(d, sizeof *work.block);
  work.limbs = allocate(d, N_SUMS * FULL_RANGE_LIMBS * sizeof *work.limbs);
  if (work.rows == NULL || work.origins == NULL || work.block == NULL || work.limbs == NULL)
    fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to standardize its features", source->label);
  if (agree(comm, error) == GMMPI_OK) measure(comm, &work, error);
  free(work.rows);
  free(work.origins);
  free(work.block);
  free(work.limbs);
  return error->status;
}
