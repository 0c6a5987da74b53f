/* SPDX-License-Identifier: BSD-3-Clause */
/* Models in memory: what is accepted, refused, counted, copied and hashed. */
#include "unit/matrices.h"

#include "mixture/model.h"

#include <float.h>
#include <string.h>

static const double two_weights[2] = {1, 3};
static const double two_means[4] = {0, 1, 2, 3};
static const double two_matrices[8] = {1, 0, 0, 1, 2, 1, 1, 2};

static gmmpi_model *two_components(void)
{
  gmmpi_model *model = NULL;
  gmmpi_error error = {0};
  assert_int_equal(gmmpi_model_create(2, 2, "full", two_weights, two_means, two_matrices, &model, &error), GMMPI_OK);
  return model;
}

static void made_from_parameters(void **state)
{
  (void)state;
  gmmpi_model *model = two_components();
  assert_int_equal(gmmpi_model_n_components(model), 2);
  assert_int_equal(gmmpi_model_n_features(model), 2);
  assert_string_equal(gmmpi_model_covariance(model), "full");
  assert_true(gmmpi_model_weights(model)[0] == 0.25 && gmmpi_model_weights(model)[1] == 0.75);
  assert_memory_equal(gmmpi_model_means(model), two_means, sizeof two_means);
  assert_memory_equal(gmmpi_model_covariances(model), two_matrices, sizeof two_matrices);
  /* (2, 1; 1, 2): L = (sqrt 2, 0; 1/sqrt 2, sqrt 1.5). */
  assert_near(model->precisions_cholesky[4], sqrtl(0.5L), 1e-15L);
  assert_near(model->precisions_cholesky[5], -sqrtl(1 / 6.0L), 1e-15L);
  assert_true(model->precisions_cholesky[6] == 0);
  assert_near(model->precisions_cholesky[7], sqrtl(2 / 3.0L), 1e-15L);
  gmmpi_model_destroy(model);
  gmmpi_model_destroy(NULL);
}

static void refuse(const char *covariance, const double *weights, const double *means, const double *covariances,
                   gmmpi_status status, const char *part)
{
  gmmpi_model *model = NULL;
  gmmpi_error error = {0};
  assert_int_equal(gmmpi_model_create(2, 2, covariance, weights, means, covariances, &model, &error), status);
  assert_null(model);
  assert_int_equal(error.status, status);
  if (strstr(error.message, part) == NULL) fail_msg("\"%s\" does not say \"%s\"", error.message, part);
  assert_null(strchr(error.message, '\n'));
}

static void refused_parameters(void **state)
{
  (void)state;
  const double nan = (double)NAN;
  const double inf = (double)INFINITY;
  refuse("banana", two_weights, two_means, two_matrices, GMMPI_WRONG_USAGE, "banana");
  refuse("full", (const double[]){1, -1}, two_means, two_matrices, GMMPI_BAD_DATA, "weight of component 1");
  refuse("full", (const double[]){nan, 1}, two_means, two_matrices, GMMPI_BAD_DATA, "weight of component 0");
  refuse("full", (const double[]){inf, 1}, two_means, two_matrices, GMMPI_BAD_DATA, "weight of component 0");
  refuse("full", (const double[]){0, 0}, two_means, two_matrices, GMMPI_BAD_DATA, "all weights are 0");
  refuse("full", two_weights, (const double[]){0, 1, 2, inf}, two_matrices, GMMPI_BAD_DATA, "mean of component 1");
  refuse("full", two_weights, two_means, (const double[]){1, 0, 0, 1, 2, nan, nan, 2}, GMMPI_BAD_DATA,
         "covariance of component 1 has a number that is not finite");
  refuse("full", two_weights, two_means, (const double[]){1, 0, 0, 1, 1, 2, 2, 1}, GMMPI_BAD_DATA,
         "covariance of component 1 is not positive definite");
  refuse("full", two_weights, two_means, (const double[]){1, 0.5, 0.4, 1, 2, 1, 1, 2}, GMMPI_BAD_DATA,
         "covariance of component 0 is not symmetric");
  refuse("tied", two_weights, two_means, (const double[]){1, 2, 2, 1}, GMMPI_BAD_DATA,
         "shared covariance is not positive definite");
  refuse("diag", two_weights, two_means, (const double[]){1, 2, 0, 1}, GMMPI_BAD_DATA,
         "covariance of component 1 is not positive definite");
  refuse("spherical", two_weights, two_means, (const double[]){-1, 1}, GMMPI_BAD_DATA,
         "covariance of component 0 is not positive definite");

  gmmpi_model *model = NULL;
  assert_int_equal(gmmpi_model_create(0, 2, "full", two_weights, two_means, two_matrices, &model, NULL),
                   GMMPI_WRONG_USAGE);
  assert_int_equal(gmmpi_model_create(2, 0, "full", two_weights, two_means, two_matrices, &model, NULL),
                   GMMPI_WRONG_USAGE);
}

