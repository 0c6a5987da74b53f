/* SPDX-License-Identifier: BSD-3-Clause */
#include "em/accelerate/methods.h"

#include <math.h>

/* Anderson's mixing: minimises |f_0 + sum of b_i (f_i - f_0)| over b, f_0 being the newest residual, by the normal
 * equations with a ridge, and combines outputs likewise: coefficient b_i for entry i, 1 - sum of b for the newest. */

/* The normal equations' share of ridge: below the square root of what rounding leaves of a difference. */
static const double ridge = 1e-10;

/* In place: the Cholesky factor of the n x n matrix (rows MOST_REMEMBERED apart); false when it is not definite. */
static bool factorise(int64_t n, double (*matrix)[MOST_REMEMBERED])
{
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j <= i; j++) {
      double sum = matrix[i][j];
      for (int64_t l = 0; l < j; l++) sum -= matrix[i][l] * matrix[j][l];
      if (i == j && !(sum > 0.0)) return false;
      matrix[i][j] = i == j ? sqrt(sum) : sum / matrix[j][j];
    }
  }
  return true;
}

static void solve(int64_t n, double (*factor)[MOST_REMEMBERED], double *vector)
{
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j < i; j++) vector[i] -= factor[i][j] * vector[j];
    vector[i] /= factor[i][i];
  }
  for (int64_t i = n - 1; i >= 0; i--) {
    for (int64_t j = i + 1; j < n; j++) vector[i] -= factor[j][i] * vector[j];
    vector[i] /= factor[i][i];
  }
}

/* Scalar products of the differences to the newest residual, in units in which the matrix has ones on its diagonal. */
static void normal_equations(int64_t n, int64_t length, const double *const *residuals,
                             double (*matrix)[MOST_REMEMBERED], double *right, double *units)
{
  const double *newest = residuals[0];
  for (int64_t i = 0; i < n; i++) {
    right[i] = 0.0;
    for (int64_t j = 0; j <= i; j++) matrix[i][j] = 0.0;
  }
  for (int64_t at = 0; at < length; at++) {
    double difference[MOST_REMEMBERED];
    for (int64_t i = 0; i < n; i++) difference[i] = residuals[i + 1][at] - newest[at];
    for (int64_t i = 0; i < n; i++) {
      right[i] -= difference[i] * newest[at];
      for (int64_t j = 0; j <= i; j++) matrix[i][j] += difference[i] * difference[j];
    }
  }
  for (int64_t i = 0; i < n; i++) units[i] = matrix[i][i] > 0.0 ? 1.0 / sqrt(matrix[i][i]) : 0.0;
  for (int64_t i = 0; i < n; i++) {
    right[i] *= units[i];
    for (int64_t j = 0; j <= i; j++) matrix[i][j] *= units[i] * units[j];
    matrix[i][i] = 1.0 + ridge;
  }
}

static bool combine_anderson(int64_t n, int64_t length, const double *const *residuals, double *outputs, double *inner)
{
  double matrix[MOST_REMEMBERED][MOST_REMEMBERED];
  double weights[MOST_REMEMBERED];
  double units[MOST_REMEMBERED];
  if (n < 2) return false;
  normal_equations(n - 1, length, residuals, matrix, weights, units);
  if (!factorise(n - 1, matrix)) return false;
  solve(n - 1, matrix, weights);
  outputs[0] = 1.0;
  inner[0] = 0.0;
  for (int64_t i = 1; i < n; i++) {
    outputs[i] = weights[i - 1] * units[i - 1];
    outputs[0] -= outputs[i];
    inner[i] = 0.0;
  }
  return true;
}

const acceleration_method acceleration_anderson = {
    .name = "anderson", .capacity = 9, .leaps = true, .combine = combine_anderson};
