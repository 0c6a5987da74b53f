/* SPDX-License-Identifier: BSD-3-Clause */
/* The mean and the largest of the ranks' computing times, out of sums. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "passes/load.h"

#include <math.h>
#include <stdlib.h>

/* What an Allreduce makes of the parts of n ranks. */
static rank_load load_of_ranks(const rank_load *before, const double *seconds, int n)
{
  int64_t sums[LOAD_WORDS] = {0};
  for (int r = 0; r < n; r++) {
    int64_t words[LOAD_WORDS];
    load_put(words, before, seconds[r]);
    for (int w = 0; w < LOAD_WORDS; w++) sums[w] += words[w];
  }
  return load_of(sums);
}

static void assert_within(double value, double expected, double share)
{
  if (!(fabs(value - expected) <= share * expected + 0x1p-26)) fail_msg("%.9g is not %.9g", value, expected);
}

/* n ranks whose times spread over `spread` of their size, one of them slower: over a few passes. */
static void run(int n, double size, double spread, double slower)
{
  double *seconds = calloc((size_t)n, sizeof *seconds);
  rank_load now = {0};
  unsigned random = 1;
  for (int pass = 0; pass < 6; pass++) {
    double sum = 0.0;
    double largest = 0.0;
    for (int r = 0; r < n; r++) {
      random = random * 1664525u + 1013904223u;
      seconds[r] = size * (1.0 + spread * (double)(random >> 8) / 0x1p24);
      if (r == n / 2) seconds[r] = size * (1.0 + spread) * slower;
      sum += seconds[r];
      largest = fmax(largest, seconds[r]);
    }
    now = load_of_ranks(&now, seconds, n);
    assert_within(now.mean, sum / n, 1e-6);
    assert_true(now.largest >= now.mean * (1.0 - 1e-6));
    if (pass >= 2) assert_within(now.largest, largest, 0.02);
  }
  /* All of a sudden everything takes a tenth, or ten times as long: known in the second pass. */
  for (int change = 0; change < 2; change++) {
    const double factor = change == 0 ? 0.1 : 100.0;
    double largest = 0.0;
    for (int r = 0; r < n; r++) {
      seconds[r] *= factor;
      largest = fmax(largest, seconds[r]);
    }
    for (int pass = 0; pass < 6; pass++) now = load_of_ranks(&now, seconds, n);
    assert_within(now.largest, largest, 0.02);
  }
  free(seconds);
}

static void many_ranks(void **unused)
{
  (void)unused;
  run(1, 0.5, 0.0, 1.0);
  run(2, 2.0, 0.1, 1.3);
  run(7, 1e-3, 0.5, 1.01);
  run(1000, 10.0, 0.05, 1.0);
  run(1000, 10.0, 0.3, 3.0);
  run(20000, 1.0, 0.0, 1.0);
}

static void nothing_overflows(void **unused)
{
  (void)unused;
  int64_t words[LOAD_WORDS];
  const rank_load before = {0};
  load_put(words, &before, 1e300);
  int64_t most = 0;
  for (int w = 0; w < LOAD_WORDS; w++) most = words[w] > most ? words[w] : most;
  int64_t product;
  assert_false(__builtin_mul_overflow(most, (int64_t)1 << 20, &product));
  load_put(words, &before, -1.0);
  assert_true(load_of(words).largest == 0.0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {cmocka_unit_test(many_ranks), cmocka_unit_test(nothing_overflows)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
