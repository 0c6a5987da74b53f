/* SPDX-License-Identifier: BSD-3-Clause */
/* gmmpi_predict against densities in long double, written out for two features. */
#include "gmmpi/apply.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* cmocka compares floats only. */
static void assert_close(double value, double expected, double tolerance)
{
  if (!(fabs(value - expected) <= tolerance)) fail_msg("%.17g is not %.17g", value, expected);
}

enum { K = 3, D = 2, N = 131 }; /* two tiles and a bit */

static const double weights[K] = {0.5, 0.2, 0.3};
static const double means[K * D] = {0, 0, 3, -1, -2, 4};
static const double covariances[K * 4] = {1, 0.3, 0.3, 2, 0.5, -0.1, -0.1, 0.7, 4, 1, 1, 1};

/* log of weight times density: the inverse and determinant of a 2 x 2 matrix by their formulas. */
static long double log_joint(int k, const double *x, const double *c)
{
  const long double determinant = (long double)c[0] * c[3] - (long double)c[1] * c[2];
  const long double a = (long double)x[0] - means[k * D];
  const long double b = (long double)x[1] - means[k * D + 1];
  const long double distance = (c[3] * a * a - 2 * (long double)c[1] * a * b + c[0] * b * b) / determinant;
  return logl((long double)weights[k]) - logl(2 * 3.14159265358979323846264338327950288L) - logl(determinant) / 2 -
         distance / 2;
}

static void fill_rows(double *rows)
{
  for (int i = 0; i < N; i++) {
    rows[i * D] = 6 * sin(1.7 * i);
    rows[i * D + 1] = 1 + 5 * cos(0.9 * i * i);
  }
}

/* given: what gmmpi_model_create takes; dense: the same as K matrices. */
static void check_family(const char *family, const double *given, const double *dense)
{
  gmmpi_model *model = NULL;
  gmmpi_error error = {0};
  double rows[N * D];
  double responsibilities[N * K];
  double log_density[N];
  int32_t labels[N];
  fill_rows(rows);
  assert_int_equal(gmmpi_model_create(K, D, family, weights, means, given, &model, &error), GMMPI_OK);
  assert_int_equal(gmmpi_predict(model, rows, N, labels, responsibilities, log_density, &error), GMMPI_OK);
  for (int i = 0; i < N; i++) {
    long double joint[K];
    long double density = 0;
    int label = 0;
    for (int k = 0; k < K; k++) {
      joint[k] = log_joint(k, rows + i * D, dense + 4 * k);
      density += expl(joint[k]);
      if (joint[k] > joint[label]) label = k;
    }
    assert_close(log_density[i], (double)logl(density), 1e-12 * (1 + fabs((double)logl(density))));
    assert_int_equal(labels[i], label);
    for (int k = 0; k < K; k++) assert_close(responsibilities[i * K + k], (double)(expl(joint[k]) / density), 1e-12);
  }

  /* What is not wanted may be left out. */
  int32_t alone[N];
  assert_int_equal(gmmpi_predict(model, rows, N, alone, NULL, NULL, &error), GMMPI_OK);
  assert_memory_equal(alone, labels, sizeof labels);
  assert_int_equal(gmmpi_predict(model, rows, 0, NULL, NULL, NULL, &error), GMMPI_OK);
  assert_int_equal(gmmpi_predict(model, NULL, N, alone, NULL, NULL, &error), GMMPI_WRONG_USAGE);
  gmmpi_model_destroy(model);
}

static void test_full(void **state)
{
  (void)state;
  check_family("full", covariances, covariances);
}

static void test_tied(void **state)
{
  (void)state;
  double dense[K * 4];
  for (int k = 0; k < K; k++) memcpy(dense + 4 * k, covariances + 4, 4 * sizeof *dense);
  check_family("tied", covariances + 4, dense);
}

static void test_diag(void **state)
{
  (void)state;
  const double diagonal[K * D] = {1, 2, 0.5, 0.7, 4, 1};
  const double dense[K * 4] = {1, 0, 0, 2, 0.5, 0, 0, 0.7, 4, 0, 0, 1};
  check_family("diag", diagonal, dense);
}

static void test_spherical(void **state)
{
  (void)state;
  const double variances[K] = {1, 0.5, 4};
  const double dense[K * 4] = {1, 0, 0, 1, 0.5, 0, 0, 0.5, 4, 0, 0, 4};
  check_family("spherical", variances, dense);
}

/* Two components that are the same: each is responsible for half of every point, and the lower one is the label. */
static void test_tie(void **state)
{
  (void)state;
  const double half[2] = {0.5, 0.5};
  const double mean[2] = {1, 1};
  const double variance[2] = {2, 2};
  const double rows[3] = {-1, 1, 50};
  gmmpi_model *model = NULL;
  gmmpi_error error = {0};
  int32_t labels[3];
  double responsibilities[6];
  assert_int_equal(gmmpi_model_create(2, 1, "full", half, mean, variance, &model, &error), GMMPI_OK);
  assert_int_equal(gmmpi_predict(model, rows, 3, labels, responsibilities, NULL, &error), GMMPI_OK);
  for (int i = 0; i < 3; i++) assert_int_equal(labels[i], 0);
  for (int i = 0; i < 6; i++) assert_close(responsibilities[i], 0.5, 0.0);
  gmmpi_model_destroy(model);
}

/* A component of weight 0 is responsible for nothing, wherever the point is; far points have a density all the same. */
static void test_no_weight(void **state)
{
  (void)state;
  const double weight[2] = {0, 1};
  const double mean[2] = {0, 100};
  const double variance[2] = {1, 1};
  const double rows[2] = {0, 1e6};
  gmmpi_model *model = NULL;
  gmmpi_error error = {0};
  int32_t labels[2];
  double responsibilities[4];
  double log_density[2];
  assert_int_equal(gmmpi_model_create(2, 1, "full", weight, mean, variance, &model, &error), GMMPI_OK);
  assert_int_equal(gmmpi_predict(model, rows, 2, labels, responsibilities, log_density, &error), GMMPI_OK);
  for (int i = 0; i < 2; i++) {
    const double distance = rows[i] - 100;
    assert_int_equal(labels[i], 1);
    assert_close(responsibilities[2 * i], 0.0, 0.0);
    assert_close(responsibilities[2 * i + 1], 1.0, 0.0);
    assert_close(log_density[i], -0.91893853320467274 - distance * distance / 2, 1e-12 * distance * distance);
  }
  gmmpi_model_destroy(model);
}

static void test_refuses(void **state)
{
  (void)state;
  gmmpi_model *model = NULL;
  gmmpi_error error = {0};
  double rows[N * D];
  fill_rows(rows);
  assert_int_equal(gmmpi_model_create(K, D, "full", weights, means, covariances, &model, &error), GMMPI_OK);
  rows[99 * D + 1] = NAN;
  rows[120 * D] = INFINITY;
  assert_int_equal(gmmpi_predict(model, rows, N, NULL, NULL, NULL, &error), GMMPI_BAD_DATA);
  assert_int_equal(error.place, 100);
  assert_non_null(strstr(error.message, "row 100"));
  error = (gmmpi_error){0};
  assert_int_equal(gmmpi_predict(model, rows, -1, NULL, NULL, NULL, &error), GMMPI_WRONG_USAGE);
  gmmpi_model_destroy(model);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_full),      cmocka_unit_test(test_tied), cmocka_unit_test(test_diag),
      cmocka_unit_test(test_spherical), cmocka_unit_test(test_tie),  cmocka_unit_test(test_no_weight),
      cmocka_unit_test(test_refuses),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
