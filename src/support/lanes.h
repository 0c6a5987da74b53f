/* SPDX-License-Identifier: BSD-3-Clause */
/* Choices between numbers side by side, without branches, which a processor would often guess wrongly. */
#ifndef SUPPORT_LANES_H
#define SUPPORT_LANES_H

#include <stdint.h>

/* Where values (n) are smaller than best (n): best becomes the value, and index (n) becomes `of`. */
void lanes_keep_smaller(int64_t n, const double *values, double of, double *best, double *index);

/* The same where they are larger. */
void lanes_keep_larger(int64_t n, const double *values, double of, double *best, double *index);

#endif
