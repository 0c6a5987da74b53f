/* SPDX-License-Identifier: BSD-3-Clause */
/* Sufficient statistics: exact whatever the order of the blocks and the thread that adds each; what two ranks add up to
 * is what one has; and units that are too coarse are recognised. Blocks of sums are made up; what they add up to is
 * known from long double. */
#include "unit/matrices.h"

#include "kernels/kernel.h"
#include "passes/statistics.h"
#include "support/exact_sum.h"
#include "support/memory.h"

#include <float.h>
#include <string.h>

enum { N_BLOCKS = 40, K = 3, D = 5, WIDTH = 8, BLOCK_ROWS = 192, N_THREADS = 3 };

static double minima[D] = {-1.0, 0.0, 1e6, -0x1.8p39, 7.0};
static double maxima[D] = {1.0, 3e-9, 1e6 + 0.5, 0x1.8p39, 7.0};

/* Ranges and sizes are all that statistics ask of points. */
static const shard points = {.n_samples = N_BLOCKS * BLOCK_ROWS,
                             .n_features = D,
                             .row_width = D,
                             .block_rows = BLOCK_ROWS,
                             .minima = minima,
                             .maxima = maxima,
                             .largest_weight = 1.0,
                             .weight_unit = 1.0,
                             .n_threads = N_THREADS};

/* References that the ranges hold: begin leaves them as they are. */
static const double means[K * D] = {0.0,    1e-9, 1e6 + 0.25, 0.0,  7.0,       1.0, 0.0, 1e6,
                                    0x1p38, 7.0,  -0.5,       3e-9, 1e6 + 0.5, 1.0, 7.0};

static statistics *new_statistics(density_shape shape, statistics_order order, const shard *of)
{
  statistics *sums = NULL;
  gmmpi_error error = {0};
  assert_int_equal(statistics_create(shape, order, K, of, &sums, &error), GMMPI_OK);
  statistics_begin(sums, means);
  return sums;
}

/* --- blocks --- */

static block_sums new_block(density_shape shape)
{
  block_sums block = {.shape = shape, .n_components = K, .n_features = D, .width = WIDTH};
  block.counts = allocate(K, sizeof(double));
  block.first = allocate(K * WIDTH, sizeof(double));
  block.second = allocate(K * D * WIDTH, sizeof(double));
  assert_true(block.counts != NULL && block.first != NULL && block.second != NULL);
  return block;
}

static void free_block(block_sums *block)
{
  free(block->counts);
  free(block->first);
  free(block->second);
}

static double farthest(int64_t k, int64_t j)
{
  return fmax(maxima[j] - means[k * D + j], means[k * D + j] - minima[j]);
}

/* As large as sums over BLOCK_ROWS points can be, and of all smaller sizes. What is no number of the block is NaN. */
static void fill_block(block_sums *block, uint64_t *seed)
{
  for (int64_t i = 0; i < K * D * WIDTH; i++) block->second[i] = NAN;
  for (int64_t i = 0; i < K * WIDTH; i++) block->first[i] = NAN;
  for (int64_t k = 0; k < K; k++) {
    const double count = BLOCK_ROWS * fabs(random_number(seed));
    block->counts[k] = count;
    for (int64_t i = 0; i < D; i++) {
      const double shrunk = ldexp(random_number(seed), (int)(20 * random_number(seed)) - 20);
      block->first[k * WIDTH + i] = count * farthest(k, i) * shrunk;
      for (int64_t j = 0; j <= i; j++) {
        const double product = count * farthest(k, i) * farthest(k, j) * random_number(seed);
        if (block->shape == DENSE) block->second[(k * D + i) * WIDTH + j] = product;
        if (block->shape == DIAGONAL && i == j) block->second[k * WIDTH + i] = fabs(product);
      }
    }
  }
  block->log_likelihood = ldexp(random_number(seed), (int)(100 * random_number(seed)));
  block->sum_log_max_responsibility = -fabs(random_number(seed));
}

