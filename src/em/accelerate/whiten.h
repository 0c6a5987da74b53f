/* SPDX-License-Identifier: BSD-3-Clause */
/* Coordinates in which a covariance is the identity, and back: factor L (a triangle as in mixture/shape.h) is lower
 * triangular, and the covariance L L^T. Where the shape is diagonal so is L. */
#ifndef EM_ACCELERATE_WHITEN_H
#define EM_ACCELERATE_WHITEN_H

#include "mixture/shape.h"

#include <stdbool.h>

/* vector = L^-1 vector, and vector = L vector */
void factor_to_vector(density_shape shape, int64_t d, const double *factor, double *vector);
void factor_from_vector(density_shape shape, int64_t d, const double *factor, double *vector);

/* The numbers of `work` below. */
static inline int64_t whiten_room(density_shape shape, int64_t d)
{
  return shape == DENSE ? d * d : 0;
}

/* triangle = L^-1 triangle L^-T, and triangle = L triangle L^T; work: whiten_room numbers. */
void factor_to_triangle(density_shape shape, int64_t d, const double *factor, double *triangle, double *work);
void factor_from_triangle(density_shape shape, int64_t d, const double *factor, double *triangle, double *work);

/* factor = factor other */
void factor_multiply(density_shape shape, int64_t d, double *factor, const double *other);

/* In place; false when a pivot is not above `least`: then the triangle is lost. */
bool factor_of(density_shape shape, int64_t d, double *triangle, double least);

#endif
