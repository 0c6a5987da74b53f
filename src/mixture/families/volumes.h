/* SPDX-License-Identifier: BSD-3-Clause */
/* Volumes that vary where all else is common: the families with Sigma_k = lambda_k C.
 *
 * Over C the objective of the M-step has its minimum at C = sum over k of scatter_k / lambda_k, divided by the sum N of
 * the divisors. What is left is a function of the logarithms u_k = log lambda_k,
 *
 *   sum over k of divisor_k d u_k + N log det(sum over k of exp(-u_k) scatter_k),
 *
 * which is convex: log det of a sum of exponentials is, and the rest is linear. Newton's method finds its only minimum
 * from anywhere, to working precision in a few steps, where the alternation of volumes and shape (Celeux, Govaert 1995)
 * would take many and stop before it is there. */
#ifndef MIXTURE_FAMILIES_VOLUMES_H
#define MIXTURE_FAMILIES_VOLUMES_H

#include <stdbool.h>
#include <stdint.h>

typedef struct volume_problem {
  int64_t n; /* components: all of them with a scatter that is not 0 */
  int64_t d;
  bool dense;             /* scatters are n x d x d, symmetric; else n x d, diagonals */
  const double *divisors; /* n */
  const double *scatters;
} volume_problem;

/* The doubles of scratch that find_volumes wants; INT64_MAX when they can't be counted. */
int64_t volume_numbers(bool dense, int64_t n_components, int64_t n_features);

/* Finds volumes (n) and common (d x d or d) such that volumes[i] common is the covariance of component i. False when
 * the pooled scatter is not positive definite. */
bool find_volumes(const volume_problem *problem, double *volumes, double *common, double *scratch);

#endif
