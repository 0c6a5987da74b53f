/* SPDX-License-Identifier: BSD-3-Clause */
/* Single rows of the data set, found or fetched over all ranks: where the data fit worst, and what a row's coordinates
 * are. */
#ifndef PASSES_ROWS_H
#define PASSES_ROWS_H

#include "passes/expectation.h"
#include "support/random.h"

/* A row with a value by which rows are ordered. */
typedef struct valued_row {
  double value;
  int64_t row; /* 0-based row of the data set */
} valued_row;

/* Does a come before b? By value, ties to the lower row. */
bool comes_before(valued_row a, valued_row b);

/* Keeps the n smallest rows of all that are offered, sorted; *n_kept <= n grows. */
void keep_smallest(valued_row *kept, int64_t *n_kept, int64_t n, valued_row offered);

/* Collective over comm: rows receives the n smallest of all ranks' sorted lists together (fewer when there are not so
 * many: their row is -1). */
void smallest_of_all_ranks(MPI_Comm comm, const valued_row *mine, int64_t n_mine, int64_t n, int64_t *rows);

/* Collective: coordinates (n x d) of rows of the data set, whoever owns them. A row of -1 gives zeros. Every rank gives
 * the same rows. Errors: those of shard_agree. */
gmmpi_status fetch_rows(const shard *points, const int64_t *rows, int64_t n, double *coordinates, gmmpi_error *error);

/* Collective: their weights (n), in the points' unit; 1 where rows have none. Errors: those of shard_agree. */
gmmpi_status fetch_weights(const shard *points, const int64_t *rows, int64_t n, double *weights, gmmpi_error *error);

/* Collective: n different rows, drawn one after the other, each time with their weights as probabilities (Efraimidis,
 * Spirakis 2006, "Weighted random sampling with a reservoir"): those that come in first in a race of exponential times
 * over weights. Errors, agreed: 71, and those of shard_agree. */
gmmpi_status draw_rows_by_weight(const shard *points, uint64_t seed, random_purpose purpose, int64_t n, int64_t *rows,
                                 gmmpi_error *error);

/* Collective: rows of the n points with the smallest log density under the mixture. The team's workspaces must fit the
 * form. Errors, agreed: 71, and those of shard_agree. */
gmmpi_status worst_fitting_rows(const shard *points, const density_form *form, pass_team *team, int64_t n,
                                int64_t *rows, gmmpi_error *error);

#endif
