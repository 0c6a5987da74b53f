/* SPDX-License-Identifier: BSD-3-Clause */
/* The kernels in single precision against textbook formulas in long double, with what 2^-24 allows. */
#include "unit/kernel_wide.h"
#include "unit/problem.h"

#include "kernels/single_form.h"
#include "support/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A mixture, and points of it in tiles. W is lower triangular with entries of the size of 1. */
typedef struct single_case {
  density_form form;
  bool weighted;
  int64_t n_points, n_tiles;
  double *tiles, *weights;
} single_case;

/* What a kernel finds. */
typedef struct found_sums {
  block_sums sums;
  float *responsibilities;
} found_sums;

static uint64_t state = 1;

static double uniform(void)
{
  state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (double)(state >> 11) * 0x1p-53 - 0.5;
}

static double entry_of(const single_case *s, int64_t k, int64_t i, int64_t j)
{
  const double *whitening = s->form.whitening + k * s->form.whitening_length;
  if (s->form.shape == DIAGONAL) return i == j ? sqrt(whitening[i]) : 0.0;
  const int64_t group = i / WHITENING_ROWS;
  return whitening[WHITENING_ROWS * WHITENING_ROWS * (group * (group + 1) / 2) + j * WHITENING_ROWS +
                   i % WHITENING_ROWS];
}

static void set_whitening(single_case *s, int64_t k, bool isotropic)
{
  const int64_t d = s->form.n_features;
  double *whitening = s->form.whitening + k * s->form.whitening_length;
  const double common = 1.0 + uniform();
  if (s->form.shape == DIAGONAL) {
    for (int64_t j = 0; j < d; j++) whitening[j] = isotropic ? common : 1.0 + uniform();
    return;
  }
  for (int64_t first = 0; first < d; first += WHITENING_ROWS) {
    for (int64_t j = 0; j < first + WHITENING_ROWS; j++) {
      for (int64_t i = first; i < first + WHITENING_ROWS; i++)
        *whitening++ = i >= d || j > i ? 0.0 : i == j ? 1.0 + uniform() : 0.3 * uniform();
    }
  }
}

static single_case make_case(density_shape shape, bool isotropic, int64_t K, int64_t d, double apart, bool weighted)
{
  single_case s = {.weighted = weighted, .n_points = 5 * TILE_ROWS - 7, .n_tiles = 5};
  s.form = (density_form){.shape = shape, .n_components = K, .n_features = d, .isotropic = isotropic};
  s.form.background = weighted ? -2.0 - (double)d : -INFINITY;
  s.form.whitening_length = shape == DENSE ? dense_whitening_length(d) : d;
  s.form.log_constants = allocate(K, sizeof(double));
  s.form.means = allocate(K * d, sizeof(double));
  s.form.whitening = allocate(K * s.form.whitening_length, sizeof(double));
  s.tiles = allocate(s.n_tiles * d * TILE_ROWS, sizeof(double));
  s.weights = allocate(s.n_tiles * TILE_ROWS, sizeof(double));
  assert_true(s.form.log_constants != NULL && s.form.means != NULL && s.form.whitening != NULL && s.tiles != NULL &&
              s.weights != NULL);
  for (int64_t k = 0; k < K; k++) {
    s.form.log_constants[k] = K > 2 && k == 1 ? -INFINITY : 3.0 * uniform() - 100.0;
    for (int64_t j = 0; j < d; j++) s.form.means[k * d + j] = 1e5 + apart * uniform();
    set_whitening(&s, k, isotropic);
  }
  s.form.background -= 100.0;
  for (int64_t p = 0; p < s.n_tiles * TILE_ROWS; p++) {
    const int64_t drawn = (int64_t)((uniform() + 0.5) * (double)K);
    const int64_t k = s.form.log_constants[drawn] > -INFINITY ? drawn : 0;
    s.weights[p] = p >= s.n_points ? 0.0 : weighted ? 1.0 + uniform() : 1.0;
    for (int64_t j = 0; j < d; j++)
      s.tiles[(p / TILE_ROWS * d + j) * TILE_ROWS + p % TILE_ROWS] =
          s.form.means[k * d + j] + uniform() + uniform() + uniform() + uniform();
  }
  return s;
}

static void free_case(single_case *s)
{
  free(s->form.log_constants);
  free(s->form.means);
  free(s->form.whitening);
  free(s->tiles);
  free(s->weights);
}

