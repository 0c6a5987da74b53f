/* SPDX-License-Identifier: BSD-3-Clause */
/* How far two components of two models are apart, as normal distributions, in closed form:
 *
 *   Kullback-Leibler divergence   (trace(S_b^-1 S_a) + D^T S_b^-1 D - d + log det S_b - log det S_a) / 2
 *   Bhattacharyya distance        D^T S^-1 D / 8 + log(det S / sqrt(det S_a det S_b)) / 2,   S = (S_a + S_b) / 2
 *   distance of the means         sqrt(D^T S^-1 D): in standard deviations of S
 *
 * D = mean_b - mean_a (Kullback 1959, "Information Theory and Statistics", chapter 9; Kailath 1967, "The divergence and
 * Bhattacharyya distance measures in signal selection", eq. 61). All are 0 for components of the same numbers. Of t
 * distributions, and of variational posteriors, they are those of the normal distributions with the same means and
 * (scale) matrices. */
#ifndef APPLY_NORMAL_PAIR_H
#define APPLY_NORMAL_PAIR_H

#include "mixture/model.h"

/* Two models of the same features, and room for the work on a pair of components. */
typedef struct normal_pairs {
  const gmmpi_model *a, *b;                        /* borrowed */
  density_shape shape;                             /* DIAGONAL where both are */
  double *log_determinants_a, *log_determinants_b; /* of each component's covariance: K */
  double *difference;                              /* d */
  double *covariance, *other;                      /* d x d, or d */
} normal_pairs;

/* Errors: 71. */
gmmpi_status normal_pairs_create(const gmmpi_model *a, const gmmpi_model *b, normal_pairs **result, gmmpi_error *error);
void normal_pairs_destroy(normal_pairs *pairs);                         /* NULL is fine */
int64_t normal_pairs_bytes(const gmmpi_model *a, const gmmpi_model *b); /* INT64_MAX when they can't be counted */

typedef struct normal_distance {
  double bhattacharyya;
  double means; /* in standard deviations */
} normal_distance;

/* Of component i of a and j of b. */
normal_distance normal_pairs_distance(normal_pairs *pairs, int64_t i, int64_t j);

/* KL(a_i || b_j), in nats. */
double normal_pairs_divergence(normal_pairs *pairs, int64_t i, int64_t j);

#endif
