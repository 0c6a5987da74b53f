/* SPDX-License-Identifier: BSD-3-Clause */
/* Rules of a pass on tiles, the last one padded, with weights and without, against long double. */
#include "unit/scene.h"

#include "passes/expectation.h"

enum { N_POINTS = TILE_ROWS + 23 };

static pass_workspace new_workspace(const density_form *form)
{
  const int64_t K = form->n_components;
  pass_workspace work = {.kernel = kernel_best(KERNEL_HIGHEST_LEVEL),
                         .responsibilities = allocate(K * TILE_ROWS, sizeof(double)),
                         .scratch = allocate(kernel_scratch_bytes(form->shape, K, form->n_features), 1),
                         .sums = {.shape = form->shape, .n_components = K, .n_features = form->n_features}};
  assert_true(work.responsibilities != NULL && work.scratch != NULL);
  return work;
}

static void free_workspace(pass_workspace *work)
{
  free(work->responsibilities);
  free(work->scratch);
}

/* What was there before must not matter. */
static void spoil(pass_workspace *work)
{
  for (int64_t i = 0; i < work->sums.n_components * TILE_ROWS; i++) work->responsibilities[i] = NAN;
}

static double weight_of(int64_t i)
{
  return i % 5 == 0 ? 0.0 : 0.25 * (double)(i % 7 + 1);
}

static row_tile tile_of(const scene *s, int64_t t, double *weights)
{
  for (int p = 0; p < TILE_ROWS && weights != NULL; p++)
    weights[p] = p < points_of_tile(s, t) ? weight_of(t * TILE_ROWS + p) : 0.0;
  return (row_tile){.numbers = s->tiles + t * s->form.n_features * TILE_ROWS,
                    .weights = weights,
                    .first_row = t * TILE_ROWS,
                    .n_points = points_of_tile(s, t)};
}

/* Sums in long double of weight times the log density, and of the log of the largest responsibility. */
static void exact_sums(const scene *s, bool weighted, long double *log_likelihood, long double *log_max)
{
  const int64_t K = s->form.n_components;
  *log_likelihood = *log_max = 0.0L;
  for (int64_t i = 0; i < s->n_points; i++) {
    const long double weight = weighted ? weight_of(i) : 1.0L;
    long double largest = 0.0L;
    for (int64_t k = 0; k < K; k++)
      largest = fmaxl(largest, s->responsibilities[(i / TILE_ROWS * K + k) * TILE_ROWS + i % TILE_ROWS]);
    *log_likelihood += weight * s->log_density[i];
    *log_max += weight * logl(largest);
  }
}

static void posteriors(void **state)
{
  (void)state;
  uint64_t seed = 3;
  for (int variant = 0; variant < 6; variant++) {
    const int64_t K = 4;
    const bool weighted = variant >= 3;
    _Alignas(64) double weights[TILE_ROWS];
    scene s = scene_create((scene_kind)(variant % 3), K, 3, N_POINTS, 10.0, 3.0, &seed);
    pass_workspace work = new_workspace(&s.form);
    for (int64_t t = 0; t < s.n_tiles; t++) {
      const row_tile tile = tile_of(&s, t, weighted ? weights : NULL);
      spoil(&work);
      posterior_rule(&s.form, &tile, &work);
      for (int64_t i = 0; i < K * TILE_ROWS; i++) {
        const long double weight = weighted ? weights[i % TILE_ROWS] : 1.0L;
        assert_near(work.responsibilities[i], weight * s.responsibilities[t * K * TILE_ROWS + i], 1e-13L);
        if (i % TILE_ROWS >= tile.n_points) assert_true(work.responsibilities[i] == 0.0);
      }
    }
    long double log_likelihood;
    long double log_max;
    exact_sums(&s, weighted, &log_likelihood, &log_max);
    assert_near(work.sums.log_likelihood, log_likelihood, 1e-13L * fabsl(log_likelihood));
    assert_near(work.sums.sum_log_max_responsibility, log_max, 1e-12L * fabsl(log_max));
    free_workspace(&work);
    scene_destroy(&s);
  }
}

/* The component of the highest log density has all of a point; the third one is the first one once more, and gets
 * nothing. */
static void nearest(void **state)
{
  (void)state;
  uint64_t seed = 5;
  for (int variant = 0; variant < 4; variant++) {
    const int64_t K = 5;
    const int64_t d = 2;
    const bool weighted = variant >= 2;
    _Alignas(64) double weights[TILE_ROWS];
    scene s = scene_create(variant % 2 == 0 ? FULL_SCENE : DIAGONAL_SCENE, K, d, N_POINTS, -4.0, 4.0, &seed);
    s.form.log_constants[0] += 3.0;
    s.form.log_constants[2] = s.form.log_constants[0];
    memcpy(s.form.means + 2 * d, s.form.means, (size_t)d * sizeof(double));
    memcpy(s.lower + 2 * d * d, s.lower, (size_t)(d * d) * sizeof(double));
    pack_whitening(&s);
    compute_exactly(&s);
    pass_workspace work = new_workspace(&s.form);
    long double sum = 0.0L;
    int64_t n_of_first = 0;
    for (int64_t t = 0; t < s.n_tiles; t++) {
      const row_tile tile = tile_of(&s, t, weighted ? weights : NULL);
      spoil(&work);
      nearest_rule(&s.form, &tile, &work);
      for (int p = 0; p < TILE_ROWS; p++) {
        const long double *logs = s.log_densities + t * K * TILE_ROWS + p;
        int64_t best = 0;
        for (int64_t k = 1; k < K; k++) best = logs[k * TILE_ROWS] > logs[best * TILE_ROWS] ? k : best;
        for (int64_t k = 0; k < K; k++)
          assert_true(work.responsibilities[k * TILE_ROWS + p] ==
                      (k == best && p < tile.n_points ? weighted ? weights[p] : 1.0 : 0.0));
        if (p >= tile.n_points) continue;
        sum += (weighted ? weight_of(t * TILE_ROWS + p) : 1.0L) * logs[best * TILE_ROWS];
        n_of_first += best == 0;
      }
    }
    assert_true(n_of_first > 5);
    assert_near(work.sums.log_likelihood, sum, 1e-13L * fabsl(sum));
    free_workspace(&work);
    scene_destroy(&s);
  }
}

static void whole(void **state)
{
  (void)state;
  uint64_t seed = 7;
  _Alignas(64) double weights[TILE_ROWS];
  scene s = scene_create(DIAGONAL_SCENE, 2, 2, N_POINTS, 0.0, 1.0, &seed);
  pass_workspace work = new_workspace(&s.form);
  for (int64_t t = 0; t < s.n_tiles; t++) {
    for (int weighted = 0; weighted < 2; weighted++) {
      const row_tile tile = tile_of(&s, t, weighted ? weights : NULL);
      spoil(&work);
      whole_rule(NULL, &tile, &work);
      for (int64_t i = 0; i < 2 * TILE_ROWS; i++)
        assert_true(work.responsibilities[i] ==
                    (i % TILE_ROWS < tile.n_points ? weighted ? weights[i % TILE_ROWS] : 1.0 : 0.0));
    }
  }
  assert_true(work.sums.log_likelihood == 0.0);
  free_workspace(&work);
  scene_destroy(&s);
}

int main(void)
{
  const struct CMUnitTest tests[] = {cmocka_unit_test(posteriors), cmocka_unit_test(nearest), cmocka_unit_test(whole)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
