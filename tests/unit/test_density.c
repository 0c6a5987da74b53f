/* SPDX-License-Identifier: BSD-3-Clause */
/* The density form against log N(x | mean, covariance) in long double. */
#include "unit/covariances.h"
#include "unit/matrices.h"

#include "mixture/density.h"
#include "mixture/model.h"

#include <string.h>

/* |W (x - mean)|^2 for the dense layout as density.h describes it. */
static double dense_distance(int64_t d, const double *whitening, const double *difference)
{
  double distance = 0;
  for (int64_t row = 0; row < d; row++) {
    const int64_t group = row / WHITENING_ROWS;
    const double *entries = whitening;
    for (int64_t g = 0; g < group; g++) entries += (4 * g + 4) * WHITENING_ROWS;
    double sum = 0;
    for (int64_t column = 0; column < 4 * group + 4 && column < d; column++)
      sum += entries[column * WHITENING_ROWS + row % WHITENING_ROWS] * difference[column];
    distance += sum * sum;
  }
  return distance;
}

static double diagonal_distance(int64_t d, const double *precisions, const double *difference)
{
  double distance = 0;
  for (int64_t j = 0; j < d; j++) distance += precisions[j] * difference[j] * difference[j];
  return distance;
}

static double log_density(const density_form *form, int64_t k, const double *x)
{
  const int64_t d = form->n_features;
  double difference[100];
  for (int64_t j = 0; j < d; j++) difference[j] = x[j] - form->means[k * d + j];
  const double *whitening = form->whitening + k * form->whitening_length;
  return form->log_constants[k] - 0.5 * (form->shape == DENSE ? dense_distance(d, whitening, difference)
                                                              : diagonal_distance(d, whitening, difference));
}

static gmmpi_model *random_model(const covariance_family *family, int64_t n_components, int64_t d, uint64_t *seed)
{
  gmmpi_model *model = NULL;
  gmmpi_error error = {0};
  double *covariance = malloc((size_t)(d * d) * sizeof *covariance);
  assert_int_equal(model_allocate(gaussian_kind(family), n_components, d, &model, &error), GMMPI_OK);
  for (int64_t k = 0; k < n_components; k++) {
    model->weights[k] = 1.5 + random_number(seed);
    for (int64_t j = 0; j < d; j++) model->means[k * d + j] = 3 * random_number(seed);
    random_covariance(d, seed, covariance);
    contract_dense(model, k, covariance);
  }
  free(covariance);
  assert_int_equal(model_accept_parameters(model, "test", &error), GMMPI_OK);
  return model;
}

static void compare(const covariance_family *family, int64_t n_components, int64_t d, uint64_t *seed)
{
  gmmpi_model *model = random_model(family, n_components, d, seed);
  gmmpi_error error = {0};
  density_form *form = NULL;
  double *covariance = malloc((size_t)(d * d) * sizeof *covariance);
  double x[100];
  assert_int_equal(density_create(family, n_components, d, &form, &error), GMMPI_OK);
  density_from_model(form, model);
  for (int64_t k = 0; k < n_components; k++) {
    for (int64_t j = 0; j < d; j++) x[j] = 5 * random_number(seed);
    expand_dense(model, k, covariance);
    const long double expected =
        logl(model->weights[k]) + reference_log_density(d, x, model->means + k * d, covariance);
    assert_near(log_density(form, k, x), expected, 1e-12L * fabsl(expected) + 1e-13L);
  }
  density_destroy(form);
  gmmpi_model_destroy(model);
  free(covariance);
}

static void every_family(void **state)
{
  (void)state;
  uint64_t seed = 3;
  for (int f = 0; f < N_FAMILIES; f++) {
    for (int64_t d = 1; d <= 20; d++) compare(all_families[f], 3, d, &seed);
    compare(all_families[f], 2, 33, &seed);
    compare(all_families[f], 2, 65, &seed);
  }
}

