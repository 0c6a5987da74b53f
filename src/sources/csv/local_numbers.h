/* SPDX-License-Identifier: BSD-3-Clause */
/* Numbers as they are written where a comma stands before the decimals or between groups of three digits. */
#ifndef SOURCES_CSV_LOCAL_NUMBERS_H
#define SOURCES_CSV_LOCAL_NUMBERS_H

#include <stdbool.h>

/* How a text could be read that has a sign, digits, commas and points, and nothing else but perhaps an exponent. */
typedef struct local_shape {
  int n_commas, n_points;
  bool is_comma_decimal; /* "3,5" "-,25" "1,5e3": one comma, no point */
  bool is_comma_grouped; /* "1,234" "1,234,567.8": at least one comma, three digits behind each */
  bool is_point_grouped; /* "1.234" "1.234.567,8": the other way round */
  bool begins_with_zero; /* "0,123": no group begins so */
} local_shape;

/* The text from begin to end, without blanks around. False, and all zero: it is nothing of this kind. */
bool local_shape_of(const char *begin, const char *end, local_shape *shape);

#endif
