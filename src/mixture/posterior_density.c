/* SPDX-License-Identifier: BSD-3-Clause */
#include "mixture/posterior_density.h"

#include "mixture/posterior.h"

void density_from_posterior(density_form *form, const gmmpi_model *model)
{
  density_from_model(form, model);
  posterior_log_weights(model, form->log_constants);
  for (int64_t k = 0; k < model->n_components; k++)
    form->log_constants[k] = posterior_log_constant(model, k, form->log_constants[k]);
}
