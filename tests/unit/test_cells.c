/* SPDX-License-Identifier: BSD-3-Clause */
/* Cells of text tables: which are numbers, and that those of any spelling are what strtod makes of the plain one; which
 * are missing; which are text. */
#include "sources/csv/cells.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static cell_kind kind_by(const char *text, const cell_rules *rules, double *value)
{
  return cell_parse(text, text + strlen(text), rules, value);
}

static cell_kind model_kind_of(const char *text, double *value)
{
  return parse_cell(text, text + strlen(text), value);
}

static void missing_words(void **state)
{
  (void)state;
  static const char *const words[] = {"",
                                      "NA",
                                      "na",
                                      "N/A",
                                      "n/a",
                                      "NaN",
                                      "nan",
                                      "NAN",
                                      "-nan",
                                      "+NaN",
                                      "null",
                                      "NULL",
                                      "None",
                                      "none",
                                      "?",
                                      "<NA>",
                                      "#N/A",
                                      "#n/a",
                                      "#N/A N/A",
                                      "#NA",
                                      "-nan(ind)",
                                      "nan(ind)",
                                      "nan(0x8000)",
                                      "-NaN(7)",
                                      "1.#QNAN",
                                      "-1.#QNAN",
                                      "1.#IND",
                                      "-1.#IND",
                                      "1.#QNAN0",
                                      "-1.#IND00",
                                      "1.#SNAN",
                                      "\\N",
                                      "\\n",
                                      ".",
                                      ".a",
                                      ".z",
                                      ".Z",
                                      "._",
                                      "-",
                                      "--",
                                      "---",
                                      "*",
                                      "n.a.",
                                      "N.A.",
                                      "#DIV/0!",
                                      "#VALUE!",
                                      "#REF!",
                                      "#NUM!",
                                      "#NULL!",
                                      "#NAME?",
                                      "#WERT!",
                                      "#NV",
                                      "NaT",
                                      "<NaT>",
                                      "missing",
                                      "Missing",
                                      "(null)",
                                      "[NULL]",
                                      "<NULL>",
                                      "NaNQ",
                                      "NaNS",
                                      "\xE2\x80\x93",
                                      "\xE2\x80\x94",
                                      "\xC2\xA0",
                                      "\xC2\xA0NA\xC2\xA0",
                                      "Indeterminate",
                                      "\xEF\xBB\xBF"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    double value = 0.0;
    if (model_kind_of(words[i], &value) != CELL_MISSING || !isnan(value)) fail_msg("\"%s\" is not missing", words[i]);
  }
}

static void text(void **state)
{
  (void)state;
  static const char *const words[] = {"abc",
                                      "N",
                                      "NAN1",
                                      "1,5",
                                      "0x1p3",
                                      "1e",
                                      "infinit",
                                      "infinityx",
                                      "in",
                                      "- 1",
                                      "1 2",
                                      "nullx",
                                      "??",
                                      "1f",
                                      "\"1\"",
                                      "1e5e",
                                      "-NA",
                                      "+",
                                      "nan(",
                                      "1.#IN",
                                      "1.#INF5",
                                      "1.#J",
                                      "..",
                                      ".1a",
                                      ".ab",
                                      "**",
                                      "*******",
                                      "----",
                                      "yes",
                                      "T",
                                      "15%",
                                      "$5",
                                      "12:30",
                                      "2020-01-02",
                                      "2020-01",
                                      "1-2",
                                      "1-100",
                                      "12.5-101",
                                      "1.5-10",
                                      "1.5-1000",
                                      "1.5+1",
                                      "6-101",
                                      "1_000",
                                      "1,23,456",
                                      "12,34",
                                      "1,2345",
                                      "1,234",
                                      "0,234.5",
                                      "1234,567.5",
                                      "1,234,56",
                                      "1 23",
                                      "1 234 56",
                                      "1  234",
                                      " 1 234 5678",
                                      "1'23",
                                      "1 234'567",
                                      "1.5 234",
                                      "1.234.567",
                                      "1/3",
                                      "<5",
                                      "5 kg",
                                      "\xD9\xA1\xD9\xA2",
                                      "\xEF\xBC\x91",
                                      "\xE2\x80\x93"
                                      "5",
                                      "1e\xE2\x88\x92",
                                      "--5",
                                      "+-5",
                                      "1+2j",
                                      "(5)",
                                      "3*1.5",
                                      "truex",
                                      "#N/Ax",
                                      "#DIV/0",
                                      "e5",
                                      "1.5e-3-101",
                                      ".-101",
                                      "1,234e5",
                                      "12\xC2\xA0"
                                      "345,678",
                                      "1\xC2",
                                      "\xE2\x88",
                                      "1e5.5"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    double value;
    if (model_kind_of(words[i], &value) != CELL_TEXT) fail_msg("\"%s\" is not text", words[i]);
  }
}