static void make_blocks(density_shape shape, block_sums blocks[N_BLOCKS])
{
  uint64_t seed = 11;
  for (int b = 0; b < N_BLOCKS; b++) {
    blocks[b] = new_block(shape);
    fill_block(&blocks[b], &seed);
  }
  /* One block has no points of the first component: whatever stands there is no sum. */
  blocks[7].counts[0] = 0.0;
  for (int64_t j = 0; j < WIDTH; j++) blocks[7].first[j] = NAN;
}

static void free_blocks(block_sums blocks[N_BLOCKS])
{
  for (int b = 0; b < N_BLOCKS; b++) free_block(&blocks[b]);
}

/* --- sums of some of the blocks, first, first + step and so on, each by some thread --- */

static int64_t *sum_of_blocks(statistics *sums, const block_sums *blocks, int first, int step, int n_threads)
{
  int64_t *words = allocate(sums->n_words + 2, sizeof *words);
  assert_non_null(words);
  words[0] = words[sums->n_words + 1] = 77;
  for (int64_t i = 0; i < sums->n_words; i++) words[i + 1] = -5; /* of a pass before */
  statistics_place(sums, words + 1);
  for (int b = first; b >= 0 && b < N_BLOCKS; b += step) statistics_add_block(sums, &blocks[b], b % n_threads);
  statistics_add_threads(sums);
  assert_true(words[0] == 77 && words[sums->n_words + 1] == 77);
  memmove(words, words + 1, (size_t)sums->n_words * sizeof *words);
  sums->travelling = words;
  return words;
}

/* --- the tests --- */

/* A count per component, first and second moments of three limbs each, two full-range sums. */
static void words_by_hand(void **state)
{
  (void)state;
  assert_int_equal(statistics_words(DENSE, SECOND_ORDER, 3, 5), 3 * 3 * (1 + 5 + 15) + 2 * 70);
  assert_int_equal(statistics_words(DIAGONAL, SECOND_ORDER, 3, 5), 3 * 3 * (1 + 5 + 5) + 2 * 70);
  assert_int_equal(statistics_words(DENSE, FIRST_ORDER, 3, 5), 3 * 3 * (1 + 5) + 2 * 70);
  assert_int_equal(statistics_words(DENSE, POOLED_ORDER, 3, 5), 3 * (3 * (1 + 5) + 15) + 2 * 70);
  assert_int_equal(statistics_bytes(DENSE, SECOND_ORDER, 3, 5, 2) - statistics_bytes(DENSE, POOLED_ORDER, 3, 5, 2),
                   2 * 15 * (2 * 3 + 1) * 8); /* the words of two threads, and the sums */
  assert_int_equal(statistics_words(DIAGONAL, TRACE_ORDER, 3, 5), 3 * 3 * (1 + 5 + 1) + 2 * 70);
  assert_int_equal(statistics_bytes(DIAGONAL, SECOND_ORDER, 3, 5, 2) - statistics_bytes(DIAGONAL, TRACE_ORDER, 3, 5, 2),
                   3 * 4 * (2 * 3 + 1) * 8 - 3 * 9); /* less the scales of the traces, and what they are about */
  assert_true(statistics_bytes(DENSE, SECOND_ORDER, INT64_C(1) << 40, 1 << 20, 1) == INT64_MAX);
  assert_true(statistics_bytes(DENSE, SECOND_ORDER, 3, 5, 2) - statistics_bytes(DENSE, SECOND_ORDER, 3, 5, 1) >=
              8 * 3 * 3 * (1 + 5 + 15));
}

