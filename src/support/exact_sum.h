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

/* The double nearest (within two units in the last place) to the sum of which these are the limbs. */
double fixed_value(int64_t high, int64_t middle, int64_t low, double scale);

enum { FULL_RANGE_LIMBS = 70 };

/* Adds a value to FULL_RANGE_LIMBS limbs. One that is not finite makes the sum infinite. */
void full_range_add(int64_t *limbs, double value);

/* Adds n values by their sum, exact but for what is lost of 2^-53 of its parts: two additions instead of n. What is
 * added depends on the values alone. */
void full_range_add_all(int64_t *limbs, int64_t n, const double *values);

/* The sum as a double, within one unit in the last place. */
double full_range_value(const int64_t *limbs);

#endif
