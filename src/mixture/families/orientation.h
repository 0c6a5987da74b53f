/* SPDX-License-Identifier: BSD-3-Clause */
/* The orientation that all components have in common: the families EVE and VVE.
 *
 * With axes D common to all, the covariances that belong to them are known, and what is left of the M-step's objective
 * depends on the variances along the axes, s_kj = d_j^T scatter_k d_j, alone. Up to constants it is
 *
 *   VVE   sum over k of divisor_k sum over j of log s_kj          (common principal components: Flury, Gautschi 1986,
 *                                                                  SIAM J. Sci. Stat. Comput. 7)
 *   EVE   N d log sum over k of product over j of s_kj^(1/d),     N: the sum of the divisors
 *
 * It is minimised over rotations in two stages. Planes of two axes whose best angle is large are turned one by one, as
 * Flury and Gautschi do: for a plane of VVE, and of EVE with each component's share of the sum as its weight, the
 * objective is concave in the squared cosine that a rotation changes, so that the leading eigenvector of a 2 x 2 matrix
 * lowers it. When no angle is large any more all planes are turned at once by a quasi-Newton method on the group of
 * rotations (limited-memory BFGS in its Lie algebra, preconditioned with the second derivative of each plane: Ablin,
 * Cardoso, Gramfort 2018, "Faster ICA under orthogonal constraint", ICASSP), which converges superlinearly where Flury
 * and Gautschi's method, and Browne and McNicholas' (2014), take hundreds of iterations. */
#ifndef MIXTURE_FAMILIES_ORIENTATION_H
#define MIXTURE_FAMILIES_ORIENTATION_H

#include "mixture/arrays.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct orientation_problem {
  const component_scatter *scatter;
  const int64_t *components; /* n: those that take part; their scatters are positive definite */
  int64_t n;
  bool equal_volumes; /* EVE; else VVE */
} orientation_problem;

/* The doubles of scratch that the two below want; INT64_MAX when they can't be counted. */
int64_t orientation_numbers(int64_t n_components, int64_t n_features);

/* Axes (d x d, one a row) that diagonalise the covariances of the components (n of them) of a model that has an
 * orientation; of other models the principal axes of a mixture of them. */
void orientation_of_model(const gmmpi_model *model, const int64_t *components, int64_t n, double *axes,
                          double *scratch);

/* Improves the axes until they are stationary, and sets variances (n x d) to s_kj. */
void find_orientation(const orientation_problem *problem, double *axes, double *variances, double *scratch);

#endif
