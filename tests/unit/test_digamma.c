/* SPDX-License-Identifier: BSD-3-Clause */
/* The digamma function against closed forms and the duplication formula. */
#include "support/digamma.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const long double euler = 0.57721566490153286060651209008240243L;

static void near(double found, long double expected)
{
  const long double scale = fmaxl(fabsl(expected), 1.0L);
  assert_true(fabsl((long double)found - expected) <= 2e-15L * scale);
}

static void integers_and_halves(void **unused)
{
  (void)unused;
  long double integer = -euler;
  long double half = -euler - 2.0L * logl(2.0L);
  for (int n = 1; n <= 400; n++) {
    near(digamma((double)n), integer);
    near(digamma((double)n - 0.5), half);
    integer += 1.0L / (long double)n;
    half += 1.0L / ((long double)n - 0.5L);
  }
}

/* psi(2x) = psi(x) / 2 + psi(x + 1/2) / 2 + log 2 (Abramowitz, Stegun 1972, eq. 6.3.8). */
static void arguments_of_all_sizes(void **unused)
{
  (void)unused;
  for (double x = 1e-12; x < 1e12; x *= 1.7) {
    const long double sum = 0.5L * digamma(x) + 0.5L * digamma(x + 0.5) + logl(2.0L);
    near(digamma(2.0 * x), sum);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {cmocka_unit_test(integers_and_halves), cmocka_unit_test(arguments_of_all_sizes)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
