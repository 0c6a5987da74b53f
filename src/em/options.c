/* SPDX-License-Identifier: BSD-3-Clause */
#include "em/options.h"

model_kind fit_kind(const fit_options *options)
{
  model_kind kind = {.family = family_find(options->covariance)};
  if (options->distribution == DISTRIBUTION_T) kind.parts |= PART_TAILS;
  if (options->noise) kind.parts |= PART_NOISE;
  if (options->method == METHOD_VB) kind.parts |= PART_POSTERIOR | PART_DIRICHLET;
  if (options->method == METHOD_DP) kind.parts |= PART_POSTERIOR | PART_STICKS;
  return kind;
}

static int64_t n_dof(const fit_options *options, int64_t n_components)
{
  if (options->distribution != DISTRIBUTION_T || options->dof > 0.0) return 0;
  return options->dof == DOF_COMMON ? 1 : n_components;
}

int64_t fit_n_parameters(const fit_options *options, const gmmpi_model *model)
{
  return model_n_parameters(model) + n_dof(options, model_n_living(model));
}

int64_t fit_n_parameters_nominal(const fit_options *options, const gmmpi_model *model)
{
  return model_n_parameters_nominal(model) + n_dof(options, model->n_components);
}