static found_sums run(const kernel *how, const single_case *s)
{
  const int64_t K = s->form.n_components;
  const int64_t d = s->form.n_features;
  const int64_t width = padded_width(d);
  const int64_t n_second = K * width * (s->form.shape == DENSE ? d : 1);
  gmmpi_error error = {0};
  single_form *form;
  found_sums found = {{.shape = s->form.shape, .n_components = K, .n_features = d, .width = width}, NULL};
  double *references = allocate(K * width, sizeof(double));
  double *scratch = allocate(single_scratch_bytes(s->form.shape, K, d), 1);
  found.responsibilities = allocate(s->n_tiles * K * TILE_ROWS, sizeof(double));
  found.sums.counts = allocate(K, sizeof(double));
  found.sums.first = allocate(K * width, sizeof(double));
  found.sums.second = allocate(n_second, sizeof(double));
  assert_int_equal(single_form_create(&s->form, &form, &error), GMMPI_OK);
  assert_true(references != NULL && scratch != NULL && found.responsibilities != NULL && found.sums.counts != NULL &&
              found.sums.first != NULL && found.sums.second != NULL);
  memset(references, 0, (size_t)(K * width) * sizeof(double));
  memset(found.sums.counts, 0, (size_t)K * sizeof(double));
  memset(found.sums.first, 0, (size_t)(K * width) * sizeof(double));
  memset(found.sums.second, 0, (size_t)n_second * sizeof(double));
  for (int64_t j = 0; j < d; j++) form->origin[j] = 1e5;
  for (int64_t k = 0; k < K; k++) memcpy(references + k * width, s->form.means + k * d, (size_t)d * sizeof(double));
  single_form_set(form, &s->form);
  single_form_round(form, width, references);
  single_form_refer(form, width, references);
  found.sums.references = references;
  const int64_t together = single_group_tiles(s->form.shape, K, d);
  for (int64_t t = 0; t < s->n_tiles; t += together) {
    row_tile tiles[16];
    int64_t n = 0;
    for (; n < together && t + n < s->n_tiles; n++) {
      const int64_t left = s->n_points - (t + n) * TILE_ROWS;
      tiles[n] = (row_tile){.numbers = s->tiles + (t + n) * d * TILE_ROWS,
                            .weights = s->weighted ? s->weights + (t + n) * TILE_ROWS : NULL,
                            .n_points = left < TILE_ROWS ? (int)left : TILE_ROWS};
    }
    how->single(form, tiles, n, &found.sums, (double *)(found.responsibilities + t * K * TILE_ROWS), scratch);
  }
  single_form_destroy(form);
  free(scratch);
  return found;
}

static void free_found(found_sums *found)
{
  free((void *)(uintptr_t)found->sums.references);
  free(found->responsibilities);
  free(found->sums.counts);
  free(found->sums.first);
  free(found->sums.second);
}

/* Log density less what it is best to be, of point p, in long double. */
static long double own_log_density(const single_case *s, int64_t k, int64_t p)
{
  const int64_t d = s->form.n_features;
  long double distance = 0.0L;
  for (int64_t i = 0; i < d; i++) {
    long double z = 0.0L;
    for (int64_t j = 0; j <= i; j++)
      z += (long double)entry_of(s, k, i, j) *
           ((long double)s->tiles[(p / TILE_ROWS * d + j) * TILE_ROWS + p % TILE_ROWS] - s->form.means[k * d + j]);
    distance += z * z;
  }
  return s->form.log_constants[k] - 0.5L * distance;
}

