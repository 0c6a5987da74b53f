/* SPDX-License-Identifier: BSD-3-Clause */
/* The search for a start: what is tried depends on sizes alone, and on a mixture whose best optimum is known it is
 * found. */
#include "unit/problem.h"

#include "starts/search.h"
#include "starts/search_recipes.h"

enum { N = 240, D = 2, K = 3 };

/* --- recipes --- */

static void plans_depend_on_sizes_alone(void **state)
{
  (void)state;
  const int64_t sizes[][2] = {{240, 240}, {8192, 8192}, {10000, 1000000}, {1000000, 1000000}};
  for (int i = 0; i < 4; i++) {
    fit_options options = fit_defaults(K);
    const search_plan plan = search_plan_for(&options, sizes[i][0], sizes[i][1], D);
    options.seed = 78;
    options.n_init = 9;
    options.tolerance = 0.1;
    options.max_iterations = 1;
    options.threads = 5;
    options.reg_covar = 1.0;
    const search_plan other = search_plan_for(&options, sizes[i][0], sizes[i][1], D);
    assert_int_equal(plan.n_starts, other.n_starts);
    assert_int_equal(plan.n_generations, other.n_generations);
    assert_int_equal(plan.n_children, other.n_children);
    assert_int_equal(plan.grows, other.grows);
    assert_true(plan.n_starts >= 1 && search_n_starts(&plan) == plan.n_starts + plan.grows);
  }
}

/* Larger data are searched less; one start is what is left for large ones of which there is no subsample. */
static void larger_means_less(void **state)
{
  (void)state;
  const fit_options options = fit_defaults(20);
  int64_t before = INT64_MAX;
  for (int64_t n = 1000; n <= 1000000000; n *= 10) {
    const search_plan plan = search_plan_for(&options, n, n, 20);
    assert_true(plan.n_starts <= before);
    before = plan.n_starts;
  }
  assert_int_equal(before, 1);
  assert_true(search_plan_for(&options, 10000, 1000000000, 20).n_starts > 1);
}

/* Every kind of start comes in turn; without whitened points their place is taken by standardised ones. */
static void recipes_in_turn(void **state)
{
  (void)state;
  const shard whitened = {.n_samples = 1};
  bool has_init[INIT_LABELS + 1] = {false};
  int64_t n_whitened = 0;
  for (int64_t i = 0; i < 9; i++) {
    const start_recipe one = search_recipe(i, 5, &whitened);
    const start_recipe again = search_recipe(i + 9, 5, &whitened);
    const start_recipe plain = search_recipe(i, 5, NULL);
    assert_true(one.init == again.init && one.seeding == again.seeding && one.coordinates == again.coordinates);
    assert_true(one.seed == 5 && !(one.standardised && one.coordinates != NULL));
    assert_true(plain.coordinates == NULL && plain.init == one.init && plain.seeding == one.seeding);
    assert_true(plain.standardised == (one.standardised || one.coordinates != NULL));
    has_init[one.init] = true;
    n_whitened += one.coordinates == &whitened;
  }
  assert_true(has_init[INIT_KMEANS] && has_init[INIT_RANDOM] && has_init[INIT_RANDOM_FROM_DATA]);
  assert_int_equal(n_whitened, 2);
}

static void moves_in_turn(void **state)
{
  (void)state;
  const search_plan plan = {.n_starts = 10, .n_generations = 7, .n_children = 4};
  int64_t n_placements = 0;
  for (int64_t generation = 0; generation < plan.n_generations; generation++) {
    assert_int_equal(search_n_placements(generation), n_placements);
    const int64_t n_more = search_n_moves(&plan, generation) - plan.n_children;
    assert_in_range(n_more, 0, 1);
    n_placements += n_more;
  }
  assert_int_equal(n_placements, 3); /* in the generations 0, 3 and 6 */
  for (int64_t n_best = 1; n_best <= 3; n_best++) {
    int64_t counts[3][2] = {{0}};
    for (int64_t number = 0; number < 24; number++) {
      int64_t parent = -1;
      const move_recipe move = search_move(number, (uint64_t)number, n_best, false, &parent);
      assert_in_range(parent, 0, n_best - 1);
      assert_true(move.split_rank >= 0 && move.merge_rank >= 0 && !move.places);
      counts[parent][move.single]++;
    }
    for (int64_t parent = 0; parent < n_best; parent++) {
      assert_int_equal(counts[parent][0], 12 / n_best); /* each of the best sees both kinds as often */
      assert_int_equal(counts[parent][1], 12 / n_best);
    }
  }
  assert_true(search_placement(3, 1).places);
}

static void who_is_searched_for(void **state)
{
  (void)state;
  fit_options options = fit_defaults(K);
  assert_true(search_is_wanted(&options));
  options.coarse_to_fine = COARSE_OFF;
  assert_false(search_is_wanted(&options));
  options = fit_defaults(1);
  assert_false(search_is_wanted(&options));
  options = fit_defaults(K);
  options.init = INIT_RANDOM;
  assert_false(search_is_wanted(&options));
}

/* --- a search --- */

/* Three stripes above each other, 100 long and 20 deviations apart: k-means in these coordinates cuts them across. */
static problem *stripes(void)
{
  problem *one = problem_create(N, D, K, "full");
  for (int64_t i = 0; i < N; i++) {
    one->rows[i * D] = 100.0 * (double)(i / K) / (double)(N / K);
    one->rows[i * D + 1] = 10.0 * (double)(i % K) + 0.5 * normal_number(8, i);
  }
  problem_open(one, MPI_COMM_SELF, 1);
  return one;
}

