/* SPDX-License-Identifier: BSD-3-Clause */
/* Models with a variational posterior: weights, components that are used, order, and what is refused. */
#include "mixture/posterior.h"
#include "mixture/posterior_accept.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { K = 4, D = 2 };
static const double counts_of_points[K] = {0.25, 30.0, 0.0, 69.75};

static gmmpi_model *make(unsigned weights)
{
  const model_kind kind = {.family = family_find("diag"), .parts = PART_POSTERIOR | weights};
  gmmpi_model *model = NULL;
  assert_int_equal(model_allocate(kind, K, D, &model, NULL), GMMPI_OK);
  *model->weight_concentration_prior = 0.5;
  *model->mean_precision_prior = 2.0;
  *model->degrees_of_freedom_prior = 3.0;
  for (int j = 0; j < D; j++) model->covariance_prior[j] = 1.0 + j;
  for (int k = 0; k < K; k++) {
    model->mean_precision[k] = 2.0 + counts_of_points[k];
    model->degrees_of_freedom[k] = 3.0 + counts_of_points[k];
    for (int j = 0; j < D; j++) {
      model->means[k * D + j] = 10.0 * k + j;
      model->covariances[k * D + j] = 1.0 + k;
    }
    assert_true(model_factorise(model, k));
  }
  posterior_concentrate(model, counts_of_points);
  return model;
}

static void weights_are_expected_ones(void **unused)
{
  (void)unused;
  gmmpi_model *model = make(PART_DIRICHLET);
  for (int k = 0; k < K; k++) assert_true(fabs(model->weights[k] - (0.5 + counts_of_points[k]) / 102.0) < 1e-15);
  gmmpi_model_destroy(model);

  model = make(PART_STICKS);
  const double *a = model->weight_concentration;
  const double later[K] = {99.75, 69.75, 69.75, 0.0};
  double left = 1.0;
  double sum = 0.0;
  double expected[K];
  for (int k = 0; k < K; k++) {
    assert_true(a[k] == 1.0 + counts_of_points[k]);
    assert_true(a[K + k] == 0.5 + later[k]);
    expected[k] = left * a[k] / (a[k] + a[K + k]);
    left *= a[K + k] / (a[k] + a[K + k]);
    sum += expected[k];
  }
  for (int k = 0; k < K; k++) assert_true(fabs(model->weights[k] - expected[k] / sum) < 1e-15);
  gmmpi_model_destroy(model);
}

static void components_of_less_than_a_point_are_left_out(void **unused)
{
  (void)unused;
  gmmpi_model *model = make(PART_STICKS);
  gmmpi_model *pruned;
  assert_int_equal(posterior_n_used(model), 2);
  assert_int_equal(posterior_prune(model, &pruned, NULL), GMMPI_OK);
  assert_int_equal(pruned->n_components, 2);
  assert_true(pruned->means[0] == 10.0 && pruned->means[D] == 30.0);
  assert_true(pruned->covariances[D] == 4.0 && pruned->mean_precision[1] == 71.75);
  assert_true(pruned->weight_concentration[0] == 31.0 && pruned->weight_concentration[2] == 70.25);
  assert_true(fabs(pruned->weights[0] + pruned->weights[1] - 1.0) < 1e-15);
  assert_true(*pruned->degrees_of_freedom_prior == 3.0 && pruned->covariance_prior[1] == 2.0);
  gmmpi_model_destroy(pruned);
  gmmpi_model_destroy(model);
}

static void the_largest_comes_first(void **unused)
{
  (void)unused;
  gmmpi_model *model = make(PART_STICKS);
  const double before = posterior_log_normaliser(model);
  assert_int_equal(posterior_sort(model, NULL), GMMPI_OK);
  const double means[K] = {30.0, 10.0, 0.0, 20.0};
  for (int k = 0; k < K; k++) assert_true(model->means[k * D] == means[k]);
  for (int k = 1; k < K; k++) assert_true(model->weights[k] < model->weights[k - 1]);
  assert_true(posterior_log_normaliser(model) > before);
  gmmpi_model_destroy(model);
}

/* In one dimension St has the variance of the normal distribution times dof / (dof - 2). */
static void predictive_density_has_the_right_scale(void **unused)
{
  (void)unused;
  gmmpi_model *model = make(PART_DIRICHLET);
  double scale;
  assert_true(predictive_dof(model, 1, &scale) == 33.0 + 1.0 - 2.0);
  assert_true(fabs(scale - 33.0 * 33.0 / (32.0 * 32.0)) < 1e-15);
  gmmpi_model_destroy(model);
}

static void impossible_posteriors_are_refused(void **unused)
{
  (void)unused;
  gmmpi_model *model = make(PART_DIRICHLET);
  gmmpi_error error = {0};
  assert_int_equal(posterior_accept(model, "x", &error), GMMPI_OK);
  model->parts &= ~(unsigned)PART_POSTERIOR;
  assert_int_equal(posterior_accept(model, "x", &error), GMMPI_BAD_DATA);
  model->parts |= PART_POSTERIOR;
  double *const numbers[] = {&model->weight_concentration[2], &model->mean_precision[3],
                             &model->degrees_of_freedom[0],   model->degrees_of_freedom_prior,
                             &model->covariance_prior[1],     &model->mean_prior[0]};
  const double wrong[] = {0.0, -1.0, 1.0, NAN, 0.0, INFINITY};
  for (int i = 0; i < 6; i++) {
    const double right = *numbers[i];
    *numbers[i] = wrong[i];
    assert_int_equal(posterior_accept(model, "x", NULL), GMMPI_BAD_DATA);
    *numbers[i] = right;
  }
  assert_int_equal(posterior_accept(model, "x", NULL), GMMPI_OK);
  gmmpi_model_destroy(model);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(weights_are_expected_ones),
      cmocka_unit_test(components_of_less_than_a_point_are_left_out),
      cmocka_unit_test(the_largest_comes_first),
      cmocka_unit_test(predictive_density_has_the_right_scale),
      cmocka_unit_test(impossible_posteriors_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
