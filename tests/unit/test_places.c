/* SPDX-License-Identifier: BSD-3-Clause */
/* Places for components: a group that is planted is found, what it counts and promises is what counting in long double
 * says, and where nothing is missing nothing is promised. */
#include "unit/problem.h"

#include "starts/places.h"

enum { N_FIELD = 2000, N_GROUP = 40, N_FAR = 2, D = 2 };

/* Squared radii are these powers of two. */
enum { LEAST = LEAST_EXPONENT, MOST = MOST_EXPONENT };

static const double group_mean[D] = {1.5, -1.0};
static const double group_deviation = 0.02;

/* A normal field, the group in it, and far rows. */
static problem *make_problem_with_group(const char *family, int64_t n_group, double deviation, int64_t n_far)
{
  problem *one = problem_create(N_FIELD + n_group + n_far, D, 1, family);
  put_normal(one, 0, N_FIELD, (double[]){0.0, 0.0}, 1.0);
  put_normal(one, N_FIELD, N_FIELD + n_group, group_mean, deviation);
  for (int64_t i = N_FIELD + n_group; i < one->n; i++) {
    one->rows[i * D] = 1e5;
    one->rows[i * D + 1] = 100.0 * (double)(i - one->n);
  }
  problem_open(one, MPI_COMM_SELF, 1);
  return one;
}

static problem *make_problem(const char *family, int64_t n_group, int64_t n_far)
{
  return make_problem_with_group(family, n_group, group_deviation, n_far);
}

static gmmpi_model *make_model(const char *family)
{
  gmmpi_model *model = new_model(family, 1, D);
  set_component(model, 0, 1.0, (double[]){0.0, 0.0}, (double[]){1.0, 0.0, 0.0, 1.0});
  return model;
}

static place_finder *find(problem *one, const gmmpi_model *model)
{
  place_finder *finder = NULL;
  gmmpi_error error = {0};
  assert_int_equal(place_finder_create(one->em, &finder, &error), GMMPI_OK);
  assert_int_equal(find_places(finder, one->em, model, 1, &error), GMMPI_OK);
  return finder;
}

/* Squared distance of rows under the only component. */
static long double square_between(const gmmpi_model *model, const double *a, const double *b)
{
  double covariance[D * D];
  long double whitening[D * D];
  long double square = 0.0L;
  expand_dense(model, 0, covariance);
  reference_whitening(D, covariance, whitening);
  for (int i = 0; i < D; i++) {
    long double value = 0.0L;
    for (int j = 0; j <= i; j++) value += whitening[i * D + j] * ((long double)a[j] - b[j]);
    square += value * value;
  }
  return square;
}

/* Points strictly within the squared radius, the row itself included. */
static int64_t count_within(const problem *one, const gmmpi_model *model, const double *row, long double square)
{
  int64_t n = 0;
  for (int64_t i = 0; i < one->n; i++) n += square_between(model, one->rows + i * D, row) < square;
  return n;
}

/* The largest gain of all radii about a row, as starts/places.h says: of one component, of weight 1. */
static long double gain_about(const problem *one, const gmmpi_model *model, const double *row)
{
  long double best = 0.0L;
  double covariance[D * D];
  expand_dense(model, 0, covariance);
  const long double determinant =
      (long double)covariance[0] * covariance[3] - (long double)covariance[1] * covariance[2];
  /* The trace of the ridge times the inverse. */
  const long double least = one->options.reg_covar * ((long double)covariance[0] + covariance[3]) / determinant;
  for (int exponent = -40; exponent <= MOST; exponent++) {
    const long double square = fmaxl(ldexpl(1.0L, exponent), least);
    const long double found = (long double)count_within(one, model, row, ldexpl(1.0L, exponent)) - 1.0L;
    /* pi r^2 sqrt(det); the slope of the log density is that of a normal distribution. */
    const long double share =
        acosl(-1) * square * sqrtl(determinant) *
        expl(log_density_of(model, row) + square_between(model, row, model->means) * square / (2.0L * (D + 2)));
    const long double expected = (long double)one->n * fminl(share, 1.0L);
    if (found >= D && found > expected) best = fmaxl(best, found * logl(found / expected) - found + expected);
  }
  return best;
}

static void a_dense_group_comes_first(void **state)
{
  (void)state;
  const char *families[] = {"full", "tied", "diag", "spherical"};
  for (int f = 0; f < 4; f++) {
    problem *one = make_problem(families[f], N_GROUP, 0);
    gmmpi_model *model = make_model(families[f]);
    place_finder *finder = find(one, model);
    assert_true(finder->n_found >= 1);
    const component_place *first = &finder->found[0];
    const double share = N_GROUP / (double)one->n;
    assert_true(first->covariance[0] < 25.0 * group_deviation * group_deviation);
    for (int j = 0; j < D; j++) assert_near(first->mean[j], group_mean[j], 3.0 * group_deviation);
    assert_true(first->weight > 0.5 * share && first->weight < 1.1 * share);
    assert_near(first->gain, gain_about(one, model, first->mean), 1e-9 * first->gain);
    for (int64_t i = 1; i < finder->n_found; i++) assert_true(finder->found[i].gain < 20.0);
    place_finder_destroy(finder);
    gmmpi_model_destroy(model);
    problem_destroy(one);
  }
}

