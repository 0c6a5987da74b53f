/* SPDX-License-Identifier: BSD-3-Clause */
/* Sums of diagonal scatters, and of their traces about each component's own reference or a common origin, against long
 * double, with components of which all, most, some or none of a tile's points count, and more of them than are worked
 * on together. */
#include "kernels/kernel.h"
#include "support/memory.h"

#include "unit/matrices.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N_TILES = 7, STRIDE_MARGIN = 2 };

typedef struct problem {
  int64_t K, d, tile_stride;
  double *tiles, *responsibilities, *references;
  double *origin;  /* width */
  bool *at_origin; /* K: whose reference it is */
} problem;

/* Which sums are wanted. */
typedef enum wanted_sums { FIRST, SECOND, TRACE, TRACE_ABOUT_ORIGIN } wanted_sums;

static double uniform(uint64_t *seed)
{
  *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (double)(*seed >> 11) * 0x1p-53;
}

enum { EMPTY = 2 }; /* this component has no points */

/* Which points count for component k in tile t: none, all, all but a few, about half, one. */
static bool counts(int64_t k, int64_t t, int p, uint64_t *seed)
{
  if (k == EMPTY) return false;
  switch ((k + t / 3) % 6) {
  case 0:
    return false;
  case 1:
  case 2:
    return true;
  case 3:
    return p % 21 != 5;
  case 4:
    return uniform(seed) < 0.5;
  default:
    return p == 63;
  }
}

static problem problem_create(int64_t K, int64_t d, double middle, uint64_t *seed)
{
  const int64_t width = padded_width(d);
  problem made = {.K = K, .d = d, .tile_stride = (d + STRIDE_MARGIN) * TILE_ROWS};
  made.tiles = allocate(N_TILES * made.tile_stride, sizeof(double));
  made.responsibilities = allocate(N_TILES * K * TILE_ROWS, sizeof(double));
  made.references = allocate(K * width, sizeof(double));
  made.origin = allocate(width, sizeof(double));
  made.at_origin = allocate(K, sizeof(bool));
  assert_true(made.tiles != NULL && made.responsibilities != NULL && made.references != NULL && made.origin != NULL &&
              made.at_origin != NULL);
  for (int64_t i = 0; i < N_TILES * made.tile_stride; i++) made.tiles[i] = middle + uniform(seed);
  for (int64_t j = 0; j < d; j++) made.origin[j] = middle + uniform(seed);
  for (int64_t k = 0; k < K; k++) {
    for (int64_t j = 0; j < d; j++) made.references[k * width + j] = middle + uniform(seed);
  }
  for (int64_t t = 0; t < N_TILES; t++) {
    for (int64_t k = 0; k < K; k++) {
      for (int p = 0; p < TILE_ROWS; p++)
        made.responsibilities[(t * K + k) * TILE_ROWS + p] = counts(k, t, p, seed) ? 3.0 * uniform(seed) + 1e-3 : 0.0;
    }
  }
  return made;
}

static void problem_destroy(problem *old)
{
  free(old->tiles);
  free(old->responsibilities);
  free(old->references);
  free(old->origin);
  free(old->at_origin);
}

/* From now on every nth component's sums are about its own reference, and all others' about the origin; n = 0: all are
 * about the origin. */
static void refer_to_origin(problem *of, int64_t n)
{
  const int64_t width = padded_width(of->d);
  for (int64_t k = 0; k < of->K; k++) {
    of->at_origin[k] = n == 0 || k % n != 0;
    if (of->at_origin[k]) memcpy(of->references + k * width, of->origin, (size_t)width * sizeof(double));
  }
}

static block_sums sums_create(const problem *of, wanted_sums wanted)
{
  const int64_t width = padded_width(of->d);
  block_sums sums = {
      .shape = DIAGONAL, .n_components = of->K, .n_features = of->d, .width = width, .references = of->references};
  sums.counts = allocate(of->K, sizeof(double));
  sums.first = allocate(of->K * width, sizeof(double));
  sums.second = wanted == FIRST ? NULL : allocate(of->K * (wanted == SECOND ? width : 1), sizeof(double));
  assert_true(sums.counts != NULL && sums.first != NULL && (sums.second != NULL || wanted == FIRST));
  sums.traced = wanted == TRACE || wanted == TRACE_ABOUT_ORIGIN;
  if (wanted == TRACE_ABOUT_ORIGIN) {
    sums.origin = of->origin;
    sums.at_origin = of->at_origin;
  }
  return sums;
}

