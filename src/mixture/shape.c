/* SPDX-License-Identifier: BSD-3-Clause */
#include "mixture/shape.h"

#include "support/memory.h"

#include <math.h>

int64_t covariance_length(density_shape shape, int64_t n_features)
{
  int64_t square;
  if (shape == DIAGONAL) return n_features;
  return multiply_fits(n_features, n_features, &square) ? square : INT64_MAX;
}

int64_t triangle_length(density_shape shape, int64_t n_features)
{
  int64_t twice;
  if (shape == DIAGONAL) return n_features;
  return n_features < INT64_MAX && multiply_fits(n_features, n_features + 1, &twice) ? twice / 2 : INT64_MAX;
}

void covariance_multiply(density_shape shape, int64_t n_features, const double *covariance, const double *vector,
                         double *product)
{
  for (int64_t i = 0; i < n_features; i++) {
    double sum = 0.0;
    if (shape == DIAGONAL)
      sum += covariance[i] * vector[i];
    else
      for (int64_t j = 0; j < n_features; j++) sum += covariance[i * n_features + j] * vector[j];
    product[i] = sum;
  }
}

void covariance_mix(density_shape shape, int64_t n_features, double share, const double *other, double *covariance)
{
  const int64_t length = covariance_length(shape, n_features);
  for (int64_t i = 0; i < length; i++) covariance[i] = share * covariance[i] + (1.0 - share) * other[i];
}

void covariance_add_square(density_shape shape, int64_t n_features, double factor, const double *vector,
                           double *covariance)
{
  for (int64_t i = 0; i < n_features; i++) {
    const double scaled = factor * vector[i];
    if (shape == DIAGONAL)
      covariance[i] += scaled * vector[i];
    else
      for (int64_t j = 0; j < n_features; j++) covariance[i * n_features + j] += scaled * vector[j];
  }
}

static double log_determinant_dense(int64_t d, double *matrix)
{
  double sum = 0.0;
  for (int64_t j = 0; j < d; j++) {
    double *row = matrix + j * d;
    for (int64_t i = 0; i <= j; i++) {
      const double *above = matrix + i * d;
      double value = row[i];
      for (int64_t l = 0; l < i; l++) value -= row[l] * above[l];
      if (i < j) {
        row[i] = value / above[i];
      } else {
        if (!(value > 0.0)) return INFINITY;
        row[j] = sqrt(value);
        sum += log(value);
      }
    }
  }
  return sum;
}

double covariance_log_determinant(density_shape shape, int64_t n_features, double *covariance)
{
  if (shape == DENSE) return log_determinant_dense(n_features, covariance);
  double sum = 0.0;
  for (int64_t j = 0; j < n_features; j++) sum += log(covariance[j]);
  return sum;
}
