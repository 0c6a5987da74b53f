/* SPDX-License-Identifier: BSD-3-Clause */
/* Components of replicates are matched with the model's as trying all orders says, with distances in long double; what
 * is certain without trying is what trying finds. */
#include "fit/replicate_match.h"
#include "unit/problem.h"

enum { K = 4, D = 2, N_ORDERS = 24 };

/* The determinant of a symmetric 2 x 2 matrix, and its quadratic form with the inverse. */
static long double determinant(const long double *s)
{
  return s[0] * s[3] - s[1] * s[2];
}

static long double squared_hellinger(const gmmpi_model *a, int64_t k, const gmmpi_model *b, int64_t l)
{
  double of_a[D * D];
  double of_b[D * D];
  long double s[3][D * D];
  expand_dense(a, k, of_a);
  expand_dense(b, l, of_b);
  for (int i = 0; i < D * D; i++) {
    s[0][i] = of_a[i];
    s[1][i] = of_b[i];
    s[2][i] = (s[0][i] + s[1][i]) / 2.0L;
  }
  const long double x = (long double)b->means[l * D] - a->means[k * D];
  const long double y = (long double)b->means[l * D + 1] - a->means[k * D + 1];
  const long double square = (s[2][3] * x * x - 2.0L * s[2][1] * x * y + s[2][0] * y * y) / determinant(s[2]);
  const long double ratio = determinant(s[2]) / sqrtl(determinant(s[0]) * determinant(s[1]));
  return 1.0L - expl(-square / 8.0L) / sqrtl(ratio);
}

static void next_order(int64_t *order)
{
  int64_t i = K - 2;
  while (i >= 0 && order[i] > order[i + 1]) i--;
  int64_t j = K - 1;
  while (i >= 0 && order[j] < order[i]) j--;
  if (i >= 0) {
    const int64_t kept = order[i];
    order[i] = order[j];
    order[j] = kept;
  }
  for (int64_t a = i + 1, b = K - 1; a < b; a++, b--) {
    const int64_t kept = order[a];
    order[a] = order[b];
    order[b] = kept;
  }
}

static long double cost_of(const gmmpi_model *model, const gmmpi_model *replicate, const int64_t *order)
{
  long double sum = 0.0L;
  for (int64_t k = 0; k < K; k++) sum += squared_hellinger(model, k, replicate, order[k]);
  return sum;
}

static long double least_cost(const gmmpi_model *model, const gmmpi_model *replicate)
{
  int64_t order[K] = {0, 1, 2, 3};
  long double least = INFINITY;
  for (int i = 0; i < N_ORDERS; i++, next_order(order)) least = fminl(least, cost_of(model, replicate, order));
  return least;
}

/* Components at random places, so many times as far apart as they are wide. */
static void fill(gmmpi_model *model, double apart, uint64_t *state)
{
  for (int64_t k = 0; k < K; k++) {
    double mean[D];
    double covariance[D * D];
    for (int j = 0; j < D; j++) mean[j] = apart * random_number(state);
    random_covariance(D, state, covariance);
    set_component(model, k, 0.25, mean, covariance);
  }
}

/* The components in another order, each moved a little. */
static void move(const gmmpi_model *model, const int64_t *order, double far, uint64_t *state, gmmpi_model *moved)
{
  for (int64_t k = 0; k < K; k++) {
    double mean[D];
    double covariance[D * D];
    expand_dense(model, k, covariance);
    for (int j = 0; j < D; j++) mean[j] = model->means[k * D + j] + far * random_number(state);
    set_component(moved, order[k], 0.25, mean, covariance);
  }
}

static void as_all_orders_say(void **state)
{
  (void)state;
  static const char *const families[] = {"full", "diag", "spherical", "tied"};
  uint64_t random = 5;
  int n_moved = 0;
  int n_stayed = 0;
  for (int f = 0; f < 4; f++) {
    gmmpi_model *model = new_model(families[f], K, D);
    gmmpi_model *replicate = new_model(families[f], K, D);
    for (int turn = 0; turn < 200; turn++) {
      replicate_matcher *matcher = NULL;
      gmmpi_error error = {0};
      int64_t order[K];
      int64_t true_order[K] = {0, 1, 2, 3};
      fill(model, turn % 2 == 0 ? 2.0 : 8.0, &random);
      for (int i = 0; i < turn % N_ORDERS && turn % 3 != 0; i++) next_order(true_order);
      move(model, true_order, turn % 5 == 0 ? 3.0 : 0.3, &random, replicate);
      assert_int_equal(matcher_create(model, &matcher, &error), GMMPI_OK);
      assert_int_equal(matcher_match(matcher, replicate, order, &error), GMMPI_OK);
      bool used[K] = {false};
      bool stayed = true;
      for (int64_t k = 0; k < K; k++) {
        assert_true(order[k] >= 0 && order[k] < K && !used[order[k]]);
        used[order[k]] = true;
        stayed = stayed && order[k] == k;
      }
      n_moved += !stayed;
      n_stayed += stayed;
      assert_true(cost_of(model, replicate, order) < least_cost(model, replicate) + 1e-9L);
      matcher_destroy(matcher);
    }
    gmmpi_model_destroy(model);
    gmmpi_model_destroy(replicate);
  }
  assert_true(n_moved > 100 && n_stayed > 100);
}

/* One that has moved far away leaves the others where they are; those of weight 0 keep their place, and are nobody's
 * partners. */
static void far_and_weightless(void **state)
{
  (void)state;
  gmmpi_model *model = new_model("full", K, D);
  gmmpi_model *replicate = new_model("full", K, D);
  const double unit[D * D] = {1.0, 0.0, 0.0, 1.0};
  replicate_matcher *matcher = NULL;
  gmmpi_error error = {0};
  int64_t order[K];
  for (int64_t k = 0; k < K; k++)
    set_component(model, k, k == 1 ? 0.0 : 1.0 / 3.0, (double[]){5.0 * (double)k, 0.0}, unit);
  set_component(replicate, 0, 0.3, (double[]){15.2, 0.1}, unit);
  set_component(replicate, 1, 0.0, (double[]){10.0, 0.0}, unit); /* where the model has component 2 */
  set_component(replicate, 2, 0.3, (double[]){1e4, 0.0}, unit);
  set_component(replicate, 3, 0.4, (double[]){0.1, 0.0}, unit);
  assert_int_equal(matcher_create(model, &matcher, &error), GMMPI_OK);
  assert_int_equal(matcher_match(matcher, replicate, order, &error), GMMPI_OK);
  assert_true(order[0] == 3 && order[1] == 1 && order[2] == 2 && order[3] == 0);
  matcher_destroy(matcher);
  gmmpi_model_destroy(model);
  gmmpi_model_destroy(replicate);
}

int main(int argc, char **argv)
{
  MPI_Init(&argc, &argv);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(as_all_orders_say),
      cmocka_unit_test(far_and_weightless),
  };
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  MPI_Finalize();
  return failed;
}
