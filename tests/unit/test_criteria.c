/* SPDX-License-Identifier: BSD-3-Clause */
/* Information criteria against numbers worked out by hand. */
#include "mixture/criteria.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* cmocka compares floats only. */
static void assert_close(double value, double expected, double tolerance)
{
  if (!(fabs(value - expected) <= tolerance)) fail_msg("%.17g is not %.17g", value, expected);
}

/* log L = -100, sum log max responsibility = -3, 5 parameters, 8 points; log 8 = 2.0794415416798359. */
static void test_by_hand(void **state)
{
  (void)state;
  const information_criteria criteria = criteria_of(-100.0, -3.0, 5, 8);
  assert_close(criteria.bic, 210.39720770839918, 1e-12);
  assert_close(criteria.aic, 210.0, 1e-12);
  assert_close(criteria.icl, 216.39720770839918, 1e-12);
}

/* When every point is certain of its component, ICL is BIC; of one point the logarithm of n is no penalty. */
static void test_limits(void **state)
{
  (void)state;
  const information_criteria criteria = criteria_of(12.5, 0.0, 7, 1);
  assert_close(criteria.bic, -25.0, 1e-12);
  assert_close(criteria.aic, -11.0, 1e-12);
  assert_close(criteria.icl, criteria.bic, 0.0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_by_hand), cmocka_unit_test(test_limits)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