static void any_order_of_blocks_and_threads(void **state)
{
  (void)state;
  for (int kind = 0; kind < 4; kind++) {
    const density_shape shape = kind % 2 == 0 ? DENSE : DIAGONAL;
    const statistics_order order = kind < 2 ? SECOND_ORDER : FIRST_ORDER;
    block_sums blocks[N_BLOCKS];
    make_blocks(shape, blocks);
    statistics *sums = new_statistics(shape, order, &points);
    const size_t size = (size_t)sums->n_words * sizeof(int64_t);
    int64_t *forwards = sum_of_blocks(sums, blocks, 0, 1, 1);
    statistics_take(sums);
    double first[K * D];
    memcpy(first, sums->first, sizeof first);
    int64_t *backwards = sum_of_blocks(sums, blocks, N_BLOCKS - 1, -1, N_THREADS);
    statistics_take(sums);
    assert_memory_equal(forwards, backwards, size);
    assert_memory_equal(first, sums->first, sizeof first);

    /* Two ranks, of different numbers of blocks, and what an Allreduce makes of their words. */
    int64_t *even = sum_of_blocks(sums, blocks, 0, 3, 2);
    int64_t *second = sum_of_blocks(sums, blocks, 1, 3, 1);
    int64_t *third = sum_of_blocks(sums, blocks, 2, 3, N_THREADS);
    for (int64_t i = 0; i < sums->n_words; i++) even[i] += second[i] + third[i];
    assert_memory_equal(even, forwards, size);
    sums->travelling = even;
    statistics_take(sums);
    assert_memory_equal(first, sums->first, sizeof first);
    free(forwards);
    free(backwards);
    free(even);
    free(second);
    free(third);
    statistics_destroy(sums);
    free_blocks(blocks);
  }
}

/* Units are 2^-120 of a bound that is at most 4 times the largest possible value; results are within two units in the
 * last place. */
static void assert_sum(double value, long double sum, long double bound)
{
  assert_near(value, sum, 2.0L * DBL_EPSILON * fabsl(sum) + N_BLOCKS * 0x1p-115L * bound);
}

static void sums_against_long_double(void **state)
{
  (void)state;
  for (int shape = DENSE; shape <= DIAGONAL; shape++) {
    block_sums blocks[N_BLOCKS];
    make_blocks((density_shape)shape, blocks);
    statistics *sums = new_statistics((density_shape)shape, SECOND_ORDER, &points);
    int64_t *words = sum_of_blocks(sums, blocks, 0, 1, N_THREADS);
    statistics_take(sums);
    for (int64_t k = 0; k < K; k++) {
      long double count = 0.0L;
      for (int b = 0; b < N_BLOCKS; b++) count += blocks[b].counts[k];
      assert_sum(sums->counts[k], count, BLOCK_ROWS);
      for (int64_t i = 0; i < D; i++) {
        long double first = 0.0L;
        for (int b = 0; b < N_BLOCKS; b++) first += blocks[b].counts[k] > 0.0 ? blocks[b].first[k * WIDTH + i] : 0.0;
        assert_sum(sums->first[k * D + i], first, BLOCK_ROWS * fmax(farthest(k, i), 1.0));
        for (int64_t j = shape == DENSE ? 0 : i; j <= i; j++) {
          const int64_t place = shape == DENSE ? (k * D + i) * WIDTH + j : k * WIDTH + i;
          const int64_t taken = shape == DENSE ? k * D * (D + 1) / 2 + i * (i + 1) / 2 + j : k * D + i;
          long double second = 0.0L;
          for (int b = 0; b < N_BLOCKS; b++) second += blocks[b].counts[k] > 0.0 ? blocks[b].second[place] : 0.0;
          assert_sum(sums->second[taken], second, BLOCK_ROWS * fmax(farthest(k, i), 1.0) * fmax(farthest(k, j), 1.0));
        }
      }
    }
    long double log_likelihood = 0.0L;
    long double log_max = 0.0L;
    for (int b = 0; b < N_BLOCKS; b++) {
      log_likelihood += blocks[b].log_likelihood;
      log_max += blocks[b].sum_log_max_responsibility;
    }
    assert_near(sums->log_likelihood, log_likelihood, 2.0L * DBL_EPSILON * fabsl(log_likelihood));
    assert_near(sums->sum_log_max_responsibility, log_max, 2.0L * DBL_EPSILON * fabsl(log_max));
    free(words);
    statistics_destroy(sums);
    free_blocks(blocks);
  }
}

