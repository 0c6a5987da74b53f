/* SPDX-License-Identifier: BSD-3-Clause */
/* How different the densities a and b of two models are, in nats (Kullback, Leibler 1951; Lin 1991, "Divergence
 * measures based on the Shannon entropy"):
 *
 *   Kullback-Leibler   KL(a || b) = E_a log(a / b), and KL(b || a); 0 to infinity
 *   Jensen-Shannon     (KL(a || m) + KL(b || m)) / 2, m = (a + b) / 2; 0 to log 2
 *   total variation    integral of |a - b| / 2 = E_m |a - b| / (a + b); 0 to 1
 *
 * as means over n points drawn from each model (Monte Carlo; Hershey, Olsen 2007, "Approximating the Kullback Leibler
 * divergence between Gaussian mixture models", sec. 2), with their standard errors. Both models draw with the same
 * random numbers: so the means over pairs of points have the standard error of pairs, two models in the other order
 * give the same numbers exchanged, and models of the same numbers give exactly 0.
 *
 * Densities are those that the points are drawn from (apply/point_density.h). */
#ifndef APPLY_DIVERGENCE_H
#define APPLY_DIVERGENCE_H

#include "mixture/model.h"

#include <mpi.h>

typedef struct divergence {
  double value;
  double standard_error; /* 0 where it is exact */
  bool is_exact;         /* in closed form */
} divergence;

typedef struct divergence_report {
  divergence kullback_leibler_ab, kullback_leibler_ba; /* exact where both models are one normal distribution */
  divergence jensen_shannon, total_variation;
} divergence_report;

/* Collective over comm; every rank has both models, of the same features (apply/common_features.h). n_points: 2 or more
 * from each. The same bits at any number of ranks. Labels name the models in messages. Errors, agreed: 65 a background
 * whose region is not known or flat; 71. */
gmmpi_status divergence_estimate(MPI_Comm comm, const gmmpi_model *a, const char *a_label, const gmmpi_model *b,
                                 const char *b_label, int64_t n_points, uint64_t seed, divergence_report *report,
                                 gmmpi_error *error);

/* The bytes it needs on a rank; INT64_MAX when they can't be counted. */
int64_t divergence_bytes(const gmmpi_model *a, const gmmpi_model *b);

#endif
