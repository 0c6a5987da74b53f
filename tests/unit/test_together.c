/* SPDX-License-Identifier: BSD-3-Clause */
/* E-step and sums in one go (kernel.together) against textbook formulas in long double, of every kernel that this
 * machine can run, and to the bit among those that fuse multiply and add. */
#include "unit/scene.h"

/* weights: n_points, or NULL. */
static block_sums sums_together(const kernel *kernels, const scene *s, const double *weights, outcome *o)
{
  const int64_t d = s->form.n_features;
  const int64_t most = kernel_group_tiles(s->form.shape, s->form.n_components, d);
  double *padded = allocate(s->n_tiles * TILE_ROWS, sizeof(double));
  row_tile *tiles = allocate(s->n_tiles, sizeof *tiles);
  for (int64_t i = 0; i < s->n_tiles * TILE_ROWS && weights != NULL; i++)
    padded[i] = i < s->n_points ? weights[i] : 0.0;
  for (int64_t t = 0; t < s->n_tiles; t++)
    tiles[t] = (row_tile){.numbers = s->tiles + t * d * TILE_ROWS,
                          .n_points = points_of_tile(s, t),
                          .weights = weights != NULL ? padded + t * TILE_ROWS : NULL};
  assert_true(goes_together(&s->form));
  for (int64_t t = 0; t < s->n_tiles; t += most)
    kernels->together(&s->form, tiles + t, s->n_tiles - t < most ? s->n_tiles - t : most, &o->sums);
  free(padded);
  free(tiles);
  return o->sums;
}

/* A number, and how wrong it may be. */
typedef struct bounded {
  long double value, tolerance;
} bounded;

static void assert_within(double found, bounded expected)
{
  assert_near(found, expected.value, expected.tolerance);
}

/* Over the points, the sum of responsibility times left times right (features' distances from the mean, or 1 where they
 * are negative). A log density is good to 1e-13 of its size, and a responsibility below 2^-59 may be missing. */
static bounded exact_moment(const scene *s, const double *weights, int64_t k, int64_t left, int64_t right)
{
  const int64_t d = s->form.n_features;
  bounded sum = {0.0L, 0.0L};
  for (int64_t i = 0; i < s->n_points; i++) {
    const double *x = s->tiles + i / TILE_ROWS * d * TILE_ROWS + i % TILE_ROWS;
    const double *mean = s->form.means + k * d;
    const long double own = s->responsibilities[(i / TILE_ROWS * s->form.n_components + k) * TILE_ROWS + i % TILE_ROWS];
    long double factor = weights != NULL ? weights[i] : 1.0L;
    if (left >= 0) factor *= (long double)x[left * TILE_ROWS] - mean[left];
    if (right >= 0) factor *= (long double)x[right * TILE_ROWS] - mean[right];
    sum.value += own * factor;
    sum.tolerance += fabsl(factor) * (own * 1e-13L * (1.0L + fabsl(s->log_density[i])) + (own < 0x1p-59L ? own : 0.0L));
  }
  return sum;
}

static void check_moments(const scene *s, const double *weights, const block_sums *sums)
{
  const int64_t d = s->form.n_features;
  for (int64_t k = 0; k < s->form.n_components; k++) {
    assert_within(sums->counts[k], exact_moment(s, weights, k, -1, -1));
    for (int64_t a = 0; a < d; a++) {
      const double *row = sums->second + (s->form.shape == DENSE ? (k * d + a) : k) * sums->width;
      assert_within(sums->first[k * sums->width + a], exact_moment(s, weights, k, a, -1));
      for (int64_t b = s->form.shape == DENSE ? 0 : a; b <= a; b++)
        assert_within(row[b], exact_moment(s, weights, k, a, b));
    }
  }
}

static void check_logs(const scene *s, const double *weights, const block_sums *sums)
{
  const int64_t K = s->form.n_components;
  bounded log_likelihood = {0.0L, 0.0L};
  bounded log_max = {0.0L, 0.0L};
  for (int64_t i = 0; i < s->n_points; i++) {
    const long double weight = weights != NULL ? weights[i] : 1.0L;
    long double top = s->form.background;
    for (int64_t k = 0; k < K; k++)
      top = fmaxl(top, s->log_densities[(i / TILE_ROWS * K + k) * TILE_ROWS + i % TILE_ROWS]);
    log_likelihood.value += weight * s->log_density[i];
    log_max.value += weight * (top - s->log_density[i]);
    log_likelihood.tolerance += 1e-13L * weight * (1.0L + fabsl(s->log_density[i]));
  }
  log_max.tolerance = log_likelihood.tolerance;
  assert_within(sums->log_likelihood, log_likelihood);
  assert_within(sums->sum_log_max_responsibility, log_max);
}

