/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/csv/parse_number.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* --- correct rounding --- */

/* Powers of ten that are doubles. */
static const double powers_of_ten[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                       1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
enum { LARGEST_POWER_OF_TEN = 22, LARGEST_POWER_OF_FIVE = 27, MOST_DIGITS = 19 };

#ifdef __SIZEOF_INT128__
__extension__ typedef unsigned __int128 wide;

/* Powers of five below 2^63: 5^27 is the last. */
static const uint64_t powers_of_five[] = {UINT64_C(1),
                                          UINT64_C(5),
                                          UINT64_C(25),
                                          UINT64_C(125),
                                          UINT64_C(625),
                                          UINT64_C(3125),
                                          UINT64_C(15625),
                                          UINT64_C(78125),
                                          UINT64_C(390625),
                                          UINT64_C(1953125),
                                          UINT64_C(9765625),
                                          UINT64_C(48828125),
                                          UINT64_C(244140625),
                                          UINT64_C(1220703125),
                                          UINT64_C(6103515625),
                                          UINT64_C(30517578125),
                                          UINT64_C(152587890625),
                                          UINT64_C(762939453125),
                                          UINT64_C(3814697265625),
                                          UINT64_C(19073486328125),
                                          UINT64_C(95367431640625),
                                          UINT64_C(476837158203125),
                                          UINT64_C(2384185791015625),
                                          UINT64_C(11920928955078125),
                                          UINT64_C(59604644775390625),
                                          UINT64_C(298023223876953125),
                                          UINT64_C(1490116119384765625),
                                          UINT64_C(7450580596923828125)};

static int bit_length(wide value)
{
  const uint64_t high = (uint64_t)(value >> 64);
  return high != 0 ? 128 - __builtin_clzll(high) : 64 - __builtin_clzll((uint64_t)value);
}

/* The double nearest to (value + fraction) 2^power, where 0 <= fraction < 1 and fraction > 0 only if has_fraction, for
 * which value must have more than 53 bits. The result must be a normal number. */
static double round_wide(wide value, bool has_fraction, int power)
{
  const int excess = bit_length(value) - DBL_MANT_DIG;
  uint64_t kept = (uint64_t)value;
  if (excess > 0) {
    const wide half = (wide)1 << (excess - 1);
    const wide rest = value & ((half << 1) - 1);
    kept = (uint64_t)(value >> excess);
    if (rest > half || (rest == half && (has_fraction || (kept & 1) != 0))) kept++;
    power += excess;
  }
  const uint64_t scale_bits = (uint64_t)(1023 + power) << 52;
  double scale;
  memcpy(&scale, &scale_bits, sizeof scale);
  return (double)kept * scale;
}

/* The double nearest to digits x 10^exponent: digits > 0, |exponent| <= 27. */
static double round_decimal(uint64_t digits, int exponent)
{
  if (exponent >= 0) return round_wide((wide)digits * powers_of_five[exponent], false, exponent);
  const int shift = __builtin_clzll(digits);
  const wide numerator = (wide)(digits << shift) << 64;
  const wide quotient = numerator / powers_of_five[-exponent];
  const bool has_fraction = quotient * powers_of_five[-exponent] != numerator;
  return round_wide(quotient, has_fraction, exponent - shift - 64);
}

static const bool has_wide_integers = true;
#else
static double round_decimal(uint64_t digits, int exponent)
{
  (void)digits;
  (void)exponent;
  return NAN;
}

static const bool has_wide_integers = false;
#endif

/* Any number, text to end, that parse_number has seen to be one: as the C library spells it, if need be in a copy. */
__attribute__((noinline)) static bool round_by_library(const char *text, const char *end, double *value)
{
  static locale_t c_locale = (locale_t)0;
  enum { ENOUGH = 1200 }; /* digits decide of a double, at most 767 of them */
  char copy[ENOUGH];
  if (c_locale == (locale_t)0) c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
  bool is_plain = true;
  for (const char *c = text; c < end; c++) is_plain = is_plain && *c != ',' && *c != 'd' && *c != 'D';
  if (is_plain) {
    *value = strtod_l(text, NULL, c_locale);
    return true;
  }
  const size_t length = (size_t)(end - text);
  if (length >= sizeof copy) return false;
  for (size_t i = 0; i < length; i++)
    copy[i] = (char)(text[i] == ',' ? '.' : text[i] == 'd' || text[i] == 'D' ? 'e' : text[i]);
  copy[length] = '\0';
  *value = strtod_l(copy, NULL, c_locale);
  return true;
}

/* --- reading --- */

static bool is_digit(char c)
{
  return c >= '0' && c <= '9';
}

/* Reads "e-12" or "d-12" at text into *exponent: returns its end, text itself when there is no exponent, NULL when it
 * has no digits. */
static const char *parse_exponent(const char *text, int *exponent)
{
  *exponent = 0;
  const char letter = (char)(*text | ('a' - 'A'));
  if (letter != 'e' && letter != 'd') return text;
  const char *digits = text + 1;
  const bool negative = *digits == '-';
  if (*digits == '-' || *digits == '+') digits++;
  const char *end = digits;
  for (; is_digit(*end); end++) {
    if (*exponent < 100000) *exponent = *exponent * 10 + (*end - '0');
  }
  if (negative) *exponent = -*exponent;
  return end == digits ? NULL : end;
}

/* See parse_number; mark: what stands before the decimals. */
static inline const char *parse(const char *text, char mark, double *value)
{
  const char *next = text;
  const bool negative = *next == '-';
  if (*next == '-' || *next == '+') next++;
  uint64_t digits = 0;
  const char *start = next;
  while (is_digit(*next)) digits = digits * 10 + (uint64_t)(*next++ - '0');
  ptrdiff_t n_digits = next - start;
  ptrdiff_t n_decimals = 0;
  if (*next == mark) {
    start = ++next;
    while (is_digit(*next)) digits = digits * 10 + (uint64_t)(*next++ - '0');
    n_decimals = next - start;
    n_digits += n_decimals;
  }
  int exponent;
  if (n_digits == 0 || (next = parse_exponent(next, &exponent)) == NULL) return NULL;

  if (n_digits > MOST_DIGITS) return round_by_library(text, next, value) ? next : NULL;
  exponent -= (int)n_decimals;
  const int size = exponent < 0 ? -exponent : exponent;
  double magnitude;
  if (digits == 0) {
    magnitude = 0.0;
  } else if (FLT_EVAL_METHOD == 0 && digits >> DBL_MANT_DIG == 0 && size <= LARGEST_POWER_OF_TEN) {
    magnitude = exponent < 0 ? (double)digits / powers_of_ten[size] : (double)digits * powers_of_ten[size];
  } else if (has_wide_integers && size <= LARGEST_POWER_OF_FIVE) {
    magnitude = round_decimal(digits, exponent);
  } else {
    return round_by_library(text, next, value) ? next : NULL;
  }
  *value = negative ? -magnitude : magnitude;
  return next;
}

const char *parse_number(const char *text, double *value)
{
  return parse(text, '.', value);
}

const char *parse_number_with_comma(const char *text, double *value)
{
  return parse(text, ',', value);
}
