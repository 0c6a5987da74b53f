/* SPDX-License-Identifier: BSD-3-Clause */
/* Every kernel that this machine can run against textbook formulas in long double, over awkward sizes. */
#include "unit/kernel_wide.h"
#include "unit/scene.h"

/* The kernels that can run here, each once; how many is returned. */
static int runnable_kernels(const kernel *kernels[4])
{
  int n = 0;
  for (int level = 0; level <= KERNEL_HIGHEST_LEVEL; level++) {
    if (kernel_best(level)->level == level) kernels[n++] = kernel_best(level);
  }
#ifdef WITH_KERNEL_WIDE
  if (n > 1) kernels[n++] = &kernel_wide;
#endif
  return n;
}

static void check_densities(const scene *s, const outcome *o)
{
  const int64_t K = s->form.n_components;
  long double size = 0.0L;
  for (int64_t i = 0; i < s->n_tiles * K * TILE_ROWS; i++) {
    const int64_t point = i / (K * TILE_ROWS) * TILE_ROWS + i % TILE_ROWS;
    const long double expected = s->log_densities[i];
    if (s->form.log_constants[i / TILE_ROWS % K] == -INFINITY)
      assert_true(o->log_densities[i] == -INFINITY);
    else
      assert_near(o->log_densities[i], expected, 1e-13L * (1.0L + fabsl(expected)));
    /* A responsibility is 0 or right, and 0 only when small enough. */
    const long double tolerance =
        point >= s->n_points ? 0.0L : 1e-13L * (1.0L + fabsl(s->log_density[point])) * s->responsibilities[i];
    if (o->responsibilities[i] != 0.0 || s->responsibilities[i] > 0x1p-59)
      assert_near(o->responsibilities[i], s->responsibilities[i], tolerance);
  }
  for (int64_t i = 0; i < s->n_points; i++) {
    assert_near(o->log_density[i], s->log_density[i], 1e-13L * (1.0L + fabsl(s->log_density[i])));
    size += fabsl(s->log_density[i]);
  }
  assert_near(o->log_likelihood, s->log_likelihood, 1e-13L * (1.0L + size));
  assert_near(o->sum_log_max, s->sum_log_max, 1e-13L * (1.0L + size));
}

/* The moments of component k from the kernel's own responsibilities: sums[0] = count, then first[d]; scatter: d x d. */
static void exact_sums(const scene *s, const outcome *o, int64_t k, long double *sums, long double *scatter)
{
  const int64_t d = s->form.n_features;
  memset(sums, 0, (size_t)(1 + d) * sizeof *sums);
  memset(scatter, 0, (size_t)(d * d) * sizeof *scatter);
  for (int64_t i = 0; i < s->n_points; i++) {
    const double *x = s->tiles + i / TILE_ROWS * d * TILE_ROWS + i % TILE_ROWS;
    const double own = o->responsibilities[(i / TILE_ROWS * s->form.n_components + k) * TILE_ROWS + i % TILE_ROWS];
    if (own == 0.0) continue;
    sums[0] += own;
    for (int64_t a = 0; a < d; a++) {
      const long double weighted = own * ((long double)x[a * TILE_ROWS] - s->form.means[k * d + a]);
      sums[1 + a] += weighted;
      for (int64_t b = s->form.shape == DENSE ? 0 : a; b <= a; b++)
        scatter[a * d + b] += weighted * ((long double)x[b * TILE_ROWS] - s->form.means[k * d + b]);
    }
  }
}

/* Adds what component k adds to pooled second moments: about the mean, or the common origin. */
static void add_pooled(const scene *s, const outcome *o, int64_t k, long double *scatter)
{
  const int64_t d = s->form.n_features;
  const double *about = s->about_origin ? s->form.common.origin : s->form.means + k * d;
  for (int64_t i = 0; i < s->n_points; i++) {
    const double *x = s->tiles + i / TILE_ROWS * d * TILE_ROWS + i % TILE_ROWS;
    const double own = o->responsibilities[(i / TILE_ROWS * s->form.n_components + k) * TILE_ROWS + i % TILE_ROWS];
    for (int64_t a = 0; a < d && own != 0.0; a++) {
      const long double weighted = own * ((long double)x[a * TILE_ROWS] - about[a]);
      for (int64_t b = 0; b <= a; b++) scatter[a * d + b] += weighted * ((long double)x[b * TILE_ROWS] - about[b]);
    }
  }
}

