/* SPDX-License-Identifier: BSD-3-Clause */
/* Distances from components against textbook arithmetic in long double, and where far begins. */
#include "unit/covariances.h"
#include "unit/matrices.h"

#include "starts/far.h"

enum { D = 5, K = 3 };

static const char *const families[] = {"full", "tied", "diag", "spherical"};

static gmmpi_model *random_model(const char *family, uint64_t *seed)
{
  gmmpi_model *model = NULL;
  gmmpi_error error = {0};
  double covariance[D * D];
  assert_int_equal(model_allocate(gaussian_kind(family_find(family)), K, D, &model, &error), GMMPI_OK);
  for (int k = 0; k < K; k++) {
    model->weights[k] = 1.0 / K;
    for (int j = 0; j < D; j++) model->means[k * D + j] = 3.0 * random_number(seed);
    random_covariance(D, seed, covariance);
    contract_dense(model, k, covariance);
    assert_true(model_factorise(model, k));
  }
  return model;
}

static void distances(void **state)
{
  (void)state;
  uint64_t seed = 3;
  for (int f = 0; f < 4; f++) {
    gmmpi_model *model = random_model(families[f], &seed);
    for (int k = 0; k < K; k++) {
      double covariance[D * D];
      double difference[D];
      long double whitening[D * D];
      long double total = 0.0L;
      int64_t length;
      const double *factor = component_factor(model, k, &length);
      assert_int_equal(length, f < 2 ? D * D : f == 2 ? D : 1);
      expand_dense(model, k, covariance);
      reference_whitening(D, covariance, whitening);
      for (int j = 0; j < D; j++) difference[j] = 2.0 * random_number(&seed);
      for (int j = 0; j < D; j++) {
        long double value = 0.0L;
        long double square = 0.0L;
        for (int i = 0; i <= j; i++) {
          value += whitening[j * D + i] * difference[i];
          square += whitening[j * D + i] * whitening[j * D + i];
        }
        total += value * value;
        assert_near(component_whitened(model, factor, length, difference, j), value, 1e-12L);
        assert_near(component_inverse_width(model, factor, length, j), sqrtl(square), 1e-12L);
        assert_near(component_inverse_deviation(model, factor, length, j), whitening[j * D + j], 1e-12L);
      }
      assert_near(component_square(model, k, difference), total, 1e-11L);
    }
    gmmpi_model_destroy(model);
  }
}

/* Squared distances of d + 50 + 4 log n begin to be far, from all components but the one that is asked for and those of
 * weight 0. */
static void where_far_begins(void **state)
{
  (void)state;
  uint64_t seed = 4;
  double scratch[D];
  for (int f = 0; f < 4; f++) {
    for (int n = 100; n <= 1000000; n *= 100) {
      gmmpi_model *model = random_model(families[f], &seed);
      const double border = D + 50.0 + 4.0 * log(n);
      double difference[D];
      double point[D];
      for (int j = 0; j < D; j++) difference[j] = random_number(&seed);
      for (int j = 0; j < D; j++) model->means[D + j] = 1e3; /* of component 1, far away */
      model->weights[2] = 0.0;
      const double scale = sqrt(border / component_square(model, 0, difference));
      for (int side = -1; side <= 1; side += 2) {
        for (int j = 0; j < D; j++) point[j] = model->means[j] + (1.0 + side * 1e-6) * scale * difference[j];
        memcpy(model->means + 2L * D, point, sizeof point);
        assert_int_equal(is_far_from_all(model, -1, point, n, scratch), side > 0);
        assert_int_equal(is_far_from_all(model, 1, point, n, scratch), side > 0);
        assert_true(is_far_from_all(model, 0, point, n, scratch));
      }
      gmmpi_model_destroy(model);
    }
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {cmocka_unit_test(distances), cmocka_unit_test(where_far_begins)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
