/* SPDX-License-Identifier: BSD-3-Clause */
/* What may not be in the points: infinities, numbers that cannot be squared, and, unless rows are dropped for them,
 * missing values. */
#ifndef POINTS_READING_ROW_CHECK_H
#define POINTS_READING_ROW_CHECK_H

#include "points/shard.h"

/* What was found in the rows of one rank. */
typedef struct row_check {
  const point_source *source; /* where they are from; NULL: from the caller's memory */
  int64_t first_row;          /* with memory: the data set's row with which the rank's begin */
  missing_choice missing;
  infinite_choice infinite;
  bool single_precision;
  bool has_labels; /* see shard_options, as of the next two */
  bool has_weights;
  bool drops_weightless;
  double largest;        /* shard_largest_number */
  int64_t n_missing;     /* missing values */
  dropped_count dropped; /* rows with a missing value, or with an infinity where that drops them */
  int64_t first_place;   /* of the first missing value, 1-based; INT64_MAX when there is none */
  int64_t first_feature; /* likewise, 0-based */
} row_check;

row_check row_check_begin(const point_source *source, int64_t first_row, shard_options options);

/* Adds to check what another thread found. */
void row_check_add(row_check *check, const row_check *other);

/* Looks at a row (row_width): *is_whole when it is not to be dropped. row_index: within the source, or this rank's
 * memory. Errors: 65 an infinity, a number that is too large, a weight or label that is none. */
gmmpi_status row_check_row(row_check *check, const double *row, int64_t row_width, int64_t row_index, bool *is_whole,
                           gmmpi_error *error);

/* Is no value of a row missing or infinite? Of rows that have been checked: is it one that is not dropped, but for its
 * weight? */
bool row_is_whole(const double *row, int64_t row_width);

/* Of rows that have been checked, for points that were read with such options: is it one that is not dropped? */
bool row_is_kept(const shard_options *options, const double *row, int64_t row_width);

/* Collective: agrees on the errors so far, then whether missing values are one, or leave no row. *dropped: rows to be
 * dropped, of all ranks. */
gmmpi_status row_check_end(MPI_Comm comm, const row_check *check, int64_t n_samples, dropped_count *dropped,
                           gmmpi_error *error);

/* Fails with 65: the source is not what it was, in the row (from 0) or behind it; -1: nobody knows where. */
gmmpi_status row_check_changed(const point_source *source, int64_t row, gmmpi_error *error);

#endif
