/* SPDX-License-Identifier: BSD-3-Clause */
/* Student's t distributions: kernels against textbook formulas in long double, functions of the degrees of freedom
 * against others of the C library and of their own definition, and how they are estimated. */
#include "em/tails.h"
#include "mixture/tails.h"
#include "unit/kernel_wide.h"
#include "unit/scene.h"

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

/* Degrees of freedom from heavy tails to nearly normal. */
static void give_tails(scene *s, const double *dof, int n_dof)
{
  s->form.dof = allocate(s->form.n_components, sizeof(double));
  for (int64_t k = 0; k < s->form.n_components; k++) s->form.dof[k] = dof[k % n_dof];
  compute_exactly(s);
}

/* What a kernel says of pulls, and the tail sums. */
typedef struct pull_outcome {
  double *pulls, *responsibilities; /* n_tiles x K x TILE_ROWS */
  double *log_density;
  block_sums sums;
} pull_outcome;

static pull_outcome run_pulls(const kernel *kernels, const scene *s, const double *weights)
{
  const int64_t K = s->form.n_components;
  const int64_t d = s->form.n_features;
  pull_outcome o = {.pulls = allocate(s->n_tiles * K * TILE_ROWS, sizeof(double)),
                    .responsibilities = allocate((s->n_tiles + 1) * K * TILE_ROWS, sizeof(double)),
                    .log_density = allocate(s->n_tiles * TILE_ROWS, sizeof(double)),
                    .sums = {.totals = allocate(K, sizeof(double)), .logs = allocate(K, sizeof(double))}};
  double *scratch = allocate(kernel_scratch_bytes(s->form.shape, K, d), 1);
  for (int64_t t = 0; t < s->n_tiles; t++) {
    const row_tile row = {.numbers = s->tiles + t * d * TILE_ROWS,
                          .n_points = points_of_tile(s, t),
                          .weights = weights == NULL ? NULL : weights + t * TILE_ROWS};
    kernels->pulls(&s->form, &row, o.pulls + t * K * TILE_ROWS, o.responsibilities + t * K * TILE_ROWS,
                   o.log_density + t * TILE_ROWS, &o.sums, scratch);
  }
  free(scratch);
  return o;
}

static void pulls_destroy(pull_outcome *o)
{
  free(o->pulls);
  free(o->responsibilities);
  free(o->log_density);
  free(o->sums.totals);
  free(o->sums.logs);
}

/* u = (nu + d)/(nu + delta), from the exact log density. */
static long double exact_log_quotient(const scene *s, int64_t k, int64_t place)
{
  const long double half = (s->form.dof[k] + (long double)s->form.n_features) / 2.0L;
  return (s->form.log_constants[k] - s->log_densities[place]) / half;
}

static void check_pulls(const scene *s, const pull_outcome *o, const double *weights)
{
  const int64_t K = s->form.n_components;
  const long double d = (long double)s->form.n_features;
  long double size = 0.0L;
  long double log_likelihood = 0.0L;
  for (int64_t i = 0; i < s->n_points; i++) {
    const long double weight = weights == NULL ? 1.0L : weights[i];
    assert_near(o->log_density[i], s->log_density[i], 1e-13L * (1.0L + fabsl(s->log_density[i])));
    size += weight * fabsl(s->log_density[i]);
    log_likelihood += weight * s->log_density[i];
  }
  assert_near(o->sums.log_likelihood, log_likelihood, 1e-13L * (1.0L + size));
  for (int64_t k = 0; k < K; k++) {
    long double total = 0.0L;
    long double logs = 0.0L;
    for (int64_t i = 0; i < s->n_tiles * TILE_ROWS; i++) {
      const int64_t place = (i / TILE_ROWS * K + k) * TILE_ROWS + i % TILE_ROWS;
      const long double nu = s->form.dof[k];
      const long double weight = weights == NULL ? 1.0L : weights[i];
      const long double own = i < s->n_points ? weight * s->responsibilities[place] : 0.0L;
      const long double log_quotient = own > 0.0L ? exact_log_quotient(s, k, place) : 0.0L;
      const long double pull = own * (nu + d) / nu * expl(-log_quotient);
      const long double tolerance = 1e-13L * (1.0L + fabsl(s->log_density[i % s->n_points]));
      if (o->responsibilities[place] == 0.0 && s->responsibilities[place] < 0x1p-59L) {
        assert_true(o->pulls[place] == 0.0);
        continue;
      }
      assert_near(o->responsibilities[place], own, 3.0L * tolerance * own);
      assert_near(o->pulls[place], pull, 3.0L * tolerance * pull);
      total += own;
      logs += own * log_quotient;
    }
    assert_near(o->sums.totals[k], total, 1e-12L * total);
    assert_near(o->sums.logs[k], logs, 1e-12L * (logs + 0.1L * total));
  }
}

