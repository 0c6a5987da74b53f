/* SPDX-License-Identifier: BSD-3-Clause */
/* Sums whose result does not depend on the order of the summands, so that any number of ranks gets the same bits.
 *
 * A double becomes an integer in limbs of 64-bit words; limbs are added with plain integer addition (within a rank, and
 * among ranks with MPI_SUM on MPI_INT64_T) and turned back into a double once, at the end. Two kinds:
 *
 * Fixed point, for many values whose bound is known: FIXED_LIMBS limbs of FIXED_BITS bits count in units of the bound
 * times 2^-120. Every limb of one value is at most 2^40 in size, so 2^22 values can be added before anything could
 * overflow (2^62 < 2^63). What a value loses is below 2^-121 of the bound.
 *
 * Full range, for a few values without a bound: FULL_RANGE_LIMBS limbs of 32 bits cover all of a double's exponents;
 * nothing is lost, and 2^30 values can be added. (Compare Demmel, Nguyen 2015, "Parallel reproducible summation".) */
#ifndef SUPPORT_EXACT_SUM_H
#define SUPPORT_EXACT_SUM_H

#include <stdint.h>

enum { FIXED_LIMBS = 3, FIXED_BITS = 40 };

/* The most values that may be added to one fixed-point sum. */
#define FIXED_MOST_VALUES (INT64_C(1) << 22)

/* A power of two, at least 2 |bound| and at most 4 |bound|, kept within 2^-500 ... 2^500, so that products of two are
 * safe.
 */
double fixed_scale(double bound);

/* Adds values[i] / scale[i] (which must be within -1 ... 1) to high[i], middle[i], low[i] for i < n; 1 / scale[i] is
 * inverse_scales[i] * factor, powers of two. */
void fixed_add(int64_t n, const double *values, const double *inverse_scales, double factor, int64_t *high,
               int64_t *middle, int64_t *low);

/* Many values whose limbs lie one behind the other, row after row: fixed_add in few calls, since rows are collected and
 * added together, in the vectors that the processor has. Rows and their inverse scales are readable up to a whole
 * FIXED_GROUP of numbers, which count for nothing.
 *
 *   fixed_run_begin -> fixed_run_value, _row, _squares, _triangle, in any order -> fixed_run_end */
enum { FIXED_RUN = 1024, FIXED_GROUP = 8 };
typedef struct fixed_run {
  int64_t *high, *middle, *low; /* of the first value that is not yet added */
  int64_t n;
  double scaled[FIXED_RUN + FIXED_GROUP]; /* n, in units of their scales */
} fixed_run;
void fixed_run_begin(fixed_run *run, int64_t *high, int64_t *middle, int64_t *low);
void fixed_run_value(fixed_run *run, double value, double inverse_scale);
void fixed_run_row(fixed_run *run, int64_t n, const double *values, const double *inverse_scales, double factor);
/* 1 / scale[i] is inverse_scales[i]^2 * factor. */
void fixed_run_squares(fixed_run *run, int64_t n, const double *values, const double *inverse_scales, double factor);
/* values[i * stride + j] for j <= i < n, row after row; 1 / scale is inverse_scales[i] * inverse_scales[j] * factor. */
void fixed_run_triangle(fixed_run *run, int64_t n, const double *values, int64_t stride, const double *inverse_scales,
                        double factor);
void fixed_run_end(fixed_run *run);

/* The double nearest (within two units in the last place) to the sum of which these are the limbs. */
double fixed_value(int64_t high, int64_t middle, int64_t low, double scale);

/* What fixed_add for each of few summands and fixed_value make of n values: values has n_summands rows of n, of which
 * none exceeds its scale in size; inverse_scales: n powers of two. */
void fixed_sum_of_few(int64_t n, int64_t n_summands, const double *values, const double *inverse_scales, double *sums);

enum { FULL_RANGE_LIMBS = 70 };

/* Adds a value to FULL_RANGE_LIMBS limbs. One that is not finite makes the sum infinite. */
void full_range_add(int64_t *limbs, double value);

/* Adds n values by their sum, exact but for what is lost of 2^-53 of its parts: two additions instead of n. What is
 * added depends on the values alone. */
void full_range_add_all(int64_t *limbs, int64_t n, const double *values);

/* The sum as a double, within one unit in the last place. */
double full_range_value(const int64_t *limbs);

#endif
