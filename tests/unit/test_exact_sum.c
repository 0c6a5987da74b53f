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

/* --- runs: the same limbs as value by value --- */

enum { MOST_FEATURES = 1100, RUN_VALUES = 2 + 2 * MOST_FEATURES + 50 * 51 / 2 };

typedef struct limb_walk {
  int64_t *limbs; /* 3 x RUN_VALUES */
  int64_t next;
} limb_walk;

static void add_one(limb_walk *walk, double value, double inverse_scale)
{
  const double one = 1.0;
  int64_t *limbs = walk->limbs + walk->next++;
  fixed_add(1, &value, &one, inverse_scale, limbs, limbs + RUN_VALUES, limbs + 2 * RUN_VALUES);
}

/* A value, a row, squares, a triangle of the first features, and a value, with numbers behind each row that count for
 * nothing. */
static void check_run(int64_t d)
{
  const int64_t width = (d + FIXED_GROUP - 1) / FIXED_GROUP * FIXED_GROUP;
  const int64_t side = d < 50 ? d : 50;
  const double factor = 0x1p-11;
  double *values = malloc((size_t)(width * (side + 1)) * sizeof *values);
  double *scales = malloc((size_t)width * sizeof *scales);
  int64_t *limbs[2];
  for (int i = 0; i < 2; i++) limbs[i] = calloc(3 * RUN_VALUES, sizeof *limbs[i]);
  assert_true(values != NULL && scales != NULL && limbs[0] != NULL && limbs[1] != NULL);
  for (int64_t j = 0; j < width; j++) scales[j] = ldexp(1.0, rand() % 40 - 20);
  fixed_run run;
  for (int round = 0; round < 3; round++) {
    for (int64_t i = 0; i < width * (side + 1); i++) values[i] = random_double(0x1p-40);
    fixed_run_begin(&run, limbs[0], limbs[0] + RUN_VALUES, limbs[0] + 2 * RUN_VALUES);
    fixed_run_value(&run, values[0], factor);
    fixed_run_row(&run, d, values, scales, factor);
    fixed_run_squares(&run, d, values, scales, factor);
    fixed_run_triangle(&run, side, values + width, width, scales, factor);
    fixed_run_value(&run, values[d - 1], factor);
    fixed_run_end(&run);
    limb_walk walk = {limbs[1], 0};
    add_one(&walk, values[0], factor);
    for (int64_t j = 0; j < d; j++) add_one(&walk, values[j], scales[j] * factor);
    for (int64_t j = 0; j < d; j++) add_one(&walk, values[j], scales[j] * scales[j] * factor);
    for (int64_t i = 0; i < side; i++) {
      for (int64_t j = 0; j <= i; j++) add_one(&walk, values[(i + 1) * width + j], scales[i] * scales[j] * factor);
    }
    add_one(&walk, values[d - 1], factor);
    assert_true(walk.next <= RUN_VALUES);
  }
  assert_memory_equal(limbs[0], limbs[1], 3 * RUN_VALUES * sizeof(int64_t));
  free(values);
  free(scales);
  for (int i = 0; i < 2; i++) free(limbs[i]);
}

static void runs_add_what_single_values_add(void **state)
{
  (void)state;
  const int64_t features[] = {1, 2, 3, 7, 8, 9, 16, 31, 64, 100, FIXED_RUN - 1, FIXED_RUN, MOST_FEATURES};
  for (size_t i = 0; i < sizeof features / sizeof *features; i++) check_run(features[i]);
}

/* Of any sizes, down to what is lost, and any signs of zero. */
static void few_summands_add_up_to_the_same(void **state)
{
  (void)state;
  enum { N = 150, MOST = 16 };
  static double values[MOST * N];
  double inverse_scales[N];
  double sums[N];
  for (int n_summands = 1; n_summands <= MOST; n_summands++) {
    for (int i = 0; i < N; i++) {
      const double scale = fixed_scale(ldexp(1.0, rand() % 80 - 40));
      inverse_scales[i] = 1.0 / scale;
      for (int s = 0; s < n_summands; s++)
        values[s * N + i] = rand() % 8 == 0 ? -0.0 : random_double(scale * (rand() % 4 == 0 ? 0x1p-70 : 1.0));
    }
    fixed_sum_of_few(N, n_summands, values, inverse_scales, sums);
    for (int i = 0; i < N; i++) {
      int64_t limbs[FIXED_LIMBS] = {0};
      for (int s = 0; s < n_summands; s++)
        fixed_add(1, &values[s * N + i], &inverse_scales[i], 1.0, &limbs[0], &limbs[1], &limbs[2]);
      const double expected = fixed_value(limbs[0], limbs[1], limbs[2], 1.0 / inverse_scales[i]);
      assert_memory_equal(&sums[i], &expected, sizeof expected);
    }
  }
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
      cmocka_unit_test(runs_add_what_single_values_add),
      cmocka_unit_test(few_summands_add_up_to_the_same),
      cmocka_unit_test(scale_of_nothing_is_usable),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
