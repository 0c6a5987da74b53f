/* Every kernel that this machine can run against textbook formulas in long double, over awkward sizes. */
#include "em/kernel.h"
#include "support/memory.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static double uniform(void)
{
  return (double)rand() / RAND_MAX;
}

static double about(double middle, double spread)
{
  return middle + spread * (uniform() + uniform() + uniform() - 1.5);
}

/* A random mixture in density form with its whitening factors kept unpacked, and a tile of points near its means. */
typedef struct scene {
  density_form form;
  double *lower; /* K x d x d: W */
  double *tile;  /* d x TILE_ROWS */
  int n_points;
} scene;

static void pack_whitening(scene *s)
{
  const int64_t d = s->form.n_features;
  for (int64_t k = 0; k < s->form.n_components; k++) {
    double *packed = s->form.whitening + k * s->form.whitening_length;
    const double *lower = s->lower + k * d * d;
    for (int64_t group = 0; group * WHITENING_ROWS < d; group++) {
      for (int64_t j = 0; j < (group + 1) * WHITENING_ROWS; j++) {
        for (int64_t r = group * WHITENING_ROWS; r < (group + 1) * WHITENING_ROWS; r++)
          *packed++ = r < d && j <= r ? lower[r * d + j] : 0.0;
      }
    }
  }
}

static scene scene_create(density_shape shape, int64_t K, int64_t d, double origin)
{
  scene s = {.form = {.shape = shape, .n_components = K, .n_features = d}};
  const int64_t n_groups = (d + WHITENING_ROWS - 1) / WHITENING_ROWS;
  s.form.whitening_length = shape == DENSE ? WHITENING_ROWS * WHITENING_ROWS * n_groups * (n_groups + 1) / 2 : d;
  s.form.log_constants = allocate(K, sizeof(double));
  s.form.means = allocate(K * d, sizeof(double));
  s.form.whitening = allocate(K * s.form.whitening_length, sizeof(double));
  s.lower = allocate(K * d * d, sizeof(double));
  s.tile = allocate(d * TILE_ROWS, sizeof(double));
  s.n_points = 1 + rand() % TILE_ROWS;
  for (int64_t k = 0; k < K; k++) {
    s.form.log_constants[k] = about(-3.0, 2.0);
    for (int64_t j = 0; j < d; j++) s.form.means[k * d + j] = about(origin, 2.0);
    for (int64_t i = 0; i < d; i++) {
      for (int64_t j = 0; j <= i; j++) {
        const bool kept = i == j || shape == DENSE;
        s.lower[(k * d + i) * d + j] = !kept ? 0.0 : i == j ? 0.5 + uniform() : about(0.0, 0.5);
      }
    }
    for (int64_t j = 0; j < d && shape == DIAGONAL; j++) {
      const double factor = s.lower[(k * d + j) * d + j];
      s.form.whitening[k * d + j] = factor * factor;
    }
  }
  if (shape == DENSE) pack_whitening(&s);
  for (int64_t i = 0; i < d * TILE_ROWS; i++) s.tile[i] = about(origin, 2.5);
  return s;
}

static void scene_destroy(scene *s)
{
  free(s->form.log_constants);
  free(s->form.means);
  free(s->form.whitening);
  free(s->lower);
  free(s->tile);
}

static long double log_density(const scene *s, int64_t k, int p)
{
  const int64_t d = s->form.n_features;
  if (s->form.log_constants[k] == -INFINITY) return -INFINITY;
  long double distance = 0.0L;
  for (int64_t i = 0; i < d; i++) {
    long double z = 0.0L;
    for (int64_t j = 0; j <= i; j++)
      z += (long double)s->lower[(k * d + i) * d + j] *
           ((long double)s->tile[j * TILE_ROWS + p] - s->form.means[k * d + j]);
    distance += z * z;
  }
  return s->form.log_constants[k] - 0.5L * distance;
}

static void assert_near(long double value, long double expected, long double size)
{
  if (!(fabsl(value - expected) <= size)) fail_msg("%.17Lg instead of %.17Lg, tolerance %Lg", value, expected, size);
}