/* No component is smaller than the ridge, and no radius. */
static void a_group_of_the_same_row(void **state)
{
  (void)state;
  problem *one = make_problem_with_group("full", N_GROUP, 0.0, 0);
  gmmpi_model *model = make_model("full");
  place_finder *finder = find(one, model);
  const component_place *first = &finder->found[0];
  const double ridge = one->options.reg_covar;
  assert_memory_equal(first->mean, group_mean, sizeof group_mean);
  assert_near(first->covariance[0], ridge + 2.0 * ridge / 4.0, 1e-9 * ridge);
  assert_near(first->weight * (double)one->n, N_GROUP - 1, 0.1);
  assert_near(first->gain, gain_about(one, model, first->mean), 1e-9 * first->gain);
  place_finder_destroy(finder);
  gmmpi_model_destroy(model);
  problem_destroy(one);
}

static void counts_are_those_of_counting(void **state)
{
  (void)state;
  problem *one = make_problem("full", N_GROUP, N_FAR);
  gmmpi_model *model = new_model("full", 1, D);
  set_component(model, 0, 1.0, (double[]){0.1, -0.1}, (double[]){1.2, 0.3, 0.3, 0.9});
  place_finder *finder = find(one, model);
  int n_gains = 0;
  assert_true(finder->n_rows > 500);
  for (int64_t i = 0; i < finder->n_rows; i += finder->n_rows / 8) {
    const double *row = one->rows + finder->rows[i] * D;
    int64_t within = 0;
    assert_int_equal(finder->owners[i], 0);
    for (int b = 0; b < N_RADII; b++) {
      within += finder->counts[i * N_RADII + b];
      if (b + LEAST > -40) assert_int_equal(within, count_within(one, model, row, ldexpl(1.0L, b + LEAST)));
    }
    /* Gains of rows near a place that was taken are struck out. */
    if (finder->gains[i] == 0.0) continue;
    assert_near(finder->gains[i], gain_about(one, model, row), 1e-9 * finder->gains[i]);
    n_gains++;
  }
  assert_true(n_gains > 2);
  place_finder_destroy(finder);
  gmmpi_model_destroy(model);
  problem_destroy(one);
}

/* Both together come first, then the one that fits worst. */
static void far_rows_are_places(void **state)
{
  (void)state;
  problem *one = make_problem("full", N_GROUP, N_FAR);
  gmmpi_model *model = make_model("full");
  place_finder *finder = find(one, model);
  assert_true(finder->n_found >= 3);
  const component_place *all = &finder->found[finder->n_found - 2];
  const component_place *worst = &finder->found[finder->n_found - 1];
  const double ridge = fmax(one->options.reg_covar, 1e-12 * one->em->spread->variances[0]);
  assert_true(isinf(all->gain) && isinf(worst->gain));
  assert_near(all->weight, 2.0L / (long double)one->n, 1e-15);
  assert_near(all->mean[0], 1e5, 1e-9);
  assert_near(all->mean[1], -150.0, 1e-9);
  assert_near(all->covariance[0], ridge, 1e-9 * ridge);
  assert_near(all->covariance[3], 2500.0, 1e-3);
  assert_near(worst->weight, 1.0L / (long double)one->n, 1e-15);
  assert_near(worst->mean[1], -200.0, 1e-9);
  for (int64_t i = 0; i < finder->n_found - 2; i++) assert_true(isfinite(finder->found[i].gain));
  /* Not far from a component there. */
  set_component(model, 0, 1.0, (double[]){0.0, 0.0}, (double[]){1e9, 0.0, 0.0, 1e9});
  gmmpi_error error = {0};
  assert_int_equal(find_places(finder, one->em, model, 1, &error), GMMPI_OK);
  for (int64_t i = 0; i < finder->n_found; i++) assert_true(isfinite(finder->found[i].gain));
  place_finder_destroy(finder);
  gmmpi_model_destroy(model);
  problem_destroy(one);
}

static void nothing_where_nothing_is_missing(void **state)
{
  (void)state;
  problem *one = make_problem("full", 0, 0);
  gmmpi_model *model = make_model("full");
  place_finder *finder = find(one, model);
  for (int64_t i = 0; i < finder->n_found; i++) assert_true(finder->found[i].gain < 20.0);
  place_finder_destroy(finder);
  gmmpi_model_destroy(model);
  problem_destroy(one);
}

int main(int argc, char **argv)
{
  MPI_Init(&argc, &argv);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_dense_group_comes_first),        cmocka_unit_test(a_group_of_the_same_row),
      cmocka_unit_test(counts_are_those_of_counting),     cmocka_unit_test(far_rows_are_places),
      cmocka_unit_test(nothing_where_nothing_is_missing),
  };
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  MPI_Finalize();
  return failed;
}
