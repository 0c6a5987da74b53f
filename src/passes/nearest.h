/* SPDX-License-Identifier: BSD-3-Clause */
/* Squared distance of every point of a rank to the nearest of a growing list of centres. */
#ifndef PASSES_NEAREST_H
#define PASSES_NEAREST_H

#include "passes/expectation.h"

typedef struct nearest_centres {
  const shard *points;
  const kernel *kernel;
  density_form *form;  /* holds a batch of centres at a time */
  nearest_form *quick; /* the same in single precision */
  int64_t batch;       /* centres that there is room for */
  pass_team *team;
  double *distances; /* of this rank's rows: squared, in units of the variances */
  int32_t *indices;  /* which centre, in the order in which they were added */
  int64_t n_centres;
  double (*lane_sums)[TILE_ROWS]; /* n_threads x batch: of the block in hand, see nearest_totals_with */
} nearest_centres;

enum { NEAREST_MOST_AT_ONCE = 64 };

/* inverse_variances: d. at_once: how many centres are added or tried together, as a rule; of more there are batches of
 * NEAREST_MOST_AT_ONCE or so many, if that is less. Errors: 71. */
gmmpi_status nearest_create(const shard *points, const kernel *kernels, const double *inverse_variances,
                            int64_t at_once, nearest_centres **nearest, gmmpi_error *error);
void nearest_destroy(nearest_centres *nearest); /* NULL is fine */
int64_t nearest_bytes(int64_t n_rows, int64_t n_features, int64_t at_once, int n_threads);

/* Takes n more centres (n x d) into account. Not collective; shard_agree tells whether all points could be read. */
void nearest_add(nearest_centres *nearest, const double *centres, int64_t n);

/* Collective: the sum of all points' distances, the same bits at any number of ranks. */
double nearest_total(const nearest_centres *nearest);

/* Collective: for each of n other centres (n x d, at most at_once) what that sum would be with it alone added, the same
 * bits at any number of ranks. totals: n. */
void nearest_totals_with(nearest_centres *nearest, const double *centres, int64_t n, double *totals);

#endif
