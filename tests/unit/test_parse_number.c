/* SPDX-License-Identifier: BSD-3-Clause */
/* Numbers as text: bit for bit what strtod makes of them in the C locale, whatever the locale is; what is no number. */
#include "sources/csv/parse_number.h"

#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint64_t random_state = 88172645463325252u;

/* xorshift (Marsaglia 2003). */
static uint64_t random_bits(void)
{
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return random_state;
}

static int random_below(int n)
{
  return (int)(random_bits() % (uint64_t)n);
}

static uint64_t bits_of(double value)
{
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

static void compare(const char *text)
{
  double value = -1.0;
  const double expected = strtod(text, NULL);
  const char *end = parse_number(text, &value);
  if (end != text + strlen(text) || bits_of(value) != bits_of(expected))
    fail_msg("\"%s\" is %.17g, not %.17g", text, expected, value);
}

static void doubles_survive_printing(void **state)
{
  (void)state;
  static const char *const formats[] = {"%.17g", "%.16e", "%.6g", "%.15g", "%.3f", "%.18e", "%.25e"};
  char text[400];
  for (int i = 0; i < 300000; i++) {
    const uint64_t bits = random_bits();
    double value;
    memcpy(&value, &bits, sizeof value);
    if (!isfinite(value)) continue;
    if (i % 2 == 0) value = ldexp(frexp(value, &(int){0}), random_below(120) - 60);
    snprintf(text, sizeof text, formats[i % 7], value);
    compare(text);
  }
}

static void any_digits_are_rounded_as_by_the_library(void **state)
{
  (void)state;
  for (int i = 0; i < 600000; i++) {
    char text[128];
    int length = 0;
    const int n_digits = 1 + random_below(i % 3 == 0 ? 40 : 20);
    const int point = random_below(n_digits + 2);
    if (random_below(3) == 0) text[length++] = random_below(2) == 0 ? '-' : '+';
    for (int d = 0; d < n_digits; d++) {
      if (d == point) text[length++] = '.';
      text[length++] = (char)('0' + (random_below(4) == 0 ? 0 : random_below(10)));
    }
    if (point == n_digits) text[length++] = '.';
    const int range = i % 4 == 0 ? 400 : 40;
    if (random_below(4) != 0)
      length += snprintf(text + length, 32, "%c%+d", random_below(2) == 0 ? 'e' : 'E', random_below(2 * range) - range);
    text[length] = '\0';
    compare(text);
  }
}

/* Quotients by large powers of ten that begin as if they were halfway between two doubles, but go on. */
static void what_follows_a_tie_counts(void **state)
{
  (void)state;
  char text[64];
  for (int i = 0; i < 400000; i++) {
    const uint64_t digits = UINT64_C(1000000000000000000) + random_bits() % UINT64_C(8999999999999999999);
    snprintf(text, sizeof text, "%" PRIu64 "e-%d", digits, 23 + random_below(5));
    compare(text);
  }
}

/* Halfway between two doubles, and next to it: m + 1/2 units in the last place, m of 53 bits. */
static void ties_go_to_even(void **state)
{
  (void)state;
  char text[64];
  for (int i = 0; i < 100000; i++) {
    const uint64_t mantissa = (UINT64_C(1) << 52) + random_bits() % (UINT64_C(1) << 52);
    const int shift = 1 + random_below(10);
    const uint64_t tie = (2 * mantissa + 1) << (shift - 1);
    snprintf(text, sizeof text, "%" PRIu64, tie + (uint64_t)random_below(3) - 1);
    compare(text);
    snprintf(text, sizeof text, "%" PRIu64 "e%d", tie + (uint64_t)random_below(3) - 1, random_below(28));
    compare(text);
    /* k + 1/2, k + 1/4 ... are exact in decimals. */
    snprintf(text, sizeof text, "%" PRIu64 ".%s", mantissa, random_below(2) == 0 ? "5" : "25");
    compare(text);
  }
}

static void remarkable_numbers(void **state)
{
  (void)state;
  static const char *const numbers[] = {"0",
                                        "-0",
                                        "0.0",
                                        "-0e5",
                                        ".5",
                                        "5.",
                                        "+.5e1",
                                        "1e22",
                                        "1e23",
                                        "9007199254740993",
                                        "9007199254740992e22",
                                        "9007199254740993e27",
                                        "18446744073709551615",
                                        "9999999999999999999e-27",
                                        "1e-27",
                                        "1e-28",
                                        "4.9406564584124654e-324",
                                        "2.4703282292062327e-324",
                                        "2.4703282292062328e-324",
                                        "2.2250738585072011e-308",
                                        "2.2250738585072014e-308",
                                        "1.7976931348623157e308",
                                        "1.7976931348623159e308",
                                        "1e309",
                                        "-1e400",
                                        "1e-400",
                                        "1e-99999999999999999999",
                                        "0e99999999999999999999",
                                        "1e99999999999999999999",
                                        "123456789012345678901234567890",
                                        "00000000000000000000000000001",
                                        "0.00000000000000000000000000000000000001"};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) compare(numbers[i]);

  /* 1 followed by 400 zeros, times 10^-400. */
  char text[500];
  memset(text, '0', sizeof text);
  text[0] = '1';
  strcpy(text + 401, "e-400");
  double value;
  assert_ptr_equal(parse_number(text, &value), text + strlen(text));
  assert_true(value == 1.0);
}

