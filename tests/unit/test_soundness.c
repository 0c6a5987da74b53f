/* SPDX-License-Identifier: BSD-3-Clause */
/* Spurious components, each rule on either side of its border. The rows are made so that it is known how many different
 * values there are: by the rules of starts/soundness.h one can tell what must come out. */
#include "unit/problem.h"

#include "starts/soundness.h"

enum { N = 1000, D = 2 };

/* The ridge, and the deviation of the thin component in the direction that matters. */
static const double ridge = 1e-6;
static const double usual_variance = 1.5e-6;

/* A component with n_own points that take n_own_values different values, among N points of which the others take
 * n_other_values different ones. */
typedef struct scenery {
  const char *family;
  int64_t n_own, n_own_values, n_other_values;
  double variance;   /* of the component in the thin direction; 0: usual */
  double step;       /* between own values, in standard deviations; 0: 0.5 */
  bool slanted;      /* the thin direction is not an axis */
  int64_t first;     /* own value */
  int64_t n_samples; /* that the rows are a sample of; 0: N */
} scenery;

static spurious_component look(scenery s)
{
  const bool round = family_find(s.family) == &family_spherical;
  const int64_t thin = round ? 0 : 1; /* the feature with the values */
  const double variance = s.variance > 0.0 ? s.variance : usual_variance;
  const double step = (s.step > 0.0 ? s.step : 0.5) * sqrt(variance);
  problem *one = problem_create(N, D, 2, s.family);
  for (int64_t i = 0; i < N; i++) {
    double *row = one->rows + i * D;
    row[1 - thin] = round ? 0.0 : sin((double)i);
    row[thin] = i < s.n_own ? (double)((i + s.first) % s.n_own_values - s.n_own_values / 2) * step
                            : 1.0 + 0.01 * (double)(i % s.n_other_values);
    if (s.slanted) row[1] += row[0];
  }
  problem_open(one, MPI_COMM_SELF, 1);
  gmmpi_model *model = new_model(s.family, 2, D);
  const double own = (double)s.n_own / N;
  const double slant = s.slanted ? 1.0 : 0.0;
  set_component(model, 0, 1.0 - own, (double[]){1.0, 1.0}, (double[]){25.0, 0.0, 0.0, 25.0});
  set_component(model, 1, own, (double[]){0.0, 0.0},
                (double[]){round ? variance : 1.0, slant, slant, variance + slant});
  spurious_component found;
  gmmpi_error error = {0};
  assert_int_equal(find_spurious(one->points, (double)(s.n_samples > 0 ? s.n_samples : N),
                                 &(fit_options){.reg_covar = ridge}, model, &found, &error),
                   GMMPI_OK);
  if (found.kind != COMPONENT_NOT_SPURIOUS) {
    assert_int_equal(found.component, 1);
    assert_int_equal(found.n_points, s.n_samples > 0 ? s.n_own * s.n_samples / N : s.n_own);
  }
  gmmpi_model_destroy(model);
  problem_destroy(one);
  return found;
}

#define assert_flat(...)  assert_int_equal(look((scenery){.family = __VA_ARGS__}).kind, COMPONENT_FLAT)
#define assert_sound(...) assert_int_equal(look((scenery){.family = __VA_ARGS__}).kind, COMPONENT_NOT_SPURIOUS)

static void values_of_its_own(void **state)
{
  (void)state;
  const char *families[] = {"full", "diag", "spherical"};
  for (int f = 0; f < 3; f++) {
    assert_flat(families[f], 8, 1, 992);
    assert_flat(families[f], 8, 2, 992);
    assert_sound(families[f], 8, 3, 992);              /* more than d */
    assert_flat(families[f], 9, 3, 991, .step = 0.01); /* all the same, but for rounding */
  }
  assert_flat("full", 8, 2, 992, .slanted = true);
  assert_sound("full", 8, 3, 992, .slanted = true);
}

/* Values that are nearly the same come in any order, by ranks and chunks. */
static void in_any_order(void **state)
{
  (void)state;
  for (int64_t first = 0; first < 5; first++) {
    assert_sound("full", 9, 5, 991, .step = 0.04, .first = first);
    assert_flat("full", 9, 5, 991, .step = 0.01, .first = first);
  }
}