static void check_pooled(const scene *s, const outcome *o)
{
  const int64_t d = s->form.n_features;
  long double *scatter = calloc((size_t)(d * d), sizeof *scatter);
  assert_non_null(scatter);
  for (int64_t k = 0; k < s->form.n_components; k++) add_pooled(s, o, k, scatter);
  for (int64_t a = 0; a < d; a++) {
    for (int64_t b = 0; b <= a; b++)
      assert_near(o->sums.second[a * o->sums.width + b], scatter[a * d + b],
                  2e-14L * sqrtl(scatter[a * d + a]) * sqrtl(scatter[b * d + b]));
  }
  free(scatter);
}

/* |y| is at most sqrt(scatter), so by Cauchy and Schwarz this bounds the sums of absolute values. */
static void check_sums(const scene *s, const outcome *o)
{
  const int64_t d = s->form.n_features;
  const int64_t width = o->sums.width;
  long double *sums = malloc((size_t)(1 + d) * sizeof *sums);
  long double *scatter = malloc((size_t)(d * d) * sizeof *scatter);
  assert_true(sums != NULL && scatter != NULL);
  for (int64_t k = 0; k < s->form.n_components; k++) {
    exact_sums(s, o, k, sums, scatter);
    assert_near(o->sums.counts[k], sums[0], 1e-14L * sums[0]);
    for (int64_t a = 0; a < d; a++) {
      const long double spread = sqrtl(scatter[a * d + a]);
      assert_near(o->sums.first[k * width + a], sums[1 + a], 2e-14L * spread * sqrtl(sums[0]));
      for (int64_t b = s->form.shape == DENSE ? 0 : a; b <= a && !o->sums.pooled; b++) {
        const double found =
            s->form.shape == DENSE ? o->sums.second[(k * d + a) * width + b] : o->sums.second[k * width + a];
        assert_near(found, scatter[a * d + b], 2e-14L * spread * sqrtl(scatter[b * d + b]));
      }
    }
  }
  if (o->sums.pooled) check_pooled(s, o);
  free(sums);
  free(scatter);
}

static void check_kernels(const scene *s)
{
  const kernel *kernels[4];
  const int n_kernels = runnable_kernels(kernels);
  for (int i = 0; i < n_kernels; i++) {
    outcome o = run_kernel(kernels[i], s);
    check_densities(s, &o);
    check_sums(s, &o);
    outcome_destroy(&o);
  }
}

static void check_scene(const scene *s)
{
  check_kernels(s);
  if (!s->about_origin) return;
  scene about_means = *s;
  about_means.about_origin = false;
  check_kernels(&about_means);
}

static void sizes_and_shapes(void **state)
{
  (void)state;
  static const int64_t sizes[] = {1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12,  13,  14, 15,
                                  16, 17, 18, 19, 20, 31, 32, 33, 63, 64, 65, 127, 128, 129};
  static const int64_t components[] = {1, 2, 17};
  static const int64_t n_points[] = {200, 1, 63, 64, 65};
  uint64_t seed = 1;
  int next = 0;
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    for (size_t j = 0; j < sizeof components / sizeof components[0]; j++) {
      for (int kind = FULL_SCENE; kind < N_SCENE_KINDS; kind++, next++) {
        const int64_t n = sizes[i] * components[j] > 500 ? 65 : n_points[next % 5];
        const double distance = next % 2 == 0 ? 1.0 : 20.0; /* overlapping, separated */
        const double origin = next % 3 == 0 ? 0.0 : kind >= COMMON_SCENE ? 1e7 : 100.0;
        scene s = scene_create((scene_kind)kind, components[j], sizes[i], n, origin, distance, &seed);
        if (components[j] == 17) {
          s.form.log_constants[3] = -INFINITY;
          compute_exactly(&s);
        }
        check_scene(&s);
        scene_destroy(&s);
      }
    }
  }
}

/* A background of a density that is low, about that of the components, and far above it. */
static void uniform_backgrounds(void **state)
{
  (void)state;
  static const int64_t sizes[] = {1, 2, 5, 8, 9, 16, 33};
  uint64_t seed = 7;
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    for (int kind = FULL_SCENE; kind <= ISOTROPIC_SCENE; kind++) {
      scene s = scene_create((scene_kind)kind, 5, sizes[i], 150, 10.0, 8.0, &seed);
      const long double usual = s.log_likelihood / (long double)s.n_points;
      for (int level = -2; level <= 2; level++) {
        s.form.background = (double)usual + 12.0 * level * level * level;
        compute_exactly(&s);
        check_scene(&s);
      }
      scene_destroy(&s);
    }
  }
}

