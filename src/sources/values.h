/* SPDX-License-Identifier: BSD-3-Clause */
/* What the numbers of a file stand for: some for a value that is missing, others for themselves times a scale. One rule
 * for each feature, whatever the kind of file; kinds set them from what the file says. */
#ifndef SOURCES_VALUES_H
#define SOURCES_VALUES_H

#include <stdbool.h>
#include <stdint.h>

enum { MOST_FILLS = 8 };

/* The value is missing where the number in the file is one of the fills or out of the valid range (NaN: no limit);
 * else it is number * scale + offset. */
typedef struct value_rule {
  double fills[MOST_FILLS];
  int n_fills;
  double valid_least, valid_most; /* both valid */
  bool limits_values;             /* is the valid range one of values, rather than of numbers in the file? */
  double scale, offset;
  double wrap; /* integers of the other sign: 256 makes bytes of -128 to 127 those of 0 to 255, -256 the other way
                  round; before all else, and of fills and limits as well. 0: none */
} value_rule;

extern const value_rule value_rule_of_plain_numbers;

/* An integer as one of the other sign, see wrap. */
double value_wrapped(double number, double wrap);

/* Do numbers stand for the same by both? */
bool value_rules_are_same(const value_rule *a, const value_rule *b);

/* Adds a fill to the rule, once; no more than there is room for. NaN, which is missing anyway, is none. */
void value_rule_add_fill(value_rule *rule, double fill);

/* A NaN that stands for text where a number is expected; any other NaN is a missing value. */
double value_of_text(void);
bool value_is_text(double value);

/* Numbers that a user calls missing (--missing-values), in any feature. */
enum { MOST_MISSING = 32, MISSING_BYTES = 32 };
typedef struct missing_values {
  int n_numbers, n_words;
  double numbers[MOST_MISSING];            /* a float of the file is one, too, if it is nearest to it */
  char words[MOST_MISSING][MISSING_BYTES]; /* all that was said, as text: "-999", "NA" */
} missing_values;

/* Applies rules (n_features, or NULL) and then missing (or NULL) to rows: n_rows x n_features. */
void values_apply(const value_rule *rules, const missing_values *missing, int64_t n_rows, int64_t n_features,
                  double *rows);

#endif
