/* SPDX-License-Identifier: BSD-3-Clause */
/* Sums of diagonal scatters against long double, with components of which all, most, some or none of a tile's points
 * count, and more of them than are worked on together. */
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
} problem;

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

static problem problem_create(int64_t K, int64_t d, uint64_t *seed)
{
  const int64_t width = padded_width(d);
  problem made = {.K = K, .d = d, .tile_stride = (d + STRIDE_MARGIN) * TILE_ROWS};
  made.tiles = allocate(N_TILES * made.tile_stride, sizeof(double));
  made.responsibilities = allocate(N_TILES * K * TILE_ROWS, sizeof(double));
  made.references = allocate(K * width, sizeof(double));
  assert_true(made.tiles != NULL && made.responsibilities != NULL && made.references != NULL);
  for (int64_t i = 0; i < N_TILES * made.tile_stride; i++) made.tiles[i] = 100.0 + uniform(seed);
  for (int64_t k = 0; k < K; k++) {
    for (int64_t j = 0; j < d; j++) made.references[k * width + j] = 100.0 + uniform(seed);
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
}

static block_sums sums_create(const problem *of, bool with_second)
{
  const int64_t width = padded_width(of->d);
  block_sums sums = {
      .shape = DIAGONAL, .n_components = of->K, .n_features = of->d, .width = width, .references = of->references};
  sums.counts = allocate(of->K, sizeof(double));
  sums.first = allocate(of->K * width, sizeof(double));
  sums.second = with_second ? allocate(of->K * width, sizeof(double)) : NULL;
  assert_true(sums.counts != NULL && sums.first != NULL && (sums.second != NULL || !with_second));
  return sums;
}

static void sums_destroy(block_sums *sums)
{
  free(sums->counts);
  free(sums->first);
  free(sums->second);
}

static block_sums sums_by(const kernel *with, const problem *of, bool with_second)
{
  const int64_t most = kernel_group_tiles(DIAGONAL, of->K, of->d);
  block_sums sums = sums_create(of, with_second);
  double *scratch = allocate_untouched(kernel_scratch_bytes(DIAGONAL, of->K, of->d), 1);
  assert_non_null(scratch);
  for (int64_t t = 0; t < N_TILES; t += most)
    with->accumulate(N_TILES - t < most ? N_TILES - t : most, of->responsibilities + t * of->K * TILE_ROWS,
                     of->tiles + t * of->tile_stride, of->tile_stride, &sums, scratch);
  free(scratch);
  return sums;
}

/* n sums of terms that are at most 3 in size: their error is far below 1e-12. */
static void check_sums(const problem *of, const block_sums *sums)
{
  for (int64_t k = 0; k < of->K; k++) {
    for (int64_t j = -1; j < of->d; j++) {
      long double expected[3] = {0.0L, 0.0L, 0.0L};
      for (int64_t t = 0; t < N_TILES; t++) {
        for (int p = 0; p < TILE_ROWS; p++) {
          const long double r = of->responsibilities[(t * of->K + k) * TILE_ROWS + p];
          const long double y = j < 0 ? 0.0L
                                      : (long double)of->tiles[t * of->tile_stride + j * TILE_ROWS + p] -
                                            of->references[k * sums->width + j];
          expected[0] += r;
          expected[1] += r * y;
          expected[2] += r * y * y;
        }
      }
      if (j < 0) {
        assert_true(fabsl(sums->counts[k] - expected[0]) < 1e-11L);
        continue;
      }
      assert_true(fabsl(sums->first[k * sums->width + j] - expected[1]) < 1e-12L);
      if (sums->second != NULL) assert_true(fabsl(sums->second[k * sums->width + j] - expected[2]) < 1e-12L);
    }
  }
  if (of->K > EMPTY) assert_true(sums->counts[EMPTY] == 0.0 && sums->first[EMPTY * sums->width] == 0.0);
}

static void assert_same(const problem *of, const block_sums *a, const block_sums *b)
{
  const size_t size = (size_t)(of->K * a->width) * sizeof(double);
  assert_memory_equal(a->counts, b->counts, (size_t)of->K * sizeof(double));
  assert_memory_equal(a->first, b->first, size);
  if (a->second != NULL) assert_memory_equal(a->second, b->second, size);
}

static void check_problem(const problem *of, bool with_second)
{
  block_sums before = {0};
  for (int level = 0; level <= KERNEL_HIGHEST_LEVEL; level++) {
    if (kernel_best(level)->level != level) continue;
    block_sums sums = sums_by(kernel_best(level), of, with_second);
    check_sums(of, &sums);
#ifndef CHECKED_KERNELS /* the sanitizers' checks stand between multiplications and additions */
    if (level > 1) assert_same(of, &before, &sums);
#endif
    if (level > 0) sums_destroy(&before);
    before = sums;
  }
  sums_destroy(&before);
}

static void sums_of_blocks(void **state)
{
  (void)state;
  static const int64_t sizes[][2] = {{1, 5}, {3, 8}, {33, 9}, {67, 43}, {64, 24}, {31, 32}, {40, 129}}; /* K, d */
  uint64_t seed = 11;
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    problem made = problem_create(sizes[i][0], sizes[i][1], &seed);
    check_problem(&made, true);
    check_problem(&made, false);
    problem_destroy(&made);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {cmocka_unit_test(sums_of_blocks)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