/* The label that the caller gives comes first. */
static void label_in_message(void **state)
{
  (void)state;
  gmmpi_model *model = two_components();
  gmmpi_error error = {0};
  model->covariances[4] = -1;
  assert_int_equal(model_accept_parameters(model, "start.json", &error), GMMPI_BAD_DATA);
  assert_string_equal(error.message, "start.json: the covariance of component 1 is not positive definite; correct it");
  gmmpi_model_destroy(model);
}

static void rounding_is_forgiven(void **state)
{
  (void)state;
  gmmpi_model *model = NULL;
  const double matrices[8] = {1e-6, 0.5, 0.5 + 1e-9, 1e6, 1, 0, 1e-12, 1};
  assert_int_equal(gmmpi_model_create(2, 2, "full", two_weights, two_means, matrices, &model, NULL), GMMPI_OK);
  for (int k = 0; k < 2; k++) assert_true(model->covariances[4 * k + 1] == model->covariances[4 * k + 2]);
  assert_near(model->covariances[1], 0.5L + 5e-10L, 1e-16L);
  gmmpi_model_destroy(model);
}

static void normalised_weights(void **state)
{
  (void)state;
  /* The decimal numbers sum to 1 but for rounding: they stay. */
  const double nearly[3] = {0.1, 0.2, 0.7};
  const double huge[3] = {DBL_MAX, DBL_MAX, 0};
  const double tiny[3] = {4e-323, 0, 4e-323};
  const double means[3] = {0, 1, 2};
  const double variances[3] = {1, 1, 1};
  gmmpi_model *model = NULL;
  assert_int_equal(gmmpi_model_create(3, 1, "diag", nearly, means, variances, &model, NULL), GMMPI_OK);
  assert_memory_equal(model->weights, nearly, sizeof nearly);
  gmmpi_model_destroy(model);
  assert_int_equal(gmmpi_model_create(3, 1, "diag", huge, means, variances, &model, NULL), GMMPI_OK);
  assert_true(model->weights[0] == 0.5 && model->weights[1] == 0.5 && model->weights[2] == 0);
  gmmpi_model_destroy(model);
  assert_int_equal(gmmpi_model_create(3, 1, "diag", tiny, means, variances, &model, NULL), GMMPI_OK);
  assert_true(model->weights[0] == 0.5 && model->weights[1] == 0 && model->weights[2] == 0.5);
  gmmpi_model_destroy(model);
}

/* K = 4, d = 5: 3 weights, 20 means, and 4 x 15, 15, 20 or 4 numbers of covariances. Of three living components: 2
 * weights, 15 means, and 3 x 15, 15, 15 or 3 numbers. */
static void free_parameters(void **state)
{
  (void)state;
  const struct {
    const covariance_family *family;
    int64_t expected, of_three;
  } cases[4] = {{&family_full, 83, 62}, {&family_tied, 38, 32}, {&family_diag, 43, 32}, {&family_spherical, 27, 20}};
  for (int i = 0; i < 4; i++) {
    gmmpi_model *model = NULL;
    assert_int_equal(model_allocate(gaussian_kind(cases[i].family), 4, 5, &model, NULL), GMMPI_OK);
    for (int64_t k = 0; k < 4; k++) model->weights[k] = 0.25;
    assert_int_equal(model_n_living(model), 4);
    assert_int_equal(model_n_parameters(model), cases[i].expected);
    model->weights[1] = 0.0;
    assert_int_equal(model_n_living(model), 3);
    assert_int_equal(model_n_parameters(model), cases[i].of_three);
    assert_int_equal(model_n_parameters_nominal(model), cases[i].expected);
    gmmpi_model_destroy(model);
  }
}

