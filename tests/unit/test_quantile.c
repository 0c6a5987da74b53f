/* SPDX-License-Identifier: BSD-3-Clause */
/* Quantiles and standard deviations of samples, by closed forms and numbers that R gives. */
#include "fit/quantile.h"
#include "unit/matrices.h"

static void quantiles_of_whole_numbers(void **state)
{
  (void)state;
  double numbers[101];
  for (int i = 0; i <= 100; i++) numbers[i] = (double)((i * 37) % 101); /* 0 ... 100 in another order */
  sort_numbers(101, numbers);
  for (int i = 0; i <= 100; i++) assert_true(numbers[i] == (double)i);
  for (int p = 0; p <= 1000; p++) /* of 0 ... 100 the quantile for p is 100 p */
    assert_near(quantile_of_sorted(101, numbers, (double)p / 1000.0), (long double)p / 10.0L, 1e-13L);
}

/* quantile(c(2, 3, 5, 7, 11), c(0, 0.025, 0.1, 0.5, 0.9, 0.975, 1)) of R 4.2.2 */
static void quantiles_as_r_gives_them(void **state)
{
  (void)state;
  double numbers[] = {11.0, 2.0, 7.0, 3.0, 5.0};
  const double probabilities[] = {0.0, 0.025, 0.1, 0.5, 0.9, 0.975, 1.0};
  const double expected[] = {2.0, 2.1, 2.4, 5.0, 9.4, 10.6, 11.0};
  sort_numbers(5, numbers);
  for (int i = 0; i < 7; i++) assert_near(quantile_of_sorted(5, numbers, probabilities[i]), expected[i], 1e-14L);
  assert_true(quantile_of_sorted(1, numbers, 0.3) == 2.0);
}

/* Of 1 ... n it is sqrt(n (n + 1) / 12), wherever they are. */
static void standard_deviations(void **state)
{
  (void)state;
  double numbers[1000];
  const double origins[] = {0.0, -7.0, 1e9};
  for (int o = 0; o < 3; o++) {
    for (int n = 2; n <= 1000; n += 83) {
      for (int i = 0; i < n; i++) numbers[i] = origins[o] + (double)(i + 1);
      assert_near(standard_deviation(n, numbers), sqrtl((long double)n * (n + 1) / 12.0L), 1e-12L * n);
    }
  }
  assert_true(isnan(standard_deviation(1, numbers)) && isnan(standard_deviation(0, numbers)));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(quantiles_of_whole_numbers),
      cmocka_unit_test(quantiles_as_r_gives_them),
      cmocka_unit_test(standard_deviations),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