static void check_against_textbook(const single_case *s, const found_sums *found, double apart)
{
  const int64_t K = s->form.n_components;
  const int64_t d = s->form.n_features;
  const int64_t width = padded_width(d);
  const long double unit = 0x1p-24L;
  /* An error of 2^-24 of (apart + 2) in each number of a point, of distances as far as sqrt(2 d), with W of size 2; and
   * what cancels about the origin. */
  const long double loss = unit * (long double)d * (8.0L + (long double)(apart * apart));
  long double log_likelihood = 0.0L;
  long double *responsibilities = malloc((size_t)(K * s->n_points) * sizeof *responsibilities);
  assert_non_null(responsibilities);
  for (int64_t p = 0; p < s->n_points; p++) {
    long double sum = expl((long double)s->form.background);
    for (int64_t k = 0; k < K; k++) sum += expl(own_log_density(s, k, p));
    for (int64_t k = 0; k < K; k++) {
      const long double share = expl(own_log_density(s, k, p)) / sum * s->weights[p];
      responsibilities[k * s->n_points + p] = share;
    }
    log_likelihood += s->weights[p] * logl(sum);
  }
  assert_near(found->sums.log_likelihood, log_likelihood, loss * (long double)s->n_points);
  for (int64_t k = 0; k < K; k++) {
    const double *reference = found->sums.references + k * width;
    long double count = 0.0L;
    for (int64_t p = 0; p < s->n_points; p++) count += responsibilities[k * s->n_points + p];
    assert_near(found->sums.counts[k], count, 4.0L * loss * count + 1e-12L);
    for (int64_t i = 0; i < d; i++) {
      for (int64_t j = s->form.shape == DENSE ? 0 : i; j <= i; j++) {
        long double first = 0.0L;
        long double second = 0.0L;
        for (int64_t p = 0; p < s->n_points; p++) {
          const double *x = s->tiles + p / TILE_ROWS * d * TILE_ROWS + p % TILE_ROWS;
          const long double own = responsibilities[k * s->n_points + p];
          first += own * (x[i * TILE_ROWS] - (long double)reference[i]);
          second +=
              own * (x[i * TILE_ROWS] - (long double)reference[i]) * (x[j * TILE_ROWS] - (long double)reference[j]);
        }
        const double got =
            s->form.shape == DENSE ? found->sums.second[(k * d + i) * width + j] : found->sums.second[k * width + i];
        assert_near(found->sums.first[k * width + i], first, 16.0L * loss * count + 1e-12L);
        assert_near(got, second, 64.0L * loss * count + 1e-12L);
      }
    }
  }
  free(responsibilities);
}

static void compare_bits(const single_case *s, const found_sums *one, const found_sums *other)
{
  const int64_t K = s->form.n_components;
  const int64_t d = s->form.n_features;
  const int64_t width = padded_width(d);
#ifdef CHECKED_KERNELS
  return; /* the sanitizers' checks stand between multiplications and additions, which are not fused then */
#endif
  assert_memory_equal(one->sums.counts, other->sums.counts, (size_t)K * sizeof(double));
  assert_memory_equal(one->sums.first, other->sums.first, (size_t)(K * width) * sizeof(double));
  assert_true(one->sums.log_likelihood == other->sums.log_likelihood);
  for (int64_t k = 0; k < K; k++) {
    for (int64_t i = 0; i < (s->form.shape == DENSE ? d : 1); i++) {
      const int64_t at = s->form.shape == DENSE ? (k * d + i) * width : k * width;
      const int64_t n = s->form.shape == DENSE ? i + 1 : d;
      assert_memory_equal(one->sums.second + at, other->sums.second + at, (size_t)n * sizeof(double));
    }
  }
}

static void check_case(density_shape shape, bool isotropic, int64_t K, int64_t d, double apart, bool weighted)
{
  single_case s = make_case(shape, isotropic, K, d, apart, weighted);
  found_sums fused = {.responsibilities = NULL};
  for (int level = 0; level <= KERNEL_HIGHEST_LEVEL; level++) {
    if (kernel_best(level)->level != level) continue;
    found_sums found = run(kernel_best(level), &s);
    check_against_textbook(&s, &found, apart);
    if (level == 1) fused = found;
    if (level > 1) compare_bits(&s, &found, &fused);
    if (level != 1) free_found(&found);
  }
#ifdef WITH_KERNEL_WIDE
  if (fused.responsibilities != NULL) {
    found_sums found = run(&kernel_wide, &s);
    compare_bits(&s, &found, &fused);
    free_found(&found);
  }
#endif
  if (fused.responsibilities != NULL) free_found(&fused);
  free_case(&s);
}

static void test_shapes(void **unused)
{
  static const int64_t sizes[] = {1, 4, 5, 8, 9, 16, 17, 31, 50};
  (void)unused;
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    for (int64_t K = 1; K <= 6; K += 5) {
      for (int weighted = 0; weighted < 2; weighted++) {
        check_case(DENSE, false, K, sizes[i], 2.0, weighted != 0);
        check_case(DIAGONAL, false, K, sizes[i], 2.0, weighted != 0);
        check_case(DIAGONAL, true, K, sizes[i], 2.0, weighted != 0);
      }
    }
  }
}

/* Means so far from the origin that the difference of point and mean is taken first. */
static void test_far_means(void **unused)
{
  (void)unused;
  check_case(DIAGONAL, false, 5, 12, 200.0, false);
  check_case(DIAGONAL, true, 5, 12, 200.0, false);
  check_case(DENSE, false, 5, 12, 200.0, false);
}

int main(void)
{
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_shapes), cmocka_unit_test(test_far_means)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
