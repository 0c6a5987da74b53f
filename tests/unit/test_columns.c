/* SPDX-License-Identifier: BSD-3-Clause */
/* --columns: names, numbers, ranges, quotes, and what is wrong with them. */
#include "sources/source.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char *names[] = {"age", "annual income", "a,b", "2", "say \"hi\"", "2-5", "", "twice", "twice"};
enum { N_NAMES = sizeof names / sizeof *names };

static void release(point_source *source)
{
  for (int64_t i = 0; source->feature_names != NULL && i < source->n_features; i++) free(source->feature_names[i]);
  free(source->feature_names);
  free(source->columns);
}

/* expected: 1-based columns, ended by 0. */
static void picks(const char *columns, bool with_names, const int *expected)
{
  char label[] = "data.csv";
  point_source source = {.label = label};
  const source_options options = {.columns = columns};
  gmmpi_error error = {0};
  if (source_pick_columns(&source, N_NAMES, with_names ? names : NULL, &options, &error) != GMMPI_OK)
    fail_msg("%s: %s", columns, error.message);
  int64_t n = 0;
  for (; expected[n] != 0; n++) {
    assert_true(n < source.n_features);
    assert_int_equal(source.columns[n] + 1, expected[n]);
  }
  assert_int_equal(source.n_features, n);
  assert_int_equal(source.n_columns, N_NAMES);
  assert_int_equal(source.has_names, with_names);
  release(&source);
}

static void refuses(const char *columns, bool with_names, const char *part)
{
  char label[] = "data.csv";
  point_source source = {.label = label};
  const source_options options = {.columns = columns};
  gmmpi_error error = {0};
  assert_int_equal(source_pick_columns(&source, N_NAMES, with_names ? names : NULL, &options, &error), GMMPI_BAD_DATA);
  if (strncmp(error.message, "data.csv: ", 10) != 0 || strstr(error.message, part) == NULL)
    fail_msg("%s: \"%s\" is not in \"%s\"", columns, part, error.message);
  release(&source);
}

static void columns_are_picked(void **state)
{
  (void)state;
  picks(NULL, true, (const int[]){1, 2, 3, 4, 5, 6, 7, 8, 9, 0});
  picks(NULL, false, (const int[]){1, 2, 3, 4, 5, 6, 7, 8, 9, 0});
  picks("age", true, (const int[]){1, 0});
  picks("annual income,age", true, (const int[]){2, 1, 0});
  picks(" annual income , age ", true, (const int[]){2, 1, 0});
}

static void numbers_and_ranges(void **state)
{
  (void)state;
  picks("3", false, (const int[]){3, 0});
  picks("9,1", false, (const int[]){9, 1, 0});
  picks("2-5", false, (const int[]){2, 3, 4, 5, 0});
  picks("1,3-4,9", false, (const int[]){1, 3, 4, 9, 0});
  picks("5-5", false, (const int[]){5, 0});
  picks("3", true, (const int[]){3, 0});
  picks("7-9", true, (const int[]){7, 8, 9, 0});
}

static void names_come_before_numbers(void **state)
{
  (void)state;
  picks("2", true, (const int[]){4, 0});
  picks("2-5", true, (const int[]){6, 0});
  picks("\"2\"", true, (const int[]){4, 0});
  picks("2-5,2,age,3-3", true, (const int[]){6, 4, 1, 3, 0});
}

static void quoted_names(void **state)
{
  (void)state;
  picks("\"a,b\",age", true, (const int[]){3, 1, 0});
  picks("\"say \"\"hi\"\"\"", true, (const int[]){5, 0});
  picks("say \"hi\"", true, (const int[]){5, 0});
  refuses("\"a,b", true, "quote");
  refuses("\"a,b\"x", true, "quote");
  refuses("\"3\"", true, "no column \"3\"");
}

static void unknown_columns(void **state)
{
  (void)state;
  refuses("height", true, "no column \"height\"");
  refuses("height", true, "age, annual income");
  refuses("height", false, "1 to 9");
  refuses("0", true, "\"0\"");
  refuses("10", true, "\"10\"");
  refuses("8-10", true, "\"8-10\"");
  refuses("5-4", true, "\"5-4\"");
  refuses("0-3", false, "\"0-3\"");
  refuses("-3", true, "\"-3\"");
  refuses("3-", true, "\"3-\"");
  refuses("1.0", true, "\"1.0\"");
  refuses("Age", true, "\"Age\"");
  refuses("99999999999999999999", true, "no column");
  refuses("age,,annual income", false, "no column");
  refuses("", false, "no column \"\"");
}

static void picked_twice(void **state)
{
  (void)state;
  refuses("age,1", true, "column 1 is picked twice");
  refuses("3,1-4", false, "column 3 is picked twice");
  refuses("twice", true, "both named");
}

