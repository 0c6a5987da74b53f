/* SPDX-License-Identifier: BSD-3-Clause */
/* Parameters as JSON: what is read, what is refused and why, and that writing and reading keep every digit. */
#include "unit/covariances.h"
#include "unit/matrices.h"

#include "mixture/files/model_file.h"
#include "support/json_text.h"

#include <string.h>

static gmmpi_model *accept(const char *text, const covariance_family *family)
{
  gmmpi_model *model = NULL;
  gmmpi_error error = {0};
  if (model_from_json("start.json", text, family, &model, &error) != GMMPI_OK) fail_msg("%s", error.message);
  return model;
}

static void all_shapes(void **state)
{
  (void)state;
  const double means[4] = {0, 1, -2, 0.5};
  const double full[8] = {1, 0, 0, 1, 2, 1, 1, 2};
  gmmpi_model *model =
      accept("{\"weights\": [1, 3], \"means\": [[0, 1], [-2, 5e-1]], "
             "\"covariances\": [[[1, 0], [0, 1]], [[2, 1], [1, 2]]], \"more\": {\"is\": [\"ignored\"]}}",
             &family_full);
  assert_int_equal(model->n_components, 2);
  assert_int_equal(model->n_features, 2);
  assert_true(model->weights[0] == 0.25 && model->weights[1] == 0.75);
  assert_memory_equal(model->means, means, sizeof means);
  assert_memory_equal(model->covariances, full, sizeof full);
  assert_near(model->precisions_cholesky[7], sqrtl(2 / 3.0L), 1e-15L);
  gmmpi_model_destroy(model);

  model = accept("\xEF\xBB\xBF{\"weights\": [1, 1], \"means\": [[0, 1], [2, 3]], \"covariances\": [[2, 1], [1, 3]]}",
                 &family_tied);
  assert_true(model->covariances[3] == 3 && model->family == &family_tied);
  gmmpi_model_destroy(model);

  model = accept("{\"covariance\": \"VVI\", \"weights\": [1, 1], \"means\": [[0, 1], [2, 3]], "
                 "\"covariances\": [[2, 1], [4, 3]]}",
                 &family_diag);
  assert_true(model->covariances[2] == 4);
  gmmpi_model_destroy(model);

  model = accept("{\"feature_names\": [\"a\"], \"weights\": [5], \"means\": [[0]], \"covariances\": [4]}",
                 &family_spherical);
  assert_true(model->weights[0] == 1 && model->precisions_cholesky[0] == 0.5);
  assert_string_equal(model->feature_names[0], "a");
  gmmpi_model_destroy(model);

  model = accept("{\"weights\": [1, 1], \"means\": [[0], [1]], \"covariances\": [[[4]], [[16]]]}", &family_full);
  assert_true(model->precisions_cholesky[0] == 0.5 && model->precisions_cholesky[1] == 0.25);
  gmmpi_model_destroy(model);
}

static void refuse(const char *text, const covariance_family *family, const char *part)
{
  gmmpi_model *model = NULL;
  gmmpi_error error = {0};
  assert_int_equal(model_from_json("start.json", text, family, &model, &error), GMMPI_BAD_DATA);
  assert_null(model);
  assert_memory_equal(error.message, "start.json: ", 12);
  if (strstr(error.message, part) == NULL) fail_msg("\"%s\" does not say \"%s\"", error.message, part);
}

#define WEIGHTS "\"weights\": [1, 2, 1]"
#define MEANS   "\"means\": [[0, 1], [2, 3], [4, 5]]"