/* The optimum in closed form, since no point belongs to two stripes: each one's mean and covariance. */
static gmmpi_model *best_model(const problem *one)
{
  gmmpi_model *model = new_model("full", K, D);
  for (int64_t k = 0; k < K; k++) {
    const long double n = N / K;
    long double mean[D] = {0.0L, 0.0L};
    long double square[D * D] = {0.0L};
    double rounded[D];
    double covariance[D * D];
    for (int64_t i = k; i < N; i += K) {
      for (int a = 0; a < D; a++) mean[a] += one->rows[i * D + a] / n;
    }
    for (int64_t i = k; i < N; i += K) {
      for (int a = 0; a < D * D; a++)
        square[a] += (one->rows[i * D + a / D] - mean[a / D]) * (one->rows[i * D + a % D] - mean[a % D]) / n;
    }
    for (int a = 0; a < D; a++) rounded[a] = (double)mean[a];
    for (int a = 0; a < D * D; a++)
      covariance[a] = (double)square[a] + (a % (D + 1) == 0 ? one->options.reg_covar : 0.0);
    set_component(model, k, 1.0 / K, rounded, covariance);
  }
  return model;
}

static climber new_climber(const problem *one)
{
  climber climb = {.has_ended = false};
  gmmpi_error error = {0};
  assert_int_equal(climber_open(gaussian_kind(family_find("full")), K, one->d, "auto", NULL, &climb, &error), GMMPI_OK);
  return climb;
}

static void finds_the_best_optimum(void **state)
{
  (void)state;
  problem *one = stripes();
  gmmpi_model *best = best_model(one);
  const long double highest = log_likelihood_of(one, best);
  climber climb = new_climber(one);
  search_findings found;
  gmmpi_error error = {0};
  assert_int_equal(search_findings_create(one->em, &found, &error), GMMPI_OK);
  if (search_start(one->em, N, climb.current.start, NULL, &climb, NULL, &found, &error) != GMMPI_OK)
    fail_msg("%s", error.message);

  assert_in_range(found.n, 2, MOST_FINDINGS);
  assert_near(found.objectives[0], highest, 1e-4L * N);
  for (int64_t k = 0; k < K; k++) {
    const int64_t l = component_at(found.models[0], best->means + k * D);
    for (int j = 0; j < D; j++) assert_near(found.models[0]->means[l * D + j], best->means[k * D + j], 0.2L);
  }
  for (int64_t i = 0; i < found.n; i++) { /* they are what they are said to be, and different */
    assert_near(found.objectives[i], log_likelihood_of(one, found.models[i]), 1e-2L);
    if (i > 0) assert_true(found.objectives[i] < found.objectives[i - 1] - 1e-6 * N);
  }
  assert_true(model_hash(climb.current.model) == model_hash(found.models[0]));
  assert_true(climb.n_row_visits > 100 * N);

  /* The same once more, to the bit; another start is another search, which finds the same optimum. */
  const uint64_t hash = model_hash(climb.current.model);
  assert_int_equal(search_start(one->em, N, climb.current.start, NULL, &climb, NULL, &found, &error), GMMPI_OK);
  assert_true(model_hash(climb.current.model) == hash);
  climb.current.start = 1;
  assert_int_equal(search_start(one->em, N, climb.current.start, NULL, &climb, NULL, &found, &error), GMMPI_OK);
  assert_near(found.objectives[0], highest, 1e-4L * N);
  assert_true(model_hash(climb.current.model) != hash);
  search_findings_clear(&found);
  climber_close(&climb);
  gmmpi_model_destroy(best);
  problem_destroy(one);
}

/* Wants to stop when it has been asked so often. */
static bool after_some_questions(void *context)
{
  int64_t *left = context;
  return (*left)-- <= 0;
}

static void stops_when_asked_to(void **state)
{
  (void)state;
  problem *one = stripes();
  climber climb = new_climber(one);
  search_findings found;
  gmmpi_error error = {0};
  assert_int_equal(search_findings_create(one->em, &found, &error), GMMPI_OK);
  for (int64_t n = 0; n <= 400; n = 20 * n + 20) {
    int64_t left = n;
    const fit_observer observer = {.context = &left, .wants_stop = after_some_questions};
    error = (gmmpi_error){0};
    assert_int_equal(search_start(one->em, N, climb.current.start, NULL, &climb, &observer, &found, &error),
                     GMMPI_STOPPED);
    assert_int_equal(error.status, GMMPI_STOPPED);
    assert_true(left < 0);
  }
  search_findings_clear(&found);
  climber_close(&climb);
  problem_destroy(one);
}

int main(int argc, char **argv)
{
  MPI_Init(&argc, &argv);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(plans_depend_on_sizes_alone),
      cmocka_unit_test(larger_means_less),
      cmocka_unit_test(recipes_in_turn),
      cmocka_unit_test(moves_in_turn),
      cmocka_unit_test(who_is_searched_for),
      cmocka_unit_test(finds_the_best_optimum),
      cmocka_unit_test(stops_when_asked_to),
  };
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  MPI_Finalize();
  return failed;
}
