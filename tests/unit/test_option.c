/* SPDX-License-Identifier: BSD-3-Clause */
/* Options by name: every fallback is a value that the option takes, what is set is what is noted, and what depends on
 * another option counts only with that. */
#include "fit/options.h"
#include "fit/reading.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void every_fallback_is_a_value(void **state)
{
  (void)state;
  static const char *const groups[] = {"Model", "Method", "Iterations", "Start", "Machine"}; /* of gmmpi fit --help */
  int n_reading;
  const option_record *reading = reading_option_table(&n_reading);
  const struct {
    const option_record *table;
    int n;
  } tables[] = {{fit_option_table, n_fit_options},
                {reading, n_reading},
                {weights_option_table, n_weights_options},
                {memory_option_table, n_memory_options}};
  for (size_t t = 0; t < sizeof tables / sizeof tables[0]; t++) {
    for (int i = 0; i < tables[t].n; i++) {
      const option_record *option = &tables[t].table[i];
      char room[1024] = {0};
      char text[1024];
      gmmpi_error error = {0};
      assert_ptr_equal(option_find(tables[t].table, tables[t].n, option->name), option);
      bool is_shown = option->group == NULL;
      for (int g = 0; g < 5; g++) is_shown = is_shown || strcmp(option->group, groups[g]) == 0;
      assert_true(is_shown);
      if (option->if_changed && option->kind != OPTION_FLAG) assert_non_null(option->fallback); /* a flag is off */
      if (option->needs != NULL) assert_non_null(option_find(tables[t].table, tables[t].n, option->needs));
      if (option->kind == OPTION_SWITCH) assert_non_null(option->no_help);
      if (option->kind == OPTION_PARSED) assert_non_null(option->print);
      if (option->fallback == NULL) continue;
      if (option_set(option, room, option->fallback, &error) != GMMPI_OK) fail_msg("%s", error.message);
      option_text(option, room, text, sizeof text);
      if (option->kind != OPTION_REAL) assert_string_equal(text, option->fallback);
    }
  }
}

static void defaults(void **state)
{
  (void)state;
  const fit_options options = fit_defaults(3);
  assert_int_equal(options.n_components, 3);
  assert_string_equal(options.covariance, "full");
  assert_true(options.tolerance == 1e-6 && options.reg_covar == 1e-6);
  assert_int_equal(options.max_iterations, 1000);
  assert_int_equal(options.n_init, 1);
  assert_int_equal(options.threads, 1);
  assert_int_equal(options.seed, 0);
  assert_int_equal(options.init, INIT_KMEANS);
  assert_int_equal(options.on_collapse, COLLAPSE_RESEED);
  assert_string_equal(options.accelerate, "auto");
  assert_int_equal(options.coarse_to_fine, COARSE_AUTO);
  assert_int_equal(options.spurious, SPURIOUS_AVOID);
  assert_null(options.init_file);
}

/* Checkpoints of the first version that noted options have these names in this order. */
static void identity(void **state)
{
  (void)state;
  fit_options options = fit_defaults(4);
  json_t *object = json_object();
  options.seed = UINT64_MAX;
  options.reg_covar = 0.5;
  assert_true(fit_options_note_identity(&options, object));
  char *text = json_dumps(object, JSON_COMPACT);
  assert_string_equal(text, "{\"--components\":4,\"--covariance\":\"full\",\"--reg-covar\":0.5,"
                            "\"--n-init\":1,\"--init\":\"kmeans\",\"--seed\":\"18446744073709551615\","
                            "\"--on-collapse\":\"reseed\",\"--accelerate\":\"auto\",\"--coarse-to-fine\":\"auto\","
                            "\"--spurious\":\"avoid\"}");
  free(text);
  json_object_clear(object);
  options.init = INIT_RANDOM_FROM_DATA;
  options.precision = PRECISION_SINGLE;
  assert_true(fit_options_note_identity(&options, object));
  assert_string_equal(json_string_value(json_object_get(object, "--init-covariance")), "sample");
  assert_string_equal(json_string_value(json_object_get(object, "--precision")), "single");
  json_object_clear(object);
  options.init = INIT_MODEL;
  options.init_file = "start.h5";
  assert_true(fit_options_note_identity(&options, object));
  assert_string_equal(json_string_value(json_object_get(object, "--init")), "parameters");
  json_object_clear(object);
  assert_true(fit_options_note_model(&options, 0, n_fit_options, object));
  assert_null(json_object_get(object, "components"));
  assert_true(json_real_value(json_object_get(object, "tol")) == 1e-6);
  assert_int_equal(json_integer_value(json_object_get(object, "max_iter")), 1000);
  json_decref(object);
}

static void together(void **state)
{
  (void)state;
  fit_options options = fit_defaults(0);
  gmmpi_error error = {0};
  assert_int_equal(fit_options_check(&options, 0, &error), GMMPI_WRONG_USAGE);
  options.n_components = 2;
  assert_int_equal(fit_options_check(&options, 0, NULL), GMMPI_OK);
  const uint64_t given = UINT64_C(1) << option_index(fit_option_table, n_fit_options, "init-covariance");
  assert_int_equal(fit_options_check(&options, given, NULL), GMMPI_WRONG_USAGE);
  options.init = INIT_RANDOM_FROM_DATA;
  assert_int_equal(fit_options_check(&options, given, NULL), GMMPI_OK);
  options.init = INIT_LABELS;
  options.n_init = 2;
  assert_int_equal(fit_options_check(&options, 0, NULL), GMMPI_WRONG_USAGE);
}

static void an_open_bound(void **state)
{
  (void)state;
  double value = 7.0;
  const option_record option = {
      .name = "x", .kind = OPTION_REAL, .value = &value, .least = 0.0, .most = 2.0, .above_least = true};
  gmmpi_error error = {0};
  assert_int_equal(option_set(&option, NULL, "0", &error), GMMPI_WRONG_USAGE);
  assert_string_equal(error.message, "--x: 0 is not above 0; give a number > 0");
  error = (gmmpi_error){0};
  assert_int_equal(option_set(&option, NULL, "inf", &error), GMMPI_WRONG_USAGE);
  assert_string_equal(error.message, "--x: inf is above 2; give a number > 0 and <= 2");
  assert_true(value == 7.0);
  assert_int_equal(option_set(&option, NULL, "2", &error), GMMPI_OK);
  assert_true(value == 2.0);
}

static void numbers_are_printed_so_that_they_come_back(void **state)
{
  (void)state;
  static const struct {
    double value;
    const char *text;
  } cases[] = {{0.1, "0.1"}, {1e-6, "1e-06"}, {0.1 + 0.2, "0.30000000000000004"}, {1e300, "1e+300"}, {0.0, "0"}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    double value = cases[i].value;
    char text[40];
    const option_record option = {.name = "x", .kind = OPTION_REAL, .value = &value, .most = INFINITY};
    option_text(&option, NULL, text, sizeof text);
    assert_string_equal(text, cases[i].text);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_fallback_is_a_value),
      cmocka_unit_test(defaults),
      cmocka_unit_test(identity),
      cmocka_unit_test(together),
      cmocka_unit_test(an_open_bound),
      cmocka_unit_test(numbers_are_printed_so_that_they_come_back),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