static void check_scene(const scene *s, const double *weights)
{
  const kernel *kernels[4];
  const int n_kernels = runnable_kernels(kernels);
  for (int i = 0; i < n_kernels; i++) {
    pull_outcome o = run_pulls(kernels[i], s, weights);
    check_pulls(s, &o, weights);
    if (weights == NULL) { /* posteriors says the same to the bit, and log_densities is right */
      outcome all = run_kernel(kernels[i], s);
      const size_t bytes = (size_t)(s->n_tiles * s->form.n_components * TILE_ROWS) * sizeof(double);
      assert_memory_equal(all.responsibilities, o.responsibilities, bytes);
      for (int64_t j = 0; j < s->n_tiles * s->form.n_components * TILE_ROWS; j++) {
        if (s->log_densities[j] > -INFINITY)
          assert_near(all.log_densities[j], s->log_densities[j], 4e-14L * (1.0L + fabsl(s->log_densities[j])));
      }
      outcome_destroy(&all);
    }
    pulls_destroy(&o);
  }
}

static void kernels_are_right(void **state)
{
  (void)state;
  static const int64_t sizes[] = {1, 2, 3, 5, 8, 9, 12, 17, 24, 33, 64, 129};
  static const double dof[] = {0.3, 3.0, 20.0, 250.0, 1e4, 1e8};
  uint64_t seed = 4;
  int next = 0;
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    for (int kind = FULL_SCENE; kind <= ISOTROPIC_SCENE; kind++, next++) {
      const double distance = next % 2 == 0 ? 1.0 : 30.0;
      scene s = scene_create((scene_kind)kind, next % 3 == 0 ? 13 : 2, sizes[i], next % 4 == 0 ? 64 : 130,
                             next % 2 == 0 ? 0.0 : 100.0, distance, &seed);
      give_tails(&s, dof + next % 3, 4);
      if (s.form.n_components == 13) {
        s.form.log_constants[5] = -INFINITY;
        compute_exactly(&s);
      }
      check_scene(&s, NULL);
      free(s.form.dof);
      scene_destroy(&s);
    }
  }
}

static void weights_of_points_count(void **state)
{
  (void)state;
  static const double dof[] = {2.0, 30.0};
  uint64_t seed = 9;
  _Alignas(64) double weights[2 * TILE_ROWS];
  scene s = scene_create(FULL_SCENE, 3, 4, 100, 1.0, 3.0, &seed);
  give_tails(&s, dof, 2);
  for (int i = 0; i < 2 * TILE_ROWS; i++) weights[i] = i % 7 == 0 ? 0.0 : 0.5 * (i % 5);
  check_scene(&s, weights);
  free(s.form.dof);
  scene_destroy(&s);
}

/* Near and very far from the centre: tiny distances do not vanish beside 1, huge ones do not overflow. */
static void no_distance_is_lost(void **state)
{
  (void)state;
  static const double dof[] = {1e6};
  uint64_t seed = 2;
  scene s = scene_create(FULL_SCENE, 1, 1, 64, 0.0, 0.0, &seed);
  give_tails(&s, dof, 1);
  s.form.log_constants[0] = 0.0; /* the log density is then all of what depends on the distance */
  for (int p = 0; p < 64; p++) s.tiles[p] = s.form.means[0] + ldexp(1.0, 20 * p - 440);
  compute_exactly(&s);
  const kernel *kernels[4];
  const int n_kernels = runnable_kernels(kernels);
  for (int i = 0; i < n_kernels; i++) {
    outcome o = run_kernel(kernels[i], &s);
    for (int p = 0; p < 64; p++) {
      const long double expected = s.log_densities[p];
      if (20 * p - 440 > 500) { /* beyond that a distance counts as 2^1000 nu */
        assert_true(isfinite(o.log_densities[p]) && o.log_densities[p] < -3e8);
      } else {
        assert_near(o.log_densities[p], expected, 1.5e-15L * fabsl(expected));
      }
    }
    outcome_destroy(&o);
  }
  free(s.form.dof);
  scene_destroy(&s);
}

