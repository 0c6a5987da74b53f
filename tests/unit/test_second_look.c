/* SPDX-License-Identifier: BSD-3-Clause */
/* The second look: what a subsample did not show is found on all points, and what was too thin there gets a chance. */
#include "unit/problem.h"

#include "starts/second_look.h"

enum { N = 3000, D = 2, K = 3 };

static const double unit[] = {1.0, 0.0, 0.0, 1.0};
static const double centres[2][D] = {{0.0, 0.0}, {30.0, 0.0}};

/* Two clusters, and a small group at a place. */
static problem *make_problem(int64_t n_group, const double *place, double deviation)
{
  problem *one = problem_create(N, D, K, "full");
  put_normal(one, 0, 1500, centres[0], 1.0);
  put_normal(one, 1500, N - n_group, centres[1], 1.0);
  put_normal(one, N - n_group, N, place, deviation);
  problem_open(one, MPI_COMM_SELF, 1);
  return one;
}

/* Two components on the first cluster and one on the second: the group is missing. */
static climber *lacking(void)
{
  gmmpi_error error = {0};
  climber *climb = calloc(1, sizeof *climb);
  assert_int_equal(climber_open(gaussian_kind(&family_full), K, D, "auto", NULL, climb, &error), GMMPI_OK);
  gmmpi_model *model = climb->current.model;
  set_component(model, 0, 0.26, (double[]){0.1, 0.1}, unit);
  set_component(model, 1, 0.26, (double[]){-0.1, -0.1}, unit);
  set_component(model, 2, 0.48, centres[1], unit);
  return climb;
}

/* Is there a component of so many points, as wide as the group? */
static void assert_group(const gmmpi_model *model, int64_t n_group, const double *place, double deviation)
{
  const int64_t k = component_at(model, place);
  for (int j = 0; j < D; j++) assert_near(model->means[k * D + j], place[j], deviation);
  assert_near(model->weights[k] * N, n_group, 0.2 * (double)n_group);
  assert_true(model->covariances[k * D * D] < 3.0 * deviation * deviation);
}

/* In the middle of a cluster, where no row fits badly. */
static void a_dense_group_is_found(void **s)
{
  int64_t n_changed;
  (void)s;
  const double place[D] = {30.7, -0.5};
  problem *one = make_problem(24, place, 0.02);
  gmmpi_error error = {0};
  climber *climb = lacking();
  const int64_t visits = climb->n_row_visits;
  const long double before = log_likelihood_of(one, climb->current.model);
  assert_int_equal(look_again(&one->em, &climb, 1, NULL, &n_changed, &error), GMMPI_OK);
  assert_group(climb->current.model, 24, place, 0.02);
  assert_true(log_likelihood_of(one, climb->current.model) > before + 50.0);
  assert_true(climb->n_row_visits > visits);
  /* Nothing is missing now: it stays, to the last bit. */
  const uint64_t hash = model_hash(climb->current.model);
  assert_int_equal(look_again(&one->em, &climb, 1, NULL, &n_changed, &error), GMMPI_OK);
  assert_true(model_hash(climb->current.model) == hash);
  climber_close(climb);
  free(climb);
  problem_destroy(one);
}

/* Far away, where rows fit worst; of the components the one that is needed is nearest, so that EM
 * alone does not find the group. */
static void a_far_group_is_found(void **s)
{
  int64_t n_changed;
  (void)s;
  const double place[D] = {70.0, 90.0};
  problem *one = make_problem(60, place, 0.5);
  gmmpi_error error = {0};
  climber *climb = lacking();
  assert_int_equal(look_again(&one->em, &climb, 1, NULL, &n_changed, &error), GMMPI_OK);
  assert_group(climb->current.model, 60, place, 0.5);
  climber_close(climb);
  free(climb);
  problem_destroy(one);
}

/* On a subsample of 100 points the group had 2, which lie on a line. */
static void a_thin_candidate_is_judged_again(void **s)
{
  (void)s;
  const double place[D] = {30.7, -0.5};
  problem *one = make_problem(60, place, 0.05);
  gmmpi_error error = {0};
  climber *climb = lacking();
  bool taken = false;
  gmmpi_model *candidate = new_model("full", K, D);
  set_component(candidate, 0, 0.5, centres[0], unit);
  set_component(candidate, 1, 0.48, centres[1], unit);
  set_component(candidate, 2, 0.02, place, (double[]){0.0025 + 1e-6, 0.0025, 0.0025, 0.0025 + 1e-6});
  assert_int_equal(judge_again(one->em, candidate, 100, climb, NULL, &taken, &error), GMMPI_OK);
  assert_true(taken);
  assert_group(climb->current.model, 60, place, 0.05);
  /* No better than what there is now: it stays as it is. */
  const uint64_t hash = model_hash(climb->current.model);
  assert_int_equal(judge_again(one->em, candidate, 100, climb, NULL, &taken, &error), GMMPI_OK);
  assert_false(taken);
  assert_true(model_hash(climb->current.model) == hash);
  gmmpi_model_destroy(candidate);
  climber_close(climb);
  free(climb);
  problem_destroy(one);
}

/* What rests on a few points of all too is not taken, unless spurious models are kept. */
static void a_spurious_candidate_is_not_taken(void **s)
{
  (void)s;
  for (int keep = 0; keep < 2; keep++) {
    problem *one = problem_create(N, D, K, "full");
    put_normal(one, 0, 1500, centres[0], 1.0);
    put_normal(one, 1500, N, centres[1], 1.0);
    for (int64_t i = 0; i < 8; i++) memcpy(one->rows + i * D, (double[]){0.3, 0.4}, D * sizeof(double));
    problem_open(one, MPI_COMM_SELF, 1);
    one->options.spurious = keep ? SPURIOUS_KEEP : SPURIOUS_AVOID;
    gmmpi_error error = {0};
    climber *climb = lacking();
    const uint64_t hash = model_hash(climb->current.model);
    bool taken = false;
    gmmpi_model *candidate = new_model("full", K, D);
    set_component(candidate, 0, 0.5, centres[0], unit);
    set_component(candidate, 1, 0.5 - 8.0 / N, centres[1], unit);
    set_component(candidate, 2, 8.0 / N, (double[]){0.3, 0.4}, (double[]){1e-5, 0.0, 0.0, 1e-5});
    assert_int_equal(judge_again(one->em, candidate, N, climb, NULL, &taken, &error), GMMPI_OK);
    assert_int_equal(taken, keep);
    if (!keep) assert_true(model_hash(climb->current.model) == hash);
    gmmpi_model_destroy(candidate);
    climber_close(climb);
    free(climb);
    problem_destroy(one);
  }
}

int main(int argc, char **argv)
{
  MPI_Init(&argc, &argv);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_dense_group_is_found),
      cmocka_unit_test(a_far_group_is_found),
      cmocka_unit_test(a_thin_candidate_is_judged_again),
      cmocka_unit_test(a_spurious_candidate_is_not_taken),
  };
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  MPI_Finalize();
  return failed;
}