/* K = 2, d = 3: the list names what the struct has, and every line of it is usable. */
static void listed_arrays(void **state)
{
  (void)state;
  for (int f = 0; f < N_FAMILIES; f++) {
    model_array arrays[MODEL_MOST_ARRAYS];
    gmmpi_model *model = NULL;
    assert_int_equal(model_allocate(gaussian_kind(all_families[f]), 2, 3, &model, NULL), GMMPI_OK);
    const double *const members[] = {model->weights, model->means, model->covariances, model->precisions_cholesky};
    const char *const names[] = {"weights", "means", "covariances", "precisions_cholesky"};
    const int64_t covariances = family_length(all_families[f], 2, 3);
    const int64_t lengths[] = {2, 6, covariances, covariances};
    const int n_arrays = model_arrays(model, arrays);
    assert_int_equal(n_arrays, 4);
    for (int i = 0; i < n_arrays; i++) {
      int64_t length = 1;
      for (int j = 0; j < arrays[i].n_dimensions; j++) length *= arrays[i].shape[j];
      assert_string_equal(arrays[i].name, names[i]);
      assert_ptr_equal(arrays[i].numbers, members[i]);
      assert_int_equal(arrays[i].length, lengths[i]);
      assert_int_equal(length, lengths[i]);
      assert_int_equal(arrays[i].is_derived, i == 3);
    }
    gmmpi_model_destroy(model);
  }
  const gmmpi_model outline = {
      .family = &family_full, .n_components = INT64_C(1) << 30, .n_features = INT64_C(1) << 30};
  model_array arrays[MODEL_MOST_ARRAYS];
  assert_int_equal(model_arrays(&outline, arrays), 4);
  assert_true(arrays[1].length == INT64_C(1) << 60 && arrays[1].numbers == NULL);
  assert_int_equal(arrays[2].length, -1);
}

static void memory(void **state)
{
  (void)state;
  gmmpi_model *model = NULL;
  gmmpi_error error = {0};
  const int64_t numbers = 10 + 10 * 20 + 2 * 10 * 20 * 20;
  const int64_t bytes = model_bytes(gaussian_kind(&family_full), 10, 20);
  assert_true(bytes >= 8 * numbers && bytes < 8 * numbers + 1024);
  assert_true(model_bytes(gaussian_kind(&family_full), INT64_C(1) << 20, INT64_C(1) << 22) == INT64_MAX);
  assert_true(model_bytes(gaussian_kind(&family_diag), INT64_C(1) << 31, INT64_C(1) << 29) == INT64_MAX);
  assert_int_equal(model_allocate(gaussian_kind(&family_full), INT64_C(1) << 20, INT64_C(1) << 22, &model, &error),
                   GMMPI_NO_MEMORY);
  assert_null(model);
  assert_int_equal(error.status, GMMPI_NO_MEMORY);
}

static void names_and_copies(void **state)
{
  (void)state;
  char first[] = "height";
  char second[] = "weight";
  char *names[2] = {first, second};
  gmmpi_model *model = two_components();
  gmmpi_model *copy = NULL;
  assert_int_equal(model_set_feature_names(model, names, NULL), GMMPI_OK);
  first[0] = 'X';
  assert_string_equal(model->feature_names[0], "height");
  assert_int_equal(model_duplicate(model, &copy, NULL), GMMPI_OK);
  assert_int_equal(model_set_feature_names(model, model->feature_names, NULL), GMMPI_OK);
  assert_string_equal(model->feature_names[1], "weight");
  assert_int_equal(model_set_feature_names(model, NULL, NULL), GMMPI_OK);
  assert_null(model->feature_names);
  assert_string_equal(copy->feature_names[0], "height");
  assert_string_equal(copy->feature_names[1], "weight");
  assert_true(model_hash(copy) == model_hash(model));
  copy->means[0] = 5;
  assert_true(model->means[0] == 0);
  model_copy_parameters(copy, model);
  assert_true(copy->means[0] == 0);
  gmmpi_model_destroy(model);
  gmmpi_model_destroy(copy);
}

