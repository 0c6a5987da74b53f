/* SPDX-License-Identifier: BSD-3-Clause */
/* The rows of groups, each group whole on one rank.
 *
 * Groups are dealt to ranks by size: the largest first, each to the rank that has least so far. A rank's groups are in
 * the order of their sizes, so that none waits for a larger one; rows of a group are in their order in the data. */
#ifndef FIT_GROUP_ROWS_H
#define FIT_GROUP_ROWS_H

#include "points/shard.h"

typedef struct group_rows {
  int64_t n_own;     /* groups of this rank */
  int64_t *groups;   /* n_own: which */
  int64_t *first;    /* n_own + 1: where the rows of each begin in `rows`, and the end */
  int64_t most_rows; /* of a group of this rank */
  int64_t row_width; /* features, and the weight where there are weights */
  double *rows;      /* row-major; -0.0 is 0.0, and numbers of single precision are rounded */
  int64_t n_outside; /* rows of all ranks that belong to no group */
} group_rows;

/* Collective over the points' communicator. The points are held. Groups are 0 ... n_groups - 1: those of the labels
 * that the points have, or, with offsets (n_groups + 1, ascending), of rows offsets[g] <= row < offsets[g + 1] of the
 * source. *result is to be cleared also after an error. Errors, agreed: 71. */
gmmpi_status group_rows_deal(const shard *points, int64_t n_groups, const int64_t *offsets, group_rows *result,
                             gmmpi_error *error);
void group_rows_clear(group_rows *rows); /* one that is all zero is fine */

/* The bytes that this takes on a rank beside the points when all groups are of like size. */
int64_t group_rows_bytes(int64_t n_samples, int64_t row_width, int64_t n_groups, int n_ranks);

#endif