static void names_of_features(void **state)
{
  (void)state;
  char label[] = "data.csv";
  point_source source = {.label = label};
  gmmpi_error error = {0};
  assert_int_equal(source_pick_columns(&source, N_NAMES, names, &(source_options){.columns = "a,b"}, &error),
                   GMMPI_BAD_DATA);
  error = (gmmpi_error){0};
  assert_int_equal(source_pick_columns(&source, N_NAMES, names, &(source_options){.columns = "7,age"}, &error),
                   GMMPI_OK);
  assert_string_equal(source.feature_names[0], "x7");
  assert_string_equal(source.feature_names[1], "age");
  release(&source);
  source = (point_source){.label = label};
  assert_int_equal(source_pick_columns(&source, 12, NULL, &(source_options){.columns = "12,3"}, &error), GMMPI_OK);
  assert_string_equal(source.feature_names[0], "x12");
  assert_string_equal(source.feature_names[1], "x3");
  char text[8];
  source_feature_text(&source, 0, text, sizeof text);
  assert_string_equal(text, "12");
  release(&source);
}

/* Hundreds of columns: the message stays a short line. */
static void long_lists_are_shortened(void **state)
{
  (void)state;
  enum { N = 500 };
  char *many[N];
  char label[] = "data.csv";
  point_source source = {.label = label};
  gmmpi_error error = {0};
  for (int i = 0; i < N; i++) {
    char name[60];
    snprintf(name, sizeof name, "%s%d", i == 100 ? "a name that is longer than many others " : "feature", i);
    many[i] = strdup(name);
  }
  assert_int_equal(source_pick_columns(&source, N, many, &(source_options){.columns = "nothing"}, &error),
                   GMMPI_BAD_DATA);
  assert_non_null(strstr(error.message, "(500 in all)"));
  assert_true(strlen(error.message) < 600);
  for (int i = 0; i < N; i++) free(many[i]);
  release(&source);
}

/* wanted: names between bars. expected: 1-based columns, ended by 0; NULL: refused with this part in the message. */
static void wants(const char *wanted, bool with_names, const int *expected, const char *part)
{
  char label[] = "data.csv";
  char *copy = strdup(wanted);
  char *list[2 * N_NAMES];
  source_options options = {.wanted = {.owner = "m.h5", .names = list}};
  for (char *word = strtok(copy, "|"); word != NULL; word = strtok(NULL, "|")) list[options.wanted.n++] = word;
  point_source source = {.label = label};
  gmmpi_error error = {0};
  const gmmpi_status status = source_pick_columns(&source, N_NAMES, with_names ? names : NULL, &options, &error);
  assert_int_equal(status, expected != NULL ? GMMPI_OK : GMMPI_BAD_DATA);
  if (expected != NULL) {
    for (int64_t i = 0; i < source.n_features; i++) assert_int_equal(source.columns[i] + 1, expected[i]);
    assert_int_equal(expected[source.n_features], 0);
  } else if (strncmp(error.message, "data.csv: ", 10) != 0 || strstr(error.message, part) == NULL) {
    fail_msg("%s: \"%s\" is not in \"%s\"", wanted, part, error.message);
  }
  release(&source);
  free(copy);
}

/* Names are names, whatever they look like; a name that is not wanted may stand twice. */
static void columns_of_a_model(void **state)
{
  (void)state;
  wants("2-5|age|2|a,b|say \"hi\"", true, (const int[]){6, 1, 4, 3, 5, 0}, NULL);
  wants("age|3|height", true, NULL, "m.h5 was fitted to 3, of which \"3\", \"height\" are missing;");
  wants("age|AGE", true, NULL, "\"AGE\" is missing (did you mean \"age\" by \"AGE\"?");
  wants("Annual_Income ", true, NULL, "did you mean \"annual income\"");
  wants("age|twice", true, NULL, "columns 8 and 9 are both named \"twice\"");
  wants("age|2|age", true, NULL, "two features of m.h5 are named \"age\"");
  wants("age", false, (const int[]){1, 2, 3, 4, 5, 6, 7, 8, 9, 0}, NULL);
  wants("age|2|age|2|age|2|age|2|age|2|age|2", true, NULL, "two features of m.h5");
  assert_true(names_are_own((char *[]){"x1", "x"}, 2) && names_are_own((char *[]){"x1y"}, 1));
  assert_false(names_are_own((char *[]){"x2", "x10"}, 2) || names_are_own(NULL, 2));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(columns_are_picked),        cmocka_unit_test(numbers_and_ranges),
      cmocka_unit_test(names_come_before_numbers), cmocka_unit_test(quoted_names),
      cmocka_unit_test(unknown_columns),           cmocka_unit_test(picked_twice),
      cmocka_unit_test(names_of_features),         cmocka_unit_test(columns_of_a_model),
      cmocka_unit_test(long_lists_are_shortened),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