/* What the sums of a block can be depends on the weights too. */
static void heavy_rows(void **state)
{
  (void)state;
  shard heavy = points;
  heavy.largest_weight = 1e30;
  statistics *sums = new_statistics(DENSE, SECOND_ORDER, &heavy);
  block_sums block = new_block(DENSE);
  block.counts[1] = 3e31;
  block.first[1 * WIDTH] = -5e31;
  block.second[(1 * D + 1) * WIDTH] = 2e22;
  int64_t *words = allocate(sums->n_words, sizeof *words);
  statistics_place(sums, words);
  statistics_add_block(sums, &block, 0);
  statistics_add_threads(sums);
  statistics_take(sums);
  assert_near(sums->counts[1], 3e31, 1e16);
  assert_near(sums->first[1 * D], -5e31, 1e16);
  assert_near(sums->second[1 * D * (D + 1) / 2 + 1], 2e22, 1e7);
  free(words);
  free_block(&block);
  statistics_destroy(sums);
}

static void references_stay_in_the_ranges(void **state)
{
  (void)state;
  statistics *sums = new_statistics(DENSE, SECOND_ORDER, &points);
  double outside[K * D];
  for (int64_t i = 0; i < K * D; i++) outside[i] = i < D ? -1e300 : i < 2 * D ? 1e300 : means[i];
  statistics_begin(sums, outside);
  for (int64_t j = 0; j < D; j++) {
    assert_true(sums->references[j] == minima[j]);
    assert_true(sums->references[WIDTH + j] == maxima[j]);
    assert_true(sums->references[2 * WIDTH + j] == means[2 * D + j]);
  }
  statistics_destroy(sums);
}

/* --- units --- */

/* A component whose points are about 1 from its reference while another point is 1.5 x 2^39 away: the sum of its
 * squares is kept to all digits in units from the span alone. Scales are twice the bounds, rounded up to a power of
 * two: 2^9 of a block's 192 points, 2^41 of the distance. So a unit is 2^(9 + 2 x 41 - 120). */
static double second_moment(bool tight, double square, bool *coarse, double ridge)
{
  statistics *sums = new_statistics(DIAGONAL, SECOND_ORDER, &points);
  double spans[K * D];
  const double ridges[D] = {ridge, ridge, ridge, ridge, ridge};
  for (int64_t i = 0; i < K * D; i++) spans[i] = 1.5;
  if (tight) statistics_tighten(sums, spans);
  block_sums block = new_block(DIAGONAL);
  block.counts[0] = 1.0;
  block.second[3] = square;
  for (int64_t j = 0; j < D; j++) block.second[j] = j == 3 ? square : farthest(0, j);
  int64_t *words = allocate(sums->n_words, sizeof *words);
  statistics_place(sums, words);
  statistics_add_block(sums, &block, 0);
  statistics_add_threads(sums);
  statistics_take(sums);
  const double result = sums->second[3];
  *coarse = statistics_are_coarse(sums, 0, sums->second, ridges);
  free(words);
  free_block(&block);
  statistics_destroy(sums);
  return result;
}

static void units_that_are_too_coarse(void **state)
{
  (void)state;
  const double square = 1.0 + 0x1p-40;
  bool coarse;
  assert_true(second_moment(false, square, &coarse, 0.0) == 1.0);
  assert_true(coarse);
  assert_true(second_moment(true, square, &coarse, 0.0) == square);
  assert_false(coarse); /* better units there are not */

  /* 46 bits of 2^-29: 2^17 is what a scatter, with its ridge, must have. */
  second_moment(false, 0x1p17, &coarse, 0.0);
  assert_false(coarse);
  second_moment(false, 0x1p17 - 0x1p-20, &coarse, 0.0);
  assert_true(coarse);
  second_moment(false, 0x1p16, &coarse, 0x1p16);
  assert_false(coarse);
  second_moment(false, 0x1p16, &coarse, 0x1p16 - 0x1p-20);
  assert_true(coarse);
}

