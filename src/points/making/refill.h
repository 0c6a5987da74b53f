/* SPDX-License-Identifier: BSD-3-Clause */
/* A shard of one process that is filled with other rows again and again, without looking for memory each time: of many
 * small data sets, one after the other. */
#ifndef POINTS_MAKING_REFILL_H
#define POINTS_MAKING_REFILL_H

#include "points/tiles.h"

typedef struct refillable {
  shard *points; /* over MPI_COMM_SELF */
  int64_t most_rows;
  row_survey *survey;
  double *room; /* a tile, to work in */
} refillable;

/* Room for most_rows rows; no row is there yet. Errors: 71; the caller clears it in any case. */
gmmpi_status refillable_create(int64_t most_rows, int64_t n_features, const shard_options *options, refillable *result,
                               gmmpi_error *error);
void refillable_clear(refillable *refill); /* one that is all zero is fine */

/* From now on the points are what shard_create_from_memory would make of these rows, to the last bit: n_rows, from 1 to
 * most_rows, of row_width numbers, row-major, none of them missing, infinite or too large, no weight 0. */
void refillable_fill(refillable *refill, const double *rows, int64_t n_rows);

/* The bytes of one; INT64_MAX when they can't be counted. */
int64_t refillable_bytes(int64_t most_rows, int64_t row_width, bool single_precision);

#endif
