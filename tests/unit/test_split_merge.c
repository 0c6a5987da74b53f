/* SPDX-License-Identifier: BSD-3-Clause */
/* Components split in two and merged again: moments by hand. */
#include "unit/covariances.h"
#include "unit/matrices.h"

#include "starts/split_merge.h"

#include <math.h>

static gmmpi_model *new_model(const covariance_family *family, int64_t n_components, int64_t n_features)
{
  gmmpi_model *model = NULL;
  gmmpi_error error = {0};
  assert_int_equal(model_allocate(gaussian_kind(family), n_components, n_features, &model, &error), GMMPI_OK);
  return model;
}

static void set_component(gmmpi_model *model, int64_t k, double weight, const double *mean, const double *covariance)
{
  model->weights[k] = weight;
  for (int64_t j = 0; j < 2; j++) model->means[2 * k + j] = mean[j];
  contract_dense(model, k, covariance);
  assert_true(model_factorise(model, k));
}

/* Three components far from each other. */
static gmmpi_model *far_apart(void)
{
  gmmpi_model *model = new_model(&family_full, 3, 2);
  set_component(model, 0, 0.5, (double[]){0.0, 0.0}, (double[]){4.0, 1.0, 1.0, 2.0});
  set_component(model, 1, 0.3, (double[]){100.0, 0.0}, (double[]){1.0, 0.0, 0.0, 9.0});
  set_component(model, 2, 0.2, (double[]){0.0, 200.0}, (double[]){0.5, -0.25, -0.25, 0.5});
  return model;
}

static split_merge *new_work(const covariance_family *family, int64_t n_components)
{
  split_merge *work = NULL;
  gmmpi_error error = {0};
  assert_int_equal(split_merge_create(family, n_components, 2, &work, &error), GMMPI_OK);
  return work;
}

static const double variances[2] = {1000.0, 4000.0};

static void halves_keep_the_moments(void **state)
{
  (void)state;
  gmmpi_model *model = far_apart();
  gmmpi_model *wide = new_model(&family_full, 6, 2);
  split_merge *work = new_work(&family_full, 3);
  for (int n_turns = 0; n_turns <= 8; n_turns += 8) {
    assert_true(split_components(work, model, variances, 5, n_turns, wide));
    for (int64_t k = 0; k < 3; k++) {
      const double *means[2] = {wide->means + 4 * k, wide->means + 4 * k + 2};
      assert_true(wide->weights[2 * k] + wide->weights[2 * k + 1] == model->weights[k]);
      assert_true(hypot(means[0][0] - means[1][0], means[0][1] - means[1][1]) > 0.1);
      for (int i = 0; i < 2; i++) {
        assert_near((means[0][i] + means[1][i]) / 2.0, model->means[2 * k + i], 1e-12);
        for (int j = 0; j < 2; j++) {
          const double between = (means[0][i] - means[1][i]) * (means[0][j] - means[1][j]) / 4.0;
          const double within = (wide->covariances[8 * k + 2 * i + j] + wide->covariances[8 * k + 4 + 2 * i + j]) / 2.0;
          assert_near(within + between, model->covariances[4 * k + 2 * i + j], 1e-12);
        }
      }
    }
  }
  split_merge_destroy(work);
  gmmpi_model_destroy(wide);
  gmmpi_model_destroy(model);
}

/* Halves of one component lose less by being merged than any two of different ones. */
static void halves_find_each_other(void **state)
{
  (void)state;
  gmmpi_model *model = far_apart();
  gmmpi_model *wide = new_model(&family_full, 6, 2);
  gmmpi_model *merged = new_model(&family_full, 3, 2);
  split_merge *work = new_work(&family_full, 3);
  assert_true(split_components(work, model, variances, 6, 1, wide));
  assert_true(merge_components(work, wide, merged));
  for (int64_t k = 0; k < 3; k++) {
    int64_t same = 0;
    while (same < 3 && fabs(merged->weights[same] - model->weights[k]) > 1e-9) same++;
    assert_true(same < 3);
    for (int j = 0; j < 2; j++) assert_near(merged->means[2 * same + j], model->means[2 * k + j], 1e-9);
    for (int j = 0; j < 4; j++) assert_near(merged->covariances[4 * same + j], model->covariances[4 * k + j], 1e-9);
  }
  split_merge_destroy(work);
  gmmpi_model_destroy(wide);
  gmmpi_model_destroy(merged);
  gmmpi_model_destroy(model);
}

/* Two components on one cluster, and one on two: what a single move repairs. Variances 1; the clusters are at -20, 0
 * and 20 on the first axis, the halves of the broad component's after EM where they belong. */
