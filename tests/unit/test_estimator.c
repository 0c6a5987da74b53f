/* SPDX-License-Identifier: BSD-3-Clause */
/* What the loop asks an estimator: maximum likelihood where it says nothing, else what it says. */
#include "em/estimator.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static double with_a_prior(const prior *before, const gmmpi_model *model, double log_likelihood)
{
  (void)before;
  (void)model;
  return log_likelihood - 0.5;
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
  const estimator map = {.objective = with_a_prior, .form = count_form};
  assert_true(estimator_objective(&map, NULL, NULL, -3.0) == -3.5);
  estimator_form(&map, NULL, NULL);
  assert_int_equal(n_forms, 1);
}

static void maximum_likelihood_takes_what_was_measured(void **unused)
{
  (void)unused;
  assert_true(estimator_objective(&estimator_ml, NULL, NULL, -3.0) == -3.0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_estimator_is_asked),
      cmocka_unit_test(maximum_likelihood_takes_what_was_measured),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
