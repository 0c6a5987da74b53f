/* SPDX-License-Identifier: BSD-3-Clause */
/* Counter-based random numbers: moments of the distributions, and that every argument counts. */
#include "support/random.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { N = 200000 };

static void uniforms_are_uniform_and_open(void **state)
{
  (void)state;
  double sum = 0.0;
  double squares = 0.0;
  for (uint64_t row = 0; row < N; row++) {
    const double u = random_uniform(7, RANDOM_START_ROWS, row, 0);
    assert_true(u > 0.0 && u < 1.0);
    sum += u;
    squares += u * u;
  }
  /* Five standard errors: sqrt(1/12/N), sqrt((1/5 - 1/9)/N). */
  assert_true(fabs(sum / N - 0.5) < 5.0 * sqrt(1.0 / 12.0 / N));
  assert_true(fabs(squares / N - 1.0 / 3.0) < 5.0 * sqrt(4.0 / 45.0 / N));
}

static void draws_depend_on_every_argument(void **state)
{
  (void)state;
  const double u = random_uniform(1, RANDOM_START_ROWS, 2, 3);
  assert_true(u == random_uniform(1, RANDOM_START_ROWS, 2, 3));
  assert_true(u != random_uniform(2, RANDOM_START_ROWS, 2, 3));
  assert_true(u != random_uniform(1, RANDOM_CANDIDATES, 2, 3));
  assert_true(u != random_uniform(1, RANDOM_START_ROWS, 3, 3));
  assert_true(u != random_uniform(1, RANDOM_START_ROWS, 2, 4));
  double four[4];
  random_four_uniforms(1, RANDOM_START_ROWS, 2, 3, four);
  assert_true(four[0] == u && four[1] != u && four[2] != four[1] && four[3] != four[2]);
  assert_true(random_seed_of_start(5, 0) == 5);
  assert_true(random_seed_of_start(5, 1) != random_seed_of_start(5, 2));
  assert_true(random_seed_of_start(5, 1) != random_seed_of_start(6, 1));
}

static void normals_are_normal(void **state)
{
  (void)state;
  double moments[5] = {0.0};
  double product = 0.0;
  for (uint64_t row = 0; row < N; row++) {
    double pair[2];
    random_normal_pair(3, RANDOM_SAMPLE_NORMAL, row, 1, pair);
    for (int i = 1; i <= 4; i++) moments[i] += pow(pair[0], i) + pow(pair[1], i);
    product += pair[0] * pair[1];
  }
  const double n = 2.0 * N;
  assert_true(fabs(moments[1] / n) < 5.0 / sqrt(n));
  assert_true(fabs(moments[2] / n - 1.0) < 5.0 * sqrt(2.0 / n));
  assert_true(fabs(moments[3] / n) < 5.0 * sqrt(15.0 / n));
  assert_true(fabs(moments[4] / n - 3.0) < 5.0 * sqrt(96.0 / n));
  assert_true(fabs(product / N) < 5.0 / sqrt(N));
}

static void exponentials_have_mean_one(void **state)
{
  (void)state;
  double sum = 0.0;
  for (uint64_t row = 0; row < N; row++) {
    const double e = random_exponential(11, RANDOM_SEED_RACE, row, 5);
    assert_true(e > 0.0);
    sum += e;
  }
  assert_true(fabs(sum / N - 1.0) < 5.0 / sqrt(N));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(uniforms_are_uniform_and_open),
      cmocka_unit_test(draws_depend_on_every_argument),
      cmocka_unit_test(normals_are_normal),
      cmocka_unit_test(exponentials_have_mean_one),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
