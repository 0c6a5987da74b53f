/* SPDX-License-Identifier: BSD-3-Clause */
/* What the loop asks an estimator: maximum likelihood where it says nothing, else what it says. */
#include "em/estimator.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static double with_a_prior(const gmmpi_model *model, double log_likelihood)
{
  (void)model;
  return log_likelihood - 0.5;
}

static void with_a_point_more(const gmmpi_model *model, const moments *from, moments *total)
{
  (void)model;
  total->n_samples = from->n_samples + 1.0;
}

static int n_forms;

static void count_form(density_form *form, const gmmpi_model *model)
{
  (void)form;
  (void)model;
  n_forms++;
}

static void an_estimator_is_asked(void **unused)
{
  (void)unused;
  const estimator map = {"map", with_a_prior, with_a_point_more, count_form};
  const moments measured = {.n_samples = 7.0};
  moments total = {.n_samples = 0.0};
  assert_true(estimator_objective(&map, NULL, -3.0) == -3.5);
  assert_ptr_equal(estimator_posterior(&map, NULL, &measured, &total), &total);
  assert_true(total.n_samples == 8.0 && measured.n_samples == 7.0);
  estimator_form(&map, NULL, NULL);
  assert_int_equal(n_forms, 1);
}

static void maximum_likelihood_takes_what_was_measured(void **unused)
{
  (void)unused;
  const moments measured = {.n_samples = 7.0};
  assert_true(estimator_objective(&estimator_ml, NULL, -3.0) == -3.0);
  assert_ptr_equal(estimator_posterior(&estimator_ml, NULL, &measured, NULL), &measured);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_estimator_is_asked),
      cmocka_unit_test(maximum_likelihood_takes_what_was_measured),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
