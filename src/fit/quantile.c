/* SPDX-License-Identifier: BSD-3-Clause */
#include "fit/quantile.h"

#include <math.h>
#include <stdlib.h>

static int compare_numbers(const void *a, const void *b)
{
  const double x = *(const double *)a;
  const double y = *(const double *)b;
  return (x > y) - (x < y);
}

void sort_numbers(int64_t n, double *numbers)
{
  qsort(numbers, (size_t)n, sizeof *numbers, compare_numbers);
}

double quantile_of_sorted(int64_t n, const double *sorted, double p)
{
  const double place = p * (double)(n - 1);
  const int64_t below = (int64_t)place;
  if (below >= n - 1) return sorted[n - 1];
  return sorted[below] + (place - (double)below) * (sorted[below + 1] - sorted[below]);
}

/* In two passes, so that nothing is lost to a large mean. */
double standard_deviation(int64_t n, const double *numbers)
{
  double mean = 0.0;
  double sum = 0.0;
  double square = 0.0;
  for (int64_t i = 0; i < n; i++) mean += numbers[i] / (double)n;
  for (int64_t i = 0; i < n; i++) {
    sum += numbers[i] - mean;
    square += (numbers[i] - mean) * (numbers[i] - mean);
  }
  return n < 2 ? NAN : sqrt(fmax(square - sum * sum / (double)n, 0.0) / (double)(n - 1));
}