static void any_bit_changes_the_hash(void **state)
{
  (void)state;
  gmmpi_model *model = two_components();
  const uint64_t hash = model_hash(model);
  double *const arrays[4] = {model->weights, model->means, model->covariances, model->precisions_cholesky};
  const int lengths[4] = {2, 4, 8, 8};
  for (int a = 0; a < 4; a++) {
    for (int bit = 0; bit < 64 * lengths[a]; bit++) {
      unsigned char *byte = (unsigned char *)arrays[a] + bit / 8;
      *byte = (unsigned char)(*byte ^ (1u << (bit % 8)));
      assert_true(model_hash(model) != hash);
      *byte = (unsigned char)(*byte ^ (1u << (bit % 8)));
    }
  }
  assert_true(model_hash(model) == hash);
  gmmpi_model_destroy(model);
}

/* Feature 0 becomes what 2 was, 1 what 0 was, 2 what 1 was: every number by hand, the factors against long double. */
static void features_in_another_order(void **state)
{
  (void)state;
  const int64_t order[3] = {2, 0, 1};
  const double weights[1] = {3};
  const double means[3] = {1, 2, 3};
  const double covariance[9] = {4, 1, 0.5, 1, 5, -1, 0.5, -1, 6};
  const double expected[9] = {6, 0.5, -1, 0.5, 4, 1, -1, 1, 5};
  char *names[3] = {"a", "b", "c"};
  long double whitening[9] = {0};
  for (int tied = 0; tied < 2; tied++) {
    gmmpi_model *model;
    gmmpi_error error = {0};
    assert_int_equal(gmmpi_model_create(1, 3, tied ? "tied" : "full", weights, means, covariance, &model, &error),
                     GMMPI_OK);
    assert_true(model->given_sum == 3);
    assert_int_equal(model_set_feature_names(model, names, &error), GMMPI_OK);
    const uint64_t before = model_hash(model);
    assert_int_equal(model_permute_features(model, (const int64_t[]){0, 1, 2}, "m", &error), GMMPI_OK);
    assert_int_equal(model_hash(model), before);
    assert_int_equal(model_permute_features(model, order, "m", &error), GMMPI_OK);
    assert_memory_equal(model->means, ((const double[]){3, 1, 2}), sizeof means);
    assert_memory_equal(model->covariances, expected, sizeof expected);
    reference_whitening(3, expected, whitening);
    for (int i = 0; i < 3; i++) {
      for (int j = 0; j <= i; j++) assert_near(model->precisions_cholesky[j * 3 + i], whitening[i * 3 + j], 1e-15L);
      assert_string_equal(model->feature_names[i], names[order[i]]);
    }
    gmmpi_model_destroy(model);
  }
  gmmpi_model *model;
  assert_int_equal(gmmpi_model_create(1, 3, "diag", weights, means, (const double[]){1, 4, 16}, &model, NULL),
                   GMMPI_OK);
  assert_int_equal(model_permute_features(model, order, "m", NULL), GMMPI_OK);
  assert_memory_equal(model->covariances, ((const double[]){16, 1, 4}), 3 * sizeof(double));
  assert_memory_equal(model->precisions_cholesky, ((const double[]){0.25, 1, 0.5}), 3 * sizeof(double));
  assert_null(model->feature_names);
  gmmpi_model_destroy(model);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(made_from_parameters),
      cmocka_unit_test(refused_parameters),
      cmocka_unit_test(label_in_message),
      cmocka_unit_test(rounding_is_forgiven),
      cmocka_unit_test(normalised_weights),
      cmocka_unit_test(free_parameters),
      cmocka_unit_test(listed_arrays),
      cmocka_unit_test(memory),
      cmocka_unit_test(names_and_copies),
      cmocka_unit_test(any_bit_changes_the_hash),
      cmocka_unit_test(features_in_another_order),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
