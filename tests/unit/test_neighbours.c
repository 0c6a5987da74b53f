/* SPDX-License-Identifier: BSD-3-Clause */
/* Starts of many models from their neighbours: on the points that are searched no model is worse than one of its family
 * with fewer components, and the last one finds all that was planted. */
#include "unit/problem.h"

#include "starts/neighbours.h"

enum { N = 700, D = 2, N_MODELS = 8, N_CLUSTERS = 5 };

static const double centres[N_CLUSTERS][D] = {{0.0, 0.0}, {4.0, 0.0}, {0.0, 5.0}, {9.0, 7.0}, {-6.0, 3.0}};
static const int64_t firsts[N_CLUSTERS + 1] = {0, 200, 350, 500, 640, N};
static const char *const families[N_MODELS] = {"full", "full", "full", "full", "full", "EEI", "EEI", "EEI"};
static const int64_t sizes[N_MODELS] = {1, 2, 3, 5, 6, 2, 5, 9};

typedef struct models {
  fit_options options[N_MODELS];
  const fit_options *each[N_MODELS];
  em_iteration *ems[N_MODELS];
  climber climbers[N_MODELS];
  fit_timings timings;
} models;

static void open_models(const problem *one, models *all)
{
  gmmpi_error error = {0};
  for (int i = 0; i < N_MODELS; i++) {
    all->options[i] = one->options;
    all->options[i].n_components = sizes[i];
    all->options[i].covariance = families[i];
    all->each[i] = &all->options[i];
    assert_int_equal(
        climber_open(fit_kind(all->each[i]), sizes[i], D, one->options.accelerate, NULL, &all->climbers[i], &error),
        GMMPI_OK);
    all->climbers[i].current.start = i;
  }
  const model_list list = {all->each, N_MODELS};
  assert_int_equal(iteration_create_among(one->points, list, &all->timings, &all->ems[0], &error), GMMPI_OK);
  for (int i = 1; i < N_MODELS; i++)
    assert_int_equal(iteration_create_beside(all->ems[0], all->each[i], NULL, &all->ems[i], &error), GMMPI_OK);
}

static void close_models(models *all)
{
  for (int i = N_MODELS - 1; i >= 0; i--) {
    iteration_destroy(all->ems[i]);
    climber_close(&all->climbers[i]);
  }
}

static void more_components_are_never_worse(void **state)
{
  (void)state;
  const fit_observer observer = {.context = NULL};
  static models all;
  gmmpi_error error = {0};
  problem *one = problem_create(N, D, 9, "full");
  for (int c = 0; c < N_CLUSTERS; c++) put_normal(one, firsts[c], firsts[c + 1], centres[c], 1.0);
  problem_open(one, MPI_COMM_SELF, 1);
  open_models(one, &all);
  assert_int_equal(find_neighbouring_starts(all.ems, all.climbers, N_MODELS, N_MODELS, N, &observer, &error), GMMPI_OK);
  for (int i = 1; i < N_MODELS; i++) {
    if (strcmp(families[i], families[i - 1]) != 0) continue;
    const long double smaller = log_likelihood_of(one, all.climbers[i - 1].current.model);
    const long double larger = log_likelihood_of(one, all.climbers[i].current.model);
    assert_true(larger > smaller - 1e-3L);
  }
  for (int c = 0; c < N_CLUSTERS; c++) {
    const gmmpi_model *model = all.climbers[3].current.model;
    const int64_t k = component_at(model, centres[c]);
    for (int j = 0; j < D; j++) assert_near(model->means[k * D + j], centres[c][j], 0.5);
  }
  close_models(&all);
  problem_destroy(one);
}

int main(int argc, char **argv)
{
  MPI_Init(&argc, &argv);
  const struct CMUnitTest tests[] = {cmocka_unit_test(more_components_are_never_worse)};
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  MPI_Finalize();
  return failed;
}
