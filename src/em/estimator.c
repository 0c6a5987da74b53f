/* SPDX-License-Identifier: BSD-3-Clause */
#include "em/estimator.h"

const estimator estimator_ml = {.name = "ml"};

double estimator_objective(const estimator *how, const gmmpi_model *model, double log_likelihood)
{
  return how->objective == NULL ? log_likelihood : how->objective(model, log_likelihood);
}

void estimator_form(const estimator *how, density_form *form, const gmmpi_model *model)
{
  if (how->form == NULL)
    density_from_model(form, model);
  else
    how->form(form, model);
}

const moments *estimator_posterior(const estimator *how, const gmmpi_model *model, const moments *from, moments *total)
{
  if (how->posterior == NULL) return from;
  how->posterior(model, from, total);
  return total;
}