/* Runs a kernel over the scene and compares everything it gives. */
static void check_scene(const kernel *kernels, const scene *s)
{
  const int64_t K = s->form.n_components;
  const int64_t d = s->form.n_features;
  const int64_t width = padded_width(d);
  double *scratch = allocate(kernels->scratch_bytes(d), 1);
  double *shares = allocate(K * TILE_ROWS, sizeof(double));
  double *references = allocate(K * width, sizeof(double));
  const int64_t second_rows = s->form.shape == DENSE ? d : 1;
  block_sums sums = {.shape = s->form.shape,
                     .n_components = K,
                     .n_features = d,
                     .width = width,
                     .references = references,
                     .counts = allocate(K, sizeof(double)),
                     .first = allocate(K * width, sizeof(double)),
                     .second = allocate(K * second_rows * width, sizeof(double))};
  for (int64_t k = 0; k < K; k++) memcpy(references + k * width, s->form.means + k * d, (size_t)d * sizeof(double));

  kernels->log_densities(&s->form, s->tile, shares, scratch);
  long double exact_log[TILE_ROWS];
  long double log_likelihood = 0.0L;
  long double log_max = 0.0L;
  long double *exact = calloc((size_t)(K * TILE_ROWS), sizeof *exact);
  for (int p = 0; p < TILE_ROWS; p++) {
    long double top = -INFINITY;
    long double total = 0.0L;
    for (int64_t k = 0; k < K; k++) {
      exact[k * TILE_ROWS + p] = log_density(s, k, p);
      top = fmaxl(top, exact[k * TILE_ROWS + p]);
      if (s->form.log_constants[k] > -INFINITY)
        assert_near(shares[k * TILE_ROWS + p], exact[k * TILE_ROWS + p],
                    1e-13L * (1.0L + fabsl(exact[k * TILE_ROWS + p])));
      else
        assert_true(shares[k * TILE_ROWS + p] == -INFINITY);
    }
    for (int64_t k = 0; k < K; k++) total += expl(exact[k * TILE_ROWS + p] - top);
    exact_log[p] = top + logl(total);
    for (int64_t k = 0; k < K; k++) exact[k * TILE_ROWS + p] = expl(exact[k * TILE_ROWS + p] - exact_log[p]);
    if (p < s->n_points) {
      log_likelihood += exact_log[p];
      log_max -= logl(total);
    }
  }
  _Alignas(64) double log_densities[TILE_ROWS];
  double found_log_likelihood = 1.0; /* what is there is added to */
  double found_log_max = 2.0;
  kernels->responsibilities(K, s->n_points, shares, log_densities, &found_log_likelihood, &found_log_max);
  long double size = 0.0L;
  for (int p = 0; p < TILE_ROWS; p++) {
    assert_near(log_densities[p], exact_log[p], 1e-13L * (1.0L + fabsl(exact_log[p])));
    size += fabsl(exact_log[p]);
    for (int64_t k = 0; k < K; k++) {
      if (p >= s->n_points) exact[k * TILE_ROWS + p] = 0.0L;
      const long double tolerance = p >= s->n_points ? 0.0L : 1e-13L * (1.0L + fabsl(exact_log[p]));
      assert_near(shares[k * TILE_ROWS + p], exact[k * TILE_ROWS + p], tolerance);
    }
  }
  assert_near(found_log_likelihood - 1.0, log_likelihood, 1e-13L * (1.0L + size));
  assert_near(found_log_max - 2.0, log_max, 1e-12L * (1.0L + fabsl(log_max)));

  /* Sums from the kernel's own responsibilities. */
  kernels->accumulate(shares, s->tile, &sums, scratch);
  for (int64_t k = 0; k < K; k++) {
    long double count = 0.0L;
    for (int p = 0; p < s->n_points; p++) count += shares[k * TILE_ROWS + p];
    assert_near(sums.counts[k], count, 1e-14L * count + 1e-17L);
    for (int64_t i = 0; i < d; i++) {
      long double first = 0.0L;
      long double first_size = 0.0L;
      for (int p = 0; p < s->n_points; p++) {
        const long double term =
            shares[k * TILE_ROWS + p] * ((long double)s->tile[i * TILE_ROWS + p] - references[k * width + i]);
        first += term;
        first_size += fabsl(term);
      }
      assert_near(sums.first[k * width + i], first, 1e-14L * first_size + 1e-15L);
      for (int64_t j = s->form.shape == DENSE ? 0 : i; j <= i; j++) {
        long double second = 0.0L;
        long double second_size = 0.0L;
        for (int p = 0; p < s->n_points; p++) {
          const long double term = shares[k * TILE_ROWS + p] *
                                   ((long double)s->tile[i * TILE_ROWS + p] - references[k * width + i]) *
                                   ((long double)s->tile[j * TILE_ROWS + p] - references[k * width + j]);
          second += term;
          second_size += fabsl(term);
        }
        const double found = s->form.shape == DENSE ? sums.second[(k * d + i) * width + j] : sums.second[k * width + i];
        assert_near(found, second, 2e-14L * second_size + 1e-15L);
      }
    }
  }
  free(exact);
  free(scratch);
  free(shares);
  free(references);
  free(sums.counts);
  free(sums.first);
  free(sums.second);
}

