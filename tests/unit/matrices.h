/* SPDX-License-Identifier: BSD-3-Clause */
/* What the tests of matrices and densities compare with: textbook algorithms in long double, without pivoting tricks or
 * blocking. */
#ifndef TESTS_MATRICES_H
#define TESTS_MATRICES_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* Uniform in (-1, 1), by a linear congruential generator (Knuth's MMIX). */
static inline double random_number(uint64_t *state)
{
  *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (double)(int64_t)*state / 0x1p63;
}

/* covariance: n x n, A A^T + I / 4 with random A. */
static inline void random_covariance(int64_t n, uint64_t *state, double *covariance)
{
  double *a = malloc((size_t)(n * n) * sizeof *a);
  assert_non_null(a);
  for (int64_t i = 0; i < n * n; i++) a[i] = random_number(state);
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j <= i; j++) {
      double sum = i == j ? 0.25 : 0;
      for (int64_t l = 0; l < n; l++) sum += a[i * n + l] * a[j * n + l];
      covariance[i * n + j] = covariance[j * n + i] = sum;
    }
  }
  free(a);
}

/* whitening: n x n, lower triangular, the inverse of the Cholesky factor: columns of L^-1 by forward substitution. */
static inline void reference_whitening(int64_t n, const double *covariance, long double *whitening)
{
  long double *l = calloc((size_t)(n * n), sizeof *l);
  assert_non_null(l);
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j <= i; j++) {
      long double rest = covariance[i * n + j];
      for (int64_t m = 0; m < j; m++) rest -= l[i * n + m] * l[j * n + m];
      l[i * n + j] = i == j ? sqrtl(rest) : rest / l[j * n + j];
    }
  }
  for (int64_t column = 0; column < n; column++) {
    for (int64_t i = 0; i < n; i++) {
      long double rest = i == column ? 1 : 0;
      for (int64_t m = 0; m < i; m++) rest -= l[i * n + m] * whitening[m * n + column];
      whitening[i * n + column] = rest / l[i * n + i];
    }
  }
  free(l);
}

/* log N(x | mean, covariance) by Gaussian elimination with row exchanges: the determinant is the product of the pivots.
 */
static inline long double reference_log_density(int64_t n, const double *x, const double *mean,
                                                const double *covariance)
{
  long double *a = malloc((size_t)(n * n) * sizeof *a);
  long double *b = malloc((size_t)n * sizeof *b);
  assert_true(a != NULL && b != NULL);
  for (int64_t i = 0; i < n * n; i++) a[i] = covariance[i];
  for (int64_t i = 0; i < n; i++) b[i] = (long double)x[i] - mean[i];
  long double log_determinant = 0;
  for (int64_t p = 0; p < n; p++) {
    int64_t best = p;
    for (int64_t i = p + 1; i < n; i++) {
      if (fabsl(a[i * n + p]) > fabsl(a[best * n + p])) best = i;
    }
    for (int64_t j = 0; j < n; j++) {
      const long double kept = a[p * n + j];
      a[p * n + j] = a[best * n + j];
      a[best * n + j] = kept;
    }
    const long double kept = b[p];
    b[p] = b[best];
    b[best] = kept;
    log_determinant += logl(fabsl(a[p * n + p]));
    for (int64_t i = p + 1; i < n; i++) {
      const long double ratio = a[i * n + p] / a[p * n + p];
      for (int64_t j = p; j < n; j++) a[i * n + j] -= ratio * a[p * n + j];
      b[i] -= ratio * b[p];
    }
  }
  long double distance = 0;
  for (int64_t i = n - 1; i >= 0; i--) {
    for (int64_t j = i + 1; j < n; j++) b[i] -= a[i * n + j] * b[j];
    b[i] /= a[i * n + i];
    distance += b[i] * ((long double)x[i] - mean[i]);
  }
  free(a);
  free(b);
  return -0.5L * ((long double)n * logl(2 * acosl(-1)) + log_determinant + distance);
}

/* |value - expected| <= tolerance, and no NaN. */
static inline void assert_near(double value, long double expected, long double tolerance)
{
  if (!(fabsl((long double)value - expected) <= tolerance))
    fail_msg("%.17g is not within %.3Lg of %.20Lg", value, tolerance, expected);
}

#endif
