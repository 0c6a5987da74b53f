/* SPDX-License-Identifier: BSD-3-Clause */
#include "mixture/tails.h"

#include <math.h>

/* From here on the asymptotic series below are right to the last bits. */
enum { LARGE = 16 };

/* log Gamma(x) = (x - 1/2) log x - x + log(2 pi)/2 + this (Stirling's series; Abramowitz, Stegun, 6.1.41). */
static double stirling_remainder(double x)
{
  const double y = 1.0 / (x * x);
  return (1.0 / 12 - y * (1.0 / 360 - y * (1.0 / 1260 - y * (1.0 / 1680 - y * (1.0 / 1188 - y * (691.0 / 360360)))))) /
         x;
}

double tails_log_factor(double dof, double n_features)
{
  const double h = 0.5 * n_features;
  double a = 0.5 * dof;
  double sum = 0.0;
  /* Gamma(a + 1) = a Gamma(a). */
  while (a < LARGE) {
    sum += h * log1p(1.0 / a) - log1p(h / a);
    a += 1.0;
  }
  return sum + ((a + h - 0.5) * log1p(h / a) - h) + (stirling_remainder(a + h) - stirling_remainder(a));
}

/* Abramowitz, Stegun, 6.3.18 and 6.3.5. */
double tails_digamma_less_log(double x)
{
  double sum = 0.0;
  while (x < LARGE) {
    sum += log1p(1.0 / x) - 1.0 / x;
    x += 1.0;
  }
  const double y = 1.0 / (x * x);
  return sum - 0.5 / x -
         y * (1.0 / 12 - y * (1.0 / 120 - y * (1.0 / 252 - y * (1.0 / 240 - y * (1.0 / 132 - y * (691.0 / 32760))))));
}

/* Newton's steps in log dof, of which the function is nearly the exponential, within a bracket. */
double tails_solve_dof(double excess)
{
  double low = DOF_LEAST;
  double high = DOF_MOST;
  if (!(excess > -tails_digamma_less_log(0.5 * high))) return high;
  if (excess >= -tails_digamma_less_log(0.5 * low)) return low;
  double dof = fmin(fmax(1.0 / excess, low), high);
  for (int i = 0; i < 100; i++) {
    const double value = -tails_digamma_less_log(0.5 * dof);
    if (value > excess)
      low = dof;
    else
      high = dof;
    /* The slope of log value over log dof is between -1 and -2; a secant of a small step is good enough. */
    const double step = 0x1p-20;
    const double beside = -tails_digamma_less_log(0.5 * dof * (1.0 + step));
    const double slope = (log(beside) - log(value)) / log1p(step);
    double next = dof * exp(-(log(value) - log(excess)) / slope);
    if (!(next > low && next < high)) next = sqrt(low * high);
    if (fabs(next - dof) <= 0x1p-50 * dof) return next;
    dof = next;
  }
  return dof;
}
