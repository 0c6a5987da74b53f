/* SPDX-License-Identifier: BSD-3-Clause */
/* What components of one orientation have in common: Jacobi's eigenvectors against their definition, and densities by
 * the form that a matrix in common gives against log N(x | mean, covariance) in long double. */
#include "unit/matrices.h"

#include "mixture/common_axes.h"
#include "mixture/density.h"
#include "mixture/model.h"
#include "support/jacobi.h"

#include <string.h>

enum { K = 5, MOST_D = 64 };

/* vectors diagonal vectors^T is the matrix, and vectors^T vectors the identity. */
static void check_eigenvectors(int64_t n, const double *matrix)
{
  double *values = malloc((size_t)(n * n) * sizeof *values);
  double *vectors = malloc((size_t)(n * n) * sizeof *vectors);
  assert_true(values != NULL && vectors != NULL);
  memcpy(values, matrix, (size_t)(n * n) * sizeof *values);
  assert_true(jacobi_eigenvectors(n, values, vectors));
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j <= i; j++) {
      long double entry = 0.0L;
      long double product = 0.0L;
      for (int64_t m = 0; m < n; m++) {
        entry += (long double)values[m * n + m] * vectors[m * n + i] * vectors[m * n + j];
        product += (long double)vectors[i * n + m] * vectors[j * n + m];
      }
      assert_near(matrix[i * n + j], entry, 1e-14L * sqrtl(matrix[i * n + i]) * sqrtl(matrix[j * n + j]) * (double)n);
      assert_near((double)product, i == j ? 1.0L : 0.0L, 1e-14L * (double)n);
    }
  }
  free(values);
  free(vectors);
}

static void eigenvectors(void **state)
{
  (void)state;
  static double matrix[MOST_D * MOST_D];
  uint64_t seed = 5;
  for (int64_t n = 1; n <= MOST_D; n += n < 20 ? 1 : 22) {
    random_covariance(n, &seed, matrix);
    check_eigenvectors(n, matrix);
  }
  memset(matrix, 0, sizeof matrix);
  for (int i = 0; i < 9; i++) matrix[i * 9 + i] = 2.0; /* nothing to do */
  check_eigenvectors(9, matrix);
  for (int i = 0; i < 81; i++) matrix[i] = i % 10 == 0 ? 1.5 : 0.5; /* an eigenvalue eight times */
  check_eigenvectors(9, matrix);
}

static void what_has_no_eigenvectors(void **state)
{
  (void)state;
  double vectors[4];
  double nan[4] = {1.0, (double)NAN, (double)NAN, 1.0};
  double infinite[4] = {(double)INFINITY, 1.0, 1.0, 1.0};
  double indefinite[4] = {-1.0, 2.0, 2.0, 1.0};
  assert_false(jacobi_eigenvectors(2, nan, vectors));
  assert_false(jacobi_eigenvectors(2, infinite, vectors));
  assert_false(jacobi_eigenvectors(2, indefinite, vectors));
}

/* What a model of K components is made of. */
typedef struct recipe {
  int64_t d;
  double units;     /* feature j is in units of units^(j mod 3) */
  bool has_balls;   /* all variances of components 1 and 3 are the same, and components 0 and 2 are the same */
  double roughness; /* an element of the last covariance is wrong by so much of itself */
  double distance;  /* of the last mean, in standard deviations of its first feature */
} recipe;

/* axes: rows of d numbers, by Gram and Schmidt. */
static void random_axes(int64_t d, uint64_t *seed, long double *axes)
{
  for (int64_t i = 0; i < d; i++) {
    for (int64_t j = 0; j < d; j++) axes[i * d + j] = random_number(seed);
    for (int twice = 0; twice < 2; twice++) {
      for (int64_t other = 0; other < i; other++) {
        long double inner = 0.0L;
        for (int64_t j = 0; j < d; j++) inner += axes[i * d + j] * axes[other * d + j];
        for (int64_t j = 0; j < d; j++) axes[i * d + j] -= inner * axes[other * d + j];
      }
      long double square = 0.0L;
      for (int64_t j = 0; j < d; j++) square += axes[i * d + j] * axes[i * d + j];
      for (int64_t j = 0; j < d; j++) axes[i * d + j] /= sqrtl(square);
    }
  }
}