/* Ranges of other passes do not stay. */
static void begin_ends_tightness(void **state)
{
  (void)state;
  statistics *sums = new_statistics(DENSE, SECOND_ORDER, &points);
  const double before = sums->inverse_scales[3];
  double spans[K * D];
  for (int64_t i = 0; i < K * D; i++) spans[i] = 1.5;
  statistics_tighten(sums, spans);
  assert_true(sums->tight && sums->inverse_scales[3] == 0.25);
  statistics_begin(sums, means);
  assert_true(!sums->tight && sums->inverse_scales[3] == before && before == 0x1p-41);
  statistics_destroy(sums);
}

/* Second moments of all components together: in units of the widest component, or of what they are all about. */
static void pooled_sums(void **state)
{
  (void)state;
  static const double origin[D] = {0.5, 1e-9, 2e6, 1.0, 7.0}; /* one of them outside the range */
  for (int about_origin = 0; about_origin < 2; about_origin++) {
    uint64_t seed = 12;
    block_sums blocks[N_BLOCKS];
    long double expected[D][D] = {{0.0L}};
    long double size[D][D] = {{0.0L}};
    statistics *sums = new_statistics(DENSE, POOLED_ORDER, &points);
    statistics *other = new_statistics(DENSE, POOLED_ORDER, &points);
    if (about_origin) {
      statistics_about(sums, origin);
      statistics_about(other, origin);
      assert_true(sums->origin[2] == maxima[2] && sums->origin[0] == 0.5);
      assert_true(sums->pooled_scales[0] == 0.25); /* 1.5, and one bit more for the sums */
    }
    make_blocks(DENSE, blocks);
    for (int b = 0; b < N_BLOCKS; b++) {
      blocks[b].pooled = true;
      for (int64_t i = 0; i < D; i++) {
        for (int64_t j = 0; j <= i; j++) {
          const double most = BLOCK_ROWS / (sums->pooled_scales[i] * sums->pooled_scales[j]) / 16.0;
          const double value = most * random_number(&seed);
          blocks[b].second[i * WIDTH + j] = value;
          expected[i][j] += value;
          size[i][j] += fabsl((long double)value);
        }
      }
    }
    int64_t *words = sum_of_blocks(sums, blocks, 0, 1, N_THREADS);
    int64_t *backwards = sum_of_blocks(other, blocks, N_BLOCKS - 1, -1, 1);
    assert_memory_equal(words, backwards, (size_t)sums->n_words * sizeof *words);
    statistics_take(sums);
    const double *second = sums->second;
    for (int64_t i = 0; i < D; i++) {
      for (int64_t j = 0; j <= i; j++) assert_near(*second++, expected[i][j], 1e-15L * size[i][j]);
    }
    free(words);
    free(backwards);
    free_blocks(blocks);
    statistics_destroy(sums);
    statistics_destroy(other);
  }
}

/* Of three components the first two are within 32 standard deviations of each feature from the origin. */
static void references_at_an_origin(void **state)
{
  (void)state;
  static const double origin[D] = {0.5, 1e-9, 2e6, 1.0, 7.0}; /* the third one is moved to 1e6 + 0.5 */
  const double far = 0x1p38 - 1.0;                            /* of the second component */
  double precisions[2 * K] = {5120.0 / 1.3125, NAN, 5120.0 / (far * far) / 1.001, NAN, 1e5, NAN};
  statistics *sums = new_statistics(DIAGONAL, TRACE_ORDER, &points);
  assert_false(sums->about_origin);
  statistics_about_where_near(sums, origin, precisions, 2);
  assert_true(sums->about_origin && sums->at_origin[0] && sums->at_origin[1] && !sums->at_origin[2]);
  for (int64_t k = 0; k < 2; k++) {
    assert_true(sums->references[k * WIDTH] == 0.5 && sums->references[k * WIDTH + 2] == 1e6 + 0.5);
    assert_true(sums->inverse_scales[k * WIDTH] == 0.25); /* 1.5, and one bit more for the sums */
    assert_true(sums->trace_scales[k] == 0x1p-41 / 4.0);  /* the widest feature's, and more than sqrt(5) */
  }
  assert_true(sums->references[2 * WIDTH] == -0.5 && sums->references[2 * WIDTH + 3] == 1.0);

  precisions[0] *= 1.0 + 1e-9;
  precisions[2] *= 1.01;
  statistics_begin(sums, means);
  statistics_about_where_near(sums, origin, precisions, 2);
  assert_true(!sums->at_origin[0] && !sums->at_origin[1] && !sums->at_origin[2]);
  assert_true(sums->references[0] == 0.0 && sums->references[WIDTH + 3] == 0x1p38);
  statistics_begin(sums, means);
  assert_false(sums->about_origin);
  statistics_destroy(sums);
}

