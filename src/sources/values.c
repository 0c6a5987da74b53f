/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/values.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

const value_rule value_rule_of_plain_numbers = {.valid_least = NAN, .valid_most = NAN, .scale = 1.0};

/* NaN: no limit. */
static bool are_same_limits(double a, double b)
{
  return a == b || (isnan(a) && isnan(b));
}

bool value_rules_are_same(const value_rule *a, const value_rule *b)
{
  bool are_same = a->n_fills == b->n_fills && are_same_limits(a->valid_least, b->valid_least) &&
                  are_same_limits(a->valid_most, b->valid_most) && a->limits_values == b->limits_values &&
                  a->scale == b->scale && a->offset == b->offset && a->wrap == b->wrap;
  for (int i = 0; are_same && i < a->n_fills; i++) are_same = a->fills[i] == b->fills[i];
  return are_same;
}

void value_rule_add_fill(value_rule *rule, double fill)
{
  bool is_known = isnan(fill);
  for (int i = 0; i < rule->n_fills; i++) is_known = is_known || rule->fills[i] == fill;
  if (!is_known && rule->n_fills < MOST_FILLS) rule->fills[rule->n_fills++] = fill;
}

/* The bits of a quiet NaN that no arithmetic makes. */
static const uint64_t text_bits = UINT64_C(0x7ff8000000746578);

double value_of_text(void)
{
  double value;
  memcpy(&value, &text_bits, sizeof value);
  return value;
}

bool value_is_text(double value)
{
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits == text_bits;
}

double value_wrapped(double number, double wrap)
{
  const bool is_other = wrap > 0.0 ? number < 0.0 : number >= -0.5 * wrap;
  return wrap != 0.0 && is_other ? number + wrap : number;
}

static double value_of(const value_rule *rule, double number)
{
  number = value_wrapped(number, rule->wrap);
  for (int i = 0; i < rule->n_fills; i++) {
    if (number == rule->fills[i]) return NAN;
  }
  const bool is_plain = rule->scale == 1.0 && rule->offset == 0.0;
  const double value = is_plain ? number : number * rule->scale + rule->offset;
  const double limited = rule->limits_values ? value : number;
  return limited < rule->valid_least || limited > rule->valid_most ? NAN : value;
}

static bool is_missing(const missing_values *missing, double value)
{
  bool found = false;
  for (int i = 0; i < missing->n_numbers; i++) {
    const double number = missing->numbers[i];
    found = found || value == number || value == (double)(float)number;
  }
  return found;
}

void values_apply(const value_rule *rules, const missing_values *missing, int64_t n_rows, int64_t n_features,
                  double *rows)
{
  if (rules != NULL) {
    for (int64_t i = 0; i < n_rows; i++) {
      for (int64_t j = 0; j < n_features; j++) rows[i * n_features + j] = value_of(&rules[j], rows[i * n_features + j]);
    }
  }
  if (missing == NULL || missing->n_numbers == 0) return;
  for (int64_t i = 0; i < n_rows * n_features; i++) {
    if (is_missing(missing, rows[i])) rows[i] = NAN;
  }
}