static void infinities(void **state)
{
  (void)state;
  static const char *const words[] = {"inf",    "INF",      "+inf",    "Infinity",     "+INFINITY", "1e999",
                                      "1.#INF", "1.#INF00", "+1.#INF", "\xE2\x88\x9E", "1D999"};
  static const char *const negative[] = {"-inf", "-Infinity", "-1.#INF", "-1.#INF000", "-\xE2\x88\x9E", "-1e400"};
  double value;
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    if (model_kind_of(words[i], &value) != CELL_NUMBER || value != INFINITY)
      fail_msg("\"%s\" is not infinite", words[i]);
  }
  for (size_t i = 0; i < sizeof negative / sizeof *negative; i++) {
    if (model_kind_of(negative[i], &value) != CELL_NUMBER || value != -INFINITY)
      fail_msg("\"%s\" is not -inf", negative[i]);
  }
}

/* Each spelling, and the plain one whose double it is. */
typedef struct spelling {
  const char *text;
  const char *plain;
} spelling;

static void compare(const spelling *spellings, size_t n, const cell_rules *rules)
{
  for (size_t i = 0; i < n; i++) {
    double value = -1.0;
    const double expected = strtod(spellings[i].plain, NULL);
    if (kind_by(spellings[i].text, rules, &value) != CELL_NUMBER || memcmp(&value, &expected, sizeof value) != 0)
      fail_msg("\"%s\" is %.17g, not %.17g", spellings[i].text, expected, value);
  }
}

static void spellings_with_a_point(void **state)
{
  (void)state;
  static const spelling spellings[] = {
      {"-1.25e2", "-125"},
      {"0.18D+02", "18"},
      {"1d5", "1e5"},
      {"-0.18184558695267704D+02", "-18.184558695267704"},
      {"0.123456789012345678901234567890D-03", "0.123456789012345678901234567890e-3"},
      {"0.5Q+01", "5"},
      {"6.2541-101", "6.2541e-101"},
      {"-0.6254123456789012345-101", "-0.6254123456789012345e-101"},
      {"1.0+100", "1e100"},
      {".25-300", ".25e-300"},
      {"+9.+101", "9e101"},
      {"\xE2\x88\x92"
       "3.5",
       "-3.5"},
      {"\xE2\x88\x92"
       "3.5e\xE2\x88\x92"
       "12",
       "-3.5e-12"},
      {"1.5E\xE2\x88\x92"
       "7",
       "1.5e-7"},
      {"1 234", "1234"},
      {"-1 234 567.125", "-1234567.125"},
      {"12\xC2\xA0"
       "345.5",
       "12345.5"},
      {"12\xE2\x80\xAF"
       "345\xE2\x80\xAF"
       "678",
       "12345678"},
      {"1\xE2\x80\x89"
       "000",
       "1000"},
      {"1'234.5", "1234.5"},
      {"1\xE2\x80\x99"
       "234\xE2\x80\x99"
       "567",
       "1234567"},
      {"1,234.5", "1234.5"},
      {"1,234,567", "1234567"},
      {"-12,345,678.90123456789", "-12345678.90123456789"},
      {"123,456,789,012,345,678,901.5", "123456789012345678901.5"},
      {"\xC2\xA0"
       "5",
       "5"},
      {"5\xE2\x80\xAF", "5"},
      {"\xEF\xBB\xBF"
       "5",
       "5"},
      {"true", "1"},
      {"TRUE", "1"},
      {"False", "0"},
  };
  compare(spellings, sizeof spellings / sizeof *spellings, &cell_rules_of_plain_tables);
}