/* N(0, I) in two dimensions is 1 / (2 pi) at its centre; N(0, 4) is 1 / (2 sqrt(2 pi e)) at x = 2. */
static void closed_forms(void **state)
{
  (void)state;
  const double weight = 1;
  const double mean[2] = {0, 0};
  const double identity[4] = {1, 0, 0, 1};
  const double variance = 4;
  const double x = 2;
  const long double pi = acosl(-1);
  gmmpi_model *model = NULL;
  gmmpi_error error = {0};
  density_form *form = NULL;
  assert_int_equal(gmmpi_model_create(1, 2, "full", &weight, mean, identity, &model, &error), GMMPI_OK);
  assert_int_equal(density_create(&family_full, 1, 2, &form, &error), GMMPI_OK);
  density_from_model(form, model);
  assert_near(log_density(form, 0, mean), -logl(2 * pi), 1e-15L);
  density_destroy(form);
  gmmpi_model_destroy(model);

  assert_int_equal(gmmpi_model_create(1, 1, "spherical", &weight, mean, &variance, &model, &error), GMMPI_OK);
  assert_int_equal(density_create(&family_spherical, 1, 1, &form, &error), GMMPI_OK);
  density_from_model(form, model);
  assert_near(log_density(form, 0, &x), -0.5L * logl(8 * pi) - 0.5L, 1e-15L);
  density_destroy(form);
  gmmpi_model_destroy(model);
}

/* With d = 5 the second group has one row; what is beyond it must be zero, for kernels that don't look. */
static void padding_is_zero(void **state)
{
  (void)state;
  uint64_t seed = 5;
  gmmpi_model *model = random_model(&family_full, 2, 5, &seed);
  gmmpi_error error = {0};
  density_form *form = NULL;
  assert_int_equal(density_create(&family_full, 2, 5, &form, &error), GMMPI_OK);
  assert_int_equal(form->whitening_length, 4 * 4 + 8 * 4);
  memset(form->whitening, 0xFF, (size_t)(2 * form->whitening_length) * sizeof(double));
  density_from_model(form, model);
  for (int k = 0; k < 2; k++) {
    const double *first = form->whitening + k * form->whitening_length;
    const double *second = first + 16;
    for (int column = 0; column < 4; column++) {
      for (int row = 0; row < 4; row++) assert_true((first[4 * column + row] != 0) == (column <= row));
    }
    for (int column = 0; column < 8; column++) {
      for (int row = 0; row < 4; row++) assert_true((second[4 * column + row] != 0) == (column < 5 && row == 0));
    }
  }
  density_destroy(form);
  gmmpi_model_destroy(model);
}

/* |R (x - origin) - mean'|^2 is the distance that the whitening has, if only the means are near enough to each other;
 * components of weight 0 do not matter. */
static void what_components_share(void **state)
{
  (void)state;
  enum { K = 4, D = 7 };
  uint64_t seed = 77;
  for (int far = 0; far < 2; far++) {
    gmmpi_model *model = random_model(&family_tied, K, D, &seed);
    density_form *form = NULL;
    gmmpi_error error = {0};
    double x[D];
    assert_int_equal(density_create(&family_tied, K, D, &form, &error), GMMPI_OK);
    model->weights[1] = 0.0;
    model->means[D] = 1e300;
    if (far) model->means[2 * D + 3] += 0x1p18 / model->precisions_cholesky[3 * D + 3];
    density_from_model(form, model);
    const common_form *common = &form->common;
    assert_true(common->holds == !far && common->isotropic && common->precisions[0] == 1.0);
    assert_true(common_form_is_compact(common) == !far);
    assert_true(common->matrix == form->whitening && form->whitening_length == 0);
    assert_true(common->precisions[K - 1] == 1.0 || far);
    long double between = 0.0L;
    for (int64_t k = 0; k < K && !far; k++) {
      long double square = 0.0L;
      for (int64_t j = 0; j < D; j++) x[j] = 5 * random_number(&seed);
      if (k == 1) continue;
      for (int64_t i = 0; i < D; i++) {
        long double y = 0.0L;
        for (int64_t j = 0; j <= i; j++)
          y += (long double)model->precisions_cholesky[j * D + i] * ((long double)x[j] - common->origin[j]);
        square += (y - common->means[k * D + i]) * (y - common->means[k * D + i]);
        between += model->weights[k] * (long double)common->means[k * D + i] * common->means[k * D + i];
      }
      assert_near(log_density(form, k, x), form->log_constants[k] - 0.5L * square, 1e-12L * (1.0L + square));
    }
    if (!far) assert_near(common->between, between, 1e-13L * between);
    density_destroy(form);
    gmmpi_model_destroy(model);
  }

  gmmpi_model *small = random_model(&family_tied, K, LEAST_COMMON_FEATURES - 1, &seed);
  density_form *few = NULL;
  gmmpi_error error = {0};
  assert_int_equal(density_create(&family_tied, K, LEAST_COMMON_FEATURES - 1, &few, &error), GMMPI_OK);
  density_from_model(few, small);
  assert_false(few->common.holds);
  density_destroy(few);
  gmmpi_model_destroy(small);
}