/* Many points, so that groups of tiles are full, and more than one of them. */
static void groups_of_tiles(void **state)
{
  (void)state;
  static const int64_t sizes[][2] = {{2, 5}, {4, 3}, {5, 4}, {6, 9}, {7, 3}, {8, 16}, {9, 150}, {21, 7}}; /* d, K */
  uint64_t seed = 2;
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    static const scene_kind kinds[] = {FULL_SCENE, DIAGONAL_SCENE, COMMON_SCENE, ORIENTED_SCENE};
    for (int j = 0; j < 8; j++) {
      const double distance = j < 4 ? 4.0 : 0.3; /* most points count for one component, or for all */
      scene s = scene_create(kinds[j % 4], sizes[i][1], sizes[i][0], 1500, 10.0, distance, &seed);
      check_scene(&s);
      scene_destroy(&s);
    }
  }
}

/* Distances as products about an origin, of components near to it, at the bound of what cancels, beyond it, and so far
 * away that nothing is centred. */
static void centred_distances(void **state)
{
  (void)state;
  static const int64_t sizes[][2] = {{5, 4}, {16, 9}, {17, 5}, {31, 21}, {33, 12}, {48, 17}, {130, 13}}; /* d, K */
  static const double squares[] = {0.0, 0.999 * MOST_PRODUCTS_SQUARE, 1.001 * MOST_PRODUCTS_SQUARE,
                                   1.001 * MOST_CENTRED_SQUARE};
  uint64_t seed = 11;
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    for (int j = 0; j < 16; j++) {
      const int64_t d = sizes[i][0];
      const scene_kind kind = (scene_kind)(DIAGONAL_SCENE + j % 4);
      if (kind == ORIENTED_SCENE && d > 128) continue; /* there is no common form of it */
      scene s = scene_create(kind, sizes[i][1], d, 100, j % 3 == 0 ? 1e7 : 3.0, j % 8 < 4 ? 1.0 : 8.0, &seed);
      const double square = squares[j / 4];
      s.form.background = j % 5 == 0 ? -20.0 : -INFINITY;
      if (square > 0.0 && kind == ISOTROPIC_SCENE) { /* so far away is one component */
        const double far = sqrt(square / s.form.whitening[0]) * (double)sizes[i][1] / (double)(sizes[i][1] - 1);
        for (int64_t l = 0; l < d; l++) {
          double middle = 0.0;
          for (int64_t k = 1; k < sizes[i][1]; k++) middle += s.form.means[k * d + l] / (double)(sizes[i][1] - 1);
          s.form.means[l] = middle + (l == 0 ? far : 0.0);
        }
        for (int p = 0; p < TILE_ROWS; p += 3) {
          for (int64_t l = 0; l < d; l++) s.tiles[l * TILE_ROWS + p] = about(s.form.means[l], 2.0, &seed);
        }
      } else if (j / 4 > 0 && kind != ISOTROPIC_SCENE) {
        s.form.log_constants[2] = -INFINITY;
      }
      centre_scene(&s);
      assert_true(s.form.centred.holds == (square < MOST_CENTRED_SQUARE || kind != ISOTROPIC_SCENE));
      if (kind == ISOTROPIC_SCENE && s.form.centred.holds)
        assert_true(s.form.centred.far[0] == (square > MOST_PRODUCTS_SQUARE));
      compute_exactly(&s);
      check_kernels(&s);
      scene_destroy(&s);
    }
  }
}

/* Components out of reach are not computed to the end, and it makes no difference: a responsibility is 0 exactly where
 * the whole log densities say so, and the same whatever the point's neighbours are. */
