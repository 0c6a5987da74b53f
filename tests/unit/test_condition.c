/* SPDX-License-Identifier: BSD-3-Clause */
/* Conditioned and marginal mixtures: closed forms of two features, and blocks of covariances in long double. */
#include "unit/matrices.h"

#include "apply/condition.h"
#include "apply/feature_choice.h"
#include "apply/marginal.h"
#include "apply/partition.h"
#include "mixture/model.h"
#include "support/linear_algebra.h"
#include "support/memory.h"

#include <string.h>

static gmmpi_model *model_of(int64_t K, int64_t d, const char *family, const double *weights, const double *means,
                             const double *covariances)
{
  gmmpi_model *model = NULL;
  assert_int_equal(gmmpi_model_create(K, d, family, weights, means, covariances, &model, NULL), GMMPI_OK);
  return model;
}

/* Of two features with standard deviations s, t and correlation r: the mean is m2 + r t/s (x - m1), the variance
 * t^2 (1 - r^2), and the weights are those of normal densities in one dimension. */
static void two_features(void **state)
{
  (void)state;
  const double weights[2] = {0.25, 0.75};
  const double means[4] = {1, -2, 3, 5};
  const double s[2] = {2, 0.5};
  const double t[2] = {3, 1};
  const double r[2] = {0.6, -0.8};
  const double x = 2.5;
  double covariances[8];
  long double shares[2];
  for (int k = 0; k < 2; k++) {
    const double own[4] = {s[k] * s[k], r[k] * s[k] * t[k], r[k] * s[k] * t[k], t[k] * t[k]};
    memcpy(covariances + 4 * k, own, sizeof own);
    const long double z = ((long double)x - means[2 * k]) / s[k];
    shares[k] = weights[k] / s[k] * expl(-z * z / 2);
  }
  gmmpi_model *model = model_of(2, 2, "full", weights, means, covariances);
  gmmpi_model *rest = NULL;
  double log_density;
  const int64_t given = 0;
  assert_int_equal(model_condition(model, &given, &x, 1, "test", &rest, &log_density, NULL), GMMPI_OK);
  assert_int_equal(rest->n_features, 1);
  for (int k = 0; k < 2; k++) {
    assert_near(rest->weights[k], shares[k] / (shares[0] + shares[1]), 1e-15L);
    assert_near(rest->means[k], means[2 * k + 1] + (long double)r[k] * t[k] / s[k] * (x - means[2 * k]), 1e-14L);
    assert_near(rest->covariances[k], (long double)t[k] * t[k] * (1 - (long double)r[k] * r[k]), 1e-14L);
  }
  assert_near(log_density, logl((shares[0] + shares[1]) / sqrtl(2 * 3.14159265358979323846264338327950288L)), 1e-14L);
  gmmpi_model_destroy(rest);
  gmmpi_model_destroy(model);
}

/* Values where every density is 0 in a double: the nearer component, in its own units, has all. */
static void far_values(void **state)
{
  (void)state;
  const double weights[2] = {0.5, 0.5};
  const double means[4] = {0, 0, 1, 7};
  const double variances[4] = {1, 2, 1, 3};
  const double x = 1e6;
  const int64_t given = 0;
  gmmpi_model *model = model_of(2, 2, "diag", weights, means, variances);
  gmmpi_model *rest = NULL;
  assert_int_equal(model_condition(model, &given, &x, 1, "test", &rest, NULL, NULL), GMMPI_OK);
  assert_true(rest->weights[0] == 0 && rest->weights[1] == 1);
  assert_true(rest->means[1] == 7 && rest->covariances[1] == 3);
  assert_string_equal(gmmpi_model_covariance(rest), "diag");
  gmmpi_model_destroy(rest);

  const double beyond = 1.5e308;
  const double tiny[4] = {1e-300, 2, 1e-300, 3};
  gmmpi_error error = {0};
  gmmpi_model *narrow = model_of(2, 2, "diag", weights, means, tiny);
  assert_int_equal(model_condition(narrow, &given, &beyond, 1, "test", &rest, NULL, &error), GMMPI_WRONG_USAGE);
  gmmpi_model_destroy(narrow);
  gmmpi_model_destroy(model);
}

/* Sigma_ab^T Sigma_aa^-1 and the Schur complement by elimination, in long double. */
static void eliminate(int64_t d, int64_t m, const double *covariance, const int64_t *order, long double *work)
{
  for (int64_t i = 0; i < d; i++) {
    for (int64_t j = 0; j < d; j++) work[i * d + j] = covariance[order[i] * d + order[j]];
  }
  for (int64_t i = 0; i < m; i++) {
    for (int64_t row = i + 1; row < d; row++) {
      const long double factor = work[row * d + i] / work[i * d + i];
      for (int64_t j = i; j < d; j++) work[row * d + j] -= factor * work[i * d + j];
    }
  }
}

