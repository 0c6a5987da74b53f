/* SPDX-License-Identifier: BSD-3-Clause */
#include "fit/adaptation.h"

#include "fit/options.h"
#include "support/error.h"

static bool is_given(const char *name, uint64_t given)
{
  return (given >> option_index(fit_option_table, n_fit_options, name) & 1) != 0;
}

void fit_options_settle(fit_options *options, uint64_t given)
{
  if (options->method != METHOD_ADAPT) return;
  options->coarse_to_fine = COARSE_OFF;
  options->spurious = SPURIOUS_KEEP;
  if (is_given("max-iter", given) || is_given("tol", given)) return;
  options->max_iterations = 1;
  options->tolerance = 0.0;
}

gmmpi_status fit_options_take_model(fit_options *options, uint64_t given, const gmmpi_model *model, gmmpi_error *error)
{
  if (options->method != METHOD_ADAPT) return GMMPI_OK;
  if (is_given("components", given) && options->n_components != model->n_components)
    return fail(error, GMMPI_WRONG_USAGE, "--from: the model has %lld components, not %lld as -k says; leave -k out",
                (long long)model->n_components, (long long)options->n_components);
  if (is_given("covariance", given) && family_find(options->covariance) != model->family)
    return fail(error, GMMPI_WRONG_USAGE, "--from: the model has '%s' covariances, not '%s'; leave --covariance out",
                model->family->name, options->covariance);
  if (model->parts != fit_kind(options).parts)
    return fail(error, GMMPI_BAD_DATA, "--from: the model is no mixture of normal distributions alone; adapt one");
  options->n_components = model->n_components;
  options->covariance = model->family->name;
  options->init = INIT_MODEL;
  return GMMPI_OK;
}
