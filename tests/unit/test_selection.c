/* SPDX-License-Identifier: BSD-3-Clause */
/* What a selection's candidates have in common: waves of starts, levels, memory; which candidate is the best; the mean
 * of folds. */
#include "unit/problem.h"

#include "em/together.h"
#include "fit/batch.h"
#include "fit/select.h"
#include "fit/select_folds.h"

enum { MOST = 400 };

static fit_options common;
static fit_shape shapes[MOST];

/* n candidates, of `family`, of 1 ... n components. */
static selection candidates(const char *family, int64_t n, int64_t n_init, int64_t n_folds)
{
  common = fit_defaults(n);
  common.n_init = n_init;
  for (int64_t c = 0; c < n; c++) shapes[c] = (fit_shape){gaussian_kind(family_find(family)), c + 1};
  return (selection){.common = &common, .shapes = shapes, .n = n, .n_folds = n_folds};
}

static int64_t count_waves(const selection *what, int64_t n_features)
{
  const int64_t n_starts = what->n * what->common->n_init;
  const int64_t end = n_starts + what->n * what->n_folds;
  int64_t n_waves = 0;
  for (int64_t first = 0; first < end; n_waves++) {
    const int64_t next = selection_wave_end(what, n_features, first);
    int64_t bytes = 0;
    assert_true(next > first && next <= end && next - first <= MOST_TOGETHER);
    assert_true(first >= n_starts || next <= n_starts); /* folds begin when all starts have ended */
    for (int64_t s = first; s < next; s++) {
      const fit_options own = selection_options(what, s % what->n);
      assert_int_equal(own.n_components, s % what->n + 1);
      bytes += start_bytes(&own, n_features);
    }
    assert_true(next == first + 1 || bytes <= MOST_BYTES_TOGETHER);
    first = next;
  }
  return n_waves;
}

static void waves_part_the_starts(void **state)
{
  (void)state;
  const selection few = candidates("full", 9, 2, 5);
  assert_int_equal(count_waves(&few, 3), 2); /* starts, and folds */
  const selection many = candidates("diag", MOST, 4, 0);
  assert_true(count_waves(&many, 2) >= 4 * MOST / MOST_TOGETHER);
  const selection large = candidates("full", 60, 1, 2);
  assert_true(count_waves(&large, 400) > 3);
}

static void levels_serve_the_most_demanding(void **state)
{
  (void)state;
  const int64_t n_samples = 10000000;
  const selection what = candidates("full", 9, 1, 0);
  const level_plan plan = selection_levels(&what, n_samples, 4);
  bool is_one = false;
  assert_true(plan.n_levels > 0);
  for (int64_t c = 0; c < what.n; c++) {
    const fit_options own = selection_options(&what, c);
    const level_plan alone = levels_plan(&own, n_samples, 4);
    const int coarsest = plan.rows[plan.n_levels].halvings;
    assert_true(coarsest <= alone.rows[alone.n_levels].halvings);
    is_one = is_one || coarsest == alone.rows[alone.n_levels].halvings;
  }
  assert_true(is_one);
  assert_int_equal(selection_levels(&what, 100, 4).n_levels, 0);
}

static void memory_is_that_of_the_largest_wave(void **state)
{
  (void)state;
  const row_shape row = {.n_features = 6};
  selection what = candidates("full", 5, 1, 0);
  const fit_memory starts = selection_memory_of(&what, 1000, row, 1);
  int64_t alone = 0;
  for (int64_t c = 0; c < what.n; c++) {
    const fit_options own = selection_options(&what, c);
    const fit_memory memory = fit_memory_of(&own, 1000, row, 1);
    assert_true(memory.points <= starts.points && memory.rest < starts.rest);
    alone += start_bytes(&own, row.n_features);
  }
  what.n_folds = 8;
  assert_true(selection_memory_of(&what, 1000, row, 1).rest >= starts.rest + 7 * alone);
}

static void folds_have_a_mean(void **state)
{
  (void)state;
  double error;
  double values[] = {1.0, 2.0, 4.0, 9.0};
  assert_near(mean_of_folds(values, 4, &error), 4.0L, 1e-15);
  assert_near(error, sqrtl((9.0L + 4.0L + 25.0L) / 3.0L / 4.0L), 1e-15);
  values[2] = NAN;
  assert_true(isnan(mean_of_folds(values, 4, &error)) && isnan(error));
  assert_near(mean_of_folds(values, 1, &error), 1.0L, 1e-15);
  assert_true(isnan(error));
}

/* By BIC, of which less is better. */
static void the_best_is_sound(void **state)
{
  (void)state;
  candidate_result all[5] = {{.n_components = 1, .n_parameters = 3, .bic = 50.0},
                             {.n_components = 2, .n_parameters = 5, .bic = 40.0},
                             {.n_components = 2, .n_parameters = 5, .bic = 40.0},
                             {.n_components = 3, .n_parameters = 7, .bic = -90.0, .is_spurious = true},
                             {.n_components = 4, .n_parameters = 9, .bic = NAN}};
  selection_result result = {.candidates = all, .n = 5};
  gmmpi_model *model = new_model("full", 1, 2);
  model->weights[0] = 1.0;
  assert_int_equal(selection_best(&result, CRITERION_BIC, -1), -1); /* none has a model */
  for (int c = 0; c < 5; c++) all[c].end.model = model;
  for (int c = 0; c < 5; c++) all[c].end.measured.log_likelihood = (double)c;
  assert_int_equal(selection_best(&result, CRITERION_BIC, -1), 1); /* ties to the first one */
  assert_int_equal(selection_best(&result, CRITERION_BIC, 1), 2);
  all[2].end.measured.log_likelihood = 1.0; /* the same model under another name */
  assert_true(candidates_are_alike(&all[1], &all[2]));
  assert_int_equal(selection_best(&result, CRITERION_BIC, 1), 0);
  for (int c = 0; c < 3; c++) all[c].is_spurious = true;
  assert_int_equal(selection_best(&result, CRITERION_BIC, -1), 3); /* where there is no other */
  model->weights[0] = 0.0;
  assert_int_equal(selection_best(&result, CRITERION_BIC, -1), -1);
  gmmpi_model_destroy(model);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(waves_part_the_starts),
      cmocka_unit_test(levels_serve_the_most_demanding),
      cmocka_unit_test(memory_is_that_of_the_largest_wave),
      cmocka_unit_test(folds_have_a_mean),
      cmocka_unit_test(the_best_is_sound),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
