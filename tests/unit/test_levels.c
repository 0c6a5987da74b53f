/* SPDX-License-Identifier: BSD-3-Clause */
/* Levels: nested subsamples whose rows depend on the seed and the row's number alone, and how fine they are. The rows'
 * numbers are their first feature, so that it can be read off which ones a level has. */
#include "unit/matrices.h"

#include "em/levels.h"
#include "fit/options.h"

#include <string.h>

enum { N = 20000, D = 2 };

static double table[N * D];

static shard *first_rows(int64_t n)
{
  shard *points = NULL;
  gmmpi_error error = {0};
  for (int64_t i = 0; i < N; i++) {
    table[i * D] = (double)i;
    table[i * D + 1] = (double)(7 * i % 101);
  }
  assert_int_equal(
      shard_create_from_memory(MPI_COMM_SELF, table, n, D, (shard_options){.n_threads = 1}, &points, &error), GMMPI_OK);
  return points;
}

/* is_in (N): is this row in the level of so many halvings? Returns how many are. Rows come in order, with all that they
 * have. */
static int64_t draw(const shard *points, int halvings, uint64_t seed, bool *is_in)
{
  level_plan plan = {.n_levels = 1};
  shard *level = NULL;
  gmmpi_error error = {0};
  plan.rows[1].halvings = halvings;
  memset(is_in, 0, N * sizeof *is_in);
  assert_int_equal(level_draw(points, &plan, 1, seed, &level, &error), GMMPI_OK);
  double before = -1.0;
  for (int64_t i = 0; i < level->n_samples; i++) {
    double row[D];
    shard_copy_row(level, i, row);
    assert_true(row[0] > before && row[0] < N);
    assert_true(row[1] == (double)(7 * (int64_t)row[0] % 101));
    is_in[(int64_t)row[0]] = true;
    before = row[0];
  }
  const int64_t n = level->n_samples;
  shard_destroy(level);
  return n;
}

static void nested_and_of_the_right_size(void **state)
{
  (void)state;
  static bool finer[N];
  static bool is_in[N];
  shard *points = first_rows(N);
  memset(finer, true, sizeof finer);
  for (int halvings = 1; halvings <= 8; halvings++) {
    const double expected = ldexp(N, -halvings);
    const int64_t n = draw(points, halvings, 5, is_in);
    assert_near((double)n, expected, 5.0L * sqrtl(expected)); /* five standard errors */
    int64_t n_new = 0;
    for (int64_t i = 0; i < N; i++) n_new += is_in[i] && !finer[i];
    assert_int_equal(n_new, 0);
    memcpy(finer, is_in, sizeof finer);
  }
  shard_destroy(points);
}

/* Whoever holds a row, and however many there are besides. Other seeds choose other rows: two independent halves have
 * about a quarter in common. */
static void by_seed_and_row_alone(void **state)
{
  (void)state;
  static bool all[N];
  static bool fewer[N];
  static bool other[N];
  shard *points = first_rows(N);
  shard *few = first_rows(N / 3);
  const int64_t n = draw(points, 1, 5, all);
  assert_int_equal(draw(points, 1, 5, other), n);
  assert_memory_equal(all, other, sizeof all);
  draw(few, 1, 5, fewer);
  assert_memory_equal(all, fewer, N / 3 * sizeof *all);
  draw(points, 1, 6, other);
  int64_t n_common = 0;
  for (int64_t i = 0; i < N; i++) n_common += all[i] && other[i];
  assert_near((double)n_common, N / 4.0L, 5.0L * sqrtl(N / 4.0L));
  shard_destroy(points);
  shard_destroy(few);
}

/* Of every eighth row of a column that repeats every eight rows no level sees just some. */
static void rows_of_all_kinds(void **state)
{
  (void)state;
  static bool is_in[N];
  shard *points = first_rows(N);
  draw(points, 3, 9, is_in);
  for (int64_t phase = 0; phase < 8; phase++) {
    int64_t n = 0;
    for (int64_t i = phase; i < N; i += 8) n += is_in[i];
    assert_near((double)n, N / 64.0L, 5.0L * sqrtl(N / 64.0L));
  }
  shard_destroy(points);
}

static void assert_plan(const level_plan *plan, int64_t n_levels, const int *halvings)
{
  assert_int_equal(plan->n_levels, n_levels);
  for (int64_t level = 1; level <= n_levels; level++) assert_int_equal(plan->rows[level].halvings, halvings[level - 1]);
}

/* With --coarse-to-fine the coarsest level has between 128 and 256 points; there is none of half the points. Each has
 * at most 8 times as many as the next coarser one. */
