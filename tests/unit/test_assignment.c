/* SPDX-License-Identifier: BSD-3-Clause */
/* The assignment of least cost, against all there are. */
#include "support/assignment.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { MOST = 7 };

/* A number of 0 ... 1 with few digits, so that sums are exact and ties are many; xorshift (Marsaglia 2003). */
static double next_cost(uint64_t *state, int n_values)
{
  *state ^= *state << 13;
  *state ^= *state >> 7;
  *state ^= *state << 17;
  return (double)((*state >> 20) % (uint64_t)n_values) / 1024.0;
}

/* The least sum over all ways of pairing the rows from `row` on with columns that are free, when n_left_out rows may go
 * without one. */
static double least_sum(int n_rows, int n_columns, const double *costs, int row, unsigned taken, int n_left_out)
{
  if (row == n_rows) return 0.0;
  double least = n_left_out > 0 ? least_sum(n_rows, n_columns, costs, row + 1, taken, n_left_out - 1) : INFINITY;
  for (int j = 0; j < n_columns; j++) {
    if ((taken & 1u << j) != 0) continue;
    const double sum =
        costs[row * n_columns + j] + least_sum(n_rows, n_columns, costs, row + 1, taken | 1u << j, n_left_out);
    least = fmin(least, sum);
  }
  return least;
}

static void check(int n_rows, int n_columns, const double *costs)
{
  int64_t columns[MOST];
  gmmpi_error error = {0};
  assert_int_equal(assignment_solve(n_rows, n_columns, costs, columns, &error), GMMPI_OK);
  unsigned taken = 0;
  int n_paired = 0;
  double sum = 0.0;
  for (int i = 0; i < n_rows; i++) {
    assert_in_range(columns[i] + 1, 0, n_columns);
    if (columns[i] < 0) continue;
    assert_int_equal(taken & 1u << columns[i], 0);
    taken |= 1u << columns[i];
    sum += costs[i * n_columns + columns[i]];
    n_paired++;
  }
  assert_int_equal(n_paired, n_rows < n_columns ? n_rows : n_columns);
  const double least = least_sum(n_rows, n_columns, costs, 0, 0, n_rows > n_columns ? n_rows - n_columns : 0);
  assert_true(fabs(sum - least) <= 1e-12 * fmax(1.0, fabs(least)));
}

static void test_against_all(void **state)
{
  (void)state;
  uint64_t random = 88172645463325252u;
  double costs[MOST * MOST];
  for (int n_rows = 1; n_rows <= MOST; n_rows++) {
    for (int n_columns = 1; n_columns <= MOST; n_columns++) {
      if (n_rows + n_columns > 12) continue;
      for (int n_values = 2; n_values <= 1 << 20; n_values *= 32) {
        for (int i = 0; i < n_rows * n_columns; i++) costs[i] = next_cost(&random, n_values) - 0.25;
        check(n_rows, n_columns, costs);
      }
    }
  }
}

/* Costs of very different sizes: one that must be avoided, and differences far below it. */
static void test_sizes(void **state)
{
  (void)state;
  const double costs[] = {1e9, 1.0, 2.0, 1.0, 1e9, 1e9, 3.0, 1e9, 5.0};
  int64_t columns[3];
  gmmpi_error error = {0};
  assert_int_equal(assignment_solve(3, 3, costs, columns, &error), GMMPI_OK);
  assert_int_equal(columns[0], 1);
  assert_int_equal(columns[1], 0);
  assert_int_equal(columns[2], 2);
}

/* The greedy choice, 0 with 0, would cost 101. */
static void test_is_not_greedy(void **state)
{
  (void)state;
  const double costs[] = {1, 2, 2, 100};
  int64_t columns[2];
  gmmpi_error error = {0};
  assert_int_equal(assignment_solve(2, 2, costs, columns, &error), GMMPI_OK);
  assert_int_equal(columns[0], 1);
  assert_int_equal(columns[1], 0);
}

/* 400 x 500, where the best is known: a permutation of zeros among positive numbers. */
static void test_large(void **state)
{
  (void)state;
  enum { N_ROWS = 400, N_COLUMNS = 500 };
  uint64_t random = 7;
  double *costs = malloc(N_ROWS * N_COLUMNS * sizeof *costs);
  int64_t *columns = malloc(N_ROWS * sizeof *columns);
  gmmpi_error error = {0};
  for (int i = 0; i < N_ROWS * N_COLUMNS; i++) costs[i] = 1e-3 + next_cost(&random, 1000);
  for (int i = 0; i < N_ROWS; i++) costs[i * N_COLUMNS + (i * 7 + 3) % N_COLUMNS] = 0.0;
  assert_int_equal(assignment_solve(N_ROWS, N_COLUMNS, costs, columns, &error), GMMPI_OK);
  for (int i = 0; i < N_ROWS; i++) assert_int_equal(columns[i], (i * 7 + 3) % N_COLUMNS);
  free(costs);
  free(columns);
}

static void test_too_large(void **state)
{
  (void)state;
  assert_true(assignment_bytes(INT64_MAX / 8, 2) == INT64_MAX);
  assert_true(assignment_bytes(10, 20) >= 8 * (11 + 4 * 21) + 21);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_against_all), cmocka_unit_test(test_sizes),     cmocka_unit_test(test_is_not_greedy),
      cmocka_unit_test(test_large),       cmocka_unit_test(test_too_large),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