static void a_move_repairs(void **state)
{
  (void)state;
  const double unit[] = {1.0, 0.0, 0.0, 1.0};
  const double broad[] = {101.0, 0.0, 0.0, 1.0};
  gmmpi_model *model = new_model(&family_diag, 3, 2);
  gmmpi_model *wide = new_model(&family_diag, 6, 2);
  gmmpi_model *moved = new_model(&family_diag, 3, 2);
  split_merge *work = new_work(&family_diag, 3);
  set_component(model, 0, 0.125, (double[]){-20.0, -0.1}, unit);
  set_component(model, 1, 0.75, (double[]){10.0, 0.0}, broad);
  set_component(model, 2, 0.125, (double[]){-20.0, 0.1}, unit);
  for (int64_t k = 0; k < 3; k += 2) {
    set_component(wide, 2 * k, 0.0625, model->means + 2 * k, unit);
    set_component(wide, 2 * k + 1, 0.0625, model->means + 2 * k, unit);
  }
  set_component(wide, 2, 0.25, (double[]){0.0, 0.0}, unit);
  set_component(wide, 3, 0.5, (double[]){20.0, 0.0}, unit);
  assert_true(move_component(work, model, wide, 0, 0, moved));
  double found[3] = {0.0, 0.0, 0.0};
  for (int64_t k = 0; k < 3; k++) {
    const int cluster = (int)lround(moved->means[2 * k] / 20.0) + 1;
    found[cluster] += moved->weights[k];
    assert_near(moved->means[2 * k], 20.0 * (cluster - 1), 1e-12);
    assert_near(moved->means[2 * k + 1], 0.0, 1e-12);
    assert_near(moved->covariances[2 * k], 1.0, 1e-12);
    assert_near(moved->covariances[2 * k + 1], cluster == 0 ? 1.01 : 1.0, 1e-12); /* 1 + 0.1^2 */
  }
  assert_near(found[0], 0.25, 1e-12);
  assert_near(found[1], 0.25, 1e-12);
  assert_near(found[2], 0.5, 1e-12);
  split_merge_destroy(work);
  gmmpi_model_destroy(wide);
  gmmpi_model_destroy(moved);
  gmmpi_model_destroy(model);
}

/* Memory by d: a square of so many features is 80 GB. Two components of diagonal covariances in many features are
 * split, keep mean and variances, and are found again by merging. */
static void wide_diagonals(void **state)
{
  (void)state;
  enum { WIDE = 100000 };
  static double all_variances[WIDE];
  gmmpi_model *model = new_model(&family_diag, 2, WIDE);
  gmmpi_model *wide = new_model(&family_diag, 4, WIDE);
  gmmpi_model *merged = new_model(&family_diag, 2, WIDE);
  split_merge *work = NULL;
  gmmpi_error error = {0};
  assert_true(split_merge_bytes(&family_diag, 2, WIDE) < INT64_C(100) * WIDE);
  assert_true(split_merge_bytes(&family_full, 2, WIDE) > INT64_C(24) * WIDE * WIDE);
  assert_int_equal(split_merge_create(&family_diag, 2, WIDE, &work, &error), GMMPI_OK);
  for (int64_t j = 0; j < 2 * WIDE; j++) {
    const int64_t k = j / WIDE;
    all_variances[j % WIDE] = 5.0 + (double)(j % 7);
    model->means[j] = (double)(10 * k + j % 3);
    model->covariances[j] = 1.0 + (double)(k + j % 5);
  }
  for (int64_t k = 0; k < 2; k++) {
    model->weights[k] = k == 0 ? 0.75 : 0.25;
    assert_true(model_factorise(model, k));
  }
  assert_true(split_components(work, model, all_variances, 5, 1, wide));
  for (int64_t j = 0; j < 2 * WIDE; j++) {
    const int64_t first = j / WIDE * 2 * WIDE + j % WIDE;
    const double mean = (wide->means[first] + wide->means[first + WIDE]) / 2.0;
    const double apart = (wide->means[first] - wide->means[first + WIDE]) / 2.0;
    assert_near(mean, model->means[j], 1e-12);
    assert_near(wide->covariances[first] + apart * apart, model->covariances[j], 1e-12);
    assert_near(wide->covariances[first + WIDE] + apart * apart, model->covariances[j], 1e-12);
  }
  assert_true(merge_components(work, wide, merged));
  const int64_t same = merged->weights[0] > 0.5 ? 0 : 1;
  for (int64_t j = 0; j < 2 * WIDE; j++) {
    const int64_t other = (j / WIDE == 0 ? same : 1 - same) * WIDE + j % WIDE;
    assert_near(merged->means[other], model->means[j], 1e-12);
    assert_near(merged->covariances[other], model->covariances[j], 1e-12);
  }
  split_merge_destroy(work);
  gmmpi_model_destroy(merged);
  gmmpi_model_destroy(wide);
  gmmpi_model_destroy(model);
}

