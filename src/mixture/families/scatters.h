/* SPDX-License-Identifier: BSD-3-Clause */
/* What the M-steps of families share: scatter as matrices, with the ridge, and covariances out of axes. */
#ifndef MIXTURE_FAMILIES_SCATTERS_H
#define MIXTURE_FAMILIES_SCATTERS_H

#include "mixture/arrays.h"

/* Lists the components that are to be estimated, in ascending order; returns how many there are. */
int64_t estimated_components(const component_scatter *scatter, int64_t *components);

/* The scatter of component k (DENSE: d x d, symmetric; DIAGONAL: d), with divisor_k times the ridge on its diagonal:
 * then the covariances have the ridge that they should have and keep the family's structure. */
void dense_scatter(const component_scatter *scatter, int64_t k, double *matrix);
void diagonal_scatter(const component_scatter *scatter, int64_t k, double *diagonal);

/* The covariance (d x d) = sum over j of variances[j] axis_j axis_j^T, exactly symmetric; row j of axes (d x d) is
 * axis_j. scratch: d x d. All 0 where a variance is not positive. */
void covariance_of_axes(int64_t n_features, const double *axes, const double *variances, double *covariance,
                        double *scratch);

/* Is one of the d variances above 0? They are `stride` apart: 1, or d + 1 on the diagonal of a matrix. */
bool has_spread(int64_t n_features, int64_t stride, const double *variances);

/* exp of the mean logarithm of d numbers; 0 where one is not positive. */
double geometric_mean(int64_t n, const double *numbers);

/* log det of a dense scatter; false where it is not positive definite to working precision. factor: d x d, becomes its
 * whitening factor. */
bool scatter_log_determinant(int64_t n_features, const double *matrix, double *factor, double *log_determinant);

/* a + b + ... of sizes, INT64_MAX where they can't be counted; a product of three likewise. */
int64_t numbers_of(int64_t n, int64_t rows, int64_t columns);

#endif
