/* SPDX-License-Identifier: BSD-3-Clause */
/* The parts of the search for a start find the same at any number of ranks as one process alone. */
#include "unit/problem.h"

#include "passes/representatives.h"
#include "starts/places.h"
#include "starts/second_look.h"
#include "starts/soundness.h"

enum { N = 2000, N_GROUP = 40, N_LEVEL = 90, D = 2, K = 3, WORST = 9, EACH = 8 };

/* A cluster with a dense group in it, another one, points on a level, and two that are far from all. */
static problem *make_problem(MPI_Comm comm, int n_threads)
{
  problem *one = problem_create(N, D, K, "full");
  put_normal(one, 0, 1200, (double[]){0.0, 0.0}, 1.0);
  put_normal(one, 1200, N, (double[]){20.0, 0.0}, 1.0);
  put_normal(one, 700, 700 + N_GROUP, (double[]){1.0, 1.0}, 0.01);
  for (int64_t i = 0; i < N_LEVEL; i++) one->rows[(1900 + i) * D + 1] = 5.0;
  for (int64_t i = 0; i < D; i++) {
    one->rows[300 * D + i] = 1e4;
    one->rows[1300 * D + i] = 1e4 + 30.0;
  }
  problem_open(one, comm, n_threads);
  return one;
}

static void set_model(gmmpi_model *model)
{
  const double unit[] = {1.0, 0.0, 0.0, 1.0};
  set_component(model, 0, 0.6, (double[]){0.0, 0.0}, unit);
  set_component(model, 1, 0.4 - (double)N_LEVEL / N, (double[]){20.0, 0.0}, unit);
  set_component(model, 2, (double)N_LEVEL / N, (double[]){20.0, 5.0}, (double[]){1.0, 0.0, 0.0, 1e-6});
}

/* All that is found, as words. */
typedef struct findings {
  int64_t kind, flat_kind, flat_points;
  int64_t representatives[WORST + K * EACH];
  int64_t n_found;
  double gains[MOST_PLACES];
  double weights[MOST_PLACES];
  double means[MOST_PLACES][D];
  double covariances[MOST_PLACES][D * D];
  uint64_t looked, judged;
  int64_t taken;
} findings;

static void look(problem *one, findings *all)
{
  gmmpi_error error = {0};
  climber *climb = calloc(1, sizeof *climb);
  place_finder *finder = NULL;
  int64_t n_changed;
  bool taken = false;
  memset(all, 0, sizeof *all);
  assert_int_equal(climber_open(gaussian_kind(&family_full), K, D, "auto", NULL, climb, &error), GMMPI_OK);
  gmmpi_model *candidate = new_model("full", K, D);
  gmmpi_model *model = climb->current.model;
  set_model(model);
  set_model(candidate);
  spurious_component found;
  assert_int_equal(find_spurious(one->points, N, &(fit_options){.reg_covar = 1e-6}, model, &found, &error), GMMPI_OK);
  all->kind = found.kind;
  model->weights[2] = 8.0 / N; /* too few for a level */
  assert_int_equal(find_spurious(one->points, N, &(fit_options){.reg_covar = 1e-6}, model, &found, &error), GMMPI_OK);
  all->flat_kind = found.kind;
  all->flat_points = found.n_points;
  model->weights[2] = candidate->weights[2];
  density_from_model(one->em->form, model);
  assert_int_equal(find_representatives(one->points, one->em->team,
                                        &(representatives_request){one->em->form, WORST, EACH, all->representatives}, 1,
                                        5, &error),
                   GMMPI_OK);
  assert_int_equal(place_finder_create(one->em, &finder, &error), GMMPI_OK);
  assert_int_equal(find_places(finder, one->em, model, 3, &error), GMMPI_OK);
  all->n_found = finder->n_found;
  for (int64_t i = 0; i < finder->n_found; i++) {
    all->gains[i] = finder->found[i].gain;
    all->weights[i] = finder->found[i].weight;
    memcpy(all->means[i], finder->found[i].mean, sizeof all->means[i]);
    memcpy(all->covariances[i], finder->found[i].covariance, sizeof all->covariances[i]);
  }
  assert_int_equal(look_again(&one->em, &climb, 1, NULL, &n_changed, &error), GMMPI_OK);
  all->looked = model_hash(climb->current.model);
  assert_int_equal(judge_again(one->em, candidate, 100, climb, NULL, &taken, &error), GMMPI_OK);
  all->judged = model_hash(climb->current.model);
  all->taken = taken;
  place_finder_destroy(finder);
  gmmpi_model_destroy(candidate);
  climber_close(climb);
  free(climb);
}

static void the_same_as_alone(void **state)
{
  (void)state;
  findings alone;
  problem *one = make_problem(MPI_COMM_SELF, 1);
  look(one, &alone);
  problem_destroy(one);
  assert_int_equal(alone.kind, COMPONENT_NOT_SPURIOUS);
  assert_int_equal(alone.flat_kind, COMPONENT_FLAT);
  assert_int_equal(alone.flat_points, 8);
  assert_true(alone.n_found >= 3 && isinf(alone.gains[alone.n_found - 2]));
  for (int n_threads = 1; n_threads <= 2; n_threads++) {
    findings together;
    one = make_problem(MPI_COMM_WORLD, n_threads);
    look(one, &together);
    problem_destroy(one);
    assert_memory_equal(&together, &alone, sizeof alone);
  }
}

int main(int argc, char **argv)
{
  MPI_Init(&argc, &argv);
  const struct CMUnitTest tests[] = {cmocka_unit_test(the_same_as_alone)};
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  MPI_Finalize();
  return failed;
}