static void sizes_and_shapes(void **state)
{
  (void)state;
  const int64_t sizes[] = {1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12,  13,  14, 15,
                           16, 17, 18, 19, 20, 31, 32, 33, 63, 64, 65, 127, 128, 129};
  const int64_t components[] = {1, 2, 17};
  for (int level = 0; level <= KERNEL_HIGHEST_LEVEL; level++) {
    const kernel *kernels = kernel_best(level);
    if (kernels->level != level) continue;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
      for (size_t j = 0; j < sizeof components / sizeof components[0]; j++) {
        for (int shape = DENSE; shape <= DIAGONAL; shape++) {
          scene s = scene_create((density_shape)shape, components[j], sizes[i], i % 2 == 0 ? 0.0 : 100.0);
          if (components[j] == 17) s.form.log_constants[3] = -INFINITY;
          check_scene(kernels, &s);
          scene_destroy(&s);
        }
      }
    }
  }
}

/* Points so far away that every density underflows still belong to somebody, and nothing becomes NaN or infinite. */
static void far_away_points(void **state)
{
  (void)state;
  for (int level = 0; level <= KERNEL_HIGHEST_LEVEL; level++) {
    const kernel *kernels = kernel_best(level);
    for (int shape = DENSE; shape <= DIAGONAL; shape++) {
      scene s = scene_create((density_shape)shape, 3, 5, 0.0);
      s.form.log_constants[1] = -INFINITY;
      for (int p = 0; p < TILE_ROWS; p++) s.tile[2 * TILE_ROWS + p] = pow(-10.0, 4.0 * p);
      for (int64_t j = 0; j < 5; j++) s.tile[j * TILE_ROWS + 7] = 1e140;
      double *scratch = allocate(kernels->scratch_bytes(5), 1);
      _Alignas(64) double shares[3 * TILE_ROWS];
      _Alignas(64) double log_densities[TILE_ROWS];
      for (int p = 0; p < TILE_ROWS; p++) s.tile[2 * TILE_ROWS + p] = fmin(s.tile[2 * TILE_ROWS + p], 1e140);
      double sums[2] = {0.0, 0.0};
      kernels->log_densities(&s.form, s.tile, shares, scratch);
      kernels->responsibilities(3, TILE_ROWS, shares, log_densities, &sums[0], &sums[1]);
      for (int p = 0; p < TILE_ROWS; p++) {
        assert_near(shares[p] + shares[2 * TILE_ROWS + p], 1.0L, 1e-15L);
        assert_true(shares[TILE_ROWS + p] == 0.0);
        assert_true(isfinite(log_densities[p]));
      }
      assert_true(isfinite(sums[0]) && isfinite(sums[1]));
      free(scratch);
      scene_destroy(&s);
    }
  }
}

/* Kernels that fuse multiply and add agree to the bit. */
static void avx2_and_avx512_agree(void **state)
{
  (void)state;
  const kernel *wide = kernel_best(2);
  const kernel *narrow = kernel_best(1);
  if (wide->level != 2 || narrow->level != 1) skip();
  for (int64_t d = 1; d <= 33; d++) {
    scene s = scene_create(DENSE, 5, d, 3.0);
    double *scratch = allocate(wide->scratch_bytes(d), 1);
    double *shares[2];
    double results[2][2] = {{0.0}};
    block_sums sums[2];
    double *references = allocate(5 * padded_width(d), sizeof(double));
    for (int i = 0; i < 2; i++) {
      const kernel *kernels = i == 0 ? wide : narrow;
      shares[i] = allocate(5 * TILE_ROWS, sizeof(double));
      sums[i] = (block_sums){.shape = DENSE,
                             .n_components = 5,
                             .n_features = d,
                             .width = padded_width(d),
                             .references = references,
                             .counts = allocate(5, sizeof(double)),
                             .first = allocate(5 * padded_width(d), sizeof(double)),
                             .second = allocate(5 * d * padded_width(d), sizeof(double))};
      kernels->log_densities(&s.form, s.tile, shares[i], scratch);
      kernels->responsibilities(5, s.n_points, shares[i], NULL, &results[i][0], &results[i][1]);
      kernels->accumulate(shares[i], s.tile, &sums[i], scratch);
    }
    assert_memory_equal(shares[0], shares[1], 5 * TILE_ROWS * sizeof(double));
    assert_memory_equal(results[0], results[1], sizeof results[0]);
    assert_memory_equal(sums[0].counts, sums[1].counts, 5 * sizeof(double));
    for (int64_t k = 0; k < 5; k++) {
      for (int64_t i = 0; i < d; i++) {
        assert_true(sums[0].first[k * padded_width(d) + i] == sums[1].first[k * padded_width(d) + i]);
        for (int64_t j = 0; j <= i; j++)
          assert_true(sums[0].second[(k * d + i) * padded_width(d) + j] ==
                      sums[1].second[(k * d + i) * padded_width(d) + j]);
      }
    }
    for (int i = 0; i < 2; i++) {
      free(shares[i]);
      free(sums[i].counts);
      free(sums[i].first);
      free(sums[i].second);
    }
    free(references);
    free(scratch);
    scene_destroy(&s);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sizes_and_shapes),
      cmocka_unit_test(far_away_points),
      cmocka_unit_test(avx2_and_avx512_agree),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
