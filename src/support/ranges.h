/* SPDX-License-Identifier: BSD-3-Clause */
/* Ranges of numbers that lie one behind the other, by where they begin. */
#ifndef SUPPORT_RANGES_H
#define SUPPORT_RANGES_H

#include <stdint.h>

/* Which of n ranges has this number, at least begins[0] and less than begins[n]? begins: n + 1, ascending; ranges may
 * be empty. */
static inline int64_t range_with(int64_t n, const int64_t *begins, int64_t number)
{
  int64_t low = 0;
  int64_t high = n - 1;
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    if (begins[middle + 1] > number) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

#endif