/* The same for covariances that differ by their volumes, unless one is of another shape, as that of a component that
 * was put elsewhere may be. */
static void shared_up_to_volume(void **state)
{
  (void)state;
  enum { K = 3, D = 6 };
  uint64_t seed = 78;
  for (int other = 0; other < 2; other++) {
    gmmpi_model *model = random_model(&family_VEE, K, D, &seed);
    density_form *form = NULL;
    gmmpi_error error = {0};
    const double volumes[K] = {1.0, 7.3, 0.011};
    for (int64_t k = 1; k < K; k++) {
      for (int64_t i = 0; i < D * D; i++)
        model->covariances[k * D * D + i] =
            volumes[k] * model->covariances[i] * (other && k == 2 && i == 7 ? 1.0 + 0x1p-40 : 1.0);
      assert_true(model_factorise(model, k));
    }
    model->weights[0] = 0.0; /* what the others share they share without it */
    assert_int_equal(density_create(&family_VEE, K, D, &form, &error), GMMPI_OK);
    density_from_model(form, model);
    const common_form *common = &form->common;
    assert_true(common->holds == !other && common->isotropic && common->precisions_length == 1);
    for (int64_t k = 1; k < K && !other; k++) {
      double x[D];
      long double square = 0.0L;
      for (int64_t j = 0; j < D; j++) x[j] = 5 * random_number(&seed);
      for (int64_t i = 0; i < D; i++) {
        long double y = 0.0L;
        for (int64_t j = 0; j <= i; j++)
          y += (long double)model->precisions_cholesky[D * D + j * D + i] * ((long double)x[j] - common->origin[j]);
        square += (y - common->means[k * D + i]) * (y - common->means[k * D + i]);
      }
      square *= common->precisions[k];
      assert_near(log_density(form, k, x), form->log_constants[k] - 0.5L * square, 1e-11L * (1.0L + square));
    }
    density_destroy(form);
    gmmpi_model_destroy(model);
  }
}

static void weight_zero(void **state)
{
  (void)state;
  const double weights[2] = {0, 1};
  const double means[2] = {0, 1};
  const double variances[2] = {1, 1};
  gmmpi_model *model = NULL;
  gmmpi_error error = {0};
  density_form *form = NULL;
  assert_int_equal(gmmpi_model_create(2, 1, "diag", weights, means, variances, &model, &error), GMMPI_OK);
  assert_int_equal(density_create(&family_diag, 2, 1, &form, &error), GMMPI_OK);
  density_from_model(form, model);
  assert_true(isinf(form->log_constants[0]) && form->log_constants[0] < 0);
  assert_true(isfinite(form->log_constants[1]));
  density_destroy(form);
  gmmpi_model_destroy(model);
}

static void too_large(void **state)
{
  (void)state;
  density_form *form = NULL;
  gmmpi_error error = {0};
  assert_int_equal(density_create(&family_full, INT64_C(1) << 40, INT64_C(1) << 20, &form, &error), GMMPI_NO_MEMORY);
  assert_null(form);
  assert_int_equal(error.status, GMMPI_NO_MEMORY);
  error = (gmmpi_error){0};
  assert_int_equal(density_create(&family_full, 1, INT64_MAX, &form, &error), GMMPI_NO_MEMORY);
  density_destroy(NULL);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_family),        cmocka_unit_test(closed_forms),
      cmocka_unit_test(padding_is_zero),     cmocka_unit_test(what_components_share),
      cmocka_unit_test(shared_up_to_volume), cmocka_unit_test(weight_zero),
      cmocka_unit_test(too_large),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