static void kernels_agree(void **state)
{
  (void)state;
#ifdef CHECKED_KERNELS
  skip(); /* as in test_kernel.c: with the sanitizers' checks multiplications and additions are not fused */
#endif
  static const double dof[] = {1.0, 7.0, 100.0};
  const kernel *kernels[4];
  const int n_kernels = runnable_kernels(kernels);
  uint64_t seed = 77;
  for (int64_t d = 1; d <= 40; d += 13) {
    scene s = scene_create(d % 2 == 0 ? DIAGONAL_SCENE : FULL_SCENE, 5, d, 150, 3.0, 4.0, &seed);
    const size_t bytes = (size_t)(s.n_tiles * 5 * TILE_ROWS) * sizeof(double);
    give_tails(&s, dof, 3);
    for (int i = 2; i < n_kernels; i++) { /* those that fuse multiply and add */
      pull_outcome a = run_pulls(kernels[1], &s, NULL);
      pull_outcome b = run_pulls(kernels[i], &s, NULL);
      assert_memory_equal(a.pulls, b.pulls, bytes);
      assert_memory_equal(a.sums.totals, b.sums.totals, 5 * sizeof(double));
      assert_memory_equal(a.sums.logs, b.sums.logs, 5 * sizeof(double));
      assert_true(a.sums.log_likelihood == b.sums.log_likelihood);
      pulls_destroy(&a);
      pulls_destroy(&b);
    }
    free(s.form.dof);
    scene_destroy(&s);
  }
}

static void log_factor_is_right(void **state)
{
  (void)state;
  for (int i = 0; i < 60; i++) {
    const double dof = pow(10.0, -3.0 + 0.1 * i); /* up to 8e2: beyond, lgammal loses digits */
    for (int d = 1; d < 300; d = 2 * d + 1) {
      const long double a = 0.5L * dof;
      const long double h = 0.5L * d;
      const long double expected = lgammal(a + h) - lgammal(a) - h * logl(a);
      assert_near(tails_log_factor(dof, d), expected, 2e-15L * (d + fabsl(expected)));
    }
  }
  /* Gamma(a + 1/2) / Gamma(a) / sqrt(a) = 1 - 1/(8 a) + 1/(128 a^2) + ... */
  for (double a = 1e3; a < 1e9; a *= 10.0)
    assert_near(tails_log_factor(2.0 * a, 1.0), log1p(-1.0 / (8.0 * a) + 1.0 / (128.0 * a * a)),
                1e-15 + 1.0 / (a * a * a));
}

/* digamma by its recurrence from far away, in long double. */
static long double digamma_less_log(long double x)
{
  long double sum = 0.0L;
  long double y = x;
  for (; y < 1000.0L; y += 1.0L) sum -= 1.0L / y;
  return sum + logl(y) - 0.5L / y - 1.0L / (12.0L * y * y) + 1.0L / (120.0L * y * y * y * y) - logl(x);
}

static void dof_solves_its_equation(void **state)
{
  (void)state;
  for (double dof = 0.11; dof < 9e3; dof *= 1.7) {
    const double excess = -tails_digamma_less_log(0.5 * dof);
    assert_near(excess, -digamma_less_log(0.5L * dof), 4e-15L * excess + 1e-17L);
    assert_near(tails_solve_dof(excess), dof, 1e-13 * dof);
  }
  assert_true(tails_solve_dof(0.0) == DOF_MOST);
  assert_true(tails_solve_dof(-1.0) == DOF_MOST);
  assert_true(tails_solve_dof(1e-9) == DOF_MOST);
  assert_true(tails_solve_dof(1e9) == DOF_LEAST);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(kernels_are_right),   cmocka_unit_test(weights_of_points_count),
      cmocka_unit_test(no_distance_is_lost), cmocka_unit_test(kernels_agree),
      cmocka_unit_test(log_factor_is_right), cmocka_unit_test(dof_solves_its_equation),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