static void set_covariance(const recipe *made, const long double *axes, const double *variances, double *covariance)
{
  const int64_t d = made->d;
  for (int64_t a = 0; a < d; a++) {
    for (int64_t b = 0; b <= a; b++) {
      long double sum = 0.0L;
      for (int64_t i = 0; i < d; i++) sum += axes[i * d + a] * axes[i * d + b] * variances[i];
      covariance[a * d + b] = covariance[b * d + a] =
          (double)(sum * powl(made->units, (long double)(a % 3)) * powl(made->units, (long double)(b % 3)));
    }
  }
}

static gmmpi_model *model_of(const covariance_family *family, const recipe *made, uint64_t *seed)
{
  const int64_t d = made->d;
  static long double axes[MOST_D * MOST_D];
  double variances[MOST_D];
  gmmpi_model *model = NULL;
  gmmpi_error error = {0};
  assert_int_equal(model_allocate(gaussian_kind(family), K, d, &model, &error), GMMPI_OK);
  random_axes(d, seed, axes);
  for (int64_t k = 0; k < K; k++) {
    double *covariance = model->covariances + k * d * d;
    model->weights[k] = 1.5 + random_number(seed);
    for (int64_t i = 0; i < d; i++) variances[i] = exp(2 * random_number(seed));
    for (int64_t i = 0; i < d && made->has_balls && k % 2 == 1; i++) variances[i] = (double)k;
    set_covariance(made, axes, variances, covariance);
    if (made->has_balls && k == 2) memcpy(covariance, model->covariances, (size_t)(d * d) * sizeof(double));
    for (int64_t j = 0; j < d; j++)
      model->means[k * d + j] = 3 * random_number(seed) * pow(made->units, (double)(j % 3));
    if (k < K - 1) continue;
    covariance[1] *= 1.0 + made->roughness;
    covariance[d] = covariance[1];
    model->means[k * d] += made->distance * sqrt(covariance[0]);
  }
  assert_int_equal(model_accept_parameters(model, "test", &error), GMMPI_OK);
  return model;
}

static double log_density(const density_form *form, int64_t k, const double *x)
{
  const int64_t d = form->n_features;
  double square = 0.0;
  for (int64_t i = 0; i < d; i++) {
    const double *rows = form->common.matrix + i / WHITENING_ROWS * WHITENING_ROWS * d + i % WHITENING_ROWS;
    double y = -form->common.means[k * d + i];
    for (int64_t j = 0; j < d; j++) y += rows[j * WHITENING_ROWS] * (x[j] - form->common.origin[j]);
    square += form->common.precisions[k * d + i] * y * y;
  }
  return form->log_constants[k] - 0.5 * square;
}

/* Does the form of such a model hold? If so, it is right. */
static bool form_holds(const covariance_family *family, const recipe *made, uint64_t *seed)
{
  const int64_t d = made->d;
  gmmpi_model *model = model_of(family, made, seed);
  density_form *form = NULL;
  gmmpi_error error = {0};
  double x[MOST_D];
  assert_int_equal(density_create(family, K, d, &form, &error), GMMPI_OK);
  density_from_model(form, model);
  const bool holds = form->common.holds;
  if (holds) assert_true(!form->common.is_triangular && !form->common.isotropic && form->common.precisions_length == d);
  for (int64_t k = 0; k < K && holds; k++) {
    for (int64_t j = 0; j < d; j++) x[j] = 5 * random_number(seed) * pow(made->units, (double)(j % 3));
    const long double expected =
        logl(model->weights[k]) + reference_log_density(d, x, model->means + k * d, model->covariances + k * d * d);
    assert_near(log_density(form, k, x), expected, 1e-12L * fabsl(expected) + 1e-12L);
  }
  density_destroy(form);
  gmmpi_model_destroy(model);
  return holds;
}