static void assert_same_sums(const scene *s, const block_sums *a, const block_sums *b)
{
  const int64_t K = s->form.n_components;
  const int64_t d = s->form.n_features;
  assert_memory_equal(a->counts, b->counts, (size_t)K * sizeof(double));
  assert_memory_equal(a->first, b->first, (size_t)(K * a->width) * sizeof(double));
  assert_memory_equal(a->second, b->second, (size_t)(K * (s->form.shape == DENSE ? d : 1) * a->width) * sizeof(double));
  assert_true(a->log_likelihood == b->log_likelihood);
  assert_true(a->sum_log_max_responsibility == b->sum_log_max_responsibility);
}

#ifdef CHECKED_KERNELS /* the sanitizers' checks stand between multiplications and additions */
static const bool kernels_agree = false;
#else
static const bool kernels_agree = true;
#endif

static void check_scene(const scene *s, const double *weights)
{
  outcome fused = outcome_create(s);
  int n_fused = 0;
  for (int level = 0; level <= KERNEL_HIGHEST_LEVEL; level++) {
    if (kernel_best(level)->level != level) continue;
    outcome own = outcome_create(s);
    outcome *o = level > 0 && n_fused++ == 0 ? &fused : &own;
    const block_sums sums = sums_together(kernel_best(level), s, weights, o);
    check_moments(s, weights, &sums);
    check_logs(s, weights, &sums);
    if (kernels_agree && n_fused > 1) assert_same_sums(s, &fused.sums, &sums);
    outcome_destroy(&own);
  }
  outcome_destroy(&fused);
}

/* Everything that goes together, once with weights and once without, some of them 0. */
static void sizes_and_shapes(void **state)
{
  (void)state;
  static const int64_t components[] = {1, 2, 5, MOST_COMPONENTS_TOGETHER};
  static const int64_t n_points[] = {1, 63, 64, 200, 1, 130, 1500};
  uint64_t seed = 1;
  int turn = 0;
  for (int64_t d = 1; d <= MOST_FEATURES_TOGETHER; d++) {
    for (int kind = FULL_SCENE; kind <= ISOTROPIC_SCENE; kind++) {
      for (int j = 0; j < 4; j++, turn++) {
        const double distance = turn % 2 == 0 ? 1.0 : 20.0; /* overlapping, separated */
        scene s = scene_create((scene_kind)kind, components[j], d, n_points[turn % 7], turn % 3 == 0 ? 0.0 : 1e5,
                               distance, &seed);
        double *weights = allocate(s.n_points, sizeof(double));
        if (components[j] == 5) s.form.log_constants[3] = -INFINITY;
        if (turn % 5 == 0) s.form.background = -4.0;
        compute_exactly(&s);
        for (int64_t i = 0; i < s.n_points; i++) weights[i] = i % 11 == 3 ? 0.0 : 1.5 + random_number(&seed);
        check_scene(&s, NULL);
        check_scene(&s, weights);
        free(weights);
        scene_destroy(&s);
      }
    }
  }
}

/* The largest product of sums of shares that there can be: all components and the background have the same density at
 * all points. */
static void equal_densities(void **state)
{
  (void)state;
  uint64_t seed = 3;
  scene s = scene_create(FULL_SCENE, MOST_COMPONENTS_TOGETHER, 2, 1024, 0.0, 0.0, &seed);
  for (int64_t k = 0; k < MOST_COMPONENTS_TOGETHER; k++) s.form.log_constants[k] = -2.0;
  memset(s.form.means, 0, 2 * MOST_COMPONENTS_TOGETHER * sizeof(double));
  memset(s.tiles, 0, 2 * 1024 * sizeof(double));
  s.form.background = -2.0;
  compute_exactly(&s);
  check_scene(&s, NULL);
  scene_destroy(&s);
}

/* Points so far away that every density underflows belong to all living components alike. */
static void far_away_points(void **state)
{
  (void)state;
  uint64_t seed = 4;
  for (int kind = FULL_SCENE; kind <= ISOTROPIC_SCENE; kind++) {
    scene s = scene_create((scene_kind)kind, 3, 4, TILE_ROWS, 0.0, 2.0, &seed);
    s.form.log_constants[1] = -INFINITY;
    for (int i = 0; i < 4 * TILE_ROWS; i++) s.tiles[i] = i % 2 == 0 ? 1e153 : -1e153;
    for (int i = 0; i < s.n_tiles * s.whitening_numbers; i++) s.form.whitening[i] *= 1e10;
    for (int level = 0; level <= KERNEL_HIGHEST_LEVEL; level++) {
      outcome o = outcome_create(&s);
      const block_sums sums = sums_together(kernel_best(level), &s, NULL, &o);
      assert_true(sums.counts[0] == TILE_ROWS / 2.0 && sums.counts[1] == 0.0 && sums.counts[2] == TILE_ROWS / 2.0);
      assert_true(isfinite(sums.log_likelihood) && isfinite(sums.sum_log_max_responsibility));
      outcome_destroy(&o);
    }
    scene_destroy(&s);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sizes_and_shapes),
      cmocka_unit_test(equal_densities),
      cmocka_unit_test(far_away_points),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
