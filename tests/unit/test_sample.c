/* SPDX-License-Identifier: BSD-3-Clause */
/* Points drawn from a mixture have its weights, means and covariances, within a few standard errors. */
#include "gmmpi/apply.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { K = 3, D = 3, N = 120000 };

static const double weights[K] = {0.25, 0.0, 0.75};
static const double means[K * D] = {1, -2, 3, 100, 100, 100, 1e3, 0, -5};

/* Two covariances of three features; component 1 has weight 0. */
static const double covariance_a[D * D] = {4, 1, 0.5, 1, 2, -0.3, 0.5, -0.3, 1};
static const double covariance_b[D * D] = {0.5, -0.2, 0, -0.2, 9, 2, 0, 2, 3};

typedef struct family_case {
  const char *name;
  double covariances[K * D * D];
  double expected[K][D * D];
} family_case;

static void make_case(const char *name, family_case *made)
{
  const double *of_component[K] = {covariance_a, covariance_a, covariance_b};
  memset(made, 0, sizeof *made);
  made->name = name;
  for (int k = 0; k < K; k++) {
    double *expected = made->expected[k];
    if (strcmp(name, "full") == 0 || strcmp(name, "tied") == 0) {
      const double *covariance = name[0] == 't' ? covariance_a : of_component[k];
      memcpy(expected, covariance, sizeof made->expected[k]);
      memcpy(made->covariances + (name[0] == 't' ? 0 : k * D * D), covariance, sizeof made->expected[k]);
    } else {
      for (int j = 0; j < D; j++) {
        const double variance = of_component[k][name[0] == 'd' ? j * D + j : 0];
        expected[j * D + j] = variance;
        made->covariances[name[0] == 'd' ? k * D + j : k] = variance;
      }
    }
  }
}

static gmmpi_model *model_of(const family_case *given)
{
  gmmpi_model *model = NULL;
  gmmpi_error error = {0};
  assert_int_equal(gmmpi_model_create(K, D, given->name, weights, means, given->covariances, &model, &error), GMMPI_OK);
  return model;
}

static void check_frequency(const int32_t *labels, int component, double *count)
{
  *count = 0;
  for (int i = 0; i < N; i++) *count += labels[i] == component;
  const double p = weights[component];
  assert_true(fabs(*count - N * p) <= 4.5 * sqrt(N * p * (1 - p)));
}

/* The standard error of a covariance of normal numbers is sqrt((s_ii s_jj + s_ij^2) / n). */
static void check_moments(const double *points, const int32_t *labels, int component, double count,
                          const double *expected)
{
  double mean[D] = {0};
  double second[D * D] = {0};
  for (int i = 0; i < N; i++) {
    for (int j = 0; labels[i] == component && j < D; j++) mean[j] += points[i * D + j] / count;
  }
  for (int i = 0; i < N; i++) {
    for (int j = 0; labels[i] == component && j < D * D; j++)
      second[j] += (points[i * D + j / D] - mean[j / D]) * (points[i * D + j % D] - mean[j % D]) / count;
  }
  for (int a = 0; a < D; a++) {
    assert_true(fabs(mean[a] - means[component * D + a]) <= 4.5 * sqrt(expected[a * D + a] / count));
    for (int b = 0; b < D; b++) {
      const double product = expected[a * D + a] * expected[b * D + b] + expected[a * D + b] * expected[a * D + b];
      assert_true(fabs(second[a * D + b] - expected[a * D + b]) <= 4.5 * sqrt(product / count));
    }
  }
}

static void check_family(const char *name)
{
  family_case given;
  make_case(name, &given);
  gmmpi_model *model = model_of(&given);
  double *points = malloc(N * D * sizeof *points);
  int32_t *labels = malloc(N * sizeof *labels);
  gmmpi_error error = {0};
  assert_int_equal(gmmpi_sample(model, N, 5, points, labels, &error), GMMPI_OK);
  for (int k = 0; k < K; k++) {
    double count;
    check_frequency(labels, k, &count);
    if (count > 0) check_moments(points, labels, k, count, given.expected[k]);
  }
  free(points);
  free(labels);
  gmmpi_model_destroy(model);
}

static void test_full(void **state)
{
  (void)state;
  check_family("full");
}

static void test_tied(void **state)
{
  (void)state;
  check_family("tied");
}

static void test_diag(void **state)
{
  (void)state;
  check_family("diag");
}

static void test_spherical(void **state)
{
  (void)state;
  check_family("spherical");
}

/* 68.27 %, 95.45 % and 99.73 % of normal numbers are within one, two and three standard deviations. */
static void test_is_normal(void **state)
{
  (void)state;
  static const double within[] = {0.682689492137086, 0.954499736103642, 0.997300203936740};
  const double one = 1;
  const double zero = 0;
  gmmpi_model *model = NULL;
  gmmpi_error error = {0};
  assert_int_equal(gmmpi_model_create(1, 1, "full", &one, &zero, &one, &model, &error), GMMPI_OK);
  double *points = malloc(N * sizeof *points);
  assert_int_equal(gmmpi_sample(model, N, 1, points, NULL, &error), GMMPI_OK);
  for (int s = 0; s < 3; s++) {
    int inside = 0;
    for (int i = 0; i < N; i++) inside += fabs(points[i]) < s + 1;
    assert_true(fabs(inside - N * within[s]) <= 4.5 * sqrt(N * within[s] * (1 - within[s])));
  }
  free(points);
  gmmpi_model_destroy(model);
}

static void test_prefix_and_seed(void **state)
{
  (void)state;
  family_case given;
  make_case("full", &given);
  gmmpi_model *model = model_of(&given);
  gmmpi_error error = {0};
  double few[10 * D];
  double many[50 * D];
  double other[10 * D];
  assert_int_equal(gmmpi_sample(model, 10, 3, few, NULL, &error), GMMPI_OK);
  assert_int_equal(gmmpi_sample(model, 50, 3, many, NULL, &error), GMMPI_OK);
  assert_int_equal(gmmpi_sample(model, 10, 4, other, NULL, &error), GMMPI_OK);
  assert_memory_equal(few, many, sizeof few);
  assert_memory_not_equal(few, other, sizeof few);
  assert_int_equal(gmmpi_sample(model, 0, 3, NULL, NULL, &error), GMMPI_OK);
  assert_int_equal(gmmpi_sample(model, -1, 3, NULL, NULL, &error), GMMPI_WRONG_USAGE);
  gmmpi_model_destroy(model);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_full),      cmocka_unit_test(test_tied),      cmocka_unit_test(test_diag),
      cmocka_unit_test(test_spherical), cmocka_unit_test(test_is_normal), cmocka_unit_test(test_prefix_and_seed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
