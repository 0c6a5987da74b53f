/* SPDX-License-Identifier: BSD-3-Clause */
#include "points/making/refill.h"

#include "points/held.h"
#include "support/error.h"
#include "support/memory.h"

#include <math.h>
#include <stdlib.h>

gmmpi_status refillable_create(int64_t most_rows, int64_t n_features, const shard_options *options, refillable *result,
                               gmmpi_error *error)
{
  *result = (refillable){.most_rows = most_rows};
  if (held_lay_out(MPI_COMM_SELF, "groups", most_rows, n_features, options, &result->points, error) != GMMPI_OK)
    return error->status;
  const int64_t width = result->points->row_width;
  result->survey = surveys_create(1, width, INFINITY);
  result->room = allocate(width, TILE_ROWS * sizeof *result->room);
  if (result->survey != NULL && result->room != NULL) return GMMPI_OK;
  return shard_no_memory(result->points, "groups", error);
}

void refillable_clear(refillable *refill)
{
  shard_destroy(refill->points);
  surveys_destroy(refill->survey);
  free(refill->room);
  *refill = (refillable){0};
}

void refillable_fill(refillable *refill, const double *rows, int64_t n_rows)
{
  shard *points = refill->points;
  points->n_samples = n_rows;
  points->n_rows = n_rows;
  points->block_rows = shard_block_rows(n_rows);
  points->n_blocks = layout_n_blocks(n_rows);
  points->largest_weight = 1.0;
  points->weight_unit = 1.0;
  points->has_fractions = false;
  surveys_clear(refill->survey, 1, points->row_width);
  shard_put_rows(points, 0, n_rows, rows, held_place(points, 0), refill->room, refill->survey);
  shard_take_surveys(points, 1, refill->survey);
}

int64_t refillable_bytes(int64_t most_rows, int64_t row_width, bool single_precision)
{
  int64_t room;
  if (!multiply_fits(row_width, 2 * TILE_ROWS * (int64_t)sizeof(double), &room)) return INT64_MAX;
  return sum_of_bytes(2, (int64_t[]){shard_bytes(most_rows, row_width, 1, single_precision), room});
}
