/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/digamma.h"

#include <math.h>

/* From here on the series is exact to the last digit. */
static const double large = 10.0;

double digamma(double x)
{
  double before = 0.0;
  while (x < large) {
    before += 1.0 / x;
    x += 1.0;
  }
  const double t = 1.0 / (x * x);
  /* Bernoulli numbers B_2n / 2n. */
  const double series =
      t *
      (1.0 / 12.0 -
       t * (1.0 / 120.0 -
            t * (1.0 / 252.0 - t * (1.0 / 240.0 - t * (1.0 / 132.0 - t * (691.0 / 32760.0 -
                                                                          t * (1.0 / 12.0 - t * 3617.0 / 8160.0)))))));
  return log(x) - 0.5 / x - series - before;
}