/* Two components with one covariance and means apart by delta: det S_ij = (1 + p (1 - p) delta^T S^-1 delta) det S, and
 * a product of such factors for each feature where the covariance is diagonal. */
static void what_merging_loses(void **state)
{
  (void)state;
  const covariance_family *families[] = {&family_full, &family_tied, &family_diag};
  const double covariance[] = {2.0, 0.0, 0.0, 0.5};
  for (int f = 0; f < 3; f++) {
    gmmpi_model *model = new_model(families[f], 3, 2);
    split_merge *work = new_work(families[f], 3);
    set_component(model, 0, 0.2, (double[]){1.0, 2.0}, covariance);
    set_component(model, 1, 0.5, (double[]){300.0, 0.0}, covariance);
    set_component(model, 2, 0.3, (double[]){4.0, 1.0}, covariance);
    const long double squares[] = {9.0L / 2.0L, 1.0L / 0.5L};
    const long double between = 0.4L * 0.6L; /* of 0.2 and 0.3 */
    const long double together = logl(1.0L + between * (squares[0] + squares[1]));
    const long double apart = logl(1.0L + between * squares[0]) + logl(1.0L + between * squares[1]);
    const long double of_all = logl(1.0L + 0.5L * between * (squares[0] + squares[1])) / 2.0L;
    const long double expected = f == 0 ? 0.5L * together / 2.0L : f == 1 ? of_all : 0.5L * apart / 2.0L;
    assert_near(least_loss_of_merging(work, model), expected, 1e-14);
    split_merge_destroy(work);
    gmmpi_model_destroy(model);
  }
}

/* The pair goes into its first component, the new one takes the second's place, and the others make room. */
static void a_component_is_replaced(void **state)
{
  (void)state;
  const int pairs[3][2] = {{0, 1}, {1, 2}, {0, 2}}; /* which lose 4.97, 6.36 and 6.59 */
  const double mean[] = {-50.0, 7.0};
  const double covariance[] = {3.0, -0.5, -0.5, 1.0};
  gmmpi_model *from = far_apart();
  gmmpi_model *to = new_model(&family_full, 3, 2);
  split_merge *work = new_work(&family_full, 3);
  from->weights[0] = from->weights[1] = from->weights[2] = 1.0 / 3.0;
  for (int rank = 0; rank < 3; rank++) {
    const int a = pairs[rank][0];
    const int b = pairs[rank][1];
    const int other = 3 - a - b;
    assert_true(replace_component(work, from, 0.1, mean, covariance, rank, to));
    assert_near(to->weights[a], 0.6L, 1e-15);
    assert_near(to->weights[b], 0.1L, 1e-15);
    assert_near(to->weights[other], 0.3L, 1e-15);
    assert_memory_equal(to->means + (long)2 * b, mean, sizeof mean);
    assert_memory_equal(to->covariances + (long)4 * b, covariance, sizeof covariance);
    assert_memory_equal(to->means + (long)2 * other, from->means + (long)2 * other, sizeof mean);
    assert_memory_equal(to->covariances + (long)4 * other, from->covariances + (long)4 * other, sizeof covariance);
    for (int i = 0; i < 2; i++) {
      const double *means[2] = {from->means + (long)2 * a, from->means + (long)2 * b};
      assert_near(to->means[2 * a + i], (means[0][i] + means[1][i]) / 2.0, 1e-12);
      for (int j = 0; j < 2; j++) {
        const double between = (means[0][i] - means[1][i]) * (means[0][j] - means[1][j]) / 4.0;
        const double within = (from->covariances[4 * a + 2 * i + j] + from->covariances[4 * b + 2 * i + j]) / 2.0;
        assert_near(to->covariances[4 * a + 2 * i + j], within + between, 1e-11);
      }
    }
  }
  /* One that has no density is told of. */
  assert_false(replace_component(work, from, 0.1, mean, (double[]){1.0, 2.0, 2.0, 1.0}, 0, to));
  split_merge_destroy(work);
  gmmpi_model_destroy(to);
  gmmpi_model_destroy(from);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(halves_keep_the_moments), cmocka_unit_test(halves_find_each_other),
      cmocka_unit_test(a_move_repairs),          cmocka_unit_test(wide_diagonals),
      cmocka_unit_test(what_merging_loses),      cmocka_unit_test(a_component_is_replaced),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
