/* SPDX-License-Identifier: BSD-3-Clause */
/* Of covariances of one orientation: a matrix R with which every R Sigma_k R^T is diagonal.
 *
 * A model does not hold its axes, and those that LAPACK finds differ in their last bits between processors, which must
 * not decide anything: all here is plain C. R need not be orthogonal, and is found so that it does not depend on the
 * features' units: U, the inverse of the Cholesky factor of the sum of the covariances, each in units of its size,
 * makes the sum the identity, and the eigenvectors of U M U^T, where M is another combination of them with numbers
 * without any relation to each other, do the rest (Fukunaga 1990, "Introduction to Statistical Pattern Recognition",
 * section 2.3, for two matrices). Where two eigenvalues are so near to each other that rounding mixes their axes, what
 * the covariances then have between them says by which angle. */
#ifndef MIXTURE_COMMON_AXES_H
#define MIXTURE_COMMON_AXES_H

#include "mixture/arrays.h"

#include <stdbool.h>
#include <stdint.h>

/* The doubles of room that common_axes_find wants, for up to MOST_AXES features; beyond it the axes take too long. */
enum { MOST_AXES = 128 };
int64_t common_axes_numbers(int64_t n_features);

/* Sets matrix (d x d) to R and variances (K x d) to the diagonals of R Sigma_k R^T, for the components whose uses[k] is
 * not -infinity: one at least, with positive definite covariances. Numbers of other components stay.
 *
 * False when there is no such matrix: when what R leaves between two axes is more than changes of Sigma_k's elements
 * by 2^-48 of the two standard deviations make, about what rounding in an M-step does. */
bool common_axes_find(const gmmpi_model *model, const double *uses, double *matrix, double *variances, double *room);

#endif