static void a_number_ends_where_it_ends(void **state)
{
  (void)state;
  static const struct {
    const char *text;
    int length; /* of the number, -1: none */
  } given[] = {{"1,2", 1},  {"1.5;", 3},  {"-2 ", 2},   {"1e5,", 3},   {"0x10", 1},  {"1.2.3", 3}, {"1e", -1},
               {"1e+", -1}, {"abc", -1},  {"", -1},     {"-", -1},     {".", -1},    {"+-1", -1},  {" 1", -1},
               {"e5", -1},  {"1d5", 3},   {"1_000", 1}, {"1-2", 1},    {"inf", -1},  {"nan", -1},  {"--1", -1},
               {",", -1},   {"12abc", 2}, {"1e5.5", 3}, {"1e-3e4", 4}, {"-.e1", -1}, {"5.\r\n", 2}};
  for (size_t i = 0; i < sizeof given / sizeof *given; i++) {
    double value;
    const char *end = parse_number(given[i].text, &value);
    const int length = end == NULL ? -1 : (int)(end - given[i].text);
    if (length != given[i].length) fail_msg("\"%s\": %d, not %d", given[i].text, length, given[i].length);
  }
}

/* D for E, and a comma for the point, change nothing. */
static void other_letters_and_marks_give_the_same(void **state)
{
  (void)state;
  char text[128];
  char comma[128];
  for (int i = 0; i < 200000; i++) {
    uint64_t bits = random_bits();
    double value;
    double with_comma;
    double number;
    memcpy(&number, &bits, sizeof number);
    if (!isfinite(number)) continue;
    snprintf(text, sizeof text, i % 3 == 0 ? "%.25e" : i % 3 == 1 ? "%.16e" : "%.3e", number);
    const double expected = strtod(text, NULL);
    strcpy(comma, text);
    *strchr(text, 'e') = i % 2 == 0 ? 'd' : 'D';
    *strchr(comma, '.') = ',';
    const char *end = parse_number(text, &value);
    const char *comma_end = parse_number_with_comma(comma, &with_comma);
    if (end != text + strlen(text) || bits_of(value) != bits_of(expected))
      fail_msg("\"%s\" is %.17g, not %.17g", text, expected, value);
    if (comma_end != comma + strlen(comma) || bits_of(with_comma) != bits_of(expected))
      fail_msg("\"%s\" is %.17g, not %.17g", comma, expected, with_comma);
  }
}

/* Decimal commas of a locale mean nothing, whether such a locale is installed here or not. */
static void the_locale_does_not_matter(void **state)
{
  (void)state;
  static const char *const locales[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "de_DE"};
  for (size_t i = 0; i < sizeof locales / sizeof *locales; i++) {
    if (setlocale(LC_NUMERIC, locales[i]) != NULL) break;
  }
  double value;
  static const char text[] = "0.12345678901234567890123";
  assert_ptr_equal(parse_number(text, &value), text + sizeof text - 1);
  assert_true(value == 0.12345678901234567890123);
  setlocale(LC_NUMERIC, "C");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(doubles_survive_printing),
      cmocka_unit_test(any_digits_are_rounded_as_by_the_library),
      cmocka_unit_test(ties_go_to_even),
      cmocka_unit_test(what_follows_a_tie_counts),
      cmocka_unit_test(remarkable_numbers),
      cmocka_unit_test(a_number_ends_where_it_ends),
      cmocka_unit_test(other_letters_and_marks_give_the_same),
      cmocka_unit_test(the_locale_does_not_matter),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