static void skipping_changes_nothing(void **state)
{
  (void)state;
  static const int64_t sizes[] = {1, 3, 5, 8, 13, 16, 17, 32, 40, 65};
  const kernel *kernels[4];
  const int n_kernels = runnable_kernels(kernels);
  uint64_t seed = 3;
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    for (int turn = FULL_SCENE; turn < 2 * N_SCENE_KINDS - 1; turn++) {
      const int kind = turn < N_SCENE_KINDS ? turn : turn - N_SCENE_KINDS + 1;
      const int64_t d = sizes[i];
      const int64_t K = 17;
      scene s = scene_create((scene_kind)kind, K, d, 2 * TILE_ROWS, -5.0, 16.0 / sqrt((double)d), &seed);
      scene other = scene_create((scene_kind)kind, K, d, 2 * TILE_ROWS, -5.0, 1.0, &seed);
      /* The other scene: the same mixture, every second of the points elsewhere among points from anywhere. */
      copy_mixture(&other, &s);
      if (turn >= N_SCENE_KINDS) {
        centre_scene(&s);
        centre_scene(&other);
      }
      for (int p = 0; p < TILE_ROWS; p += 2) {
        for (int64_t j = 0; j < d; j++)
          other.tiles[(d + j) * TILE_ROWS + (p + 13) % TILE_ROWS] = s.tiles[j * TILE_ROWS + p];
      }
      for (int kn = 0; kn < n_kernels; kn++) {
        outcome own = run_kernel(kernels[kn], &s);
        outcome elsewhere = run_kernel(kernels[kn], &other);
        int n_zeros = 0;
        for (int64_t t = 0; t < s.n_tiles; t++) {
          for (int p = 0; p < TILE_ROWS; p++) {
            double best = -INFINITY;
            for (int64_t k = 0; k < K; k++) best = fmax(best, own.log_densities[(t * K + k) * TILE_ROWS + p]);
            for (int64_t k = 0; k < K; k++) {
              const int64_t place = (t * K + k) * TILE_ROWS + p;
              const bool is_zero = own.log_densities[place] < best - 41.588830833596718; /* 60 log 2 */
              n_zeros += is_zero;
              assert_true((own.responsibilities[place] == 0.0) == is_zero);
            }
          }
        }
        assert_true(n_zeros > TILE_ROWS);
        for (int p = 0; p < TILE_ROWS; p += 2) {
          const int q = (p + 13) % TILE_ROWS;
          assert_true(own.log_density[p] == elsewhere.log_density[TILE_ROWS + q]);
          for (int64_t k = 0; k < K; k++)
            assert_true(own.responsibilities[k * TILE_ROWS + p] == elsewhere.responsibilities[(K + k) * TILE_ROWS + q]);
        }
        outcome_destroy(&own);
        outcome_destroy(&elsewhere);
      }
      scene_destroy(&s);
      scene_destroy(&other);
    }
  }
}

/* Points so far away that every density underflows still belong to somebody, and nothing becomes NaN or infinite. */
static void far_away_points(void **state)
{
  (void)state;
  static const int64_t sizes[] = {1, 3, 5, 12, 33};
  const kernel *kernels[4];
  const int n_kernels = runnable_kernels(kernels);
  uint64_t seed = 4;
  for (int i = 0; i < 5 * N_SCENE_KINDS; i++) {
    const int64_t d = sizes[i / N_SCENE_KINDS];
    scene s = scene_create((scene_kind)(i % N_SCENE_KINDS), 3, d, TILE_ROWS, 0.0, 2.0, &seed);
    s.form.log_constants[1] = -INFINITY;
    for (int p = 0; p < TILE_ROWS; p++) s.tiles[d / 2 * TILE_ROWS + p] = fmin(pow(-10.0, 4.0 * p), 1e140);
    for (int64_t j = 0; j < d; j++) s.tiles[j * TILE_ROWS + 7] = 1e140;
    for (int kn = 0; kn < n_kernels; kn++) {
      outcome o = run_kernel(kernels[kn], &s);
      for (int p = 0; p < TILE_ROWS; p++) {
        assert_near(o.responsibilities[p] + o.responsibilities[2 * TILE_ROWS + p], 1.0L, 1e-15L);
        assert_true(o.responsibilities[TILE_ROWS + p] == 0.0);
        assert_true(isfinite(o.log_density[p]));
      }
      assert_true(isfinite(o.log_likelihood) && isfinite(o.sum_log_max));
      for (int64_t j = 0; j < d; j++) assert_true(isfinite(o.sums.first[j]) && !isnan(o.sums.second[j]));
      outcome_destroy(&o);
    }
    scene_destroy(&s);
  }
}

/* A component's share is exp of what its log density is below the best one, to 60 log 2, and nothing below. All means
 * are 0, and so are the points, so that log densities are the log constants: the first one's is 0 and the last two are
 * at the bound, and one number below it. */
