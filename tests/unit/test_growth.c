/* SPDX-License-Identifier: BSD-3-Clause */
/* Models that grow: clusters far apart are found, and no model is worse than the one of a component fewer. */
#include "unit/problem.h"

#include "starts/growth.h"

enum { N = 600, D = 2 };

static const double centres[3][D] = {{0.0, 0.0}, {50.0, 0.0}, {0.0, 80.0}};
static const double deviations[3] = {1.0, 2.0, 0.5};
static const int64_t firsts[4] = {0, 300, 500, N};

static problem *make_problem(int64_t n_components, const char *family)
{
  problem *one = problem_create(N, D, n_components, family);
  for (int c = 0; c < 3; c++) put_normal(one, firsts[c], firsts[c + 1], centres[c], deviations[c]);
  problem_open(one, MPI_COMM_SELF, 1);
  return one;
}

static gmmpi_model *grow(problem *one, int64_t *n_row_visits)
{
  gmmpi_model *model = new_model(one->options.covariance, one->options.n_components, D);
  place_finder *finder = NULL;
  gmmpi_error error = {0};
  *n_row_visits = 0;
  assert_int_equal(place_finder_create(one->em, &finder, &error), GMMPI_OK);
  assert_int_equal(grow_model(one->em, finder, 7, NULL, NULL, model, n_row_visits, &error), GMMPI_OK);
  place_finder_destroy(finder);
  return model;
}

static void finds_far_clusters(void **state)
{
  (void)state;
  const char *families[] = {"full", "diag", "spherical"};
  for (int f = 0; f < 3; f++) {
    int64_t n_row_visits;
    problem *one = make_problem(3, families[f]);
    gmmpi_model *model = grow(one, &n_row_visits);
    assert_true(n_row_visits > N);
    for (int c = 0; c < 3; c++) {
      const int64_t k = component_at(model, centres[c]);
      const int64_t n = firsts[c + 1] - firsts[c];
      double covariance[D * D];
      assert_near(model->weights[k], (long double)n / N, 1e-9);
      expand_dense(model, k, covariance);
      for (int j = 0; j < D; j++) {
        long double mean = 0.0L;
        for (int64_t i = firsts[c]; i < firsts[c + 1]; i++) mean += one->rows[i * D + j];
        assert_near(model->means[k * D + j], mean / n, 1e-6);
        assert_near(covariance[j * D + j], deviations[c] * deviations[c], 0.3 * deviations[c] * deviations[c]);
      }
    }
    gmmpi_model_destroy(model);
    problem_destroy(one);
  }
}

static void never_worse_with_more(void **state)
{
  (void)state;
  long double before = -INFINITY;
  for (int64_t K = 1; K <= 4; K++) {
    int64_t n_row_visits;
    problem *one = make_problem(K, "full");
    gmmpi_model *model = grow(one, &n_row_visits);
    const long double now = log_likelihood_of(one, model);
    assert_true(now > before);
    before = now;
    gmmpi_model_destroy(model);
    problem_destroy(one);
  }
}

/* One component more makes room for itself, and leaves the others as they are. */
static void a_component_is_added(void **state)
{
  (void)state;
  double mean[D] = {5.0, 6.0};
  double place[D * D] = {2.0, 0.5, 0.5, 1.0};
  double scratch[D * D];
  const component_place where = {.weight = 0.2, .mean = mean, .covariance = place};
  gmmpi_model *from = new_model("full", 2, D);
  gmmpi_model *to = new_model("full", 3, D);
  set_component(from, 0, 0.25, centres[1], (double[]){1.0, 0.1, 0.1, 3.0});
  set_component(from, 1, 0.75, centres[2], (double[]){4.0, -0.1, -0.1, 2.0});
  assert_true(add_component(from, &where, scratch, to));
  assert_near(to->weights[0], 0.2L, 1e-15);
  assert_near(to->weights[1], 0.6L, 1e-15);
  assert_near(to->weights[2], 0.2L, 1e-15);
  assert_memory_equal(to->means, from->means, 2 * D * sizeof(double));
  assert_memory_equal(to->means + 2L * D, mean, sizeof mean);
  assert_memory_equal(to->covariances, from->covariances, 2 * D * D * sizeof(double));
  assert_memory_equal(to->precisions_cholesky, from->precisions_cholesky, 2 * D * D * sizeof(double));
  assert_memory_equal(to->covariances + 2L * D * D, place, sizeof place);
  place[1] = place[2] = 2.0;
  assert_false(add_component(from, &where, scratch, to));
  gmmpi_model_destroy(from);
  gmmpi_model_destroy(to);
}

int main(int argc, char **argv)
{
  MPI_Init(&argc, &argv);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(finds_far_clusters),
      cmocka_unit_test(never_worse_with_more),
      cmocka_unit_test(a_component_is_added),
  };
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  MPI_Finalize();
  return failed;
}