static void sums_destroy(block_sums *sums)
{
  free(sums->counts);
  free(sums->first);
  free(sums->second);
}

static block_sums sums_by(const kernel *with, const problem *of, wanted_sums wanted)
{
  const int64_t most = kernel_group_tiles(DIAGONAL, of->K, of->d);
  block_sums sums = sums_create(of, wanted);
  double *scratch = allocate_untouched(kernel_scratch_bytes(DIAGONAL, of->K, of->d), 1);
  assert_non_null(scratch);
  for (int64_t t = 0; t < N_TILES; t += most)
    with->accumulate(N_TILES - t < most ? N_TILES - t : most, of->responsibilities + t * of->K * TILE_ROWS,
                     of->tiles + t * of->tile_stride, of->tile_stride, &sums, scratch);
  free(scratch);
  return sums;
}

/* What long double makes of one component. */
typedef struct expected_sums {
  long double count, trace;
  long double *first, *second; /* d */
} expected_sums;

static void sum_exactly(const problem *of, int64_t k, expected_sums *expected)
{
  const double *reference = of->references + k * padded_width(of->d);
  expected->count = expected->trace = 0.0L;
  memset(expected->first, 0, (size_t)of->d * sizeof(long double));
  memset(expected->second, 0, (size_t)of->d * sizeof(long double));
  for (int64_t i = 0; i < N_TILES * TILE_ROWS; i++) {
    const int64_t t = i / TILE_ROWS;
    const long double r = of->responsibilities[(t * of->K + k) * TILE_ROWS + i % TILE_ROWS];
    expected->count += r;
    for (int64_t j = 0; j < of->d; j++) {
      const long double y = (long double)of->tiles[t * of->tile_stride + j * TILE_ROWS + i % TILE_ROWS] - reference[j];
      expected->first[j] += r * y;
      expected->second[j] += r * y * y;
      expected->trace += r * y * y;
    }
  }
}

/* n sums of terms that are at most 3 in size: their error is far below 1e-12; of a trace, d times as much. */
static void check_sums(const problem *of, const block_sums *sums)
{
  expected_sums expected = {.first = malloc((size_t)of->d * sizeof(long double)),
                            .second = malloc((size_t)of->d * sizeof(long double))};
  assert_true(expected.first != NULL && expected.second != NULL);
  for (int64_t k = 0; k < of->K; k++) {
    sum_exactly(of, k, &expected);
    assert_true(fabsl(sums->counts[k] - expected.count) < 1e-11L);
    for (int64_t j = 0; j < of->d; j++) {
      assert_true(fabsl(sums->first[k * sums->width + j] - expected.first[j]) < 1e-12L);
      if (sums->second != NULL && !sums->traced)
        assert_true(fabsl(sums->second[k * sums->width + j] - expected.second[j]) < 1e-12L);
    }
    if (sums->traced) assert_true(fabsl(sums->second[k] - expected.trace) < 1e-12L * (long double)of->d);
  }
  if (of->K > EMPTY) assert_true(sums->counts[EMPTY] == 0.0 && sums->first[EMPTY * sums->width] == 0.0);
  free(expected.first);
  free(expected.second);
}

static void assert_same(const problem *of, const block_sums *a, const block_sums *b)
{
  const size_t size = (size_t)(of->K * a->width) * sizeof(double);
  assert_memory_equal(a->counts, b->counts, (size_t)of->K * sizeof(double));
  assert_memory_equal(a->first, b->first, size);
  if (a->second != NULL) assert_memory_equal(a->second, b->second, a->traced ? (size_t)of->K * sizeof(double) : size);
}

static void check_problem(const problem *of, wanted_sums wanted)
{
  block_sums before = {0};
  for (int level = 0; level <= KERNEL_HIGHEST_LEVEL; level++) {
    if (kernel_best(level)->level != level) continue;
    block_sums sums = sums_by(kernel_best(level), of, wanted);
    check_sums(of, &sums);
#ifndef CHECKED_KERNELS /* the sanitizers' checks stand between multiplications and additions */
    if (level > 1) assert_same(of, &before, &sums);
#endif
    if (level > 0) sums_destroy(&before);
    before = sums;
  }
  sums_destroy(&before);
}

static const int64_t sizes[][2] = {{1, 5}, {3, 8}, {33, 9}, {67, 43}, {64, 24}, {31, 32}, {40, 129}, {5, 3}}; /* K, d */
enum { N_SIZES = sizeof sizes / sizeof sizes[0] };

