/* SPDX-License-Identifier: BSD-3-Clause */
/* Covariances of both shapes: places by hand, arithmetic against long double on dense matrices. */
#include "unit/matrices.h"

#include "mixture/shape.h"

#include <string.h>

static void lengths(void **state)
{
  (void)state;
  assert_true(covariance_length(DENSE, 5) == 25 && covariance_length(DIAGONAL, 5) == 5);
  assert_true(triangle_length(DENSE, 5) == 15 && triangle_length(DIAGONAL, 5) == 5);
  assert_true(covariance_length(DENSE, 1) == 1 && triangle_length(DENSE, 1) == 1);
  /* What grows by d fits where the square does not. */
  const int64_t wide = INT64_C(1) << 40;
  assert_true(covariance_length(DENSE, wide) == INT64_MAX && covariance_length(DIAGONAL, wide) == wide);
  assert_true(triangle_length(DENSE, wide) == INT64_MAX && triangle_length(DIAGONAL, wide) == wide);
  assert_true(triangle_length(DENSE, INT64_MAX) == INT64_MAX);
}

/* The places of a triangle follow each other; those of variances are where i = j. */
static void places(void **state)
{
  (void)state;
  for (int s = 0; s < 2; s++) {
    const density_shape shape = s == 0 ? DENSE : DIAGONAL;
    const int64_t d = 7;
    int64_t place = 0;
    for (int64_t i = 0; i < d; i++) {
      for (int64_t j = triangle_first(shape, i); j <= i; j++, place++) {
        if (i == j) assert_int_equal(triangle_diagonal(shape, i), place);
      }
      assert_int_equal(covariance_diagonal(shape, d, i), shape == DENSE ? i * d + i : i);
    }
    assert_int_equal(place, triangle_length(shape, d));
  }
}

enum { D = 6 };

/* A covariance of this shape, and the same as a matrix. */
static void make(density_shape shape, uint64_t *seed, double *covariance, double *dense)
{
  random_covariance(D, seed, dense);
  for (int i = 0; i < D * D; i++) {
    if (shape == DIAGONAL && i % (D + 1) != 0) dense[i] = 0.0;
    if (shape == DENSE) covariance[i] = dense[i];
    if (shape == DIAGONAL && i % (D + 1) == 0) covariance[i / (D + 1)] = dense[i];
  }
}

static void assert_same(density_shape shape, const double *covariance, const long double *dense)
{
  for (int i = 0; i < D; i++) {
    for (int j = 0; j < D; j++) {
      if (shape == DENSE) assert_near(covariance[i * D + j], dense[i * D + j], 1e-14L);
    }
    if (shape == DIAGONAL) assert_near(covariance[i], dense[i * D + i], 1e-14L);
  }
}

static void arithmetic(void **state)
{
  (void)state;
  uint64_t seed = 5;
  for (int s = 0; s < 2; s++) {
    const density_shape shape = s == 0 ? DENSE : DIAGONAL;
    double covariance[D * D];
    double other[D * D];
    double dense[D * D];
    double other_dense[D * D];
    double vector[D];
    double product[D];
    long double expected[D * D];
    make(shape, &seed, covariance, dense);
    make(shape, &seed, other, other_dense);
    for (int i = 0; i < D; i++) vector[i] = random_number(&seed);
    covariance_multiply(shape, D, covariance, vector, product);
    for (int i = 0; i < D; i++) {
      long double sum = 0;
      for (int j = 0; j < D; j++) sum += (long double)dense[i * D + j] * vector[j];
      assert_near(product[i], sum, 1e-15L);
    }
    for (int i = 0; i < D * D; i++)
      expected[i] = 0.3L * dense[i] + 0.7L * other_dense[i] - 0.25L * vector[i / D] * vector[i % D];
    covariance_mix(shape, D, 0.3, other, covariance);
    covariance_add_square(shape, D, -0.25, vector, covariance);
    assert_same(shape, covariance, expected);
  }
}

/* det (4, 2; 2, 3) = 8, det diag(4, 3, 0.5) = 6. */
static void determinants(void **state)
{
  (void)state;
  double dense[4] = {4, 2, 2, 3};
  double singular[4] = {4, 2, 2, 1};
  double diagonal[3] = {4, 3, 0.5};
  assert_near(covariance_log_determinant(DENSE, 2, dense), logl(8), 1e-15L);
  assert_true(covariance_log_determinant(DENSE, 2, singular) == (double)INFINITY);
  assert_near(covariance_log_determinant(DIAGONAL, 3, diagonal), logl(6), 1e-15L);

  uint64_t seed = 8;
  double covariance[D * D];
  const double zero[D] = {0};
  random_covariance(D, &seed, covariance);
  const long double log_density = reference_log_density(D, zero, zero, covariance);
  assert_near(covariance_log_determinant(DENSE, D, covariance), -2 * log_density - D * logl(2 * acosl(-1)), 1e-12L);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(lengths),
      cmocka_unit_test(places),
      cmocka_unit_test(arithmetic),
      cmocka_unit_test(determinants),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
