/* SPDX-License-Identifier: BSD-3-Clause */
/* The whitening factor against closed forms and a long double Cholesky factorisation. */
#include "unit/matrices.h"

#include "support/linear_algebra.h"
#include "support/memory.h"

#include <float.h>
#include <string.h>

static void two_by_two_in_closed_form(void **state)
{
  (void)state;
  const double covariance[4] = {4, 2, 2, 3}; /* L = (2, 0; 1, sqrt 2) */
  double factor[4];
  assert_true(whitening_factor(2, covariance, factor));
  assert_near(factor[0], 0.5L, 1e-16L);
  assert_near(factor[1], -1 / (2 * sqrtl(2)), 1e-15L);
  assert_true(factor[2] == 0);
  assert_near(factor[3], 1 / sqrtl(2), 1e-15L);
}

static void one_by_one(void **state)
{
  (void)state;
  const double variance = 0.25;
  double factor;
  assert_true(whitening_factor(1, &variance, &factor));
  assert_true(factor == 2);
}

static void compare_with_reference(int64_t n, uint64_t *seed)
{
  double *covariance = allocate(n * n, sizeof(double));
  double *factor = allocate(n * n, sizeof(double));
  long double *whitening = calloc((size_t)(n * n), sizeof *whitening);
  assert_true(covariance != NULL && factor != NULL && whitening != NULL);
  random_covariance(n, seed, covariance);
  reference_whitening(n, covariance, whitening);
  memset(factor, 0xFF, (size_t)(n * n) * sizeof(double));
  assert_true(whitening_factor(n, covariance, factor));
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j < n; j++) {
      if (j < i) {
        assert_true(factor[i * n + j] == 0);
      } else {
        /* Eigenvalues are at least 1/4 and the condition number is below 1e4 here. */
        assert_near(factor[i * n + j], whitening[j * n + i], 1e-12L);
      }
    }
  }
  free(covariance);
  free(factor);
  free(whitening);
}

static void random_covariances(void **state)
{
  (void)state;
  uint64_t seed = 7;
  for (int64_t n = 1; n <= 20; n++) compare_with_reference(n, &seed);
  compare_with_reference(33, &seed);
  compare_with_reference(65, &seed);
  compare_with_reference(200, &seed);
}

static void same_bits_in_every_allocation(void **state)
{
  (void)state;
  enum { N = 37, TRIES = 5 };
  uint64_t seed = 11;
  double *first = allocate(N * N, sizeof(double));
  double *covariance = allocate(N * N, sizeof(double));
  random_covariance(N, &seed, covariance);
  assert_true(whitening_factor(N, covariance, first));
  for (int i = 0; i < TRIES; i++) {
    void *gap = malloc((size_t)(i + 1) * 24);
    double *copy = allocate(N * N, sizeof(double));
    double *factor = allocate(N * N, sizeof(double));
    memcpy(copy, covariance, N * N * sizeof(double));
    assert_true(whitening_factor(N, copy, factor));
    assert_memory_equal(factor, first, N * N * sizeof(double));
    free(gap);
    free(copy);
    free(factor);
  }
  free(first);
  free(covariance);
}

static void refuse(int64_t n, const double *covariance)
{
  double factor[9];
  memset(factor, 0xFF, sizeof factor);
  assert_false(whitening_factor(n, covariance, factor));
  for (int64_t i = 0; i < n * n; i++) assert_true(factor[i] == 0);
}

static void what_is_not_positive_definite(void **state)
{
  (void)state;
  refuse(1, (const double[]){0});
  refuse(1, (const double[]){-1});
  refuse(1, (const double[]){(double)NAN});
  refuse(1, (const double[]){(double)INFINITY});
  refuse(1, (const double[]){DBL_MIN / 4});
  refuse(2, (const double[]){1, 2, 2, 1});
  refuse(2, (const double[]){0, 0, 0, 0});
  refuse(2, (const double[]){1, 1, 1, 1});
  refuse(2, (const double[]){1, (double)NAN, (double)NAN, 1});
  refuse(2, (const double[]){1, (double)INFINITY, (double)INFINITY, 1});
  refuse(3, (const double[]){1, 0, 0, 0, 1, 0, 0, 0, -1e-30});
  refuse(3, (const double[]){2, 1, 3, 1, 1, 2, 3, 2, 5}); /* the third row is the sum of the others */
}

/* For (1, 1; 1, 1 + x) the last pivot is x, and n epsilon = 2 epsilon is the limit; scales of the features don't
 * matter. */
static void nearly_singular(void **state)
{
  (void)state;
  double factor[4];
  for (int exponent = -200; exponent <= 200; exponent += 100) {
    const double s = ldexp(1, exponent);
    refuse(2, (const double[]){1, s, s, s * s * (1 + DBL_EPSILON)});
    assert_true(whitening_factor(2, (const double[]){1, s, s, s * s * (1 + 4 * DBL_EPSILON)}, factor));
    assert_near(factor[3] * s, 1 / sqrtl(4 * DBL_EPSILON), 1);
  }
  assert_true(whitening_factor(2, (const double[]){1e-300, 0, 0, 1e300}, factor));
  assert_near(factor[0], 1e150L, 1e136L);
  assert_near(factor[3], 1e-150L, 1e-164L);
}

static void variances(void **state)
{
  (void)state;
  assert_true(variance_is_safe(1) && variance_is_safe(DBL_MIN) && variance_is_safe(DBL_MAX));
  assert_true(isfinite(1 / DBL_MIN));
  assert_false(variance_is_safe(0) || variance_is_safe(-1) || variance_is_safe(DBL_MIN / 2));
  assert_false(variance_is_safe((double)NAN) || variance_is_safe((double)INFINITY));
}

static void mirroring(void **state)
{
  (void)state;
  double matrix[9] = {1, -1, -1, 2, 3, -1, 4, 5, 6};
  const double expected[9] = {1, 2, 4, 2, 3, 5, 4, 5, 6};
  mirror_lower_triangle(3, matrix);
  assert_memory_equal(matrix, expected, sizeof expected);
}

static void core_has_a_name(void **state)
{
  (void)state;
  assert_true(strlen(linear_algebra_core()) > 0);
}

static int single_thread(void **state)
{
  (void)state;
  linear_algebra_single_thread();
  return 0;
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(two_by_two_in_closed_form),
      cmocka_unit_test(one_by_one),
      cmocka_unit_test(random_covariances),
      cmocka_unit_test(same_bits_in_every_allocation),
      cmocka_unit_test(what_is_not_positive_definite),
      cmocka_unit_test(nearly_singular),
      cmocka_unit_test(variances),
      cmocka_unit_test(mirroring),
      cmocka_unit_test(core_has_a_name),
  };
  return cmocka_run_group_tests(tests, single_thread, NULL);
}
