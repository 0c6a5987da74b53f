/* SPDX-License-Identifier: BSD-3-Clause */
/* What a sample of a number says about its distribution. */
#ifndef FIT_QUANTILE_H
#define FIT_QUANTILE_H

#include <stdint.h>

/* Puts n numbers (no NaN) into ascending order. */
void sort_numbers(int64_t n, double *numbers);

/* The quantile for a probability 0 <= p <= 1 of n >= 1 numbers in ascending order: linear between the order statistics,
 * of which the i-th (from 0) is that of p = i / (n - 1) (Hyndman, Fan 1996, "Sample quantiles in statistical packages",
 * definition 7: what R's quantile and numpy.quantile give). */
double quantile_of_sorted(int64_t n, const double *sorted, double p);

/* The standard deviation of n numbers, with n - 1 in the denominator; NaN for fewer than 2. */
double standard_deviation(int64_t n, const double *numbers);

#endif
