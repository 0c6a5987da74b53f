/* SPDX-License-Identifier: BSD-3-Clause */
/* The shape of a covariance: which of its numbers there are and where they stand, for everything that works on "a
 * covariance" of whatever family.
 *
 *   covariance     DENSE: d x d, row-major, symmetric        DIAGONAL: d, the diagonal
 *   its triangle   DENSE: d(d+1)/2, the lower one by rows    DIAGONAL: d, the diagonal
 *
 * Triangles are how sums of products are held. What does not stand anywhere is 0, so that all work on diagonal
 * covariances grows by d. */
#ifndef MIXTURE_SHAPE_H
#define MIXTURE_SHAPE_H

#include <stdint.h>

typedef enum density_shape { DENSE, DIAGONAL } density_shape;
enum { N_DENSITY_SHAPES = DIAGONAL + 1 };

/* How many numbers a covariance has, and its triangle; INT64_MAX when they can't be counted. */
int64_t covariance_length(density_shape shape, int64_t n_features);
int64_t triangle_length(density_shape shape, int64_t n_features);

/* Of which order the sums over the points are: counts come with each. */
typedef enum statistics_order {
  FIRST_ORDER = 1,
  SECOND_ORDER = 2,
  POOLED_ORDER = 3, /* first moments of each component, second moments of all together */
  TRACE_ORDER = 4   /* first moments of each component, and the trace of its second moments */
} statistics_order;

/* How many second moments there are, each a triangle, or the trace of one. */
static inline int64_t n_second_moments(statistics_order order, int64_t n_components)
{
  return order == FIRST_ORDER ? 0 : order == POOLED_ORDER ? 1 : n_components;
}

/* Where the variance of feature j stands in a covariance, and in its triangle. */
static inline int64_t covariance_diagonal(density_shape shape, int64_t n_features, int64_t j)
{
  return shape == DENSE ? j * n_features + j : j;
}

static inline int64_t triangle_diagonal(density_shape shape, int64_t j)
{
  return shape == DENSE ? j * (j + 3) / 2 : j;
}

/* The first column of row i of a triangle; the last one is i. */
static inline int64_t triangle_first(density_shape shape, int64_t i)
{
  return shape == DENSE ? 0 : i;
}

/* --- arithmetic on covariances (covariance_length numbers) of d features --- */

/* product (d) = covariance times vector (d); the two do not overlap. */
void covariance_multiply(density_shape shape, int64_t n_features, const double *covariance, const double *vector,
                         double *product);

/* covariance = share covariance + (1 - share) other. */
void covariance_mix(density_shape shape, int64_t n_features, double share, const double *other, double *covariance);

/* Adds factor vector vector^T. */
void covariance_add_square(density_shape shape, int64_t n_features, double factor, const double *vector,
                           double *covariance);

/* log det; the covariance is lost. Infinite when a DENSE one is not positive definite (Cholesky's factorisation breaks
 * down). */
double covariance_log_determinant(density_shape shape, int64_t n_features, double *covariance);

#endif