static void sums_of_blocks(void **state)
{
  (void)state;
  uint64_t seed = 11;
  for (int i = 0; i < N_SIZES; i++) {
    problem made = problem_create(sizes[i][0], sizes[i][1], 100.0, &seed);
    check_problem(&made, SECOND);
    check_problem(&made, FIRST);
    problem_destroy(&made);
  }
}

static void traces(void **state)
{
  (void)state;
  uint64_t seed = 12;
  for (int i = 0; i < N_SIZES; i++) {
    problem made = problem_create(sizes[i][0], sizes[i][1], 100.0, &seed);
    check_problem(&made, TRACE);
    if (sizes[i][1] > 4) {
      refer_to_origin(&made, 3);
      check_problem(&made, TRACE_ABOUT_ORIGIN);
      refer_to_origin(&made, 0);
      check_problem(&made, TRACE_ABOUT_ORIGIN);
    }
    problem_destroy(&made);
  }
}

/* Responsibilities of components that are not present are not looked at. */
static void components_that_are_absent(void **state)
{
  (void)state;
  uint64_t seed = 13;
  problem made = problem_create(67, 24, 100.0, &seed);
  uint64_t present[N_TILES][2];
  refer_to_origin(&made, 3);
  for (int64_t t = 0; t < N_TILES; t++) {
    present[t][0] = UINT64_C(0x0123456789abcdef) * (uint64_t)(2 * t + 1);
    present[t][1] = 5;
    for (int64_t k = 0; k < made.K; k++) {
      if ((present[t][k / 64] >> (k % 64) & 1) == 0)
        memset(made.responsibilities + (t * made.K + k) * TILE_ROWS, 0, TILE_ROWS * sizeof(double));
    }
  }
  const kernel *with = kernel_best(KERNEL_HIGHEST_LEVEL);
  block_sums expected = sums_by(with, &made, TRACE_ABOUT_ORIGIN);
  block_sums sums = sums_create(&made, TRACE_ABOUT_ORIGIN);
  double *scratch = allocate_untouched(kernel_scratch_bytes(DIAGONAL, made.K, made.d), 1);
  assert_non_null(scratch);
  for (int64_t i = 0; i < N_TILES * made.K * TILE_ROWS; i++) {
    const int64_t k = i / TILE_ROWS % made.K;
    if ((present[i / TILE_ROWS / made.K][k / 64] >> (k % 64) & 1) == 0) made.responsibilities[i] = NAN;
  }
  const int64_t most = kernel_group_tiles(DIAGONAL, made.K, made.d);
  for (int64_t t = 0; t < N_TILES; t += most) {
    sums.present = present[t];
    with->accumulate(N_TILES - t < most ? N_TILES - t : most, made.responsibilities + t * made.K * TILE_ROWS,
                     made.tiles + t * made.tile_stride, made.tile_stride, &sums, scratch);
  }
  assert_same(&made, &expected, &sums);
  free(scratch);
  sums_destroy(&expected);
  sums_destroy(&sums);
  problem_destroy(&made);
}

/* Points about 1e8, whose last bit is 1.5e-8, with a standard deviation of 0.3: means and traces about them, as an
 * M-step takes them from sums about the origin, are those of the numbers as they are. */
static void points_far_from_zero(void **state)
{
  (void)state;
  uint64_t seed = 14;
  problem made = problem_create(9, 40, 1e8, &seed);
  refer_to_origin(&made, 0);
  expected_sums expected = {.first = malloc(40 * sizeof(long double)), .second = malloc(40 * sizeof(long double))};
  assert_true(expected.first != NULL && expected.second != NULL);
  block_sums sums = sums_by(kernel_best(KERNEL_HIGHEST_LEVEL), &made, TRACE_ABOUT_ORIGIN);
  for (int64_t k = 0; k < made.K; k++) {
    if (k == EMPTY) continue;
    sum_exactly(&made, k, &expected);
    double trace = sums.second[k];
    long double exact = expected.trace;
    for (int64_t j = 0; j < made.d; j++) {
      const double shift = sums.first[k * sums.width + j] / sums.counts[k];
      assert_true(fabsl(shift - expected.first[j] / expected.count) < 1e-14L);
      trace -= sums.counts[k] * shift * shift;
      exact -= expected.first[j] * expected.first[j] / expected.count;
    }
    assert_true(fabsl(trace - exact) < 1e-14L * exact);
  }
  free(expected.first);
  free(expected.second);
  sums_destroy(&sums);
  problem_destroy(&made);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sums_of_blocks),
      cmocka_unit_test(traces),
      cmocka_unit_test(components_that_are_absent),
      cmocka_unit_test(points_far_from_zero),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