static void spellings_with_a_comma(void **state)
{
  (void)state;
  static const cell_rules rules = {.decimal = ','};
  static const spelling spellings[] = {{"3,5", "3.5"},
                                       {"-,5", "-.5"},
                                       {"1.234,5", "1234.5"},
                                       {"1.234.567", "1234567"},
                                       {"7", "7"},
                                       {"1,5e-3", "1.5e-3"},
                                       {"1,5D3", "1.5e3"},
                                       {"1 234,5", "1234.5"},
                                       {"1,0+100", "1e100"},
                                       {"0,1234567890123456789012345", "0.1234567890123456789012345"},
                                       {"\xE2\x88\x92"
                                        "0,25",
                                        "-0.25"}};
  static const char *const others[] = {"3.5", "1.234", "1,234,567", "1.23,4", "1,5.5", "1.2345"};
  compare(spellings, sizeof spellings / sizeof *spellings, &rules);
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    double value;
    if (kind_by(others[i], &rules, &value) != CELL_TEXT) fail_msg("\"%s\" is not text", others[i]);
  }
}

static void what_could_be_two_numbers_waits_for_a_word(void **state)
{
  (void)state;
  static const cell_rules commas = {.decimal = '.', .group = ','};
  static const cell_rules points = {.decimal = ',', .group = '.'};
  static const cell_rules comma_decimals = {.decimal = ','};
  static const char large[] = "1,234";
  static const char point[] = "-12.345";
  static const char plain[] = "0,234";
  double value;
  assert_int_equal(model_kind_of(large, &value), CELL_TEXT);
  assert_true(cell_is_ambiguous(large, large + strlen(large), &cell_rules_of_plain_tables));
  assert_true(cell_is_ambiguous(point, point + strlen(point), &comma_decimals));
  assert_false(cell_is_ambiguous(plain, plain + strlen(plain), &cell_rules_of_plain_tables));
  compare(&(spelling){large, "1234"}, 1, &commas);
  compare(&(spelling){large, "1.234"}, 1, &comma_decimals);
  compare(&(spelling){point, "-12345"}, 1, &points);
  compare(&(spelling){point, "-12.345"}, 1, &cell_rules_of_plain_tables);
}

static void words_of_the_user(void **state)
{
  (void)state;
  static const missing_values missing = {.n_words = 3, .words = {"n.d.", "<LOD", "true"}};
  static const cell_rules rules = {.decimal = '.', .missing = &missing};
  double value = 0.0;
  assert_int_equal(kind_by("n.d.", &rules, &value), CELL_MISSING);
  assert_true(isnan(value));
  assert_int_equal(kind_by("<LOD", &rules, &value), CELL_MISSING);
  assert_int_equal(kind_by("true", &rules, &value), CELL_MISSING);
  assert_int_equal(kind_by("N.D.", &rules, &value), CELL_TEXT);
  assert_int_equal(kind_by("n.d", &rules, &value), CELL_TEXT);
  assert_int_equal(kind_by("1.5", &rules, &value), CELL_NUMBER);
}

static void errors_of_spreadsheets(void **state)
{
  (void)state;
  static const char given[] = "#DIV/0!,1";
  static const char longer[] = "#N/A N/A";
  static const char comment[] = "# N/A";
  assert_int_equal(spreadsheet_error_length(given, given + strlen(given)), 7);
  assert_int_equal(spreadsheet_error_length(given, given + 6), 0);
  assert_int_equal(spreadsheet_error_length(longer, longer + strlen(longer)), LONGEST_SPREADSHEET_ERROR);
  assert_int_equal(spreadsheet_error_length(comment, comment + strlen(comment)), 0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(missing_words),
      cmocka_unit_test(text),
      cmocka_unit_test(infinities),
      cmocka_unit_test(spellings_with_a_point),
      cmocka_unit_test(spellings_with_a_comma),
      cmocka_unit_test(what_could_be_two_numbers_waits_for_a_word),
      cmocka_unit_test(words_of_the_user),
      cmocka_unit_test(errors_of_spreadsheets),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