static void one_orientation(void **state)
{
  (void)state;
  static const int64_t sizes[] = {5, 6, 8, 17, MOST_D};
  uint64_t seed = 11;
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    for (int repeat = 0; repeat < 4; repeat++) {
      const covariance_family *family = repeat % 2 == 0 ? &family_VVE : &family_EVE;
      assert_true(form_holds(family, &(recipe){.d = sizes[i], .units = 1.0}, &seed));
      assert_true(form_holds(family, &(recipe){.d = sizes[i], .units = 1e5}, &seed));
      assert_true(form_holds(family, &(recipe){.d = sizes[i], .units = 1.0, .has_balls = true}, &seed));
    }
  }
}

static void none_or_too_far_apart(void **state)
{
  (void)state;
  uint64_t seed = 12;
  assert_true(form_holds(&family_VVE, &(recipe){.d = 7, .units = 1.0, .roughness = 1e-15}, &seed));
  assert_false(form_holds(&family_VVE, &(recipe){.d = 7, .units = 1.0, .roughness = 1e-11}, &seed));
  assert_false(form_holds(&family_VVE, &(recipe){.d = 7, .units = 1.0, .roughness = 1e-2}, &seed));
  assert_true(form_holds(&family_VVE, &(recipe){.d = 7, .units = 1.0, .distance = 1e3}, &seed));
  assert_false(form_holds(&family_VVE, &(recipe){.d = 7, .units = 1.0, .distance = 1e6}, &seed));
  assert_false(form_holds(&family_VVE, &(recipe){.d = LEAST_COMMON_FEATURES - 1, .units = 1.0}, &seed));
  assert_false(form_holds(&family_full, &(recipe){.d = 7, .units = 1.0}, &seed));
}

/* What a component of weight 0 has does not matter, and its log density stays -infinity. */
static void weight_zero(void **state)
{
  (void)state;
  uint64_t seed = 13;
  gmmpi_model *model = model_of(&family_VVE, &(recipe){.d = 6, .units = 1.0, .roughness = 0.1, .distance = 1e9}, &seed);
  density_form *form = NULL;
  gmmpi_error error = {0};
  assert_int_equal(density_create(&family_VVE, K, 6, &form, &error), GMMPI_OK);
  density_from_model(form, model);
  assert_false(form->common.holds);
  model->weights[K - 1] = 0.0;
  density_from_model(form, model);
  assert_true(form->common.holds && form->log_constants[K - 1] == -INFINITY);
  for (int64_t i = 0; i < 6; i++)
    assert_true(form->common.means[(K - 1) * 6 + i] == 0.0 && form->common.precisions[(K - 1) * 6 + i] == 1.0);
  memset(model->weights, 0, K * sizeof(double));
  density_from_model(form, model);
  assert_false(form->common.holds);
  density_destroy(form);
  gmmpi_model_destroy(model);
}

/* Beyond MOST_AXES there is no room for a form. */
static void many_features(void **state)
{
  (void)state;
  assert_true(common_form_length(&family_VVE, K, MOST_AXES) > 0);
  assert_int_equal(common_form_length(&family_VVE, K, MOST_AXES + 1), 0);
  assert_int_equal(common_form_length(&family_full, K, 8), 0);
  assert_int_equal(density_bytes(&family_VVE, K, MOST_AXES + 1), density_bytes(&family_full, K, MOST_AXES + 1));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(eigenvectors),    cmocka_unit_test(what_has_no_eigenvectors),
      cmocka_unit_test(one_orientation), cmocka_unit_test(none_or_too_far_apart),
      cmocka_unit_test(weight_zero),     cmocka_unit_test(many_features),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