static void only_thin_ones(void **state)
{
  (void)state;
  assert_flat("full", 8, 1, 992, .variance = 1.999e-6);
  assert_sound("full", 8, 1, 992, .variance = 2.001e-6);
  assert_flat("diag", 8, 1, 992, .variance = 1.999e-6);
  assert_sound("diag", 8, 1, 992, .variance = 2.001e-6);
  assert_flat("spherical", 8, 1, 992, .variance = 1.999e-6);
  assert_sound("spherical", 8, 1, 992, .variance = 2.001e-6);
}

/* Eight different values at most, for two components, of which the component's is one, and 2 (d + 1) points. */
static void levels(void **state)
{
  (void)state;
  assert_sound("full", 8, 1, 7);
  assert_flat("full", 8, 1, 8);
  assert_sound("diag", 6, 1, 7);
  assert_flat("diag", 5, 1, 7);
  assert_sound("full", 5, 1, 7, .n_samples = 1200); /* 6 of these */
}

static void a_quarter_of_all(void **state)
{
  (void)state;
  assert_sound("full", 250, 1, 20);
  assert_flat("full", 249, 1, 20);
}

/* A value of 100 points is 10 times as many as the average when there are 100 values. */
static void many_times_the_usual(void **state)
{
  (void)state;
  assert_sound("full", 100, 1, 99);
  assert_flat("full", 100, 1, 98);
  assert_sound("spherical", 11, 1, 909); /* 10 x 1000 / 11 = 909.1 */
  assert_flat("spherical", 11, 1, 908);
  assert_flat("diag", 10, 1, 990);
}

/* --- few points -------------------------------------------------------------------------------------------------- */

/* A wide component at the distance, of so many of N points. */
static spurious_kind look_at_few(const char *family, double n_own, double distance)
{
  problem *one = problem_create(N, D, 3, family);
  put_normal(one, 0, N, (double[]){0.0, 0.0}, 1.0);
  problem_open(one, MPI_COMM_SELF, 1);
  gmmpi_model *model = new_model(family, 3, D);
  const double unit[] = {1.0, 0.0, 0.0, 1.0};
  set_component(model, 0, 0.0, (double[]){distance, 0.0}, unit); /* not there */
  set_component(model, 1, 1.0 - n_own / N, (double[]){0.0, 0.0}, unit);
  set_component(model, 2, n_own / N, (double[]){distance, 0.0}, unit);
  spurious_component found;
  gmmpi_error error = {0};
  assert_int_equal(find_spurious(one->points, N, &(fit_options){.reg_covar = ridge}, model, &found, &error), GMMPI_OK);
  if (found.kind != COMPONENT_NOT_SPURIOUS) assert_int_equal(found.component, 2);
  gmmpi_model_destroy(model);
  problem_destroy(one);
  return found.kind;
}

static void few_points(void **state)
{
  (void)state;
  const char *families[] = {"full", "tied", "diag", "spherical"};
  for (int f = 0; f < 4; f++) {
    const double least = f < 2 ? 3.0 : 2.0;
    assert_int_equal(look_at_few(families[f], least, 3.0), COMPONENT_NOT_SPURIOUS);
    assert_int_equal(look_at_few(families[f], least - 0.01, 3.0), COMPONENT_ON_FEW);
    /* d + 50 + 4 log N is far. */
    const double far = sqrt(52.0 + 4.0 * log(1000.0));
    assert_int_equal(look_at_few(families[f], 1.0, far - 1e-6), COMPONENT_ON_FEW);
    assert_int_equal(look_at_few(families[f], 1.0, far + 1e-6), COMPONENT_NOT_SPURIOUS);
  }
}

/* Thin in all directions, but so are all. */
static void shared_covariances_are_never_flat(void **state)
{
  (void)state;
  assert_sound("tied", 8, 1, 992);
}

int main(int argc, char **argv)
{
  MPI_Init(&argc, &argv);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(values_of_its_own), cmocka_unit_test(in_any_order),
      cmocka_unit_test(only_thin_ones),    cmocka_unit_test(levels),
      cmocka_unit_test(a_quarter_of_all),  cmocka_unit_test(many_times_the_usual),
      cmocka_unit_test(few_points),        cmocka_unit_test(shared_covariances_are_never_flat),
  };
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  MPI_Finalize();
  return failed;
}
