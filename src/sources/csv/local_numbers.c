/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/csv/local_numbers.h"

#include <stddef.h>
#include <string.h>

static bool is_digit(char c)
{
  return c >= '0' && c <= '9';
}

static const char *skip_digits(const char *next, const char *end)
{
  while (next < end && is_digit(*next)) next++;
  return next;
}

static const char *skip_sign(const char *next, const char *end)
{
  return next < end && (*next == '+' || *next == '-') ? next + 1 : next;
}

/* Digits in groups of three behind at least one separator, and perhaps decimals behind a point, from begin to end. */
static bool is_grouped(const char *begin, const char *end, char separator, char point)
{
  const char *next = skip_digits(begin, end);
  if (next == begin || next - begin > 3 || *begin == '0' || next == end || *next != separator) return false;
  while (next < end && *next == separator) {
    const char *group = next + 1;
    next = skip_digits(group, end);
    if (next - group != 3) return false;
  }
  if (next < end && *next == point) next = skip_digits(next + 1, end);
  return next == end;
}

bool local_shape_of(const char *begin, const char *end, local_shape *shape)
{
  *shape = (local_shape){0};
  local_shape found = {0};
  begin = skip_sign(begin, end);
  const char *behind = begin; /* the digits, commas and points */
  bool has_digits = false;
  for (; behind < end && (is_digit(*behind) || *behind == ',' || *behind == '.'); behind++) {
    if (*behind == ',') found.n_commas++;
    if (*behind == '.') found.n_points++;
    if (is_digit(*behind)) has_digits = true;
  }
  if (!has_digits) return false;
  bool has_exponent = false;
  if (behind < end && (*behind == 'e' || *behind == 'E')) {
    const char *exponent = skip_sign(behind + 1, end);
    if (exponent == end || skip_digits(exponent, end) != end) return false;
    has_exponent = true;
  } else if (behind < end) {
    return false;
  }
  found.is_comma_decimal = found.n_commas == 1 && found.n_points == 0;
  found.is_comma_grouped = !has_exponent && is_grouped(begin, behind, ',', '.');
  found.is_point_grouped = !has_exponent && is_grouped(begin, behind, '.', ',');
  found.begins_with_zero = *begin == '0';
  *shape = found;
  return true;
}