static void refused(void **state)
{
  (void)state;
  refuse("", &family_full, "line 1, column 0");
  refuse("{\n  \"weights\": [1,, 2]\n}", &family_full, "line 2, column 17");
  refuse("{\"weights\": [1], \"weights\": [2]}", &family_full, "duplicate");
  refuse("{\"weights\": [1e999]}", &family_full, "not JSON");
  refuse("{\"weights\": [NaN]}", &family_full, "not JSON");
  refuse("[1, 2]", &family_full, "one JSON object");
  refuse("{" MEANS "}", &family_full, "weights must be a list of numbers");
  refuse("{\"weights\": [], " MEANS "}", &family_full, "weights must be a list of numbers");
  refuse("{\"weights\": [1, \"2\", 1], " MEANS "}", &family_full, "weights must be a list of numbers");
  refuse("{" WEIGHTS "}", &family_full, "means must be a list of 3 lists");
  refuse("{" WEIGHTS ", \"means\": [0, 1, 2]}", &family_full, "means must be a list of 3 lists");
  refuse("{" WEIGHTS ", \"means\": [[0, 1], [2, 3]]}", &family_full, "means must be 3 x 2 numbers");
  refuse("{" WEIGHTS ", \"means\": [[0, 1], [2, 3], [4]]}", &family_full, "means must be 3 x 2 numbers");
  refuse("{" WEIGHTS ", " MEANS "}", &family_full, "covariances must be 3 x 2 x 2 numbers for full");
  refuse("{" WEIGHTS ", " MEANS ", \"covariances\": [[1, 0], [0, 1]]}", &family_full,
         "covariances must be 3 x 2 x 2 numbers for full");
  refuse("{" WEIGHTS ", " MEANS ", \"covariances\": [1, 1, 1]}", &family_tied,
         "covariances must be 2 x 2 numbers for tied");
  refuse("{" WEIGHTS ", " MEANS ", \"covariances\": [1, 1, 1]}", &family_diag,
         "covariances must be 3 x 2 numbers for diag");
  refuse("{" WEIGHTS ", " MEANS ", \"covariances\": [1, 1]}", &family_spherical,
         "covariances must be 3 numbers for spherical");
  refuse("{\"covariance\": \"diag\", " WEIGHTS ", " MEANS ", \"covariances\": [1, 1, 1]}", &family_spherical,
         "are diag but spherical was asked for");
  refuse("{\"covariance\": 5, " WEIGHTS ", " MEANS ", \"covariances\": [1, 1, 1]}", &family_spherical,
         "its covariance must be full, tied, ");
  refuse("{\"feature_names\": [\"a\"], " WEIGHTS ", " MEANS ", \"covariances\": [1, 1, 1]}", &family_spherical,
         "feature_names must be a list of 2 strings");
  refuse("{\"weights\": [1, -2, 1], " MEANS ", \"covariances\": [1, 1, 1]}", &family_spherical,
         "weight of component 1");
  refuse("{" WEIGHTS ", " MEANS ", \"covariances\": [1, 1, -1]}", &family_spherical,
         "the covariance of component 2 is not positive definite; correct it");
  refuse("{" WEIGHTS ", " MEANS ", \"covariances\": [[1, 0.5], [0.25, 1]]}", &family_tied,
         "the shared covariance is not symmetric");
}

static void written_and_read(void **state)
{
  (void)state;
  static char *const names[3] = {"a", "\"b\"", "ü"};
  uint64_t seed = 13;
  for (int f = 0; f < N_FAMILIES; f++) {
    gmmpi_model *model = NULL;
    double covariance[9];
    assert_int_equal(model_allocate(gaussian_kind(all_families[f]), 4, 3, &model, NULL), GMMPI_OK);
    for (int k = 0; k < 4; k++) {
      model->weights[k] = 2 + random_number(&seed);
      for (int j = 0; j < 3; j++) model->means[3 * k + j] = 1e10 * random_number(&seed);
      random_covariance(3, &seed, covariance);
      contract_dense(model, k, covariance);
    }
    assert_int_equal(model_accept_parameters(model, "test", NULL), GMMPI_OK);
    assert_int_equal(model_set_feature_names(model, names, NULL), GMMPI_OK);
    json_t *object = model_to_json(model);
    char *text = json_dumps(object, JSON_REAL_PRECISION(17));
    assert_non_null(text);
    gmmpi_model *back = accept(text, all_families[f]);
    assert_true(model_hash(back) == model_hash(model));
    for (int j = 0; j < 3; j++) assert_string_equal(back->feature_names[j], names[j]);
    free(text);
    json_decref(object);
    gmmpi_model_destroy(model);
    gmmpi_model_destroy(back);
  }
}

static void assert_text(const char *text, const char *expected)
{
  json_t *string = json_text(text);
  assert_string_equal(json_string_value(string), expected);
  json_decref(string);
}

/* The examples are those of RFC 3629: overlong forms, surrogates, what lies beyond U+10FFFF, sequences that break off.
 */
static void text_of_any_encoding(void **state)
{
  (void)state;
#define BAD "\xEF\xBF\xBD"
  assert_text("", "");
  assert_text("a\xC3\xBC\xE2\x82\xAC\xF0\x9D\x84\x9E", "a\xC3\xBC\xE2\x82\xAC\xF0\x9D\x84\x9E");
  assert_text("Gr\xF6\xDF"
              "e",
              "Gr" BAD BAD "e");
  assert_text("\xC0\xAF", BAD BAD);
  assert_text("\xE0\x80\xAF", BAD BAD BAD);
  assert_text("\xED\xA0\x80", BAD BAD BAD);
  assert_text("\xF4\x90\x80\x80", BAD BAD BAD BAD);
  assert_text("\xF5", BAD);
  assert_text("\xE2\x82", BAD BAD);
  assert_text("\x80z", BAD "z");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(all_shapes),
      cmocka_unit_test(refused),
      cmocka_unit_test(written_and_read),
      cmocka_unit_test(text_of_any_encoding),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
