/* SPDX-License-Identifier: BSD-3-Clause */
/* Sums that do not depend on order: against 128-bit integers and long double, and against themselves shuffled. */
#include "support/exact_sum.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

__extension__ typedef __int128 wide_integer;

static double random_double(double size)
{
  return size * (2.0 * (double)rand() / RAND_MAX - 1.0) * pow(2.0, -(rand() % 60));
}

static void full_range_is_exact_where_long_double_is(void **state)
{
  (void)state;
  for (int trial = 0; trial < 200; trial++) {
    int64_t limbs[FULL_RANGE_LIMBS] = {0};
    wide_integer exact = 0; /* in units of 2^-60 */
    for (int i = 0; i < 500; i++) {
      const int64_t integer = ((int64_t)rand() << 22) ^ rand();
      const double value = ldexp((double)(rand() % 2 ? integer : -integer), -(rand() % 60));
      full_range_add(limbs, value);
      exact += (wide_integer)ldexpl((long double)value, 60);
    }
    const double expected = (double)ldexpl((long double)exact, -60);
    assert_true(fabs(full_range_value(limbs) - expected) <= fabs(expected) * 0x1p-52);
  }
}

static void full_range_survives_cancellation(void **state)
{
  (void)state;
  int64_t limbs[FULL_RANGE_LIMBS] = {0};
  const double values[] = {1e300, 1.0, -1e300, 5e-324, 1e-300, -1e-300, 1e17, -1e17, 0.0};
  for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) full_range_add(limbs, values[i]);
  assert_true(full_range_value(limbs) == 1.0);
  full_range_add(limbs, -1.0);
  assert_true(full_range_value(limbs) == 5e-324);
  full_range_add(limbs, -5e-324);
  assert_true(full_range_value(limbs) == 0.0);
  full_range_add(limbs, -1.7976931348623157e308);
  assert_true(full_range_value(limbs) == -1.7976931348623157e308);
}

static void full_range_does_not_hide_what_is_not_finite(void **state)
{
  (void)state;
  const double values[] = {NAN, INFINITY, -INFINITY};
  for (int i = 0; i < 3; i++) {
    int64_t limbs[FULL_RANGE_LIMBS] = {0};
    full_range_add(limbs, 3.0);
    full_range_add(limbs, values[i]);
    assert_true(!isfinite(full_range_value(limbs)));
  }
}

static void full_range_keeps_single_numbers(void **state)
{
  (void)state;
  for (int trial = 0; trial < 100000; trial++) {
    const double value = ldexp(random_double(1.0), rand() % 2000 - 1000);
    int64_t limbs[FULL_RANGE_LIMBS] = {0};
    full_range_add(limbs, value);
    assert_true(full_range_value(limbs) == value);
  }
}

enum { N_SUMS = 7, N_VALUES = 3000 };

static void add_all(double values[N_VALUES][N_SUMS], const double *inverse_scales, const int *order,
                    int64_t limbs[3][N_SUMS])
{
  memset(limbs, 0, 3 * N_SUMS * sizeof(int64_t));
  for (int i = 0; i < N_VALUES; i++)
    fixed_add(N_SUMS, values[order[i]], inverse_scales, 1.0, limbs[0], limbs[1], limbs[2]);
}

static void fixed_point_is_precise_and_knows_no_order(void **state)
{
  (void)state;
  static double values[N_VALUES][N_SUMS];
  const double bounds[N_SUMS] = {1.0, 1e-30, 1e30, 12345.678, 3e-9, 0x1p-20, 7.0};
  double scales[N_SUMS];
  double inverse_scales[N_SUMS];
  int order[N_VALUES];
  for (int s = 0; s < N_SUMS; s++) {
    scales[s] = fixed_scale(bounds[s]);
    inverse_scales[s] = 1.0 / scales[s];
    assert_true(scales[s] >= 2.0 * bounds[s] && scales[s] <= 8.0 * bounds[s]);
    for (int i = 0; i < N_VALUES; i++) values[i][s] = random_double(bounds[s]);
  }
  for (int i = 0; i < N_VALUES; i++) order[i] = i;
  int64_t limbs[3][N_SUMS];
  int64_t shuffled[3][N_SUMS];
  add_all(values, inverse_scales, order, limbs);
  for (int i = N_VALUES - 1; i > 0; i--) {
    const int j = rand() % (i + 1);
    const int keep = order[i];
    order[i] = order[j];
    order[j] = keep;
  }
  add_all(values, inverse_scales, order, shuffled);
  assert_memory_equal(limbs, shuffled, sizeof limbs);

  for (int s = 0; s < N_SUMS; s++) {
    long double expected = 0.0L;
    long double size = 0.0L;
    for (int i = 0; i < N_VALUES; i++) {
      expected += values[i][s];
      size += fabsl((long double)values[i][s]);
    }
    const double sum = fixed_value(limbs[0][s], limbs[1][s], limbs[2][s], scales[s]);
    assert_true(fabsl(sum - expected) <= 0x1p-52L * fabsl(expected) + 0x1p-60L * size);
  }
}

static void fixed_point_holds_as_many_values_as_it_says(void **state)
{
  (void)state;
  const double scale = fixed_scale(3.0);
  const double inverse_scale = 1.0 / scale;
  const double value = -scale; /* the largest allowed */
  int64_t limbs[3] = {0};
  for (int64_t i = 0; i < FIXED_MOST_VALUES; i++)
    fixed_add(1, &value, &inverse_scale, 1.0, &limbs[0], &limbs[1], &limbs[2]);
  assert_true(fixed_value(limbs[0], limbs[1], limbs[2], scale) == -scale * 0x1p22);
}

static void scale_of_nothing_is_usable(void **state)
{
  (void)state;
  assert_true(fixed_scale(0.0) == 1.0);
  assert_true(fixed_scale(1e-320) == 0x1p-500);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(full_range_is_exact_where_long_double_is),
      cmocka_unit_test(full_range_survives_cancellation),
      cmocka_unit_test(full_range_keeps_single_numbers),
      cmocka_unit_test(full_range_does_not_hide_what_is_not_finite),
      cmocka_unit_test(fixed_point_is_precise_and_knows_no_order),
      cmocka_unit_test(fixed_point_holds_as_many_values_as_it_says),
      cmocka_unit_test(scale_of_nothing_is_usable),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