static void shares_down_to_the_bound(void **state)
{
  (void)state;
  const double bound = -41.588830833596718;
  const kernel *kernels[4];
  const int n_kernels = runnable_kernels(kernels);
  uint64_t seed = 6;
  for (int turn = 0; turn < 60; turn++) {
    static const int64_t sizes[] = {2, 6, 12};
    static const int64_t components[] = {4, 16, 17, 60};
    const int64_t d = sizes[turn % 3];
    const int64_t K = components[turn % 4];
    scene s = scene_create((scene_kind)(turn % 5), K, d, TILE_ROWS, 0.0, 0.0, &seed);
    memset(s.form.means, 0, (size_t)(K * d) * sizeof(double));
    if (s.form.common.holds) memset(s.form.common.means, 0, (size_t)(K * d) * sizeof(double));
    if (s.form.common.holds) memset(s.form.common.origin, 0, (size_t)d * sizeof(double));
    memset(s.tiles, 0, (size_t)(d * TILE_ROWS) * sizeof(double));
    s.form.log_constants[0] = 0.0;
    for (int64_t k = 1; k < K - 2; k++) s.form.log_constants[k] = bound * (random_number(&seed) + 1.0) / 2.0;
    s.form.log_constants[K - 2] = bound;
    s.form.log_constants[K - 1] = nextafter(bound, -INFINITY);
    if (turn % 2 == 1) s.form.background = turn % 4 == 1 ? bound : nextafter(bound, -INFINITY);
    for (int kn = 0; kn < n_kernels; kn++) {
      outcome o = run_kernel(kernels[kn], &s);
      long double total = turn % 4 == 1 ? 0x1p-60L : 0.0L;
      for (int64_t k = 0; k < K; k++) total += k < K - 1 ? expl(s.form.log_constants[k]) : 0.0L;
      for (int64_t k = 0; k < K - 1; k++) {
        const long double expected = expl(s.form.log_constants[k]) / total;
        /* As vector_exp_of_negative promises; where products are rounded before they are added, |x| 2^-53 more. */
        const long double tolerance = 0x1p-50L - (0x1p-53L + 4e-17L) * s.form.log_constants[k];
        assert_near(o.responsibilities[k * TILE_ROWS], expected, tolerance * expected);
      }
      assert_true(o.responsibilities[(K - 1) * TILE_ROWS] == 0.0);
      outcome_destroy(&o);
    }
    scene_destroy(&s);
  }
}

static void assert_same_outcome(const scene *s, const outcome *a, const outcome *b)
{
  const int64_t K = s->form.n_components;
  const int64_t d = s->form.n_features;
  const int64_t width = padded_width(d);
  const size_t n = (size_t)(s->n_tiles * K * TILE_ROWS) * sizeof(double);
  assert_memory_equal(a->log_densities, b->log_densities, n);
  assert_memory_equal(a->responsibilities, b->responsibilities, n);
  assert_memory_equal(a->log_density, b->log_density, (size_t)(s->n_tiles * TILE_ROWS) * sizeof(double));
  assert_true(a->log_likelihood == b->log_likelihood && a->sum_log_max == b->sum_log_max);
  assert_memory_equal(a->sums.counts, b->sums.counts, (size_t)K * sizeof(double));
  for (int64_t k = 0; k < K; k++) {
    for (int64_t i = 0; i < d; i++) {
      assert_true(a->sums.first[k * width + i] == b->sums.first[k * width + i]);
      if (s->form.shape == DIAGONAL) assert_true(a->sums.second[k * width + i] == b->sums.second[k * width + i]);
      for (int64_t j = 0; j <= i && s->form.shape == DENSE && !(a->sums.pooled && k > 0); j++)
        assert_true(a->sums.second[(k * d + i) * width + j] == b->sums.second[(k * d + i) * width + j]);
    }
  }
}

/* Kernels that fuse multiply and add agree to the bit, however long their vectors are. */
static void fused_kernels_agree(void **state)
{
  (void)state;
  const kernel *kernels[4];
  const int n_kernels = runnable_kernels(kernels);
  uint64_t seed = 5;
#ifdef CHECKED_KERNELS
  skip(); /* the sanitizers' checks stand between multiplications and additions, which are not fused then */
#endif
  if (n_kernels < 3) skip();
  for (int64_t d = 1; d <= 33; d++) {
    for (int turn = FULL_SCENE; turn < 2 * N_SCENE_KINDS - 1; turn++) {
      const int kind = turn < N_SCENE_KINDS ? turn : turn - N_SCENE_KINDS + 1;
      scene s = scene_create((scene_kind)kind, 9, d, 150, 3.0, d % 2 == 0 ? 1.0 : 15.0, &seed);
      if (turn >= N_SCENE_KINDS) centre_scene(&s);
      outcome first = run_kernel(kernels[1], &s);
      for (int kn = 2; kn < n_kernels; kn++) {
        outcome other = run_kernel(kernels[kn], &s);
        assert_same_outcome(&s, &first, &other);
        outcome_destroy(&other);
      }
      outcome_destroy(&first);
      scene_destroy(&s);
    }
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sizes_and_shapes),    cmocka_unit_test(groups_of_tiles),
      cmocka_unit_test(centred_distances),   cmocka_unit_test(skipping_changes_nothing),
      cmocka_unit_test(far_away_points),     cmocka_unit_test(fused_kernels_agree),
      cmocka_unit_test(uniform_backgrounds), cmocka_unit_test(shares_down_to_the_bound),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