static void sums_of_traces(void **state)
{
  (void)state;
  uint64_t seed = 13;
  block_sums blocks[N_BLOCKS];
  long double expected[K] = {0.0L};
  statistics *sums = new_statistics(DIAGONAL, TRACE_ORDER, &points);
  statistics *other = new_statistics(DIAGONAL, TRACE_ORDER, &points);
  assert_true(sums->n_second == K && sums->second_length == 1);
  make_blocks(DIAGONAL, blocks);
  for (int b = 0; b < N_BLOCKS; b++) {
    blocks[b].traced = true;
    for (int64_t k = 0; k < K; k++) {
      double most = 0.0; /* of |x - r|^2 */
      for (int64_t j = 0; j < D; j++) most += farthest(k, j) * farthest(k, j);
      blocks[b].second[k] = BLOCK_ROWS * most * (b == 0 ? 1.0 : fabs(random_number(&seed)));
      if (blocks[b].counts[k] > 0.0) expected[k] += blocks[b].second[k];
    }
  }
  int64_t *words = sum_of_blocks(sums, blocks, 0, 1, N_THREADS);
  int64_t *backwards = sum_of_blocks(other, blocks, N_BLOCKS - 1, -1, 1);
  assert_memory_equal(words, backwards, (size_t)sums->n_words * sizeof *words);
  statistics_take(sums);
  for (int64_t k = 0; k < K; k++) assert_near(sums->second[k], expected[k], 2.0L * DBL_EPSILON * expected[k]);
  free(words);
  free(backwards);
  free_blocks(blocks);
  statistics_destroy(sums);
  statistics_destroy(other);
}

/* A unit is 2^(9 + 2 x (41 + 2) - 120), with four times the scale because of five features; 46 bits of it are 2^21. */
static void traces_that_are_too_coarse(void **state)
{
  (void)state;
  statistics *sums = new_statistics(DIAGONAL, TRACE_ORDER, &points);
  const double none[D] = {0.0};
  const double fifth[D] = {0x1p19, 0x1p18, 0x1p18, 0.0, 0.0};
  double spans[K * D];
  const double enough = 0x1p21;
  const double half = 0x1p20;
  const double less = 0x1p20 - 1.0;
  sums->counts[0] = 1.0;
  assert_false(statistics_are_coarse(sums, 0, &enough, none));
  assert_true(statistics_are_coarse(sums, 0, &half, none));
  assert_false(statistics_are_coarse(sums, 0, &half, fifth));
  assert_true(statistics_are_coarse(sums, 0, &less, fifth));
  for (int64_t i = 0; i < K * D; i++) spans[i] = 1.5;
  statistics_tighten(sums, spans);
  assert_true(sums->trace_scales[0] == 0.0625);
  assert_false(statistics_are_coarse(sums, 0, &less, none));
  statistics_destroy(sums);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(words_by_hand),
      cmocka_unit_test(any_order_of_blocks_and_threads),
      cmocka_unit_test(sums_against_long_double),
      cmocka_unit_test(heavy_rows),
      cmocka_unit_test(references_stay_in_the_ranges),
      cmocka_unit_test(units_that_are_too_coarse),
      cmocka_unit_test(begin_ends_tightness),
      cmocka_unit_test(pooled_sums),
      cmocka_unit_test(references_at_an_origin),
      cmocka_unit_test(sums_of_traces),
      cmocka_unit_test(traces_that_are_too_coarse),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
