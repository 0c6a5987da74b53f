/* SPDX-License-Identifier: BSD-3-Clause */
/* Distances from components, in their own units, and what is far from all of them. */
#ifndef STARTS_FAR_H
#define STARTS_FAR_H

#include "mixture/model.h"

#include <stdbool.h>
#include <stdint.h>

/* The stored factor (precisions_cholesky) of component k: *length numbers; d x d for dense shapes, else d, or 1 for all
 * features. */
const double *component_factor(const gmmpi_model *model, int64_t k, int64_t *length);

/* 1 / standard deviation of feature j when those before it are known: the diagonal of W. */
double component_inverse_deviation(const gmmpi_model *model, const double *factor, int64_t length, int64_t j);

/* 1 / standard deviation in the direction of row j of W: that row's length. */
double component_inverse_width(const gmmpi_model *model, const double *factor, int64_t length, int64_t j);

/* Element j of W difference (difference: d), W being the inverse of the covariance's Cholesky factor. */
double component_whitened(const gmmpi_model *model, const double *factor, int64_t length, const double *difference,
                          int64_t j);

/* |W difference|^2: the squared Mahalanobis length. */
double component_square(const gmmpi_model *model, int64_t k, const double *difference);

/* Is the point (d) farther from all live components but `component` (-1: from all) than the farthest of n_samples
 * points of a normal distribution would be, by a margin, in squared Mahalanobis distance? scratch: d. */
bool is_far_from_all(const gmmpi_model *model, int64_t component, const double *point, double n_samples,
                     double *scratch);

#endif
