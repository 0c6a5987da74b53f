/* SPDX-License-Identifier: BSD-3-Clause */
/* Mean, variances and covariance of all points. */
#ifndef PASSES_DATA_SPREAD_H
#define PASSES_DATA_SPREAD_H

#include "mixture/model.h"
#include "passes/pass.h"

/* The covariance of all points: what initialisation and repairs fall back on. */
typedef struct data_spread {
  double n_samples;   /* that they are of: the sum of their weights */
  double *means;      /* d */
  double *variances;  /* d; of the points alone */
  double *covariance; /* covariance_length, of the shape in use: with the ridge, positive definite */
  bool degenerate;    /* was more than --reg-covar needed? */
} data_spread;

/* Collective: one pass over the points. Errors, agreed: 71. */
gmmpi_status data_spread_create(const shard *points, const kernel *kernels, density_shape shape, double reg_covar,
                                data_spread **spread, gmmpi_error *error);
void data_spread_destroy(data_spread *spread); /* NULL is fine */

/* The bytes it takes, and those that its creation takes besides. */
int64_t data_spread_bytes(density_shape shape, int64_t n_features);
int64_t data_spread_creation_bytes(density_shape shape, int64_t n_features, int n_threads);

#endif
