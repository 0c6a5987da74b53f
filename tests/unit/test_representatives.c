/* SPDX-License-Identifier: BSD-3-Clause */
/* The rows that stand for all: against a search in long double that sorts all of them. */
#include "unit/problem.h"

#include "passes/representatives.h"

enum { N = 700, D = 2, K = 3, WORST = 7, EACH = 5, SEED = 11 };

static problem *make_problem(int n_threads)
{
  problem *one = problem_create(N, D, K, "full");
  put_normal(one, 0, 400, (double[]){0.0, 0.0}, 1.0);
  put_normal(one, 400, N, (double[]){6.0, 0.0}, 2.0);
  for (int64_t i = 0; i < 2 * D; i++) one->rows[200 * D + i] = 100.0 + (double)i; /* all that the last one has */
  problem_open(one, MPI_COMM_SELF, n_threads);
  return one;
}

static gmmpi_model *make_model(void)
{
  gmmpi_model *model = new_model("full", K, D);
  set_component(model, 0, 0.6, (double[]){0.0, 0.0}, (double[]){1.0, 0.2, 0.2, 1.0});
  set_component(model, 1, 0.39, (double[]){6.0, 0.0}, (double[]){4.0, 0.0, 0.0, 4.0});
  set_component(model, 2, 0.01, (double[]){100.0, 101.0}, (double[]){4.0, 0.0, 0.0, 4.0});
  return model;
}

/* The n rows with the smallest values; -1 where none is left. */
static void smallest(const long double *values, int n, int64_t *rows)
{
  for (int i = 0; i < n; i++) {
    rows[i] = -1;
    for (int64_t row = 0; row < N; row++) {
      bool taken = values[row] == INFINITY;
      for (int before = 0; before < i; before++) taken = taken || rows[before] == row;
      if (!taken && (rows[i] < 0 || values[row] < values[rows[i]])) rows[i] = row;
    }
  }
}

static void same_as_by_sorting(void **state)
{
  (void)state;
  for (int n_threads = 1; n_threads <= 2; n_threads++) {
    problem *one = make_problem(n_threads);
    gmmpi_model *model = make_model();
    long double densities[N];
    long double draws[K][N];
    int64_t expected[WORST + K * EACH];
    int64_t found[WORST + K * EACH];
    gmmpi_error error = {0};
    for (int64_t i = 0; i < N; i++) {
      const double *x = one->rows + i * D;
      int owner = 0;
      densities[i] = log_density_of(model, x);
      for (int k = 1; k < K; k++) owner = log_share(model, k, x) > log_share(model, owner, x) ? k : owner;
      for (int k = 0; k < K; k++)
        draws[k][i] = k == owner ? (long double)random_uniform(SEED, RANDOM_PLACES, (uint64_t)i, 1) : INFINITY;
    }
    smallest(densities, WORST, expected);
    for (int k = 0; k < K; k++) smallest(draws[k], EACH, expected + WORST + k * EACH);
    assert_true(expected[WORST + 2 * EACH + 1] >= 0 && expected[WORST + 2 * EACH + 2] == -1);
    density_from_model(one->em->form, model);
    assert_int_equal(find_representatives(one->points, one->em->team,
                                          &(representatives_request){one->em->form, WORST, EACH, found}, 1, SEED,
                                          &error),
                     GMMPI_OK);
    assert_memory_equal(found, expected, sizeof expected);
    memset(found, 0, sizeof found);
    assert_int_equal(find_representatives(one->points, one->em->team,
                                          &(representatives_request){one->em->form, WORST, 0, found}, 1, SEED, &error),
                     GMMPI_OK);
    assert_memory_equal(found, expected, WORST * sizeof *expected);
    gmmpi_model_destroy(model);
    problem_destroy(one);
  }
}

int main(int argc, char **argv)
{
  MPI_Init(&argc, &argv);
  const struct CMUnitTest tests[] = {cmocka_unit_test(same_as_by_sorting)};
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  MPI_Finalize();
  return failed;
}
