/* SPDX-License-Identifier: BSD-3-Clause */
#include "em/estimator.h"

const estimator estimator_ml = {0};

const estimator *estimator_of(const fit_options *options)
{
  static const estimator *const estimators[] = {[METHOD_ML] = &estimator_ml,
                                                [METHOD_MAP] = &estimator_map,
                                                [METHOD_VB] = &estimator_bayes,
                                                [METHOD_DP] = &estimator_bayes,
                                                [METHOD_ADAPT] = &estimator_adapt};
  return estimators[options->method];
}

double estimator_objective(const estimator *how, const prior *before, const gmmpi_model *model, double log_likelihood)
{
  return how->objective == NULL ? log_likelihood : how->objective(before, model, log_likelihood);
}

void estimator_form(const estimator *how, density_form *form, const gmmpi_model *model)
{
  if (how->form == NULL)
    density_from_model(form, model);
  else
    how->form(form, model);
}