static void plans_by_hand(void **state)
{
  (void)state;
  fit_options options = fit_defaults(3);
  options.coarse_to_fine = COARSE_ON;
  level_plan plan = levels_plan(&options, 511, 2);
  assert_plan(&plan, 0, NULL);
  plan = levels_plan(&options, 512, 2);
  assert_plan(&plan, 1, (const int[]){2});
  plan = levels_plan(&options, 1024 + 1023, 2);
  assert_plan(&plan, 1, (const int[]){3});
  plan = levels_plan(&options, 2048, 2);
  assert_plan(&plan, 2, (const int[]){2, 4});
  plan = levels_plan(&options, 128 << 7, 2);
  assert_plan(&plan, 3, (const int[]){2, 4, 7});
  /* Ten halvings in four steps: of 2.5 each, rounded up where 20000 points are left. */
  plan = levels_plan(&options, 8 * 20000 - 1, 2);
  assert_plan(&plan, 4, (const int[]){2, 5, 7, 10});
  plan = levels_plan(&options, 8 * 20000, 2);
  assert_plan(&plan, 4, (const int[]){3, 5, 7, 10});
  options.coarse_to_fine = COARSE_OFF;
  plan = levels_plan(&options, 128 << 7, 2);
  assert_plan(&plan, 0, NULL);
}

/* As it comes: 2048 points at least, 8192 where a start is searched for, 24 per component and feature (its mean's and
 * one more), 1.5 per parameter: 3 components in 2 features need 2048; 100 in 9 24000; 2 full ones in 100 10100 x 1.5
 * and 202 more. */
static void plans_as_it_comes(void **state)
{
  (void)state;
  const struct {
    int64_t n_components, n_features, least;
    const char *family;
    start_method init;
  } cases[] = {
      {3, 2, 2048, "full", INIT_RANDOM},    {3, 2, 8192, "full", INIT_KMEANS},
      {100, 9, 24000, "diag", INIT_RANDOM}, {100, 9, 24000, "diag", INIT_KMEANS},
      {2, 100, 15453, "full", INIT_RANDOM}, {2, 100, 4848, "spherical", INIT_RANDOM},
  };
  for (int i = 0; i < 6; i++) {
    fit_options options = fit_defaults(cases[i].n_components);
    options.covariance = cases[i].family;
    options.init = cases[i].init;
    level_plan plan = levels_plan(&options, 4 * cases[i].least - 1, cases[i].n_features);
    assert_plan(&plan, 0, NULL);
    plan = levels_plan(&options, 4 * cases[i].least, cases[i].n_features);
    assert_plan(&plan, 1, (const int[]){2});
    plan = levels_plan(&options, cases[i].least << 40, cases[i].n_features);
    assert_true(plan.n_levels <= MOST_LEVELS && plan.rows[plan.n_levels].halvings == 40);
    options.seed = 99; /* only sizes matter */
    options.n_init = 7;
    options.tolerance = 1e-9;
    const level_plan other = levels_plan(&options, cases[i].least << 40, cases[i].n_features);
    assert_memory_equal(&plan, &other, sizeof plan);
  }
}

/* A hundredth of p / 2n, or a thousandth before a finer level, where a model has p = K (weights) + K d (means) +
 * covariances; never below --tol. */
static void tolerances(void **state)
{
  (void)state;
  const struct {
    const char *family;
    int64_t n_parameters; /* of 3 components in 4 features */
  } cases[] = {{"full", 3 + 12 + 30}, {"tied", 3 + 12 + 10}, {"diag", 3 + 12 + 12}, {"spherical", 3 + 12 + 3}};
  for (int i = 0; i < 4; i++) {
    fit_options options = fit_defaults(3);
    options.covariance = cases[i].family;
    options.tolerance = 1e-5;
    const long double expected = 0.01L * cases[i].n_parameters / 2000.0L;
    assert_near(level_tolerance(&options, 1000, 4), expected, 1e-15L * expected);
    assert_near(level_last_tolerance(&options, 100, 4), expected, 1e-15L * expected);
    assert_true(level_tolerance(&options, 1000000, 4) == 1e-5);
    assert_true(level_last_tolerance(&options, 1000000, 4) == 1e-5);
    options.tolerance = 0.0;
    assert_near(level_tolerance(&options, 1000000, 4), expected / 1000.0L, 1e-18L * expected);
  }
}

int main(int argc, char **argv)
{
  MPI_Init(&argc, &argv);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nested_and_of_the_right_size),
      cmocka_unit_test(by_seed_and_row_alone),
      cmocka_unit_test(rows_of_all_kinds),
      cmocka_unit_test(plans_by_hand),
      cmocka_unit_test(plans_as_it_comes),
      cmocka_unit_test(tolerances),
  };
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  MPI_Finalize();
  return failed;
}
