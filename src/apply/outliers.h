/* SPDX-License-Identifier: BSD-3-Clause */
/* How rare points are under a model, by simulation: the p-value of a point is the share of points of the model whose
 * density is no higher than that at the point,
 *
 *   p(x) = (1 + #{i: f(x_i) <= f(x)}) / (N + 1),   x_1 ... x_N drawn from the model,
 *
 * which is never 0, and for a point of the model itself at most a with probability at most a, for every a (Davison,
 * Hinkley 1997, "Bootstrap Methods and their Application", sec. 4.2); equal densities count as no higher. One minus p
 * is the content of the smallest region of highest density that the point is on the border of (Hyndman 1996, "Computing
 * and graphing highest density regions").
 *
 * f is the density of a mixture, of a variational posterior the predictive one; where there is a background it is that
 * of the components, which orders points as their sum with a constant does. */
#ifndef APPLY_OUTLIERS_H
#define APPLY_OUTLIERS_H

#include "kernels/kernel.h"
#include "mixture/model.h"

#include <mpi.h>

typedef struct outlier_scale {
  int64_t n_draws;       /* N */
  double *log_densities; /* N: log f of the points that were drawn, ascending */
} outlier_scale;

/* Collective over comm; every rank has the same model and gets the same scale, at any number of ranks and threads.
 * instructions: the same on every rank. n_draws: 1 or more. Errors, agreed: 65 a background whose region is not known
 * or flat; 71. */
gmmpi_status outlier_scale_create(MPI_Comm comm, const kernel *instructions, const gmmpi_model *model, int64_t n_draws,
                                  uint64_t seed, int n_threads, outlier_scale **result, gmmpi_error *error);
void outlier_scale_destroy(outlier_scale *scale); /* NULL is fine */

/* The bytes it takes with those of its creation; INT64_MAX when they can't be counted. */
int64_t outlier_scale_bytes(const gmmpi_model *model, int64_t n_draws, int n_threads);

/* 1/(N + 1) ... 1. */
double outlier_p_value(const outlier_scale *scale, double log_density);

#endif