static void blocks(void **state)
{
  (void)state;
  enum { D = 9, KNOWN = 5 };
  const int64_t known[KNOWN] = {7, 0, 3, 8, 2};
  const int64_t others[D - KNOWN] = {1, 4, 5, 6};
  const double weight = 1;
  const double mean[D] = {0};
  double covariance[D * D];
  double coefficients[KNOWN * (D - KNOWN)];
  double rest[(D - KNOWN) * (D - KNOWN)];
  long double work[D * D];
  uint64_t seed = 5;
  random_covariance(D, &seed, covariance);
  gmmpi_model *model = model_of(1, D, "full", &weight, mean, covariance);
  partition parted;
  assert_int_equal(partition_open(model, known, KNOWN, others, &parted, NULL), GMMPI_OK);
  assert_true(partition_take(&parted, 0));
  eliminate(D, KNOWN, covariance, parted.order, work);
  long double log_determinant = 0;
  for (int64_t i = 0; i < KNOWN; i++) log_determinant += logl(work[i * D + i]);
  assert_near(partition_half_log_determinant(&parted), log_determinant / 2, 1e-13L);
  partition_rest(&parted, 2, rest);
  for (int64_t i = 0; i < D - KNOWN; i++) {
    for (int64_t j = 0; j < D - KNOWN; j++)
      assert_near(rest[i * (D - KNOWN) + j], 2 * work[(KNOWN + i) * D + KNOWN + j], 1e-12L);
  }
  /* What the coefficients are: Sigma_aa times them is Sigma_ab. */
  partition_coefficients(&parted, coefficients);
  for (int64_t i = 0; i < KNOWN; i++) {
    for (int64_t j = 0; j < D - KNOWN; j++) {
      long double product = 0;
      for (int64_t l = 0; l < KNOWN; l++)
        product += (long double)covariance[known[i] * D + known[l]] * coefficients[l * (D - KNOWN) + j];
      assert_near((double)product, covariance[known[i] * D + others[j]], 1e-13L);
    }
  }
  partition_close(&parted);
  gmmpi_model_destroy(model);
}

/* Features in the order in which they are named; a marginal of all of them is the model. */
static void marginals(void **state)
{
  (void)state;
  const double weights[2] = {0.25, 0.75};
  const double means[6] = {1, 2, 3, 4, 5, 6};
  const double covariances[9] = {4, 1, 0.5, 1, 3, 0.25, 0.5, 0.25, 2};
  const int64_t chosen[3] = {2, 0, 1};
  gmmpi_model *model = model_of(2, 3, "tied", weights, means, covariances);
  gmmpi_model *part = NULL;
  assert_int_equal(model_marginal(model, chosen, 2, "test", &part, NULL), GMMPI_OK);
  const double expected[4] = {2, 0.5, 0.5, 4};
  assert_string_equal(gmmpi_model_covariance(part), "tied");
  assert_memory_equal(part->covariances, expected, sizeof expected);
  assert_true(part->means[2] == 6 && part->means[3] == 4);
  gmmpi_model_destroy(part);
  assert_int_equal(model_marginal(model, (const int64_t[]){0, 1, 2}, 3, "test", &part, NULL), GMMPI_OK);
  assert_true(model_hash(part) == model_hash(model));
  gmmpi_model_destroy(part);
  gmmpi_model_destroy(model);
}

/* Names, numbers, ranges and values as users write them. */
static void words(void **state)
{
  (void)state;
  char *names[4] = {"A", "2", "b,c", "d=e"};
  const double weight = 1;
  const double mean[4] = {0};
  const double variances[4] = {1, 1, 1, 1};
  gmmpi_model *model = model_of(1, 4, "diag", &weight, mean, variances);
  feature_choice choice;
  assert_int_equal(model_set_feature_names(model, names, NULL), GMMPI_OK);
  assert_int_equal(feature_choice_read(model, "m", "--features", " \"b,c\" , 4,2", &choice, NULL), GMMPI_OK);
  assert_int_equal(choice.n, 3);
  assert_true(choice.features[0] == 2 && choice.features[1] == 3 && choice.features[2] == 1); /* a name goes first */
  feature_choice_clear(&choice);
  assert_int_equal(feature_values_read(model, "m", "--given", "\"d=e\" = -1e3 ,A=.5", &choice, NULL), GMMPI_OK);
  assert_true(choice.n == 2 && choice.features[0] == 3 && choice.values[0] == -1e3 && choice.values[1] == 0.5);
  int64_t *others = feature_choice_others(model, &choice);
  assert_true(others != NULL && others[0] == 1 && others[1] == 2);
  free(others);
  feature_choice_clear(&choice);
  assert_int_equal(feature_choice_read(model, "m", "--features", "1-4", &choice, NULL), GMMPI_OK);
  assert_int_equal(choice.n, 4);
  feature_choice_clear(&choice);
  static const char *const bad[] = {"A,", "A,,1", "0", "5", "2-5", "\"A", "\"1\""};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    assert_true(feature_choice_read(model, "m", "--features", bad[i], &choice, NULL) != GMMPI_OK);
    feature_choice_clear(&choice);
  }
  static const char *const no_values[] = {"A", "A=", "1-2=3", "A=1=2", "\"b,c=3", "A=inf", "A=0x"};
  for (size_t i = 0; i < sizeof no_values / sizeof no_values[0]; i++) {
    assert_int_equal(feature_values_read(model, "m", "--given", no_values[i], &choice, NULL), GMMPI_WRONG_USAGE);
    feature_choice_clear(&choice);
  }
  gmmpi_model_destroy(model);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(two_features), cmocka_unit_test(far_values), cmocka_unit_test(blocks),
      cmocka_unit_test(marginals),    cmocka_unit_test(words),
  };
  linear_algebra_single_thread();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
